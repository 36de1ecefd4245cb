"""What Ruby source requires, and what Bundler's files ask for."""

from hypothesis import given
from hypothesis import strategies as st

from slimmer.formats.ruby_source import parse_gemfile, parse_lock, parse_ruby_source

LOCK = """GIT
  remote: https://example.org/x.git
  specs:
    own (0.1)

GEM
  remote: https://rubygems.org/
  specs:
    nokogiri (1.16.0-x86_64-linux)
      racc (~> 1.4)
    pry (0.14)
      coderay (~> 1.1)
    coderay (1.1)
    racc (1.7)
    sinatra (3.0)
      rack (>= 2)
    rack (2.2)

PLATFORMS
  x86_64-linux

DEPENDENCIES
  nokogiri (~> 1.16)
  own!
  pry
  sinatra

BUNDLED WITH
   2.4
"""


def test_requires() -> None:
    source = parse_ruby_source(
        "require 'json'\nrequire \"a/b\"\n# require 'no'\nrequire_relative 'lib/x'\n"
        "begin\n  require 'lazy'\nend\nautoload :X, 'x/y'\ngem 'puma'\n"
        "load Gem.activate_bin_path('rack', 'rackup', version)\nrequire name\n"
        "x = File.expand_path('../y', __FILE__)\nz = File.join(__dir__, 'z.rb')\n"
    )
    assert source.requires == ("json", "a/b")
    assert source.lazy == ("lazy", "x/y")
    assert source.relative == ("lib/x", "z.rb")
    assert source.gems == ("puma", "rack")


def test_groups_of_a_gemfile() -> None:
    gems = parse_gemfile(
        "gem 'rails'\n"
        "group :development, :test do\n  gem 'pry'\n  if x\n    gem 'debug'\n  end\n"
        "  gem 'rspec'\nend\n"
        "gem 'rubocop', '~> 1', require: false, group: :development\n"
        "gem 'capybara', groups: [:test]\n"
        "gem 'both', groups: [:test, :production]\n"
        "group :production do\n  gem 'pg'\nend\n"
        "group :test do\n  gem 'rails'\nend\n"
    )
    assert gems == {"pry", "debug", "rspec", "rubocop", "capybara"}


def test_the_closure_of_a_lock_file() -> None:
    lock = parse_lock(LOCK)
    assert lock.roots == ("nokogiri", "own", "pry", "sinatra")
    assert lock.versions["nokogiri"] == ("1.16.0-x86_64-linux",)
    assert set(lock.closure(frozenset({"pry"}))) == {"nokogiri", "racc", "own", "sinatra", "rack"}
    assert "coderay" in lock.closure(frozenset())


@given(st.text())
def test_any_text_is_read(source: str) -> None:
    assert all(parse_ruby_source(source).requires)
    assert all(parse_gemfile(source))
    assert all(parse_lock(source).closure(frozenset()))
