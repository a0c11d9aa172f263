"""What a store promises about reading and keeping records: to the last digit, letter and microsecond."""

from datetime import UTC, datetime, timedelta, timezone

import attrs

from mzi_adapters.testing.contracts.fixtures import BEGAN, GONE, later, ours, parked
from mzi_adapters.testing.contracts.samples import (
    AMOUNTS,
    TEXTS,
    bare,
    changed,
    key_of,
    record_id,
    row,
    sample,
)
from mzi_core.errors import StoreRefused
from mzi_core.module import Kind
from mzi_core.modules import CATALOGUE, GRADES, PAYMENTS, PROGRAMS, STUDENTS, TEACHERS
from mzi_core.ports import Cursor, Query, Store
from mzi_core.values import FIRST_YEAR, LAST_YEAR, MoodleId, State

MANY = 1201
"""More ids than any chunking would put into one statement."""


class ExactnessPromises:
    """What is written is what is read."""

    async def test_every_field_of_every_module_comes_back(self, store: Store) -> None:
        """Text, amounts, days, moments, rows of subforms, criteria, fields of the tenant's own."""
        async with ours(store) as session:
            for module in CATALOGUE.in_order():
                entities = [sample(module, n) for n in (20, 21, 22, 23)]
                await session.write(module, [row(module, entity) for entity in entities], later(1))
                found = await session.stored(module, [entity.key for entity in entities])
                for entity in entities:
                    assert found[entity.key].entity == entity, module.name

    async def test_values_keep_their_types(self, store: Store) -> None:
        """A Decimal is no text, a day no moment, a tuple no list, True no 1."""
        async with ours(store) as session:
            for module in CATALOGUE.in_order():
                entity = sample(module, 20)
                await session.write(module, [row(module, entity)], later(1))
                found = (await session.stored(module, [entity.key]))[entity.key].entity
                for name in module.field:
                    assert type(getattr(found, name)) is type(getattr(entity, name)), f"{module.name}.{name}"
                assert {name: type(value) for name, value in found.extra.items()} == {
                    name: type(value) for name, value in entity.extra.items()
                }, module.name

    async def test_what_is_not_given_stays_away(self, store: Store) -> None:
        """None is neither an empty text nor 0 nor False."""
        async with ours(store) as session:
            for module in CATALOGUE.in_order():
                entity = bare(module, 1)
                await session.write(module, [row(module, entity, state=State.UPDATED)], later(1))
                found = (await session.stored(module, [entity.key]))[entity.key].entity
                assert found == entity, module.name

    async def test_texts_come_back_letter_by_letter(self, store: Store) -> None:
        """Arabic, bars, capitals, pictures, blanks, line ends, and the empty text, which is not None."""
        async with ours(store) as session:
            for text in (*TEXTS, "a" * 70_000, "\u200f\u0301e\u0301", "null", "0", "\\", "%s :x ?"):
                entity = changed(STUDENTS, sample(STUDENTS, 1), first_name=text, city=None, extra={"t": text})
                await session.write(STUDENTS, [row(STUDENTS, entity, state=State.UPDATED)], later(1))
                found = (await session.stored(STUDENTS, [entity.key]))[entity.key].entity
                assert (found.first_name, found.city, found.extra["t"]) == (text, None, text)

    async def test_amounts_come_back_to_the_last_digit(self, store: Store) -> None:
        """Also the smallest and the largest that Zoho can hold."""
        async with ours(store) as session:
            for amount in (*AMOUNTS, *(-amount for amount in AMOUNTS), AMOUNTS[0].scaleb(-8), AMOUNTS[0] * 0):
                entity = changed(PAYMENTS, sample(PAYMENTS, 1), amount=amount, extra={"amount": amount})
                await session.write(PAYMENTS, [row(PAYMENTS, entity, state=State.UPDATED)], later(1))
                found = (await session.stored(PAYMENTS, [entity.key]))[entity.key].entity
                assert (found.amount, found.extra["amount"]) == (amount, amount)

    async def test_whole_numbers_of_64_bits_come_back(self, store: Store) -> None:
        """A float would round them."""
        async with ours(store) as session:
            for number in (2**53 + 1, 2**63 - 1, -(2**63), 0):
                entity = changed(PAYMENTS, sample(PAYMENTS, 1), installment_number=number)
                await session.write(PAYMENTS, [row(PAYMENTS, entity, state=State.UPDATED)], later(1))
                found = (await session.stored(PAYMENTS, [entity.key]))[entity.key].entity
                assert found.installment_number == number

    async def test_moments_are_aware_and_exact_to_the_microsecond(self, store: Store) -> None:
        """In whichever offset they are given."""
        async with ours(store) as session:
            for moment in (
                datetime(2026, 2, 1, 14, 58, 0, 1, tzinfo=timezone(timedelta(hours=3))),
                datetime(2026, 2, 1, 14, 58, 0, 999_999, tzinfo=timezone(timedelta(hours=-3, minutes=-30))),
                datetime(1970, 1, 1, tzinfo=UTC),
                datetime(999, 12, 31, 23, 59, 59, tzinfo=UTC),
            ):
                entity = changed(STUDENTS, sample(STUDENTS, 1), modified_at=moment)
                await session.write(STUDENTS, [row(STUDENTS, entity, state=State.UPDATED)], moment)
                found = (await session.stored(STUDENTS, [entity.key]))[entity.key]
                assert (found.entity.modified_at, found.updated_at) == (moment, moment)
                assert found.updated_at.tzinfo is not None
                known = await session.known(STUDENTS, [entity.key])
                assert known[entity.key].modified_at == moment

    async def test_the_first_and_the_last_day_and_moment_that_are_taken_are_kept(self, store: Store) -> None:
        """In every column and list, and in the tenant's own fields: what is written can be read again."""
        first = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
        last = datetime(LAST_YEAR, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
        async with ours(store) as session:
            for n, moment in ((20, first), (21, last)):
                entity = changed(
                    STUDENTS,
                    sample(STUDENTS, n),
                    birth_date=moment.date(),
                    modified_at=moment.astimezone(timezone(timedelta(hours=14 if moment is first else -14))),
                    extra={"day": moment.date(), "moment": moment},
                )
                await session.write(STUDENTS, [row(STUDENTS, entity)], moment)
                await session.park([parked(STUDENTS, n, moment)])
                found = (await session.stored(STUDENTS, [entity.key]))[entity.key]
                assert found.entity == entity
                assert (found.created_at, found.updated_at) == (moment, moment)
                assert (await session.known(STUDENTS, [entity.key]))[entity.key].modified_at == moment
                assert (await session.parked("students", [entity.key]))[entity.key].parked_at == moment
            whole = [one.updated_at for one in await session.list(STUDENTS, Query(updated_since=first))]
            assert (whole[0], whole[-1]) == (first, last)
            assert len(await session.list(STUDENTS, Query(updated_since=last))) == 1
            assert await session.list(STUDENTS, Query(after=Cursor(last, key_of(STUDENTS, 21)))) == []
            kept = await session.parked_list("students", Query(updated_since=first))
            assert (kept[0].parked_at, kept[-1].parked_at) == (first, last)

    async def test_what_no_database_keeps_is_refused_or_kept_never_altered(self, store: Store) -> None:
        """A NUL, half a character, a number beyond 64 bits; and the session goes on."""
        async with ours(store) as session:
            before = (await session.stored(PAYMENTS, [key_of(PAYMENTS, 1)])).popitem()[1].entity
            there = row(PAYMENTS, before, state=State.UPDATED)
            for field, value in (("number", "a\x00b"), ("number", "\ud800"), ("installment_number", 2**64)):
                after = changed(PAYMENTS, before, **{field: value})
                refused = False
                try:
                    await session.write(PAYMENTS, [attrs.evolve(there, entity=after)], later(1))
                except StoreRefused:
                    refused = True
                found = (await session.stored(PAYMENTS, [before.key]))[before.key].entity
                assert found == (before if refused else after)
                if not refused:
                    await session.write(PAYMENTS, [there], BEGAN)


class RecordPromises:
    """Known, stored, present, owners, linked."""

    async def test_a_record_is_known_by_what_decisions_need(self, store: Store) -> None:
        """Its key, fingerprint, Zoho's own time, its links; and whether it is deleted."""
        async with ours(store) as session:
            entity = sample(STUDENTS, 20)
            written = row(STUDENTS, entity)
            await session.write(STUDENTS, [written], later(1))
            known = (await session.known(STUDENTS, [entity.key]))[entity.key]
            assert (known.id, known.fingerprint) == (written.id, written.fingerprint)
            assert known.modified_at == entity.modified_at
            assert dict(known.links) == {"moodle_userid": entity.moodle_userid}
            assert known.deleted is False

    async def test_a_record_without_links_has_none(self, store: Store) -> None:
        """Links are left out, not None."""
        async with ours(store) as session:
            entity = bare(STUDENTS, 20)
            await session.write(STUDENTS, [row(STUDENTS, entity)], later(1))
            known = (await session.known(STUDENTS, [entity.key]))[entity.key]
            assert (dict(known.links), known.modified_at) == ({}, None)

    async def test_a_stored_record_says_when_and_how_it_changed(self, store: Store) -> None:
        """It keeps its key and the moment it was made."""
        async with ours(store) as session:
            entity = changed(STUDENTS, sample(STUDENTS, 1), city="صنعاء")
            written = row(STUDENTS, entity, state=State.UPDATED)
            await session.write(STUDENTS, [written], later(5))
            found = (await session.stored(STUDENTS, [entity.key]))[entity.key]
            assert (found.id, found.fingerprint, found.state) == (
                record_id(entity.key),
                written.fingerprint,
                State.UPDATED,
            )
            assert (found.created_at, found.updated_at, found.deleted_at) == (BEGAN, later(5), None)

    async def test_deleted_records_are_still_known(self, store: Store) -> None:
        """By every way of asking by id, with the moment of it."""
        async with ours(store) as session:
            gone = key_of(TEACHERS, GONE)
            assert (await session.known(TEACHERS, [gone]))[gone].deleted is True
            assert (await session.stored(TEACHERS, [gone]))[gone].deleted_at == BEGAN
            assert await session.present(TEACHERS, [gone]) == {gone}

    async def test_unknown_ids_are_left_out(self, store: Store) -> None:
        """And no ids at all are no error."""
        async with ours(store) as session:
            there, nowhere = key_of(STUDENTS, 1), key_of(STUDENTS, 99)
            for ids in ([there, nowhere, there], (), frozenset([nowhere])):
                wanted = {there} & set(ids)
                assert set(await session.known(STUDENTS, ids)) == wanted
                assert set(await session.stored(STUDENTS, ids)) == wanted
                assert await session.present(STUDENTS, ids) == wanted

    async def test_an_id_is_of_one_module(self, store: Store) -> None:
        """The same id among the teachers is another record."""
        async with ours(store) as session:
            entity = changed(TEACHERS, sample(TEACHERS, 20), zoho_id=key_of(STUDENTS, 20))
            await session.write(TEACHERS, [row(TEACHERS, entity)], later(1))
            assert await session.known(STUDENTS, [entity.key]) == {}

    async def test_any_number_of_ids_may_be_asked_for(self, store: Store) -> None:
        """And any number of values."""
        async with ours(store) as session:
            entities = [sample(STUDENTS, 1000 + n) for n in range(MANY)]
            await session.write(STUDENTS, [row(STUDENTS, entity) for entity in entities], later(1))
            ids = [entity.key for entity in entities]
            assert set(await session.known(STUDENTS, ids)) == set(ids)
            assert {i: s.entity for i, s in (await session.stored(STUDENTS, ids)).items()} == {
                entity.key: entity for entity in entities
            }
            assert await session.present(STUDENTS, ids) == set(ids)
            emails = {entity.academic_email: entity.key for entity in entities}
            owners = await session.owners(STUDENTS, {"academic_email": set(emails)})
            assert owners == {"academic_email": emails}
            assert await session.delete(STUDENTS, ids, later(2)) == tuple(ids)

    async def test_the_owner_of_a_unique_value_is_the_live_record_that_has_it(self, store: Store) -> None:
        """For every unique field of every module; what nobody has is left out."""
        async with ours(store) as session:
            for module in CATALOGUE:
                if not module.unique:
                    continue
                entity = sample(module, 1)
                values = {field.name: getattr(entity, field.name) for field in module.unique}
                nobody = {field.name: getattr(sample(module, 99), field.name) for field in module.unique}
                asked = {name: [value, nobody[name]] for name, value in values.items()}
                mine = {name: {value: entity.key} for name, value in values.items()}
                assert await session.owners(module, asked) == mine, module.name
                await session.delete(module, [entity.key], later(1))
                assert await session.owners(module, asked) == {name: {} for name in values}, module.name

    async def test_asking_for_no_owners_is_no_error(self, store: Store) -> None:
        """Nor for the owners of no values."""
        async with ours(store) as session:
            assert await session.owners(STUDENTS, {}) == {}
            assert await session.owners(STUDENTS, {"academic_email": ()}) == {"academic_email": {}}

    async def test_values_that_differ_in_case_are_different(self, store: Store) -> None:
        """A store folds no letters; who wants that does it before."""
        async with ours(store) as session:
            entity = changed(GRADES, sample(GRADES, 1), composite_key="Key")
            await session.write(GRADES, [row(GRADES, entity, state=State.UPDATED)], later(1))
            other = changed(GRADES, sample(GRADES, 2), composite_key="kEY")
            await session.write(GRADES, [row(GRADES, other, state=State.UPDATED)], later(1))
            asked = {"composite_key": ["Key", "kEY", "KEY"]}
            assert await session.owners(GRADES, asked) == {
                "composite_key": {"Key": entity.key, "kEY": other.key}
            }

    async def test_a_record_is_found_by_its_moodle_id(self, store: Store) -> None:
        """By every link of every module; live ones only, None when nobody has it."""
        async with ours(store) as session:
            for module in CATALOGUE:
                for field in module.links:
                    entity = (await session.stored(module, [key_of(module, 1)])).popitem()[1].entity
                    value = getattr(entity, field.name)
                    found = await session.linked(module, field.name, value)
                    assert found is not None
                    assert found.entity == entity, module.name
                    assert await session.linked(module, field.name, value + 90) is None
                    await session.delete(module, [entity.key], later(2))
                    assert await session.linked(module, field.name, value) is None, module.name

    async def test_records_are_found_by_what_they_point_at(self, store: Store) -> None:
        """In order, live ones only; what nothing points at is left out, and any number may be asked for."""
        async with ours(store) as session:
            for module in CATALOGUE:
                for number, name in enumerate(module.found_by, start=3):
                    first, second = sample(module, 1), sample(module, 2)
                    one, other = getattr(first, name), getattr(second, name)
                    parents = {each: getattr(second, each) for each in module.depends_on}
                    third = changed(module, sample(module, number), **{**parents, name: one})
                    await session.write(module, [row(module, third)], later(1))
                    many = [key_of(module, n) for n in range(100, 1_600)]
                    found = await session.pointing_at(module, name, [*many, other, one])
                    assert found == {one: [first.key, third.key], other: [second.key]}, (module.name, name)
                    await session.delete(module, [third.key], later(2))
                    found = await session.pointing_at(module, name, [one, other])
                    assert found == {one: [first.key], other: [second.key]}, (module.name, name)
                    assert await session.pointing_at(module, name, []) == {}

    async def test_moodle_ids_that_are_no_links_may_be_shared(self, store: Store) -> None:
        """Several programmes lie in one Moodle category."""
        async with ours(store) as session:
            for n in (1, 2):
                entity = changed(PROGRAMS, sample(PROGRAMS, n), moodle_id=MoodleId(7))
                await session.write(PROGRAMS, [row(PROGRAMS, entity, state=State.UPDATED)], later(1))

    async def test_the_samples_of_this_suite_leave_out_no_field(self) -> None:
        """Every declared field has a value in them, and every kind that matters occurs."""
        used = {field.kind for module in CATALOGUE for field in module.fields}
        assert {Kind.MONEY, Kind.SUBFORM, Kind.CRITERIA, Kind.LOOKUPS} <= used
        for module in CATALOGUE:
            entity = sample(module, 1)
            assert [f.name for f in module.fields if getattr(entity, f.name) is None] == [], module.name
