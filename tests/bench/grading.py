"""What a decision that can explain itself costs more than a chain of comparisons."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial

from tests.bench.measure import Bench, Measurement
from tests.bench.rows import Row, at_most

from mzi_adapters.bench import Rounds, Stopwatch
from mzi_core.grading import BTEC_DEFAULT, Marking, decide, judge

MARKS = [None, Decimal(-1), *(Decimal(n) / 4 for n in range(17))]
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


def agreed(marking: Marking) -> None:
    """Make sure that all sides come to the same."""
    decision = decide(marking)
    assert straight(marking) == (decision.grade, decision.settled)
    assert decision.verdict == judge(marking, BTEC_DEFAULT)


async def _all(judge: Callable[[Marking], object], meter: Stopwatch) -> None:
    """All markings, many times over."""
    with meter.running(TIMES * len(MARKINGS)):
        for _ in range(TIMES):
            for marking in MARKINGS:
                judge(marking)


async def _run(bench: Bench) -> Rounds:
    for marking in MARKINGS:
        agreed(marking)
    judges: dict[str, Callable[[Marking], object]] = {
        "straight": straight,
        "decided": decide,
        "traced": lambda marking: decide(marking).trace,
        "judged": lambda marking: judge(marking, BTEC_DEFAULT),
    }
    return await bench.turns("Grading", {name: partial(_all, judge) for name, judge in judges.items()})


_row = partial(
    Row,
    number="7",
    name="grading",
    against="straight",
    baseline="the straight-line function, which knows no reason",
)

ROWS = (
    _row(what="a grading decision from which the whole trace follows", side="decided", limit=at_most(9)),
    _row(what="the same with the trace written out", side="traced", limit=at_most()),
    _row(what="the bare verdict", side="judged", limit=at_most()),
)

MEASUREMENTS = (Measurement(rows=ROWS, run=_run),)
