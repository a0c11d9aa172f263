"""What a person is asked about accounts, courses and enrolments, and what follows from the choice."""

from typing import Any

import attrs
import pytest
from tests.rules.test_provisioning import (
    ACCOUNTS,
    COURSES,
    ID,
    STUDENT,
    USER,
    account_steps,
    course_steps,
    found,
)

from mzi_core.flows.review import question_of, sentence_about
from mzi_core.modules import CLASSES, ENROLLMENTS, STUDENTS, MoodleCourseRecord, MoodleUserRecord
from mzi_core.ports import Candidate, ReviewKind, ReviewQuestion
from mzi_core.provisioning import Action, MoodleDefaults, Step, person_of
from mzi_core.values import MoodleId, MoodleKey

ASKED_ABOUT_ACCOUNTS = {
    "two share both": (7, 9),
    "it is somebody else's": (7,),
    "the linked one is a stranger's": (9,),
    "it has the id number of another system": (7,),
    "it is linked and has the id number of another system": (7,),
    "it is that of a record of another module": (7,),
}
"""Of the cases of accounts, those in which a person can help by choosing."""

ASKED_ABOUT_COURSES = {
    "the short name is something else's": (5,),
    "it is another class's": (5,),
    "the linked one is another": (5,),
    "the linked one has the short name and something else's id number": (5,),
}

TAKEN = ("it is somebody else's", "it is that of a record of another module", "it is another class's")
"""Where another record has what could be chosen: no choice helps before that one is corrected."""


def account_step(name: str, chosen: MoodleId | None = None) -> Step[Any]:
    """What is planned in a case, where somebody has chosen."""
    student, known, _, _ = ACCOUNTS[name]
    known = attrs.evolve(known, chosen={} if chosen is None else {ID: chosen})
    (step,) = account_steps([person_of(student)], known, MoodleDefaults())
    return step


def course_step(name: str, chosen: MoodleId | None = None) -> Step[Any]:
    """The same of a class."""
    class_, known, _, _ = COURSES[name]
    known = attrs.evolve(known, chosen={} if chosen is None else {ID: chosen})
    (step,) = course_steps([class_], known, MoodleDefaults())
    return step


class TestCandidates:
    """Which steps know what a person could choose."""

    def test_only_where_a_choice_can_help_is_there_something_to_choose(self) -> None:
        accounts = {name: account_step(name).candidates for name in ACCOUNTS}
        assert {name: ids for name, ids in accounts.items() if ids} == ASKED_ABOUT_ACCOUNTS
        courses = {name: course_step(name).candidates for name in COURSES}
        assert {name: ids for name, ids in courses.items() if ids} == ASKED_ABOUT_COURSES

    @pytest.mark.parametrize("name", ASKED_ABOUT_ACCOUNTS)
    def test_a_chosen_account_is_the_person_s_unless_another_record_has_it(self, name: str) -> None:
        for id in ASKED_ABOUT_ACCOUNTS[name]:
            step = account_step(name, MoodleId(id))
            assert (step.act is Action.CANNOT) == (name in TAKEN)
            assert name in TAKEN or step.counterpart == str(id)

    @pytest.mark.parametrize("name", ASKED_ABOUT_COURSES)
    def test_a_chosen_course_is_the_class_s_unless_another_class_has_it(self, name: str) -> None:
        for id in ASKED_ABOUT_COURSES[name]:
            step = course_step(name, MoodleId(id))
            assert (step.act is Action.CANNOT) == (name in TAKEN)

    def test_who_was_chosen_and_is_not_there_any_more_is_asked_about_anew(self) -> None:
        step = account_step("two share both", MoodleId(8))
        assert (step.act, step.candidates) == (Action.CANNOT, (7, 9))

    def test_an_account_that_must_never_be_changed_cannot_be_chosen(self) -> None:
        known = attrs.evolve(found(USER), service=USER.id, chosen={ID: USER.id})
        (step,) = account_steps([person_of(STUDENT)], known, MoodleDefaults())
        assert (step.act, step.candidates) == (Action.CANNOT, ())


class TestQuestions:
    """What is asked about a step."""

    def test_a_step_with_candidates_is_a_question(self) -> None:
        known = {MoodleId(7): MoodleUserRecord(moodle_key=MoodleKey("7"), username="rana")}
        assert question_of(STUDENTS, account_step("two share both"), known) == ReviewQuestion(
            kind=ReviewKind.ACCOUNT,
            key=ID,
            subject=f"students/{ID}",
            module="students",
            why="Moodle accounts 7, 9 share its username or address; keep one of them.",
            candidates=(
                Candidate(MoodleId(7), "username rana."),
                Candidate(MoodleId(9), "Nothing is kept of it here; look at it in Moodle."),
            ),
        )

    def test_what_can_be_asked_follows_from_the_flow(self) -> None:
        step: Step[object] = Step(zoho_id=ID, act=Action.CANNOT, candidates=(MoodleId(7),))
        asked = [question_of(module, step, {}) for module in (CLASSES, ENROLLMENTS)]
        kinds = [question and question.kind for question in asked]
        assert kinds == [ReviewKind.COURSE, ReviewKind.WITHDRAWAL]

    def test_where_there_is_nothing_to_choose_nothing_is_asked(self) -> None:
        assert question_of(STUDENTS, account_step("nobody is there"), {}) is None

    @pytest.mark.parametrize(
        ("said", "sentence"),
        [
            ({}, "It has no name."),
            ({"first_name": "Rana", "last_name": "Example"}, "Rana Example."),
            (
                {"full_name": "Rana E", "username": "rana", "email": "r@c.example", "id_number": "SIS-7"},
                "Rana E, username rana, address r@c.example, id number SIS-7.",
            ),
            ({"username": "rana", "suspended": True}, "username rana. It is suspended."),
        ],
    )
    def test_a_person_knows_an_account_again(self, said: dict[str, Any], sentence: str) -> None:
        assert sentence_about(MoodleUserRecord(moodle_key=MoodleKey("7"), **said)) == sentence

    def test_a_person_knows_a_course_again(self) -> None:
        course = MoodleCourseRecord(
            moodle_key=MoodleKey("5"), full_name="Networking", short_name="NET", id_number="x", visible=False
        )
        assert sentence_about(course) == "Networking, short name NET, id number x. It is hidden."
        assert sentence_about(attrs.evolve(course, visible=None, short_name=None)) == (
            "Networking, id number x."
        )
