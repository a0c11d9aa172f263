"""Criteria, the outcome they imply, and the rows that Zoho keeps of them."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.repetitions import often

from mzi_core.grading import Criterion, Grade, Level, unit_outcome

TWELVE = ["P1", "P2", "P3", "P4", "P5", "M1", "M2", "M3", "M4", "D1", "D2", "D3"]


def ticked(codes: str, *, crossed: str = "") -> list[Criterion]:
    return [Criterion(code=code, achieved=True) for code in codes.split()] + [
        Criterion(code=code, achieved=False) for code in crossed.split()
    ]


def test_all_4096_ways_to_tick_twelve_criteria_agree_with_bit_masks() -> None:
    """The oracle knows nothing of levels: five low bits make a Pass, nine a Merit, twelve a Distinction."""
    for bits in range(2**12):
        criteria = [Criterion(code=code, achieved=bool(bits >> n & 1)) for n, code in enumerate(TWELVE)]
        if bits == 0b111_1111_11111:
            expected = "D"
        elif bits & 0b000_1111_11111 == 0b000_1111_11111:
            expected = "M"
        elif bits & 0b11111 == 0b11111:
            expected = "P"
        else:
            expected = "R"
        assert unit_outcome(criteria) == expected


@settings(max_examples=often(50, gate=15), deadline=None)
@given(st.permutations(ticked("P1 P2 M1", crossed="D1 D2")))
def test_the_order_of_criteria_does_not_matter(criteria: list[Criterion]) -> None:
    assert unit_outcome(criteria) is Grade.M


@pytest.mark.parametrize(
    ("criteria", "outcome"),
    [
        ([], None),
        (ticked("LO1 LO2.3"), None),
        (ticked("P1"), Grade.P),
        (ticked("P1 M1"), Grade.M),
        (ticked("P1 P2"), Grade.P),
        (ticked("P1", crossed="P2"), Grade.R),
        (ticked("P1 D1"), Grade.D),
        (ticked("P1", crossed="D1"), Grade.P),
        (ticked("P1", crossed="M1"), Grade.P),
        (ticked("P1 M1", crossed="D1"), Grade.M),
        (ticked("M1"), Grade.M),
        (ticked("", crossed="M1"), Grade.R),
        (ticked("D1"), Grade.D),
        (ticked("", crossed="D1"), Grade.R),
        (ticked("D1", crossed="M1"), Grade.R),
        (ticked("M1", crossed="D1"), Grade.M),
        (ticked("M1 D1", crossed="P1"), Grade.R),
        (ticked("P1 D1", crossed="M1"), Grade.P),
        (ticked("P1 LO1"), Grade.P),
        (ticked("P1", crossed="LO1"), Grade.P),
    ],
)
def test_a_level_without_criteria_is_passed_through_and_never_awarded(
    criteria: list[Criterion], outcome: Grade | None
) -> None:
    assert unit_outcome(criteria) is outcome


@pytest.mark.parametrize(
    "code", ["P1", "P9", "P10", "P20", "M1", "M9", "D1", "D9", "LO1", "LO1.2", "LO10.11.12"]
)
def test_every_code_of_a_specification_is_a_criterion(code: str) -> None:
    assert Criterion(code=f" {code.lower()} ", achieved=True).code == code


@pytest.mark.parametrize(
    "code",
    ["", "P", "P0", "P01", "P21", "M0", "M10", "P1a", "D10", "X1", "LO", "LO1.", "P1 M1", "P١", "P" * 500],
)
def test_any_other_code_is_kept_as_it_came_and_counts_towards_no_grade(code: str) -> None:
    criterion = Criterion(code=f" {code} ", achieved=False)
    assert (criterion.code, criterion.is_readable, criterion.level) == (code, False, None)
    assert unit_outcome([criterion]) is None
    assert unit_outcome([*ticked("P1"), criterion]) is Grade.P


def test_a_code_of_forty_characters_is_the_longest_that_is_read() -> None:
    longest = "lo12" + ".123" * 9
    assert Criterion(code=longest, achieved=True).code == longest.upper()
    assert not Criterion(code=f"lo1{longest[2:]}", achieved=True).is_readable


def test_criteria_sort_by_level_and_number() -> None:
    shuffled = ticked("LO2 M10 D1 M2 P10 LO1.10 P2 M1 LO1.2 P1 D2 A")
    assert [each.code for each in sorted(shuffled, key=lambda each: each.order)] == (
        ["P1", "P2", "P10", "M1", "M2", "D1", "D2", "LO1.2", "LO1.10", "LO2", "A", "M10"]
    )


def test_a_learning_outcome_counts_towards_no_level() -> None:
    levels = [(each.level, each.is_readable) for each in ticked("P1 M1 D1 LO1")]
    assert levels == [(Level.P, True), (Level.M, True), (Level.D, True), (None, True)]


def test_ticking_one_more_never_lowers_the_outcome() -> None:
    codes = ["P1", "P2", "M1", "D1"]
    for ticks in product((False, True), repeat=4):
        before = unit_outcome([Criterion(code=c, achieved=a) for c, a in zip(codes, ticks, strict=True)])
        for n in range(4):
            more = [a or i == n for i, a in enumerate(ticks)]
            after = unit_outcome([Criterion(code=c, achieved=a) for c, a in zip(codes, more, strict=True)])
            assert before is not None
            assert after is not None
            assert after.rank >= before.rank
