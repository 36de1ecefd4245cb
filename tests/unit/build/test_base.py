"""`--squash` above a base: the base's layers stay, the rest become one."""

from pathlib import Path

import pytest
from support import images
from support.layers import tar_of
from support.tars import Member, file, folder, hardlink, make_tar, opaque, whiteout

from slimmer.build.base import count_base_layers
from slimmer.build.options import BuildOptions
from slimmer.errors import InputError, UsageError
from slimmer.image.image import Image
from slimmer.image.open import open_image
from slimmer.store.locate import StoreOptions, open_source

from .building import built, groups_of, view_of

BASE = {"etc/passwd": b"root:x:0:0:root:/root:/bin/sh\n", "opt/base": b"of the base"}


def _opened(tmp_path: Path, name: str, *layers: bytes, **manifest: object) -> tuple[str, Image]:
    built_image = images.image(*layers)
    built_image.manifest.update(manifest)
    reference = images.layout(tmp_path / name, built_image)
    with open_source(reference, StoreOptions(work_dir=tmp_path)) as source:
        return reference, open_image(source)


def test_the_base_is_found_by_its_layers(tmp_path: Path) -> None:
    one, two, three = (tar_of({name: name.encode()}) for name in "abc")
    base, _ = _opened(tmp_path, "base", one, two)
    _, image = _opened(tmp_path, "image", one, two, three)
    options = StoreOptions(work_dir=tmp_path)
    assert count_base_layers(image, base, options) == 2
    _, other = _opened(tmp_path, "other", one, three)
    with pytest.raises(InputError, match="not built on that base"):
        count_base_layers(other, base, options)
    with pytest.raises(UsageError, match="no annotation"):
        count_base_layers(image, "auto", options)
    annotations = {"org.opencontainers.image.base.name": base}
    _, told = _opened(tmp_path, "told", one, two, three, annotations=annotations)
    assert count_base_layers(told, "auto", options) == 2


LAYERS: list[list[Member]] = [
    [folder("srv"), file("srv/a", b"first"), file("srv/old", b"old"), folder("d", mode=0o700)],
    [file("srv/a", b"second"), whiteout("srv/old"), hardlink("srv/b", "srv/a"), folder("d")],
    [opaque("d"), file("d/new", b"new"), folder("srv", mode=0o750), file("srv/c", b"c")],
]


@pytest.mark.parametrize("profile", ["safe", "package"])
def test_layers_above_the_base_become_one_with_the_same_files(tmp_path: Path, profile: str) -> None:
    tars = [tar_of(BASE), *(make_tar(*members) for members in LAYERS)]
    plain = BuildOptions(profile, user="keep")
    (tmp_path / "one").mkdir()
    with built(tmp_path / "one", *tars, options=plain) as result, result.after() as after:
        expected, groups = view_of(after), groups_of(after)
    squash = BuildOptions(profile, user="keep", squash=True, base="x", base_layers=1)
    (tmp_path / "two").mkdir()
    with built(tmp_path / "two", *tars, options=squash) as result:
        with result.after() as after:
            assert view_of(after) == expected
            assert groups_of(after) == groups
            assert after.subject.filesystem.hidden == []
            names = [entry.path for entry in after.subject.indexes[1].entries]
        assert len(names) == len(set(names))
        assert not any(".wh." in name for name in names)
        before = [str(layer.descriptor.digest) for layer in result.before.subject.image.layers]
        after_digests = [layer["digest"] for layer in result.manifest["layers"]]
        assert len(after_digests) == 2
        assert after_digests[0] == before[0]
        told = [entry for entry in result.config["history"] if not entry.get("empty_layer")]
        assert [entry["created_by"] for entry in told] == ["step 0", "slim build --squash"]
        assert b"first" not in result.everything
        assert b"old" not in result.everything.replace(b"/old", b"")
