"""What a check of a benchmark needs to mean anything, and facts that stand beside an answer."""

from collections.abc import Callable, Mapping

from slimmer.detect.interface import Subject
from slimmer.detect.tag import tag_of
from slimmer.oci.descriptor import ANNOTATION_BASE_DIGEST, ANNOTATION_BASE_NAME


def _needs_history(subject: Subject) -> str | None:
    return None if subject.image.config.history else "the image has no history"


def _needs_tag(subject: Subject) -> str | None:
    return None if tag_of(subject) else "the image was not asked for by a tag"


def _needs_apk(subject: Subject) -> str | None:
    has_apk = any(package.type == "apk" for package in subject.packages.all)
    return None if has_apk else "no apk packages"


def _needs_accounts(subject: Subject) -> str | None:
    has_passwd = subject.filesystem.resolve("etc/passwd") is not None
    return None if has_passwd else "the image has no /etc/passwd"


def _needs_volumes(subject: Subject) -> str | None:
    return None if subject.image.config.volumes else "the image has no VOLUME"


# Why the check cannot be answered; None when it can.
NEEDS: Mapping[str, Callable[[Subject], str | None]] = {
    "history": _needs_history,
    "tag": _needs_tag,
    "apk": _needs_apk,
    "accounts": _needs_accounts,
    "volumes": _needs_volumes,
}

# Without history nobody knows; the other things are simply not there.
NOT_CHECKED = frozenset(("history",))


def _base(subject: Subject) -> str:
    image = subject.image
    for said in (image.manifest.annotations, image.config.labels):
        name, digest = said.get(ANNOTATION_BASE_NAME, ""), said.get(ANNOTATION_BASE_DIGEST, "")
        if name or digest:
            return "it says that its base is " + "@".join(filter(None, (name, digest)))
    return "it does not say what its base is"


def _created(subject: Subject) -> str:
    created = subject.image.config.created
    return f"it says that it was made {created}" if created else "it does not say when it was made"


def _digest(_: Subject) -> str:
    return "every byte fits its digest"


def _packages(subject: Subject) -> str:
    count = len(subject.packages.all)
    return f"{count:,} package{'' if count == 1 else 's'} would have to be compared with one"


SAYS: Mapping[str, Callable[[Subject], str]] = {
    "base": _base,
    "created": _created,
    "digest": _digest,
    "packages": _packages,
}
