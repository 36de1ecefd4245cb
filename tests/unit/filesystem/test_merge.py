"""Applying layers (image-spec layer.md): each rule by name, out of real tars."""

import tempfile
from pathlib import Path

import pytest
from support.images import image, layout
from support.opened import Opened, listing, open_everything
from support.tars import (
    Member,
    file,
    folder,
    hardlink,
    make_tar,
    opaque,
    symlink,
    whiteout,
)

from slimmer.errors import FormatError, LimitError
from slimmer.limits import Limits

Layer = list[Member]


def opened(*layers: Layer, limits: Limits | None = None) -> Opened:
    built = image(*(make_tar(*members) for members in layers))
    with tempfile.TemporaryDirectory() as name:
        reference = layout(Path(name, "image"), built)
        return open_everything(reference, Path(name), limits=limits or Limits())


def paths(*layers: Layer) -> set[str]:
    return {node.path for node in opened(*layers).filesystem.walk()}


def refused(*layers: Layer, match: str) -> None:
    with pytest.raises(FormatError, match=match):
        opened(*layers)


class TestWhiteouts:
    def test_hide_files_and_whole_folders(self) -> None:
        lower = [file("a/b/c"), file("a/d")]
        assert paths(lower, [whiteout("a/b")]) == {"a", "a/d"}
        assert paths(lower, [whiteout("a")]) == set()

    def test_hide_lower_layers_only_whatever_their_order(self) -> None:
        for upper in ([file("a"), whiteout("a")], [whiteout("a"), file("a")]):
            assert opened([file("a", b"old")], upper).files == {"a": b""}

    def test_are_hidden_themselves(self) -> None:
        assert paths([whiteout("a"), opaque("b"), opaque("")]) == set()

    def test_opaque_folders_keep_what_the_same_layer_puts_in(self) -> None:
        lower = [folder("a", 0o700), file("a/old"), file("a/deep/old")]
        for upper in ([opaque("a"), file("a/new")], [file("a/new"), opaque("a")]):
            found = opened(lower, upper).filesystem
            assert {node.path for node in found.walk()} == {"a", "a/new"}
            assert found.get("a").inode.mode == 0o700  # type: ignore[union-attr]

    def test_the_root_can_be_opaque(self) -> None:
        assert paths([file("a"), file("b/c")], [opaque(""), file("d")]) == {"d"}

    def test_of_nothing_are_ignored(self) -> None:
        assert paths([file("a")], [whiteout("x/y/z"), opaque("nowhere"), opaque("a")]) == {"a"}

    def test_of_a_link_removes_the_link(self) -> None:
        lower = [file("real/x"), symlink("link", "real")]
        assert paths(lower, [whiteout("link")]) == {"real", "real/x"}

    def test_reach_through_links_of_lower_layers(self) -> None:
        lower = [file("real/x"), file("real/y"), symlink("link", "real")]
        assert paths(lower, [whiteout("link/x")]) == {"link", "real", "real/y"}

    def test_on_a_folder_entry_count_too(self) -> None:
        assert paths([file("a")], [folder(".wh.a")]) == set()

    @pytest.mark.parametrize("name", [".wh.", "a/.wh.", ".wh..", "a/.wh..."])
    def test_without_a_name_are_an_error(self, name: str) -> None:
        refused([file(name)], match="whiteout without a name")

    def test_bookkeeping_of_aufs_is_no_content(self) -> None:
        odd = [file(".wh..wh.aufs"), folder(".wh..wh.plnk"), file(".wh..wh.plnk/1.2"), file("a")]
        assert paths(odd) == {"a"}


class TestReplacing:
    def test_folder_over_folder_replaces_attributes_only(self) -> None:
        found = opened([folder("a", 0o755), file("a/x")], [folder("a", 0o700, 5, 6)])
        assert listing(found.filesystem)["a"][:4] == ("directory", 0o700, 5, 6)
        assert found.files == {"a/x": b""}

    @pytest.mark.parametrize(
        "new", [file("a"), symlink("a", "x"), hardlink("a", "other"), Member("a", b"6")]
    )
    def test_anything_over_a_folder_removes_what_was_in_it(self, new: Member) -> None:
        assert paths([file("other"), file("a/b/c")], [new]) == {"other", "a"}

    def test_a_folder_over_a_link_is_a_new_folder(self) -> None:
        lower = [file("real/x"), symlink("a", "real")]
        assert paths(lower, [folder("a"), file("a/y")]) == {"real", "real/x", "a", "a/y"}

    def test_the_last_of_equal_paths_wins_in_any_spelling(self) -> None:
        same = [file("./x", b"1"), file("/x", b"2"), file("d/../x", b"3"), file("x", b"4")]
        assert opened(same).files["x"] == b"4"

    def test_what_was_replaced_is_remembered(self) -> None:
        found = opened([file("a", b"1"), file("d/b")], [file("a", b"2")], [whiteout("d")])
        hidden = {(item.path, item.layer, item.by_layer) for item in found.filesystem.hidden}
        assert hidden == {("a", 0, 1), ("d/b", 0, 2)}


class TestLinks:
    def test_hard_links_share_one_inode_and_part_when_one_is_replaced(self) -> None:
        lower = [file("a", b"1"), hardlink("b", "a"), hardlink("c", "b")]
        found = opened(lower, [file("b", b"2")])
        assert found.files == {"a": b"1", "b": b"2", "c": b"1"}
        inode = found.filesystem.get("a").inode  # type: ignore[union-attr]
        assert [node.path for node in inode.names] == ["a", "c"]

    def test_hard_links_to_lower_layers_survive_their_target(self) -> None:
        found = opened([file("a", b"1")], [hardlink("b", "a")], [whiteout("a")])
        assert found.files == {"b": b"1"}

    def test_hard_links_to_symlinks_are_the_symlink(self) -> None:
        found = opened([symlink("a", "x"), hardlink("b", "a")]).filesystem
        assert listing(found)["b"][0::5] == ("symlink", "x")

    @pytest.mark.parametrize("target", ["/etc/a", "./etc/a", "etc//a", "link/a", "x/../etc/a"])
    def test_hard_link_targets_are_paths_in_the_image(self, target: str) -> None:
        found = opened([file("etc/a", b"1"), symlink("link", "etc"), hardlink("b", target)])
        assert found.files["b"] == b"1"

    @pytest.mark.parametrize(
        ("target", "match"),
        [
            ("missing", "not there"),
            ("b", "not there"),
            ("d", "to a folder"),
            ("", "not a path"),
            ("../etc/passwd", "out of the image"),
            ("d/../../a", "out of the image"),
        ],
    )
    def test_hard_links_no_runtime_makes_are_refused(self, target: str, match: str) -> None:
        refused([file("a"), folder("d"), hardlink("b", target)], match=match)

    def test_a_hard_link_to_what_the_layer_itself_whites_out_is_refused(self) -> None:
        refused([file("a")], [whiteout("a"), hardlink("b", "a")], match="not there")

    @pytest.mark.parametrize("target", ["/real", "real", "./real/.", "../../../real", "l2"])
    def test_parents_are_followed_inside_the_image(self, target: str) -> None:
        lower = [folder("real"), symlink("l2", "/real"), symlink("link", target)]
        assert paths(lower, [file("link/x")]) == {"real", "real/x", "link", "l2"}

    def test_parents_through_a_dangling_link_are_made_inside_the_image(self) -> None:
        """CVE-2021-29136: never on the host."""
        found = paths([symlink("link", "../../etc/new")], [file("link/x")])
        assert found == {"link", "etc", "etc/new", "etc/new/x"}

    def test_loops_are_refused(self) -> None:
        loop = [symlink("a", "b"), symlink("b", "a")]
        refused(loop, [file("a/x")], match="too many links")

    def test_an_entry_can_take_away_the_link_it_came_through(self) -> None:
        """`a/a` replaces the link `a` itself; what follows finds a file in its way."""
        refused([symlink("a", "/"), file("a/a"), file("a/x")], match="no folder")
        found = paths([symlink("a", "/"), folder("a/a"), file("a/x")])
        assert found == {"a", "a/x"}

    def test_a_file_is_no_folder(self) -> None:
        refused([file("a"), file("a/b")], match="no folder")

    def test_symlinks_no_kernel_takes_are_refused(self) -> None:
        for target in ("", "x" * 4096):
            refused([symlink("a", target)], match="symbolic link")


class TestNames:
    @pytest.mark.parametrize("name", ["../x", "/../x", "a/../../x", ".."])
    def test_a_name_that_leads_out_is_refused(self, name: str) -> None:
        refused([file(name)], match="out of the image")

    @pytest.mark.parametrize("name", [".", "/", "./"])
    def test_the_root_is_a_folder(self, name: str) -> None:
        assert opened([folder(name, 0o700)]).filesystem.root.inode.mode == 0o700
        refused([Member(name, b"2", link="x")], match="root")

    def test_bytes_that_are_not_utf_8_are_kept(self) -> None:
        assert paths([file("a\udcff")]) == {"a\udcff"}

    def test_long_paths_are_refused_even_when_links_add_up(self) -> None:
        deep = "x/" * 1500
        refused([symlink("s", deep), file("s/s2/../" + deep + "y" * 1500)], match="characters")


class TestBombs:
    """Small layers that ask for much: each ends in `LimitError`, early."""

    def test_folders_that_no_entry_names_count(self) -> None:
        layer = [file(f"{number}/" + "d/" * 1000 + "f") for number in range(20)]
        with pytest.raises(LimitError, match="entries"):
            opened(layer, limits=Limits(entries=10_000))
        with pytest.raises(LimitError, match="names"):
            opened(layer, limits=Limits(names=1_000_000))

    def test_links_that_bounce_are_counted(self) -> None:
        layer: Layer = [folder("a"), symlink("s0", "a")]
        layer += [symlink(f"s{n}", "a/../" * 200 + f"s{n - 1}") for n in range(1, 100)]
        layer += [file(f"s{99 - number % 2}/{number}") for number in range(20)]
        with pytest.raises(LimitError, match="lookups"):
            opened(layer, limits=Limits(lookups=100_000))

    def test_entries_of_all_layers_count_together(self) -> None:
        layer = [file(f"f{number}") for number in range(60)]
        with pytest.raises(LimitError, match="entries"):
            opened(layer, [*layer, file("x")], limits=Limits(entries=100))

    def test_many_names_of_one_file_are_removed_in_good_time(self) -> None:
        count = 20_000
        lower = [file("f"), *(hardlink(f"l{number}", "f") for number in range(count))]
        found = opened(lower, [whiteout(f"l{number}") for number in range(count)])
        assert [node.path for node in found.filesystem.walk()] == ["f"]


class TestResolving:
    FILES = opened(
        [
            file("usr/bin/python3.12", b"#!", 0o755),
            symlink("usr/bin/python3", "python3.12"),
            symlink("usr/bin/python", "/usr/bin/python3"),
            symlink("bin", "usr/bin"),
            symlink("up", "../../../bin/python"),
            symlink("loop", "loop"),
            symlink("dangling", "nowhere/x"),
            symlink("usr/root", "/"),
            *(symlink(f"c{number}", f"c{number + 1}") for number in range(41)),
            file("c41"),
        ]
    ).filesystem

    @pytest.mark.parametrize(
        "path",
        [
            "usr/bin/python3.12",
            "/usr/bin/python3.12",
            "bin/python",
            "up",
            "usr/bin/../bin/./python3",
            "../../bin/python",
            "usr/root/bin/python",
        ],
    )
    def test_links_are_followed_inside_the_image(self, path: str) -> None:
        found = self.FILES.resolve(path)
        assert found is not None
        assert found.path == "usr/bin/python3.12"

    @pytest.mark.parametrize(
        "path", ["nope", "loop", "dangling", "usr/bin/python/x", "bin/python3/../python", "c0"]
    )
    def test_what_the_kernel_would_not_find(self, path: str) -> None:
        assert self.FILES.resolve(path) is None

    def test_forty_links_are_followed(self) -> None:
        assert self.FILES.resolve("c1") is self.FILES.get("c41")

    def test_the_last_link_can_be_left_alone(self) -> None:
        found = self.FILES.resolve_parent("bin/python")
        assert found is not None
        assert found.path == "usr/bin/python"

    def test_get_follows_nothing(self) -> None:
        assert self.FILES.get("bin/python") is None
        assert self.FILES.get("") is self.FILES.root
