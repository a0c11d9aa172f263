"""What is said when one decision takes the place of another about the same work."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs
import pytest

from mzi_core.grading import (
    BTEC_DEFAULT,
    PEARSON_HIGHER_NATIONAL,
    Cause,
    Criterion,
    Grade,
    GradingPolicy,
    Language,
    Marking,
    RuleId,
    causes_of,
    decide,
    why_superseded,
)

NOW = datetime(2026, 2, 15, 8, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
FIRST = Marking(raw=Decimal("1.5"), now=NOW, due=NOW)
AWAITED = Marking(submitted=False, due=NOW, now=NOW)


@pytest.mark.parametrize(
    ("changes", "causes"),
    [
        ({}, ()),
        ({"now": LATER}, ()),
        ({"raw": Decimal("1.50")}, ()),
        ({"raw": Decimal(3)}, (Cause.MARK,)),
        ({"letter": Grade.P}, (Cause.MARK,)),
        ({"maximum": Decimal(4)}, (Cause.MARK,)),
        ({"items": ("Refer", "Pass")}, (Cause.MARK,)),
        ({"attempt": 1}, (Cause.ATTEMPT,)),
        ({"before": Grade.R}, (Cause.ATTEMPT,)),
        ({"repeats_unit": True}, (Cause.ATTEMPT,)),
        ({"submitted_at": NOW}, (Cause.WORK,)),
        ({"submitted": False}, (Cause.WORK,)),
        ({"feedback": "Better."}, (Cause.FEEDBACK,)),
        ({"criteria": (Criterion(code="P1", achieved=True),)}, (Cause.CRITERIA,)),
        ({"workflow": "released"}, (Cause.RELEASE,)),
        ({"due": LATER}, (Cause.DATES,)),
        ({"extension": LATER}, (Cause.DATES,)),
        ({"cutoff": LATER}, (Cause.DATES,)),
        ({"due": LATER, "extension": LATER}, (Cause.DATES,)),
        (
            {"feedback": "Better.", "raw": Decimal(3), "attempt": 1},
            (Cause.MARK, Cause.ATTEMPT, Cause.FEEDBACK),
        ),
    ],
)
def test_a_decision_is_another_one_by_what_is_known_of_the_work(
    changes: dict[str, Any], causes: tuple[Cause, ...]
) -> None:
    assert causes_of(decide(FIRST), decide(attrs.evolve(FIRST, **changes))) == causes


@pytest.mark.parametrize(
    "policy",
    [
        PEARSON_HIGHER_NATIONAL,
        BTEC_DEFAULT.override(merit_from=Decimal("2.75")),
        BTEC_DEFAULT.override(version="another"),
    ],
)
def test_another_policy_makes_another_decision_whatever_the_grade(policy: GradingPolicy) -> None:
    assert causes_of(decide(FIRST), decide(FIRST, policy)) == (Cause.POLICY,)
    changed = attrs.evolve(FIRST, raw=Decimal(3))
    assert causes_of(decide(FIRST), decide(changed, policy)) == (Cause.MARK, Cause.POLICY)


def test_a_deadline_that_passes_is_settling() -> None:
    earlier, later = decide(AWAITED), decide(attrs.evolve(AWAITED, now=LATER))
    assert (earlier.grade, later.grade) == (Grade.PENDING, Grade.F)
    assert causes_of(earlier, later) == (Cause.SETTLING,)


def test_a_refer_that_becomes_a_double_refer_is_settling() -> None:
    earlier = decide(attrs.evolve(FIRST, attempt=1))
    later = attrs.evolve(earlier, verdict=attrs.evolve(earlier.verdict, grade=Grade.RR))
    assert causes_of(earlier, later) == (Cause.SETTLING,)


def test_the_same_marking_judged_otherwise_under_the_same_policy_is_told_as_other_rules() -> None:
    now = decide(FIRST)
    of_old = attrs.evolve(
        now, verdict=attrs.evolve(now.verdict, rule=RuleId.PASS, grade=Grade.P, settled=Grade.P)
    )
    assert causes_of(of_old, now) == (Cause.RULES,)


@pytest.mark.parametrize(
    ("causes", "english", "arabic"),
    [
        (
            (Cause.MARK,),
            "Replaced because the mark or its scale changed.",
            "استُبدل هذا القرار، والسبب: تغيّرت الدرجة أو مقياسها.",
        ),
        (
            (Cause.MARK, Cause.FEEDBACK),
            "Replaced because the mark or its scale changed, and the feedback changed.",
            "استُبدل هذا القرار، والسبب: تغيّرت الدرجة أو مقياسها، وتغيّرت ملاحظات المقيّم.",
        ),
        (
            (Cause.MARK, Cause.ATTEMPT, Cause.SETTLING),
            "Replaced because the mark or its scale changed, the attempt or what is known of it changed, "
            "and time passed and the grade was settled.",
            "استُبدل هذا القرار، والسبب: تغيّرت الدرجة أو مقياسها، وتغيّرت المحاولة أو ما يُعرف عنها"
            "، ومضى الوقت فثُبّت التقدير.",
        ),
    ],
)
def test_the_causes_are_told_in_one_sentence(causes: tuple[Cause, ...], english: str, arabic: str) -> None:
    assert why_superseded(causes) == english
    assert why_superseded(causes, "ar") == arabic


def test_every_cause_has_words_of_its_own_in_both_languages() -> None:
    for language in Language:
        told = {why_superseded([cause], language) for cause in Cause}
        assert len(told) == len(Cause)


def test_what_cannot_be_told_is_refused() -> None:
    with pytest.raises(ValueError, match="not superseded"):
        why_superseded(())
    with pytest.raises(ValueError, match="fr"):
        why_superseded([Cause.MARK], "fr")
