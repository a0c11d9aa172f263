"""`mzi show`, `mzi modules` and `mzi fields`."""

import json
from pathlib import Path

import pytest
from tests.cli.terminal import Mzi, student, written

from mzi_core.module import AnyModule
from mzi_core.modules import CATALOGUE, MOODLE_CATALOGUE

RANA = student(1, First_Name="رنا", Modified_Time="2026-02-01T09:00:00+03:00")


@pytest.fixture
def rana(mzi: Mzi, folder: Path) -> str:
    """The id of a student who is stored."""
    written(folder, "students.json", [RANA])
    mzi("sync", "students", "students.json")
    return str(RANA["id"])


def test_a_record_is_shown_field_by_field(mzi: Mzi, rana: str) -> None:
    ran = mzi("show", "students", rana)
    assert ran.code == 0
    assert ran.out.startswith(f"Student {rana}: NEW, stored 20")
    rows = dict(line.split(maxsplit=1) for line in ran.out.splitlines()[2:] if line)
    assert rows["first_name"].strip() == "رنا"
    assert rows["academic_email"].strip() == "a1@campus.example"
    assert rows["modified_at"].strip() == "2026-02-01 06:00:00Z"


def test_a_record_is_found_by_its_id_as_an_export_writes_it(mzi: Mzi, rana: str) -> None:
    assert mzi("show", "students", f"zcrm_{rana}").out.startswith(f"Student {rana}: NEW")


def test_a_later_version_that_was_refused_is_shown_with_its_reasons(
    mzi: Mzi, rana: str, folder: Path
) -> None:
    program = {"id": "5", "name": "Level 3"}
    written(folder, "later.json", [{**RANA, "Academic_Email": "x", "Program": program}])
    mzi("sync", "students", "later.json")
    ran = mzi("show", "student", rana)
    assert f"A version of student {rana} of 20" in ran.out
    assert "was refused (INVALID)" in ran.out
    assert "email_invalid" in ran.out
    assert '{"id": "5", "name": "Level 3"}' in ran.out
    told = mzi("show", "students", rana, "--json").json
    assert told["stored"]["record"]["academic_email"] == "a1@campus.example"
    assert told["held"]["received"]["Academic_Email"] == "x"


def test_rows_of_a_subform_are_shown_one_by_one(mzi: Mzi, rana: str, folder: Path) -> None:
    written(folder, "programs.json", [{"id": "11", "Product_Name": "L3"}])
    registration = {
        "id": "14",
        "Student_ID": rana,
        "Program": "11",
        "Payment_Schedule": [{"Installment_Amount": 500}, {"Installment_Amount": "1,500.50"}],
    }
    written(folder, "registrations.json", [registration])
    mzi("sync", "programs", "programs.json")
    mzi("sync", "registrations", "registrations.json")
    shown = mzi("show", "registrations", "14").out
    assert "installments[1]  number: 2, amount: 1500.50, status: Pending" in shown


def test_no_character_of_a_record_steers_the_terminal(mzi: Mzi, folder: Path) -> None:
    written(folder, "students.json", [student(1, City="\x1b[31mred\x07\u202e", First_Name="[bold]x[/]")])
    mzi("sync", "students", "students.json")
    shown = mzi("show", "students", str(student(1)["id"])).out
    assert "\\x1b[31mred\\x07\\u202e" in shown
    assert "[bold]x[/]" in shown
    assert "\x1b" not in shown


def test_what_is_not_there_is_told(mzi: Mzi, rana: str) -> None:
    ran = mzi("show", "students", "5")
    assert (ran.code, ran.err) == (2, "There is no student `5`.\n")
    assert mzi("show", "students", rana, "--tenant", "other").code == 2


def test_without_a_store_nothing_is_made(mzi: Mzi, folder: Path) -> None:
    ran = mzi("show", "students", "5")
    assert ran.code == 3
    assert ran.err.startswith("There is no store at mzi.db yet; `mzi sync` makes it")
    assert list(folder.iterdir()) == []


def test_modules_are_listed_parents_first(mzi: Mzi) -> None:
    ran = mzi("modules")
    names = [line.split()[0] for line in ran.out.splitlines()[2:] if not line.startswith(" ")]
    assert sorted(names) == sorted(module.name for module in CATALOGUE)
    assert names.index("students") < names.index("registrations") < names.index("payments")
    assert "BTEC_Students" in ran.out
    told = {module["name"]: module for module in mzi("modules", "--json").json}
    assert told["payments"]["depends_on"] == {"registration": "registrations"}


class TestFields:
    """What mzi reads of a module, and what a tenant adds to it."""

    def test_every_declared_field_is_listed(self, mzi: Mzi, folder: Path) -> None:
        ran = mzi("fields", "students")
        assert ran.code == 0
        (email,) = [line for line in ran.out.splitlines() if line.startswith("academic_email")]
        assert email.split() == ["academic_email", "Academic_Email", "email", "required,", "unique"]
        assert "Moodle link" in ran.out
        told = mzi("fields", "payments", "--json").json
        assert [field["name"] for field in told["fields"]] == [f.name for f in CATALOGUE["payments"].fields]
        assert told["fields"][2]["depends_on"] == "registrations"
        assert list(folder.iterdir()) == []

    def test_the_others_that_zoho_is_known_to_have_are_listed_when_asked(self, mzi: Mzi) -> None:
        assert "Study_Mode" not in mzi("fields", "students").out
        ran = mzi("fields", "students", "--all")
        assert "Study_Mode" in ran.out
        assert "holds no value to map" in ran.out
        known = {field["zoho_name"] for field in mzi("fields", "students", "--all", "--json").json["known"]}
        assert {"Study_Mode", "Academic_Email"} <= known

    def test_a_field_that_is_mapped_is_kept_and_shown(self, mzi: Mzi, folder: Path) -> None:
        ran = mzi("fields", "students", "--map", "Study_Mode", "--map", "Registration_Date=joined")
        assert ran.code == 0
        assert "extra.study_mode" in ran.out
        assert "Kept." in ran.err
        written(folder, "a.json", [{**RANA, "Study_Mode": "Part Time", "Registration_Date": "2026-02-01"}])
        mzi("sync", "students", "a.json")
        extra = mzi("show", "students", RANA["id"], "--json").json["stored"]["record"]["extra"]
        assert extra == {"study_mode": "Part Time", "joined": "2026-02-01"}
        assert "extra.joined" in mzi("show", "students", RANA["id"]).out
        assert mzi("fields", "students", "--unmap", "joined", "--json").json["mapped"] == [
            {"field": "extra.study_mode", "zoho_name": "Study_Mode"}
        ]

    def test_a_declared_field_can_be_read_from_another_name_first(self, mzi: Mzi) -> None:
        ran = mzi("fields", "students", "--map", "Major=sub_major")
        (row,) = [line for line in ran.out.splitlines() if line.startswith("sub_major")]
        assert row.split()[1:3] == ["Major,", "Sub_Major"]

    @pytest.mark.parametrize(
        ("tokens", "said"),
        [
            (["--map", "Sub_Majr"], "Did you mean `Sub_Major`"),
            (["--map", "Academic_Email"], "`Academic_Email` is read already: it is `academic_email`."),
            (["--map", "Study_Mode=Bad Name"], "is no name for a field"),
            (
                ["--unmap", "study_mod"],
                "`study_mod` is not a mapped field of the students. Did",
            ),
            (["--unmap", "zzz"], "Mapped are: extra.study_mode."),
        ],
    )
    def test_what_cannot_be_mapped_is_refused_with_the_nearest(
        self, mzi: Mzi, tokens: list[str], said: str
    ) -> None:
        mzi("fields", "students", "--map", "Study_Mode")
        ran = mzi("fields", "students", *tokens)
        assert ran.code == 2
        assert said in ran.err
        assert len(json.loads(mzi("fields", "students", "--json").out)["mapped"]) == 1


class TestFieldsOfMoodle:
    """What mzi reads of a kind of record of Moodle."""

    @pytest.mark.parametrize("module", list(MOODLE_CATALOGUE), ids=lambda module: module.name)
    def test_every_declared_field_is_listed_with_its_names(self, mzi: Mzi, module: AnyModule) -> None:
        told = mzi("fields", module.name, "--json").json["fields"]
        assert [each["name"] for each in told] == [field.name for field in module.fields]
        assert [each["moodle_names"] for each in told] == [list(field.names) for field in module.fields]
        ran = mzi("fields", module.name)
        assert (ran.code, "in Moodle, first to last" in " ".join(ran.out.split())) == (0, True)

    def test_the_cells_of_rows_are_listed_and_what_a_key_is_made_of(self, mzi: Mzi) -> None:
        told = {each["name"]: each for each in mzi("fields", "moodle_marks", "--json").json["fields"]}
        cells = {each["name"]: each for each in told["attempts"]["cells"]}
        assert cells["number"]["moodle_names"][-1] == "attempt_number"
        assert cells["criteria.score"]["moodle_names"] == ["score", "LO_Score", "grade"]
        out = mzi("fields", "moodle_enrollments").out
        assert "{course}_{user}" in out
        assert "moodle_courses, needed first" in " ".join(out.split())

    @pytest.mark.parametrize("tokens", [["--all"], ["--map", "City"], ["--unmap", "city"]], ids=" ".join)
    def test_moodle_has_no_fields_of_the_colleges_own(
        self, mzi: Mzi, folder: Path, tokens: list[str]
    ) -> None:
        ran = mzi("fields", "moodle_users", *tokens)
        assert (ran.code, list(folder.iterdir())) == (2, [])
        assert "--all, --map and --unmap are about fields of Zoho." in ran.err


@pytest.mark.parametrize("command", ["sync", "push"])
def test_a_command_about_zoho_says_that_a_kind_of_record_is_moodles(mzi: Mzi, command: str) -> None:
    ran = mzi(command, "moodle_users", *(["x.csv"] if command == "sync" else []))
    assert ran.code == 2
    assert f"`moodle_users` are records of Moodle; `mzi {command}` is about Zoho's modules." in ran.err
    assert "`mzi pull moodle_users` reads them from Moodle" in ran.err
    assert "`mzi serve` takes them at `/moodle/users`." in ran.err


def test_what_was_changed_of_a_record_is_shown_newest_first(mzi: Mzi, rana: str, folder: Path) -> None:
    assert "Nothing was changed" in mzi("show", "students", rana, "--history").err
    for city in ("Irbid", "Zarqa"):
        written(folder, "later.json", [{**RANA, "City": city, "Phone_Number": "07" * 60}])
        mzi("sync", "students", "later.json")
    ran = mzi("show", "students", rana, "--history")
    rows = [line.split() for line in ran.out.splitlines()]
    assert [row[1:4] for row in rows if row[:1] == ["city"]] == [["Irbid", "Zarqa"], ["Irbid"]]
    run = mzi("runs", "list", "--json").json[0]["id"]
    assert ran.out.splitlines()[0].endswith(f"updated by run {run}")
    assert f"{'07' * 30}…" in ran.out
    told = mzi("show", "students", rana, "--history", "--json").json
    assert [list(change["fields"]) for change in told] == [["city"], ["phone", "city"]]
    assert told[0]["caused_by"]["what"] == "run"
    assert told[1]["fields"]["phone"] == {"before": None, "after": "07" * 60}
