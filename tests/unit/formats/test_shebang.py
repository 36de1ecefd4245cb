import pytest
from hypothesis import given
from hypothesis import strategies as st

from slimmer.formats.shebang import Shebang, parse_shebang


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"#!/bin/sh\necho", Shebang("/bin/sh")),
        (b"#! /bin/sh -e \t\r\n", Shebang("/bin/sh", "-e")),
        (b"#!/usr/bin/perl -w -T\n", Shebang("/usr/bin/perl", "-w -T")),
        (b"#!/bin/sh", Shebang("/bin/sh")),
        (b"#!\t/usr/bin/awk\t-f\n", Shebang("/usr/bin/awk", "-f")),
        (b"#!/usr/bin/env python3\n", Shebang("/usr/bin/env", "python3", "python3")),
        (b"#!/usr/bin/env\n", Shebang("/usr/bin/env")),
        (b"#!/usr/bin/environment x\n", Shebang("/usr/bin/environment", "x")),
        (
            b"#!/usr/bin/env -S node --import ./x.js\n",
            Shebang("/usr/bin/env", "-S node --import ./x.js", "node", ("--import", "./x.js")),
        ),
        (
            b"#!/usr/bin/env -Spython3 -u\n",
            Shebang("/usr/bin/env", "-Spython3 -u", "python3", ("-u",)),
        ),
        (
            b"#!/usr/bin/env -vS -i A=1 'B=2 3' -u C -- perl -w\n",
            Shebang("/usr/bin/env", "-vS -i A=1 'B=2 3' -u C -- perl -w", "perl", ("-w",)),
        ),
        (
            b"#!/usr/bin/env --split-string=ruby -W0\n",
            Shebang("/usr/bin/env", "--split-string=ruby -W0", "ruby", ("-W0",)),
        ),
        (b"#!/usr/bin/env -S 'x\n", Shebang("/usr/bin/env", "-S 'x", "'x")),
        (b"#!/usr/bin/env A=1\n", Shebang("/usr/bin/env", "A=1")),
        (b"#!/b\xffn\n", Shebang("/b\\xffn")),
    ],
)
def test_first_lines(head: bytes, expected: Shebang) -> None:
    assert parse_shebang(head) == expected


@pytest.mark.parametrize(
    "head", [b"", b"#", b"#!", b"#!\n/bin/sh", b"#!  \n", b"# !/bin/sh", b"\x7fELF"]
)
def test_no_interpreter(head: bytes) -> None:
    assert parse_shebang(head) is None


def test_the_kernel_reads_256_bytes() -> None:
    shebang = parse_shebang(b"#!/bin/sh " + b"x" * 1000)
    assert shebang is not None
    assert len(shebang.argument or "") == 246


@given(st.from_regex(rb"#!/[a-z/]{1,40}( [a-z\-]{1,30})?\n.*", fullmatch=True))
def test_splits_like_the_kernel(head: bytes) -> None:
    line = head[2:].split(b"\n")[0].decode()
    shebang = parse_shebang(head)
    assert shebang is not None
    assert line == " ".join(filter(None, (shebang.interpreter, shebang.argument)))
