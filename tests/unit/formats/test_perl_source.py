"""What Perl source loads, by the forms people write it in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slimmer.formats.perl_source import parse_perl_source


@pytest.mark.parametrize(
    ("source", "uses"),
    [
        ("use strict; use warnings;", ("strict", "warnings")),
        ("use JSON::PP ();\n  use POSIX qw(floor);", ("JSON::PP", "POSIX")),
        ("no warnings 'once';", ("warnings",)),
        ('eval "use Time::HiRes; 1";', ("Time::HiRes",)),
        ("BEGIN { use Cwd }", ("Cwd",)),
        ("use parent -norequire, 'A::B';", ("parent", "A::B")),
        ("use base qw(A B::C);", ("base", "A", "B::C")),
        ("use 5.010; use v5.36;", ()),
        ("# use Nothing;\n", ()),
        ("=pod\n\nuse Nothing;\n\n=cut\nuse Here;", ("Here",)),
        ("use A;\n__END__\nuse Nothing;", ("A",)),
        ("our @ISA = ('A::B');", ("A::B",)),
    ],
)
def test_use(source: str, uses: tuple[str, ...]) -> None:
    found = [name for name in parse_perl_source(source).uses if not name.startswith("v5")]
    assert tuple(found) == uses


@pytest.mark.parametrize(
    ("source", "requires"),
    [
        ("sub f { require Foo::Bar; }", ("Foo::Bar",)),
        ("eval { require Foo; 1 } or die;", ("Foo",)),
        ("Module::Load::load('Foo::Bar');", ("Foo::Bar",)),
        ("my $require = 1; $self->require(Foo);", ()),
        ('my $c = "\\N{SNOWMAN}";', ("_charnames",)),
        ('my $c = "\\N{U+2603}";', ()),
    ],
)
def test_require(source: str, requires: tuple[str, ...]) -> None:
    assert parse_perl_source(source).requires == requires


def test_files_that_are_required() -> None:
    source = """require "x.pl"; do 'conf/y.pl'; require "$dir/z.pl"; require $here . "/w.pl";"""
    assert {"x.pl", "conf/y.pl", "w.pl"} <= set(parse_perl_source(source).files)


@pytest.mark.parametrize(
    ("source", "families"),
    [
        ('my $class = "Foo::Driver::$name";', ("Foo::Driver",)),
        ("my $class = 'Foo::Driver::' . $name;", ("Foo::Driver",)),
        ('require "Foo/Driver/$name.pm";', ("Foo::Driver",)),
        ('*{"Foo::$name"} = sub {};', ()),
        ('die "Foo: $name";', ()),
    ],
)
def test_namespaces_of_plugins(source: str, families: tuple[str, ...]) -> None:
    assert parse_perl_source(source).families == families


def test_a_class_in_a_variable_is_told_from_a_word() -> None:
    assert parse_perl_source("my $a = 'Word'; my $b = 'A::B';").names == ("A::B",)
    dynamic = "my $a = 'Word'; my $b = 'word'; eval \"require $a\";"
    assert parse_perl_source(dynamic).names == ("Word",)


def test_folders_of_libraries() -> None:
    source = 'use FindBin;\nuse lib "$FindBin::Bin/../lib";\nunshift @INC, "/opt/x";'
    assert parse_perl_source(source).libraries == ("$FindBin::Bin/../lib", "/opt/x")


@pytest.mark.parametrize("source", ["/\\p{Lu}/", "use utf8;", 'open my $f, "<:encoding(UTF-8)"'])
def test_unicode(source: str) -> None:
    assert parse_perl_source(source).has_unicode
    assert not parse_perl_source("lc $x; /\\w/").has_unicode


@given(st.text())
def test_any_text_is_read(source: str) -> None:
    assert all(parse_perl_source(source).uses)


def test_last_parts_of_names() -> None:
    source = "build(implementations => ['XS', 'PP'], order => [qw(Fast pure)]);"
    assert parse_perl_source(source).parts == ("XS", "PP", "Fast")
    source = "use Host qw(Part Deep::Part small);\nuse Other;\nuse Third 1.2 ('Word');\n"
    found = parse_perl_source(source).parts_of
    assert found == (("Host", ("Part", "Deep::Part")), ("Third", ("Word",)))


@pytest.mark.parametrize(
    ("source", "families"),
    [
        ("use Module::Pluggable search_path => ['A::B', 'C'], require => 1;", ("A::B", "C")),
        ("use Module::Find; useall 'A::B';", ("A::B",)),
        ("useall 'A::B';", ()),
    ],
)
def test_namespaces_that_are_searched(source: str, families: tuple[str, ...]) -> None:
    assert parse_perl_source(source).families == families


def test_shared_files() -> None:
    source = "dist_file( 'A-B', $x ); File::ShareDir::module_dir('C::D'); dist_dir($e);"
    assert parse_perl_source(source).shared == ("A-B", "C::D")
