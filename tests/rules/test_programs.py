"""What a programme of Zoho is in Moodle: a category or a course, found, made, renamed or left alone."""

from typing import Any

import attrs
import pytest

from mzi_core.flows.write_back import write_back_of
from mzi_core.modules import PROGRAMS, REGISTRATIONS, STUDENTS, Program
from mzi_core.ports import (
    CategoryChange,
    CourseChange,
    MoodleCategory,
    MoodleCourse,
    NewCategory,
    NewCourse,
    ZohoField,
)
from mzi_core.provisioning import Action, FoundPlaces, MoodleDefaults, Step, program_steps
from mzi_core.provisioning.program_places import NOT_ACTIVE, is_of
from mzi_core.values import MoodleId, ZohoId

ID, OTHER = ZohoId("1"), ZohoId("2")
NAME = "Information Technology"
PROGRAM = Program(zoho_id=ID, name=NAME, code="HND-IT")
LINKED = attrs.evolve(PROGRAM, moodle_id=MoodleId(9))
CATEGORY = MoodleCategory(id=MoodleId(9), name=NAME, id_number=ID)
COURSE = MoodleCourse(id=MoodleId(9), short_name="IT", full_name=NAME, category=1, id_number=ID)


def steps(*programs: Program, **found: Any) -> list[Step[Any]]:
    counterpart = PROGRAMS.counterpart
    assert counterpart is not None
    defaults = MoodleDefaults(category=MoodleId(3))
    return list(program_steps(programs, FoundPlaces(**found), defaults, counterpart))


def step(program: Program, **found: Any) -> Step[Any]:
    (only,) = steps(program, **found)
    return only


class TestBoth:
    """What holds of a category and of a course alike."""

    @pytest.mark.parametrize("place", [CATEGORY, COURSE], ids=["category", "course"])
    def test_one_that_is_as_it_should_be_is_only_linked(self, place: Any) -> None:
        are_courses = place is COURSE
        assert step(LINKED, by_id={9: place}, are_courses=are_courses).act is Action.NOTHING
        found = step(PROGRAM, by_id_number={ID: place}, are_courses=are_courses)
        assert (found.act, found.links, found.write) == (Action.LINK, {"moodle_id": 9}, None)

    @pytest.mark.parametrize("place", [CATEGORY, COURSE], ids=["category", "course"])
    def test_one_that_is_gone_is_told(self, place: Any) -> None:
        what = "course" if place is COURSE else "category"
        gone = step(LINKED, are_courses=place is COURSE)
        assert (gone.act, gone.counterpart) == (Action.CANNOT, "9")
        assert gone.why == (f"Its Moodle {what} 9 is gone; restore it in Moodle, or empty the id in Zoho.")

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"name": "N" * 255}, "at most 254 characters"),
            ({"code": "c" * 256}, "at most 254 characters"),
            ({"name": "A<b"}, "takes for HTML"),
            ({"code": "<b"}, "takes for HTML"),
        ],
        ids=repr,
    )
    def test_what_moodle_would_not_keep_is_told(self, change: dict[str, Any], said: str) -> None:
        refused = step(attrs.evolve(PROGRAM, **change))
        assert (refused.act, said in refused.why) == (Action.CANNOT, True)

    @pytest.mark.parametrize("are_courses", [True, False])
    def test_one_that_is_not_active_gets_nothing_and_stays_linked(self, are_courses: bool) -> None:
        old = attrs.evolve(PROGRAM, active=False)
        assert step(old, are_courses=are_courses).why == NOT_ACTIVE
        place = COURSE if are_courses else CATEGORY
        linked = step(old, by_id_number={ID: place}, are_courses=are_courses)
        assert linked.act is Action.LINK

    @pytest.mark.parametrize(
        ("id_number", "name", "is_its_own"),
        [
            (ID, "Other", True),
            ("", NAME, True),
            ("", f" {NAME} ", True),
            ("", "Other", False),
            (OTHER, NAME, False),
        ],
        ids=repr,
    )
    def test_its_own_is_what_has_its_number_or_none_and_its_name(
        self, id_number: str, name: str, is_its_own: bool
    ) -> None:
        for place in (
            attrs.evolve(CATEGORY, id_number=id_number, name=name),
            attrs.evolve(COURSE, id_number=id_number, full_name=name),
        ):
            assert is_of(PROGRAM, place) is is_its_own
            found = step(LINKED, by_id={9: place}, are_courses=isinstance(place, MoodleCourse))
            assert (found.act is not Action.CANNOT) is is_its_own
            assert found.candidates == ()

    @pytest.mark.parametrize("are_courses", [True, False])
    def test_an_id_from_before_another_rule_counts_for_nothing(self, are_courses: bool) -> None:
        before = {"by_id": {9: COURSE if are_courses else CATEGORY}, "formerly": {ID}}
        made = step(LINKED, are_courses=are_courses, **before)
        assert (made.act, made.learns) == (Action.CREATE, "moodle_id")


class TestCategories:
    """A programme is a category."""

    def test_a_new_one_has_its_name_and_its_zoho_id(self) -> None:
        made = step(PROGRAM)
        assert made.write == NewCategory(name=NAME, id_number=ID)
        assert (made.act, made.learns) == (Action.CREATE, "moodle_id")
        assert {each.field for each in made.changes} == {"name", "id_number"}

    def test_its_name_follows_zoho_and_one_without_id_number_gets_it(self) -> None:
        there = attrs.evolve(CATEGORY, name="Old")
        assert step(LINKED, by_id={9: there}).write == CategoryChange(id=MoodleId(9), name=NAME)
        there = attrs.evolve(CATEGORY, id_number="")
        assert step(LINKED, by_id={9: there}).write == CategoryChange(id=MoodleId(9), id_number=ID)

    def test_one_that_several_programmes_have_is_left_as_it_is(self) -> None:
        """Unless it is known by its number to be this one's."""
        there = attrs.evolve(CATEGORY, name="All of computing", id_number="")
        shared = step(LINKED, by_id={9: there}, shared={9})
        assert (shared.act, shared.counterpart) == (Action.NOTHING, "9")
        assert shared.why == "Several programs have category 9; it is left as it is."
        own = attrs.evolve(there, id_number=ID)
        assert step(LINKED, by_id={9: own}, shared={9}).act is Action.CHANGE


class TestCourses:
    """A programme is a course."""

    def test_a_new_one_is_made_in_the_category_of_the_college(self) -> None:
        made = step(PROGRAM, are_courses=True)
        assert made.write == NewCourse(
            full_name=NAME,
            short_name="HND-IT",
            category=MoodleId(3),
            id_number=ID,
            format="weeks",
            sections=12,
        )
        nameless = step(attrs.evolve(PROGRAM, code=None, name="n" * 60), are_courses=True)
        assert isinstance(nameless.write, NewCourse)
        assert nameless.write.short_name == "n" * 50

    def test_its_name_follows_zoho_and_its_short_name_stays(self) -> None:
        there = attrs.evolve(COURSE, full_name="Old")
        changed = step(LINKED, by_id={9: there}, are_courses=True)
        assert changed.write == CourseChange(id=MoodleId(9), full_name=NAME)

    def test_one_with_its_short_name_is_its_own_only_if_it_has_its_name_too(self) -> None:
        namesake = attrs.evolve(COURSE, short_name="HND-IT", id_number="")
        found = step(PROGRAM, by_short_name={"HND-IT": namesake}, are_courses=True)
        assert found.write == CourseChange(id=MoodleId(9), id_number=ID)
        other = attrs.evolve(namesake, full_name="Physics")
        refused = step(PROGRAM, by_short_name={"HND-IT": other}, are_courses=True)
        assert (refused.act, refused.why) == (
            Action.CANNOT,
            "Course 9 has its short name and is another one; rename one of them.",
        )

    def test_two_with_one_short_name_do_not_get_one_course(self) -> None:
        first, second = steps(PROGRAM, attrs.evolve(PROGRAM, zoho_id=OTHER), are_courses=True)
        assert (first.act, second.act) == (Action.CREATE, Action.CANNOT)
        assert second.why == "Its short name is also that of program 1."

    def test_the_front_page_is_nobodys(self) -> None:
        front = attrs.evolve(COURSE, id=MoodleId(1))
        refused = step(attrs.evolve(PROGRAM, moodle_id=MoodleId(1)), by_id={1: front}, are_courses=True)
        assert refused.why == "Course 1 is the front page of Moodle."


def field(data_type: str, *, read_only: bool = False) -> ZohoField:
    return ZohoField(api_name="any", label="Any", data_type=data_type, read_only=read_only)


class TestWriteBack:
    """What Zoho is told besides."""

    @pytest.mark.parametrize(
        ("real", "told"), [("integer", 9), ("double", 9), ("bigint", 9), ("text", "9")], ids=repr
    )
    def test_the_id_is_told_in_both_fields_as_each_holds_it(self, real: str, told: object) -> None:
        name = "crmnmoodle__Moodle_ID"
        copied = write_back_of(PROGRAMS).copied
        assert copied({name: field(real)}, MoodleId(9)) == {name: told}
        assert copied({name: field(real, read_only=True)}, MoodleId(9)) == {}
        assert copied({name: field(real)}, None) == copied({}, MoodleId(9)) == {}

    def test_only_of_a_registration_it_is_told_that_it_waits(self) -> None:
        status = {"Moodle_Sync_Status": field("picklist"), "Synced_to_Moodle": field("boolean")}
        assert write_back_of(REGISTRATIONS).awaiting(status) == {"Moodle_Sync_Status": "Pending"}
        boxes = {"Moodle_Sync_Status": field("boolean")}
        assert write_back_of(REGISTRATIONS).awaiting(boxes) == {}
        assert write_back_of(STUDENTS).awaiting(status) == {}
