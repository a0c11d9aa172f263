"""`mzi push`, over a Zoho and a Moodle on this machine."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.college import Remotes, sound, standing
from tests.cli.terminal import Mzi, student, written

from mzi_core.ports import Applied, Rejected, RejectionKind, RejectionReason, Unknown
from mzi_core.provisioning import Action, Step, StepResult
from mzi_core.use_cases.carry_out import PushResult
from mzi_core.use_cases.push import PagePushed
from mzi_core.values import MoodleId, ZohoId
from mzi_http.cli.pushed import Sent, data_of
from mzi_http.cli.shell import Shell

FULL = {"First_Name": "Rana", "Last_Name": "Example"}

ALREADY = 4
"""Users in a Moodle at work, before anybody is pushed."""


@pytest.fixture
def college(monkeypatch: pytest.MonkeyPatch) -> Iterator[Remotes]:
    """A college in which everything is well, and the settings that lead to it."""
    with standing(sound()) as remotes:
        for name, value in remotes.settings.items():
            monkeypatch.setenv(name, value)
        yield remotes


def test_a_dry_run_shows_what_would_be_written_where_and_writes_nothing(
    mzi: Mzi, college: Remotes, folder: Path
) -> None:
    mzi("sync", "students", written(folder, "s.json", [student(1, **FULL), student(2)]))
    ran = mzi("push", "students", "--to", "moodle", "--dry-run")
    assert ran.code == 1
    assert "What would become of 2 students in Moodle:" in ran.out
    assert "a1@campus.example" in ran.out
    assert "It has no first and last name; Moodle needs both." in ran.out
    assert "nothing was written anywhere" in ran.out
    assert len(college.moodle.site.people.rows) == ALREADY


def test_students_go_to_moodle_and_their_ids_to_zoho(mzi: Mzi, college: Remotes, folder: Path) -> None:
    record = {key: value for key, value in student(1, **FULL).items() if key != "id"}
    id = college.zoho.add("BTEC_Students", record)
    mzi("sync", "students", written(folder, "s.json", [college.zoho.records("BTEC_Students")[id]]))
    ran = mzi("push", "students", "--json")
    assert ran.code == 0, ran.out + ran.err
    to_moodle, to_zoho = ran.json["targets"]
    assert (to_moodle["to"], to_moodle["planned"]["create"], to_moodle["done"]["written"]) == ("moodle", 1, 1)
    assert (to_zoho["to"], to_zoho["planned"]["nothing"]) == ("zoho", 1)  # it was told with the account
    made = max(college.moodle.site.people.rows)
    assert college.zoho.records("BTEC_Students")[id]["Student_Moodle_ID"] == str(made)
    again = mzi("push", "students", "--json")
    assert [target["planned"]["nothing"] for target in again.json["targets"]] == [1, 1]


def test_programs_and_registrations_go_the_way_that_the_rules_say(
    mzi: Mzi, college: Remotes, folder: Path
) -> None:
    """First as a category, of which a registration has no need; then as a course, in which it enrols."""
    held = {
        "students": college.zoho.add("BTEC_Students", {**student(1, **FULL), "id": "71"}),
        "programs": college.zoho.add(
            "Products", {"id": "72", "Product_Name": "HND IT", "Product_Code": "IT"}
        ),
        "registrations": college.zoho.add(
            "BTEC_Registrations", {"id": "73", "Student_ID": {"id": "71"}, "Program": {"id": "72"}}
        ),
    }
    names = {"students": "BTEC_Students", "programs": "Products", "registrations": "BTEC_Registrations"}
    for module, id in held.items():
        record = college.zoho.records(names[module])[id]
        mzi("sync", module, written(folder, f"{module}.json", [record]))
    site = college.moodle.site
    before = len(site.categories)
    dry = mzi("push", "programs", "--to", "moodle", "--dry-run")
    assert (dry.code, "What would become of 1 program in Moodle:" in dry.out) == (0, True)
    assert len(site.categories) == before
    for rule, kept, enrols in (("category", site.categories, False), ("course", site.courses, True)):
        assert mzi("rules", "set", f"programs={rule}").code in (0, 1)
        college.zoho.edit("Products", "72", {"MoodleID": None, "crmnmoodle__Moodle_ID": None})
        mzi("sync", "programs", written(folder, "again.json", [college.zoho.records("Products")["72"]]))
        for module in ("students", "programs", "registrations"):
            ran = mzi("push", module, "--to", "moodle", "--json")
            assert ran.code == 0, ran.out + ran.err
        assert [each.idnumber for each in kept.values()].count("72") == 1
        registered = college.zoho.records("BTEC_Registrations")["73"]
        assert (registered.get("Moodle_Course_ID") is not None) is enrols
    assert "no course of its own" not in mzi("push", "registrations", "--to", "moodle").out


def test_a_dry_run_counts_what_zoho_would_be_told_of_new_accounts(
    mzi: Mzi, college: Remotes, folder: Path
) -> None:
    record = {key: value for key, value in student(1, **FULL).items() if key != "id"}
    id = college.zoho.add("BTEC_Students", record)
    mzi("sync", "students", written(folder, "s.json", [college.zoho.records("BTEC_Students")[id]]))
    ran = mzi("push", "students", "--dry-run", "--json")
    _, to_zoho = ran.json["targets"]
    (change,) = to_zoho["results"][0]["changes"]
    assert (to_zoho["planned"]["change"], change["field"], change["after"]) == (
        1,
        "moodle_userid",
        "the new id",
    )
    alone = mzi("push", "students", "--dry-run", "--to", "zoho", "--json")
    assert alone.json["targets"][0]["planned"]["nothing"] == 1
    assert len(college.moodle.site.people.rows) == ALREADY


def test_a_conflict_ends_with_another_code_and_force_overwrites(
    mzi: Mzi, college: Remotes, folder: Path
) -> None:
    record = {key: value for key, value in student(1, City="Irbid").items() if key != "id"}
    id = college.zoho.add("BTEC_Students", {**record, "Modified_Time": "2026-01-01T08:00:00+00:00"})
    there = college.zoho.records("BTEC_Students")[id]
    mzi("sync", "students", written(folder, "s.json", [{**there, "City": "Amman"}]))
    college.zoho.edit("BTEC_Students", id, {"City": "Zarqa"})
    ran = mzi("push", "students", "--to", "zoho")
    assert ran.code == 1
    assert "--force overwrites it" in ran.out
    assert re.search(r"conflict +city +Zarqa +Amman", ran.out)
    assert mzi("push", "students", "--to", "zoho", "--force").code == 0
    assert college.zoho.records("BTEC_Students")[id]["City"] == "Amman"


@pytest.mark.parametrize(("answer", "users"), [("n", ALREADY), ("y", ALREADY + 1)], ids=["no", "yes"])
def test_at_a_terminal_it_shows_what_it_would_write_and_asks(
    mzi: Mzi, college: Remotes, folder: Path, monkeypatch: pytest.MonkeyPatch, *, answer: str, users: int
) -> None:
    college.zoho.add("BTEC_Students", student(1, **FULL))
    mzi("sync", "students", written(folder, "s.json", [student(1, **FULL)]))
    monkeypatch.setattr(Shell, "is_attended", property(lambda _: True))
    monkeypatch.setattr("builtins.input", lambda *_: answer)
    ran = mzi("push", "students", "--to", "moodle")
    assert "Write 1 of them into Moodle?" in ran.out + ran.err
    assert "What would become of 1 student in Moodle:" in ran.err
    assert len(college.moodle.site.people.rows) == users
    assert ("Nothing was written." in ran.out) == (answer == "n")


def test_what_is_misused_is_told(mzi: Mzi, college: Remotes, monkeypatch: pytest.MonkeyPatch) -> None:
    assert mzi("push", "students").code == 3
    mzi("db", "upgrade")
    refused = mzi("push", "payments", "--to", "moodle")
    assert (refused.code, "Moodle has nothing for payments" in refused.err) == (2, True)
    empty = mzi("push", "classes", "--to", "moodle")
    assert (empty.code, empty.out) == (0, "There are no classes in the store.\n")
    monkeypatch.delenv("MZI_MOODLE_TOKEN")
    missing = mzi("push", "students", "--to", "moodle")
    assert (missing.code, "`moodle.token`" in missing.err) == (2, True)


def test_a_service_that_fails_is_told_with_a_code_of_its_own(
    mzi: Mzi, college: Remotes, folder: Path
) -> None:
    mzi("sync", "students", written(folder, "s.json", [student(1, **FULL)]))
    college.moodle.suspended = True
    ran = mzi("push", "students", "--to", "moodle", "--json")
    assert ran.code == 4
    assert ran.json["status"] == "stopped"
    assert "suspended" in ran.json["error"]


def test_a_moodle_that_never_answers_is_told_and_nothing_is_said_of_the_store(
    mzi: Mzi, college: Remotes, folder: Path
) -> None:
    mzi("sync", "students", written(folder, "s.json", [student(1, **FULL)]))
    college.moodle.suspended = True
    ran = mzi("push", "students", "--to", "moodle")
    assert (ran.code, ran.out) == (4, "")
    assert ran.err.startswith("Moodle: ")
    assert mzi("push", "classes", "--to", "moodle").out == "There are no classes in the store.\n"


def test_what_is_to_be_known_of_records_that_need_nobodys_hand_is_told_once_with_a_number(
    mzi: Mzi, college: Remotes, folder: Path
) -> None:
    ids = [
        college.moodle.add_user(username=f"a{n}@campus.example", suspended=True, firstname="R", lastname="E")
        for n in (1, 2)
    ]
    students = [student(n, **FULL, Student_Moodle_ID=id) for n, id in zip((1, 2), ids, strict=True)]
    mzi("sync", "students", written(folder, "s.json", [*students, student(3, **FULL)]))
    ran = mzi("push", "students", "--to", "moodle", "--dry-run")
    assert ran.code == 0
    (line,) = (line for line in ran.out.splitlines() if "suspended" in line)
    assert line.split() == ["2", str(student(1)["id"]), "The", "account", "is", "suspended."]


NEW: Step[object] = Step(zoho_id=ZohoId("1"), act=Action.CREATE, why="Hello.", learns="moodle_userid")
KNOWN: Step[object] = Step(zoho_id=ZohoId("1"), act=Action.CHANGE, counterpart="1", why="Hello.")
REASONS = (RejectionReason(message="No name.", field="Name"), RejectionReason(message="Taken.", code="TWICE"))
REJECTED: Rejected[MoodleId] = Rejected(kind=RejectionKind.CONFLICT, reasons=REASONS, existing=MoodleId(7))


@pytest.mark.parametrize(
    ("pushed", "word", "counterpart", "message"),
    [
        (StepResult(step=NEW), None, None, "Hello."),
        (StepResult(step=NEW, result=Applied(id=MoodleId(9))), "written", "9", "Hello."),
        (StepResult(step=KNOWN, result=Applied(id=ZohoId("2"))), "written", "1", "Hello."),
        (StepResult(step=KNOWN, result=Applied()), "written", "1", "Hello."),
        (StepResult(step=NEW, result=REJECTED), "refused", None, "No name. Taken."),
        (StepResult(step=KNOWN, result=Unknown(why="No answer.")), "unsure", "1", "No answer."),
    ],
    ids=["not sent", "created", "changed", "no id", "rejected", "unknown"],
)
def test_what_became_of_a_record_is_told_to_programs_in_these_words(
    pushed: PushResult, word: str | None, counterpart: str | None, message: str
) -> None:
    sent = Sent(target="moodle", every=[])
    sent.add(PagePushed((pushed,)))
    data: Any = data_of(sent)
    expected = {"result": word, "counterpart": counterpart, "message": message}
    (result,) = data["results"]
    assert {name: result[name] for name in expected} == expected
    assert data["done"] == {each: int(each == word) for each in ("written", "refused", "unsure")}
