"""Rebuilding takes away what is planned and nothing else, for any layers."""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.tars import Member, folder, hardlink, make_tar, opaque, symlink, whiteout

from slimmer.build.layer_edit import Drop
from slimmer.build.layers import edit_layers
from slimmer.build.options import BuildOptions
from slimmer.detect.interface import Subject
from slimmer.errors import SlimError
from slimmer.filesystem.merge import merge
from slimmer.filesystem.tree import Filesystem
from slimmer.formats.tar import Kind, TarEntry
from slimmer.image.index import LayerIndex
from slimmer.image.path import is_whiteout, normalise
from slimmer.oci.digest import Digest

from .building import (
    PLAIN,
    Result,
    built,
    groups_of,
    image_of,
    memory_of,
    rebuilt,
    view_of,
)

_NAMES = st.sampled_from(["a", "b", "c", "d" * 120])
_PATHS = st.lists(_NAMES, min_size=1, max_size=3).map("/".join)
_TARGETS = _PATHS | _PATHS.map("/{}".format) | st.sampled_from(["..", "../b", ".", "/a", "b/../a"])
_PAX = st.sampled_from(
    [
        {},
        {"SCHILY.xattr.user.note": "kept"},
        {"SCHILY.xattr.security.capability": "\x01\x00\udc80\x02"},
        {"mtime": "1700000000.25", "comment": "ours"},
    ]
)
_OWNERS = st.sampled_from([0, 7, 65532, 3_000_000])


def _file(path: str, data: bytes, mode: int, owner: int, pax: dict[str, str]) -> Member:
    return Member(path, data=data, mode=mode, uid=owner, gid=owner + 1, pax=pax)


_MEMBERS = st.one_of(
    st.builds(
        _file,
        _PATHS,
        st.binary(max_size=20) | st.just(b"long" * 300),
        st.sampled_from([0o644, 0o4755, 0o600]),
        _OWNERS,
        _PAX,
    ),
    st.builds(folder, _PATHS, st.sampled_from([0o755, 0o1777, 0o700]), _OWNERS),
    st.builds(symlink, _PATHS, _TARGETS),
    st.builds(hardlink, _PATHS, _PATHS | _PATHS.map("./{}".format)),
    st.builds(hardlink, _PATHS, _PATHS),
    st.builds(whiteout, _PATHS),
    st.builds(opaque, _PATHS | st.just("")),
)
# What random members would seldom make by themselves: several names of one file, ways round links.
_BASES = st.sampled_from(
    [
        [],
        [_file("a", b"one file", 0o755, 7, {}), hardlink("b", "a"), hardlink("c", "b")],
        [_file("a/b", b"one file", 0o644, 0, {}), symlink("b", "a"), hardlink("c", "b/b")],
        [
            folder("a", 0o700),
            symlink("b", "a"),
            symlink("c", "/b"),
            _file("c/a", b"x", 0o644, 0, {}),
        ],
    ]
)
_RANDOM = st.lists(_MEMBERS, max_size=8)
_LAYERS = st.builds(
    lambda base, first, rest: [base + first, *rest],
    _BASES,
    _RANDOM,
    st.lists(_RANDOM, max_size=3),
)
_OPTIONS = st.builds(
    BuildOptions,
    user=st.just("keep"),
    drop=st.lists(_PATHS, max_size=3).map(tuple),
    keep=st.lists(_PATHS, max_size=1).map(tuple),
    squash=st.booleans(),
    compression=st.sampled_from([None, "gzip", "zstd"]),
)


_KINDS = {b"0": Kind.FILE, b"1": Kind.HARDLINK, b"2": Kind.SYMLINK, b"5": Kind.DIRECTORY}


def _mergeable(layers: list[list[Member]]) -> list[list[Member]]:
    """The members without those that no runtime could unpack after the others."""
    kept: list[list[Member]] = []
    for layer in layers:
        kept.append([])
        for member in layer:
            kept[-1].append(member)
            try:
                merge(map(_index, kept))
            except SlimError:
                kept[-1].pop()
    return kept


def _index(layer: list[Member]) -> LayerIndex:
    entries = [
        TarEntry(normalise(m.path), _KINDS[m.kind], m.mode, 0, 0, 0, 0.0, 0, 512, 512, m.link)
        for m in layer
    ]
    nobody = Digest.of(b"")
    return LayerIndex(nobody, 0, nobody, 0, "none", entries, {})


class _Case(NamedTuple):
    tars: list[bytes]
    options: BuildOptions
    compression: str


_CASES = st.builds(
    _Case,
    _LAYERS.map(_mergeable).map(lambda layers: [make_tar(*layer) for layer in layers]),
    _OPTIONS,
    st.sampled_from(["gzip", "none", "zstd"]),
)


def _check(case: _Case, check: Callable[[Result], None]) -> None:
    with tempfile.TemporaryDirectory() as name:
        image = memory_of(image_of(case.tars, compression=case.compression))
        with rebuilt(image, Path(name), case.options, quiet=True) as result:
            check(result)


@settings(max_examples=250, deadline=None)
@given(_CASES)
def test_what_is_left_is_what_there_was_without_what_was_dropped(case: _Case) -> None:
    def check(result: Result) -> None:
        expected = view_of(result.before)
        for path in result.dropped:
            del expected[path]
        with result.after(quiet=True) as after:
            assert view_of(after) == expected
            assert groups_of(after) == groups_of(result.before, result.dropped)
            assert not after.subject.filesystem.hidden

    _check(case, check)


@settings(max_examples=100, deadline=None)
@given(_CASES)
def test_layers_history_and_ledger_account_for_each_other(case: _Case) -> None:
    def check(result: Result) -> None:
        image = result.outcome.image
        assert image is not None
        told = [entry for entry in result.config["history"] if not entry.get("empty_layer")]
        assert len(told) == len(result.manifest["layers"]) == len(image.layers)
        assert result.config["rootfs"]["diff_ids"] == [str(layer.diff_id) for layer in image.layers]
        before = result.before.subject.image.layers
        for layer in image.layers:
            if layer.blob is None and layer.origin is not None:
                assert layer.descriptor == before[layer.origin].descriptor
        _check_ledger(result)

    _check(case, check)


def _check_ledger(result: Result) -> None:
    """Each entry that goes is one line, and the lines' bytes are those the image lost."""
    plan, subject = result.outcome.plan, result.before.subject
    edits = edit_layers(
        subject.filesystem, subject.indexes, result.build._decisions, plan, result.before.reader
    )
    dropped = {
        (layer, number)
        for layer, changes in enumerate(edits.by_layer)
        for number, edit in changes.items()
        if isinstance(edit, Drop) and not is_whiteout(subject.indexes[layer].entries[number].path)
    }
    lines = [(line.layer, line.number) for line in plan.removals if line.number >= 0]
    assert sorted(lines) == sorted(dropped)
    with result.after(quiet=True) as after:
        assert _size(subject) - plan.removed_bytes == _size(after.subject)


def _size(subject: Subject) -> int:
    return sum(
        entry.size
        for index in subject.indexes
        for entry in index.entries
        if entry.kind is Kind.FILE and not is_whiteout(entry.path)
    )


@settings(max_examples=100, deadline=None)
@given(_CASES)
def test_what_was_foreseen_is_what_comes(case: _Case) -> None:
    def check(result: Result) -> None:
        with result.after(quiet=True) as after:
            foreseen = result.outcome.after.filesystem
            found = after.subject.filesystem
            assert _shape(foreseen) == _shape(found)

    _check(case, check)


def _shape(filesystem: Filesystem) -> dict[str, tuple[object, ...]]:
    return {
        node.path: (str(node.kind), node.inode.mode, node.inode.uid, node.size, node.inode.link)
        for node in filesystem.walk()
        if not node.is_directory
    }


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
@pytest.mark.parametrize("squash", [False, True])
def test_two_runs_give_the_same_bytes(tmp_path: Path, compression: str, squash: bool) -> None:
    layers = [
        {"etc/passwd": b"root:x:0:0::/root:/bin/sh\n", "big": bytes(range(256)) * 9000},
        {"usr/share/doc/tool/README": b"read me", "srv/a": b"a" * 3_000_000},
    ]
    image = memory_of(image_of(layers))
    options = BuildOptions("safe", squash=squash, compression=compression)
    blobs = []
    for name in ("one", "two"):
        work_dir = tmp_path / name
        work_dir.mkdir()
        with rebuilt(image, work_dir, options) as result:
            blobs.append(result.blobs)
    assert blobs[0] == blobs[1]
    assert len(blobs[0]) == (3 if squash else 5)


def test_a_layer_without_a_change_keeps_its_blob(tmp_path: Path) -> None:
    layers = [{"srv/base": b"base"}, {"srv/gone": b"x"}, {"srv/.wh.nothing": b""}]
    options = replace(PLAIN, drop=("srv/gone",))
    with built(tmp_path, *layers, options=options) as result:
        before = [str(layer.descriptor.digest) for layer in result.before.subject.image.layers]
        after = [layer["digest"] for layer in result.manifest["layers"]]
        # The second held nothing else, so it is no layer any more.
        assert after == [before[0], before[2]]
        assert [e.get("empty_layer", False) for e in result.config["history"]] == [0, 1, 0]


def test_nothing_that_whiteouts_delete_comes_back(tmp_path: Path) -> None:
    layers = [
        make_tar(folder("a"), Member("a/x", data=b"1"), Member("a/y", data=b"2"), folder("b")),
        make_tar(whiteout("a/x"), opaque("b"), Member("a/gone")),
        make_tar(Member("a/z", data=b"4")),
    ]
    options = replace(PLAIN, drop=("a/gone",))
    with built(tmp_path, *layers, options=options) as result, result.after() as after:
        assert sorted(view_of(after)) == ["a", "a/y", "a/z", "b"]
        assert b".wh." not in result.everything


def test_a_folder_that_is_dropped_is_not_brought_back_by_an_old_whiteout(tmp_path: Path) -> None:
    layers = [
        make_tar(folder("a"), folder("a/b"), Member("a/b/x")),
        make_tar(whiteout("a/b/x")),
        make_tar(Member("c")),
    ]
    with built(tmp_path, *layers, options=replace(PLAIN, drop=("a/b",))) as result:
        assert b".wh." not in result.everything


def test_a_build_of_a_build_finds_nothing_more(tmp_path: Path) -> None:
    layers = [{"usr/share/doc/tool/README": b"x", "srv/a": b"a"}, {"srv/b": b"b"}]
    with built(tmp_path, *layers, options=BuildOptions("safe")) as first:
        again = tmp_path / "again"
        again.mkdir()
        with rebuilt(first.out, again, BuildOptions("safe")) as second:
            assert second.outcome.plan.removals == ()
            assert second.manifest["layers"] == first.manifest["layers"]
            assert replace(second.outcome.plan.user, reason="") == replace(
                first.outcome.plan.user, reason="", changed=False
            )
