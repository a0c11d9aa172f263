"""Take a batch of Zoho records: decode, decide, store, and set free what waited for them."""

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any, Generic, cast

import attrs

from mzi_core.comparing import fingerprinter
from mzi_core.decide import (
    Arrival,
    Facts,
    Hold,
    Known,
    Write,
    fingerprints,
    parents_of,
    plan,
    suspects,
    unique_values,
    with_untold,
)
from mzi_core.errors import KeyReused, StoreRefused
from mzi_core.mapping import NO_OVERLAY, Overlay, overlay
from mzi_core.module import AnyModule, E, Module, Values
from mzi_core.modules import CATALOGUE
from mzi_core.plain import NewRows, claimants, compare, orphans, rivals
from mzi_core.ports import (
    Answer,
    Clock,
    Codec,
    Decoded,
    Held,
    Ids,
    Parking,
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
    Outcomes,
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
            taker = TakePage(
                session=session,
                codec=self.codec,
                ids=self.ids,
                now=self.clock.now(),
                overlays=overlays(settings),
            )
            taken = await taker(module, records, first=first_position, untold=untold)
            result = BatchResult(outcomes=taken.outcomes, released=await taker.set_free(module, taken))
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
class Taken:
    """What became of the records of a page; `arrived` are those that were not there before.

    `awaited`: whether any record was waiting for one of this module when the page began.
    """

    outcomes: Outcomes
    arrived: Sequence[ZohoId]
    awaited: bool


@attrs.frozen(kw_only=True)
class _Page(Generic[E]):
    """A page on its way: its records in columns, and what was found out about them so far, by place."""

    module: Module[E]
    records: Sequence[object]
    first: int
    ids: Sequence[ZohoId | None]
    marks: Sequence[str | None]
    held: frozenset[ZohoId]
    untold: Collection[str]
    plain: dict[int, Values] = attrs.field(factory=dict)
    """The records that are plain, until they turn out to need a judge."""
    arrivals: dict[int, Arrival[E]] = attrs.field(factory=dict)
    """The records that are judged one by one."""
    states: list[State] = attrs.field(init=False)
    told: dict[int, Outcome] = attrs.field(factory=dict)
    arrived: list[ZohoId] = attrs.field(factory=list)

    @states.default
    def _all_unchanged(self) -> list[State]:
        return [State.UNCHANGED] * len(self.records)

    def tell(self, place: int, outcome: Outcome) -> None:
        """Note an outcome that has more to tell than a state."""
        self.states[place] = outcome.state
        self.told[place] = outcome

    def outcomes(self) -> Outcomes:
        """What there is to tell of all of them."""
        return Outcomes(
            module=self.module.name, first=self.first, ids=self.ids, states=self.states, told=self.told
        )


@attrs.frozen(kw_only=True)
class TakePage:
    """The steps of one page, in one open session that has the turns of its module, and at one moment.

    Records that say word for word what they said before are done with at once. Of the others the plain ones
    are settled together (`mzi_core.plain`): new ones are added, changed ones changed. Whatever is left is
    judged one by one (`mzi_core.decide`).
    """

    session: Session
    codec: Codec
    ids: Ids
    now: datetime
    overlays: Mapping[str, Overlay]

    async def __call__(
        self,
        module: Module[E],
        records: Sequence[object],
        *,
        first: int = 0,
        untold: Collection[str] = (),
    ) -> Taken:
        """Take the records, the first of which stands at position `first`."""
        ids, marks = self.codec.marker(module, self._overlay(module))(records)
        said = {zoho_id: mark for zoho_id, mark in zip(ids, marks, strict=True) if zoho_id is not None}
        remembered = await self.session.marks(module, said) if said else {}
        parking = await self.session.parking(module)
        held = frozenset(await self.session.held(module.name, said) if parking.holds else ())
        page = _Page(
            module=module, records=records, first=first, ids=ids, marks=marks, held=held, untold=untold
        )
        if held or len(said) != len(ids) or remembered != said or None in marks:
            self._read(page, remembered)
            self._leave(page, rivals(module, page.plain, _entities(page)))
            await self._compare(page, remembered)
            await self._add(page)
            if page.arrivals:
                await self._judge_rest(page, parking)
        return Taken(outcomes=page.outcomes(), arrived=page.arrived, awaited=parking.awaited)

    def _overlay(self, module: AnyModule) -> Overlay:
        return self.overlays.get(module.name, NO_OVERLAY)

    def _read(self, page: _Page[E], remembered: Mapping[ZohoId, str | None]) -> None:
        """Read the records that do not say what they said before: to values where they are plain."""
        times = Counter(page.ids)
        zoho_id_at = page.module.place["zoho_id"]
        left: list[int] = []
        asked: list[int] = []
        for place, (zoho_id, mark) in enumerate(zip(page.ids, page.marks, strict=True)):
            if zoho_id is None or times[zoho_id] > 1 or zoho_id in page.held:
                left.append(place)
            elif mark is None or remembered.get(zoho_id) != mark:
                asked.append(place)
        read = self.codec.plain_reader(page.module, self._overlay(page.module)) or _nothing_is_plain
        for place, values in zip(asked, read([page.records[place] for place in asked]), strict=True):
            if values is None or values[zoho_id_at] != page.ids[place]:
                left.append(place)
            else:
                page.plain[place] = values
        self._leave(page, left)

    def _leave(self, page: _Page[E], places: Iterable[int]) -> None:
        """Leave records to be judged one by one."""
        decode = self.codec.decoder(page.module, self._overlay(page.module))
        for place in places:
            record = page.records[place]
            read = record.read() if isinstance(record, Unread) else record
            values = page.plain.pop(place, None)
            decoded = (
                decode(read)
                if values is None
                else Decoded(zoho_id=page.ids[place], entity=page.module.entity_of(values))
            )
            page.arrivals[place] = Arrival(
                position=page.first + place,
                record=read,
                zoho_id=decoded.zoho_id,
                entity=decoded.entity,
                reasons=decoded.reasons,
                mark=page.marks[place],
            )

    async def _compare(self, page: _Page[E], remembered: Collection[ZohoId]) -> None:
        """Settle the plain records that are stored already."""
        module, zoho_id_at = page.module, page.module.place["zoho_id"]
        if module.checks:
            odd = [p for p, values in page.plain.items() if module.check(module.entity_of(values))]
            self._leave(page, odd)
        there = {p: values for p, values in page.plain.items() if values[zoho_id_at] in remembered}
        if not there:
            return
        stored = await self.session.values(module, [values[zoho_id_at] for values in there.values()])
        fingerprint = fingerprinter(module, self.codec.compact_json)
        found = compare(module, there, page.marks, stored, fingerprint=fingerprint, untold=page.untold)
        if found.touches:
            await self.session.touch(module, list(found.touches.values()))
        if found.changes:
            try:
                await self.session.change(module, list(found.changes.values()), self.now)
            except StoreRefused:
                found.left.update(found.changes)
                found.changes.clear()
        for place, change in found.changes.items():
            outcome = Outcome(
                position=page.first + place,
                module=module.name,
                zoho_id=page.ids[place],
                state=State.UPDATED,
                changed_fields=change.fields,
            )
            page.tell(place, outcome)
        self._leave(page, sorted(found.left))
        for place in there.keys() - found.left:
            del page.plain[place]

    async def _add(self, page: _Page[E]) -> None:
        """Add the plain records that are new, without asking first what their unique indexes know anyway."""
        module = page.module
        parents = {
            name: await self.session.present(CATALOGUE[parent], wanted)
            for name, parent in module.depends_on.items()
            for at in (module.place[name],)
            if (wanted := {values[at] for values in page.plain.values() if values[at] is not None})
        }
        self._leave(page, sorted(orphans(module, page.plain, parents)))
        for _ in range(2):
            if not page.plain:
                return
            try:
                await self.session.add(module, self._rows(page, parents), self.now)
            except StoreRefused:
                # Only now is asked who has what; those who claim it are judged, and the rest tries once more.
                entities = map(module.entity_of, page.plain.values())
                taken = claimants(module, page.plain, await owners_of(self.session, module, entities))
                self._leave(page, sorted(taken or set(page.plain)))
            else:
                for place in page.plain:
                    page.states[place] = State.NEW
                    page.arrived.append(cast("ZohoId", page.ids[place]))
                page.plain.clear()
        self._leave(page, sorted(page.plain))

    def _rows(self, page: _Page[E], parents: Mapping[str, Mapping[ZohoId, RecordId]]) -> NewRows:
        module = page.module
        values = list(page.plain.values())
        found = [(module.place[name], parents.get(name, {})) for name in module.depends_on]
        return NewRows(
            ids=self.ids.record_ids(len(values)),
            values=values,
            parents=[tuple([there.get(each[at]) for at, there in found]) for each in values],
            fingerprints=list(map(fingerprinter(module, self.codec.compact_json), values)),
            marks=[page.marks[place] for place in page.plain],
        )

    async def _judge_rest(self, page: _Page[E], parking: Parking) -> None:
        """Judge the records that are left, in the order in which they came."""
        places = sorted(page.arrivals)
        arrivals = [page.arrivals[place] for place in places]
        if page.untold:
            arrivals = await self._completed(page.module, arrivals, page.untold)
        ids = {arrival.zoho_id for arrival in arrivals if arrival.zoho_id is not None}
        known = await self.session.known(page.module, ids) if ids else {}
        held = page.held
        if parking.holds and (further := ids.difference(page.ids)):  # of records that could not be marked
            held |= frozenset(await self.session.held(page.module.name, further))
        outcomes, arrived = await self._judge(page.module, arrivals, known, held)
        for place, outcome in zip(places, outcomes, strict=True):
            page.tell(place, outcome)
        page.arrived.extend(arrived)

    async def _completed(
        self, module: Module[E], arrivals: Sequence[Arrival[E]], untold: Collection[str]
    ) -> list[Arrival[E]]:
        """The arrivals with what is stored in their untold fields, also in the record, should it be held.

        Such a record is not remembered word for word: another source can say the same words and mean that
        the fields are empty.
        """
        stored = await self.session.values(
            module, [a.entity.zoho_id for a in arrivals if a.entity is not None]
        )

        def completed(arrival: Arrival[E]) -> Arrival[E]:
            entity = arrival.entity
            if entity is None or entity.zoho_id not in stored:
                return arrival
            values = module.values_of(entity)
            whole = with_untold(module, stored[entity.zoho_id].values, values, untold)
            if whole == values:
                return arrival
            after = module.entity_of(whole)
            encode = partial(self.codec.encode, module, overlay=self._overlay(module))
            before, now = encode(entity=entity), encode(entity=after)
            added = {name: value for name, value in now.items() if before.get(name) != value}
            record = {**cast("Mapping[str, object]", arrival.record), **added}
            return attrs.evolve(arrival, entity=after, record=record, mark=None)

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

    async def set_free(self, module: AnyModule, taken: Taken) -> tuple[Outcome, ...]:
        """Take what waited for what arrived, and what waited for that in turn; positions count from 0.

        What only begins to wait for another parent is not told.
        """
        outcomes: list[Outcome] = []
        waiting: list[tuple[AnyModule, Sequence[ZohoId]]] = [(module, taken.arrived)] if taken.awaited else []
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
                    freed = await self(child, [held.record for held in group])
                    outcomes += (outcome for outcome in freed.outcomes if not outcome.parked)
                    waiting.append((child, freed.arrived))
        return tuple(attrs.evolve(outcome, position=place) for place, outcome in enumerate(outcomes))


def _nothing_is_plain(records: Sequence[object]) -> list[None]:
    return [None] * len(records)


def _entities(page: _Page[E]) -> list[E]:
    return [arrival.entity for arrival in page.arrivals.values() if arrival.entity is not None]


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
