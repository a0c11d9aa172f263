"""The store in SQLite (and, by the same statements, PostgreSQL), with its schema and migrations."""

from mzi_adapters.sql.migrations import check, current, downgrade, upgrade
from mzi_adapters.sql.store import SqlStore, open_store

__all__ = ["SqlStore", "check", "current", "downgrade", "open_store", "upgrade"]
