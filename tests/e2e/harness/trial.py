"""One real image through slim and its probes, as the tests and scripts/try-image do it."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness import images, probes, product, runtime

PROFILES = ("safe", "package", "file")


@dataclass(frozen=True)
class Made:
    """An image that slim has built: `built` is what it said, `bundle` the output unpacked."""

    name: str
    profile: str
    built: product.Built
    layout: Path
    bundle: runtime.Bundle

    @property
    def user(self) -> str:
        """The user slim chose; empty and "0" are root."""
        return str(self.built.document["user"]["user"])

    @property
    def is_root(self) -> bool:
        return self.user.partition(":")[0] in ("", "0", "root")


def source(name: str) -> str:
    """The original as slim and skopeo name it."""
    return f"oci:{images.layout(name)}:{images.TAG}"


def why_not(name: str) -> str:
    """Why the image cannot be tried here; empty if it can."""
    return runtime.why_not() or images.why_not(name)


def make(name: str, profile: str, folder: Path, *options: str) -> Made:
    """Build image `name` below `folder` and unpack the output next to it."""
    layout = folder / "slim"
    words = ("--profile", profile, *options)
    built = product.build(source(name), f"oci:{layout}:slim", folder, *words)
    return Made(name, profile, built, layout, runtime.unpack(layout, "slim", folder / "bundle"))


def run(made: Made, *, writable: bool = False) -> list[probes.Result]:
    """All probes, as the user slim chose and with the mounts it asks for.

    The root is read-only where the original's may be, unless `writable`.
    """
    spec = probes.load(images.folder(made.name))
    options = with_mounts(spec.options, made.built.document, made.bundle)
    return probes.run_probes(
        replace(spec, options=options),
        made.bundle,
        readonly=spec.readonly_works and not writable,
    )


def with_mounts(
    options: runtime.Options, document: Mapping[str, Any], bundle: runtime.Bundle
) -> runtime.Options:
    """`options` with the mounts that slim's own list of writable paths names, and no others.

    Without such a list, image.toml's. What the image declares a volume is mounted anyway.
    """
    if "writable" not in document:
        return options
    declared = set(bundle.image_config.get("Volumes") or {})
    asked = [entry for entry in document["writable"] if entry["path"] not in declared]
    return replace(
        options,
        tmpfs=tuple(entry["path"] for entry in asked if entry["kind"] == "tmpfs"),
        volumes=tuple(entry["path"] for entry in asked if entry["kind"] == "volume"),
    )


def largest(made: Made, count: int = 3) -> list[tuple[str, int]]:
    """The largest regular files of the output: path in the image, bytes."""
    sizes: dict[str, int] = {}
    inodes: set[int] = set()
    for folder, _, files in os.walk(made.bundle.rootfs):
        for name in files:
            path = Path(folder, name)
            status = path.lstat()
            if not path.is_symlink() and status.st_ino not in inodes:
                inodes.add(status.st_ino)
                sizes[f"/{path.relative_to(made.bundle.rootfs)}"] = status.st_size
    return sorted(sizes.items(), key=lambda item: (-item[1], item[0]))[:count]


# What a person asks of an image first: who could run or install something in it.
_PROGRAM_FOLDERS = ("bin", "sbin", "usr/bin", "usr/sbin", "usr/local/bin", "usr/local/sbin")
_TOOLS = (
    *("sh", "ash", "bash", "dash", "busybox", "zsh"),
    *("apt", "apt-get", "dpkg", "pip", "pip3", "npm", "gem", "apk", "rpm", "dnf"),
    *("cc", "gcc", "g++", "gcc-12", "g++-12", "c++", "as", "ld", "make", "javac", "go"),
    *("perl", "curl", "wget"),
)


def tools_left(made: Made) -> list[str]:
    """Paths of the shells, package managers, compilers, Perl and downloaders in the output.

    A program is named once, by its own path and not by a link to it.
    """
    folders = [made.bundle.rootfs / folder for folder in _PROGRAM_FOLDERS]
    paths = [folder / name for folder in folders if not folder.is_symlink() for name in _TOOLS]
    return [
        f"/{path.relative_to(made.bundle.rootfs)}"
        for path in paths
        if path.is_file() and not path.is_symlink()
    ]


def what_stays(made: Made) -> tuple[str, ...]:
    """Lines on the three largest files and the tools that stay, each with slim's own chain."""
    sizes = dict(largest(made, 3))
    tools = tools_left(made)
    asked = [*sizes, *(path for path in tools if path not in sizes)]
    chains = _chains(made, asked) if made.profile != "safe" else {}
    large = [f"{size / 1e6:.1f} MB {path}{chains.get(path, '')}" for path, size in sizes.items()]
    return (*large, *(f"still has {path}{chains.get(path, '')}" for path in tools))


def _chains(made: Made, paths: list[str]) -> dict[str, str]:
    """For each path the steps from what the container starts to it, as `slim why` gives them."""
    if not paths:
        return {}
    words = ["why", source(made.name), *paths, "--profile", made.profile, "--format", "json"]
    answers = json.loads(product.slim(*words))["answers"]
    return {answer["path"]: f": {_chain(answer)}" for answer in answers}


def _chain(answer: Mapping[str, Any]) -> str:
    steps = [
        f"{step['source']} ({step['kind']}: {step['detail'][:60]})" for step in answer["chain"]
    ]
    return " > ".join([*steps, answer["path"]]) if steps else answer["decision"]["reason"]
