"""Files as Zoho's exports and API give them, and as spreadsheets leave them."""

from pathlib import Path

import pytest
from tests.cli.terminal import Mzi

from mzi_core.values import State

CASES = Path(__file__).parents[1] / "data" / "zoho"


def counts(mzi: Mzi, name: str) -> dict[str, int]:
    """How many students of a file became what; nothing of what is 0."""
    summary = mzi("sync", "students", CASES / name, "--json").json["summary"]
    return {state: summary[state] for state in State if summary[state]}


def record_of(mzi: Mzi, zoho_id: str) -> dict[str, object]:
    found: dict[str, object] = mzi("show", "students", zoho_id, "--json").json["stored"]["record"]
    return found


def test_a_column_that_an_export_leaves_out_keeps_what_is_stored_and_is_named(mzi: Mzi) -> None:
    assert counts(mzi, "csv_partial_columns_1_full.csv") == {"NEW": 1}
    ran = mzi("sync", "students", CASES / "csv_partial_columns_2.csv", "--json")
    assert ran.json["summary"]["UNCHANGED"] == 1
    for name in ("city", "first_name", "birth_date"):
        assert ran.err.count(f"`{name}`") == 1
    found = record_of(mzi, "7001")
    assert [found[name] for name in ("first_name", "last_name", "city", "birth_date")] == [
        *("Rana", "Haddad", "Irbid", "2001-02-03")
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("csv_excel_ids.csv", "`Record Id` is written in scientific notation"),
        ("csv_cp1256.csv", "this is not UTF-8. Arabic text that a spreadsheet saved as plain CSV is mostly"),
        ("zoho_api_error.json", "is an answer of Zoho's that tells of an error (`INVALID_TOKEN`)"),
    ],
)
def test_a_file_that_says_nothing_of_students_is_refused_for_what_it_is(
    mzi: Mzi, name: str, said: str
) -> None:
    ran = mzi("sync", "students", CASES / name)
    assert ran.code == 2
    assert said in ran.err
    assert "NEW" not in ran.out


def test_an_older_version_is_stale_by_the_moment_and_not_by_the_digits(mzi: Mzi) -> None:
    assert counts(mzi, "json_newer_offset.json") == {"NEW": 1}
    older = mzi("sync", "students", CASES / "json_older_offset.json", "--json").json
    assert older["summary"]["UNCHANGED"] == 1
    assert record_of(mzi, "7301")["city"] == "Amman"


def test_days_in_a_form_that_can_be_read_two_ways_are_refused(mzi: Mzi) -> None:
    told = mzi("sync", "students", CASES / "csv_ampm_and_locale_dates.csv", "--json").json
    assert told["summary"]["INVALID"] == 2
    reasons = [reason for each in told["results"] for reason in each["reasons"]]
    assert {(each["code"], each["path"]) for each in reasons} == {("date_invalid", "$.Birth_Date")}


@pytest.mark.parametrize(
    ("name", "zoho_id", "first_name"),
    [
        ("csv_sep_line.csv", "7001", None),
        ("csv_utf16_arabic.csv", "7001", "رنا"),
        ("csv_backup_shape.csv", "5398830000090000011", "Lina"),
    ],
)
def test_what_spreadsheets_and_backups_add_is_read_over(
    mzi: Mzi, name: str, zoho_id: str, first_name: str | None
) -> None:
    ran = mzi("sync", "students", CASES / name, "--json")
    assert ran.json["summary"]["NEW"] == 1
    assert not {word for word in ("Locked", "Connected To", "Tag") if word in ran.err}
    assert record_of(mzi, zoho_id)["first_name"] == first_name


def test_an_id_is_one_with_the_prefix_of_exports_and_without(mzi: Mzi) -> None:
    assert counts(mzi, "json_zcrm_prefix.json") == {"NEW": 1, "UPDATED": 1}
    assert record_of(mzi, "7109")["academic_email"] == "b9b@college.example"


def test_every_file_is_looked_at() -> None:
    """Those that begin with `fake` are answers, which `test_replayed_answers` gives."""
    files = {path.name for path in CASES.iterdir() if not path.name.startswith("fake")}
    source = Path(__file__).read_text("utf-8")
    assert {name for name in files if name not in source} == set()
