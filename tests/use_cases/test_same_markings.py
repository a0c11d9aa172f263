"""A mark comes to the same marking as an event, over the shelf, and as what Moodle tells of the work."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import attrs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.repetitions import often
from tests.use_cases.remotes import College

from mzi_adapters.codecs import CodecBySide
from mzi_adapters.moodle import MoodleCodec
from mzi_adapters.zoho import ZohoCodec
from mzi_core.grading import Marking, Scale, decide_attempts, marking_from_event
from mzi_core.mapping import NO_OVERLAY
from mzi_core.module import Side, declared
from mzi_core.modules import CATALOGUE, MOODLE_MARKS, MarkedAttempt, MarkedCriterion, MoodleMarkRecord
from mzi_core.ports import Rejected, StudentWork
from mzi_core.record_markings import record_markings
from mzi_core.use_cases.student_markings import student_markings
from mzi_core.values import DEFAULT_TENANT, MoodleId

DATA = Path(__file__).parents[1] / "data"
NOW = datetime(2026, 2, 9, 12, 0, tzinfo=UTC)
CODEC = MoodleCodec()


def college() -> College:
    """One whose Moodle can be pulled."""
    return College(codec=CodecBySide({Side.ZOHO: ZohoCodec, Side.MOODLE: MoodleCodec}))


def refusal_or_marking(event: Mapping[str, Any], scale: Scale | None) -> Marking | str:
    """What comes of an event by itself."""
    try:
        return marking_from_event(event, now=NOW, scale=scale)
    except ValueError as error:
        return str(error)


def over_the_shelf(mark: MoodleMarkRecord, scale: Scale | None) -> Marking | str:
    """What comes of the mark that is stored of it."""
    try:
        (marking,) = record_markings(mark, NOW, scale=scale)
    except ValueError as error:
        return str(error).removeprefix(f"Attempt {mark.attempts[0].number + 1 if mark.attempts else 1}: ")
    return marking


# events


def recorded() -> dict[str, dict[str, Any]]:
    """The events of both plugins that name a student, a course and an assignment, each by its name."""
    found: dict[str, dict[str, Any]] = json.loads((DATA / "moodle" / "grade_events.json").read_text("utf-8"))
    for path in sorted((DATA / "events").glob("*.json")):
        body = json.loads(path.read_text("utf-8"))["body"]
        for number, each in enumerate(body if isinstance(body, list) else [body]):
            data = each.get("event_data", each)
            if {"student_id", "course_id", "assignment_id"} <= data.keys():
                said = {**data, "graded_at": None}  # written without an offset, and told by `timestamp`, too
                found[f"{path.stem}_{number}"] = said
    return found


@pytest.mark.parametrize("scale", [None, Scale.BTEC_0_4, Scale.PERCENT], ids=str)
@pytest.mark.parametrize("name", sorted(recorded()))
async def test_a_recorded_event_is_the_same_over_the_shelf(name: str, scale: Scale | None) -> None:
    event = recorded()[name]
    ours = college()
    ours.timer.jump(timedelta(days=365).total_seconds())  # behind the recorded events
    student, course = (
        event.get("student_id", event.get("userid")),
        event.get("course_id", event.get("courseid")),
    )
    await ours.sync("moodle_users", [{"userid": student}])
    await ours.sync("moodle_courses", [{"courseid": course}])
    await ours.sync("moodle_marks", [event])
    (mark,) = (await ours.stored("moodle_marks")).values()
    assert over_the_shelf(mark, scale) == refusal_or_marking(event, scale)


def test_there_are_events_of_both_plugins() -> None:
    assert len(recorded()) == 3 + 7


IDS = {"userid": 7, "courseid": 2, "assignid": 3, "gradeitemid": 9}
SCALE = ["Refer", "Pass", "Merit", "Distinction"]


def names(row: type[Any], field: str) -> st.SearchStrategy[str]:
    """Every name that a field of the shelf has."""
    (found,) = [each for each in declared(row) if each.name == field]
    return st.sampled_from(found.names)


def told(row: type[Any], field: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A field under one of its names, or not at all."""
    return st.just({}) | st.builds(lambda name, value: {name: value}, names(row, field), values)


def together(*parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(*parts).map(
        lambda found: {name: value for part in found for name, value in part.items()}
    )


marks = st.sampled_from([-1, 0, 1, "1.50000", 2, 2.999, "3.00000", 4, 45, "85.5", "100000"])
statuses = st.sampled_from(["new", "draft", "submitted", "reopened", ""])
states = st.sampled_from(["", "inmarking", "readyforrelease", "released", "draft", "failedtosubmit", "x"])
criteria = st.lists(
    together(
        names(MarkedCriterion, "code").flatmap(
            lambda name: st.sampled_from([{name: "P1"}, {name: "M1"}, {name: "m10"}, {name: "LO1.2"}])
        ),
        told(MarkedCriterion, "title", st.just("Networks")),
        told(MarkedCriterion, "definition", st.just("Describe networks.")),
        told(MarkedCriterion, "score", st.sampled_from([0, 1, "1", "Achieved", "Not Achieved"])),
        told(MarkedCriterion, "achieved", st.booleans()),
        told(MarkedCriterion, "remark", st.just("ok")),
    ),
    max_size=3,
)
items = st.one_of(
    st.just({}),
    told(MoodleMarkRecord, "maximum", st.sampled_from([4, "10.00000", 100, -3])),
    together(
        told(MoodleMarkRecord, "minimum", st.sampled_from([0, 1])),
        told(MoodleMarkRecord, "maximum", st.sampled_from([4, 100])),
    ),
    told(MoodleMarkRecord, "scale", st.just(3)),
    told(MoodleMarkRecord, "scale_items", st.sampled_from([SCALE, ",".join(SCALE), SCALE[::-1]])),
)
work = together(
    told(MarkedAttempt, "submission_status", statuses),
    told(MarkedAttempt, "team_status", statuses),
    told(MoodleMarkRecord, "workflow", states),
)
attempts = st.sampled_from([{}, {"attempt_number": 2}]) | told(MarkedAttempt, "number", st.integers(0, 2))
letters = names(MarkedAttempt, "letter").flatmap(
    lambda name: st.sampled_from(["F", "R", "Double Refer", "M", "Z"]).map(lambda letter: {name: letter})
)
raws = names(MarkedAttempt, "raw").flatmap(lambda name: marks.map(lambda mark: {name: mark}))
finals = names(MoodleMarkRecord, "final").flatmap(lambda name: marks.map(lambda mark: {name: mark}))
said = together(
    items,
    st.one_of(
        together(raws, work, st.just({}) | finals, st.just({}) | letters),
        together(letters, work),
        # the gradebook tells nothing of the work
        finals,
        st.just({"finalgrade": None}),
        together(
            st.sampled_from([{"grade": "F"}, {"grade": "RR"}, {"grade": "F", "raw_grade": 0}]),
            work,
            st.sampled_from([{"auto_generated": True}, {"auto_generated": 1, "attempt_number": 0}]),
        ),
    ),
    attempts,
    told(MarkedAttempt, "feedback", st.sampled_from(["<p>Fine</p>", "Code: 01122"])),
    told(MarkedAttempt, "criteria", criteria),
    told(MoodleMarkRecord, "no_submissions", st.sampled_from([0, 1])),
)


@settings(max_examples=often(3000, gate=300))
@given(said, st.none() | st.sampled_from(Scale))
def test_any_event_is_the_same_over_the_shelf(event: dict[str, Any], scale: Scale | None) -> None:
    """Under whichever of their names the facts are told."""
    found = CODEC.decoder(MOODLE_MARKS, NO_OVERLAY)({**IDS, **event})
    assert found.reasons == ()
    assert found.entity is not None
    assert over_the_shelf(found.entity, scale) == refusal_or_marking(event, scale)


# Moodle's work


class Step(NamedTuple):
    """Something that happens to the work of one student."""

    what: str
    value: Any = None
    state: str = "released"


worth = st.sampled_from(["-1", "0", "1", "1.5", "2", "3", "4"])
steps = st.one_of(
    st.builds(Step, st.just("submit"), st.booleans()),
    st.builds(
        Step, st.just("grade"), worth, st.sampled_from(["", "inmarking", "readyforreview", "released"])
    ),
    st.just(Step("release")),
    st.just(Step("reopen")),
    st.builds(Step, st.just("extend"), st.sampled_from([-1, 1])),
    st.just(Step("pull")),
)
assignments = st.fixed_dictionaries(
    {
        "grade": st.sampled_from([4, 10, 100, -3]),
        "workflow": st.booleans(),
        "nosubmissions": st.sampled_from([False, False, True]),
        "criteria": st.sampled_from([None, None, {"P1": "Explain", "M1": "Analyse"}]),
        "due": st.sampled_from([None, -1, 1]),
        "cutoff": st.sampled_from([None, -1, 2]),
    }
)


@attrs.define
class Class:
    """An assignment of a college, and some students of it."""

    college: College
    course: int
    assignment: int
    students: list[int]
    criteria: Mapping[str, str] | None

    @classmethod
    def of(
        cls, college: College, *, students: int, due: int | None, cutoff: int | None, **assignment: Any
    ) -> "Class":
        """A class; its times are days from now."""
        course = college.moodle.add_course(shortname="NET-1")
        people = [college.moodle.add_user(username=f"s{n}@c.example") for n in range(students)]
        for one in people:
            college.moodle.enrol(one, course)
        made = college.moodle.add_assignment(
            course,
            duedate=0 if due is None else cls._at(college, due),
            cutoffdate=0 if cutoff is None else cls._at(college, cutoff),
            **assignment,
        )
        return cls(college, course, made, people, assignment["criteria"])

    @staticmethod
    def _at(college: College, days: int) -> int:
        return college.moodle.site.now() + days * 86_400

    async def take(self, student: int, step: Step) -> None:
        """Let it happen; a minute passes."""
        moodle = self.college.moodle
        match step.what:
            case "submit":
                moodle.submit(self.assignment, student, draft=step.value)
            case "grade":
                met = dict.fromkeys(self.criteria or (), (step.value > "2", "so"))
                moodle.grade(
                    self.assignment,
                    student,
                    step.value,
                    feedback=f"<p>{step.value}</p>",
                    workflow=step.state,
                    criteria=met or None,
                )
            case "release":
                moodle.release(self.assignment, student)
            case "reopen":
                moodle.reopen(self.assignment, student)
            case "extend":
                moodle.extend(self.assignment, student, self._at(self.college, step.value))
            case "pull":
                await self.pull()
        self.college.timer.jump(60)

    async def pull(self) -> None:
        """Everything but enrolments, as the shelf wants it."""
        pull = self.college.use_cases.remote.pull_moodle
        for module in ("moodle_users", "moodle_courses", "moodle_marks"):
            async for _ in pull(await pull.plan(DEFAULT_TENANT, CATALOGUE[module])):
                pass

    async def compare(self) -> int:
        """How many stored marks come to what the gateway tells of the work; all must."""
        moodle = await self.college.connections().moodle(DEFAULT_TENANT)
        listed = (await moodle.assignments([MoodleId(self.course)]))[MoodleId(self.course)]
        assert not isinstance(listed, Rejected)
        (assignment,) = listed
        method = await moodle.marking_method(assignment.cmid)
        read = moodle.grade_facts if self.college.moodle.plugin else moodle.works
        stored = await self.college.stored("moodle_marks")
        works = await read(assignment.id, [MoodleId(int(mark.student)) for mark in stored.values()])
        now = self.college.timer.now()
        for mark in stored.values():
            work = works[MoodleId(int(mark.student))]
            ours, theirs = record_markings(mark, now), student_markings(assignment, method, work, now)
            if not self.college.moodle.plugin:
                ours, theirs = _shown(ours, work), _shown(theirs, work)
            assert ours == theirs
            assert decide_attempts(ours) == decide_attempts(theirs)
        return len(stored)


def _shown(markings: tuple[Marking, ...], work: StudentWork) -> tuple[Marking, ...]:
    """Without what web services show in one place and not in another before it is released."""
    if work.released:
        return markings
    return (*markings[:-1], attrs.evolve(markings[-1], raw=None, feedback=""))


AGAIN = [Step("submit"), Step("pull"), Step("submit"), Step("reopen")]
"""What is handed in once more after a pull, in an attempt that another one follows before the next."""

PLAIN = {"grade": 4, "workflow": False, "nosubmissions": False, "criteria": None, "due": None, "cutoff": None}


@settings(max_examples=often(200, gate=25), deadline=timedelta(seconds=10))
@given(assignments, st.lists(st.tuples(st.integers(0, 1), steps), max_size=8), st.booleans())
@example(PLAIN, [(0, step) for step in AGAIN], False)
async def test_a_mark_that_was_pulled_is_the_same_as_moodles_work(
    assignment: dict[str, Any], happens: list[tuple[int, Step]], plugin: bool
) -> None:
    ours = college()
    ours.moodle.plugin = plugin
    klass = Class.of(ours, students=2, **assignment)
    for student, step in happens:
        await klass.take(klass.students[student], step)
    await klass.pull()
    assert await klass.compare() >= len({at for at, step in happens if step.what in ("submit", "grade")})


@settings(max_examples=often(50, gate=10), deadline=timedelta(seconds=10))
@given(
    st.lists(st.tuples(st.integers(0, 2), steps.filter(lambda step: step.what != "reopen")), max_size=6),
)
async def test_the_mark_of_a_member_is_that_of_the_work_of_the_team(happens: list[tuple[int, Step]]) -> None:
    ours = college()
    klass = Class.of(ours, students=3, due=1, cutoff=None, team=True, grade=4, workflow=False, criteria=None)
    ours.moodle.add_group(klass.course, "A", (klass.students[0], klass.students[1]))
    for student, step in happens:
        await klass.take(klass.students[student], step)
    await klass.pull()
    assert await klass.compare() >= len({at for at, step in happens if step.what in ("submit", "grade")})
