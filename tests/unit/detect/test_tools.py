"""Shells, package managers, compilers, tools and interpreters."""

import pytest
from support.layers import Content, File, Folder, Hardlink, Symlink

from slimmer.detect.tool_table import match_tool, tool_table
from slimmer.detect.tools import ToolDetector

from .subjects import brief, found, ids, library, program, script, subject_of

TOOLS = ToolDetector()


@pytest.mark.parametrize(
    ("name", "tool"),
    [
        ("gcc-12", "compiler.gcc"),
        ("x86_64-linux-gnu-gcc-12", "compiler.gcc"),
        ("aarch64-alpine-linux-musl-g++", "compiler.gcc"),
        ("x86_64-linux-gnu-ld.bfd", "compiler.binutils"),
        ("clang-14", "compiler.clang"),
        ("python3.11", "interpreter.python"),
        ("python3.7m", "interpreter.python"),
        ("perl5.36.0", "interpreter.perl"),
        ("tclsh8.6", "interpreter.tcl"),
        ("pip3", "package-manager.pip"),
        ("go1.22.1", "compiler.go"),
        ("dnf5", "package-manager.dnf"),
        ("nc.openbsd", "network-tool.netcat"),
        ("vim.basic", "debug-tool.editor"),
    ],
)
def test_names_vary_by_rule(name: str, tool: str) -> None:
    match = match_tool(name)
    assert match is not None
    assert f"{match.tool.category}.{match.tool.id}" == tool


@pytest.mark.parametrize(
    "name", ["", "12", "server", "base64", "bzip2", "bashful", "gccx", "libgcc", "7z", "sha256sum"]
)
def test_other_names_are_no_tools(name: str) -> None:
    assert match_tool(name) is None


def test_no_name_belongs_to_two_tools() -> None:
    names = [name for tool in tool_table().tool for name in (*tool.names, *tool.common)]
    assert len(names) == len(set(names))
    assert {tool.category for tool in tool_table().tool} == set(TOOLS.categories)


def test_debian_base() -> None:
    layer: dict[str, Content] = {
        "bin": Symlink("usr/bin"),
        "usr/bin/bash": program("bash", size=1000),
        "usr/bin/rbash": Symlink("bash"),
        "usr/bin/dash": program("dash"),
        "usr/bin/sh": Symlink("dash"),
        "usr/bin/apt": program("apt"),
        "usr/bin/apt-get": program("apt-get"),
        "usr/bin/apt-key": script(),
        "usr/bin/dpkg": program("dpkg"),
        "usr/bin/ls": program("ls"),
        "usr/bin/mawk": program("mawk"),
    }
    findings = found(TOOLS, subject_of(layer))
    assert brief(findings) == [
        ("medium", "package-manager.apt", "usr/bin/apt", "apt: apt, apt-get and apt-key"),
        ("medium", "shell.bash", "usr/bin/bash", "Bash: bash, also called rbash"),
        ("medium", "shell.dash", "usr/bin/dash", "dash: dash, also called sh"),
        ("medium", "package-manager.dpkg", "usr/bin/dpkg", "dpkg: dpkg"),
    ]
    assert [finding.layer for finding in findings] == [0, 0, 0, 0]
    assert findings[1].bytes == len(program("bash", size=1000).data)


def test_the_layer_is_the_one_that_brought_the_program() -> None:
    base: dict[str, Content] = {"usr/bin/curl": program("old")}
    above: dict[str, Content] = {"usr/bin/curl": program("new"), "opt/tools/bin/wget": program()}
    findings = found(TOOLS, subject_of(base, {"app/x": b"x"}, above))
    assert [(f.id, f.path, f.layer) for f in findings] == [
        ("network-tool.wget", "opt/tools/bin/wget", 2),
        ("network-tool.curl", "usr/bin/curl", 2),
    ]


def test_alternatives_are_folded_into_their_target() -> None:
    jvm = "usr/lib/jvm/java-17-openjdk-amd64/bin"
    layer: dict[str, Content] = {
        f"{jvm}/javac": program("javac"),
        f"{jvm}/jar": program("jar"),
        "etc/alternatives/javac": Symlink(f"/{jvm}/javac"),
        "usr/bin/javac": Symlink("/etc/alternatives/javac"),
        "usr/bin/jar": Symlink(f"/{jvm}/jar"),
        "usr/bin/vim.tiny": program("vim"),
        "etc/alternatives/vi": Symlink("/usr/bin/vim.tiny"),
        "usr/bin/vi": Symlink("/etc/alternatives/vi"),
    }
    assert brief(found(TOOLS, subject_of(layer))) == [
        ("low", "debug-tool.editor", "usr/bin/vim.tiny", "An editor: vim.tiny, also called vi"),
        ("medium", "compiler.jdk", f"{jvm}/javac", "JDK tools: javac and jar"),
    ]


def test_versions_and_targets_are_one_tool() -> None:
    layer: dict[str, Content] = {
        "usr/bin/x86_64-linux-gnu-gcc-12": program("gcc"),
        "usr/bin/gcc-12": Symlink("x86_64-linux-gnu-gcc-12"),
        "usr/bin/gcc": Symlink("gcc-12"),
        "usr/bin/cc": Symlink("gcc"),
        "usr/lib/gcc/x86_64-linux-gnu/12/cc1": program("cc1", size=500),
    }
    findings = found(TOOLS, subject_of(layer))
    path = "usr/bin/x86_64-linux-gnu-gcc-12"
    assert brief(findings) == [("medium", "compiler.gcc", path, "GCC: gcc and cc1")]
    assert findings[0].bytes > 500


def test_a_link_tells_what_a_script_does_not() -> None:
    modules = "usr/local/lib/node_modules/npm"
    layer: dict[str, Content] = {
        f"{modules}/bin/npm-cli.js": script("/usr/bin/env node"),
        f"{modules}/bin/npm": script(),
        f"{modules}/node_modules/make/bin/make": script(),
        "usr/local/bin/npm": Symlink("../lib/node_modules/npm/bin/npm-cli.js"),
    }
    message = "npm: npm, also called npm-cli.js"
    assert brief(found(TOOLS, subject_of(layer))) == [
        ("medium", "package-manager.npm", f"{modules}/bin/npm-cli.js", message)
    ]


def test_busybox_of_symlinks() -> None:
    applets = ["sh", "ash", "wget", "nc", "vi", "cat", "ls", "sed", "mount"]
    layer: dict[str, Content] = {f"bin/{name}": Symlink("/bin/busybox") for name in applets}
    layer["bin/busybox"] = program("busybox")
    assert brief(found(TOOLS, subject_of(layer))) == [
        (
            "medium",
            "shell.busybox",
            "bin/busybox",
            "busybox answers to sh and ash; it has 10 names in all",
        ),
        ("low", "network-tool.busybox", "bin/busybox", "busybox answers to wget and nc"),
        ("low", "debug-tool.busybox", "bin/busybox", "busybox answers to vi"),
    ]


def test_busybox_of_hard_links() -> None:
    layer: dict[str, Content] = {"bin/[": program("busybox")}
    names = [f"applet{number}" for number in range(389)]
    layer |= {f"bin/{name}": Hardlink("bin/[") for name in ["busybox", "sh", *names]}
    findings = found(TOOLS, subject_of(layer))
    message = "busybox answers to sh; it has 392 names in all"
    assert brief(findings) == [("medium", "shell.busybox", "bin/busybox", message)]


def test_busybox_without_a_link_is_still_a_shell() -> None:
    findings = found(TOOLS, subject_of({"usr/bin/busybox": program()}))
    message = "busybox can act as a shell (busybox sh); it has 1 name in all"
    assert brief(findings) == [("medium", "shell.busybox", "usr/bin/busybox", message)]


def test_elf_programs_count_anywhere_and_common_words_do_not() -> None:
    layer: dict[str, Content] = {
        "opt/vendor/payload/bash": program(),
        "srv/data/size": program(),
        "srv/data/host": program(),
        "srv/data/go": program(),
    }
    assert ids(found(TOOLS, subject_of(layer))) == [("shell.bash", "opt/vendor/payload/bash")]


def test_path_makes_a_program_folder() -> None:
    layer: dict[str, Content] = {"srv/tools/make": script(), "srv/tools/go": program()}
    config = {"Env": ["PATH=/srv/tools:/usr/bin"]}
    assert ids(found(TOOLS, subject_of(layer))) == []
    assert ids(found(TOOLS, subject_of(layer, config=config))) == [
        ("compiler.go", "srv/tools/go"),
        ("compiler.make", "srv/tools/make"),
    ]


def test_what_only_has_the_name_of_a_tool() -> None:
    layer: dict[str, Content] = {
        "usr/share/doc/bash": Folder(),
        "usr/share/doc/gdb": b"about gdb",
        "usr/share/bash-completion/completions/curl": b"complete -F _curl curl",
        "usr/share/bash-completion/completions/git": script(),
        "usr/bin/gcc": File(b"not a program", 0o755),
        "usr/bin/wget": File(program().data, 0o644),
        "usr/bin/zsh": b"",
        "usr/lib/gcc": library(),
        "usr/bin/strace": Folder(),
        "usr/bin/tcpdump": Symlink("/nowhere"),
        "usr/bin/nmap": Symlink("nmap"),
        "usr/lib/python3/dist-packages/pip/__main__.py": script("/usr/bin/python3"),
        "app/python": b"print()",
    }
    assert found(TOOLS, subject_of(layer)) == []


def test_what_a_higher_layer_removed_is_not_installed() -> None:
    base: dict[str, Content] = {"usr/bin/curl": program(), "usr/bin/cat": program()}
    assert found(TOOLS, subject_of(base, {"usr/bin/.wh.curl": b""})) == []


@pytest.mark.parametrize(
    "command",
    [
        {"Cmd": ["python3", "/app/main.py"]},
        {"Entrypoint": ["/usr/bin/python3.11"]},
        {"Entrypoint": ["/app/run"]},
        {"Entrypoint": ["tini", "--"], "Cmd": ["python3"]},
        {"Cmd": ["/bin/sh", "-c", "exec python3 /app/main.py"]},
        {"Cmd": ["bin/python3"], "WorkingDir": "/usr"},
    ],
)
def test_the_interpreter_of_the_image_is_no_finding(command: dict[str, object]) -> None:
    layer: dict[str, Content] = {
        "usr/bin/python3.11": program(),
        "usr/bin/python3": Symlink("python3.11"),
        "usr/bin/perl": program(),
        "app/run": script("/usr/bin/env python3"),
    }
    findings = found(TOOLS, subject_of(layer, config=command))
    assert ids(findings) == [("interpreter.perl", "usr/bin/perl")]


def test_an_interpreter_that_nothing_starts() -> None:
    layer: dict[str, Content] = {"usr/bin/python3.11": program()}
    message = "Python: python"
    assert brief(found(TOOLS, subject_of(layer))) == [
        ("low", "interpreter.python", "usr/bin/python3.11", message)
    ]


def test_severities_tell_tools_apart() -> None:
    names = ("bash", "apk", "cc1", "curl", "socat", "sshd", "gdb", "strace", "node", "git")
    subject = subject_of({f"usr/bin/{name}": program(name) for name in names})
    found_ids = {f.id: f.severity.label for f in found(TOOLS, subject)}
    assert found_ids == {
        "shell.bash": "medium",
        "package-manager.apk": "medium",
        "compiler.gcc": "medium",
        "network-tool.curl": "low",
        "network-tool.netcat": "medium",
        "network-tool.sshd": "medium",
        "debug-tool.gdb": "medium",
        "debug-tool.strace": "low",
        "interpreter.node": "low",
        "version-control.git": "low",
    }
