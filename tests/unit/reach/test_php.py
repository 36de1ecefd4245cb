"""PHP: configuration, extensions that are turned on, packages of Composer."""

import json

import pytest
from formats.elf_builder import Elf
from support.layers import Content, File, Symlink

from slimmer.reach.edge import Kind, Need, Role
from slimmer.reach.graph import Graph
from slimmer.reach.php.resolver import PhpResolver

from .reaching import reached, world_of

ELF = File(Elf().build(), 0o755)
DEBIAN = "usr/lib/php/20220829"


def graph_of(files: dict[str, Content], *argv: str, **config: object) -> Graph:
    config.setdefault("WorkingDir", "/app")
    every: dict[str, Content] = {"usr/bin/php8.2": ELF, "usr/sbin/php-fpm8.2": ELF, **files}
    world = world_of(every, Cmd=list(argv or ("php8.2", "index.php")), **config)
    return reached(world, PhpResolver)


def debian(sapi: str) -> dict[str, Content]:
    return {
        f"etc/php/8.2/{sapi}/php.ini": b"memory_limit = 1\n",
        f"etc/php/8.2/{sapi}/conf.d/20-curl.ini": Symlink("/etc/php/8.2/mods-available/curl.ini"),
        "etc/php/8.2/mods-available/curl.ini": b"extension=curl.so\n",
        "etc/php/8.2/mods-available/off.ini": b"extension=off.so\n",
        f"{DEBIAN}/curl.so": ELF,
        f"{DEBIAN}/off.so": ELF,
    }


@pytest.mark.parametrize(("sapi", "argv"), [("cli", "php8.2"), ("fpm", "php-fpm8.2")])
def test_extensions_that_are_turned_on(sapi: str, argv: str) -> None:
    other = "fpm" if sapi == "cli" else "cli"
    graph = graph_of({**debian(sapi), f"etc/php/8.2/{other}/php.ini": b""}, argv)
    assert graph.role(f"{DEBIAN}/curl.so") is Role.CODE
    assert f"{DEBIAN}/off.so" not in graph
    assert f"{DEBIAN}/off.so" in graph.weak
    assert f"etc/php/8.2/{sapi}/conf.d/20-curl.ini" in graph
    assert f"etc/php/8.2/{other}/php.ini" not in graph


def test_the_layout_of_official_images() -> None:
    folder = "usr/local/lib/php/extensions/no-debug-non-zts-20220829"
    graph = graph_of(
        {
            "usr/local/etc/php/conf.d/gd.ini": b"extension=gd",
            "usr/local/etc/php/conf.d/opcache.ini": b"zend_extension=opcache",
            f"{folder}/gd.so": ELF,
            f"{folder}/opcache.so": ELF,
            f"{folder}/sodium.so": ELF,
        }
    )
    assert f"{folder}/gd.so" in graph
    assert f"{folder}/opcache.so" in graph
    assert f"{folder}/sodium.so" not in graph


def test_php_in_a_server() -> None:
    world = world_of({**debian("apache2"), "usr/lib/apache2/modules/libphp8.2.so": ELF})
    roots = [("x", Need("/usr/lib/apache2/modules/libphp8.2.so", Kind.LOAD, "LoadModule"))]
    assert f"{DEBIAN}/curl.so" in reached(world, PhpResolver, roots=roots)


def test_pools_of_fpm() -> None:
    graph = graph_of(
        {
            "etc/php/8.2/fpm/php-fpm.conf": b"include=/etc/php/8.2/fpm/pool.d/*.conf\n",
            "etc/php/8.2/fpm/pool.d/www.conf": b"",
            "etc/php/8.2/fpm/pool.d/www.conf.bak": b"",
        },
        "php-fpm8.2",
    )
    assert "etc/php/8.2/fpm/pool.d/www.conf" in graph
    assert "etc/php/8.2/fpm/pool.d/www.conf.bak" not in graph


def test_included_files_and_packages_of_the_system() -> None:
    graph = graph_of(
        {
            "app/index.php": b"<?php require __DIR__.'/lib/a.php'; include 'Twig/autoload.php';",
            "app/lib/a.php": b"<?php include 'b.php';",
            "app/lib/b.php": b"",
            "app/unused.php": b"",
            "usr/share/php/Twig/autoload.php": b"",
        }
    )
    assert graph.role("app/lib/b.php") is Role.CODE
    assert "usr/share/php/Twig/autoload.php" in graph
    assert "app/unused.php" not in graph


def test_a_server_runs_any_file_of_the_application() -> None:
    files: dict[str, Content] = {
        "srv/page.php": b"<?php require 'X.php';",
        "usr/share/php/X.php": b"",
    }
    assert "usr/share/php/X.php" in graph_of(files, "php-fpm8.2")
    assert "usr/share/php/X.php" not in graph_of(files, "php8.2", "-v")


def test_packages_of_composer_without_development() -> None:
    installed = {
        "packages": [
            {"name": "a/b", "version": "1", "install-path": "../a/b"},
            {"name": "dev/unit", "version": "1", "install-path": "../dev/unit"},
        ],
        "dev-package-names": ["dev/unit"],
    }
    graph = graph_of(
        {
            "app/index.php": b"<?php require 'vendor/autoload.php';",
            "app/vendor/autoload.php": b"",
            "app/vendor/composer/installed.json": json.dumps(installed).encode(),
            "app/vendor/composer/autoload_real.php": b"",
            "app/vendor/a/b/src/X.php": b"",
            "app/vendor/a/b/data.yml": b"",
            "app/vendor/a/b/tests/XTest.php": b"",
            "app/vendor/a/b/LICENSE.md": b"",
            "app/vendor/dev/unit/src/Y.php": b"",
        }
    )
    vendor = "app/vendor"
    kept = ["composer/autoload_real.php", "a/b/src/X.php", "a/b/data.yml", "a/b/LICENSE.md"]
    assert [name for name in kept if f"{vendor}/{name}" not in graph] == []
    assert f"{vendor}/a/b/tests/XTest.php" not in graph
    assert f"{vendor}/dev/unit/src/Y.php" not in graph


def test_zones_only_for_debians_php() -> None:
    files: dict[str, Content] = {"usr/share/zoneinfo/UTC": b""}
    status = "Package: php\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n\n"
    records: dict[str, Content] = {
        "var/lib/dpkg/status": status.encode(),
        "var/lib/dpkg/info/php.list": b"/usr/bin/php8.2\n",
    }
    assert "usr/share/zoneinfo/UTC" not in graph_of(files)
    assert "usr/share/zoneinfo/UTC" in graph_of({**files, **records})


def test_a_damaged_list_of_packages_needs_nothing() -> None:
    graph = graph_of({"app/vendor/composer/installed.json": b"{", "app/index.php": b""})
    assert "app/index.php" in graph
