"""Nothing is sent while a session is open."""

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from mzi_adapters.memory import MemoryStore
from mzi_adapters.testing.session_guard import GuardedStore, GuardedTransport, SentInsideSession
from mzi_adapters.testing.virtual_time import VirtualTimer
from mzi_adapters.testing.zoho import FakeZoho
from mzi_adapters.web.transport import Request
from mzi_core.values import DEFAULT_TENANT

ANYTHING = Request(method="GET", url="https://www.zohoapis.eu/crm/v8/Students", query=(("secret", "no"),))
SESSIONS = {
    "a session": lambda store: store.begin(DEFAULT_TENANT),
    "a preview": lambda store: store.begin(DEFAULT_TENANT, discard=True),
    "a session that reads": lambda store: store.read(DEFAULT_TENANT),
    "the registry": lambda store: store.registry(),
    "the registry to look at": lambda store: store.read_registry(),
}


@pytest.fixture
def store() -> GuardedStore:
    """A store that is noticed."""
    return GuardedStore(MemoryStore())


@pytest.fixture
def wire() -> GuardedTransport:
    """A wire that notices."""
    return GuardedTransport(FakeZoho(clock=VirtualTimer()))


async def stream(wire: GuardedTransport) -> int:
    """The status of a streamed answer."""
    async with wire.stream(ANYTHING) as streamed:
        return streamed.status


@pytest.mark.parametrize("what", SESSIONS, ids=repr)
async def test_sending_inside_a_session_is_a_mistake(
    what: str, store: GuardedStore, wire: GuardedTransport
) -> None:
    session: AbstractAsyncContextManager[Any] = SESSIONS[what](store)
    async with session:
        for sending in (wire.send(ANYTHING), stream(wire), asyncio.create_task(stream(wire))):
            with pytest.raises(SentInsideSession, match=r"^GET https://www.zohoapis.eu/crm/v8/Students was"):
                await sending
    assert ((await wire.send(ANYTHING)).status, await stream(wire)) == (401, 401)


async def test_the_fake_zoho_needs_no_wire_that_notices(store: GuardedStore) -> None:
    zoho = FakeZoho(clock=VirtualTimer())
    async with store.begin(DEFAULT_TENANT):
        with pytest.raises(SentInsideSession):
            await zoho.send(ANYTHING)
    assert zoho.seen == []


async def test_a_failed_session_is_over(store: GuardedStore, wire: GuardedTransport) -> None:
    with pytest.raises(ZeroDivisionError):
        async with store.begin(DEFAULT_TENANT):
            _ = 1 / 0
    assert (await wire.send(ANYTHING)).status == 401


async def test_another_tasks_session_is_none_of_ours(store: GuardedStore, wire: GuardedTransport) -> None:
    opened, enough = asyncio.Event(), asyncio.Event()

    async def other() -> None:
        async with store.read(DEFAULT_TENANT):
            opened.set()
            await enough.wait()

    task = asyncio.create_task(other())
    await opened.wait()
    assert (await wire.send(ANYTHING)).status == 401
    enough.set()
    await task
    assert (await store.health()).backend == "memory"
