"""An ELF file as resolvers look at it: what it is, and its constants."""

import os
import re
from dataclasses import dataclass

from slimmer.filesystem.tree import Node
from slimmer.formats.elf import ElfFacts
from slimmer.formats.elf_constants import ElfConstants
from slimmer.reach.languages import language_of_program

_LIBC = re.compile(r"ld-linux.*|ld-musl.*|ld64?\.so.*|ld-\d.*|libc\.so.*|libc-\d.*|libc\.musl.*")


@dataclass(frozen=True, slots=True)
class Code:
    """An ELF file that is loaded or (`is_started`) started."""

    node: Node
    elf: ElfFacts
    constants: ElfConstants
    is_started: bool

    @property
    def folder(self) -> str:
        return "/" + self.node.path.rpartition("/")[0]

    @property
    def language(self) -> str:
        """The language it is the runtime of: `perl`, `libpython3.11.so.1.0`; empty for none."""
        name = self.node.name
        if ".so" in name:
            name = name.partition(".so")[0].removeprefix("lib")
        return language_of_program(name)

    @property
    def is_libc(self) -> bool:
        """The C library names what any process may read: who reads it is found otherwise."""
        return _LIBC.fullmatch(self.node.name) is not None

    def names(self, text: str) -> bool:
        """Whether `text` is one of its constants."""
        return b"\0" + os.fsencode(text) + b"\0" in self.constants.data

    @property
    def is_packed(self) -> bool:
        """Whether its texts are not parted by NULs."""
        if self.elf.has_go_build_info or self.elf.has_rust_audit or self.elf.is_static:
            return True
        return b"/rustc/" in self.constants.data
