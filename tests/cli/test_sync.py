"""`mzi sync`: files into the store, and an outcome for every record."""

import csv
import io
import json
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.terminal import Mzi, student, written

GOOD = [student(1), student(2)]
BAD = student(3, Academic_Email="nobody@localhost")


def stored(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "mzi.db")) as database, database:
        (count,) = database.execute("select count(*) from students").fetchone()
    return int(count)


def test_the_first_sync_makes_the_store_and_says_what_became_of_everything(mzi: Mzi, folder: Path) -> None:
    written(folder, "students.json", [*GOOD, BAD])
    ran = mzi("sync", "students", "students.json")
    assert ran.code == 1
    assert ran.err == "Made the store mzi.db.\n"
    assert "What became of 3 students:" in ran.out
    heads, _, row = ran.out.splitlines()[2:5]
    assert heads.split()[:6] == ["file", "records", "NEW", "UPDATED", "UNCHANGED", "INVALID"]
    assert row.split()[:4] == ["students.json", "3", "2", "1"]
    assert (
        "`Academic_Email` must be an e-mail address such as name@college.example. (email_invalid)" in ran.out
    )
    assert stored(folder) == 2


def test_everything_accepted_is_exit_code_0_and_a_second_time_nothing_changes(mzi: Mzi, folder: Path) -> None:
    written(folder, "students.json", GOOD)
    assert mzi("sync", "students", "students.json").code == 0
    again = mzi("sync", "BTEC_Students", "students.json", "--json")
    assert again.code == 0
    assert again.json["summary"] == {"NEW": 0, "UPDATED": 0, "UNCHANGED": 2, "INVALID": 0, "ERROR": 0}
    assert again.json["results"] == []


def test_json_tells_of_every_record_to_which_something_happened(mzi: Mzi, folder: Path) -> None:
    written(folder, "a.json", GOOD)
    written(folder, "b.json", {"data": [student(1, City="Irbid"), student(2), BAD, "x"]})
    mzi("sync", "students", "a.json")
    ran = mzi("sync", "students", "b.json", "a.json", "--json", "--page", 1)
    assert (ran.code, ran.err) == (1, "")
    told = ran.json
    assert [(r["file"], r["line"], r["position"], r["status"]) for r in told["results"]] == [
        ("b.json", 1, 0, "UPDATED"),
        ("b.json", 1, 2, "INVALID"),
        ("b.json", 1, 3, "INVALID"),
        ("a.json", 1, 0, "UPDATED"),
    ]
    assert told["results"][0]["changed_fields"] == ["city"]
    assert told["results"][1]["zoho_student_id"] == BAD["id"]
    assert told["results"][1]["reasons"][0]["code"] == "email_invalid"
    assert (told["status"], told["module"], told["tenant_id"]) == ("partial", "students", "default")
    assert [file["records"] for file in told["files"]] == [4, 2]
    assert told["summary"] == {"NEW": 0, "UPDATED": 2, "UNCHANGED": 2, "INVALID": 2, "ERROR": 0}


def test_a_dry_run_shows_what_would_change_and_changes_nothing(mzi: Mzi, folder: Path) -> None:
    written(folder, "a.json", GOOD)
    written(folder, "b.json", [student(1, City="Irbid", Gender="Female"), student(9)])
    mzi("sync", "students", "a.json")
    before = (folder / "mzi.db").read_bytes()
    ran = mzi("sync", "students", "b.json", "--dry-run")
    assert ran.code == 0
    assert "What would become of 2 students:" in ran.out
    assert "city, gender" in ran.out
    assert ran.out.endswith("This was a dry run: nothing was kept.\n")
    assert (folder / "mzi.db").read_bytes() == before
    assert mzi("sync", "students", "b.json", "--dry-run", "--json").json["dry_run"] is True


def test_a_dry_run_before_there_is_a_store_makes_none(mzi: Mzi, folder: Path) -> None:
    written(folder, "a.json", [*GOOD, BAD])
    ran = mzi("sync", "students", "a.json", "--dry-run", "--json")
    assert ran.code == 1
    assert ran.json["summary"]["NEW"] == 2
    assert [path.name for path in folder.iterdir()] == ["a.json"]


def test_the_report_has_a_row_for_every_record_but_the_unchanged(mzi: Mzi, folder: Path) -> None:
    written(folder, "a.json", GOOD)
    mzi("sync", "students", "a.json")
    lines = [student(1), student(2, City="Irbid"), {**BAD, "id": "=cmd|' /C calc'!A0"}, student(4, Name=None)]
    (folder / "b.ndjson").write_text("\n".join(map(json.dumps, lines)) + "\nnonsense\n")
    ran = mzi("sync", "students", "b.ndjson", "--report", "report.csv")
    assert ran.code == 1
    assert "All are in report.csv." in ran.out
    raw = (folder / "report.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))
    rows, summary = rows[:4], rows[4:]
    assert [(r["file"], r["line"], r["state"], r["codes"], r["paths"], r["messages"]) for r in summary] == [
        ("(summary)", "", "UPDATED", "", "", "1 of 5 records."),
        ("(summary)", "", "UNCHANGED", "", "", "1 of 5 records."),
        ("(summary)", "", "INVALID", "", "", "3 of 5 records."),
        *(
            ("(summary)", line, "INVALID", code, path, "1 of 5 records; this is the first.")
            for line, code, path in (
                ("3", "email_invalid", "$.Academic_Email"),
                ("4", "required", "$.Name"),
                ("5", "not_an_object", "$"),
            )
        ),
    ]
    assert [(r["record"], r["line"], r["state"], r["changed_fields"], r["codes"]) for r in rows] == [
        ("2", "2", "UPDATED", "city", ""),
        ("3", "3", "INVALID", "", "email_invalid"),
        ("4", "4", "INVALID", "", "required"),
        ("5", "5", "INVALID", "", "not_an_object"),
    ]
    assert {r["file"] for r in rows} == {"b.ndjson"}
    assert rows[1]["zoho_id"] == "'=cmd|' /C calc'!A0"
    assert rows[2]["paths"] == "$.Name"
    assert rows[3]["messages"] == "Line 5 is no JSON: Expecting value, column 1."


def test_a_line_that_cannot_be_read_is_told_and_those_beside_it_are_taken(mzi: Mzi, folder: Path) -> None:
    good, better = map(json.dumps, GOOD)
    (folder / "a.ndjson").write_text(f"{good}\n{{broken\n{better}\n")
    ran = mzi("sync", "students", "a.ndjson")
    assert ran.code == 1
    assert "Line 2 is no JSON: Expecting property name enclosed in double quotes, column 2." in ran.out
    assert stored(folder) == 2


def test_a_file_that_is_cut_short_is_exit_code_2_and_what_came_before_is_kept(mzi: Mzi, folder: Path) -> None:
    (folder / "a.json").write_text(json.dumps([*GOOD, student(4)])[:-20])
    ran = mzi("sync", "students", "a.json")
    assert ran.code == 2
    assert "a.json is cut short: the record that begins on line 1" in ran.err
    assert "What became of 2 students:" in ran.out
    assert stored(folder) == 2
    told = mzi("sync", "students", "a.json", "--json")
    assert told.code == 2
    assert told.json["status"] == "stopped"
    assert "cut short" in told.json["error"]
    assert told.json["summary"]["UNCHANGED"] == 2


def test_a_zoho_export_goes_in_as_it_is(mzi: Mzi, folder: Path) -> None:
    (folder / "students.csv").write_text(
        "Record Id,Student ID,Academic Email,Program,Program.id,Modified Time,City\n"
        "zcrm_5398830000090000001,A01,a1@campus.example,L3,zcrm_5398830000110000001,2026-02-01 09:00:00,\n"
        "zcrm_5398830000090000002,A02,a2@campus.example\n",
        "utf-8-sig",
    )
    ran = mzi("sync", "students", "students.csv")
    assert "Line 3 has 3 cells where the header has 7." in ran.out
    shown = mzi("show", "students", "5398830000090000001", "--json").json["stored"]["record"]
    assert (shown["display_name"], shown["program"], shown["city"]) == ("A01", "5398830000110000001", None)


def test_a_dash_is_standard_input(mzi: Mzi, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "\n".join(map(json.dumps, GOOD))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    ran = mzi("sync", "students", "-", "--json")
    assert ran.code == 0
    assert ran.json["files"][0]["file"] == "standard input"
    assert ran.json["summary"]["NEW"] == 2


def test_children_that_come_first_wait_for_their_parents(mzi: Mzi, folder: Path) -> None:
    registration = {"id": "14", "Student_ID": {"id": GOOD[0]["id"]}, "Program": {"id": "11"}}
    written(folder, "registrations.json", [registration])
    written(folder, "programs.json", [{"id": "11", "Product_Name": "BTEC L3"}])
    written(folder, "students.json", GOOD)
    first = mzi("sync", "registrations", "registrations.json")
    assert first.code == 1
    assert "Parked: it is taken by itself when that record arrives." in first.out
    mzi("sync", "programs", "programs.json")
    assert "waits for students" in mzi("show", "registrations", "14").out
    last = mzi("sync", "students", "students.json", "--json", "--report", "r.csv").json
    assert last["files"][0]["released"] == 1
    assert [(r["module"], r["status"], r["zoho_registration_id"]) for r in last["released"]] == [
        ("registrations", "NEW", "14")
    ]
    assert "students.json,,,registrations,14,NEW" in (folder / "r.csv").read_text("utf-8-sig")
    assert mzi("show", "registrations", "14", "--json").json["held"] is None


def test_a_sync_that_was_stopped_can_go_on_where_it_was(mzi: Mzi, folder: Path) -> None:
    text = json.dumps([*GOOD, student(4), BAD], indent=0)
    (folder / "a.json").write_text(text[: text.index(str(student(4)["id"]))])
    assert mzi("sync", "students", "a.json", "--page", 2).code == 2
    (folder / "a.json").write_text(text)
    ran = mzi("sync", "students", "a.json", "--page", 3, "--resume", "--json")
    assert ran.err == "Passed over the first 2 of a.json: done before.\n"
    assert [(r["position"], r["line"], r["status"]) for r in ran.json["results"]] == [
        (2, 12, "NEW"),
        (3, 17, "INVALID"),
    ]
    again = mzi("sync", "students", "a.json", "--resume", "--json")
    assert again.json["files"][0]["records"] == 4
    assert again.err == "a.json is taken from its beginning: no sync of it was stopped.\n"


@pytest.mark.parametrize("other", ["./a.json", "{folder}/a.json", "x/../a.json", "link.json"])
def test_a_file_is_the_same_source_by_whichever_path_it_is_named(mzi: Mzi, folder: Path, other: str) -> None:
    (folder / "x").mkdir()
    (folder / "link.json").symlink_to("a.json")
    text = json.dumps([*GOOD, student(4)])
    (folder / "a.json").write_text(text[:-1])
    assert mzi("sync", "students", other.format(folder=folder), "--page", 2).code == 2
    (folder / "a.json").write_text(text)
    ran = mzi("sync", "students", "a.json", "--resume")
    assert ran.out == "There is no record in it that was not done before.\n"


def test_files_of_one_name_in_two_folders_are_two_sources(
    mzi: Mzi, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = json.dumps([*GOOD, student(4)])
    for name in ("one", "two"):
        (folder / name).mkdir()
        (folder / name / "a.json").write_text(text if name == "two" else text[:-1])
    monkeypatch.setenv("MZI_STORE", f"sqlite:///{folder}/mzi.db")
    monkeypatch.chdir(folder / "one")
    assert mzi("sync", "students", "a.json").code == 2
    monkeypatch.chdir(folder / "two")
    assert "no sync of it was stopped" in mzi("sync", "students", "a.json", "--resume").err


@pytest.mark.parametrize(
    "now",
    [
        [student(7), *GOOD[1:], student(4)],
        [GOOD[0], student(7), student(4)],
        [*GOOD[1:], student(4)],
        [GOOD[0]],
        [],
    ],
    ids=["another first record", "another last record", "one record less", "shorter", "empty"],
)
def test_a_file_that_is_another_by_now_is_not_taken_up_where_it_was_stopped(
    mzi: Mzi, folder: Path, now: list[object]
) -> None:
    """Records of it would never be looked at, and nothing would say so."""
    text = json.dumps([*GOOD, student(4), BAD], indent=0)
    (folder / "a.json").write_text(text[: text.index(str(student(4)["id"]))])
    assert mzi("sync", "students", "a.json", "--page", 2).code == 2
    (folder / "a.json").write_text(json.dumps(now))
    ran = mzi("sync", "students", "a.json", "--page", 3, "--resume")
    assert ran.code == 2
    assert "a.json is not what it was when it was stopped: the records that were done are" in ran.err
    assert "Take it from its beginning, without --resume" in ran.err
    assert mzi("sync", "students", "a.json").code == 0


def test_a_file_of_which_all_was_done_before_is_not_said_to_be_empty(mzi: Mzi, folder: Path) -> None:
    text = json.dumps(GOOD)
    (folder / "a.json").write_text(text[:-1])
    assert mzi("sync", "students", "a.json", "--page", 2).code == 2
    (folder / "a.json").write_text(text)
    ran = mzi("sync", "students", "a.json", "--resume")
    assert (ran.code, ran.out) == (0, "There is no record in it that was not done before.\n")


@pytest.mark.parametrize(
    ("tokens", "said"),
    [
        (["studnts", "a.json"], "`studnts` is not a module mzi knows. Did you mean `students`"),
        (["students"], "Name at least one file of records, or `-` for standard input."),
        (["students", "none.json"], "There is no file none.json."),
        (["students", "a.json", "--page", "0"], "--page must be at least 1."),
        (["students", "a.json", "--dry-rnu"], "Unknown option: --dry-rnu. Did you mean --dry-run?"),
        (["students", "missing.json", "--dryrun"], "Unknown option: --dryrun. Did you mean --dry-run?"),
        (
            ["students", "a.json", "-", "--reprot", "x.csv"],
            "Unknown option: --reprot. Did you mean --report",
        ),
        (["students", "a.json", "-x"], "Unknown option: -x."),
        (["students", "a.json", "--", "-x"], "There is no file -x."),
        (["students", "a.json", "--format", "xml"], 'Invalid value "xml" for --format'),
        (
            ["students", "a.json", "--report", "a.json"],
            "--report a.json would overwrite the records",
        ),
        (
            ["students", "a.json", "--report", "none/r.csv"],
            "The report none/r.csv cannot be written",
        ),
        (["students", "a.json", "--tenant", "Not One"], "A tenant name has small letters"),
        (
            ["students", "a.json", "--tenant", "other"],
            "`mzi tenants add other` makes it.",
        ),
        ([], 'Command "sync" parameter MODULE requires an argument.'),
    ],
)
def test_misuse_is_exit_code_2_and_a_sentence(mzi: Mzi, folder: Path, tokens: list[str], said: str) -> None:
    written(folder, "a.json", GOOD)
    ran = mzi("sync", *tokens)
    assert ran.code == 2
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_a_store_without_schema_is_exit_code_3_and_is_left_alone(mzi: Mzi, folder: Path) -> None:
    written(folder, "a.json", GOOD)
    with closing(sqlite3.connect(folder / "mzi.db")) as database, database:
        database.execute("create table something (else_ integer)")
    ran = mzi("sync", "students", "a.json")
    assert ran.code == 3
    assert "`mzi db upgrade`" in ran.err
    with closing(sqlite3.connect(folder / "mzi.db")) as database, database:
        assert database.execute("select name from sqlite_master").fetchall() == [("something",)]


def test_ctrl_c_is_exit_code_130_and_tells_what_was_done(folder: Path) -> None:
    """The process reads a pipe that does not end, has told of two records, and is interrupted."""
    lines = "".join(json.dumps(record) + "\n" for record in GOOD)
    with subprocess.Popen(
        [sys.executable, "-m", "mzi_http", "sync", "students", "-", "--page", "1", "--json"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(lines.encode())
        process.stdin.flush()
        told = [process.stdout.readline() for _ in range(3)]
        process.send_signal(signal.SIGINT)
        process.stdin.close()
        out, err = b"".join(told) + process.stdout.read(), process.stderr.read().decode()
        assert process.wait(30) == 130, err
    document = json.loads(out)
    assert (document["status"], document["error"]) == ("stopped", "stopped by Ctrl-C")
    assert document["summary"]["NEW"] == len(document["results"]) == stored(folder) == 2
    assert err.splitlines()[-2:] == [
        "Take the files again: what is stored will be UNCHANGED, and --resume passes over it.",
        "Stopped.",
    ]
