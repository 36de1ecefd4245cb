"""What a person sees, to the letter. `SLIM_UPDATE_GOLDEN=1 pytest` writes the files anew."""

import os
from pathlib import Path

import pytest

from slimmer import __version__

from .conftest import Run
from .shop import CONFIG, HISTORY, LAYERS, write_layout

GOLDEN = Path(__file__).parent / "golden"
POLICY = """
max-severity = "medium"
require-non-root = true
required-labels = ["org.opencontainers.image.source"]

[[allow]]
path = "/srv/**"
reason = "made for tests"

[[allow]]
finding = "setuid"
path = "/usr/bin/**"
reason = "until the next release"
expires = 2020-01-01
"""
UPDATE = bool(os.environ.get("SLIM_UPDATE_GOLDEN"))


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("inspect", ["inspect", "shop"]),
        ("inspect-verbose", ["inspect", "--verbose", "shop"]),
        ("inspect-json", ["inspect", "--format", "json", "shop"]),
        ("inspect-sarif", ["inspect", "--format", "sarif", "shop"]),
        ("inspect-benchmark", ["inspect", "--benchmark", "cis", "shop"]),
        ("inspect-benchmark-all", ["inspect", "--benchmark", "all", "--verbose", "shop"]),
        ("inspect-policy", ["inspect", "--policy", "policy.toml", "shop"]),
        ("build-policy", ["build", "--policy", "policy.toml", "-o", "oci:new", "shop"]),
        ("error-policy", ["inspect", "--policy", "wrong.toml", "shop"]),
        ("inspect-gate", ["inspect", "--fail-on", "high", "--format", "json", "shop"]),
        ("ls", ["ls", "shop"]),
        ("ls-long", ["ls", "-l", "shop"]),
        ("ls-folder", ["ls", "shop", "/bin"]),
        ("ls-layer", ["ls", "-l", "--layer", "1", "shop"]),
        ("ls-json", ["ls", "--format", "json", "shop"]),
        ("diff", ["diff", "shop", "next"]),
        ("diff-json", ["diff", "--format", "json", "shop", "next"]),
        ("diff-same", ["diff", "shop", "shop"]),
        ("error-missing", ["inspect", "oci:nowhere"]),
        ("error-choices", ["inspect", "several"]),
        ("error-layer", ["ls", "--layer", "2", "shop"]),
        ("error-path", ["ls", "shop", "/no\x1bsuch"]),
        ("error-option", ["inspect", "--colour\x1b", "shop"]),
        ("error-command", ["inspekt"]),
        ("error-argument", ["inspect"]),
        ("error-platform", ["inspect", "--platform", "linux", "shop"]),
        ("help", ["--help"]),
    ],
)
def test_output(name: str, arguments: list[str], run: Run, place: Path) -> None:
    if "next" in arguments:
        upper = {**LAYERS[1], "srv/Äpfel": b"12345678", "opt/added/file": b"new"}
        del upper["srv/same"]
        layers = ({k: v for k, v in LAYERS[0].items() if "dpkg" not in k}, upper)
        write_layout(place / "next", layers, {**CONFIG, "User": "1000", "Env": ["PATH=/bin"]})
    if "--policy" in arguments:
        (place / "policy.toml").write_text(POLICY)
        (place / "wrong.toml").write_text("max-severity = 'hihg'\n")
    if "several" in arguments:
        for ref in ("one", "t\x1bwo"):
            write_layout(place / "several", LAYERS[:1], CONFIG, [*HISTORY[:1], ref], name=ref)
    result = run(*arguments)
    seen = f"$ slim {' '.join(arguments)}\n{result.out}".replace("\x1b", "^[")
    seen = seen.replace(f'"{__version__}"', '"VERSION"')
    seen += "".join(f"stderr: {line}\n" for line in result.err.splitlines())
    seen += f"exit {result.code}\n"
    assert "\x1b" not in result.out + result.err
    file = GOLDEN / f"{name}.txt"
    if UPDATE:
        file.write_text(seen)
    assert seen == file.read_text()
