"""The strings of a class file, and whether its code starts programs (JVM specification, ch. 4)."""

from dataclasses import dataclass
from struct import Struct

from slimmer.errors import FormatError

_HEAD = Struct(">IHHH")
_U2 = Struct(">H")
_MAGIC = 0xCAFEBABE
_UTF8, _STRING = 1, 8
# Bytes after the tag, by tag; Utf8 has a length of its own. Long and double take two places.
_SIZES = {3: 4, 4: 4, 5: 8, 6: 8, 7: 2, 8: 2, 9: 4, 10: 4, 11: 4, 12: 4}
_SIZES |= {15: 3, 16: 2, 17: 4, 18: 4, 19: 2, 20: 2}
_WIDE = (5, 6)

# Names of classes that start programs, and of those that draw text.
_STARTERS = (
    *(b"java/lang/ProcessBuilder", b"org/apache/commons/exec/CommandLine"),
    *(b"scala/sys/process/Process", b"org/zeroturnaround/exec/ProcessExecutor"),
)
_RUNTIME, _EXEC = b"java/lang/Runtime", b"exec"
_FONTS = (*(b"java/awt/Font", b"java/awt/Graphics", b"javax/swing/", b"net/sf/jasperreports/"),)


@dataclass(frozen=True, slots=True)
class ClassStrings:
    """`strings` are the constants of the source's string literals, in order, each once."""

    strings: tuple[str, ...]
    starts_programs: bool


def draws(data: bytes) -> bool:
    """Whether the class names those that draw: fonts are then needed."""
    return any(name in data for name in _FONTS)


def may_start_programs(data: bytes) -> bool:
    """A quick look, before the constants are read."""
    return (_RUNTIME in data and _EXEC in data) or any(name in data for name in _STARTERS)


def read_class(data: bytes) -> ClassStrings:
    """Read the constant pool; FormatError where it is none."""
    if len(data) < _HEAD.size:
        raise FormatError("class file is cut short")
    magic, _, _, count = _HEAD.unpack_from(data)
    if magic != _MAGIC:
        raise FormatError("not a class file")
    texts: dict[int, bytes] = {}
    literals: list[int] = []
    at, number = _HEAD.size, 1
    while number < count:
        if at + 3 > len(data):
            raise FormatError("class file is cut short")
        tag = data[at]
        if tag == _UTF8:
            length = _U2.unpack_from(data, at + 1)[0]
            texts[number] = data[at + 3 : at + 3 + length]
            at += 3 + length
        elif tag in _SIZES:
            if tag == _STRING:
                literals.append(_U2.unpack_from(data, at + 1)[0])
            at += 1 + _SIZES[tag]
        else:
            raise FormatError(f"class file has an unknown constant {tag}")
        number += 2 if tag in _WIDE else 1
    names = frozenset(texts.values())
    starts = any(name in names for name in _STARTERS) or (_RUNTIME in names and _EXEC in names)
    found = (texts.get(index, b"").decode("utf-8", "surrogateescape") for index in literals)
    return ClassStrings(tuple(dict.fromkeys(found)), starts)
