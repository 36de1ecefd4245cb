"""Typed access to one JSON object, with errors that name the field."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from slimmer.errors import FormatError
from slimmer.limits import DEFAULT_LIMITS, Limits
from slimmer.oci.strict_json import Json, parse_json

T = TypeVar("T")


class Fields:
    """A JSON object read field by field. Absent and null are the same (config.md allows null)."""

    def __init__(self, document: Json, where: str) -> None:
        if not isinstance(document, dict):
            raise FormatError("expected a JSON object", where=where)
        self.document: dict[str, Json] = document
        self.where = where

    @classmethod
    def parse(cls, data: bytes, where: str, limits: Limits = DEFAULT_LIMITS) -> "Fields":
        return cls(parse_json(data, where, limits), where)

    def refuse_other_case(self, names: Iterable[str]) -> None:
        """Refuse `Layers` beside or instead of `layers`: Go reads it, most others do not."""
        known = {name.lower(): name for name in names}
        for name in self.document:
            expected = known.get(name.lower())
            if expected is not None and expected != name:
                raise FormatError(
                    f"field {name!r} should be spelled {expected!r}", where=self.where
                )

    def _get(self, name: str, kind: type[T]) -> T | None:
        value = self.document.get(name)
        if value is None:
            return None
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise FormatError(
                f"field {name!r} should be {_KIND_NAMES[kind]}, not {type(value).__name__}",
                where=self.where,
            )
        return value

    def text(self, name: str) -> str | None:
        return self._get(name, str)

    def integer(self, name: str) -> int | None:
        return self._get(name, int)

    def boolean(self, name: str) -> bool:
        return bool(self._get(name, bool))

    def required_text(self, name: str) -> str:
        return self._required(name, self.text(name))

    def required_integer(self, name: str) -> int:
        return self._required(name, self.integer(name))

    def required_list(self, name: str) -> list[Json]:
        return self._required(name, self._get(name, list))

    def items(self, name: str) -> list[Json]:
        return self._get(name, list) or []

    def texts(self, name: str) -> list[str] | None:
        """A list of strings, or None when absent."""
        values = self._get(name, list)
        if values is not None and not all(isinstance(value, str) for value in values):
            raise FormatError(f"field {name!r} should hold strings only", where=self.where)
        return values

    def child(self, name: str) -> "Fields | None":
        value = self._get(name, dict)
        return None if value is None else Fields(value, f"{self.where}.{name}")

    def required_child(self, name: str) -> "Fields":
        return self._required(name, self.child(name))

    def children(self, name: str) -> list["Fields"]:
        return [
            Fields(item, f"{self.where}.{name}[{number}]")
            for number, item in enumerate(self.required_list(name))
        ]

    def names(self, name: str) -> list[str]:
        """The keys of a JSON object used as a set (`Volumes`, `ExposedPorts`)."""
        return list(self._get(name, dict) or {})

    def text_map(self, name: str) -> Mapping[str, str]:
        """An object of string to string (annotations, labels)."""
        values = self._get(name, dict) or {}
        if not all(isinstance(value, str) for value in values.values()):
            raise FormatError(f"field {name!r} should map strings to strings", where=self.where)
        return values

    def _required(self, name: str, value: T | None) -> T:
        if value is None:
            raise FormatError(f"required field {name!r} is missing", where=self.where)
        return value


_KIND_NAMES: dict[type[Any], str] = {
    str: "a string",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "an object",
}
