"""Python, Node, Java, Ruby, Go, Rust and PHP packages out of images."""

import hashlib
import io
import json
import zipfile
import zlib
from base64 import urlsafe_b64encode

import pytest
from formats.elf_builder import Elf
from support.layers import Content, Layer, Symlink, filesystem_of

from slimmer.formats.python_dist import RecordEntry, parse_record
from slimmer.packages import python, survey
from slimmer.packages.catalogue import read_packages
from slimmer.packages.interface import Package

SITE = "usr/lib/python3/site-packages"


def packages_of(*layers: Layer) -> list[Package]:
    found = read_packages(filesystem_of(*layers))
    assert found.unread == ()
    return list(found.all)


def metadata(name: str, *more: str) -> bytes:
    lines = ("Metadata-Version: 2.1", f"Name: {name}", "Version: 1.0", *more, "", "")
    return "\n".join(lines).encode()


def test_records_that_list_what_is_not_there_are_not_read_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(survey, "MAX_CLAIMED", 1000)
    lines = 0

    def counting(data: bytes) -> tuple[RecordEntry, ...]:
        nonlocal lines
        entries = parse_record(data)
        lines += len(entries)
        return entries

    monkeypatch.setattr(python, "parse_record", counting)
    layer: dict[str, Content] = {}
    for number in range(20):
        info = f"{SITE}/w{number}-1.dist-info"
        layer[f"{info}/METADATA"] = metadata(f"w{number}")
        layer[f"{info}/RECORD"] = b"gone,,\n" * 300
    found = read_packages(filesystem_of(layer))
    assert lines == 900
    assert len(found.all) == 20
    assert len(found.unread) == 17


def test_python_files_by_record() -> None:
    digest = hashlib.sha256(b"code").digest()
    encoded = urlsafe_b64encode(digest).decode().rstrip("=")
    record = (
        f"my_app/__init__.py,sha256={encoded},4\n../../../bin/my-app,,\n/etc/my-app.conf,,\n"
        "my_app/gone.py,,\nmy_app,,\nMy.App-1.0.dist-info/METADATA,sha256=???,\n"
    )
    info = f"{SITE}/My.App-1.0.dist-info"
    layer: Layer = {
        f"{SITE}/my_app/__init__.py": b"code",
        f"{info}/METADATA": metadata(
            "My.App",
            "Requires-Dist: Typing_Extensions>=4",
            'Requires-Dist: pytest; extra == "test"',
            "Requires-Dist: tomli (>=1) ; python_version < '3.11'",
        ),
        f"{info}/RECORD": record.encode(),
        f"{info}/INSTALLER": b"pip",
        "usr/bin/my-app": b"#!/usr/bin/python3",
        "etc/my-app.conf": b"x",
    }
    (found,) = packages_of({"base": b"x"}, layer)
    assert (found.type, found.name, found.version, found.layer) == ("pypi", "my-app", "1.0", 1)
    assert found.purl == "pkg:pypi/my-app@1.0"
    assert sorted(found.files) == [
        "etc/my-app.conf",
        "usr/bin/my-app",
        f"{info}/INSTALLER",
        f"{info}/METADATA",
        f"{info}/RECORD",
        f"{SITE}/my_app/__init__.py",
    ]
    assert found.digests == {f"{SITE}/my_app/__init__.py": f"sha256:{digest.hex()}"}
    assert found.depends == (("typing-extensions",), ("tomli",))


@pytest.mark.parametrize("top_level", [b"six_more\nsix\n", None])
def test_python_files_by_name_without_a_record(top_level: bytes | None) -> None:
    layer: dict[str, Content] = {
        f"{SITE}/six.py": b"x",
        f"{SITE}/six_more/deep/a.py": b"x",
        f"{SITE}/other.py": b"x",
        f"{SITE}/six-1.egg-info/PKG-INFO": metadata("six"),
    }
    expected = {f"{SITE}/six.py", f"{SITE}/six-1.egg-info/PKG-INFO"}
    if top_level is not None:
        layer[f"{SITE}/six-1.egg-info/top_level.txt"] = top_level
        expected |= {f"{SITE}/six_more/deep/a.py", f"{SITE}/six-1.egg-info/top_level.txt"}
    (found,) = packages_of(layer)
    assert set(found.files) == expected


def test_python_egg_info_file() -> None:
    layer: Layer = {
        f"{SITE}/py_cairo-1.egg-info": metadata("py-cairo"),
        f"{SITE}/py_cairo/a.so": b"x",
    }
    (found,) = packages_of(layer)
    assert set(found.files) == set(layer)


def test_python_installed_files_are_relative_to_the_egg_info() -> None:
    info = f"{SITE}/a-1.egg-info"
    layer: Layer = {
        f"{info}/PKG-INFO": metadata("a"),
        f"{info}/installed-files.txt": b"../a/b.py\nPKG-INFO\n../../../../bin/a\n../gone.py\n",
        f"{SITE}/a/b.py": b"x",
        f"{SITE}/a/c.py": b"x",
        "usr/bin/a": b"x",
    }
    (found,) = packages_of(layer)
    assert set(found.files) == set(layer) - {f"{SITE}/a/c.py"}


def test_python_vendored_packages_do_not_take_files_from_the_one_that_vendors() -> None:
    vendored = f"{SITE}/a/_vendor/b-1.dist-info"
    layer: Layer = {
        f"{vendored}/METADATA": metadata("b"),
        f"{vendored}/RECORD": b"b.py,,\n",
        f"{SITE}/a/_vendor/b.py": b"x",
        f"{SITE}/z-1.dist-info/METADATA": metadata("z"),
        f"{SITE}/z-1.dist-info/RECORD": b"a/_vendor/b.py,,\n",
    }
    found = read_packages(filesystem_of(layer))
    assert [package.name for package in found.all] == ["z", "b"]
    assert found.owner(f"{SITE}/a/_vendor/b.py") is found.all[0]


def test_python_damage_is_told() -> None:
    layer: Layer = {
        f"{SITE}/a-1.dist-info/METADATA": b"Name: a\n",
        f"{SITE}/b-1.dist-info/METADATA": metadata("b"),
        f"{SITE}/b-1.dist-info/RECORD": b'"b.py,,\n',
    }
    found = read_packages(filesystem_of(layer))
    assert [(p.name, p.files) for p in found.all] == [("b", (f"{SITE}/b-1.dist-info/METADATA",))]
    assert [line.partition(": ")[0] for line in found.unread] == [
        f"{SITE}/a-1.dist-info/METADATA",
        f"{SITE}/b-1.dist-info/METADATA",
    ]


def test_a_debian_package_owns_the_distribution_it_ships() -> None:
    info = f"{SITE}/six-1.dist-info/METADATA"
    layer: Layer = {
        info: metadata("six"),
        "var/lib/dpkg/info/python3-six.list": f"/{info}\n".encode(),
        "var/lib/dpkg/status": b"Package: python3-six\nStatus: install ok installed\nVersion: 1\n",
    }
    found = read_packages(filesystem_of(layer))
    assert [(p.type, p.files) for p in found.all] == [("deb", (info,)), ("pypi", (info,))]
    owner = found.owner(info)
    assert owner is not None
    assert owner.type == "deb"


def node(name: str, **more: object) -> bytes:
    return json.dumps({"name": name, "version": "1.0.0", **more}).encode()


def test_node_packages() -> None:
    layer: Layer = {
        "app/package.json": node("app"),
        "app/node_modules/a/package.json": node("a", dependencies={"b": "^1", "@s/c": "2"}),
        "app/node_modules/a/lib/i.js": b"x",
        "app/node_modules/a/test/package.json": node("fixture"),
        "app/node_modules/a/node_modules/b/package.json": node("b"),
        "app/node_modules/@s/c/package.json": node("@s/c"),
        "app/node_modules/.bin/a": Symlink("../a/lib/i.js"),
        "usr/share/nodejs/d/package.json": node("d"),
        "usr/share/nodejs/d/e/package.json": node("e"),
    }
    found = {package.name: package for package in packages_of(layer)}
    assert set(found) == {"a", "b", "@s/c", "d"}
    assert found["a"].files == (
        "app/node_modules/a/lib/i.js",
        "app/node_modules/a/package.json",
        "app/node_modules/a/test/package.json",
    )
    assert found["a"].depends == (("b",), ("@s/c",))
    assert found["@s/c"].purl == "pkg:npm/%40s/c@1.0.0"
    assert found["d"].files == (
        "usr/share/nodejs/d/e/package.json",
        "usr/share/nodejs/d/package.json",
    )


def test_node_damage_is_told() -> None:
    layer: Layer = {
        "app/node_modules/a/package.json": b"{",
        "app/node_modules/b/package.json": b'{"type": "module"}',
        "app/broken/package.json": b"{",
    }
    found = read_packages(filesystem_of(layer))
    assert found.all == ()
    assert len(found.unread) == 1
    assert found.unread[0].startswith("app/node_modules/a/package.json: ")


def archive(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, data in members.items():
            file.writestr(name, data)
    return buffer.getvalue()


def pom(group: str, artifact: str, version: str) -> dict[str, bytes]:
    text = f"groupId={group}\nartifactId={artifact}\nversion={version}\n"
    return {f"META-INF/maven/{group}/{artifact}/pom.properties": text.encode()}


def test_java_archives() -> None:
    manifest = b"Manifest-Version: 1.0\nImplementation-Version: 17.0\n\n"
    layer: Layer = {
        "app/lib-1.0.jar": archive(pom("org.example", "lib", "1.0") | pom("org.dep", "dep", "2")),
        "app/shop.jar": archive({"BOOT-INF/lib/util-3.1.jar": archive({"x": b""})}),
        "usr/lib/jrt-fs.jar": archive({"META-INF/MANIFEST.MF": manifest}),
    }
    found = packages_of(layer)
    assert [(package.purl, package.files) for package in found] == [
        ("pkg:maven/org.example/lib@1.0", ("app/lib-1.0.jar",)),
        ("pkg:maven/org.dep/dep@2", ("app/lib-1.0.jar",)),
        ("pkg:maven/shop/shop", ("app/shop.jar",)),
        ("pkg:maven/util/util@3.1", ("app/shop.jar",)),
        ("pkg:maven/jrt-fs/jrt-fs@17.0", ("usr/lib/jrt-fs.jar",)),
    ]


GEMSPEC = """# -*- encoding: utf-8 -*-
# stub: {name} {version} {platform} lib

Gem::Specification.new do |s|
  s.name = "{name}".freeze
  s.version = "{version}"
  s.add_runtime_dependency(%q<rack>.freeze, [">= 2"])
end
"""


def gemspec(name: str, version: str, platform: str = "ruby") -> bytes:
    return GEMSPEC.format(name=name, version=version, platform=platform).encode()


def test_gems() -> None:
    home = "usr/lib/ruby/gems/3.3.0"
    layer: Layer = {
        f"{home}/specifications/puma-6.4.gemspec": gemspec("puma", "6.4"),
        f"{home}/gems/puma-6.4/lib/puma.rb": b"x",
        f"{home}/gems/puma-6.4/puma.gemspec": gemspec("puma", "6.4"),
        f"{home}/gems/puma-6/lib/puma.rb": b"x",
        f"{home}/extensions/x86_64-linux/3.3.0/puma-6.4/puma.so": b"x",
        f"{home}/specifications/default/json-2.7.gemspec": gemspec("json", "2.7"),
        f"{home}/specifications/ffi-1-java.gemspec": gemspec("ffi", "1", "java"),
        f"{home}/gems/ffi-1-java/ffi.rb": b"x",
    }
    found = {package.name: package for package in packages_of(layer)}
    assert found["puma"].files == (
        f"{home}/specifications/puma-6.4.gemspec",
        f"{home}/gems/puma-6.4/lib/puma.rb",
        f"{home}/gems/puma-6.4/puma.gemspec",
        f"{home}/extensions/x86_64-linux/3.3.0/puma-6.4/puma.so",
    )
    assert found["puma"].purl == "pkg:gem/puma@6.4"
    assert found["puma"].depends == (("rack",),)
    assert found["json"].files == (f"{home}/specifications/default/json-2.7.gemspec",)
    assert found["ffi"].purl == "pkg:gem/ffi@1?platform=java"
    assert f"{home}/gems/ffi-1-java/ffi.rb" in found["ffi"].files


def go_program(*lines: str) -> bytes:
    version, modules = b"go1.22.1", "\n".join(lines).encode() + b"\n"
    modules = b"\0" * 16 + modules + b"\0" * 16
    content = b"\xff Go buildinf:\x08\x02" + bytes(16)
    for part in (version, modules):
        length = len(part)
        encoded = bytearray()
        while length >= 0x80:
            encoded.append(length & 0x7F | 0x80)
            length >>= 7
        content += bytes((*encoded, length)) + part
    return Elf(sections={b".go.buildinfo": content}).build()


def test_go_modules() -> None:
    program = go_program(
        "path\texample.com/app/cmd",
        "mod\texample.com/app\t(devel)\t",
        "dep\tgithub.com/a/b/v2\tv2.1.0\th1:x",
    )
    found = packages_of({"usr/bin/app": program})
    assert [(p.name, p.version, p.purl, p.files) for p in found] == [
        ("example.com/app", "(devel)", "pkg:golang/example.com/app", ("usr/bin/app",)),
        (
            "github.com/a/b/v2",
            "v2.1.0",
            "pkg:golang/github.com/a/b@v2.1.0#v2",
            ("usr/bin/app",),
        ),
        ("stdlib", "go1.22.1", "pkg:golang/stdlib@1.22.1", ("usr/bin/app",)),
    ]


def test_rust_crates() -> None:
    crates = [
        {"name": "serde", "version": "1.0", "source": "crates.io"},
        {"name": "cc", "version": "1.1", "source": "crates.io", "kind": "build"},
        {"name": "app", "version": "0.1", "source": "local", "root": True},
    ]
    section = zlib.compress(json.dumps({"packages": crates}).encode())
    layer: Layer = {"usr/bin/app": Elf(sections={b".dep-v0": section}).build()}
    found = read_packages(filesystem_of(layer))
    assert [p.purl for p in found.all] == ["pkg:cargo/app@0.1", "pkg:cargo/serde@1.0"]
    assert found.owner("usr/bin/app") is found.all[0]


def composer(*entries: dict[str, object]) -> bytes:
    return json.dumps({"packages": list(entries)}).encode()


def php(name: str, **more: object) -> dict[str, object]:
    return {"name": name, "version": "1.0.0", **more}


def test_composer_packages() -> None:
    record = "srv/vendor/composer/installed.json"
    monolog = php("monolog/monolog", **{"install-path": "../monolog/monolog"})
    layers: list[Layer] = [
        {record: composer(monolog), "srv/vendor/monolog/monolog/src/a.php": b"x"},
        {
            record: composer(
                monolog,
                php("psr/log", require={"php": ">=8"}),
                php("all/in-one", type="metapackage"),
                php("evil/one", **{"install-path": "../../.."}),
            ),
            "srv/vendor/psr/log/b.php": b"x",
        },
    ]
    found = packages_of(*layers)
    assert [(p.name, p.layer, p.files) for p in found] == [
        ("all/in-one", 1, ()),
        ("evil/one", 1, ()),
        ("monolog/monolog", 0, ("srv/vendor/monolog/monolog/src/a.php",)),
        ("psr/log", 1, ("srv/vendor/psr/log/b.php",)),
    ]
    assert found[3].purl == "pkg:composer/psr/log@1.0.0"
    assert found[3].depends == (("php",),)


def test_composer_damage_is_told() -> None:
    found = read_packages(filesystem_of({"vendor/composer/installed.json": b"{}"}))
    assert found.unread == (
        "vendor/composer/installed.json: installed.json has no list of packages",
    )


def test_records_cannot_claim_files_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey, "MAX_CLAIMED", 10)
    layer: dict[str, Content] = {f"{SITE}/big/{number}.py": b"x" for number in range(4)}
    for number in range(4):
        layer[f"{SITE}/a{number}-1.egg-info/PKG-INFO"] = metadata(f"a{number}")
        layer[f"{SITE}/a{number}-1.egg-info/top_level.txt"] = b"big\n"
    found = read_packages(filesystem_of(layer))
    assert len(found.all) == 4
    assert sum(len(package.files) for package in found.all) < 16
    assert len(found.unread) > 0
    assert "claim more files" in found.unread[0]
