"""The JSON Schemas of slim's JSON outputs, by the name of the command."""

from importlib.resources import files


def read_schema(name: str) -> str:
    """The text of a schema (JSON Schema 2020-12)."""
    return (files(__name__) / f"{name}-1.json").read_text()
