"""VOLUME of folders and sockets that are the host's own."""

import posixpath
from collections.abc import Iterator

from slimmer.detect.interface import Detector, Finding, Subject
from slimmer.detect.policy import check
from slimmer.detect.words import shown

# Whole, as CIS Docker 5.5 lists them; of the first three also what is in them.
_KERNEL = ("/dev", "/proc", "/sys")
_FOLDERS = frozenset(("/", "/boot", "/etc", "/lib", "/usr", *_KERNEL))
# A memory file system of the container's own.
_HARMLESS = ("/dev/shm", "/dev/mqueue")
_SOCKETS = ("docker.sock", "containerd.sock", "crio.sock", "podman.sock")


class VolumeDetector(Detector):
    """One finding for each volume that asks for a part of the host."""

    categories = ("volume",)

    def detect(self, subject: Subject) -> Iterator[Finding]:
        for volume in sorted(subject.image.config.volumes):
            path = posixpath.normpath("/" + volume.lstrip("/"))
            if path.endswith(_SOCKETS):
                message = f"VOLUME {shown(volume)}: the engine's socket"
                yield check("volume.socket").finding(message)
            elif _is_sensitive(path):
                message = f"VOLUME {shown(volume)}: a system folder"
                yield check("volume.sensitive").finding(message)


def _is_sensitive(path: str) -> bool:
    if path.startswith(_HARMLESS):
        return False
    return path in _FOLDERS or path.startswith(tuple(f"{folder}/" for folder in _KERNEL))
