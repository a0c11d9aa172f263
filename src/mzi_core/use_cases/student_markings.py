"""What Moodle tells of a student's work at an assignment, as the markings that a policy judges."""

from datetime import datetime

from mzi_core.grading import Marking
from mzi_core.grading.marking import UNGRADED
from mzi_core.ports import Attempt, MarkingMethod, MoodleAssignment, StudentWork


def student_markings(
    assignment: MoodleAssignment, method: MarkingMethod, work: StudentWork, now: datetime
) -> tuple[Marking, ...]:
    """A marking for each attempt, first to last; one for a student who began none.

    A scale is read by the items of `method`, points by the assignment's maximum. The state of the marking
    workflow is the student's, so it holds back the latest attempt alone: an earlier one was released before
    it was reopened. Where the assignment takes no submissions nothing can be missing, and an attempt without
    a grade is one that nobody has graded. Where teams hand in, `work` has the team's row.
    """
    attempts = work.attempts or (Attempt(number=0, status=""),)
    return tuple(
        _marking(assignment, method, work, attempt, now, is_latest=attempt is attempts[-1])
        for attempt in attempts
    )


def _marking(
    assignment: MoodleAssignment,
    method: MarkingMethod,
    work: StudentWork,
    attempt: Attempt,
    now: datetime,
    *,
    is_latest: bool,
) -> Marking:
    raw = attempt.raw
    if raw is None and not assignment.takes_submissions:
        raw = UNGRADED
    return Marking(
        raw=raw,
        maximum=assignment.maximum,
        items=method.scale_items,
        submitted=attempt.submitted if assignment.takes_submissions else None,
        attempt=attempt.number,
        feedback=attempt.feedback,
        workflow=work.workflow if is_latest else None,
        due=assignment.due,
        extension=work.extension if is_latest else None,
        cutoff=assignment.cutoff,
        submitted_at=attempt.submitted_at if attempt.submitted else None,
        now=now,
        criteria=attempt.criteria,
    )
