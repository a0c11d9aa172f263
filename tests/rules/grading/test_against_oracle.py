"""The product and the oracle, which was written from the specification alone, say the same of every case."""

import ast
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from inspect import getsource
from itertools import product
from random import Random
from typing import Any

import pytest
from tests.rules.grading import oracle
from tests.rules.grading.oracle import Book, Item, Mark, Said, Tick, implied, say

from mzi_core.grading import (
    BTEC_DEFAULT,
    PEARSON_HIGHER_NATIONAL,
    Criterion,
    Decision,
    Grade,
    GradingPolicy,
    Marking,
    decide,
    settle,
    unit_outcome,
)

QUICK = 1000
MANY = 12_000
"""Cases of one seed: ten seeds are more than 100,000."""

NEVER = datetime(2026, 2, 9, 12, 0, tzinfo=UTC)
TOLD = {
    *("CRITERIA_MISMATCH", "LETTER_AGAINST_CODE", "OVER_CAP", "MARK_WITHOUT_WORK"),
    *("UNKNOWN_WORKFLOW", "UNKNOWN_SCALE", "OFF_SCALE", "LOWER_THAN_BEFORE"),
}
"""The warnings that the specification names."""

SEEN = (
    *("NOT_RELEASED", "EXPLICIT_LETTER", "REASSESSED_AFTER_PASS", "NOT_PERMITTED", "INVALID_SUBMISSION"),
    *("AWAITING_SUBMISSION", "NO_SUBMISSION", "UNGRADED", "EXPLICIT_ZERO", "BELOW_PASS", "PASS"),
    *("REASSESSMENT_CAP", "MERIT", "DISTINCTION"),
)
"""The rules that the specification names."""

FEEDBACK = (
    *(
        "",
        "Well done.",
        "Code: 01122.",
        "01122",
        "<p>01122</p>",
        "(01122)",
        "01122,",
        "see 01122: wrong file",
    ),
    *("Call 0770112233", "07/01122", "1.01122", "a-01122", "01122-1", "x_01122", "01122@college.example"),
    *("https://moodle.example/01122/2", "<a href='x?c=01122'>file</a>", '<a title="> 01122">file</a>'),
    *("<b>0</b>1122", "01<b>122</b>", "x<div>01122</div>y", "7<br>01122<br>7", "0\u200b1122", "0&shy;1122"),
    *("\u200f01122\u200f", "&#48;1122", "<style>.a{} 01122</style>", "<script>01122</script>ok"),
    *("الملف خاطئ و01122", "الرمز 01122، أعد", "رمز01122", "01122و", "2 < 3 and 01122"),
)
MARKS = (
    "-1",
    "0",
    "0.5",
    "1",
    "1.5",
    "1.99999",
    "2",
    "2.5",
    "2.99999",
    "3",
    "3.5",
    "3.99999",
    "4",
    "4.00001",
    "-0.5",
)
HUNDREDTHS = (0, 1, 39, 40, 41, 50, 59, 60, 61, 69, 70, 71, 99, 100, 101, -2)
SCALES = (
    ("Refer", "Pass", "Merit", "Distinction"),
    ("refer", "PASS", "Merit ", "distinction"),
    ("Distinction", "Merit", "Pass", "Refer"),
    ("Merit", "Refer", "Distinction", "Pass"),
    ("Refer", "Pass"),
    ("Pass", "Refer"),
    ("Not yet competent", "Competent"),
    ("Poor", "Fair", "Good", "Excellent"),
)
WORDS = (("Not yet competent", "R"), ("Competent", "P"))
RANGES = (("0", "4"),) * 6 + (("0", "100"), ("0", "10"), ("0", "7"), ("0", "3"), ("10", "30"), ("1", "5"))


def cases(seed: int, number: int) -> Iterator[tuple[Mark, Book]]:
    """Cases that sit on every border, drawn by a seed."""
    draw = Random(seed)
    for _ in range(number):
        item, raw = _mark(draw)
        attempt = draw.randint(0, 3)
        repeated = draw.random() < 0.1
        mark = Mark(
            raw=raw,
            item=item,
            letter=draw.choice(("F", "R", "RR", "P", "M", "D")) if draw.random() < 0.15 else None,
            submitted=draw.choice((True, True, True, False, False, None)),
            attempt=attempt,
            feedback=draw.choice(FEEDBACK) if draw.random() < 0.4 else "",
            workflow=draw.choice(
                (None,) * 8 + ("", "inmarking", "Released", "released", "READYFORRELEASE", "draft")
            ),
            due=draw.choice((None, -60, -1, 1, 60)),
            extension=draw.choice((None, None, -30, 30)),
            cutoff=draw.choice((None, None, -10, 10)),
            criteria=_ticks(draw) if draw.random() < 0.5 else (),
            before=draw.choice((None, "F", "R", "P", "M", "D")) if attempt or repeated else None,
            repeated=repeated,
            handed_in=draw.choice((None, None, -100, -45, 45)),
        )
        book = Book(
            btec=_steps(draw.choice(("2 3 4", "2 3 4", "1.5 2.75 3.5"))),
            percent=_steps(draw.choice(("40 60 70", "50 65 80"))),
            gate=draw.random() < 0.7,
            capped=draw.random() < 0.3,
            late_cap=draw.choice((None, None, "P", "M")),
            words=WORDS if draw.random() < 0.5 else (),
        )
        yield mark, book


def _steps(text: str) -> tuple[Fraction, Fraction, Fraction]:
    least, middle, most = map(Fraction, text.split())
    return least, middle, most


def _mark(draw: Random) -> tuple[Item, Fraction | None]:
    if draw.random() < 0.3:
        item = Item(items=draw.choice(SCALES))
        text = draw.choice(MARKS)
    else:
        least, most = draw.choice(RANGES)
        item = Item(minimum=Fraction(least), maximum=Fraction(most))
        text = draw.choice(MARKS) if most == "4" else _share(draw, item)
    return item, None if draw.random() < 0.1 else Fraction(text)


def _share(draw: Random, item: Item) -> str:
    """A mark that is so many hundredths of the range, with Moodle's five places."""
    share = item.minimum + (item.maximum - item.minimum) * draw.choice(HUNDREDTHS) / 100
    return str(round(Decimal(share.numerator) / share.denominator, 5))


def _ticks(draw: Random) -> tuple[Tick, ...]:
    sure = draw.random() < 0.5
    ticks = [
        Tick(level, number, sure or draw.random() < 0.8)
        for level in "PMD"
        for number in range(1, draw.randint(0, 3) + 1)
    ]
    draw.shuffle(ticks)
    return tuple(ticks)


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / value.denominator


def _moment(minutes: int | None) -> datetime | None:
    return None if minutes is None else NEVER + timedelta(minutes=minutes)


def criteria_of(ticks: Sequence[Tick]) -> tuple[Criterion, ...]:
    return tuple(Criterion(code=f"{tick.level}{tick.number}", achieved=tick.achieved) for tick in ticks)


def policy_of(book: Book) -> GradingPolicy:
    base = PEARSON_HIGHER_NATIONAL if book.capped else BTEC_DEFAULT
    names = ("pass_from", "merit_from", "distinction_from")
    return base.override(
        invalid_code=book.code,
        late_cap=None if book.late_cap is None else Grade(book.late_cap),
        release_gating=book.gate,
        scale_words=tuple((word, Grade(letter)) for word, letter in book.words),
        **{name: _decimal(value) for name, value in zip(names, book.btec, strict=True)},
        **{f"percent_{name}": _decimal(value) for name, value in zip(names, book.percent, strict=True)},
    )


def decided(mark: Mark, book: Book) -> Decision:
    """What the product makes of a case."""
    item = mark.item
    points: dict[str, Any] = (
        {} if item.items else {"minimum": _decimal(item.minimum), "maximum": _decimal(item.maximum)}
    )
    marking = Marking(
        raw=None if mark.raw is None else _decimal(mark.raw),
        items=item.items,
        **points,
        letter=None if mark.letter is None else Grade(mark.letter),
        submitted=mark.submitted,
        attempt=mark.attempt,
        feedback=mark.feedback,
        workflow=mark.workflow,
        due=_moment(mark.due),
        extension=_moment(mark.extension),
        cutoff=_moment(mark.cutoff),
        now=_moment(mark.now),
        criteria=criteria_of(mark.criteria),
        before=None if mark.before is None else Grade(mark.before),
        repeats_unit=mark.repeated,
        submitted_at=_moment(mark.handed_in),
    )
    return decide(marking, policy_of(book))


def differences(said: Said, mark: Mark, decision: Decision) -> list[str]:
    """Where the product says another thing than the oracle."""
    warned = {str(warning) for warning in decision.warnings} & TOLD
    if mark.letter is None:
        warned -= {"CRITERIA_MISMATCH"}  # the page speaks of letters alone
    elif said.rule == "NOT_RELEASED":
        warned &= {"UNKNOWN_WORKFLOW"}  # and of letters only where they decide
    pairs = {
        "grade": (said.grade or "PENDING", decision.grade),
        "settled": (said.settled or "PENDING", decision.settled),
        "rule": (said.rule or decision.rule, decision.rule),
        "capped_from": (said.capped_from, decision.capped_from),
        "warnings": (said.warnings, warned),
    }
    if said.settled_open:
        del pairs["settled"]
    return [f"{name}: {want} by the page, {got} here" for name, (want, got) in pairs.items() if want != got]


def compared(seed: int, number: int) -> Counter[str]:
    """Compare that many cases; how many by each rule, and how many the page leaves open."""
    seen: Counter[str] = Counter()
    wrong = []
    for mark, book in cases(seed, number):
        said = say(mark, book)
        if said.open is not None:
            seen["open"] += 1
            continue
        decision = decided(mark, book)
        seen[decision.rule] += 1
        found = differences(said, mark, decision)
        if found:
            wrong.append(f"{found}\n  {mark}\n  {book}")
    assert wrong == [], f"{len(wrong)} of {number} differ, such as:\n" + "\n".join(wrong[:5])
    return seen


@pytest.mark.parametrize("seed", range(4))
def test_a_few_thousand_cases_are_decided_as_the_page_says(seed: int) -> None:
    seen = compared(seed, QUICK)
    assert seen["open"] < QUICK // 5
    assert {rule for rule in SEEN if seen[rule] < 3} == set()


@pytest.mark.slow
@pytest.mark.no_cover  # the few thousand take every branch that these do
@pytest.mark.parametrize("seed", range(100, 110))
def test_more_than_a_hundred_thousand_cases_are_decided_as_the_page_says(seed: int) -> None:
    compared(seed, MANY)


def test_the_oracle_knows_nothing_of_the_product() -> None:
    imported = {
        name
        for node in ast.walk(ast.parse(getsource(oracle)))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in [getattr(node, "module", None), *(alias.name for alias in node.names)]
    }
    assert "fractions" in imported
    assert [name for name in imported if name is not None and name.startswith(("mzi", "tests"))] == []


def ragged() -> Iterator[tuple[Tick, ...]]:
    """Every set of ticks with up to four P, three M and three D."""
    for sizes in product(range(5), range(4), range(4)):
        codes = [(level, n) for level, size in zip("PMD", sizes, strict=True) for n in range(1, size + 1)]
        for ticks in product((True, False), repeat=len(codes)):
            yield tuple(Tick(level, n, tick) for (level, n), tick in zip(codes, ticks, strict=True))


def test_every_set_of_criteria_implies_what_the_page_says() -> None:
    sets = list(ragged())
    assert len(sets) == 31 * 15 * 15
    assert [ticks for ticks in sets if unit_outcome(criteria_of(ticks)) != implied(ticks)] == []


def ticked(**levels: str) -> tuple[Criterion, ...]:
    """Criteria from lists of scores: P="11" is P1 and P2, both achieved."""
    return criteria_of(
        [
            Tick(level, number, score == "1")
            for level, scores in levels.items()
            for number, score in enumerate(scores, start=1)
        ]
    )


MOODLE = {
    "the tests of gradingform_btec": [
        (ticked(P="00", M="00", D="00"), Grade.R),
        (ticked(P="11", M="00", D="00"), Grade.P),
        (ticked(P="11", M="11", D="10"), Grade.M),
        (ticked(P="11", M="11", D="11"), Grade.D),
        (ticked(P="11", D="11"), Grade.D),
        (ticked(P="01", M="11", D="11"), Grade.R),
    ],
    "the table of its page in Moodle's documentation": [
        (ticked(P="01", M="11", D="11"), Grade.R),
        (ticked(P="11", M="01", D="11"), Grade.P),
        (ticked(P="11", M="11", D="01"), Grade.M),
        (ticked(P="11", M="11", D="11"), Grade.D),
    ],
    "the forms that the page names, by the code of the plugin": [
        (ticked(P="1", M="1", D="1"), Grade.D),
        (ticked(P="1"), Grade.P),
        (ticked(P="0"), Grade.R),
        (ticked(P="11", D="1"), Grade.D),
        (ticked(P="11", D="0"), Grade.P),
        (ticked(M="11"), Grade.M),
        (ticked(M="10"), Grade.R),
        (ticked(D="0"), Grade.R),
        (ticked(M="1", D="0"), Grade.M),
    ],
}
"""Moodle's BTEC marking. In its first releases a form of P alone, all met, was a Distinction."""


@pytest.mark.parametrize("forms", MOODLE.values(), ids=MOODLE)
def test_the_forms_of_moodles_btec_marking_come_to_the_same(
    forms: Sequence[tuple[tuple[Criterion, ...], Grade]],
) -> None:
    assert [(criteria, unit_outcome(criteria)) for criteria, _ in forms] == forms


GUIDE = (
    (Mark(raw=Fraction("3.5"), feedback="Good work but wrong assignment. Code: 01122"), "F", "F"),
    (Mark(raw=None, submitted=False), "F", "F"),
    (Mark(raw=Fraction("1.5"), feedback="Needs improvement"), "R", "R"),
    (Mark(raw=Fraction("1.8"), attempt=1, feedback="Still not meeting criteria"), "R", "RR"),
    (Mark(raw=Fraction("2.5"), attempt=1, feedback="Much better!"), "P", "P"),
)
"""The test cases of the conversion guide, 3.4.1: the grade, and what its scheduled task makes of it."""


@pytest.mark.parametrize(("mark", "grade", "settled"), GUIDE)
def test_the_five_cases_of_the_conversion_guide(mark: Mark, grade: str, settled: str) -> None:
    said, decision = say(mark, Book()), decided(mark, Book())
    assert (said.grade, said.settled) == (grade, settled)
    assert differences(said, mark, decision) == []
    assert settle([decision]).grade == settled
