"""What is done for every record of a page goes to the driver itself, past SQLAlchemy: half the time is saved.

This file says what that is; `postgres` and `sqlite` say how. Everything runs in the transaction of the
connection at hand, tables and columns are the schema's, and values are those of SQLAlchemy's types.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol, cast

import attrs
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mzi_adapters.sql.tables import REVISION
from mzi_core.values import Value

Rows = Sequence[tuple[Any, ...]]
"""Rows of a table whole: a value for each of its columns, in the order of the schema."""


def given_of(table: sa.Table) -> list[str]:
    """The columns of a row that is added: all but the number that the database gives."""
    return [column.name for column in table.columns if column is not table.autoincrement_column]


EVENT_NUMBER = "event_number"
ORDERED = (EVENT_NUMBER, "field_versions")
"""The columns that tables of records have whose side numbers its events."""

CHANGED = ("fingerprint", "mark", "state", "updated_at", "modified_at")
"""What is set of every changed record beside what changed; it is found by its key."""


def key_of(table: sa.Table) -> str:
    """The column of a table of records that holds their keys: its primary key, behind the tenant."""
    _, key = table.primary_key.columns.keys()
    return key


def touched_of(table: sa.Table) -> tuple[str, ...]:
    """What is remembered of a record that came again, behind the key that it is found by."""
    ordered = ORDERED if EVENT_NUMBER in table.c else ()
    return (key_of(table), "fingerprint", "modified_at", "mark", *ordered)


def kept_of(table: sa.Table) -> tuple[str, ...]:
    """What a row keeps when it is replaced; by the first three it is found, by the first two looked up.

    What it has of its own revision is raised.
    """
    return ("tenant_id", key_of(table), "id", "created_at", REVISION)


RAISED = f"{REVISION} = {{old}}{REVISION} + 1"
"""How a statement raises the revision of the rows that it sets; `old`: what they are called in it."""


@attrs.frozen(cache_hash=True)
class Find:
    """Rows found by one of many values, within what some columns are equal to; at most one for each value.

    `wanted` are expressions over the columns of the table; `live` leaves deleted records out, `few`
    says that there are never many rows to look through.
    """

    table: str
    wanted: tuple[str, ...]
    by: str
    kind: str
    within: tuple[str, ...] = ("tenant_id",)
    live: bool = False
    few: bool = False


class Driver(Protocol):
    """A driver, as far as it is used directly. What it raises is its own; see `translation`."""

    async def ask(self, connection: AsyncConnection, question: str, values: Sequence[Value]) -> Sequence[Any]:
        """The rows of a SELECT, whose values stand at %1, %2 and so on; values as the driver reads them."""
        ...

    async def run(self, connection: AsyncConnection, statement: str) -> None:
        """Carry out a statement without values, such as SAVEPOINT."""
        ...

    async def find(
        self, connection: AsyncConnection, find: Find, within: Sequence[str], values: Collection[Value]
    ) -> Sequence[Any]:
        """The rows, in any order, with values as the driver reads them; one statement however many."""
        ...

    async def add(self, connection: AsyncConnection, table: sa.Table, rows: Rows) -> None:
        """Insert rows."""
        ...

    async def replace(self, connection: AsyncConnection, table: sa.Table, rows: Rows) -> int:
        """Replace rows but for what they keep, and say how many of them were there."""
        ...

    async def change(
        self, connection: AsyncConnection, table: sa.Table, tenant: str, columns: Sequence[str], rows: Rows
    ) -> int:
        """Set some columns of a tenant's live rows, found by the first; how many of them were there."""
        ...

    async def touch(self, connection: AsyncConnection, table: sa.Table, tenant: str, touched: Rows) -> None:
        """Set the columns `touched_of` of a tenant's rows, found by the first; unknown ones are no error."""
        ...

    async def count(
        self, connection: AsyncConnection, tenant: str, module: str, changes: Mapping[str, int]
    ) -> None:
        """Add to the numbers of records a tenant's module has in each state."""
        ...

    async def lock(self, connection: AsyncConnection, locks: Sequence[tuple[str, bool]]) -> None:
        """Take the locks of these names in order, shared or not, and keep them to the end."""
        ...


def raw(connection: AsyncConnection) -> Any:
    """The driver's own connection, of a connection in a transaction.

    It is there already; `get_raw_connection` would look for it in a greenlet of its own, which takes 20 us.
    """
    return cast("sa.Connection", connection.sync_connection).connection.driver_connection
