"""Where the real images are: their descriptions in tests/e2e/images, their layouts in the cache."""

from pathlib import Path

_HERE = Path(__file__).resolve()
FOLDERS = _HERE.parents[1] / "images"
LAYOUTS = _HERE.parents[3] / ".cache" / "images"
TAG = "orig"


def names() -> list[str]:
    """Every image that has a description, built or not."""
    return sorted(path.parent.name for path in FOLDERS.glob("*/image.toml"))


def folder(name: str) -> Path:
    """The folder with the image's Dockerfile, its sources and image.toml."""
    return FOLDERS / name


def layout(name: str) -> Path:
    """The OCI layout that scripts/make-real-images wrote; its tag is TAG."""
    return LAYOUTS / name


def why_not(name: str) -> str:
    """Why the image cannot be used; empty if it is built."""
    built = (layout(name) / "index.json").exists()
    return "" if built else f"{name} is not built: run scripts/make-real-images {name} as root"
