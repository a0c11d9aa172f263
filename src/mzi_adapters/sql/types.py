"""Column types that give back exactly what was put in, on every database."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql


class UtcDateTime(sa.TypeDecorator[datetime]):
    """An instant, given back in UTC: TIMESTAMP WITH TIME ZONE, and on SQLite ISO text that says its zone.

    SQLite's own date type would silently drop the zone. The text always has six decimals and +00:00, so
    that it sorts by time.
    """

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """Text for SQLite, TIMESTAMP WITH TIME ZONE elsewhere."""
        return dialect.type_descriptor(sa.Text() if dialect.name == "sqlite" else sa.DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> Any:
        """The instant in UTC; a ValueError refuses a time that says no offset."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A time without its offset from UTC cannot be stored.")
        value = value.astimezone(UTC)
        return value.isoformat(" ", "microseconds") if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        """The instant, aware."""
        if value is None:
            return None
        found: datetime = datetime.fromisoformat(value) if dialect.name == "sqlite" else value.astimezone(UTC)
        return found


class Exact(sa.TypeDecorator[Decimal]):
    """A Decimal to the last digit: NUMERIC where that is exact, text on SQLite, where it would be a float."""

    impl = sa.Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """Text for SQLite, NUMERIC of any length elsewhere."""
        return dialect.type_descriptor(sa.Text() if dialect.name == "sqlite" else sa.Numeric())

    def process_bind_param(self, value: Decimal | None, dialect: sa.Dialect) -> Any:
        """The digits; a ValueError refuses NaN and the infinities."""
        if value is None:
            return None
        if not value.is_finite():
            raise ValueError("Only a finite number can be stored.")
        return str(value) if dialect.name == "sqlite" else value

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
            return dialect.type_descriptor(postgresql.JSONB(none_as_null=True))
        return dialect.type_descriptor(sa.JSON(none_as_null=True))


class Key(sa.TypeDecorator[str]):
    """Text that lists are ordered by: compared by code point everywhere, whatever the database's language."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """The collation "C" on PostgreSQL; SQLite compares so by itself."""
        return dialect.type_descriptor(sa.Text(collation="C") if dialect.name == "postgresql" else sa.Text())
