"""EXPOSE of ports that need privilege, and of services that have no place in a container."""

import re
from collections.abc import Iterator, Mapping

from slimmer.detect.interface import Detector, Finding, Subject
from slimmer.detect.policy import check

FIRST_UNPRIVILEGED = 1024
_PORT = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?(?:/(tcp|udp|sctp))?", re.IGNORECASE)

# Remote administration and debuggers (IANA's registry and the tools' own defaults).
_SENSITIVE: Mapping[int, str] = {
    21: "FTP",
    22: "SSH",
    23: "Telnet",
    512: "rexec",
    513: "rlogin",
    514: "rsh",
    2375: "the Docker API without TLS",
    2376: "the Docker API",
    3389: "remote desktop",
    5005: "the Java debugger",
    5678: "debugpy",
    5900: "VNC",
    9229: "the Node.js inspector",
    10250: "the kubelet's API",
}


class PortDetector(Detector):
    """One finding for each EXPOSE entry that deserves one."""

    categories = ("port",)

    def detect(self, subject: Subject) -> Iterator[Finding]:
        for text in sorted(subject.image.config.exposed_ports):
            found = _PORT.fullmatch(text)
            if found is None:
                continue
            low = int(found[1])
            high = max(low, int(found[2] or 0))
            services = [name for port, name in _SENSITIVE.items() if low <= port <= high]
            if services and (found[3] or "tcp").lower() == "tcp":
                yield check("port.sensitive").finding(f"Exposes {text}: {services[0]}")
            elif 0 < low < FIRST_UNPRIVILEGED:
                yield check("port.privileged").finding(
                    f"Exposes {text}: below 1024 a user other than root needs NET_BIND_SERVICE or "
                    f"the sysctl net.ipv4.ip_unprivileged_port_start"
                )
