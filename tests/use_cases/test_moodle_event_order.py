"""Whatever order Moodle's events arrive in, however often and how many at once: the shelves are the same."""

import asyncio
from collections.abc import Sequence
from typing import Any

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.repetitions import often
from tests.use_cases.moodle_telling import ACCOUNTLESS, AT, Said, fact, telling

PEOPLE, COURSES, ASSIGNMENTS = (1, 2), (11, 12), (21, 22)
WORKFLOWS = ("", "inmarking", "released")


@attrs.define
class History:
    """What people do in a Moodle, and the events that tell of it in order: facts, each with a number."""

    draw: Any
    events: list[Said] = attrs.field(factory=list)
    at: int = AT
    users: set[int] = attrs.field(factory=set)
    courses: set[int] = attrs.field(factory=set)
    enrolled: dict[tuple[int, int], int] = attrs.field(factory=dict)
    marks: dict[tuple[int, int, int], int] = attrs.field(factory=dict)
    enrolments: int = 100

    def tell(self, kind: str, **data: Any) -> None:
        self.at += self.draw(st.integers(0, 1))
        self.events.append(fact(kind, len(self.events) + 1, at=self.at, **data))

    def some(self, **choices: Any) -> Said:
        """Some of these fields, each with one of its values."""
        told = self.draw(st.sets(st.sampled_from(sorted(choices))))
        return {name: self.draw(st.sampled_from(choices[name])) for name in sorted(told)}

    def user(self, user: int) -> None:
        """An event tells a part of what there is, and may tell that something is empty."""
        kind = "user_updated" if user in self.users else "user_created"
        self.users.add(user)
        told = self.some(
            city=["", "A", "B"], lastname=[None, "A", "B"], suspended=[0, 1], timecreated=[0, AT]
        )
        self.tell(kind, userid=user, username=f"u{user}", **told)

    def course(self, course: int) -> None:
        kind = "course_updated" if course in self.courses else "course_created"
        self.courses.add(course)
        name = self.draw(st.sampled_from(["IT", "Art"]))
        self.tell(kind, courseid=course, shortname=name, fullname=name, timemodified=self.at)

    def enrol(self, course: int, user: int) -> None:
        kind = "enrollment_updated"
        if (course, user) not in self.enrolled:
            kind, self.enrolments = "enrollment_created", self.enrolments + 1
            self.enrolled[course, user] = self.enrolments
        ids = {"courseid": course, "userid": user, "enrollment_id": self.enrolled[course, user]}
        told = self.some(enrol_method=["manual", "self"], timestart=[0, AT, AT + 9], timeend=[0, AT, AT + 9])
        made = {"made_as": self.enrolled[course, user], "maker": 3} if kind == "enrollment_created" else {}
        self.tell(kind, **ids, status=self.draw(st.integers(0, 1)), **told, **made)

    def unenrol(self, course: int, user: int) -> None:
        """Every mark goes, and then the enrolment."""
        for assignment in ASSIGNMENTS:
            if self.marks.pop((user, course, assignment), None) is not None:
                self.tell("grade_deleted", userid=user, courseid=course, assignid=assignment)
        id = self.enrolled.pop((course, user))
        self.tell("enrollment_deleted", courseid=course, userid=user, enrollment_id=id)

    def mark(self, user: int, course: int, assignment: int) -> None:
        highest = self.marks.get((user, course, assignment), -1)
        attempt = self.draw(st.integers(0, min(highest + 1, 2)))
        self.marks[user, course, assignment] = max(highest, attempt)
        ids = {"userid": user, "courseid": course, "assignid": assignment, "attemptnumber": attempt}
        told = self.some(
            workflowstate=WORKFLOWS,
            feedback=["", "01122", "well done"],
            submissionstatus=["new", "submitted"],
            assigngrademax=["4", "100", "-3"],
            duedate=[0, AT],
            timegraded=[self.at, AT],
        )
        self.tell("grade_updated", **ids, rawgrade=self.draw(st.integers(0, 4)), **told)

    def leave(self, user: int) -> None:
        for course in COURSES:
            if (course, user) in self.enrolled:
                self.unenrol(course, user)
        self.users.discard(user)
        self.tell("user_deleted", userid=user)

    def close(self, course: int) -> None:
        for user in PEOPLE:
            if (course, user) in self.enrolled:
                self.unenrol(course, user)
        self.courses.discard(course)
        self.tell("course_deleted", courseid=course)


@st.composite
def histories(draw: Any) -> Sequence[Said]:
    """Nobody is deleted twice, for Moodle gives the id of who is gone to nobody else."""
    made = History(draw)
    gone: set[int] = set()
    for _ in range(draw(st.integers(5, 25))):
        user, course = draw(st.sampled_from(PEOPLE)), draw(st.sampled_from(COURSES))
        if user in gone or course in gone:
            continue
        if user not in made.users or course not in made.courses:
            made.user(user)
            made.course(course)
        match draw(st.integers(0, 9)):
            case 0:
                gone.add(user)
                made.leave(user)
            case 1:
                gone.add(course)
                made.close(course)
            case 2:
                made.user(user)
            case 3:
                made.course(course)
            case 4 if (course, user) in made.enrolled:
                made.unenrol(course, user)
            case 5 | 6 | 7 if (course, user) in made.enrolled:
                made.mark(user, course, draw(st.sampled_from(ASSIGNMENTS)))
            case _:
                made.enrol(course, user)
    return made.events


async def _shelves(batches: Sequence[Sequence[Said]]) -> dict[str, list[Said]]:
    college = await telling(ACCOUNTLESS)
    for batch in batches:
        await college.tell(*batch)
    return await college.shelves()


@settings(max_examples=often(2000, gate=60), deadline=None)
@given(data=st.data())
def test_every_order_of_the_same_events_ends_in_the_same_shelves(data: st.DataObject) -> None:
    events = data.draw(histories())
    again = data.draw(st.lists(st.sampled_from(events), max_size=5)) if events else []
    resent = [{**event, "event_id": f"{event['event_id']} again"} for event in again]
    mixed = data.draw(st.permutations([*events, *again, *resent]))
    cuts = sorted(data.draw(st.sets(st.integers(1, max(1, len(mixed) - 1)), max_size=8)))
    batches = [mixed[start:end] for start, end in zip([0, *cuts], [*cuts, None], strict=True)]
    assert asyncio.run(_shelves(batches)) == asyncio.run(_shelves([[event] for event in events]))


@settings(max_examples=often(2000, gate=60), deadline=None)
@given(data=st.data())
def test_whichever_way_each_is_told_it_ends_in_the_same_shelves(data: st.DataObject) -> None:
    """Deletions as events alone; all else as events, or as records by themselves."""
    events = data.draw(histories())
    mixed = data.draw(st.permutations(events))
    by_themselves = data.draw(st.sets(st.integers(0, len(mixed))))

    async def shelves() -> dict[str, list[Said]]:
        college = await telling(ACCOUNTLESS)
        for place, event in enumerate(mixed):
            if place in by_themselves and not event["event_type"].endswith("_deleted"):
                await college.sent(event)
            else:
                await college.tell(event)
        return await college.shelves()

    assert asyncio.run(shelves()) == asyncio.run(_shelves([[event] for event in events]))
