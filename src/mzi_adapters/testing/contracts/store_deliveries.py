"""What a store promises about deliveries: how they become due, and who gets them.

No case waits: a lease of no time is over at once, and one of an hour is not while the case runs.
"""

from collections.abc import Mapping
from datetime import timedelta

import attrs

from mzi_adapters.testing.contracts.fixtures import OURS, furnished, ours
from mzi_core.ports import (
    AT_ONCE,
    Claim,
    DeliveryKey,
    DeliveryState,
    Due,
    Note,
    Session,
    Store,
    StoredDelivery,
)

FLOW = "account"
"""The flow in which the canary has deliveries with the same keys."""

HOUR = timedelta(hours=1)


async def make_due(session: Session, *keys: str) -> None:
    """Make these keys due, about nothing."""
    await session.make_due([Due(FLOW, key) for key in keys])


async def claimed(session: Session, *, limit: int = 10, lease: timedelta = HOUR) -> dict[str, Claim]:
    """What is claimed, by key."""
    return {claim.key: claim for claim in await session.claim(FLOW, limit, lease)}


async def stored(session: Session, key: str) -> StoredDelivery:
    """A delivery that is there."""
    found = await session.delivery(DeliveryKey(FLOW, key))
    assert found is not None
    return found


async def states(session: Session) -> Mapping[str, DeliveryState]:
    """How each of our deliveries stands."""
    lists = [await session.deliveries(FLOW, state) for state in DeliveryState]
    return {each.key: each.state for found in lists for each in found}


class MakingDuePromises:
    """How something becomes due, and becomes due again."""

    async def test_each_time_it_is_made_due_a_delivery_has_a_new_generation(self, store: Store) -> None:
        """Once for all who name it in one call; nothing else changes of one that is due."""
        async with ours(store) as session:
            await session.make_due([Due(FLOW, "2"), Due(FLOW, "1"), Due("course", "1"), Due(FLOW, "2")])
            first = await stored(session, "2")
            assert (first.state, first.generation, first.settled) == (DeliveryState.DUE, 1, 0)
            assert (first.starts, first.tries, first.leased_until, first.look_at) == (0, 0, None, None)
            assert (first.waits_for, first.plan_id, first.reason) == (None, "", "")
            assert (first.agreed, first.intent, first.approved_generation) == (None, None, 0)
            await make_due(session, "3", "2")
            again = await stored(session, "2")
            assert again == attrs.evolve(first, generation=2, updated_at=again.updated_at)
            assert [each.generation for each in await session.deliveries(FLOW, DeliveryState.DUE)] == [
                1,
                2,
                1,
            ]
            assert await session.delivery(DeliveryKey("course", "2")) is None
            await session.make_due([])

    async def test_a_delivery_keeps_its_subject(self, store: Store) -> None:
        """Whoever does not know it does not take it away."""
        async with ours(store) as session:
            await session.make_due([Due(FLOW, "1"), Due(FLOW, "1", "student 1"), Due(FLOW, "1")])
            await make_due(session, "1")
            assert (await stored(session, "1")).subject == "student 1"
            ((_, claim),) = (await claimed(session)).items()
            assert claim.subject == "student 1"
            await session.end_claims([claim.settled()])
            await make_due(session, "1")
            assert (await stored(session, "1")).subject == "student 1"

    async def test_a_failure_that_put_it_off_is_not_forgotten(self, store: Store) -> None:
        """A change does not shorten the pause of a remote that does not answer."""
        async with ours(store) as session:
            await make_due(session, "1")
            claims = await claimed(session)
            await session.end_claims([claims["1"].retried(HOUR, "No answer.")])
            before = await stored(session, "1")
            await make_due(session, "1")
            after = await stored(session, "1")
            assert after == attrs.evolve(before, generation=2, updated_at=after.updated_at)
            assert (after.tries, after.reason) == (1, "No answer.")
            assert await claimed(session) == {}

    async def test_what_brings_all_that_is_needed_is_not_put_off(self, store: Store) -> None:
        """Whatever failed: nobody need be asked for it. What failed has all its tries again."""
        async with ours(store) as session:
            await make_due(session, "retried", "given back", "later")
            claims = await claimed(session)
            await session.end_claims(
                [
                    claims["retried"].retried(HOUR, "No answer."),
                    claims["given back"].given_back(HOUR, "No account."),
                    claims["later"].retried(HOUR, "No answer."),
                ]
            )
            dues = [Due(FLOW, key, at_once=True) for key in ("retried", "given back", "new")]
            await session.make_due([*dues, Due(FLOW, "retried"), Due(FLOW, "new"), Due(FLOW, "later")])
            for key in ("retried", "given back"):
                found = await stored(session, key)
                assert (found.generation, found.tries, found.reason) == (2, 0, "")
            assert (await stored(session, "new")).generation == 1
            assert (await stored(session, "later")).tries == 1
            again = await claimed(session)
            assert set(again) == {"retried", "given back", "new"}
            assert {key: claim.tries for key, claim in again.items()} == dict.fromkeys(again, 0)

    async def test_who_is_at_work_keeps_the_claim_whatever_is_due_at_once(self, store: Store) -> None:
        """It ends as it says; and of two that are due already, the older one stays in front."""
        async with furnished(store):
            for key in ("b", "a"):
                async with store.begin(OURS) as session:
                    await make_due(session, key)
            async with store.begin(OURS) as session:
                await session.make_due([Due(FLOW, key, at_once=True) for key in ("a", "b")])
                assert list(await claimed(session, limit=1)) == ["b"]
            async with store.begin(OURS) as session:
                claim = (await claimed(session))["a"]
                before = await stored(session, "a")
                await session.make_due([Due(FLOW, "a", at_once=True)])
                after = await stored(session, "a")
                assert after == attrs.evolve(before, generation=3, updated_at=after.updated_at)
                assert await claimed(session) == {}
                await session.end_claims([claim.retried(HOUR, "No answer.")])
                assert (await stored(session, "a")).tries == 1
                assert await claimed(session) == {}

    async def test_whatever_it_was_it_is_due(self, store: Store) -> None:
        """Settled, waiting, held or dead: as new, but for what was agreed and is intended."""
        async with ours(store) as session:
            await make_due(session, "1", "2", "3", "4")
            claims = await claimed(session)
            agreed, intent = {"grade": "P"}, {"grade": "M"}
            for _ in await session.note(
                [Note(claim=each, agreed=agreed, intent=intent) for each in claims.values()]
            ):
                pass
            endings = [
                claims["1"].settled("Nothing to do."),
                claims["2"].waiting(DeliveryKey("course", "1"), "Waits."),
                claims["3"].held("plan", "Held."),
                claims["4"].dead("Refused."),
            ]
            await session.end_claims(endings)
            assert await claimed(session) == {}
            await make_due(session, "1", "2", "3", "4")
            assert await states(session) == dict.fromkeys(("1", "2", "3", "4"), DeliveryState.DUE)
            for key in ("1", "2", "3", "4"):
                found = await stored(session, key)
                assert (found.generation, found.starts, found.tries, found.reason) == (2, 0, 0, "")
                plan = "plan" if key == "3" else ""
                assert (found.waits_for, found.plan_id, found.agreed) == (None, plan, agreed)
                assert found.intent == (None if key == "1" else intent)
            assert set(await claimed(session)) == {"1", "2", "3", "4"}


class ClaimPromises:
    """Who gets what is due, and for how long."""

    async def test_what_is_claimed_is_nobody_else_s(self, store: Store) -> None:
        """Oldest first, at most as many as are asked for; in this session and in the next."""
        async with furnished(store):
            for key in ("b", "a", "c"):
                async with store.begin(OURS) as session:
                    await make_due(session, key)
            async with store.begin(OURS) as session:
                assert list(await claimed(session, limit=2)) == ["b", "a"]
                assert list(await claimed(session, limit=1)) == ["c"]
            async with store.begin(OURS) as session:
                assert await claimed(session) == {}
                await make_due(session, "a")
                assert await claimed(session) == {}

    async def test_only_those_that_are_named_are_claimed(self, store: Store) -> None:
        """Of them those that are due, or to be looked at once more; the others stay as they are."""
        async with ours(store) as session:
            await make_due(session, "a", "b", "c")
            await session.make_due([Due("grade", "b")])
            alone = await session.claim(FLOW, 9, HOUR, only=["c"])
            assert [claim.key for claim in alone] == ["c"]
            await session.end_claims([claim.settled(look_again=AT_ONCE) for claim in alone])
            assert await session.claim(FLOW, 9, HOUR, only=[]) == []
            named = await session.claim(FLOW, 9, HOUR, only=["b", "c", "é"])
            assert sorted(claim.key for claim in named) == ["b", "c"]
            assert list(await session.claim(FLOW, 9, HOUR, only=["b", "c"])) == []
            assert list(await claimed(session)) == ["a"]

    async def test_a_claim_says_what_it_is_about(self, store: Store) -> None:
        """All that the store has of it, and until when it is leased."""
        async with ours(store) as session:
            await session.make_due([Due(FLOW, "1", "student 1")])
            claim = (await claimed(session))["1"]
            kept = await stored(session, "1")
            assert kept.leased_until is not None
            assert HOUR - timedelta(minutes=1) < kept.leased_until - kept.due_at < HOUR + timedelta(minutes=1)
            assert claim == Claim(
                flow=FLOW,
                key="1",
                subject="student 1",
                number=kept.claim,
                generation=1,
                starts=1,
                tries=0,
                due_at=kept.due_at,
                leased_until=kept.leased_until,
            )

    async def test_when_its_lease_is_over_a_claim_is_lost_to_the_next(self, store: Store) -> None:
        """The next one has a higher number, and the first one keeps nothing any more."""
        async with ours(store) as session:
            await make_due(session, "1")
            first = (await claimed(session, lease=AT_ONCE))["1"]
            assert list(await session.fence([first])) == [first.address]
            second = (await claimed(session))["1"]
            assert second.number > first.number
            assert (first.starts, second.starts) == (1, 2)
            before = await stored(session, "1")
            assert list(await session.fence([first])) == []
            assert list(await session.fence([second, first])) == [second.address]
            assert list(await session.renew([first], 2 * HOUR)) == []
            assert list(await session.note([Note(claim=first, intent={"x": 1})])) == []
            for ending in (
                *(first.settled(), first.waiting(DeliveryKey("course", "1")), first.held("plan")),
                *(first.dead("No."), first.retried(HOUR, "No."), first.given_back()),
            ):
                assert await session.end_claims([ending]) == {}
            assert await stored(session, "1") == before

    async def test_a_claim_that_was_ended_is_over(self, store: Store) -> None:
        """It ends once; what is made due later is another claim's."""
        async with ours(store) as session:
            await make_due(session, "1")
            claim = (await claimed(session))["1"]
            await session.end_claims([claim.given_back()])
            before = await stored(session, "1")
            assert list(await session.fence([claim])) == []
            assert list(await session.renew([claim], HOUR)) == []
            assert list(await session.note([Note(claim=claim, agreed={})])) == []
            assert await session.end_claims([claim.dead("No.")]) == {}
            assert await stored(session, "1") == before
            assert await session.end_claims([]) == {}

    async def test_a_lease_can_be_renewed(self, store: Store) -> None:
        """To end later, or sooner."""
        async with ours(store) as session:
            await make_due(session, "1", "2")
            claims = await claimed(session, lease=AT_ONCE)
            (renewed,) = await session.renew([claims["1"]], HOUR)
            assert renewed.leased_until == (await stored(session, "1")).leased_until
            assert renewed.leased_until > claims["1"].leased_until
            assert list(await claimed(session)) == ["2"]
            await session.renew([renewed], AT_ONCE)
            assert list(await claimed(session)) == ["1"]

    async def test_what_was_begun_twice_and_never_ended_is_claimed_alone(self, store: Store) -> None:
        """So that a record that kills its worker takes no other with it."""
        async with ours(store) as session:
            await make_due(session, "1", "2")
            for starts in (1, 2):
                claims = await claimed(session, lease=AT_ONCE)
                assert {key: claim.starts for key, claim in claims.items()} == {"1": starts, "2": starts}
            await make_due(session, "3", "4")
            alone = [await claimed(session) for _ in range(2)]
            assert [len(each) for each in alone] == [1, 1]
            assert {key for each in alone for key in each} == {"1", "2"}
            assert set(await claimed(session)) == {"3", "4"}

    async def test_one_that_is_claimed_alone_keeps_nobody_waiting(self, store: Store) -> None:
        """It has its turn when it is the oldest."""
        async with furnished(store):
            async with store.begin(OURS) as session:
                await make_due(session, "1")
                claim = (await claimed(session))["1"]
                await session.end_claims([claim.given_back()])
                await make_due(session, "0")
            async with store.begin(OURS) as session:
                for _ in range(2):
                    await session.claim(FLOW, 10, AT_ONCE)
                await make_due(session, "2")
                claims = await claimed(session)
                await session.end_claims([each.given_back() for each in claims.values()])
                (key,) = claims
                others = await claimed(session)
                assert key not in others or len(others) == 1

    async def test_nothing_of_a_paused_flow_is_claimed(self, store: Store) -> None:
        """Whatever the reason; what is due stays due, and other flows go on."""
        async with ours(store) as session:
            await session.make_due([Due(FLOW, "1"), Due("course", "1")])
            await session.pause(FLOW, "Access was withdrawn.")
            (since,) = [each.paused_at for each in await session.flows() if each.flow == FLOW]
            await session.pause(FLOW, "Access is still withdrawn.")
            assert await claimed(session) == {}
            assert [claim.key for claim in await session.claim("course", 1, HOUR)] == ["1"]
            assert {each.flow: (each.paused, each.paused_at) for each in await session.flows()} == {
                FLOW: ("Access is still withdrawn.", since),
                "course": (None, None),
            }
            assert since is not None
            for _ in range(2):
                await session.resume(FLOW)
            assert list(await claimed(session)) == ["1"]

    async def test_nothing_of_another_flow_is_claimed(self, store: Store) -> None:
        """Names are compared exactly."""
        async with ours(store) as session:
            await session.make_due([Due("Account", "1"), Due("accounts", "1")])
            assert await claimed(session) == {}
