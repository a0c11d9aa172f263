"""Drift: where the two sides of a pair say something else, and what would become of it by the rules."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

import attrs

from mzi_core.flows.grade import GradeFacts, GradePlan, grade_values, in_zoho
from mzi_core.flows.write_back import is_link_untold, write_back_of
from mzi_core.module import AnyModule
from mzi_core.modules import MOODLE_MARKS
from mzi_core.ports import Enrolment
from mzi_core.provisioning import Action, Step


class Outlook(StrEnum):
    """What would become of a pair if it was delivered now."""

    AGREES = "agrees"
    """Both sides say the same and Zoho knows it, or nothing is to be on the other side yet."""

    CREATE = "create"
    """What is missing would be made: something in Moodle, or the grade of a mark in Zoho."""

    CHANGE = "change"
    """Some fields would be written, in Moodle or of a grade in Zoho."""

    SUSPEND = "suspend"
    """An enrolment is over in Zoho, and would be suspended in Moodle."""

    ACTIVATE = "activate"
    """An enrolment that mzi has suspended would be made active again."""

    TELL = "tell"
    """All is well in Moodle; Zoho has not been told so, or not of the id there."""

    WAIT = "wait"
    """Something else must be there first, such as the account of a student."""

    LEAVE = "leave"
    """It stays as it is, by the rules, by what a person has decided, or because one side is gone."""

    ASK = "ask"
    """It is left to a person: in the review list, at the brake, or because he changed a grade in Zoho."""

    CANNOT = "cannot"
    """It cannot be brought to agree before somebody changes something."""

    @property
    def differs(self) -> bool:
        """Whether both sides do not agree, and are to."""
        return self not in (Outlook.AGREES, Outlook.WAIT, Outlook.LEAVE)


@attrs.frozen
class Differing:
    """A field, with what Zoho says of it and what Moodle does; of a grade, what the marks come to."""

    field: str
    zoho: object = attrs.field(repr=False)
    moodle: object = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class PairDrift:
    """A pair as it stands. `key`: what it is called; `module`: that of its record.

    `counterpart`: the id in Moodle, or that of a grade in Zoho. `why`: what there is to say of it.
    """

    key: str
    module: str
    outlook: Outlook
    counterpart: str | None = None
    differing: tuple[Differing, ...] = ()
    why: str = ""


@attrs.frozen
class Kept:
    """What keeps a step from being done, and what becomes of the pair then."""

    outlook: Outlook
    why: str


def counterpart_drift(
    module: AnyModule, record: Any, step: Step[object], *, kept: Kept | None = None, is_untold: bool
) -> PairDrift:
    """How a record of Zoho and its counterpart stand, by the step that would be done about them.

    `is_untold`: whether Zoho is yet to be told how it went.
    """
    found = kept or Kept(_outlook(step, is_untold=is_untold), step.why)
    return PairDrift(
        key=step.zoho_id,
        module=module.name,
        outlook=found.outlook,
        counterpart=step.counterpart,
        differing=tuple(_differing(module, record, step, is_untold=is_untold)),
        why=found.why,
    )


def _outlook(step: Step[object], *, is_untold: bool) -> Outlook:
    if step.needs is not None:
        return Outlook.WAIT
    if step.candidates:
        return Outlook.ASK
    if not step.act.agrees:
        return Outlook.CANNOT
    if isinstance(step.write, Enrolment) and step.write.suspended is not None:
        return Outlook.SUSPEND if step.write.suspended else Outlook.ACTIVATE
    if step.act.writes:
        return Outlook.CREATE if step.act is Action.CREATE else Outlook.CHANGE
    return Outlook.TELL if step.links or is_untold else Outlook.AGREES


def _differing(module: AnyModule, record: Any, step: Step[object], *, is_untold: bool) -> Iterator[Differing]:
    for change in step.changes:
        yield Differing(change.field, zoho=change.after, moodle=change.before)
    link = write_back_of(module).link
    links: Mapping[str, object] = step.links
    if is_untold and not links and is_link_untold(module, record):
        links = {link: getattr(record, link)}
    for name, id in links.items():
        yield Differing(name, zoho=getattr(record, module.said_in.get(name, name)), moodle=id)


def grade_drift(key: str, facts: GradeFacts, plan: GradePlan) -> PairDrift:
    """How a mark and its grade in Zoho stand, by what would be written there."""
    theirs, ours = facts.theirs, grade_values(facts)
    if theirs is None:
        outlook = Outlook.CREATE
    elif plan.values:
        outlook = Outlook.CHANGE
    else:
        outlook = Outlook.ASK if plan.conflicts else Outlook.AGREES
    return PairDrift(
        key=key,
        module=MOODLE_MARKS.name,
        outlook=outlook,
        counterpart=None if theirs is None else theirs.zoho_id,
        differing=tuple(
            Differing(name, zoho=None if theirs is None else in_zoho(theirs, name), moodle=ours[name])
            for name in (*plan.values, *plan.conflicts)
        ),
        why=plan.why,
    )
