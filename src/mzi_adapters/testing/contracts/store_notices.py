"""What a store promises about what people were told."""

import attrs

from mzi_adapters.testing.contracts.fixtures import WAYS, later, ours
from mzi_core.ports import NoticeAddress, NoticeKind, Store, ToldNotice

MAIL, WEBHOOK = WAYS


def told(kind: NoticeKind, of: str, number: int = 3) -> ToldNotice:
    """Told when the store was furnished."""
    return ToldNotice(address=NoticeAddress(kind, of), number=number, told_at=later(1))


class ToldNoticePromises:
    """What was told of each notice by each way."""

    async def test_what_was_told_comes_back_as_it_was_kept_and_in_order(self, store: Store) -> None:
        """The last of each address, until it is forgotten; names are compared exactly."""
        async with ours(store) as session:
            kept = [
                told(NoticeKind.DEAD, "Grade"),
                told(NoticeKind.DEAD, "grade", 2**40),
                told(NoticeKind.DEAD, "take:students é"),
                told(NoticeKind.PLAN, "grade"),
                attrs.evolve(told(NoticeKind.SILENT, "1a2b", 0), gone_at=later(2.5)),
            ]
            assert list(await session.told_notices(MAIL)) == []
            await session.save_told(MAIL, [])
            await session.save_told(MAIL, [*reversed(kept)])
            assert list(await session.told_notices(MAIL)) == kept
            again = [
                attrs.evolve(kept[1], number=1, told_at=later(3), gone_at=later(4)),
                attrs.evolve(kept[4], gone_at=None),
            ]
            await session.save_told(MAIL, again)
            assert list(await session.told_notices(MAIL)) == [kept[0], again[0], *kept[2:4], again[1]]
            gone = [kept[3].address, kept[0].address, NoticeAddress(NoticeKind.REVIEW, "account")]
            for _ in range(2):
                await session.forget_told(MAIL, gone)
            await session.forget_told(MAIL, [])
            assert list(await session.told_notices(MAIL)) == [again[0], kept[2], again[1]]

    async def test_each_way_has_its_own(self, store: Store) -> None:
        """What was told by one is neither seen nor forgotten by another."""
        async with ours(store) as session:
            mailed, sent = told(NoticeKind.PAUSED, "grade"), told(NoticeKind.PAUSED, "grade", 7)
            await session.save_told(MAIL, [mailed])
            await session.save_told(WEBHOOK, [sent])
            assert list(await session.told_notices(MAIL)) == [mailed]
            await session.forget_told(MAIL, [mailed.address])
            assert list(await session.told_notices(MAIL)) == []
            assert list(await session.told_notices(WEBHOOK)) == [sent]

    async def test_what_was_told_is_one_tenant_s(self, store: Store) -> None:
        """The canary was told the same, which is neither seen, changed nor forgotten."""
        async with ours(store) as session:
            mine = told(NoticeKind.DEAD, "account")
            for way in WAYS:
                assert list(await session.told_notices(way)) == []
                await session.save_told(way, [mine])
                assert list(await session.told_notices(way)) == [mine]
                await session.forget_told(way, [mine.address])
                assert list(await session.told_notices(way)) == []
