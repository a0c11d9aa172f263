"""BTEC_Students: who studies here. Sources: reference §1.2, C19, C20."""

from datetime import date
from typing import Annotated

import attrs

from mzi_core.module import Counterpart, Module, MoodleKind, ZohoEntity, link, lookup, said_of, zoho
from mzi_core.values import Email, MoodleId, ZohoId


@attrs.frozen(kw_only=True)
class Student(ZohoEntity):
    """A student. The academic e-mail is also the Moodle username; the record id, not `Name`, is the key."""

    display_name: Annotated[str, zoho("Name")]
    academic_email: Annotated[Email, zoho("Academic_Email", unique=True)]
    first_name: Annotated[str | None, zoho("First_Name")] = None
    last_name: Annotated[str | None, zoho("Last_Name")] = None
    full_name: Annotated[str | None, zoho("Display_Name")] = None
    first_name_native: Annotated[str | None, zoho("Frist_Name_Native")] = None  # Zoho's own spelling
    last_name_native: Annotated[str | None, zoho("Last_Name_Native")] = None
    email: Annotated[Email | None, zoho("Email")] = None
    secondary_email: Annotated[Email | None, zoho("Secondary_Email")] = None
    phone: Annotated[str | None, zoho("Phone_Number")] = None
    city: Annotated[str | None, zoho("City")] = None
    address: Annotated[str | None, zoho("Address")] = None
    nationality: Annotated[str | None, zoho("Nationality")] = None
    birth_date: Annotated[date | None, zoho("Birth_Date")] = None
    gender: Annotated[str | None, zoho("Gender")] = None
    emergency_contact_name: Annotated[str | None, zoho("Emergency_Contact_Name")] = None
    emergency_phone: Annotated[str | None, zoho("Emergency_Phone_Number")] = None
    national_number: Annotated[str | None, zoho("National_Number")] = None
    major: Annotated[str | None, zoho("Major")] = None
    sub_major: Annotated[str | None, zoho("Sub_Major")] = None
    academic_program: Annotated[str | None, zoho("Academic_Program")] = None
    program: Annotated[ZohoId | None, lookup("Program")] = None
    status: Annotated[str | None, zoho("Status")] = None
    # "Student_ID", which one source also reads, holds the display code in real organisations.
    moodle_userid: Annotated[MoodleId | None, link("Student_Moodle_ID", "Moodle_Student_ID")] = None
    moodle_userid_in_zoho: Annotated[MoodleId | None, said_of("moodle_userid")] = None


STUDENTS = Module(
    name="students",
    singular="student",
    remote_name="BTEC_Students",
    entity=Student,
    refers_to={"program": "programs"},
    counterpart=Counterpart(MoodleKind.USER, id="moodle_userid"),
)
