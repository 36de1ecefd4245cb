"""The dependency list that cargo-auditable puts in a Rust program: `.dep-v0`, zlib, JSON."""

from slimmer.errors import FormatError
from slimmer.formats.elf_image import ElfImage
from slimmer.formats.facts import Facts
from slimmer.formats.read import ReadAt, decode_json, inflate

MAX_COMPRESSED = 1 << 20
MAX_JSON = 8 << 20


class RustCrate(Facts, frozen=True):
    """`source` is "crates.io", "git", "local" or another; `kind` is "runtime" or "build"."""

    name: str
    version: str
    source: str = ""
    kind: str = "runtime"
    is_root: bool = False


def parse_rust_audit(read: ReadAt, size: int) -> tuple[RustCrate, ...] | None:
    """Read the crates of an ELF file; None where it has no such list."""
    image = ElfImage(read, size)
    section = image.section(b".dep-v0")
    if section is None:
        return None
    if section.size > MAX_COMPRESSED:
        raise FormatError(f"Rust dependency list is larger than {MAX_COMPRESSED} bytes")
    packed = image.bytes_at(section.offset, section.size)
    document = decode_json(
        inflate(packed, MAX_JSON, "Rust dependency list"), "Rust dependency list"
    )
    packages = document.get("packages") if isinstance(document, dict) else None
    if not isinstance(packages, list):
        raise FormatError("Rust dependency list has no packages")
    return tuple(_crate(package) for package in packages)


def _crate(package: object) -> RustCrate:
    if not isinstance(package, dict):
        raise FormatError("Rust dependency list has an entry that is not an object")
    name, version = package.get("name"), package.get("version")
    if not isinstance(name, str) or not isinstance(version, str):
        raise FormatError("Rust dependency list has an entry without name and version")
    source, kind = package.get("source"), package.get("kind")
    return RustCrate(
        name,
        version,
        source if isinstance(source, str) else "",
        kind if isinstance(kind, str) else "runtime",
        package.get("root") is True,
    )
