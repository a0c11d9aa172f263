"""Records of Moodle read again, because events told that something about them changed and not what.

What is asked for is asked in as few calls as there can be; what fails is told of the records it concerns.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress

import attrs

from mzi_core.errors import AccessRefused, GatewayError, GatewayRefused, MziError, NotOffered
from mzi_core.module import AnyModule, MoodleEntity
from mzi_core.modules import (
    MOODLE_COURSES,
    MOODLE_ENROLLMENTS,
    MOODLE_MARKS,
    MOODLE_USERS,
    MarkedAttempt,
    MarkedCriterion,
    MoodleMarkRecord,
    MoodleUserRecord,
)
from mzi_core.ports import (
    Attempt,
    Membership,
    MoodleAssignment,
    MoodleGateway,
    Rejected,
    StudentWork,
    UserKey,
)
from mzi_core.use_cases.moodle_readings import (
    course_record,
    enrolment_record,
    hidden_of,
    user_record,
)
from mzi_core.values import MoodleId, MoodleKey, RecordKey

_NOT_SHOWN = "Moodle shows mzi no {what} {id}: it is gone, or its account may not see it."


def hidden_in(record: MoodleEntity) -> frozenset[str]:
    """The fields that Moodle may keep from the account, and of which the reading of a record says nothing."""
    if isinstance(record, MoodleUserRecord):
        return hidden_of([record])
    if isinstance(record, MoodleMarkRecord) and record.scale is not None and not record.scale_items:
        return frozenset(("scale_items",))
    return frozenset()


@attrs.define(kw_only=True)
class MoodleReadings:
    """What was read for keys; a key of marks can stand for several records, see `read_again`.

    `gone`: keys of which nothing is there; `unknown`: why one cannot be told; `failed`: what prevented it.
    """

    records: dict[RecordKey, list[MoodleEntity]] = attrs.field(factory=lambda: defaultdict(list))
    gone: set[RecordKey] = attrs.field(factory=set)
    unknown: dict[RecordKey, str] = attrs.field(factory=dict)
    failed: dict[RecordKey, MziError] = attrs.field(factory=dict)


async def read_again(moodle: MoodleGateway, module: AnyModule, keys: Sequence[RecordKey]) -> MoodleReadings:
    """The records with these keys as Moodle has them now.

    A key of marks with a blank, as `7_2_` or `_2_3`, stands for all marks of a student in a course, or for
    those of everybody at an assignment.
    """
    found = MoodleReadings()
    by_module = {
        MOODLE_USERS.name: _read_users,
        MOODLE_COURSES.name: _read_courses,
        MOODLE_ENROLLMENTS.name: _read_enrollments,
        MOODLE_MARKS.name: _read_marks,
    }
    try:
        await by_module[module.name](moodle, keys, found)
    except GatewayError as error:
        known = {*found.records, *found.gone, *found.unknown, *found.failed}
        found.failed |= {key: error for key in keys if key not in known}
    return found


async def _read_users(moodle: MoodleGateway, keys: Sequence[RecordKey], found: MoodleReadings) -> None:
    users = await moodle.find_users(UserKey.ID, list(keys))
    for key in keys:
        match users.get(key, ()):
            case [user, *_] if user.deleted:
                found.gone.add(key)
            case [user, *_]:
                found.records[key].append(user_record(user))
            case _:
                found.unknown[key] = _NOT_SHOWN.format(what="user", id=key)


async def _read_courses(moodle: MoodleGateway, keys: Sequence[RecordKey], found: MoodleReadings) -> None:
    courses = await moodle.courses([_id(key) for key in keys])
    for key in keys:
        course = courses.get(_id(key))
        if course is None:
            found.unknown[key] = _NOT_SHOWN.format(what="course", id=key)
            continue
        found.records[key].append(course_record(course))


async def _read_enrollments(moodle: MoodleGateway, keys: Sequence[RecordKey], found: MoodleReadings) -> None:
    """Course by course, with two calls each: everybody who is enrolled, and of these the active ones."""
    by_course: dict[str, list[RecordKey]] = defaultdict(list)
    for key in keys:
        by_course[key.partition("_")[0]].append(key)
    for course, of_course in by_course.items():
        try:
            everybody = {user.id: user for user in await moodle.enrolled(_id(course))}
            active = {user.id for user in await moodle.enrolled(_id(course), Membership.ACTIVE)}
        except GatewayRefused as error:
            found.failed |= dict.fromkeys(of_course, error)
            continue
        for key in of_course:
            user = key.partition("_")[2]
            there = everybody.get(_id(user))
            if there is None:
                found.gone.add(key)
                continue
            record = enrolment_record(_id(course), there, suspended=there.id not in active)
            found.records[key].append(record)


@attrs.frozen
class _MarkKey:
    """A key of marks, taken apart; None stands for all students, or for all assignments."""

    key: RecordKey
    student: MoodleId | None
    course: MoodleId
    assignment: MoodleId | None

    @classmethod
    def of(cls, key: RecordKey) -> "_MarkKey":
        student, course, assignment = (MoodleId(int(part)) if part else None for part in key.split("_"))
        return cls(key, student, MoodleId(course or 0), assignment)


async def _read_marks(moodle: MoodleGateway, keys: Sequence[RecordKey], found: MoodleReadings) -> None:
    """Assignment by assignment, all students of each together where mzi's plugin is there."""
    wanted = [_MarkKey.of(key) for key in keys]
    in_courses = await moodle.assignments(list(dict.fromkeys(each.course for each in wanted)))
    at: dict[MoodleId, list[_MarkKey]] = defaultdict(list)
    assignments: dict[MoodleId, MoodleAssignment] = {}
    for each in wanted:
        there = in_courses[each.course]
        if isinstance(there, Rejected):
            found.unknown[each.key] = there.why
            continue
        meant = [one for one in there if each.assignment in (None, one.id)]
        assignments |= {one.id: one for one in meant}
        for one in meant:
            at[one.id].append(each)
        if meant:
            found.records[each.key] = []
        else:
            said = _NOT_SHOWN.format(what="assignment", id=each.assignment or f"in course {each.course}")
            found.unknown[each.key] = said
    for id, here in at.items():
        try:
            marks = await _marks_at(moodle, assignments[id], here)
        except GatewayError as error:
            found.failed |= {each.key: error for each in here}
            continue
        for each in here:
            found.records[each.key] += [
                mark
                for student, mark in marks.items()
                if each.student in (None, student) and _tells(mark, each)
            ]
    for key in found.failed:
        found.records.pop(key, None)


def _tells(mark: MoodleMarkRecord, asked: _MarkKey) -> bool:
    """Whether there is anything to keep: of who did nothing at an assignment only if it was asked for."""
    is_meant = asked.student is not None and asked.assignment is not None
    return is_meant or bool(mark.attempts or mark.workflow or mark.extension)


async def _marks_at(
    moodle: MoodleGateway, assignment: MoodleAssignment, asked: Iterable[_MarkKey]
) -> dict[MoodleId, MoodleMarkRecord]:
    students = {each.student for each in asked}
    if None in students:
        students |= {one.user for one in await moodle.participants(assignment.id)}
    ids = sorted(student for student in students if student is not None)
    items: tuple[str, ...] = ()
    if assignment.scale_id is not None:
        with suppress(AccessRefused):  # what is stored of the scale stays
            items = (await moodle.marking_method(assignment.cmid)).scale_items
    try:
        works = await moodle.grade_facts(assignment.id, ids)
    except NotOffered:
        works = await moodle.works(assignment.id, ids)
    return {student: _mark(assignment, items, work) for student, work in works.items()}


def _mark(assignment: MoodleAssignment, items: tuple[str, ...], work: StudentWork) -> MoodleMarkRecord:
    attempts = tuple(_attempt(assignment, each) for each in work.attempts)
    graded = [each.graded_at for each in attempts if each.graded_at is not None]
    return MoodleMarkRecord(
        moodle_key=MoodleKey(f"{work.user}_{assignment.course}_{assignment.id}"),
        student=_key(work.user),
        course=_key(assignment.course),
        assignment=assignment.id,
        assignment_name=assignment.name,
        maximum=assignment.maximum,
        scale=None if assignment.scale_id is None else MoodleId(assignment.scale_id),
        scale_items=items,
        workflow=work.workflow,
        due=assignment.due,
        extension=work.extension,
        cutoff=assignment.cutoff,
        grade_id=work.gradebook_id,
        attempts=attempts,
        modified_at=max(graded, default=None),
    )


def _attempt(assignment: MoodleAssignment, attempt: Attempt) -> MarkedAttempt:
    criteria = [
        MarkedCriterion(
            code=each.code,
            definition=each.definition,
            score="1" if each.achieved else "0",
            remark=each.remark,
        )
        for each in attempt.criteria
    ]
    status = attempt.status or None
    return MarkedAttempt(
        number=attempt.number,
        grade_id=attempt.grade_id,
        raw=attempt.raw,
        submission_status=None if assignment.team else status,
        team_status=status if assignment.team else None,
        feedback=attempt.feedback,
        grader=attempt.grader,
        grader_name=attempt.grader_name or None,
        graded_at=attempt.graded_at,
        criteria=tuple(criteria),
    )


def _id(key: str) -> MoodleId:
    return MoodleId(int(key))


def _key(id: int) -> MoodleKey:
    return MoodleKey(str(id))
