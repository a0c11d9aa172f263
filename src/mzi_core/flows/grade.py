"""A mark of Moodle and its grade in Zoho: what is to be written, and what a person's edit keeps from it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, tzinfo
from typing import Any

import attrs

from mzi_core.grading import Decision, Grade, settle
from mzi_core.grading.outcomes import outcome_rows
from mzi_core.grading.policy import SettleMode
from mzi_core.module import declared
from mzi_core.modules import GRADES, Class, MoodleMarkRecord, RecordedGrade, Student
from mzi_core.modules.grades import OutcomeRow
from mzi_core.modules.moodle_marks import MarkedAttempt
from mzi_core.ports import JsonObject
from mzi_core.values import ZohoId

RELEASED = "Released"
"""The status of a grade that students are shown."""

VERIFIER = "internalverifier"
"""The role in Moodle of who verifies grades: such a grader is named beside the others."""

KEY = "composite_key"

OF_THE_WORK = ("feedback", "grader_name", "iv_name", "outcomes")
"""What only a person says of the work: a grade that nobody gave leaves these as they are."""

_NAME_LENGTH = 120
"""Characters of the name of a grade."""


@attrs.frozen(kw_only=True)
class GradeFacts:
    """What is known of one pair. `grade`: what is to be recorded, by the decision about one of its attempts.

    `theirs`: the grade as Zoho has it; None where it has none by this key. `agreed`: what both last said.
    `intent`: what was sent and not answered. `zone`: in which days are counted.
    """

    mark: MoodleMarkRecord
    grade: Grade
    decision: Decision
    student: Student
    class_: Class
    theirs: RecordedGrade | None = None
    agreed: JsonObject | None = attrs.field(default=None, repr=False)
    intent: JsonObject | None = attrs.field(default=None, repr=False)
    zone: tzinfo


@attrs.frozen(kw_only=True)
class GradePlan:
    """What is to be done about a pair.

    `values`: what is to be written, by our names; nothing where Zoho says it all. `says`: all that our side
    says, as it is remembered once both agree. `conflicts`: the fields that a person has changed in Zoho
    since, which stay.
    """

    values: Mapping[str, object] = attrs.field(factory=dict)
    says: JsonObject = attrs.field(factory=dict)
    conflicts: tuple[str, ...] = ()

    @property
    def why(self) -> str:
        """What a person is told of a conflict."""
        if not self.conflicts:
            return ""
        fields = ", ".join(self.conflicts)
        return (
            f"Somebody has changed {fields} in Zoho since; it stays until the mark in Moodle changes. To "
            "have what Moodle says, change it back."
        )


def to_record(
    mark: MoodleMarkRecord, decisions: Sequence[Decision], settled_until: datetime | None
) -> tuple[Grade, Decision]:
    """The grade to record of a mark, and the decision it is by; PENDING where there is none yet.

    `settled_until`: when grades were settled last. What was graded before that has its settled grade: a Refer
    on a second attempt is a Double Refer, and so is one for whose new time nothing came. Until then the
    latest attempt counts as it was graded, unless the policy settles at once.
    """
    latest = decisions[-1]
    at = latest.marking.deadline if latest.is_automatic else _attempt(mark, latest).graded_at
    is_time = settled_until is not None and at is not None and at <= settled_until
    if latest.policy.settle is not SettleMode.IMMEDIATELY and not is_time:
        return latest.published, latest
    # An attempt is opened no sooner than the one before is graded.
    opened = _attempt(mark, decisions[-2]).graded_at if len(decisions) > 1 else None
    settled = settle(decisions, opened)
    return settled.grade, next(each for each in decisions if each.marking.attempt == settled.attempt)


def older_keys(mark: MoodleMarkRecord) -> tuple[str, ...]:
    """By which keys systems before mzi recorded a mark, the more exact one first. Source: reference C8."""
    by_item = () if mark.item is None else (f"{mark.student}_{mark.item}",)
    return (*by_item, f"{mark.student}_{mark.course}")


TOGETHER = ("grade_value", "attempt_number")
"""A person who changes one of them has said something of the grade: both stay."""


def plan_grade(facts: GradeFacts) -> GradePlan:
    """What Zoho is to say of a mark, field by field.

    What differs is written where our side has changed since both agreed, and left where only Zoho has: that
    was a person. Where it is not known what both agreed on, the later of the two counts.
    """
    ours = grade_values(facts)
    says = {name: plain(value) for name, value in ours.items()}
    theirs = facts.theirs
    if theirs is None:
        return GradePlan(values=ours, says=says)
    agreed = _last_agreed(facts, theirs)
    differing = [name for name in ours if plain(in_zoho(theirs, name)) != says[name]]
    if agreed is None:
        is_newer = _is_newer_in_zoho(facts, theirs)
        edited = [name for name in differing if is_newer and in_zoho(theirs, name) not in (None, ())]
    else:
        edited = [name for name in differing if name in agreed and agreed[name] == says[name]]
    edited = [name for name in edited if name != KEY]  # by which it was found: an older one, not an edit
    if not set(edited).isdisjoint(TOGETHER):
        edited = [name for name in differing if name in edited or name in TOGETHER]
    return GradePlan(
        values={name: ours[name] for name in differing if name not in edited},
        says=says,
        conflicts=tuple(edited),
    )


def _last_agreed(facts: GradeFacts, theirs: RecordedGrade) -> JsonObject | None:
    """What both last said. What was sent and not answered counts if the record was changed since."""
    intent = facts.intent
    if not intent or "says" not in intent:
        return facts.agreed
    was_changed = intent.get("over") != plain(theirs.modified_at)
    said = intent["says"]
    return said if was_changed and isinstance(said, Mapping) else facts.agreed


def _is_newer_in_zoho(facts: GradeFacts, theirs: RecordedGrade) -> bool:
    graded_at = _attempt(facts.mark, facts.decision).graded_at or facts.mark.modified_at
    return graded_at is not None and theirs.modified_at is not None and theirs.modified_at > graded_at


def intent_of(plan: GradePlan, theirs: RecordedGrade | None) -> JsonObject:
    """What is to be remembered before a plan is sent, and over which version."""
    return {"says": plan.says, "over": None if theirs is None else plain(theirs.modified_at)}


def _attempt(mark: MoodleMarkRecord, decision: Decision) -> MarkedAttempt:
    """The attempt that a decision is about."""
    number = decision.marking.attempt
    return next((each for each in mark.attempts if each.number == number), MarkedAttempt(number=number))


def grade_values(facts: GradeFacts) -> dict[str, object]:
    """All that our side says of a grade, by our names; what is not known is not among it."""
    mark, decision, attempt = facts.mark, facts.decision, _attempt(facts.mark, facts.decision)
    is_verifier = (attempt.grader_role or "").strip().casefold() == VERIFIER
    on = None if attempt.graded_at is None else attempt.graded_at.astimezone(facts.zone).date()
    said: dict[str, object] = {
        "composite_key": str(mark.moodle_key),
        "student": facts.student.zoho_id,
        "class_": facts.class_.zoho_id,
        "unit": facts.class_.unit,
        "grade_name": _name(facts, facts.grade.value, on),
        "grade_value": facts.grade.value,
        "attempt_number": decision.marking.attempt + 1,
        "grade_date": on,
        "grade_status": RELEASED,
        "feedback": (attempt.feedback or "").strip() or None,
        "iv_name" if is_verifier else "grader_name": attempt.grader_name,
        "moodle_grade_id": mark.grade_id or attempt.grade_id,
        "outcomes": _rows(decision),
    }
    left = OF_THE_WORK if decision.is_automatic else ()
    return {name: value for name, value in said.items() if value not in (None, ()) and name not in left}


def _name(facts: GradeFacts, letter: str, on: date | None) -> str:
    student = facts.student.full_name or facts.student.display_name
    parts = (student, facts.class_.name, letter, "" if on is None else on.isoformat())
    return " - ".join(part for part in parts if part)[:_NAME_LENGTH]


_CELLS: Mapping[str, str] = {cell.names[0]: cell.name for cell in declared(OutcomeRow)}


def _rows(decision: Decision) -> tuple[OutcomeRow, ...]:
    rows = outcome_rows(decision.marking.criteria)
    return tuple(OutcomeRow(**{_CELLS[name]: value or None for name, value in row.items()}) for row in rows)


def plain(value: Any) -> object:
    """A value as JSON has it, rows without the ids that Zoho gave them."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [attrs.asdict(attrs.evolve(row, row_id=None)) for row in value]
    return value


def in_zoho(grade: RecordedGrade, name: str) -> object:
    """What Zoho says in a field."""
    return getattr(grade, GRADES.said_in.get(name, name))


def as_planned(facts: GradeFacts, plan: GradePlan) -> RecordedGrade:
    """The grade as Zoho has it once a plan was carried out."""
    values: dict[str, Any] = dict(plan.values)
    if facts.theirs is not None:
        return attrs.evolve(facts.theirs, **values)
    return RecordedGrade(zoho_id=ZohoId(str(facts.mark.moodle_key)), **values)
