"""What a store promises about records as values: they are read, added and changed many at a time."""

from collections.abc import Sequence
from typing import Any

import attrs

from mzi_adapters.testing.contracts.fixtures import (
    ALL,
    BEGAN,
    GONE,
    ONLY_THEIRS,
    later,
    ours,
    parked,
    raises,
)
from mzi_adapters.testing.contracts.samples import bare, changed, key_of, record_id, row, sample
from mzi_core.errors import StoreRefused
from mzi_core.fingerprints import fingerprint
from mzi_core.module import AnyModule, Entity
from mzi_core.modules import CATALOGUE, CLASSES, ENROLLMENTS, REGISTRATIONS, STUDENTS, TEACHERS
from mzi_core.page_decisions import NewRows, RecordUpdate, StoredValues
from mzi_core.ports import Session, Store
from mzi_core.values import Parent, State, TenantId


def new_rows(module: AnyModule, entities: Sequence[Entity]) -> NewRows:
    """The columns to add entities by; every second one without a mark."""
    return NewRows(
        ids=[record_id(entity.key) for entity in entities],
        values=[module.values_of(entity) for entity in entities],
        fingerprints=[fingerprint(module, entity) for entity in entities],
        marks=[None if place % 2 else f"{place:032}" for place in range(len(entities))],
    )


def change(module: AnyModule, entity: Entity, *names: str, was: State = State.NEW) -> RecordUpdate:
    """What changes a stored record in the fields of these names to those of `entity`."""
    places = tuple(len(module.fields) if name == "extra" else module.place[name] for name in names)
    print_of = fingerprint(module, entity)
    return RecordUpdate(module.values_of(entity), was, tuple(sorted(places)), names, print_of, "c" * 32)


async def whole(session: Session, module: AnyModule, entity: Entity) -> Any:
    """A stored record, which must be there."""
    return (await session.stored(module, [entity.key]))[entity.key]


class ValuesPromises:
    """Records are read as the values they were stored with."""

    async def test_values_are_those_of_the_stored_record(self, store: Store) -> None:
        """To the last digit, in the same types, a tenant's own fields too."""
        async with ours(store) as session:
            for module in CATALOGUE:
                ids = [key_of(module, 1), key_of(module, 2), key_of(module, 99)]
                found = await session.values(module, ids)
                stored = await session.stored(module, ids)
                known = await session.known(module, ids)
                assert found.keys() == stored.keys() == set(ids[:2])
                for one in ids[:2]:
                    assert found[one] == StoredValues(
                        values=module.values_of(stored[one].entity),
                        fingerprint=stored[one].fingerprint,
                        mark=known[one].mark,
                        state=stored[one].state,
                        deleted=False,
                    )
                    assert repr(found[one].values) == repr(module.values_of(stored[one].entity))

    async def test_values_are_those_that_were_added(self, store: Store) -> None:
        """In the same types, whether a field is filled or not."""
        async with ours(store) as session:
            for module in CATALOGUE.in_order():
                entities = [sample(module, 20), bare(module, 21)]
                await session.add(module, new_rows(module, entities), later(1))
                found = await session.values(module, [entity.key for entity in entities])
                for entity in entities:
                    values, wanted = found[entity.key].values, module.values_of(entity)
                    assert values == wanted, module.name
                    assert list(map(type, values[:-1])) == list(map(type, wanted[:-1])), module.name
                    own = {name: type(value) for name, value in values[-1].items()}
                    assert own == {name: type(value) for name, value in entity.extra.items()}, module.name

    async def test_there_are_values_and_marks_only_of_what_is_there(self, store: Store) -> None:
        """Of the module and the tenant that are asked for, each once."""
        async with ours(store) as session:
            there = key_of(STUDENTS, 1)
            asked = [there, key_of(STUDENTS, ONLY_THEIRS), key_of(TEACHERS, 1), there]
            found = await session.values(STUDENTS, asked)
            assert {i: one.values[-1] for i, one in found.items()} == {
                there: {"whose": f"of {session.tenant}"}
            }
            assert await session.marks(STUDENTS, asked) == {there: None}

    async def test_beside_the_values_stands_what_is_remembered(self, store: Store) -> None:
        """Of a record that was added and of one that was changed since: fingerprint, mark and state."""
        async with ours(store) as session:
            for module in CATALOGUE.in_order():
                one, two = sample(module, 20), sample(module, 21)
                await session.add(module, new_rows(module, [one, two]), later(1))
                after = changed(module, two, extra={})
                await session.change(module, [change(module, after, "extra")], later(2))
                assert await session.values(module, [one.key, two.key]) == {
                    one.key: StoredValues(
                        module.values_of(one), fingerprint(module, one), "0" * 32, State.NEW, deleted=False
                    ),
                    two.key: StoredValues(
                        module.values_of(after),
                        fingerprint(module, after),
                        "c" * 32,
                        State.UPDATED,
                        deleted=False,
                    ),
                }

    async def test_the_values_of_a_deleted_record_say_so(self, store: Store) -> None:
        """It is there, and no longer live."""
        async with ours(store) as session:
            gone, one = key_of(TEACHERS, GONE), key_of(TEACHERS, 1)
            found = await session.values(TEACHERS, [gone, one])
            assert (found[gone].deleted, found[one].deleted) == (True, False)
            assert await session.values(TEACHERS, []) == {}

    async def test_the_values_of_many_records_are_read_at_once(self, store: Store) -> None:
        """However many there are."""
        async with ours(store) as session:
            entities = [sample(STUDENTS, n) for n in range(100, 420)]
            await session.add(STUDENTS, new_rows(STUDENTS, entities), later(1))
            found = await session.values(STUDENTS, [entity.key for entity in entities])
            assert {i: each.values for i, each in found.items()} == {
                entity.key: STUDENTS.values_of(entity) for entity in entities
            }


class AddingPromises:
    """New records are added in columns, all or nothing."""

    async def test_what_is_added_is_there_whole(self, store: Store) -> None:
        """As what was written one by one: new, live, with its mark."""
        async with ours(store) as session:
            for module in CATALOGUE.in_order():
                entities = [sample(module, 20), changed(module, bare(module, 21))]
                await session.add(module, new_rows(module, entities), later(1))
                for place, entity in enumerate(entities):
                    found = await whole(session, module, entity)
                    assert found == attrs.evolve(
                        found,
                        id=record_id(entity.key),
                        entity=entity,
                        fingerprint=fingerprint(module, entity),
                        state=State.NEW,
                        created_at=later(1),
                        updated_at=later(1),
                        deleted_at=None,
                    )
                    marks = await session.marks(module, [entity.key])
                    assert marks == {entity.key: None if place else f"{place:032}"}

    async def test_one_refused_record_leaves_none_that_was_to_be_added(self, store: Store) -> None:
        """Whatever it is refused for; the session goes on, and the message repeats no personal data."""
        taken = sample(STUDENTS, 1).academic_email
        orphan = changed(REGISTRATIONS, sample(REGISTRATIONS, 2), student=key_of(STUDENTS, 99))
        refused: Sequence[tuple[AnyModule, Entity]] = [
            (STUDENTS, changed(STUDENTS, sample(STUDENTS, 31), academic_email=taken)),
            (STUDENTS, sample(STUDENTS, 1)),
            (REGISTRATIONS, changed(REGISTRATIONS, orphan, zoho_id=key_of(REGISTRATIONS, 31))),
        ]
        async with ours(store) as session:
            for number, (module, entity) in enumerate(refused):
                like = sample(module, 40 + number if module is STUDENTS else 2)
                fine = changed(module, like, **{module.key_name: key_of(module, 40 + number)})
                with raises(StoreRefused) as caught:
                    await session.add(module, new_rows(module, [fine, entity]), later(2))
                assert "@" not in caught.message
                assert await session.present(module, [fine.key]) == set()
                await session.add(module, new_rows(module, [fine]), later(3))
                assert (await whole(session, module, fine)).created_at == later(3)


class RecordUpdatePromises:
    """Of records that are stored, what changed is set, and nothing else."""

    async def test_a_change_sets_what_it_names_and_when_it_was(self, store: Store) -> None:
        """Its fingerprint, its mark, that it was updated; when it was first stored stays."""
        async with ours(store) as session:
            one = sample(STUDENTS, 1)
            before = await whole(session, STUDENTS, one)
            other = changed(STUDENTS, before.entity, city="Irbid", modified_at=later(7))
            await session.change(STUDENTS, [change(STUDENTS, other, "city")], later(1))
            after = await whole(session, STUDENTS, one)
            assert after == attrs.evolve(
                before,
                entity=other,
                fingerprint=fingerprint(STUDENTS, other),
                revision=before.revision + 1,
                state=State.UPDATED,
                updated_at=later(1),
            )
            assert await session.marks(STUDENTS, [one.key]) == {one.key: "c" * 32}

    async def test_changes_of_one_call_may_be_of_different_fields(self, store: Store) -> None:
        """Of a tenant's own fields too, and to nothing."""
        async with ours(store) as session:
            one, two = [(await whole(session, STUDENTS, sample(STUDENTS, n))).entity for n in (1, 2)]
            first = changed(STUDENTS, one, city=None, modified_at=None)
            second = changed(STUDENTS, two, phone="1", extra={"x": later(1), "y": ("a",)})
            changes = [change(STUDENTS, first, "city"), change(STUDENTS, second, "phone", "extra")]
            await session.change(STUDENTS, changes, later(1))
            assert (await whole(session, STUDENTS, one)).entity == first
            assert (await whole(session, STUDENTS, two)).entity == second

    async def test_every_field_can_be_changed(self, store: Store) -> None:
        """But for those that are unique or point at a parent, which no such change is about."""
        async with ours(store) as session:
            for module in CATALOGUE.in_order():
                one, other = (await whole(session, module, sample(module, 1))).entity, sample(module, 2)
                tied = {module.key_name, *module.unique_names, *module.depends_on}
                names = [field.name for field in module.fields if field.name not in tied] + ["extra"]
                after = changed(module, one, **{name: getattr(other, name) for name in names})
                was = (await whole(session, module, one)).state
                await session.change(module, [change(module, after, *names, was=was)], later(1))
                assert (await whole(session, module, one)).entity == after

    async def test_every_field_that_may_be_empty_can_be_emptied(self, store: Store) -> None:
        """None is neither an empty text nor 0 nor False; a record may lose its time and its mark as well."""
        async with ours(store) as session:
            for module in CATALOGUE.in_order():
                one, empty = (await whole(session, module, sample(module, 1))).entity, bare(module, 1)
                tied = {module.key_name, "modified_at", *module.unique_names, *module.depends_on}
                names = [field.name for field in module.fields if field.name not in tied] + ["extra"]
                cleared = {name: getattr(empty, name) for name in names}
                after = changed(module, one, **cleared, modified_at=None)
                emptying = change(module, after, *names)._replace(mark=None)
                await session.change(module, [emptying], later(1))
                assert (await whole(session, module, one)).entity == after
                assert await session.marks(module, [one.key]) == {one.key: None}

    async def test_a_changed_record_keeps_its_unique_values_and_parents(self, store: Store) -> None:
        """They are still its own, and it can be replaced."""
        async with ours(store) as session:
            for module in CATALOGUE:
                before = (await whole(session, module, sample(module, 1))).entity
                await session.change(
                    module, [change(module, changed(module, before, extra={}), "extra")], later(1)
                )
                for field in module.unique:
                    value = getattr(before, field.name)
                    owners = await session.owners(module, {field.name: [value]})
                    assert owners == {field.name: {value: before.key}}
                await session.write(module, [row(module, before, state=State.UPDATED)], later(2))
                assert (await whole(session, module, before)).entity == before

    async def test_one_refused_change_leaves_all_as_they_were(self, store: Store) -> None:
        """One of a record that is not there, or no longer live; the session goes on."""
        async with ours(store) as session:
            await session.add(TEACHERS, new_rows(TEACHERS, [sample(TEACHERS, 20)]), later(1))
            fine = sample(TEACHERS, 20)
            before = await whole(session, TEACHERS, fine)
            update = change(TEACHERS, changed(TEACHERS, fine, modified_at=later(9)), "modified_at")
            for missing in (sample(TEACHERS, 99), sample(TEACHERS, GONE)):
                with raises(StoreRefused):
                    await session.change(TEACHERS, [update, change(TEACHERS, missing)], later(2))
                assert await whole(session, TEACHERS, fine) == before
            await session.change(TEACHERS, [update], later(3))
            assert (await whole(session, TEACHERS, fine)).updated_at == later(3)

    async def test_many_changes_are_made_at_once(self, store: Store) -> None:
        """However many there are."""
        async with ours(store) as session:
            entities = [sample(STUDENTS, n) for n in range(100, 420)]
            await session.add(STUDENTS, new_rows(STUDENTS, entities), later(1))
            after = [changed(STUDENTS, each, city=f"c{n}") for n, each in enumerate(entities)]
            await session.change(STUDENTS, [change(STUDENTS, each, "city") for each in after], later(2))
            found = await session.stored(STUDENTS, [each.key for each in after])
            assert [found[each.key].entity for each in after] == after


class ParkingPromises:
    """A store says whether it is worth asking what is parked."""

    async def test_what_is_parked_and_what_is_awaited_are_told_by_module(self, store: Store) -> None:
        """Nothing is, of most modules; another tenant's parked records are none of ours."""
        waits = Parent("classes", key_of(CLASSES, 99))
        async with ours(store) as session:
            for module in CATALOGUE:
                mine = await session.parked_list(module.name, ALL)
                await session.unpark(module.name, [one.key for one in mine])
            status = await session.status(STUDENTS)
            assert (status.holds, status.awaited) == (False, False)
            await session.park(
                [parked(REGISTRATIONS, 50, BEGAN), parked(ENROLLMENTS, 51, BEGAN, waits_for=waits)]
            )
            for module in CATALOGUE:
                holds, awaited = module in (REGISTRATIONS, ENROLLMENTS), module is CLASSES
                status = await session.status(module)
                assert (status.holds, status.awaited) == (holds, awaited)

    async def test_the_latest_change_of_a_module_is_known(self, store: Store) -> None:
        """Of a new, a changed and a deleted record; not that of another module or tenant."""
        async with ours(store) as session:
            assert (await session.status(STUDENTS)).latest == BEGAN
            await session.write(STUDENTS, [row(STUDENTS, sample(STUDENTS, 20))], later(1))
            assert (await session.status(STUDENTS)).latest == later(1)
            one = changed(STUDENTS, sample(STUDENTS, 1), city="b")
            await session.write(STUDENTS, [row(STUDENTS, one, state=State.UPDATED)], later(2))
            assert (await session.status(STUDENTS)).latest == later(2)
            await session.delete(STUDENTS, [key_of(STUDENTS, 2)], later(3))
            assert (await session.status(STUDENTS)).latest == later(3)
            await session.delete(STUDENTS, [one.key], later(4))
            assert (await session.status(STUDENTS)).latest == later(4)
            assert (await session.status(CLASSES)).latest == BEGAN
        async with store.registry() as registry:
            await registry.add_tenant(TenantId("empty"), later(5))
        async with store.begin(TenantId("empty")) as session:
            assert (await session.status(STUDENTS)).latest is None
