"""The flows between Zoho and Moodle: whose records make a pair, and how it is called."""

from collections.abc import Iterator, Mapping

import attrs

from mzi_core.flows.brake import DestructiveAction
from mzi_core.flows.rules import FlowName
from mzi_core.module import AnyModule, Entity
from mzi_core.modules import (
    CATALOGUE,
    CLASSES,
    ENROLLMENTS,
    GRADES,
    MOODLE_COURSES,
    MOODLE_ENROLLMENTS,
    MOODLE_MARKS,
    MOODLE_USERS,
    PROGRAMS,
    REGISTRATIONS,
    STUDENTS,
    TEACHERS,
)
from mzi_core.ports import DeliveryKey
from mzi_core.values import MoodleId


@attrs.frozen(kw_only=True, eq=False)
class Flow:
    """One kind of agreement. A pair is called by what `key` holds in its record of Zoho.

    `zoho`: the modules whose records are one half; `moodle`: that of the other. `at_once`: how many pairs
    are worked on together. `takes_away`: what it does that the brake counts.
    """

    name: FlowName
    zoho: tuple[AnyModule, ...]
    moodle: AnyModule
    key: str = "zoho_id"
    at_once: int
    takes_away: tuple[DestructiveAction, ...] = ()

    @property
    def waits_for(self) -> Mapping[str, AnyModule]:
        """The modules whose records must be known in Moodle first, by the field that points at them."""
        return {
            field: CATALOGUE[parent]
            for module in self.zoho
            for field, parent in module.depends_on.items()
            if parent in _BY_MODULE
        }

    @property
    def key_is_moodles(self) -> bool:
        """Whether a pair is called by the key of its record in Moodle, which Zoho holds in a field."""
        return self.key != "zoho_id"

    def pair_of(self, record: Entity) -> str | None:
        """What the pair of a record of Zoho is called; None for one that has none."""
        found: str | None = getattr(record, self.key)
        return found


ACCOUNT = Flow(name=FlowName.ACCOUNT, zoho=(STUDENTS, TEACHERS), moodle=MOODLE_USERS, at_once=1000)
PROGRAM = Flow(name=FlowName.PROGRAM, zoho=(PROGRAMS,), moodle=MOODLE_COURSES, at_once=100)
COURSE = Flow(name=FlowName.COURSE, zoho=(CLASSES,), moodle=MOODLE_COURSES, at_once=500)
ENROLMENT = Flow(
    name=FlowName.ENROLMENT,
    zoho=(ENROLLMENTS,),
    moodle=MOODLE_ENROLLMENTS,
    at_once=1000,
    takes_away=(DestructiveAction.SUSPEND,),
)
REGISTRATION = Flow(
    name=FlowName.REGISTRATION,
    zoho=(REGISTRATIONS,),
    moodle=MOODLE_ENROLLMENTS,
    at_once=1000,
    takes_away=(DestructiveAction.SUSPEND,),
)
GRADE = Flow(name=FlowName.GRADE, zoho=(GRADES,), moodle=MOODLE_MARKS, key="composite_key", at_once=500)

ENROLLING = (ENROLMENT, REGISTRATION)
"""Those whose records of Zoho put a student into a course."""

FLOWS: Mapping[FlowName, Flow] = {
    each.name: each for each in (ACCOUNT, PROGRAM, COURSE, ENROLMENT, REGISTRATION, GRADE)
}
"""All of them, those first that others wait for."""


def flow_of(module: AnyModule) -> Flow:
    """The flow in which records of a module of Zoho are one half. Raises KeyError for one that is in none."""
    return _BY_MODULE[module.name]


def in_moodle_only(id: MoodleId) -> str:
    """What somebody or something of Moodle is called until its record in Zoho is known."""
    return f"moodle:{id}"


def waited_for(module: AnyModule, before: Entity | None, after: Entity) -> Iterator[DeliveryKey]:
    """What somebody may wait for that a record has just got: its id in Moodle."""
    for name in module.own_ids:
        id = getattr(after, name)
        if id is not None and module.name in _BY_MODULE and id != getattr(before, name, None):
            flow = flow_of(module)
            yield DeliveryKey(flow.name, str(flow.pair_of(after)))
            yield DeliveryKey(flow.name, in_moodle_only(id))


_BY_MODULE: Mapping[str, Flow] = {module.name: flow for flow in FLOWS.values() for module in flow.zoho}
