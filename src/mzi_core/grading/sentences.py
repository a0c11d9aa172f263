"""What a student may be told about a grade, in English and in Arabic."""

from collections.abc import Mapping
from datetime import tzinfo
from decimal import Decimal
from enum import StrEnum

from mzi_core.grading.grade import Grade
from mzi_core.grading.marking import Marking
from mzi_core.grading.policy import GradingPolicy
from mzi_core.grading.rules import RuleId, Verdict
from mzi_core.grading.scales import Scale


class Language(StrEnum):
    """The languages a decision explains itself in."""

    EN = "en"
    AR = "ar"


_GRADES: Mapping[Language, Mapping[Grade, str]] = {
    Language.EN: {
        Grade.F: "Fail",
        Grade.R: "Refer",
        Grade.RR: "Double Refer",
        Grade.P: "Pass",
        Grade.M: "Merit",
        Grade.D: "Distinction",
        Grade.PENDING: "Not graded yet",
    },
    Language.AR: {
        Grade.F: "رسوب (Fail)",
        Grade.R: "إعادة (Refer)",
        Grade.RR: "إعادة مزدوجة (Double Refer)",
        Grade.P: "نجاح (Pass)",
        Grade.M: "جدارة (Merit)",
        Grade.D: "امتياز (Distinction)",
        Grade.PENDING: "لم تُرصد العلامة بعد",
    },
}

# By rule; two of them have something else to say when a value is missing.
_UNDATED = "NO_SUBMISSION without a deadline"
_UNMARKED = "BELOW_PASS without a mark"
_WILL_SETTLE = "settled later"
_SETTLED = "settled at once"

_SENTENCES: Mapping[Language, Mapping[str, str]] = {
    Language.EN: {
        RuleId.EXPLICIT_LETTER: (
            "{grade}: this grade was recorded as it was given and was not worked out from a mark."
        ),
        RuleId.NOT_RELEASED: "{grade}: the marking of this work has not been released.",
        RuleId.REASSESSED_AFTER_PASS: "{grade}: this work had already passed, so its grade stands.",
        RuleId.NOT_PERMITTED: "{grade}: attempt {attempt} is not permitted, so the earlier grade stands.",
        RuleId.INVALID_SUBMISSION: (
            "{grade}: the work handed in is not valid (code {code}), which is as if nothing had come."
        ),
        RuleId.AWAITING_SUBMISSION: (
            "{grade}: nothing has been handed in so far, and work is accepted until {deadline}."
        ),
        RuleId.NO_SUBMISSION: "{grade}: nothing was handed in by {deadline}.",
        _UNDATED: "{grade}: nothing was handed in.",
        RuleId.UNKNOWN_SCALE: "{grade}: nobody has said what the items of its scale mean ({items}).",
        RuleId.OFF_SCALE: "{grade}: the mark {raw} is outside {lowest} to {highest}, where marks can be.",
        RuleId.UNGRADED: "{grade}: the work was handed in and has no mark so far.",
        RuleId.EXPLICIT_ZERO: "{grade}: the work was given the mark {raw}.",
        RuleId.BELOW_PASS: (
            "{grade}: the mark {raw} on attempt {attempt} is below {pass_from}, where a Pass begins."
        ),
        _UNMARKED: (
            "{grade}: the work of attempt {attempt} was handed in and given no mark, which is no Pass."
        ),
        RuleId.PASS: (
            "{grade}: the mark {raw} reaches {pass_from}, where a Pass begins; a Merit takes {merit_from}."
        ),
        RuleId.REASSESSMENT_CAP: (
            "{grade}: the mark {raw} would have earned a {earned}, but attempt {attempt} is a reassessment, "
            "which can earn no more than a {grade}."
        ),
        RuleId.LATE_CAP: (
            "{grade}: the mark {raw} would have earned a {earned}, but the work was late, "
            "and late work can earn no more than a {grade}."
        ),
        RuleId.MERIT: (
            "{grade}: the mark {raw} reaches {merit_from}, where a Merit begins; "
            "a Distinction takes {distinction_from}."
        ),
        RuleId.DISTINCTION: "{grade}: the mark {raw} reaches {distinction_from}, where a Distinction begins.",
        _WILL_SETTLE: " A Refer on attempt {attempt} becomes a {settled} when grades are settled.",
        _SETTLED: " A Refer on attempt {attempt} counts as a {settled}.",
    },
    Language.AR: {
        RuleId.EXPLICIT_LETTER: "{grade}: سُجّلت هذه العلامة كما أُعطيت، ولم تُحسب من درجة رقمية.",
        RuleId.NOT_RELEASED: "{grade}: لم تُعلن نتيجة تقييم هذا العمل حتى الآن.",
        RuleId.REASSESSED_AFTER_PASS: "{grade}: سبق أن اجتاز هذا العمل التقييم، فيبقى تقديره.",
        RuleId.NOT_PERMITTED: "{grade}: المحاولة رقم {attempt} غير مسموح بها، فيبقى التقدير السابق.",
        RuleId.INVALID_SUBMISSION: (
            "{grade}: عُدّ العمل المسلَّم غير صالح (الرمز {code})، ويُعامل كأنه لم يُسلَّم أي عمل."
        ),
        RuleId.AWAITING_SUBMISSION: "{grade}: لم يُسلَّم أي عمل حتى الآن، ويُقبل التسليم حتى {deadline}.",
        RuleId.NO_SUBMISSION: "{grade}: لم يُسلَّم أي عمل حتى {deadline}.",
        _UNDATED: "{grade}: لم يُسلَّم أي عمل.",
        RuleId.UNKNOWN_SCALE: "{grade}: لم يُحدَّد معنى عناصر مقياس التقييم ({items}).",
        RuleId.OFF_SCALE: "{grade}: الدرجة {raw} خارج المدى من {lowest} إلى {highest}.",
        RuleId.UNGRADED: "{grade}: سُلِّم العمل ولم توضع له درجة حتى الآن.",
        RuleId.EXPLICIT_ZERO: "{grade}: أُعطي العمل الدرجة {raw}.",
        RuleId.BELOW_PASS: (
            "{grade}: الدرجة {raw} في المحاولة رقم {attempt} أقل من {pass_from}، "
            "وهي الدرجة التي يبدأ عندها النجاح."
        ),
        _UNMARKED: "{grade}: سُلِّم العمل في المحاولة رقم {attempt} ولم يُعطَ درجة، فلم يبلغ حدّ النجاح.",
        RuleId.PASS: (
            "{grade}: بلغت الدرجة {raw} حدّ النجاح وهو {pass_from}، ويبدأ تقدير الجدارة عند {merit_from}."
        ),
        RuleId.REASSESSMENT_CAP: (
            "{grade}: كانت الدرجة {raw} تستحق تقدير {earned}، لكن المحاولة رقم {attempt} إعادة تقييم، "
            "ولا يُمنح فيها تقدير أعلى من {grade}."
        ),
        RuleId.LATE_CAP: (
            "{grade}: كانت الدرجة {raw} تستحق تقدير {earned}، لكن العمل سُلِّم متأخرًا، "
            "ولا يُمنح العمل المتأخر تقديرًا أعلى من {grade}."
        ),
        RuleId.MERIT: (
            "{grade}: بلغت الدرجة {raw} حدّ الجدارة وهو {merit_from}، "
            "ويبدأ تقدير الامتياز عند {distinction_from}."
        ),
        RuleId.DISTINCTION: "{grade}: بلغت الدرجة {raw} حدّ الامتياز وهو {distinction_from}.",
        _WILL_SETTLE: " وتصبح الإعادة في المحاولة رقم {attempt} {settled} عند تثبيت العلامات.",
        _SETTLED: " وتُعدّ الإعادة في المحاولة رقم {attempt} {settled}.",
    },
}


def sentence(
    verdict: Verdict,
    *,
    published: Grade,
    marking: Marking,
    policy: GradingPolicy,
    language: Language,
    zone: tzinfo,
) -> str:
    """The sentence for `verdict`, headed by the grade that is published; times are told in `zone`."""
    grades = _GRADES[language]
    limits = policy.thresholds(marking.scale)
    deadline = marking.deadline
    unit = "%" if marking.scale is Scale.PERCENT else ""
    values = {
        "code": policy.invalid_code,
        "deadline": deadline and f"{deadline.astimezone(zone):%Y-%m-%d %H:%M %Z}",
        "raw": _number(marking.raw, unit),
        "items": ", ".join(marking.items),
        "lowest": _number(marking.lowest, ""),
        "highest": _number(marking.highest, ""),
        "pass_from": _number(limits.pass_from, unit),
        "merit_from": _number(limits.merit_from, unit),
        "distinction_from": _number(limits.distinction_from, unit),
        "attempt": marking.attempt_shown,
    }
    if language is Language.AR:
        # Isolated, or the groups of a date would be read right to left.
        values = {name: f"\u2068{value}\u2069" for name, value in values.items()}
    words = {"grade": grades[published], "settled": grades[verdict.settled]}
    if verdict.capped_from is not None:
        words["earned"] = grades[verdict.capped_from]
    text = "".join(_SENTENCES[language][part] for part in _parts(verdict, published, marking))
    return text.format_map({**values, **words})


def _parts(verdict: Verdict, published: Grade, marking: Marking) -> tuple[str, ...]:
    opening: str = verdict.rule
    if verdict.rule is RuleId.NO_SUBMISSION and marking.deadline is None:
        opening = _UNDATED
    if verdict.rule is RuleId.BELOW_PASS and marking.raw is None:
        opening = _UNMARKED
    if verdict.settled is verdict.grade:
        return (opening,)
    return opening, _SETTLED if published is verdict.settled else _WILL_SETTLE


def _number(value: Decimal | None, unit: str) -> str:
    """A mark as people write it: 3.00000 is 3."""
    text = str(value)
    return (text.rstrip("0").rstrip(".") if "." in text and "E" not in text else text) + unit
