"""Judge records one by one, as they came, and carry out what was decided."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Generic

import attrs

from mzi_core.decide import (
    NOT_PARKED,
    Arrival,
    Facts,
    Known,
    Parked,
    Plan,
    Refused,
    Write,
    fingerprints,
    parents_of,
    plan,
    suspects,
    unique_values,
    with_links,
)
from mzi_core.errors import StoreRefused
from mzi_core.field_versions import parts_of
from mzi_core.module import AnyModule, E, Entity, Module
from mzi_core.modules import Catalogue
from mzi_core.ports import Ids, RecordSession
from mzi_core.use_cases.parking import Parking
from mzi_core.values import Code, Outcome, Reason, RecordKey, State, Value


async def owners_of(
    session: RecordSession, module: Module[E], entities: Iterable[E]
) -> dict[str, dict[Value, RecordKey]]:
    """By unique field, which live record has each of the values that `entities` claim."""
    values: dict[str, set[Value]] = defaultdict(set)
    for entity in entities:
        for name, value in unique_values(module, entity):
            values[name].add(value)
    return await session.owners(module, values) if values else {}


async def parents_there(
    session: RecordSession, module: Module[E], entities: Iterable[E], catalogue: Catalogue
) -> dict[str, Collection[RecordKey]]:
    """By module, which of the records are there that `entities` cannot do without."""
    wanted: dict[str, set[RecordKey]] = defaultdict(set)
    for entity in entities:
        for _, parent in parents_of(module, entity):
            wanted[parent.module].add(parent.key)
    return {name: await session.present(catalogue[name], ids) for name, ids in wanted.items()}


def with_their_links(module: Module[E], entities: Iterable[E], known: Mapping[RecordKey, Known]) -> list[E]:
    """Records with all they claim: a deleted one that returns claims the links anew that it kept."""
    return [with_links(module, known.get(entity.key), entity) for entity in entities]


NOTHING_PARKED: Mapping[RecordKey, Parked[Any]] = {}


@attrs.frozen
class Judged(Generic[E]):
    """What became of records that were judged one by one.

    `arrived`: the ids of those that were not there before. `written`: every record that was stored, as it was
    before, None for one that arrived, and as it is. `confirmed`: those that a newer version said again.
    """

    outcomes: Sequence[Outcome]
    arrived: Sequence[RecordKey]
    written: Sequence[tuple[E | None, E]]
    confirmed: Sequence[E] = ()


@attrs.frozen(kw_only=True)
class JudgeRecords(Generic[E]):
    """Gathers facts, has `mzi_core.decide` plan, and writes: records, and what is parked and unparked.

    `parking`: how what is parked is written down; without it nothing is parked or unparked.
    """

    session: RecordSession
    ids: Ids
    now: datetime
    catalogue: Catalogue
    parking: Parking[E] | None = None

    async def __call__(
        self,
        module: Module[E],
        arrivals: Sequence[Arrival[E]],
        known: Mapping[RecordKey, Known],
        parked: Mapping[RecordKey, Parked[E]] = NOTHING_PARKED,
        ends: Mapping[RecordKey, Sequence[E]] | None = None,
    ) -> Judged[E]:
        """Judge the arrivals in their order.

        `known`: what is known of their ids; `parked`: what is parked of them; `ends`: see `Facts`.
        """
        if module.merges:
            arrivals = [_in_time(module, arrival, self.now) for arrival in arrivals]
        facts = await self._gather(module, arrivals, known, parked)
        facts = attrs.evolve(facts, ends=ends)
        decided = plan(module, arrivals, facts)
        failed: dict[RecordKey, Reason] = {}
        for group in decided.writes:
            failed |= await self._write(module, group)
        if decided.touches:
            await self.session.touch(module, decided.touches)
        if self.parking is not None:
            await self._park(self.parking, decided, _broken(self.parking, arrivals, decided, failed), parked)
        written = [w for group in decided.writes for w in group if w.entity.key not in failed]
        return Judged(
            outcomes=[_failed(outcome, failed) for outcome in decided.outcomes],
            arrived=[each.entity.key for each in written if each.new],
            written=list(_with_those_before(facts.stored, written)),
            confirmed=[
                facts.stored[each.key]
                for each in decided.touches
                if each.key in facts.stored
                and known[each.key].version != (each.modified_at, each.event_number)
            ],
        )

    async def _park(
        self,
        parking: Parking[E],
        decided: Plan[E],
        broken: Mapping[RecordKey, Refused],
        parked: Mapping[RecordKey, Parked[E]],
    ) -> None:
        """Park what was refused or could not be stored, and unpark what was accepted."""
        parks = dict(decided.park)
        for key, refused in broken.items():
            before = parks.get(key, NOT_PARKED if key in decided.unpark else parked.get(key, NOT_PARKED))
            # A version that was refused after one that could not be stored is the newer one: it is parked.
            parks[key] = attrs.evolve(before, refused=before.refused or refused)
        if parks:
            await self.session.park([parking.write(key, each, self.now) for key, each in parks.items()])
        released = [key for key in decided.unpark if key not in parks]
        if released:
            await self.session.unpark(parking.module.name, released)

    async def _gather(
        self,
        module: Module[E],
        arrivals: Sequence[Arrival[E]],
        known: Mapping[RecordKey, Known],
        parked: Mapping[RecordKey, Parked[E]],
    ) -> Facts[E]:
        entities = [arrival.entity for arrival in arrivals if arrival.entity is not None]
        unknown = [entity.key for entity in entities if entity.key not in known]
        prints = fingerprints(module, arrivals, known)
        different = suspects(arrivals, prints, known)
        stored = await self.session.stored(module, different) if different else {}
        return Facts(
            new_ids=dict(zip(unknown, self.ids.record_ids(len(unknown)), strict=True)),
            known=known,
            stored={key: row.entity for key, row in stored.items()},
            owners=await owners_of(self.session, module, with_their_links(module, entities, known)),
            parents=await parents_there(self.session, module, entities, self.catalogue),
            parked=parked,
            prints=prints,
        )

    async def _write(self, module: Module[E], rows: Sequence[Write[E]]) -> dict[RecordKey, Reason]:
        """Store `rows`, halving them on a refusal until only what cannot be stored is left out."""
        try:
            await self.session.write(module, rows, self.now)
        except StoreRefused as refused:
            if len(rows) == 1:
                return {rows[0].entity.key: Reason(Code.STORAGE, "$", str(refused))}
            half = len(rows) // 2
            return {
                **await self._write(module, rows[:half]),
                **await self._write(module, rows[half:]),
            }
        return {}


AHEAD = timedelta(days=1)
"""By how much the clock of a sender may be ahead: what is of later would stand against all that comes."""


def is_ahead(module: AnyModule, entity: Entity, now: datetime) -> bool:
    """Whether a record, or a row of it, is of a moment that no clock can be right about."""
    rows = (row.version.at for table in parts_of(module).tables for row in getattr(entity, table.name))
    return any(at is not None and at > now + AHEAD for at in (entity.modified_at, *rows))


def _in_time(module: Module[E], arrival: Arrival[E], now: datetime) -> Arrival[E]:
    """The arrival, refused if it is of a moment to come."""
    if arrival.entity is None or not is_ahead(module, arrival.entity, now):
        return arrival
    return attrs.evolve(arrival, entity=None, reasons=(*arrival.reasons, ahead(module)))


def ahead(module: AnyModule) -> Reason:
    """What is said of a record that is of a moment to come."""
    name = module.field["modified_at"].names[0]
    said = "Its moment lies in the future: correct the clock of the sender, or the unit, which is seconds."
    return Reason(Code.OUT_OF_RANGE, f"$.{name}", said)


def _broken(
    parking: Parking[E], arrivals: Iterable[Arrival[E]], decided: Plan[E], failed: Mapping[RecordKey, Reason]
) -> dict[RecordKey, Refused]:
    """The records that could not be stored: as they came, or as they were put together."""
    if not failed:
        return {}
    records = {arrival.key: arrival.record for arrival in arrivals if arrival.entity is not None}
    whole = {write.entity.key: write.entity for group in decided.writes for write in group}
    return {
        key: Refused(
            record=parking.encode(whole[key]) if parking.module.merges else records[key],
            reasons=(reason,),
            state=State.ERROR,
            version=whole[key].record_version,
        )
        for key, reason in failed.items()
    }


def _with_those_before(
    stored: Mapping[RecordKey, E], written: Iterable[Write[E]]
) -> Iterator[tuple[E | None, E]]:
    """Each written record behind what it was; a record that is back from a deletion as it was."""
    before = dict(stored)
    for each in written:
        entity = each.entity
        yield None if each.new else before.get(entity.key, entity), entity
        before[entity.key] = entity


def _failed(outcome: Outcome, failed: Mapping[RecordKey, Reason]) -> Outcome:
    if outcome.key not in failed or outcome.state not in (State.NEW, State.UPDATED):
        return outcome
    assert outcome.key is not None  # noqa: S101  # None is in no dict of ids
    return attrs.evolve(
        outcome,
        state=State.ERROR,
        changed_fields=(),
        reasons=(*outcome.reasons, failed[outcome.key]),
    )
