"""Which language a file is a program of: by who is asked to read it, its first line, its name."""

import re

from slimmer.filesystem.tree import Node

SHELL, PYTHON, NODE, PERL, RUBY, PHP, JAVA, LUA, TCL, R = (
    *("shell", "python", "node", "perl", "ruby", "php", "java", "lua", "tcl", "r"),
)

# Programs that read a language, by their names without version: python3.11, perl5.36.0, php8.2.
_INTERPRETERS = {
    SHELL: ("sh", "bash", "dash", "ash", "ksh", "mksh", "zsh", "busybox", "yash", "posh"),
    PYTHON: ("python", "pypy", "platform-python"),
    NODE: ("node", "nodejs", "bun"),
    PERL: ("perl",),
    RUBY: ("ruby", "jruby"),
    PHP: ("php", "php-cgi", "php-fpm"),
    JAVA: ("java",),
    LUA: ("lua", "luajit"),
    TCL: ("tclsh", "wish"),
    R: ("R", "Rscript"),
}
_BY_INTERPRETER = {name: language for language, names in _INTERPRETERS.items() for name in names}
_BY_SUFFIX = {
    **dict.fromkeys((".sh", ".bash", ".ash", ".envsh"), SHELL),
    **dict.fromkeys((".py",), PYTHON),
    **dict.fromkeys((".js", ".mjs", ".cjs"), NODE),
    **dict.fromkeys((".pl", ".pm", ".al"), PERL),
    **dict.fromkeys((".rb", ".ru", ".gemspec"), RUBY),
    **dict.fromkeys((".php", ".phtml", ".inc"), PHP),
    **dict.fromkeys((".lua",), LUA),
    **dict.fromkeys((".tcl",), TCL),
}
_VERSION = re.compile(r"-?\d+(?:\.\d+)*(?:-?[a-z]{1,3})?$")


def language_of_program(name: str) -> str:
    """The language that the program `name` (a path or a base name) reads; empty for none."""
    base = name.rpartition("/")[2]
    return _BY_INTERPRETER.get(base) or _BY_INTERPRETER.get(_VERSION.sub("", base), "")


def language_of(node: Node, said: str = "") -> str:
    """The language of a file that runs or is loaded; `said` is what its reader is known to be."""
    if said:
        return said
    facts = node.facts
    if facts.elf is not None:
        return ""
    if facts.shebang is not None:
        program = facts.shebang.program or facts.shebang.interpreter
        return language_of_program(program)
    return _BY_SUFFIX.get(node.path[node.path.rfind(".") :], "") if "." in node.path else ""
