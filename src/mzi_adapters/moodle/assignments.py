"""Assignments and what students handed in. Several functions answer for many assignments at once."""

from collections.abc import Callable, Container, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Generic, TypeVar

import attrs

from mzi_adapters.moodle.batching import looked_up
from mzi_adapters.moodle.calling import MoodleCaller, together
from mzi_adapters.moodle.json_fields import (
    Row,
    flag,
    inner_rows,
    integer,
    moment,
    moodle_id,
    number,
    part,
    row,
    rows,
    some_id,
    some_integer,
    text,
    warnings,
)
from mzi_adapters.moodle.refusals import SERVICE, KeptBack, rejection
from mzi_core.errors import AccessRefused
from mzi_core.ports import (
    GradingDefinition,
    MarkingMethod,
    MoodleAssignment,
    Participant,
    Rejected,
    RejectionKind,
    Submission,
)
from mzi_core.values import MoodleId

T = TypeVar("T")


class MoodleAssignments:
    """The part of the gateway that is about assignments and what was handed in."""

    calls: MoodleCaller

    async def assignments(
        self, courses: Sequence[MoodleId]
    ) -> dict[MoodleId, tuple[MoodleAssignment, ...] | Rejected[MoodleId]]:
        """The assignments of each course, whether or not the account is enrolled there."""
        ids = list(dict.fromkeys(courses))
        found: dict[MoodleId, tuple[MoodleAssignment, ...] | Rejected[MoodleId]] = dict.fromkeys(ids, UNKNOWN)
        again: list[MoodleId] = []
        for answer in await looked_up(ids, self._assignments):
            for place in inner_rows(answer, "courses"):
                course = moodle_id(place)
                found[course] = tuple(map(assignment_from, inner_rows(place, "assignments")))
                if not found[course] and warnings(answer, "module"):
                    again.append(course)
            found |= _refused(warnings(answer, "course"), found)
        if again == ids:  # asked for by itself, so that what is kept from us is its own
            return dict.fromkeys(ids, HIDDEN)
        for alone in await together(self.assignments([course]) for course in again):
            found |= alone
        return found

    async def _assignments(self, courses: Sequence[MoodleId]) -> list[Row]:
        params = {"courseids": list(courses), "includenotenrolledcourses": True}
        return [row(await self.calls.read("mod_assign_get_assignments", params))]

    async def marking_method(self, cmid: MoodleId) -> MarkingMethod:
        """How an assignment is marked, by its course module.

        Raises AccessRefused where Moodle leaves that out: an assignment that seems to be marked by nothing
        could be marked in a way that spoils its form.
        """
        found = part(row(await self.calls.read("core_course_get_course_module", {"cmid": cmid})), "cm")
        for key, capability in _KEPT.items():
            if key not in found:
                raise KeptBack("It keeps from the account how the assignment is marked.", capability)
        methods = [text(area, "method") for area in inner_rows(found, "advancedgrading")]
        scale = text(found, "scale")
        return MarkingMethod(
            scale_items=tuple(item.strip() for item in scale.split(",")) if scale else (),
            method=next((method for method in methods if method), None),
        )

    async def definitions(
        self, cmids: Sequence[MoodleId]
    ) -> dict[MoodleId, tuple[GradingDefinition, ...] | Rejected[MoodleId]]:
        """The advanced grading definitions of each assignment; none for simple direct grading."""
        places: Places[GradingDefinition] = Places(
            "cmids", "areas", "cmid", "definitions", {"areaname": "submissions"}, UNKNOWN
        )
        return await self._places("core_grading_get_definitions", cmids, places, _definition)

    async def participants(self, assignment: MoodleId) -> Sequence[Participant]:
        """Every student of an assignment and the status of the latest attempt."""
        params = {"assignid": assignment, "groupid": 0, "filter": "", "onlyids": True}
        found = [
            Participant(
                user=moodle_id(one),
                status=text(one, "submissionstatus"),
                extension_granted=flag(one, "grantedextension"),
                group=some_id(one, "groupid"),
            )
            for one in rows(await self.calls.read("mod_assign_list_participants", params))
        ]
        if not any(one.group for one in found):
            return found
        teams = (await self.submissions([assignment]))[assignment]
        if isinstance(teams, Rejected):
            raise AccessRefused(SERVICE, f"The work of its teams cannot be read. {teams.why}")
        status = {team.group: team.status for team in teams if team.is_of_team}
        return [attrs.evolve(one, status=status.get(one.group, "")) for one in found]

    async def submissions(
        self, assignments: Sequence[MoodleId], *, since: datetime | None = None
    ) -> dict[MoodleId, tuple[Submission, ...] | Rejected[MoodleId]]:
        """The latest attempts of each assignment, or those changed at or after a moment."""
        return await self._by_assignment(
            "mod_assign_get_submissions", assignments, since, "submissions", _submission, silence=UNKNOWN
        )

    async def _by_assignment(
        self,
        function: str,
        assignments: Sequence[MoodleId],
        since: datetime | None,
        field: str,
        read_one: Callable[[Row], T],
        *,
        silence: tuple[T, ...] | Rejected[MoodleId],
    ) -> dict[MoodleId, tuple[T, ...] | Rejected[MoodleId]]:
        places = Places("assignmentids", "assignments", "assignmentid", field, {"since": since}, silence)
        return await self._places(function, assignments, places, read_one)

    async def _places(
        self, function: str, ids: Sequence[MoodleId], places: "Places[T]", read_one: Callable[[Row], T]
    ) -> dict[MoodleId, tuple[T, ...] | Rejected[MoodleId]]:
        """What is there in each place, or what the warning about it says."""

        async def read(some: Sequence[MoodleId]) -> list[Row]:
            return [row(await self.calls.read(function, {places.asked: list(some), **places.also}))]

        found: dict[MoodleId, tuple[T, ...] | Rejected[MoodleId]] = dict.fromkeys(ids, places.silence)
        for answer in await looked_up(list(dict.fromkeys(ids)), read):
            for place in inner_rows(answer, places.answered):
                contents = tuple(read_one(one) for one in inner_rows(place, places.field))
                found[moodle_id(place, places.key)] = contents
            found |= _refused(warnings(answer), found)
        return {id: contents for id, contents in found.items() if id in set(ids)}


@attrs.frozen
class Places(Generic[T]):
    """How a function that answers for many places names them: in the question and in the answer.

    `silence`: what it means that it says nothing about one.
    """

    asked: str
    answered: str
    key: str
    field: str
    also: Row
    silence: tuple[T, ...] | Rejected[MoodleId]


UNKNOWN = rejection(RejectionKind.NOT_FOUND, f"{SERVICE}: There is nothing under this id.")


HIDDEN = rejection(
    RejectionKind.PERMISSION,
    f"{SERVICE}: The course has assignments, and the account sees none of them. Give its role "
    "mod/assign:view, or show one of them.",
)

_KEPT = {"grade": "moodle/course:manageactivities", "advancedgrading": "moodle/grade:managegradingforms"}
"""What of a course module is left out without a capability."""


def _refused(
    refusals: Mapping[int, Rejected[MoodleId]], asked: Container[int]
) -> dict[MoodleId, Rejected[MoodleId]]:
    return {MoodleId(id): refusal for id, refusal in refusals.items() if id in asked}


def assignment_from(found: Row) -> MoodleAssignment:
    """An assignment; a negative `grade` is the id of a scale, 0 is no marking."""
    grade = number(found, "grade") or 0
    attempts = some_integer(found, "maxattempts")
    return MoodleAssignment(
        id=moodle_id(found),
        cmid=moodle_id(found, "cmid"),
        course=moodle_id(found, "course"),
        name=text(found, "name"),
        maximum=Decimal(grade) if grade > 0 else None,
        scale_id=-int(grade) if grade < 0 else None,
        due=moment(found, "duedate"),
        cutoff=moment(found, "cutoffdate"),
        workflow=flag(found, "markingworkflow"),
        team=flag(found, "teamsubmission"),
        reopening=text(found, "attemptreopenmethod"),
        attempts_at_most=attempts if attempts > 0 else None,
        takes_submissions=not flag(found, "nosubmissions"),
        modified_at=moment(found, "timemodified"),
    )


def _definition(found: Row) -> GradingDefinition:
    return GradingDefinition(
        id=moodle_id(found),
        method=text(found, "method"),
        name=text(found, "name"),
        modified_at=moment(found, "timemodified"),
    )


def _submission(found: Row) -> Submission:
    return Submission(
        id=moodle_id(found),
        user=MoodleId(integer(found, "userid")),
        group=some_id(found, "groupid"),
        attempt=integer(found, "attemptnumber"),
        status=text(found, "status"),
        modified_at=moment(found, "timemodified"),
    )
