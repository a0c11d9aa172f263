"""What a store promises about deliveries that persons and other flows decide about, and how they are told."""

from datetime import timedelta

import attrs

from mzi_adapters.testing.contracts.fixtures import CANARY, OURS, furnished, ours, raises
from mzi_adapters.testing.contracts.store_deliveries import FLOW, HOUR, claimed, make_due, states, stored
from mzi_core.errors import StoreRefused
from mzi_core.ports import (
    AT_ONCE,
    DeliveryKey,
    DeliveryQuery,
    DeliveryState,
    Due,
    Forgotten,
    Note,
    PutOff,
    Store,
    TenantFlow,
)
from mzi_core.ports.deliveries import MOST_PUT_OFF

_ROWS = (*(f"{FLOW} {n}" for n in "123"), *(f"grade {n}" for n in "123"), "é 1")


class DecidedPromises:
    """What was put aside is due again when what it needs is there, or a person says so."""

    async def test_whoever_waits_is_woken_by_what_it_waits_for(self, store: Store) -> None:
        """By nothing else; how many were is told by flow."""
        first, second = DeliveryKey("course", "1"), DeliveryKey("course", "2")
        async with ours(store) as session:
            await session.make_due([Due(FLOW, "1"), Due(FLOW, "2"), Due(FLOW, "3"), Due("grade", "1")])
            claims = await claimed(session)
            (grade,) = await session.claim("grade", 1, HOUR)
            waits = [grade.waiting(first), *(claims[key].waiting(first, "Waits.") for key in ("1", "2"))]
            await session.end_claims([*waits, claims["3"].waiting(second)])
            assert await session.wake([DeliveryKey(FLOW, "1"), DeliveryKey("course", "3")]) == {}
            assert await session.wake([]) == {}
            assert await session.wake([first, DeliveryKey("course", "3")]) == {FLOW: 2, "grade": 1}
            assert await session.wake([first]) == {}
            assert (await states(session))["3"] is DeliveryState.WAITING
            woken = await stored(session, "1")
            assert (woken.state, woken.generation, woken.waits_for) == (DeliveryState.DUE, 2, None)
            assert (woken.reason, woken.starts) == ("", 0)
            assert set(await claimed(session)) == {"1", "2"}

    async def test_a_dead_letter_is_redriven(self, store: Store) -> None:
        """Those that are named; what is not dead stays as it is."""
        async with ours(store) as session:
            await make_due(session, "1", "2", "3", "4")
            claims = await claimed(session)
            dead = [claims[key].dead("Refused.") for key in ("1", "2", "4")]
            await session.end_claims([*dead, claims["3"].settled()])
            named = [DeliveryKey(FLOW, key) for key in ("1", "3", "4", "5")]
            assert await session.redrive([]) == 0
            assert await session.redrive([*named, DeliveryKey("course", "2")]) == 2
            assert await session.redrive(named) == 0
            assert await states(session) == {
                "1": DeliveryState.DUE,
                "2": DeliveryState.DEAD,
                "3": DeliveryState.SETTLED,
                "4": DeliveryState.DUE,
            }
            redriven = await stored(session, "1")
            assert (redriven.generation, redriven.reason) == (2, "")
            assert set(await claimed(session)) == {"1", "4"}

    async def test_what_is_approved_is_due_as_approved(self, store: Store) -> None:
        """Until it changes: then it is another generation."""
        async with ours(store) as session:
            await session.make_due([Due(FLOW, "1"), Due(FLOW, "2"), Due(FLOW, "3"), Due("grade", "1")])
            claims = await claimed(session)
            (grade,) = await session.claim("grade", 1, HOUR)
            held = [claims["1"].held("plan", "Too many."), claims["2"].held("plan"), grade.held("plan")]
            await session.end_claims([*held, claims["3"].held("plan 2")])
            assert await session.approve("plan 3") == {}
            assert await session.approve("plan") == {FLOW: 2, "grade": 1}
            assert await session.approve("plan") == {}
            assert (await states(session))["3"] is DeliveryState.HELD
            found = await stored(session, "1")
            assert (found.generation, found.approved_generation, found.plan_id) == (2, 2, "plan")
            await make_due(session, "2")
            approved = await claimed(session)
            assert {key: claim.approved_generation for key, claim in approved.items()} == {"1": 2, "2": 2}
            assert {key: claim.generation for key, claim in approved.items()} == {"1": 2, "2": 3}

    async def test_what_is_rejected_is_settled_and_remembers_the_plan(self, store: Store) -> None:
        """With the reason that was given; whoever is at work on it later learns of the plan."""
        async with ours(store) as session:
            await make_due(session, "1", "2", "3")
            claims = await claimed(session)
            held = [claims["1"].held("plan", "Too many."), claims["2"].held("plan")]
            await session.end_claims([*held, claims["3"].held("plan 2")])
            assert await session.reject("plan 3", "") == {}
            assert await session.reject("plan", "A mistake.") == {FLOW: 2}
            assert await session.reject("plan", "A mistake.") == {}
            assert (await states(session))["3"] is DeliveryState.HELD
            found = await stored(session, "1")
            assert (found.state, found.settled) == (DeliveryState.SETTLED, found.generation)
            assert (found.reason, found.plan_id, found.approved_generation) == ("A mistake.", "plan", 0)
            assert await claimed(session) == {}
            await make_due(session, "1")
            again = (await claimed(session))["1"]
            assert again.plan_id == "plan"
            await session.end_claims([again.settled(look_again=AT_ONCE)])
            looked = (await claimed(session))["1"]
            assert looked.plan_id == "plan"
            await session.end_claims([looked.settled(plan_id="")])
            assert (await stored(session, "1")).plan_id == ""

    async def test_deliveries_can_be_locked(self, store: Store) -> None:
        """Known ones and others; who locks can change them."""
        async with ours(store) as session:
            await make_due(session, "1")
            await session.lock_deliveries([DeliveryKey(FLOW, "2"), DeliveryKey(FLOW, "1")])
            await session.lock_deliveries([])
            await make_due(session, "1", "2")
            assert set(await claimed(session)) == {"1", "2"}

    async def test_what_is_no_json_is_refused(self, store: Store) -> None:
        """And the session goes on."""
        async with ours(store) as session:
            await make_due(session, "1")
            claim = (await claimed(session))["1"]
            for wrong in ({"x": object()}, {"x": float("nan")}):
                with raises(StoreRefused):
                    await session.note([Note(claim=claim, intent=wrong)])
                with raises(StoreRefused):
                    await session.end_claims([claim.settled(agreed=wrong)])
            assert (await stored(session, "1")).intent is None


class DeliveryListPromises:
    """How deliveries are told, and forgotten."""

    async def test_deliveries_are_listed_by_key(self, store: Store) -> None:
        """Page by page, those of a state, about a subject, or under a plan."""
        async with ours(store) as session:
            await session.make_due([Due(FLOW, key, "s") for key in ("c", "A", "b", "é")])
            await session.make_due([Due("grade", "1", "s"), Due("grade", "2", "other"), Due("grade", "3")])
            due = await session.deliveries(FLOW, DeliveryState.DUE)
            assert [each.key for each in due] == ["A", "b", "c", "é"]
            paged = [await session.deliveries(FLOW, DeliveryState.DUE, after=k, limit=2) for k in ("A", "c")]
            assert [[each.key for each in page] for page in paged] == [["b", "c"], ["é"]]
            assert list(await session.deliveries(FLOW, DeliveryState.DEAD)) == []
            about = await session.deliveries_about("s")
            assert [each.address for each in about] == [
                *(each.address for each in due),
                DeliveryKey("grade", "1"),
            ]
            behind = DeliveryKey(FLOW, "c")
            assert list(await session.deliveries_about("s", after=behind, limit=2)) == list(about[3:])
            assert list(await session.deliveries_about("")) == []
            claims = [*(await claimed(session)).values(), *await session.claim("grade", 1, HOUR)]
            await session.end_claims([claim.held("plan") for claim in claims if claim.key != "b"])
            held = await session.deliveries_held("plan")
            assert [each.key for each in held] == ["A", "c", "é", claims[-1].key]
            assert list(await session.deliveries_held("plan", after=behind, limit=1)) == [held[2]]
            assert list(await session.deliveries_held("")) == []

    async def test_deliveries_are_listed_by_whatever_is_asked_of_them(self, store: Store) -> None:
        """Each by itself and all together, over all flows, page by page."""
        async with ours(store) as session:
            await session.make_due([Due(FLOW, "1", "s"), Due(FLOW, "2"), Due(FLOW, "3", "s"), Due("é", "1")])
            await session.make_due([Due("grade", "1", "s"), Due("grade", "2", "s"), Due("grade", "3")])
            (first,), (second,) = [await session.claim(flow, 1, HOUR) for flow in ("é", "grade")]
            held = await claimed(session)
            endings = [held[key].held("plan", "Too many.") for key in ("1", "2")]
            await session.end_claims([*endings, first.held("plan 2"), second.dead("Refused.")])
            rows = {each: DeliveryKey(*each.split()) for each in _ROWS}
            dead = f"grade {second.key}"
            expected = {
                DeliveryQuery(): _ROWS,
                DeliveryQuery(flow="grade"): ("grade 1", "grade 2", "grade 3"),
                DeliveryQuery(flow="course"): (),
                DeliveryQuery(state=DeliveryState.HELD): (f"{FLOW} 1", f"{FLOW} 2", "é 1"),
                DeliveryQuery(state=DeliveryState.DEAD): (dead,),
                DeliveryQuery(subject="s"): (f"{FLOW} 1", f"{FLOW} 3", "grade 1", "grade 2"),
                DeliveryQuery(subject=""): (),
                DeliveryQuery(plan_id="plan"): (f"{FLOW} 1", f"{FLOW} 2"),
                DeliveryQuery(subject="s", state=DeliveryState.HELD): (f"{FLOW} 1",),
                DeliveryQuery(subject="s", flow="grade"): ("grade 1", "grade 2"),
                DeliveryQuery(subject="s", plan_id="plan", flow=FLOW): (f"{FLOW} 1",),
                DeliveryQuery(plan_id="plan", state=DeliveryState.DEAD): (),
                DeliveryQuery(plan_id="plan", flow="é"): (),
                DeliveryQuery(flow=FLOW, state=DeliveryState.HELD): (f"{FLOW} 1", f"{FLOW} 2"),
            }
            for query, names in expected.items():
                found = [each.address for each in await session.list_deliveries(query)]
                assert found == [rows[name] for name in names], query
                paged: list[DeliveryKey] = []
                asked = attrs.evolve(query, limit=2)
                for _ in range(0, len(names) + 1, 2):
                    paged += [each.address for each in await session.list_deliveries(asked)]
                    asked = attrs.evolve(asked, after=paged[-1] if paged else None)
                assert paged == found, query
            before, behind = DeliveryKey("b", "9"), DeliveryKey("z", "")
            of_flow = DeliveryQuery(flow="grade", after=before)
            assert len(await session.list_deliveries(of_flow)) == 3
            assert len(await session.list_deliveries(attrs.evolve(of_flow, after=behind))) == 0

    async def test_how_deliveries_stand_is_told_at_once(self, store: Store) -> None:
        """Of those that there are."""
        async with ours(store) as session:
            await session.make_due([Due(FLOW, "1"), Due(FLOW, "2"), Due(FLOW, "4"), Due("grade", "1")])
            claims = await claimed(session)
            await session.end_claims([claims["1"].dead("Refused."), claims["4"].settled()])
            asked = [DeliveryKey(FLOW, "1"), DeliveryKey("grade", "1"), DeliveryKey("course", "1")]
            asked += [DeliveryKey(FLOW, "3"), DeliveryKey(FLOW, "2")]
            assert await session.delivery_states(asked) == {
                DeliveryKey(FLOW, "1"): DeliveryState.DEAD,
                DeliveryKey(FLOW, "2"): DeliveryState.DUE,
                DeliveryKey("grade", "1"): DeliveryState.DUE,
            }
            assert await session.delivery_states([]) == {}

    async def test_deliveries_are_told_whole_at_once(self, store: Store) -> None:
        """Of those that there are, each as it is told by itself."""
        async with ours(store) as session:
            await session.make_due([Due(FLOW, "1", "s"), Due(FLOW, "2"), Due("grade", "1")])
            claims = await claimed(session)
            await session.end_claims([claims["1"].settled(agreed={"grade": "M"})])
            await session.note([Note(claim=claims["2"], intent={"told": False})])
            there = [DeliveryKey(FLOW, "1"), DeliveryKey(FLOW, "2"), DeliveryKey("grade", "1")]
            asked = [*there, DeliveryKey("course", "1"), DeliveryKey(FLOW, "3")]
            found = await session.deliveries_at(asked)
            assert found == {each: await session.delivery(each) for each in there}
            assert found[there[0]].agreed == {"grade": "M"}
            assert found[there[1]].intent == {"told": False}
            assert await session.deliveries_at([]) == {}

    async def test_flows_are_counted(self, store: Store) -> None:
        """In this session and in the next, with the age of what has been due longest."""
        async with furnished(store):
            async with store.begin(OURS) as session:
                assert list(await session.flows()) == []
                await make_due(session, "1", "2", "3", "4")
                claims = await claimed(session, limit=3)
                ended = list(claims.values())
                await session.end_claims(
                    [ended[0].settled(), ended[1].dead("No."), ended[2].retried(HOUR, "No.")]
                )
                await session.pause("take:students", "No access.")
                counts = {DeliveryState.SETTLED: 1, DeliveryState.DEAD: 1, DeliveryState.DUE: 2}
                account, take = await session.flows()
                assert (account.flow, account.counts, account.paused) == (FLOW, counts, None)
                assert account.oldest_due is not None
                assert timedelta(0) <= account.oldest_due < HOUR
                assert (take.flow, take.counts, take.oldest_due) == ("take:students", {}, None)
            async with store.begin(OURS) as session:
                ((key, claim),) = (await claimed(session)).items()
                await session.end_claims([claim.retried(HOUR, "No.")])
                (account, _) = await session.flows()
                assert (account.counts, account.oldest_due) == (counts, None)
                assert key not in claims

    async def test_what_was_put_off_is_counted_with_the_reason_of_the_first(self, store: Store) -> None:
        """Of each flow; what is due by now, or at work, is not put off."""
        async with furnished(store), store.begin(OURS) as session:
            await session.make_due([Due("grade", "1"), Due("course", "1")])
            await make_due(session, *"1234")
            claims = await claimed(session)
            await make_due(session, "5")
            later, sooner = claims["1"], claims["2"]
            put_off = [later.retried(2 * HOUR, "Refused."), sooner.given_back(HOUR, "It is down.")]
            await session.end_claims([*put_off, claims["4"].settled()])
            (grade,) = await session.claim("grade", 1, HOUR)
            await session.end_claims([grade.retried(HOUR, "Nobody knows.")])
            found = {each.flow: each.put_off for each in await session.flows()}
            assert found["course"] is None
            account, graded = found[FLOW], found["grade"]
            assert account is not None
            assert graded is not None
            first = await stored(session, sooner.key)
            assert account == PutOff(number=2, until=first.due_at, reason="It is down.")
            assert (graded.number, graded.reason) == (1, "Nobody knows.")
            await make_due(session, sooner.key)  # which changes nothing of its time
            assert account in [each.put_off for each in await session.flows()]

    async def test_of_very_many_that_were_put_off_not_all_are_counted(self, store: Store) -> None:
        """The first of them is told all the same."""
        async with furnished(store), store.begin(OURS) as session:
            await make_due(session, *map(str, range(MOST_PUT_OFF + 1)))
            claims = await claimed(session, limit=MOST_PUT_OFF + 1)
            last = claims.pop("7")
            others = [each.given_back(2 * HOUR) for each in claims.values()]
            await session.end_claims([*others, last.given_back(HOUR, "It is down.")])
            (flow,) = await session.flows()
            assert flow.put_off is not None
            assert (flow.put_off.number, flow.put_off.reason) == (MOST_PUT_OFF, "It is down.")

    async def test_settled_ones_are_forgotten_in_time(self, store: Store) -> None:
        """But for those with something agreed, or to be looked at once more; page by page."""
        async with ours(store) as session:
            await make_due(session, *"123456")
            claims = await claimed(session)
            await session.end_claims(
                [
                    *(claims["1"].settled(), claims["2"].settled(agreed={"a": 1}), claims["3"].settled()),
                    *(claims["4"].settled(look_again=HOUR), claims["5"].dead("No.")),
                ]
            )
            assert await session.forget_settled(FLOW, HOUR) == Forgotten(0, None)
            assert await session.forget_settled("course", AT_ONCE) == Forgotten(0, None)
            assert await session.forget_settled(FLOW, AT_ONCE, limit=2) == Forgotten(1, "2")
            assert await session.forget_settled(FLOW, AT_ONCE, after="2", limit=5) == Forgotten(1, None)
            assert list(await states(session)) == ["6", "5", "2", "4"]

    async def test_what_was_forgotten_begins_anew_and_its_claims_do_not(self, store: Store) -> None:
        """A worker that slept through it all has lost its claim all the same."""
        async with ours(store) as session:
            await make_due(session, "1")
            slept = (await claimed(session, lease=AT_ONCE))["1"]
            later_one = (await claimed(session))["1"]
            await session.end_claims([later_one.settled()])
            assert (await session.forget_settled(FLOW, AT_ONCE)).number == 1
            await make_due(session, "1")
            assert (await stored(session, "1")).generation == 1
            again = (await claimed(session))["1"]
            assert again.number > later_one.number > slept.number
            assert list(await session.fence([slept, later_one])) == []

    async def test_where_something_can_be_claimed_is_told_for_all_tenants(self, store: Store) -> None:
        """What is due or to be looked at now, of flows that are not paused; page by page."""
        async with furnished(store):
            theirs = TenantFlow(CANARY, FLOW)  # one of theirs is to be looked at once more
            async with store.begin(OURS) as session:
                flows = ("a", "b", "c", "d", "e", "f")
                await session.make_due([Due(flow, "1") for flow in flows])
                claims = [await session.claim(flow, 1, HOUR) for flow in ("b", "c", "e", "f")]
                endings = [claim.settled(look_again=AT_ONCE) for (claim,) in claims[1:2]]
                endings += [claim.retried(HOUR, "No.") for (claim,) in claims[2:3]]
                await session.end_claims([*endings, *(claim.settled() for (claim,) in claims[3:])])
                await session.pause("d", "No access.")
            ready = [theirs, TenantFlow(OURS, "a"), TenantFlow(OURS, "c")]
            async with store.read_registry() as registry:
                assert list(await registry.due_flows()) == ready
                assert list(await registry.due_flows(after=theirs, limit=1)) == ready[1:2]
                assert list(await registry.due_flows(after=ready[2])) == []
