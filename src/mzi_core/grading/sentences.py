"""What a student may be told about a grade, in English and in Arabic, fit to answer an appeal."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, tzinfo

import attrs

from mzi_core.grading.grade import Grade
from mzi_core.grading.marking import Marking
from mzi_core.grading.numbers import rounded, written
from mzi_core.grading.policy import GradingPolicy
from mzi_core.grading.rules import RuleId, Verdict
from mzi_core.grading.scales import Scale, grades_of
from mzi_core.grading.sentence_texts import COMMA, GRADES, MONTHS, QUOTED, TEXTS, Language, Phrase
from mzi_core.grading.trace import PLACES
from mzi_core.grading.warning_ids import WarningId

_MOST_ITEMS = 12
"""Items of a scale that a sentence names."""

_LONGEST_ITEM = 60

_PLACES_OF_A_SHARE = 2

# Told to the student; what else a decision warns of is the college's to look at.
_TOLD = (WarningId.CRITERIA_MISMATCH, WarningId.MARK_WITHOUT_WORK, WarningId.LOWER_THAN_BEFORE)

_ON_THRESHOLDS = (RuleId.BELOW_PASS, RuleId.PASS, RuleId.MERIT, RuleId.DISTINCTION)

_NEXT: Mapping[RuleId, Phrase] = {
    RuleId.NOT_RELEASED: Phrase.NEXT_WAIT,
    RuleId.NOT_PERMITTED: Phrase.NEXT_REPEAT,
    RuleId.AWAITING_SUBMISSION: Phrase.NEXT_HAND_IN,
    RuleId.UNKNOWN_SCALE: Phrase.NEXT_COLLEGE,
    RuleId.UNGRADED: Phrase.NEXT_WAIT,
    RuleId.OFF_SCALE: Phrase.NEXT_COLLEGE,
}


@attrs.frozen(kw_only=True)
class DecisionFacts:
    """What the sentences are about: a verdict with its marking and policy, and what follows from them."""

    verdict: Verdict
    published: Grade
    implied: Grade | None
    cap: Grade | None
    criteria_count: bool
    """Whether the criteria are about this grade, so that they agree with it or do not."""

    warnings: Sequence[WarningId]
    marking: Marking
    policy: GradingPolicy


def reason(facts: DecisionFacts, language: Language, zone: tzinfo) -> str:
    """The rule's sentence, headed by the grade that is published, and what settling makes of it."""
    values = _values(facts, language, zone)
    return " ".join(TEXTS[language][text].format_map(values) for text in _reason(facts))


def explanation(facts: DecisionFacts, language: Language, zone: tzinfo, decided_at: datetime | None) -> str:
    """The reason, whether the criteria agree, what the student may do, and when and by what it was decided.

    Times are told in `zone`. It was decided at `decided_at`, else when the marking was judged.
    """
    values = _values(facts, language, zone)
    at = decided_at or facts.marking.now
    values["decided"] = "" if at is None else _moment(at, language, zone)
    parts = (
        *_reason(facts),
        *_about(facts),
        *_next(facts),
        Phrase.DECIDED if at else Phrase.DECIDED_SOMETIME,
    )
    return " ".join(TEXTS[language][part].format_map(values) for part in parts)


def notes(facts: DecisionFacts, language: Language) -> tuple[str, ...]:
    """A sentence for each warning, for whoever looks after the grades."""
    values = _values(facts, language, UTC)
    return tuple(TEXTS[language][Phrase(warning.value)].format_map(values) for warning in facts.warnings)


def _reason(facts: DecisionFacts) -> Iterator[Phrase]:
    yield _opening(facts)
    verdict = facts.verdict
    if verdict.settled is not verdict.grade:
        yield Phrase.SETTLED if facts.published is verdict.settled else Phrase.WILL_SETTLE


def _opening(facts: DecisionFacts) -> Phrase:
    """The rule's own sentence; some have another one where a value is missing."""
    rule, marking = facts.verdict.rule, facts.marking
    if rule is RuleId.NO_SUBMISSION and marking.deadline is None:
        return Phrase.UNDATED
    if rule is RuleId.BELOW_PASS and marking.raw is None:
        return Phrase.UNMARKED
    if rule is RuleId.REASSESSMENT_CAP and not marking.attempt:
        return Phrase.REPEAT_CAP
    if rule in _ON_THRESHOLDS and marking.item is not None:
        return Phrase.ITEM
    return Phrase(rule.value)


def _about(facts: DecisionFacts) -> Iterator[Phrase]:
    """What else the student is told; nothing that is known of marking before it is released."""
    if facts.verdict.rule is RuleId.NOT_RELEASED:
        return
    for warning in _TOLD:
        if warning in facts.warnings:
            yield Phrase(warning.value)
    if facts.criteria_count and WarningId.CRITERIA_MISMATCH not in facts.warnings:
        yield Phrase.CRITERIA_AGREE


def _next(facts: DecisionFacts) -> Iterator[Phrase]:
    """What the student may do: never more than the policy grants."""
    if facts.verdict.rule in _NEXT:
        yield _NEXT[facts.verdict.rule]
    elif not facts.published.is_final:
        yield Phrase.NEXT_WAIT
    else:
        if facts.published is Grade.R and not facts.marking.is_again:
            yield Phrase.NEXT_RESUBMIT
        elif not facts.published.is_achieved:
            yield (
                Phrase.NEXT_REPEAT
                if facts.policy.one_reassessment and facts.marking.is_again
                else Phrase.NEXT_ASK
            )
        yield Phrase.NEXT_APPEAL


def _values(facts: DecisionFacts, language: Language, zone: tzinfo) -> dict[str, str]:
    """What may stand in a sentence."""
    marking, policy, grades = facts.marking, facts.policy, GRADES[language]
    unit = " %" if marking.scale is Scale.PERCENT else ""
    unreadable = [each.code[:_LONGEST_ITEM] for each in marking.criteria if not each.is_readable]
    values = {
        "code": policy.invalid_code or "",
        "attempt": str(marking.attempt_shown),
        "policy": policy.name,
        "version": policy.version,
        "workflow": (marking.workflow or "")[:_LONGEST_ITEM],
        "items": _items(marking, language),
        "criteria": COMMA[language].join(unreadable[:_MOST_ITEMS]),
        "lowest": written(marking.lowest),
        "highest": written(marking.highest),
        "raw": _raw(marking, policy),
    }
    for name, limit in attrs.asdict(policy.thresholds(marking.scale)).items():
        values[name] = written(limit) + unit
    values = {name: _isolate(value, language) for name, value in values.items()}
    if marking.items:
        values["pass_from"] = _word(marking, policy, Grade.P, language)
    values["grade"] = grades[facts.published]
    for name, grade in (
        ("settled", facts.verdict.settled),
        ("earned", facts.verdict.capped_from),
        ("letter", marking.letter),
        ("implied", facts.implied),
        ("cap", facts.cap),
        ("before", marking.before),
    ):
        values[name] = values["grade"] if grade is None else grades[grade]
    return {**values, **dict(_times(marking, language, zone)), "mark": _mark(facts, values, language)}


def _mark(facts: DecisionFacts, values: Mapping[str, str], language: Language) -> str:
    """The mark of how many, and on which scale."""
    marking, texts = facts.marking, TEXTS[language]
    if marking.raw is None or marking.points is None:
        return ""
    if marking.item is not None:
        return texts[Phrase.MARK_ITEM].format_map(
            {**values, "item": _isolate(marking.item[:_LONGEST_ITEM], language)}
        )
    if marking.items:
        return texts[Phrase.MARK_BETWEEN].format_map(values)
    if marking.scale is Scale.BTEC_0_4:
        return texts[Phrase.MARK_BTEC].format_map(values)
    share = rounded(marking.points, _PLACES_OF_A_SHARE, attrs.astuple(facts.policy.percent))
    text = Phrase.MARK_RANGE if marking.lowest else Phrase.MARK_PERCENT
    return texts[text].format_map({**values, "share": _isolate(f"{written(share)} %", language)})


def _raw(marking: Marking, policy: GradingPolicy) -> str:
    """The mark as it came, with as many decimals as Moodle keeps, or more where a threshold is nearer."""
    if marking.raw is None:
        return ""
    limits = attrs.astuple(policy.btec) if marking.scale is Scale.BTEC_0_4 else ()
    return written(rounded(marking.raw, PLACES, limits))


def _items(marking: Marking, language: Language) -> str:
    shown = [item[:_LONGEST_ITEM] for item in marking.items[:_MOST_ITEMS]]
    return COMMA[language].join(shown + ["…"] * (len(marking.items) > _MOST_ITEMS))


def _word(marking: Marking, policy: GradingPolicy, grade: Grade, language: Language) -> str:
    """The item of the scale that means the grade, else the grade's own name."""
    grades = grades_of(marking.items, policy.scale_words) or ()
    items = (item for item, meant in zip(marking.items, grades, strict=False) if meant is grade)
    item = next(items, None)
    return GRADES[language][grade] if item is None else QUOTED[language].format(item[:_LONGEST_ITEM])


def _times(marking: Marking, language: Language, zone: tzinfo) -> Iterator[tuple[str, str]]:
    """The deadline that counted, which one it was, and after when work is late."""
    deadline, wanted = marking.deadline, marking.extension or marking.due
    if deadline is None or wanted is None:
        return
    yield "deadline", _moment(deadline, language, zone)
    yield "wanted", _moment(wanted, language, zone)
    usual = Phrase.BY_EXTENSION if marking.extension else Phrase.BY_DUE
    yield "which", TEXTS[language][Phrase.BY_CUTOFF if deadline > wanted else usual]


def _moment(at: datetime, language: Language, zone: tzinfo) -> str:
    """Day and time on the college's clock, and whose clock that is."""
    local = at.astimezone(zone)
    told = f"{local.day} {MONTHS[language][local.month - 1]} {local.year}{COMMA[language]}{local:%H:%M}"
    name = str(getattr(zone, "key", local.tzname()))
    return f"{told} ({_isolate(name, language)})"


def _isolate(value: str, language: Language) -> str:
    return f"\u2068{value}\u2069" if language is Language.AR else value
