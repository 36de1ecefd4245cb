"""The rule catalogue, read from `rules.toml` the first time it is asked for."""

import functools
import hashlib
import tomllib
from importlib import resources
from typing import Literal

import msgspec

from slimmer.secrets.match import Confidence, Severity

Where = Literal["any", "text", "file", "credential", "command"]


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind of credential.

    `where` is what the pattern reads: `any` content with binaries, `text` content, only a `file`
    that `paths` names, every `credential` file (a `FileKind` with generic = true), or every
    `command` file (commands = true). All but `file` also read ENV, ARG, labels and history.

    A pattern is `re` syntax over bytes. A group `secret` is the credential (default: all of the
    match), `name` what it is assigned to. `bounds` keeps a token from being found inside a longer
    word: `soft` does so in text only, since programs pack their strings without separators.
    `detect` is a cheaper pattern for the first pass: it must match, with its end inside the
    match, wherever `pattern` does. `near` must stand somewhere in the 64 KiB before. A `loose`
    rule fits what manuals and comments of libraries show: inside installed packages it is held
    back unless the value is strong. Where spans overlap the higher `priority` stays.

    `match` and `no_match` are the rule's own tests; `<<alnum:36>>` stands for generated text.
    """

    id: str
    title: str
    severity: Severity
    confidence: Confidence = "high"
    where: Where = "any"
    pattern: str = ""
    patterns: tuple[str, ...] = ()
    detect: str = ""
    near: str = ""
    keywords: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    bounds: Literal["soft", "strict", "none"] = "none"
    caseless: bool = False
    validator: str = "token"
    whole_file: bool = False
    priority: int = 5
    loose: bool = False
    advice: str = "token"
    references: tuple[str, ...] = ("CWE-798",)
    match: tuple[str, ...] = ()
    no_match: tuple[str, ...] = ()
    test_path: str = ""

    @property
    def all_patterns(self) -> tuple[str, ...]:
        """The rule's patterns, one or several."""
        return (self.pattern, *self.patterns) if self.pattern else self.patterns


class FileKind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Files known by name: whether generic rules read them, and what removing one costs.

    `generic` files were made to hold credentials or settings. `whole_file` ones hold nothing
    else. `commands` files are shell text, where passwords stand in options.
    """

    title: str
    paths: tuple[str, ...]
    generic: bool = False
    commands: bool = False
    whole_file: bool = False


class Catalogue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All rules, kinds of file and sentences of advice, with a digest of the source.

    `published` are fingerprints of credentials that standards, manuals and emulators print.
    """

    rule: tuple[Rule, ...]
    file: tuple[FileKind, ...]
    advice: dict[str, str]
    published: tuple[str, ...] = ()
    digest: str = ""

    def find(self, rule_id: str) -> Rule | None:
        """The rule of that id."""
        return next((rule for rule in self.rule if rule.id == rule_id), None)


@functools.cache
def catalogue() -> Catalogue:
    """The catalogue shipped with slim."""
    raw = resources.files("slimmer.secrets").joinpath("rules.toml").read_bytes()
    parsed = msgspec.convert(tomllib.loads(raw.decode()), Catalogue)
    return msgspec.structs.replace(parsed, digest=hashlib.sha256(raw).hexdigest())
