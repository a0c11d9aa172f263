"""Marks written and read back.

`mod_assign_save_grade` answers null for nearly everything: it drops a mark above the maximum and keeps the
feedback, stores a workflow state that is none, makes up the attempt it is told of. So a mark is checked
before it is sent, and what is there afterwards decides.
"""

from collections.abc import Sequence
from datetime import datetime

from mzi_adapters.moodle.assignments import MoodleAssignments
from mzi_adapters.moodle.batching import UNSETTLED, BatchResults
from mzi_adapters.moodle.calling import together
from mzi_adapters.moodle.json_fields import Row, flag, integer, moment, moodle_id, number, row, some_id, text
from mzi_adapters.moodle.marking_rules import MarkingContext
from mzi_adapters.moodle.refusals import SERVICE, rejected, rejection
from mzi_adapters.moodle.work import work_from
from mzi_adapters.web import Failure
from mzi_core.errors import (
    AccessRefused,
    AmbiguousWrite,
    GatewayError,
    GatewayUnavailable,
    RemoteNotFound,
)
from mzi_core.grading.marking import UNGRADED
from mzi_core.ports import (
    Applied,
    AssignmentGrade,
    GivenMark,
    MoodleAssignment,
    Rejected,
    RejectionKind,
    StudentWork,
    UserFlags,
    WriteResult,
)
from mzi_core.values import MoodleId

_LATEST = -1
_HTML = 1


class MoodleMarks(MoodleAssignments):
    """The part of the gateway that is about marks."""

    async def grades(
        self, assignments: Sequence[MoodleId], *, since: datetime | None = None
    ) -> dict[MoodleId, tuple[AssignmentGrade, ...] | Rejected[MoodleId]]:
        """The grades of the latest attempts, released or not; after a reopening there is none."""
        return await self._by_assignment(
            "mod_assign_get_grades", assignments, since, "grades", _grade, silence=()
        )

    async def user_flags(
        self, assignments: Sequence[MoodleId]
    ) -> dict[MoodleId, tuple[UserFlags, ...] | Rejected[MoodleId]]:
        """Workflow states, extensions and locks; only students whom somebody touched have any."""
        return await self._by_assignment(
            "mod_assign_get_user_flags", assignments, None, "userflags", _flags, silence=()
        )

    async def work(self, assignment: MoodleId, user: MoodleId) -> StudentWork:
        """Every attempt of one student, with what was released."""
        params = {"assignid": assignment, "userid": user}
        answer = row(await self.calls.read("mod_assign_get_submission_status", params))
        if "lastattempt" not in answer:
            raise RemoteNotFound(SERVICE, "The user does not take part in the assignment.")
        return work_from(answer, user)

    async def works(self, assignment: MoodleId, users: Sequence[MoodleId]) -> dict[MoodleId, StudentWork]:
        """The work of several students who take part, some calls at a time."""
        wanted = list(dict.fromkeys(users))
        found = await together(self._work_if_any(assignment, user) for user in wanted)
        return {work.user: work for work in found if work is not None}

    async def _work_if_any(self, assignment: MoodleId, user: MoodleId) -> StudentWork | None:
        try:
            return await self.work(assignment, user)
        except RemoteNotFound:
            return None

    async def save_marks(
        self, assignment: MoodleAssignment, marks: Sequence[GivenMark]
    ) -> Sequence[WriteResult[MoodleId]]:
        """Write marks, checked before and read back after."""
        if not marks:
            return []
        before = await self._standing(assignment)
        results = BatchResults.of(len(marks))
        seen: set[MoodleId] = set()
        for position, mark in enumerate(marks):
            results.found[position] = before.wrong(mark) or _repeated(mark, seen)
            seen.add(mark.user)
        rounds = self.calls.trying()
        while True:
            answered, lost = await self._send_open(marks, before, results)
            await self._read_back(marks, answered, lost, before, results)
            if not (results.open() and await rounds.again(Failure.KEYED_WRITE_UNANSWERED)):
                break
        results.set(results.open(), UNSETTLED)
        return results.all()

    async def _standing(self, assignment: MoodleAssignment) -> MarkingContext:
        submissions = (await self.submissions([assignment.id]))[assignment.id]
        if isinstance(submissions, Rejected):
            raise AccessRefused(SERVICE, f"Its submissions cannot be read. {submissions.why}")
        students = await self.participants(assignment.id)
        latest = {one.user: one.attempt for one in submissions if not one.is_of_team}
        if assignment.team:
            teams = {one.group: one.attempt for one in submissions if one.is_of_team}
            latest |= {one.user: teams[one.group] for one in students if one.group in teams}
        return MarkingContext(
            assignment=assignment,
            method=await self.marking_method(assignment.cmid),
            students=frozenset(one.user for one in students),
            latest=latest,
            grades=await self._rows(assignment.id),
        )

    async def _rows(self, assignment: MoodleId) -> dict[MoodleId, AssignmentGrade]:
        found = (await self.grades([assignment]))[assignment]
        if isinstance(found, Rejected):
            raise AccessRefused(SERVICE, f"Its grades cannot be read. {found.why}")
        return {one.user: one for one in found}

    async def _send_open(
        self, marks: Sequence[GivenMark], before: MarkingContext, results: BatchResults
    ) -> tuple[list[int], list[int]]:
        """Send what is not settled: the positions that were answered, and those whose answer was lost."""
        answered: list[int] = []
        lost: list[int] = []
        for position in results.open():
            try:
                await self.calls.write("mod_assign_save_grade", _params(marks[position], before))
                answered.append(position)
            except AmbiguousWrite:
                lost.append(position)
            except (GatewayUnavailable, AccessRefused) as error:
                if not (answered or lost or results.written() or isinstance(error, GatewayUnavailable)):
                    raise
                unsent = [one for one in results.open() if one not in (*answered, *lost)]
                results.set(tuple(unsent), rejected(error))
                break
            except GatewayError as error:
                results.found[position] = rejected(error)
        return answered, lost

    async def _read_back(
        self,
        marks: Sequence[GivenMark],
        answered: Sequence[int],
        lost: Sequence[int],
        before: MarkingContext,
        results: BatchResults,
    ) -> None:
        """Settle what was sent by what is there; a lost one that is not there stays open."""
        if not (answered or lost):
            return
        assignment = before.assignment
        try:
            rows = await self._rows(assignment.id)
            flags = (await self.user_flags([assignment.id]))[assignment.id] if assignment.workflow else ()
            states = {} if isinstance(flags, Rejected) else {one.user: one.workflow for one in flags}
            for position in (*answered, *lost):
                mark = marks[position]
                if mark.attempt < before.latest.get(mark.user, 0):
                    rows = {**rows, mark.user: await self._earlier(assignment.id, mark)}
                kept = _kept(mark, rows.get(mark.user))
                kept = kept and (mark.workflow is None or states.get(mark.user, "") == mark.workflow)
                if position in answered:
                    results.found[position] = _applied(rows.get(mark.user)) if kept else _CHANGED
                elif kept and rows.get(mark.user) != before.grades.get(mark.user):
                    results.found[position] = _applied(rows.get(mark.user))
        except GatewayError:
            for position in (*answered, *lost):
                results.found[position] = results.found[position] or UNSETTLED

    async def _earlier(self, assignment: MoodleId, mark: GivenMark) -> AssignmentGrade:
        """The row of an attempt that is not the latest, which `get_grades` does not show."""
        work = await self.work(assignment, mark.user)
        for attempt in work.attempts:
            if attempt.number == mark.attempt and attempt.grade_id:
                return AssignmentGrade(
                    id=attempt.grade_id,
                    user=mark.user,
                    attempt=attempt.number,
                    raw=attempt.raw,
                    grader=attempt.grader,
                    modified_at=attempt.graded_at,
                )
        raise RemoteNotFound(SERVICE, "The attempt has no grade.")


_CHANGED = rejection(
    RejectionKind.BAD_INPUT,
    f"{SERVICE} answered nothing and kept something else; look at the student's submission there.",
)


def _repeated(mark: GivenMark, seen: set[MoodleId]) -> Rejected[MoodleId] | None:
    if mark.user not in seen:
        return None
    why = "The same request has an earlier mark for this student; send one mark of a student at a time."
    return rejection(RejectionKind.CONFLICT, why)


def _params(mark: GivenMark, before: MarkingContext) -> dict[str, object]:
    """The comments go with every mark, for Moodle fails half-way without; no attempt is ever added.

    The attempt is named wherever there is one, lest a student who is reopened meanwhile gets the mark on
    the new one.
    """
    return {
        "assignmentid": before.assignment.id,
        "userid": mark.user,
        "grade": UNGRADED if mark.raw is None else mark.raw,
        "attemptnumber": mark.attempt if mark.user in before.latest else _LATEST,
        "addattempt": False,
        "workflowstate": mark.workflow or "",
        "applytoall": False,
        "plugindata": {"assignfeedbackcomments_editor": {"text": mark.feedback, "format": _HTML}},
    }


def _kept(mark: GivenMark, row: AssignmentGrade | None) -> bool:
    if mark.raw is None:
        return row is None or row.raw in (None, UNGRADED)
    return row is not None and row.attempt == mark.attempt and row.raw == mark.raw


def _applied(row: AssignmentGrade | None) -> Applied[MoodleId]:
    return Applied(id=row.id if row else None)


def _grade(found: Row) -> AssignmentGrade:
    return AssignmentGrade(
        id=moodle_id(found),
        user=moodle_id(found, "userid"),
        attempt=integer(found, "attemptnumber"),
        raw=number(found, "grade"),
        grader=some_id(found, "grader"),
        modified_at=moment(found, "timemodified"),
    )


def _flags(found: Row) -> UserFlags:
    return UserFlags(
        user=moodle_id(found, "userid"),
        workflow=text(found, "workflowstate"),
        extension=moment(found, "extensionduedate"),
        locked=flag(found, "locked"),
    )
