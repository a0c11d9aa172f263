"""Markings as JSON in the store."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.repetitions import often
from tests.rules.grading.given import DAY, NOW, markings, refused

from mzi_core.grading import (
    BTEC_DEFAULT,
    Criterion,
    Grade,
    Marking,
    Scale,
    decide,
    marking_from_data,
    marking_to_data,
    policy_from,
)
from mzi_core.grading.plain_values import (
    Problems,
    choice,
    optional,
    read_date,
    read_decimal,
    read_instant,
    read_int,
    read_text,
)


def test_a_marking_is_written_with_marks_and_times_as_text() -> None:
    marking = Marking(
        raw=Decimal("3.00000"),
        minimum=Decimal("1.0"),
        maximum=Decimal("7.00"),
        letter=Grade.M,
        submitted=False,
        attempt=1,
        before=Grade.R,
        repeats_unit=True,
        feedback="<p>ok</p>",
        workflow="released",
        due=NOW,
        extension=NOW + DAY,
        cutoff=NOW + 2 * DAY,
        submitted_at=NOW - 2 * DAY,
        now=NOW - DAY,
        criteria=(Criterion(code="P1", achieved=True, title="T", definition="D", remark="R"),),
    )
    data = marking_to_data(marking)
    assert data == {
        "raw": "3.00000",
        "minimum": "1.0",
        "maximum": "7.00",
        "items": [],
        "scale": "percent",
        "letter": "M",
        "submitted": False,
        "attempt": 1,
        "before": "R",
        "repeats_unit": True,
        "feedback": "<p>ok</p>",
        "workflow": "released",
        "due": "2026-02-09T12:00:00+00:00",
        "extension": "2026-02-10T12:00:00+00:00",
        "cutoff": "2026-02-11T12:00:00+00:00",
        "submitted_at": "2026-02-07T12:00:00+00:00",
        "now": "2026-02-08T12:00:00+00:00",
        "criteria": [{"code": "P1", "achieved": True, "title": "T", "definition": "D", "remark": "R"}],
    }
    assert marking_from_data(data) == marking


def test_what_is_not_known_is_written_as_null() -> None:
    assert marking_to_data(Marking()) == {
        "raw": None,
        "minimum": None,
        "maximum": None,
        "items": [],
        "scale": "btec-0-4",
        "letter": None,
        "submitted": True,
        "attempt": 0,
        "before": None,
        "repeats_unit": False,
        "feedback": "",
        "workflow": None,
        "due": None,
        "extension": None,
        "cutoff": None,
        "submitted_at": None,
        "now": None,
        "criteria": [],
    }


@settings(max_examples=often(100, gate=30), deadline=None)
@given(markings, st.none() | st.decimals(-(10**9), 10**9, places=20))
def test_every_marking_comes_back_exactly(marking: Marking, raw: Decimal | None) -> None:
    data = json.loads(json.dumps({**marking_to_data(marking), "raw": None if raw is None else str(raw)}))
    again = marking_from_data(data)
    assert marking_to_data(again) == data
    back = marking_from_data(marking_to_data(marking))
    assert back == marking
    assert str(back.raw) == str(marking.raw)
    assert decide(back) == decide(marking)


def test_a_stored_decision_can_be_explained_a_year_later_from_marking_and_policy() -> None:
    policy = BTEC_DEFAULT.override(pass_from=Decimal("1.5"))
    decision = decide(Marking(raw=Decimal("1.75")), policy)
    stored = json.dumps([marking_to_data(decision.marking), policy.to_data()])
    marking, rules = json.loads(stored)
    again = decide(marking_from_data(marking), policy_from(rules))
    assert again == decision
    assert again.as_data() == decision.as_data()
    assert again.explain("ar") == decision.explain("ar")


def test_a_letter_may_be_written_as_a_word() -> None:
    letters = [
        marking_from_data({"letter": word}).letter for word in ("merit", "Double Refer", "D", "", None)
    ]
    assert letters == [Grade.M, Grade.RR, Grade.D, None, None]


def test_a_scale_is_written_and_read_by_its_items() -> None:
    marking = Marking(raw=Decimal(2), items=("Refer", "نجاح"))
    assert marking_to_data(marking)["items"] == ["Refer", "نجاح"]
    assert marking_from_data(marking_to_data(marking)) == marking
    assert marking_from_data({"items": None}) == marking_from_data({"items": []}) == Marking()
    assert len(marking_from_data({"items": ["x"] * 200}).items) == 200


def test_missing_fields_have_their_defaults() -> None:
    assert marking_from_data({}) == Marking()
    assert marking_from_data({"criteria": None}) == Marking()
    assert marking_from_data({"criteria": [{"code": "P1"}]}).criteria == (
        Criterion(code="P1", achieved=False),
    )


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        ({"raws": "3"}, "A marking has no 'raws'; did you mean 'raw'?"),
        ({"raw": "1" * 65}, "raw must be a number of at most 64 characters"),
        ({"raw": 10**5000}, "raw must be a number of at most 64 characters"),
        ({"raw": "1e64"}, "raw must have at most 64 digits on either side of its point"),
        ({"raw": "1e999999"}, "raw must have at most 64 digits on either side of its point"),
        ({"raw": "-1e-999999"}, "raw must have at most 64 digits on either side of its point"),
        ({"raw": "three"}, "raw must be a number, not 'three'"),
        ({"raw": "Pass"}, "raw must be a number, not 'Pass'; a letter or word goes under letter"),
        ({"letter": "3.00"}, "letter must be a letter or word, not '3.00'; a mark goes under raw"),
        ({"before": 3}, "before must be a letter or word, not 3; a mark goes under raw"),
        ({"raw": "Infinity"}, "raw must be a number, not 'Infinity'"),
        ({"minimum": "x"}, "minimum must be a number, not 'x'"),
        ({"maximum": True}, "maximum must be a number, not True"),
        ({"items": "Pass"}, "items must be a list of at most 200 texts, not 'Pass'"),
        ({"items": ["x"] * 201}, "items must be a list of at most 200 texts, not a list"),
        ({"items": ["x", 1.5]}, "items 2 must be a text, not 1.5"),
        (
            {"maximum": 100, "scale": "btec-0-4"},
            "Points from 0 to 100 are not on the scale btec-0-4; "
            "leave the scale out, for it follows from them",
        ),
        ({"scale": "points"}, "scale must be one of btec-0-4, percent, not 'points'"),
        ({"scale": None}, "scale must be one of btec-0-4, percent, not None"),
        (
            {"letter": "X"},
            "letter: 'X' is no grade; write F, R, RR, P, M or D, "
            "or Fail, Refer, Double Refer, Pass, Merit or Distinction",
        ),
        ({"letter": 1.5}, "letter must be a letter or word, not 1.5; a mark goes under raw"),
        ({"repeats_unit": "x"}, "repeats_unit must be true or false, not 'x'"),
        (
            {"before": "A"},
            "before: 'A' is no grade; write F, R, RR, P, M or D, "
            "or Fail, Refer, Double Refer, Pass, Merit or Distinction",
        ),
        ({"submitted": "yes"}, "submitted must be true or false, not 'yes'"),
        ({"attempt": "1.5"}, "attempt must be a whole number, not '1.5'"),
        ({"attempt": "1e30"}, "attempt must be a whole number, not '1e30'"),
        ({"attempt": -1}, "Attempts are counted from 0 here, so -1 is none"),
        ({"feedback": 1.5}, "feedback must be a text, not 1.5"),
        ({"workflow": True}, "workflow must be a text, not True"),
        (
            {"due": "2026-02-09"},
            "due must be a time with its offset, like 2026-02-09T14:30:00+00:00, not '2026-02-09'",
        ),
        (
            {"extension": "tomorrow"},
            "extension must be a time with its offset, like 2026-02-09T14:30:00+00:00, not 'tomorrow'",
        ),
        (
            {"cutoff": 1770640200},
            "cutoff must be a time with its offset, like 2026-02-09T14:30:00+00:00, not 1770640200",
        ),
        (
            {"due": "0001-01-01T00:00:00+14:00"},
            "due must be a time of the years 1900 to 2200 in UTC, not '0001-01-01T00:00:00+14:00'",
        ),
        (
            {"extension": "1900-01-01T00:00:00+00:01"},
            "extension must be a time of the years 1900 to 2200 in UTC, not '1900-01-01T00:00:00+00:01'",
        ),
        (
            {"now": "2201-01-01T00:00:00Z"},
            "now must be a time of the years 1900 to 2200 in UTC, not '2201-01-01T00:00:00Z'",
        ),
        (
            {"cutoff": "9999-12-31T23:59:59-14:00"},
            "cutoff must be a time of the years 1900 to 2200 in UTC, not '9999-12-31T23:59:59-14:00'",
        ),
        (
            {"feedback": {"rana@college.example": "a" * 10**6}},
            "feedback must be a text, not an object",
        ),
        (
            {"submitted": "a" * 10**6},
            f"submitted must be true or false, not '{'a' * 60}'…",
        ),
        ({"attempt": [10**5000]}, "attempt must be a number, not a list"),
        ({"submitted": 10**5000}, "submitted must be true or false, not a number of very many digits"),
        (
            {"letter": "merit " * 10**5},
            f"letter: '{'merit ' * 10}'… is no grade; write F, R, RR, P, M or D, "
            "or Fail, Refer, Double Refer, Pass, Merit or Distinction",
        ),
        (
            {"a" * 10**6: 1},
            f"A marking has no '{'a' * 60}'…; known are raw, minimum, maximum, items, scale, letter, "
            "submitted, attempt, before, repeats_unit, feedback, workflow, due, extension, cutoff, "
            "submitted_at, now, criteria",
        ),
        ({"now": ""}, "now must be a time with its offset, like 2026-02-09T14:30:00+00:00, not ''"),
        ({"criteria": "P1"}, "criteria must be a list of objects, not 'P1'"),
        ({"criteria": ["P1"]}, "criteria must be a list of objects, not a list"),
        (
            {"criteria": [{"code": "P1", "achieved": "x"}]},
            "criteria 1 achieved must be true or false, not 'x'",
        ),
        (
            {"criteria": [{"code": "P1"}, {"kode": "P1"}]},
            "A criterion (criteria 2) has no 'kode'; did you mean 'code'?",
        ),
        ({"criteria": [{}]}, "criteria 1 must have a code, such as P1"),
        ({"criteria": [{"code": "P1"}, {"code": ""}]}, "criteria 2 must have a code, such as P1"),
    ],
    ids=lambda value: repr(value)[:80] if isinstance(value, str) else None,
)
def test_a_stored_marking_that_cannot_be_read_is_refused_by_field(data: dict[str, Any], refusal: str) -> None:
    with refused(refusal):
        marking_from_data(data)


def test_everything_that_cannot_be_read_is_told_at_once() -> None:
    data = {
        "raw": "x",
        "nonsense": 1,
        "due": 5,
        "attempt": 1,
        "criteria": [{"code": "P1", "achieved": "x", "kode": 1}, {"code": "M1"}, {}],
    }
    with pytest.raises(Problems) as refused_all:
        marking_from_data(data)
    known = "raw, minimum, maximum, items, scale"
    first, *others = refused_all.value.problems
    assert first.startswith(f"A marking has no 'nonsense'; known are {known}")
    assert others == [
        "raw must be a number, not 'x'",
        "due must be a time with its offset, like 2026-02-09T14:30:00+00:00, not 5",
        "A criterion (criteria 1) has no 'kode'; did you mean 'code'?",
        "criteria 1 achieved must be true or false, not 'x'",
        "criteria 3 must have a code, such as P1",
    ]
    assert str(refused_all.value) == "; ".join((first, *others))


def test_of_very_many_unknown_fields_five_are_named() -> None:
    with pytest.raises(Problems) as refused_all:
        marking_from_data({f"nonsense{n}": n for n in range(9)})
    assert len(refused_all.value.problems) == 5


def test_an_unknown_field_that_resembles_none_is_refused_with_all_there_are() -> None:
    with refused(
        "A marking has no '???'; known are raw, minimum, maximum, items, scale, letter, submitted, attempt, "
        "before, repeats_unit, feedback, workflow, due, extension, cutoff, submitted_at, now, criteria"
    ):
        marking_from_data({"???": 1})


def test_a_choice_is_one_of_its_values_and_an_option_may_be_none() -> None:
    read = choice(Scale)
    assert [read("percent", "x"), read(Scale.BTEC_0_4, "x")] == [Scale.PERCENT, Scale.BTEC_0_4]
    assert isinstance(read("percent", "x"), Scale)
    with refused("x must be one of btec-0-4, percent, not 'PERCENT'"):
        read("PERCENT", "x")
    maybe = optional(read)
    assert [maybe(None, "x"), maybe("percent", "x")] == [None, Scale.PERCENT]
    with refused("y must be one of btec-0-4, percent, not ''"):
        maybe("", "y")


def test_an_assignment_without_submissions_is_read_and_written_as_null() -> None:
    assert marking_to_data(Marking(submitted=None))["submitted"] is None
    assert marking_from_data({"submitted": None}) == Marking(submitted=None)


def test_zero_and_one_are_read_as_false_and_true() -> None:
    assert [marking_from_data({"submitted": value}).submitted for value in (0, 1, False, True)] == [
        False,
        True,
        False,
        True,
    ]
    others: list[object] = [2, 1.0, "1"]
    for value in others:
        with refused(f"submitted must be true or false, not {value!r}"):
            marking_from_data({"submitted": value})


def test_numbers_are_read_as_they_were_written() -> None:
    assert str(read_decimal(" 3.00000 ", "x")) == "3.00000"
    assert str(read_decimal(0.1, "x")) == "0.1"
    assert read_decimal(3, "x") == read_decimal(Decimal(3), "x") == Decimal(3)
    others: list[object] = [None, True, "", "1,5"]
    for value in others:
        with refused(f"x must be a number, not {value!r}"):
            read_decimal(value, "x")
    with refused("x must be a number, not a list"):
        read_decimal([], "x")


def test_whole_numbers_are_read_up_to_what_a_database_keeps() -> None:
    assert read_int("7.00", "x") == 7
    assert read_int(2**63 - 1, "x") == 2**63 - 1
    assert read_int(-(2**63) + 1, "x") == -(2**63) + 1
    for value in (2**63, -(2**63)):
        with refused(f"x must be a whole number, not {value}"):
            read_int(value, "x")


def test_texts_are_read_as_they_are_and_whole_numbers_as_their_digits() -> None:
    assert [read_text(value, "x") for value in (None, "", " a ", 7)] == ["", "", " a ", "7"]


def test_days_are_read_from_text_alone() -> None:
    assert read_date("2026-09-01", "x") == date(2026, 9, 1)
    with refused(f"x must be a day like 2026-09-01, not {date(2026, 9, 1)!r}"):
        read_date(date(2026, 9, 1), "x")


def test_the_first_and_the_last_moment_and_day_are_read() -> None:
    first, last = "1900-01-01T00:00:00+00:00", "2200-12-31T23:59:59.999999+00:00"
    assert [read_instant(each, "x").isoformat() for each in (first, last)] == [first, last]
    assert read_instant("2201-01-01T02:59:59+03:00", "x").isoformat() == "2200-12-31T23:59:59+00:00"
    assert read_date("1900-01-01", "x") == date(1900, 1, 1)
    assert read_date("2200-12-31", "x") == date(2200, 12, 31)


def test_a_mark_of_sixty_four_digits_is_still_exact() -> None:
    assert marking_from_data({"raw": "1" * 64}).raw == Decimal("1" * 64)
