"""The scanner: one pass of the detector over every file, a closer look only where it points."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

import msgspec

from slimmer.secrets import context, detector, keys
from slimmer.secrets.budget import Budget
from slimmer.secrets.candidate import Verdict
from slimmer.secrets.compiled import BEFORE, CompiledPattern, cued, find, patterns_of, windows
from slimmer.secrets.match import FileSecrets, SecretMatch, Severity, content_digests
from slimmer.secrets.paths import PathIndex
from slimmer.secrets.rule import Catalogue, FileKind, Rule, catalogue
from slimmer.secrets.settle import MAX_MATCHES, Found, settle

Origin = Literal["env", "arg", "history", "label"]

MAX_PATH = 4096
MAX_NAMED_FILE = 1024 * 1024
CHUNK = 8 * 1024 * 1024
OVERLAP = keys.MAX_PEM + BEFORE
_BINARY_KINDS = frozenset({"elf", "pe", "macho", "binary", "image", "archive", "class"})


class Named(msgspec.Struct, frozen=True):
    """What a file's name brings: a rule for it, or its kind."""

    rule: Rule | None = None
    kind: FileKind | None = None


class Scanner:
    """Finds credentials in file content, file names, settings and history.

    Not safe for two threads at once: give each its own `clone()`. `cache_dir` is a folder for the
    compiled database; it is used only when it belongs to this user alone.
    """

    def __init__(self, cache_dir: Path | None = None, rules: Catalogue | None = None) -> None:
        self._catalogue = rules or catalogue()
        every = self._catalogue.rule
        self._patterns = [
            p for rule in every if rule.where in ("any", "text") for p in patterns_of(rule)
        ]
        self._detector = detector.build(self._patterns, cache_dir)
        self._generic = [
            p for rule in every if rule.where == "credential" for p in patterns_of(rule)
        ]
        self._commands = [p for rule in every if rule.where == "command" for p in patterns_of(rule)]
        self._own = {r.id: patterns_of(r) for r in every if r.where == "file"}
        self._published = frozenset(self._catalogue.published)
        self._rules = {rule.id: rule for rule in every}
        self._paths = PathIndex(self._named())
        self._budget = Budget()

    def _named(self) -> Iterator[tuple[str, Named]]:
        for rule in self._catalogue.rule:
            yield from ((path, Named(rule=rule)) for path in rule.paths)
        for kind in self._catalogue.file:
            yield from ((path, Named(kind=kind)) for path in kind.paths)

    def clone(self) -> "Scanner":
        """A scanner for another thread, over the same compiled rules."""
        twin = object.__new__(Scanner)
        twin.__dict__.update(self.__dict__)
        twin._budget = Budget()
        if isinstance(self._detector, detector.HyperscanDetector):
            twin._detector = self._detector.clone()
        return twin

    def start_layer(self) -> None:
        """Let the next files have the whole budget of a layer."""
        self._budget.start_layer()

    @property
    def gave_up(self) -> bool:
        """Whether the file scanned last holds more that may be a credential than is judged."""
        return self._budget.is_spent

    def rule(self, rule_id: str) -> Rule:
        """The rule a match names. KeyError when there is none."""
        return self._rules[rule_id]

    def advice(self, rule_id: str) -> str:
        """What to do about a match of that rule, a sentence or two."""
        return self._catalogue.advice[self._rules[rule_id].advice]

    def path_interesting(self, path: str) -> bool:
        """Whether the name alone gives a rule something to do."""
        return bool(self._paths.lookup(path))

    def scan_file(
        self, path: str, data: bytes | memoryview, *, kind: str = ""
    ) -> FileSecrets | None:
        """What the whole content of one file holds, None when nothing was found.

        `path` has no leading slash. `kind` may say what the file is (`elf`), else its bytes do.
        """
        self._budget.start_file()
        return self._scan(path, data, kind)

    def _scan(self, path: str, data: bytes | memoryview, kind: str) -> FileSecrets | None:
        path = path[-MAX_PATH:]
        named = self._paths.lookup(path)
        hits = self._detector.scan(data) if len(data) else {}
        if not hits and not named and bytes(data[:1]) not in (b"\x30", b"\xfe", b"\xce"):
            return None
        matches = self._without_published(self._judge(path, data, hits, named, kind))
        if not matches:
            return None
        return FileSecrets(matches, *content_digests([data]))

    def _judge(
        self,
        path: str,
        data: bytes | memoryview,
        hits: detector.Hits,
        named: list[Named],
        kind: str,
    ) -> tuple[SecretMatch, ...]:
        if context.in_package_tests(path):
            return ()
        binary = kind in _BINARY_KINDS or b"\0" in bytes(data[:8192])
        found = list(self._confirm(path, data, hits, binary))
        found.extend(self._whole(data))
        found.extend(self._by_name(path, data, named, binary))
        if context.in_package(path):
            found = [(r, v) for r, v in found if not r.loose or v.strong]
        if not found:
            return ()
        kinds = [n.kind for n in named if n.kind is not None]
        whole = any(k.whole_file for k in kinds)
        return settle(path, data, found, binary=binary, whole=whole)

    def _without_published(self, matches: tuple[SecretMatch, ...]) -> tuple[SecretMatch, ...]:
        return tuple(m for m in matches if m.fingerprint not in self._published)

    def _confirm(
        self, path: str, data: bytes | memoryview, hits: detector.Hits, binary: bool
    ) -> Iterator[Found]:
        """The full pattern and its validator around each place the detector reported."""
        for number, places in hits.items():
            pattern = self._patterns[number]
            if binary and pattern.rule.where == "text":
                continue
            for begin, stop in windows(sorted(places), len(data)):
                yield from find(pattern, path, data, begin, stop, binary, self._budget)

    def _whole(self, data: bytes | memoryview) -> Iterator[Found]:
        found = keys.binary_key(data)
        if found is None or found[0] not in self._rules:
            return
        severity: Severity | None = "low" if found[1] == "encrypted" else None
        yield (
            self._rules[found[0]],
            Verdict(0, len(data), severity, None, found[0] + "...", True),
        )

    def _by_name(
        self, path: str, data: bytes | memoryview, named: list[Named], binary: bool
    ) -> Iterator[Found]:
        size = min(len(data), MAX_NAMED_FILE)
        readers: dict[str, list[CompiledPattern]] = {}
        for entry in named:
            if entry.rule is not None:
                yield from self._own_rule(entry.rule, path, data, size, binary)
            if entry.kind is not None and entry.kind.generic:
                readers["generic"] = self._generic
            if entry.kind is not None and entry.kind.commands:
                readers["commands"] = self._commands
        if not readers or binary or context.is_example(path) or context.in_package(path):
            return
        if not self._budget.is_left():
            return
        content = _without_xml_comments(data)
        stretches = list(cued(content))
        for patterns in readers.values():
            for pattern in patterns:
                for begin, stop in stretches:
                    yield from find(pattern, path, content, begin, stop, binary, self._budget)

    def _own_rule(
        self, rule: Rule, path: str, data: bytes | memoryview, size: int, binary: bool
    ) -> Iterator[Found]:
        if not size or context.is_example(path):
            return
        content = _without_xml_comments(data)
        for pattern in self._own[rule.id]:
            yield from find(pattern, path, content, 0, size, binary, self._budget)

    def scan_chunks(
        self, path: str, chunks: Iterable[bytes | memoryview], *, kind: str = ""
    ) -> FileSecrets | None:
        """`scan_file` for content too large to hold: memory stays at a few times `CHUNK`.

        The digests of the answer are empty: use `content_digests` on the content once more.
        A rule about a whole file sees its first `CHUNK` only.
        """
        self._budget.start_file()
        found: list[SecretMatch] = []
        base = lines = done = 0
        for piece, keep in _overlapping(chunks):
            # Disk images are mostly zeros, and zeros hold no secret.
            empty = piece == bytes(len(piece))
            secrets = None if empty else self._scan(path, piece, kind)
            for match in secrets.matches if secrets else ():
                offset = match.offset + base
                if match.offset >= keep or (base and (not match.length or offset < done)):
                    continue
                line = match.line + lines if match.line else 0
                found.append(msgspec.structs.replace(match, offset=offset, line=line))
                done = offset + match.length
            if len(found) >= MAX_MATCHES:
                break
            lines += piece.count(b"\n", 0, keep)
            base += keep
        return FileSecrets(tuple(found), "", "", "") if found else None

    def scan_text(self, name: str, value: str, origin: Origin = "env") -> list[SecretMatch]:
        """What an ENV or ARG entry, a label or a `created_by` line of history holds.

        Offsets count in the UTF-8 bytes of `value`.
        """
        text = value.encode("utf-8", "surrogateescape")[:MAX_NAMED_FILE]
        if not text:
            return []
        self._budget.start_layer()
        lead = f"{name}=".encode("utf-8", "surrogateescape") if name else b""
        data = lead + text
        found = list(self._confirm("", data, self._detector.scan(data), binary=False))
        if origin in ("history", "arg", "env"):
            for pattern in self._commands:
                if origin != "env" or pattern.rule.id != "command-assignment":
                    found.extend(find(pattern, "", data, 0, len(data), False, self._budget))
        for pattern in self._generic:
            found.extend(find(pattern, "", data, 0, len(data), False, self._budget))
        found = [entry for entry in found if entry[1].start >= len(lead)]
        matches = self._without_published(settle("", data, found, binary=False, whole=False))
        return [msgspec.structs.replace(m, offset=m.offset - len(lead)) for m in matches]


def _without_xml_comments(data: bytes | memoryview) -> bytes:
    """Content of a named file with XML comments blanked, so that offsets stay."""
    content = bytes(data[:MAX_NAMED_FILE])
    parts, at = [], 0
    while (begin := content.find(b"<!--", at)) >= 0 and (end := content.find(b"-->", begin)) >= 0:
        parts += [content[at:begin], b" " * (end + 3 - begin)]
        at = end + 3
    return b"".join([*parts, content[at:]]) if parts else content


def _overlapping(chunks: Iterable[bytes | memoryview]) -> Iterator[tuple[bytes, int]]:
    """Pieces of about `CHUNK` bytes that overlap, each with the length that the next one skips."""
    held = b""
    pending: list[bytes | memoryview] = []
    size = 0
    for chunk in chunks:
        pending.append(chunk)
        size += len(chunk)
        if len(held) + size < CHUNK + OVERLAP:
            continue
        piece = held + b"".join(pending)
        keep = len(piece) - OVERLAP
        yield piece, keep
        held, pending, size = piece[keep:], [], 0
    piece = held + b"".join(pending)
    yield piece, len(piece)
