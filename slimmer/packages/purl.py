"""Package URLs, spelled as the common scanners spell them."""

from packageurl import PackageURL

from slimmer.formats.os_release import OsRelease


def make_purl(
    type_: str,
    namespace: str,
    name: str,
    version: str,
    qualifiers: dict[str, str] | None = None,
    subpath: str = "",
) -> str:
    """The purl; qualifiers without a value are left out. Empty for a name that allows none."""
    given = {key: value for key, value in (qualifiers or {}).items() if value}
    try:
        return PackageURL(
            type_, namespace or None, name, version or None, given or None, subpath or None
        ).to_string()
    except (ValueError, TypeError):  # a name of slashes only is taken, and then cannot be written
        return ""


def distro_qualifier(os_release: OsRelease | None) -> str:
    """`debian-12`: what the qualifier `distro` of an operating system's package says."""
    if os_release is None:
        return ""
    version = os_release.version_id or os_release.get("BUILD_ID")
    return f"{os_release.id}-{version}" if version else os_release.id
