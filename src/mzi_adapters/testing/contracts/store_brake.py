"""What a store promises about the brake: what is let through, and the plans that a person decides.

No case waits a day: what was reserved within no time at all is nothing.
"""

import asyncio
from collections.abc import Set

import attrs

from mzi_adapters.testing.contracts.fixtures import CANARY, OURS, furnished, ours
from mzi_adapters.testing.contracts.store_deliveries import FLOW, HOUR, claimed, make_due
from mzi_core.ports import AT_ONCE, PlanState, Session, Store
from mzi_core.ports.brake import DAY

SUSPEND = "suspend"
"""What the canary has reservations and a plan of, in the same flow and of the same keys."""


def wanted(*keys: str) -> dict[str, int]:
    """These keys, each in its first generation."""
    return dict.fromkeys(keys, 1)


async def reserved(session: Session, *keys: str, limit: int = 3) -> Set[str]:
    """Those of these keys that are let through to be suspended."""
    return await session.reserve(FLOW, SUSPEND, wanted(*keys), limit)


class BrakePromises:
    """No more is let through than the limit, whoever asks."""

    async def test_the_first_by_key_are_let_through_up_to_the_limit(self, store: Store) -> None:
        """Counted with those of before; by code point, and never more."""
        async with ours(store) as session:
            assert await reserved(session) == set()
            assert await reserved(session, "c", "é", "B", "a") == {"B", "a", "c"}
            assert await reserved(session, "0", "1") == set()
            assert await reserved(session, "0", "1", limit=4) == {"0"}
            assert await reserved(session, "2", limit=0) == set()

    async def test_who_was_let_through_is_so_again_and_counts_once(self, store: Store) -> None:
        """Also over a limit that is lower by now."""
        async with ours(store) as session:
            assert await reserved(session, "a", "b") == {"a", "b"}
            assert await reserved(session, "c", "b", "a", "d") == {"a", "b", "c"}
            assert await reserved(session, "a", "d", limit=1) == {"a"}
            assert await reserved(session, "d", "e", limit=4) == {"d"}

    async def test_what_is_approved_always_passes_and_takes_nobodys_place(self, store: Store) -> None:
        """Whatever the limit; who was approved and is not wanted is not reserved."""
        async with ours(store) as session:
            approved = ("c", "d", "not wanted")
            asked = wanted("a", "b", "c", "d")
            assert await session.reserve(FLOW, SUSPEND, asked, 1, approved=approved) == {"a", "c", "d"}
            assert await session.reserve(FLOW, SUSPEND, wanted("e", "f"), 0, approved="e") == {"e"}
            assert await reserved(session, "a", "c", "not wanted", limit=1) == {"a", "c"}
            assert await reserved(session, "c", "g", "h", limit=2) == {"c", "g"}

    async def test_each_action_of_each_flow_is_counted_by_itself(self, store: Store) -> None:
        """The same keys are others."""
        async with ours(store) as session:
            assert await reserved(session, "a", "b", limit=2) == {"a", "b"}
            for flow, action in ((FLOW, "delete"), ("course", SUSPEND)):
                assert await session.reserve(flow, action, wanted("b", "c", "d"), 2) == {"b", "c"}
            assert await reserved(session, "c", limit=2) == set()

    async def test_only_what_was_reserved_within_the_time_counts(self, store: Store) -> None:
        """Who is reserved again counts from now on."""
        async with furnished(store):
            async with store.begin(OURS) as session:
                assert await reserved(session, "a", "b", limit=2) == {"a", "b"}
            async with store.begin(OURS) as session:
                asked = wanted("a", "c", "d")
                assert await session.reserve(FLOW, SUSPEND, asked, 2, within=AT_ONCE) == {"a", "c"}
            async with store.begin(OURS) as session:
                assert await session.reserve(FLOW, SUSPEND, wanted("d"), 3, within=DAY) == set()
                assert await session.reserve(FLOW, SUSPEND, wanted("d"), 4, within=DAY) == {"d"}

    async def test_a_session_that_is_taken_back_has_reserved_nothing(self, store: Store) -> None:
        """Nothing was done either, for it is done behind the end of the session."""
        async with furnished(store):
            async with store.begin(OURS, discard=True) as session:
                assert await reserved(session, "a", "b", "c") == {"a", "b", "c"}
            async with store.begin(OURS) as session:
                assert await reserved(session, "d", "e", "f") == {"d", "e", "f"}

    async def test_sessions_at_the_same_time_let_no_more_through(self, store: Store) -> None:
        """Each has other keys, and sees those of the ones before."""
        async with furnished(store):
            passed: list[str] = []

            async def one(n: int) -> None:
                async with store.begin(OURS) as session:
                    passed.extend(await reserved(session, f"{n} a", f"{n} b", limit=5))

            await asyncio.gather(*(one(n) for n in range(6)))
            assert len(passed) == 5

    async def test_old_reservations_are_forgotten_the_oldest_first(self, store: Store) -> None:
        """No more than are asked for, and none that still counts."""
        async with furnished(store):
            for key in ("a", "b", "c", "a"):
                async with store.begin(OURS) as session:
                    await reserved(session, key)
            async with store.begin(OURS) as session:
                assert await session.forget_reservations(HOUR, 9) == 0
                assert await session.forget_reservations(AT_ONCE, 1) == 1
                assert await reserved(session, "d") == {"d"}
                assert await reserved(session, "a", "b", "c") == {"a", "c"}
                assert await session.forget_reservations(AT_ONCE, 9) == 3
                assert await session.forget_reservations(AT_ONCE, 9) == 0

    async def test_many_keys_can_be_reserved_at_once(self, store: Store) -> None:
        """A page of them, whatever is in them."""
        async with ours(store) as session:
            many = wanted(*(f"{n:04} 'رنا'" for n in range(1201)))
            first = await session.reserve(FLOW, SUSPEND, many, 1200)
            assert first == set(sorted(many)[:1200])
            assert await session.reserve(FLOW, SUSPEND, many, 1201) == set(many)


class PlanPromises:
    """What is held is held under a plan, of which one is open for each action of a flow."""

    async def test_a_plan_is_open_until_somebody_decides(self, store: Store) -> None:
        """Then the next one is another."""
        async with ours(store) as session:
            id = await session.open_plan(FLOW, SUSPEND)
            assert await session.open_plan(FLOW, SUSPEND) == id
            plan = await session.plan(id)
            assert plan is not None
            assert (plan.id, plan.flow, plan.action, plan.state) == (id, FLOW, SUSPEND, PlanState.OPEN)
            assert (plan.decided_at, plan.decided_by, plan.reason) == (None, "", "")
            assert await session.close_plan(id, PlanState.APPROVED, "Sie gehen. 🎓", "key 1")
            closed = await session.plan(id)
            assert closed is not None
            assert closed.decided_at is not None
            assert closed.decided_at >= plan.opened_at
            assert closed == attrs.evolve(
                plan,
                state=PlanState.APPROVED,
                decided_at=closed.decided_at,
                decided_by="key 1",
                reason="Sie gehen. 🎓",
            )
            assert await session.open_plan(FLOW, SUSPEND) != id

    async def test_only_an_open_plan_can_be_closed(self, store: Store) -> None:
        """And no other one with it."""
        async with ours(store) as session:
            id, other = await session.open_plan(FLOW, SUSPEND), await session.open_plan(FLOW, "delete")
            assert id != other
            assert not await session.close_plan("unknown", PlanState.REJECTED, "No.", "")
            assert await session.close_plan(id, PlanState.REJECTED, "No.", "")
            closed = await session.plan(id)
            assert not await session.close_plan(id, PlanState.APPROVED, "Yes.", "key 2")
            assert await session.plan(id) == closed
            assert await session.open_plan(FLOW, "delete") == other
            assert await session.plan("unknown") is None

    async def test_plans_are_listed_the_newest_first(self, store: Store) -> None:
        """By their ids, page by page, all or those of a state."""
        async with ours(store) as session:
            assert list(await session.plans()) == []
            opened = []
            for flow in ("course", FLOW, "grade", "course", "course"):
                opened.append(id := await session.open_plan(flow, SUSPEND))
                if flow == "course":
                    await session.close_plan(id, PlanState.REJECTED, "No.", "")
            newest = sorted(opened, reverse=True)
            assert [plan.id for plan in await session.plans()] == newest
            pages = [await session.plans(after=newest[n], limit=2) for n in (0, 2, 4)]
            assert [[plan.id for plan in page] for page in pages] == [newest[1:3], newest[3:], []]
            is_open = sorted(opened[1:3], reverse=True)
            assert [plan.id for plan in await session.plans(PlanState.OPEN)] == is_open
            assert [plan.id for plan in await session.plans(PlanState.OPEN, after=is_open[0])] == is_open[1:]
            assert len(await session.plans(PlanState.REJECTED)) == 3
            assert list(await session.plans(PlanState.APPROVED)) == []

    async def test_plans_and_reservations_are_one_tenant_s(self, store: Store) -> None:
        """Another one's are neither seen nor counted, closed nor forgotten."""
        async with furnished(store):
            async with store.read(CANARY) as session:
                (theirs,) = await session.plans()
            async with store.begin(OURS) as session:
                assert await reserved(session, "1", "2", "3", limit=3) == {"1", "2", "3"}
                assert await session.plan(theirs.id) is None
                assert not await session.close_plan(theirs.id, PlanState.APPROVED, "Ours.", "")
                assert await session.open_plan(theirs.flow, theirs.action) != theirs.id
                assert await session.held_under([theirs.id]) == {theirs.id: 0}
                assert await session.forget_reservations(AT_ONCE, 9) == 3
            async with store.begin(CANARY, discard=True) as session:
                assert await session.reserve(FLOW, SUSPEND, wanted("0", "1", "2"), 2) == {"1", "2"}

    async def test_what_is_held_is_counted_by_plan(self, store: Store) -> None:
        """Until it is decided; a plan under which nothing is held has none."""
        async with ours(store) as session:
            await make_due(session, "1", "2", "3", "4")
            claims = await claimed(session)
            held = [claims["1"].held("plan"), claims["2"].held("plan"), claims["3"].held("plan 2")]
            await session.end_claims(held)
            assert await session.held_under([]) == {}
            assert await session.held_under(["plan 2", "plan", "plan 3"]) == {
                "plan": 2,
                "plan 2": 1,
                "plan 3": 0,
            }
            await session.approve("plan")
            assert await session.held_under(["plan", "plan 2"]) == {"plan": 0, "plan 2": 1}
