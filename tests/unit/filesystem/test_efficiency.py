"""What layers store and what of it is in view."""

import pytest
from support.layers import Hardlink, Layer, Symlink, index_of

from slimmer.filesystem.efficiency import MOST_LISTED, Efficiency, measure
from slimmer.filesystem.merge import merge
from slimmer.image.facts import LEAST_CHECKED

BIG = b"A" * LEAST_CHECKED
OTHER = b"B" * LEAST_CHECKED


def measured(*layers: Layer) -> Efficiency:
    indexes = [index_of(layer) for layer in layers]
    return measure(merge(indexes), indexes)


@pytest.mark.parametrize(
    ("layers", "stored", "seen"),
    [
        ([{}], 0, 0),
        ([{"a": b"12345"}], 5, 5),
        ([{"a": b"12345", "b": Hardlink("a"), "c": Symlink("a")}], 5, 5),
        ([{"a": b"12345"}, {".wh.a": b""}], 5, 0),
        ([{"a": b"12345"}, {"a": b"123"}], 8, 3),
        ([{"a": b"12345", "b": Hardlink("a")}, {".wh.a": b""}], 5, 5),
        ([{"d/a": b"1", "d/b": b"2"}, {"d/.wh..wh..opq": b"", "d/c": b"3"}], 3, 1),
        ([{"a": b"1"}, {".wh.a": b""}, {"a": b"1"}], 2, 1),
    ],
)
def test_bytes(layers: list[Layer], stored: int, seen: int) -> None:
    efficiency = measured(*layers)
    assert (efficiency.stored, efficiency.seen) == (stored, seen)
    assert efficiency.wasted == stored - seen
    assert efficiency.score == (seen / stored if stored else 1.0)
    assert sum(layer.wasted for layer in efficiency.layers) == efficiency.wasted


def test_waste_counts_for_the_layer_that_stores_it() -> None:
    efficiency = measured({"a": b"12345", "b": b"1"}, {"a": b"123"})
    assert [(use.stored, use.seen, use.wasted) for use in efficiency.layers] == [
        (6, 1, 5),
        (3, 3, 0),
    ]


def test_one_blob_as_two_layers_is_stored_twice() -> None:
    index = index_of({"a": b"12345"})
    efficiency = measure(merge([index, index]), [index, index])
    assert [(use.stored, use.seen) for use in efficiency.layers] == [(5, 0), (5, 5)]


def test_duplicates_of_other_layers() -> None:
    efficiency = measured(
        {"a": BIG, "same/layer": OTHER, "same/again": OTHER}, {"b": BIG, "c": b"small"}, {"a": BIG}
    )
    (duplicate,) = efficiency.duplicates
    assert [(file.path, file.layer, file.in_view) for file in duplicate.files] == [
        ("a", 0, False),
        ("b", 1, True),
        ("a", 2, True),
    ]
    assert duplicate.wasted == efficiency.duplicate_bytes == 2 * LEAST_CHECKED


def test_same_size_is_not_the_same() -> None:
    assert measured({"a": BIG}, {"b": OTHER}).duplicates == ()


def test_small_files_are_not_compared() -> None:
    assert measured({"a": BIG[1:]}, {"b": BIG[1:]}).duplicates == ()


def test_what_wastes_most_comes_first() -> None:
    layers = ({"a": OTHER, "b": BIG * 2}, {"c": OTHER, "d": BIG * 2})
    assert [d.files[0].path for d in measured(*layers).duplicates] == ["b", "a"]


def test_biggest_files() -> None:
    layer = {f"f{number:03}": b"x" * number for number in range(MOST_LISTED + 5)}
    biggest = measured(layer, {"f010": b"", "g": b"x" * 30}).biggest
    assert len(biggest) == MOST_LISTED
    assert [file.size for file in biggest] == sorted((f.size for f in biggest), reverse=True)
    # Of the same size the lower layer comes first.
    assert [file.path for file in biggest if file.size == 30] == ["f030", "g"]
    assert [file.in_view for file in biggest if file.path == "f010"] == [False]
