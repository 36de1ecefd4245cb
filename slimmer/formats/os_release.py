"""`/etc/os-release` (os-release(5)): which distribution a filesystem is."""

from slimmer.errors import FormatError
from slimmer.formats.facts import Facts
from slimmer.formats.read import text

MAX_SIZE = 1 << 16
_ESCAPABLE = '"\\$`'


class OsRelease(Facts, frozen=True):
    """`pairs` are all assignments in the file's order; the later of two of one name counts."""

    id: str = "linux"
    version_id: str = ""
    pretty_name: str = "Linux"
    id_like: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()

    def get(self, key: str, default: str = "") -> str:
        """The value of any variable."""
        return dict(self.pairs).get(key, default)


def parse_os_release(data: bytes) -> OsRelease:
    """Read the assignments; lines that are none are passed over, as the manual asks."""
    if len(data) > MAX_SIZE:
        raise FormatError(f"os-release is larger than {MAX_SIZE} bytes")
    pairs = []
    for line in text(data).split("\n"):
        key, equals, value = line.strip().partition("=")
        if equals and key.isidentifier():
            pairs.append((key, _unquote(value)))
    values = dict(pairs)
    return OsRelease(
        id=values.get("ID") or "linux",
        version_id=values.get("VERSION_ID", ""),
        pretty_name=values.get("PRETTY_NAME") or values.get("NAME") or "Linux",
        id_like=tuple(values.get("ID_LIKE", "").split()),
        pairs=tuple(pairs),
    )


def _unquote(value: str) -> str:
    """Take shell quotes off: single ones are literal, in double ones a backslash escapes a few."""
    quote = value[:1]
    if quote == "'":
        return value[1:].partition("'")[0]
    if quote != '"':
        return value.replace("\\", "")
    result = []
    characters = iter(value[1:])
    for character in characters:
        if character == '"':
            break
        if character == "\\":
            following = next(characters, "")
            character = following if following in _ESCAPABLE else "\\" + following
        result.append(character)
    return "".join(result)
