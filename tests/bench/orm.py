"""Bar 4: the same students through an ORM, a SELECT a record, which is how it is mostly done."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import registry
from tests.bench.kinds import NARROW
from tests.bench.measure import Bench, Database, Measurement
from tests.bench.rows import WALL, Row, at_least

from mzi_adapters.bench import Rounds, Stopwatch
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

    async def singly(self, meter: Stopwatch) -> None:
        await self.empty()
        with meter.running(SINGLY):
            await self.take(SINGLY, 1)

    async def unchanged(self, meter: Stopwatch) -> None:
        with meter.running(SINGLY):
            await self.take(SINGLY, 1)

    async def paged(self, meter: Stopwatch) -> None:
        await self.empty()
        with meter.running(PAGE):
            await self.take(PAGE, PAGE)


async def _run(bench: Bench) -> Rounds:
    """Each side is measured by the record, the slow ones on fewer of them."""
    async with NARROW.over(bench.url(Database.POSTGRESQL), max(bench.records, PAGE)) as sides:
        url = sa.make_url(sides.place.url).set(drivername="postgresql+asyncpg")
        engine = create_async_engine(url)
        try:
            async with engine.begin() as connection:
                await connection.execute(sa.schema.CreateSchema(SCHEMA))
                await connection.run_sync(_TABLE.metadata.create_all)
                rows = await connection.execute(sa.select(RECORDS["students"]).limit(PAGE))
                by_id = {row.zoho_id: dict(row._mapping) for row in rows}
            lines = [line for line in sides.lines if json.loads(line)["id"] in by_id]
            orm = _Orm(engine, lines, [by_id[json.loads(line)["id"]] for line in lines])
            return await bench.turns(
                "ORM",
                {
                    "NEW": sides.new,
                    "UNCHANGED": sides.unchanged,
                    "NEW, page": orm.paged,
                    "NEW, record": orm.singly,
                    "UNCHANGED, record": orm.unchanged,
                },
                bench.serving(Database.POSTGRESQL),
            )
        finally:
            await engine.dispose()


ROWS = tuple(
    Row(
        number="4",
        name="orm",
        what=f"{side}: {NARROW.name}",
        side=side,
        against=f"{side}, {committed}",
        baseline=f"ORM, a SELECT a record, a commit a {committed}",
        limit=at_least(limit),
        by=WALL,
    )
    for side, committed, limit in (("NEW", "record", 40), ("NEW", "page", 20), ("UNCHANGED", "record", 60))
)

MEASUREMENTS = (Measurement(rows=ROWS, run=_run),)
