"""Stores that each break one promise about what people were told, and the test that notices it."""

from collections.abc import Collection, Mapping
from datetime import datetime

import attrs
from tests.contracts.broken_stores import Faithful

from mzi_adapters.testing.contracts.fixtures import CANARY
from mzi_core.ports import EventQuery, NoticeAddress, ReviewKind, ReviewState, ToldNotice


class TellsInTheOrderOfKeeping(Faithful):
    noticed_by = "test_what_was_told_comes_back_as_it_was_kept_and_in_order"

    async def told_notices(self, way: str) -> object:
        return (await self.real.told_notices(way))[::-1]


class KeepsWhatWasToldFirst(Faithful):
    noticed_by = "test_what_was_told_comes_back_as_it_was_kept_and_in_order"

    async def save_told(self, way: str, told: Collection[ToldNotice]) -> None:
        known = {each.address for each in await self.real.told_notices(way)}
        await self.real.save_told(way, [each for each in told if each.address not in known])


class LosesSinceWhenItIsGone(Faithful):
    noticed_by = "test_what_was_told_comes_back_as_it_was_kept_and_in_order"

    async def save_told(self, way: str, told: Collection[ToldNotice]) -> None:
        await self.real.save_told(way, [attrs.evolve(each, gone_at=None) for each in told])


class ForgetsNothingThatWasTold(Faithful):
    noticed_by = "test_what_was_told_comes_back_as_it_was_kept_and_in_order"

    async def forget_told(self, way: str, addresses: Collection[NoticeAddress]) -> None:
        """Nothing."""


class KnowsOneWay(Faithful):
    noticed_by = "test_each_way_has_its_own"

    async def told_notices(self, way: str) -> object:
        return await self.real.told_notices("mail")

    async def save_told(self, way: str, told: Collection[ToldNotice]) -> None:
        await self.real.save_told("mail", told)


class ForgetsByEveryWay(Faithful):
    noticed_by = "test_each_way_has_its_own"

    async def forget_told(self, way: str, addresses: Collection[NoticeAddress]) -> None:
        for each in ("mail", "webhook"):
            await self.real.forget_told(each, addresses)


class ForgetsWhatAnotherTenantWasTold(Faithful):
    noticed_by = "test_what_was_told_is_one_tenant_s"

    async def forget_told(self, way: str, addresses: Collection[NoticeAddress]) -> None:
        for session in (self.real, attrs.evolve(self.real, tenant=CANARY)):
            await session.forget_told(way, addresses)


class TellsWhatAnotherTenantWasTold(Faithful):
    noticed_by = "test_what_was_told_is_one_tenant_s"

    async def told_notices(self, way: str) -> object:
        theirs = await attrs.evolve(self.real, tenant=CANARY).told_notices(way)
        return [*await self.real.told_notices(way), *theirs]


class CountsItemsThatWereDecided(Faithful):
    noticed_by = "test_open_items_are_counted_by_kind"

    async def open_reviews(self) -> Mapping[ReviewKind, int]:
        found = await self.real.reviews(limit=10_000)
        open_or_not = [each for each in found if each.state is not ReviewState.CLOSED]
        return {kind: n for kind in ReviewKind if (n := sum(each.kind is kind for each in open_or_not))}


class CountsTheItemsOfAnotherTenant(Faithful):
    noticed_by = "test_open_items_are_counted_by_kind"

    async def open_reviews(self) -> object:
        return await attrs.evolve(self.real, tenant=CANARY).open_reviews()


class HearsWhatWasReceivedLast(Faithful):
    noticed_by = "test_when_each_source_was_heard_last_is_told_at_once"

    async def last_heard(self, sources: Collection[str]) -> Mapping[str, datetime]:
        found = await self.real.events(EventQuery(limit=10_000))
        return {each.source: each.received_at for each in sorted(found, key=lambda each: each.received_at)}


class HearsTheFirstSourceAlone(Faithful):
    noticed_by = "test_when_each_source_was_heard_last_is_told_at_once"

    async def last_heard(self, sources: Collection[str]) -> object:
        return await self.real.last_heard(list(sources)[:1])
