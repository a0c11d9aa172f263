"""Courses: found, created, changed, and what changed in one."""

from collections.abc import Sequence
from datetime import datetime

from mzi_adapters.moodle.batching import Repeating, looked_up
from mzi_adapters.moodle.calling import MoodleCaller, together
from mzi_adapters.moodle.creating import Creating, Found, Match
from mzi_adapters.moodle.json_fields import (
    Row,
    flag,
    inner_rows,
    moment,
    moodle_id,
    row,
    rows,
    some_integer,
    text,
    warnings,
)
from mzi_adapters.moodle.refusals import SERVICE, KeptBack
from mzi_core.errors import AccessRefused
from mzi_core.ports import (
    Applied,
    CourseChange,
    CourseKey,
    CourseUpdate,
    MoodleCourse,
    NewCourse,
    WriteResult,
)
from mzi_core.values import MoodleId

_HTML = 1


def course_from(found: Row) -> MoodleCourse:
    """A course as the functions that return whole courses write one.

    Raises AccessRefused where the id number is kept from the account: read as none it would be written at
    every comparison.
    """
    if "idnumber" not in found:
        raise KeptBack(
            "It keeps the id numbers of courses from the account.",
            "moodle/course:update",
            also=", moodle/course:view and moodle/course:viewhiddencourses",
        )
    methods = found.get("enrollmentmethods")
    return MoodleCourse(
        id=moodle_id(found),
        short_name=text(found, "shortname"),
        full_name=text(found, "fullname"),
        category=some_integer(found, "categoryid"),
        id_number=text(found, "idnumber"),
        summary=text(found, "summary"),
        format=text(found, "format"),
        visible=flag(found, "visible"),
        starts_at=moment(found, "startdate"),
        ends_at=moment(found, "enddate"),
        created_at=moment(found, "timecreated"),
        modified_at=moment(found, "timemodified"),
        enrolment_methods=tuple(map(str, methods)) if isinstance(methods, list) else None,
    )


class MoodleCourses:
    """The part of the gateway that is about courses."""

    calls: MoodleCaller

    async def courses(self, ids: Sequence[MoodleId]) -> dict[MoodleId, MoodleCourse]:
        """These courses; what is not there is left out."""

        async def read(some: Sequence[MoodleId]) -> list[Row]:
            return rows(await self.calls.read("core_course_get_courses", {"options": {"ids": list(some)}}))

        found = map(course_from, await looked_up(list(dict.fromkeys(ids)), read))
        return {course.id: course for course in found if course.id in set(ids)}

    async def every_course(self) -> Sequence[MoodleCourse]:
        """All courses of the site by their ids, in one call."""
        found = map(course_from, rows(await self.calls.read("core_course_get_courses")))
        return sorted(found, key=lambda course: course.id)

    async def find_courses(self, key: CourseKey, values: Sequence[str]) -> dict[str, MoodleCourse]:
        """The course that has this value, by value; a short name whatever its case."""
        wanted = [value for value in dict.fromkeys(values) if value]
        asked = await together(self._find(key, value) for value in wanted)
        found = dict(zip(wanted, asked, strict=True))
        if key is CourseKey.SHORT_NAME and not all(asked):
            everywhere = await self._by_short_name()
            found = {value: course or everywhere.get(value.lower()) for value, course in found.items()}
        return {value: course for value, course in found.items() if course}

    async def _by_short_name(self) -> dict[str, MoodleCourse]:
        """Every course by its short name in small letters; the oldest of several.

        PostgreSQL compares letter by letter: one in another case cannot be asked for, and would get a twin.
        """
        found = await self.every_course()
        return {course.short_name.lower(): course for course in reversed(found)}

    async def _find(self, key: CourseKey, value: str) -> MoodleCourse | None:
        params = {"field": key.value, "value": value}
        answer = row(await self.calls.read("core_course_get_courses_by_field", params))
        courses = list(map(course_from, inner_rows(answer, "courses")))
        if key is CourseKey.ID_NUMBER:
            return next((course for course in courses if course.id_number == value), None)
        alike = [course for course in courses if course.short_name.lower() == value.lower()]
        return next((course for course in alike if course.short_name == value), next(iter(alike), None))

    async def create_courses(self, courses: Sequence[NewCourse]) -> Sequence[WriteResult[MoodleId]]:
        """Create courses; a short name or id number that is taken is rejected with its `existing` course."""
        return await Creating[NewCourse](
            calls=self.calls,
            function="core_course_create_courses",
            field="courses",
            encode=_new_course,
            keys=_course_keys,
            named=lambda created: ("short", text(created, "shortname")),
            find=self._courses_with_keys_of,
            explain=self._course_with_keys_of,
            scope=lambda course: course.category,
        ).all(courses)

    async def _courses_with_keys_of(self, courses: Sequence[NewCourse]) -> Found:
        matches = await together(self._course_with_keys_of(course) for course in courses)
        return {place: match for place, match in enumerate(matches) if match}

    async def _course_with_keys_of(self, course: NewCourse) -> Match | None:
        found = await self._find(CourseKey.SHORT_NAME, course.short_name)
        if found is None and course.id_number:
            found = await self._find(CourseKey.ID_NUMBER, course.id_number)
        if found is None:
            return None
        whole = found.short_name == course.short_name and found.id_number == (course.id_number or "")
        return Match(found.id, whole)

    async def update_courses(self, changes: Sequence[CourseChange]) -> Sequence[WriteResult[MoodleId]]:
        """Change courses, each for itself."""
        return await Repeating[CourseChange](
            calls=self.calls,
            function="core_course_update_courses",
            field="courses",
            encode=_changed_course,
            answered=_warned,
            key=lambda change: change.id,
        ).all(changes)

    async def updates_since(self, course: MoodleId, since: datetime) -> Sequence[CourseUpdate]:
        """What changed in a course: which modules got submissions or grades."""
        params = {"courseid": course, "since": since}
        answer = row(await self.calls.read("core_course_get_updates_since", params))
        bad = warnings(answer)
        if bad and not inner_rows(answer, "instances"):
            raise AccessRefused(SERVICE, "The account may not see what changes in the course.")
        return [
            CourseUpdate(
                cmid=moodle_id(place),
                what=text(update, "name"),
                at=moment(update, "timeupdated"),
                ids=_numbers(update.get("itemids")),
            )
            for place in inner_rows(answer, "instances")
            for update in inner_rows(place, "updates")
        ]


def _course_keys(course: NewCourse) -> tuple[tuple[str, str], ...]:
    keys = [("short", course.short_name)]
    if course.id_number:
        keys.append(("id number", course.id_number))
    return tuple(keys)


def _new_course(course: NewCourse) -> dict[str, object]:
    return {
        "fullname": course.full_name,
        "shortname": course.short_name,
        "categoryid": course.category,
        "idnumber": course.id_number or None,
        "summary": course.summary,
        "summaryformat": None if course.summary is None else _HTML,
        "format": course.format or None,
        "startdate": course.starts_at,
        "enddate": course.ends_at,
        "visible": course.visible,
        "numsections": course.sections,
        "courseformatoptions": _own_end(course.ends_at),
    }


def _changed_course(change: CourseChange) -> dict[str, object]:
    return {
        "id": change.id,
        "fullname": change.full_name,
        "shortname": change.short_name,
        "categoryid": change.category,
        "idnumber": change.id_number,
        "summary": change.summary,
        "summaryformat": None if change.summary is None else _HTML,
        "startdate": change.starts_at,
        "enddate": change.ends_at,
        "visible": change.visible,
        "courseformatoptions": _own_end(change.ends_at),
    }


def _own_end(ends_at: datetime | None) -> list[dict[str, object]] | None:
    """What keeps the end as it is sent: a course in weeks else sets another one by itself."""
    return None if ends_at is None else [{"name": "automaticenddate", "value": 0}]


def _warned(answer: object, changes: Sequence[CourseChange]) -> list[WriteResult[MoodleId]]:
    bad = warnings(row(answer))
    return [bad.get(change.id) or Applied(id=change.id) for change in changes]


def _numbers(value: object) -> tuple[int, ...]:
    return tuple(int(one) for one in value) if isinstance(value, list) else ()
