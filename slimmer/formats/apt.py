"""apt's `extended_states`: which packages were installed for another's sake."""


def parse_extended_states(data: bytes) -> frozenset[str]:
    """The names of packages marked `Auto-Installed: 1`. Never raises; junk gives nothing."""
    automatic = set()
    for paragraph in data.decode("utf-8", "replace").split("\n\n"):
        fields = dict(line.split(": ", 1) for line in paragraph.splitlines() if ": " in line)
        if fields.get("Auto-Installed", "").strip() == "1" and "Package" in fields:
            automatic.add(fields["Package"].strip())
    return frozenset(automatic)
