"""What a decision that can explain itself costs more than a chain of comparisons."""

from collections.abc import Iterator
from decimal import Decimal

from tests.bench.measure import Bar, ratio

from mzi_core.grading import BTEC_DEFAULT, Marking, decide, judge

MARKS = [None, *(Decimal(n) / 4 for n in range(-4, 18))]
MARKINGS = [
    Marking(raw=raw, submitted=submitted, attempt=attempt, feedback=feedback)
    for raw in MARKS
    for submitted in (True, True, True, False)
    for attempt in (0, 1)
    for feedback in ("", "Clear design, well argued.", "Code: 01122")
]
TIMES = 40

PASS, MERIT, DISTINCTION = Decimal(2), Decimal(3), Decimal(4)


def straight(marking: Marking) -> tuple[str, str]:
    """The same rules as a straight line, without anything to tell about them."""
    raw = marking.raw
    if "01122" in marking.feedback or not marking.submitted:
        return "F", "F"
    if raw is None or raw < PASS:
        if raw == -1:
            return "PENDING", "PENDING"
        if raw == 0:
            return "F", "F"
        return "R", "RR" if marking.attempt else "R"
    if raw < MERIT:
        return "P", "P"
    return ("M", "M") if raw < DISTINCTION else ("D", "D")


def _straight() -> None:
    for _ in range(TIMES):
        for marking in MARKINGS:
            straight(marking)


def _decide() -> None:
    for _ in range(TIMES):
        for marking in MARKINGS:
            decide(marking, BTEC_DEFAULT)


def _judge() -> None:
    for _ in range(TIMES):
        for marking in MARKINGS:
            judge(marking, BTEC_DEFAULT)


def agreed(marking: Marking) -> None:
    """Make sure that all sides come to the same."""
    decision = decide(marking)
    assert straight(marking) == (decision.grade, decision.settled)
    assert decision.verdict == judge(marking, BTEC_DEFAULT)


def bars() -> Iterator[Bar]:
    """The bars, for sides that agree."""
    for marking in MARKINGS:
        agreed(marking)
    decisions = TIMES * len(MARKINGS)
    yield Bar(
        number="7",
        what="a grading decision that keeps its trace",
        baseline="the straight-line function without one",
        ratio=ratio(_decide, _straight),
        bar=9.0,
        at_most=True,
        records=decisions,
    )
    yield Bar(
        number="7",
        what="the bare verdict of a rule, to which the trace is constant",
        baseline="the straight-line function without one",
        ratio=ratio(_judge, _straight),
        bar=None,
        at_most=True,
        records=decisions,
        note="the aim is 1.25",
    )
