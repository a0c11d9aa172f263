"""Bar 4: the same students through an ORM, a SELECT a record, which is how it is mostly done."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import registry
from tests.bench.measure import Bar
from tests.bench.postgres import NARROW, prepared
from tests.bench.server import Server

from mzi_adapters.bench import Meter, scratch, taking_turns
from mzi_adapters.sql.tables import RECORDS

SINGLY = 200
"""How many records are measured where each has a commit of its own."""

PAGE = 1000
SCHEMA = "orm"

_TABLE = RECORDS["students"].to_metadata(sa.MetaData(), schema=SCHEMA)


class _Student:
    """A row; what it has is known to the mapper."""


registry().map_imperatively(_Student, _TABLE)


@attrs.frozen
class _Orm:
    """What there is to store. The values are converted already: that part is spared the ORM."""

    engine: AsyncEngine
    lines: Sequence[bytes]
    values: Sequence[Mapping[str, Any]]

    async def take(self, count: int, per_commit: int) -> None:
        async with AsyncSession(self.engine, expire_on_commit=False) as session:
            for place in range(count):
                record = json.loads(self.lines[place])
                values = self.values[place]
                found = await session.scalar(
                    sa.select(_Student).where(
                        _TABLE.c.tenant_id == values["tenant_id"], _TABLE.c.zoho_id == record["id"]
                    )
                )
                if found is None:
                    found = _Student()
                    session.add(found)
                for name, value in values.items():
                    setattr(found, name, value)
                if (place + 1) % per_commit == 0:
                    await session.commit()
                    session.expunge_all()
            await session.commit()

    async def empty(self) -> None:
        async with self.engine.begin() as connection:
            await connection.execute(sa.text(f"TRUNCATE {_TABLE.fullname}"))

    async def singly(self, meter: Meter) -> None:
        await self.empty()
        with meter.running():
            await self.take(SINGLY, 1)

    async def unchanged(self, meter: Meter) -> None:
        with meter.running():
            await self.take(SINGLY, 1)

    async def paged(self, meter: Meter) -> None:
        await self.empty()
        with meter.running():
            await self.take(PAGE, PAGE)


async def bars(server: Server, records: int, rounds: int, tell: Callable[[str], None]) -> list[Bar]:
    """The bar; each side is measured by the record, the slow ones on fewer of them."""
    async with scratch(server.url) as place:
        sides = await prepared(place, NARROW, max(records, PAGE))
        engine = create_async_engine(sa.make_url(place.url).set(drivername="postgresql+asyncpg"))
        try:
            async with engine.begin() as connection:
                await connection.execute(sa.schema.CreateSchema(SCHEMA))
                await connection.run_sync(_TABLE.metadata.create_all)
                rows = await connection.execute(sa.select(RECORDS["students"]).limit(PAGE))
                values = [dict(row._mapping) for row in rows]
            by_id = {row["zoho_id"]: row for row in values}
            lines = [line for line in sides.lines if json.loads(line)["id"] in by_id]
            orm = _Orm(engine, lines, [by_id[json.loads(line)["id"]] for line in lines])
            costs = await taking_turns(
                {
                    "new": sides.new,
                    "unchanged": sides.unchanged,
                    "paged": orm.paged,
                    "singly": orm.singly,
                    "singly, unchanged": orm.unchanged,
                },
                rounds=rounds,
                tell=lambda turn, side: tell(f"ORM, round {turn}: {side}"),
            )
        finally:
            await engine.dispose()
    new, unchanged = (costs[side].per(len(sides.lines)) for side in ("new", "unchanged"))

    compared = (
        ("NEW", new, "singly", SINGLY, 50, "record"),
        ("NEW", new, "paged", PAGE, 20, "page"),
        ("UNCHANGED", unchanged, "singly, unchanged", SINGLY, 30, "record"),
    )
    return [
        Bar(
            number="4",
            what=f"{what}, times faster: {NARROW.name}",
            baseline=f"ORM, a SELECT a record, a commit a {committed}",
            ratio=(theirs := costs[side].per(count)) / ours,
            bar=bar,
            at_most=False,
            records=len(sides.lines),
            note=f"{ours:.1f} µs against {theirs:,.0f} (of {count:,} records)",
        )
        for what, ours, side, count, bar, committed in compared
    ]
