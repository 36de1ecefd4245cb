"""An npm package's `package.json` (npm's documentation of the file)."""

from slimmer.errors import FormatError
from slimmer.formats.facts import Facts
from slimmer.formats.read import decode_json, text_pairs

MAX_SIZE = 4 << 20

Pairs = tuple[tuple[str, str], ...]


class NodePackage(Facts, frozen=True):
    """`bin` is (command, path in the package); the dependencies are (name, range)."""

    name: str
    version: str
    private: bool = False
    main: str = ""
    license: str = ""
    bin: Pairs = ()
    dependencies: Pairs = ()
    optional_dependencies: Pairs = ()
    peer_dependencies: Pairs = ()
    dev_dependencies: Pairs = ()


def parse_package_json(data: bytes) -> NodePackage | None:
    """Read a `package.json`; None where it names no package, as a mere `{"type": "module"}` does.

    Fields of another type than npm writes count as absent.
    """
    if len(data) > MAX_SIZE:
        raise FormatError(f"package.json is larger than {MAX_SIZE} bytes")
    document = decode_json(data, "package.json")
    if not isinstance(document, dict):
        return None
    name, version = document.get("name"), document.get("version")
    if not isinstance(name, str) or not isinstance(version, str) or not name or not version:
        return None
    main = document.get("main")
    return NodePackage(
        name=name,
        version=version,
        private=document.get("private") is True,
        main=main if isinstance(main, str) else "",
        license=_license(document.get("license")),
        bin=_commands(name, document.get("bin")),
        dependencies=text_pairs(document.get("dependencies")),
        optional_dependencies=text_pairs(document.get("optionalDependencies")),
        peer_dependencies=text_pairs(document.get("peerDependencies")),
        dev_dependencies=text_pairs(document.get("devDependencies")),
    )


def _license(value: object) -> str:
    if isinstance(value, dict):
        # The form of before 2014: {"type": "MIT", "url": ...}.
        value = value.get("type")
    return value if isinstance(value, str) else ""


def _commands(name: str, value: object) -> Pairs:
    """One path stands for a command of the package's name without its scope."""
    if isinstance(value, str):
        return ((name.rpartition("/")[2], value),)
    return text_pairs(value)
