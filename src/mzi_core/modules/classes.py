"""BTEC_Classes: a unit taught to a group; becomes a Moodle course. Sources: reference §1.2, B4, B6."""

from datetime import date
from typing import Annotated

import attrs

from mzi_core.module import Counterpart, Module, MoodleKind, ZohoEntity, link, lookup, lookups, said_of, zoho
from mzi_core.values import MoodleId, ZohoId


@attrs.frozen(kw_only=True)
class Class(ZohoEntity):
    """A class. Teacher, unit and programme are pointed at and need not be stored before it."""

    name: Annotated[str, zoho("Class_Name", "BTEC_Class_Name", "Name")]
    short_name: Annotated[str | None, zoho("Class_Short_Name", "Short_Name")] = None
    status: Annotated[str | None, zoho("Class_Status", "Status", "status")] = None
    major: Annotated[str | None, zoho("Class_Major")] = None
    start_date: Annotated[date | None, zoho("Start_Date")] = None
    end_date: Annotated[date | None, zoho("End_Date")] = None
    moodle_class_id: Annotated[MoodleId | None, link("Moodle_Class_ID")] = None
    moodle_class_id_in_zoho: Annotated[MoodleId | None, said_of("moodle_class_id")] = None
    ms_teams_id: Annotated[str | None, zoho("MS_Teams_ID")] = None
    teacher: Annotated[ZohoId | None, lookup("Teacher")] = None
    unit: Annotated[ZohoId | None, lookup("Unit")] = None
    program: Annotated[ZohoId | None, lookup("BTEC_Program")] = None
    study_mode: Annotated[str | None, zoho("Class_Study_Mode")] = None
    classroom: Annotated[str | None, zoho("Classroom")] = None
    term: Annotated[str | None, zoho("Term")] = None
    year: Annotated[str | None, zoho("Year")] = None
    enrolled_students: Annotated[tuple[ZohoId, ...], lookups("Enrolled_Students")] = ()


ACTIVE = ("Active",)
"""The status of a class that is taught."""

CLASSES = Module(
    name="classes",
    singular="class",
    remote_name="BTEC_Classes",
    entity=Class,
    refers_to={"teacher": "teachers", "unit": "units", "program": "programs"},
    counterpart=Counterpart(MoodleKind.COURSE, id="moodle_class_id", active=ACTIVE),
)
