"""What follows from a record that arrived, given what is stored: pure, so that every answer can be tested.

The use case gathers `Facts`, hands them to `plan` together with the arrivals, and carries the `Plan` out.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial, reduce
from itertools import zip_longest
from typing import Any, Generic, cast

import attrs

from mzi_core.errors import unforeseen
from mzi_core.fingerprints import changed_fields, fingerprint
from mzi_core.last_writer_wins import back_again, brought_together, outlives, without_what_ended
from mzi_core.module import UNVERSIONED, E, Module, Values, Version
from mzi_core.values import (
    Code,
    MoodleId,
    Outcome,
    Parent,
    Reason,
    RecordId,
    RecordKey,
    State,
    Value,
)


def stale(module: Module[Any], what: str = "stored") -> Reason:
    """What is said of an older version of a record, which changes nothing; `what` became of the newer one."""
    path = f"$.{module.field['modified_at'].names[0]}"
    return Reason(Code.STALE, path, f"A newer version of this record is already {what}.")


def over(module: Module[Any]) -> Reason:
    """What is said of a record that was deleted after it was as it is told."""
    return attrs.evolve(stale(module), message="A newer deletion of this record is known.")


DELETED = "deleted_at"
"""Named among the changed fields of a record that comes back after it was deleted."""


@attrs.frozen(kw_only=True)
class Known:
    """What is read of a stored record before anything is decided: enough to see that nothing changed."""

    id: RecordId
    fingerprint: str
    modified_at: datetime | None = None
    event_number: int | None = None
    links: Mapping[str, MoodleId] = attrs.field(factory=dict)
    deleted: bool = False
    mark: str | None = None
    """The mark of the record it was last taken from; None when that one must be read again."""

    @property
    def version(self) -> Version:
        """Of when it is."""
        return Version(self.modified_at, self.event_number)


@attrs.frozen(kw_only=True)
class Arrival(Generic[E]):
    """A record of a request: as it came (`record`), and as it was understood (`entity`, or why not).

    `version`: of when one is that was not understood, as far as it could be read.
    """

    position: int
    record: object
    key: RecordKey | None
    entity: E | None
    reasons: tuple[Reason, ...] = ()
    mark: str | None = None
    version: Version = UNVERSIONED


@attrs.frozen(kw_only=True)
class Waiting(Generic[E]):
    """A version that waits until its parent arrives, and lacks nothing else.

    `record`: as it came; None where it was put together from several versions, and is written from `entity`.
    """

    entity: E
    record: Mapping[str, object] | None
    waits_for: Parent


@attrs.frozen(kw_only=True)
class Refused:
    """A version that was refused for good, as it came."""

    record: object
    reasons: tuple[Reason, ...]
    state: State
    version: Version = UNVERSIONED


@attrs.frozen(kw_only=True)
class Parked(Generic[E]):
    """What is parked of one record: the newest version that waits, and the newest one that was refused.

    They stand side by side, so that it is all the same in which order they come.
    """

    waiting: Waiting[E] | None = None
    refused: Refused | None = None

    def __bool__(self) -> bool:
        """Whether there is any."""
        return self.waiting is not None or self.refused is not None

    def refused_after(self, version: Version) -> Refused | None:
        """The refused one, where it is newer than a version that is good."""
        is_newer = self.refused is not None and version.is_before(self.refused.version)
        return self.refused if is_newer else None


NOT_PARKED: Parked[Any] = Parked()


@attrs.frozen(kw_only=True)
class Facts(Generic[E]):
    """What the store said about a page of arrivals.

    `stored` need hold only the records named by `suspects`; `owners` the live owner of each unique value, by
    field name; `parents` the records that are there, by module; `parked` what is parked of the arrivals;
    `ends` what deletions that were told say of records that are not there, None where they count already;
    `new_ids` the keys to give to records that are not stored yet; `prints` what `fingerprints` found of the
    arrivals, or nothing.
    """

    new_ids: Mapping[RecordKey, RecordId] = attrs.field(factory=dict)
    known: Mapping[RecordKey, Known] = attrs.field(factory=dict)
    stored: Mapping[RecordKey, E] = attrs.field(factory=dict)
    owners: Mapping[str, Mapping[Value, RecordKey]] = attrs.field(factory=dict)
    parents: Mapping[str, Collection[RecordKey]] = attrs.field(factory=dict)
    parked: Mapping[RecordKey, Parked[E]] = attrs.field(factory=dict)
    ends: Mapping[RecordKey, Sequence[E]] | None = None
    prints: tuple[str | None, ...] = ()


@attrs.frozen(kw_only=True)
class Write(Generic[E]):
    """A row to store: `new` says that none is there yet."""

    id: RecordId
    entity: E
    fingerprint: str
    state: State
    new: bool
    mark: str | None = None
    """The mark to remember; None where the record has something about it that must be told every time."""


def checked(module: Module[E], entity: E) -> tuple[Reason, ...]:
    """What the declaration has to say against a record; what raises is a reason of its own."""
    try:
        return module.check(entity)
    except Exception as error:
        return (Reason(Code.UNFORESEEN, "$", unforeseen(error)),)


def _state(reasons: Iterable[Reason]) -> State:
    """That of a record which is refused for these: ERROR where it is not the record that is wrong."""
    return State.ERROR if any(each.code is Code.UNFORESEEN for each in reasons) else State.INVALID


@attrs.frozen(kw_only=True)
class Touch:
    """A stored record that came again and says the same: what to remember of its coming."""

    key: RecordKey
    fingerprint: str
    modified_at: datetime | None
    mark: str | None
    event_number: int | None = None
    field_versions: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Plan(Generic[E]):
    """What to do about a page: one outcome per arrival, and the writes in groups.

    A group is written before the next one begins: the later group takes a unique value that the earlier one
    gives up, and no store need care about the order within a group. `park`: what is parked from now on, of
    the records of which that is another than before.
    """

    outcomes: tuple[Outcome, ...]
    writes: tuple[tuple[Write[E], ...], ...]
    touches: tuple[Touch, ...]
    park: Mapping[RecordKey, Parked[E]]
    unpark: frozenset[RecordKey]


def with_links(module: Module[E], known: Known | None, entity: E) -> E:
    """`entity` with the Moodle ids we already know, where it brings none: an update never clears a link."""
    if known is None:
        return entity
    kept: dict[str, Any] = {
        field.name: known.links[field.name]
        for field in module.links
        if field.name in known.links and getattr(entity, field.name) is None
    }
    return attrs.evolve(entity, **kept) if kept else entity


def with_untold(module: Module[Any], stored: Values, values: Values, untold: Collection[str]) -> Values:
    """`values` with what is stored in the fields their source says nothing of; `extra.` ones go by that name.

    What was filled in by the declaration itself is no silence and stays.
    """
    kept = [*values]
    said = [name for name, link in module.said_of_links.items() if link in untold]
    for name in (*untold, *said):
        place = module.place.get(name)
        if place is not None and values[place] == module.fields[place].default:
            kept[place] = stored[place]
    extra = {
        name: value
        for name, value in stored[-1].items()
        if f"extra.{name}" in untold and values[-1].get(name) is None
    }
    kept[-1] = {**values[-1], **extra}
    return tuple(kept)


def fingerprints(
    module: Module[E], arrivals: Iterable[Arrival[E]], known: Mapping[RecordKey, Known]
) -> tuple[str | None, ...]:
    """The fingerprint of each arrival with the links we know; None where nothing was understood.

    None too for one whose stored version has to be read first: to be put together with it, or because it was
    deleted and may come back without a link.
    """

    def must_be_read(entity: E) -> bool:
        before = known.get(entity.key)
        return before is not None and (module.merges or (before.deleted and bool(module.links)))

    return tuple(
        None
        if arrival.entity is None or must_be_read(arrival.entity)
        else fingerprint(module, with_links(module, known.get(arrival.entity.key), arrival.entity))
        for arrival in arrivals
    )


def suspects(
    arrivals: Iterable[Arrival[Any]], prints: Iterable[str | None], known: Mapping[RecordKey, Known]
) -> tuple[RecordKey, ...]:
    """The ids of the records that differ from what is stored, so that the stored ones must be read."""
    return tuple(
        {
            arrival.entity.key: None
            for arrival, print in zip(arrivals, prints, strict=True)
            if arrival.entity is not None
            and (before := known.get(arrival.entity.key)) is not None
            and print != before.fingerprint
        }
    )


Claims = tuple[tuple[str, Value], ...]
Parents = tuple[tuple[str, Parent], ...]


def unique_values(module: Module[E], entity: E) -> Claims:
    """The (field, value) pairs of `entity` that no other live record of the tenant may have."""
    return tuple(
        [(name, value) for name in module.unique_names if (value := getattr(entity, name)) is not None]
    )


def parents_of(module: Module[E], entity: E) -> Parents:
    """The (field, record) pairs that must be stored before `entity` can be."""
    return tuple(
        [
            (name, Parent(parent, key))
            for name, parent in module.depends_on.items()
            if (key := getattr(entity, name)) is not None
        ]
    )


def missing_parent(module: Module[Any], name: str, parent: Parent) -> Reason:
    """What is said of a record whose field `name` points at a record that is not there."""
    wire = module.field[name].names[0]
    said = f"`{wire}` points at {parent.key}, which is not among the {parent.module} yet."
    return Reason(Code.DEPENDENCY_MISSING, f"$.{wire}", said)


def _memorable(arrival: Arrival[Any]) -> str | None:
    """The mark to remember of a record: none where there is something to tell about it every time."""
    return None if arrival.reasons else arrival.mark


class _Page(Generic[E]):
    """A page while it is being judged: the facts, and what this page's own records have changed of them."""

    def __init__(self, module: Module[E], facts: Facts[E], repeated: frozenset[RecordKey]) -> None:
        self.module = module
        self.facts = facts
        self.repeated = repeated
        self.known: dict[RecordKey, Known | None] = dict(facts.known)
        self.entities: dict[RecordKey, E] = dict(facts.stored)
        self.owners: dict[tuple[str, Value], RecordKey | None] = {
            (name, value): owner for name, owned in facts.owners.items() for value, owner in owned.items()
        }
        self.groups: list[dict[RecordKey, Write[E]]] = [{}]
        self.given_up: set[tuple[str, Value]] = set()
        self.touches: dict[RecordKey, Touch] = {}
        self.parked: dict[RecordKey, Parked[E]] = dict(facts.parked)

    def judge(self, arrival: Arrival[E], print: str | None) -> Outcome:
        """Decide one arrival after all before it; `print`: its fingerprint, if it is the first of its id."""
        if arrival.entity is None:
            return self._refuse(arrival, arrival.reasons, arrival.version)
        known = self.known.get(arrival.entity.key)
        told = self._left(arrival.entity, known)
        if told is None:
            return self._outcome(arrival, State.UNCHANGED, (*arrival.reasons, over(self.module)))
        is_old = known is not None and told.record_version.is_before(known.version)
        entity = self._whole(with_links(self.module, known, told), known, is_old=is_old)
        if self.module.merges and entity is not told:
            print = None
        claims = unique_values(self.module, entity)
        taken = self._owned_by_others(entity.key, claims)
        if taken and known is not None and not is_old and (lost := self._lost_links(entity, known, taken)):
            without: dict[str, Any] = dict.fromkeys(lost)
            entity, print = attrs.evolve(entity, **without), None
            claims, taken = (
                unique_values(self.module, entity),
                [each for each in taken if each[0] not in lost],
            )
            told_so = (self._lost(name, owner) for name, owner in lost.items())
            arrival = attrs.evolve(arrival, reasons=(*arrival.reasons, *told_so))
        missing = [
            (name, parent)
            for name, parent in parents_of(self.module, entity)
            if parent.key not in self.facts.parents.get(parent.module, ())
        ]
        reasons = checked(self.module, entity)
        if taken or missing:
            lacks = [missing_parent(self.module, *found) for found in missing]
            reasons = (*reasons, *map(self._taken, taken), *lacks)
        if reasons and is_old and not self.module.merges:
            return self._outcome(arrival, State.UNCHANGED, (*arrival.reasons, stale(self.module)))
        if reasons:
            if len(missing) == len(reasons):
                return self._wait(arrival, entity, reasons, missing[0][1])
            return self._refuse(arrival, reasons, told.record_version)
        if print is None:
            print = fingerprint(self.module, entity)
        return self._accept(arrival, entity, print, claims, is_old=is_old)

    def _left(self, told: E, known: Known | None) -> E | None:
        """What is left of a record that may have been deleted after it was as it is told; None if it was.

        One of which nobody knows of when it is was read, and is the newest there is.
        """
        is_there = known is not None and not known.deleted
        if self.facts.ends is None or is_there or told.record_version == UNVERSIONED:
            return told
        if known is not None and told.record_version.is_before(known.version):
            return None
        gone = self.facts.ends.get(told.key, ())
        if not all(outlives(self.module, told, each) for each in gone):
            return None
        told = reduce(partial(without_what_ended, self.module), gone, told)
        return told if known is None else back_again(self.module, told, self.entities[told.key])

    def _whole(self, entity: E, known: Known | None, *, is_old: bool) -> E:
        """What a record comes to with what is stored and with what waits, and of when it is by then."""
        if not self.module.merges:
            if known is None or is_old:
                return entity
            return entity.as_of(entity.record_version.after(known.version))
        waiting = self.parked.get(entity.key, NOT_PARKED).waiting
        if waiting is not None:
            entity = brought_together(self.module, waiting.entity, entity)
        if known is None or known.deleted:
            return entity
        return brought_together(self.module, self.entities[entity.key], entity)

    def _owned_by_others(self, key: RecordKey, claims: Claims) -> list[tuple[str, RecordKey]]:
        """The unique fields among these whose values other records have, with those."""
        return [
            (name, owner)
            for name, value in claims
            if (owner := self.owners.get((name, value))) is not None and owner != key
        ]

    def _lost_links(
        self, entity: E, known: Known, taken: Iterable[tuple[str, RecordKey]]
    ) -> dict[str, RecordKey]:
        """The links that a record has lost to others while it was deleted.

        It comes back without them, and stays so as long as Zoho says what it said then.
        """
        said = self.module.said_in
        lost = {name: owner for name, owner in taken if name in said}
        if not lost or known.deleted:
            return lost
        before = self.entities[entity.key]
        return {name: lost[name] for name in lost if getattr(before, said[name]) == getattr(entity, name)}

    def _lost(self, name: str, owner: RecordKey) -> Reason:
        wire = self.module.field[name].names[0]
        said = f"It is without its link: by now `{wire}` belongs to record {owner}."
        return Reason(Code.DUPLICATE, f"$.{wire}", said)

    def _taken(self, found: tuple[str, RecordKey]) -> Reason:
        name, owner = found
        wire = self.module.field[name].names[0]
        said = f"`{wire}` already belongs to record {owner}. Correct one of the two"
        return Reason(Code.DUPLICATE, f"$.{wire}", f"{said}; to swap their values, go by way of a third.")

    def _refuse(self, arrival: Arrival[E], reasons: tuple[Reason, ...], version: Version) -> Outcome:
        """Park it as the refused version, unless a newer one is there already."""
        state = _state(reasons)
        if arrival.key is not None:
            parked, known = self.parked.get(arrival.key, NOT_PARKED), self.known.get(arrival.key)
            newer = [] if known is None else [known.version]
            newer += [] if parked.waiting is None else [parked.waiting.entity.record_version]
            newer += [] if parked.refused is None else [parked.refused.version]
            if not any(map(version.is_before, newer)):
                refused = Refused(record=arrival.record, reasons=reasons, state=state, version=version)
                self.parked[arrival.key] = attrs.evolve(parked, refused=refused)
        return self._outcome(arrival, state, reasons)

    def _wait(self, arrival: Arrival[E], entity: E, reasons: tuple[Reason, ...], parent: Parent) -> Outcome:
        """Park it until its parent arrives, in place of an older version that waits."""
        parked = self.parked.get(entity.key, NOT_PARKED)
        waiting = parked.waiting
        if waiting is not None and not self.module.merges:
            if entity.record_version.is_before(waiting.entity.record_version):
                reasons = (*arrival.reasons, stale(self.module, "parked"))
                return self._outcome(arrival, State.UNCHANGED, reasons)
            entity = entity.as_of(entity.record_version.after(waiting.entity.record_version))
        as_it_came = arrival.record if entity is arrival.entity else None
        self.parked[entity.key] = Parked(
            waiting=Waiting(
                entity=entity,
                record=cast("Mapping[str, object] | None", as_it_came),
                waits_for=parent,
            ),
            refused=parked.refused_after(entity.record_version),
        )
        return self._outcome(arrival, _state(reasons), reasons, parked=True)

    def _accept(
        self,
        arrival: Arrival[E],
        entity: E,
        digest: str,
        claims: Claims,
        *,
        is_old: bool,
    ) -> Outcome:
        known = self.known.get(entity.key)
        changed = self._changes(entity, digest, known) if known else ()
        if is_old and not self._is_news(changed):
            if known and not changed:
                self._touch(known, entity, digest, known.mark)
            return self._outcome(arrival, State.UNCHANGED, (*arrival.reasons, stale(self.module)))
        self._unpark(entity)
        if known and not changed:
            self._touch(known, entity, digest, _memorable(arrival))
            return self._outcome(arrival, State.UNCHANGED, arrival.reasons)
        state = State.UPDATED if known else State.NEW
        self._claim(entity.key, claims)
        self._write(arrival, entity, digest, state)
        return self._outcome(arrival, state, arrival.reasons, self.module.told_changes(changed))

    def _unpark(self, entity: E) -> None:
        """Forget what is parked of a record that is accepted, but for versions that are newer."""
        parked = self.parked.get(entity.key)
        if not parked:
            return
        waiting = parked.waiting
        is_newer = waiting is not None and entity.record_version.is_before(waiting.entity.record_version)
        left: Parked[E] = Parked(
            waiting=waiting if is_newer else None, refused=parked.refused_after(entity.record_version)
        )
        if left != parked:
            self.parked[entity.key] = left

    def _is_news(self, changed: tuple[str, ...]) -> bool:
        """Whether an older version is to be taken: put together with the stored one, it may add to it.

        Of a record that is not put together one that changes nothing is only seen again. Nothing that was
        deleted is brought back by an older version.
        """
        return DELETED not in changed and bool(changed) is self.module.merges

    def _changes(self, entity: E, digest: str, known: Known) -> tuple[str, ...]:
        fields: tuple[str, ...] = ()
        if digest != known.fingerprint:
            fields = changed_fields(self.module, self.entities[entity.key], entity)
        return (*fields, DELETED) if known.deleted else fields

    def _touch(self, known: Known, entity: E, digest: str, mark: str | None) -> None:
        """Remember that the record came again, where that is news; a word for word repetition is none."""
        key = entity.key
        is_old = entity.record_version.is_before(known.version)
        modified_at, number = known.version if is_old else entity.record_version
        fields, before = (
            entity.field_versions,
            self.entities[key].field_versions if self.module.merges else (),
        )
        if (digest, modified_at, number, mark, fields) == (
            *(known.fingerprint, known.modified_at, known.event_number),
            *(known.mark, before),
        ):
            return
        written = self.groups[-1].get(key)
        if written is not None:
            again = attrs.evolve(written.entity, field_versions=fields).as_of(Version(modified_at, number))
            self.groups[-1][key] = attrs.evolve(written, entity=again, mark=mark)
        else:
            self.touches[key] = Touch(
                key=key,
                fingerprint=digest,
                modified_at=modified_at,
                mark=mark,
                event_number=number,
                field_versions=fields,
            )
        self.known[key] = attrs.evolve(known, modified_at=modified_at, event_number=number)
        if self.module.merges:
            self.entities[key] = entity

    def _claim(self, key: RecordKey, claims: Claims) -> None:
        """Note which unique values a record has from now on, and which it gives up."""
        if not self.given_up.isdisjoint(claims):
            self.groups.append({})
            self.given_up = set()
        before = self.entities.get(key)
        if before is not None:
            left = {
                pair
                for pair in unique_values(self.module, before)
                if pair not in claims and self.owners.get(pair) == key
            }
            self.given_up |= left
            self.owners.update(dict.fromkeys(left))
        self.owners.update(dict.fromkeys(claims, key))

    def _write(self, arrival: Arrival[E], entity: E, digest: str, state: State) -> None:
        key = entity.key
        earlier = self.groups[-1].get(key)
        stored = self.known.get(key)
        record_id = stored.id if stored else self.facts.new_ids[key]
        self.groups[-1][key] = Write(
            id=record_id,
            entity=entity,
            fingerprint=digest,
            state=state,
            new=earlier.new if earlier else stored is None,
            mark=_memorable(arrival),
        )
        if key not in self.repeated:
            return  # nobody will ask what this page has made of it
        self.touches.pop(key, None)
        self.entities[key] = entity
        self.known[key] = Known(
            id=record_id,
            fingerprint=digest,
            modified_at=entity.modified_at,
            event_number=entity.event_number,
            links={f.name: v for f in self.module.links if (v := getattr(entity, f.name)) is not None},
            mark=_memorable(arrival),
        )

    def _outcome(
        self,
        arrival: Arrival[E],
        state: State,
        reasons: tuple[Reason, ...],
        changed: tuple[str, ...] = (),
        *,
        parked: bool = False,
    ) -> Outcome:
        return Outcome(
            position=arrival.position,
            module=self.module.name,
            key=arrival.key,
            state=state,
            changed_fields=changed,
            reasons=reasons,
            parked=parked,
        )


def plan(module: Module[E], arrivals: Sequence[Arrival[E]], facts: Facts[E]) -> Plan[E]:
    """Judge a page of arrivals in order, each in the light of those before it.

    Never raises for data: what cannot be accepted is INVALID in its own outcome and harms no other record.
    """
    times = Counter(arrival.key for arrival in arrivals)
    page = _Page(module, facts, frozenset(i for i, n in times.items() if i is not None and n > 1))
    outcomes = tuple(
        page.judge(arrival, None if arrival.key in page.repeated else print)
        for arrival, print in zip_longest(arrivals, facts.prints)
    )
    return Plan(
        outcomes=outcomes,
        writes=tuple(tuple(group.values()) for group in page.groups if group),
        touches=tuple(page.touches.values()),
        park={key: each for key, each in page.parked.items() if each and each is not facts.parked.get(key)},
        unpark=frozenset(key for key in facts.parked if not page.parked[key]),
    )
