"""Column types that give back exactly what was put in, on every database."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

# Processors of their own, and not `process_bind_param`, whose wrapping takes longer than what it does.


def _utc(value: datetime | None) -> datetime | None:
    if value is None or value.tzinfo is UTC:  # as nearly all are
        return value
    if value.tzinfo is None:
        raise ValueError("A time without its offset from UTC cannot be stored.")
    return value.astimezone(UTC)


def _utc_text(value: datetime | None) -> str | None:
    value = _utc(value)
    return None if value is None else value.isoformat(" ", "microseconds")


_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def _since_2000(value: datetime | None) -> tuple[int] | None:
    value = _utc(value)
    return None if value is None else ((value - _EPOCH) // _MICROSECOND,)


def moment_since_2000(microseconds: tuple[int]) -> datetime:
    """The instant so many microseconds after 2000, as PostgreSQL keeps it, in UTC."""
    return _EPOCH + timedelta(microseconds=microseconds[0])


def _exact(value: Decimal | None) -> Decimal | None:
    if value is not None and not value.is_finite():
        raise ValueError("Only a finite number can be stored.")
    return value


def _exact_text(value: Decimal | None) -> str | None:
    value = _exact(value)
    return None if value is None else str(value)


class UtcDateTime(sa.TypeDecorator[datetime]):
    """An instant, given back in UTC: TIMESTAMP WITH TIME ZONE, and on SQLite ISO text that says its zone.

    SQLite's own date type would silently drop the zone. The text always has six decimals and +00:00, so
    that it sorts by time. asyncpg is given the microseconds that it would send, and takes them as they are
    (`postgres.watch`): of a moment it would make the same in 0.6 us, and a row has three.
    """

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """Text for SQLite, TIMESTAMP WITH TIME ZONE elsewhere."""
        return dialect.type_descriptor(sa.Text() if dialect.name == "sqlite" else sa.DateTime(timezone=True))

    def bind_processor(self, dialect: sa.Dialect) -> Callable[[datetime | None], Any]:
        """The instant in UTC as the driver takes it; a ValueError refuses a time that says no offset."""
        return _utc_text if dialect.name == "sqlite" else _since_2000

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        """The instant, aware."""
        found: datetime | None = value
        return datetime.fromisoformat(value) if value is not None and dialect.name == "sqlite" else found


class Exact(sa.TypeDecorator[Decimal]):
    """A Decimal to the last digit: NUMERIC where that is exact, text on SQLite, where it would be a float."""

    impl = sa.Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """Text for SQLite, NUMERIC of any length elsewhere."""
        return dialect.type_descriptor(sa.Text() if dialect.name == "sqlite" else sa.Numeric())

    def bind_processor(self, dialect: sa.Dialect) -> Callable[[Decimal | None], Any]:
        """The digits; a ValueError refuses NaN and the infinities."""
        return _exact_text if dialect.name == "sqlite" else _exact

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Decimal | None:
        """The number as a Decimal."""
        return None if value is None else Decimal(value)


class Json(sa.TypeDecorator[Any]):
    """Plain JSON: JSONB on PostgreSQL, text on SQLite; None is NULL."""

    impl = sa.JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """JSONB where there is one."""
        if dialect.name == "postgresql":
            from sqlalchemy.dialects import postgresql  # noqa: PLC0415

            return dialect.type_descriptor(postgresql.JSONB(none_as_null=True))
        return dialect.type_descriptor(sa.JSON(none_as_null=True))


class Id(sa.TypeDecorator[str]):
    """A UUID of ours, in Python its text: 16 bytes on PostgreSQL, text on SQLite."""

    impl = sa.String
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """UUID where there is one."""
        if dialect.name != "postgresql":
            return dialect.type_descriptor(sa.String(36))
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415

        return dialect.type_descriptor(postgresql.UUID(as_uuid=False))


class Digest(sa.TypeDecorator[str]):
    """A digest of so many bytes, in Python its hexadecimal digits: BYTEA on PostgreSQL, text on SQLite."""

    impl = sa.String
    cache_ok = True

    def __init__(self, size: int) -> None:
        super().__init__(2 * size)
        self.size = size

    def __repr__(self) -> str:
        """As a migration writes it down."""
        return f"Digest({self.size})"

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """Bytes where they are half as long."""
        if dialect.name != "postgresql":
            return dialect.type_descriptor(sa.String(2 * self.size))
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415

        return dialect.type_descriptor(postgresql.BYTEA())

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> Any:
        """The bytes; a ValueError refuses what is not hexadecimal."""
        return value if value is None or dialect.name == "sqlite" else bytes.fromhex(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> str | None:
        """The digits, in small letters."""
        found: str | None = value if value is None or dialect.name == "sqlite" else value.hex()
        return found


class Key(sa.TypeDecorator[str]):
    """Text that lists are ordered by: compared by code point everywhere, whatever the database's language."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """The collation "C" on PostgreSQL; SQLite compares so by itself."""
        return dialect.type_descriptor(sa.Text(collation="C") if dialect.name == "postgresql" else sa.Text())
