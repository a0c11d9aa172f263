"""What a store promises about records that come again and say the same."""

import attrs

from mzi_adapters.testing.contracts.fixtures import ONLY_THEIRS, later, ours
from mzi_adapters.testing.contracts.samples import changed, key_of, row
from mzi_core.decide import Touch
from mzi_core.modules import MOODLE_USERS, STUDENTS
from mzi_core.ports import Store
from mzi_core.values import State, ZohoId

AGAIN = "b" * 64


class TouchPromises:
    """A record that came again and says the same."""

    async def test_what_came_again_is_remembered_and_counts_as_not_written(self, store: Store) -> None:
        """The time of its last change, its fingerprint and its mark; nothing else of the row moves."""
        async with ours(store) as session:
            first, second = key_of(STUDENTS, 1), key_of(STUDENTS, 2)
            before = await session.stored(STUDENTS, [first, second])
            touch = Touch(key=first, fingerprint=AGAIN, modified_at=later(7), mark="e" * 32)
            await session.touch(STUDENTS, [touch])
            after = await session.stored(STUDENTS, [first, second])
            entity = attrs.evolve(before[first].entity, modified_at=later(7))
            assert after[first] == attrs.evolve(
                before[first], entity=entity, fingerprint=AGAIN, revision=before[first].revision + 1
            )
            assert after[second] == before[second]
            known = (await session.known(STUDENTS, [first]))[first]
            assert (known.fingerprint, known.modified_at, known.mark) == (AGAIN, later(7), "e" * 32)

    async def test_nothing_is_a_time_and_a_mark_too(self, store: Store) -> None:
        """A record may say no time, and be one to read every time."""
        async with ours(store) as session:
            first = key_of(STUDENTS, 1)
            await session.touch(STUDENTS, [Touch(key=first, fingerprint=AGAIN, modified_at=None, mark=None)])
            known = (await session.known(STUDENTS, [first]))[first]
            assert (known.modified_at, known.mark) == (None, None)

    async def test_the_number_of_the_event_that_told_it_is_remembered(self, store: Store) -> None:
        """By a write and by a touch, of the records whose side numbers its events."""
        async with ours(store) as session:
            key = key_of(MOODLE_USERS, 1)
            for number in (7, 2**53 + 1, None):
                touch = Touch(
                    key=key, fingerprint=AGAIN, modified_at=later(7), mark=None, event_number=number
                )
                await session.touch(MOODLE_USERS, [touch])
                assert (await session.known(MOODLE_USERS, [key]))[key].event_number == number
                found = (await session.stored(MOODLE_USERS, [key]))[key].entity
                assert (found.event_number, found.modified_at) == (number, later(7))
            written = changed(MOODLE_USERS, found, event_number=8)
            await session.write(MOODLE_USERS, [row(MOODLE_USERS, written, state=State.UPDATED)], later(8))
            assert (await session.known(MOODLE_USERS, [key]))[key].event_number == 8

    async def test_of_when_its_fields_are_is_remembered(self, store: Store) -> None:
        """By a write and by a touch, and also that nothing is to be remembered any more."""
        async with ours(store) as session:
            key = key_of(MOODLE_USERS, 1)
            for said in (("1770640200 7 *", "1770640201 - city last_name"), ("- - phone",), ()):
                touch = Touch(
                    key=key, fingerprint=AGAIN, modified_at=later(7), mark=None, field_versions=said
                )
                await session.touch(MOODLE_USERS, [touch])
                found = (await session.stored(MOODLE_USERS, [key]))[key].entity
                assert (found.field_versions, found.modified_at) == (said, later(7))
                written = changed(MOODLE_USERS, found, field_versions=(*said, "1 1 phone"))
                await session.write(MOODLE_USERS, [row(MOODLE_USERS, written, state=State.UPDATED)], later(8))
                found = (await session.stored(MOODLE_USERS, [key]))[key].entity
                assert found.field_versions == (*said, "1 1 phone")

    async def test_what_only_another_tenant_has_does_not_come_again(self, store: Store) -> None:
        """It is passed over."""
        async with ours(store) as session:
            theirs = key_of(STUDENTS, ONLY_THEIRS)
            touch = Touch(key=theirs, fingerprint=AGAIN, modified_at=later(7), mark=None)
            await session.touch(STUDENTS, [touch])
            assert await session.known(STUDENTS, [theirs]) == {}

    async def test_many_come_again_at_once_and_one_that_is_unknown_is_no_error(self, store: Store) -> None:
        """No touch at all is no error either."""
        async with ours(store) as session:
            ids = [key_of(STUDENTS, 1), key_of(STUDENTS, 2), ZohoId("nobody")]
            await session.touch(
                STUDENTS,
                [
                    Touch(key=each, fingerprint=AGAIN, modified_at=later(n), mark=f"{n:032}")
                    for n, each in enumerate(ids)
                ],
            )
            await session.touch(STUDENTS, [])
            known = await session.known(STUDENTS, ids)
            assert [known[each].mark for each in ids[:2]] == [f"{n:032}" for n in (0, 1)]
            assert ids[2] not in known
