"""The tar reader: every header it must read, every header it must refuse."""

import tarfile

import pytest
from support.tars import (
    END,
    Member,
    file,
    folder,
    hardlink,
    header,
    make_tar,
    padded,
    pax_header,
    pax_record,
    symlink,
)

from slimmer.errors import FormatError, LimitError
from slimmer.formats.read import reader_of
from slimmer.formats.tar import Global, Kind, TarEntry, read_tar


def entries(data: bytes) -> list[TarEntry]:
    return [entry for entry in read_tar(reader_of(data)) if not isinstance(entry, Global)]


def only(data: bytes) -> TarEntry:
    [entry] = entries(data)
    return entry


def refused(data: bytes, match: str) -> None:
    with pytest.raises(FormatError, match=match):
        entries(data)


class TestKinds:
    @pytest.mark.parametrize(
        ("flag", "kind"),
        [
            (b"0", Kind.FILE),
            (b"\0", Kind.FILE),
            (b"7", Kind.FILE),
            (b"1", Kind.HARDLINK),
            (b"2", Kind.SYMLINK),
            (b"3", Kind.CHARACTER),
            (b"4", Kind.BLOCK_DEVICE),
            (b"5", Kind.DIRECTORY),
            (b"6", Kind.FIFO),
        ],
    )
    def test_type_flags(self, flag: bytes, kind: Kind) -> None:
        assert only(header(kind=flag, link=b"x") + END).kind is kind

    def test_old_folders_are_files_with_a_slash(self) -> None:
        assert only(header(b"d/", b"\0") + END).kind is Kind.DIRECTORY
        assert only(header(b"d/", b"0") + END).kind is Kind.FILE

    def test_old_folders_with_content_are_refused(self) -> None:
        """Go skips the content, Python reads it as headers."""
        refused(header(b"d/", b"\0", 512) + header(b"in") + END, "folder")

    @pytest.mark.parametrize("flag", [b"V", b"M", b"D", b"A", b"9", b"\xff", b" "])
    def test_other_types_are_refused(self, flag: bytes) -> None:
        refused(header(kind=flag) + END, "entry type")

    def test_size_of_what_has_no_content_is_ignored(self) -> None:
        data = header(b"l", b"2", 512, link=b"t") + header(b"next") + END
        assert [entry.path for entry in entries(data)] == ["l", "next"]

    def test_devices(self) -> None:
        data = make_tar(Member("c", tarfile.CHRTYPE, device=(5, 1)))
        assert (only(data).kind, only(data).device) == (Kind.CHARACTER, (5, 1))


class TestNumbers:
    @pytest.mark.parametrize("field", [b"0000001", b"      1", b"1 ", b"1\0 ", b"00001 \0"])
    def test_octal_spellings(self, field: bytes) -> None:
        assert only(header(uid=field) + END).uid == 1

    @pytest.mark.parametrize("field", [b"8", b"-1", b"+1", b"0o1", b"1_1", b"0x1", b"\x81", b"1 1"])
    def test_what_is_not_octal_is_refused(self, field: bytes) -> None:
        refused(header(uid=field) + END, "uid")

    def test_base_256(self) -> None:
        assert only(header(uid=b"\x80\0\0\0\xff\xff\xff\xfe") + END).uid == 4294967294

    def test_negative_numbers_are_for_times_only(self) -> None:
        assert only(header(mtime=b"\xff" * 12) + END).mtime == -1
        refused(header(size=0, uid=b"\xff" * 8) + END, "uid")

    def test_negative_size_is_refused(self) -> None:
        block = bytearray(header())
        block[124:136] = b"\xff" * 10 + b"\xfe\0"
        block[148:156] = b"%06o\0 " % (sum(block) - sum(block[148:156]) + 8 * 32)
        refused(bytes(block) + END, "size")

    @pytest.mark.parametrize("number", [0xFFFFFFFF, 1 << 32, 1 << 40, (1 << 64) - 1])
    def test_owners_chown_cannot_set_are_refused(self, number: int) -> None:
        """CVE-2024-40635: they wrap around to root."""
        refused(pax_header(pax_record(b"uid", b"%d" % number)) + header() + END, "uid")
        refused(make_tar(Member("f", pax={"gid": str(number)})), "gid")

    def test_checksum_as_historic_signed_sum(self) -> None:
        block = bytearray(header("é".encode()))
        signed = sum(b - 256 if b > 127 else b for b in block[:148] + block[156:]) + 256
        block[148:156] = b"%06o\0 " % signed
        assert only(bytes(block) + END).path == "é"


class TestNames:
    def test_prefix(self) -> None:
        assert only(header(b"n" * 100, prefix=b"p" * 155) + END).path == "p" * 155 + "/" + "n" * 100

    def test_prefix_is_not_read_without_the_ustar_magic(self) -> None:
        assert only(header(magic=b"ustar  \0", prefix=b"12345") + END).path == "f"
        assert only(header(magic=bytes(8), prefix=b"12345") + END).path == "f"

    @pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
    def test_long_names_and_links(self, form: int) -> None:
        data = make_tar(symlink("d/" * 300 + "x", "t/" * 300), form=form)
        assert (only(data).path, only(data).link) == ("d/" * 300 + "x", "t/" * 300)

    def test_pax_wins_over_gnu_and_both_over_the_header(self) -> None:
        long = header(b"long", b"L", 6) + padded(b"by-gnu")
        pax = pax_header(pax_record(b"path", b"by-pax"))
        assert only(long + header() + END).path == "by-gnu"
        assert only(long + pax + header() + END).path == "by-pax"

    def test_names_that_are_not_utf_8_keep_their_bytes(self) -> None:
        for data in (
            header(b"\xff\xfe") + END,
            pax_header(pax_record(b"path", b"\xff\xfe")) + header() + END,
        ):
            assert only(data).path.encode("utf-8", "surrogateescape") == b"\xff\xfe"

    def test_nul_in_a_pax_name_is_refused(self) -> None:
        refused(pax_header(pax_record(b"path", b"a\0b")) + header() + END, "NUL")


class TestPax:
    def test_size_wins_over_the_header_size(self) -> None:
        """CVE-2025-62518: a reader that believes the header sees entries inside the file."""
        inner = make_tar(file("smuggled"))
        said = pax_header(pax_record(b"size", b"%d" % len(inner)))
        data = said + header(b"outer", size=0) + inner + header(b"after") + END
        assert [(entry.path, entry.size) for entry in entries(data)] == [
            ("outer", len(inner)),
            ("after", 0),
        ]

    def test_empty_value_takes_a_record_back(self) -> None:
        records = pax_record(b"path", b"other") + pax_record(b"path", b"")
        assert only(pax_header(records) + header() + END).path == "f"

    def test_xattrs_keep_their_bytes(self) -> None:
        value = b"\x01\0\0\x02\xff\n=\0"
        records = pax_record(b"SCHILY.xattr.security.capability", value)
        assert only(pax_header(records) + header() + END).xattrs == {"security.capability": value}

    def test_times_may_have_a_fraction_and_a_sign(self) -> None:
        assert only(pax_header(pax_record(b"mtime", b"-1.5")) + header() + END).mtime == -1.5

    @pytest.mark.parametrize(
        ("records", "match"),
        [
            (b"0 a=b\n", "length"),
            (b"6 a=b", "length"),
            (b"7 a=b\n", "length"),
            (b"99 a=b\n", "length"),
            (b"-6 a=b\n", "length"),
            (b"a=b\n", "length"),
            (b" 6 a=b\n", "length"),
            (b"5 a\n\n", "key"),
            (b"5 =b\n", "key"),
            (b"999999999999999999999999 a=b\n", "length"),
            (pax_record(b"\xff", b"x"), "UTF-8"),
            (pax_record(b"uid", b"abc"), "uid"),
            (pax_record(b"uid", b"-1"), "uid"),
            (pax_record(b"uid", b"1.5"), "uid"),
            (pax_record(b"size", "٣".encode()), "size"),
            (pax_record(b"size", b"9" * 30), "size"),
            (pax_record(b"mtime", b"nan"), "mtime"),
            (pax_record(b"mtime", b"1e9"), "mtime"),
        ],
        ids=lambda value: repr(value)[:32],
    )
    def test_wrong_records_are_refused(self, records: bytes, match: str) -> None:
        refused(pax_header(records) + header() + END, match)

    def test_two_for_one_entry_are_refused(self) -> None:
        one = pax_header(pax_record(b"path", b"a"))
        refused(one + one + header() + END, "two special headers")

    def test_one_without_an_entry_is_refused(self) -> None:
        one = pax_header(pax_record(b"path", b"a"))
        refused(one + END, "without an entry")
        refused(one, "without an entry")

    def test_global_headers_stand_alone_and_say_nothing(self) -> None:
        one = pax_header(pax_record(b"path", b"a") + pax_record(b"comment", b"b"), b"g")
        items = list(read_tar(reader_of(one + one + header() + END)))
        assert [type(item) for item in items] == [Global, Global, TarEntry]
        assert only(one + header() + END).path == "f"
        refused(pax_header(pax_record(b"a", b"b")) + one + header() + END, "global")

    def test_long_special_headers_are_limited_before_they_are_read(self) -> None:
        """CVE-2025-58183."""
        for kind in (b"x", b"g", b"L", b"K"):
            with pytest.raises(LimitError, match="header_size=1048576 "):
                entries(header(kind=kind, size=1024 * 1024 + 1) + END)

    def test_many_records_are_limited(self) -> None:
        with pytest.raises(LimitError, match="PAX records"):
            entries(pax_header(b"6 a=b\n" * 20_001) + header() + END)


class TestEnd:
    def test_of_the_archive_in_every_spelling(self) -> None:
        one = header()
        for end in (b"", bytes(512), bytes(1024), bytes(10240), bytes(600)):
            assert [entry.path for entry in entries(one + end)] == ["f"]
        assert entries(b"") == entries(END) == []

    def test_a_second_archive_is_not_read(self) -> None:
        assert [entry.path for entry in entries(make_tar(file("a")) + make_tar(file("b")))] == ["a"]

    def test_a_lone_zero_block_is_refused(self) -> None:
        refused(header(b"a") + bytes(512) + header(b"b") + END, "zero block")

    def test_a_cut_header_is_refused(self) -> None:
        """Python's tarfile ends silently here, and a runtime unpacks another layer."""
        refused(header(b"a") + header(b"b")[:100], "truncated")

    def test_a_damaged_header_is_refused(self) -> None:
        block = bytearray(header(b"b"))
        block[0] ^= 1
        refused(header(b"a") + bytes(block) + END, "checksum")


def test_offsets_lead_to_headers_and_data() -> None:
    data = make_tar(folder("d"), file("d/a", b"abc"), file("d/" + "b" * 300, b"x" * 600))
    for entry in entries(data):
        assert data[entry.data_offset :][: entry.size].strip(b"abcx") == b""
        assert entry.end_offset % 512 == entry.header_offset % 512 == 0
    assert [entry.header_offset for entry in entries(data)][1:] == [
        entry.end_offset for entry in entries(data)
    ][:-1]


def test_hard_links_carry_their_target() -> None:
    entry = only(make_tar(hardlink("b", "a")))
    assert (entry.kind, entry.link, entry.size) == (Kind.HARDLINK, "a", 0)
