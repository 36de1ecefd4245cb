"""Image configs."""

from pathlib import Path
from typing import Any

from support import images
from support.hostile.table import GZIP, TAR, add
from support.images import sha256


def _config(name: str, accept: bool, **changes: Any) -> None:
    def write(place: Path) -> str:
        built = images.image(TAR)
        config = images.bent(built.config, **changes)
        built.manifest["config"] = built.blobs.add_json(config, images.CONFIG_TYPE)
        return images.layout(place, built)

    add(f"config-{name}", accept, write)


_DIFF_ID = sha256(TAR)
for _what, _rootfs in {
    "missing": ...,
    "null": None,
    "text": "layers",
    "type-other": {"type": "snapshots", "diff_ids": [_DIFF_ID]},
    "type-missing": {"diff_ids": [_DIFF_ID]},
    "ids-missing": {"type": "layers"},
    "ids-null": {"type": "layers", "diff_ids": None},
    "ids-none": {"type": "layers", "diff_ids": []},
    "ids-two": {"type": "layers", "diff_ids": [_DIFF_ID, _DIFF_ID]},
    "id-of-the-blob": {"type": "layers", "diff_ids": [sha256(GZIP)]},
    "id-traversal": {"type": "layers", "diff_ids": ["sha256:../../../etc/passwd"]},
    "id-upper-case": {"type": "layers", "diff_ids": [_DIFF_ID.upper()]},
    "id-null": {"type": "layers", "diff_ids": [None]},
}.items():
    _config(f"rootfs-{_what}", False, rootfs=_rootfs)
for _what, _run in {
    "null": None,
    "empty": {},
    "all-null": dict.fromkeys(
        ("User", "Env", "Entrypoint", "Cmd", "WorkingDir", "Labels", "Volumes", "ExposedPorts")
    ),
    "env-hostile": {
        "Env": [
            "",
            "=",
            "A",
            "=B",
            "A=B=C",
            "\x1b]0;x\x07=\u202e",
            "PATH=",
            "PATH=/a:" + "/b:" * 5000,
        ]
    },
    "env-100000": {"Env": [f"V{number}=x" for number in range(100_000)]},
    "labels-hostile": {"Labels": {"\x1b[2J\n\u202e": "\x00\u2066<img src=x>", "": ""}},
    "user-hostile": {"User": "\x1b[31m:0\n" + "9" * 400},
    "user-numbers": {"User": "99999999999999999999:-1"},
    "folder-hostile": {"WorkingDir": "../../..//\0\n"},
    "ports-hostile": {"ExposedPorts": {"99999/tcp": {}, "x\x1b": {}, "": {}, "-1": {}}},
    "volumes-hostile": {"Volumes": {"/": {}, "..": {}, "\x1b": {}}},
    "command-hostile": {"Entrypoint": ["", "../../bin/sh", "\x1b"], "Cmd": ["$(reboot)", "`x`"]},
    "healthcheck-null": {"Healthcheck": None},
    "command-text": {"Cmd": "/bin/sh"},
    "stop-signal-hostile": {"StopSignal": "\x1bKILL"},
    "unknown-fields": {"ArgsEscaped": True, "OnBuild": None, "Zz": {"a": []}},
}.items():
    _config(f"run-{_what}", True, config=_run)
for _what, _run in {
    "text": "x",
    "list": [],
    "env-text": {"Env": "A=B"},
    "env-of-numbers": {"Env": [1]},
    "env-of-null": {"Env": [None]},
    "command-number": {"Cmd": 5},
    "user-number": {"User": 0},
    "labels-list": {"Labels": ["a"]},
    "labels-of-numbers": {"Labels": {"a": 1}},
    "folder-list": {"WorkingDir": ["/"]},
    "env-by-another-case": {"ENV": ["A=B"]},
}.items():
    _config(f"run-{_what}", False, config=_run)
_config("history-null", True, history=None)
_config("history-empty", True, history=[])
_config("history-other-count", True, history=[{"created_by": "x"}] * 9)
_config("history-100000", True, history=[{"created_by": "RUN x", "empty_layer": True}] * 100_000)
_config(
    "history-hostile",
    True,
    history=[{"created_by": "\x1b[31m\u202e\n<script>", "comment": "\0", "author": "\x9b"}],
)
_config("history-of-16000-quotes", True, history=[{"created_by": "RUN " + "'\"`$(" * 4000}])
_config("history-text", False, history="x")
_config("history-of-texts", False, history=["x"])
_config("history-created-by-number", False, history=[{"created_by": 1}])
_config("platform-missing", True, os=..., architecture=...)
_config("platform-hostile", True, os="\x1b[31m", architecture="\n\u202e")
_config("platform-number", False, os=5)
_config("created-hostile", True, created="\x1bnot a time")
_config("unknown-fields", True, moby={"a": 1}, container_config={"Env": [5]})
_config("env-of-a-million", False, config={"Env": ["A=B"] * ((1 << 20) + 1)})
