"""Every detector, in one list, and what they find, in one order."""

from slimmer.detect.bytecode import BytecodeDetector
from slimmer.detect.capabilities import CapabilityDetector
from slimmer.detect.entrypoint import EntrypointDetector
from slimmer.detect.healthcheck import HealthcheckDetector
from slimmer.detect.history import HistoryDetector
from slimmer.detect.interface import Detector, Finding, Subject
from slimmer.detect.permissions import PermissionDetector
from slimmer.detect.places import PlaceDetector
from slimmer.detect.ports import PortDetector
from slimmer.detect.repositories import RepositoryDetector
from slimmer.detect.secrets_in_config import SecretConfigDetector
from slimmer.detect.secrets_in_files import SecretFileDetector
from slimmer.detect.setuid import SetuidDetector
from slimmer.detect.static_libraries import StaticLibraryDetector
from slimmer.detect.tag import TagDetector
from slimmer.detect.tools import ToolDetector
from slimmer.detect.unread import UnreadDetector
from slimmer.detect.user import UserDetector
from slimmer.detect.volumes import VolumeDetector
from slimmer.detect.wasted import WastedSpaceDetector

# Names are stable: reports, gates and baselines use them. The order is that of a report.
CATEGORIES = (
    "secret",
    "user",
    "shell",
    "package-manager",
    "compiler",
    "network-tool",
    "debug-tool",
    "interpreter",
    "setuid",
    "capabilities",
    "permissions",
    "entrypoint",
    "healthcheck",
    "port",
    "volume",
    "tag",
    "history",
    "version-control",
    "cache",
    "log",
    "documentation",
    "wasted-space",
    "unread",
)

DETECTORS: tuple[Detector, ...] = (
    SecretFileDetector(),
    SecretConfigDetector(),
    UserDetector(),
    ToolDetector(),
    StaticLibraryDetector(),
    SetuidDetector(),
    CapabilityDetector(),
    PermissionDetector(),
    EntrypointDetector(),
    HealthcheckDetector(),
    PortDetector(),
    VolumeDetector(),
    TagDetector(),
    HistoryDetector(),
    RepositoryDetector(),
    PlaceDetector(),
    BytecodeDetector(),
    WastedSpaceDetector(),
    UnreadDetector(),
)

_RANK = {name: number for number, name in enumerate(CATEGORIES)}


def detect_all(subject: Subject) -> list[Finding]:
    """Everything all detectors find, worst first; the same image always gives the same list."""
    found = (finding for detector in DETECTORS for finding in detector.detect(subject))
    return sorted(found, key=_order)


def _order(finding: Finding) -> tuple[int, int, str, int, str, str]:
    layer = -1 if finding.layer is None else finding.layer
    rank = _RANK[finding.category]
    return -finding.severity, rank, finding.path or "", layer, finding.id, finding.message
