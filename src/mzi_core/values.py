"""The small values every other file speaks in: ids, states, reasons, outcomes."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NewType, assert_never, overload

import attrs

TenantId = NewType("TenantId", str)
"""Whose data it is. Part of every key and of every statement."""

ZohoId = NewType("ZohoId", str)
"""A Zoho record id: always text, for its 19 digits do not survive a float."""

MoodleKey = NewType("MoodleKey", str)
"""How a Moodle record is known: its id as text, or several ids that name it together, joined by `_`."""

RecordKey = ZohoId | MoodleKey
"""The id that the side owning a record gives it."""

RecordId = NewType("RecordId", str)
"""Our own primary key, a UUID in canonical text."""

MoodleId = NewType("MoodleId", int)
"""A Moodle database id, at least 1; Moodle's 0 means "none"."""

Email = NewType("Email", str)
"""An address, validated and lower-cased."""

DEFAULT_TENANT = TenantId("default")

Value = str | int | Decimal | date | datetime | bool | tuple[str, ...] | None
"""What a tenant's own (`extra`) field may hold."""

Extra = Mapping[str, Value]

FIRST_YEAR, LAST_YEAR = 1900, 2200
"""Of days, and of moments in UTC. Every database, driver and calendar keeps these years in every offset; near
the years 1 and 9999 one of them writes down what it cannot read again."""

YEARS = f"the years {FIRST_YEAR} to {LAST_YEAR}"
"""As a refusal names them."""


def is_of_these_years(day: date) -> bool:
    """Whether a day, or a moment in UTC, is one that is taken."""
    return FIRST_YEAR <= day.year <= LAST_YEAR


PARKED = "It is parked, and is taken by itself when that record arrives."


class State(StrEnum):
    """What became of a record of a request. There are no others."""

    NEW = "NEW"
    UPDATED = "UPDATED"
    UNCHANGED = "UNCHANGED"
    INVALID = "INVALID"
    ERROR = "ERROR"

    @property
    def accepted(self) -> bool:
        """Whether nothing is left to be done about the record that came."""
        return self in (State.NEW, State.UPDATED, State.UNCHANGED)


class Code(StrEnum):
    """Why a record was refused, or what was noticed about one that was accepted."""

    NOT_AN_OBJECT = "not_an_object"
    REQUIRED = "required"
    WRONG_TYPE = "wrong_type"
    TEXT_INVALID = "text_invalid"
    ID_INVALID = "id_invalid"
    EMAIL_INVALID = "email_invalid"
    DATE_INVALID = "date_invalid"
    NUMBER_INVALID = "number_invalid"
    MONEY_INVALID = "money_invalid"
    MONEY_AMBIGUOUS = "money_ambiguous"
    CURRENCY_MISMATCH = "currency_mismatch"
    OUT_OF_RANGE = "out_of_range"
    TEMPLATE_NOT_SUBSTITUTED = "template_not_substituted"
    DUPLICATE = "duplicate"
    DEPENDENCY_MISSING = "dependency_missing"
    STORAGE = "storage"
    UNFORESEEN = "unforeseen"
    # noticed about an accepted record
    MOJIBAKE = "mojibake"
    STALE = "stale"


@attrs.frozen
class Reason:
    """One reason: a code for machines, the JSON path inside the record, a sentence for people."""

    code: Code
    path: str
    message: str


@attrs.frozen
class Parent:
    """The record another one cannot do without."""

    module: str
    key: RecordKey


@attrs.frozen(kw_only=True)
class Outcome:
    """What became of one record: `position` counts from 0 in the request it came with."""

    position: int
    module: str
    key: RecordKey | None
    state: State
    changed_fields: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    parked: bool = False

    @property
    def message(self) -> str:
        """One sentence for the person who sent the record."""
        match self.state:
            case State.NEW:
                return "Stored for the first time."
            case State.UPDATED:
                return f"Changed: {', '.join(self.changed_fields)}."
            case State.UNCHANGED:
                stale = [reason.message for reason in self.reasons if reason.code is Code.STALE]
                return stale[0] if stale else "Nothing to do: the store already agrees."
            case State.INVALID | State.ERROR:
                said = " ".join(reason.message for reason in self.reasons)
                return f"{said} {PARKED}" if self.parked else said
        assert_never(self.state)


@attrs.frozen(kw_only=True, eq=False)
class Outcomes(Sequence[Outcome]):
    """The outcomes of a page in columns: an `Outcome` is made only for who asks for it.

    Of a page of a nightly sync nearly all records are UNCHANGED, and only their number is of interest.
    By place, `changed` has the names of the changed fields of records that are simply UPDATED, and `told` the
    outcomes with more to tell than that. Equal to any sequence of the same outcomes.
    """

    module: str
    first: int
    ids: Sequence[RecordKey | None]
    states: Sequence[State]
    changed: Mapping[int, tuple[str, ...]]
    told: Mapping[int, Outcome]

    def __len__(self) -> int:
        return len(self.states)

    @overload
    def __getitem__(self, place: int) -> Outcome: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Outcome, ...]: ...
    def __getitem__(self, place: int | slice) -> Outcome | tuple[Outcome, ...]:
        places = range(len(self))
        if isinstance(place, slice):
            return tuple(map(self._at, places[place]))
        return self._at(places[place])

    def __iter__(self) -> Iterator[Outcome]:
        return map(self._at, range(len(self)))

    def _at(self, place: int) -> Outcome:
        return self.told.get(place) or Outcome(
            position=self.first + place,
            module=self.module,
            key=self.ids[place],
            state=self.states[place],
            changed_fields=self.changed.get(place, ()),
        )

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, Sequence) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))

    def other_than(self, *states: State) -> Iterator[Outcome]:
        """The outcomes in any other state, without making one of the rest."""
        return (self._at(place) for place, state in enumerate(self.states) if state not in states)


@attrs.frozen(kw_only=True)
class BatchResult:
    """What became of a request: every record in order, and the parked ones it unparked."""

    outcomes: Outcomes
    released: tuple[Outcome, ...] = ()

    @property
    def summary(self) -> dict[State, int]:
        """How many records of the request ended in each state; all five are named."""
        return dict.fromkeys(State, 0) | Counter(self.outcomes.states)

    @property
    def complete(self) -> bool:
        """Whether the store agrees with every record of the request."""
        return all(state.accepted for state in set(self.outcomes.states))
