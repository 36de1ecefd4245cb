"""Nothing that an image says of itself reaches a reader as anything but text, in any report."""

import base64
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from support import images, tars
from unit.cli.conftest import Run, cache, environment, place, run

__all__ = ["cache", "environment", "place", "run"]

# What a terminal, a log, a browser or a table in Markdown would obey.
EVIL = (
    "\x1b[31m\x1b]0;t\x07\n\r\x08\x7f\x9b2J\u202e\u2066\u200b\ufeff"
    "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'`|&lt;{{7*7}}"
    "![a](javascript:alert(1))[b](http://evil.example)"
)
# Also for what is put between words, in paths and in what must not hold a NUL or a slash.
NAME = EVIL.replace("/", "_")
OBEYED = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)

FORMATS = {
    "inspect": ["text", "json", "sarif", "markdown", "html"],
    "build": ["text", "json"],
    "why": ["text", "json"],
    "ls": ["text", "json"],
    "diff": ["text", "json"],
}


def _status(name: str) -> bytes:
    flat = name.replace("\n", " ").replace("\r", " ")
    return (
        f"Package: {flat}\nStatus: install ok installed\nVersion: {flat}\nArchitecture: {flat}\n"
        f"Maintainer: {flat}\nDescription: {flat}\n"
    ).encode()


def _layer() -> bytes:
    secret = b"aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzzKEY\n"
    return tars.make_tar(
        tars.folder(f"usr/bin/{NAME}", 0o777),
        tars.file(f"usr/bin/{NAME}/bash", b"\x7fELF", 0o4755),
        tars.file(f"bin/su{NAME}", b"#!" + EVIL.encode() + b"\n", 0o6777),
        tars.file("bin/busybox", b"#!/bin/" + NAME.encode() + b"\n", 0o755),
        tars.symlink(f"l{NAME}", EVIL),
        tars.hardlink(f"h{NAME}", "bin/busybox"),
        tars.Member(f"x{NAME}", pax={f"SCHILY.xattr.user.{NAME.replace('=', '')}": EVIL}),
        tars.file(f"home/{NAME}/.aws/credentials", secret),
        tars.file(f"root/{NAME}.pem", b"-----BEGIN RSA PRIVATE KEY-----\n" + b"A" * 64),
        tars.file("etc/passwd", f"{NAME}:x:5:5:{EVIL}:/{NAME}:/bin/{NAME}\n".encode()),
        tars.file("etc/os-release", f'ID="{NAME}"\nPRETTY_NAME="{NAME}"\n'.encode()),
        tars.file("var/lib/dpkg/status", _status(NAME)),
        tars.file(f"var/lib/dpkg/info/{NAME}.list", f"/bin/su{NAME}\n".encode()),
        tars.file(
            f"app/node_modules/{NAME}/package.json",
            json.dumps({"name": EVIL, "version": EVIL, "license": EVIL}).encode(),
        ),
        tars.file(
            f"app/lib/{NAME}.dist-info/METADATA",
            f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {NAME}\n".encode(),
        ),
    )


def _image() -> images.Built:
    run: dict[str, Any] = {
        "User": EVIL,
        "Env": [f"{NAME}={EVIL}", f"PASSWORD={EVIL}", f"PATH=/{NAME}:/bin"],
        "Entrypoint": [EVIL, "/bin/sh"],
        "Cmd": [EVIL],
        "WorkingDir": f"/{EVIL}",
        "Labels": {EVIL: EVIL, "org.opencontainers.image.title": EVIL},
        "ExposedPorts": {EVIL: {}, "22/tcp": {}},
        "Volumes": {f"/{EVIL}": {}},
        "StopSignal": EVIL,
        "Shell": [EVIL],
        "Healthcheck": {"Test": ["CMD-SHELL", EVIL]},
    }
    built = images.image(
        _layer(),
        tars.make_tar(tars.whiteout(f"l{NAME}"), tars.file(f"home/{NAME}/big", b"x" * 100_000)),
        config=run,
        author=EVIL,
        created=EVIL,
        architecture="amd64",
        history=[
            {"created_by": f"RUN {EVIL}", "comment": EVIL, "author": EVIL, "created": EVIL},
            {"created_by": EVIL},
        ],
    )
    built.manifest["annotations"] = {EVIL: EVIL}
    built.manifest["layers"][0]["annotations"] = {EVIL: EVIL}
    return built


@pytest.fixture
def hostile(place: Path) -> str:
    """The reference of the image, in a folder whose name is no better."""
    built = _image()
    top = images.index(
        built.descriptor(annotations={images.REF_NAME: EVIL, EVIL: EVIL}),
    )
    return images.write_layout(place / f"image{NAME.replace(':', '')}", built.blobs, top)


class _Scripts(HTMLParser):
    """What a browser would run or fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.odd: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name.startswith("on") or (name in ("src", "href") and "evil" in (value or "")):
                self.odd.append((tag, name))
            if "javascript:" in (value or "") and name in ("src", "href", "action"):
                self.odd.append((tag, name))


@pytest.mark.parametrize(
    ("command", "form"), [(command, form) for command, forms in FORMATS.items() for form in forms]
)
def test_no_report_obeys_the_image(command: str, form: str, hostile: str, run: Run) -> None:
    words = [command, hostile, "--format", form]
    if command == "build":
        words += ["--dry-run", "--drop", "/bin/su*", "--keep", "/bin/busybox"]
    if command == "why":
        words[2:2] = ["/", f"/bin/su{NAME}", f"/home/{NAME}/big", "--keep", "/bin/busybox"]
    if command == "diff":
        words.insert(2, hostile)
    for more in ([], ["--verbose"]):
        result = run(*words, *more)
        assert result.code == 0, result.err
        _check(form, result.raw.decode())
        assert not OBEYED.search(result.err)


def _check(form: str, shown: str) -> None:
    assert not OBEYED.search(shown.replace("\r\n", "\n"))
    if form in ("json", "sarif"):
        assert shown.isascii()
        json.loads(shown)
    elif form == "html":
        parser = _Scripts()
        parser.feed(shown)
        assert not parser.odd
        assert "img" not in parser.tags
        assert "alert(1)</script>" not in shown
    elif form == "markdown":
        # Within code, or with its signs escaped, and never a row of its own in a table.
        text = re.sub(r"(`+)[^\n]*?[^`]\1(?!`)", "", shown)
        assert "<script" not in text
        assert "<img" not in text
        assert not re.search(r"(?<!\\)\]\((javascript|http://evil)", text)


def test_reports_do_show_what_was_hidden(hostile: str, run: Run) -> None:
    """Escaped, not dropped: who looks for the name finds it."""
    assert "\\x1b[31m" in run("ls", hostile).out
    listed = json.loads(run("ls", "--format", "json", hostile).out)
    assert any(NAME in item["path"] for item in listed["entries"])


@pytest.mark.parametrize(
    "words",
    [
        ["inspect", f"oci:/no/{EVIL}"],
        ["inspect", EVIL],
        ["inspect", "--platform", EVIL, "shop"],
        ["inspect", "--limit", EVIL, "shop"],
        ["ls", "shop", EVIL.replace("\x00", "")],
        ["build", "shop", "-o", f"oci-archive:/dev/null/{NAME}"],
        ["build", "shop", "-o", "x.tar", "--user", EVIL],
        ["build", "shop", "-o", "x.tar", "--compression", EVIL],
        [EVIL],
    ],
)
def test_errors_are_one_line(words: list[str], run: Run) -> None:
    result = run(*words)
    assert result.code in (2, 3)
    assert result.out == ""
    assert result.err.count("\n") == 1
    assert not OBEYED.search(result.err.removesuffix("\n"))


@pytest.mark.parametrize("where", ["mediaType", "digest", "config", "layers", "schema"])
def test_errors_about_documents_are_one_line(where: str, place: Path, run: Run) -> None:
    built = _image()
    match where:
        case "mediaType":
            built.manifest["layers"][0]["mediaType"] = EVIL
        case "digest":
            built.manifest["layers"][0]["digest"] = f"sha256:{EVIL}"
        case "config":
            built.manifest["config"]["mediaType"] = EVIL
        case "layers":
            built.manifest["layers"][0][EVIL] = built.manifest["layers"][0].pop("digest")
        case _:
            built.manifest["mediaType"] = EVIL
    result = run("inspect", images.layout(place / "bad", built))
    assert result.code == 3
    assert result.err.count("\n") == 1
    assert not OBEYED.search(result.err.removesuffix("\n"))


def test_names_that_are_not_utf8_survive_json(place: Path, run: Run) -> None:
    names = [b"\xff\xfe", b"caf\xe9", b"\xed\xa0\x80"]
    layer = b"".join(tars.header(name) for name in names) + tars.END
    reference = images.layout(place / "bytes", images.image(layer))
    listed = json.loads(run("ls", "--format", "json", reference).out)["entries"]
    assert sorted(base64.b64decode(item["path_base64"]) for item in listed) == sorted(names)
