"""How much smaller the real images become; runs after test_build.py, whose table it reads."""

import pytest
from harness import images, summary

# Times smaller, compressed, as the geometric mean over all images. Half of them are made of what no
# evidence can take apart: a JVM, codecs, the compiler behind a database's JIT, ICU's tables.
BARS = {"package": 4.0, "file": 7.0}
# The kinds of image that dynamic slimmers are compared on.
COMPARED = ("flask", "jdk", "nginx", "node", "numpy", "postgres", "redis", "static")
COMPARED_BARS = {"package": 4.0, "file": 10.0}


@pytest.mark.parametrize("profile", BARS)
def test_the_corpus_becomes_smaller_by_the_bar(profile: str, table: list[summary.Row]) -> None:
    built = {row.image for row in table if row.profile == profile}
    if images.chosen() or built != set(images.names()):
        pytest.skip("not every image was built in this run")
    good = summary.working(table, profile)
    assert {row.image for row in good} == built, "an output that does not work has no size"
    assert summary.mean(good) >= BARS[profile]
    compared = [row for row in good if row.image in COMPARED]
    assert summary.mean(compared) >= COMPARED_BARS[profile]
