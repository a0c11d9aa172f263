"""BTEC_Student_Requests: what students ask the office for. Sources: reference §1.2, Q1."""

from datetime import date
from typing import Annotated

import attrs

from mzi_core.module import Module, ZohoEntity, link, lookup, said_of, subform, zoho
from mzi_core.values import Email, MoodleId, ZohoId


@attrs.frozen(kw_only=True)
class FieldChange:
    """One row of `Change_Information`: a detail the student wants corrected."""

    row_id: Annotated[str | None, zoho("id")] = None
    field_name: Annotated[str | None, zoho("Field_Name")] = None
    current_value: Annotated[str | None, zoho("Current_Value")] = None
    new_value: Annotated[str | None, zoho("New_Value")] = None


@attrs.frozen(kw_only=True)
class RequestedClass:
    """One row of `Requested_Classes`: a Moodle course the request is about."""

    row_id: Annotated[str | None, zoho("id")] = None
    moodle_class_id: Annotated[MoodleId | None, zoho("Moodle_Class_ID")] = None


@attrs.frozen(kw_only=True)
class StudentRequest(ZohoEntity):
    """A student's request, made in Moodle and decided in Zoho."""

    student: Annotated[ZohoId | None, lookup("Student")] = None
    number: Annotated[str | None, zoho("Request_Number", "Name")] = None
    request_type: Annotated[str | None, zoho("Request_Type")] = None
    status: Annotated[str | None, zoho("Status")] = None
    reason: Annotated[str | None, zoho("Reason")] = None
    description: Annotated[str | None, zoho("Description", "Notes")] = None
    note: Annotated[str | None, zoho("Note")] = None
    request_date: Annotated[date | None, zoho("Request_Date")] = None
    student_name: Annotated[str | None, zoho("Student_Name")] = None
    academic_email: Annotated[Email | None, zoho("Academic_Email")] = None
    moodle_user_id: Annotated[MoodleId | None, zoho("Moodle_User_ID")] = None
    moodle_request_id: Annotated[MoodleId | None, link("Moodle_Request_ID")] = None
    moodle_request_id_in_zoho: Annotated[MoodleId | None, said_of("moodle_request_id")] = None
    changes: Annotated[tuple[FieldChange, ...], subform("Change_Information", row_key="field_name")] = ()
    requested_classes: Annotated[
        tuple[RequestedClass, ...], subform("Requested_Classes", row_key="moodle_class_id")
    ] = ()


REQUESTS = Module(
    name="requests",
    singular="request",
    remote_name="BTEC_Student_Requests",
    entity=StudentRequest,
    depends_on={"student": "students"},
)
