"""Descriptors, digests, manifests, indexes and configs: each MUST of the image-spec by name."""

import base64
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.images import (
    CONFIG_TYPE,
    INDEX_TYPE,
    LAYER_TYPE,
    MANIFEST_TYPE,
    bent,
    dump,
    image,
    index,
    platform,
    sha256,
)

from slimmer.errors import FormatError, SlimError
from slimmer.oci.config import ImageConfig
from slimmer.oci.descriptor import Descriptor
from slimmer.oci.digest import Digest
from slimmer.oci.fields import Fields
from slimmer.oci.manifest import Index, Manifest, parse_document

HEX = "0123456789abcdef" * 4
EMPTY = "application/vnd.oci.empty.v1+json"


def descriptor(**changes: Any) -> Descriptor:
    document = {"mediaType": LAYER_TYPE, "digest": sha256(b"abc"), "size": 3}
    return Descriptor.from_fields(Fields(bent(document, **changes), "here"))


def manifest_of(**changes: Any) -> Manifest:
    document = parse_document(dump(bent(image(b"layer").manifest, **changes)), None, "here")
    assert isinstance(document, Manifest)
    return document


def config_of(**changes: Any) -> ImageConfig:
    return ImageConfig.parse(dump(bent(image(b"layer").config, **changes)), "here")


class TestDigest:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "sha256",
            "sha256:",
            f"sha256:{HEX[:-1]}",
            f"sha256:{HEX}0",
            f"sha256:{HEX.upper()}",
            f"sha256:{HEX}\n",
            f"\nsha256:{HEX}",
            f"SHA256:{HEX}",
            f"md5:{HEX[:32]}",
            f"sha512:{HEX}",
            "sha256:../../../../etc/passwd",
            f"sha256:{HEX[:-3]}/..",
            f"sha256:{HEX[:-1]}\N{ARABIC-INDIC DIGIT ONE}",
            f"sha256:{HEX}:{HEX}",
        ],
    )
    def test_anything_but_the_grammar_is_refused_before_a_path_is_made(self, text: str) -> None:
        """CVE-2024-3727."""
        with pytest.raises(FormatError, match="not a digest"):
            Digest(text)

    def test_sha256_and_sha512_are_computed(self) -> None:
        for text in (f"sha256:{HEX}", f"sha512:{HEX * 2}"):
            digest = Digest(text)
            assert f"{digest.algorithm}:{digest.encoded}" == text
            assert Digest.from_hasher(digest.hasher()).algorithm == digest.algorithm

    @given(st.binary(max_size=64))
    def test_of_is_the_hash_of_the_bytes(self, data: bytes) -> None:
        assert Digest.of(data) == sha256(data)


class TestDescriptor:
    @pytest.mark.parametrize("size", [-1, "3", 3.0, True, None, 1 << 63])
    def test_size_is_a_whole_number_not_below_zero(self, size: object) -> None:
        with pytest.raises(FormatError, match="size"):
            descriptor(size=size)

    @pytest.mark.parametrize("name", ["mediaType", "digest", "size"])
    def test_required_fields(self, name: str) -> None:
        with pytest.raises(FormatError, match=name):
            descriptor(**{name: ...})

    def test_data_is_base64_of_exactly_the_content(self) -> None:
        assert descriptor(data=base64.b64encode(b"abc").decode()).data == b"abc"

    @pytest.mark.parametrize("data", ["YWJk", "YWJjZA==", "YWJ", "!!!!", "YWJj\n"])
    def test_data_that_is_not_the_content_is_refused(self, data: str) -> None:
        with pytest.raises(FormatError, match="data"):
            descriptor(data=data)

    def test_annotations_map_strings_to_strings(self) -> None:
        assert descriptor(annotations={"a.b": "c"}).annotations == {"a.b": "c"}
        with pytest.raises(FormatError, match="annotations"):
            descriptor(annotations={"a": 1})

    def test_unknown_fields_survive(self) -> None:
        assert descriptor(**{"org.example": [1]}).to_json()["org.example"] == [1]

    def test_platform_must_be_an_object_with_os_and_architecture(self) -> None:
        assert str(descriptor(platform=platform("arm64", variant="v8")).platform) == (
            "linux/arm64/v8"
        )
        for wrong in ("linux/amd64", {"os": "linux"}, {"architecture": "amd64"}):
            with pytest.raises(FormatError, match=r"platform|os|architecture"):
                descriptor(platform=wrong)

    def test_a_field_in_other_case_is_refused(self) -> None:
        with pytest.raises(FormatError, match="spelled"):
            descriptor(Digest=sha256(b"other"))


class TestManifest:
    def test_bytes_are_kept_as_they_came(self) -> None:
        raw = json.dumps(image(b"layer").manifest, indent=7).encode()
        document = parse_document(raw, MANIFEST_TYPE, "here")
        assert isinstance(document, Manifest)
        assert (document.raw, document.digest) == (raw, sha256(raw))

    @pytest.mark.parametrize("version", [1, "2", None, 2.0, ...])
    def test_schema_version_must_be_2(self, version: object) -> None:
        with pytest.raises(FormatError, match="schemaVersion"):
            manifest_of(schemaVersion=version)

    def test_media_type_must_be_the_one_asked_for(self) -> None:
        """CVE-2021-41190."""
        with pytest.raises(FormatError, match="sent as"):
            parse_document(dump(image(b"layer").manifest), INDEX_TYPE, "here")

    def test_media_type_may_be_left_out(self) -> None:
        raw = dump(bent(image(b"layer").manifest, mediaType=...))
        assert isinstance(parse_document(raw, MANIFEST_TYPE, "here"), Manifest)
        assert isinstance(parse_document(raw, None, "here"), Manifest)

    @pytest.mark.parametrize("media_type", [MANIFEST_TYPE, INDEX_TYPE, None])
    def test_layers_and_manifests_together_are_refused(self, media_type: str | None) -> None:
        """CVE-2021-41190: one document that two readers read as two things."""
        said = {"mediaType": media_type} if media_type else {}
        document = {**bent(image(b"layer").manifest, mediaType=...), **said, "manifests": []}
        with pytest.raises(FormatError, match="has both"):
            parse_document(dump(document), media_type, "here")

    @pytest.mark.parametrize("name", ["config", "layers"])
    def test_required_fields(self, name: str) -> None:
        with pytest.raises(FormatError, match=name):
            manifest_of(**{name: ...})

    def test_docker_schema_1_is_refused_with_advice(self) -> None:
        raw = dump({"schemaVersion": 1, "name": "a", "fsLayers": [], "history": []})
        with pytest.raises(FormatError, match="push the image again"):
            parse_document(raw, None, "here")

    def test_edited_keeps_unknown_fields_and_drops_the_subject(self) -> None:
        subject = {"mediaType": MANIFEST_TYPE, "digest": sha256(b"x"), "size": 1}
        old = manifest_of(subject=subject, **{"org.example": {"kept": True}})
        new = old.edited(config=old.config, layers=old.layers, annotations={})
        document = json.loads(new.raw)
        assert document["org.example"] == {"kept": True}
        assert "subject" not in document

    def test_other_documents_are_said_not_to_be_images(self) -> None:
        for raw in (b"{}", b'{"schemaVersion":2}', b"[]", b"null", b'"text"', b"1"):
            with pytest.raises(FormatError):
                parse_document(raw, None, "here")


class TestIndex:
    def test_unknown_media_types_do_not_fail(self) -> None:
        entry = {"mediaType": "application/x-new", "digest": sha256(b""), "size": 0}
        document = parse_document(dump(index(entry)), INDEX_TYPE, "here")
        assert isinstance(document, Index)
        assert document.manifests[0].media_type == "application/x-new"

    @pytest.mark.parametrize("manifests", [None, {}, "x", [1], [None], ...])
    def test_manifests_is_a_list_of_descriptors(self, manifests: object) -> None:
        with pytest.raises(FormatError):
            parse_document(dump(bent(index(), manifests=manifests)), INDEX_TYPE, "here")


class TestConfig:
    @pytest.mark.parametrize("kind", ["blobs", "", None, 1, ...])
    def test_unknown_rootfs_type_is_an_error(self, kind: object) -> None:
        with pytest.raises(FormatError, match="type"):
            config_of(rootfs=bent({"type": "layers", "diff_ids": []}, type=kind))

    def test_extra_fields_are_none(self) -> None:
        config = config_of(**{"moby.buildkit.buildinfo.v1": "x"})
        assert config.document["moby.buildkit.buildinfo.v1"] == "x"

    def test_optional_fields_may_be_null_or_missing(self) -> None:
        empty = dict.fromkeys(("Env", "Cmd", "Entrypoint", "Volumes", "Labels", "User"))
        for config in (config_of(config=empty, history=None), config_of(config=..., history=...)):
            assert (config.env, config.cmd, config.history, config.user) == ((), (), (), "")

    def test_edited_changes_only_what_was_named(self) -> None:
        config = config_of(config={"Cmd": ["a"], "Env": ["A=1"], "X-Own": 1}, own=[None])
        edited = config.edited(run={"User": "1000"})
        assert json.loads(edited.raw) == {
            **json.loads(config.raw),
            "config": {"Cmd": ["a"], "Env": ["A=1"], "X-Own": 1, "User": "1000"},
        }
        assert config.user == ""

    def test_history_aligns_by_its_non_empty_entries(self) -> None:
        entries = [{"created_by": "a"}, {"empty_layer": True}, {"created_by": "b"}]
        told = config_of(history=entries).layer_history(3)
        assert [entry and entry.created_by for entry in told] == ["a", "b", None]

    def test_names_in_other_case_are_refused(self) -> None:
        wrong: list[dict[str, Any]] = [{"OS": "x"}, {"RootFS": {}}, {"config": {"env": ["A=1"]}}]
        for changes in wrong:
            with pytest.raises(FormatError, match="spelled"):
                config_of(**changes)

    def test_shell_form_as_one_string(self) -> None:
        assert config_of(config={"Cmd": "run me"}).cmd == ("/bin/sh", "-c", "run me")

    def test_health_check_forms(self) -> None:
        for test, disabled, shell in (
            (["NONE"], True, False),
            (["CMD-SHELL", "x"], False, True),
            (["CMD", "x"], False, False),
        ):
            check = config_of(config={"Healthcheck": {"Test": test}}).healthcheck
            assert check is not None
            assert (check.disabled, check.shell_form) == (disabled, shell)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(st.data())
def test_bent_documents_never_raise_anything_but_slim_errors(data: st.DataObject) -> None:
    built = image(b"layer")
    document = data.draw(st.sampled_from([built.manifest, built.config, index(built.descriptor())]))
    name = data.draw(st.sampled_from([*document, "platform", "annotations", "subject"]))
    document = {**document, name: data.draw(_JSON)}
    for parse in (
        lambda: parse_document(dump(document), None, "here"),
        lambda: ImageConfig.parse(dump(document), "here"),
        lambda: Descriptor.from_fields(Fields(document, "here")),
    ):
        with suppress(SlimError):
            parse()


def test_types_named_in_the_builders_are_the_specs() -> None:
    """The builders spell media types by themselves; this keeps the two lists from drifting."""
    from slimmer.oci import media_types

    assert (MANIFEST_TYPE, INDEX_TYPE) == (media_types.OCI_MANIFEST, media_types.OCI_INDEX)
    assert (CONFIG_TYPE, LAYER_TYPE) == (media_types.OCI_CONFIG, media_types.OCI_LAYER)
    assert media_types.OCI_EMPTY == EMPTY
