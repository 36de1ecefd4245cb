"""What `scripts/fuzz` tries: every parser of hostile bytes, with small seeds made in code.

A check is given bytes and must end in a result or in a `SlimError`: any other exception, more
than two seconds of CPU for one input, or more memory than the fuzzer allows is a fault.
"""

import io
import json
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, partial

import msgspec
import zstandard
from unit.formats.rpm_builder import database, package
from unit.formats.rpm_databases import bdb, ndb
from unit.formats.test_apk import INSTALLED
from unit.formats.test_dpkg import STATUS
from unit.formats.test_gemspec import GENERATED
from unit.formats.test_hostile import ELF, OLD_GO
from unit.formats.test_jar import MANIFEST, POM, POM_PATH, make_zip
from unit.formats.test_json_packages import ENTRY
from unit.reach.test_java import STARTS, class_file

from slimmer.build.plan_file import parse_plan
from slimmer.build.settings import parse_settings
from slimmer.detect.instructions import parse_instruction, shell_commands
from slimmer.errors import SlimError
from slimmer.filesystem.merge import merge
from slimmer.formats import (
    apk,
    apt,
    compression,
    dpkg,
    elf,
    elf_constants,
    gemspec,
    go_build_info,
    jar,
    node_package,
    os_release,
    passwd,
    python_dist,
    rpm,
    rpm_header,
    rpm_manifest,
    rpm_sqlite,
    rust_audit,
    shebang,
    shell,
    tar,
)
from slimmer.formats.composer import parse_installed_json
from slimmer.formats.ld_cache import parse_ld_cache
from slimmer.formats.node_source import parse_node_source
from slimmer.formats.perl_source import parse_perl_source
from slimmer.formats.php_source import parse_php_ini, parse_php_source
from slimmer.formats.python_source import parse_python_source
from slimmer.formats.read import ReadAt, reader_of
from slimmer.formats.ruby_source import parse_gemfile, parse_lock, parse_ruby_source
from slimmer.formats.tar_write import rewritten_header
from slimmer.image.index import LayerIndex, decode_index, encode_index
from slimmer.image.path import normalise
from slimmer.oci.config import ImageConfig
from slimmer.oci.digest import Digest
from slimmer.oci.manifest import parse_document
from slimmer.oci.platform import Platform
from slimmer.oci.reference import parse_reference
from slimmer.oci.strict_json import parse_json
from slimmer.reach.application.commands import find_commands
from slimmer.reach.java.class_file import read_class
from slimmer.report.escape import escape
from slimmer.secrets.engine import Scanner
from slimmer.store.registry.challenge import choose_challenge, parse_challenges

from . import tars
from .images import compress, image, index

MAX_CPU_SECONDS = 2.0
_MOST_INFLATED = 64 << 20


class SlowError(Exception):
    """One input took more CPU than any should."""


@dataclass(frozen=True)
class Target:
    """`mend` makes a damaged input plausible again, so that more than its checksum is tried."""

    check: Callable[[bytes], object]
    seeds: tuple[bytes, ...]
    mend: Callable[[bytes], bytes] = bytes


def run(target: Target, data: bytes) -> None:
    """Try one input; raises for what a fault is."""
    start = time.process_time()
    try:
        target.check(data)
    except SlimError as error:
        escape(str(error)).encode()
    spent = time.process_time() - start
    if spent > MAX_CPU_SECONDS:
        raise SlowError(f"{spent:.1f} s of CPU for {len(data)} bytes")


def _whole(parse: Callable[[ReadAt, int], object]) -> Callable[[bytes], object]:
    return lambda data: _storable(parse(reader_of(data), len(data)))


def _texts(*parsers: Callable[[str], object]) -> Callable[[bytes], None]:
    """As `_bytes`, on text as it comes out of a layer."""

    def check(data: bytes) -> None:
        for parse in parsers:
            parse(data.decode("utf-8", "surrogateescape"))

    return check


def _commands(language: str, text: str) -> list[object]:
    return list(find_commands(language, text))


def _bytes(*parsers: Callable[[bytes], object]) -> Callable[[bytes], None]:
    """Every parser on the same bytes; one that refuses them does not spare the next."""

    def check(data: bytes) -> None:
        for parse in parsers:
            try:
                _storable(parse(data))
            except SlimError:
                continue

    return check


def _storable(facts: object) -> None:
    msgspec.msgpack.encode(facts)


def _tar(data: bytes) -> None:
    """Entries lie one behind the other, and a header written again reads as what it was."""
    read_at = reader_of(data)
    before = 0
    for entry in tar.read_tar(read_at):
        assert entry.header_offset == before < entry.end_offset
        before = entry.end_offset
        if isinstance(entry, tar.TarEntry) and entry.kind is not tar.Kind.DIRECTORY:
            _rewrite(read_at, entry)


def _rewrite(read_at: ReadAt, entry: tar.TarEntry) -> None:
    size = 0 if entry.kind is not tar.Kind.FILE else 7
    header = rewritten_header(
        read_at, entry, path="new/path", kind=entry.kind, link=entry.link or "x", size=size
    )
    again = next(tar.read_tar(reader_of(header + bytes(2048))))
    assert isinstance(again, tar.TarEntry)
    assert (again.path, again.kind, again.size) == ("new/path", entry.kind, size)
    assert (again.mode, again.uid, again.gid) == (entry.mode, entry.uid, entry.gid)
    assert again.mtime == entry.mtime


def _merge(data: bytes) -> None:
    """A layer over itself: the index survives the cache, and each name is found where it is."""
    entries = [entry for entry in tar.read_tar(reader_of(data)) if isinstance(entry, tar.TarEntry)]
    for entry in entries:
        entry.path = normalise(entry.path)
    digest = Digest.of(data)
    layer = LayerIndex(digest, len(data), digest, len(data), "none", entries, {})
    assert decode_index(encode_index(layer)).entries == entries
    filesystem = merge([layer, layer])
    for node in filesystem.walk():
        assert filesystem.get(node.path) is node
        filesystem.resolve(node.path)


def _mended_tar(data: bytes) -> bytes:
    """Right checksums in every block that could be a header."""
    blocks = bytearray(data + bytes(-len(data) % 512))
    for at in range(0, len(blocks), 512):
        block = blocks[at : at + 512]
        if any(block) and block[156:157] in b"\x000123456xgLKS7":
            total = sum(block[:148]) + 8 * 0x20 + sum(block[156:])
            blocks[at + 148 : at + 156] = b"%06o\0 " % total
    return bytes(blocks)


def _inflate(data: bytes) -> None:
    size = 0
    for chunk in compression.inflate(io.BytesIO(data).read):
        assert 0 < len(chunk) <= compression.CHUNK
        size += len(chunk)
        if size > _MOST_INFLATED:
            return


def _documents(data: bytes) -> None:
    for parse in (
        lambda: parse_document(data, None, "fuzz"),
        lambda: ImageConfig.parse(data, "fuzz"),
        lambda: parse_json(data, "fuzz"),
    ):
        try:
            parse()
        except SlimError:
            continue


def _references(data: bytes) -> None:
    text = os.fsdecode(data)
    for parse in (parse_reference, Platform.parse, Digest):
        try:
            found = parse(text)
        except SlimError:
            continue
        if parse is parse_reference:
            assert str(parse_reference(str(found))) == str(found)


def _instructions(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    _, _, script = parse_instruction(text)
    list(shell_commands(script))
    list(shell_commands(text))


def _secrets(data: bytes) -> None:
    name, _, content = data.partition(b"\0")
    found = _scanner().scan_file(name.decode("utf-8", "surrogateescape"), content)
    _storable(found)


@cache
def _scanner() -> Scanner:
    return Scanner()


def _challenge(data: bytes) -> None:
    choose_challenge(parse_challenges(data.decode("latin-1")))


def _elf(data: bytes) -> None:
    for parse in (
        lambda read, size: elf.parse_elf(read, size, symbols=True),
        go_build_info.parse_go_build_info,
        rust_audit.parse_rust_audit,
    ):
        try:
            _whole(parse)(data)
        except SlimError:
            continue


def _jar(data: bytes) -> None:
    facts = jar.parse_jar(reader_of(data), len(data))
    _storable(jar.parse_nested(reader_of(data), len(data), facts, depth=2))


def _lines(*values: bytes) -> bytes:
    return b"\n".join(values) + b"\n"


_JAR = make_zip(
    {
        "META-INF/MANIFEST.MF": MANIFEST,
        POM_PATH: POM,
        "lib/a.jar": make_zip({POM_PATH: POM}, 0),
    },
    8,
)


def _tar_seeds() -> Iterable[bytes]:
    yield tars.make_tar(
        tars.folder("d"),
        tars.file("d/f", b"data"),
        tars.symlink("l", "d"),
        tars.hardlink("h", "d/f"),
        tars.whiteout("l/x"),
        tars.opaque("d"),
    )
    records = tars.pax_record(b"path", b"p") + tars.pax_record(b"size", b"3")
    yield tars.pax_header(records) + tars.header(b"f") + tars.padded(b"abc") + tars.END
    sparse = b"".join(
        tars.pax_record(key, value)
        for key, value in (
            (b"GNU.sparse.major", b"1"),
            (b"GNU.sparse.minor", b"0"),
            (b"GNU.sparse.name", b"s"),
            (b"GNU.sparse.realsize", b"1000"),
        )
    )
    stored = tars.padded(b"1\n500\n3\n") + b"abc"
    entry = tars.header(b"f", b"0", len(stored)) + tars.padded(stored)
    yield tars.pax_header(sparse) + entry + tars.END
    long = tars.header(b"././@LongLink", b"L", 120) + tars.padded(b"n" * 120)
    yield long + tars.header(b"n", b"3", major=b"0000001\0") + tars.END


_IMAGE = image(tars.make_tar(tars.file("f", b"x")))
_CLASS = class_file("convert", "/opt/tool", names=STARTS)
_RPM = package("a", files=[("/usr/", "x"), ("/", "y")])

TARGETS: dict[str, Target] = {
    "tar": Target(_tar, tuple(_tar_seeds()), _mended_tar),
    "merge": Target(_merge, tuple(_tar_seeds()), _mended_tar),
    "compression": Target(
        _inflate,
        (
            compress(b"a" * 300, "gzip"),
            compress(b"a" * 300, "zstd"),
            zstandard.ZstdCompressor(write_checksum=True, write_content_size=False).compress(b"b"),
            b"\x50\x2a\x4d\x18\x03\0\0\0abc" + compress(b"c", "zstd"),
        ),
    ),
    "elf": Target(_elf, (ELF, OLD_GO)),
    "jar": Target(_jar, (_JAR,)),
    "rpm": Target(
        rpm.parse_rpm_database,
        (
            database(_RPM),
            bdb([(1, _RPM)]),
            bdb([(1, _RPM)], order=">", inline=4096),
            ndb([(1, _RPM)]),
        ),
    ),
    "rpm-rewritten": Target(
        lambda data: rpm_sqlite.without_packages(data, {1}), (database(_RPM), database(_RPM, _RPM))
    ),
    "rpm-manifest": Target(
        rpm_manifest.parse_manifest, (b"a\t1-1\t1\t1\tv\t(none)\t5\tx86_64\t0\ta-1.src.rpm\n",)
    ),
    "sources": Target(
        _texts(
            parse_node_source,
            parse_perl_source,
            parse_php_source,
            parse_php_ini,
            parse_ruby_source,
            parse_gemfile,
            parse_lock,
            *(partial(_commands, name) for name in ("python", "node", "ruby", "php", "perl")),
        ),
        (
            b"const x = require('x'); import('./y'); exec(`ls -l`); export * from \"z\"",
            b"use parent qw(A::B); require \"x.pl\"; my $m = 'Foo'->can('y'); system('a', 'b');",
            b"<?php include __DIR__ . '/x.php'; new \\A\\B; shell_exec('a | b'); extension=x.so",
            b"require_relative 'x'; gem 'y', group: :test\nGEM\n  specs:\n    a (1)\n      b (= 2)",
        ),
    ),
    "python-source": Target(
        parse_python_source,
        (b"from . import a, b as c\nif TYPE_CHECKING:\n import d\ndef f():\n import e.f\n'x.y:z'",),
    ),
    "class-file": Target(read_class, (_CLASS,)),
    "ld-cache": Target(
        parse_ld_cache, (b"ld.so-1.7.0\0" + bytes(4) + b"glibc-ld.so.cache1.1" + bytes(28),)
    ),
    "elf-constants": Target(_whole(elf_constants.read_constants), (ELF,)),
    "saved": Target(
        _bytes(
            lambda data: parse_plan(data, "plan"), lambda data: parse_settings(data, "slim.toml")
        ),
        (
            b'{"schema_version":"1.0","image":{"config_digest":"sha256:0"},"options":{},"user":'
            b'{"user":"0","changed":false,"reason":""},"removed":[{"path":"/a","layer":{"number":0},'
            b'"entry":1,"rule":"x","reason":"y"}]}',
            b'[build]\nprofile = "file"\nkeep = ["/a/**"]\n',
        ),
    ),
    "rpm-header": Target(rpm_header.parse_header, (_RPM,)),
    "dpkg": Target(
        _bytes(dpkg.parse_status, dpkg.parse_list, dpkg.parse_md5sums, apt.parse_extended_states),
        (STATUS, b"/.\n/usr/x\n", b"0" * 32 + b"  usr/x\n"),
    ),
    "apk": Target(apk.parse_installed, (INSTALLED,)),
    "python": Target(
        _bytes(
            python_dist.parse_metadata,
            python_dist.parse_record,
            python_dist.parse_installed_files,
            python_dist.parse_requires_txt,
            python_dist.parse_entry_points,
        ),
        (b"Name: a\nVersion: 1\nRequires-Dist: b\n c\n\n", b'a.py,sha256=x,1\n"b,c",,\n'),
    ),
    "gemspec": Target(gemspec.parse_gemspec, (GENERATED,)),
    "json-packages": Target(
        _bytes(node_package.parse_package_json, parse_installed_json),
        (b'{"name":"a","version":"1","bin":{"a":"b"}}', json.dumps([ENTRY]).encode()),
    ),
    "etc": Target(
        _bytes(
            os_release.parse_os_release,
            passwd.parse_passwd,
            passwd.parse_group,
            passwd.parse_shadow,
            shebang.parse_shebang,
        ),
        (
            b'ID="a\\"b"\nX=\'y\'\n',
            _lines(b"root:x:0:0:root:/root:/bin/sh", b"a:$6$a$b:1:2:3:4:5:6:7"),
            b"#!/usr/bin/env -S -u A node -x\n",
        ),
    ),
    "documents": Target(
        _documents,
        (
            json.dumps(_IMAGE.manifest).encode(),
            json.dumps(_IMAGE.config).encode(),
            json.dumps(index(_IMAGE.descriptor())).encode(),
        ),
    ),
    "references": Target(
        _references,
        (
            b"localhost:5000/a/b:tag@sha256:" + b"0" * 64,
            b"oci:dir:ref",
            b"docker-archive:f.tar:a:b",
            b"linux/arm64/v8",
            b"[::1]:5000/a",
        ),
    ),
    "shell": Target(
        _instructions,
        (
            b"RUN |1 A=b /bin/sh -c apt-get update && apt-get install -y 'x' \"$y\" # buildkit",
            b'/bin/sh -c #(nop)  CMD ["sh"]',
            b"COPY --chown=1:1 --from=x a b # buildkit",
        ),
    ),
    "shell-script": Target(
        shell.parse_script,
        (
            b'set -- a "$@"; for f in /d/*.sh; do . "$f"; done | while read x; do $x; done',
            b'case $1 in -*) x=${1#-} ;; *) eval "$(cat <<E\n`id`\nE\n)" ;; esac >/x 2>&1',
            b"f() { [[ $a =~ ^b ]] && c=(d e); }; export A=${B:-$'c\\n'} D={e,f}; (g) < <(h)",
        ),
    ),
    "secrets": Target(
        _secrets,
        (
            b"root/.npmrc\0//h/:_authToken=npm_0123456789abcdefghijABCDEFGHIJ012345\n",
            b"a.pem\0-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----\n",
            b"app/.env\0PASSWORD=hunter22hunter\nurl=postgres://u:pa55word@h/d\n",
        ),
    ),
    "challenge": Target(
        _challenge, (b'Bearer realm="https://h/t",service="s",scope="a b", Basic realm=x',)
    ),
}
