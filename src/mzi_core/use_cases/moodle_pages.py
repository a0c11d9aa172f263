"""Moodle read page by page, by as few calls as there can be, each page with the place where it ends."""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Protocol

import attrs

from mzi_core.errors import AccessRefused, AuthRevoked, GatewayRefused, RemoteNotFound
from mzi_core.module import AnyModule, MoodleEntity
from mzi_core.modules import (
    MOODLE_COURSES,
    MOODLE_ENROLLMENTS,
    MOODLE_MARKS,
    MOODLE_USERS,
    MoodleCourseRecord,
    MoodleEnrollmentRecord,
    MoodleMarkRecord,
)
from mzi_core.ports import (
    EnrolledUser,
    Feature,
    Membership,
    MoodleAssignment,
    MoodleAssignments,
    MoodleCourse,
    MoodleCourses,
    MoodleEnrolments,
    MoodleMarks,
    MoodlePlugin,
    MoodleStatus,
    MoodleUsers,
    Rejected,
    Store,
    StudentWork,
    Submission,
    UserKey,
)
from mzi_core.provisioning.accounts import GUEST
from mzi_core.provisioning.courses import FRONT_PAGE
from mzi_core.use_cases.moodle_readings import (
    AssignmentReading,
    as_read,
    course_record,
    enrolment_record,
    hidden_of,
    lacks_detail,
    mark_record,
    user_record,
)
from mzi_core.values import MoodleId, MoodleKey, RecordKey, TenantId

IDS = 500
"""Users asked for by one call: as many as Moodle takes whole."""

EMPTY = 2
"""So many runs of `IDS` ids of which nobody has one, and there is nobody behind them: no user is ever quite
gone from Moodle, but the ids of those that a refused call was to make are left out."""

ASSIGNMENTS = 50
"""Assignments whose work and marks are asked for together."""

PAGE = 500
"""Records from which on a page is as large as it gets, but for that it ends with a whole course."""


class ReadableMoodle(
    MoodleStatus,
    MoodleUsers,
    MoodleCourses,
    MoodleEnrolments,
    MoodleAssignments,
    MoodleMarks,
    MoodlePlugin,
    Protocol,
):
    """What a pull needs of Moodle."""


@attrs.frozen
class MoodlePage:
    """Records that were read; all up to the id `behind` are done with them, or nobody knows up to which."""

    records: Sequence[MoodleEntity]
    behind: MoodleId | None


Pages = AsyncGenerator[MoodlePage, None]


Parts = AsyncGenerator[tuple[Sequence[MoodleEntity], MoodleId | None], None]
"""Records that belong together, and up to which id all are done with them."""


@attrs.frozen
class _Told:
    """What was told of an assignment, and the students of it who are to be taken."""

    reading: AssignmentReading
    students: Sequence[MoodleId]


@attrs.define(kw_only=True)
class MoodlePages:
    """Reads one kind of record, of some courses or of all; `left_out` says what was closed to the account.

    Of courses that were named one that is closed is an error: GatewayRefused.
    """

    moodle: ReadableMoodle
    store: Store
    tenant: TenantId
    courses: Sequence[MoodleId] = ()
    since: datetime | None = None
    """What was changed at or after this moment alone; for courses and marks, whose changes Moodle dates."""

    left_out: dict[str, str] = attrs.field(factory=dict)
    _members_of: dict[MoodleId, frozenset[MoodleId]] = attrs.field(factory=dict)
    """Who is in each course whose enrolments were read."""

    _every_course: frozenset[MoodleId] | None = None
    """All courses there are, once they were read."""

    _scales: dict[int, tuple[str, ...]] = attrs.field(factory=dict)

    def of(self, module: AnyModule, after: MoodleId | None) -> Pages:
        """The pages behind an id: that of a user, a course, or an assignment, as `MoodlePage.behind` said."""
        read = {
            MOODLE_USERS.name: self._users,
            MOODLE_COURSES.name: self._courses,
            MOODLE_ENROLLMENTS.name: self._enrolments,
            MOODLE_MARKS.name: self._marks,
        }[module.name]
        return read(after or MoodleId(0))

    def lacks(self, ours: MoodleCourseRecord | MoodleEnrollmentRecord) -> bool:
        """Whether a record of ours should have come by, from what was read whole, and did not."""
        if isinstance(ours, MoodleCourseRecord):
            return self._is_gone(ours.moodle_key)
        members = self._members_of.get(MoodleId(int(ours.course)))
        return self._is_gone(ours.course) if members is None else int(ours.user) not in members

    def _is_gone(self, course: MoodleKey) -> bool:
        return self._every_course is not None and int(course) not in self._every_course

    # users

    async def _users(self, after: MoodleId) -> Pages:
        if self.courses:
            wanted = sorted({user for course in self.courses for user in await self._members(course)})
            ids = [user for user in wanted if user > after]
            for start in range(0, len(ids), IDS):
                some = ids[start : start + IDS]
                yield await self._some_users(some, some[-1])
            return
        ourselves = (await self.moodle.site()).user_id  # a user, whatever ids are left out before it
        empty = 0
        while empty < EMPTY or after < ourselves:
            some = [MoodleId(after + 1 + place) for place in range(IDS)]
            after = some[-1]
            page = await self._some_users(some, after)
            empty = 0 if page.records else empty + 1
            if page.records:
                yield page

    async def _members(self, course: MoodleId) -> list[MoodleId]:
        return [user.id for user in await self._in_course(course)]

    async def _in_course(
        self, course: MoodleId, which: Membership = Membership.ALL
    ) -> Sequence[EnrolledUser]:
        try:
            return await self.moodle.enrolled(course, which)
        except RemoteNotFound:
            raise _no_course(course) from None

    async def _some_users(self, ids: Sequence[MoodleId], behind: MoodleId) -> MoodlePage:
        """Users by their ids; of the deleted, whom Moodle still answers for, those that are stored."""
        found = await self.moodle.find_users(UserKey.ID, [str(id) for id in ids])
        users = [user for each in found.values() for user in each if user.id != GUEST]
        deleted = [MoodleKey(str(user.id)) for user in users if user.deleted]
        known: set[RecordKey] = set()
        if deleted:
            async with self.store.read(self.tenant) as session:
                known = await session.present(MOODLE_USERS, deleted)
        records = [user_record(user) for user in users if not user.deleted or str(user.id) in known]
        hidden = hidden_of(records)
        return MoodlePage([as_read(MOODLE_USERS, record, hidden) for record in records], behind)

    # courses

    async def _courses(self, after: MoodleId) -> Pages:
        found = [course for course in await self._wanted_courses() if course.id > after]
        if self.since is not None:
            since = self.since
            found = [each for each in found if each.modified_at is None or each.modified_at >= since]
        for start in range(0, len(found), PAGE):
            some = found[start : start + PAGE]
            records = [as_read(MOODLE_COURSES, course_record(course)) for course in some]
            yield MoodlePage(records, some[-1].id)

    async def _wanted_courses(self) -> list[MoodleCourse]:
        """The courses that were named, or all but the front page, by their ids."""
        if not self.courses:
            every = await self.moodle.every_course()
            self._every_course = frozenset(course.id for course in every)
            return [course for course in every if course.id != FRONT_PAGE]
        found = await self.moodle.courses(self.courses)
        for course in self.courses:
            if course not in found:
                raise _no_course(course)
        return [found[course] for course in sorted(found)]

    async def _wanted_ids(self) -> list[MoodleId]:
        return sorted(set(self.courses)) or [course.id for course in await self._wanted_courses()]

    # enrolments

    def _enrolments(self, after: MoodleId) -> Pages:
        return _filled(self._enrolments_by_course(after))

    async def _enrolments_by_course(self, after: MoodleId) -> Parts:
        for course in await self._wanted_ids():
            if course > after:
                yield await self._enrolled(course), course

    async def _enrolled(self, course: MoodleId) -> list[MoodleEntity]:
        """Who is in a course, and whose enrolment there does not count."""
        try:
            everybody = await self._in_course(course)
            suspended = {user.id for user in await self._in_course(course, Membership.SUSPENDED)}
        except GatewayRefused as refused:
            self._leave_out(f"course {course}", refused)
            return []
        self._members_of[course] = frozenset(user.id for user in everybody)
        records = [enrolment_record(course, user, suspended=user.id in suspended) for user in everybody]
        return [as_read(MOODLE_ENROLLMENTS, record) for record in records]

    def _leave_out(self, what: str, refused: GatewayRefused) -> None:
        """Note what is closed; raises it where it was named, or where nothing else would be open either."""
        if self.courses or isinstance(refused, AuthRevoked):
            raise refused
        self.left_out[what] = refused.told

    # marks

    def _marks(self, after: MoodleId) -> Pages:
        return _filled(self._marks_by_assignment(after))

    async def _marks_by_assignment(self, after: MoodleId) -> Parts:
        is_shown_all = Feature.GRADE_FACTS in (await self.moodle.site()).features
        assignments = [each for each in await self._assignments() if each.id > after]
        for start in range(0, len(assignments), ASSIGNMENTS):
            for told in await self._read(assignments[start : start + ASSIGNMENTS]):
                for first in range(0, len(told.students), PAGE):
                    students = told.students[first : first + PAGE]
                    try:
                        records = await self._of_students(told.reading, students, is_shown_all=is_shown_all)
                    except GatewayRefused as refused:
                        self._leave_out(_named(told.reading.assignment), refused)
                        break
                    is_whole = first + PAGE >= len(told.students)
                    yield records, told.reading.assignment.id if is_whole else None

    async def _assignments(self) -> list[MoodleAssignment]:
        """The assignments of the courses, by their ids; a course that is not there is told for that first."""
        found: list[MoodleAssignment] = []
        courses = [course.id for course in await self._wanted_courses()]
        for course, there in (await self.moodle.assignments(courses)).items():
            if isinstance(there, Rejected):
                self._leave_out(f"course {course}", _refused(there))
            else:
                found += there
        return sorted(found, key=lambda each: each.id)

    async def _read(self, some: Sequence[MoodleAssignment]) -> list[_Told]:
        """What is told of these assignments; where nothing changed since the moment, one is not read."""
        changed: dict[MoodleId, set[MoodleId]] = {}
        if self.since is not None:
            changed = await self._changed(some, self.since)
            some = [each for each in some if each.id in changed]
        ids = [each.id for each in some]
        submissions = await self.moodle.submissions(ids)
        grades = await self.moodle.grades(ids)
        flags = await self.moodle.user_flags(ids)
        found: list[_Told] = []
        for each in some:
            work, given, noted = submissions[each.id], grades[each.id], flags[each.id]
            try:
                if isinstance(work, Rejected) or isinstance(given, Rejected) or isinstance(noted, Rejected):
                    raise _refused(next(one for one in (work, given, noted) if isinstance(one, Rejected)))
                reading = AssignmentReading(
                    assignment=each,
                    scale_items=await self._scale_items(each),
                    submissions=await self._by_student(each, work),
                    grades={grade.user: grade for grade in given},
                    flags={one.user: one for one in noted},
                )
            except GatewayRefused as refused:
                self._leave_out(_named(each), refused)
                continue
            # Where teams hand in, nobody knows who of a team is meant.
            is_all = self.since is None or each.team
            students = reading.students
            found.append(_Told(reading, [one for one in students if is_all or one in changed[each.id]]))
        return found

    async def _changed(
        self, some: Sequence[MoodleAssignment], since: datetime
    ) -> dict[MoodleId, set[MoodleId]]:
        """By assignment, who handed in or was marked since a moment."""
        ids = [each.id for each in some]
        found: dict[MoodleId, set[MoodleId]] = {}
        for told in (
            await self.moodle.submissions(ids, since=since),
            await self.moodle.grades(ids, since=since),
        ):
            for id, rows in told.items():
                if isinstance(rows, Rejected):
                    found.setdefault(id, set())  # why is told when all of it is asked for
                elif rows:
                    found.setdefault(id, set()).update(row.user for row in rows)
        return found

    async def _scale_items(self, assignment: MoodleAssignment) -> tuple[str, ...]:
        """The items of the scale that an assignment is marked on; each scale is read once."""
        scale = assignment.scale_id
        if scale is None:
            return ()
        if scale not in self._scales:
            self._scales[scale] = (await self.moodle.marking_method(assignment.cmid)).scale_items
        return self._scales[scale]

    async def _by_student(
        self, assignment: MoodleAssignment, rows: Iterable[Submission]
    ) -> dict[MoodleId, Submission]:
        """The work of each student; of a team's each member has it, as far as they take part now."""
        if not assignment.team:
            return {row.user: row for row in rows}
        teams = {row.group: row for row in rows if row.is_of_team}
        if not teams:
            return {}
        people = await self.moodle.participants(assignment.id)
        return {one.user: teams[one.group] for one in people if one.group in teams}

    async def _of_students(
        self, reading: AssignmentReading, students: Sequence[MoodleId], *, is_shown_all: bool
    ) -> list[MoodleMarkRecord]:
        keys: Mapping[MoodleId, RecordKey] = {user: reading.key_of(user) for user in students}
        async with self.store.read(self.tenant) as session:
            rows = await session.stored(MOODLE_MARKS, list(keys.values()))
        stored = {user: rows[key].entity for user, key in keys.items() if key in rows}
        wanted = [
            user
            for user in students
            if lacks_detail(reading, user, stored.get(user), is_shown_all=is_shown_all)
        ]
        work: Mapping[MoodleId, StudentWork] = {}
        if wanted:
            assignment = reading.assignment.id
            ask = self.moodle.grade_facts if is_shown_all else self.moodle.works
            work = await ask(assignment, wanted)
        marks = [mark_record(reading, user, stored.get(user), work.get(user)) for user in students]
        return [as_read(MOODLE_MARKS, mark) for mark in marks]


async def _filled(parts: Parts) -> Pages:
    """Pages of parts that are small or large; the place is known where a page ends with a part."""
    waiting: list[MoodleEntity] = []
    behind: MoodleId | None = None
    async with aclosing(parts):
        async for records, ends in parts:
            waiting += records
            behind = ends or behind
            while len(waiting) >= PAGE:
                page, waiting = waiting[:PAGE], waiting[PAGE:]
                yield MoodlePage(page, ends if not waiting else None)
    if waiting:
        yield MoodlePage(waiting, behind)


def _no_course(course: MoodleId) -> RemoteNotFound:
    return RemoteNotFound("Moodle", f"There is no course {course}.")


def _named(assignment: MoodleAssignment) -> str:
    return f"assignment {assignment.id}"


def _refused(rejected: Rejected[MoodleId]) -> AccessRefused:
    return AccessRefused("Moodle", rejected.why.removeprefix("Moodle: "))
