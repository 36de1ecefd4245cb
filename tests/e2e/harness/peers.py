"""Other tools on the same image: whether it is well-formed, what lands on disk, what scanners see.

An image is named as skopeo names it: `oci:DIR:TAG`, `oci-archive:FILE`, `docker-archive:FILE`,
`docker://HOST:PORT/NAME:TAG` (always plain http on loopback here).
"""

import hashlib
import json
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import tools
from harness.registry import Login
from harness.runtime import Bundle

SCAN_TOOLS = ("syft",)
PODMAN_TOOLS = ("podman",)
SKOPEO_TOOLS = ("skopeo",)


def inspect(image: str, login: Login | None = None) -> dict[str, Any]:
    """The manifest's digest, layers, environment and so on, as skopeo tells them."""
    command = ["skopeo", "inspect", "--tls-verify=false", *_credentials("", login), image]
    return _object(tools.run(command))


def config(image: str) -> dict[str, Any]:
    """The image's config document."""
    return _object(tools.run(["skopeo", "inspect", "--tls-verify=false", "--config", image]))


def copy(source: str, destination: str, login: Login | None = None) -> None:
    """Copy an image; skopeo verifies every digest on the way. `login` is for both ends."""
    verify = ["--src-tls-verify=false", "--dest-tls-verify=false"]
    source_login = _credentials("src-", login) if source.startswith("docker://") else []
    target_login = _credentials("dest-", login) if destination.startswith("docker://") else []
    words = ["skopeo", "copy", "--quiet", *verify, *source_login, *target_login]
    tools.run([*words, source, destination])


def _credentials(end: str, login: Login | None) -> list[str]:
    return [] if login is None else [f"--{end}creds={login.user}:{login.password}"]


@dataclass(frozen=True)
class Entry:
    """One path of an unpacked root. `content` is a SHA-256, a link's target, or a device number."""

    kind: str
    mode: int
    uid: int
    gid: int
    size: int
    content: str


def listing(bundle: Bundle) -> dict[str, Entry]:
    """Every path below the unpacked root (`/etc/passwd`, ...) with owner, mode and content hash."""
    root = bundle.rootfs
    entries: dict[str, Entry] = {}
    for folder, folders, files in os.walk(root):
        for name in [*folders, *files]:
            path = Path(folder, name)
            entries[f"/{path.relative_to(root)}"] = _entry(path)
    return entries


def hardlink_groups(bundle: Bundle) -> list[frozenset[str]]:
    """The sets of paths that share one inode, two or more each."""
    groups: dict[int, set[str]] = {}
    for folder, _, files in os.walk(bundle.rootfs):
        for name in files:
            path = Path(folder, name)
            status = path.lstat()
            if stat.S_ISREG(status.st_mode) and status.st_nlink > 1:
                inside = f"/{path.relative_to(bundle.rootfs)}"
                groups.setdefault(status.st_ino, set()).add(inside)
    return sorted(map(frozenset, groups.values()), key=min)


def _entry(path: Path) -> Entry:
    status = path.lstat()
    mode = stat.S_IMODE(status.st_mode)
    kind, content = _content(path, status)
    size = status.st_size if kind == "file" else 0
    return Entry(kind, mode, status.st_uid, status.st_gid, size, content)


def _content(path: Path, status: os.stat_result) -> tuple[str, str]:
    match stat.S_IFMT(status.st_mode):
        case stat.S_IFREG:
            with path.open("rb") as file:
                return "file", hashlib.file_digest(file, "sha256").hexdigest()
        case stat.S_IFLNK:
            return "symlink", os.readlink(path)
        case stat.S_IFDIR:
            return "directory", ""
        case stat.S_IFCHR | stat.S_IFBLK:
            return "device", f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"
        case _:
            return "other", ""


def podman_accepts(archive: Path) -> dict[str, Any]:
    """Load an archive (OCI or docker save) into a store of its own; podman's view of the image.

    ToolError if podman refuses it. Needs root.
    """
    # podman takes no path of more than 50 characters here, so not pytest's folder.
    with tempfile.TemporaryDirectory(prefix="p-") as folder:
        podman = ["podman", "--root", f"{folder}/s", "--runroot", f"{folder}/r"]
        try:
            tools.run([*podman, "load", "--quiet", "--input", str(archive)])
            identifier = tools.run([*podman, "images", "--quiet", "--no-trunc"]).split()[0]
            images = json.loads(tools.run([*podman, "image", "inspect", identifier]))
            return _first(images)
        finally:
            # The layers hold links and modes that only the store itself removes well.
            tools.run([*podman, "system", "reset", "--force"])


@dataclass(frozen=True, order=True)
class Package:
    """A package as syft reports it."""

    type: str
    name: str
    version: str


def syft_packages(image: str) -> set[Package]:
    """What syft finds in `oci-dir:DIR`, `oci-archive:FILE` or `docker-archive:FILE`.

    Without what it reads from notes inside programs: those are true of a root without a database.
    """
    quiet = {"SYFT_CHECK_FOR_APP_UPDATE": "false"}
    text = tools.run(["syft", "scan", image, "--output", "syft-json", "--quiet"], environment=quiet)
    found = _object(text)["artifacts"]
    return {
        Package(item["type"], item["name"], item["version"])
        for item in found
        if item["foundBy"] != "elf-binary-package-cataloger"
    }


def _object(text: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(text)
    return document


def _first(documents: list[dict[str, Any]]) -> dict[str, Any]:
    return documents[0]
