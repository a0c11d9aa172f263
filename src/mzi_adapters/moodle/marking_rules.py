"""Which marks Moodle would swallow or spoil without a word."""

from collections.abc import Mapping
from decimal import Decimal

import attrs

from mzi_adapters.moodle.refusals import rejection
from mzi_core.grading.marking import WORKFLOW_STATES
from mzi_core.ports import (
    AssignmentGrade,
    GivenMark,
    MarkingMethod,
    MoodleAssignment,
    Rejected,
    RejectionKind,
)
from mzi_core.values import MoodleId

_PLACES = -5  # Moodle keeps a mark as NUMERIC(10,5)


def _bad(why: str) -> Rejected[MoodleId]:
    return rejection(RejectionKind.BAD_INPUT, why)


@attrs.frozen(kw_only=True)
class MarkingContext:
    """What has to be known of an assignment before a mark is written; `latest`: attempts, by student."""

    assignment: MoodleAssignment
    method: MarkingMethod
    students: frozenset[MoodleId]
    latest: Mapping[MoodleId, int]
    grades: Mapping[MoodleId, AssignmentGrade]

    def wrong(self, mark: GivenMark) -> Rejected[MoodleId] | None:
        """Why a mark must not be sent."""
        if mark.user not in self.students:
            why = "The user does not take part in the assignment; Moodle would mark them all the same."
            return rejection(RejectionKind.NOT_FOUND, why)
        if self.method.method is not None:
            return _bad(
                f"The assignment is marked by `{self.method.method}`; without criteria Moodle would store "
                "its lowest mark. Mark it in Moodle."
            )
        return self._wrong_raw(mark.raw) or self._wrong_workflow(mark.workflow) or self._wrong_attempt(mark)

    def _wrong_raw(self, raw: Decimal | None) -> Rejected[MoodleId] | None:
        if raw is None:
            return None
        if not raw.is_finite() or int(raw.as_tuple().exponent) < _PLACES:
            return _bad("A mark is a number with at most 5 places.")
        if self.assignment.maximum is not None:
            if not 0 <= raw <= self.assignment.maximum:
                return _bad(f"The mark must be from 0 to {self.assignment.maximum}; Moodle would drop it.")
            return None
        items = len(self.method.scale_items)
        if not items:
            return _bad("The assignment is not marked: it has neither points nor a scale.")
        if raw != int(raw) or not 1 <= raw <= items:
            return _bad(f"The mark must be one of the items 1 to {items} of the scale.")
        return None

    def _wrong_workflow(self, workflow: str | None) -> Rejected[MoodleId] | None:
        if self.assignment.workflow:
            if workflow in WORKFLOW_STATES:
                return None
            known = ", ".join(repr(state) for state in WORKFLOW_STATES)
            return _bad(f"The assignment uses the marking workflow: its state must be one of {known}.")
        return None if workflow is None else _bad("The assignment does not use the marking workflow.")

    def _wrong_attempt(self, mark: GivenMark) -> Rejected[MoodleId] | None:
        latest = self.latest.get(mark.user, 0)
        if 0 <= mark.attempt <= latest:
            return None
        return _bad(f"There is no attempt {mark.attempt}, counted from 0; Moodle would make one up.")
