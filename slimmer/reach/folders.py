"""Folders that everybody shares: to name one is not to need what is in it (hier(7))."""

import re

_GENERAL = re.compile(
    r"(|bin|sbin|lib\w*|etc|usr|var|home|root|opt|srv|mnt|media|boot|proc|sys|dev|run|tmp)"
    r"|usr/[^/]+|usr/local/[^/]+|var/[^/]+|(usr/)?(local/)?lib\w*/[^/]+-linux-[^/]+"
    r"|usr/(local/)?share/(doc|man|info|help|locale|applications|icons|perl\d*|python\d*)"
    r"|(usr/)?(local/)?lib\w*/(pkgconfig|cmake|debug|systemd|systemd/system|udev|jvm|python\d*)"
)


def is_general(path: str) -> bool:
    """Whether a folder, links resolved and without a leading slash, is nobody's own."""
    return _GENERAL.fullmatch(path) is not None
