"""`mzi sync` with tables as an office has them: each goes in or is told how to be repaired."""

import json
from pathlib import Path

import pytest
from tests.cli.terminal import Mzi, student, written

CASES = Path(__file__).parents[1] / "data" / "files"
EXPORT = str(CASES / "01_zoho_export_bom.csv")
FIRST = "5398830000091000001"


def record_of(mzi: Mzi, zoho_id: str, module: str = "students") -> dict[str, object]:
    found: dict[str, object] = mzi("show", module, zoho_id, "--json").json["stored"]["record"]
    return found


@pytest.mark.parametrize(
    ("module", "name", "said"),
    [
        ("students", "excel_mangled_ids.csv", "`Record Id` is written in scientific notation"),
        ("students", "06_title_blank_totals.csv", "has its header in line 3; delete lines 1 to 2 above it"),
        ("grades", "12_moodle_gradebook.csv", "is the gradebook of a Moodle course"),
        ("students", "ole2_xls.xls", "is an old Excel workbook"),
        (
            "teachers",
            "01_zoho_export_bom.csv",
            "10 of 16 columns are no fields of teachers; 16 are of students",
        ),
    ],
)
def test_a_file_that_is_refused_is_told_apart_once_and_makes_no_store(
    mzi: Mzi, folder: Path, module: str, name: str, said: str
) -> None:
    ran = mzi("sync", module, CASES / name)
    assert ran.code == 2
    assert ran.err.count(said) == 1
    assert not (folder / "mzi.db").exists()


def test_a_refused_file_keeps_those_beside_it_from_being_begun(mzi: Mzi, folder: Path) -> None:
    assert mzi("sync", "students", EXPORT, CASES / "excel_mangled_ids.csv").code == 2
    assert not (folder / "mzi.db").exists()


def test_an_export_with_cr_line_ends_is_read(mzi: Mzi) -> None:
    assert mzi("sync", "students", CASES / "20b_cr_only.csv", "--json").json["summary"]["NEW"] == 5


def test_what_is_no_id_is_refused_beside_the_record_that_has_one(mzi: Mzi) -> None:
    told = mzi("sync", "classes", CASES / "28_ids_words.csv", "--json").json
    assert (told["summary"]["NEW"], told["summary"]["INVALID"]) == (1, 3)
    assert [(each["code"], each["path"], each["records"], each["of"]) for each in told["refused"]] == [
        ("id_invalid", "$.id", 2, 4),
        ("not_an_object", "$", 1, 4),
    ]
    assert record_of(mzi, "zcrm_53988300000930001", "classes")["name"] == "Networking"


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("Total", "is a row of totals"),
        ("Grand Total: 3", "is a row of totals"),
        ("Total Records 12", "is a row of totals"),
        ("المجموع", "is a row of totals"),
        ("N/A", "has no id under `Record Id`"),
        ("rana@college.example", "has no id under `Record Id`"),
        ("Totaly", "has no id under `Record Id`"),
        ("Summer Course", "has no id under `Record Id`"),
    ],
)
def test_a_row_without_an_id_is_one_of_totals_only_if_it_says_so(
    mzi: Mzi, folder: Path, cell: str, said: str
) -> None:
    (folder / "c.csv").write_text(f"Record Id,Class Name\n101,Networking\n{cell},X\n")
    told = mzi("sync", "classes", "c.csv", "--json").json
    assert told["results"][1]["message"].startswith(f"Line 3 {said}")


def test_a_required_field_without_a_column_is_told_once_and_kept_where_it_is_stored(
    mzi: Mzi, folder: Path
) -> None:
    written(folder, "s.json", [student(1), student(2)])
    mzi("sync", "students", "s.json")
    ids = [student(n)["id"] for n in (1, 2, 3)]
    (folder / "t.csv").write_text("Record Id,City\n" + "".join(f"{each},Irbid\n" for each in ids))
    ran = mzi("sync", "students", "t.csv", "--json")
    assert [each["status"] for each in ran.json["results"]] == ["UPDATED", "UPDATED", "INVALID"]
    assert ran.err.count("It has no column for `Name` and `Academic_Email`") == 1
    assert "`Name` is missing: the file has no column for it" in ran.json["results"][2]["message"]
    kept = record_of(mzi, str(ids[0]))
    assert (kept["city"], kept["academic_email"]) == ("Irbid", student(1)["Academic_Email"])
    again = mzi("sync", "students", "t.csv", "--json").json
    assert again["summary"]["UNCHANGED"] == 2
    emptied = mzi("sync", "students", "t.csv", "--absent-means-empty", "--json").json
    assert emptied["summary"]["INVALID"] == 3


def test_a_lookup_with_a_name_alone_is_not_told_as_missing(mzi: Mzi) -> None:
    told = mzi("sync", "enrollments", CASES / "43_lookup_name_only.csv", "--json").json
    first = told["results"][0]
    assert "has a name and no id" in first["message"]
    assert "is missing" not in first["message"]


def test_an_address_with_an_invisible_character_makes_no_second_person(mzi: Mzi) -> None:
    told = mzi("sync", "students", CASES / "invisible_email_zwsp.json", "--json").json
    assert (told["summary"]["NEW"], told["summary"]["INVALID"]) == (1, 1)
    assert "U+200B as character 5" in told["results"][0]["message"]


class TestAbsentColumns:
    """What a table does not tell."""

    def test_it_stays_as_it_is_stored_and_is_named_once(self, mzi: Mzi) -> None:
        mzi("sync", "students", EXPORT)
        before = record_of(mzi, FIRST)
        ran = mzi("sync", "students", CASES / "15_partial_update.csv")
        assert record_of(mzi, FIRST) == {**before, "city": "Zarqa"}
        assert ran.err.count("`birth_date`") == 1
        assert "stay as stored: the file has no columns for them. --absent-means-empty empties" in ran.err

    def test_a_flag_empties_it_on_purpose(self, mzi: Mzi) -> None:
        mzi("sync", "students", EXPORT)
        ran = mzi("sync", "students", CASES / "15_partial_update.csv", "--absent-means-empty")
        assert record_of(mzi, FIRST)["gender"] is None
        assert "as stored" not in ran.err

    def test_an_empty_cell_of_a_column_that_is_there_empties(self, mzi: Mzi, folder: Path) -> None:
        mzi("sync", "students", EXPORT)
        text = Path(EXPORT).read_text("utf-8-sig").replace("Amman", "")
        (folder / "b.csv").write_text(text)
        mzi("sync", "students", "b.csv")
        assert record_of(mzi, FIRST)["city"] is None

    def test_a_field_of_the_tenants_own_stays_too(self, mzi: Mzi, folder: Path) -> None:
        mzi("sync", "students", EXPORT)
        mzi("fields", "students", "--map", "Animal_Conservation")
        header = "Record Id,Name,Academic Email"
        row = f"zcrm_{FIRST},A01B0001,rana.haddad@campus.example"
        (folder / "a.csv").write_text(f"{header},Animal_Conservation\n{row},None\n")
        (folder / "b.csv").write_text(f"{header}\n{row}\n")
        mzi("sync", "students", "a.csv")
        ran = mzi("sync", "students", "b.csv")
        assert "`extra.animal_conservation`" in ran.err
        assert record_of(mzi, FIRST)["extra"] == {"animal_conservation": "None"}

    def test_rows_of_a_subform_are_not_cleared_by_a_table(self, mzi: Mzi, folder: Path) -> None:
        mzi("sync", "students", EXPORT)
        written(folder, "p.json", [{"id": "11", "Product_Name": "HND"}])
        mzi("sync", "programs", "p.json")
        row = {"id": "1", "Student_ID": FIRST, "Program": "11", "Payment_Schedule": [{"Amount": "50"}]}
        written(folder, "r.json", [row])
        mzi("sync", "registrations", "r.json")
        (folder / "r.csv").write_text(f"Record Id,Student ID.id,Program.id,Version\nzcrm_1,{FIRST},11,2\n")
        mzi("sync", "registrations", "r.csv")
        found = record_of(mzi, "1", "registrations")
        assert found["version"] == 2
        assert [each["amount"] for each in found["installments"]] == ["50"]  # type: ignore[attr-defined]

    def test_a_column_nobody_knows_is_named_with_the_nearest_one(self, mzi: Mzi) -> None:
        ran = mzi("sync", "students", CASES / "23_typo_header.csv")
        assert "The column `Acedemic Email` is no field of students" in ran.err
        assert "the nearest is `Academic_Email`" in ran.err
        assert ran.err.count("Tag") == 0

    def test_no_field_that_nobody_keeps_is_offered_for_a_column(self, mzi: Mzi, folder: Path) -> None:
        (folder / "t.csv").write_text("Record Id,Name,Ownr,Accounting Principels\n")
        said = mzi("sync", "students", "t.csv").err
        assert "`Ownr` is no field of students, and is passed over; none is near it." in said
        assert "`Accounting Principels` is no field of students, and is passed over; none is near it." in said

    def test_a_label_of_the_tenants_own_says_what_a_column_is(self, mzi: Mzi) -> None:
        ran = mzi(
            "sync", "students", CASES / "23_typo_header.csv", "--label", "Acedemic Email=Academic_Email"
        )
        assert ran.code == 0
        assert record_of(mzi, FIRST)["academic_email"] == "rana.haddad@campus.example"


class TestSummary:
    """What is told of refused records."""

    def test_every_reason_is_counted_before_an_example_of_each(self, mzi: Mzi) -> None:
        ran = mzi("sync", "students", CASES / "25_mixed_errors.csv")
        rows = [line.split() for line in ran.out.splitlines()]
        assert ["102", "102", "2", "Birth_Date"] in [row[:4] for row in rows]
        assert ["1", "102", "102", "Academic_Email", "email_invalid"] in rows
        assert "`Birth_Date` seems to be written DD/MM/YYYY: --dates dmy reads it so." in ran.out
        assert ran.out.index("Academic_Email") < ran.out.index("for example")
        assert "such as name@college.example" in ran.out
        assert "… and 100 more." in ran.out

    def test_programs_get_all_of_it(self, mzi: Mzi) -> None:
        told = mzi("sync", "students", CASES / "25_mixed_errors.csv", "--json").json["refused"]
        assert [(each["code"], each["records"], each["of"]) for each in told] == [
            ("date_invalid", 102, 102),
            ("email_invalid", 1, 102),
        ]
        assert (told[0]["seems"], told[0]["dates"]) == (["DD/MM/YYYY"], ["dmy"])
        assert told[1]["example"]["line"] == 102

    def test_days_that_both_orders_fit_are_not_guessed(self, mzi: Mzi, folder: Path) -> None:
        written(folder, "a.json", [student(1, Birth_Date="02/03/2003"), student(2, Birth_Date="04/05/2003")])
        told = mzi("sync", "students", "a.json", "--json").json["refused"][0]
        assert told["seems"] == ["DD/MM/YYYY", "MM/DD/YYYY"]
        assert told["dates"] == []  # which --dates would not read, for it is no table

    def test_days_of_both_orders_seem_to_be_nothing(self, mzi: Mzi, folder: Path) -> None:
        written(folder, "a.json", [student(1, Birth_Date="31/03/2003"), student(2, Birth_Date="03/31/2003")])
        assert "seems" not in mzi("sync", "students", "a.json", "--json").json["refused"][0]


@pytest.mark.parametrize(("order", "day"), [("dmy", "2003-02-01"), ("mdy", "2003-01-02")])
def test_days_are_read_in_the_order_that_was_said(mzi: Mzi, folder: Path, order: str, day: str) -> None:
    text = (
        Path(EXPORT)
        .read_text("utf-8-sig")
        .replace("2003-05-02", "1/2/2003")
        .replace("2003-05-03", "13.13.2003")
    )
    (folder / "a.csv").write_text(text)
    told = mzi("sync", "students", "a.csv", "--dates", order, "--json").json
    assert record_of(mzi, FIRST)["birth_date"] == day
    assert told["summary"]["INVALID"] == 1


class TestMoments:
    """`Modified Time` of an export, which says no offset."""

    def test_with_the_offset_of_the_college_an_old_export_is_stale(self, mzi: Mzi, folder: Path) -> None:
        newer = {"id": FIRST, "Name": "A01B0001", "Academic_Email": "rana.haddad@campus.example"}
        written(folder, "n.json", [{**newer, "City": "Irbid", "Modified_Time": "2026-01-05T08:20:34Z"}])
        mzi("sync", "students", "n.json")
        (folder / "mzi.toml").write_text('offset = "+03:00"\n')
        mzi("sync", "students", EXPORT)
        assert record_of(mzi, FIRST)["city"] == "Irbid"
        mzi("sync", "students", EXPORT, "--offset", "+01:00")
        assert record_of(mzi, FIRST)["city"] == "Amman"

    def test_without_it_the_stored_one_stays(self, mzi: Mzi, folder: Path) -> None:
        at = "2026-01-05T08:20:34Z"
        row = {"id": FIRST, "Name": "A", "Academic_Email": "rana.haddad@campus.example", "Modified_Time": at}
        written(folder, "n.json", [row])
        mzi("sync", "students", "n.json")
        mzi("sync", "students", EXPORT)
        found = record_of(mzi, FIRST)
        assert (found["city"], found["modified_at"]) == ("Amman", at)

    def test_what_is_no_offset_is_misuse(self, mzi: Mzi) -> None:
        ran = mzi("sync", "students", EXPORT, "--offset", "3")
        assert (ran.code, "--offset must be an offset from UTC such as +03:00." in ran.err) == (2, True)


def test_an_id_that_stands_in_a_file_for_two_people_is_told(mzi: Mzi, folder: Path) -> None:
    rows = [student(1), student(2), {**student(1), "Academic_Email": "other@campus.example"}]
    (folder / "a.ndjson").write_text("\n".join(map(json.dumps, rows)))
    for page in (1, 100):
        (folder / "mzi.db").unlink(missing_ok=True)
        ran = mzi("sync", "students", "a.ndjson", "--page", page)
        assert (
            "Line 3: 5398830000090000001 stands in the file twice, with another `academic_email`" in ran.err
        )
        written(folder, "once.json", [student(1)])
        assert "twice" not in mzi("sync", "students", "once.json").err


def test_what_is_said_about_tables_is_told_to_mean_nothing_for_another_file(mzi: Mzi, folder: Path) -> None:
    written(folder, "a.json", [student(1)])
    ran = mzi("sync", "students", "a.json", "--dates", "dmy")
    assert "a.json: It is no table, so --dates, --label and --absent-means-empty say nothing" in ran.err
    assert "no table" not in mzi("sync", "students", "a.json").err


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("City=Qqqq", "`Qqqq`, as --label calls `City`, is no field of students; none is near it."),
        ("City=city", "`city`, as --label calls `City`, is no field of students; the nearest is `City`."),
        ("Ctiy=City", "No column is called `Ctiy`, to which --label gives a meaning."),
    ],
)
def test_a_label_that_fits_no_column_or_no_field_is_told(
    mzi: Mzi, folder: Path, label: str, said: str
) -> None:
    """What stands in the column would be dropped without a word."""
    (folder / "t.csv").write_text("Record Id,Name,Academic Email,City\nzcrm_101,A1,a@b.example,Irbid\n")
    assert said in mzi("sync", "students", "t.csv", "--label", label).err


@pytest.mark.parametrize("label", ["City", "=City", "City="])
def test_what_is_no_label_is_misuse(mzi: Mzi, label: str) -> None:
    assert "--label must be LABEL=API_NAME" in mzi("sync", "students", EXPORT, "--label", label).err
