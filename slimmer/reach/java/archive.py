"""Which classes of an application start programs or draw text: its archives, and those in them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from slimmer.errors import FormatError
from slimmer.formats.read import ReadAt
from slimmer.formats.zip_directory import (
    STORED,
    ZipMember,
    open_member,
    read_directory,
    read_member,
)
from slimmer.reach.java.class_file import ClassStrings, draws, may_start_programs, read_class

MAX_CLASSES = 20_000
MAX_INFLATED = 64 << 20
MAX_CLASS = 1 << 20
_MAX_NESTED = 32 << 20
_MAX_DEPTH = 2
_MAX_STARTERS = 500


@dataclass
class ClassSurvey:
    """What was learnt so far; stops at a number of classes and of bytes, then `is_whole` is false.

    `starters` are (class, strings) of those that start programs.
    """

    starters: list[tuple[str, ClassStrings]] = field(default_factory=list)
    draws: str = ""
    is_whole: bool = True
    _count: int = 0
    _bytes: int = 0

    def add_archive(self, read: ReadAt, size: int, depth: int = 0) -> None:
        """Look at every class of an archive; what is damaged in it is passed over."""
        try:
            for member in _members(read, size):
                if self.is_full():
                    return
                self._add_member(read, size, member, depth)
        except FormatError:
            return

    def is_full(self) -> bool:
        """Whether no more may be looked at; from then on it is not the whole application."""
        if self._count >= MAX_CLASSES or self._bytes >= MAX_INFLATED:
            self.is_whole = False
        return not self.is_whole

    def _add_member(self, read: ReadAt, size: int, member: ZipMember, depth: int) -> None:
        self._count += 1
        is_class = member.name.endswith(".class")
        try:
            if is_class:
                self.add_class(member.name, read_member(read, size, member, MAX_CLASS))
            elif depth < _MAX_DEPTH:
                content, length = open_member(read, size, member, _MAX_NESTED)
                self._bytes += 0 if member.method == STORED else length
                self.add_archive(content, length, depth + 1)
        except FormatError:
            # As much may have been inflated before that was seen.
            self._bytes += MAX_CLASS if is_class else _MAX_NESTED

    def add_class(self, name: str, data: bytes) -> None:
        """Look at one class file."""
        self._bytes += len(data)
        if not self.draws and draws(data):
            self.draws = name
        if may_start_programs(data) and len(self.starters) < _MAX_STARTERS:
            try:
                found = read_class(data)
            except FormatError:
                return
            if found.starts_programs:
                self.starters.append((name, found))


def _members(read: ReadAt, size: int) -> Iterator[ZipMember]:
    return read_directory(read, size).members(
        lambda name: name.endswith((b".class", b".jar", b".war"))
    )
