"""Moodle's enrolments: a user in a course. Sources: reference §1.1, recorded events."""

from datetime import datetime
from typing import Annotated

import attrs

from mzi_core.module import Module, MoodleEntity, Succession, composed, lookup, moodle, noted
from mzi_core.values import MoodleId, MoodleKey

ACTIVE, SUSPENDED = "active", "suspended"


def status_of(text: str) -> str:
    """Moodle's number for a status as a word: 0 is active, 1 suspended; a word stays as it came."""
    return {"0": ACTIVE, "1": SUSPENDED}.get(text.strip(), text)


@attrs.frozen(kw_only=True)
class MoodleEnrollmentRecord(MoodleEntity):
    """A user in a course. `maker` and `made_as` are told by the event of its making alone.

    Who made it is only sure while `made_as`, the id of the enrolment that was made, is its id still:
    somebody may have unenrolled and enrolled the user again.
    """

    moodle_key: Annotated[MoodleKey, composed("course", "user")]
    course: Annotated[MoodleKey, lookup("courseid", "course_id", "moodle_course_id", "course")]
    user: Annotated[
        MoodleKey, lookup("userid", "user_id", "relateduserid", "moodle_userid", "student_id", "user")
    ]
    enrollment_id: Annotated[
        MoodleId | None, moodle("enrollment_id", "enrollmentid", "enrolmentid", "userenrolmentid", "id")
    ] = None
    role: Annotated[MoodleId | None, moodle("roleid", "role_id")] = None
    status: Annotated[str | None, moodle("status", clean=status_of)] = None
    starts_at: Annotated[datetime | None, moodle("timestart", "start_date")] = None
    ends_at: Annotated[datetime | None, moodle("timeend", "end_date")] = None
    method: Annotated[str | None, moodle("enrol_method", "enrol", "method")] = None
    maker: Annotated[MoodleId | None, moodle("maker")] = None
    made_as: Annotated[MoodleId | None, moodle("made_as")] = None
    created_in_moodle: Annotated[datetime | None, noted("timecreated")] = None


MOODLE_ENROLLMENTS = Module(
    name="moodle_enrollments",
    singular="moodle_enrollment",
    remote_name="user_enrolments",
    entity=MoodleEnrollmentRecord,
    depends_on={"user": "moodle_users", "course": "moodle_courses"},
    succession=Succession(id="enrollment_id", made_as="made_as", maker="maker"),
)
