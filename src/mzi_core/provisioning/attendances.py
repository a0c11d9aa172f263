"""Who is to be in which course, whichever record of Zoho says so: an enrolment or a registration."""

from collections.abc import Mapping

import attrs

from mzi_core.modules import CLASSES, PROGRAMS, Enrollment, Registration
from mzi_core.values import MoodleId, Parent, RecordKey, ZohoId


@attrs.frozen(kw_only=True)
class Attendance:
    """That a student is in the course of something, as a record of Zoho has it.

    `place`: whose course it is, a class's or a programme's. `named`: the course that stands in for it while
    it has none. `said`: what the record says of the course, and of the account where it tells that.
    """

    zoho_id: ZohoId
    student: ZohoId
    place: Parent
    status: str | None
    named: MoodleId | None = None
    said: Mapping[str, MoodleId | None]


def attendance_of(record: Enrollment | Registration) -> Attendance:
    """What an enrolment or a registration says of a student and a course."""
    said = {"moodle_course_id": record.moodle_course_id}
    if isinstance(record, Registration):
        return Attendance(
            zoho_id=record.zoho_id,
            student=record.student,
            place=Parent(PROGRAMS.name, record.program),
            status=record.enrollment_status,
            said={**said, "student_moodle_id": record.student_moodle_id},
        )
    return Attendance(
        zoho_id=record.zoho_id,
        student=record.student,
        place=Parent(CLASSES.name, record.class_),
        status=record.status,
        named=record.moodle_course_id,
        said=said,
    )


def course_of(attendance: Attendance, courses: Mapping[RecordKey, MoodleId | None]) -> MoodleId | None:
    """The course it is about: that of its class or programme, else one that an enrolment names itself."""
    return courses.get(attendance.place.key) or attendance.named
