"""Where the real images are: their descriptions in tests/e2e/images, their layouts in the cache."""

import os
from pathlib import Path

_HERE = Path(__file__).resolve()
FOLDERS = _HERE.parents[1] / "images"
LAYOUTS = _HERE.parents[3] / ".cache" / "images"
TAG = "orig"


def chosen() -> list[str]:
    """The images to which the variable IMAGES limits a run; empty: no limit."""
    return os.environ.get("IMAGES", "").split()


def names() -> list[str]:
    """Every image that has a description, built or not, unless IMAGES chooses some."""
    known = sorted(path.parent.name for path in FOLDERS.glob("*/image.toml"))
    return [name for name in known if name in chosen()] if chosen() else known


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
