"""What holds at every point of the input grid, against predicates written down a second time."""

from decimal import Decimal
from fractions import Fraction
from itertools import takewhile

import attrs
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.repetitions import often
from tests.rules.grading.given import NOW, feedbacks, marking_grid, markings, policies

from mzi_core.grading import (
    BTEC_DEFAULT,
    PEARSON_HIGHER_NATIONAL,
    PERCENT,
    Grade,
    GradingPolicy,
    Marking,
    RuleId,
    RuleOutcome,
    Scale,
    decide,
    judge,
)

HELD_BACK = ("", "inmarking", "readyforreview", "inreview", "readyforrelease")
HAS_CODE = {"Code: 01122.", "<p>0112<b>2</b></p>", "٠١١٢٢"}


def cap_in_force(marking: Marking, policy: GradingPolicy) -> tuple[str, Grade | None]:
    """The rule of the lower cap, and the cap."""
    caps = []
    if policy.reassessment_cap is not None and (marking.attempt > 0 or marking.repeats_unit):
        caps.append(("REASSESSMENT_CAP", policy.reassessment_cap))
    wanted = marking.extension or marking.due
    late = wanted is not None and marking.submitted_at is not None and marking.submitted_at > wanted
    if policy.late_cap is not None and late:
        caps.append(("LATE_CAP", policy.late_cap))
    return min(caps, key=lambda cap: cap[1].rank, default=("", None))


def rules_that_hold(marking: Marking, policy: GradingPolicy) -> list[str]:
    """The table of the rules once more, each row complete in itself, so that exactly one may hold."""
    percent = marking.scale is Scale.PERCENT
    thresholds = (
        (policy.percent_pass_from, policy.percent_merit_from, policy.percent_distinction_from)
        if percent
        else (policy.pass_from, policy.merit_from, policy.distinction_from)
    )
    letter = marking.letter is not None
    held_back = marking.workflow is not None and marking.workflow.lower() in HELD_BACK
    gated = policy.release_gating and held_back
    invalid = policy.invalid_code == "01122" and marking.feedback in HAS_CODE
    ends = [] if marking.extension is None and marking.due is None else [marking.extension or marking.due]
    ends += [marking.cutoff] if ends and marking.cutoff else []
    open_ = any(end is not None and end >= NOW for end in ends)
    passed = marking.before in ("P", "M", "D")
    stands = policy.one_reassessment and passed and not gated and not letter
    third = policy.one_reassessment and marking.attempt >= 2 and not marking.repeats_unit
    refused = third and not gated and not letter and not stands
    open_to_judge = not letter and not gated and not stands and not refused
    free = open_to_judge and not invalid
    missing = free and marking.submitted is False
    judged = free and marking.submitted is not False
    raw = marking.raw
    meanings = {"Refer": 1, "Pass": 2, "Merit": 3, "Distinction": 4}
    if policy.scale_words:
        meanings["Fail"] = 0
    unknown = not meanings.keys() >= set(marking.items)
    places = [meanings.get(item, 0) for item in marking.items]
    unmarked = raw is None and (percent or not policy.null_means_refer)
    ungraded = unmarked or raw == -1
    least, most = marking.minimum or Decimal(0), marking.maximum or Decimal(100 if percent else 4)
    if places:
        least, most = Decimal(1), Decimal(len(places))
    off = raw is not None and raw != -1 and not least <= raw <= most
    low, middle, high = map(Fraction, thresholds)
    number = None if raw is None else Fraction(raw)
    if number is not None and places and not off and not ungraded:
        if number.denominator == 1:
            number = Fraction(places[int(number) - 1])
            low, middle, high = Fraction(2), Fraction(3), Fraction(4)
        else:
            off = places != [1, 2, 3, 4]
    if number is not None and percent and not ungraded:
        number = (number - Fraction(least)) * 100 / (Fraction(most) - Fraction(least))
    zero = number == 0 and not percent
    below = number is None or number < low
    between = number is not None and middle <= number < high
    best = number is not None and number >= high
    marked = judged and not ungraded and not zero and not unknown and not off
    capped_by, cap = cap_in_force(marking, policy)
    capped_merit, capped_distinction = cap is Grade.P, cap is not None
    lowered = marked and ((between and capped_merit) or (best and capped_distinction))
    table = {
        "NOT_RELEASED": gated,
        "EXPLICIT_LETTER": letter and not gated,
        "REASSESSED_AFTER_PASS": stands,
        "NOT_PERMITTED": refused,
        "INVALID_SUBMISSION": open_to_judge and invalid,
        "AWAITING_SUBMISSION": missing and open_,
        "NO_SUBMISSION": missing and not open_,
        "UNKNOWN_SCALE": judged and unknown,
        "UNGRADED": judged and ungraded and not unknown,
        "OFF_SCALE": judged and off and not unknown,
        "EXPLICIT_ZERO": judged and zero and not unknown and not off,
        "BELOW_PASS": marked and below,
        "PASS": marked and not (below or between or best),
        "REASSESSMENT_CAP": lowered and capped_by == "REASSESSMENT_CAP",
        "LATE_CAP": lowered and capped_by == "LATE_CAP",
        "MERIT": marked and between and not capped_merit,
        "DISTINCTION": marked and best and not capped_distinction,
    }
    return [rule for rule, holds in table.items() if holds]


@settings(max_examples=often(300, gate=90), deadline=None)
@given(marking=markings, policy=policies)
def test_exactly_one_rule_holds_and_it_is_the_one_that_decides(
    marking: Marking, policy: GradingPolicy
) -> None:
    assert rules_that_hold(marking, policy) == [decide(marking, policy).rule]


def test_exactly_one_rule_holds_at_every_point_of_a_grid_walked_completely() -> None:
    seen = set()
    late = BTEC_DEFAULT.override(release_gating=False, late_cap=Grade.P)
    for policy in (late, PEARSON_HIGHER_NATIONAL):
        for marking in marking_grid():
            (rule,) = rules_that_hold(marking, policy)
            assert judge(marking, policy).rule == rule
            seen.add(rule)
    assert seen == set(RuleId) - {RuleId.UNKNOWN_SCALE}


@settings(max_examples=often(100, gate=30), deadline=None)
@given(marking=markings, policy=policies)
def test_the_same_marking_always_gets_the_same_decision(marking: Marking, policy: GradingPolicy) -> None:
    once, twice = decide(marking, policy), decide(attrs.evolve(marking), attrs.evolve(policy))
    assert once == twice
    assert hash(once) == hash(twice)
    assert once.as_data() == twice.as_data()


@settings(max_examples=often(150, gate=45), deadline=None)
@given(
    scale=st.sampled_from(Scale),
    policy=policies,
    attempt=st.integers(0, 2),
    raws=st.lists(st.decimals(0, 100, places=3), min_size=2, max_size=6),
    feedback=feedbacks,
)
def test_a_better_mark_never_gets_a_worse_grade(
    scale: Scale, policy: GradingPolicy, attempt: int, raws: list[Decimal], feedback: str
) -> None:
    grades = [
        decide(Marking(raw=raw, scale=scale, attempt=attempt, feedback=feedback), policy).grade
        for raw in sorted(raw / 25 if scale is Scale.BTEC_0_4 else raw for raw in raws)
    ]
    ranks = [grade.rank for grade in grades]
    assert ranks == sorted(ranks)
    not_permitted = policy.one_reassessment and attempt == 2
    assert all(grade.is_final is not not_permitted for grade in grades)


@settings(max_examples=often(100, gate=30), deadline=None)
@given(marking=markings, cap=st.sampled_from([Grade.P, Grade.M]))
@example(marking=Marking(raw=Decimal(4), attempt=1), cap=Grade.P)
def test_a_cap_lowers_a_reassessment_to_itself_and_changes_nothing_else(marking: Marking, cap: Grade) -> None:
    free = decide(marking, BTEC_DEFAULT)
    capped = decide(marking, BTEC_DEFAULT.override(reassessment_cap=cap))
    again = marking.attempt > 0 or marking.repeats_unit
    lowered = marking.letter is None and again and free.grade.rank > cap.rank
    assert capped.grade is (cap if lowered else free.grade)
    assert capped.capped_from is (free.grade if lowered else None)
    assert (capped.rule is RuleId.REASSESSMENT_CAP) == lowered


@settings(max_examples=often(100, gate=30), deadline=None)
@given(
    raw=st.decimals(0, 100, places=3),
    scale=st.sampled_from(Scale),
    attempt=st.integers(1, 3),
    cap=st.sampled_from([Grade.P, Grade.M]),
)
def test_capping_what_is_capped_already_changes_nothing(
    raw: Decimal, scale: Scale, attempt: int, cap: Grade
) -> None:
    policy = BTEC_DEFAULT.override(reassessment_cap=cap)
    limits = policy.thresholds(scale)
    least = {Grade.P: limits.pass_from, Grade.M: limits.merit_from}
    once = decide(Marking(raw=raw, scale=scale, attempt=attempt), policy)
    again = decide(Marking(raw=least.get(once.grade, raw), scale=scale, attempt=attempt), policy)
    assert again.grade is once.grade


@settings(max_examples=often(150, gate=45), deadline=None)
@given(marking=markings, policy=policies)
def test_a_trace_has_every_rule_in_order_and_the_first_that_held_decided(
    marking: Marking, policy: GradingPolicy
) -> None:
    decision = decide(marking, policy)
    trace = decision.trace
    assert [step.rule for step in trace] == list(RuleId)
    before = list(takewhile(lambda step: step.outcome is RuleOutcome.NOT_HELD, trace))
    decisive, *after = trace[len(before) :]
    assert decisive.rule is decision.rule
    assert decisive.outcome is RuleOutcome.HELD
    assert {step.outcome for step in after} <= {RuleOutcome.NOT_REACHED}
    assert all(step.saw for step in (*before, decisive))
    assert not any(step.saw for step in after)


@settings(max_examples=often(100, gate=30), deadline=None)
@given(marking=markings, other=markings, policy=policies)
def test_what_a_trace_shows_is_all_that_the_decision_depended_on(
    marking: Marking, other: Marking, policy: GradingPolicy
) -> None:
    """Values that the reached rules did not look at may be anything."""
    decision = decide(marking, policy)
    seen = {name for step in decision.trace for name in step.saw}
    belongs_to = {
        "letter": ["letter"],
        "workflow": ["workflow"],
        "found": ["feedback"],
        "submitted": ["submitted"],
        "deadline": ["due", "extension", "cutoff"],
        "raw": ["raw", "items", "minimum", "maximum"],
        "item": ["raw", "items", "minimum", "maximum"],
        "points": ["raw", "items", "minimum", "maximum"],
        "scale": ["scale", "items", "minimum", "maximum"],
        "items": ["scale", "items", "minimum", "maximum"],
        "attempt": ["attempt"],
        "before": ["before"],
        "repeats_unit": ["repeats_unit"],
        "is_late": ["due", "extension", "submitted_at"],
    }
    kept = {field for name, fields in belongs_to.items() if name in seen for field in fields}
    if "items" in kept:
        kept |= {"scale", "items", "minimum", "maximum"}
    changed = attrs.evolve(other, now=NOW, criteria=(), **{field: getattr(marking, field) for field in kept})
    assert decide(changed, policy).verdict is decision.verdict


def test_percent_differs_from_the_default_only_at_the_border() -> None:
    for marking in marking_grid():
        assert judge(marking, PERCENT) is judge(marking, BTEC_DEFAULT)
