"""What an inspection must find in an image and what it must not: written beside what is planted."""

import json
from pathlib import Path


class Expectations:
    """Collected while a recipe plants; the file lists them in that order."""

    def __init__(self, image: str) -> None:
        self._image = image
        self._must: list[dict[str, object]] = []
        self._must_not: list[dict[str, object]] = []

    def must(self, category: str, *, in_final: bool = True, **where: str) -> None:
        """To be found: at `path=`, at a path that begins with `prefix=`, or else in the config."""
        final = {"in_final_filesystem": in_final} if where else {}
        self._must.append({"category": category, **_place(where), **final})

    def must_not(self, category: str, **where: str) -> None:
        """Not to be found: nothing of this category there; without a place, nowhere."""
        self._must_not.append({"category": category, **_place(where)})

    def write(self, folder: Path) -> None:
        document = {"image": self._image, "must": self._must, "must_not": self._must_not}
        name = self._image.split(".")[0]
        (folder / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n")


def _place(where: dict[str, str]) -> dict[str, str]:
    """Paths as layers name them: from the root, without the slash before."""
    names = {"path": "path", "prefix": "path_prefix"}
    return {names[key]: value.lstrip("/") for key, value in where.items()}
