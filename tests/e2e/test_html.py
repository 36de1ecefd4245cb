"""HTML reports in a real browser: Debian's Chromium, headless, with nothing but the file."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from harness import images, product
from support import images as made
from support.layers import File, Folder, Layer, tar_of

from slimmer.report.html.treemap import Rect, squarify

SAMPLE = product.ROOT / "sample-images" / "webshop.tar"
STATIC = product.ROOT / "slimmer" / "report" / "html"
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
MOST_BYTES = 5_000_000

pytestmark = pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium")


@dataclass(frozen=True)
class Opened:
    """The page's DOM after its script ran, and what the browser's console said."""

    dom: str
    console: Sequence[str]

    @property
    def root(self) -> Mapping[str, str]:
        """The attributes of the `html` element, without `data-`."""
        tag = re.search("<html[^>]*>", self.dom)
        assert tag
        return dict(re.findall(r'data-([\w-]+)="([^"]*)"', tag[0]))

    @property
    def boxes(self) -> int:
        found = re.search(r'<canvas[^>]* data-boxes="(\d+)"', self.dom)
        assert found
        return int(found[1])


def browse(page: Path, *options: str, action: str = "--dump-dom") -> Opened:
    """Open a file in a browser of its own. As root, which is what a CI job often is, Chromium has
    no sandbox."""
    with tempfile.TemporaryDirectory() as profile:
        done = subprocess.run(
            [
                "chromium",
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                f"--user-data-dir={profile}",
                "--virtual-time-budget=4000",
                "--enable-logging=stderr",
                "--v=0",
                *options,
                action,
                page.as_uri(),
            ],
            env={**os.environ, "HOME": profile},
            capture_output=True,
            check=False,
            timeout=120,
        )
    assert done.returncode == 0, done.stderr[-2000:]
    said = done.stderr.decode(errors="replace").splitlines()
    return Opened(done.stdout.decode(), [line for line in said if "CONSOLE" in line])


def inspected(image: str | Path, folder: Path) -> Path:
    page = folder / "inspect.html"
    product.slim("inspect", image, "--format", "html", "-o", page)
    return page


def driven(page: Path, script: str) -> Path:
    """A copy of the page that runs one more script, which the page's own policy forbids."""
    copy = page.with_name("driven.html")
    text = POLICY.sub("", page.read_text())
    copy.write_text(text.replace("</body>", f"<script>{script}</script></body>"))
    return copy


def data_of(page: Path) -> dict[str, object]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page.read_text())
    assert found
    loaded: dict[str, object] = json.loads(found[1])
    return loaded


def hostile_image(folder: Path) -> str:
    names = ("<img src=x onerror=alert(1)>", "</script><script>document.title='owned'<", "a\u202eb")
    layer: Layer = {}
    for name in names:
        name = name.replace("/", "\u2215")
        layer = {**layer, f"srv/{name}.bin": File(b"x" * 500, mode=0o4755)}
        layer = {**layer, f"srv/{name}": Folder(mode=0o777), f"srv/{name}/in": b"y" * 500}
    harm = "</script><script>document.title='owned'</script>\0<b>"
    config = {"User": harm, "Cmd": [harm]}
    built = made.image(tar_of(layer), config=config, history=[{"created_by": harm}])
    return made.layout(folder / "hostile", built)


@pytest.mark.parametrize("name", ["webshop", "jdk", "seed-bad"])
def test_a_report_opens(name: str, tmp_path: Path) -> None:
    if name != "webshop" and (reason := images.why_not(name)):
        pytest.skip(reason)
    image = SAMPLE if name == "webshop" else f"oci:{images.layout(name)}:{images.TAG}"
    page = inspected(image, tmp_path)
    assert page.stat().st_size < MOST_BYTES
    opened = browse(page)
    tables = data_of(page)["tables"]
    assert int(opened.root["ready"]) == sum(len(table["rows"]) for table in tables)  # type: ignore[attr-defined]
    assert opened.boxes > 20
    assert opened.console == []


def test_a_build_report_opens(tmp_path: Path) -> None:
    page = tmp_path / "build.html"
    product.slim("build", SAMPLE, "-o", f"oci:{tmp_path / 'slim'}", "--report", page)
    script = """
      const buttons = [...document.querySelectorAll(".choice button")];
      const image = buttons.find(button => button.textContent === "After");
      const before = document.querySelector(".sum").textContent;
      image.click();
      document.documentElement.dataset.sums = [before, document.querySelector(".sum").textContent];
    """
    assert browse(page).console == []
    before, after = browse(driven(page, script)).root["sums"].split(",")
    assert before != after


def test_hostile_names_are_text_in_a_browser(tmp_path: Path) -> None:
    page = inspected(hostile_image(tmp_path), tmp_path)
    opened = browse(page, "--window-size=1280,4000")
    assert opened.console == []
    assert "<title>owned" not in opened.dom
    assert opened.dom.count("<script") == 2
    assert "<img" not in opened.dom
    assert "&lt;img src=x onerror=alert(1)&gt;" in opened.dom
    assert "a\\u{202e}b" in opened.dom


class _Server(ThreadingHTTPServer):
    """Counts what it is asked for. A connection without a request says nothing."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


def test_the_policy_stops_scripts_styles_and_requests(tmp_path: Path) -> None:
    page = inspected(SAMPLE, tmp_path)
    with _Server() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        harm = (
            "<script>document.title = 'owned'</script><style>h1 { color: red }</style>"
            f"<img src='{url}'><iframe src='{url}'></iframe><link rel=stylesheet href='{url}'>"
        )
        text = page.read_text()
        page.write_text(text.replace("<header", f"{harm}<header", 1))
        opened = browse(page)
        assert server.asked == []
        page.write_text(POLICY.sub("", text).replace("<header", f"{harm}<header", 1))
        without = browse(page)
        assert len(server.asked) >= 3
        server.shutdown()
    assert "<title>owned" not in opened.dom
    assert len(opened.console) >= 5
    assert all("Content Security Policy" in line for line in opened.console)
    assert "<title>owned" in without.dom


def test_tables_and_map_do_what_is_asked(tmp_path: Path) -> None:
    page = inspected(SAMPLE, tmp_path)
    script = """
      const out = document.documentElement.dataset, find = s => document.querySelector(s);
      const rows = () => document.querySelectorAll("#table-findings tbody tr").length;
      out.all = rows();
      const input = find("#findings input");
      const type = text => { input.value = text; input.dispatchEvent(new Event("input")); };
      type("SETUID chsh"); out.typed = rows();
      type("no such thing"); out.nothing = rows();
      type("");
      find("#findings .chip.critical").click(); out.critical = rows();
      out.status = find("#findings .status").textContent;
      find("#findings .chip.critical").click();
      find("#table-findings thead th:nth-child(4) button").click();
      out.sorted = find("#table-findings tbody td:nth-child(4)").textContent;
      find("#table-findings .path").click();
      out.crumbs = find(".crumbs").textContent;
      find(".crumbs button").click();
      out.top = find(".crumbs b").textContent;
      find(".largest button").click();
      out.deeper = find(".crumbs b").textContent;
      for (const button of document.querySelectorAll(".choice button")) {
        button.click();
        out["mode" + button.textContent] = document.querySelectorAll(".legend li").length;
      }
    """
    opened = browse(driven(page, script))
    assert opened.console == []
    root = opened.root
    assert int(root["all"]) == len(data_of(page)["tables"][0]["rows"])  # type: ignore[index]
    assert root["typed"] == "1"
    assert root["nothing"] == "0"
    assert root["status"].startswith(f"{root['critical']} of {root['all']} ")
    assert root["sorted"] == "(config)"
    assert root["crumbs"].startswith(" / ")
    assert root["top"] == "/"
    assert root["deeper"] == "usr"
    assert int(root["mode-package"]) > 2
    assert int(root["mode-finding"]) > 1


@pytest.mark.parametrize("width", [400, 700, 1280])
def test_nothing_runs_out_of_the_window(width: int, tmp_path: Path) -> None:
    page = driven(
        inspected(hostile_image(tmp_path), tmp_path),
        "document.documentElement.dataset.widths ="
        " [innerWidth, document.documentElement.scrollWidth];",
    )
    opened = browse(page, f"--window-size={width},1000")
    inner, scroll = map(int, opened.root["widths"].split(","))
    assert inner <= max(width, 500)
    assert scroll <= inner


def test_dark_where_dark_is_wanted(tmp_path: Path) -> None:
    script = """document.documentElement.dataset.page =
      getComputedStyle(document.documentElement).backgroundColor;"""
    page = driven(inspected(SAMPLE, tmp_path), script)
    shown = [
        browse(page, f"--blink-settings=preferredColorScheme={scheme}").root["page"]
        for scheme in (1, 0)
    ]
    light, dark = (sum(map(int, re.findall(r"\d+", colour))) for colour in shown)
    assert light > 600
    assert dark < 120


def test_the_page_lays_out_as_python_does(tmp_path: Path) -> None:
    cases = [
        ([6, 6, 4, 3, 2, 2, 1], (0, 0, 6, 4)),
        ([1] * 17, (10, 20, 300, 77)),
        (sorted(((n * 7919) % 10007 + 1 for n in range(300)), reverse=True), (0, 0, 900, 480)),
        ([10**12, 10**6, 3, 1], (0, 0, 640, 480)),
        ([5], (1, 2, 3, 4)),
    ]
    page = tmp_path / "layout.html"
    script = (STATIC / "treemap.js").read_text()
    page.write_text(
        f"<!DOCTYPE html><body><script>{script}\nconst cases = {json.dumps(cases)};"
        "document.body.textContent = JSON.stringify(cases.map(([w, r]) => squarify(w, ...r)));"
        "</script>"
    )
    found = re.search(r"<body>(.*)</body>", browse(page).dom, re.DOTALL)
    assert found
    for (weights, within), rects in zip(cases, json.loads(found[1]), strict=True):
        for one, other in zip(squarify(weights, Rect(*within)), rects, strict=True):
            assert list(one) == pytest.approx(other, rel=1e-9, abs=1e-9)
