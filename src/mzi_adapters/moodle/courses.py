"""Courses and their categories."""

from collections.abc import Sequence

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
from mzi_core.ports import (
    Confirmed,
    CourseChange,
    CourseKey,
    MoodleCategory,
    MoodleCourse,
    MoodleResult,
    NewCategory,
    NewCourse,
)
from mzi_core.values import MoodleId

_HTML = 1


def course_from(found: Row) -> MoodleCourse:
    """A course as the functions that return whole courses write one."""
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
    )


class Courses:
    """The part of the gateway that is about courses and categories."""

    calls: MoodleCaller

    async def courses(self, ids: Sequence[MoodleId]) -> dict[MoodleId, MoodleCourse]:
        """These courses; what is not there is left out."""

        async def read(some: Sequence[MoodleId]) -> list[Row]:
            return rows(await self.calls.read("core_course_get_courses", {"options": {"ids": list(some)}}))

        found = map(course_from, await looked_up(list(dict.fromkeys(ids)), read))
        return {course.id: course for course in found if course.id in set(ids)}

    async def find_courses(self, key: CourseKey, values: Sequence[str]) -> dict[str, MoodleCourse]:
        """The course that has exactly this value, by value."""
        wanted = [value for value in dict.fromkeys(values) if value]
        found = await together(self._find(key, value) for value in wanted)
        return {value: course for value, course in zip(wanted, found, strict=True) if course}

    async def _find(self, key: CourseKey, value: str) -> MoodleCourse | None:
        params = {"field": key.value, "value": value}
        answer = row(await self.calls.read("core_course_get_courses_by_field", params))
        for course in map(course_from, inner_rows(answer, "courses")):
            has = course.short_name if key is CourseKey.SHORT_NAME else course.id_number
            if has == value:
                return course
        return None

    async def create_courses(self, courses: Sequence[NewCourse]) -> Sequence[MoodleResult]:
        """Create courses; a short name or id number that is taken is refused with its `existing` course."""
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

    async def update_courses(self, changes: Sequence[CourseChange]) -> Sequence[MoodleResult]:
        """Change courses, each for itself."""
        return await Repeating[CourseChange](
            calls=self.calls,
            function="core_course_update_courses",
            field="courses",
            encode=_changed_course,
            answered=_warned,
            key=lambda change: change.id,
        ).all(changes)

    async def find_categories(self, id_numbers: Sequence[str]) -> dict[str, MoodleCategory]:
        """The category that has exactly this id number, by id number."""
        wanted = [value for value in dict.fromkeys(id_numbers) if value]
        found = await together(self._category(value) for value in wanted)
        return {value: category for value, category in zip(wanted, found, strict=True) if category}

    async def _category(self, id_number: str) -> MoodleCategory | None:
        params = {"criteria": [{"key": "idnumber", "value": id_number}]}
        for found in rows(await self.calls.read("core_course_get_categories", params)):
            if text(found, "idnumber") == id_number:
                return MoodleCategory(
                    id=moodle_id(found),
                    name=text(found, "name"),
                    id_number=id_number,
                    parent=some_integer(found, "parent"),
                )
        return None

    async def create_categories(self, categories: Sequence[NewCategory]) -> Sequence[MoodleResult]:
        """Create categories; an id number that is taken is refused with its `existing` category."""

        async def has(category: NewCategory) -> Match | None:
            found = await self._category(category.id_number)
            return Match(found.id, whole=True) if found else None

        async def have(some: Sequence[NewCategory]) -> Found:
            matches = await together(has(category) for category in some)
            return {place: match for place, match in enumerate(matches) if match}

        return await Creating[NewCategory](
            calls=self.calls,
            function="core_course_create_categories",
            field="categories",
            encode=_new_category,
            keys=lambda category: (category.id_number,),
            named=lambda _: None,
            find=have,
            explain=has,
            scope=lambda category: category.parent,
        ).all(categories)


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
    }


def _new_category(category: NewCategory) -> dict[str, object]:
    return {
        "name": category.name,
        "idnumber": category.id_number,
        "parent": category.parent,
        "description": category.description or None,
    }


def _warned(answer: object, changes: Sequence[CourseChange]) -> list[MoodleResult]:
    bad = warnings(row(answer))
    return [bad.get(change.id) or Confirmed(id=change.id) for change in changes]
