"""Java runtimes of several layouts, class paths, and what classes start."""

import io
import struct
import zipfile
from collections.abc import Iterator
from typing import ClassVar

import pytest
from formats.elf_builder import Elf
from hypothesis import given, settings
from hypothesis import strategies as st
from support.layers import Content, File, Symlink

from slimmer.errors import FormatError
from slimmer.formats.read import reader_of
from slimmer.reach.edge import Confidence, Kind, Need, Role
from slimmer.reach.graph import Graph
from slimmer.reach.java.archive import ClassSurvey
from slimmer.reach.java.class_file import read_class
from slimmer.reach.java.command import command_needs, split_words
from slimmer.reach.java.resolver import JavaResolver
from slimmer.reach.resolver import Resolver, Visit
from slimmer.reach.script import ShebangResolver

from .reaching import reached, world_of

HOME = "opt/java"
PROGRAM = File(Elf(interpreter=b"/lib64/ld.so").build(), 0o755)
LIBRARY = File(Elf(soname=b"lib.so").build())


def class_file(*strings: str, names: tuple[str, ...] = ()) -> bytes:
    """A class whose constant pool has string literals and other names, and a long on the way."""
    pool = [b"\5" + bytes(8)]
    number = 3
    for text in strings:
        raw = text.encode()
        pool += [b"\1" + struct.pack(">H", len(raw)) + raw, b"\10" + struct.pack(">H", number)]
        number += 2
    for name in names:
        raw = name.encode()
        pool.append(b"\1" + struct.pack(">H", len(raw)) + raw)
        number += 1
    return struct.pack(">IHHH", 0xCAFEBABE, 0, 61, number) + b"".join(pool)


def jar(members: dict[str, bytes], manifest: str = "") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("META-INF/MANIFEST.MF", f"Manifest-Version: 1.0\r\n{manifest}\r\n")
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def runtime(home: str = HOME) -> dict[str, Content]:
    return {
        f"{home}/bin/java": PROGRAM,
        f"{home}/bin/javac": PROGRAM,
        f"{home}/bin/jlink": PROGRAM,
        f"{home}/lib/modules": b"image",
        f"{home}/lib/jvm.cfg": b"-server KNOWN",
        f"{home}/lib/server/libjvm.so": LIBRARY,
        f"{home}/lib/server/classes.jsa": b"archive",
        f"{home}/lib/server/classes_nocoops.jsa": b"archive",
        f"{home}/lib/libnet.so": LIBRARY,
        f"{home}/lib/libfontmanager.so": LIBRARY,
        f"{home}/lib/jspawnhelper": PROGRAM,
        f"{home}/lib/ct.sym": b"symbols",
        f"{home}/lib/src.zip": b"sources",
        f"{home}/lib/security/cacerts": Symlink("/etc/ssl/certs/java/cacerts"),
        f"{home}/conf/net.properties": Symlink("/etc/java-17/net.properties"),
        f"{home}/release": b"JAVA_VERSION=17",
        f"{home}/jmods/java.base.jmod": b"module",
        "etc/ssl/certs/java/cacerts": b"store",
        "etc/java-17/net.properties": b"",
        "usr/bin/java": Symlink(f"/{home}/bin/java"),
    }


def run(files: dict[str, Content], *words: str, **config: object) -> Graph:
    world = world_of({**runtime(), **files}, Cmd=["java", *words], **config)
    return reached(world, ShebangResolver, JavaResolver)


def test_a_runtime_is_whole_and_its_kit_is_not_there() -> None:
    graph = run({}, "-version")
    kept = ("modules", "jvm.cfg", "server/libjvm.so", "server/classes.jsa", "libnet.so")
    for name in (*kept, "libfontmanager.so", "security/cacerts", "jspawnhelper"):
        assert f"{HOME}/lib/{name}" in graph
    assert "etc/ssl/certs/java/cacerts" in graph
    assert "etc/java-17/net.properties" in graph
    assert f"{HOME}/release" in graph
    for name in ("bin/javac", "lib/ct.sym", "lib/src.zip", "jmods/java.base.jmod"):
        assert f"{HOME}/{name}" not in graph
    assert f"{HOME}/lib/server/classes_nocoops.jsa" in graph.weak
    assert graph.role(f"{HOME}/lib/jspawnhelper") is Role.RUN
    assert graph.role(f"{HOME}/lib/server/libjvm.so") is Role.CODE
    assert graph.role(f"{HOME}/lib/libfontmanager.so") is Role.KEEP


def test_tools_bring_what_they_read() -> None:
    graph = reached(world_of(runtime(), Cmd=[f"/{HOME}/bin/javac"]), JavaResolver)
    assert f"{HOME}/lib/ct.sym" in graph
    assert f"{HOME}/jmods/java.base.jmod" not in graph
    graph = reached(world_of(runtime(), Cmd=[f"/{HOME}/bin/jlink"]), JavaResolver)
    assert f"{HOME}/jmods/java.base.jmod" in graph


def test_the_settings_of_a_distribution_are_kept_whole() -> None:
    assert "etc/java-17/extra" in run({"etc/java-17/extra": b""}, "-version")


def test_java_8_has_its_runtime_inside() -> None:
    home = "usr/lib/jvm/java-8"
    files: dict[str, Content] = {
        f"{home}/bin/java": PROGRAM,
        f"{home}/lib/tools.jar": jar({}),
        f"{home}/jre/lib/rt.jar": jar({}),
        f"{home}/jre/lib/amd64/server/libjvm.so": LIBRARY,
        f"{home}/jre/lib/ext/sunec.jar": jar({}),
        f"{home}/src.zip": b"",
    }
    graph = reached(world_of(files, Cmd=[f"/{home}/bin/java"]), JavaResolver)
    assert f"{home}/jre/lib/rt.jar" in graph
    assert f"{home}/jre/lib/ext/sunec.jar" in graph
    assert f"{home}/jre/lib/amd64/server/libjvm.so" in graph
    assert f"{home}/lib/tools.jar" not in graph
    assert f"{home}/src.zip" not in graph


def test_an_embedded_machine_brings_its_runtime() -> None:
    world = world_of(runtime(), Cmd=["/none"])
    need = Need(f"/{HOME}/lib/server/libjvm.so", Kind.LINK, "NEEDED libjvm.so")
    assert f"{HOME}/lib/modules" in reached(world, JavaResolver, roots=[("server", need)])


def test_kernel_modules_are_no_java() -> None:
    files: dict[str, Content] = {"usr/bin/app": PROGRAM, "usr/lib/modules/6.1/x.ko": b""}
    graph = reached(world_of(files, Cmd=["/usr/bin/app"]), JavaResolver)
    assert "usr/lib/modules/6.1/x.ko" not in graph


LIBRARIES: dict[str, Content] = {
    "srv/a.jar": jar({}),
    "srv/more/b.jar": jar({}),
    "srv/more/note.txt": b"",
    "srv/classes/Main.class": class_file(),
    "srv/app.properties": b"",
    "srv/agent.so": LIBRARY,
}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["-jar", "/srv/a.jar"], {"srv/a.jar"}),
        (["-cp", "/srv/a.jar:/srv/more/*", "Main"], {"srv/a.jar", "srv/more/b.jar"}),
        (["--class-path=/srv/a.jar", "Main"], {"srv/a.jar"}),
        (["-classpath", "/srv/classes", "Main"], {"srv/classes/Main.class"}),
        (["-p", "/srv/more", "-m", "x/y"], {"srv/more/b.jar", "srv/more/note.txt"}),
        (["-javaagent:/srv/a.jar=port=1", "-version"], {"srv/a.jar"}),
        (["-agentpath:/srv/agent.so", "-version"], {"srv/agent.so"}),
        (["-Dlog.config=file:/srv/app.properties", "-version"], {"srv/app.properties"}),
        (["-jar", "/none.jar", "--conf=/srv/app.properties"], {"srv/app.properties"}),
        (["-XX:Flags=/srv/app.properties", "-version"], {"srv/app.properties"}),
        (["-Dsrv.home=/srv/classes", "-version"], {"srv/classes/Main.class"}),
        (["-DSRV_home=/srv/classes", "-version"], {"srv/classes/Main.class"}),
        (["-Dsrv.other=/srv/classes", "-version"], set()),
        (["\0", "-cp", "/srv/more/*", "\0"], {"srv/more/b.jar"}),
        (["--add-opens", "java.base/a=ALL", "-jar", "/srv/a.jar"], {"srv/a.jar"}),
    ],
)
def test_the_command_names_what_is_loaded(words: list[str], found: set[str]) -> None:
    graph = run(LIBRARIES, *words)
    assert {path for path in LIBRARIES if path in graph} == found


def test_the_words_may_be_in_a_file_or_in_variables() -> None:
    files = {**LIBRARIES, "srv/args": b"# classes\n-cp '/srv/a.jar'\nMain\n"}
    assert "srv/a.jar" in run(files, "@/srv/args")
    assert "srv/more/b.jar" in run(LIBRARIES, "Main", Env=["CLASSPATH=/srv/more/*"])
    graph = run(LIBRARIES, "M", Env=["JAVA_TOOL_OPTIONS=-javaagent:/srv/a.jar"])
    assert graph.role("srv/a.jar") is Role.CODE


def test_the_working_directory_is_the_class_path_of_last_resort() -> None:
    assert "srv/classes/Main.class" in run(LIBRARIES, "Main", WorkingDir="/srv/classes")
    for words in (["-jar", "../a.jar"], ["-cp", "../a.jar", "Main"]):
        graph = run(LIBRARIES, *words, WorkingDir="/srv/classes")
        assert "srv/a.jar" in graph
        assert "srv/classes/Main.class" not in graph
    files = {**LIBRARIES, "usr/share/other": b""}
    assert "usr/share/other" not in run(files, "Main", WorkingDir="/usr")
    assert "usr/share/other" not in run(files, "Main", WorkingDir="/")


def test_class_path_of_the_manifest_and_links() -> None:
    files: dict[str, Content] = {
        "usr/share/java/app.jar": Symlink("app-1.jar"),
        "usr/share/java/app-1.jar": jar({}, "Class-Path: b.jar sub/c.jar missing.jar\r\n"),
        "usr/share/java/b.jar": Symlink("b-2.jar"),
        "usr/share/java/b-2.jar": jar({}),
        "usr/share/java/sub/c.jar": jar({}),
        "usr/share/java/d.jar": jar({}),
    }
    graph = run(files, "-jar", "/usr/share/java/app.jar")
    assert {path for path in files if path in graph} == set(files) - {"usr/share/java/d.jar"}


def test_a_program_loads_the_archives_beside_its_own() -> None:
    files: dict[str, Content] = {
        "usr/share/tomcat/bin/bootstrap.jar": Symlink("../../java/bootstrap-9.jar"),
        "usr/share/java/bootstrap-9.jar": jar({}),
        "usr/share/tomcat/lib/catalina.jar": jar({}),
        "usr/share/tomcat/doc/other.jar": jar({}),
        "usr/share/java/unrelated.jar": jar({}),
    }
    graph = run(files, "-cp", "/usr/share/tomcat/bin/bootstrap.jar", "Main")
    without = {"usr/share/tomcat/doc/other.jar", "usr/share/java/unrelated.jar"}
    assert {path for path in files if path in graph} == set(files) - without


STARTS = ("java/lang/ProcessBuilder",)
TOOLS: dict[str, Content] = {
    "usr/bin/convert": PROGRAM,
    "usr/bin/name": PROGRAM,
    "opt/tool": PROGRAM,
    "bin/sh": PROGRAM,
}


def test_classes_that_start_programs_name_them() -> None:
    code = class_file("convert", "/opt/tool", "no such thing", names=(*STARTS, "name"))
    graph = run({**TOOLS, "app.jar": jar({"A.class": code})}, "-jar", "/app.jar")
    assert {path for path in TOOLS if path in graph} == {"usr/bin/convert", "opt/tool"}
    edge = graph.started("usr/bin/convert")
    assert edge is not None
    assert edge.confidence is Confidence.MEDIUM
    assert 'A.class has "convert"' in edge.detail


def test_other_classes_do_not() -> None:
    code = class_file("convert", "/opt/tool")
    runtime_only = class_file("convert", names=("java/lang/Runtime", "executor"))
    members = {"A.class": code, "B.class": runtime_only}
    graph = run({**TOOLS, "app.jar": jar(members)}, "-jar", "/app.jar")
    assert not [path for path in TOOLS if path in graph]


class Calls(Resolver):
    """Remembers what was started with which words."""

    seen: ClassVar[list[tuple[str, ...]]] = []

    def visit(self, visit: Visit) -> Iterator[Need]:
        if visit.argv:
            self.seen.append(visit.argv)
        return iter(())


def calls(files: dict[str, Content], *words: str) -> list[tuple[str, ...]]:
    Calls.seen = []
    world = world_of({**runtime(), **TOOLS, **files}, Cmd=["java", *words])
    reached(world, ShebangResolver, JavaResolver, Calls)
    return Calls.seen


def test_command_lines_with_and_without_a_shell() -> None:
    code = class_file("convert -size 1", "name of a thing", names=("java/lang/Runtime", "exec"))
    found = calls({"A.class": code}, "-cp", "/A.class", "A")
    assert ("convert", "-size", "1") in found
    assert not [argv for argv in found if argv[0] == "name"]
    code = class_file("/bin/sh", "-c", "convert -size 1", names=STARTS)
    found = calls({"A.class": code}, "-cp", "/A.class", "A")
    assert ("/bin/sh", "-c", "convert -size 1") in found


def test_what_the_machine_runs_when_it_dies() -> None:
    found = calls({}, "-XX:OnOutOfMemoryError=convert %p", "-version")
    assert ("/bin/sh", "-c", "convert %p") in found


def test_archives_in_archives_are_looked_into() -> None:
    inner = jar({"x/B.class": class_file("convert", names=STARTS)})
    graph = run({**TOOLS, "app.jar": jar({"BOOT-INF/lib/b.jar": inner})}, "-jar", "/app.jar")
    assert "usr/bin/convert" in graph


def test_fonts_come_with_classes_that_draw() -> None:
    fonts: dict[str, Content] = {
        "usr/share/fonts/a.ttf": b"",
        "etc/fonts/fonts.conf": b"",
        "usr/lib/x86_64-linux-gnu/libfontconfig.so.1": LIBRARY,
    }
    drawing = jar({"A.class": class_file(names=("java/awt/Graphics2D",))})
    graph = run({**fonts, "app.jar": drawing}, "-jar", "/app.jar")
    assert fonts.keys() <= graph.reached.keys()
    assert graph.role(f"{HOME}/lib/libfontmanager.so") is Role.CODE
    graph = run({**fonts, "app.jar": jar({"A.class": class_file()})}, "-jar", "/app.jar")
    assert not fonts.keys() & graph.reached.keys()


def test_a_script_that_uses_java_home() -> None:
    script = File(b'#!/bin/sh\nexec "$JAVA_HOME/bin/java" $OPTS -jar x.jar\n', 0o755)
    files: dict[str, Content] = {**runtime("jvm/a"), "start.sh": script, "bin/sh": PROGRAM}
    del files["usr/bin/java"]
    world = world_of(files, Cmd=["/start.sh"], Env=["JAVA_HOME=/jvm/a"])
    assert "jvm/a/lib/modules" in reached(world, ShebangResolver, JavaResolver)
    files["start.sh"] = File(b"#!/bin/sh\necho hello\n", 0o755)
    world = world_of(files, Cmd=["/start.sh"], Env=["JAVA_HOME=/jvm/a"])
    assert "jvm/a/lib/modules" not in reached(world, ShebangResolver, JavaResolver)


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_a_class_or_an_error(data: bytes, has_magic: bool) -> None:
    try:
        read_class((b"\xca\xfe\xba\xbe\0\0\0\x3d" if has_magic else b"") + data)
    except FormatError:
        return


@given(st.lists(st.text(max_size=20), max_size=10))
def test_literals_are_read_back(texts: list[str]) -> None:
    found = read_class(class_file(*texts))
    assert list(found.strings) == list(dict.fromkeys(texts))
    assert not found.starts_programs


@given(st.text(max_size=100))
def test_any_text_is_words(text: str) -> None:
    assert all(isinstance(word, str) for word in split_words(text))


@given(st.integers(0, 400), st.binary(min_size=1, max_size=8))
def test_a_damaged_archive_is_passed_over(at: int, noise: bytes) -> None:
    whole = jar({"A.class": class_file("x", names=STARTS), "b.jar": jar({"B.class": b"no"})})
    damaged = whole[:at] + noise + whole[at + len(noise) :]
    survey = ClassSurvey()
    survey.add_archive(reader_of(damaged), len(damaged))
    assert len(survey.starters) <= 1


def test_a_survey_ends_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("slimmer.reach.java.archive.MAX_CLASSES", 3)
    data = jar({f"{name}.class": class_file() for name in "abcd"})
    survey = ClassSurvey()
    survey.add_archive(reader_of(data), len(data))
    assert not survey.is_whole


_WORDS = (
    "-jar",
    "-cp",
    "@/srv/args",
    "-m",
    "--patch-module",
    "-Da=/",
    "-XX:OnError=",
    "/",
    "*",
    "",
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(_WORDS) | st.text(max_size=10), max_size=6), st.binary(max_size=60))
def test_any_command_is_read(words: list[str], content: bytes) -> None:
    world = world_of({**LIBRARIES, "srv/args": content})
    assert all(need.path for need in command_needs(world, words))
