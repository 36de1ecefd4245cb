"""Which layers of an image are those of the image it was built on."""

from slimmer.errors import InputError, UsageError
from slimmer.image.image import Image
from slimmer.image.open import open_image
from slimmer.oci.descriptor import ANNOTATION_BASE_NAME
from slimmer.store.locate import StoreOptions, open_source

AUTO = "auto"


def count_base_layers(image: Image, base: str, options: StoreOptions) -> int:
    """How many of the image's lowest layers are the image `base`'s, a reference; `auto` is the one
    that the image's annotations name. Reads the base's documents and none of its layers.

    Raises `InputError` where the image was not built on it.
    """
    reference = _annotated(image) if base == AUTO else base
    with open_source(reference, options) as source:
        layers = open_image(source, image.config.platform, options.limits).layers
    below = [layer.diff_id for layer in layers]
    if not below or [layer.diff_id for layer in image.layers[: len(below)]] != below:
        raise InputError(
            "the image was not built on that base: its lowest layers are others",
            where=reference,
            hint="give the very image it was built on, by digest where the tag has moved",
        )
    return len(below)


def _annotated(image: Image) -> str:
    name = image.manifest.annotations.get(ANNOTATION_BASE_NAME, "")
    if not name:
        raise UsageError(
            f"the image has no annotation {ANNOTATION_BASE_NAME}", hint="name it: --base REF"
        )
    return name
