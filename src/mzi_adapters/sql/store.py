"""The store in a SQL database, its sessions, and how it is opened."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import unquote

import attrs
from sqlalchemy import exc
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mzi_adapters.sql import migrations
from mzi_adapters.sql.brake import Brake
from mzi_adapters.sql.breakers import StoredBreakers
from mzi_adapters.sql.decisions import Decisions
from mzi_adapters.sql.deliveries import Deliveries
from mzi_adapters.sql.engine import PATIENCE, POOL, engine_for, for_reading, is_memory, server_version
from mzi_adapters.sql.events import Events
from mzi_adapters.sql.history import RecordHistory
from mzi_adapters.sql.idempotency import StoredResponses
from mzi_adapters.sql.notices import ToldNotices
from mzi_adapters.sql.parked import ParkedRecords
from mzi_adapters.sql.records import Records
from mzi_adapters.sql.registry import SqlRegistry
from mzi_adapters.sql.review import Reviews
from mzi_adapters.sql.runs import Runs
from mzi_adapters.sql.settings import StoredSettings
from mzi_adapters.sql.sqlite import trouble_with
from mzi_adapters.sql.tokens import AccessTokens, StoredLeases
from mzi_adapters.sql.touching import Touched
from mzi_adapters.sql.translation import REMEDY, translated
from mzi_adapters.system import SystemClock
from mzi_core.errors import StoreError, StoreUnavailable
from mzi_core.modules import CATALOGUE, Catalogue
from mzi_core.ports import Clock, Registry, Session, Store, StoreHealth
from mzi_core.values import DEFAULT_TENANT, TenantId


class SqlSession(
    StoredSettings,
    Records,
    Touched,
    ParkedRecords,
    RecordHistory,
    Decisions,
    Events,
    StoredResponses,
    Runs,
    AccessTokens,
    StoredLeases,
    StoredBreakers,
    Deliveries,
    Brake,
    Reviews,
    ToldNotices,
):
    """One transaction over one tenant's rows."""

    __slots__ = ()


async def _close(connection: AsyncConnection) -> None:
    """Take back what was not committed; where the connection is lost, the server has done so."""
    with suppress(exc.DBAPIError):
        await connection.close()


def _wrong_schema(found: str | None) -> str:
    """What is to be done about a database at another revision than ours."""
    if found is None:
        return f"The database holds no schema yet; {REMEDY}"
    if found in migrations.revisions():
        return f"The database is at revision {found}, and this version needs {migrations.head()}; {REMEDY}"
    return f"The database is at revision {found}, which a newer version of mzi made; run that version."


@attrs.define
class SqlStore:
    """Everything in a SQL database; `open_store` makes one."""

    _engine: AsyncEngine
    _patience: float
    _clock: Clock = attrs.field(factory=SystemClock)
    _turn: asyncio.Lock = attrs.field(factory=asyncio.Lock, init=False, repr=False)
    _is_current: bool = attrs.field(default=False, init=False, repr=False)

    @asynccontextmanager
    async def begin(self, tenant: TenantId, *, discard: bool = False) -> AsyncIterator[Session]:
        """A session that keeps its writes when the block ends well; with `discard` never.

        Raises StoreUnavailable when the database cannot be reached, has another schema, or is being written
        to by somebody else for longer than the store's patience.
        """
        async with self._writing(discard=discard) as connection:
            session = SqlSession(tenant, connection, self._clock)
            yield session
            await session.keep_counts()

    @asynccontextmanager
    async def begin_together(self) -> AsyncIterator[Callable[[TenantId], Session]]:
        """A transaction over the data of several tenants; errors as `begin`."""
        async with self._writing(discard=False) as connection:
            sessions: dict[TenantId, SqlSession] = {}

            def session_of(tenant: TenantId) -> SqlSession:
                if tenant not in sessions:
                    sessions[tenant] = SqlSession(tenant, connection, self._clock)
                return sessions[tenant]

            yield session_of
            for tenant in sorted(sessions):
                await sessions[tenant].keep_counts()

    @asynccontextmanager
    async def read(self, tenant: TenantId) -> AsyncIterator[Session]:
        """A session that keeps nothing and waits for no writer; errors as `begin`."""
        async with self._reading() as connection:
            yield SqlSession(tenant, connection, self._clock)

    @asynccontextmanager
    async def registry(self) -> AsyncIterator[Registry]:
        """The tenants and keys, in a transaction; errors as `begin`."""
        async with self._writing(discard=False) as connection:
            yield SqlRegistry(DEFAULT_TENANT, connection, self._clock)

    @asynccontextmanager
    async def read_registry(self) -> AsyncIterator[Registry]:
        """The tenants and keys to look at; errors as `begin`."""
        async with self._reading() as connection:
            yield SqlRegistry(DEFAULT_TENANT, connection, self._clock)

    @asynccontextmanager
    async def _writing(self, *, discard: bool) -> AsyncIterator[AsyncConnection]:
        async with self._my_turn(), self._connected() as connection:
            await self._start(connection)
            yield connection
            with translated():
                await (connection.rollback() if discard else connection.commit())

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncConnection]:
        async with self._connected() as connection:
            await self._start(await for_reading(connection))
            yield connection
            with translated():
                await connection.rollback()

    async def _start(self, connection: AsyncConnection) -> None:
        with translated():
            await connection.begin()
            await self._check_schema(connection)

    @asynccontextmanager
    async def _my_turn(self) -> AsyncIterator[None]:
        """One writer at a time: in this process first come, first served, instead of polling for the file."""
        if self._engine.dialect.name != "sqlite":
            yield
            return
        try:
            async with asyncio.timeout(self._patience):
                await self._turn.acquire()
        except TimeoutError as error:
            raise StoreUnavailable("Other sessions have been writing all the time.") from error
        try:
            yield
        finally:
            self._turn.release()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AsyncConnection]:
        connection = self._engine.connect()
        with translated():
            await connection.start()
        try:
            yield connection
        finally:
            # Not to be left half done by a cancellation.
            await asyncio.shield(asyncio.ensure_future(_close(connection)))

    async def _check_schema(self, connection: AsyncConnection) -> None:
        if not self._is_current:
            found = await connection.run_sync(migrations.revision_of)
            if found != migrations.head():
                raise StoreUnavailable(_wrong_schema(found))
            self._is_current = True

    async def health(self) -> StoreHealth:
        """Which database this is and whether it is ready: also to be written to. It never raises."""
        version, message = "", "The schema is up to date."
        try:
            async with self._connected() as connection:
                version = await server_version(connection)
                with translated():
                    await for_reading(connection)
                    found = await connection.run_sync(migrations.revision_of)
            ready = found == migrations.head()
            message = message if ready else _wrong_schema(found)
            trouble = await self._trouble() if ready else ""
            ready, message = ready and not trouble, trouble or message
        except StoreError as error:
            ready, message = False, str(error)
        return StoreHealth(backend=self._engine.dialect.name, version=version, ready=ready, message=message)

    async def _trouble(self) -> str:
        """Why the database would take no writes; nothing where it would."""
        url = self._engine.url
        if url.get_backend_name() == "sqlite":
            file = Path(unquote(str(url.database).removeprefix("file:")))
            return "" if is_memory(url) else await asyncio.to_thread(trouble_with, file)
        async with self._connected() as connection:
            with translated():
                asked = await connection.exec_driver_sql("SHOW default_transaction_read_only")
                standby = await connection.exec_driver_sql("SELECT pg_is_in_recovery()")
                is_closed = asked.scalar() == "on" or standby.scalar()
        return "The database takes no writes: it is read-only, or a standby." if is_closed else ""


STATEMENT_TIMEOUT = 60.0
"""How many seconds a statement may take: far more than any page needs, and less than anybody waits."""


@asynccontextmanager
async def open_store(
    url: str,
    *,
    patience: float = PATIENCE,
    pool_size: int = POOL,
    statement_timeout: float | None = STATEMENT_TIMEOUT,
    catalogue: Catalogue = CATALOGUE,
    clock: Clock | None = None,
) -> AsyncIterator[SqlStore]:
    """The store behind a database URL such as `sqlite:///mzi.db` or `postgresql://user@host/mzi`.

    Opening migrates nothing and does not even connect: `health` and `begin` say what is missing. Only
    `sqlite:///:memory:`, which is born here and dies at the end of the block, gets its schema at once, with
    tables for the modules of `catalogue`.
    `patience` is how many seconds a session waits for its turn to write, for a connection, or for the server;
    `pool_size` how many sessions are at work at once, `statement_timeout` how many seconds one statement may
    take (None: any number), both on PostgreSQL alone. `clock` says on SQLite what is due (None: the
    machine's); PostgreSQL has its own. Raises StoreUnavailable for a URL mzi cannot use.
    """
    engine = engine_for(url, patience=patience, pool_size=pool_size, statement_timeout=statement_timeout)
    try:
        if is_memory(engine.url):
            async with engine.begin() as connection:
                await migrations.upgrade_on(connection, catalogue)
        yield SqlStore(engine, patience, clock or SystemClock())
    finally:
        await engine.dispose()


def _proof(store: SqlStore) -> Store:
    """The type checker's word that this is a Store."""
    return store
