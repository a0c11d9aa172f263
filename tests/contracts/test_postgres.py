"""What goes wrong with a server is told in the words of the port, and the store works on afterwards."""

import asyncio
import time
from typing import Any

import asyncpg
import pytest
import sqlalchemy as sa

from mzi_adapters.sql import SqlStore, open_store, postgres
from mzi_adapters.sql.driver import raw
from mzi_adapters.sql.store import SqlSession
from mzi_adapters.sql.translation import translated
from mzi_adapters.testing.contracts.fixtures import BEGAN, OURS, furnished, raises
from mzi_adapters.testing.contracts.samples import changed, key_of, row, sample
from mzi_core.errors import StoreUnavailable
from mzi_core.modules import STUDENTS
from mzi_core.ports import Lock, Session
from mzi_core.values import State

TURN = Lock("students", shared=False)


def _sql(session: Session) -> SqlSession:
    assert isinstance(session, SqlSession)
    return session


async def _works(store: SqlStore) -> None:
    async with store.begin(OURS) as session:
        await session.settings()


async def test_whoever_waits_too_long_for_a_turn_is_told(postgres_url: str) -> None:
    """The store waits as long as it was told to."""
    async with open_store(postgres_url, patience=0.2) as store:
        async with store.begin(OURS) as one:
            await one.lock([TURN])
            async with store.begin(OURS) as other:
                with raises(StoreUnavailable) as caught:
                    await other.lock([TURN])
        assert "another session" in caught.message
        await _works(store)


async def test_a_statement_that_takes_too_long_is_ended(postgres_url: str) -> None:
    """As many seconds as the store was told, or any number."""
    async with open_store(postgres_url, statement_timeout=0.1) as store:
        async with store.begin(OURS) as session:
            with raises(StoreUnavailable) as caught:
                await _sql(session).run(sa.text("SELECT pg_sleep(5)"))
        assert "longer than it may" in caught.message
        await _works(store)
    async with open_store(postgres_url, statement_timeout=None) as store, store.begin(OURS) as session:
        await _sql(session).run(sa.text("SELECT pg_sleep(0.2)"))


async def test_whoever_finds_every_connection_taken_is_told(postgres_url: str) -> None:
    """A store opens no more than it was told to."""
    async with open_store(postgres_url, pool_size=1, patience=0.2) as store:
        async with store.begin(OURS):
            with raises(StoreUnavailable):
                await _works(store)
        await _works(store)


@pytest.mark.parametrize("directly", [True, False], ids=["directly", "through SQLAlchemy"])
async def test_a_lost_connection_is_told_and_replaced(
    postgres_url: str, postgres_admin: Any, directly: bool
) -> None:
    """A session that loses it keeps nothing; later ones have another."""
    async with open_store(postgres_url, pool_size=1, patience=1) as store:
        with raises(StoreUnavailable):
            async with store.begin(OURS) as session:
                await session.write(STUDENTS, [row(STUDENTS, sample(STUDENTS, 1))], BEGAN)
                driver = raw(_sql(session).connection)
                await postgres_admin.execute("SELECT pg_terminate_backend($1)", driver.get_server_pid())
                await asyncio.sleep(0.05)
                if directly:
                    await session.known(STUDENTS, [key_of(STUDENTS, 1)])
                else:
                    await session.settings()
        async with store.begin(OURS) as session:
            assert await session.known(STUDENTS, [key_of(STUDENTS, 1)]) == {}


async def test_a_connection_lost_between_sessions_is_replaced_unnoticed(
    postgres_url: str, postgres_admin: Any
) -> None:
    """A server that was started anew costs nobody a session."""
    async with open_store(postgres_url) as store:
        async with store.begin(OURS) as session:
            pid = raw(_sql(session).connection).get_server_pid()
        await postgres_admin.execute("SELECT pg_terminate_backend($1)", pid)
        await asyncio.sleep(0.05)
        await _works(store)


async def test_a_connection_that_was_used_of_late_is_not_asked_whether_it_lives(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session that only reads sends its transaction and what it reads, and nothing else."""
    said: list[str] = []
    async with open_store(postgres_url, pool_size=1) as store:

        async def sent() -> list[str]:
            said.clear()
            async with store.read(OURS) as session:
                await session.present(STUDENTS, [key_of(STUDENTS, 1)])
            return said.copy()

        await sent()  # the driver asks about the types of the statement once
        async with store.read(OURS) as session:
            driver = raw(_sql(session).connection)
        driver.add_query_logger(lambda query: said.append(query.query.split()[0].rstrip(";")))
        alone = await sent()
        assert alone == ["BEGIN", "SELECT", "ROLLBACK"]
        monkeypatch.setattr(postgres, "IDLE", -1.0)
        assert await sent() == ["BEGIN", "", "ROLLBACK", *alone]


async def test_a_connection_that_died_unseen_is_replaced_unnoticed(
    postgres_url: str, postgres_admin: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After some time without a word it is asked."""
    monkeypatch.setattr(postgres, "IDLE", -1.0)
    async with open_store(postgres_url) as store:
        async with store.begin(OURS) as session:
            pid = raw(_sql(session).connection).get_server_pid()
        await postgres_admin.execute("SELECT pg_terminate_backend($1)", pid)
        time.sleep(0.05)  # noqa: ASYNC251  # the end of the connection arrives, and the loop does not look
        await _works(store)


async def test_two_that_wait_for_each_other_are_not_both_lost(postgres_url: str) -> None:
    """One is told, and the other goes on."""
    order = [TURN, Lock("teachers", shared=False)]

    async def one(locks: list[Lock]) -> None:
        async with store.begin(OURS) as session:
            await session.lock(locks[:1])
            await asyncio.sleep(0.1)
            await session.lock(locks[1:])

    async with open_store(postgres_url) as store:
        ends = await asyncio.gather(one(order), one(order[::-1]), return_exceptions=True)
        assert [type(end) for end in ends if end is not None] == [StoreUnavailable]
        await _works(store)


async def test_a_server_that_is_not_there_is_told(postgres_server: str) -> None:
    """And a database that is not there, and a user nobody knows; health says so too."""
    for url in (
        "postgresql://postgres@/x?host=/nowhere",
        "postgresql://127.0.0.1:1/x",
        f"postgresql://postgres@/no_such_database?host={postgres_server}",
        f"postgresql://nobody_at_all@/postgres?host={postgres_server}",
    ):
        async with open_store(url, patience=1) as store:
            with raises(StoreUnavailable):
                await _works(store)
            health = await store.health()
            assert (health.backend, health.ready) == ("postgresql", False)


async def test_columns_that_were_added_later_are_written_where_they_belong(postgres_url: str) -> None:
    """A migrated table has its columns in another order than the catalogue."""
    admin = await asyncpg.connect(postgres_url)
    await admin.execute("ALTER TABLE students DROP COLUMN city")
    await admin.execute("ALTER TABLE students ADD COLUMN city TEXT")
    await admin.close()
    async with open_store(postgres_url) as store, furnished(store), store.begin(OURS) as session:
        entity = changed(STUDENTS, sample(STUDENTS, 1), city="صنعاء", address="next to it")
        await session.write(STUDENTS, [row(STUDENTS, entity, state=State.UPDATED)], BEGAN)
        assert (await session.stored(STUDENTS, [entity.key]))[entity.key].entity == entity


async def test_the_server_sees_who_is_there(postgres_url: str, postgres_admin: Any) -> None:
    """By name."""
    async with open_store(postgres_url) as store, store.begin(OURS) as session:
        await session.settings()
        assert await postgres_admin.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'mzi' AND datname = $1",
            postgres_url.split("/")[3].split("?", maxsplit=1)[0],
        )


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.InternalClientError("could not determine address"),
        asyncpg.InterfaceError("the connection is closed"),
        ConnectionResetError(),
    ],
    ids=repr,
)
def test_whatever_the_driver_raises_while_a_server_restarts_means_that_it_is_away(error: Exception) -> None:
    with raises(StoreUnavailable), translated():
        raise error
