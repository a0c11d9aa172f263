"""Tables that come in: how they are written, what they are instead, and what became of their ids."""

import io
import zipfile
from datetime import date, datetime, time
from typing import Any

import pytest

from mzi_adapters.files import (
    FileProblem,
    Format,
    Source,
    Ways,
    open_records,
    read_csv,
    read_items,
)
from mzi_adapters.files import damage as damage_module
from mzi_adapters.files import workbook as workbook_module
from mzi_adapters.files.workbook import as_text, open_workbook
from mzi_core.module import AnyModule
from mzi_core.modules import CLASSES, ENROLLMENTS, GRADES, PROGRAMS, STUDENTS, TEACHERS
from mzi_core.ports import Unreadable
from mzi_core.values import Code

ROWS = "Record Id,Name\r\nzcrm_1,رنا\r\nzcrm_2,B\r\n"
READ = [{"id": "1", "Name": "رنا"}, {"id": "2", "Name": "B"}]


def source(data: bytes | str, name: str = "t.csv") -> Source:
    return Source(name, io.BytesIO(data if isinstance(data, bytes) else data.encode()))


def rows(data: bytes | str, module: AnyModule = STUDENTS, **ways: Any) -> list[Any]:
    return [item.read() for item in read_csv(source(data), module, Ways(**ways))]


def problem(data: bytes | str, module: AnyModule = STUDENTS, name: str = "t.csv") -> str:
    with pytest.raises(FileProblem) as found:
        open_records(source(data, name), module, 10)
    return str(found.value)


@pytest.mark.parametrize(
    "data",
    [
        ROWS,
        "sep=;\r\n" + ROWS.replace(",", ";"),
        ROWS.replace(",", "|"),
        ROWS.replace("\r\n", "\r"),
        ROWS.replace("\r\n", "\r").encode("utf-8-sig"),
        ROWS.encode("utf-16-le"),
        ROWS.encode("utf-16-be"),
        ROWS.replace("zcrm_1", '"=""1"""').replace("zcrm_2", "'2"),
    ],
    ids=["plain", "sep=", "bars", "CR", "CR and mark", "UTF-16-LE", "UTF-16-BE", "text for a spreadsheet"],
)
def test_however_a_table_is_written_it_says_the_same(data: bytes | str) -> None:
    assert rows(data) == READ


def test_the_line_of_a_row_counts_the_line_that_names_the_separator() -> None:
    assert [item.line for item in read_csv(source("sep=;\nid;Name\n1;A\n"), STUDENTS)] == [3]


def test_bytes_that_are_no_text_are_told_in_a_file_with_cr_too() -> None:
    with pytest.raises(FileProblem, match="this is not UTF-8"):
        rows(b"id,Name\r1,\xe3\xcd\r")


@pytest.mark.parametrize(
    ("text", "module", "said"),
    [
        ("Report\n\nRecord Id,Name\n1,A\n", STUDENTS, "header in line 3; delete lines 1 to 2 above it"),
        ("Report\nRecord Id;Name\n1;A\n", STUDENTS, "header in line 2; delete line 1 above it"),
        ("<html><table><tr><td>Record Id", STUDENTS, "is an HTML table"),
        ('<?xml version="1.0"?>', STUDENTS, "is an XML document"),
        ("رقم السجل,الاسم\n1,رنا\n", STUDENTS, "has a header in Arabic"),
        (
            "First name,Last name,Email address,Unit 1 (Real)\nA,B,c@d.example,2\n",
            GRADES,
            "is the gradebook of a Moodle course",
        ),
        (
            "username,firstname,lastname,email\na,b,c,d@e.example\n",
            STUDENTS,
            "a file for Moodle's “Upload users”",
        ),
        ("Student,P1,P2,M1,D1\nA,Y,Y,,\n", GRADES, "is a BTEC tracker"),
        (
            "Name,City\nA,B\n",
            STUDENTS,
            "no column `Record Id` or `id` in its first line, but `Name`, `City`.",
        ),
        (",".join(f"c{n}" for n in range(10)), STUDENTS, "`c7` and 2 more."),
        ("x" * 200 + ",y", STUDENTS, f"`{'x' * 60}…`"),
        (",\n", STUDENTS, "but nothing."),
        (
            "Record Id,First Name,Last Name,Birth Date,City,Gender\n1,A,B,,,\n",
            TEACHERS,
            "5 of 6 columns are no fields of teachers; 6 are of students.",
        ),
    ],
)
def test_what_is_no_export_of_the_module_is_told_for_what_it_is(
    text: str, module: AnyModule, said: str
) -> None:
    assert said in problem(text, module)


def test_a_table_with_columns_that_no_module_has_is_still_taken() -> None:
    assert rows("id,Colour,Shape,Size\n1,a,b,c\n") == [{"id": "1", "Colour": "a", "Shape": "b", "Size": "c"}]


def test_a_quote_without_an_end_names_its_line() -> None:
    items = list(read_csv(source('id,Name\n1,A\n2,"B\n3,C\n4,D\n'), STUDENTS))
    assert [item.line for item in items] == [2, 3]
    assert "to line 5 was taken for one cell" in items[1].read().said  # type: ignore[attr-defined]


class TestIds:
    """Ids of an export are digits, and what a spreadsheet made of them is told."""

    @pytest.mark.parametrize("word", ["N/A", "-", "zcrm_", "reg_1"])
    def test_a_word_is_no_id(self, word: str) -> None:
        first, last = rows(f"id,Class Name\n{word},A\n7,B\n", CLASSES)
        assert isinstance(first, Unreadable)
        assert (first.code, first.path) == (Code.ID_INVALID, "$.id")
        assert last == {"id": "7", "Class_Name": "B"}

    @pytest.mark.parametrize("word", ["A01", "N/A"])
    def test_a_word_in_a_lookup_is_a_name(self, word: str) -> None:
        text = f"id,Enrolled Students.id,Enrolled Students,Classes\n1,{word},,{word}\n2,3,X,4\n"
        first = rows(text, ENROLLMENTS)[0]
        assert first["Enrolled_Students"] == {"id": None, "name": word}
        assert first["Classes"] == {"name": word}

    def test_a_word_among_several_is_a_name(self) -> None:
        assert rows("id,Enrolled Students\n1,9;A01\n", CLASSES)[0]["Enrolled_Students"] == [
            "9",
            {"name": "A01"},
        ]

    @pytest.mark.parametrize(
        ("ids", "said"),
        [
            (["5.39E+18", "5.39E+18"], "`id` is written in scientific notation"),
            (["5.39E+18", "Total"], "(first in line 2)"),
            (["5398830000091000000", "5398830000092000000"], "`id` has ids that all end in zeros"),
            (["#REF!"], "`id` holds the error of a spreadsheet"),
        ],
    )
    def test_a_column_that_is_damaged_throughout_is_told_once(self, ids: list[str], said: str) -> None:
        told = problem("id,Name\n" + "".join(f"{each},A\n" for each in ids))
        assert said in told
        assert "Nothing of the file was taken" in told

    def test_so_is_a_column_of_lookups(self) -> None:
        told = problem("id,Classes.id,Classes\n1,5.39E+18,A\n2,5.39E+18,B\n", ENROLLMENTS)
        assert "`Classes.id` is written in scientific notation" in told

    @pytest.mark.parametrize(
        "ids",
        [
            ["5398830000091000000"],
            ["5398830000091000000", "5398830000091000001"],
            ["zcrm_5398830000091000000", "zcrm_5398830000092000000"],
            ["5.39E+18", "5398830000091000001"],
        ],
    )
    def test_a_column_that_shows_a_sound_id_is_taken(self, ids: list[str]) -> None:
        assert len(rows("id,Name\n" + "".join(f"{each},A\n" for each in ids))) == len(ids)

    def test_one_program_whose_id_ends_in_zeros_is_no_damage(self) -> None:
        text = "id,Name,Program.id\n" + "".join(f"{n},A,5398830000110000000\n" for n in range(1, 4))
        assert len(rows(text)) == 3

    def test_only_so_many_rows_are_held_back(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(damage_module, "LOOKED_AT", 2)
        with pytest.raises(FileProblem):
            rows("id\n5.39E+18\n5.39E+18\n7\n")
        assert len(rows("id,Classes\n1,A\n2,B\n3,C\n", ENROLLMENTS)) == 3

    def test_the_other_names_of_an_id_count_where_it_does_not_stand_by_itself(self) -> None:
        assert rows("Product_ID,Product_Name\nzcrm_5,HND\n", PROGRAMS) == [
            {"Product_ID": "5", "Product_Name": "HND"}
        ]
        both = rows("id,Enrollment_ID\n1,EN-7\n", ENROLLMENTS)
        assert both == [{"id": "1", "Enrollment_ID": "EN-7"}]


class TestJsonAnswers:
    """What Zoho answered, saved as it was."""

    def test_an_error_is_told_as_one(self) -> None:
        said = problem(
            '{"code": "INVALID_TOKEN", "status": "error", "message": "x", "details": {}}', name="a.json"
        )
        assert "is an answer of Zoho's that tells of an error (`INVALID_TOKEN`), and no record" in said

    def test_the_error_about_one_record_harms_no_other(self) -> None:
        text = '{"data": [{"code": 1, "status": "error"}, {"id": "1"}]}'
        first, second = [item.read() for item in read_items(source(text, "a.json"), STUDENTS)]
        assert isinstance(first, Unreadable)
        assert "tells of an error, and no record" in first.said
        assert second == {"id": "1"}

    def test_a_second_document_is_told(self) -> None:
        items = read_items(source('{"data": [{"id": "1"}]}\n{"data": []}', "a.json"), STUDENTS)
        assert next(items).read() == {"id": "1"}
        with pytest.raises(FileProblem, match=r"line 2, column 1: a second document begins here"):
            next(items)


def workbook(cells: list[list[str]]) -> bytes:
    """A workbook of one sheet; a cell that begins with `<` is XML of its own."""
    lines = "".join(
        f"<row r='{n}'>"
        + "".join(c if c.startswith("<") else f"<c t='inlineStr'><is><t>{c}</t></is></c>" for c in row)
        + "</row>"
        for n, row in enumerate(cells, start=1)
    )
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    of_office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    of_package = "http://schemas.openxmlformats.org/package/2006"
    parts = {
        "[Content_Types].xml": f"<Types xmlns='{of_package}/content-types'/>",
        "_rels/.rels": f"<Relationships xmlns='{of_package}/relationships'><Relationship Id='r' "
        f"Type='{of_office}/officeDocument' Target='xl/workbook.xml'/></Relationships>",
        "xl/workbook.xml": f"<workbook xmlns='{main}' xmlns:r='{of_office}'><sheets>"
        "<sheet name='Export' sheetId='1' r:id='s'/></sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f"<Relationships xmlns='{of_package}/relationships'>"
        f"<Relationship Id='s' "
        f"Type='{of_office}/worksheet' Target='worksheets/sheet1.xml'/></Relationships>",
        "xl/worksheets/sheet1.xml": f"<worksheet xmlns='{main}'><sheetData>{lines}</sheetData></worksheet>",
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return made.getvalue()


class TestWorkbook:
    """Workbooks of Excel and LibreOffice."""

    def test_its_cells_are_read_as_text(self) -> None:
        data = workbook([["Record Id", "Name", "Phone Number"], ["zcrm_1", "رنا", "<c><v>791234567</v></c>"]])
        (item,) = read_items(source(data, "t.xlsx"), STUDENTS)
        assert item == ({"id": "1", "Name": "رنا", "Phone_Number": "791234567"}, 2)

    def test_ids_that_are_numbers_in_it_are_damaged(self) -> None:
        data = workbook([["Record Id", "Name"], ["<c><v>5398830000091000001</v></c>", "A"]])
        assert "`Record Id` is written in scientific notation" in problem(data, name="t.csv")

    def test_an_archive_that_is_none_is_told(self) -> None:
        other = io.BytesIO()
        with zipfile.ZipFile(other, "w") as archive:
            archive.writestr("a.csv", ROWS)
        for data in (b"PK\x03\x04...", other.getvalue()):
            assert "is an archive and no readable workbook" in problem(data, name="t.zip")

    def test_one_without_rows_is_empty(self) -> None:
        assert problem(workbook([])) == "t.csv is empty."

    def test_one_that_is_too_large_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for most in (10, 1500):
            monkeypatch.setattr(workbook_module, "LARGEST", most)
            assert "is larger than the 0 MB of a workbook that is read" in problem(workbook([["A" * 2000]]))

    def test_without_the_library_it_says_what_to_install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(__import__("sys").modules, "python_calamine", None)
        with pytest.raises(FileProblem, match=r"pip install mzi\[sheets\]"):
            open_workbook(source(workbook([["id"]])), STUDENTS)

    @pytest.mark.parametrize(
        ("cell", "text"),
        [
            ("x", "x"),
            (5.0, "5"),
            (5, "5"),
            (2.5, "2.5"),
            (True, "true"),
            (False, "false"),
            (date(2026, 2, 1), "2026-02-01"),
            (datetime(2026, 2, 1), "2026-02-01"),  # noqa: DTZ001  # a workbook says no zone
            (datetime(2026, 2, 1, 9, 30), "2026-02-01T09:30:00"),  # noqa: DTZ001
            (time(9, 30), "09:30:00"),
            (5398830000091000001, "5.398830E+18"),
            (5.398830000091e18, "5.398830E+18"),
        ],
    )
    def test_every_kind_of_cell_has_its_text(self, cell: object, text: str) -> None:
        assert as_text(cell) == text

    def test_it_is_known_by_what_it_begins_with(self) -> None:
        records = open_records(source(workbook([["id", "Name"], ["1", "A"]]), "x.csv"), STUDENTS, 10)
        assert [page.records for page in records.pages] == [[{"id": "1", "Name": "A"}]]
        assert Format.WORKBOOK.value == "workbook"
