"""What a store promises about columns of records one of which it cannot take: it then takes none."""

from collections.abc import Sequence
from traceback import format_exception
from typing import Any

import attrs

from mzi_adapters.testing.contracts.fixtures import BEGAN, GONE, ONLY_THEIRS, THERE, later, ours, raises
from mzi_adapters.testing.contracts.samples import bare, changed, key_of, row, sample
from mzi_adapters.testing.contracts.store_columns import change, new_rows, whole
from mzi_core.errors import StoreRefused
from mzi_core.module import AnyModule, E, Module
from mzi_core.modules import CATALOGUE, GRADES, PAYMENTS, REGISTRATIONS, STUDENTS, TEACHERS
from mzi_core.ports import Session, Store
from mzi_core.values import Email, RecordKey, State

BEYOND: Sequence[tuple[str, object]] = (
    ("note", "a\x00b"),
    ("note", "\ud800"),
    ("installment_number", 2**64),
)
"""Values of a payment that some database will not keep."""

PERSONAL = "Fatima Secret"


def new(module: Module[E], n: int, **fields: Any) -> E:
    """An entity under the n-th id and unique values of a module, which points at parents that are there."""
    own = {field.name: getattr(sample(module, n), field.name) for field in module.unique}
    return changed(module, sample(module, 1), **{module.key_name: key_of(module, n), **own, **fields})


async def everything_of(session: Session, module: AnyModule, ids: Sequence[RecordKey]) -> object:
    """All that is stored of some records, and how many there are."""
    return await session.stored(module, ids), await session.known(module, ids), await session.count(module)


def said_by(refused: StoreRefused) -> str:
    """What a refusal says, and what led to it: tracebacks end up in logs."""
    return "".join(format_exception(refused))


class RefusedAddingPromises:
    """What cannot be added is refused by its field, and with it all that was to be added."""

    async def test_a_record_that_is_there_or_claims_what_is_taken_leaves_all_as_it_was(
        self, store: Store
    ) -> None:
        """There already, there and deleted, a value taken or twice in the call; and the session goes on."""
        async with ours(store) as session:
            one, gone = sample(TEACHERS, 1), sample(TEACHERS, GONE)
            fine, other = new(TEACHERS, 20), new(TEACHERS, 21)
            ids = [each.key for each in (one, gone, fine, other)]
            before = await everything_of(session, TEACHERS, ids)
            for refused in (
                changed(TEACHERS, other, zoho_id=one.key),
                changed(TEACHERS, other, zoho_id=gone.key),
                changed(TEACHERS, other, zoho_id=fine.key),
                changed(TEACHERS, other, academic_email=one.academic_email),
                changed(TEACHERS, other, academic_email=fine.academic_email),
                changed(TEACHERS, other, moodle_userid=one.moodle_userid),
            ):
                for order in ([fine, refused], [refused, fine]):
                    rows = new_rows(TEACHERS, order)
                    with raises(StoreRefused):
                        await session.add(TEACHERS, rows, later(1))
                    assert await everything_of(session, TEACHERS, ids) == before
            await session.add(TEACHERS, new_rows(TEACHERS, [fine, other]), later(2))
            assert (await whole(session, TEACHERS, other)).entity == other

    async def test_a_unique_value_can_be_added_once(self, store: Store) -> None:
        """For every unique field of every module; the refusal names the field."""
        async with ours(store) as session:
            for module in CATALOGUE:
                for field in module.unique:
                    taken = new(module, 20, **{field.name: getattr(sample(module, 1), field.name)})
                    with raises(StoreRefused) as caught:
                        await session.add(module, new_rows(module, [taken]), later(1))
                    assert f"`{field.name}`" in caught.message

    async def test_values_of_deleted_records_and_ids_of_other_tenants_can_be_added(
        self, store: Store
    ) -> None:
        """They are free."""
        async with ours(store) as session:
            heir = changed(TEACHERS, sample(TEACHERS, GONE), zoho_id=key_of(TEACHERS, 20))
            await session.add(TEACHERS, new_rows(TEACHERS, [heir]), later(1))
            theirs = sample(STUDENTS, ONLY_THEIRS)
            await session.add(STUDENTS, new_rows(STUDENTS, [theirs]), later(1))
            assert (await whole(session, STUDENTS, theirs)).entity == theirs

    async def test_a_record_to_be_added_needs_the_parents_it_points_at(self, store: Store) -> None:
        """One whose parent is nowhere, or only another tenant's, is refused, and with it the call."""
        async with ours(store) as session:
            for module in CATALOGUE:
                for name, parent in module.depends_on.items():
                    for n in (ONLY_THEIRS, 99):
                        fine, orphan = new(module, 20), new(module, 21)
                        orphan = changed(module, orphan, **{name: key_of(CATALOGUE[parent], n)})
                        with raises(StoreRefused):
                            await session.add(module, new_rows(module, [fine, orphan]), later(1))
                        assert await session.present(module, [fine.key, orphan.key]) == set()

    async def test_an_added_record_may_point_at_a_deleted_parent_and_at_none(self, store: Store) -> None:
        """At none where the field may be empty."""
        async with ours(store) as session:
            await session.delete(STUDENTS, [key_of(STUDENTS, 1)], later(1))
            entity = changed(GRADES, bare(GRADES, 1), zoho_id=key_of(GRADES, 20))
            assert (entity.student, entity.unit, entity.class_) == (key_of(STUDENTS, 1), None, None)
            await session.add(GRADES, new_rows(GRADES, [entity]), later(1))
            assert (await whole(session, GRADES, entity)).entity == entity

    async def test_a_value_too_much_is_not_added_or_kept_without_repeating_it(self, store: Store) -> None:
        """Drivers like to quote the row that they would not take."""
        async with ours(store) as session:
            for n, (field, beyond) in enumerate(BEYOND, start=20):
                like = new(PAYMENTS, n, description=PERSONAL)
                entity = changed(PAYMENTS, like, **{field: beyond})
                rows = attrs.evolve(new_rows(PAYMENTS, [like]), values=[PAYMENTS.values_of(entity)])
                said = ""
                try:
                    await session.add(PAYMENTS, rows, later(1))
                except StoreRefused as refused:
                    said = said_by(refused)
                assert [word for word in (PERSONAL, str(2**64), "\\x00") if word in said] == []
                found = await session.stored(PAYMENTS, [entity.key])
                assert [one.entity for one in found.values()] == ([] if said else [entity])

    async def test_a_refusal_to_add_repeats_no_personal_data(self, store: Store) -> None:
        """Neither its sentence nor what led to it."""
        async with ours(store) as session:
            taken = new(
                STUDENTS, 20, academic_email=sample(STUDENTS, 1).academic_email, display_name=PERSONAL
            )
            with raises(StoreRefused) as caught:
                await session.add(STUDENTS, new_rows(STUDENTS, [taken]), later(1))
            assert caught.error is not None
            assert "academic_email" in caught.message
            assert [w for w in (PERSONAL, str(taken.academic_email)) if w in said_by(caught.error)] == []


class RefusedChangingPromises:
    """What cannot be changed is refused, and with it all that was to be changed."""

    async def test_a_record_that_is_not_there_leaves_all_as_it_was(self, store: Store) -> None:
        """One nobody has, a deleted one, another tenant's; the marks and counts stay too."""
        refused: Sequence[tuple[AnyModule, Any]] = (
            (TEACHERS, sample(TEACHERS, 99)),
            (TEACHERS, sample(TEACHERS, GONE)),
            (STUDENTS, sample(STUDENTS, ONLY_THEIRS)),
        )
        async with ours(store) as session:
            for module, bad in refused:
                fine = (await whole(session, module, sample(module, 1))).entity
                ids = [fine.key, bad.key]
                before = await everything_of(session, module, ids)
                changes = [change(module, changed(module, each, phone="x"), "phone") for each in (fine, bad)]
                for order in (changes, changes[::-1]):
                    with raises(StoreRefused):
                        await session.change(module, order, later(1))
                    assert await everything_of(session, module, ids) == before
            after = changed(STUDENTS, fine, phone="y")
            await session.change(STUDENTS, [change(STUDENTS, after, "phone")], later(2))
            assert (await whole(session, STUDENTS, fine)).entity == after

    async def test_a_value_too_much_changes_nothing_or_is_kept_without_repeating_it(
        self, store: Store
    ) -> None:
        """Whichever of the changes it is in."""
        async with ours(store) as session:
            ids = [key_of(PAYMENTS, n) for n in THERE]
            for field, beyond in BEYOND:
                before = await session.stored(PAYMENTS, ids)
                entities = [changed(PAYMENTS, before[each].entity, description=PERSONAL) for each in ids]
                names = ("description", field)
                changes = [change(PAYMENTS, entity, *names, was=State.NEW) for entity in entities]
                entities[1] = changed(PAYMENTS, entities[1], **{field: beyond})
                changes[1] = changes[1]._replace(values=PAYMENTS.values_of(entities[1]))
                said = ""
                try:
                    await session.change(PAYMENTS, changes, later(1))
                except StoreRefused as refused:
                    said = said_by(refused)
                assert [word for word in (PERSONAL, str(2**64), "\\x00") if word in said] == []
                found = await session.stored(PAYMENTS, ids)
                if said:
                    assert found == before
                else:
                    assert [found[each].entity for each in ids] == entities
                again = [row(PAYMENTS, before[each].entity, state=State.UPDATED) for each in ids]
                await session.write(PAYMENTS, [attrs.evolve(each, state=State.NEW) for each in again], BEGAN)

    async def test_a_refusal_to_change_repeats_no_personal_data(self, store: Store) -> None:
        """Neither its sentence nor what led to it."""
        async with ours(store) as session:
            nobody = changed(
                STUDENTS, sample(STUDENTS, 99), display_name=PERSONAL, email=Email("secret@b.example")
            )
            with raises(StoreRefused) as caught:
                await session.change(STUDENTS, [change(STUDENTS, nobody, "display_name", "email")], later(1))
            assert caught.error is not None
            assert "student" in caught.message
            assert "secret" not in said_by(caught.error).lower()


class NothingPromises:
    """No records at all are no error."""

    async def test_adding_and_changing_nothing_is_no_error(self, store: Store) -> None:
        """Nor does it change anything."""
        async with ours(store) as session:
            before = await everything_of(session, REGISTRATIONS, [key_of(REGISTRATIONS, 1)])
            await session.add(REGISTRATIONS, new_rows(REGISTRATIONS, []), later(1))
            await session.change(REGISTRATIONS, [], later(1))
            assert await everything_of(session, REGISTRATIONS, [key_of(REGISTRATIONS, 1)]) == before
