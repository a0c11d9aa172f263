"""What Moodle tells of a student's work, judged."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import attrs
import pytest

from mzi_core.grading import Criterion, Decision, Grade, Marking, Scale, decide, decide_attempts
from mzi_core.ports import Attempt, MarkingMethod, MoodleAssignment, StudentWork
from mzi_core.use_cases.student_markings import student_markings
from mzi_core.values import MoodleId

NOW = datetime(2026, 2, 9, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
POINTS = MoodleAssignment(
    id=MoodleId(1),
    cmid=MoodleId(2),
    course=MoodleId(3),
    name="Unit 1",
    maximum=Decimal(4),
    due=NOW - DAY,
    cutoff=NOW - DAY / 2,
)
ON_A_SCALE = attrs.evolve(POINTS, maximum=None, scale_id=3)
BTEC = MarkingMethod(scale_items=("Refer", "Pass", "Merit", "Distinction"))
HANDED_IN = Attempt(number=0, status="submitted", raw=Decimal(3), submitted_at=NOW - 2 * DAY)


def work(*attempts: Attempt, workflow: str | None = None, extension: datetime | None = None) -> StudentWork:
    return StudentWork(
        user=MoodleId(7), attempts=attempts, workflow=workflow, released=True, extension=extension
    )


def decided(
    assignment: MoodleAssignment, found: StudentWork, method: MarkingMethod | None = None
) -> list[Decision]:
    return list(decide_attempts(student_markings(assignment, method or MarkingMethod(), found, NOW)))


def test_every_fact_of_an_attempt_is_in_its_marking() -> None:
    criteria = (Criterion(code="P1", achieved=True),)
    attempt = attrs.evolve(HANDED_IN, number=1, feedback="<p>ok</p>", criteria=criteria)
    found = work(HANDED_IN, attempt, workflow="released", extension=NOW + DAY)
    assert student_markings(POINTS, MarkingMethod(), found, NOW)[1] == Marking(
        raw=Decimal(3),
        maximum=Decimal(4),
        attempt=1,
        feedback="<p>ok</p>",
        workflow="released",
        due=NOW - DAY,
        extension=NOW + DAY,
        cutoff=NOW - DAY / 2,
        submitted_at=NOW - 2 * DAY,
        now=NOW,
        criteria=criteria,
    )


def test_a_scale_is_read_by_its_items_and_points_by_their_maximum() -> None:
    upside_down = MarkingMethod(scale_items=BTEC.scale_items[::-1])
    grades = [
        decided(assignment, work(HANDED_IN), method)[0].grade
        for assignment, method in (
            (ON_A_SCALE, BTEC),
            (ON_A_SCALE, upside_down),
            (POINTS, None),
            (attrs.evolve(POINTS, maximum=Decimal(7)), None),
        )
    ]
    assert grades == ["M", "P", "M", "P"]


@pytest.mark.parametrize(
    ("workflow", "rules"),
    [
        ("inmarking", ["BELOW_PASS", "NOT_RELEASED"]),
        ("released", ["BELOW_PASS", "MERIT"]),
        (None, ["BELOW_PASS", "MERIT"]),
    ],
)
def test_the_workflow_holds_back_the_latest_attempt_alone(workflow: str | None, rules: list[str]) -> None:
    first = attrs.evolve(HANDED_IN, raw=Decimal(1))
    found = work(first, attrs.evolve(HANDED_IN, number=1), workflow=workflow)
    assert [each.rule for each in decided(POINTS, found)] == rules


def test_an_extension_is_given_for_the_latest_attempt() -> None:
    nothing = Attempt(number=0, status="new")
    found = work(nothing, attrs.evolve(nothing, number=1, status="reopened"), extension=NOW + DAY)
    assert [each.rule for each in decided(POINTS, found)] == ["NO_SUBMISSION", "AWAITING_SUBMISSION"]


def test_a_student_who_began_nothing_is_awaited_or_late() -> None:
    assert [each.rule for each in decided(POINTS, work())] == ["NO_SUBMISSION"]
    assert [each.rule for each in decided(POINTS, work(extension=NOW))] == ["AWAITING_SUBMISSION"]


@pytest.mark.parametrize(
    ("attempts", "rules"),
    [
        ((), ["UNGRADED"]),
        ((Attempt(number=0, status=""),), ["UNGRADED"]),
        ((Attempt(number=0, status="new", raw=Decimal(3)),), ["MERIT"]),
        ((Attempt(number=0, status="", raw=Decimal(-1)),), ["UNGRADED"]),
    ],
)
def test_where_nothing_can_be_handed_in_only_a_grade_can_be_missing(
    attempts: tuple[Attempt, ...], rules: list[str]
) -> None:
    observed = attrs.evolve(POINTS, takes_submissions=False)
    made = decided(observed, work(*attempts))
    assert [each.rule for each in made] == rules
    assert made[0].marking.submitted is None


def test_a_draft_has_no_time_at_which_it_was_handed_in() -> None:
    draft = attrs.evolve(HANDED_IN, status="draft", raw=None)
    (marking,) = student_markings(POINTS, MarkingMethod(), work(draft), NOW)
    assert (marking.submitted, marking.submitted_at) == (False, None)


def test_a_scale_whose_items_nobody_told_is_refused_unless_a_scale_is_assumed() -> None:
    """A 4 of it may be anything."""
    nobody = MarkingMethod()
    with pytest.raises(ValueError, match="names a scale and not its items"):
        student_markings(ON_A_SCALE, nobody, work(HANDED_IN), NOW)
    (marking,) = student_markings(ON_A_SCALE, nobody, work(HANDED_IN), NOW, scale=Scale.BTEC_0_4)
    assert decide(marking).grade is Grade.M


def test_of_a_team_its_work_counts() -> None:
    as_a_team = attrs.evolve(POINTS, team=True)
    (one,) = student_markings(as_a_team, MarkingMethod(), work(HANDED_IN), NOW)
    (none,) = student_markings(as_a_team, MarkingMethod(), work(attrs.evolve(HANDED_IN, status="")), NOW)
    assert (one.submitted, none.submitted) == (True, False)
