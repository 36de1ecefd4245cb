"""Node: from the script to modules and packages; what an application's development needs is not."""

import json
from typing import Any

import pytest
from formats.elf_builder import Elf
from support.layers import Content, File, Symlink

from slimmer.reach.edge import Role
from slimmer.reach.graph import Graph
from slimmer.reach.node.resolver import NodeResolver
from slimmer.reach.script import ShebangResolver

from .reaching import reached, world_of

ELF = File(Elf().build(), 0o755)


def package(name: str, **fields: Any) -> bytes:
    return json.dumps({"name": name, "version": "1.0.0", **fields}).encode()


def graph_of(files: dict[str, Content], *argv: str, **config: Any) -> Graph:
    config.setdefault("WorkingDir", "/app")
    every = {"usr/bin/node": ELF, "usr/bin/sh": ELF, **files}
    world = world_of(every, Cmd=list(argv or ("node", "server.js")), **config)
    return reached(world, ShebangResolver, NodeResolver)


def application(**fields: Any) -> dict[str, Content]:
    return {"app/package.json": package("site", **fields), "app/server.js": b""}


def test_the_production_closure_and_not_development() -> None:
    graph = graph_of(
        {
            **application(dependencies={"a": "1"}, devDependencies={"mocha": "1"}),
            "app/node_modules/a/package.json": package("a", dependencies={"b": "1"}),
            "app/node_modules/a/data.txt": b"",
            "app/node_modules/a/node_modules/b/package.json": package("b"),
            "app/node_modules/a/node_modules/b/index.js": b"",
            "app/node_modules/b/package.json": package("b"),
            "app/node_modules/mocha/package.json": package("mocha", dependencies={"c": "1"}),
            "app/node_modules/c/package.json": package("c"),
        }
    )
    assert "app/node_modules/a/data.txt" in graph
    assert "app/node_modules/a/node_modules/b/index.js" in graph
    assert "app/node_modules/b/package.json" not in graph
    assert "app/node_modules/mocha/package.json" not in graph
    assert "app/node_modules/c/package.json" not in graph


@pytest.mark.parametrize(
    ("path", "source", "is_kept"),
    [
        ("app/lib/log.js", b"pino({transport: {target: 'pretty'}})", True),
        ("app/lib/log.js", b"require('pretty')", True),
        ("app/src/log.ts", b"import x from 'pretty'", True),
        ("app/test/log.js", b"require('pretty')", False),
        ("app/log.test.js", b"require('pretty')", False),
        ("app/webpack.config.js", b"require('pretty')", False),
    ],
)
def test_development_packages_that_the_source_uses(path: str, source: bytes, is_kept: bool) -> None:
    files = application(devDependencies={"pretty": "1"})
    manifest = "app/node_modules/pretty/package.json"
    graph = graph_of({**files, path: source, manifest: package("pretty")})
    assert (manifest in graph) is is_kept


def test_what_only_authors_need_is_not_kept() -> None:
    kept = ["index.js", "lib/test/x.js", "LICENSE.md", "types.ts", "prebuilds/linux-x64/a.node"]
    dropped = ["README.md", "test/x.js", "a.d.ts", "index.js.map", "src/a.cc", "binding.gyp"]
    dropped += ["index.ts", "prebuilds/win32-x64/a.node", "build/Release/obj.target/a.o"]
    files: dict[str, Content] = {f"app/node_modules/a/{name}": b"" for name in kept + dropped}
    files["app/node_modules/a/package.json"] = package("a")
    graph = graph_of({**application(dependencies={"a": "1"}), **files})
    assert [name for name in kept if f"app/node_modules/a/{name}" not in graph] == []
    assert [name for name in dropped if f"app/node_modules/a/{name}" in graph] == []
    assert "app/node_modules/a/test/x.js" in graph.weak


def test_a_test_folder_that_code_imports_is_code() -> None:
    graph = graph_of(
        {
            **application(dependencies={"a": "1"}),
            "app/node_modules/a/package.json": package("a"),
            "app/node_modules/a/index.js": b"require('./test/x')",
            "app/node_modules/a/test/x.js": b"",
        }
    )
    assert graph.role("app/node_modules/a/test/x.js") is Role.CODE


def test_entries_are_code_and_the_rest_lies_there() -> None:
    graph = graph_of(
        {
            **application(dependencies={"a": "1"}),
            "app/node_modules/a/package.json": package(
                "a", main="./lib/main", exports={"./sub/*": {"default": "./subs/*.js"}}
            ),
            "app/node_modules/a/lib/main.js": b"require('./used')",
            "app/node_modules/a/lib/used.js": b"",
            "app/node_modules/a/lib/other.js": b"",
            "app/node_modules/a/subs/x.js": b"",
            "app/node_modules/a/addon.node": ELF,
        }
    )
    roles = {
        name: graph.role(f"app/node_modules/a/{name}")
        for name in ("lib/main.js", "lib/used.js", "lib/other.js", "subs/x.js", "addon.node")
    }
    assert roles.pop("lib/other.js") is Role.KEEP
    assert set(roles.values()) == {Role.CODE}


def test_links_of_pnpm() -> None:
    store = "app/node_modules/.pnpm/a@1/node_modules"
    graph = graph_of(
        {
            **application(dependencies={"a": "1"}),
            "app/node_modules/a": Symlink(".pnpm/a@1/node_modules/a"),
            f"{store}/a/package.json": package("a", dependencies={"@s/b": "1"}),
            f"{store}/@s/b": Symlink("../../../b@1/node_modules/@s/b"),
            "app/node_modules/.pnpm/b@1/node_modules/@s/b/package.json": package("@s/b"),
            "app/node_modules/.pnpm/b@1/node_modules/@s/b/x.js": b"",
        }
    )
    assert "app/node_modules/a" in graph
    assert f"{store}/@s/b" in graph
    assert "app/node_modules/.pnpm/b@1/node_modules/@s/b/x.js" in graph


def test_without_a_manifest_imports_decide() -> None:
    graph = graph_of(
        {
            "app/server.js": b"import x from './lib'; require('a/sub'); require('fs')",
            "app/lib/index.js": b"",
            "app/unused.js": b"",
            "app/node_modules/a/sub.js": b"",
            "app/node_modules/fs/package.json": package("fs"),
            "app/node_modules/b/package.json": package("b"),
        }
    )
    assert "app/lib/index.js" in graph
    assert graph.role("app/node_modules/a/sub.js") is Role.CODE
    assert "app/unused.js" not in graph
    assert "app/node_modules/fs/package.json" not in graph
    assert "app/node_modules/b/package.json" not in graph


def test_folders_beside_a_module() -> None:
    graph = graph_of(
        {
            "app/server.js": b"path.join(__dirname, 'views'); path.join(__dirname, '..')",
            "app/views/a/index.ejs": b"",
            "app/other/index.ejs": b"",
        }
    )
    assert "app/views/a/index.ejs" in graph
    assert "app/other/index.ejs" not in graph


@pytest.mark.parametrize(
    ("argv", "env"),
    [
        (("node", "--require", "x", "server.js"), ""),
        (("node", "-r", "x", "."), ""),
        (("node", "--import=x", "server.js"), ""),
        (("node", "server"), "--require x"),
        (("node", "-e", "require('x')"), ""),
    ],
)
def test_options_of_node(argv: tuple[str, ...], env: str) -> None:
    files: dict[str, Content] = {
        "app/server.js": b"",
        "app/index.js": b"",
        "app/node_modules/x/package.json": package("x"),
    }
    graph = graph_of(files, *argv, Env=[f"NODE_OPTIONS={env}"])
    assert "app/node_modules/x/package.json" in graph
    assert "app/node_modules/x/package.json" not in graph_of(files, "node", "server.js")


NPM: dict[str, Content] = {
    "usr/lib/node_modules/npm/package.json": package("npm", dependencies={"d": "1"}),
    "usr/lib/node_modules/npm/bin/npm-cli.js": File(b"#!/usr/bin/node\n", 0o755),
    "usr/lib/node_modules/npm/lib/commands/run.js": b"",
    "usr/lib/node_modules/npm/node_modules/d/package.json": package("d"),
    "usr/bin/npm": Symlink("../lib/node_modules/npm/bin/npm-cli.js"),
}


@pytest.mark.parametrize("argv", [("npm", "start"), ("npm", "run", "-s", "serve")])
def test_scripts_that_npm_runs(argv: tuple[str, ...]) -> None:
    scripts = {"start": "PORT=1 tool --x && node other.js", "serve": "tool"}
    graph = graph_of(
        {
            **NPM,
            **application(scripts=scripts),
            "app/other.js": b"",
            "app/node_modules/.bin/tool": Symlink("../tool/cli"),
            "app/node_modules/tool/package.json": package("tool"),
            "app/node_modules/tool/cli": File(b"#!/usr/bin/node\n", 0o755),
        },
        *argv,
    )
    assert graph.role("app/node_modules/tool/cli") is Role.RUN
    assert graph.role("usr/bin/sh") is Role.RUN
    assert "usr/lib/node_modules/npm/lib/commands/run.js" in graph
    assert "usr/lib/node_modules/npm/node_modules/d/package.json" in graph


def test_npm_is_not_needed_by_node() -> None:
    graph = graph_of({**NPM, **application()})
    assert "usr/lib/node_modules/npm/package.json" not in graph


def test_packages_of_debian_and_parts_of_its_node() -> None:
    graph = graph_of(
        {
            "app/server.js": b"require('express')",
            "usr/share/nodejs/express/package.json": package("express", dependencies={"q": "1"}),
            "usr/share/nodejs/q/package.json": package("q"),
            "usr/share/nodejs/acorn/dist/acorn.js": b"",
            "usr/share/nodejs/acorn/package.json": package("acorn"),
        }
    )
    assert "usr/share/nodejs/q/package.json" in graph
    assert "usr/share/nodejs/acorn/dist/acorn.js" in graph
    assert "usr/share/nodejs/acorn/package.json" not in graph


def test_an_optional_peer_for_development_is_not_followed() -> None:
    peer = {"peerDependencies": {"typescript": "5"}}
    manifest = "app/node_modules/typescript/package.json"
    files: dict[str, Content] = {
        **application(dependencies={"a": "1"}, devDependencies={"typescript": "5"}),
        manifest: package("typescript"),
    }
    optional = package("a", **peer, peerDependenciesMeta={"typescript": {"optional": True}})
    assert manifest not in graph_of({**files, "app/node_modules/a/package.json": optional})
    assert manifest in graph_of({**files, "app/node_modules/a/package.json": package("a", **peer)})


def test_a_damaged_manifest_needs_nothing() -> None:
    files: dict[str, Content] = {"app/server.js": b"require('./x')", "app/x.js": b""}
    for content in (b"{", b"[]", b'{"dependencies": 3, "exports": [[]], "scripts": 1}', b"\xff"):
        assert "app/x.js" in graph_of({**files, "app/package.json": content})
