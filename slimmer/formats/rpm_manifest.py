"""`container-manifest-2`: the list of packages that images without an rpm database carry.

One line for each package, ten fields with tabs between them, as `rpm -qa --queryformat` prints
NAME, VERSION-RELEASE, INSTALLTIME, BUILDTIME, VENDOR, EPOCH, SIZE, ARCH, EPOCHNUM, SOURCERPM;
`(none)` for what a package does not tell (CBL-Mariner's distroless images, "Manifest Files").
"""

from collections.abc import Iterable

from slimmer.errors import FormatError
from slimmer.formats.read import text
from slimmer.formats.rpm_header import RpmPackage

MAX_LINES = 100_000
_FIELDS = 10
_NONE = "(none)"
# What would begin another field or another line.
_SEPARATORS = {ord(character): " " for character in "\t\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"}


def parse_manifest(data: bytes) -> tuple[RpmPackage, ...]:
    """Every package the manifest lists, without files. Raises `FormatError`.

    The size of a package with an epoch is not to be trusted: `manifest_of` says why.
    """
    lines = [line for line in data.split(b"\n") if line]
    if len(lines) > MAX_LINES:
        raise FormatError(f"rpm manifest has more than {MAX_LINES} lines")
    return tuple(_package(text(line)) for line in lines)


def _package(line: str) -> RpmPackage:
    fields = [_known(field) for field in line.split("\t")]
    if len(fields) < _FIELDS or not fields[0] or not fields[1]:
        raise FormatError(f"rpm manifest has a line that is no package: {line[:80]!r}")
    version, _, release = fields[1].rpartition("-")
    return RpmPackage(
        name=fields[0],
        version=version or release,
        release=_known(release) if version else "",
        install_time=_number(fields[2]),
        build_time=_number(fields[3]),
        vendor=fields[4],
        epoch=_number(fields[5]),
        size=_number(fields[6]) or 0,
        arch=fields[7],
        source_rpm=fields[9],
        is_gpg_pubkey=fields[0] == "gpg-pubkey",
    )


def _known(field: str) -> str:
    return "" if field == _NONE else field


def _number(field: str) -> int | None:
    return int(field) if field.isascii() and field.isdecimal() and len(field) < 20 else None


def manifest_of(packages: Iterable[RpmPackage]) -> bytes:
    """The manifest that lists these packages, in the order of its lines, SIZE being EPOCH where
    there is one."""
    return "".join(sorted(_line(package) for package in packages)).encode()


def _line(package: RpmPackage) -> str:
    # A much-used reader (syft 1.18) takes SIZE for the epoch where there is one, and a package
    # with a huge epoch has no known vulnerability: what it takes must be the epoch.
    size = package.size if package.epoch is None else package.epoch
    fields = (
        package.name,
        f"{package.version}-{package.release or _NONE}",
        package.install_time,
        package.build_time,
        package.vendor,
        package.epoch,
        size,
        package.arch,
        package.epoch or 0,
        package.source_rpm,
    )
    shown = (_NONE if field in (None, "") else str(field) for field in fields)
    return "\t".join(field.translate(_SEPARATORS) for field in shown) + "\n"
