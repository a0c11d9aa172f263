"""The records of Moodle, as `mzi list`, `mzi show` and `mzi status` tell of them."""

import asyncio
from pathlib import Path

import pytest
from tests.cli.terminal import Mzi

from mzi_adapters.sql import open_store, upgrade
from mzi_adapters.testing.harness import Harness
from mzi_core.modules import MOODLE_COURSES, MOODLE_MARKS, MOODLE_USERS
from mzi_core.values import DEFAULT_TENANT

SECONDS = 1770640200
ATTEMPT = {
    "attemptnumber": 0,
    "rawgrade": 3,
    "timemodified": SECONDS,
    "criteria": [{"code": "P1", "score": 1}],
}


async def _fill(url: str) -> None:
    await upgrade(url)
    async with open_store(url) as store:
        sync = Harness(store=store).use_cases.sync
        user = {"id": 7, "username": "rana", "timemodified": SECONDS}
        await sync(DEFAULT_TENANT, MOODLE_USERS, [user])
        await sync(DEFAULT_TENANT, MOODLE_COURSES, [{"id": 2, "shortname": "NET-A"}])
        marks = [{**ATTEMPT, "userid": student, "courseid": 2, "assignid": 3} for student in (7, 8)]
        await sync(DEFAULT_TENANT, MOODLE_MARKS, marks)


async def _take(url: str, *marks: object) -> None:
    async with open_store(url) as store:
        await Harness(store=store).use_cases.sync(DEFAULT_TENANT, MOODLE_MARKS, marks)


@pytest.fixture(autouse=True)
def filled(folder: Path) -> None:
    asyncio.run(_fill("sqlite:///mzi.db"))


def test_they_are_listed_by_their_keys_with_what_tells_them_apart(mzi: Mzi) -> None:
    head, _, line = mzi("list", "moodle_users").out.splitlines()
    assert head.split()[:3] == ["Moodle", "key", "changed"]
    assert (line.split()[0], line.split()[-1]) == ("7", "rana")
    (told,) = mzi("list", "moodle_marks", "--json").json["records"]
    assert (told["moodle_key"], told["record"]["attempts"][0]["raw"]) == ("7_2_3", "3")
    header, row = mzi("list", "moodle_users", "--csv").out.splitlines()
    assert header.split(",")[:2] == ["moodle_key", "state"]
    assert row.split(",")[:2] == ["7", "NEW"]


def test_a_mark_is_shown_with_the_criteria_of_each_attempt(mzi: Mzi) -> None:
    lines = mzi("show", "moodle_marks", "7_2_3").out.splitlines()
    assert lines[0].startswith("Moodle mark 7_2_3: NEW, stored ")
    told = dict(line.split(maxsplit=1) for line in lines[2:])
    assert told["attempts[0]"].strip() == "number: 0, raw: 3, graded_at: 2026-02-09 12:30:00Z"
    assert told["attempts[0].criteria[0]"].strip() == "code: P1, score: 1"


def test_one_that_waits_for_its_user_is_told_as_parked(mzi: Mzi) -> None:
    assert "8_2_3" in mzi("list", "moodle_marks", "--state", "INVALID").out
    assert "waits for moodle_users 8" in mzi("show", "moodle_marks", "8_2_3").out
    standing = {each["module"]: each for each in mzi("status", "--json").json["modules"]}
    assert standing["moodle_marks"]["parked"] == 1


def test_a_refused_version_beside_one_that_waits_is_shown_apart_from_it(mzi: Mzi) -> None:
    wrong = {"userid": 8, "courseid": 2, "assignid": 3, "rawgrade": "good", "timemodified": SECONDS + 5}
    asyncio.run(_take("sqlite:///mzi.db", wrong))
    waiting, refused = mzi("show", "moodle_marks", "8_2_3").out.split("A newer version of moodle mark 8_2_3")
    assert waiting.startswith("A version of moodle mark 8_2_3 waits for moodle_users 8.")
    assert ("good" in waiting, "criteria" in waiting) == (False, True)
    assert "was refused (INVALID):" in refused
    assert ("good" in refused, "number_invalid" in refused, "waits" in refused) == (True, True, False)


def test_the_history_of_a_mark_tells_its_first_attempt(mzi: Mzi) -> None:
    mark = {"userid": 7, "courseid": 2, "assignid": 4}
    for attempts in ([], [{"attemptnumber": 0, "rawgrade": 2}]):
        asyncio.run(_take("sqlite:///mzi.db", {**mark, "attempts": attempts}))
    lines = mzi("show", "moodle_marks", "7_2_4", "--history").out.splitlines()
    assert [line.split() for line in lines[3:]] == [["attempts[0].number", "0"], ["attempts[0].raw", "2"]]


def test_the_history_of_a_mark_tells_the_cells_that_changed(mzi: Mzi) -> None:
    """An attempt has many cells: shown whole and cut, it hides the mark that was changed."""
    later = {**ATTEMPT, "rawgrade": 4, "feedback": "Good", "timemodified": SECONDS + 5}
    criteria = [{"code": "P1", "score": 0}, {"code": "P2", "score": 1}]
    again = {**later, "criteria": criteria, "userid": 7, "courseid": 2, "assignid": 3}
    asyncio.run(_take("sqlite:///mzi.db", again))
    lines = mzi("show", "moodle_marks", "7_2_3", "--history").out.splitlines()
    told = {line.split()[0]: line.split()[1:] for line in lines[3:] if line.strip()}
    assert told == {
        "attempts[0].raw": ["3", "4"],
        "attempts[0].feedback": ["Good"],
        "attempts[0].graded_at": ["2026-02-09T12:30:00Z", "2026-02-09T12:30:05Z"],
        "attempts[0].criteria[0].score": ["1", "0"],
        "attempts[0].criteria[1].code": ["P2"],
        "attempts[0].criteria[1].score": ["1"],
    }
