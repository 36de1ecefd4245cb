"""Files that carry capabilities of their own."""

from collections.abc import Iterator

from slimmer.detect.file_capabilities import (
    FileCapabilities,
    capability_name,
    capability_severity,
    parse_capabilities,
)
from slimmer.detect.interface import Detector, Finding, Severity, Subject
from slimmer.detect.policy import SeverityName, check
from slimmer.detect.survey import CAPABILITY_XATTR
from slimmer.detect.words import listed
from slimmer.errors import FormatError
from slimmer.filesystem.tree import Inode


class CapabilityDetector(Detector):
    """Each file with a `security.capability` attribute, once for all its hard links."""

    categories = ("capabilities",)

    def detect(self, subject: Subject) -> Iterator[Finding]:
        seen: set[int] = set()
        for node in subject.survey.capable:
            inode = node.inode
            if id(inode) in seen:
                continue
            seen.add(id(inode))
            finding = _finding(node.path, inode)
            if finding is not None:
                yield finding


def _finding(path: str, inode: Inode) -> Finding | None:
    assert inode.entry is not None
    try:
        found = parse_capabilities(inode.entry.xattrs[CAPABILITY_XATTR])
    except FormatError as error:
        message = f"Its security.capability attribute cannot be read: {error.what}"
        return check("capabilities.unreadable").finding(message, path=path, layer=inode.layer)
    numbers = sorted({*found.permitted, *found.inheritable})
    if not numbers:
        return None
    return check("capabilities.file").finding(
        _message(found, [capability_name(number) for number in numbers]),
        path=path,
        layer=inode.layer,
        size=inode.size,
        severity=_worst(numbers),
    )


def _message(found: FileCapabilities, names: list[str]) -> str:
    how = "has" if found.effective else "may take" if found.permitted else "may inherit"
    where = f" in the namespace of uid {found.root_uid}" if found.root_uid else ""
    return f"Whoever starts it, it {how} {listed(names)}{where}"


def _worst(numbers: list[int]) -> SeverityName:
    return max((capability_severity(n) for n in numbers), key=lambda name: Severity[name.upper()])
