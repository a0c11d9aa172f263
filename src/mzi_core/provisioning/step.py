"""A step of a plan: what is to be done about one record, what it changes, or why nothing is done."""

from collections.abc import Callable, Mapping
from datetime import timedelta, timezone, tzinfo
from enum import StrEnum
from typing import Generic, TypeVar

import attrs

from mzi_core.errors import unforeseen
from mzi_core.module import caseless
from mzi_core.modules.classes import ACTIVE
from mzi_core.moodle_roles import ROLES
from mzi_core.values import MoodleId, Parent, ZohoId

W_co = TypeVar("W_co", covariant=True)


class Action(StrEnum):
    """What is to be done about a record."""

    CREATE = "create"
    CHANGE = "change"
    LINK = "link"
    """The counterpart is as it should be; only its id is new to us."""

    NOTHING = "nothing"
    CONFLICT = "conflict"
    """The remote record was changed since we last saw it: it is left alone unless a person insists."""

    CANNOT = "cannot"

    @property
    def writes(self) -> bool:
        """Whether something is sent to the remote."""
        return self in (Action.CREATE, Action.CHANGE)

    @property
    def agrees(self) -> bool:
        """Whether both sides say the same once it is done."""
        return self not in (Action.CONFLICT, Action.CANNOT)


@attrs.frozen
class Difference:
    """A field of the remote record, as it is there and as it shall be."""

    field: str
    before: object
    after: object


@attrs.frozen(kw_only=True)
class Step(Generic[W_co]):
    """What to do about one record. `write` is what is sent: there for a step that writes, and only then.

    `links`: what our record shall know of its counterpart; `learns` the field that takes the id of one that
    is yet to be created. `needs`: the record of ours whose counterpart must be there first. `takes_back`:
    what would undo what was done to the counterpart; only who knows that it was mzi that did it may send it.
    `candidates`: among which a person must choose, for it cannot be done before.
    """

    zoho_id: ZohoId
    act: Action
    counterpart: str | None = None
    """The id of the remote record, where there is one."""

    changes: tuple[Difference, ...] = ()
    why: str = ""
    """Why nothing is done, or what is left out; a sentence."""

    write: W_co | None = None
    links: Mapping[str, MoodleId] = attrs.field(factory=dict)
    learns: str | None = None
    needs: Parent | None = None
    takes_back: W_co | None = None
    candidates: tuple[MoodleId, ...] = ()


def foreseen(zoho_id: ZohoId, plan: Callable[[], Step[W_co]]) -> Step[W_co]:
    """The step that `plan` makes; where it raises, one that says so: one record never ends a page."""
    try:
        return plan()
    except Exception as error:
        return Step(zoho_id=zoho_id, act=Action.CANNOT, why=unforeseen(error))


def apart(
    zoho_id: ZohoId,
    id: MoodleId,
    before: Mapping[str, object],
    after: Mapping[str, object],
    why: str,
    *,
    is_candidate: bool = False,
) -> Step[W_co]:
    """That something in Moodle is left alone, with what both sides say of the same fields.

    `is_candidate`: a person may say that it is the counterpart all the same.
    """
    return Step(
        zoho_id=zoho_id,
        act=Action.CANNOT,
        counterpart=str(id),
        changes=differences(before, after),
        why=why,
        candidates=(id,) if is_candidate else (),
    )


def has_tag(text: str) -> bool:
    """Whether Moodle would take a part of this for HTML, and refuse it: whatever follows `<` but a blank."""
    return any(not after[:1].isspace() for after in text.split("<")[1:])


STUDENT_ROLE = ROLES["student"]
"""The id of Moodle's own student role."""

FIRST_CATEGORY = MoodleId(1)
"""The id of the category every Moodle begins with."""


class Usernames(StrEnum):
    """What the username of a new account is made from. It is unique, and stays when the address changes."""

    ADDRESS = "address"
    """The academic e-mail, where Moodle takes it."""

    ADDRESS_OR_ID = "address-or-id"
    """The academic e-mail where Moodle takes it, else the Zoho id of the record."""

    EXTENDED = "extended"
    """The academic e-mail whatever its characters, for a site that allows all of them in usernames."""


class NewPasswords(StrEnum):
    """What becomes of the password of a new account, where the site keeps it."""

    MAILED = "mailed"
    """Moodle makes one and mails it at once."""

    UNKNOWN = "unknown"
    """Nobody learns it and nobody is mailed; people set theirs by way of a forgotten one."""


class IdNumbers(StrEnum):
    """What becomes of the id number that an account has from another system."""

    KEEP = "keep"
    """It stays, and a person settles whose account it is."""

    REPLACE = "replace"
    """The Zoho id takes its place."""


@attrs.frozen(kw_only=True)
class MoodleDefaults:
    """What a college has decided about its Moodle.

    `auth`: how new accounts log in; where the site keeps passwords Moodle makes one and mails it.
    `category`: where a course goes whose programme names none. `utc_offset`: the hours by which the day of
    the college begins before that of Greenwich. `active`: the statuses, in small letters, in which a class
    gets a course.
    """

    auth: str | None = None
    student_role: MoodleId = STUDENT_ROLE
    category: MoodleId = FIRST_CATEGORY
    course_format: str = "weeks"
    sections: int = 12
    utc_offset: int = 3
    active: frozenset[str] = frozenset(map(caseless, ACTIVE))
    id_numbers: IdNumbers = IdNumbers.KEEP
    usernames: Usernames = Usernames.ADDRESS
    passwords: NewPasswords = NewPasswords.MAILED

    @property
    def zone(self) -> tzinfo:
        """The time zone in which a day of the college begins."""
        return timezone(timedelta(hours=self.utc_offset))


def differences(before: Mapping[str, object], after: Mapping[str, object]) -> tuple[Difference, ...]:
    """The fields of `after` that are not as in `before`."""
    return tuple(
        Difference(name, before[name], value) for name, value in after.items() if before[name] != value
    )
