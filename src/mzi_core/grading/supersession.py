"""Why a decision took the place of an earlier one about the same work."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

import attrs

from mzi_core.grading.decision import Decision
from mzi_core.grading.marking import Marking
from mzi_core.grading.rules import RuleId
from mzi_core.grading.sentence_texts import Language


class Cause(StrEnum):
    """What was different when a decision was made again."""

    MARK = "MARK"
    """The mark or letter, or the scale it was given on."""

    ATTEMPT = "ATTEMPT"
    """Which attempt was judged, or what is known of those before it."""

    WORK = "WORK"
    """Whether, or when, the work was handed in."""

    FEEDBACK = "FEEDBACK"
    """What the marker wrote."""

    CRITERIA = "CRITERIA"
    """Which criteria were achieved, or what was remarked on them."""

    RELEASE = "RELEASE"
    """The state of Moodle's marking workflow."""

    DATES = "DATES"
    """The due date, the extension or the cut-off."""

    POLICY = "POLICY"
    """Another policy, or another version of it."""

    SETTLING = "SETTLING"
    """Nothing but the time: a deadline passed, or a Refer became a Double Refer."""

    RULES = "RULES"
    """Nothing that is known of the work: a later version of the rules judged it otherwise."""


# Whatever else a marking has is about the mark; `now` moves with every decision and by itself changes none.
_CAUSES: Mapping[str, Cause] = {
    "attempt": Cause.ATTEMPT,
    "before": Cause.ATTEMPT,
    "repeats_unit": Cause.ATTEMPT,
    "submitted": Cause.WORK,
    "submitted_at": Cause.WORK,
    "feedback": Cause.FEEDBACK,
    "criteria": Cause.CRITERIA,
    "workflow": Cause.RELEASE,
    "due": Cause.DATES,
    "extension": Cause.DATES,
    "cutoff": Cause.DATES,
}
_CLOCK = "now"


def causes_of(earlier: Decision, later: Decision) -> tuple[Cause, ...]:
    """What made `later` another decision than `earlier`, in the order of `Cause`; nothing: it is the same."""
    found = {
        _CAUSES.get(field.name, Cause.MARK)
        for field in attrs.fields(Marking)
        if field.eq
        and field.name != _CLOCK
        and getattr(earlier.marking, field.name) != getattr(later.marking, field.name)
    }
    if earlier.policy != later.policy:
        found.add(Cause.POLICY)
    if not found and earlier.verdict != later.verdict:
        found.add(Cause.SETTLING if _came_with_time(earlier, later) else Cause.RULES)
    return tuple(cause for cause in Cause if cause in found)


def _came_with_time(earlier: Decision, later: Decision) -> bool:
    return earlier.rule is RuleId.AWAITING_SUBMISSION or earlier.settled is later.grade


_BECAUSE: Mapping[Language, Mapping[Cause, str]] = {
    Language.EN: {
        Cause.MARK: "the mark or its scale changed",
        Cause.ATTEMPT: "the attempt or what is known of it changed",
        Cause.WORK: "the submission changed",
        Cause.FEEDBACK: "the feedback changed",
        Cause.CRITERIA: "the criteria changed",
        Cause.RELEASE: "the state of the marking workflow changed",
        Cause.DATES: "a date changed",
        Cause.POLICY: "another grading policy, or another version of it, applied",
        Cause.SETTLING: "time passed and the grade was settled",
        Cause.RULES: "a later version of the grading rules applied",
    },
    Language.AR: {
        Cause.MARK: "تغيّرت الدرجة أو مقياسها",
        Cause.ATTEMPT: "تغيّرت المحاولة أو ما يُعرف عنها",
        Cause.WORK: "تغيّرت حالة التسليم",
        Cause.FEEDBACK: "تغيّرت ملاحظات المقيّم",
        Cause.CRITERIA: "تغيّرت نتائج المعايير",
        Cause.RELEASE: "تغيّرت مرحلة التقييم في النظام",
        Cause.DATES: "تغيّر أحد المواعيد",
        Cause.POLICY: "طُبّقت سياسة تقييم أخرى أو إصدار آخر منها",
        Cause.SETTLING: "مضى الوقت فثُبّت التقدير",
        Cause.RULES: "طُبّق إصدار أحدث من قواعد التقييم",
    },
}
_SENTENCE = {
    Language.EN: ("Replaced because {because}.", ", ", ", and "),
    Language.AR: ("استُبدل هذا القرار، والسبب: {because}.", "، و", "، و"),
}


def why_superseded(causes: Sequence[Cause], language: str = Language.EN) -> str:
    """The sentence that a person may be shown about a decision that was superseded, in `en` or `ar`.

    A ValueError refuses another language, and no causes at all.
    """
    if not causes:
        raise ValueError("A decision that nothing changed was not superseded")
    sentence, between, last = _SENTENCE[Language(language)]
    *others, final = (_BECAUSE[Language(language)][cause] for cause in causes)
    because = last.join((between.join(others), final)) if others else final
    return sentence.format(because=because)
