"""What a store promises about the revisions of its rows."""

from mzi_adapters.testing.contracts.fixtures import later, ours
from mzi_adapters.testing.contracts.samples import bare, changed, key_of, row
from mzi_adapters.testing.contracts.store_columns import change, new_rows
from mzi_core.decide import Touch
from mzi_core.module import AnyModule
from mzi_core.modules import CATALOGUE, STUDENTS
from mzi_core.ports import FIRST_REVISION, Session, Store
from mzi_core.values import State


async def revisions(session: Session, module: AnyModule, *numbers: int) -> list[int]:
    """Those of these samples."""
    keys = [key_of(module, n) for n in numbers]
    found = await session.stored(module, keys)
    return [found[key].revision for key in keys]


class RevisionPromises:
    """Whoever writes to a row raises its revision, so that it shows that the row is not as it was."""

    async def test_each_write_to_a_row_raises_its_revision_and_no_other(self, store: Store) -> None:
        """Replaced, changed, seen again, deleted and back: each by one."""
        async with ours(store) as session:
            for module in CATALOGUE.in_order():
                first, other = await revisions(session, module, 1, 2)
                key = key_of(module, 1)
                entity = (await session.stored(module, [key]))[key].entity
                again = changed(module, entity, modified_at=later(3))
                await session.write(module, [row(module, again, state=State.UPDATED)], later(1))
                assert await revisions(session, module, 1, 2) == [first + 1, other]
                late = changed(module, again, modified_at=later(4))
                await session.change(module, [change(module, late, was=State.UPDATED)], later(1))
                assert await revisions(session, module, 1, 2) == [first + 2, other]
                touch = Touch(key=key, fingerprint="b" * 64, modified_at=later(5), mark=None)
                await session.touch(module, [touch])
                assert await revisions(session, module, 1, 2) == [first + 3, other]
                assert await session.delete(module, [key], later(2)) == (key,)
                assert await revisions(session, module, 1, 2) == [first + 4, other]
                await session.delete(module, [key], later(2))
                assert await revisions(session, module, 1, 2) == [first + 4, other]
                await session.write(module, [row(module, again, state=State.UPDATED)], later(3))
                assert await revisions(session, module, 1, 2) == [first + 5, other]

    async def test_a_row_that_is_added_begins_with_the_first(self, store: Store) -> None:
        """By either way; and reading raises none."""
        async with ours(store) as session:
            await session.write(STUDENTS, [row(STUDENTS, bare(STUDENTS, 81))], later(1))
            await session.add(STUDENTS, new_rows(STUDENTS, [bare(STUDENTS, 82)]), later(1))
            for _ in range(2):
                assert await revisions(session, STUDENTS, 81, 82) == [FIRST_REVISION] * 2
