"""Inspections and builds made in code, and a strict reader of pages."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from support import images
from support.layers import Layer, tar_of

from slimmer.build.build import Build, Outcome
from slimmer.build.options import BuildOptions
from slimmer.detect.inspection import Inspection, inspect_image
from slimmer.store.locate import StoreOptions, open_sink

# Names that mean harm to a page, a comment, or a reader.
HOSTILE = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<!--",
    "--><b>",
    "]]>",
    '" autofocus onfocus="alert(1)',
    "'><svg onload=alert(1)>",
    "${7*7}`$heading`",
    "gpj.\u202eexe",
    "line\u2028end",
    "a\nb",
    "esc\x1b[2J",
    "c1\u009b",
    "nul&#0;&lt;",
    "[x](javascript:alert(1))",
    "| a | b |",
    "``` `code`",
    "@everyone #1 www.example.com",
    "caf\udce9",
)


@contextmanager
def inspection(folder: Path, *layers: Layer, **config: Any) -> Iterator[Inspection]:
    """Of an image with these layers; keywords replace fields of its config."""
    folder.mkdir(parents=True, exist_ok=True)
    built = images.image(*map(tar_of, layers), compression="none", **config)
    reference = images.layout(folder / "image", built)
    cache = folder.parent / "cache"  # the compiled rules, for the other tests as well
    cache.mkdir(exist_ok=True)
    options = StoreOptions(work_dir=folder)
    with inspect_image(reference, options, cache_dir=cache, keep_bytes=True) as found:
        yield found


@contextmanager
def outcome(folder: Path, *layers: Layer, write: bool = True, **config: Any) -> Iterator[Outcome]:
    """Of a build of such an image."""
    with ExitStack() as stack:
        found = stack.enter_context(inspection(folder, *layers, **config))
        work = Build(found, BuildOptions(profile="safe"))
        if not write:
            yield work.outcome
            return
        target = f"oci:{folder / 'slim'}"
        sink = stack.enter_context(open_sink(target, StoreOptions(work_dir=folder)))
        yield work.write(sink, folder, oci=True)


def hostile_layer(names: Sequence[str] = HOSTILE) -> Layer:
    """Files and world-writable folders with such names."""
    layer: dict[str, Any] = {}
    for number, name in enumerate(names):
        safe = name.replace("/", "\u2215")
        layer[f"srv/{safe}"] = b"x" * (number + 1)
        layer[f"srv/{safe}.d/data"] = b"y" * 40
        layer[f"srv/tmp/{safe}"] = b"z"
    return layer


@dataclass
class Page(HTMLParser):
    """What a browser would make of a page: its elements in order, its text, its data block."""

    source: str
    elements: list[tuple[str, Mapping[str, str | None]]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    blocks: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._inside = ""
        self.feed(self.source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag if tag in ("script", "style") else ""
        if self._inside:
            self.blocks.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.blocks[self._inside][-1] += data
        else:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.words)

    @property
    def data(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.blocks["script"][0])
        return loaded

    def table(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = next(t for t in self.data["tables"] if t["id"] == name)
        return found

    def paths(self) -> list[str]:
        """Every path of the tree, rebuilt from the arrays alone."""
        tree = self.data["tree"]
        paths = [""]
        for number, kids in enumerate(tree["kids"]):
            for _ in range(kids):
                name = tree["name"][len(paths)]
                label = tree["names"][name - 1] if name else "*"
                paths.append(f"{paths[number]}/{label}")
        return paths
