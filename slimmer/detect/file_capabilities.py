"""The `security.capability` attribute (linux/capability.h, `struct vfs_ns_cap_data`)."""

from dataclasses import dataclass

from slimmer.detect.policy import SeverityName
from slimmer.errors import FormatError

_REVISION_MASK = 0xFF000000
_EFFECTIVE = 0x000001
# Words of each set by revision; revision 3 adds the user id that is root in its namespace.
_WORDS = {0x01000000: 1, 0x02000000: 2, 0x03000000: 2}
_REVISION_3 = 0x03000000

# By number, from linux/capability.h. High: enough to become root or to leave the container.
CAPABILITIES: tuple[tuple[str, SeverityName], ...] = (
    ("cap_chown", "high"),
    ("cap_dac_override", "high"),
    ("cap_dac_read_search", "high"),
    ("cap_fowner", "high"),
    ("cap_fsetid", "medium"),
    ("cap_kill", "medium"),
    ("cap_setgid", "high"),
    ("cap_setuid", "high"),
    ("cap_setpcap", "high"),
    ("cap_linux_immutable", "medium"),
    ("cap_net_bind_service", "low"),
    ("cap_net_broadcast", "low"),
    ("cap_net_admin", "medium"),
    ("cap_net_raw", "medium"),
    ("cap_ipc_lock", "low"),
    ("cap_ipc_owner", "medium"),
    ("cap_sys_module", "high"),
    ("cap_sys_rawio", "high"),
    ("cap_sys_chroot", "medium"),
    ("cap_sys_ptrace", "high"),
    ("cap_sys_pacct", "medium"),
    ("cap_sys_admin", "high"),
    ("cap_sys_boot", "medium"),
    ("cap_sys_nice", "low"),
    ("cap_sys_resource", "medium"),
    ("cap_sys_time", "medium"),
    ("cap_sys_tty_config", "medium"),
    ("cap_mknod", "high"),
    ("cap_lease", "low"),
    ("cap_audit_write", "low"),
    ("cap_audit_control", "medium"),
    ("cap_setfcap", "high"),
    ("cap_mac_override", "high"),
    ("cap_mac_admin", "high"),
    ("cap_syslog", "medium"),
    ("cap_wake_alarm", "low"),
    ("cap_block_suspend", "low"),
    ("cap_audit_read", "medium"),
    ("cap_perfmon", "medium"),
    ("cap_bpf", "high"),
    ("cap_checkpoint_restore", "high"),
)


@dataclass(frozen=True)
class FileCapabilities:
    """Sets of capability numbers. `root_uid` is None but for revision 3."""

    permitted: tuple[int, ...]
    inheritable: tuple[int, ...]
    effective: bool
    root_uid: int | None


def parse_capabilities(data: bytes) -> FileCapabilities:
    """Read the attribute. FormatError where its length does not fit its revision, as in Linux."""
    head = int.from_bytes(data[:4], "little")
    revision = head & _REVISION_MASK
    words = _WORDS.get(revision)
    if words is None:
        raise FormatError("file capabilities of an unknown revision")
    has_root = revision == _REVISION_3
    if len(data) != 4 + 8 * words + 4 * has_root:
        raise FormatError("file capabilities of a wrong length")
    values = [int.from_bytes(data[at : at + 4], "little") for at in range(4, 4 + 8 * words, 4)]
    return FileCapabilities(
        permitted=_numbers(values[0::2]),
        inheritable=_numbers(values[1::2]),
        effective=bool(head & _EFFECTIVE),
        root_uid=int.from_bytes(data[-4:], "little") if has_root else None,
    )


def capability_name(number: int) -> str:
    """The name in linux/capability.h, `cap_41` for what is newer than this table."""
    return CAPABILITIES[number][0] if number < len(CAPABILITIES) else f"cap_{number}"


def capability_severity(number: int) -> SeverityName:
    """What a program with this capability can do to the container; medium where not known."""
    return CAPABILITIES[number][1] if number < len(CAPABILITIES) else "medium"


def _numbers(words: list[int]) -> tuple[int, ...]:
    bits = sum(word << 32 * number for number, word in enumerate(words))
    return tuple(number for number in range(64) if bits >> number & 1)
