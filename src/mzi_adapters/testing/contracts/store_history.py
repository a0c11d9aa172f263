"""What a store promises about the history of records."""

import attrs

from mzi_adapters.testing.contracts.fixtures import BEGAN, THERE, change, later, ours
from mzi_adapters.testing.contracts.samples import key_of
from mzi_core.modules import CLASSES, STUDENTS
from mzi_core.ports import CausedBy, Causer, ChangeKind, HistoryEntry, Store

N = THERE[-1] + 1
"""A record of which nothing was changed yet."""


class HistoryPromises:
    """What was changed of records."""

    async def test_a_change_comes_back_as_it_was_kept(self, store: Store) -> None:
        """Every kind of change, of cause and of value; the fields in their order."""
        async with ours(store) as session:
            told = [
                attrs.evolve(change(N, later(1), kind=kind), caused_by=CausedBy(what, "id" if what else ""))
                for kind in ChangeKind
                for what in Causer
            ]
            told.append(attrs.evolve(told[0], fields={}))
            await session.keep_history(told)
            await session.keep_history([])
            found = await session.history("students", key_of(STUDENTS, N), None, 99)
            assert list(found) == told[::-1]
            assert list(found[-1].fields) == list(told[0].fields)
            numbers = [each.number for each in found]
            assert numbers == sorted(set(numbers), reverse=True)

    async def test_changes_are_listed_in_pages_the_newest_first(self, store: Store) -> None:
        """By the order in which they were kept, whatever time they have; of this record alone."""
        async with ours(store) as session:
            mine = [change(N, later(minutes)) for minutes in (3, 1, 1, 2)]
            for each in mine:
                await session.keep_history(
                    [each, change(N + 1, later(9)), attrs.evolve(change(N, later(9)), module=CLASSES.name)]
                )
            for limit in (1, 2, 3, 9):
                found: list[HistoryEntry] = []
                before = None
                while page := await session.history("students", key_of(STUDENTS, N), before, limit):
                    assert len(page) <= limit
                    found += page
                    before = page[-1].number
                    assert len(found) <= len(mine)
                assert found == mine[::-1]
            assert await session.history("students", key_of(STUDENTS, N + 2), None, 9) == []

    async def test_many_changes_can_be_kept_at_once(self, store: Store) -> None:
        """As a bulk of them is: every one, in its order."""
        async with ours(store) as session:
            many = [change(N, later(n)) for n in range(1201)]
            await session.keep_history(many)
            found = await session.history("students", key_of(STUDENTS, N), None, 5000)
            assert list(found) == many[::-1]

    async def test_old_changes_are_forgotten_the_oldest_first(self, store: Store) -> None:
        """Not that of the moment itself, and no more than are asked for."""
        async with ours(store) as session:
            first = [change(1, BEGAN)]
            await session.keep_history([change(1, later(minutes)) for minutes in (1, 2, 3)])
            assert await session.forget_history(BEGAN, 9) == 0
            assert await session.forget_history(later(3), 2) == 2
            left = await session.history("students", key_of(STUDENTS, 1), None, 9)
            assert list(left) == [change(1, later(3)), change(1, later(2))]
            assert await session.forget_history(later(3), 9) == 1
            assert await session.forget_history(later(3), 9) == 0
            left = await session.history("students", key_of(STUDENTS, 1), None, 9)
            assert (list(left), first[0] in left) == ([change(1, later(3))], False)
