"""busybox-like.docker.tar: one program under many names, an apk database; old `docker save`."""

import base64
import hashlib
from pathlib import Path

from support import planted

from recipes.expectations import Expectations
from recipes.images import Image, write_docker_archive
from recipes.layers import Layer

NAME = "busybox-like.docker.tar"
HARD = ("ash", "cat", "chmod", "echo", "ls", "sh", "su", "vi", "wget")
SOFT = ("/usr/bin/awk", "/usr/bin/env", "/usr/bin/nc", "/sbin/ifconfig", "/sbin/reboot")
OS_RELEASE = 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.19.1\nPRETTY_NAME="Alpine Linux v3.19"\n'
HASHED = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def make(program: bytes, folder: Path) -> Expectations:
    expected = Expectations(NAME)
    image = Image(
        config={
            "Env": ["PATH=/usr/local/bin:/usr/bin:/sbin:/bin"],
            "Cmd": ["/bin/echo", "job: done"],
            "WorkingDir": "/var/lib/job",
        }
    )
    image.step("/bin/sh -c #(nop) ADD file:alpine in / ", _base(program, expected), "")
    image.step("/bin/sh -c rm /bin/vi && rm -r /var/cache/misc/* && apk add --no-cache job",
               _second(expected), "")  # fmt: skip
    image.step('/bin/sh -c #(nop)  CMD ["/bin/echo" "job: done"]')
    expected.must("user")
    expected.must_not("secret", path="/etc/passwd")
    write_docker_archive(image, "busybox-like", "1.0", folder / NAME)
    return expected


def _base(program: bytes, expected: Expectations) -> Layer:
    layer = Layer()
    layer.file("/bin/busybox", program, 0o755)
    for name in HARD:
        layer.hardlink(f"/bin/{name}", "/bin/busybox")
    for path in SOFT:
        layer.symlink(path, "/bin/busybox")
    layer.file("/sbin/apk", program, 0o755)
    layer.file("/etc/os-release", OS_RELEASE)
    layer.file("/etc/alpine-release", "3.19.1\n")
    layer.file("/etc/passwd", "root:x:0:0:root:/root:/bin/ash\nnobody:x:65534:65534::/:/none\n")
    layer.file("/etc/group", "root:x:0:\nshadow:x:42:\nnobody:x:65534:\n")
    digest = planted.characters("busybox-like", HASHED, 86)
    layer.file("/etc/shadow", f"root:$6$saltsalt${digest}:19724:0:::::\n", 0o640, (0, 42))
    layer.file("/etc/apk/world", "alpine-baselayout\nbusybox\n")
    layer.file("/lib/apk/db/installed", _database(program))
    layer.file("/var/cache/misc/old.bin", bytes(4096))
    layer.directory("/tmp", 0o1777)
    expected.must("shell", path="/bin/busybox")
    expected.must("package-manager", path="/sbin/apk")
    expected.must("secret", path="/etc/shadow")
    return layer


def _second(expected: Expectations) -> Layer:
    """A hardlink's name goes; a folder is emptied by an opaque whiteout."""
    layer = Layer()
    layer.remove("/bin/vi")
    layer.opaque("/var/cache/misc")
    layer.directory("/var/lib/job", 0o755, (1000, 1000))
    layer.file("/var/lib/job/input.csv", "name,count\nkettle,3\n", 0o644, (1000, 1000))
    expected.must("wasted-space", path="/var/cache/misc/old.bin", in_final=False)
    return layer


def _database(program: bytes) -> str:
    """apk's /lib/apk/db/installed: a paragraph for each package, folders (F) then files (R)."""
    busybox = _paragraph("busybox", "1.36.1-r15", "Many tools in one program", "bin",
                         {"busybox": program})  # fmt: skip
    tools = _paragraph("apk-tools", "2.14.0-r5", "The package manager", "sbin", {"apk": program})
    release = {"alpine-release": b"3.19.1\n", "os-release": OS_RELEASE.encode()}
    base = _paragraph("alpine-baselayout", "3.4.3-r2", "The base folders", "etc", release)
    return "\n".join([base, busybox, tools]) + "\n"


def _paragraph(name: str, version: str, about: str, folder: str, files: dict[str, bytes]) -> str:
    head = {"C": _checksum(name.encode()), "P": name, "V": version, "A": "x86_64"}
    rest = {"S": "800", "I": "4096", "T": about, "U": "https://example.org", "L": "Apache-2.0"}
    rest |= {"o": name, "m": "The slim authors <nobody@example.org>", "t": "1704164645"}
    lines = [f"{key}:{value}" for key, value in (head | rest).items()]
    lines.append(f"F:{folder}")
    for file, data in files.items():
        mode = "755" if folder.endswith("bin") else "644"
        lines += [f"R:{file}", f"a:0:0:{mode}", f"Z:{_checksum(data)}"]
    return "\n".join([*lines, ""])


def _checksum(data: bytes) -> str:
    """apk's form of a SHA-1: Q1 and base64."""
    return "Q1" + base64.b64encode(hashlib.sha1(data).digest()).decode()
