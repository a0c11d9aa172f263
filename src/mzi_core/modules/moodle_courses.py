"""Moodle's courses. Sources: recorded events, the service's own `core_course` functions."""

from datetime import datetime
from typing import Annotated

import attrs

from mzi_core.module import Module, MoodleEntity, identity, moodle, noted
from mzi_core.values import MoodleId, MoodleKey


@attrs.frozen(kw_only=True)
class MoodleCourseRecord(MoodleEntity):
    """A course of Moodle."""

    moodle_key: Annotated[MoodleKey, identity("courseid", "id", "course_id", "moodle_course_id")]
    short_name: Annotated[str | None, moodle("shortname", "course_shortname", "short_name")] = None
    full_name: Annotated[str | None, moodle("fullname", "course_name", "full_name")] = None
    id_number: Annotated[str | None, moodle("idnumber", "id_number")] = None
    category: Annotated[MoodleId | None, moodle("category", "categoryid", "category_id")] = None
    starts_at: Annotated[datetime | None, moodle("startdate", "start_date")] = None
    ends_at: Annotated[datetime | None, moodle("enddate", "end_date")] = None
    visible: Annotated[bool | None, moodle("visible")] = None
    created_in_moodle: Annotated[datetime | None, noted("timecreated")] = None


MOODLE_COURSES = Module(
    name="moodle_courses",
    singular="moodle_course",
    remote_name="course",
    entity=MoodleCourseRecord,
)
