"""References: the forms of containers-transports(5), round trips, and errors a person can use."""

from contextlib import suppress

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from slimmer.errors import UsageError
from slimmer.oci.platform import Platform
from slimmer.oci.reference import (
    DockerArchiveReference,
    LayoutReference,
    OciArchiveReference,
    PathReference,
    Reference,
    RegistryReference,
    parse_reference,
)

DIGEST = "sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("alpine", "docker.io/library/alpine"),
        ("alpine:3.22", "docker.io/library/alpine:3.22"),
        ("docker.io/alpine", "docker.io/library/alpine"),
        ("index.docker.io/user/app", "docker.io/user/app"),
        ("user/app:1", "docker.io/user/app:1"),
        ("docker://quay.io/a/b:c", "quay.io/a/b:c"),
        ("localhost/app", "localhost/app"),
        ("localhost:5000/app:t", "localhost:5000/app:t"),
        ("[::1]:5000/app", "[::1]:5000/app"),
        (f"registry.example/a/b__c/d-e.f@{DIGEST}", f"registry.example/a/b__c/d-e.f@{DIGEST}"),
        (f"a.example/b:tag@{DIGEST}", f"a.example/b:tag@{DIGEST}"),
    ],
)
def test_registry_references(text: str, full: str) -> None:
    reference = parse_reference(text)
    assert isinstance(reference, RegistryReference)
    assert str(reference) == full


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("oci:dir", LayoutReference("dir")),
        ("oci:dir:tag", LayoutReference("dir", "tag")),
        ("oci:/a/b:x/y:z", LayoutReference("/a/b", "x/y:z")),
        (f"oci:dir@{DIGEST}", LayoutReference("dir", DIGEST)),
        (f"oci:dir:{DIGEST}", LayoutReference("dir", DIGEST)),
        (f"oci:dir:name@{DIGEST}", LayoutReference("dir", f"name@{DIGEST}")),
        ("oci-archive:a.tar", OciArchiveReference("a.tar")),
        ("docker-archive:a.tar:app:1", DockerArchiveReference("a.tar", "app:1")),
        ("./dir", PathReference("./dir")),
        ("/abs/x.tar", PathReference("/abs/x.tar")),
        ("..", PathReference("..")),
    ],
)
def test_file_references(text: str, expected: object) -> None:
    assert parse_reference(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "@",
        "oci:",
        "oci::ref",
        "Upper/case",
        "app:",
        "app:bad tag",
        f"app:{'t' * 129}",
        "app@sha256:short",
        "app@",
        "a.example/",
        "a..b/c",
        "-bad.example/app",
        "host:port/app",
        f"a.example/{'x' * 256}",
        "docker-daemon:app",
        "containers-storage:app",
        "docker://",
        "app\n",
        "app/../etc",
        f"{'a' * 100_000}-/x",
        f"{'a-' * 100_000}.x/y",
    ],
    ids=lambda text: text[:24],
)
def test_wrong_references_are_usage_errors(text: str) -> None:
    with pytest.raises(UsageError):
        parse_reference(text)


_PIECES = st.sampled_from(
    [
        *("oci:", "docker://", "docker-archive:", ":", "@", "/", ".", "..", "-", "a", "B", "0"),
        *(DIGEST, "localhost", "[::1]", "\n", "\0", "é", "sha256:", "tag", "a.b"),
    ]
)


@given(st.lists(_PIECES, max_size=8).map("".join) | st.text())
def test_any_text_is_a_reference_or_a_usage_error(text: str) -> None:
    with suppress(UsageError):
        reference = parse_reference(text)
        if not isinstance(reference, PathReference):
            assert _parse_again(reference) == reference


def _parse_again(reference: Reference) -> Reference:
    try:
        return parse_reference(str(reference))
    except UsageError as error:
        raise AssertionError(f"{reference} does not parse") from error


_COMPONENT = st.from_regex(r"[a-z0-9]{1,5}((\.|_|__|-{1,3})[a-z0-9]{1,4}){0,2}", fullmatch=True)


@given(
    host=st.from_regex(r"[a-z]{1,5}\.[a-z]{2,3}(:[0-9]{1,5})?", fullmatch=True),
    repository=st.lists(_COMPONENT, min_size=1, max_size=4).map("/".join),
    tag=st.none() | st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}", fullmatch=True),
    digest=st.none() | st.just(DIGEST),
)
def test_registry_grammar_round_trips(
    host: str, repository: str, tag: str | None, digest: str | None
) -> None:
    assume("docker.io" not in host)
    text = f"{host}/{repository}" + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
    reference = parse_reference(text)
    assert isinstance(reference, RegistryReference)
    assert (reference.host, reference.repository) == (host, repository)
    assert (reference.tag, reference.digest) == (tag, digest)
    assert str(reference) == text
    assert reference.wanted == (digest or tag or "latest")


class TestPlatform:
    @pytest.mark.parametrize("text", ["", "linux", "linux/", "/amd64", "a/b/c/d", "linux//v8"])
    def test_wrong_platforms_are_usage_errors(self, text: str) -> None:
        with pytest.raises(UsageError):
            Platform.parse(text)

    @pytest.mark.parametrize(
        ("mine", "wanted", "fits"),
        [
            ("linux/amd64", "linux/amd64", True),
            ("linux/arm64", "linux/arm64/v8", True),
            ("linux/arm64/v8", "linux/arm64", True),
            ("linux/arm/v6", "linux/arm/v7", False),
            ("linux/arm", "linux/arm/v7", True),
            ("linux/arm/v6", "linux/arm", True),
            ("windows/amd64", "linux/amd64", False),
            ("linux/amd64/v3", "linux/amd64/v2", False),
        ],
    )
    def test_matches(self, mine: str, wanted: str, fits: bool) -> None:
        assert Platform.parse(mine).matches(Platform.parse(wanted)) is fits

    @given(st.text())
    def test_any_text_is_a_platform_or_a_usage_error(self, text: str) -> None:
        with suppress(UsageError):
            assert str(Platform.parse(text)) == text


@pytest.mark.parametrize("text", ["oci:a(@sha256@sha256:", "oci:a@sha256:short", "oci:a@b:c@d"])
def test_a_path_with_half_a_digest_is_printed_as_it_is_read(text: str) -> None:
    found = parse_reference(text)
    assert parse_reference(str(found)) == found
