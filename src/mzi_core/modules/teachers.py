"""BTEC_Teachers: who teaches and marks. Source: reference §1.2."""

from typing import Annotated

import attrs

from mzi_core.module import Counterpart, Module, MoodleKind, ZohoEntity, link, said_of, zoho
from mzi_core.values import Email, MoodleId


@attrs.frozen(kw_only=True)
class Teacher(ZohoEntity):
    """A teacher, found in Moodle by the academic e-mail when no Moodle id is known yet (B3)."""

    name: Annotated[str, zoho("Name")]
    academic_email: Annotated[Email | None, zoho("Academic_Email", unique=True)] = None
    email: Annotated[Email | None, zoho("Email")] = None
    phone: Annotated[str | None, zoho("Phone_Number")] = None
    moodle_userid: Annotated[MoodleId | None, link("Teacher_Moodle_ID")] = None
    moodle_userid_in_zoho: Annotated[MoodleId | None, said_of("moodle_userid")] = None


TEACHERS = Module(
    name="teachers",
    singular="teacher",
    remote_name="BTEC_Teachers",
    entity=Teacher,
    counterpart=Counterpart(MoodleKind.USER, id="moodle_userid"),
)
