"""Ruby: its library, the gems of the lock file, what is required besides."""

from formats.elf_builder import Elf
from support.layers import Content, File

from slimmer.reach.edge import Kind, Need, Role
from slimmer.reach.graph import Graph
from slimmer.reach.ruby.resolver import RubyResolver
from slimmer.reach.script import ShebangResolver

from .reaching import reached, world_of

ELF = File(Elf().build(), 0o755)
HOME = "usr/local/bundle"
LIBRARY = "usr/local/lib/ruby/3.2.0"


def specification(name: str, *dependencies: str) -> bytes:
    lines = [
        f"# stub: {name} 1.0 ruby lib",
        "Gem::Specification.new do |s|",
        f'  s.name = "{name}".freeze',
        '  s.version = "1.0"',
        *(f'  s.add_runtime_dependency(%q<{each}>.freeze, [">= 0"])' for each in dependencies),
        "end",
    ]
    return "\n".join(lines).encode()


def gem(name: str, *dependencies: str, **files: bytes) -> dict[str, Content]:
    found: dict[str, Content] = {
        f"{HOME}/specifications/{name}-1.0.gemspec": specification(name, *dependencies),
        f"{HOME}/gems/{name}-1.0/lib/{name}.rb": b"",
    }
    return found | {f"{HOME}/gems/{name}-1.0/{path}": data for path, data in files.items()}


def lib(name: str, path: str = "") -> str:
    return f"{HOME}/gems/{name}-1.0/{path or f'lib/{name}.rb'}"


def graph_of(files: dict[str, Content], *argv: str) -> Graph:
    every: dict[str, Content] = {
        "usr/local/bin/ruby": ELF,
        f"{LIBRARY}/set.rb": b"",
        f"{LIBRARY}/x86_64-linux/json.so": ELF,
        "usr/local/include/ruby.h": b"",
        **files,
    }
    world = world_of(every, Cmd=list(argv or ("ruby", "app.rb")), WorkingDir="/app")
    return reached(world, ShebangResolver, RubyResolver)


def test_the_library_of_ruby_whole() -> None:
    papers = ("bundler/man/bundle.1", "rdoc/generator/template/x.css", "x86_64-linux/a.h")
    graph = graph_of(
        {"app/app.rb": b"", **{f"{LIBRARY}/{path}": b"" for path in ("ri/x.ri", *papers)}}
    )
    assert [path for path in papers if f"{LIBRARY}/{path}" in graph] == []
    assert graph.role(f"{LIBRARY}/set.rb") is Role.KEEP
    assert graph.role(f"{LIBRARY}/x86_64-linux/json.so") is Role.CODE
    assert f"{LIBRARY}/ri/x.ri" not in graph
    assert "usr/local/include/ruby.h" not in graph


def test_gems_of_the_lock_file_without_development() -> None:
    lock = """GEM
  specs:
    a (1.0)
      b (>= 0)
    b (1.0)
    pry (1.0)
      c (>= 0)
    c (1.0)

DEPENDENCIES
  a
  pry
"""
    graph = graph_of(
        {
            "app/app.rb": b"",
            "app/Gemfile": b"gem 'a'\ngroup :development do\n  gem 'pry'\nend\n",
            "app/Gemfile.lock": lock.encode(),
            **gem("a"),
            **gem("b"),
            **gem("pry"),
            **gem("c"),
        }
    )
    assert lib("a") in graph
    assert lib("b") in graph
    assert lib("pry") not in graph
    assert lib("c") not in graph


def test_gems_that_are_required_with_their_dependencies() -> None:
    graph = graph_of(
        {
            "app/app.rb": b"require 'a'\nrequire_relative 'lib/x'",
            "app/lib/x.rb": b"require 'd'",
            **gem("a", "b"),
            **gem("b"),
            **gem("d"),
            **gem("e"),
        }
    )
    assert graph.role(lib("a")) is Role.CODE
    assert graph.role(lib("b")) is Role.KEEP
    assert lib("d") in graph
    assert lib("e") not in graph


def test_what_only_authors_of_a_gem_need() -> None:
    kept = ["LICENSE.md", "lib/a/x.rb", "data/x.yml"]
    dropped = ["spec/a_spec.rb", "ext/a/a.c", "README.md", "test/x.rb"]
    files = dict.fromkeys(kept + dropped, b"")
    extension = f"{HOME}/extensions/x86_64-linux/3.2.0/a-1.0"
    graph = graph_of(
        {
            "app/app.rb": b"require 'a'",
            **gem("a", **files),
            f"{extension}/a/a.so": ELF,
            f"{extension}/gem.build_complete": b"",
            f"{extension}/mkmf.log": b"",
        }
    )
    assert [name for name in kept if lib("a", name) not in graph] == []
    assert [name for name in dropped if lib("a", name) in graph] == []
    assert graph.role(f"{extension}/a/a.so") is Role.CODE
    assert f"{extension}/gem.build_complete" in graph
    assert f"{extension}/mkmf.log" not in graph


def test_programs_of_gems() -> None:
    binstub = File(
        b"#!/usr/local/bin/ruby\nload Gem.activate_bin_path('puma', 'puma', version)\n", 0o755
    )
    bundle = File(b"#!/usr/local/bin/ruby\nload Gem.bin_path('bundler', 'bundle')", 0o755)
    files: dict[str, Content] = {
        f"{HOME}/bin/puma": binstub,
        "usr/local/bin/bundle": bundle,
        "app/config.ru": b"require 'a'",
        **gem("puma", "nio"),
        **gem("nio"),
        **gem("bundler"),
        **gem("a"),
    }
    graph = graph_of(files, "bundle", "exec", "puma", "-p", "80")
    assert graph.role(f"{HOME}/bin/puma") is Role.RUN
    for name in ("nio", "bundler", "a"):
        assert lib(name) in graph


def test_tests_of_an_application_bring_nothing_in() -> None:
    files = {"app/app.rb": b"", "app/spec/x.rb": b"require 'a'", **gem("a")}
    assert lib("a") not in graph_of(files)
    assert lib("a") in graph_of({**files, "app/models/x.rb": b"require 'a'"})


def test_nothing_without_ruby() -> None:
    world = world_of({"x.rb": b"require 'a'", **gem("a")})
    roots = [("x", Need("/x.rb", Kind.LOAD, "x"))]
    assert lib("a") not in reached(world, RubyResolver, roots=roots)


def test_options_of_ruby() -> None:
    files = {"app/app.rb": b"", "app/inc/x.rb": b"require 'b'", **gem("a"), **gem("b")}
    graph = graph_of(files, *("ruby", "-ra", "-I", "inc", "-r", "x", "app.rb"))
    assert lib("a") in graph
    assert lib("b") in graph
    assert lib("a") in graph_of(files, *("ruby", "-e", "require 'a'"))


def test_gems_that_ruby_starts_with() -> None:
    assert lib("did_you_mean") in graph_of({"app/app.rb": b"", **gem("did_you_mean")})


def test_the_sources_of_a_gem_that_debian_compiled_stay_out() -> None:
    folder = "usr/lib/x86_64-linux-gnu/rubygems-integration/3.1.0"
    owned = {
        f"{folder}/specifications/a-1.0.gemspec": specification("a"),
        f"{folder}/gems/a-1.0/ext/a/a.c": b"",
        f"{folder}/gems/a-1.0/data/x.yml": b"",
        f"{folder}/extensions/x86_64-linux/3.1.0/a-1.0/a.so": ELF.data,
        "usr/lib/ruby/vendor_ruby/a.rb": b"",
    }
    status = "Package: ruby-a\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n\n"
    graph = graph_of(
        {
            "app/app.rb": b"require 'a'",
            **owned,
            "var/lib/dpkg/status": status.encode(),
            "var/lib/dpkg/info/ruby-a.list": "".join(f"/{path}\n" for path in owned).encode(),
        }
    )
    assert [path for path in owned if path not in graph] == [f"{folder}/gems/a-1.0/ext/a/a.c"]
