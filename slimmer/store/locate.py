"""From a reference to the source or the sink it names."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from slimmer.errors import FormatError, NotFoundError, UsageError
from slimmer.limits import DEFAULT_LIMITS, Limits
from slimmer.oci.reference import (
    DockerArchiveReference,
    LayoutReference,
    OciArchiveReference,
    PathReference,
    Reference,
    RegistryReference,
    has_transport,
    parse_reference,
)
from slimmer.store.archive import MANIFEST_FILE, ArchiveSink, DockerArchiveSource, open_tar
from slimmer.store.files import Files, FolderFiles
from slimmer.store.interface import Progress, Sink, Source, no_progress
from slimmer.store.layout import INDEX_FILE, LayoutSink, LayoutSource, looks_like_layout
from slimmer.store.registry.options import RegistryOptions

# `docker:/x.tar`, `http://x.tar`: no file of that name was meant.
_SCHEME = re.compile(r"[a-z][a-z-]*:/")
_ARCHIVE_SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.zst", ".oci", ".docker")


@dataclass(frozen=True)
class StoreOptions:
    """What sources and sinks need besides the reference. `work_dir` is private to this run."""

    work_dir: Path
    registry: RegistryOptions = field(default_factory=RegistryOptions)
    limits: Limits = DEFAULT_LIMITS
    progress: Progress = no_progress


def locate(text: str) -> Reference:
    """Read a reference; a name of an existing file or folder is that file or folder."""
    if has_transport(text):
        return parse_reference(text)
    if os.path.lexists(text):
        return PathReference(text)
    # PATH:REF, for a path without a transport in front.
    path, colon, _ = text.partition(":")
    if colon and path and os.path.lexists(path):
        return PathReference(text)
    if text.endswith(_ARCHIVE_SUFFIXES) and "@" not in text and not _SCHEME.match(text):
        return PathReference(text)
    return parse_reference(text)


def open_source(text: str, options: StoreOptions) -> Source:
    """The source that `text` names. Raises `NotFoundError`, `UsageError` or `InputError`."""
    match locate(text):
        case RegistryReference() as reference:
            from slimmer.store.registry.ends import RegistrySource  # requests is slow to import

            return RegistrySource(
                reference,
                options.registry,
                work_dir=options.work_dir,
                progress=options.progress,
            )
        case LayoutReference(path, ref) as reference:
            return LayoutSource(FolderFiles(_folder(path), options.limits), ref, str(reference))
        case OciArchiveReference(path, ref) as reference:
            return LayoutSource(_archive(path, options), ref, str(reference))
        case DockerArchiveReference(path, ref) as reference:
            return DockerArchiveSource(_archive(path, options), ref, str(reference))
        case PathReference(path):
            return _open_path(path, options)


def open_sink(text: str, options: StoreOptions) -> Sink:
    """The sink that `text` names; a bare path is an archive when it is named like one."""
    match _output_reference(text):
        case RegistryReference() as reference:
            from slimmer.store.registry.ends import RegistrySink  # requests is slow to import

            return RegistrySink(
                reference,
                options.registry,
                work_dir=options.work_dir,
                progress=options.progress,
            )
        case LayoutReference(path, ref):
            return LayoutSink(Path(path), ref)
        case OciArchiveReference(path, ref):
            return ArchiveSink(Path(path), ref, docker=False)
        case DockerArchiveReference(path, ref):
            return ArchiveSink(Path(path), ref, docker=True)
        case PathReference(path):
            raise UsageError(f"cannot tell what to write to {path!r}")


def _output_reference(text: str) -> Reference:
    reference = locate(text)
    if isinstance(reference, RegistryReference) and "/" not in text:
        # docker.io/library/NAME, which is not for anybody to write to: a file was meant.
        raise UsageError(
            "an output without a place",
            where=text,
            hint=f"./{text} is a folder, {text}.tar an archive, HOST/REPO:TAG a registry",
        )
    if not isinstance(reference, PathReference):
        return reference
    path = reference.path
    if path.endswith(".docker.tar"):
        return DockerArchiveReference(path)
    if path.endswith((".gz", ".tgz", ".zst")):
        raise UsageError(
            "archives are written uncompressed: their layers are compressed already",
            where=path,
            hint="name the output .tar",
        )
    if path.endswith(_ARCHIVE_SUFFIXES) or os.path.isfile(path):
        return OciArchiveReference(path)
    return LayoutReference(path)


def holds_oci_only(text: str) -> bool:
    """Whether an output of this kind can hold OCI media types only, by the image-spec."""
    return isinstance(_output_reference(text), LayoutReference | OciArchiveReference)


def refuse_same_place(source: str, output: str) -> None:
    """Raise `UsageError` when writing `output` would replace what `source` is read from."""
    there = _output_reference(output)
    if isinstance(there, RegistryReference):
        return
    here = locate(source)
    if isinstance(here, RegistryReference):
        return
    path, ref = _split_ref(here.path) if isinstance(here, PathReference) else (here.path, here.ref)
    if os.path.lexists(here.path):
        path = here.path
    same_ref = not isinstance(there, LayoutReference) or ref == there.ref
    same_path = os.path.exists(there.path) and os.path.exists(path)
    if same_ref and same_path and os.path.samefile(path, there.path):
        raise UsageError("the output would replace the input", where=output)


def _open_path(text: str, options: StoreOptions) -> Source:
    """Tell a layout folder, an OCI archive and a docker archive apart by what is inside."""
    path, ref = (text, None) if os.path.lexists(text) else _split_ref(text)
    files: Files
    if os.path.isdir(path):
        folder = Path(path)
        if looks_like_layout(folder):
            return LayoutSource(
                FolderFiles(folder, options.limits), ref, str(LayoutReference(path, ref))
            )
        raise FormatError(
            "a folder, but not an OCI layout", where=path, hint=f"for a registry: docker://{text}"
        )
    files = _archive(path, options)
    # Current `docker save` writes both; the OCI half has the real manifest and digests.
    if files.has(INDEX_FILE):
        return LayoutSource(files, ref, str(OciArchiveReference(path, ref)))
    if files.has(MANIFEST_FILE):
        return DockerArchiveSource(files, ref, str(DockerArchiveReference(path, ref)))
    files.close()
    raise FormatError(
        "not an image archive: neither index.json nor manifest.json inside", where=path
    )


def _split_ref(text: str) -> tuple[str, str | None]:
    path, _, ref = text.partition(":")
    return path, ref or None


def _folder(path: str) -> Path:
    folder = Path(path)
    if not folder.is_dir():
        raise NotFoundError("no such folder", where=path)
    return folder


def _archive(path: str, options: StoreOptions) -> Files:
    file = Path(path)
    if file.is_dir():
        raise UsageError("is a folder", where=path, hint=f"write oci:{path}")
    if not file.is_file():
        raise NotFoundError("no such file", where=path)
    try:
        return open_tar(file, options.limits, options.work_dir)
    except OSError as error:
        raise NotFoundError(f"cannot be read: {error.strerror}", where=path) from None
