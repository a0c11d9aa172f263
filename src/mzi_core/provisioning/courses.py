"""Classes as Moodle courses. Sources: reference B1, B4, B5, B6."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, tzinfo
from functools import partial
from typing import Any

import attrs

from mzi_core.module import Counterpart, caseless
from mzi_core.modules import Class
from mzi_core.ports import CourseChange, MoodleCourse, NewCourse
from mzi_core.provisioning.step import Action, MoodleDefaults, Step, apart, differences, foreseen, has_tag
from mzi_core.values import MoodleId, RecordKey, ZohoId

SHORT = 50
"""How much of its name stands for a class that has no short name."""

LONGEST, LONGEST_SHORT = 254, 255
"""What Moodle keeps of a course's name, and of its short name."""

NO_START = "It has an end and no start; Moodle takes no end without one, so the end is left out."

ONLY_ACTIVE = "only an active class gets a course"

FRONT_PAGE = MoodleId(1)
"""The course that a site itself is."""

CourseStep = Step[NewCourse | CourseChange]


@attrs.frozen(kw_only=True)
class FoundCourses:
    """What Moodle and our store say: courses by each of their keys; the categories of programmes.

    `chosen`: which course a person has said is whose.
    """

    by_id: Mapping[MoodleId, MoodleCourse] = attrs.field(factory=dict)
    by_id_number: Mapping[str, MoodleCourse] = attrs.field(factory=dict)
    by_short_name: Mapping[str, MoodleCourse] = attrs.field(factory=dict)
    owners: Mapping[MoodleId, RecordKey] = attrs.field(factory=dict)
    categories: Mapping[RecordKey, MoodleId] = attrs.field(factory=dict)
    chosen: Mapping[str, MoodleId] = attrs.field(factory=dict)


def short_name(class_: Class) -> str:
    """The short name of its course."""
    return (class_.short_name or class_.name[:SHORT]).strip()


def gets_course(class_: Class, defaults: MoodleDefaults) -> bool:
    """Whether a class that has no course is to get one."""
    return caseless(class_.status or "") in defaults.active


def course_steps(
    classes: Iterable[Class], found: FoundCourses, defaults: MoodleDefaults, counterpart: Counterpart
) -> list[CourseStep]:
    """A step for each class. A course is found by its id, else by the class's Zoho id, else by short name.

    An id can be wrong in Zoho. So a course that has neither the id number nor the short name of the class is
    not touched.

    `counterpart`: what the declaration says of a class in Moodle.
    """
    link = counterpart.id
    owners = dict(found.owners)
    planned: dict[str, ZohoId] = {}
    steps = []
    for class_ in classes:
        step = foreseen(class_.zoho_id, partial(_step, class_, found, owners, defaults, link))
        if isinstance(step.write, NewCourse):
            first = planned.setdefault(step.write.short_name.lower(), class_.zoho_id)
            if first != class_.zoho_id:
                step = _cannot(class_, f"Its short name is also that of class {first}.")
        if link in step.links:
            owners[step.links[link]] = class_.zoho_id
        steps.append(step)
    return steps


def _step(
    class_: Class,
    found: FoundCourses,
    owners: Mapping[MoodleId, RecordKey],
    defaults: MoodleDefaults,
    link: str,
) -> CourseStep:
    if len(class_.name) > LONGEST:
        return _cannot(class_, f"Moodle keeps course names of at most {LONGEST} characters.")
    if len(short_name(class_)) > LONGEST_SHORT:
        return _cannot(class_, f"Moodle keeps short names of at most {LONGEST_SHORT} characters.")
    if has_tag(class_.name) or has_tag(short_name(class_)):
        return _cannot(class_, "Its name has a `<`, which Moodle takes for HTML; correct it in Zoho.")
    if class_.start_date and class_.end_date and class_.end_date < class_.start_date:
        return _cannot(class_, "Its end is before its start; correct one of them in Zoho.")
    if class_.moodle_class_id is not None:
        course = found.by_id.get(class_.moodle_class_id)
        if course is None:
            return _cannot(
                class_,
                f"Its Moodle course {class_.moodle_class_id} is gone; restore it in Moodle, "
                "or empty the id in Zoho.",
            )
        return _theirs(class_, course, found) or _existing(class_, course, defaults, link)
    course = found.by_id_number.get(class_.zoho_id) or found.by_short_name.get(short_name(class_))
    if course is None:
        return _created(class_, found, defaults, link)
    owner = owners.get(course.id)
    if owner not in (None, class_.zoho_id):
        why = f"Its Moodle course {course.id} already belongs to class {owner}."
        return _cannot(class_, why, (course.id,))
    return _theirs(class_, course, found) or _existing(class_, course, defaults, link)


def _theirs(class_: Class, course: MoodleCourse, found: FoundCourses) -> CourseStep | None:
    """The step about a course that is not this class's to change; None for one that is."""
    if course.id == FRONT_PAGE:
        return _apart(class_, course, f"Course {course.id} is the front page of Moodle.")
    if course.id_number == class_.zoho_id or found.chosen.get(class_.zoho_id) == course.id:
        return None
    if course.short_name.lower() != short_name(class_).lower():
        why = (
            f"Moodle course {course.id} has neither its id number nor its short name, so it may be another "
            "one. Correct the id in Zoho, or give the course the short name in Moodle."
        )
        return _apart(class_, course, why, is_candidate=True)
    if course.id_number:
        why = f"Course {course.id} has its short name and the id number of something else; rename one."
        return _apart(class_, course, why, is_candidate=True)
    return None


def _apart(class_: Class, course: MoodleCourse, why: str, *, is_candidate: bool = False) -> CourseStep:
    """A step that cannot be done, with both sides shown."""
    return apart(class_.zoho_id, course.id, *_sides(class_, course), why, is_candidate=is_candidate)


def _sides(class_: Class, course: MoodleCourse) -> tuple[dict[str, object], dict[str, object]]:
    """What Moodle and what our record say of the same names and keys."""
    after: dict[str, object] = {
        "full_name": class_.name,
        "short_name": short_name(class_),
        "id_number": class_.zoho_id,
    }
    return {name: getattr(course, name) for name in after}, after


def _starts(day: date | None, zone: tzinfo) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), zone).astimezone(UTC)


def _created(class_: Class, found: FoundCourses, defaults: MoodleDefaults, link: str) -> CourseStep:
    if not gets_course(class_, defaults):
        said = f"Its status is {class_.status}" if class_.status else "It has no status"
        return Step(zoho_id=class_.zoho_id, act=Action.NOTHING, why=f"{said}; {ONLY_ACTIVE}.")
    category = (
        found.categories.get(class_.program, defaults.category) if class_.program else defaults.category
    )
    starts_at = _starts(class_.start_date, defaults.zone)
    ends_at = _starts(class_.end_date, defaults.zone) if starts_at else None
    after: dict[str, object] = {
        "full_name": class_.name,
        "short_name": short_name(class_),
        "category": category,
        "id_number": class_.zoho_id,
        "starts_at": starts_at,
        "ends_at": ends_at,
    }
    return Step(
        zoho_id=class_.zoho_id,
        act=Action.CREATE,
        changes=differences(dict.fromkeys(after), after),
        why=NO_START if class_.end_date and not starts_at else "",
        write=NewCourse(
            full_name=class_.name,
            short_name=short_name(class_),
            category=category,
            id_number=class_.zoho_id,
            format=defaults.course_format,
            sections=defaults.sections,
            starts_at=starts_at,
            ends_at=ends_at,
        ),
        learns=link,
    )


def _existing(class_: Class, course: MoodleCourse, defaults: MoodleDefaults, link: str) -> CourseStep:
    """The step about a course that is there. Its category stays: people move courses as they like."""
    before, after = _sides(class_, course)
    starts_at = _starts(class_.start_date, defaults.zone)
    ends_at = _starts(class_.end_date, defaults.zone) if starts_at else None
    for name, moment in (("starts_at", starts_at), ("ends_at", ends_at)):
        if moment is not None:
            before[name], after[name] = getattr(course, name), moment
    changes = differences(before, after)
    linked = class_.moodle_class_id == course.id
    sent: dict[str, Any] = {each.field: after[each.field] for each in changes}
    if ends_at is not None and not sent.keys().isdisjoint(("starts_at", "ends_at")):
        sent |= {"starts_at": starts_at, "ends_at": ends_at}
    return Step(
        zoho_id=class_.zoho_id,
        act=Action.CHANGE if changes else Action.NOTHING if linked else Action.LINK,
        counterpart=str(course.id),
        changes=changes,
        why=NO_START if class_.end_date and not starts_at else "",
        write=CourseChange(id=course.id, **sent) if changes else None,
        links={} if linked else {link: course.id},
    )


def _cannot(class_: Class, why: str, candidates: tuple[MoodleId, ...] = ()) -> CourseStep:
    course = None if class_.moodle_class_id is None else str(class_.moodle_class_id)
    return Step(zoho_id=class_.zoho_id, act=Action.CANNOT, counterpart=course, why=why, candidates=candidates)
