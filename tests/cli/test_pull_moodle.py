"""`mzi pull` of what Moodle has, over a Moodle on this machine."""

import asyncio
import csv
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
from tests.cli.college import Remotes, sound, standing
from tests.cli.terminal import Mzi

from mzi_adapters.sql import open_store
from mzi_adapters.testing.moodle.roles import remove_enrolment
from mzi_core.values import DEFAULT_TENANT

IN_ORDER = ("moodle_users", "moodle_courses", "moodle_enrollments", "moodle_marks")


@pytest.fixture
def college(monkeypatch: pytest.MonkeyPatch) -> Iterator[Remotes]:
    """A Moodle with a course, two students in it and a marked assignment, beside what was there."""
    remotes = sound()
    moodle = remotes.moodle
    course = moodle.add_course(shortname="NET-A")
    students = [moodle.add_user(username=f"s{n}@campus.example") for n in range(2)]
    for student in students:
        moodle.enrol(student, course)
    assignment = moodle.add_assignment(course, grade=-3)
    moodle.submit(assignment, students[0])
    moodle.grade(assignment, students[0], 3, feedback="Well done", workflow="released")
    with standing(remotes):
        for name, value in remotes.settings.items():
            monkeypatch.setenv(name, value)
        yield remotes


def course_of(college: Remotes) -> int:
    """The id of the course that the fixture made."""
    return max(college.moodle.site.courses)


def test_all_four_kinds_are_read_and_the_second_time_nothing_is_written(mzi: Mzi, college: Remotes) -> None:
    for module in IN_ORDER:
        ran = mzi("pull", module, "--json")
        assert (ran.code, ran.json["status"], ran.json["left_out"]) == (0, "success", []), ran.out + ran.err
        assert ran.json["summary"]["NEW"] > 0
        again = mzi("pull", module, "--json").json["summary"]
        assert again["UNCHANGED"] == sum(again.values()) == ran.json["summary"]["NEW"]
    marks = [each["record"] for each in mzi("list", "moodle_marks", "--json").json["records"]]
    assert "Well done" in [attempt["feedback"] for mark in marks for attempt in mark["attempts"]]
    run = mzi("runs", "list", "--module", "moodle_marks", "--json").json[0]
    assert (run["source"], run["status"]) == ("moodle: everything", "completed")


@pytest.mark.parametrize("columns", [80, 50])
def test_what_became_of_them_fits_a_terminal(
    mzi: Mzi, college: Remotes, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    mzi("pull", "moodle_courses")
    ran = mzi("pull", "moodle_enrollments", "--course", course_of(college))
    assert ran.code == 1
    assert "What became of 2 moodle_enrollments:" in ran.out
    assert "Moodle key" in ran.out
    assert "which is not among the moodle_users yet" in " ".join(ran.out.split())
    assert max(map(len, ran.out.splitlines())) <= columns
    nobody = mzi("pull", "moodle_marks", "--since", "2099-01-01")
    assert (nobody.code, nobody.out) == (0, "Nothing of the moodle_marks came from Moodle.\n")


def test_a_course_that_was_named_is_read_alone(mzi: Mzi, college: Remotes) -> None:
    course = course_of(college)
    for module in IN_ORDER:
        ran = mzi("pull", module, "--course", course, "--json")
        assert (ran.code, ran.json["courses"]) == (0, [course]), ran.out
    assert len(mzi("list", "moodle_users", "--json").json["records"]) == 2
    missing = mzi("pull", "moodle_marks", "--course", course, "--course", 987654)
    assert (missing.code, "There is no course 987654" in missing.err) == (4, True)


def test_a_dry_run_keeps_nothing_and_makes_no_store(mzi: Mzi, college: Remotes, folder: Path) -> None:
    ran = mzi("pull", "moodle_courses", "--dry-run")
    assert (ran.code, "This was a dry run: nothing was kept." in ran.out) == (0, True)
    assert not (folder / "mzi.db").exists()


def test_what_was_not_unchanged_is_written_down(mzi: Mzi, college: Remotes, folder: Path) -> None:
    mzi("pull", "moodle_users", "--report", "users.csv")
    rows = list(csv.DictReader((folder / "users.csv").read_text("utf-8").splitlines()))
    assert {row["state"] for row in rows} == {"NEW"}
    assert {row["module"] for row in rows} == {"moodle_users"}


def test_what_is_closed_is_left_out_and_told(mzi: Mzi, college: Remotes) -> None:
    for module in IN_ORDER[:2]:
        mzi("pull", module)
    college.moodle.separate_groups(course_of(college))
    college.moodle.capabilities.remove("moodle/site:accessallgroups")
    ran = mzi("pull", "moodle_enrollments")
    assert ran.code == 0
    said = " ".join(ran.out.split())
    assert f"Course {course_of(college)} is left out." in said
    assert "moodle/site:accessallgroups" in said
    left_out = mzi("pull", "moodle_enrollments", "--json").json["left_out"]
    assert f"course {course_of(college)}" in [each["what"] for each in left_out]


def test_what_moodle_does_not_have_is_told_and_marked_by_prune(mzi: Mzi, college: Remotes) -> None:
    for module in IN_ORDER[:3]:
        mzi("pull", module)
    course = course_of(college)
    student = max(each.userid for each in college.moodle.site.enrolments.of(course))
    remove_enrolment(college.moodle.site, course, student)
    ran = mzi("pull", "moodle_enrollments")
    assert ran.code == 0
    said = "moodle_enrollments: 1 here are not in Moodle. `mzi pull moodle_enrollments --prune` marks them"
    assert said in " ".join(ran.out.split())
    held = mzi("pull", "moodle_enrollments", "--course", course, "--prune", "--json")
    assert (held.code, held.json["missing"], held.json["pruned"]) == (1, [f"{course}_{student}"], 0)
    assert "more than one in 10" in held.json["held"][0]
    pruned = mzi("pull", "moodle_enrollments", "--course", course, "--prune", "--insist")
    assert (pruned.code, "1 that Moodle does not have are marked deleted." in pruned.out) == (0, True)
    assert mzi("pull", "moodle_enrollments", "--json").json["missing"] == []


def test_one_that_broke_off_goes_on_with_resume(mzi: Mzi, college: Remotes) -> None:
    nothing = mzi("pull", "moodle_users", "--resume")
    assert "no pull was stopped on the way" in nothing.err
    college.moodle.suspended = True
    ran = mzi("pull", "moodle_courses", "--json")
    assert (ran.code, ran.json["status"]) == (4, "stopped")
    told = mzi("pull", "moodle_courses")
    assert (told.code, told.out, told.err.startswith("Moodle: ")) == (4, "", True)
    college.moodle.suspended = False
    again = mzi("pull", "moodle_courses", "--resume", "--json")
    assert (again.code, again.json["resumed_after"]) == (0, "")


def test_what_was_kept_before_it_broke_off_is_told(mzi: Mzi, college: Remotes) -> None:
    for module in IN_ORDER[:2]:
        mzi("pull", module)

    async def stop_behind(course: int) -> None:
        async with open_store("sqlite:///mzi.db") as store, store.begin(DEFAULT_TENANT) as session:
            run = await session.unfinished("moodle_enrollments", "moodle: everything")
            assert run is not None
            await session.save_run(attrs.evolve(run, bookmark=str(course)))

    college.moodle.suspended = True
    mzi("pull", "moodle_enrollments")
    asyncio.run(stop_behind(course_of(college)))
    ran = mzi("pull", "moodle_enrollments", "--resume")
    assert "with --resume the next pull goes on behind it" in ran.err
    college.moodle.suspended = False
    ran = mzi("pull", "moodle_enrollments", "--resume", "--json")
    assert (ran.json["resumed_after"], sum(ran.json["summary"].values())) == (str(course_of(college)), 0)


@pytest.mark.parametrize(
    ("tokens", "said"),
    [
        (("moodle_users", "--since", "2026-09-01"), "does not say when moodle_users were changed"),
        (("moodle_enrollments", "--since", "2026-09-01"), "moodle_courses or moodle_marks"),
        (("moodle_marks", "--full"), "everything is read each time"),
        (("moodle_marks", "--via", "coql"), "are about pulls from Zoho"),
        (("moodle_marks", "--prune"), "--prune is for moodle_courses and moodle_enrollments"),
        (("moodle_courses", "--insist"), "--insist says something of --prune alone"),
        (("moodle_marks", "--course", 0), "--course 0 is no course"),
        (("students", "--course", 5), "--course is about records of Moodle"),
        (("all", "--course", 5), "--course is about records of Moodle"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(
    mzi: Mzi, college: Remotes, tokens: tuple[object, ...], said: str
) -> None:
    ran = mzi("pull", *tokens)
    assert (ran.code, said in " ".join(ran.err.split())) == (2, True), ran.err
    assert college.moodle.calls == 0


def test_without_an_account_nothing_is_begun(
    mzi: Mzi, college: Remotes, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MZI_MOODLE_TOKEN")
    ran = mzi("pull", "moodle_users")
    assert (ran.code, "`moodle.token`" in ran.err, list(folder.iterdir())) == (2, True, [])
