"""What a store promises about writing and deleting: all or nothing, and no value twice among live records."""

from traceback import format_exception

import attrs

from mzi_adapters.testing.contracts.fixtures import BEGAN, GONE, ONLY_THEIRS, later, ours, raises
from mzi_adapters.testing.contracts.samples import bare, changed, key_of, record_id, row, sample
from mzi_core.errors import StoreRefused
from mzi_core.modules import CATALOGUE, PAYMENTS, REGISTRATIONS, STUDENTS, TEACHERS
from mzi_core.ports import Query, Store
from mzi_core.values import Email, MoodleId, RecordKey, State, ZohoId


class WritingPromises:
    """One call is stored whole or not at all."""

    async def test_writing_no_rows_is_no_error(self, store: Store) -> None:
        """Nor does it change anything."""
        async with ours(store) as session:
            await session.write(STUDENTS, [], later(1))
            assert len(await session.list(STUDENTS, Query(updated_since=later(1)))) == 0

    async def test_new_and_changed_rows_go_together(self, store: Store) -> None:
        """In one call, in any order."""
        async with ours(store) as session:
            one = changed(STUDENTS, sample(STUDENTS, 1), city="b")
            two = sample(STUDENTS, 20)
            await session.write(
                STUDENTS, [row(STUDENTS, one, state=State.UPDATED), row(STUDENTS, two)], later(1)
            )
            found = await session.stored(STUDENTS, [one.key, two.key])
            assert [found[e.key].entity for e in (one, two)] == [one, two]
            assert [found[e.key].state for e in (one, two)] == [State.UPDATED, State.NEW]
            assert [found[e.key].created_at for e in (one, two)] == [BEGAN, later(1)]

    async def test_a_changed_row_loses_what_it_no_longer_has(self, store: Store) -> None:
        """A replaced row is replaced whole."""
        async with ours(store) as session:
            for module in CATALOGUE.in_order():
                entity = bare(module, 2)
                await session.write(module, [row(module, entity, state=State.UPDATED)], later(1))
                assert (await session.stored(module, [entity.key]))[entity.key].entity == entity

    async def test_one_refused_row_leaves_none_and_the_session_goes_on(self, store: Store) -> None:
        """What was written before the refused call stays, and what comes after is stored."""
        async with ours(store) as session:
            earlier, fine, taken = (sample(STUDENTS, n) for n in (20, 21, 22))
            taken = changed(STUDENTS, taken, academic_email=sample(STUDENTS, 1).academic_email)
            before = (await session.stored(STUDENTS, [key_of(STUDENTS, 2)])).popitem()[1]
            update = changed(STUDENTS, before.entity, city="never")
            await session.write(STUDENTS, [row(STUDENTS, earlier)], later(1))
            rows = [row(STUDENTS, update, state=State.UPDATED), row(STUDENTS, fine), row(STUDENTS, taken)]
            with raises(StoreRefused):
                await session.write(STUDENTS, rows, later(2))
            wanted = [entity.key for entity in (earlier, fine, taken)]
            assert await session.present(STUDENTS, wanted) == {earlier.key}
            assert (await session.stored(STUDENTS, [update.key]))[update.key] == before
            await session.write(STUDENTS, [row(STUDENTS, fine)], later(3))
            assert fine.key in await session.present(STUDENTS, wanted)

    async def test_a_refused_change_leaves_no_new_rows(self, store: Store) -> None:
        """Whichever of the rows of a call is to blame."""
        async with ours(store) as session:
            new = sample(STUDENTS, 20)
            taken = changed(STUDENTS, sample(STUDENTS, 2), moodle_userid=sample(STUDENTS, 1).moodle_userid)
            with raises(StoreRefused):
                await session.write(
                    STUDENTS, [row(STUDENTS, new), row(STUDENTS, taken, state=State.UPDATED)], later(1)
                )
            assert await session.present(STUDENTS, [new.key]) == set()

    async def test_a_refused_row_leaves_its_unique_values_free(self, store: Store) -> None:
        """The index of unique values forgets the call as well."""
        async with ours(store) as session:
            free = sample(STUDENTS, 20)
            taken = changed(STUDENTS, sample(STUDENTS, 21), academic_email=sample(STUDENTS, 1).academic_email)
            with raises(StoreRefused):
                await session.write(STUDENTS, [row(STUDENTS, free), row(STUDENTS, taken)], later(1))
            other = changed(STUDENTS, sample(STUDENTS, 22), academic_email=free.academic_email)
            await session.write(STUDENTS, [row(STUDENTS, other)], later(1))

    async def test_a_row_called_new_must_not_be_there(self, store: Store) -> None:
        """Not even deleted."""
        async with ours(store) as session:
            for entity in (sample(TEACHERS, 1), sample(TEACHERS, GONE)):
                with raises(StoreRefused):
                    await session.write(TEACHERS, [row(TEACHERS, entity)], later(1))

    async def test_a_row_to_replace_must_be_there(self, store: Store) -> None:
        """Under the key it was stored by."""
        async with ours(store) as session:
            nowhere = row(TEACHERS, sample(TEACHERS, 20), state=State.UPDATED)
            elsewhere = attrs.evolve(
                row(TEACHERS, sample(TEACHERS, 1), state=State.UPDATED), id=record_id(ZohoId("another"))
            )
            for written in (nowhere, elsewhere):
                with raises(StoreRefused):
                    await session.write(TEACHERS, [written], later(1))

    async def test_a_record_needs_the_parents_it_points_at(self, store: Store) -> None:
        """A row whose parent is nowhere, or only another tenant's, is refused."""
        async with ours(store) as session:
            for module in CATALOGUE:
                for name, parent in module.depends_on.items():
                    for n in (ONLY_THEIRS, 99):
                        nowhere = key_of(CATALOGUE[parent], n)
                        entity = changed(module, sample(module, 1), **{name: nowhere})
                        with raises(StoreRefused):
                            await session.write(module, [row(module, entity, state=State.UPDATED)], later(1))

    async def test_a_deleted_parent_still_holds_its_children(self, store: Store) -> None:
        """They stay, and further ones may come."""
        async with ours(store) as session:
            await session.delete(STUDENTS, [key_of(STUDENTS, 1)], later(1))
            assert await session.present(REGISTRATIONS, [key_of(REGISTRATIONS, 1)])
            entity = changed(REGISTRATIONS, sample(REGISTRATIONS, 1), zoho_id=ZohoId("999"))
            await session.write(REGISTRATIONS, [row(REGISTRATIONS, entity)], later(2))

    async def test_a_value_too_much_is_refused_without_repeating_it(self, store: Store) -> None:
        """Or kept; drivers like to quote the row that they would not take."""
        async with ours(store) as session:
            for n, (field, beyond) in enumerate(
                (("note", "a\x00b"), ("note", "\ud800"), ("installment_number", 2**64))
            ):
                fine = changed(PAYMENTS, sample(PAYMENTS, 20 + n), registration=key_of(REGISTRATIONS, 1))
                written = row(PAYMENTS, changed(PAYMENTS, fine, description="Fatima Secret"))
                entity = changed(PAYMENTS, written.entity, **{field: beyond})
                try:
                    await session.write(PAYMENTS, [attrs.evolve(written, entity=entity)], later(1))
                except StoreRefused as refused:
                    said = "".join(format_exception(refused))
                    assert [word for word in ("Fatima", str(2**64), "\\x00") if word in said] == []
                else:
                    found = await session.stored(PAYMENTS, [entity.key])
                    assert found[entity.key].entity == entity

    async def test_a_refusal_repeats_no_personal_data(self, store: Store) -> None:
        """Neither its sentence nor what led to it: tracebacks end up in logs."""
        async with ours(store) as session:
            taken = changed(
                STUDENTS,
                sample(STUDENTS, 20),
                academic_email=sample(STUDENTS, 1).academic_email,
                display_name="Fatima Secret",
            )
            with raises(StoreRefused) as caught:
                await session.write(STUDENTS, [row(STUDENTS, taken)], later(1))
            assert caught.error is not None
            said = "".join(format_exception(caught.error))
            assert "academic_email" in caught.message
            assert str(taken.academic_email) not in said
            assert "Fatima" not in said


class UniquenessPromises:
    """No two live records of a tenant share a unique value."""

    async def test_a_unique_value_has_one_live_owner(self, store: Store) -> None:
        """For every unique field of every module; new and changed rows alike."""
        async with ours(store) as session:
            for module in CATALOGUE:
                first = sample(module, 1)
                own = {field.name: getattr(sample(module, 20), field.name) for field in module.unique}
                new = changed(module, first, **own, **{module.key_name: key_of(module, 20)})
                for field in module.unique:
                    theirs = {field.name: getattr(first, field.name)}
                    other = changed(module, sample(module, 2), **theirs)
                    for refused in (
                        row(module, changed(module, new, **theirs)),
                        row(module, other, state=State.UPDATED),
                    ):
                        with raises(StoreRefused) as caught:
                            await session.write(module, [refused], later(1))
                        assert f"`{field.name}`" in caught.message
                await session.write(module, [row(module, new)], later(1))

    async def test_two_new_rows_of_one_call_cannot_share_a_value(self, store: Store) -> None:
        """Uniqueness holds within a call too."""
        async with ours(store) as session:
            one = sample(STUDENTS, 20)
            two = changed(STUDENTS, sample(STUDENTS, 21), moodle_userid=one.moodle_userid)
            with raises(StoreRefused):
                await session.write(STUDENTS, [row(STUDENTS, one), row(STUDENTS, two)], later(1))
            assert await session.present(STUDENTS, [one.key, two.key]) == set()

    async def test_nothing_is_no_value(self, store: Store) -> None:
        """Any number of records may have none."""
        async with ours(store) as session:
            rows = [row(TEACHERS, bare(TEACHERS, n)) for n in (20, 21, 22)]
            await session.write(TEACHERS, rows, later(1))

    async def test_the_values_of_a_deleted_record_are_free(self, store: Store) -> None:
        """Until it comes back, which it cannot while somebody else has them."""
        async with ours(store) as session:
            gone = sample(TEACHERS, GONE)
            theirs = {"academic_email": gone.academic_email, "moodle_userid": gone.moodle_userid}
            heir = changed(TEACHERS, sample(TEACHERS, 1), **theirs)
            await session.write(TEACHERS, [row(TEACHERS, heir, state=State.UPDATED)], later(1))
            with raises(StoreRefused):
                await session.write(TEACHERS, [row(TEACHERS, gone, state=State.UPDATED)], later(2))
            await session.delete(TEACHERS, [heir.key], later(3))
            await session.write(TEACHERS, [row(TEACHERS, gone, state=State.UPDATED)], later(4))
            owners = await session.owners(TEACHERS, {"academic_email": [gone.academic_email]})
            assert owners == {"academic_email": {gone.academic_email: gone.key}}

    async def test_a_value_given_up_can_be_taken_by_the_next_call(self, store: Store) -> None:
        """An address goes from one student to another."""
        async with ours(store) as session:
            one, two = sample(STUDENTS, 1), sample(STUDENTS, 2)
            address = Email("new@college.example")
            moved = changed(STUDENTS, one, academic_email=address, moodle_userid=MoodleId(5))
            taker = changed(STUDENTS, two, academic_email=one.academic_email, moodle_userid=one.moodle_userid)
            await session.write(STUDENTS, [row(STUDENTS, moved, state=State.UPDATED)], later(1))
            await session.write(STUDENTS, [row(STUDENTS, taker, state=State.UPDATED)], later(1))
            asked = {"academic_email": [one.academic_email, two.academic_email]}
            owners = await session.owners(STUDENTS, asked)
            assert owners == {"academic_email": {one.academic_email: two.key}}

    async def test_a_record_keeps_its_own_values(self, store: Store) -> None:
        """Writing it again is no conflict with itself."""
        async with ours(store) as session:
            entity = changed(STUDENTS, sample(STUDENTS, 1), city="x")
            await session.write(STUDENTS, [row(STUDENTS, entity, state=State.UPDATED)], later(1))


class MarkingPromises:
    """What a record said word for word."""

    async def test_the_mark_of_a_record_is_remembered(self, store: Store) -> None:
        """The one it was last written with, and none where it was written without."""
        async with ours(store) as session:
            entity = sample(STUDENTS, 20)
            for n, mark in enumerate(("0" * 32, "f" * 32, None, "a" * 32)):
                written = row(STUDENTS, entity, state=State.UPDATED if n else State.NEW)
                await session.write(STUDENTS, [attrs.evolve(written, mark=mark)], later(n))
                assert (await session.known(STUDENTS, [entity.key]))[entity.key].mark == mark

    async def test_a_refused_call_changes_no_mark(self, store: Store) -> None:
        """Neither of the row that is to blame nor of those written before it."""
        async with ours(store) as session:
            one, two = sample(STUDENTS, 1), sample(STUDENTS, 2)
            rows = [row(STUDENTS, each, state=State.UPDATED) for each in (one, two)]
            await session.write(STUDENTS, [attrs.evolve(each, mark="a" * 32) for each in rows], later(1))
            taken = changed(STUDENTS, two, academic_email=one.academic_email)
            refused = [rows[0], row(STUDENTS, taken, state=State.UPDATED)]
            with raises(StoreRefused):
                await session.write(
                    STUDENTS, [attrs.evolve(each, mark="b" * 32) for each in refused], later(2)
                )
            marks = await session.marks(STUDENTS, [one.key, two.key])
            assert marks == {one.key: "a" * 32, two.key: "a" * 32}

    async def test_the_marks_of_many_records_are_read_at_once(self, store: Store) -> None:
        """However many there are; of one that is deleted, or was written without, there is none."""
        async with ours(store) as session:
            rows = [row(STUDENTS, sample(STUDENTS, n)) for n in range(100, 420)]
            marked = [attrs.evolve(each, mark=each.fingerprint[:32]) for each in rows[2:]]
            await session.write(STUDENTS, [rows[0], attrs.evolve(rows[1], mark="0" * 32), *marked], BEGAN)
            ids = [each.entity.key for each in rows]
            await session.delete(STUDENTS, ids[1:2], later(1))
            expected: dict[RecordKey, str | None] = {each.entity.key: each.mark for each in marked}
            expected |= dict.fromkeys(ids[:2])
            assert await session.marks(STUDENTS, [*ids, key_of(STUDENTS, 99)]) == expected
            assert await session.marks(TEACHERS, ids) == {}
            assert await session.marks(STUDENTS, []) == {}


class DeletionPromises:
    """Deleted records stay, marked."""

    async def test_deleting_says_which_were_live(self, store: Store) -> None:
        """In the order asked for; the unknown and the deleted are passed over."""
        async with ours(store) as session:
            one, two, gone, nowhere = (key_of(TEACHERS, n) for n in (1, 2, GONE, 99))
            asked = [two, gone, nowhere, one, two]
            assert await session.delete(TEACHERS, asked, later(1)) == (two, one)
            assert await session.delete(TEACHERS, asked, later(2)) == ()
            assert await session.delete(TEACHERS, [], later(2)) == ()

    async def test_a_deleted_record_says_when(self, store: Store) -> None:
        """The first time counts, and it is a change."""
        async with ours(store) as session:
            one = key_of(STUDENTS, 1)
            before = (await session.stored(STUDENTS, [one]))[one]
            await session.delete(STUDENTS, [one], later(1))
            await session.delete(STUDENTS, [one], later(2))
            after = (await session.stored(STUDENTS, [one]))[one]
            assert after == attrs.evolve(
                before, deleted_at=later(1), updated_at=later(1), revision=before.revision + 1
            )

    async def test_a_written_row_is_live_again(self, store: Store) -> None:
        """With the key it had."""
        async with ours(store) as session:
            gone = sample(TEACHERS, GONE)
            await session.write(TEACHERS, [row(TEACHERS, gone, state=State.UPDATED)], later(1))
            found = (await session.stored(TEACHERS, [gone.key]))[gone.key]
            assert (found.deleted_at, found.created_at, found.updated_at) == (None, BEGAN, later(1))
            assert (await session.known(TEACHERS, [gone.key]))[gone.key].deleted is False
