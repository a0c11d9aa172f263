"""One class's work as its marker left it in Moodle: every outcome there is, and then the usual ones."""

from collections.abc import Mapping
from random import Random
from typing import Any

from mzi_adapters.testing.college.office import ticked
from mzi_adapters.testing.college.people import FIRST_STUDENT_USER, iter_students
from mzi_adapters.testing.college.seeds import chance

_NOW = "2026-03-01T07:00:00+00:00"
_PAST = "2026-02-22T20:59:00+00:00"
_AHEAD = "2026-03-08T20:59:00+00:00"

_HANDED_IN: Mapping[str, Any] = {
    "raw": None,
    "scale": "btec-0-4",
    "letter": None,
    "submitted": True,
    "attempt": 0,
    "feedback": "",
    "workflow": None,
    "due": _PAST,
    "extension": None,
    "cutoff": None,
    "now": _NOW,
}
_GOOD = "<p>Clear and complete; well argued.</p>"
_POOR = "<p>P1 is not met yet: please explain the method.</p>"

_CASES: tuple[tuple[str, str, str, Mapping[str, Any]], ...] = (
    ("D", "D", "DISTINCTION", {"raw": "4", "workflow": "released", "feedback": "<p>عمل ممتاز.</p>"}),
    ("M", "M", "MERIT", {"raw": "3", "workflow": "released", "feedback": _GOOD}),
    ("P", "P", "PASS", {"raw": "2", "workflow": "released", "feedback": _GOOD}),
    ("R", "R", "BELOW_PASS", {"raw": "1", "workflow": "released", "feedback": _POOR}),
    ("R", "RR", "BELOW_PASS", {"raw": "1.5", "workflow": "released", "attempt": 1, "feedback": _POOR}),
    (
        "F",
        "F",
        "INVALID_SUBMISSION",
        {"raw": "3", "workflow": "released", "feedback": "<p>01122 Copied.</p>"},
    ),
    ("F", "F", "NO_SUBMISSION", {"submitted": False}),
    ("F", "F", "EXPLICIT_ZERO", {"raw": "0", "workflow": "released", "feedback": "<p>Empty file.</p>"}),
    ("PENDING", "PENDING", "UNGRADED", {"raw": "-1"}),
    ("PENDING", "PENDING", "AWAITING_SUBMISSION", {"submitted": False, "due": _AHEAD}),
    ("PENDING", "PENDING", "NOT_RELEASED", {"raw": "3", "workflow": "inmarking", "feedback": _GOOD}),
    ("PENDING", "PENDING", "AWAITING_SUBMISSION", {"submitted": False, "extension": _AHEAD}),
    ("R", "R", "BELOW_PASS", {"feedback": _POOR}),
    ("P", "P", "PASS", {"raw": "2.5", "attempt": 1, "feedback": "<p>All met after resubmission.</p>"}),
    ("P", "P", "PASS", {"raw": "2", "feedback": "<p>Call me on 0770112233 about P4.</p>"}),
    ("M", "M", "EXPLICIT_LETTER", {"letter": "M", "feedback": _GOOD}),
)
"""(grade, settled, rule, what differs from work that was handed in on time and not marked)."""

_USUAL = (0, 1, 1, 1, 2, 2, 2, 2, 3)
_CODES = ("P1", "P2", "P3", "P4", "M1", "M2", "M3", "D1", "D2")


def _ticks(dice: Random, settled: str, marking: Mapping[str, Any]) -> list[dict[str, Any]]:
    if marking["raw"] in (None, "-1") and marking["letter"] is None:
        return []
    letter = "M" if settled == "PENDING" else settled
    ticks = [(code, ticked(dice, letter, code)) for code in _CODES]
    return [
        {"code": code, "achieved": achieved, "remark": "" if achieved else "not yet"}
        for code, achieved in ticks
    ]


def markings(seed: int, n: int = 30) -> tuple[dict[str, Any], ...]:
    """A class of `n`: the keys are the inputs of a marking, and `student`, `name`, `expected` besides.

    `raw` is text or None, times are ISO text, `student` is the Moodle user id. `expected` has the grade, the
    settled grade and the rule id under the default policy (without release gating the work in marking is a
    Merit). The first 16 are one of each case; in a larger class all are shuffled.
    """
    dice = chance(seed, "markings")
    cases = [_CASES[number] for number in range(min(n, len(_CASES)))]
    cases += [_CASES[dice.choice(_USUAL)] for _ in range(n - len(cases))]
    if n > len(_CASES):
        dice.shuffle(cases)
    rows = []
    for serial, (case, who) in enumerate(zip(cases, iter_students(seed, n), strict=True), start=1):
        grade, settled, rule, differs = case
        marking = {**_HANDED_IN, **differs}
        rows.append(
            {
                "student": FIRST_STUDENT_USER + serial,
                "name": who["Display_Name"],
                **marking,
                "criteria": _ticks(dice, settled, marking),
                "expected": {"grade": grade, "settled": settled, "rule": rule},
            }
        )
    return tuple(rows)
