"""node.tar: an application's node_modules in a zstd layer, dev dependencies and all."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from support import planted

from recipes.expectations import Expectations
from recipes.images import Image, write_oci_archive
from recipes.layers import Layer

NAME = "node.tar"
MODULES = "/app/node_modules"
OS_RELEASE = 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.19.1\n'


@dataclass(frozen=True)
class Module:
    """An npm package: where it lies below node_modules, and what it needs."""

    name: str
    version: str
    needs: dict[str, str] = field(default_factory=dict)
    dev: bool = False
    inside: str = ""
    command: str = ""


TREE = (
    Module("cobble", "2.1.0", {"@quarry/slab": "^1.0.0", "pebble": "^3.0.0"}),
    Module("@quarry/slab", "1.4.2", {"pebble": "^2.0.0"}),
    Module("pebble", "3.0.1"),
    Module("pebble", "2.9.0", inside="@quarry/slab/"),
    Module("gravel", "0.4.0", {"pebble": "^3.0.0"}),
    Module("trowel", "5.0.0", {"mortar": "*"}, dev=True, command="trowel"),
    Module("mortar", "1.0.0", dev=True),
)


def make(program: bytes, folder: Path) -> Expectations:
    expected = Expectations(NAME)
    image = Image(
        config={
            "User": "node",
            "Env": ["PATH=/usr/local/bin:/usr/bin:/bin", "NODE_VERSION=20.11.0"],
            "WorkingDir": "/app",
            "Cmd": ["node", "index.js"],
            "ExposedPorts": {"3000/tcp": {}},
        }
    )
    image.step("ADD node.tar / # buildkit", _base(program, expected))
    image.step("RUN /bin/sh -c npm install # buildkit", _modules(program, expected), "zstd")
    image.step("COPY . . # buildkit", _application(expected), "zstd")
    image.step("USER node")
    image.step('CMD ["node" "index.js"]')
    expected.must("healthcheck")
    write_oci_archive(image, "20", folder / NAME)
    return expected


def _base(program: bytes, expected: Expectations) -> Layer:
    layer = Layer()
    layer.file("/etc/os-release", OS_RELEASE)
    layer.file("/etc/passwd", "root:x:0:0::/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n")
    layer.file("/etc/group", "root:x:0:\nnode:x:1000:\n")
    layer.file("/usr/local/bin/node", program, 0o755)
    layer.file("/bin/sh", program, 0o755)
    npm = "/usr/local/lib/node_modules/npm"
    layer.file(f"{npm}/package.json", _package("npm", "10.2.4", {}, {"npm": "bin/npm-cli.js"}))
    layer.file(f"{npm}/bin/npm-cli.js", "#!/usr/bin/env node\n// stand-in\n", 0o755)
    layer.symlink("/usr/local/bin/npm", "../lib/node_modules/npm/bin/npm-cli.js")
    layer.directory("/home/node", 0o755, (1000, 1000))
    layer.directory("/tmp", 0o1777)
    expected.must("shell", path="/bin/sh")
    expected.must("package-manager", path="/usr/local/lib/node_modules/npm/bin/npm-cli.js")
    return layer


def _modules(program: bytes, expected: Expectations) -> Layer:
    layer = Layer()
    for module in TREE:
        below = f"{module.inside}node_modules/" if module.inside else ""
        where = f"{MODULES}/{below}{module.name}"
        commands = {module.command: "cli.js"} if module.command else {}
        layer.file(f"{where}/package.json",
                   _package(module.name, module.version, module.needs, commands))  # fmt: skip
        layer.file(f"{where}/index.js", f"module.exports = '{module.name}';\n")
        layer.file(f"{where}/index.d.ts", "declare const name: string;\nexport = name;\n")
        layer.file(f"{where}/README.md", f"# {module.name}\n\nMade for slim's samples.\n")
        layer.file(f"{where}/test/index.test.js", "require('..');\n")
        if module.command:
            layer.file(f"{where}/cli.js", "#!/usr/bin/env node\n", 0o755)
            layer.symlink(f"{MODULES}/.bin/{module.command}", f"../{module.name}/cli.js")
    layer.file(f"{MODULES}/gravel/build/Release/gravel.node", program, 0o755)
    layer.file("/root/.npm/_cacache/index-v5/aa/bb/cc", "stand-in\n" * 50)
    expected.must("cache", prefix="/root/.npm")
    return layer


def _application(expected: Expectations) -> Layer:
    layer = Layer()
    direct = {"cobble": "^2.0.0", "gravel": "^0.4.0"}
    document = json.loads(_package("site", "1.0.0", direct, {}))
    document["devDependencies"] = {"trowel": "^5.0.0"}
    layer.file("/app/package.json", json.dumps(document, indent=2) + "\n")
    layer.file("/app/package-lock.json", json.dumps(_lock(document), indent=2) + "\n")
    layer.file("/app/index.js", "const cobble = require('cobble');\nconsole.log(cobble);\n")
    token = planted.npm_token("node")
    layer.file("/app/.npmrc", f"//npm.shop.internal/:_authToken={token}\n", 0o600, (1000, 1000))
    expected.must("secret", path="/app/.npmrc")
    expected.must_not("secret", path="/app/package-lock.json")
    expected.must_not("secret", prefix=f"{MODULES}/")
    return layer


def _package(name: str, version: str, needs: dict[str, str], commands: dict[str, str]) -> str:
    document: dict[str, object] = {"name": name, "version": version, "license": "MIT"}
    document |= {"main": "index.js"}
    document |= {"dependencies": needs} if needs else {}
    document |= {"bin": commands} if commands else {}
    return json.dumps(document, indent=2) + "\n"


def _lock(root: dict[str, object]) -> dict[str, object]:
    """package-lock.json, version 3: the tree by path, dev packages marked."""
    packages: dict[str, object] = {"": {**root, "name": "site"}}
    for module in TREE:
        below = f"node_modules/{module.inside}node_modules/" if module.inside else "node_modules/"
        entry: dict[str, object] = {"version": module.version, "license": "MIT"}
        entry |= {"dev": True} if module.dev else {}
        entry |= {"dependencies": module.needs} if module.needs else {}
        packages[f"{below}{module.name}"] = entry
    return {"name": "site", "version": "1.0.0", "lockfileVersion": 3, "packages": packages}
