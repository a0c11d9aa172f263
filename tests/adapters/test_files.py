"""Files of Zoho records: what is read out of them, what is reported about them, and how little is held."""

import io
import json
import os
import threading
import tracemalloc
from collections.abc import Iterator
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mzi_adapters import fast_json
from mzi_adapters.files import (
    FileProblem,
    Format,
    Item,
    Source,
    format_of,
    json_stream,
    ndjson,
    open_source,
    pages,
    read_csv,
    read_items,
    read_json,
    read_ndjson,
    read_pages,
)
from mzi_adapters.files import source as files_source
from mzi_adapters.files import source as source_module
from mzi_core.modules import CLASSES, GRADES, PAYMENTS, REGISTRATIONS, STUDENTS
from mzi_core.ports import RawRecord, Unreadable

ONE, TWO = {"id": "1", "Name": "رنا"}, {"id": "2", "Name": "Zoé"}


def source(data: bytes | str, name: str = "records") -> Source:
    return Source(name, io.BytesIO(data if isinstance(data, bytes) else data.encode()))


def records(items: Iterator[Item]) -> list[Any]:
    return [item.read() for item in items]


def whole(data: bytes | str) -> list[Any]:
    return records(read_json(source(data)))


class TestJson:
    """Documents: an array, Zoho's envelope, or one record."""

    def test_an_array_gives_its_elements_with_the_line_each_begins_on(self) -> None:
        text = json.dumps([ONE, TWO], indent=1, ensure_ascii=False)
        items = list(read_json(source(text)))
        assert [Item(ONE, 2), Item(TWO, 6)] == items

    @pytest.mark.parametrize(
        "text",
        [
            '{"data": [{"id": "1"}, {"id": "2"}]}',
            '{"data": [{"id": "1"}, {"id": "2"}], "info": {"count": 2}}',
            '{"info": {"more": [1, 2]}, "data": [{"id": "1"}, {"id": "2"}]}',
            '\ufeff [{"id": "1"} , {"id": "2"}]\n\n',
        ],
    )
    def test_the_envelope_may_stand_anywhere_and_blanks_too(self, text: str) -> None:
        assert whole(text) == [{"id": "1"}, {"id": "2"}]

    def test_a_single_object_is_one_record(self) -> None:
        assert whole(json.dumps(ONE)) == [ONE]

    @pytest.mark.parametrize("text", ["[]", '{"data": []}', " [ ] "])
    def test_an_empty_list_has_no_records(self, text: str) -> None:
        assert whole(text) == []

    def test_an_empty_object_is_a_record_without_anything(self) -> None:
        assert whole("{}") == [{}]

    def test_utf_16_is_read_by_its_mark(self) -> None:
        assert whole(json.dumps([ONE], ensure_ascii=False).encode("utf-16")) == [ONE]

    @given(
        st.lists(
            st.recursive(
                st.none()
                | st.booleans()
                | st.integers(-(2**70), 2**70)
                | st.floats(allow_nan=False, allow_infinity=False)
                | st.text(),
                lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
                max_leaves=12,
            ),
            max_size=6,
        ),
        st.sampled_from([None, 1]),
        st.booleans(),
    )
    def test_whatever_json_can_say_is_read_as_the_standard_library_reads_it(
        self, found: list[Any], indent: int | None, ascii_only: bool
    ) -> None:
        text = json.dumps(found, indent=indent, ensure_ascii=ascii_only)
        assert json.loads(text) == whole(text)

    def test_half_a_surrogate_pair_is_left_for_the_codec_to_refuse(self) -> None:
        assert whole(r'[{"Name": "a\ud800"}]') == [{"Name": "a\ud800"}]

    @pytest.mark.parametrize("step", [1, 2, 3, 7, 64])
    def test_it_does_not_matter_where_the_chunks_end(
        self, step: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        text = json.dumps([{"a": '\u0631\\"x', "b": [1.5e3, -2, True, None], "c": {"d": ""}}, 12, "y", []])
        monkeypatch.setattr(json_stream, "CHUNK", step)
        monkeypatch.setattr(source_module, "CHUNK", step)
        assert json.loads(text) == whole(text)

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ('[{"id": "1"},\n {"id" "2"}]', "records, line 2, column 8: expecting ':' delimiter."),
            ('[{"id": "1"}\n {"id": "2"}]', "records, line 2, column 2: `,` or `]` was expected."),
            ('{"a": 1 "b": 2}', "records, line 1, column 9: `,` or `}` was expected."),
            ("{a: 1}", "records, line 1, column 2: a field name was expected."),
            ('{"a" 1}', "records, line 1, column 6: `:` was expected."),
            ("hello", "records, line 1, column 1: a list of records or a record was expected."),
            ("[] x", "records, line 1, column 4: something follows the end of the document."),
            ('{"id": "1"}\n{"id": "2"}', "It seems to have one record a line: read it with --format ndjson."),
            ('{"data": [], "data": []}', "records, line 1, column 14: the name `data` comes twice."),
            (
                '{"data": [], "info": 1, "info": 2}',
                "line 1, column 25: the name `info` comes twice.",
            ),
            ("", "records is empty."),
            (" \n ", "records is empty."),
            (b'[{"id": "1"},\n{"Name": "\xe3\xcd"}]', "records, line 2: this is not UTF-8."),
        ],
    )
    def test_a_broken_document_is_told_with_its_place(self, text: str | bytes, said: str) -> None:
        with pytest.raises(FileProblem) as problem:
            whole(text)
        assert said in str(problem.value)

    @pytest.mark.parametrize(
        "text",
        [
            '[{"id": "1"}, {"id": "2", "x": ',
            '[{"id": "1"}, {"id": "2", "x": "ab',
            '[{"id": "1"}, {"id": "2", "x": tru',
            '[{"id": "1"}, {"id": "2"}',
            '[{"id": "1"}, {"id": "2"},',
            '{"data": [{"id": "1"}',
            '{"id": "1", ',
            '{"id": "1", "x',
            '[{"id": "1", "x": NaN',
            f"[{'[' * 100_000}",
        ],
    )
    def test_a_document_that_is_cut_short_is_told_to_be_so(self, text: str) -> None:
        with pytest.raises(FileProblem, match="records is cut short"):
            whole(text)

    def test_the_records_before_the_cut_are_still_given(self) -> None:
        items = read_json(source('[{"id": "1"}, {"id": "2"'))
        assert next(items).record == {"id": "1"}
        with pytest.raises(FileProblem, match=r"begins on line 1, column 15 has no end\. Copy or export it"):
            next(items)

    def test_a_record_without_end_is_not_held_for_ever(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(json_stream, "LONGEST", 1000)
        with pytest.raises(FileProblem, match="a quote is missing"):
            whole('[{"id": "1' + "x" * 400_000 + '"}]')

    def test_a_record_larger_than_a_chunk_is_read_whole(self) -> None:
        large = [{"id": "1", "text": "é" * 1_500_000}, {"id": "2"}]
        assert large == whole(json.dumps(large, ensure_ascii=False))


class TestNdjson:
    """One object a line."""

    def test_every_line_is_a_record_and_blank_ones_are_none(self) -> None:
        data = '\ufeff{"id": "1"}\n\n  \r\n{"id": "2"}\r\n{"id": "3"}'
        items = list(read_ndjson(source(data)))
        assert [(i.read(), i.line) for i in items] == [({"id": "1"}, 1), ({"id": "2"}, 4), ({"id": "3"}, 5)]

    @pytest.mark.parametrize(
        ("line", "said"),
        [
            (b'{"id": "2"', "is no JSON: Expecting ',' delimiter, column 11."),
            (b'{"id": "2', "is no JSON: Unterminated string starting at, column 8."),
            (b"\xe3\xcd", "is no JSON: it is not UTF-8 at byte 1."),
            (b"[" * 100_000, "is no JSON: It has no end and is nested deeper than 64 levels, column 100001."),
        ],
    )
    def test_a_line_that_is_no_json_harms_no_other(self, line: bytes, said: str) -> None:
        first, bad, last = records(read_ndjson(source(b'{"id": "1"}\n' + line + b'\n{"id": "3"}\n')))
        assert (first, last) == ({"id": "1"}, {"id": "3"})
        assert isinstance(bad, Unreadable)
        assert said == bad.said
        assert line.decode(errors="replace") == bad

    def test_a_line_is_not_read_before_somebody_wants_to_know(self) -> None:
        (item,) = read_ndjson(source(b'{"id": "1"}\n'))
        assert item.record == b'{"id": "1"}\n'
        assert isinstance(item.record, RawRecord)

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
            ),
            max_leaves=6,
        ),
        st.booleans(),
    )
    @example(value={"n": 2**64}, ascii=True)
    @example(value={"n": -(2**63) - 1}, ascii=True)
    @example(value={"n": 10**400}, ascii=True)
    @example(value={"x": "\ud800"}, ascii=True)
    @example(value={"x": "\U0001f393\u0000"}, ascii=True)
    @example(value={"x": 1e308, "y": 5e-324, "z": -0.0}, ascii=True)
    def test_the_quick_reader_reads_what_the_standard_library_reads(self, value: object, ascii: bool) -> None:
        raw = json.dumps(value, ensure_ascii=ascii).encode(errors="surrogatepass")
        assert repr(ndjson.JsonLine(raw).read()) == repr(ndjson._record(raw))

    @pytest.mark.parametrize(
        "raw",
        [
            *(b'{"a": 1, "a": 2}', b'{"a": 1.0}', b'{"a": 1e5}', b'{"a": 1E400}', b'{"a": -0}', b'{"a": 00}'),
            *(
                b'{"a": .5}',
                b'{"a": 1.}',
                b'{"a": "\xff"}',
                b'{"a": "\t"}',
                b'{"a": "\\u00e9"}',
                b"\xef\xbb\xbf{}",
            ),
            *(
                b'{"a": "\\ud83c\\udf93"}',
                b'{"a": "\\udf93\\ud83c"}',
                b"{} {}",
                b"{}x",
                b"nul",
                b" {} \r\n",
                b'"x',
            ),
            *(
                b"[" * 3000,
                b"[" * 900 + b"]" * 900,
                b'{"a": ' * 3000,
                b"{'a': 1}",
                b'{"a": 1,}',
                b"[1 2]",
                b"\x00",
            ),
            b'{"a": 123456789012345678901234567890, "b": 0.100000000000000005551115123125782702118158}',
        ],
        ids=repr,
    )
    def test_what_one_of_the_readers_might_read_otherwise_is_read_alike(self, raw: bytes) -> None:
        assert repr(ndjson.JsonLine(raw).read()) == repr(ndjson._record(raw))

    def test_without_the_quick_reader_every_line_is_read_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(fast_json, "READ", None)
        assert ndjson.JsonLine(b'{"a": [1]}\n').read() == {"a": [1]}

    def test_utf_16_is_refused(self) -> None:
        with pytest.raises(FileProblem, match="is UTF-16; save it as UTF-8"):
            list(read_ndjson(source('{"id": "1"}'.encode("utf-16"))))

    def test_a_file_without_line_ends_is_refused_and_not_held(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(source_module, "LONGEST", 2**20)
        with pytest.raises(FileProblem, match=r"line 2 is longer than 1 MB"):
            list(read_ndjson(source(b'{"id": "1"}\n' + b"x" * 2**21)))


class TestCsv:
    """Zoho's export."""

    def test_labels_and_api_names_mean_the_same_and_the_prefix_of_ids_goes(self) -> None:
        labels = "Record Id,Student ID,Academic Email\r\nzcrm_5398830000090000001,A01,a@b.example\r\n"
        names = "id,Name,Academic_Email\n5398830000090000001,A01,a@b.example\n"
        expected = [{"id": "5398830000090000001", "Name": "A01", "Academic_Email": "a@b.example"}]
        assert expected == records(read_csv(source(labels), STUDENTS))
        assert expected == records(read_csv(source(names), STUDENTS))

    def test_a_lookup_is_put_together_from_its_two_columns(self) -> None:
        text = "Record Id,Student ID,Student ID.id,Program.id\n1,A01,zcrm_900,zcrm_11\n2,,,\n3,A03,,\n"
        assert records(read_csv(source(text), REGISTRATIONS)) == [
            {"id": "1", "Student_ID": {"id": "900", "name": "A01"}, "Program": {"id": "11", "name": None}},
            {"id": "2", "Student_ID": None, "Program": None},
            {"id": "3", "Student_ID": {"id": None, "name": "A03"}, "Program": None},
        ]

    def test_a_lookup_in_one_column_is_an_id_or_says_only_a_name(self) -> None:
        text = "id,Registration_ID\n1,zcrm_140\n2,140\n3,REG-1\n"
        assert [record["Registration_ID"] for record in records(read_csv(source(text), PAYMENTS))] == [
            "140",
            "140",
            {"name": "REG-1"},
        ]

    def test_the_label_of_one_field_does_not_hide_another(self) -> None:
        text = "Record Id,Class ID,Class ID.id,Student,Student.id\n1,CLS-1,zcrm_13,A01,zcrm_9\n"
        assert records(read_csv(source(text), GRADES)) == [
            {"id": "1", "Class": {"id": "13", "name": "CLS-1"}, "Student": {"id": "9", "name": "A01"}}
        ]

    def test_several_values_in_a_cell_are_a_list(self) -> None:
        text = "id,Enrolled Students\n1,zcrm_9;zcrm_8\n2,\n"
        assert [record["Enrolled_Students"] for record in records(read_csv(source(text), CLASSES))] == [
            ["9", "8"],
            None,
        ]

    def test_a_moment_without_its_offset_is_nothing(self) -> None:
        text = "id,Modified Time\n1,2026-02-01 09:00:00\n2,2026-02-01T09:00:00+03:00\n"
        assert [record["Modified_Time"] for record in records(read_csv(source(text), STUDENTS))] == [
            None,
            "2026-02-01T09:00:00+03:00",
        ]

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    def test_spreadsheets_write_it_in_other_ways(self, encoding: str, delimiter: str) -> None:
        text = delimiter.join(("Record Id", "Name", "City")) + "\r\n" + delimiter.join(("1", "رنا", "عمّان"))
        assert records(read_csv(source(text.encode(encoding)), STUDENTS)) == [
            {"id": "1", "Name": "رنا", "City": "عمّان"}
        ]

    def test_a_quoted_cell_may_hold_anything(self) -> None:
        text = 'id,Name,City\n1,"a ""b"", c","x\ny"\n\n2,,\n'
        assert [
            Item({"id": "1", "Name": 'a "b", c', "City": "x\ny"}, 2),
            Item({"id": "2", "Name": None, "City": None}, 5),
        ] == list(read_csv(source(text), STUDENTS))

    def test_a_row_of_another_length_is_reported_and_harms_no_other(self) -> None:
        text = "id,Name,City\n1,A\n2,B,C\n3,D,E,F\n"
        short, good, long = records(read_csv(source(text), STUDENTS))
        assert short.said == "has 2 cells where the header has 3."
        assert good == {"id": "2", "Name": "B", "City": "C"}
        assert long.said == "has 4 cells where the header has 3."

    def test_a_wrong_quote_is_reported_and_harms_no_other(self) -> None:
        first, second = records(read_csv(source('id,Name\n1,"a"b\n2,c\n'), STUDENTS))
        assert isinstance(first, Unreadable)
        assert first == '1,"a"b'
        assert second == {"id": "2", "Name": "c"}

    def test_a_quote_without_end_is_reported(self) -> None:
        (last,) = records(read_csv(source('id,Name\n1,"a\n2,b\n'), STUDENTS))
        assert last.said == (
            "has a quote without an end: all from there to line 3 was taken for one cell; close it."
        )

    def test_cp1256_is_refused_with_what_to_do_about_it(self) -> None:
        data = "id,Name\n1,Rana\n2,محمد\n".encode("cp1256")
        with pytest.raises(FileProblem, match=r"line 3: this is not UTF-8\. .* cp1256; save it as"):
            list(read_csv(source(data), STUDENTS))

    def test_half_a_character_of_utf_16_is_refused(self) -> None:
        with pytest.raises(FileProblem, match="is not UTF-16 throughout"):
            list(read_csv(source("id,Name\n1,a\n".encode("utf-16") + b"\x00"), STUDENTS))

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "is empty"),
            ("Name,City\nA,B\n", "has no column `Record Id` or `id`"),
            ("id,Academic Email,Academic_Email\n1,a,b\n", "two columns mean `Academic_Email`"),
            ('id,"Na"me\n', "its header is no row of a CSV file"),
        ],
    )
    def test_a_header_that_says_nothing_is_refused(self, text: str, said: str) -> None:
        with pytest.raises(FileProblem, match=said):
            list(read_csv(source(text), STUDENTS))


class TestFormat:
    """Which of the three it is."""

    @pytest.mark.parametrize(
        ("name", "text", "count"),
        [
            ("x.json", '[{"id": "1"}]', 1),
            ("x.ndjson", '{"id": "1"}\n{"id": "2"}', 2),
            ("x.JSONL", '{"id": "1"}\n{"id": "2"}', 2),
            ("x.csv", "id,Name\n1,A\n", 1),
            ("x", '[{"id": "1"}, {"id": "2"}]', 2),
            ("x", '{"id": "1"}\n{"id": "2"}', 2),
            ("x", '{"data": [{"id": "1"}, {"id": "2"}]}', 2),
            ("x", '{"data": [\n{"id": "1"}]}', 1),
            ("x", "id,Name\n1,A\n", 1),
        ],
    )
    def test_it_is_told_by_the_extension_and_else_by_the_first_line(
        self, name: str, text: str, count: int
    ) -> None:
        assert count == len(records(read_items(source(text, name), STUDENTS)))

    def test_what_is_said_counts_for_more_than_the_extension(self) -> None:
        found = records(read_items(source('{"id": "1"}\n{"id": "2"}', "x.json"), STUDENTS, Format.NDJSON))
        assert found == [{"id": "1"}, {"id": "2"}]


class TestPages:
    """Pages of records."""

    def test_they_are_full_but_for_the_last_and_know_their_places(self) -> None:
        text = "\n".join(json.dumps({"id": str(n)}) for n in range(5))
        found = list(pages(read_ndjson(source(text)), 2))
        assert [(page.first, len(page.records)) for page in found] == [(0, 2), (2, 2), (4, 1)]
        assert [found[1].item(place).read() for place in (2, 3)] == [{"id": "2"}, {"id": "3"}]
        assert (found[1].item(3).read(), found[1].item(3).line) == ({"id": "3"}, 4)

    def test_what_was_read_before_the_file_broke_is_not_lost(self) -> None:
        found = pages(read_json(source('[{"id": "1"}, {"id": "2"}, {"id": "3"}, {"id"')), 2)
        assert next(found).records == [{"id": "1"}, {"id": "2"}]
        assert next(found).records == [{"id": "3"}]
        with pytest.raises(FileProblem):
            next(found)


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 64])
def test_lines_are_the_same_however_they_arrive(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte order mark, a blank line, an end without a line end: cut anywhere."""
    monkeypatch.setattr(files_source, "CHUNK", chunk)
    data = b'\xef\xbb\xbf{"id": "1"}\n\n  \r\n{"id": "2"}\n{"id": "3"}'
    pieces = (data[at : at + chunk] for at in range(0, len(data), chunk))
    stream = io.BufferedReader(Made(pieces), chunk)
    (page,) = read_pages(Source("x.ndjson", stream), STUDENTS, 10)
    assert [page.item(place).read() for place in range(3)] == [{"id": str(n)} for n in (1, 2, 3)]
    assert [page.item(place).line for place in range(3)] == [1, 4, 5]


class TestOpening:
    """Files and streams."""

    @pytest.mark.parametrize(
        ("data", "said"),
        [
            (b"\x1f\x8b\x08", "a gzip archive"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook"),
        ],
    )
    def test_an_archive_is_refused_by_name(self, tmp_path: Path, data: bytes, said: str) -> None:
        (tmp_path / "x.csv").write_bytes(data)
        with pytest.raises(FileProblem, match=said), open_source(str(tmp_path / "x.csv")):
            pass

    def test_what_cannot_be_opened_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(FileProblem, match="No such file"), open_source(str(tmp_path / "none")):
            pass
        with pytest.raises(FileProblem, match="Is a directory"), open_source(str(tmp_path)):
            pass

    def test_it_says_how_much_of_a_file_was_taken(self, tmp_path: Path) -> None:
        (tmp_path / "x.json").write_text('[{"id": "1"}]')
        with open_source(str(tmp_path / "x.json")) as opened:
            before = opened.taken
            list(read_json(opened))
            assert (before, opened.taken, opened.size) == (0, 13, 13)


WRITTEN = {
    Format.JSON: ("[" + '{"id": "0"},' * 20_000, '{"id": "1"}]'),
    Format.NDJSON: ('{"id": "0"}\n' * 20_000, '{"id": "1"}\n'),
    Format.CSV: ("id,Name\n" + "1,A\n" * 40_000, "2,B\n"),
}


@pytest.mark.parametrize("format", WRITTEN)
def test_a_page_is_given_before_the_rest_is_written(format: Format) -> None:
    """A pipe whose writer waits until the first page came out: whoever read on would wait for ever."""
    head, tail = WRITTEN[format]
    reading, writing = os.pipe()
    first_page_is_out = threading.Event()

    def write() -> None:
        with open(writing, "wb") as pipe:
            pipe.write(head.encode())
            pipe.flush()
            assert first_page_is_out.wait(30)
            pipe.write(tail.encode())

    writer = threading.Thread(target=write)
    writer.start()
    with open(reading, "rb") as stream:
        found = read_pages(Source("pipe", stream), STUDENTS, 1000, format)
        total = len(next(found).records)
        first_page_is_out.set()
        total += sum(len(page.records) for page in found)
    writer.join(30)
    assert {Format.JSON: 20_001, Format.NDJSON: 20_001, Format.CSV: 40_001}[format] == total


class Made(io.RawIOBase):
    """A file that is made while it is read."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._left = self._left or next(self._chunks, b"")
        data, self._left = self._left[: len(buffer)], self._left[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)


@pytest.mark.parametrize("format", WRITTEN)
def test_what_is_held_does_not_grow_with_the_file(format: Format) -> None:
    """Of fifty thousand records, twelve megabytes of them, never more than a page and a chunk are alive."""
    _, tail = WRITTEN[format]
    begin, piece = {
        Format.JSON: ("[", '{"id": "0"},'),
        Format.NDJSON: ("", '{"id": "0"}\n'),
        Format.CSV: ("id,Name\n", "1,A\n"),
    }[format]
    chunks = (text.encode() for text in chain([begin], repeat(piece * 1000, 50), [tail]))
    stream = io.BufferedReader(Made(chunks), 2**16)
    tracemalloc.start()
    found = read_pages(Source("made", stream), STUDENTS, 500, format)
    total = sum(len(page.records) for page in found)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total == 50_001
    assert peak < 2 * 2**20


@pytest.mark.parametrize("opening", ["[", '{"a":'])
@pytest.mark.parametrize("format", [Format.JSON, Format.NDJSON])
def test_a_record_that_is_nested_too_deeply_is_refused_by_itself(format: Format, opening: str) -> None:
    """Read it can be, and not be written down again: it could not even be parked."""
    closing = "]" if opening == "[" else "}"

    def deep(levels: int) -> str:
        return f'{{"id": "1", "x": {opening * levels}1{closing * levels}}}'

    lines = [deep(63), deep(64), deep(300), '{"id": "2", "x": "' + "[" * 400 + '"}']
    text = f"[{','.join(lines)}]" if format is Format.JSON else "\n".join(lines)
    found = [item.read() for item in read_items(source(text), STUDENTS, format)]
    assert [isinstance(each, Unreadable) for each in found] == [False, True, True, False]
    assert isinstance(found[1], Unreadable)
    assert found[1].said == "has lists and objects nested deeper than 64 levels."


BAD_RECORDS = [
    ('{"id": "2", "a": {"b": [NaN]}}', "holds `NaN` in `$.a.b[0]`: JSON has no such number", "$.a.b[0]"),
    ('{"id": "2", "n": -Infinity}', "holds `-Infinity` in `$.n`: JSON has no such number", "$.n"),
    ('{"id": "2", "n": 1e400}', "holds a number in `$.n` that is larger than any that can be kept", "$.n"),
    (f'{{"id": "2", "n": {"9" * 5001}}}', "holds a number in `$.n` that is longer than the 64", "$.n"),
    ('{"id": "2", "n": {"a": 1, "b": 2, "a": 1}}', "has the name `a` twice in `$.n`", "$.n.a"),
    ('{"id": "2", "id": "3"}', "has the name `id` twice", "$.id"),
    (f'{{"id": "2", "n": {"[" * 5000}"]"{"]" * 5000}}}', "nested deeper than 64 levels", "$"),
    (f'{{"id": "2", "n": {"[" * 5000}NaN{"]" * 5000}}}', "nested deeper than 64 levels", "$"),
    ("NaN", "holds `NaN`: JSON has no such number", "$"),
]
"""A record that is JSON in form and cannot be taken, what is said of it, and of which place."""
IDS = ["NaN", "Infinity", "1e400", "digits", "twice inside", "twice", "deep", "deep NaN", "only NaN"]


@pytest.mark.parametrize(("bad", "said", "path"), BAD_RECORDS, ids=IDS)
@pytest.mark.parametrize(
    "form", ["[{good}, {bad}, {last}]", '{{"data": [{good}, {bad}, {last}]}}', "{good}\n{bad}\n{last}"]
)
@pytest.mark.parametrize("chunks", [40, 1])
def test_one_bad_record_spoils_none_beside_it(
    form: str, bad: str, said: str, path: str, *, chunks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many chunks a document is read in."""
    monkeypatch.setattr(json_stream, "CHUNK", 1 + len(bad) // chunks)
    text = form.format(good='{"id": "1", "x": "é"}', bad=bad, last='{"id": "3"}')
    format = Format.NDJSON if "\n" in form else Format.JSON
    if format is Format.NDJSON and "twice" in said:
        return  # of a line the later value counts
    first, found, last = (item.read() for item in read_items(source(text), STUDENTS, format))
    assert (first, last) == ({"id": "1", "x": "é"}, {"id": "3"})
    assert isinstance(found, Unreadable)
    assert said in found.said
    assert found.said.endswith(".")
    assert (path, bad) == (found.path, found)


@pytest.mark.parametrize(("bad", "said"), [(bad, said) for bad, said, _ in BAD_RECORDS[:6]], ids=IDS[:6])
def test_a_single_record_that_cannot_be_taken_is_an_item_too(bad: str, said: str) -> None:
    (found,) = whole(bad)
    assert isinstance(found, Unreadable)
    assert said.split("`$", maxsplit=1)[0] in found.said


def test_half_a_character_in_bytes_spoils_its_own_record_only() -> None:
    text = b'[{"id": "1", "Name": "a\xed\xa0\x80"}, {"id": "2"}]'
    assert whole(text) == [{"id": "1", "Name": "a\ud800"}, {"id": "2"}]


@pytest.mark.parametrize("bad", [bad for bad, _, _ in BAD_RECORDS], ids=IDS)
def test_the_format_is_seen_whatever_the_first_line_holds(bad: str) -> None:
    assert format_of(source(f'{{"data": [{bad}]}}\n')) is Format.JSON
    assert format_of(source(f'{{"id": "1", "x": {bad}}}\n{{"id": "2"}}\n')) in (Format.NDJSON, Format.JSON)


@given(
    st.text('{}[]:,"\\ab1 \n', max_size=14),
    st.sampled_from(['{"a":1,', '{"a":{"b":1,', '{"a":"', '{"a" :1,"a":', '{"a":"\\u003a","b":1,']),
)
@example(rest="1}", first='{"a" :1,"a":')
@example(rest='"b":1}', first='{"a":"\\u003a","b":1,')
def test_a_line_is_read_alike_by_both_readers(rest: str, first: str) -> None:
    """Also where a name is given twice: the later value counts."""
    raw = f"{first}{rest}".replace("\n", " ").encode()
    assert repr(ndjson.JsonLine(raw).read()) == repr(ndjson._record(raw))


def test_of_two_values_of_a_name_in_a_line_the_later_one_counts() -> None:
    raw = b'{"id": "1", "City": "Amman", "City": "Irbid"}'
    assert ndjson.JsonLine(raw).read() == ndjson._record(raw) == {"id": "1", "City": "Irbid"}
