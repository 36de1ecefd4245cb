"""What is there by convention: libraries' folders, the C library's files, the image's own."""

import pytest
from formats.elf_builder import Elf
from hypothesis import given, settings
from hypothesis import strategies as st
from support.layers import Content, File, Folder, Symlink

from slimmer.reach.edge import Confidence, Kind, Need
from slimmer.reach.graph import Graph
from slimmer.reach.script import ShebangResolver
from slimmer.reach.system.policy_files import policy_roots
from slimmer.reach.system.resolver import SystemResolver
from slimmer.reach.system.table import libraries, matches, system_table

from .reaching import reached, world_of

GNU = "usr/lib/x86_64-linux-gnu"


def program(*needed: bytes, calls: bytes = b"") -> File:
    symbols = [(calls, False)] if calls else []
    elf = Elf(interpreter=b"/lib64/ld.so", needed=list(needed), symbols=symbols)
    return File(elf.build(), 0o755)


def library(soname: bytes, *, calls: bytes = b"") -> File:
    symbols = [(calls, False)] if calls else []
    return File(Elf(soname=soname, needed=[b"libc.so.6"], symbols=symbols).build())


def run(files: dict[str, Content], **config: object) -> Graph:
    """What is reached with every library of `files` linked by a program."""
    world = world_of({"app": program(b"libc.so.6"), **files}, Cmd=["/app"], **config)
    roots = [
        ("app", Need(path, Kind.LINK, "linked"))
        for path, content in files.items()
        if isinstance(content, File) and ".so" in path and path.count("/") == 3
    ]
    return reached(world, ShebangResolver, SystemResolver, roots=roots)


def found(graph: Graph, files: dict[str, Content]) -> set[str]:
    return {path for path in files if path in graph}


LIBC: dict[str, Content] = {f"{GNU}/libc.so.6": library(b"libc.so.6")}


def test_plugins_and_data_of_a_library() -> None:
    files: dict[str, Content] = {
        f"{GNU}/libcrypto.so.3": library(b"libcrypto.so.3"),
        f"{GNU}/ossl-modules/legacy.so": library(b"legacy.so"),
        f"{GNU}/engines-3/afalg.so": library(b"afalg.so"),
        "etc/ssl/openssl.cnf": b"",
        f"{GNU}/sasl2/libplain.so": library(b"libplain.so"),
    }
    graph = run({"usr/lib/ssl/openssl.cnf": Symlink("/etc/ssl/openssl.cnf"), **files})
    assert found(graph, files) == set(files) - {f"{GNU}/sasl2/libplain.so"}
    edge = graph.best(f"{GNU}/ossl-modules/legacy.so")
    assert edge is not None
    assert (edge.kind, edge.confidence) == (Kind.LOAD, Confidence.MEDIUM)


def test_a_library_that_nothing_loads_brings_nothing() -> None:
    files: dict[str, Content] = {
        "x/libmagic.so.1": library(b"libmagic.so.1"),
        "usr/share/misc/magic.mgc": b"",
    }
    assert not found(run(files), files)


def test_a_library_that_is_only_read_brings_nothing() -> None:
    files: dict[str, Content] = {
        "x/libmagic.so.1": library(b"libmagic.so.1"),
        "usr/share/misc/magic.mgc": b"",
    }
    root = ("app", Need("/x/libmagic.so.1", Kind.DATA, "read"))
    graph = reached(world_of(files, Cmd=["/none"]), SystemResolver, roots=[root])
    assert found(graph, files) == {"x/libmagic.so.1"}


def test_plugins_lie_below_usr_where_the_library_need_not() -> None:
    world_files: dict[str, Content] = {
        "lib/libsasl2.so.2": library(b"libsasl2.so.2"),
        "usr/lib/sasl2/libplain.so": library(b"libplain.so"),
        "app": program(b"libsasl2.so.2"),
    }
    world = world_of(world_files, Cmd=["/app"])
    root = ("app", Need("/lib/libsasl2.so.2", Kind.LINK, "linked"))
    assert "usr/lib/sasl2/libplain.so" in reached(world, SystemResolver, roots=[root])


def test_modules_that_a_configuration_names() -> None:
    files: dict[str, Content] = {
        f"{GNU}/libpam.so.0": library(b"libpam.so.0"),
        f"{GNU}/security/pam_unix.so": library(b"pam_unix.so"),
        f"{GNU}/security/pam_xauth.so": library(b"pam_xauth.so"),
        f"{GNU}/security/pam_time.so": library(b"pam_time.so"),
        "etc/pam.d/login": b"auth [success=1] pam_unix.so nullok\n# auth pam_time.so\n",
        "usr/sbin/unix_chkpwd": program(),
    }
    without = {f"{GNU}/security/pam_xauth.so", f"{GNU}/security/pam_time.so"}
    graph = run(files)
    assert found(graph, files) == set(files) - without
    assert f"{GNU}/security/pam_xauth.so" in graph.weak
    assert graph.started("usr/sbin/unix_chkpwd") is not None


def test_name_services() -> None:
    modules: dict[str, Content] = {
        f"{GNU}/libnss_{name}.so.2": library(f"libnss_{name}.so.2".encode())
        for name in ("files", "dns", "myhostname", "sss", "hesiod")
    }
    config = b"passwd: files sss\nhosts: files [!UNAVAIL=return] myhostname dns # hesiod\n"
    files = {**LIBC, "etc/nsswitch.conf": config}
    world = world_of({"app": program(), **files, **modules}, Cmd=["/app"])
    root = ("app", Need(f"{GNU}/libc.so.6", Kind.LINK, "NEEDED libc.so.6"))
    graph = reached(world, SystemResolver, roots=[root])
    assert set(modules) - found(graph, modules) == {f"{GNU}/libnss_hesiod.so.2"}


def test_time_zones_once() -> None:
    files: dict[str, Content] = {
        "usr/share/zoneinfo/Europe/Paris": b"",
        "usr/share/zoneinfo/UTC": b"",
        "usr/share/zoneinfo/right/UTC": b"",
    }
    assert found(run(files), files) == set(files) - {"usr/share/zoneinfo/right/UTC"}
    world = world_of(files, Cmd=["/none"])
    assert not found(reached(world, SystemResolver), files)


SMALL: dict[str, Content] = {
    **LIBC,
    "usr/lib/locale/C.utf8/LC_CTYPE": b"",
    "usr/lib/locale/de_DE.utf8/LC_CTYPE": b"",
    "usr/lib/locale/fr_FR.utf8/LC_CTYPE": b"",
    "usr/share/locale/de/LC_MESSAGES/app.mo": b"",
    "usr/share/locale/fr/LC_MESSAGES/app.mo": b"",
}
FRENCH = {"usr/lib/locale/fr_FR.utf8/LC_CTYPE", "usr/share/locale/fr/LC_MESSAGES/app.mo"}


def test_locales(monkeypatch: pytest.MonkeyPatch) -> None:
    messages = {path for path in SMALL if path.endswith(".mo")}
    assert found(run(SMALL), SMALL) == set(SMALL) - messages
    monkeypatch.setattr("slimmer.reach.system.libc._SMALL_LOCALES", -1)
    assert found(run(SMALL, Env=["LANG=de_DE.UTF-8"]), SMALL) == set(SMALL) - FRENCH
    graph = run(SMALL)
    assert "usr/lib/locale/C.utf8/LC_CTYPE" in graph
    assert "usr/lib/locale/de_DE.utf8" in graph.weak


def test_locales_of_scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("slimmer.reach.system.libc._SMALL_LOCALES", -1)
    script = File(b"#!/bin/sh\nexport LC_ALL='de_DE.UTF-8'\n", 0o755)
    files = {**SMALL, "start": script, "bin/sh": program()}
    world = world_of(files, Cmd=["/start"])
    root = ("app", Need(f"{GNU}/libc.so.6", Kind.LINK, "NEEDED libc.so.6"))
    graph = reached(world, ShebangResolver, SystemResolver, roots=[root])
    assert "usr/lib/locale/de_DE.utf8/LC_CTYPE" in graph
    assert "usr/lib/locale/fr_FR.utf8/LC_CTYPE" not in graph


def test_a_locale_archive_is_for_whoever_names_a_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("slimmer.reach.system.libc._SMALL_LOCALES", -1)
    files: dict[str, Content] = {**LIBC, "usr/lib/locale/locale-archive": b""}
    assert "usr/lib/locale/locale-archive" in run(files, Env=["LC_ALL=en_US.UTF-8"])
    assert "usr/lib/locale/locale-archive" not in run(files, Env=["LC_ALL=C.UTF-8"])


CHARSETS: dict[str, Content] = {
    **LIBC,
    f"{GNU}/gconv/gconv-modules.cache": b"",
    f"{GNU}/gconv/UTF-16.so": library(b"UTF-16.so"),
    f"{GNU}/gconv/BIG5.so": library(b"BIG5.so"),
}
BIG5, UTF16 = f"{GNU}/gconv/BIG5.so", f"{GNU}/gconv/UTF-16.so"


@pytest.mark.parametrize(
    ("path", "files", "charsets"),
    [
        ("libxml2.so.2", library(b"libxml2.so.2", calls=b"iconv_open"), {BIG5, UTF16}),
        ("libidn2.so.0", library(b"libidn2.so.0", calls=b"iconv_open"), {UTF16}),
        ("libstdc++.so.6", library(b"libstdc++.so.6", calls=b"iconv_open"), set()),
        ("libother.so.1", library(b"libother.so.1", calls=b"other"), set()),
    ],
)
def test_character_sets(path: str, files: File, charsets: set[str]) -> None:
    graph = run({**CHARSETS, f"{GNU}/{path}": files})
    assert {path for path in (BIG5, UTF16) if path in graph} == charsets


@pytest.mark.parametrize(("package", "charsets"), [("tar", {UTF16}), ("recode", {BIG5, UTF16})])
def test_programs_that_convert_their_own_messages_only(package: str, charsets: set[str]) -> None:
    status = f"Package: {package}\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n"
    files: dict[str, Content] = {
        **CHARSETS,
        "app": program(b"libc.so.6", calls=b"iconv_open"),
        "var/lib/dpkg/status": status.encode(),
        f"var/lib/dpkg/info/{package}.list": b"/app\n",
    }
    graph = run(files)
    assert {path for path in (BIG5, UTF16) if path in graph} == charsets


def test_a_locale_of_another_charset_needs_it() -> None:
    graph = run(CHARSETS, Env=["LANG=de_DE.ISO-8859-1"])
    assert UTF16 in graph
    assert BIG5 not in graph
    assert UTF16 not in run(CHARSETS, Env=["LANG=de_DE.UTF-8"])


def test_terminals() -> None:
    files: dict[str, Content] = {
        f"{GNU}/libtinfo.so.6": library(b"libtinfo.so.6"),
        "lib/terminfo/x/xterm-256color": b"",
        "usr/share/terminfo/w/wy50": b"",
    }
    assert found(run(files), files) == set(files) - {"usr/share/terminfo/w/wy50"}


def test_what_an_image_has() -> None:
    files: dict[str, Content] = {
        "etc/passwd": b"",
        "etc/os-release": Symlink("../usr/lib/os-release"),
        "usr/lib/os-release": b"",
        "etc/redhat-release": b"",
        "etc/ssl/certs/a.pem": Symlink("/usr/share/ca-certificates/a.crt"),
        "usr/share/ca-certificates/a.crt": b"",
        "usr/share/ca-certificates/distrusted.crt": b"",
        "srv/trust/own.pem": b"",
        "bin": Symlink("usr/bin"),
        "usr/bin/tool": program(),
        "tmp": Folder(0o1777),
        "home/me/file": b"",
        "etc/other": b"",
    }
    without = {"usr/share/ca-certificates/distrusted.crt", "usr/bin/tool", "home/me/file"}
    world = world_of(files, Env=["SSL_CERT_DIR=/srv/trust", "SSL_CERT_FILE=/"])
    graph = reached(world, roots=policy_roots(world))
    assert found(graph, files) == set(files) - without - {"etc/other"}
    assert {graph.chain(path)[0].source for path in ("etc/passwd", "bin")} == {"image"}
    assert "home/me" in graph


def test_patterns_of_the_table_are_sound() -> None:
    table = system_table()
    entries = [pattern for entry in table.library for pattern in entry.load + entry.data]
    for pattern in [*entries, *(path for files in table.policy for path in files.paths)]:
        assert pattern.startswith(("/", "{lib}/"))
        assert "**" not in pattern.removesuffix("/**")


def test_libraries_are_told_by_their_whole_soname() -> None:
    assert list(libraries("libpq.so.5"))
    assert not list(libraries("libpqx.so.5"))
    assert not list(libraries("x-libpq.so.5"))


def test_patterns_find_names_through_links() -> None:
    world = world_of({"a/b1/c.so": b"", "a/b2/c.so": b"", "a/b2/d/c.so": b"", "l": Symlink("a")})
    assert list(matches(world, "/a/b*/c.so")) == ["/a/b1/c.so", "/a/b2/c.so"]
    assert list(matches(world, "/l/b2/*")) == ["/l/b2/c.so", "/l/b2/d"]
    assert list(matches(world, "/a/none")) == []
    assert list(matches(world, "/*/b1")) == ["/a/b1", "/l/b1"]


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=200), st.binary(max_size=200), st.text("deDE_.@-8/*~\u0130", max_size=12))
def test_any_configuration_is_read(names: bytes, modules: bytes, locale: str) -> None:
    files: dict[str, Content] = {
        **SMALL,
        f"{GNU}/libpam.so.0": library(b"libpam.so.0"),
        "etc/nsswitch.conf": b"hosts: " + names,
        "etc/pam.d/any": modules,
    }
    assert f"{GNU}/libc.so.6" in run(files, Env=[f"LANG={locale}", f"LANGUAGE={locale}:{locale}"])
