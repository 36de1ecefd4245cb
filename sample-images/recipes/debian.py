"""A stand-in for a small Debian root: real package names, versions and paths, invented content."""

import hashlib
from dataclasses import dataclass, field

from recipes.layers import Layer, gzipped

OS_RELEASE = """PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
VERSION="12 (bookworm)"
VERSION_CODENAME=bookworm
ID=debian
HOME_URL="https://www.debian.org/"
"""
PASSWD = """root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
_apt:x:42:65534::/nonexistent:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
"""
GROUP = "root:x:0:\ndaemon:x:1:\nshadow:x:42:\nwww-data:x:33:\nnogroup:x:65534:\n"
SHADOW = "root:*:19724:0:99999:7:::\nwww-data:*:19724:0:99999:7:::\nnobody:*:19724:0:99999:7:::\n"


@dataclass(frozen=True)
class Package:
    """A package: `programs` and `setuid` are paths of programs, `files` its other contents."""

    name: str
    version: str
    section: str
    summary: str
    programs: tuple[str, ...] = ()
    setuid: tuple[str, ...] = ()
    links: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    conffiles: tuple[str, ...] = ()
    depends: str = ""
    essential: bool = False


BASE = (
    Package(
        "base-files", "12.4+deb12u5", "admin", "base system files", essential=True,
        files={
            "/usr/lib/os-release": OS_RELEASE,
            "/etc/debian_version": "12.5\n",
            "/usr/share/common-licenses/stand-in": "Made for slim's samples.\n",
        },
        links={"/etc/os-release": "../usr/lib/os-release"},
    ),
    Package(
        "bash", "5.2.15-2+b2", "shells", "a shell", ("/usr/bin/bash",), essential=True,
        files={"/etc/bash.bashrc": "PS1='$ '\n"}, conffiles=("/etc/bash.bashrc",),
    ),
    Package(
        "dash", "0.5.12-2", "shells", "a small shell", ("/usr/bin/dash",), essential=True,
        links={"/usr/bin/sh": "dash"},
    ),
    Package(
        "coreutils", "9.1-1", "utils", "basic tools", essential=True,
        programs=("/usr/bin/cat", "/usr/bin/chmod", "/usr/bin/echo", "/usr/bin/id", "/usr/bin/ls"),
    ),
    Package(
        "passwd", "1:4.13+dfsg1-1+b1", "admin", "change passwords",
        setuid=("/usr/bin/passwd", "/usr/bin/chsh"), depends="base-files",
    ),
    Package(
        "dpkg", "1.21.22", "admin", "the package manager's base", essential=True,
        programs=("/usr/bin/dpkg", "/usr/bin/dpkg-deb", "/usr/bin/dpkg-query"),
    ),
    Package(
        "apt", "2.6.1", "admin", "the package manager", depends="base-files, dpkg (>= 1.17)",
        programs=("/usr/bin/apt", "/usr/bin/apt-get", "/usr/bin/apt-cache", "/usr/bin/apt-key"),
        files={"/etc/apt/apt.conf.d/01autoremove": "APT {};\n"},
        conffiles=("/etc/apt/apt.conf.d/01autoremove",),
    ),
    Package(
        "tzdata", "2024a-0+deb12u1", "localization", "time zones",
        files={"/usr/share/zoneinfo/Etc/UTC": "TZif2" + "\0" * 39 + "\nUTC0\n"},
    ),
)  # fmt: skip
TOOLS = (
    Package(
        "gcc-12", "12.2.0-14", "devel", "a C compiler", ("/usr/bin/x86_64-linux-gnu-gcc-12",),
        links={"/usr/bin/gcc-12": "x86_64-linux-gnu-gcc-12"}, depends="binutils (>= 2.40)",
        files={"/usr/lib/gcc/x86_64-linux-gnu/12/include/stddef.h": "/* stand-in */\n"},
    ),
    Package(
        "gcc", "4:12.2.0-3", "devel", "the default C compiler", depends="gcc-12 (>= 12.2.0-1~)",
        links={"/usr/bin/gcc": "gcc-12", "/usr/bin/cc": "gcc"},
    ),
    Package(
        "binutils", "2.40-2", "devel", "linker and assembler",
        ("/usr/bin/as", "/usr/bin/ld", "/usr/bin/objdump"),
    ),
    Package("curl", "7.88.1-10+deb12u5", "web", "fetch a URL", ("/usr/bin/curl",)),
    Package("git", "1:2.39.2-1.1", "vcs", "version control", ("/usr/bin/git",)),
)  # fmt: skip


def install(layer: Layer, packages: tuple[Package, ...], program: bytes) -> None:
    """Put the packages' files and their lists into `layer`; `status` is `write_status`'s matter."""
    for package in packages:
        contents = _contents(package, program)
        for path, data in contents.items():
            setuid = path in package.setuid
            runs = setuid or path in package.programs
            layer.file(path, data, 0o4755 if setuid else 0o755 if runs else 0o644)
        for path, target in package.links.items():
            layer.symlink(path, target)
        _record(layer, package, contents)


def write_status(layer: Layer, packages: tuple[Package, ...]) -> None:
    """/var/lib/dpkg/status with these packages installed."""
    paragraphs = [_paragraph(package) for package in packages]
    layer.file("/var/lib/dpkg/status", "\n".join(paragraphs))


def _contents(package: Package, program: bytes) -> dict[str, bytes]:
    """Every regular file of a package, with the documentation that each Debian package has."""
    name = package.name
    docs = f"/usr/share/doc/{name}"
    made = "This package stands in for Debian's: its content was made for slim's sample images.\n"
    change = f"{name} ({package.version}) bookworm; urgency=medium\n\n  * A stand-in.\n"
    # Inspections pass over a few bytes of documentation: this is a real distribution's amount.
    news = f"{name}: a line of documentation that no running service ever reads.\n" * 150
    page = f".TH {name.upper()} 1\n.SH NAME\n{name} \\- {package.summary}, a stand-in\n"
    return {
        **dict.fromkeys((*package.programs, *package.setuid), program),
        **{path: text.encode() for path, text in package.files.items()},
        f"{docs}/copyright": made.encode(),
        f"{docs}/NEWS": news.encode(),
        f"{docs}/changelog.Debian.gz": gzipped(change.encode()),
        f"/usr/share/man/man1/{name}.1.gz": gzipped(page.encode()),
        f"/usr/share/locale/de/LC_MESSAGES/{name}.mo": bytes.fromhex("de120495") + bytes(24),
    }


def _record(layer: Layer, package: Package, contents: dict[str, bytes]) -> None:
    """/var/lib/dpkg/info: the list, and sums for all but the conffiles, as dpkg keeps them."""
    info = f"/var/lib/dpkg/info/{package.name}"
    paths = sorted({*contents, *package.links})
    folders = {parent for path in paths for parent in _parents(path)}
    layer.file(f"{info}.list", "/.\n" + "".join(f"{path}\n" for path in sorted({*paths, *folders})))
    sums = {
        p: hashlib.md5(d).hexdigest() for p, d in contents.items() if p not in package.conffiles
    }
    layer.file(f"{info}.md5sums", "".join(f"{sums[p]}  {p[1:]}\n" for p in sorted(sums)))
    if package.conffiles:
        layer.file(f"{info}.conffiles", "".join(f"{path}\n" for path in package.conffiles))


def _parents(path: str) -> list[str]:
    parts = path.split("/")[1:-1]
    return ["/" + "/".join(parts[:end]) for end in range(1, len(parts) + 1)]


def _paragraph(package: Package) -> str:
    lines = [f"Package: {package.name}"]
    lines += ["Essential: yes"] if package.essential else []
    lines += [
        "Status: install ok installed",
        "Priority: required" if package.essential else "Priority: optional",
        f"Section: {package.section}",
        "Installed-Size: 12",
        "Maintainer: The slim authors <nobody@example.org>",
        "Architecture: amd64",
        f"Version: {package.version}",
    ]
    lines += [f"Depends: {package.depends}"] if package.depends else []
    if package.conffiles:
        sums = {p: hashlib.md5(package.files[p].encode()).hexdigest() for p in package.conffiles}
        lines += ["Conffiles:", *(f" {path} {digest}" for path, digest in sums.items())]
    return "\n".join([*lines, f"Description: {package.summary} (a stand-in)", ""])
