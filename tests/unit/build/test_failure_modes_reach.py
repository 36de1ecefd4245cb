"""Rows 5 to 8, 16 and 18 of the ways in which slimmed images break, for profiles `package` and
`file`: what is loaded and read, what no package owns, what data names."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from reach.elves import library, program, static
from support import planted
from support.layers import Content, File, Folder, Symlink

from slimmer.build.options import BuildOptions
from slimmer.report.largest import largest_kept

from .building import paragraph
from .reach_images import (
    BOTH,
    LIB,
    Package,
    check,
    paths_of,
    programs,
    script,
    slimmed,
)

_SERVER: Package = {"usr/sbin/server": program(needed="libc.so.6")}
_RUN: Mapping[str, Any] = {"Cmd": ["server"]}


# --- 5 ------------------------------------------------------------------------------------------


def _announced(*names: str) -> list[tuple[bytes, int, bytes]]:
    """The note in which a program says what it opens at run time."""
    return [(b"FDO", 0x407C0C0A, json.dumps([{"soname": list(names)}]).encode())]


@BOTH
@pytest.mark.parametrize(
    ("server", "loaded"),
    [
        (program("libplug.so.1", imports="dlopen"), f"{LIB}/libplug.so.1"),
        (program("/usr/lib/served/plug.so", imports="dlopen"), "usr/lib/served/plug.so"),
        (program(notes=_announced("libplug.so.2", "libplug.so.1")), f"{LIB}/libplug.so.1"),
        (program(needed="libdirect.so.1"), f"{LIB}/libdirect.so.1"),
        (program(needed="liba.so", runpath=b"$ORIGIN/../lib/served"), "usr/lib/served/liba.so"),
    ],
)
def test_05_a_library_that_is_opened_at_run_time_stays_with_what_it_links(
    server: File, loaded: str, options: BuildOptions, tmp_path: Path
) -> None:
    packages: Mapping[str, Package] = {
        "server": {"usr/sbin/server": server},
        "plug": {loaded: library(needed="libdeep.so.1")},
        "deep": {f"{LIB}/libdeep.so.1": library()},
        "dash": programs("usr/bin/dash"),
    }
    with slimmed(tmp_path, options, packages, **_RUN) as result:
        check(result, stays=[loaded, f"{LIB}/libdeep.so.1"], goes=["usr/bin/dash"])
        with result.after(quiet=True) as after:
            listed = {package.name for package in after.subject.packages.all}
        assert listed == {"libc6", "server", "plug", "deep"}


@BOTH
def test_05_what_the_c_library_loads_by_configuration_stays(
    options: BuildOptions, tmp_path: Path
) -> None:
    modules = f"{LIB}/gconv"
    libc = {
        f"{modules}/{name}": library() for name in ("UTF-16.so", "ISO8859-1.so", "EUC-KR.so")
    } | {f"{modules}/gconv-modules": b"module INTERNAL UTF-16// UTF-16 1\n"}
    names = ("libnss_files.so.2", "libnss_ldap.so.2", "libnss_winbind.so.2")
    packages: Mapping[str, Package] = {
        "server": {
            "usr/sbin/server": program(needed="libc.so.6", imports="iconv_open getaddrinfo")
        },
        "libc-bin": libc,
        **{name.lower(): {f"{LIB}/{name}": library(needed="libldap.so.2")} for name in names},
        "libldap": {f"{LIB}/libldap.so.2": library()},
    }
    files = {"etc/nsswitch.conf": b"passwd: files ldap # winbind\nhosts: files dns\n"}
    with slimmed(tmp_path, options, packages, files, **_RUN) as result:
        wanted = [f"{LIB}/libnss_files.so.2", f"{LIB}/libnss_ldap.so.2", f"{LIB}/libldap.so.2"]
        check(result, stays=[*libc, *wanted, *files], goes=[f"{LIB}/libnss_winbind.so.2"])


@BOTH
@pytest.mark.parametrize("links", [True, False])
def test_05_modules_of_a_library_stay_with_it(
    links: bool, options: BuildOptions, tmp_path: Path
) -> None:
    modules: Package = {
        f"{LIB}/ossl-modules/legacy.so": library(),
        f"{LIB}/engines-3/afalg.so": library(),
        "usr/lib/ssl/openssl.cnf": b"x",
    }
    packages: Mapping[str, Package] = {
        "server": {"usr/sbin/server": program(needed="libcrypto.so.3" if links else "")},
        "libssl3": {f"{LIB}/libcrypto.so.3": library(soname=b"libcrypto.so.3")},
        "openssl-modules": modules,
    }
    with slimmed(tmp_path, options, packages, **_RUN) as result:
        code = {path for path in modules if path.endswith(".so")}
        assert paths_of(result) & code == (code if links else set())


# --- 6 ------------------------------------------------------------------------------------------

_SITE = "usr/local/lib/python3.11/site-packages"


@BOTH
def test_06_trust_stores_stay(options: BuildOptions, tmp_path: Path) -> None:
    bundle = planted._pem("CERTIFICATE", planted.stream("certificate", 400)).encode()
    owned: Package = {
        "usr/share/ca-certificates/mozilla/Root.crt": bundle,
        "usr/sbin/update-ca-certificates": script("exit"),
        "usr/share/ca-certificates/mozilla/Untrusted.crt": bundle,
    }
    files: dict[str, Content] = {
        **dict.fromkeys(
            (
                *("etc/ssl/certs/ca-certificates.crt", "etc/ssl/cert.pem"),
                *("etc/pki/tls/certs/ca-bundle.crt", "usr/local/share/ca-certificates/ours.crt"),
                *("etc/ssl/certs/java/cacerts", "srv/tls/ca.pem", "app/certifi/cacert.pem"),
                *(f"{_SITE}/certifi/cacert.pem", f"{_SITE}/certifi/__init__.py"),
            ),
            bundle,
        ),
        f"{_SITE}/certifi-1.dist-info/METADATA": b"Name: certifi\nVersion: 1\n",
        "etc/ssl/certs/Root.pem": Symlink("/usr/share/ca-certificates/mozilla/Root.crt"),
        "etc/ssl/certs/9f0f5fd6.0": Symlink("Root.pem"),
        "etc/ssl/private": Folder(0o710, gid=101),
    }
    named: Package = {"usr/share/ours/trust.pem": bundle, "usr/share/ours/other.pem": bundle}
    packages: Mapping[str, Package] = {"server": _SERVER, "ca-certificates": owned, "ours": named}
    main = {
        "srv/main.py": b"import certifi\n",
        "usr/local/bin/python3.11": program(),
        "usr/local/lib/python3.11/os.py": b"",
    }
    env = ["SSL_CERT_FILE=/usr/share/ours/trust.pem"]
    config: Mapping[str, Any] = {"Cmd": ["python3.11", "/srv/main.py"], "Env": env}
    layer = {**files, **main}
    with slimmed(tmp_path, options, packages, layer, quiet=False, **config) as result:
        check(result, stays=[*files, "usr/share/ca-certificates/mozilla/Root.crt"])
        check(result, stays=["usr/share/ours/trust.pem"], goes=["usr/sbin/update-ca-certificates"])


# --- 7 ------------------------------------------------------------------------------------------


@BOTH
def test_07_time_zones_and_locales_stay(options: BuildOptions, tmp_path: Path) -> None:
    zones: Package = {
        f"usr/share/zoneinfo/{name}": b"TZif" for name in ("Europe/Berlin", "UTC", "tzdata.zi")
    }
    locales: Package = dict.fromkeys(
        ("usr/lib/locale/C.utf8/LC_CTYPE", "usr/lib/locale/de_DE.utf8/LC_CTYPE"), b"locale"
    )
    messages: Package = {
        "usr/share/locale/de/LC_MESSAGES/libc.mo": b"de",
        "usr/share/locale/fr/LC_MESSAGES/libc.mo": b"fr",
    }
    packages = {
        "server": {"usr/sbin/server": program(needed="libc.so.6", imports="setlocale localtime")},
        "tzdata": zones,
        "locales": {**locales, "usr/sbin/locale-gen": script("exit")},
        "messages": messages,
    }
    files = {
        "etc/localtime": Symlink("/usr/share/zoneinfo/Europe/Berlin"),
        "etc/timezone": b"Europe/Berlin\n",
        "etc/default/locale": b"LANG=de_DE.UTF-8\n",
    }
    config = {**_RUN, "Env": ["LANG=de_DE.UTF-8"]}
    with slimmed(tmp_path, options, packages, files, **config) as result:
        check(result, stays=[*zones, *locales, *files], goes=["usr/sbin/locale-gen"])
        check(result, stays=["usr/share/locale/de/LC_MESSAGES/libc.mo"])


@BOTH
def test_07_zones_stay_for_any_program_since_tz_may_name_one(
    options: BuildOptions, tmp_path: Path
) -> None:
    zones: Package = {f"usr/share/zoneinfo/{name}": b"TZif" for name in ("Europe/Berlin", "UTC")}
    again: Package = {f"usr/share/zoneinfo/{name}/UTC": b"TZif" for name in ("posix", "right")}
    packages: Mapping[str, Package] = {"tzdata": zones, "tzdata-legacy": again}
    files = {"srv/app": static(b"hello\0")}
    with slimmed(tmp_path, options, packages, files, Cmd=["/srv/app"]) as result:
        check(result, stays=zones, goes=again)


# --- 8 ------------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("top", ["app", "srv/shop", "opt/shop", "var/www/html", "home/me", "data"])
def test_08_files_of_the_application_stay_without_any_evidence(
    top: str, options: BuildOptions, tmp_path: Path
) -> None:
    names = (
        *("templates/lazy.html", "static/app.css", "docs/index.md", "README.md", "tests/t.py"),
        *("examples/a", "man/index.html", "usr/share/doc/a", "include/a.h", "lib/liba.a"),
        *("cache/x", "tmp/x", "logs/app.log.1", ".cache/x", ".env.example", "uploads/.keep"),
        *("app.pyc", "x.o", "Makefile", "core", "vendor/bundle/x.rb", "jmods/x", "src.zip"),
        *(".gitignore", "\u00fc", "bin/report", "lib/python3.11/x.py", "share/locale/fr/a.mo"),
    )
    files: dict[str, Content] = {f"{top}/{name}": name.encode() for name in names}
    files |= {f"{top}/empty": Folder(0o770, 7, 7), f"{top}/current": Symlink("templates")}
    files |= {f"{top}/bin/run": script("exit"), f"{top}/start": Symlink("bin/run")}
    with slimmed(tmp_path, options, {"server": _SERVER}, files, **_RUN) as result:
        check(result, stays=files)


@BOTH
def test_08_what_a_file_of_the_application_links_stays(
    options: BuildOptions, tmp_path: Path
) -> None:
    packages: Mapping[str, Package] = {
        "server": _SERVER,
        "libpq5": {f"{LIB}/libpq.so.5": library(needed="libldap.so.2")},
        "libldap": {f"{LIB}/libldap.so.2": library()},
        "words": {"usr/share/words/de": b"words", "usr/share/words/fr": b"words"},
    }
    files: dict[str, Content] = {
        "opt/shop/native.so": library(needed="libpq.so.5"),
        "opt/shop/words": Symlink("/usr/share/words/de"),
    }
    with slimmed(tmp_path, options, packages, files, **_RUN) as result:
        linked = [f"{LIB}/libpq.so.5", f"{LIB}/libldap.so.2", "usr/share/words/de"]
        check(result, stays=[*files, *linked])


# --- 16 -----------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(
    ("path", "content", "stays"),
    [
        (
            "usr/share/misc/magic",
            b'0 string/wt #!/usr/bin/perl script\n0 string "/usr/bin/perl"',
            False,
        ),
        ("usr/share/served/table", b"/usr/bin/perl\n", False),
        ("srv/page.html", b"<pre>#!/usr/bin/perl</pre>", False),
        ("srv/words.json", b'{"shebang": "see /usr/bin/perl here"}', False),
        ("srv/notes.txt", b"#!/usr/bin/perl\n", False),
        ("etc/served.conf.bak", b"# /usr/bin/perl\n", False),
        ("usr/lib/cgi-bin/report", File(b"#!/usr/bin/perl\nprint 1;\n", 0o755), True),
    ],
)
def test_16_data_that_names_perl_does_not_keep_perl(
    path: str, content: Content, stays: bool, options: BuildOptions, tmp_path: Path
) -> None:
    """The server reads the file, or starts it: its constants name it."""
    packages: Mapping[str, Package] = {
        "perl-base": {"usr/bin/perl": program(), "usr/share/perl/5.36/strict.pm": b"1;"},
        "server": {"usr/sbin/server": program(f"/{path}", imports="execve"), path: content},
    }
    with slimmed(tmp_path, options, packages, quiet=False, **_RUN) as result:
        check(result, stays=[path])
        assert ("usr/bin/perl" in paths_of(result)) is stays


@BOTH
def test_16_a_giant_behind_a_plugin_stays_and_is_named(
    options: BuildOptions, tmp_path: Path
) -> None:
    giant = os.urandom(300_000)
    packages: Mapping[str, Package] = {
        "postgres": {
            "usr/sbin/server": program("/usr/lib/postgres/llvmjit.so", imports="dlopen"),
            "usr/lib/postgres/llvmjit.so": library(needed="libLLVM.so.16"),
        },
        "libllvm16": {f"{LIB}/libLLVM.so.16": library(data=giant)},
        "idle-giant": {f"{LIB}/libidle.so.1": library(data=giant)},
    }
    with slimmed(tmp_path, options, packages, **_RUN) as result:
        check(result, stays=[f"{LIB}/libLLVM.so.16"], goes=[f"{LIB}/libidle.so.1"])
        first = largest_kept(result.outcome)[0]
        assert first.name.startswith("libllvm16 ")
        assert first.size > 300_000
        assert "llvmjit.so" in first.reason
        assert "CMD" in first.reason


# --- 18 -----------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("field", ["Depends", "Pre-Depends"])
def test_18_packages_of_nothing_but_data_stay_with_what_depends_on_them(
    field: str, options: BuildOptions, tmp_path: Path
) -> None:
    packages: Mapping[str, Package] = {
        "server": _SERVER,
        "server-common": {"usr/share/server-common/page.html": b"x"},
        "fonts-a": {"usr/share/fonts/a.ttf": b"x"},
        "deep-data": {"usr/share/deep-data/x": b"x"},
        "idle": {"usr/bin/idle": program()},
        "idle-data": {"usr/share/idle-data/x": b"x"},
        "code": {f"{LIB}/libcode.so.1": library(), "usr/share/code/x": b"x"},
    }
    needs = "server-common (>= 1), fonts-b | fonts-a, code"
    paragraphs = {
        "server": paragraph("server", **{field: needs}),
        "server_common": paragraph("server-common", **{field: "deep-data"}),
        "idle": paragraph("idle", **{field: "idle-data"}),
    }
    with slimmed(tmp_path, options, packages, paragraphs=paragraphs, **_RUN) as result:
        kept = ("server", "server-common", "fonts-a", "deep-data")
        check(result, stays=[path for name in kept for path in packages[name]])
        gone = ("idle", "idle-data", "code")
        check(result, goes=[path for name in gone for path in packages[name]])
