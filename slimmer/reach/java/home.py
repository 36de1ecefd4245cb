"""What belongs to an installed Java runtime: a runtime is kept whole, its development kit is not.

Source: the layout of JEP 220 (lib/modules) and that of JDK 8 (jre/lib/rt.jar).
"""

import re
from collections.abc import Iterator

from slimmer.filesystem.tree import Node
from slimmer.reach.edge import UNKNOWN, Confidence, Kind, Need, Role
from slimmer.reach.world import World

_MAX_UP = 6
_MAX_FILES = 20_000
_MARKS = ("lib/modules", "lib/rt.jar", "jre/lib/rt.jar", "lib/jvm.cfg")
# Read at run time by nothing but development tools (and, the second archive of classes, by a heap
# too large for compressed pointers, which starts slower without it).
_TOOLS_ONLY = re.compile(
    r"lib/(ct\.sym|jrt-fs\.jar|src\.zip|tools\.jar|dt\.jar|sa-jdi\.jar|ir\.idl"
    r"|(server|client)/classes_nocoops\w*\.jsa|(static|missioncontrol|visualvm)/.*|.*\.(a|debuginfo))"
)
_FOR_TOOLS = (
    *("jmods", "src.zip", "include", "demo", "sample", "man", "legal", "docs"),
    *("lib/tools.jar", "lib/dt.jar", "lib/ct.sym", "lib/sa-jdi.jar"),
)
_TOOL_FILES = {
    "javac": ("lib/ct.sym", "lib/tools.jar"),
    "javadoc": ("lib/ct.sym", "lib/tools.jar"),
    "jlink": ("jmods",),
    "jpackage": ("jmods",),
    "jdeps": ("jmods", "lib/ct.sym"),
    "jshell": ("lib/ct.sym",),
}
# The virtual machine itself. The others open what they are asked for by Java code: the system's
# proxies, smart cards, sound, fonts; what they link stays with them, what they could open does not.
_MACHINE = re.compile(r"lib(jvm|jli|j9\w*)\.so(\.\d+)*")
# Loaded by java.desktop alone.
_DESKTOP = re.compile(
    r"lib(awt\w*|fontmanager|javajpeg|jpeg|lcms|mlib_image|splashscreen|jawt|freetype|jsound\w*)\.so"
)
# java.library.path of a Debian build has this folder; elsewhere it holds nothing.
_JNI = "/usr/lib/jni"


def find_home(world: World, node: Node) -> Node | None:
    """The runtime that a file of it belongs to: the nearest folder above with its core library."""
    folder = node.parent
    for _ in range(_MAX_UP):
        if folder is None or not folder.path:
            return None
        marks = (world.get(f"/{folder.path}/{mark}") for mark in _MARKS)
        # /usr/lib/modules may be a folder, the kernel's.
        if any(mark is not None and mark.is_file for mark in marks):
            return folder
        folder = folder.parent
    return None


def home_needs(world: World, home: Node) -> Iterator[Need]:
    """All that the runtime at `home` reads and loads."""
    inner = world.get(f"/{home.path}/jre/lib/rt.jar")
    runtime = inner.parent.parent if inner and inner.parent else home
    if runtime is None:
        return
    yield from _library_needs(world, runtime)
    for name in ("conf", "release", "bin/server", "bin/client"):
        yield from _whole(world, runtime, name, "settings of the Java runtime")
    if runtime is not home:
        yield from _whole(world, home, "release", "names the Java version")
    for name in _FOR_TOOLS:
        yield from _whole(world, home, name, "for development tools", Confidence.LOW)
    yield from _settings_in_etc(world, runtime)
    jni = world.get(_JNI)
    for name in sorted((jni.children if jni else None) or ()):
        if ".so" in name:
            yield Need(f"{_JNI}/{name}", Kind.LOAD, "native library of Java", Confidence.MEDIUM)


def tool_needs(world: World, home: Node, name: str) -> Iterator[Need]:
    """What a development tool that is started reads besides the runtime."""
    for path in _TOOL_FILES.get(name, ()):
        yield from _whole(world, home, path, f"{name} reads it", Confidence.MEDIUM)


def desktop_needs(world: World, home: Node, detail: str) -> Iterator[Need]:
    """The libraries of java.desktop, loaded: fonts and pictures."""
    for node in _files(world, home):
        if _DESKTOP.fullmatch(node.name):
            yield Need(f"/{node.path}", Kind.LOAD, detail, Confidence.MEDIUM)


def _library_needs(world: World, runtime: Node) -> Iterator[Need]:
    for node in _files(world, runtime):
        path = f"/{node.path}"
        inside = node.path[len(runtime.path) + 1 :]
        if _TOOLS_ONLY.fullmatch(inside):
            yield Need(path, Kind.DATA, "for development tools", Confidence.LOW)
        elif node.name == "jspawnhelper":
            argv = (path, UNKNOWN)
            yield Need(path, Kind.EXEC, "starts processes for Java", argv=argv)
        elif node.name.endswith(".so") or ".so." in node.name:
            role = Role.CODE if _MACHINE.fullmatch(node.name) else Role.KEEP
            yield Need(path, Kind.LOAD, "library of the Java runtime", role=role)
        else:
            yield Need(path, Kind.DATA, "part of the Java runtime")


def _files(world: World, runtime: Node) -> Iterator[Node]:
    """The files and links below lib."""
    folder = world.get(f"/{runtime.path}/lib")
    if folder is None:
        return
    for number, node in enumerate(world.below(folder)):
        if number > _MAX_FILES:
            return
        if not node.is_directory and (node.is_file or world.get(f"/{node.path}") is not None):
            yield node


def _whole(
    world: World,
    home: Node,
    name: str,
    detail: str,
    confidence: Confidence = Confidence.HIGH,
) -> Iterator[Need]:
    path = f"/{home.path}/{name}"
    if world.get(path) is not None:
        yield Need(path, Kind.DATA, detail, confidence, tree=True)


def _settings_in_etc(world: World, runtime: Node) -> Iterator[Need]:
    """Distributions keep the settings in /etc/java-N-NAME, each file behind a link."""
    found: set[str] = set()
    for name in ("lib", "conf"):
        folder = world.get(f"/{runtime.path}/{name}")
        for child in (folder.children if folder and folder.children else {}).values():
            if child.is_symlink and child.inode.link.startswith("/etc/java"):
                found.add(child.inode.link.split("/")[2])
    for name in sorted(found):
        if name != "java":
            yield Need(f"/etc/{name}", Kind.DATA, "settings of the Java runtime", tree=True)
