"""What JavaScript source imports, by the forms people write it in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slimmer.formats.node_source import parse_node_source


@pytest.mark.parametrize(
    ("source", "modules"),
    [
        ("const a = require('a');", ("a",)),
        ('require("@x/y/z")', ("@x/y/z",)),
        ("require(`./a`)", ("./a",)),
        ("require.resolve('a')", ("a",)),
        ("import a, {b} from 'c';", ("c",)),
        ("import 'side-effect'", ("side-effect",)),
        ("export * from './x.js'", ("./x.js",)),
        ("await import('./lazy.mjs')", ("./lazy.mjs",)),
        ("import(/* webpackChunkName */ x)", ()),
        ("require(name)", ()),
        ("require(`./${name}`)", ()),
        ("myrequire('a')", ()),
        ("import{a}from'b';", ("b",)),
    ],
)
def test_imports(source: str, modules: tuple[str, ...]) -> None:
    assert parse_node_source(source).modules == modules


@pytest.mark.parametrize(
    ("source", "places"),
    [
        ("path.join(__dirname, 'views')", ("views",)),
        ("path.join(__dirname, '..', 'public', 'css')", ("../public/css",)),
        ("__dirname + '/x.html'", ("/x.html",)),
        ("`${__dirname}/static`", ("static",)),
        ("new URL('./data.json', import.meta.url)", ("./data.json",)),
        ("new Worker('./worker.js')", ("./worker.js",)),
        ("path.join(dir, 'views')", ()),
    ],
)
def test_places_beside_the_file(source: str, places: tuple[str, ...]) -> None:
    assert parse_node_source(source).places == places


@given(st.text())
def test_any_text_is_read(source: str) -> None:
    assert all(parse_node_source(source).modules)
