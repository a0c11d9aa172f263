"""BTEC_Enrollments: a student in a class. Sources: reference §1.2, C14, C33."""

from datetime import date
from typing import Annotated

import attrs

from mzi_core.module import Counterpart, Module, MoodleKind, ZohoEntity, identity, lookup, zoho
from mzi_core.values import MoodleId, ZohoId


@attrs.frozen(kw_only=True)
class Enrollment(ZohoEntity):
    """An enrolment. `moodle_course_id` is shared by everybody in the class, so it is no link of its own."""

    zoho_id: Annotated[ZohoId, identity("id", "ID", "Enrollment_ID")]
    student: Annotated[ZohoId, lookup("Enrolled_Students", "Student", "Contact")]
    class_: Annotated[ZohoId, lookup("Classes", "BTEC_Class", "Class")]
    student_name: Annotated[str | None, zoho("Student_Name")] = None
    class_name: Annotated[str | None, zoho("Class_Name")] = None
    class_teacher: Annotated[str | None, zoho("Class_Teacher")] = None
    enrolled_program: Annotated[str | None, zoho("Enrolled_Program")] = None
    status: Annotated[str | None, zoho("Enrollment_Status", "Status")] = None
    type: Annotated[str | None, zoho("Enrollment_Type")] = None
    start_date: Annotated[date | None, zoho("Start_Date")] = None
    end_date: Annotated[date | None, zoho("End_Date")] = None
    moodle_course_id: Annotated[MoodleId | None, zoho("Moodle_Course_ID")] = None


ENDED = ("Withdrawn", "Dropped", "Cancelled", "Canceled", "Deleted", "Transferred")
"""The statuses in which a student has left a class, or a programme."""

ENROLLMENTS = Module(
    name="enrollments",
    singular="enrollment",
    remote_name="BTEC_Enrollments",
    entity=Enrollment,
    depends_on={"student": "students", "class_": "classes"},
    found_by=("student", "class_"),
    counterpart=Counterpart(MoodleKind.ENROLMENT, id="moodle_course_id", ended=ENDED),
)
