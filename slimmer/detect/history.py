"""What the instructions that built the image did that they should not."""

import functools
import itertools
import re
from collections.abc import Iterator

import msgspec

from slimmer.detect.command import SHELLS
from slimmer.detect.instructions import Command, Instruction, instructions
from slimmer.detect.interface import Detector, Finding, Subject
from slimmer.detect.policy import check, load_table
from slimmer.detect.words import shown

_FETCHERS = frozenset(("curl", "wget"))
_INTERPRETERS = SHELLS | {"python", "python3", "perl", "ruby", "node", "php"}
# Options of curl without a value, which may stand together: -fsSLk.
_CLUSTER = re.compile(r"-[0-9afgijklqsvGILNOSZ#]+")
_FETCHED = re.compile(r"(?:\$\(|`)\s*(?:curl|wget)\b")


class _Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    programs: tuple[str, ...]
    words: tuple[str, ...]


class _Use(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    words: tuple[str, ...]


class _Unverified(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    programs: tuple[str, ...]
    options: tuple[str, ...]
    settings: tuple[str, ...] = ()
    letters: str = ""


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    lists: tuple[_Words, ...]
    use: _Use
    upgrade: tuple[_Words, ...]
    unverified: tuple[_Unverified, ...]


@functools.cache
def _table() -> _Table:
    return msgspec.convert(load_table("history"), _Table)


class HistoryDetector(Detector):
    """At most one finding of each kind for each instruction. No message repeats its words: a
    command may hold a password."""

    categories = ("history",)

    def detect(self, subject: Subject) -> Iterator[Finding]:
        layers = len(subject.image.layers)
        for instruction in instructions(subject.image.config):
            layer = instruction.layer
            if layer is not None and layer >= layers:
                layer = None
            for check_id, message in _judge(instruction):
                text = f"{message} (history line {instruction.line})"
                yield check(check_id).finding(text, layer=layer)


def _judge(instruction: Instruction) -> Iterator[tuple[str, str]]:
    if instruction.keyword == "ADD":
        yield from _add(instruction)
    commands = instruction.commands
    plain = [_without_sudo(command) for command in commands]
    if any(command.program == "sudo" for command in commands):
        yield "history.sudo", "RUN calls sudo"
    if any(_is(command, _table().upgrade) for command in plain):
        yield "history.dist-upgrade", "RUN upgrades to another release"
    if _updates_alone(plain):
        yield "history.update-alone", "RUN fetches package lists and installs nothing"
    if _leaves_apk_cache(plain, instruction.text):
        yield "history.apk-cache", "RUN calls apk add without --no-cache"
    if names := sorted({name for command in plain if (name := _unverified(command))}):
        message = f"RUN switches off a check: {', '.join(map(shown, names))}"
        yield "history.unverified-package", message
    if _runs_fetched(plain):
        yield "history.unverified-script", "RUN starts a script as it comes from the network"


def _without_sudo(command: Command) -> Command:
    words = command.words
    if command.program == "sudo":
        rest = [number for number, word in enumerate(words) if number and word[:1] != "-"]
        words = words[rest[0] :] if rest else words
    return Command(words, command.piped)


def _add(instruction: Instruction) -> Iterator[tuple[str, str]]:
    """ADD of the root filesystem is how a base image is made; one with a checksum is fine."""
    target = instruction.text.rpartition(" ")[2].strip('"[],') or "/"
    if instruction.layer == 0 and target == "/":
        return
    if not any(flag.startswith("--checksum=") for flag in instruction.flags):
        yield "history.add", f"ADD to {shown(target)}"


def _is(command: Command, rules: tuple[_Words, ...]) -> bool:
    return any(
        command.program in rule.programs
        and (not rule.words or not set(rule.words).isdisjoint(command.words[1:]))
        for rule in rules
    )


def _updates_alone(commands: list[Command]) -> bool:
    table = _table()
    if not any(_is(command, table.lists) for command in commands):
        return False
    return not any(
        word in table.use.words or "install" in word or "upgrade" in word
        for command in commands
        for word in command.words
    )


def _leaves_apk_cache(commands: list[Command], text: str) -> bool:
    if "/var/cache/apk" in text:
        return False
    return any(
        command.program == "apk" and "add" in command.words and "--no-cache" not in command.words
        for command in commands
    )


def _unverified(command: Command) -> str:
    """The option that switches a check off; empty when there is none."""
    for rule in _table().unverified:
        if command.program not in rule.programs:
            continue
        for word in command.words[1:]:
            lower = word.lower()
            name, _, value = lower.removeprefix("-o").partition("=")
            if lower in rule.options or lower.partition("=")[0] in rule.options:
                return f"{command.program} {lower.partition('=')[0]}"
            if value in ("1", "true", "yes") and name in map(str.lower, rule.settings):
                return f"{command.program} {name}"
            if rule.letters and _CLUSTER.fullmatch(word) and rule.letters in word:
                return f"{command.program} -{rule.letters}"
    return ""


def _runs_fetched(commands: list[Command]) -> bool:
    """`curl ... | sh`, and `sh -c "$(curl ...)"`."""
    for before, command in itertools.pairwise(commands):
        if command.piped and before.program in _FETCHERS and command.program in _INTERPRETERS:
            return True
    return any(
        command.program in SHELLS and any(map(_FETCHED.match, command.words[1:]))
        for command in commands
    )
