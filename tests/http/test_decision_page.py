"""The page about a decision: everything a person is told, nothing that a marker wrote runs."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mzi_core.grading import (
    BTEC_DEFAULT,
    Cause,
    Criterion,
    Language,
    Marking,
    RuleId,
    RuleOutcome,
    decide,
)
from mzi_core.grading import (
    PEARSON_HIGHER_NATIONAL as _POLICY,
)
from mzi_core.ports import DecisionRecord
from mzi_core.use_cases.kept_decisions import KeptDecision, Superseded
from mzi_http.decision_page import LONGEST_TEXT, decision_page
from mzi_http.decision_words import FACTS, OUTCOMES, RULES, WORDS

NOW = datetime(2026, 2, 15, 20, 30, tzinfo=UTC)
AMMAN = ZoneInfo("Asia/Amman")
HOSTILE = "</style><script>alert('1')</script><img src=x onerror=alert(2)>&\"'"


def kept(
    key: str = "4101_1001_55",
    *,
    superseded: Superseded | None = None,
    policy: Any = None,
    zone: tzinfo = UTC,
    **marking: Any,
) -> KeptDecision:
    """A decision that was kept."""
    decision = decide(Marking(**{"now": NOW, "raw": Decimal("2.80000"), **marking}), policy or _POLICY)
    record = DecisionRecord(key=key, decision=decision, decided_at=NOW)
    return KeptDecision(record=record, superseded=superseded, zone=zone)


def read(page: str) -> str:
    """What a person sees, blanks aside."""
    body = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (
            Language.EN,
            (
                "Decision on a grade Grade Pass",
                "Student 4101 Course 1001 Assignment 55 Recorded as 4101_1001_55",
                "Attempt 1 Decided 15 February 2026, 23:30",
                f"Grading policy {_POLICY.name} , version {_POLICY.version}",
                "Rule that decided Pass PASS",
                "Pass PASS yes, this one decided mark: 2.8 Pass from: 2 Merit from: 3",
                "Merit MERIT not asked",
                "times are in Asia/Amman .",
            ),
        ),
        (
            Language.AR,
            (
                "قرار بشأن تقدير التقدير نجاح (Pass)",
                "الطالب 4101 المقرر 1001 المهمة 55",
                "المحاولة 1 تاريخ القرار 15 شباط 2026، 23:30",
                "نجاح PASS نعم، وهي التي حسمت الدرجة: 2.8",
            ),
        ),
    ],
)
def test_the_page_tells_what_counted_by_which_policy_and_when(
    language: Language, told: tuple[str, ...]
) -> None:
    item = kept(zone=AMMAN)
    seen = read(decision_page([item], language))
    assert [part for part in told if part not in seen] == []
    assert " ".join(item.record.decision.explain(language, AMMAN, NOW).split()) in seen


def test_the_history_tells_each_decision_and_why_it_gave_way() -> None:
    earlier = Superseded(at=NOW + timedelta(days=1), causes=(Cause.MARK, Cause.POLICY))
    items = [kept(), kept(raw=Decimal(1), attempt=1, superseded=earlier)]
    seen = read(decision_page(items, Language.EN))
    assert "Earlier decisions 15 February 2026, 20:30 Grade Refer settles into Double Refer" in seen
    assert "It stood until 16 February 2026, 20:30 . Replaced because the mark or its scale changed" in seen
    assert "Older decisions" not in seen
    assert "Older decisions are not on this page." in read(decision_page(items, Language.EN, more=True))
    assert "Earlier decisions" not in read(decision_page(items[:1], Language.EN))


def test_what_has_no_grade_yet_is_told_in_words() -> None:
    waiting = kept(submitted=False, due=NOW + timedelta(days=1))
    assert "Grade Not graded yet" in read(decision_page([waiting], Language.EN))
    assert "التقدير لم يُرصد التقدير بعد" in read(decision_page([waiting], Language.AR))


def test_times_are_those_of_the_college() -> None:
    waiting = kept(submitted=False, due=NOW + timedelta(hours=1), zone=AMMAN)
    seen = read(decision_page([waiting], Language.EN))
    assert "deadline: 16 February 2026, 00:30 asked at: 15 February 2026, 23:30" in seen


def test_nothing_that_somebody_wrote_is_markup() -> None:
    policy = _POLICY.override(name=HOSTILE, version=HOSTILE, invalid_code="01122")
    item = kept(HOSTILE, policy=policy, feedback=HOSTILE.replace("<", "&lt;"), workflow=HOSTILE)
    for language in Language:
        page = decision_page([item, item], language)
        assert page.count("<style>") == page.count("</style>") == 1
        assert re.findall(r"<(?:script|img)", page) == []
        seen = read(page)
        assert seen.count("<script>alert('1')</script>") >= 4
        assert f"{HOSTILE} , " in seen


@pytest.mark.parametrize("key", ["456_123", "no key at all", "<b>"])
def test_a_key_of_another_kind_is_told_as_it_is(key: str) -> None:
    seen = read(decision_page([kept(key)], Language.EN))
    assert f"Recorded as {key} Attempt" in seen
    assert "Student" not in seen


def test_a_long_text_is_cut_and_says_so() -> None:
    step = {"rule": "INVALID_SUBMISSION", "outcome": "held", "saw": {"feedback": "word " * 1000}}
    decision = kept().record.decision
    record = DecisionRecord(key="k", decision=decision, decided_at=NOW, trace=[step])
    seen = read(decision_page([KeptDecision(record=record, superseded=None, zone=UTC)], Language.EN))
    assert "feedback: word word" in seen
    assert "word … Made from" in seen
    assert seen.count("word ") == LONGEST_TEXT // len("word ")


def test_a_criteria_mismatch_is_told() -> None:
    item = kept(criteria=(Criterion(code="P1", achieved=False),))
    assert "To be looked at The assessment criteria add up to Refer" in read(
        decision_page([item], Language.EN)
    )


@pytest.mark.parametrize("language", list(Language))
def test_nothing_of_marking_that_is_not_released_is_on_the_page(language: Language) -> None:
    held: dict[str, Any] = {"workflow": "inmarking", "raw": None}
    page = decision_page([kept(**held)], language)
    given = kept(letter="D", submitted=False, feedback="01122", attempt=0, **held)
    assert given.record.decision.warnings
    assert decision_page([given], language) == page


def test_what_has_no_word_here_is_told_by_its_own_name() -> None:
    step = {
        "rule": "OF_ANOTHER_DAY",
        "outcome": "held",
        "saw": {"phase_of_the_moon": 3, "": None, "so": True},
    }
    decision = kept().record.decision
    record = DecisionRecord(key="k", decision=decision, decided_at=NOW, trace=[step])
    seen = read(decision_page([KeptDecision(record=record, superseded=None, zone=UTC)], Language.EN))
    assert "OF_ANOTHER_DAY yes, this one decided phase_of_the_moon: 3 : – so: yes" in seen


def test_every_rule_and_value_has_words_in_both_languages() -> None:
    ladder = ("Refer", "Pass", "Merit", "Distinction")
    every = [kept(raw=Decimal(4), policy=BTEC_DEFAULT, items=items) for items in ((), ladder)]
    steps: list[Any] = [step for each in every for step in each.record.trace]
    looked_at = {name for step in steps for name in step["saw"]}
    for language in Language:
        assert set(RuleId) <= set(RULES[language])
        assert set(RuleOutcome) == set(OUTCOMES[language])
        assert looked_at <= set(FACTS[language])
    for words in (WORDS, OUTCOMES, RULES, FACTS):
        assert set(words[Language.EN]) == set(words[Language.AR])
