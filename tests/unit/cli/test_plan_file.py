"""`--plan` and `--from-plan`: the same image again, a reviewer's edits, what is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.layers import File, Folder, Hardlink, Layer, Symlink

from slimmer.build.plan_file import parse_plan
from slimmer.errors import FormatError

from .conftest import Run
from .shop import LATIN_NAME, write_layout

_PATHS = {
    "tool": ("usr/bin/tool", "usr/share/doc/tool/README", "usr/share/doc/tool/copyright"),
    "perl": ("usr/bin/perl", "usr/share/perl/strict.pm", "usr/share/perl/lib/a.pm"),
}
LAYERS: tuple[Layer, ...] = (
    {
        "etc/passwd": b"root:x:0:0::/root:/bin/sh\n",
        "etc/group": b"root:x:0:\n",
        "var/lib/dpkg/status": "".join(
            f"Package: {name}\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n\n"
            for name in _PATHS
        ).encode(),
        **{
            f"var/lib/dpkg/info/{name}.list": "".join(f"/{path}\n" for path in paths).encode()
            for name, paths in _PATHS.items()
        },
        "bin": Symlink("usr/bin"),
        "usr/bin/tool": File(b"#!/srv/none\n", mode=0o755),
        "usr/bin/perl": File(b"perl" * 100, mode=0o755),
        "usr/bin/perl5": Hardlink("usr/bin/perl"),
        "usr/share/perl/strict.pm": b"1;",
        "usr/share/perl/lib": Folder(),
        "usr/share/perl/lib/a.pm": b"1;",
        "usr/share/doc/tool/README": b"read me" * 100,
        "usr/share/doc/tool/copyright": b"free",
        "srv/old/file": b"hidden",
        LATIN_NAME: b"x",
        "srv/link": Symlink(LATIN_NAME.rpartition("/")[2]),
    },
    {
        "usr/share/perl/lib": Folder(mode=0o700),
        "srv/old/.wh..wh..opq": b"",
        "usr/share/doc/tool/README": b"newer" * 100,
    },
)
CONFIG = {"Entrypoint": ["/usr/bin/tool"], "Cmd": ["serve"]}
Edit = Callable[[dict[str, Any]], None]


@pytest.fixture(autouse=True)
def image(place: Path) -> str:
    write_layout(place / "image", LAYERS, CONFIG, ["COPY . /", "RUN x"])
    write_layout(place / "base", LAYERS[:1], CONFIG, ["COPY . /"])
    return "image"


def _content(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def _plan(run: Run, place: Path, *arguments: str) -> dict[str, Any]:
    result = run("build", "-o", "oci:direct", "--plan", "plan.json", *arguments, "image")
    assert (result.code, result.err) == (0, "")
    return json.loads((place / "plan.json").read_text())  # type: ignore[no-any-return]


def _edited(run: Run, place: Path, edit: Edit, *arguments: str) -> None:
    document = _plan(run, place, *arguments)
    edit(document)
    (place / "edited.json").write_text(json.dumps(document))


@pytest.mark.parametrize("profile", ["package", "file", "safe"])
@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--squash", "--compression", "zstd:3"),
        ("--squash", "--base", "base"),
        ("--user", "7:8", "--drop", "/srv"),
        ("--user", "keep", "--drop", f"/srv/{'?' * 4}", "--keep", "/usr/share/perl/lib"),
    ],
)
def test_a_replay_gives_the_same_bytes(
    profile: str,
    arguments: tuple[str, ...],
    run: Run,
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    _plan(run, place, "--profile", profile, *arguments)
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    (place / "slim.toml").write_text('[build]\ndrop = ["/"]\n')
    again = ("--from-plan", "plan.json", "--plan", "again.json")
    result = run("build", "-o", "oci:replayed", *again, "image")
    assert (result.code, result.err) == (0, "")
    assert _content(place / "replayed") == _content(place / "direct")
    assert (place / "again.json").read_bytes() == (place / "plan.json").read_bytes()


def test_squash_above_a_base(run: Run, place: Path) -> None:
    assert _plan(run, place, "--squash", "--base", "base")["options"]["base_layers"] == 1
    result = run("build", "--format", "json", "-o", "oci:out", "--squash", "image")
    assert len(json.loads(result.out)["output"]["layers"]) == 1
    inspected = json.loads(run("inspect", "--format", "json", "direct").out)
    assert len(inspected["layers"]) == 2
    assert run("build", "--dry-run", "--squash", "--base", "image", "base").code == 3
    assert run("build", "--dry-run", "--base", "base", "image").code == 2


def test_a_plan_tells_names_exactly(run: Run, place: Path) -> None:
    document = _plan(run, place, "--drop", "/srv")
    odd = [item for item in document["removed"] if "path_base64" in item]
    assert [item["path"] for item in odd] == ["/srv/caf\\xe9"]
    assert all(item["entry"] >= -1 for item in document["removed"])
    links = [item for item in document["removed"] if item["path"] == "/srv/link"]
    assert links[0]["kind"] == "symlink"


def test_a_line_taken_out_keeps_the_path_and_the_databases_true(run: Run, place: Path) -> None:
    def edit(document: dict[str, Any]) -> None:
        before = len(document["removed"])
        document["removed"] = [
            item for item in document["removed"] if item["path"] != "/usr/share/perl/lib/a.pm"
        ]
        assert len(document["removed"]) == before - 1

    _edited(run, place, edit)
    direct, replayed = (_listing(run, place, arguments) for arguments in ((), ("edited.json",)))
    assert "usr/share/perl/lib/a.pm" not in direct
    assert "var/lib/dpkg/info/perl.list" not in direct
    assert "usr/share/perl/lib/a.pm" in replayed
    assert "usr/share/perl/strict.pm" not in replayed
    assert replayed["usr/share/perl/lib"]["mode"] == "0700"
    assert "var/lib/dpkg/info/perl.list" in replayed
    assert replayed["usr/share/perl/lib/a.pm"]["package"] == "pkg:deb/debian/perl@1?arch=all"
    assert replayed["var/lib/dpkg/info/perl.list"]["size"] == len("/usr/share/perl/lib/a.pm\n")


def _listing(run: Run, place: Path, plan: tuple[str, ...]) -> dict[str, Any]:
    """What the image made of a plan holds, or the one made directly."""
    where = "direct"
    if plan:
        where = "out"
        assert run("build", "-o", "oci:out", "--from-plan", *plan, "image").code == 0
    document = json.loads(run("ls", "--format", "json", where).out)
    return {entry["path"]: entry for entry in document["entries"]}


def test_lines_for_what_follows_change_nothing(run: Run, place: Path) -> None:
    def edit(document: dict[str, Any]) -> None:
        document["removed"] = [
            item
            for item in document["removed"]
            if item["rule"] not in ("hidden", "package-database")
        ]

    _edited(run, place, edit)
    assert run("build", "-o", "oci:out", "--from-plan", "edited.json", "image").code == 0
    assert _content(place / "out") == _content(place / "direct")


def test_user_and_start_can_be_edited(run: Run, place: Path) -> None:
    def edit(document: dict[str, Any]) -> None:
        document["user"]["user"] = "1234:5678"
        document["config"] = {"Entrypoint": ["/usr/bin/tool", "-x"]}

    _edited(run, place, edit)
    assert run("build", "-o", "oci:out", "--from-plan", "edited.json", "image").code == 0
    inspected = json.loads(run("inspect", "--format", "json", "out").out)
    assert inspected["image"]["config"]["user"] == "1234:5678"
    assert inspected["image"]["config"]["entrypoint"] == ["/usr/bin/tool", "-x"]


def _set(**values: Any) -> Edit:
    return lambda document: document.update(values)


def _first(**values: Any) -> Edit:
    return lambda document: document["removed"][-1].update(values)


def _option(**values: Any) -> Edit:
    return lambda document: document["options"].update(values)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (_set(schema_version="9.0"), "a plan of version '9.0'"),
        (_set(schema_version=1), "not a plan: Expected `str`"),
        (_set(removed=[{}]), "not a plan: Object missing required field"),
        (_set(options=None), "not a plan: Expected `object`"),
        (_set(config={"User": "root"}), "config has User"),
        (_set(image={"config_digest": "sha256:0"}), "made for another image"),
        (_option(profile="wild"), "unknown profile"),
        (_option(compression="xz"), "not a compression"),
        (_option(level=99, compression="gzip"), "not a level"),
        (_option(base_layers=3), "the plan's base has 3 layers"),
        (_option(epoch=-1), "not a number of seconds"),
        (_first(entry=99999), "which is not there"),
        (_first(layer={"number": 7}), "which is not there"),
        (_first(path="/", entry=-1), "which is not there"),
        (_first(path="/etc/passwd"), "which is not there"),
        (_first(path_base64="*"), "is not base64"),
        (_first(rule="hidden"), "which is not there"),
        (_set(user={"user": "me", "changed": True, "reason": ""}), "plan's user is none: 'me'"),
        (_set(user={"user": "7", "changed": True, "reason": ""}), "plan's user is none: '7'"),
        (_set(user={"user": "9" * 10 + ":1", "changed": True, "reason": ""}), "is none"),
        (_set(user={"user": "7:7", "changed": False, "reason": ""}), "changes the user"),
        (_set(config={"Entrypoint": 7}), "Entrypoint"),
    ],
)
def test_refusals(edit: Edit, said: str, run: Run, place: Path) -> None:
    _edited(run, place, edit)
    result = run("build", "-o", "oci:out", "--from-plan", "edited.json", "image")
    assert (result.code, result.out) == (3, "")
    assert result.err.count("\n") == 1
    assert said in result.err
    assert not (place / "out").exists()


def test_a_plan_of_another_image(run: Run, place: Path) -> None:
    _plan(run, place)
    write_layout(place / "other", LAYERS[:1], CONFIG, [])
    result = run("build", "-o", "oci:out", "--from-plan", "plan.json", "other")
    assert result.code == 3
    assert "made for another image" in result.err


@pytest.mark.parametrize(
    "option",
    [
        ("--profile", "package"),
        ("--keep", "/a"),
        ("--drop-package", "tool"),
        ("--squash",),
        ("--no-keep-shell",),
        ("--user", "auto"),
        ("--compression", "gzip"),
        ("--config", "plan.json"),
    ],
)
def test_options_that_a_plan_has_already(option: tuple[str, ...], run: Run, place: Path) -> None:
    _plan(run, place)
    result = run("build", "-o", "oci:out", "--from-plan", "plan.json", *option, "image")
    assert result.code == 2
    assert f"{option[0].replace('--no-', '--')} does not go with --from-plan" in result.err


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
_FIELDS = ("image", "options", "user", "removed", "kept", "config")


@given(st.binary() | _JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_a_plan_or_a_format_error(data: bytes) -> None:
    with pytest.raises(FormatError):
        parse_plan(data, "f")


@given(st.dictionaries(st.sampled_from(_FIELDS), _JSON))
def test_any_fields_are_a_plan_or_a_format_error(fields: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        parse_plan(json.dumps({"schema_version": "1.0", **fields}).encode(), "f")


def test_deep_json_is_refused() -> None:
    with pytest.raises(FormatError):
        parse_plan(b'{"schema_version": "1.0", "config": ' + b'{"a":' * 100_000, "f")
