"""What Moodle tells of a student's work at an assignment, as the markings that a policy judges."""

from datetime import datetime

import attrs

from mzi_core.grading import Marking, Scale
from mzi_core.ports import MarkingMethod, MoodleAssignment, StudentWork, UserFlags
from mzi_core.record_markings import record_markings
from mzi_core.use_cases.moodle_readings import AssignmentReading, mark_record


def student_markings(
    assignment: MoodleAssignment,
    method: MarkingMethod,
    work: StudentWork,
    now: datetime,
    *,
    scale: Scale | None = None,
) -> tuple[Marking, ...]:
    """A marking for each attempt, first to last; one for a student who began none.

    They are those of the mark that a pull would store: see `record_markings`, also for `scale` and for what a
    ValueError says. Where teams hand in, `work` has the team's row.
    """
    flags = UserFlags(user=work.user, workflow=work.workflow or "", extension=work.extension)
    reading = AssignmentReading(
        # what was told of this student says whether there is a state
        assignment=attrs.evolve(assignment, workflow=work.workflow is not None),
        scale_items=method.scale_items,
        flags={work.user: flags},
    )
    return record_markings(mark_record(reading, work.user, None, work), now, scale=scale)
