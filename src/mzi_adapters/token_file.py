"""Access tokens in a file of its owner's alone, for those who work without a store: dry runs, the doctor."""

import sqlite3
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
from cattrs.preconf.json import make_converter

from mzi_adapters import private
from mzi_core.errors import StoreUnavailable
from mzi_core.ports import AccessToken, Lock
from mzi_core.values import TenantId

NAME = ".mzi-tokens"

_JSON = make_converter()
_MAKE = "create table if not exists token (tenant text, name text, said text, primary key (tenant, name))"
_GET = "select said from token where tenant = ? and name = ?"
_PUT = "insert or replace into token values (?, ?, ?)"
_PATIENCE = 5.0
"""Seconds to wait for another process that is just writing."""


@attrs.frozen
class TokenFileSession:
    """The tokens of one tenant while the file is open."""

    _database: sqlite3.Connection
    _tenant: TenantId

    async def token(self, name: str) -> AccessToken | None:
        """The token of a service; one that is not understood is as good as none."""
        found = self._database.execute(_GET, (self._tenant, name)).fetchone()
        if found is None:
            return None
        try:
            return _JSON.loads(found[0], AccessToken)
        except Exception:  # cattrs raises what the values raise, and groups of it
            return None

    async def save_token(self, token: AccessToken) -> None:
        """Keep it in place of the one with its name."""
        self._database.execute(_PUT, (self._tenant, token.name, _JSON.dumps(token)))

    async def lock(self, locks: Collection[Lock]) -> None:
        """Whoever may write has the whole file to itself already."""


@attrs.frozen
class TokenFile:
    """The tokens of every process that works without a store, in a small SQLite database.

    Where no file can be made each process has its own, in memory.
    """

    folder: Path
    _own: sqlite3.Connection = attrs.field(
        factory=lambda: sqlite3.connect(":memory:", isolation_level=None), init=False, repr=False
    )

    @asynccontextmanager
    async def read(self, tenant: TenantId) -> AsyncIterator[TokenFileSession]:
        """To look at them. Raises StoreUnavailable."""
        async with self._open("begin", tenant) as session:
            yield session

    @asynccontextmanager
    async def begin(self, tenant: TenantId) -> AsyncIterator[TokenFileSession]:
        """To change them: kept together at the end of the block, or not at all. Raises StoreUnavailable."""
        async with self._open("begin immediate", tenant) as session:
            yield session

    @asynccontextmanager
    async def _open(self, begin: str, tenant: TenantId) -> AsyncIterator[TokenFileSession]:
        database = self._database()
        try:
            database.execute(begin)
            try:
                yield TokenFileSession(database, tenant)
            except BaseException:
                database.rollback()
                raise
            database.commit()
        except sqlite3.Error as error:
            raise StoreUnavailable(f"{self.folder / NAME} cannot be used: {error}.") from error
        finally:
            if database is not self._own:
                database.close()

    def _database(self) -> sqlite3.Connection:
        file = self.folder / NAME
        private.make(file)
        try:
            database = sqlite3.connect(file, timeout=_PATIENCE, isolation_level=None)
            database.execute(_MAKE)
        except sqlite3.Error:
            self._own.execute(_MAKE)
            return self._own
        return database
