"""A marking: what may be said of one, and what is refused."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import attrs
import pytest
from tests.rules.grading.given import DAY, NOW, refused

from mzi_core.grading import Criterion, Grade, Marking, Scale
from mzi_core.ports import Attempt


def test_a_marking_needs_only_what_is_known() -> None:
    marking = Marking()
    assert marking == Marking(
        raw=None,
        minimum=None,
        maximum=None,
        items=(),
        scale=Scale.BTEC_0_4,
        letter=None,
        submitted=True,
        attempt=0,
        before=None,
        repeats_unit=False,
        feedback="",
        workflow=None,
        due=None,
        extension=None,
        cutoff=None,
        submitted_at=None,
        now=None,
        criteria=(),
    )
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        marking.attempt = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"raw": Decimal("NaN")}, "A mark must be a finite number, not NaN"),
        ({"raw": Decimal("-Infinity")}, "A mark must be a finite number, not -Infinity"),
        ({"raw": Decimal("sNaN")}, "A mark must be a finite number, not sNaN"),
        ({"attempt": -1}, "Attempts are counted from 0 here, so -1 is none"),
        (
            {"letter": "A"},
            "'A' is no grade; write F, R, RR, P, M or D, "
            "or Fail, Refer, Double Refer, Pass, Merit or Distinction",
        ),
        (
            {"due": datetime(2026, 2, 9)},  # noqa: DTZ001  a time without offset is the point
            "2026-02-09T00:00:00 says no offset from UTC, so nobody knows when it is",
        ),
        (
            {"now": datetime.max.replace(tzinfo=timezone(timedelta(hours=-3)))},
            "9999-12-31T23:59:59.999999-03:00 is outside the years 1900 to 2200 in UTC; correct its year",
        ),
        ({"due": NOW}, "Whether the deadline has passed depends on now; say when the question is asked"),
        (
            {"extension": NOW},
            "Whether the deadline has passed depends on now; say when the question is asked",
        ),
        (
            {
                "criteria": (
                    Criterion(code="M1", achieved=True),
                    Criterion(code="P1", achieved=True),
                    Criterion(code="p1", achieved=False),
                )
            },
            "P1 is assessed twice in one marking",
        ),
    ],
)
def test_what_no_policy_could_judge_is_refused_with_a_sentence(fields: dict[str, Any], refusal: str) -> None:
    with refused(refusal):
        Marking(**fields)


def test_a_code_that_cannot_be_read_may_come_twice() -> None:
    criteria = (Criterion(code="M10", achieved=True), Criterion(code="M10", achieved=False))
    assert Marking(criteria=criteria).criteria == criteria


def test_a_letter_may_be_a_word_and_a_blank_is_none() -> None:
    assert Marking(letter=" merit ").letter is Grade.M
    assert Marking(letter=Grade.RR).letter is Grade.RR
    assert Marking(letter="  ").letter is None
    assert Marking(letter="").letter is None
    assert Marking(before="distinction").before is Grade.D


def test_times_are_kept_in_utc() -> None:
    amman = timezone(timedelta(hours=3))
    marking = Marking(
        due=datetime(2026, 2, 9, 2, tzinfo=amman),
        extension=datetime(2026, 2, 10, 2, tzinfo=amman),
        cutoff=datetime(2026, 2, 11, 2, tzinfo=amman),
        submitted_at=datetime(2026, 2, 8, 2, tzinfo=amman),
        now=datetime(2026, 2, 12, 2, tzinfo=amman),
    )
    moments = (marking.submitted_at, marking.due, marking.extension, marking.cutoff, marking.now)
    for day, moment in enumerate(moments, start=7):
        assert moment == datetime(2026, 2, day, 23, tzinfo=UTC)
        assert moment.tzinfo is UTC


@pytest.mark.parametrize(
    ("due", "extension", "cutoff", "deadline"),
    [
        (None, None, None, None),
        (None, None, NOW, None),
        (NOW, None, None, NOW),
        (NOW, NOW + DAY, None, NOW + DAY),
        (NOW + DAY, NOW, None, NOW),
        (None, NOW, None, NOW),
        (NOW, None, NOW + DAY, NOW + DAY),
        (NOW, None, NOW - DAY, NOW),
        (NOW - DAY, NOW + DAY, NOW, NOW + DAY),
    ],
)
def test_the_deadline_is_the_extension_else_the_due_date_or_a_later_cut_off(
    due: datetime | None, extension: datetime | None, cutoff: datetime | None, deadline: datetime | None
) -> None:
    assert Marking(due=due, extension=extension, cutoff=cutoff, now=NOW).deadline == deadline


def test_work_is_awaited_up_to_and_with_the_deadline_unless_it_was_handed_in() -> None:
    assert Marking(submitted=False, due=NOW, now=NOW).is_awaited is True
    assert Marking(submitted=False, due=NOW, now=NOW + timedelta(microseconds=1)).is_awaited is False
    assert Marking(submitted=True, due=NOW, now=NOW).is_awaited is False
    assert Marking(submitted=False, now=NOW).is_awaited is False
    assert Marking(submitted=False).is_awaited is False
    assert Marking(submitted=None, due=NOW, now=NOW).is_awaited is False


@pytest.mark.parametrize(
    ("workflow", "state", "known", "held_back"),
    [
        (None, None, False, False),
        ("", "", True, True),
        (" InMarking", "inmarking", True, True),
        ("readyforreview", "readyforreview", True, True),
        ("INREVIEW", "inreview", True, True),
        ("readyforrelease", "readyforrelease", True, True),
        ("Released\n", "released", True, False),
        ("notmarked", "notmarked", False, False),
    ],
)
def test_a_workflow_state_is_one_of_moodles_six_in_any_case(
    workflow: str | None, state: str | None, known: bool, held_back: bool
) -> None:
    marking = Marking(workflow=workflow)
    assert (marking.workflow_state, marking.has_known_workflow, marking.is_held_back) == (
        *(state, known),
        held_back,
    )


def test_people_count_attempts_from_one() -> None:
    assert [Marking(attempt=attempt).attempt_shown for attempt in (0, 1, 2)] == [1, 2, 3]


def test_feedback_that_nobody_gave_is_none() -> None:
    """An attempt without feedback says so with None, and needs no care of the caller."""
    attempt = Attempt(number=0, status="submitted")
    marking = Marking(feedback=attempt.feedback)
    assert (marking.feedback, marking.text) == ("", "")
    assert marking == Marking()


def test_the_text_is_the_feedback_as_read() -> None:
    marking = Marking(feedback="<p>Well&nbsp;done</p>")
    assert marking.text == " Well\xa0done "
    assert attrs.evolve(marking, feedback="x").text == "x"


@pytest.mark.parametrize(
    ("facts", "scale", "lowest", "highest"),
    [
        ({}, Scale.BTEC_0_4, "0", "4"),
        ({"scale": Scale.PERCENT}, Scale.PERCENT, "0", "100"),
        ({"maximum": Decimal(4)}, Scale.BTEC_0_4, "0", "4"),
        ({"minimum": Decimal("0.0"), "maximum": Decimal("4.00000")}, Scale.BTEC_0_4, "0", "4"),
        ({"minimum": Decimal(1), "maximum": Decimal(4)}, Scale.PERCENT, "1", "4"),
        ({"maximum": Decimal(3)}, Scale.PERCENT, "0", "3"),
        ({"maximum": Decimal("4.01")}, Scale.PERCENT, "0", "4.01"),
        ({"maximum": Decimal(100)}, Scale.PERCENT, "0", "100"),
        ({"minimum": Decimal(-5), "maximum": Decimal(5), "scale": Scale.PERCENT}, Scale.PERCENT, "-5", "5"),
        ({"items": ["Refer", "Pass", "Merit"]}, Scale.BTEC_0_4, "1", "3"),
        ({"items": ("A",), "minimum": Decimal(0), "maximum": Decimal(9)}, Scale.BTEC_0_4, "1", "1"),
        ({"items": ("A", "B"), "scale": Scale.BTEC_0_4}, Scale.BTEC_0_4, "1", "2"),
        ({"minimum": Decimal(1)}, Scale.BTEC_0_4, "1", "4"),
    ],
)
def test_the_grade_item_decides_the_scale(
    facts: dict[str, Any], scale: Scale, lowest: str, highest: str
) -> None:
    marking = Marking(**facts)
    assert marking.scale is scale
    assert (marking.lowest, marking.highest) == (Decimal(lowest), Decimal(highest))
    assert marking.items == tuple(facts.get("items", ()))


@pytest.mark.parametrize(
    ("facts", "refusal"),
    [
        (
            {"maximum": Decimal(100), "scale": Scale.BTEC_0_4},
            "Points from 0 to 100 are not on the scale btec-0-4; "
            "leave the scale out, for it follows from them",
        ),
        (
            {"minimum": Decimal(0), "maximum": Decimal(4), "scale": Scale.PERCENT},
            "Points from 0 to 4 are not on the scale percent; leave the scale out, for it follows from them",
        ),
        (
            {"items": ("Refer", "Pass"), "scale": Scale.PERCENT},
            "A scale with items is no percent scale; leave out the scale, or the items",
        ),
        (
            {"minimum": Decimal(7), "maximum": Decimal(7)},
            "The maximum must be above the minimum, and 7 is not above 7",
        ),
        ({"maximum": Decimal(0)}, "The maximum must be above the minimum, and 0 is not above 0"),
        ({"minimum": Decimal(5)}, "The maximum must be above the minimum, and 4 is not above 5"),
        ({"maximum": Decimal("NaN")}, "The maximum must be a finite number, not NaN"),
        ({"minimum": Decimal("-Infinity")}, "The minimum must be a finite number, not -Infinity"),
        ({"maximum": 7}, 'The maximum must be a Decimal, such as Decimal("2.5"), not int'),
    ],
)
def test_an_item_that_contradicts_itself_is_refused(facts: dict[str, Any], refusal: str) -> None:
    with refused(refusal):
        Marking(**facts)


@pytest.mark.parametrize(
    ("raw", "minimum", "maximum", "points"),
    [
        ("18", "0", "20", "90"),
        ("85.5", "0", "100", "85.5"),
        ("0", "0", "20", "0"),
        ("-1", "0", "20", "-1"),
        ("2", "1", "3", "50"),
        ("0", "-5", "5", "50"),
        ("2", "0", "4", "2"),
        ("5", "0", "7", f"71.{'428571' * 11}4285"),
        ("2", "0", "3", f"66.{'6' * 70}"),
        (None, "0", "20", None),
    ],
)
def test_points_count_as_hundredths_of_their_range_and_are_never_rounded_up(
    raw: str | None, minimum: str, maximum: str, points: str | None
) -> None:
    marking = Marking(
        raw=None if raw is None else Decimal(raw), minimum=Decimal(minimum), maximum=Decimal(maximum)
    )
    assert marking.points == (None if points is None else Decimal(points))


@pytest.mark.parametrize(
    ("raw", "facts", "off"),
    [
        ("4", {}, False),
        ("4.00001", {}, True),
        ("0", {}, False),
        ("-0.5", {}, True),
        ("-1", {}, False),
        ("-1.00001", {}, True),
        ("100", {"scale": Scale.PERCENT}, False),
        ("100.5", {"scale": Scale.PERCENT}, True),
        ("8", {"maximum": Decimal(7)}, True),
        ("0.5", {"minimum": Decimal(1), "maximum": Decimal(7)}, True),
        ("0", {"items": ("Refer", "Pass")}, True),
        ("1", {"items": ("Refer", "Pass")}, False),
        ("2", {"items": ("Refer", "Pass")}, False),
        ("3", {"items": ("Refer", "Pass")}, True),
    ],
)
def test_a_mark_that_its_item_cannot_hold_is_off_the_scale(
    raw: str, facts: dict[str, Any], off: bool
) -> None:
    assert Marking(raw=Decimal(raw), **facts).is_off_scale is off
    assert Marking(**facts).is_off_scale is False


def test_the_item_that_was_chosen_is_the_one_at_the_place_of_the_mark() -> None:
    items = ("Refer", "Pass", "Merit")
    places = ("-1", "0", "1", "1.5", "3", "3.0", "4")
    chosen = [Marking(raw=Decimal(place), items=items).item for place in places]
    assert chosen == [None, None, "Refer", None, "Merit", "Merit", None]
    assert Marking(raw=Decimal(1)).item is None
    assert Marking(items=items).item is None


def test_each_scale_has_a_best_mark() -> None:
    assert (Scale.BTEC_0_4.maximum, Scale.PERCENT.maximum) == (Decimal(4), Decimal(100))


@pytest.mark.parametrize("raw", [2.5, 3, "2.5"], ids=["float", "int", "str"])
def test_a_mark_that_is_no_decimal_is_refused_with_one_that_is(raw: Any) -> None:
    with pytest.raises(ValueError, match=r'A mark must be a Decimal, such as Decimal\("2.5"\), not '):
        Marking(raw=raw)
