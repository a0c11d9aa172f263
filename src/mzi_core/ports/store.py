"""What the core needs of a store, of the clock and of whoever makes ids; and the codec of records."""

from abc import abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, Protocol, Self

import attrs

from mzi_core.comparing import Encode
from mzi_core.decide import Known, Touch, Write
from mzi_core.grading import Decision
from mzi_core.mapping import FieldMapping, Overlay
from mzi_core.module import AnyModule, E, Module, Values
from mzi_core.plain import Change, NewRows, StoredValues
from mzi_core.sizes import weight
from mzi_core.values import Code, Parent, Reason, RecordId, State, TenantId, Value, ZohoId


class Clock(Protocol):
    """The time. Not promised: that two readings differ."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...


class Ids(Protocol):
    """Fresh names. Not promised: an order between the ids of two calls."""

    def record_ids(self, count: int) -> Sequence[RecordId]:
        """So many UUIDs no one has had before, in increasing order; the last 8 digits of each are random.

        They are of version 7 (RFC 9562): in the order of time, so that an index over them grows at its end.
        """
        ...

    def secret(self) -> str:
        """At least 128 bits that nobody can guess, as URL-safe text."""
        ...


MOST_REASONS = 30
"""About one record; a record can be wrong in each of ten thousand rows."""


def _the_first(reasons: tuple[Reason, ...]) -> tuple[Reason, ...]:
    if len(reasons) <= MOST_REASONS:
        return reasons
    more = len(reasons) - MOST_REASONS + 1
    last = Reason(Code.OUT_OF_RANGE, "$", f"And {more:,} further values of it are wrong.")
    return (*reasons[: MOST_REASONS - 1], last)


@attrs.frozen(kw_only=True)
class Decoded(Generic[E]):
    """A wire record understood: the entity, or None and every reason why not.

    With an entity, `reasons` holds what was noticed about it. `zoho_id` is there whenever it could be read.
    Of very many reasons the first are told, and how many more there are.
    """

    zoho_id: ZohoId | None
    entity: E | None
    reasons: tuple[Reason, ...] = attrs.field(default=(), converter=_the_first)


class Unread(bytes):
    """A wire record as it was written, and not read yet: of most that come again nobody need know more."""

    __slots__ = ()

    @abstractmethod
    def read(self) -> object:
        """What it says, or what stands in the place of a record that cannot be read; it never raises."""
        ...


class Codec(Protocol):
    """Between wire records and entities. Not promised: that unknown keys survive a round trip."""

    def decoder(self, module: Module[E], overlay: Overlay) -> Callable[[object], Decoded[E]]:
        """How to understand one record that was read; fetched once, called for each.

        It never raises, whatever comes.
        """
        ...

    def plain_reader(
        self, module: Module[E], overlay: Overlay
    ) -> Callable[[Sequence[object]], Sequence[Values | None]] | None:
        """How to read plain records to their values; None where this codec has no such way.

        It gives None for a record about which there is any question: that one is the decoder's, which has
        the last word. Where it gives values, the decoder gives an entity of just these, and no reason.
        """
        ...

    def marker(
        self, module: Module[E], overlay: Overlay
    ) -> Callable[[Sequence[object]], tuple[list[ZohoId | None], list[str | None]]]:
        """How to mark what records say, word for word: in columns, the id of each and its mark.

        There is no id where a record has none to be known by, and no mark where what it says cannot be
        marked. Records of one id with equal marks are understood alike. Not promised: that records
        understood alike have equal marks; that one that is Unread can be marked before it is read.
        """
        ...

    @property
    def compact_json(self) -> Encode:
        """Writes what `mzi_core.comparing.compact_json` writes, byte for byte, and maybe sooner."""
        ...

    def encode(self, module: Module[E], entity: E, overlay: Overlay) -> dict[str, object]:
        """The record as Zoho writes it, under the first name of each field; JSON-able."""
        ...


@attrs.frozen(kw_only=True)
class Stored(Generic[E]):
    """A record as the store has it. `state` is what its last change was: NEW or UPDATED."""

    id: RecordId
    entity: E
    fingerprint: str
    state: State
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None


LARGEST_HELD = 64 * 2**10
"""Bytes of a record kept aside beyond which it is left out, and its reasons alone are told."""

LEFT_OUT = Reason(
    Code.OUT_OF_RANGE,
    "$",
    f"The record is larger than {LARGEST_HELD >> 10} KB: only its reasons are told.",
)


@attrs.frozen(kw_only=True)
class Held:
    """A record kept aside: refused (`waits_for` is None) or parked until the record it names arrives."""

    module: str
    zoho_id: ZohoId
    record: object
    """The wire record as it came: anything JSON can say."""
    state: State
    reasons: tuple[Reason, ...]
    waits_for: Parent | None
    held_at: datetime

    @property
    def in_short(self) -> Self:
        """Itself, or of a large record the reasons alone, and one more that says so."""
        if weight(self.record, LARGEST_HELD) <= LARGEST_HELD:
            return self
        return attrs.evolve(self, record=None, reasons=(*self.reasons, LEFT_OUT))


@attrs.frozen
class Parking:
    """Whether any record of a module is held, and whether any record waits for one of the module."""

    holds: bool
    awaited: bool


@attrs.frozen
class Cursor:
    """Where a page ended: the next one starts after this moment and key."""

    at: datetime
    key: str


@attrs.frozen(kw_only=True)
class Query:
    """Which records to list: those in a state, changed at or after `updated_since`, deleted or not."""

    state: State | None = None
    updated_since: datetime | None = None
    with_deleted: bool = False
    after: Cursor | None = None
    limit: int = 100


@attrs.frozen(kw_only=True)
class DecisionRecord:
    """A grading decision that was recorded under a key (the composite key of the grade)."""

    key: str
    decision: Decision
    decided_at: datetime


@attrs.frozen(kw_only=True)
class Answer:
    """What was answered to a request that carried an idempotency key; `body` None: nothing to replay yet."""

    key: str
    digest: str
    body: str | None
    answered_at: datetime


class RunStatus(StrEnum):
    """How a sync run stands; `partial`: it went through, and some records were not accepted."""

    RUNNING = "running"
    COMPLETED = "completed"
    PARTIAL = "partial"
    FAILED = "failed"

    @property
    def reached_the_end(self) -> bool:
        """Whether the source was read to its end."""
        return self in (RunStatus.COMPLETED, RunStatus.PARTIAL)


@attrs.frozen(kw_only=True)
class Run:
    """One bulk run: where it came from, how far it got (`cursor`: records done), what became of them."""

    id: RecordId
    module: str
    source: str
    status: RunStatus
    started_at: datetime
    finished_at: datetime | None = None
    cursor: int = 0
    counts: Mapping[str, int] = attrs.field(factory=dict)
    message: str = ""
    bookmark: str = ""
    """Where its source is to be taken up again, in the source's own words."""


@attrs.frozen(kw_only=True)
class TenantSettings:
    """What a tenant chose: field mappings by module, grading policies as data (see `grading.policy`)."""

    mappings: Mapping[str, tuple[FieldMapping, ...]] = attrs.field(factory=dict)
    policies: Mapping[str, Any] = attrs.field(factory=dict)


@attrs.frozen
class Turn:
    """The right to write a module, or only to rely on what it holds staying there (`shared` with others)."""

    module: str
    shared: bool


@attrs.frozen(kw_only=True)
class Grant:
    """What a remote service lets us in with for now, shared by every process of a tenant.

    `origin` is a digest of the lasting credentials it was obtained with: what was kept under another one
    counts for nothing. `scope`: what the token opens, in the service's words. `renewing_until`: when a
    lease that is kept as a grant ends. `renewals`: when it was renewed of late, oldest first.
    `paused_until`: the service has had enough of us. `revoked`: why it will never renew it again.
    """

    name: str
    origin: str
    token: str | None = attrs.field(default=None, repr=False)
    scope: str = ""
    expires_at: datetime | None = None
    renewing_until: datetime | None = None
    renewals: tuple[datetime, ...] = ()
    paused_until: datetime | None = None
    revoked: str = ""


class Session(Protocol):
    """One transaction over one tenant's data: what is written is seen by later reads of the same session.

    Every statement carries the tenant. Not promised: that other sessions can write meanwhile; that anything
    is kept when the block it was opened for ends with an exception.
    """

    @property
    def tenant(self) -> TenantId:
        """Whose data this session sees."""
        ...

    async def lock(self, turns: Sequence[Turn]) -> None:
        """Wait until no other session of this tenant has one of these turns, and keep them to the end.

        Called once, before anything that depends on it is read. Not promised: that it does anything where
        only one session writes at a time; that two sessions which ask in different orders do not wait for
        each other for ever, so every caller asks in the order of the catalogue.
        """
        ...

    async def settings(self) -> TenantSettings:
        """The tenant's choices; raises UnknownTenant."""
        ...

    async def save_settings(self, settings: TenantSettings) -> None:
        """Replace the tenant's choices; raises UnknownTenant."""
        ...

    async def known(self, module: AnyModule, ids: Collection[ZohoId]) -> dict[ZohoId, Known]:
        """What is known of these records, deleted ones too; one read however many ids."""
        ...

    async def marks(self, module: AnyModule, ids: Collection[ZohoId]) -> dict[ZohoId, str | None]:
        """The marks with which these records were last taken, where they are there; None for deleted ones."""
        ...

    async def values(self, module: AnyModule, ids: Collection[ZohoId]) -> dict[ZohoId, StoredValues]:
        """These records as values, deleted ones too; one read however many ids."""
        ...

    async def stored(self, module: Module[E], ids: Collection[ZohoId]) -> dict[ZohoId, Stored[E]]:
        """These records whole, deleted ones too; one read however many ids."""
        ...

    async def owners(
        self, module: AnyModule, values: Mapping[str, Collection[Value]]
    ) -> dict[str, dict[Value, ZohoId]]:
        """By unique field, which live record has each of these values; values nobody has are left out."""
        ...

    async def present(self, module: AnyModule, ids: Collection[ZohoId]) -> set[ZohoId]:
        """Which of these records are there, deleted ones too: the children of a deleted parent stay."""
        ...

    async def write(self, module: Module[E], rows: Sequence[Write[E]], at: datetime) -> None:
        """Add the new rows and replace the others; a written row is live.

        All or nothing: on StoreRefused no row of this call is stored and the session can go on.
        """
        ...

    async def add(self, module: AnyModule, rows: NewRows, at: datetime) -> None:
        """Add new records whole; all or nothing, as `write`."""
        ...

    async def change(self, module: AnyModule, changes: Sequence[Change], at: datetime) -> None:
        """Set what changed of live records that are stored; all or nothing, as `write`.

        In fields that a change does not name, its values are those that are stored.
        """
        ...

    async def touch(self, module: AnyModule, touches: Sequence[Touch]) -> None:
        """Remember that these stored records came again and say the same; they count as not written."""
        ...

    async def delete(self, module: AnyModule, ids: Collection[ZohoId], at: datetime) -> tuple[ZohoId, ...]:
        """Mark live records deleted and say which were; their unique values are free for others."""
        ...

    async def linked(self, module: Module[E], field: str, value: int) -> Stored[E] | None:
        """The live record with this Moodle id."""
        ...

    async def list(self, module: Module[E], query: Query) -> Sequence[Stored[E]]:
        """Records by (updated_at, zoho_id), at most `query.limit`."""
        ...

    async def count(self, module: AnyModule) -> dict[State, int]:
        """How many live records are NEW and UPDATED, and how many held ones INVALID and ERROR."""
        ...

    async def hold(self, held: Sequence[Held]) -> None:
        """Keep records aside, each in place of what was held under its module and id."""
        ...

    async def release(self, module: str, ids: Collection[ZohoId]) -> None:
        """Forget what is held under these ids; unknown ids are no error."""
        ...

    async def held(self, module: str, ids: Collection[ZohoId]) -> dict[ZohoId, Held]:
        """What is held under these ids."""
        ...

    async def parking(self, module: AnyModule) -> Parking:
        """Whether it is worth asking what is held of a module, or waits for it: for most pages it is not."""
        ...

    async def held_list(self, module: str, query: Query) -> Sequence[Held]:
        """Held records by (held_at, zoho_id), at most `query.limit`; `query.state` INVALID, ERROR or all."""
        ...

    async def waiting_for(self, module: str, ids: Collection[ZohoId], limit: int) -> Sequence[Held]:
        """Parked records that wait for one of these, oldest first, at most `limit`."""
        ...

    async def record_decision(self, record: DecisionRecord) -> None:
        """Keep a decision; several may stand under one key, the newest counts."""
        ...

    async def decisions(self, after: Cursor | None, limit: int) -> Sequence[DecisionRecord]:
        """The newest decision of each key, by key; `after.key` is the key to go on after."""
        ...

    async def decision(self, key: str) -> DecisionRecord | None:
        """The newest decision under a key."""
        ...

    async def answer(self, key: str) -> Answer | None:
        """What was answered under an idempotency key."""
        ...

    async def keep_answer(self, answer: Answer, forget_before: datetime) -> None:
        """Keep an answer in place of the one under its key, and forget those older than a moment."""
        ...

    async def save_run(self, run: Run) -> None:
        """Keep a run in place of the one with its id."""
        ...

    async def runs(self, limit: int) -> Sequence[Run]:
        """The latest runs, newest first."""
        ...

    async def unfinished(self, module: str, source: str) -> Run | None:
        """The latest run of this module from this source, if it did not get to its end: RUNNING or FAILED."""
        ...

    async def finished(self, module: str, source: str) -> Run | None:
        """The latest run of this module from this source that got to its end."""
        ...

    async def grant(self, name: str) -> Grant | None:
        """What a remote service granted; `lock` a turn of its name before changing it."""
        ...

    async def save_grant(self, grant: Grant) -> None:
        """Keep a grant in place of the one with its name."""
        ...


@attrs.frozen(kw_only=True)
class ApiKey:
    """A key that opens the API: `id` is public, `digest` the SHA-256 (hex) of the secret part.

    `tenant` None: it opens every tenant.
    """

    id: str
    digest: str
    label: str
    tenant: TenantId | None
    created_at: datetime
    revoked_at: datetime | None = None


class Registry(Protocol):
    """What belongs to no tenant: the tenants themselves and the API keys. One transaction, as a Session."""

    async def tenants(self) -> Sequence[TenantId]:
        """Every tenant, by name; the default one is always among them."""
        ...

    async def add_tenant(self, tenant: TenantId, at: datetime) -> bool:
        """Make a tenant; False when it is there already."""
        ...

    async def keys(self) -> Sequence[ApiKey]:
        """Every API key, oldest first, revoked ones too."""
        ...

    async def key(self, id: str) -> ApiKey | None:
        """One API key."""
        ...

    async def save_key(self, key: ApiKey) -> None:
        """Keep a key in place of the one with its id."""
        ...


@attrs.frozen(kw_only=True)
class StoreHealth:
    """What a store says of itself. `ready`: reachable and of the schema this version needs."""

    backend: str
    version: str
    ready: bool
    message: str


class Store(Protocol):
    """Where everything is kept. Raises StoreUnavailable when it cannot be reached."""

    def begin(self, tenant: TenantId, *, discard: bool = False) -> AbstractAsyncContextManager[Session]:
        """A session that keeps its writes when the block ends well; with `discard` never (a preview)."""
        ...

    def read(self, tenant: TenantId) -> AbstractAsyncContextManager[Session]:
        """A session that keeps nothing and waits for no writer: one moment of what is kept."""
        ...

    def registry(self) -> AbstractAsyncContextManager[Registry]:
        """The tenants and keys, in a transaction."""
        ...

    def read_registry(self) -> AbstractAsyncContextManager[Registry]:
        """The tenants and keys to look at, as `read`."""
        ...

    async def health(self) -> StoreHealth:
        """How the store is; never raises."""
        ...
