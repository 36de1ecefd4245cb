"""Where Perl looks for modules: @INC of the distributions, and what is added to it."""

import re
from collections.abc import Iterable, Iterator

from slimmer.filesystem.tree import Node
from slimmer.reach.language_places import files_below, folders
from slimmer.reach.world import World

# In the order of @INC. Debian, then official images and own builds, then RPM systems, then Alpine.
_OTHERS = (
    *("etc/perl", "usr/local/lib/*/perl/5.*", "usr/local/share/perl/5.*"),
    *("usr/lib/*/perl5/5.*", "usr/lib/*/perl5", "usr/share/perl5"),
    *("usr/local/lib/site_perl", "opt/*/lib/perl5"),
    *("usr/local/lib/perl5/site_perl/5.*/*-linux*", "usr/local/lib/perl5/site_perl/5.*"),
    *("usr/local/lib/perl5/vendor_perl/5.*/*-linux*", "usr/local/lib/perl5/vendor_perl/5.*"),
    *("usr/local/lib64/perl5", "usr/local/share/perl5", "usr/local/lib/perl5"),
    *("usr/local/lib64/perl5/5.*", "usr/local/share/perl5/5.*"),
    *("usr/lib64/perl5/vendor_perl", "usr/share/perl5/vendor_perl"),
    *("usr/local/lib/perl5/site_perl", "usr/local/share/perl5/site_perl"),
    *("usr/lib/perl5/vendor_perl", "usr/lib/perl5/site_perl"),
)
_CORE = (
    *("usr/lib/*/perl-base", "usr/lib/*/perl/5.*", "usr/share/perl/5.*"),
    *("usr/local/lib/perl5/5.*/*-linux*", "usr/local/lib/perl5/5.*"),
    *("usr/lib64/perl5", "usr/lib/perl5/core_perl", "usr/share/perl5/core_perl"),
    *("usr/lib/perl5/5.*/*-linux*", "usr/lib/perl5/5.*"),
)
# Perl's own tools for building, testing and documenting; a program that wants them says so.
_TOOLS = frozenset(
    {"CORE", "CPAN", "Test", "Test2", "TAP", "ExtUtils", "Pod", "pod", "vendor_perl", "Perl"}
    | {"Locale", "Collate", "App", "CoreList", "DBM_Filter"}
)
# The same, each in one file that is large.
_TOOL_FILES = ("/perl5db.pl", "/CPAN.pm", "/Devel/PPPort.pm", "/Module/CoreList.pm")
_MAKERS = frozenset({"CORE", "CPAN", "Test", "Test2", "TAP", "ExtUtils", "Pod", "pod"})
_CODE = (".pm", ".pl", ".so", ".al", ".ix")
_MAX_FILES = 5000
_VERSION = re.compile(r"5\.[\d.]+")


class Inc:
    """The folders, and the look-up of modules and files in them."""

    def __init__(self, world: World) -> None:
        self._world = world
        core, others = folders(world, _CORE), folders(world, _OTHERS)
        self._core = list({node.path: node for node in core.values()}.values())
        self.links = [p for p, node in {**others, **core}.items() if p != f"/{node.path}"]
        said = world.environment.get("PERL5LIB", "").split(":")
        first = [each for path in said if path.startswith("/") for each in _expanded(world, path)]
        found = [*first, *others.values(), *self._core]
        self._folders = list({node.path: node for node in found}.values())
        core_paths = {node.path for node in self._core}
        # Debian has its own modules and those of Perl's core in folders beside each other.
        self._core_paths = tuple(f"{path}/" for path in core_paths if path != "usr/share/perl5")

    def add(self, path: str) -> None:
        """Put a folder (absolute) and what it has for this Perl before the others."""
        known = {node.path for node in self._folders}
        new = [node for node in _expanded(self._world, path) if node.path not in known]
        self._folders = [*new, *self._folders][:200]

    def is_core(self, node: Node) -> bool:
        return node.path.startswith(self._core_paths) and "/vendor_perl/" not in node.path

    def find(self, name: str) -> Node | None:
        """The first file of this name (`Foo/Bar.pm`) in @INC."""
        return next(self._all(name), None)

    def _all(self, name: str) -> Iterator[Node]:
        for folder in self._folders:
            node = self._world.filesystem.follow(folder, name, 40)
            if node is not None and node.path.startswith(f"{folder.path}/"):
                yield node

    def module(self, name: str) -> Iterator[Node]:
        """The file of a module (`Foo::Bar`), and the shared library that belongs to it."""
        path = name.replace("::", "/")
        found = self.find(f"{path}.pm")
        if found is not None:
            yield found
            yield from self.library(path)

    def library(self, path: str) -> Iterator[Node]:
        """`auto/Foo/Bar/Bar.so` of the module at `Foo/Bar`."""
        found = self.find(f"auto/{path}/{path.rpartition('/')[2]}.so")
        if found is not None:
            yield found

    def autoloaded(self, name: str) -> Iterator[Node]:
        """The functions that `AutoSplit` put into files of their own."""
        for folder in self._all(f"auto/{name.replace('::', '/')}"):
            yield from (
                node
                for node in (folder.children or {}).values()
                if node.path.endswith((".al", ".ix"))
            )

    def family(self, name: str, limit: int) -> list[Node]:
        """Everything below a namespace, in every folder of @INC; empty for more than `limit`."""
        path = name.replace("::", "/")
        found: dict[str, Node] = {}
        for each in (path, f"auto/{path}"):
            for folder in self._all(each):
                if folder.is_directory:
                    for node in files_below(self._world, folder, frozenset(), limit + 1):
                        if not node.path.endswith((".pod", ".h", ".t")):
                            found.setdefault(node.path, node)
        return list(found.values()) if len(found) <= limit else []

    def members(self, name: str, parts: Iterable[str]) -> list[str]:
        """Those of `parts` that are modules below the namespace `name`, by their full names."""
        path = name.replace("::", "/")
        tops = {
            top.removesuffix(".pm") for folder in self._all(path) for top in folder.children or ()
        }
        if not tops:
            return []
        full = (f"{name}::{part}" for part in parts if part.partition("::")[0] in tops)
        return [each for each in full if self.find(f"{each.replace('::', '/')}.pm") is not None]

    def shared(self, name: str) -> Iterator[Node]:
        """The folders of files that a distribution or a module shares (File::ShareDir)."""
        place = name.replace("::", "-")
        for kind in ("dist", "module"):
            yield from self._all(f"auto/share/{kind}/{place}")

    def core(self) -> Iterator[Node]:
        """Perl's own library but for its tools."""
        for folder in self._core:
            for node in files_below(self._world, folder, _TOOLS, _MAX_FILES):
                if node.path.endswith(_TOOL_FILES):
                    continue
                if node.path.endswith(_CODE) and self.is_core(node):
                    yield node

    def makers(self) -> Iterator[Node]:
        """What of Perl's own library is for its makers: headers, documents, tools and tests."""
        for folder in self._core:
            start = len(folder.path) + 1
            for node in files_below(self._world, folder, frozenset({"vendor_perl"}), _MAX_FILES):
                top = node.path[start:].partition("/")[0]
                is_one = top in _MAKERS or node.path.endswith((*_TOOL_FILES, ".pod", ".h"))
                if is_one and self.is_core(node):
                    yield node

    def tables(self, *, all_of_them: bool) -> list[Node]:
        """The folders of Unicode's tables: what regular expressions and `lc` need, or every one,
        with the names of characters."""
        found = [node for node in self._all("unicore") if node.is_directory]
        return found if all_of_them else found[:1]

    def module_name(self, node: Node) -> str:
        """The name of the module in a file of @INC; empty for a file elsewhere."""
        fits = [each for each in self._folders if node.path.startswith(f"{each.path}/")]
        if not fits or not node.path.endswith(".pm"):
            return ""
        longest = max(len(each.path) for each in fits)
        return node.path[longest + 1 : -3].replace("/", "::")


def _expanded(world: World, path: str) -> Iterable[Node]:
    """A folder of modules, with its subfolders for versions and machines."""
    top = world.get(path)
    if top is None or top.children is None or not top.path:
        return []
    below = [
        child
        for name, child in sorted(top.children.items())
        if child.is_directory and (_VERSION.fullmatch(name) or "-linux" in name)
    ]
    return [*below, top]
