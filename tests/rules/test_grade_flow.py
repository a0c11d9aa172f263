"""What a mark has Zoho say, field by field, and what a person's edit keeps from it."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import attrs
import pytest

from mzi_core.flows.grade import (
    GradeFacts,
    as_planned,
    grade_values,
    in_zoho,
    intent_of,
    plain,
    plan_grade,
    to_record,
)
from mzi_core.grading import BTEC_DEFAULT, decide_attempts
from mzi_core.grading.policy import SettleMode
from mzi_core.modules import Class, MoodleMarkRecord, RecordedGrade, Student
from mzi_core.modules.moodle_marks import MarkedAttempt, MarkedCriterion
from mzi_core.record_markings import record_markings
from mzi_core.values import Email, MoodleId, MoodleKey, ZohoId

AT = datetime(2026, 2, 15, 22, 0, tzinfo=UTC)
BEFORE, AFTER = AT - timedelta(days=1), AT + timedelta(days=1)
AMMAN = timezone(timedelta(hours=3))

STUDENT = Student(
    zoho_id=ZohoId("91"),
    display_name="A01",
    full_name="Rana Example",
    academic_email=Email("rana@college.example"),
)
CLASS = Class(zoho_id=ZohoId("71"), name="Networking 1", unit=ZohoId("61"))
CRITERIA = (
    MarkedCriterion(code="M1", definition="Compare networks", score="0"),
    MarkedCriterion(code="P1", definition="Describe networks", score="1", remark="Clear"),
)


def mark(raw: str | None = "3", attempt: int = 0, **fields: Any) -> MoodleMarkRecord:
    """A mark for work that was handed in; `fields` are those of the attempt."""
    told = {"submission_status": "submitted", "graded_at": AT, **fields}
    return MoodleMarkRecord(
        moodle_key=MoodleKey("4101_1001_55"),
        student=MoodleKey("4101"),
        course=MoodleKey("1001"),
        assignment=MoodleId(55),
        maximum=Decimal(4),
        grade_id=MoodleId(900),
        attempts=(MarkedAttempt(number=attempt, raw=None if raw is None else Decimal(raw), **told),),
    )


def facts(of: MoodleMarkRecord | None = None, **known: Any) -> GradeFacts:
    """All that is known of a pair."""
    of = of or mark()
    grade, decision = to_record(of, decide_attempts(record_markings(of, AT)), None)
    return GradeFacts(
        mark=of, grade=grade, decision=decision, student=STUDENT, class_=CLASS, zone=AMMAN, **known
    )


def recorded(of: GradeFacts, **fields: Any) -> RecordedGrade:
    """The grade as Zoho has it after it was written, and a person has changed these fields."""
    made = as_planned(attrs.evolve(of, theirs=None), plan_grade(attrs.evolve(of, theirs=None)))
    said = {"zoho_id": ZohoId("31"), "modified_at": AT, "moodle_grade_id_in_zoho": made.moodle_grade_id}
    return attrs.evolve(made, **{**said, **fields})


def agreed(of: GradeFacts) -> dict[str, object]:
    """What is remembered once both agree."""
    return dict(plan_grade(attrs.evolve(of, theirs=None)).says)


class TestValues:
    """What our side says."""

    def test_all_that_is_known_of_a_mark(self) -> None:
        told = mark(feedback=" <p>Well done</p> ", grader_name="Teacher One", criteria=CRITERIA)
        values = grade_values(facts(told))
        rows = values.pop("outcomes")
        assert values == {
            "composite_key": "4101_1001_55",
            "student": "91",
            "class_": "71",
            "unit": "61",
            "grade_name": "Rana Example - Networking 1 - M - 2026-02-16",  # it is the 16th in Amman
            "grade_value": "M",
            "attempt_number": 1,
            "grade_date": date(2026, 2, 16),
            "grade_status": "Released",
            "feedback": "<p>Well done</p>",
            "grader_name": "Teacher One",
            "moodle_grade_id": 900,
        }
        assert [(row.code, row.score, row.feedback) for row in rows] == [  # type: ignore[attr-defined]
            ("P1", "Achieved", "Clear"),
            ("M1", "Not Achieved", None),
        ]

    @pytest.mark.parametrize(
        ("role", "field"),
        [
            (None, "grader_name"),
            ("editingteacher", "grader_name"),
            ("internalverifier", "iv_name"),
            (" InternalVerifier ", "iv_name"),
        ],
    )
    def test_who_graded_is_named_by_the_role(self, role: str | None, field: str) -> None:
        values = grade_values(facts(mark(grader_name="Teacher One", grader_role=role)))
        assert values[field] == "Teacher One"
        assert len({"grader_name", "iv_name"} & values.keys()) == 1

    def test_what_is_not_known_is_not_said(self) -> None:
        values = grade_values(facts(attrs.evolve(mark(graded_at=None), grade_id=None)))
        assert not values.keys() & {
            *("grade_date", "feedback", "grader_name", "iv_name", "moodle_grade_id", "outcomes")
        }
        assert values["grade_name"] == "Rana Example - Networking 1 - M"

    def test_the_id_of_the_attempt_stands_in_for_that_of_the_gradebook(self) -> None:
        told = attrs.evolve(mark(grade_id=MoodleId(7)), grade_id=None)
        assert grade_values(facts(told))["moodle_grade_id"] == 7

    def test_a_grade_that_nobody_gave_says_nothing_of_the_work(self) -> None:
        told = mark(None, submission_status="new", feedback="old", grader_name="T", criteria=CRITERIA)
        values = grade_values(facts(told))
        assert values["grade_value"] == "F"
        assert not values.keys() & {"feedback", "grader_name", "iv_name", "outcomes"}

    def test_a_long_name_is_cut(self) -> None:
        long = attrs.evolve(facts(), class_=attrs.evolve(CLASS, name="N" * 300))
        assert len(str(grade_values(long)["grade_name"])) == 120


class TestPlan:
    """What is written, and what is left."""

    def test_a_grade_that_zoho_has_not_is_written_whole(self) -> None:
        plan = plan_grade(facts())
        assert plan.values == grade_values(facts())
        assert (plan.conflicts, plan.why) == ((), "")

    def test_where_both_say_the_same_nothing_is_written(self) -> None:
        of = facts(mark(criteria=CRITERIA, feedback="x"))
        assert plan_grade(attrs.evolve(of, theirs=recorded(of), agreed=agreed(of))).values == {}

    def test_a_later_mark_is_written_with_all_that_changes_with_it(self) -> None:
        before, now = facts(), facts(mark("4"))
        plan = plan_grade(attrs.evolve(now, theirs=recorded(before), agreed=agreed(before)))
        assert plan.values == {
            "grade_value": "D",
            "grade_name": "Rana Example - Networking 1 - D - 2026-02-16",
        }

    def test_a_hand_edit_stays_and_is_told(self) -> None:
        of = facts()
        plan = plan_grade(attrs.evolve(of, theirs=recorded(of, grade_value="D"), agreed=agreed(of)))
        assert (plan.values, plan.conflicts) == ({}, ("grade_value",))
        assert plan.why.startswith("Somebody has changed grade_value in Zoho since; it stays until")

    def test_a_later_mark_supersedes_a_hand_edit(self) -> None:
        before, now = facts(), facts(mark("2"))
        theirs = recorded(before, grade_value="D")
        plan = plan_grade(attrs.evolve(now, theirs=theirs, agreed=agreed(before)))
        assert plan.values["grade_value"] == "P"
        assert plan.conflicts == ()

    def test_an_edit_of_one_field_keeps_no_other_from_being_written(self) -> None:
        before, now = facts(mark(feedback="first")), facts(mark("4", feedback="second"))
        theirs = recorded(before, grader_name="Someone Else", feedback="first")
        plan = plan_grade(attrs.evolve(now, theirs=theirs, agreed=agreed(before)))
        assert {"grade_value", "feedback"} <= plan.values.keys()
        assert "grader_name" not in plan.values

    def test_who_changed_the_grade_has_said_something_of_the_attempt_too(self) -> None:
        """Otherwise Zoho would hold a person's grade under the number of another attempt."""
        before = facts()
        now = facts(mark("3", attempt=1))
        theirs = recorded(before, grade_value="D")
        plan = plan_grade(attrs.evolve(now, theirs=theirs, agreed=agreed(before)))
        assert set(plan.conflicts) == {"grade_value", "attempt_number"}

    @pytest.mark.parametrize(("changed", "is_left"), [(BEFORE, False), (AT, False), (AFTER, True)])
    def test_where_nobody_knows_what_was_agreed_the_later_counts(
        self, changed: datetime, is_left: bool
    ) -> None:
        of = facts()
        plan = plan_grade(attrs.evolve(of, theirs=recorded(of, grade_value="D", modified_at=changed)))
        assert ("grade_value" in plan.conflicts, "grade_value" in plan.values) == (is_left, not is_left)

    def test_what_is_empty_in_zoho_is_filled_even_so(self) -> None:
        of = facts(mark(feedback="Well done"))
        plan = plan_grade(attrs.evolve(of, theirs=recorded(of, feedback=None, modified_at=AFTER)))
        assert plan.values == {"feedback": "Well done"}

    def test_a_link_counts_as_zoho_says_it(self) -> None:
        of = facts()
        theirs = recorded(of, moodle_grade_id_in_zoho=None)
        assert plan_grade(attrs.evolve(of, theirs=theirs, agreed={})).values == {"moodle_grade_id": 900}
        assert in_zoho(theirs, "grade_value") == "M"


class TestUnanswered:
    """A grade was sent, and no answer came."""

    def test_where_the_record_is_as_it_was_it_is_sent_again(self) -> None:
        before, now = facts(), facts(mark("4"))
        theirs = recorded(before)
        intent = intent_of(plan_grade(attrs.evolve(now, theirs=theirs, agreed=agreed(before))), theirs)
        plan = plan_grade(attrs.evolve(now, theirs=theirs, agreed=agreed(before), intent=intent))
        assert plan.values["grade_value"] == "D"

    def test_where_it_has_arrived_nothing_is_sent(self) -> None:
        before, now = facts(), facts(mark("4"))
        theirs = recorded(before)
        intent = intent_of(plan_grade(attrs.evolve(now, theirs=theirs, agreed=agreed(before))), theirs)
        after = recorded(now, modified_at=AFTER)
        assert plan_grade(attrs.evolve(now, theirs=after, agreed=agreed(before), intent=intent)).values == {}

    def test_where_a_person_has_set_it_back_since_that_is_an_edit(self) -> None:
        """Zoho says again what was agreed before, but under a later version."""
        before, now = facts(), facts(mark("4"))
        theirs = recorded(before)
        intent = intent_of(plan_grade(attrs.evolve(now, theirs=theirs, agreed=agreed(before))), theirs)
        edited = recorded(before, modified_at=AFTER)
        plan = plan_grade(attrs.evolve(now, theirs=edited, agreed=agreed(before), intent=intent))
        assert "grade_value" in plan.conflicts

    def test_what_was_to_be_made_and_is_there_by_now_was_made(self) -> None:
        of = facts()
        intent = intent_of(plan_grade(of), None)
        assert plan_grade(attrs.evolve(of, theirs=recorded(of), intent=intent)).values == {}

    @pytest.mark.parametrize("intent", [None, {}, {"told": False}, {"says": "M", "over": None}])
    def test_an_intent_of_another_kind_says_nothing(self, intent: Any) -> None:
        of = facts()
        theirs = recorded(of, grade_value="D")
        plan = plan_grade(attrs.evolve(of, theirs=theirs, agreed=agreed(of), intent=intent))
        assert plan.conflicts == ("grade_value",)


def test_values_are_remembered_as_json_has_them() -> None:
    of = facts(mark(criteria=CRITERIA))
    says = agreed(of)
    assert (says["grade_date"], says["attempt_number"]) == ("2026-02-16", 1)
    assert plain(recorded(of, outcomes=grade_values(of)["outcomes"]).outcomes) == says["outcomes"]


REOPENED = AT + timedelta(days=7)


def second(raw: str | None, **fields: Any) -> MoodleMarkRecord:
    """A first attempt that was referred, and a second one."""
    first = mark("1").attempts[0]
    told = {"submission_status": "submitted", "graded_at": REOPENED, **fields}
    later = MarkedAttempt(number=1, raw=None if raw is None else Decimal(raw), **told)
    return attrs.evolve(mark(), attempts=(first, later), due=REOPENED)


class TestSettled:
    """The grade that is recorded changes with time alone."""

    @pytest.mark.parametrize(
        ("raw", "until", "grade"),
        [
            ("1", None, "R"),
            ("1", REOPENED - timedelta(hours=1), "R"),
            ("1", REOPENED, "RR"),
            ("2", REOPENED, "P"),
        ],
    )
    def test_a_second_refer_is_double_once_grades_were_settled(
        self, raw: str, until: datetime | None, grade: str
    ) -> None:
        of = second(raw)
        found, decision = to_record(of, decide_attempts(record_markings(of, REOPENED)), until)
        assert (found.value, decision.marking.attempt) == (grade, 1)

    @pytest.mark.parametrize(("until", "grade"), [(None, "F"), (REOPENED + timedelta(hours=1), "RR")])
    def test_so_is_one_for_whose_new_time_nothing_came(self, until: datetime | None, grade: str) -> None:
        of = second(None, submission_status="new", graded_at=None)
        now = REOPENED + timedelta(hours=2)
        found, _ = to_record(of, decide_attempts(record_markings(of, now)), until)
        assert found.value == grade

    def test_a_policy_that_settles_at_once_waits_for_nothing(self) -> None:
        of, policy = second("1"), attrs.evolve(BTEC_DEFAULT, settle=SettleMode.IMMEDIATELY)
        decisions = decide_attempts(record_markings(of, REOPENED), policy)
        assert to_record(of, decisions, None)[0].value == "RR"

    def test_what_is_settled_by_an_earlier_attempt_says_what_that_attempt_says(self) -> None:
        """Who passed stays passed, whatever came of trying again."""
        passed = attrs.evolve(mark("3", feedback="Well done").attempts[0], graded_at=AT)
        again = MarkedAttempt(number=1, submission_status="new")
        of = attrs.evolve(mark(), attempts=(passed, again), due=REOPENED)
        decisions = decide_attempts(record_markings(of, REOPENED + timedelta(hours=2)))
        grade, decision = to_record(of, decisions, REOPENED + timedelta(hours=1))
        known = GradeFacts(mark=of, grade=grade, decision=decision, student=STUDENT, class_=CLASS, zone=AMMAN)
        values = grade_values(known)
        assert (values["grade_value"], values["attempt_number"], values["feedback"]) == ("M", 1, "Well done")
