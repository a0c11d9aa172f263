"""What a store promises about deliveries that somebody has worked on."""

from datetime import timedelta

import attrs

from mzi_adapters.testing.contracts.fixtures import ours
from mzi_adapters.testing.contracts.store_deliveries import FLOW, HOUR, claimed, make_due, states, stored
from mzi_core.ports import AT_ONCE, DeliveryKey, DeliveryState, Note, Store

KEYS = ("dead", "given back", "held", "retried", "settled", "waiting")
COURSE = DeliveryKey("course", "1")


class EndingPromises:
    """What becomes of a delivery when its claim ends."""

    async def test_a_delivery_ends_as_it_is_told(self, store: Store) -> None:
        """All in one step; with its reason, and no lease."""
        async with ours(store) as session:
            await make_due(session, *KEYS)
            claims = await claimed(session)
            before = {key: await stored(session, key) for key in KEYS}
            endings = [
                claims["settled"].settled("Nothing to do.", agreed={"grade": "P"}),
                claims["waiting"].waiting(COURSE, "No account yet."),
                claims["held"].held("plan 1", "Too many."),
                claims["dead"].dead("The address is wrong."),
                claims["retried"].retried(HOUR, "No answer."),
                claims["given back"].given_back(reason="It ends."),
            ]
            told = await session.end_claims(endings)
            expected = {
                "settled": DeliveryState.SETTLED,
                "waiting": DeliveryState.WAITING,
                "held": DeliveryState.HELD,
                "dead": DeliveryState.DEAD,
                "retried": DeliveryState.DUE,
                "given back": DeliveryState.DUE,
            }
            assert told == {DeliveryKey(FLOW, key): state for key, state in expected.items()}
            assert await states(session) == expected
            changes: dict[str, dict[str, object]] = {
                "settled": {"settled": 1, "reason": "Nothing to do.", "agreed": {"grade": "P"}},
                "waiting": {"waits_for": COURSE, "reason": "No account yet."},
                "held": {"plan_id": "plan 1", "reason": "Too many."},
                "dead": {"reason": "The address is wrong."},
                "retried": {"tries": 1, "reason": "No answer."},
                "given back": {"reason": "It ends."},
            }
            for key, change in changes.items():
                after = await stored(session, key)
                same = {"starts": 0, "leased_until": None, "updated_at": after.updated_at}
                wanted = attrs.evolve(before[key], state=expected[key], **same, **change)  # type: ignore[arg-type]  # of values by name
                assert attrs.evolve(after, due_at=wanted.due_at) == wanted
            assert (await stored(session, "retried")).due_at > before["retried"].due_at + HOUR / 2

    async def test_what_came_meanwhile_is_due(self, store: Store) -> None:
        """However the claim ends: only the generation that was claimed is settled, waits, is held or dead."""
        async with ours(store) as session:
            await make_due(session, *KEYS)
            claims = await claimed(session)
            await make_due(session, *KEYS)
            endings = [
                claims["settled"].settled(agreed={"grade": "P"}),
                claims["waiting"].waiting(COURSE, "No account yet."),
                claims["held"].held("plan 1", "Too many."),
                claims["dead"].dead("The address is wrong."),
                claims["retried"].retried(HOUR, "No answer."),
                claims["given back"].given_back(HOUR),
            ]
            assert set((await session.end_claims(endings)).values()) == {DeliveryState.DUE}
            for key in KEYS:
                found = await stored(session, key)
                assert (found.state, found.generation, found.starts) == (DeliveryState.DUE, 2, 0)
                assert found.settled == (1 if key == "settled" else 0)
                assert (found.waits_for, found.plan_id) == (None, "plan 1" if key == "held" else "")
                assert (found.tries, found.reason) == ((1, "No answer.") if key == "retried" else (0, ""))
            assert (await stored(session, "settled")).agreed == {"grade": "P"}
            again = await claimed(session)
            assert set(again) == {"settled", "waiting", "held", "dead"}
            assert {claim.generation for claim in again.values()} == {2}

    async def test_a_try_counts_and_a_pause_does_not(self, store: Store) -> None:
        """A delivery that is given back was neither begun nor tried."""
        async with ours(store) as session:
            await make_due(session, "1")
            for tries in (1, 2):
                claim = (await claimed(session))["1"]
                assert (claim.starts, claim.tries) == (1, tries - 1)
                await session.end_claims([claim.retried(AT_ONCE, "No answer.")])
            await claimed(session, lease=AT_ONCE)
            for _ in range(3):
                claim = (await claimed(session))["1"]
                assert (claim.starts, claim.tries) == (2, 2)
                await session.end_claims([claim.given_back(AT_ONCE, "Paused.")])
            claim = (await claimed(session))["1"]
            await session.end_claims([claim.dead("Ten tries.")])
            assert (await stored(session, "1")).tries == 2
            await session.redrive([claim.address])
            assert (await stored(session, "1")).tries == 0

    async def test_what_is_given_back_for_later_is_due_later(self, store: Store) -> None:
        """With or without counting the try."""
        async with ours(store) as session:
            await make_due(session, "1", "2", "3")
            claims = await claimed(session)
            await session.end_claims(
                [
                    claims["1"].retried(HOUR, "No answer."),
                    claims["2"].given_back(HOUR, "It asks for an hour."),
                    claims["3"].given_back(timedelta(days=-1)),
                ]
            )
            assert list(await claimed(session)) == ["3"]

    async def test_what_was_taken_over_is_looked_at_once_more(self, store: Store) -> None:
        """When it is settled and its time has come, by a claim of a new generation; then it is forgotten."""
        async with ours(store) as session:
            await make_due(session, "1", "2", "3")
            claims = await claimed(session)
            await session.end_claims(
                [
                    claims["1"].settled("Done.", agreed={"a": 1}, look_again=AT_ONCE),
                    claims["2"].settled(look_again=HOUR),
                    claims["3"].dead("No.", look_again=AT_ONCE),
                ]
            )
            assert (await stored(session, "2")).look_at is not None
            again = await claimed(session)
            assert {key: claim.generation for key, claim in again.items()} == {"1": 2}
            looked = await stored(session, "1")
            assert (looked.state, looked.look_at, looked.reason) == (DeliveryState.DUE, None, "")
            assert again["1"].agreed == {"a": 1}
            await session.end_claims([again["1"].settled()])
            assert await claimed(session) == {}
            assert (await stored(session, "1")).settled == 2

    async def test_the_later_of_two_second_looks_stays(self, store: Store) -> None:
        """And one that is to come survives what happens before."""
        async with ours(store) as session:
            await make_due(session, "1")
            for look_again in (HOUR, AT_ONCE, None):
                claim = (await claimed(session))["1"]
                ending = claim.retried(AT_ONCE, "No answer.", look_again=look_again)
                await session.end_claims([ending])
                found = await stored(session, "1")
                assert found.look_at is not None
                assert found.look_at > found.updated_at + HOUR / 2
            claim = (await claimed(session))["1"]
            await session.end_claims([claim.settled()])
            assert (await stored(session, "1")).look_at == found.look_at
            assert await claimed(session) == {}

    async def test_looks_come_after_what_is_due(self, store: Store) -> None:
        """Together at most as many as are asked for."""
        async with ours(store) as session:
            await make_due(session, "1", "2")
            claims = await claimed(session)
            await session.end_claims([each.settled(look_again=AT_ONCE) for each in claims.values()])
            await make_due(session, "3")
            assert list(await claimed(session, limit=1)) == ["3"]
            await make_due(session, "4")
            assert "4" in (first := await claimed(session, limit=2))
            assert len(first) == 2
            assert len(await claimed(session)) == 1

    async def test_what_is_noted_is_there_for_the_next(self, store: Store) -> None:
        """Exactly; None leaves it, an empty object forgets it, and settled is no intent left."""
        whole = {"عربي": ["é", 1, -2.5, True, None, {"": "\\ \" '"}], "big": 2**53}
        async with ours(store) as session:
            await make_due(session, "1")
            first = (await claimed(session, lease=AT_ONCE))["1"]
            assert list(await session.note([Note(claim=first, intent=whole)])) == [first.address]
            assert list(await session.note([Note(claim=first, agreed={"grade": "P"})])) == [first.address]
            second = (await claimed(session))["1"]
            assert (second.intent, second.agreed) == (whole, {"grade": "P"})
            await session.note([Note(claim=second, intent={})])
            found = await stored(session, "1")
            assert (found.intent, found.agreed) == (None, {"grade": "P"})
            await session.note([Note(claim=second, intent=whole)])
            await session.end_claims([second.settled()])
            found = await stored(session, "1")
            assert (found.intent, found.agreed) == (None, {"grade": "P"})
            await make_due(session, "1")
            third = (await claimed(session))["1"]
            await session.end_claims([third.settled(agreed={})])
            assert (await stored(session, "1")).agreed is None
            await session.note([])

    async def test_what_is_remembered_is_not_shown(self, store: Store) -> None:
        """It is what people wrote."""
        async with ours(store) as session:
            await make_due(session, "1")
            claim = (await claimed(session))["1"]
            await session.note([Note(claim=claim, intent={"x": "hush"}, agreed={"x": "hush"})])
            shown = [repr(await stored(session, "1")), repr(Note(claim=claim, intent={"x": "hush"}))]
            assert "hush" not in "".join([*shown, repr(claim.settled(agreed={"x": "hush"}))])
