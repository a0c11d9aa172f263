"""The BTEC grading policy: from what a marker did in Moodle to what the college records, with the reason why.

`decide(Marking(raw=Decimal("2.5")))` gives a `Decision`, which knows its grade, what settling makes of it,
the rule that decided, the trace of all rules, and a sentence for the student in English and Arabic. Policies
are values: pick a built-in, `override` it, `lint` it, `simulate` it on stored markings. Nothing here reads a
clock, a file or a network.
"""

from mzi_core.grading.book import PolicyBook
from mzi_core.grading.border import marking_from_event
from mzi_core.grading.criteria import Criterion, Level, unit_outcome
from mzi_core.grading.decided_attempts import DecidedAttempts
from mzi_core.grading.decision import Decision, decide, decide_attempts
from mzi_core.grading.grade import Grade
from mzi_core.grading.keys import GradeKey, OldKey, parse_key
from mzi_core.grading.levels import families_of
from mzi_core.grading.linting import LintFinding, LintRule, lint
from mzi_core.grading.marking import Marking
from mzi_core.grading.outcomes import OutcomeWords, criteria_from, criterion_from, outcome_rows
from mzi_core.grading.policy import (
    BTEC_DEFAULT,
    BUILT_IN,
    PEARSON_HIGHER_NATIONAL,
    PERCENT,
    GradingPolicy,
    SettleMode,
    Thresholds,
    policy_from,
)
from mzi_core.grading.rules import RuleId, Verdict, judge
from mzi_core.grading.scales import Scale
from mzi_core.grading.sentence_texts import Language
from mzi_core.grading.settling import Settled, SettledBy, settle
from mzi_core.grading.simulation import Recorded, SimulatedChange, simulate
from mzi_core.grading.standing import Standing, supersede, supersedes
from mzi_core.grading.stored import marking_from_data, marking_to_data
from mzi_core.grading.supersession import Cause, causes_of, why_superseded
from mzi_core.grading.trace import RuleOutcome, TraceStep
from mzi_core.grading.warning_ids import WarningId
from mzi_core.grading.words import GradeWords

__all__ = [
    "BTEC_DEFAULT",
    "BUILT_IN",
    "PEARSON_HIGHER_NATIONAL",
    "PERCENT",
    "Cause",
    "Criterion",
    "DecidedAttempts",
    "Decision",
    "Grade",
    "GradeKey",
    "GradeWords",
    "GradingPolicy",
    "Language",
    "Level",
    "LintFinding",
    "LintRule",
    "Marking",
    "OldKey",
    "OutcomeWords",
    "PolicyBook",
    "Recorded",
    "RuleId",
    "RuleOutcome",
    "Scale",
    "SettleMode",
    "Settled",
    "SettledBy",
    "SimulatedChange",
    "Standing",
    "Thresholds",
    "TraceStep",
    "Verdict",
    "WarningId",
    "causes_of",
    "criteria_from",
    "criterion_from",
    "decide",
    "decide_attempts",
    "families_of",
    "judge",
    "lint",
    "marking_from_data",
    "marking_from_event",
    "marking_to_data",
    "outcome_rows",
    "parse_key",
    "policy_from",
    "settle",
    "simulate",
    "supersede",
    "supersedes",
    "unit_outcome",
    "why_superseded",
]
