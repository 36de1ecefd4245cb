"""HTML reports: what is in them, and that nothing from an image becomes more than text."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import planted
from support.layers import File, Folder, Hardlink, Layer, Symlink, filesystem_of

from slimmer.filesystem.merge import merge
from slimmer.formats.tar import Kind, TarEntry
from slimmer.policy.audit import Audit
from slimmer.policy.benchmarks import run_benchmark
from slimmer.policy.policy import Broken, Verdict
from slimmer.report.html.embed import content, data_block, json_size
from slimmer.report.html.html import build_html, inspect_html
from slimmer.report.html.tables import STATIC_ROWS, Column, Table, Texts
from slimmer.report.html.tree import TreeData
from slimmer.report.markdown import inspect_markdown
from slimmer.report.redact import Redactor

from .pages import HOSTILE, Page, hostile_layer, inspection, outcome

PASSWORD = planted.password("html")
APP: Layer = {
    "etc/passwd": b"root:x:0:0::/root:/bin/sh\n",
    "usr/bin/app": File(b"#!/bin/sh\n" + b"x" * 5000, mode=0o755),
    "usr/bin/sh": File(b"\x7fELF" + b"s" * 3000, mode=0o4755),
    "usr/share/man/man1/app.1": b"m" * 2000,
    "var/cache/apt/pkgcache.bin": b"c" * 9000,
    "srv/same": Hardlink("usr/bin/app"),
    "srv/link": Symlink("same"),
    "srv/open": Folder(mode=0o777),
}


def _page(folder: Path, *layers: Layer, **config: object) -> Page:
    with inspection(folder, *layers, **config) as found:
        return Page(inspect_html(found, Redactor(found.subject.scanner)))


def _built(folder: Path, *layers: Layer, write: bool = True, **config: object) -> Page:
    with outcome(folder, *layers, write=write, **config) as done:
        return Page(build_html(done, Redactor(done.before.scanner)))


def test_one_file_that_may_load_and_run_nothing_else(tmp_path: Path) -> None:
    page = _page(tmp_path, APP)
    policy = next(a["content"] for t, a in page.elements if a.get("http-equiv")) or ""
    rules = dict(rule.strip().partition(" ")[::2] for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert "unsafe" not in policy
    assert rules["script-src"] == _hash(page.blocks["script"][1])
    assert rules["style-src"] == _hash(page.blocks["style"][0])
    loads = {"src", "srcset", "data", "action", "poster", "style", "background"}
    handlers = [name for _, attributes in page.elements for name in attributes if name[:2] == "on"]
    assert not handlers
    assert not [a for _, a in page.elements if loads & a.keys()]
    assert {a["href"][0] for t, a in page.elements if a.get("href")} == {"#"}  # type: ignore[index]
    assert "url(" not in page.blocks["style"][0]
    assert "@import" not in page.blocks["style"][0]


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_our_script_makes_no_markup_and_no_requests(tmp_path: Path) -> None:
    script = _page(tmp_path, APP).blocks["script"][1]
    banned = (
        r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|Function\(|fetch\(|XMLHttp"
    )
    assert re.findall(banned, script) == []


def test_an_inspection_is_readable_without_javascript(tmp_path: Path) -> None:
    page = _page(tmp_path, APP, config={"User": ""})
    assert "Not fit to ship" in page.text
    assert "root, as no USER is set" in page.text
    assert "/usr/bin/sh" in page.text
    assert "step 0" in page.text
    sections = [a["id"] for tag, a in page.elements if tag == "section"]
    assert sections == ["filesystem", "findings", "layers", "packages"]
    rows = page.table("findings")["rows"]
    assert [row[0] for row in rows] == sorted((row[0] for row in rows), reverse=True)
    assert page.text.count("What to do") == len(rows)


def test_the_tree_is_the_filesystem(tmp_path: Path) -> None:
    page = _page(tmp_path, APP)
    tree = page.data["tree"]
    sizes = dict(zip(page.paths(), tree["size"], strict=True))
    assert sizes["/usr/share/man/man1/app.1"] == 2000
    assert sizes["/var/cache/apt/pkgcache.bin"] == 9000
    # One file with two names weighs once.
    assert sum(tree["size"]) == 19_000 + 10 + 4 + len(APP["etc/passwd"])  # type: ignore[arg-type]
    marked = {page.paths()[mark[0]] for mark in tree["marks"]}
    named = {row[3] for row in page.table("findings")["rows"]} - {"(config)"}
    assert {"/usr/bin/sh", "/srv/open"} <= marked == named


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    harm = "<img src=x onerror=alert(1)></script><!--"
    page = _page(
        tmp_path,
        hostile_layer(),
        {"srv/all": Folder(mode=0o777), f"srv/{harm.replace('/', '')}": Folder(mode=0o777)},
        config={"Cmd": [harm], "User": harm, "Env": [f"A={harm}"], "Labels": {harm: harm}},
        history=[{"created_by": harm}, {"created_by": f"RUN {harm}"}],
    )
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"img", "b" + "ase", "iframe", "object", "embed", "form"}
    assert [tag for tag, _ in page.elements].count("script") == 2
    assert not [a for _, a in page.elements if "onerror" in a or "onload" in a or "autofocus" in a]
    assert len(page.blocks["script"]) == 2
    assert page.blocks["script"][1].rstrip().endswith("})();")
    assert "<img src=x onerror=alert(1)>" in page.text
    paths = page.paths()
    assert "/srv/gpj.\\u{202e}exe" in paths
    assert "/srv/<img src=x onerror=alert(1)>" in paths
    assert "/srv/caf\\xe9" in paths
    assert not re.search(
        "[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\udc80-\udcff]", page.source
    )


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    config = {
        "config": {"Env": [f"DB_PASSWORD={PASSWORD}"], "Cmd": ["run", f"--password={PASSWORD}"]}
    }
    history = [{"created_by": f"ENV DB_PASSWORD={PASSWORD}"}]
    layer: Layer = {"srv/.env": f"DB_PASSWORD={PASSWORD}\n".encode()}
    with inspection(tmp_path, layer, history=history, **config) as found:
        source = inspect_html(found, Redactor(found.subject.scanner))
    assert any(finding.category == "secret" for finding in found.findings)
    assert PASSWORD not in source


def test_a_build_shows_both_sides(tmp_path: Path) -> None:
    page = _built(tmp_path, APP, {"usr/share/man/.wh.man1": b""})
    assert next(a["id"] for t, a in page.elements if t == "section") == "changes"
    for name in ("To download", "Secrets", "User", "Shells", "Writable by everyone"):
        assert name in page.text
    rules = page.data["tree"]["fates"]
    fates = dict(zip(page.paths(), page.data["tree"]["fate"], strict=True))
    assert rules[fates["/var/cache/apt/pkgcache.bin"]] not in ("kept", "hidden")
    assert rules[fates["/usr/bin/app"]] == "kept"
    ledger = [row[0] for row in page.table("ledger")["rows"]]
    assert "/usr/share/man/man1/app.1" in ledger
    assert "/var/cache/apt/pkgcache.bin" in ledger
    texts = page.data["texts"]
    after = {texts[row[5]] for row in page.table("findings")["rows"]}
    assert {"settled"} <= after <= {"settled", "stays", "new"}


def test_what_was_asked_beyond_finding(tmp_path: Path) -> None:
    harm = "<img src=x onerror=alert(1)>"
    with inspection(tmp_path, APP) as found:
        subject, redactor = found.subject, Redactor(found.subject.scanner)
        broken = Broken("deny", f"1 finding of {harm}", found.findings[:1])
        audit = Audit(
            run_benchmark("cis", subject, found.findings), Verdict(harm, (broken,), (), ())
        )
        page = Page(inspect_html(found, redactor, audit))
        text = inspect_markdown(found, redactor, audit)
    sections = [a["id"] for tag, a in page.elements if tag == "section"]
    assert sections[:4] == ["filesystem", "policy", "benchmark", "findings"]
    assert len(page.table("benchmark")["rows"]) == 11
    assert f"1 rule broken ({harm})" in page.text
    assert "img" not in {tag for tag, _ in page.elements}
    assert f"- deny: `1 finding of {harm}`" in text
    assert "| CIS Docker 4.1 |" in text


def test_a_dry_run_says_so(tmp_path: Path) -> None:
    page = _built(tmp_path, APP, write=False)
    assert "A dry run: nothing was written" in page.text
    assert "not built" in page.text


def test_a_build_of_hostile_names_stays_text(tmp_path: Path) -> None:
    layer = {f"var/cache/apt/{name.replace('/', '')}": b"x" for name in HOSTILE}
    page = _built(tmp_path, hostile_layer(), layer)
    assert [tag for tag, _ in page.elements].count("script") == 2
    assert "img" not in {tag for tag, _ in page.elements}
    assert any("<img" in row[0] for row in page.table("ledger")["rows"])


def test_the_same_image_gives_the_same_bytes(tmp_path: Path) -> None:
    with inspection(tmp_path, APP, hostile_layer()) as found:
        first = inspect_html(found, Redactor(found.subject.scanner))
    with inspection(tmp_path, APP, hostile_layer()) as found:
        second = inspect_html(found, Redactor(found.subject.scanner))
    assert first == second


def test_an_image_of_nothing(tmp_path: Path) -> None:
    page = _page(tmp_path, {})
    assert "No package manager" in page.text
    assert page.paths() == [""]


def test_a_hundred_thousand_files_stay_below_five_megabytes(tmp_path: Path) -> None:
    sizes = {
        f"srv/node_modules/package-{number // 100:04d}/lib/module_{number}.js": number % 97
        for number in range(100_000)
    }
    entries = [
        TarEntry(path, Kind.FILE, 0o644, 0, 0, size, 0, 0, 0, 0) for path, size in sizes.items()
    ]
    with inspection(tmp_path, {}) as found:
        index = replace(found.subject.indexes[0], entries=entries)
        subject = replace(found.subject, indexes=(index,), filesystem=merge([index]))
        source = inspect_html(replace(found, subject=subject), Redactor(subject.scanner))
    assert 1_000_000 < len(source.encode()) < 5_000_000
    page = Page(source)
    tree = page.data["tree"]
    # What is not shown by name is counted: no byte and no file is lost.
    assert sum(tree["size"]) == sum(sizes.values())
    named = sum(
        1 for name, kids in zip(tree["name"], tree["kids"], strict=True) if name and not kids
    )
    assert named + sum(count for _, count in tree["rest"]) == 100_000


def test_long_hostile_names_cannot_fill_the_page() -> None:
    harm = "\u202e" * 50
    names = {f"srv/{number}{harm}": b"x" for number in range(3000)}
    filesystem = filesystem_of(names)
    document = TreeData(filesystem, lambda _: None, budget=50_000).document()
    assert len(data_block(document)) < 150_000
    assert sum(document["size"]) == 3000


def test_what_a_finding_names_is_there_however_small() -> None:
    layer: Layer = {f"big/{number}": b"x" * 500 for number in range(500)}
    filesystem = filesystem_of({**layer, "deep/in/here/.env": b"x", "deep/in/other": b"y"})
    data = TreeData(filesystem, lambda _: None, ["deep/in/here/.env"], budget=2000)
    document = data.document()
    assert document["size"][data.numbers["deep/in/here/.env"]] == 1
    assert "deep/in/other" not in data.numbers
    assert sum(document["size"]) == 250_002


def test_files_counted_together_are_told_apart_by_what_becomes_of_them() -> None:
    filesystem = filesystem_of({f"srv/{number}": b"xx" for number in range(10)})
    fates = {f"srv/{number}": 1 for number in range(4)}
    document = TreeData(filesystem, lambda _: None, fates=fates, budget=60).document()
    rests = {document["fate"][node]: count for node, count in document["rest"]}
    assert rests == {0: 6, 1: 4}


def _table(rows: int, budget: int = 600_000) -> Table:
    columns = (Column("Name", "code"), Column("Kind", shared=True), Column("Size", "size"))
    return Table(
        "t", ("row", "rows"), columns, [(f"n{n}", "same", n) for n in range(rows)], budget, "More."
    )


def test_a_long_table_says_what_is_not_shown() -> None:
    html = _table(STATIC_ROWS + 50).html()
    assert html.count("<tr>") == STATIC_ROWS + 1
    assert "50 more rows are shown by JavaScript." in html
    small = _table(1000, budget=1000)
    kept = len(small.document(Texts())["rows"])
    assert 0 < kept < 100
    assert f"{kept} of 1,000 rows are listed. More." in small.html()


def test_shared_texts_are_kept_once() -> None:
    texts = Texts()
    rows = _table(3).document(texts)["rows"]
    assert rows == [["n0", 0, 0], ["n1", 0, 1], ["n2", 0, 2]]
    assert texts.all == ["same"]


def _luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.1)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1])
def test_texts_can_be_read_in_light_and_dark(theme: int, tmp_path: Path) -> None:
    style = _page(tmp_path, APP).blocks["style"][0]
    blocks = [block for block in re.findall(r":root[^{]*\{([^}]*)\}", style) if "--page" in block]
    colours = dict(re.findall(r"(--[\w-]+): (#[0-9a-f]{6});", blocks[theme]))
    for ink in ("ink", "dim", "accent", "good", "bad", "critical-ink", "high-ink", "medium-ink"):
        for ground in ("page", "surface"):
            assert _contrast(colours[f"--{ink}"], colours[f"--{ground}"]) >= 4.5, ink
    pairs = [("--box-ink", f"--group-{number}") for number in range(1, 8)]
    pairs += [("--box-ink", name) for name in ("--other", "--unowned", "--medium")]
    pairs += [("--low-box-ink", "--low")]
    pairs += [("--strong-ink", "--critical"), ("--strong-ink", "--high")]
    pairs += [("--kept-ink", "--kept"), ("--folder-ink", "--folder"), ("--low-ink", "--page")]
    for ink, ground in pairs:
        assert _contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)


@given(st.text())
def test_a_data_block_ends_where_it_should(text: str) -> None:
    block = data_block({"a": [text]})
    assert not re.search("[<>&\u2028\u2029]", block)
    assert json.loads(block) == {"a": [text]}
    clean = text.encode("utf-8", "replace").decode()
    assert len(data_block(clean).encode()) <= json_size(clean)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_content_comes_back_as_it_was(text: str) -> None:
    page = Page(f'<p title="{content(text)}">{content(text)}</p>')
    assert page.elements == [("p", {"title": text})]
    assert "".join(page.words) == text


@pytest.mark.parametrize("name", HOSTILE)
def test_each_hostile_name_alone(name: str, tmp_path: Path) -> None:
    clean = name.encode("utf-8", "replace").decode()
    page = _page(tmp_path, {"srv/f": b"x"}, config={"Cmd": [clean], "User": clean})
    assert [tag for tag, _ in page.elements].count("script") == 2
    assert "svg" in {tag for tag, _ in page.elements}
    assert {"onfocus", "onload", "onerror"}.isdisjoint(
        key for _, attributes in page.elements for key in attributes
    )
