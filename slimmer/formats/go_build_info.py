"""What the Go linker says of a program: toolchain, modules, build settings.

The layout is the one that Go's own `debug/buildinfo` reads: 32 bytes that begin with a magic at a
multiple of 16; byte 14 is the pointer size and byte 15 has flags. Flag 2 (Go 1.18 on): two strings
follow, each after its length as a varint. Without it: two pointers to string headers, big-endian
if flag 1 is set.
"""

from typing import Literal, NamedTuple

from slimmer.errors import FormatError
from slimmer.formats.elf_image import ElfImage
from slimmer.formats.facts import Facts
from slimmer.formats.read import ReadAt, decode_json, text

MAGIC = b"\xff Go buildinf:"
HEADER_SIZE = 32
MAX_SEARCH = 1 << 20
MAX_STRING = 4 << 20
MAX_MODULES = 20_000
_VARINT_SIZE = 10
_FLAG_BIG_ENDIAN, _FLAG_INLINE = 1, 2


class GoModule(NamedTuple):
    """A module; `version` is "(devel)" or empty where it was built from a folder."""

    path: str
    version: str = ""
    sum: str = ""


class GoBuildInfo(Facts, frozen=True):
    """`deps` are the modules compiled in: a replacement stands in for what it replaces."""

    go_version: str
    path: str = ""
    main: GoModule | None = None
    deps: tuple[GoModule, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()


def parse_go_build_info(read: ReadAt, size: int) -> GoBuildInfo | None:
    """Read the build information of an ELF file; None where it has none."""
    image = ElfImage(read, size)
    at = _find(image)
    if at is None:
        return None
    header = image.bytes_at(at, HEADER_SIZE)
    if header[15] & _FLAG_INLINE:
        version, after = _inline_string(image, at + HEADER_SIZE)
        modules, _ = _inline_string(image, after)
    else:
        version, modules = _pointed_strings(image, header)
    return _parse_modules(text(version), modules)


def _find(image: ElfImage) -> int | None:
    section = image.section(b".go.buildinfo")
    place = section if section is not None else image.first_data_segment()
    if place is None:
        return None
    data = image.bytes_at(place.offset, min(place.size, MAX_SEARCH))
    at = data.find(MAGIC)
    # It is the address that is aligned.
    while at >= 0 and (place.address + at) % 16:
        at = data.find(MAGIC, at + 1)
    return place.offset + at if 0 <= at <= len(data) - HEADER_SIZE else None


def _inline_string(image: ElfImage, at: int) -> tuple[bytes, int]:
    """A string after its length, and the offset behind it."""
    raw = image.bytes_at(at, _VARINT_SIZE)
    length = shift = 0
    for used, byte in enumerate(raw, 1):
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return _string(image, at + used, length), at + used + length
    raise FormatError("Go build information has a malformed length")


def _string(image: ElfImage, at: int, length: int) -> bytes:
    data = image.bytes_at(at, length) if length <= MAX_STRING else b""
    if len(data) != length:
        raise FormatError("Go build information is cut short or too long")
    return data


def _pointed_strings(image: ElfImage, header: bytes) -> tuple[bytes, bytes]:
    width = header[14]
    if width not in (4, 8):
        raise FormatError("Go build information has an impossible pointer size")
    order: Literal["big", "little"] = "big" if header[15] & _FLAG_BIG_ENDIAN else "little"

    def follow(address: int) -> bytes:
        if not address:
            return b""
        raw = _at_address(image, address, 2 * width)
        target, length = int.from_bytes(raw[:width], order), int.from_bytes(raw[width:], order)
        return _at_address(image, target, length) if length else b""

    pointers = header[16 : 16 + 2 * width]
    first, second = pointers[:width], pointers[width:]
    return follow(int.from_bytes(first, order)), follow(int.from_bytes(second, order))


def _at_address(image: ElfImage, address: int, length: int) -> bytes:
    at = image.offset_of(address)
    if at is None:
        raise FormatError("Go build information points outside the program")
    return _string(image, at, length)


def _parse_modules(version: str, raw: bytes) -> GoBuildInfo:
    # The linker puts a 16-byte mark before and after the text, so that a debugger can find it.
    if len(raw) >= 33 and raw[-17:-16] == b"\n":
        raw = raw[16:-16]
    path = ""
    main: GoModule | None = None
    deps: list[GoModule] = []
    settings: list[tuple[str, str]] = []
    last_is_dep = False
    for line in text(raw).split("\n"):
        key, _, rest = line.partition("\t")
        match key:
            case "path":
                path = rest
            case "mod":
                main, last_is_dep = _module(rest), False
            case "dep":
                deps.append(_module(rest))
                last_is_dep = True
            case "=>" if last_is_dep:
                deps[-1] = _module(rest)
            case "=>" if main is not None:
                main = _module(rest)
            case "build":
                settings.append(_setting(rest))
        if len(deps) + len(settings) > MAX_MODULES:
            raise FormatError(f"Go build information names more than {MAX_MODULES} modules")
    return GoBuildInfo(version, path, main, tuple(deps), tuple(settings))


def _module(rest: str) -> GoModule:
    return GoModule(*rest.split("\t")[:3])


def _setting(rest: str) -> tuple[str, str]:
    """`key=value`, either of which Go quotes where it holds blanks or quotes."""
    if rest[:1] in ('"', "`"):
        end = rest.find(rest[0], 1)
        while rest[0] == '"' and end > 0 and rest[end - 1] == "\\":
            end = rest.find('"', end + 1)
        return _unquote(rest[: end + 1]), _unquote(rest[end + 1 :].removeprefix("="))
    key, _, value = rest.partition("=")
    return key, _unquote(value)


def _unquote(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] == "`":
        return value[1:-1]
    if len(value) >= 2 and value[0] == value[-1] == '"':
        # Go's escapes are JSON's, but for \a, \v, \x and octal; such a value stays as written.
        try:
            decoded = decode_json(value.encode(), "Go build setting")
        except FormatError:
            return value
        return decoded if isinstance(decoded, str) else value
    return value
