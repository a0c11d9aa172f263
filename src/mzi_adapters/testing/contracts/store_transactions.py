"""What a session promises as a transaction."""

import asyncio

from mzi_adapters.testing.contracts.fixtures import (
    BEGAN,
    CANARY,
    ONLY_THEIRS,
    OURS,
    THERE,
    chosen,
    decision,
    everything,
    furnished,
    has_what_was_written,
    later,
    ours,
    over_an_empty_store,
    parked,
    raises,
    run,
)
from mzi_adapters.testing.contracts.samples import changed, key_of, row, sample
from mzi_core.modules import CATALOGUE, CLASSES, REGISTRATIONS, STUDENTS, TEACHERS
from mzi_core.ports import DecisionRecord, Due, Session, Store, StoredResponse, TenantSettings
from mzi_core.values import State, Value


class _Mishap(Exception):
    """What goes wrong in the middle of a session."""


async def _change_everything(session: Session) -> None:
    """One write through every method that writes."""
    at = later(1)
    await session.write(STUDENTS, [row(STUDENTS, sample(STUDENTS, 20))], at)
    await session.delete(TEACHERS, [key_of(TEACHERS, 1)], at)
    await session.park([parked(CLASSES, 21, at)])
    await session.unpark(STUDENTS.name, [key_of(STUDENTS, 8)])
    await session.record_decisions([DecisionRecord(key="9_9_9", decision=decision(), decided_at=at)])
    await session.keep_response(StoredResponse(key="k", digest="new", body=None, answered_at=at), BEGAN)
    await session.save_run(run(2, at))
    await session.save_settings(chosen("new"))
    await session.make_due([Due("account", "1")])
    await session.pause("grade", "new")


class TransactionPromises:
    """All or nothing, one tenant at a time."""

    async def test_a_session_names_its_tenant(self, store: Store) -> None:
        """The session is of the tenant it was begun for."""
        async with furnished(store), store.begin(CANARY) as session:
            assert session.tenant == CANARY

    async def test_what_a_session_writes_is_kept_and_seen_at_once(self, store: Store) -> None:
        """Later reads of the same session see it, and so do later sessions."""
        async with furnished(store):
            async with store.begin(OURS) as session:
                await _change_everything(session)
                assert await session.present(STUDENTS, [key_of(STUDENTS, 20)]) == {key_of(STUDENTS, 20)}
                assert await session.settings() == chosen("new")
            kept = await everything(store, OURS)
            assert kept.answers[0] == StoredResponse(key="k", digest="new", body=None, answered_at=later(1))
            assert [one.key for one in kept.decisions] == ["1_2_3", "9_9_9"]
            assert [one.id for one in kept.runs] == [run(2, BEGAN).id, run(1, BEGAN).id]
            assert kept.settings == chosen("new")
            assert [each.key for each in kept.deliveries] == ["1"]
            assert kept.pauses == {"account": None, "grade": "new"}
            assert kept.parked["classes"] == [parked(CLASSES, 21, later(1))]
            assert kept.parked["students"] == []
            assert len(kept.records["students"]) == len(THERE) + 1

    async def test_an_exception_takes_everything_back(self, store: Store) -> None:
        """The exception comes out as it is, nothing is kept, and the store works on."""
        async with furnished(store):
            before = await everything(store, OURS)
            mishap = _Mishap()
            with raises(_Mishap) as caught:
                async with store.begin(OURS) as session:
                    await _change_everything(session)
                    raise mishap
            assert caught.error is mishap
            assert await everything(store, OURS) == before

    async def test_a_cancelled_session_keeps_nothing(self, store: Store) -> None:
        """Whoever comes next finds the store as it was, and free."""

        async def endless(begun: asyncio.Event) -> None:
            async with store.begin(OURS) as session:
                await _change_everything(session)
                begun.set()
                await asyncio.Event().wait()

        async with furnished(store):
            before = await everything(store, OURS)
            begun = asyncio.Event()
            task = asyncio.create_task(endless(begun))
            await begun.wait()
            task.cancel()
            with raises(asyncio.CancelledError):
                await task
            assert await everything(store, OURS) == before

    async def test_a_session_cancelled_in_a_statement_leaves_the_store_free(self, store: Store) -> None:
        """At whichever moment it is cancelled, nothing of it is kept, and no lock of it is left behind."""

        async def endless(begun: asyncio.Event) -> None:
            async with store.begin(OURS) as session:
                await _change_everything(session)
                begun.set()
                await asyncio.Event().wait()

        async with furnished(store):
            before = await everything(store, OURS)
            time, moments = asyncio.get_running_loop().time, 60
            whole = 0.0
            for moment in range(moments, -1, -1):
                begun, began = asyncio.Event(), time()
                task = asyncio.create_task(endless(begun))
                await (asyncio.sleep(whole * moment / moments) if whole else begun.wait())
                whole = whole or time() - began
                task.cancel()
                with raises(asyncio.CancelledError):
                    await task
                async with store.begin(OURS, discard=True):
                    pass  # whoever comes next gets a turn
            assert await everything(store, OURS) == before

    async def test_a_preview_sees_its_writes_and_keeps_none(self, store: Store) -> None:
        """With `discard` everything happens, and is then undone."""
        async with furnished(store):
            before = await everything(store, OURS)
            async with store.begin(OURS, discard=True) as session:
                await _change_everything(session)
                assert await session.settings() == chosen("new")
                assert key_of(STUDENTS, 20) in await session.known(STUDENTS, [key_of(STUDENTS, 20)])
            assert await everything(store, OURS) == before

    async def test_an_exception_in_a_preview_takes_everything_back(self, store: Store) -> None:
        """A preview that fails leaves as little behind as one that succeeds."""
        async with furnished(store):
            before = await everything(store, OURS)
            with raises(_Mishap):
                async with store.begin(OURS, discard=True) as session:
                    await _change_everything(session)
                    raise _Mishap
            assert await everything(store, OURS) == before

    async def test_sessions_of_several_tasks_all_succeed(self, store: Store) -> None:
        """Each writes its own record; none is lost and none disturbs another."""

        async def one(n: int) -> None:
            async with store.begin(OURS) as session:
                await session.write(STUDENTS, [row(STUDENTS, sample(STUDENTS, n))], later(n))

        async with furnished(store):
            await asyncio.gather(*(one(n) for n in range(30, 40)))
            async with store.begin(OURS) as session:
                wanted = [key_of(STUDENTS, n) for n in range(30, 40)]
                assert await session.present(STUDENTS, wanted) == set(wanted)

    @over_an_empty_store
    async def test_tenants_are_kept_apart(self, store: Store) -> None:
        """What one tenant has, another has not: all other cases with tenants stand on it."""
        async with store.registry() as registry:
            await registry.add_tenant(CANARY, BEGAN)
        async with store.begin(OURS) as session:
            await session.write(TEACHERS, [row(TEACHERS, sample(TEACHERS, THERE[0]))], BEGAN)
            assert await has_what_was_written(session)
        async with store.begin(CANARY) as session:
            assert not await has_what_was_written(session), "A tenant has the record of another one."

    async def test_what_only_another_tenant_has_is_nothing_here(self, store: Store) -> None:
        """Whichever way it is asked for; and its ids and unique values are free."""
        async with ours(store) as session:
            theirs = sample(STUDENTS, ONLY_THEIRS)
            ids, at = [theirs.key], later(1)
            values: dict[str, list[Value]] = {
                "academic_email": [theirs.academic_email],
                "moodle_userid": [theirs.moodle_userid],
            }
            assert await session.known(STUDENTS, ids) == {}
            assert await session.stored(STUDENTS, ids) == {}
            assert await session.present(STUDENTS, ids) == set()
            assert await session.owners(STUDENTS, values) == {"academic_email": {}, "moodle_userid": {}}
            assert await session.linked(STUDENTS, "moodle_userid", 40_000 + ONLY_THEIRS) is None
            assert await session.delete(STUDENTS, ids, at) == ()
            assert await session.parked("students", ids) == {}
            assert await session.waiting_for("students", ids, 9) == []
            await session.unpark("students", ids)
            assert await session.decisions_by_attempt(["only theirs"]) == {}
            assert list(await session.decision_history("only theirs")) == []
            assert await session.response("only theirs") is None
            await session.write(STUDENTS, [row(STUDENTS, theirs)], at)

    async def test_what_both_tenants_have_is_changed_for_one(self, store: Store) -> None:
        """Every id is the same; `furnished` sees to it that the canary stays as it was."""
        async with ours(store) as session:
            at = later(1)
            for module in CATALOGUE:
                entity = changed(module, sample(module, 1), extra={"whose": "still ours"})
                await session.write(module, [row(module, entity, state=State.UPDATED)], at)
                assert await session.delete(module, [key_of(module, 2)], at) == (key_of(module, 2),)
            await session.unpark("registrations", [key_of(REGISTRATIONS, 7)])
            await session.park([parked(STUDENTS, 8, at)])
            await session.record_decisions([DecisionRecord(key="1_2_3", decision=decision(0), decided_at=at)])
            await session.keep_response(
                StoredResponse(key="k", digest="x", body="x", answered_at=at), later(9)
            )
            await session.save_run(run(1, at))
            await session.save_settings(TenantSettings())
