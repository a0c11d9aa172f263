"""Tables for the modules that a catalogue has beside mzi's own: a program's, which no migration knows.

Each is called `own_` and the module's name. There are no foreign keys: what a record waits for is in the
store before it, for its batch has the lock.
"""

import re
from collections.abc import Iterator
from functools import cache

import sqlalchemy as sa

from mzi_adapters.sql.tables import OWN, RECORDS, REVISION, add_indexes, columns_of
from mzi_adapters.sql.types import Json
from mzi_core.errors import StoreRefused
from mzi_core.module import AnyModule
from mzi_core.modules import Catalogue
from mzi_core.ports import FIRST_REVISION

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


def table_of(module: AnyModule) -> sa.Table:
    """The table of a module, without its indexes. Raises StoreRefused for a name that no table can have."""
    declared = RECORDS.get(module.name)
    return _own(module) if declared is None else declared


@cache
def _own(module: AnyModule) -> sa.Table:
    if not _NAME.fullmatch(module.name):
        raise StoreRefused(
            f"`{module.name[:60]}` is no name for a module in a database: take small letters, digits and "
            "underscores, at most 40."
        )
    return sa.Table(f"{OWN}{module.name}", sa.MetaData(), *columns_of(module))


@cache
def _with_indexes(module: AnyModule) -> sa.Table:
    table = _own(module).to_metadata(sa.MetaData())
    add_indexes(module, table)
    return table


def _own_modules(catalogue: Catalogue) -> Iterator[AnyModule]:
    return (module for module in catalogue if module.name not in RECORDS)


def make(connection: sa.Connection, catalogue: Catalogue) -> None:
    """Make the tables that are missing, and add the columns that are.

    Raises StoreRefused for a field that a table with records cannot be given: one that must have a value; and
    for one that no column can be called by.
    """
    for module in _own_modules(catalogue):
        table = _with_indexes(module)
        _must_be_plain(module, table)
        if not sa.inspect(connection).has_table(table.name):
            table.create(connection)
            continue
        there = {column["name"] for column in sa.inspect(connection).get_columns(table.name)}
        for column in table.columns:
            if column.name not in there:
                _add(connection, module, column)


def _must_be_plain(module: AnyModule, table: sa.Table) -> None:
    """On every database, so that a program can move from one to another."""
    from sqlalchemy.dialects.postgresql.base import RESERVED_WORDS as POSTGRES  # noqa: PLC0415  # seldom needed
    from sqlalchemy.dialects.sqlite.base import SQLiteIdentifierPreparer as Sqlite  # noqa: PLC0415

    for column in table.columns:
        if column.name.lower() in POSTGRES | Sqlite.reserved_words:
            raise StoreRefused(
                f"`{column.name}` of {module.name} is a word of SQL, and no column can be called so: "
                "give the field another name."
            )


def _start(column: sa.Column[object]) -> str | None:
    """What rows that are there have in a new column which must have a value; None where nobody can say."""
    if column.name == REVISION:
        return str(FIRST_REVISION)
    return "'[]'" if isinstance(column.type, Json) else None


def _add(connection: sa.Connection, module: AnyModule, column: sa.Column[object]) -> None:
    start = _start(column)
    if not column.nullable and start is None:
        raise StoreRefused(
            f"{module.name} has a new field `{column.name}` that must have a value, and the records that are "
            "stored have none: give it the default None."
        )
    kind = column.type.compile(connection.dialect)
    if start is not None:
        kind = f"{kind} NOT NULL DEFAULT {start}"
    connection.exec_driver_sql(f"ALTER TABLE {column.table.name} ADD COLUMN {column.name} {kind}")
