"""`mzi grade marks`: what the marks that are stored of Moodle come to."""

import asyncio
from pathlib import Path

import pytest
from tests.cli.terminal import Mzi

from mzi_adapters.sql import open_store, upgrade
from mzi_adapters.testing.harness import Harness
from mzi_core.modules import MOODLE_COURSES, MOODLE_MARKS, MOODLE_USERS
from mzi_core.values import DEFAULT_TENANT
from mzi_http.cli import decided_marks

AT = 1770640200


async def _fill(url: str) -> None:
    await upgrade(url)
    async with open_store(url) as store:
        sync = Harness(store=store).use_cases.sync
        await sync(DEFAULT_TENANT, MOODLE_USERS, [{"id": n, "timemodified": AT} for n in (7, 8, 9)])
        await sync(DEFAULT_TENANT, MOODLE_COURSES, [{"id": n, "timemodified": AT} for n in (2, 3)])
        item = {"courseid": 2, "assignid": 55, "submissionstatus": "submitted", "timemodified": AT}
        again = [{"attemptnumber": n, "rawgrade": n + 1, "submissionstatus": "submitted"} for n in (0, 1)]
        marks = [
            {**item, "userid": 7, "assigngrademax": 10, "rawgrade": 4},
            {**item, "userid": 8, "assigngrademax": -3, "rawgrade": 4},
            {**item, "userid": 9, "courseid": 3, "assigngrademax": 4, "attempts": again},
        ]
        await sync(DEFAULT_TENANT, MOODLE_MARKS, marks)


@pytest.fixture(autouse=True)
def filled(folder: Path) -> None:
    asyncio.run(_fill("sqlite:///mzi.db"))


def test_each_mark_has_its_grade_and_why_it_could_not_be_judged(mzi: Mzi) -> None:
    ran = mzi("grade", "marks")
    assert (ran.code, ran.err) == (0, "")
    head, _, *rows = ran.out.splitlines()
    assert head == "3 marks: 2 P, 1 not judged."
    told = {words[0]: words[1:] for words in map(str.split, rows) if words and "_" in words[0]}
    assert (told["7_2_55"], told["9_3_55"]) == (["1", "P", "PASS"], ["2", "P", "PASS"])
    assert told["8_2_55"][:2] == ["–", "–"]
    assert "names a scale and not its items" in " ".join(ran.out.split())


def test_json_has_every_attempt_with_its_reason(mzi: Mzi) -> None:
    found = {each["moodle_key"]: each for each in mzi("grade", "marks", "--json").json["marks"]}
    attempts = found["9_3_55"]["attempts"]
    assert [(each["attempt"], each["decision"]["grade"]) for each in attempts] == [(0, "R"), (1, "P")]
    assert attempts[1]["decision"]["explanation"]["en"].startswith("Pass: the mark 2 of 4 on the BTEC scale")
    assert (found["8_2_55"]["attempts"], len(found["8_2_55"]["errors"])) == ([], 1)


def test_those_of_a_course_or_a_student_are_told(mzi: Mzi) -> None:
    def keys(*asked: str) -> list[str]:
        return [each["moodle_key"] for each in mzi("grade", "marks", "--json", *asked).json["marks"]]

    assert (sorted(keys("--course", "2")), keys("--student", "9")) == (["7_2_55", "8_2_55"], ["9_3_55"])
    assert keys("--course", "4") == []
    assert mzi("grade", "marks", "--course", "4").out.strip() == "No mark is stored that this is about."


def test_a_policy_may_be_named(mzi: Mzi) -> None:
    assert mzi("grade", "marks", "--policy", "percent", "--student", "7").out.startswith("1 mark: 1 P.")
    assert mzi("grade", "marks", "--policy", "nonsense").code != 0


def test_a_table_is_no_longer_than_a_person_reads(mzi: Mzi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decided_marks, "SHOWN", 1)
    assert "… and 2 more; --json has all of them." in mzi("grade", "marks").out
