"""`mzi list`, `mzi status` and `mzi runs`."""

import csv
import json
import tracemalloc
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from tests.cli.terminal import Mzi, student, written

from mzi_core.modules import CATALOGUE
from mzi_http.cli import run

REGISTRATION = "5398830000060000601"


@pytest.fixture(autouse=True)
def college(mzi: Mzi, folder: Path) -> None:
    """Three students, one of them refused; a payment that waits and one that is refused."""
    written(folder, "students.json", [student(1), student(2), student(3, Academic_Email="x")])
    payments = [
        {"id": "801", "Registration_ID": {"id": REGISTRATION}, "Payment_Amount": 350},
        {"id": "802", "Registration_ID": {"id": REGISTRATION}, "Payment_Amount": "9,5"},
    ]
    written(folder, "payments.json", payments)
    mzi("sync", "students", "students.json")
    mzi("sync", "payments", "payments.json")


def test_stored_records_are_listed_with_what_tells_them_apart(mzi: Mzi) -> None:
    ran = mzi("list", "students")
    assert ran.code == 0
    assert [line.split()[0] for line in ran.out.splitlines()[2:]] == [student(1)["id"], student(2)["id"]]
    assert "A0001" in ran.out
    assert ran.err == ""


def test_refused_records_are_listed_with_their_reasons(mzi: Mzi) -> None:
    out = mzi("list", "student", "--state", "INVALID").out
    assert str(student(3)["id"]) in out
    assert "email_invalid" in out
    assert str(student(1)["id"]) not in out


def test_parked_records_are_told_from_refused_ones(mzi: Mzi) -> None:
    def ids(*tokens: str) -> list[str]:
        return [each["zoho_id"] for each in mzi("list", "payments", *tokens, "--json").json["records"]]

    assert ids("--parked") == ["801"]
    assert ids("--state", "INVALID") == ["801", "802"]
    assert ids() == []


@pytest.mark.parametrize(
    ("tokens", "said"),
    [
        (["grades"], "There are no grades in the store."),
        (["students", "--parked"], "None of the students waits for another record."),
        (["students", "--state", "UPDATED"], "None of the students is UPDATED."),
        (["students", "--since", "2099-01-01"], "There are no students in the store since then."),
    ],
)
def test_an_empty_list_says_what_there_is_none_of(mzi: Mzi, tokens: list[str], said: str) -> None:
    assert mzi("list", *tokens).out == f"{said}\n"


def test_a_limit_says_that_there_is_more_only_when_there_is(mzi: Mzi) -> None:
    assert mzi("list", "students", "--limit", "1").err.startswith("The first 1; --limit shows more")
    assert mzi("list", "students", "--limit", "2").err == ""


def test_what_is_said_below_a_list_wraps_as_the_list_does(mzi: Mzi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    said = mzi("list", "students", "--limit", "1").err
    assert max(map(len, said.splitlines())) <= 50
    wanted = "The first 1; --limit shows more, and --csv or --json all of them."
    assert " ".join(said.split()) == wanted


def test_csv_has_every_field_and_nothing_a_spreadsheet_would_run(mzi: Mzi, folder: Path) -> None:
    written(folder, "more.json", [student(9, First_Name="=cmd()", Last_Name="حداد, رنا")])
    mzi("sync", "students", "more.json")
    rows = list(csv.DictReader(StringIO(mzi("list", "students", "--csv").out)))
    assert [row["zoho_id"] for row in rows] == [student(n)["id"] for n in (1, 2, 9)]
    assert (rows[2]["first_name"], rows[2]["last_name"]) == ("'=cmd()", "حداد, رنا")
    assert {field.name for field in CATALOGUE["students"].fields} <= set(rows[0])
    held = list(csv.DictReader(StringIO(mzi("list", "payments", "--state", "INVALID", "--csv").out)))
    assert [(row["zoho_id"], row["waits_for_module"], row["waits_for"]) for row in held] == [
        ("801", "registrations", REGISTRATION),
        ("802", "", ""),
    ]


def test_csv_and_json_are_whole_however_many_pages_there_are(mzi: Mzi, folder: Path) -> None:
    written(folder, "many.json", [student(n) for n in range(100, 650)])
    mzi("sync", "students", "many.json")
    assert len(mzi("list", "students", "--json").json["records"]) == 552
    assert mzi("list", "students", "--csv").out.count("\n") == 553
    assert len(mzi("list", "students", "--json", "--limit", "300").json["records"]) == 300
    assert json.loads(mzi("list", "programs", "--json").out) == {"module": "programs", "records": []}


def test_a_long_list_takes_no_more_memory_than_some_pages(mzi: Mzi, folder: Path) -> None:
    written(folder, "many.json", [student(n, Address="x" * 2_000) for n in range(100, 3_100)])
    mzi("sync", "students", "many.json")
    with (folder / "out").open("w") as out, redirect_stdout(out):
        tracemalloc.start()
        assert run(["list", "students", "--json"]) == 0
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < (folder / "out").stat().st_size / 2


@pytest.mark.parametrize(
    ("tokens", "said"),
    [
        (["--state", "UNCHANGED"], "UNCHANGED is what became of a record"),
        (["--parked", "--state", "NEW"], "leave --state out"),
        (["--csv", "--json"], "either --csv or --json"),
        (["--limit", "0"], "--limit must be at least 1."),
        (["--since", "soon"], "--since is a day such as 2026-09-01"),
    ],
)
def test_what_cannot_be_listed_is_refused_with_what_can(mzi: Mzi, tokens: list[str], said: str) -> None:
    ran = mzi("list", "students", *tokens)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_status_counts_every_module_and_names_its_last_run(mzi: Mzi) -> None:
    told = mzi("status", "--json").json
    assert told["store"]["ready"] is True
    found = {each["module"]: each for each in told["modules"]}
    assert set(found) == {module.name for module in CATALOGUE}
    counts = ("live", "NEW", "UPDATED", "refused", "parked")
    assert [found["students"][name] for name in counts] == [2, 2, 0, 1, 0]
    assert [found["payments"][name] for name in counts] == [0, 0, 0, 1, 1]
    assert found["students"]["last_run"]["source"] == str(Path("students.json").resolve())
    assert found["grades"]["last_run"] is None
    shown = mzi("status").out.splitlines()
    assert shown[0].split()[:2] == ["store", "sqlite"]
    rows = [line.split() for line in shown]
    assert next(row for row in rows if row[:1] == ["students"])[1:4] == ["2", "2", "1"]


def test_runs_are_listed_newest_first_and_shown_by_what_their_id_ends_in(mzi: Mzi) -> None:
    listed = mzi("runs", "list", "--json").json
    assert [run["module"] for run in listed] == ["payments", "students"]
    assert [run["module"] for run in mzi("runs", "list", "--module", "student", "--json").json] == [
        "students"
    ]
    shown = mzi("runs", "list").out.splitlines()[2].split()
    assert shown[:4] == [listed[0]["id"][-8:], "payments", "payments.json", "partial"]
    one = mzi("runs", "show", shown[0])
    assert listed[0]["id"] in one.out
    assert mzi("runs", "show", listed[1]["id"], "--json").json == listed[1]


def test_an_unknown_run_is_told(mzi: Mzi) -> None:
    ran = mzi("runs", "show", "nothing")
    assert ran.code == 2
    assert "no run among the latest 1,000 with the id `nothing`" in ran.err
    assert "--limit must be from 1 to 1,000" in mzi("runs", "list", "--limit", "0").err
    assert mzi("runs", "show", "-").code == 2
