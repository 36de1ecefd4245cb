import pytest

from slimmer.errors import FormatError
from slimmer.formats.gemspec import GemSpecification, parse_gemspec

GENERATED = b"""\
# -*- encoding: utf-8 -*-
# stub: nokogiri 1.15.4 x86_64-linux lib\0ext
# stub: ext/nokogiri/extconf.rb

Gem::Specification.new do |s|
  s.name = "nokogiri".freeze
  s.version = "1.15.4"
  s.platform = "x86_64-linux".freeze

  s.required_rubygems_version = Gem::Requirement.new(">= 0".freeze) if s.respond_to? :x=
  s.require_paths = ["lib".freeze, "ext".freeze]
  s.authors = ["Somebody".freeze]
  s.executables = ["nokogiri".freeze]
  s.files = ["bin/nokogiri".freeze]
  s.licenses = ["MIT".freeze, "Apache-2.0".freeze]

  s.installed_by_version = "3.4.1".freeze if s.respond_to? :installed_by_version

  if s.respond_to? :specification_version then
    s.add_runtime_dependency(%q<racc>.freeze, ["~> 1.4".freeze, ">= 1.4.1".freeze])
    s.add_development_dependency(%q<rake>.freeze, [">= 0".freeze])
  else
    s.add_dependency(%q<racc>.freeze, ["~> 1.4".freeze])
  end
end
"""


def test_generated() -> None:
    assert parse_gemspec(GENERATED) == GemSpecification(
        name="nokogiri",
        version="1.15.4",
        platform="x86_64-linux",
        licenses=("MIT", "Apache-2.0"),
        executables=("nokogiri",),
        require_paths=("lib", "ext"),
        dependencies=(("racc", "~> 1.4, >= 1.4.1"),),
    )


def test_without_the_stub_line() -> None:
    assert parse_gemspec(
        b"Gem::Specification.new do |spec|\n"
        b"  spec.name = 'rake'\n"
        b"  spec.version = Gem::Version.new('13.0')\n"
        b"  spec.platform = Gem::Platform::RUBY\n"
        b"  spec.license = %q<MIT>\n"
        b"  spec.add_dependency 'a', '~> 2'\n"
        b"end\n"
    ) == GemSpecification("rake", "13.0", licenses=("MIT",), dependencies=(("a", "~> 2"),))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b's.name = "a"\n',
        b's.name = "a"\ns.version = A::VERSION\n',
        b's.version = "1"\n',
        b'x = "s.name"\n',
    ],
)
def test_nothing_is_computed(data: bytes) -> None:
    with pytest.raises(FormatError):
        parse_gemspec(data)
