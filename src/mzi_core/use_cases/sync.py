"""Take a batch of Zoho records: decode, decide, store, and set free what waited for them."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast

import attrs

from mzi_core.decide import (
    Arrival,
    Facts,
    Hold,
    Known,
    Mark,
    Write,
    fingerprints,
    parents_of,
    plan,
    suspects,
    unique_values,
    what_they_say,
    with_untold,
)
from mzi_core.errors import KeyReused, StoreRefused
from mzi_core.mapping import NO_OVERLAY, Overlay, overlay
from mzi_core.module import AnyModule, E, Module
from mzi_core.modules import CATALOGUE
from mzi_core.ports import (
    Answer,
    Clock,
    Codec,
    Decoded,
    Held,
    Ids,
    Session,
    Store,
    TenantSettings,
    Turn,
    Unread,
)
from mzi_core.values import (
    BatchResult,
    Code,
    Outcome,
    Reason,
    RecordId,
    State,
    TenantId,
    Value,
    ZohoId,
)

PAGE = 2000
"""How many records are judged and written together; also how many parked ones are set free at a time."""

REMEMBERED = timedelta(hours=76)
"""How long an idempotency key is remembered: longer than the longest horizon of retries."""


@attrs.frozen
class Once:
    """An idempotency key, the digest of the request it came with, and how its answer is written down."""

    key: str
    digest: str
    render: Callable[[BatchResult], str]


@attrs.frozen
class Replayed:
    """The answer of the first time, as `Once.render` wrote it."""

    body: str


def overlays(settings: TenantSettings) -> dict[str, Overlay]:
    """The tenant's mappings by module; lines that no longer fit the catalogue are passed over."""
    return {name: overlay(CATALOGUE[name], lines)[0] for name, lines in settings.mappings.items()}


@cache
def turns_for(module: AnyModule) -> tuple[Turn, ...]:
    """What a batch of `module` must have to itself: the module, and all that may be set free after it.

    Their parents are shared: while a record is being parked, the parent it misses must not arrive unseen.
    """
    own = {module.name, *CATALOGUE.descendants(module)}
    relied_on = {parent for name in own for parent in CATALOGUE[name].depends_on.values()}
    return tuple(
        Turn(each.name, shared=each.name not in own)
        for each in CATALOGUE.in_order()
        if each.name in own | relied_on
    )


async def owners_of(
    session: Session, module: Module[E], entities: Iterable[E]
) -> dict[str, dict[Value, ZohoId]]:
    """By unique field, which live record has each of the values that `entities` claim."""
    values: dict[str, set[Value]] = defaultdict(set)
    for entity in entities:
        for name, value in unique_values(module, entity):
            values[name].add(value)
    return await session.owners(module, values) if values else {}


async def parents_there(
    session: Session, module: Module[E], entities: Iterable[E]
) -> dict[str, dict[ZohoId, RecordId]]:
    """By module, which of the records are there that `entities` cannot do without."""
    wanted: dict[str, set[ZohoId]] = defaultdict(set)
    for entity in entities:
        for _, parent in parents_of(module, entity):
            wanted[parent.module].add(parent.zoho_id)
    return {name: await session.present(CATALOGUE[name], ids) for name, ids in wanted.items()}


@attrs.frozen(kw_only=True)
class SyncBatch:
    """Take one page of records of one module.

    Every record gets an outcome, in order. One that the store refuses is an ERROR of its own; one whose
    parent is missing is parked and taken by itself when the parent arrives.
    """

    store: Store
    codec: Codec
    clock: Clock
    ids: Ids

    async def __call__(
        self,
        tenant: TenantId,
        module: AnyModule,
        records: Sequence[object],
        *,
        first_position: int = 0,
        dry_run: bool = False,
        once: Once | None = None,
        untold: Collection[str] = (),
        also: Callable[[Session, BatchResult], Awaitable[None]] | None = None,
    ) -> BatchResult | Replayed:
        """Judge and store `records`. With `dry_run` the answer is the same and nothing is kept.

        `untold`: the fields (`extra.` before a tenant's own) that the source of these records does not tell;
        they stay as they are stored. `also` is called last in the same transaction: what it keeps is kept
        together with the records. Raises UnknownTenant, StoreUnavailable, and KeyReused when `once` was seen
        with another request.
        """
        async with self.store.begin(tenant, discard=dry_run) as session:
            settings = await session.settings()
            await session.lock(turns_for(module))
            if once is not None and (replayed := await self._replay(session, once)):
                return replayed
            taker = _Taker(
                session=session,
                codec=self.codec,
                ids=self.ids,
                now=self.clock.now(),
                overlays=overlays(settings),
            )
            outcomes, arrived = await taker.take(
                module, list(enumerate(records, start=first_position)), untold=untold
            )
            result = BatchResult(
                outcomes=tuple(outcomes), released=tuple(await taker.set_free(module, arrived))
            )
            if once is not None:
                await self._remember(session, once, result, taker.now)
            if also is not None:
                await also(session, result)
        return result

    async def _replay(self, session: Session, once: Once) -> Replayed | None:
        answer = await session.answer(once.key)
        if answer is None:
            return None
        if answer.digest != once.digest:
            raise KeyReused(once.key)
        return None if answer.body is None else Replayed(answer.body)

    async def _remember(self, session: Session, once: Once, result: BatchResult, now: datetime) -> None:
        """Freeze only an answer in which everything was accepted: the rest deserves another look."""
        body = once.render(result) if result.complete else None
        answer = Answer(key=once.key, digest=once.digest, body=body, answered_at=now)
        await session.keep_answer(answer, forget_before=now - REMEMBERED)


@attrs.frozen(kw_only=True)
class _Taker:
    """The steps of one batch, in one session and at one moment."""

    session: Session
    codec: Codec
    ids: Ids
    now: datetime
    overlays: dict[str, Overlay]

    async def take(
        self, module: Module[E], records: Sequence[tuple[int, object]], *, untold: Collection[str] = ()
    ) -> tuple[list[Outcome], list[ZohoId]]:
        """The outcomes of (position, record) pairs, and the ids of the records that were not there before."""
        laid = self.overlays.get(module.name, NO_OVERLAY)
        marks = list(map(self.codec.marker(module, laid), (record for _, record in records)))
        said = what_they_say(marks)
        held = frozenset(await self.session.held(module.name, said))
        told = {zoho_id: digest for zoho_id, digest in said.items() if digest is not None}
        same = await self.session.same(module, told) - held
        decode = self.codec.decoder(module, laid)
        arrivals = [
            _arrival(position, read, decode(read), mark)
            for (position, record), mark in zip(records, marks, strict=True)
            if mark is None or mark.zoho_id not in same
            for read in (record.read() if isinstance(record, Unread) else record,)
        ]
        if untold:
            arrivals = await self._completed(module, arrivals, untold)
        ids = {arrival.zoho_id for arrival in arrivals if arrival.zoho_id is not None}
        known = await self.session.known(module, ids) if ids else {}
        if further := ids - said.keys():  # of records that could not be marked
            held |= frozenset(await self.session.held(module.name, further))
        judged, arrived = await self._judge(module, arrivals, known, held)
        rest = iter(judged)
        outcomes = [
            next(rest) if mark is None or mark.zoho_id not in same else _as_before(module, position, mark)
            for (position, _), mark in zip(records, marks, strict=True)
        ]
        return outcomes, arrived

    async def _completed(
        self, module: Module[E], arrivals: Sequence[Arrival[E]], untold: Collection[str]
    ) -> list[Arrival[E]]:
        """The arrivals with what is stored in their untold fields, also in the record, should it be held.

        Such a record is not remembered word for word: another source can say the same words and mean that
        the fields are empty.
        """
        laid = self.overlays.get(module.name, NO_OVERLAY)
        stored = await self.session.stored(
            module, [a.entity.zoho_id for a in arrivals if a.entity is not None]
        )

        def completed(arrival: Arrival[E]) -> Arrival[E]:
            entity = arrival.entity
            if entity is None or entity.zoho_id not in stored:
                return arrival
            whole = with_untold(module, stored[entity.zoho_id].entity, entity, untold)
            if whole == entity:
                return arrival
            before, after = (self.codec.encode(module, each, laid) for each in (entity, whole))
            added = {name: value for name, value in after.items() if before.get(name) != value}
            record = {**cast("Mapping[str, object]", arrival.record), **added}
            return attrs.evolve(arrival, entity=whole, record=record, mark=None)

        return list(map(completed, arrivals))

    async def _judge(
        self,
        module: Module[E],
        arrivals: Sequence[Arrival[E]],
        known: Mapping[ZohoId, Known],
        held: frozenset[ZohoId],
    ) -> tuple[list[Outcome], list[ZohoId]]:
        facts = await self._gather(module, arrivals, known, held)
        decided = plan(module, arrivals, facts)
        failed: dict[ZohoId, Reason] = {}
        for group in decided.writes:
            failed |= await self._write(module, group)
        if decided.touches:
            await self.session.touch(module, decided.touches)
        # A version that was refused after one that could not be stored is the newer one: it is kept.
        holds = {held.zoho_id: held for held in self._broken(module, arrivals, failed)}
        holds |= {hold.zoho_id: self._held(module, State.INVALID, hold) for hold in decided.hold}
        if holds:
            await self.session.hold(list(holds.values()))
        released = [zoho_id for zoho_id in decided.release if zoho_id not in failed]
        if released:
            await self.session.release(module.name, released)
        arrived = [w.entity.zoho_id for group in decided.writes for w in group if w.new]
        return (
            [_failed(outcome, failed) for outcome in decided.outcomes],
            [zoho_id for zoho_id in arrived if zoho_id not in failed],
        )

    async def _gather(
        self,
        module: Module[E],
        arrivals: Sequence[Arrival[E]],
        known: Mapping[ZohoId, Known],
        held: frozenset[ZohoId],
    ) -> Facts[E]:
        entities = [arrival.entity for arrival in arrivals if arrival.entity is not None]
        unknown = [entity.zoho_id for entity in entities if entity.zoho_id not in known]
        prints = fingerprints(module, arrivals, known)
        different = suspects(arrivals, prints, known)
        stored = await self.session.stored(module, different) if different else {}
        return Facts(
            new_ids=dict(zip(unknown, self.ids.record_ids(len(unknown)), strict=True)),
            known=known,
            stored={zoho_id: row.entity for zoho_id, row in stored.items()},
            owners=await owners_of(self.session, module, entities),
            parents=await parents_there(self.session, module, entities),
            held=held,
            prints=prints,
        )

    async def _write(self, module: Module[E], rows: Sequence[Write[E]]) -> dict[ZohoId, Reason]:
        """Store `rows`, halving them on a refusal until only what cannot be stored is left out."""
        try:
            await self.session.write(module, rows, self.now)
        except StoreRefused as refused:
            if len(rows) == 1:
                return {rows[0].entity.zoho_id: Reason(Code.STORAGE, "$", str(refused))}
            half = len(rows) // 2
            return {
                **await self._write(module, rows[:half]),
                **await self._write(module, rows[half:]),
            }
        return {}

    def _held(self, module: AnyModule, state: State, hold: Hold) -> Held:
        return Held(
            module=module.name,
            zoho_id=hold.zoho_id,
            record=hold.record,
            state=state,
            reasons=hold.reasons,
            waits_for=hold.waits_for,
            held_at=self.now,
        )

    def _broken(
        self, module: AnyModule, arrivals: Iterable[Arrival[Any]], failed: dict[ZohoId, Reason]
    ) -> list[Held]:
        last = {arrival.zoho_id: arrival for arrival in arrivals if arrival.entity is not None}
        return [
            self._held(
                module,
                State.ERROR,
                Hold(zoho_id=zoho_id, record=last[zoho_id].record, reasons=(reason,), waits_for=None),
            )
            for zoho_id, reason in failed.items()
        ]

    async def set_free(self, module: AnyModule, arrived: Sequence[ZohoId]) -> list[Outcome]:
        """Take what waited for `arrived`, and what waited for that in turn; positions count from 0.

        What only begins to wait for another parent is not told.
        """
        outcomes: list[Outcome] = []
        waiting: list[tuple[AnyModule, Sequence[ZohoId]]] = [(module, arrived)]
        while waiting:
            parent, ids = waiting.pop(0)
            while ids and (parked := await self.session.waiting_for(parent.name, ids, PAGE)):
                by_module: dict[str, list[Held]] = defaultdict(list)
                for held in parked:
                    by_module[held.module].append(held)
                for name, group in by_module.items():
                    child = CATALOGUE[name]
                    # Taken or not, none waits for this parent any longer; what is refused is held anew.
                    await self.session.release(name, [held.zoho_id for held in group])
                    taken, new = await self.take(child, [(0, held.record) for held in group])
                    outcomes += taken
                    waiting.append((child, new))
        freed = (outcome for outcome in outcomes if not outcome.parked)
        return [attrs.evolve(outcome, position=place) for place, outcome in enumerate(freed)]


def _as_before(module: AnyModule, position: int, mark: Mark) -> Outcome:
    return Outcome(position=position, module=module.name, zoho_id=mark.zoho_id, state=State.UNCHANGED)


def _arrival(position: int, record: object, decoded: Decoded[E], mark: Mark | None) -> Arrival[E]:
    return Arrival(
        position=position,
        record=record,
        zoho_id=decoded.zoho_id,
        entity=decoded.entity,
        reasons=decoded.reasons,
        mark=None if mark is None else mark.digest,
    )


def _failed(outcome: Outcome, failed: dict[ZohoId, Reason]) -> Outcome:
    if outcome.zoho_id not in failed or outcome.state not in (State.NEW, State.UPDATED):
        return outcome
    assert outcome.zoho_id is not None  # noqa: S101  # None is in no dict of ids
    return attrs.evolve(
        outcome,
        state=State.ERROR,
        changed_fields=(),
        reasons=(*outcome.reasons, failed[outcome.zoho_id]),
    )
