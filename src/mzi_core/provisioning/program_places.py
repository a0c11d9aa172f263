"""Programmes as categories or as courses. Sources: reference B5, C21; field reference, scenarios 3, 6."""

from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import Any

import attrs

from mzi_core.module import Counterpart
from mzi_core.modules import Program
from mzi_core.ports import (
    CategoryChange,
    CourseChange,
    MoodleCategory,
    MoodleCourse,
    NewCategory,
    NewCourse,
)
from mzi_core.provisioning.courses import FRONT_PAGE, LONGEST, LONGEST_SHORT, SHORT
from mzi_core.provisioning.step import (
    Action,
    MoodleDefaults,
    Step,
    apart,
    differences,
    foreseen,
    has_tag,
)
from mzi_core.values import MoodleId, RecordKey

NOT_ACTIVE = "It is not active in Zoho; only an active program gets a category or course."

ProgramPlace = MoodleCategory | MoodleCourse
"""What a programme is in Moodle."""

ProgramStep = Step[NewCategory | CategoryChange | NewCourse | CourseChange]


@attrs.frozen(kw_only=True)
class FoundPlaces:
    """What Moodle and our store say: the categories, or else the courses, by each of their keys.

    `by_short_name`: of courses only. `shared`: what several programmes are linked to; nobody renames it.
    `formerly`: programmes whose id is that of what they were before, by another rule. `are_courses`: whether
    a programme is a course.
    """

    by_id: Mapping[MoodleId, ProgramPlace] = attrs.field(factory=dict)
    by_id_number: Mapping[str, ProgramPlace] = attrs.field(factory=dict)
    by_short_name: Mapping[str, ProgramPlace] = attrs.field(factory=dict)
    shared: Collection[MoodleId] = ()
    formerly: Collection[RecordKey] = ()
    are_courses: bool = False

    @property
    def what(self) -> str:
        """What a programme is, in a word."""
        return "course" if self.are_courses else "category"


def short_name(program: Program) -> str:
    """The short name of its course."""
    return (program.code or program.name[:SHORT]).strip()


def is_of(program: Program, place: ProgramPlace) -> bool:
    """Whether something in Moodle is this programme: it has its id number, or none and its name."""
    number = place.id_number
    name = place.full_name if isinstance(place, MoodleCourse) else place.name
    return number == program.zoho_id or (not number and name.strip() == program.name.strip())


def program_steps(
    programs: Iterable[Program], found: FoundPlaces, defaults: MoodleDefaults, counterpart: Counterpart
) -> list[ProgramStep]:
    """A step for each programme. Its place is found by its id, else by the programme's Zoho id.

    An id can be wrong in Zoho, and a category may be shared. So one that has neither the id number nor the
    name of the programme is not touched.

    `counterpart`: what the declaration says of a programme in Moodle.
    """
    taken: dict[str, RecordKey] = {}
    steps = []
    for program in programs:
        step = foreseen(program.zoho_id, partial(_step, program, found, defaults, counterpart.id))
        if isinstance(step.write, NewCourse):
            first = taken.setdefault(step.write.short_name.lower(), program.zoho_id)
            if first != program.zoho_id:
                step = _cannot(program, f"Its short name is also that of program {first}.")
        steps.append(step)
    return steps


def _step(program: Program, found: FoundPlaces, defaults: MoodleDefaults, link: str) -> ProgramStep:
    if len(program.name) > LONGEST or len(short_name(program)) > LONGEST_SHORT:
        return _cannot(program, f"Moodle keeps names and codes of at most {LONGEST} characters.")
    if has_tag(program.name) or has_tag(short_name(program)):
        return _cannot(program, "Its name has a `<`, which Moodle takes for HTML; correct it in Zoho.")
    if program.moodle_id is not None and program.zoho_id not in found.formerly:
        place = found.by_id.get(program.moodle_id)
        if place is None:
            return _cannot(
                program,
                f"Its Moodle {found.what} {program.moodle_id} is gone; restore it in Moodle, or empty the "
                "id in Zoho.",
            )
        return _theirs(program, place, found) or _existing(program, place, link)
    place = found.by_id_number.get(program.zoho_id)
    if place is not None:
        return _existing(program, place, link)
    namesake = found.by_short_name.get(short_name(program))
    if namesake is None:
        return _created(program, found, defaults, link)
    if is_of(program, namesake):
        return _existing(program, namesake, link)
    why = f"Course {namesake.id} has its short name and is another one; rename one of them."
    return _apart(program, namesake, why)


def _theirs(program: Program, place: ProgramPlace, found: FoundPlaces) -> ProgramStep | None:
    """The step about what is not this programme's to change; None for what is."""
    if found.are_courses and place.id == FRONT_PAGE:
        return _apart(program, place, f"Course {place.id} is the front page of Moodle.")
    is_own = place.id_number == program.zoho_id
    if place.id in found.shared and not found.are_courses and not is_own:
        why = f"Several programs have category {place.id}; it is left as it is."
        return Step(zoho_id=program.zoho_id, act=Action.NOTHING, counterpart=str(place.id), why=why)
    if is_of(program, place):
        return None
    what = found.what
    if place.id_number:
        why = f"Moodle {what} {place.id} has the id number of something else; correct the id in Zoho."
    else:
        why = (
            f"Moodle {what} {place.id} has neither its id number nor its name, so it may be another one. "
            f"Correct the id in Zoho, or give the {what} the name in Moodle."
        )
    return _apart(program, place, why)


def _sides(program: Program, place: ProgramPlace) -> tuple[dict[str, object], dict[str, object]]:
    """What Moodle and what our record say of the name and the id number."""
    name = "full_name" if isinstance(place, MoodleCourse) else "name"
    after: dict[str, object] = {name: program.name, "id_number": program.zoho_id}
    return {field: getattr(place, field) for field in after}, after


def _apart(program: Program, place: ProgramPlace, why: str) -> ProgramStep:
    """A step that cannot be done, with both sides shown."""
    return apart(program.zoho_id, place.id, *_sides(program, place), why)


def _created(program: Program, found: FoundPlaces, defaults: MoodleDefaults, link: str) -> ProgramStep:
    if program.active is False:
        return Step(zoho_id=program.zoho_id, act=Action.NOTHING, why=NOT_ACTIVE)
    write: NewCategory | NewCourse
    names: tuple[str, ...]
    if found.are_courses:
        write = NewCourse(
            full_name=program.name,
            short_name=short_name(program),
            category=defaults.category,
            id_number=program.zoho_id,
            format=defaults.course_format,
            sections=defaults.sections,
        )
        names = ("full_name", "short_name", "category", "id_number")
    else:
        write = NewCategory(name=program.name, id_number=program.zoho_id)
        names = ("name", "id_number")
    after: dict[str, object] = {name: getattr(write, name) for name in names}
    return Step(
        zoho_id=program.zoho_id,
        act=Action.CREATE,
        changes=differences(dict.fromkeys(after), after),
        write=write,
        learns=link,
    )


def _existing(program: Program, place: ProgramPlace, link: str) -> ProgramStep:
    """The step about what is there. The short name of a course stays, and so does where things are."""
    changes = differences(*_sides(program, place))
    linked = program.moodle_id == place.id
    sent: dict[str, Any] = {each.field: each.after for each in changes}
    change = CourseChange if isinstance(place, MoodleCourse) else CategoryChange
    return Step(
        zoho_id=program.zoho_id,
        act=Action.CHANGE if changes else Action.NOTHING if linked else Action.LINK,
        counterpart=str(place.id),
        changes=changes,
        write=change(id=place.id, **sent) if changes else None,
        links={} if linked else {link: place.id},
    )


def _cannot(program: Program, why: str) -> ProgramStep:
    place = None if program.moodle_id is None else str(program.moodle_id)
    return Step(zoho_id=program.zoho_id, act=Action.CANNOT, counterpart=place, why=why)
