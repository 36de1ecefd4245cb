"""Perl: the closure of modules, only where perl runs; the whole library for an application."""

import pytest
from formats.elf_builder import Elf
from support.layers import Content, File, Symlink

from slimmer.reach.edge import Confidence, Kind, Need, Role
from slimmer.reach.graph import Graph
from slimmer.reach.perl.command import PerlCommand, parse_perl_command
from slimmer.reach.perl.resolver import PerlResolver
from slimmer.reach.script import ShebangResolver

from .reaching import reached, world_of

ELF = File(Elf().build(), 0o755)
CORE = "usr/lib/x86_64-linux-gnu/perl/5.36.0"
STATUS = """Package: tool
Status: install ok installed
Version: 1
Architecture: all
Description: x

"""


def graph_of(files: dict[str, Content], *argv: str, is_system: bool = True) -> Graph:
    every: dict[str, Content] = {
        "usr/bin/perl": ELF,
        "usr/lib/x86_64-linux-gnu/perl/5.36": Symlink("5.36.0"),
        f"{CORE}/strict.pm": b"",
        f"{CORE}/Unused.pm": b"",
        f"{CORE}/auto/List/Util/Util.so": ELF,
        f"{CORE}/List/Util.pm": b"",
        **files,
    }
    if is_system:
        every["var/lib/dpkg/status"] = STATUS.encode()
        every["var/lib/dpkg/info/tool.list"] = b"/usr/bin/tool\n"
    world = world_of(every, Cmd=list(argv or ("tool",)), WorkingDir="/srv")
    return reached(world, ShebangResolver, PerlResolver)


def script(text: str) -> dict[str, Content]:
    return {"usr/bin/tool": File(f"#!/usr/bin/perl\n{text}\n".encode(), 0o755)}


def test_the_closure_of_a_script() -> None:
    graph = graph_of(
        {
            **script("use A::B; sub f { require Lazy }"),
            "usr/share/perl5/A/B.pm": b"use C;",
            "usr/share/perl5/C.pm": b"use List::Util;",
            "usr/share/perl5/Lazy.pm": b"",
            "usr/share/perl5/Other.pm": b"",
        }
    )
    assert "usr/share/perl5/C.pm" in graph
    assert "usr/share/perl5/Lazy.pm" in graph
    assert graph.role(f"{CORE}/auto/List/Util/Util.so") is Role.CODE
    assert f"{CORE}/strict.pm" in graph
    assert "usr/lib/x86_64-linux-gnu/perl/5.36" in graph
    assert "usr/share/perl5/Other.pm" not in graph
    assert f"{CORE}/Unused.pm" not in graph


def test_an_application_has_the_whole_library() -> None:
    graph = graph_of(
        {
            **script("1;"),
            f"{CORE}/CORE/perl.h": b"",
            f"{CORE}/x.pod": b"",
            f"{CORE}/Module/CoreList.pm": b"",
        },
        is_system=False,
    )
    assert f"{CORE}/Unused.pm" in graph
    assert f"{CORE}/x.pod" not in graph
    assert f"{CORE}/CORE/perl.h" not in graph
    assert f"{CORE}/Module/CoreList.pm" not in graph
    assert f"{CORE}/CORE/perl.h" in graph.weak


def test_modules_are_followed_only_where_perl_runs() -> None:
    world = world_of({"x.pl": b"use A;", "usr/share/perl5/A.pm": b"", "usr/bin/perl": ELF})
    roots = [("--keep", Need("/x.pl", Kind.LOAD, "x"))]
    assert "usr/share/perl5/A.pm" not in reached(world, PerlResolver, roots=roots)
    roots.append(("--keep", Need("/usr/bin/perl", Kind.EXEC, "x")))
    assert "usr/share/perl5/A.pm" in reached(world, PerlResolver, roots=roots)


def test_a_library_of_perl_counts_as_perl() -> None:
    files: dict[str, Content] = {"usr/lib/libperl.so.5.36": ELF, f"{CORE}/strict.pm": b""}
    roots = [("x", Need("/usr/lib/libperl.so.5.36", Kind.LINK, "NEEDED"))]
    assert f"{CORE}/strict.pm" in reached(world_of(files), PerlResolver, roots=roots)


@pytest.mark.parametrize(
    "source",
    ["use DBI;", 'my $d = "DBD::$name"; $x = "My::Plugin::$p"', "my $c = 'DBD::SQLite';"],
)
def test_drivers_that_are_named_at_run_time(source: str) -> None:
    graph = graph_of(
        {
            **script(source),
            "usr/lib/x86_64-linux-gnu/perl5/5.36/DBI.pm": b"",
            "usr/lib/x86_64-linux-gnu/perl5/5.36/DBD/SQLite.pm": b"",
            "usr/lib/x86_64-linux-gnu/perl5/5.36/auto/DBD/SQLite/SQLite.so": ELF,
            "usr/share/perl5/Other/Plugin.pm": b"",
        }
    )
    assert graph.role("usr/lib/x86_64-linux-gnu/perl5/5.36/auto/DBD/SQLite/SQLite.so") is Role.CODE
    assert "usr/share/perl5/Other/Plugin.pm" not in graph


def test_implementations_by_the_last_part_of_their_names() -> None:
    folder = "usr/share/perl5"
    graph = graph_of(
        {
            **script("use A::Hook; use A::Host qw(Extra);"),
            f"{folder}/A/Hook.pm": b"build(implementations => ['XS', 'PP']); say 'Gone';",
            f"{folder}/A/Hook/XS.pm": b"",
            f"{folder}/A/Hook/PP.pm": b"use Deep;",
            f"{folder}/A/Hook/Unnamed.pm": b"",
            f"{folder}/Deep.pm": b"",
            f"{folder}/XS.pm": b"",
            f"{folder}/A/Host.pm": b"use Module::Pluggable;",
            f"{folder}/A/Host/Extra.pm": b"",
            f"{folder}/A/Host/Other.pm": b"",
            f"{folder}/A/Host/Plugin/Any.pm": b"",
        }
    )
    kept = ("A/Hook/XS", "A/Hook/PP", "Deep", "A/Host/Extra", "A/Host/Plugin/Any")
    assert [name for name in kept if f"{folder}/{name}.pm" not in graph] == []
    left = ("A/Hook/Unnamed", "XS", "A/Host/Other")
    assert [name for name in left if f"{folder}/{name}.pm" in graph] == []


def test_files_that_a_distribution_shares() -> None:
    folder = "usr/share/perl5"
    graph = graph_of(
        {
            **script("use A;"),
            f"{folder}/A.pm": b"use File::ShareDir; dist_file('A-Data', $x . '.pl');",
            f"{folder}/auto/share/dist/A-Data/fr.pl": b"{}",
            f"{folder}/auto/share/dist/B-Data/fr.pl": b"{}",
        }
    )
    assert f"{folder}/auto/share/dist/A-Data/fr.pl" in graph
    assert f"{folder}/auto/share/dist/B-Data/fr.pl" not in graph


def test_functions_in_files_of_their_own() -> None:
    graph = graph_of(
        {
            **script("use A;"),
            "usr/share/perl5/A.pm": b"use AutoLoader;",
            "usr/share/perl5/auto/A/f.al": b"require Deep;",
            "usr/share/perl5/Deep.pm": b"",
            "usr/share/perl5/auto/B/f.al": b"",
        }
    )
    assert "usr/share/perl5/Deep.pm" in graph
    assert "usr/share/perl5/auto/B/f.al" not in graph


def test_libraries_of_an_application() -> None:
    graph = graph_of(
        {
            "srv/bin/run": b'use lib "$FindBin::Bin/../deps"; use App::X; do "cfg.pl";',
            "srv/deps/App/X.pm": b"use Site;",
            "srv/bin/cfg.pl": b"",
            "usr/local/share/perl/5.36.0/Site.pm": b"",
        },
        *("perl", "-w", "bin/run"),
    )
    assert graph.role("srv/deps/App/X.pm") is Role.CODE
    assert graph.role("srv/bin/cfg.pl") is Role.CODE
    assert "usr/local/share/perl/5.36.0/Site.pm" in graph


def test_a_program_that_is_given_perl() -> None:
    graph = graph_of(
        {**script("1;"), "srv/app.psgi": b"use Site;", "usr/share/perl5/Site.pm": b""},
        *("tool", "--port", "80", "app.psgi"),
    )
    assert "usr/share/perl5/Site.pm" in graph


def test_tables_of_unicode_only_where_used() -> None:
    table = f"{CORE}/unicore/To/Upper.pl"
    assert table in graph_of({**script("/\\p{Lu}/"), table: b""})
    assert table not in graph_of({**script("lc $x"), table: b""})


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["-w", "x.pl", "-e"], PerlCommand("x.pl", arguments=("-e",))),
        (["-ne", "print"], PerlCommand(code=("print\n",))),
        (["-MA::B", "-e", "1"], PerlCommand(code=("use A::B;\n", "1\n"))),
        (["-MA=b", "x"], PerlCommand("x", ("use A qw(b);\n",))),
        (["-I/lib", "-I", "l", "--", "x"], PerlCommand("x", folders=("/lib", "l"))),
        (["-pi.bak", "-e", "s/a/b/", "f"], PerlCommand(code=("s/a/b/\n",), arguments=("f",))),
        (["-"], PerlCommand()),
    ],
)
def test_command_lines(words: list[str], command: PerlCommand) -> None:
    found = parse_perl_command(words)
    assert (found.script, found.code, found.folders) == (
        command.script,
        command.code,
        command.folders,
    )


def test_a_module_that_is_only_named_in_a_long_table_is_a_hint() -> None:
    names = "".join(f"'X::Y{n}', " for n in range(200))
    files: dict[str, Content] = {**script(f"{names} 'A::B'"), "usr/share/perl5/A/B.pm": b""}
    assert "usr/share/perl5/A/B.pm" not in graph_of(files)
    assert "usr/share/perl5/A/B.pm" in graph_of({**files, **script("'A::B'")})
    assert (
        Confidence.MEDIUM
        is graph_of({**files, **script("'A::B'")}).chain("usr/share/perl5/A/B.pm")[-1].confidence
    )
