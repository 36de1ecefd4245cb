"""Go modules, as the linker lists them in each program."""

from collections.abc import Iterator

from slimmer.filesystem.tree import Node
from slimmer.formats.go_build_info import GoBuildInfo, GoModule
from slimmer.packages.interface import Ecosystem, Package, Unread
from slimmer.packages.purl import make_purl
from slimmer.packages.survey import Survey

# What the linker writes for a module that was built from a folder.
_UNVERSIONED = "(devel)"
# host/owner/repository; what follows is a path inside the repository.
_REPOSITORY_PARTS = 3


class Golang(Ecosystem):
    """For each program its main module, the modules compiled in, and Go's standard library."""

    def read(self, survey: Survey) -> Iterator[Package | Unread]:
        for node in survey.noted:
            if node.facts.go is not None:
                for module in dict.fromkeys(_modules(node.facts.go)):
                    yield _package(node, module)


def _modules(facts: GoBuildInfo) -> Iterator[GoModule]:
    if facts.main is not None and facts.main.path:
        yield facts.main._replace(sum="")
    yield from (module._replace(sum="") for module in facts.deps if module.path)
    # "go1.22.1", with experiments behind a blank; a development build names a commit.
    version = facts.go_version.partition(" ")[0]
    if version.startswith("go"):
        yield GoModule("stdlib", version)


def _package(node: Node, module: GoModule) -> Package:
    return Package(
        type="golang",
        name=module.path,
        version=module.version,
        purl=_purl(module),
        layer=node.layer,
        database=node.path,
        files=(node.path,),
    )


def _purl(module: GoModule) -> str:
    parts = module.path.split("/")
    inside = "/".join(parts[_REPOSITORY_PARTS:])
    *namespace, name = parts[:_REPOSITORY_PARTS]
    version = module.version if module.version != _UNVERSIONED else ""
    if module.path == "stdlib":
        version = version.removeprefix("go")
    return make_purl("golang", "/".join(namespace), name, version, subpath=inside)
