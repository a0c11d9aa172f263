"""What several events about one record of Moodle come to, in whatever order they arrive: pure functions."""

from collections.abc import Collection, Mapping, Sequence
from typing import Generic

import attrs

from mzi_core.module import (
    UNVERSIONED,
    AnyModule,
    E,
    Field,
    Module,
    MoodleEntity,
    Version,
    declared,
)
from mzi_core.modules import (
    MOODLE_COURSES,
    MOODLE_ENROLLMENTS,
    MOODLE_MARKS,
    MOODLE_USERS,
    MarkedAttempt,
    MoodleEnrollmentRecord,
    MoodleMarkRecord,
)
from mzi_core.values import RecordId

GONE: Mapping[str, str] = {
    MOODLE_USERS.name: "user_deleted",
    MOODLE_COURSES.name: "course_deleted",
    MOODLE_ENROLLMENTS.name: "enrollment_deleted",
    MOODLE_MARKS.name: "grade_deleted",
}
"""The kind of event that tells of each module that a record is gone.

The log keeps them for as long as events of before may arrive, or these would bring records back.
"""

WHOLE: Mapping[str, Sequence[str]] = {
    MOODLE_USERS.name: ("user_created", "user_updated"),
    MOODLE_COURSES.name: ("course_created", "course_updated"),
    MOODLE_ENROLLMENTS.name: ("enrollment_created", "enrollment_updated"),
    MOODLE_MARKS.name: ("grade_updated", "submission_graded"),
}
"""The kinds of event that hold facts about the records of each module."""

FINAL = frozenset({MOODLE_USERS.name, MOODLE_COURSES.name})
"""Modules whose records are gone for good: Moodle gives the id of a user or a course to no other."""

OF_MARKING = frozenset({"workflow_state_updated", "submission_graded", "grade_updated", "user_graded"})
"""Kinds of event that hint at what a mark with its workflow tells."""

_SCALE = ("minimum", "maximum", "scale", "scale_items")
"""How a mark is counted: who tells one of these tells all of them."""


@attrs.frozen(kw_only=True)
class ToldFact(Generic[E]):
    """A record as something told it. `named`: the fields of which that says anything.

    `cells`: where the record is itself an attempt, the cells of that of which it says anything; None where
    attempts are told whole. `outdated`: the fields that were told since; `earlier`:
    what was told of fields before it, and was taken already. `events`: those that told it.
    """

    entity: E
    named: frozenset[str]
    cells: frozenset[str] | None = None
    outdated: frozenset[str] = frozenset()
    earlier: Mapping[str, object] = attrs.field(factory=dict)
    events: frozenset[RecordId] = frozenset()

    def is_before(self, record: MoodleEntity) -> bool:
        """Whether it is older than what is known of the record."""
        told: MoodleEntity = self.entity  # type: ignore[assignment]  # of Moodle's modules it is one
        return told.record_version.is_before(record.record_version)


def named_in(module: AnyModule, record: Mapping[str, object]) -> frozenset[str]:
    """The fields of which a wire record says anything, be it that they are empty."""
    named = {field.name for field in module.fields if any(name in record for name in _names(field))}
    return frozenset(named | set(_SCALE) if named.intersection(_SCALE) else named)


def cells_in(module: AnyModule, record: Mapping[str, object]) -> frozenset[str] | None:
    """The cells of a row that a wire record is itself, of which it says anything; None if it is none."""
    for field in module.fields:
        if field.wire.is_itself and field.row is not None:
            if any(record.get(name) for name in field.names):
                return None
            named = {each.name for each in declared(field.row) if any(n in record for n in _names(each))}
            return frozenset(named)
    return None


def _names(field: Field) -> Sequence[str]:
    return (*field.names, *field.wire.from_one)


def outlives(told: MoodleEntity, gone: MoodleEntity) -> bool:
    """Whether a record, as it was told, is not the one of which a deletion was told, or is there again.

    `gone`: what the deletion says of the record: when it was, and which enrolment ended. A user who is
    enrolled again has another enrolment, with a higher id.
    """
    ended = None
    if isinstance(told, MoodleEnrollmentRecord) and isinstance(gone, MoodleEnrollmentRecord):
        ended = (told.enrollment_id or told.made_as, gone.enrollment_id)
    if ended is not None and ended[0] == ended[1] and ended[0] is not None:
        return False
    if gone.record_version.is_before(told.record_version):
        return True
    if ended is None or None in ended or told.record_version.is_before(gone.record_version):
        return False
    return (ended[0] or 0) > (ended[1] or 0)


def brought_together(
    module: Module[E], before: E | None, facts: Collection[ToldFact[E]]
) -> tuple[E | None, frozenset[RecordId]]:
    """What a record is after all of these were told, and the events that told it.

    `before`: as it is stored or parked. What an event does not name stays as it is.
    """
    found, events = before, frozenset[RecordId]()
    for fact in sorted(facts, key=lambda each: each.entity.record_version.order):
        found = fact.entity if found is None else _after(module, found, fact)
        events |= fact.events
    return found, events


def _after(module: Module[E], before: E, fact: ToldFact[E]) -> E:
    told = _with_cells(before, fact)
    if told.record_version.is_before(before.record_version):
        filled = _filled(module, before, fact)
        return filled if module.merge is None else module.merge(filled, told)
    kept = {
        field.name: getattr(before, field.name)
        for field in module.compared
        if field.name not in fact.named
        and getattr(told, field.name) == field.default
        and not _is_another_enrolment(before, told)
    }
    whole = attrs.evolve(told, **kept)
    if told.record_version == UNVERSIONED:  # it is what was told last
        whole = whole.as_of(before.record_version)
    return whole if module.merge is None else module.merge(before, whole)


def _filled(module: Module[E], before: E, fact: ToldFact[E]) -> E:
    """A record with what an older fact says of it and nobody has told since.

    It fills what is empty, and takes the place of what was told before it. Another value came by another way.
    """
    if _is_another_enrolment(before, fact.entity):
        return before
    kept = {
        field.name: value
        for field in module.compared
        if field.name in fact.named - fact.outdated
        and field.row is None
        and getattr(before, field.name) in (field.default, fact.earlier.get(field.name, field.default))
        and (value := getattr(fact.entity, field.name)) != field.default
    }
    is_counted = any(getattr(before, name, None) not in (None, ()) for name in _SCALE)
    return attrs.evolve(before, **{name: kept[name] for name in kept if not (is_counted and name in _SCALE)})


def _with_cells(before: E, fact: ToldFact[E]) -> E:
    """What is told, its attempt with what is known of that and the event says nothing of."""
    told, cells = fact.entity, fact.cells
    if cells is None or not (isinstance(told, MoodleMarkRecord) and isinstance(before, MoodleMarkRecord)):
        return told
    known = {each.number: each for each in before.attempts}
    untold = [each.name for each in attrs.fields(MarkedAttempt) if each.name not in {*cells, "number"}]
    attempts = tuple(
        attrs.evolve(each, **{name: getattr(known[each.number], name) for name in untold})
        if each.number in known
        else each
        for each in told.attempts
    )
    return attrs.evolve(told, attempts=attempts)


def _is_another_enrolment(before: object, told: object) -> bool:
    """Whether the user is enrolled anew, so that nothing of the enrolment before counts any more."""
    ids = [each.enrollment_id for each in (before, told) if isinstance(each, MoodleEnrollmentRecord)]
    return None not in ids and len(set(ids)) > 1


def as_it_was_read(read: E, before: E | None, event: Version) -> E:
    """A record that was read again because of an event, in order behind that event and what is stored.

    `event`: of when it is. What was read has no number.
    """
    versions = [event, Version(read.modified_at)]
    if before is not None:
        versions.append(before.record_version)
    ordered = read.as_of(max(versions, key=lambda version: version.order))
    if isinstance(ordered, MoodleMarkRecord) and isinstance(before, MoodleMarkRecord):
        known = {each.number: each for each in before.attempts}
        attempts = tuple(_completed(each, known.get(each.number)) for each in ordered.attempts)
        ordered = attrs.evolve(ordered, attempts=attempts)
    return ordered


def _completed(read: MarkedAttempt, known: MarkedAttempt | None) -> MarkedAttempt:
    """An attempt with what is known of the same grading, where Moodle does not show that to everybody."""
    if known is None or known.graded_at != read.graded_at:
        return read
    cells = [field.name for field in attrs.fields(MarkedAttempt)]
    kept = {name: getattr(known, name) for name in cells if getattr(read, name) in (None, ())}
    return attrs.evolve(read, **kept)
