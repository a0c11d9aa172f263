"""What the grading tests begin from: moments, and strategies over every marking that can be built."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import strategies as st

from mzi_core.grading import (
    BTEC_DEFAULT,
    PEARSON_HIGHER_NATIONAL,
    PERCENT,
    Criterion,
    Grade,
    GradingPolicy,
    Marking,
    Scale,
    SettleMode,
    decide,
)

NOW = datetime(2026, 2, 9, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)

FINAL = (Grade.F, Grade.R, Grade.RR, Grade.P, Grade.M, Grade.D)

# Marks that sit on, just under and just over every threshold of both scales, and odd ones in between.
_EDGES = "-5 -1 -0.5 0 0.00 0.01 1 1.99 2 2.01 2.99 3 3.01 3.99 4 4.01 39.99 40 59.99 60 69.99 70 100"
EDGES = [Decimal(text) for text in _EDGES.split(" ")]

marks = st.none() | st.sampled_from(EDGES) | st.decimals(-2, 120, places=5, allow_nan=False)
moments = st.sampled_from([NOW - DAY, NOW - SECOND, NOW, NOW + SECOND, NOW + DAY])
feedbacks = st.sampled_from(
    ["", "Well done.", "Code: 01122.", "<p>0112<b>2</b></p>", "Call 0770112233", "٠١١٢٢", "a &lt; b"]
)
workflows = st.sampled_from([None, "", "inmarking", "ReadyForRelease", "released", "RELEASED", "draft"])
codes = [*(f"P{n}" for n in range(1, 6)), "M1", "M2", "D1", "LO1.2"]
criteria_sets = st.lists(st.sampled_from(codes), unique=True, max_size=6).flatmap(
    lambda chosen: st.tuples(
        *(st.builds(Criterion, code=st.just(code), achieved=st.booleans()) for code in chosen)
    )
)

grade_items = st.sampled_from(
    [
        {"scale": Scale.BTEC_0_4},
        {"scale": Scale.PERCENT},
        {"maximum": Decimal(7)},
        {"minimum": Decimal(1), "maximum": Decimal(3)},
        {"items": ("Refer", "Pass", "Merit", "Distinction")},
        {"items": ("Merit", "Distinction", "Refer")},
        {"items": ("Fail", "Pass")},
    ]
)

markings = st.builds(
    lambda item, **facts: Marking(**item, **facts),
    item=st.just({"scale": Scale.BTEC_0_4}) | grade_items,
    raw=marks,
    letter=st.none() | st.none() | st.sampled_from(Grade),
    submitted=st.sampled_from([True, True, False, None]),
    attempt=st.integers(0, 3),
    before=st.none() | st.none() | st.sampled_from(Grade),
    repeats_unit=st.sampled_from([False, False, True]),
    submitted_at=st.none() | moments,
    feedback=feedbacks,
    workflow=workflows,
    due=st.none() | moments,
    extension=st.none() | moments,
    cutoff=st.none() | moments,
    now=st.just(NOW),
    criteria=criteria_sets,
)

policies = st.sampled_from(
    [
        BTEC_DEFAULT,
        PEARSON_HIGHER_NATIONAL,
        PERCENT,
        BTEC_DEFAULT.override(release_gating=False),
        BTEC_DEFAULT.override(null_means_refer=False, settle=SettleMode.IMMEDIATELY),
        BTEC_DEFAULT.override(invalid_code=None, reassessment_cap=Grade.M),
        BTEC_DEFAULT.override(scale_words={"Fail": "F"}, late_cap=Grade.P),
        PEARSON_HIGHER_NATIONAL.override(late_cap=Grade.M, release_gating=False),
        BTEC_DEFAULT.override(pass_from=Decimal("1.5"), percent_distinction_from=Decimal(80)),
    ]
)


def grade_of(marking: Marking, policy: GradingPolicy = BTEC_DEFAULT) -> tuple[str, str, str]:
    """Rule, grade and settled grade of a marking, as plain texts for tables."""
    decision = decide(marking, policy)
    return decision.rule.value, decision.grade.value, decision.settled.value


def marking_grid() -> list[Marking]:
    """A complete walk over what matters: every edge of the marks, and every branch of everything else."""
    return [
        Marking(
            raw=raw, scale=scale, feedback=feedback, workflow=workflow, attempt=attempt, now=NOW, **handed_in
        )
        for raw in (None, *EDGES)
        for scale in Scale
        for feedback in ("", "Code: 01122.", "Call 0770112233")
        for workflow in (None, "inmarking", "released")
        for attempt in (0, 1, 2)
        for handed_in in _HANDED_IN
    ] + [Marking(letter=grade, before=grade) for grade in Grade]


_HANDED_IN: list[dict[str, Any]] = [
    {},
    {"submitted": False},
    {"submitted": False, "due": NOW},
    {"submitted": False, "due": NOW - SECOND},
    {"submitted": None, "due": NOW - SECOND, "before": Grade.P},
    {"due": NOW - SECOND, "submitted_at": NOW, "repeats_unit": True},
]


def refused(sentence: str) -> pytest.RaisesExc[ValueError]:
    """The block raises a ValueError that says exactly this."""
    return pytest.raises(ValueError, match=rf"\A{re.escape(sentence)}\Z")
