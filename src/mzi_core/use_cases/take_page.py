"""The steps of one page of Zoho records, in a session that is open."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Generic, NamedTuple, Protocol, cast

import attrs

from mzi_core.decide import Arrival, Known, Parked, checked, with_untold
from mzi_core.errors import StoreRefused
from mzi_core.fingerprints import fingerprinter
from mzi_core.mapping import NO_OVERLAY, Overlay
from mzi_core.module import AnyModule, E, Entity, Module, Values
from mzi_core.modules import Catalogue
from mzi_core.page_decisions import NewRows, claimants, claims, compare, orphans, rivals
from mzi_core.ports import (
    PROGRAM,
    CausedBy,
    ChangeKind,
    Codec,
    Decoded,
    HistoryEntry,
    Ids,
    ParkedRecord,
    RawRecord,
    RecordSession,
    ValueChange,
    decoded,
)
from mzi_core.use_cases.history import differing, field_changes
from mzi_core.use_cases.judge import Judged, JudgeRecords, with_their_links
from mzi_core.use_cases.parking import Parking
from mzi_core.values import Outcome, Outcomes, RecordKey, State

PAGE = 2000
"""How many records are taken together; also how many parked ones are unparked at a time."""


@attrs.frozen(kw_only=True)
class Taken:
    """What became of the records of a page; `arrived` are those that were not there before.

    `awaited`: whether any record was waiting for one of this module when the page began.
    """

    outcomes: Outcomes
    arrived: Sequence[RecordKey]
    awaited: bool


class RecordChange(NamedTuple):
    """A record that was written. `before`: as it was stored; None where it was not there, or deleted."""

    module: AnyModule
    before: Entity | None
    after: Entity


@attrs.frozen(kw_only=True)
class _Page(Generic[E]):
    """A page on its way: its records in columns, and what was found out about them so far, by place."""

    module: Module[E]
    records: Sequence[object]
    first: int
    ids: Sequence[RecordKey | None]
    marks: Sequence[str | None]
    parking: Parking[E]
    parked: Mapping[RecordKey, Parked[E]]
    at: datetime
    untold: Collection[str]
    are_ours: bool
    plain: dict[int, Values] = attrs.field(factory=dict)
    """The records that are plain, until they turn out to need a judge."""
    arrivals: dict[int, Arrival[E]] = attrs.field(factory=dict)
    """The records that are judged one by one."""
    states: list[State] = attrs.field(init=False)
    changed: dict[int, tuple[str, ...]] = attrs.field(factory=dict)
    told: dict[int, Outcome] = attrs.field(factory=dict)
    arrived: list[RecordKey] = attrs.field(factory=list)

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
            module=self.module.name,
            first=self.first,
            ids=self.ids,
            states=self.states,
            changed=self.changed,
            told=self.told,
        )


class FindDeletions(Protocol):
    """Finds what deletions that were told say of their records, by key."""

    async def __call__(
        self, module: AnyModule, overlay: Overlay, keys: Collection[RecordKey]
    ) -> Mapping[RecordKey, Sequence[Any]]:
        """None of a record of which no deletion was told."""
        ...


async def no_deletions(
    module: AnyModule, overlay: Overlay, keys: Collection[RecordKey]
) -> Mapping[RecordKey, Sequence[Any]]:
    """None: nothing is told by events."""
    return {}


@attrs.frozen(kw_only=True)
class TakePage:
    """The steps of one page, in one open session that has the locks of its module, and at one moment.

    Records that say word for word what they said before are done with at once. Of the others the plain ones
    are settled together (`mzi_core.page_decisions`): new ones are added, changed ones changed. Whatever is
    left is judged one by one (`mzi_core.decide`).
    """

    session: RecordSession
    codec: Codec
    ids: Ids
    now: datetime
    catalogue: Catalogue
    overlays: Mapping[str, Overlay]
    caused_by: CausedBy = PROGRAM
    causes: Mapping[RecordKey, CausedBy] = attrs.field(factory=dict)
    """What changes single records of the first page, where it is not `caused_by`."""
    deletions: FindDeletions = no_deletions
    """Finds the deletions that were told of records."""
    _history: list[HistoryEntry] = attrs.field(factory=list, init=False)
    """What is to be kept of the changes of the page at hand."""
    _written: list[tuple[AnyModule, Values | None, Values]] = attrs.field(factory=list, init=False)
    _confirmed: dict[AnyModule, list[Entity]] = attrs.field(factory=dict, init=False)

    async def __call__(
        self,
        module: Module[E],
        records: Sequence[object],
        *,
        first: int = 0,
        untold: Collection[str] = (),
        are_ours: bool = False,
    ) -> Taken:
        """Take the records, the first of which stands at position `first`.

        `are_ours`: whether mzi wrote them, with what it keeps beside the fields.
        """
        if module.our_names and not are_ours:
            records = [module.as_sent(record) for record in records]
        records = await self._with_required(module, records, untold)
        ids, marks = self.codec.marker(module, self._overlay(module))(records)
        said = {key: mark for key, mark in zip(ids, marks, strict=True) if key is not None}
        remembered = await self.session.marks(module, said) if said else {}
        status = await self.session.status(module)
        parking = Parking(module=module, codec=self.codec, overlay=self._overlay(module))
        parked = await self._parked(parking, said) if status.holds else {}
        page = _Page(
            module=module,
            records=records,
            first=first,
            ids=ids,
            marks=marks,
            parking=parking,
            parked=parked,
            at=status.at(self.now),
            untold=untold,
            are_ours=are_ours,
        )
        if parked or len(said) != len(ids) or remembered != said or None in marks:
            self._read(page, remembered)
            await self._compare(page, remembered)
            known = await self._known(page)
            others = [arrival.entity for arrival in page.arrivals.values() if arrival.entity is not None]
            self._leave(page, rivals(module, page.plain, with_their_links(module, others, known)))
            await self._add(page)
            if page.arrivals:
                await self._judge_rest(page, status.holds, known)
            await self._keep_history()
        return Taken(outcomes=page.outcomes(), arrived=page.arrived, awaited=status.awaited)

    async def _parked(self, parking: Parking[E], ids: Collection[RecordKey]) -> dict[RecordKey, Parked[E]]:
        found = await self.session.parked(parking.module.name, ids)
        return {key: parking.read(one) for key, one in found.items()}

    async def _with_required(
        self, module: Module[E], records: Sequence[object], untold: Collection[str]
    ) -> Sequence[object]:
        """The records, with what is stored in required fields that their source does not tell.

        Other untold fields are kept where a record is compared; without a required one it is not understood.
        """
        names = [field.name for field in module.fields if field.required and field.name in untold]
        if not names:
            return records
        overlay = self._overlay(module)
        ids, _ = self.codec.marker(module, overlay)(records)
        stored = await self.session.values(module, set(filter(None, ids)))
        wires = [overlay.names.get(name, module.field[name].names[0]) for name in names]
        filled = list(records)
        for place, (key, record) in enumerate(zip(ids, records, strict=True)):
            if key in stored and isinstance(record, Mapping):
                kept = self.codec.encode(module, module.entity_of(stored[key].values), overlay)
                filled[place] = {**record, **{wire: kept[wire] for wire in wires}}
        return filled

    async def amend(
        self, module: Module[E], changes: Mapping[RecordKey, Mapping[str, Any]]
    ) -> tuple[Outcome, ...]:
        """Change fields of stored records, whatever else is stored of them by now.

        An outcome for each record that is live. One that is refused, as for a link that another record has,
        stays as it is, and is not parked.
        """
        stored = await self.session.stored(module, changes)
        live = {key: row.entity for key, row in stored.items() if row.deleted_at is None}
        arrivals = [
            Arrival(position=place, record=None, key=key, entity=attrs.evolve(entity, **changes[key]))
            for place, (key, entity) in enumerate(live.items())
        ]
        status = await self.session.status(module)
        judge: JudgeRecords[E] = JudgeRecords(
            session=self.session, ids=self.ids, now=status.at(self.now), catalogue=self.catalogue
        )
        known = await self.session.known(module, live)
        judged = await judge(module, arrivals, known)
        self._note(module, judged, known, judge.now)
        await self._keep_history()
        return tuple(judged.outcomes)

    def changes(self) -> Iterator[RecordChange]:
        """Every record that was written so far, in the order of the writes."""
        for module, before, after in self._written:
            yield RecordChange(
                module, None if before is None else module.entity_of(before), module.entity_of(after)
            )

    def confirmed(self) -> Mapping[AnyModule, Sequence[Entity]]:
        """Records of Moodle that a newer version said again, and that so were not written.

        They may have been something else in between, which only who has written there meanwhile would know.
        """
        return self._confirmed

    def _overlay(self, module: AnyModule) -> Overlay:
        return self.overlays.get(module.name, NO_OVERLAY)

    def _read(self, page: _Page[E], remembered: Mapping[RecordKey, str | None]) -> None:
        """Read the records that do not say what they said before: to values where they are plain."""
        times = Counter(page.ids)
        key_at = page.module.key_place
        left: list[int] = []
        asked: list[int] = []
        for place, (key, mark) in enumerate(zip(page.ids, page.marks, strict=True)):
            if key is None or times[key] > 1 or key in page.parked:
                left.append(place)
            elif mark is None or remembered.get(key) != mark:
                asked.append(place)
        read = self.codec.plain_reader(page.module, self._overlay(page.module)) or _nothing_is_plain
        for place, values in zip(asked, read([page.records[place] for place in asked]), strict=True):
            if values is None or values[key_at] != page.ids[place]:
                left.append(place)
            else:
                page.plain[place] = values
        self._leave(page, left)
        # The id of some shows only now: other versions of such a record are judged with it, in their order.
        shown = {a.key for at, a in page.arrivals.items() if a.key != page.ids[at]} - {None}
        rest = [place for place, key in enumerate(page.ids) if key in shown]
        self._leave(page, [place for place in rest if place not in page.arrivals])

    def _leave(self, page: _Page[E], places: Iterable[int]) -> None:
        """Leave records to be judged one by one."""
        decode = self.codec.decoder(page.module, self._overlay(page.module))
        for place in places:
            record = page.records[place]
            values = page.plain.pop(place, None)
            understood = (
                decoded(decode, record, page.ids[place])
                if values is None
                else Decoded(key=page.ids[place], entity=page.module.entity_of(values))
            )
            page.arrivals[place] = Arrival(
                position=page.first + place,
                record=record.read() if isinstance(record, RawRecord) else record,
                key=understood.key,
                entity=understood.entity,
                reasons=understood.reasons,
                mark=page.marks[place],
                version=understood.version,
            )

    async def _compare(self, page: _Page[E], remembered: Collection[RecordKey]) -> None:
        """Settle the plain records that are stored already."""
        module, key_at = page.module, page.module.key_place
        if module.checks:
            odd = [p for p, values in page.plain.items() if checked(module, module.entity_of(values))]
            self._leave(page, odd)
        there = {p: values for p, values in page.plain.items() if values[key_at] in remembered}
        if not there:
            return
        stored = await self.session.values(module, [values[key_at] for values in there.values()])
        fingerprint = self._fingerprint(module)
        found = compare(module, there, page.marks, stored, fingerprint=fingerprint, untold=page.untold)
        if found.touches:
            await self.session.touch(module, list(found.touches.values()))
        if found.changes:
            try:
                await self.session.change(module, list(found.changes.values()), page.at)
            except StoreRefused:
                found.left.update(found.changes)
                found.changes.clear()
        for place, change in found.changes.items():
            page.states[place] = State.UPDATED
            page.changed[place] = module.told_changes(change.fields)
            before = stored[change.values[key_at]].values
            self._written.append((module, before, change.values))
            places = change.places[:-1] if change.places[-1] == len(module.fields) else change.places
            changed = field_changes(module, before, change.values, places, change.fields[len(places) :])
            self._remember(module, change.values[key_at], changed, page.at)
        self._leave(page, sorted(found.left))
        for place in there.keys() - found.left:
            del page.plain[place]

    async def _add(self, page: _Page[E]) -> None:
        """Add the plain records that are new, without asking first what their unique indexes know anyway."""
        module = page.module
        parents = {
            name: await self.session.present(self.catalogue[parent], wanted)
            for name, parent in module.depends_on.items()
            for at in (module.place[name],)
            if (wanted := {values[at] for values in page.plain.values() if values[at] is not None})
        }
        self._leave(page, sorted(orphans(module, page.plain, parents)))
        fingerprints = dict(zip(page.plain, map(self._fingerprint(module), page.plain.values()), strict=True))
        for _ in range(2):
            if not page.plain:
                return
            rows = NewRows(
                ids=self.ids.record_ids(len(page.plain)),
                values=list(page.plain.values()),
                fingerprints=[fingerprints[place] for place in page.plain],
                marks=[page.marks[place] for place in page.plain],
            )
            try:
                await self.session.add(module, rows, page.at)
            except StoreRefused:
                # Only now is asked who has what; those who claim it are judged, and the rest tries once more.
                owners = await self.session.owners(module, claims(module, page.plain))
                taken = claimants(module, page.plain, owners)
                self._leave(page, sorted(taken or set(page.plain)))
            else:
                for place in page.plain:
                    page.states[place] = State.NEW
                    page.arrived.append(cast("RecordKey", page.ids[place]))
                self._written.extend((module, None, values) for values in page.plain.values())
                page.plain.clear()
        self._leave(page, sorted(page.plain))

    def _fingerprint(self, module: AnyModule) -> Callable[[Values], str]:
        return fingerprinter(module, self.codec.compact_json)

    async def _known(self, page: _Page[E]) -> dict[RecordKey, Known]:
        """What is known of the records that are left; what is not told of them is completed."""
        if page.untold:
            completed = await self._completed(page.module, list(page.arrivals.values()), page.untold)
            page.arrivals.update(zip(list(page.arrivals), completed, strict=True))
        ids = {arrival.key for arrival in page.arrivals.values() if arrival.key is not None}
        return await self.session.known(page.module, ids) if ids else {}

    async def _judge_rest(self, page: _Page[E], holds: bool, known: Mapping[RecordKey, Known]) -> None:
        """Judge the records that are left, in the order in which they came."""
        places = sorted(page.arrivals)
        arrivals = [page.arrivals[place] for place in places]
        parked = page.parked
        ids = {arrival.key for arrival in arrivals if arrival.key is not None}
        if holds and (further := ids.difference(page.ids)):  # of records that could not be marked
            parked = {**parked, **await self._parked(page.parking, further)}
        judge = JudgeRecords(
            session=self.session,
            ids=self.ids,
            now=page.at,
            catalogue=self.catalogue,
            parking=page.parking,
        )
        ends = None if page.are_ours else await self._ends(page.module, ids, known)
        judged = await judge(page.module, arrivals, known, parked, ends)
        for place, outcome in zip(places, judged.outcomes, strict=True):
            page.tell(place, outcome)
        page.arrived.extend(judged.arrived)
        self._note(page.module, judged, known, page.at)

    async def _ends(
        self, module: Module[E], keys: Collection[RecordKey], known: Mapping[RecordKey, Known]
    ) -> Mapping[RecordKey, Sequence[E]] | None:
        """What deletions that were told say of records that are not there, as far as that may be asked."""
        if not module.merges:
            return None
        gone = [key for key in keys if key not in known or known[key].deleted]
        return await self.deletions(module, self._overlay(module), gone)

    def _note(
        self, module: Module[E], judged: Judged[E], known: Mapping[RecordKey, Known], at: datetime
    ) -> None:
        """Note what was written of records that were judged one by one."""
        values_of = module.values_of
        if judged.confirmed and module.merges:
            self._confirmed.setdefault(module, []).extend(judged.confirmed)
        for entity, after in judged.written:
            before = None if entity is None else values_of(entity)
            was = known.get(after.key)
            is_back = was is not None and was.deleted
            self._written.append((module, None if is_back else before, values_of(after)))
            if before is not None:
                kind = ChangeKind.RESTORED if is_back else ChangeKind.UPDATED
                self._remember(module, after.key, differing(module, before, values_of(after)), at, kind)

    def _remember(
        self,
        module: AnyModule,
        key: RecordKey,
        fields: Mapping[str, ValueChange],
        at: datetime,
        kind: ChangeKind = ChangeKind.UPDATED,
    ) -> None:
        self._history.append(
            HistoryEntry(
                module=module.name,
                key=key,
                kind=kind,
                changed_at=at,
                caused_by=self.causes.get(key, self.caused_by),
                fields=fields,
            )
        )

    async def _keep_history(self) -> None:
        """Keep what the page at hand has changed, in the session that changed it."""
        if self._history:
            await self.session.keep_history(self._history)
            self._history.clear()

    async def _completed(
        self, module: Module[E], arrivals: Sequence[Arrival[E]], untold: Collection[str]
    ) -> list[Arrival[E]]:
        """The arrivals with what is stored in their untold fields, also in the record, should it be parked.

        Such a record is not remembered word for word: another source can say the same words and mean that
        the fields are empty.
        """
        stored = await self.session.values(module, [a.entity.key for a in arrivals if a.entity is not None])

        def completed(arrival: Arrival[E]) -> Arrival[E]:
            entity = arrival.entity
            if entity is None or entity.key not in stored:
                return arrival
            values = module.values_of(entity)
            whole = with_untold(module, stored[entity.key].values, values, untold)
            if whole == values:
                return arrival
            after = module.entity_of(whole)
            encode = partial(self.codec.encode, module, overlay=self._overlay(module))
            before, now = encode(entity=entity), encode(entity=after)
            added = {name: value for name, value in now.items() if before.get(name) != value}
            record = {**cast("Mapping[str, object]", arrival.record), **added}
            return attrs.evolve(arrival, entity=after, record=record, mark=None)

        return list(map(completed, arrivals))

    async def unpark_waiting(self, module: AnyModule, taken: Taken) -> tuple[Outcome, ...]:
        """Take what waited for what arrived, and what waited for that in turn; positions count from 0.

        What only begins to wait for another parent is not told.
        """
        outcomes: list[Outcome] = []
        waiting: list[tuple[AnyModule, Sequence[RecordKey]]] = (
            [(module, taken.arrived)] if taken.awaited else []
        )
        while waiting:
            parent, ids = waiting.pop(0)
            while ids and (found := await self.session.waiting_for(parent.name, ids, PAGE)):
                by_module: dict[str, list[ParkedRecord]] = defaultdict(list)
                for one in found:
                    by_module[one.module].append(one)
                for name, group in by_module.items():
                    child = self.catalogue[name]
                    # Taken or not, none waits for this parent any longer; what is refused is parked anew.
                    refused = [one for one in group if one.waiting is not None]
                    await self.session.unpark(name, [one.key for one in group if one.waiting is None])
                    await self.session.park(
                        [attrs.evolve(one, waits_for=None, waiting=None) for one in refused]
                    )
                    records = [one.record if one.waiting is None else one.waiting for one in group]
                    taken = await self(child, records, are_ours=True)
                    outcomes += (outcome for outcome in taken.outcomes if not outcome.parked)
                    waiting.append((child, taken.arrived))
        return tuple(attrs.evolve(outcome, position=place) for place, outcome in enumerate(outcomes))


def _nothing_is_plain(records: Sequence[object]) -> list[None]:
    return [None] * len(records)
