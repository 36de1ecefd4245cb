"""What PHP source includes, and what its configuration sets."""

from hypothesis import given
from hypothesis import strategies as st

from slimmer.formats.php_source import parse_php_ini, parse_php_source


def test_includes() -> None:
    source = parse_php_source(
        "<?php require 'a.php'; include_once('b/c.php'); require_once __DIR__ . '/d.php';\n"
        "include dirname(__FILE__) . '/e.php'; require $name; require \"x$y.php\";\n"
        "dl('sqlite3.so'); $tpl = __DIR__ . '/page.html';"
    )
    assert source.includes == ("a.php", "b/c.php")
    assert source.beside == ("/d.php", "/e.php", "/page.html")
    assert source.extensions == ("sqlite3.so",)


def test_settings() -> None:
    settings = parse_php_ini(
        '[PHP]\n; extension=no\nextension=curl\nextension = "intl.so" ; text\n'
        "zend_extension=opcache ; why\nphp_admin_value[a.b] = c\n# include=no\nnothing\n"
    )
    assert settings == [
        ("extension", "curl"),
        ("extension", "intl.so"),
        ("zend_extension", "opcache"),
        ("php_admin_value[a.b]", "c"),
    ]


@given(st.text())
def test_any_text_is_read(source: str) -> None:
    assert all(name for name, _ in parse_php_ini(source))
    assert all(parse_php_source(source).includes)
