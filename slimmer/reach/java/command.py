"""The words of the `java` launcher (its manual page): class path, agents, files in properties."""

import shlex
from collections.abc import Iterator, Sequence

from slimmer.reach.commands import start
from slimmer.reach.edge import UNKNOWN, Confidence, Kind, Need, Role
from slimmer.reach.folders import is_general
from slimmer.reach.world import World

_CLASS_PATH = frozenset(
    {"-cp", "-classpath", "--class-path", "-p", "--module-path", "--upgrade-module-path"}
)
_WITH_VALUE = frozenset(
    {"-m", "--module", "--add-modules", "--limit-modules", "--add-opens", "--add-exports"}
    | {"--add-reads", "--enable-native-access", "--source", "--describe-module", "-d"}
)
_PATCH = "--patch-module"
_OPTION_VARIABLES = (
    *("JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JAVA_OPTS", "CATALINA_OPTS"),
    *("JVM_OPTS", "JAVA_ARGS"),
)
_MAX_ARGUMENT_FILE = 256 * 1024
_MAX_WORDS = 20_000
_MAX_JARS = 5000
_SHARED = ("usr/share/java", "usr/share/maven-repo", "usr/lib/java")
# -Dcatalina.home=DIR and its like: the program lies there.
_HOMES = (".home", ".base", "basedir", "_home", "homeDir")


def environment_needs(world: World) -> Iterator[Need]:
    """What the variables that the launcher, or scripts around it, read name."""
    classes = world.environment.get("CLASSPATH", "")
    yield from class_path(world, classes, "ENV CLASSPATH")
    for name in _OPTION_VARIABLES:
        words = split_words(world.environment.get(name, ""))
        yield from command_needs(world, words, f"ENV {name}", is_whole=False)


def command_needs(
    world: World, words: Sequence[str], detail: str = "", *, is_whole: bool = True
) -> Iterator[Need]:
    """What the words after the program's name need; `is_whole` when there are no more of them.

    With neither a class path nor a jar the working directory is the class path.
    """
    waiting = list(reversed(list(_expanded(world, words))))
    has_classes = "CLASSPATH" in world.environment
    while waiting:
        word = waiting.pop()
        said = detail or word
        if word == "-jar":
            jar = waiting.pop() if waiting else ""
            yield from class_path(world, jar, detail or f"-jar {jar}")
            yield from _arguments(world, waiting, said)
            return
        if word in _CLASS_PATH:
            has_classes = True
            yield from class_path(world, waiting.pop() if waiting else "", said)
        elif word == _PATCH or word in _WITH_VALUE:
            value = waiting.pop() if waiting else ""
            if word == _PATCH:
                yield from class_path(world, value.partition("=")[2], said)
            has_classes |= word in ("-m", "--module")
        elif UNKNOWN in word:
            # Options of a variable, as in `java $JAVA_OPTS -jar app.jar`; or their end.
            continue
        elif word.startswith("-"):
            has_classes |= word.startswith("--class-path=")
            yield from _option(world, word, detail or word)
        else:
            if is_whole and not has_classes:
                yield from class_path(world, world.working_dir, "the class path is WORKDIR")
            yield from _arguments(world, waiting, said)
            return


def class_path(world: World, value: str, detail: str) -> Iterator[Need]:
    """Each element: an archive, a folder of classes, or `DIR/*` for the archives in it."""
    for element in value.split(":"):
        if not element or UNKNOWN in element:
            continue
        path = world.absolute(element.removesuffix("*") or ".")
        node = world.get(path)
        if element.endswith("*"):
            names = sorted((node.children if node else None) or ())[:_MAX_JARS]
            jars = (name for name in names if name.lower().endswith(".jar"))
            yield from (Need(f"{path}/{jar}", Kind.LOAD, detail) for jar in jars)
        elif node is None or node.is_file:
            yield Need(path, Kind.LOAD, detail)
        elif not is_general(node.path):
            yield Need(path, Kind.LOAD, detail, tree=True)


def beside(world: World, jar: str) -> Iterator[Need]:
    """The other archives of the program that an archive belongs to: launchers load what lies in
    their folder and in `lib` there or beside it, by code of their own.

    Where all the system's Java libraries lie together, nothing is told by that.
    """
    folder = jar.rpartition("/")[0]
    for place in (folder, f"{folder}/lib", f"{folder}/../lib", f"{folder}/../libs"):
        node = world.get(place)
        if node is None or is_general(node.path) or node.path.startswith(_SHARED):
            continue
        names = [name for name in sorted(node.children or ()) if name.endswith(".jar")]
        for name in names[:_MAX_JARS]:
            detail = "an archive beside one that is loaded"
            yield Need(f"/{node.path}/{name}", Kind.LOAD, detail, Confidence.MEDIUM)


def split_words(text: str) -> list[str]:
    """Words of an options variable or argument file; quotes group, `#` begins a comment."""
    try:
        return shlex.split(text[:_MAX_ARGUMENT_FILE], comments=True)[:_MAX_WORDS]
    except ValueError:
        return text[:_MAX_ARGUMENT_FILE].split()[:_MAX_WORDS]


def _expanded(world: World, words: Sequence[str]) -> Iterator[str]:
    """The words with each `@file` replaced by what is in it; those of main's own stay too."""
    for word in words:
        node = world.get(world.absolute(word[1:])) if word.startswith("@") else None
        if node is None or not node.is_file or UNKNOWN in word:
            yield word
        else:
            yield from split_words(
                world.text(node, _MAX_ARGUMENT_FILE).decode("utf-8", "surrogateescape")
            )


def _option(world: World, word: str, detail: str) -> Iterator[Need]:
    name, _, value = word.partition("=")
    if name in _CLASS_PATH or name == _PATCH:
        yield from class_path(world, value.partition("=")[2] if name == _PATCH else value, detail)
    elif name.startswith("-javaagent:"):
        yield from class_path(world, name.removeprefix("-javaagent:"), detail)
    elif name.startswith("-agentpath:"):
        path = world.absolute(name.removeprefix("-agentpath:"))
        yield Need(path, Kind.LOAD, detail)
    elif name.startswith("-Xbootclasspath"):
        yield from class_path(world, word.partition(":")[2], detail)
    elif name.startswith("-D"):
        yield from _property(world, name, value, detail)
    elif name.startswith("-XX:On"):
        # OnOutOfMemoryError and OnError are commands, which the machine gives to a shell.
        yield from start(world, ("/bin/sh", "-c", value), detail, Confidence.MEDIUM)
    elif value:
        yield from _existing(world, [value], detail)


def _property(world: World, name: str, value: str, detail: str) -> Iterator[Need]:
    node = world.get(value) if value.startswith("/") else None
    is_home = name.endswith(_HOMES) and node is not None and node.is_directory
    if is_home and node is not None and not is_general(node.path) and name != "-Djava.home":
        yield Need(value, Kind.LOAD, detail, Confidence.MEDIUM, tree=True)
    else:
        parts = [value] if value.startswith("/") else value.split(":", 1)[-1:]
        yield from _existing(world, [part for path in parts for part in path.split(",")], detail)


def _arguments(world: World, waiting: list[str], detail: str) -> Iterator[Need]:
    """Files among the application's own arguments."""
    values = [word.rpartition("=")[2] for word in reversed(waiting)]
    yield from _existing(world, values, f"argument of {detail}")


def _existing(world: World, paths: Sequence[str], detail: str) -> Iterator[Need]:
    for path in paths:
        place = path.removeprefix("file://").removeprefix("file:")
        node = world.get(place) if place.startswith("/") else None
        if node is not None and node.is_file:
            role = Role.CODE if node.name.endswith((".jar", ".so", ".war")) else Role.READ
            yield Need(place, Kind.DATA, detail, Confidence.MEDIUM, role=role)
