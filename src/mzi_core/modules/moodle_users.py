"""Moodle's users. Sources: reference §1.1, recorded events, the service's own `core_user` functions."""

from datetime import datetime
from typing import Annotated

import attrs

from mzi_core.module import Module, MoodleEntity, identity, moodle, noted
from mzi_core.values import MoodleKey


@attrs.frozen(kw_only=True)
class MoodleUserRecord(MoodleEntity):
    """A user of Moodle. Of a deleted one Moodle keeps a digest in the place of the address.

    `role` is what a sender took the person for; Moodle has roles only in courses.
    """

    moodle_key: Annotated[MoodleKey, identity("userid", "id", "user_id", "moodle_userid")]
    username: Annotated[str | None, moodle("username")] = None
    email: Annotated[str | None, moodle("email", "useremail", "user_email", clean=str.lower)] = None
    first_name: Annotated[str | None, moodle("firstname", "first_name")] = None
    last_name: Annotated[str | None, moodle("lastname", "last_name")] = None
    full_name: Annotated[str | None, moodle("fullname", "user_fullname")] = None
    id_number: Annotated[str | None, moodle("idnumber", "id_number")] = None
    phone: Annotated[str | None, moodle("phone1", "phone")] = None
    second_phone: Annotated[str | None, moodle("phone2")] = None
    city: Annotated[str | None, moodle("city")] = None
    country: Annotated[str | None, moodle("country")] = None
    suspended: Annotated[bool | None, moodle("suspended")] = None
    deleted: Annotated[bool | None, moodle("deleted")] = None
    role: Annotated[str | None, moodle("role")] = None
    created_in_moodle: Annotated[datetime | None, noted("timecreated")] = None


MOODLE_USERS = Module(
    name="moodle_users",
    singular="moodle_user",
    remote_name="user",
    entity=MoodleUserRecord,
)
