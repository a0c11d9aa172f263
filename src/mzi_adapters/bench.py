"""Measuring a store: records as bytes, the whole way through the house, and raw inserts to compare with.

Everything happens in a scratch database beside the one that is named, which is removed afterwards; of the
named database nothing is read and nothing is written. `mzi bench` and the project's own benchmarks share it.
"""

import asyncio
import gc
import json
import shutil
import sqlite3
import statistics
import tempfile
import time
import uuid
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import Any, Self

import attrs
import sqlalchemy as sa
from sqlalchemy import exc

from mzi_adapters.files import Source, read_pages
from mzi_adapters.sql import open_store, upgrade
from mzi_adapters.system import SystemClock, SystemIds
from mzi_adapters.testing.college import Record
from mzi_adapters.zoho import ZohoCodec
from mzi_core.errors import MziError, StoreUnavailable
from mzi_core.module import AnyModule
from mzi_core.use_cases import UseCases
from mzi_core.use_cases.take_page import PAGE
from mzi_core.values import DEFAULT_TENANT, State, TenantId

ROUNDS = 5
"""How often each side is measured: a median of fewer says little on a machine that others use too."""

SCRATCH = "mzi_bench_"
"""What the name of every scratch database begins with."""

FEW = 20
"""One record in so many is changed where 5 % are."""


class Unexpected(MziError):
    """The store took the records otherwise than it must; what was measured means nothing."""


# Records


def as_lines(records: Iterable[Record]) -> list[bytes]:
    """Each record as one line of NDJSON."""
    return [
        json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" for record in records
    ]


def changed(records: Iterable[Record], field: str, value: str, every: int = 1) -> Iterator[Record]:
    """The records, of which each `every`th says `value` in `field`."""
    for place, record in enumerate(records):
        yield record if place % every else {**record, field: value}


async def take(
    use_cases: UseCases, module: AnyModule, source: Source, tenant: TenantId = DEFAULT_TENANT
) -> Counter[State]:
    """All records of a source as `mzi sync` takes them, from the bytes to the outcomes; counts by state."""

    async def feed() -> AsyncIterator[Sequence[object]]:
        for each in read_pages(source, module, PAGE):
            yield each.records

    counts: Counter[State] = Counter()
    async for done in use_cases.bulk(tenant, module, feed(), source=source.name):
        counts.update(done.result.summary)
    return +counts


def in_memory(data: bytes) -> Source:
    """A source of NDJSON that needs no disk."""
    return Source("bench.ndjson", BytesIO(data), len(data))


# Time


@attrs.frozen(kw_only=True)
class Timing:
    """What one turn took, in seconds: by the clock, and of processors here and in other processes.

    `records`: over how many it is spread. `beside`: what else was counted in the turn, by name.
    """

    wall: float
    client: float
    server: float = 0.0
    records: int = 1
    beside: Mapping[str, float] = attrs.field(factory=dict)

    @property
    def cpu(self) -> float:
        """Processor seconds of all processes together."""
        return self.client + self.server

    def per_record(self, seconds: float) -> float:
        """Microseconds a record."""
        return seconds / self.records * 1e6


Figure = Callable[[Timing], float]
"""What is compared of a turn."""


def wall(cost: Timing) -> float:
    """Microseconds a record by the clock."""
    return cost.per_record(cost.wall)


def cpu(cost: Timing) -> float:
    """Microseconds a record of all processors."""
    return cost.per_record(cost.cpu)


def median(costs: Iterable[Timing], figure: Figure) -> float:
    """The median of a figure over all rounds."""
    return statistics.median(map(figure, costs))


def ratio(costs: Iterable[Timing], others: Iterable[Timing], figure: Figure) -> float:
    """The median of the ratios of a figure in each round, so that a busy minute slows both sides of one."""
    return statistics.median(figure(cost) / figure(other) for cost, other in zip(costs, others, strict=True))


@attrs.define
class Stopwatch:
    """What a side uses to say which part of it counts. `also`: processor seconds of other processes."""

    also: Callable[[], float] = attrs.field(default=lambda: 0.0)
    costs: list[Timing] = attrs.field(factory=list)

    @contextmanager
    def running(self, records: int) -> Iterator[None]:
        """What happens in the block is measured, for so many records.

        The collector starts clean, and does not look through what there is by then: rows and lines are held
        here that no process holds which only takes records.
        """
        gc.collect()
        gc.freeze()
        server, client, wall = self.also(), time.process_time(), time.perf_counter()
        yield
        wall, client = time.perf_counter() - wall, time.process_time() - client
        self.costs.append(Timing(wall=wall, client=client, server=self.also() - server, records=records))

    def change(self, **facts: Any) -> None:
        """Say something else of the turn that was measured last."""
        self.costs[-1] = attrs.evolve(self.costs[-1], **facts)


Side = Callable[[Stopwatch], Awaitable[None]]
"""One thing to measure: it prepares, and runs what counts inside `meter.running(records)`, once."""

Rounds = Mapping[str, Sequence[Timing]]
"""What each side cost, round by round."""


async def taking_turns(
    sides: Mapping[str, Side],
    *,
    also: Callable[[], float] = lambda: 0.0,
    rounds: int = ROUNDS,
    tell: Callable[[int, str], None] = lambda round, side: None,
) -> Rounds:
    """The costs of all sides, which take turns after one round that does not count.

    `tell` hears of every turn before it begins, from round 0, the one that does not count.
    """
    meters = {name: Stopwatch(also) for name in sides}
    for turn in range(rounds + 1):
        for name, side in sides.items():
            tell(turn, name)
            await side(meters[name])
    return {name: meter.costs[1:] for name, meter in meters.items()}


# Databases


@attrs.define
class Raw(ABC):
    """Rows that are ready to be inserted, and a table like theirs that only this knows."""

    rows: Sequence[tuple[Any, ...]] = attrs.field(repr=False)

    @abstractmethod
    async def insert(self) -> None:
        """Insert all rows the fastest way the driver has, in one transaction."""

    @abstractmethod
    async def empty(self) -> None:
        """Take all rows out again."""


@attrs.define
class Scratch(ABC):
    """A database of our own, on the server or the disk of the one that was named."""

    url: str
    use_cases: UseCases

    @abstractmethod
    async def empty(self, *modules: AnyModule) -> None:
        """Take every record of `modules` out, and what is kept of runs."""

    @abstractmethod
    async def raw(self, module: AnyModule, *, keyed: bool = True) -> Raw:
        """The rows of `module` as they lie there now.

        `keyed`: their table has all keys and indexes, and on PostgreSQL the foreign keys too.
        """


@attrs.define
class Sides:
    """What is measured of one kind of record. Each side finds the store as the one before it left it."""

    place: Scratch
    module: AnyModule
    lines: Sequence[bytes] = attrs.field(repr=False)
    few: bytes = attrs.field(repr=False)
    all: bytes = attrs.field(repr=False)
    keyed: Raw
    bare: Raw

    @classmethod
    async def prepared(cls, place: Scratch, module: AnyModule, records: Sequence[Record], field: str) -> Self:
        """Everything made that is not to be measured. `field`: of text, changes where something changes."""
        lines = as_lines(records)
        await place.empty(module)
        await take(place.use_cases, module, in_memory(b"".join(lines)))
        return cls(
            place,
            module,
            lines,
            few=b"".join(as_lines(changed(records, field, "Ma'an", FEW))),
            all=b"".join(as_lines(changed(records, field, "Karak"))),
            keyed=await place.raw(module),
            bare=await place.raw(module, keyed=False),
        )

    @property
    def changed(self) -> int:
        """How many records of `few` are changed."""
        return -(-len(self.lines) // FEW)

    async def taken(self, meter: Stopwatch, records: bytes, **expected: int) -> None:
        """Take these lines; how many end in each state must be as expected, else raises Unexpected."""
        source = in_memory(records)
        with meter.running(len(self.lines)):
            counts = await take(self.place.use_cases, self.module, source)
        found = {state.value: count for state, count in counts.items()}
        if found != {name: count for name, count in expected.items() if count}:
            raise Unexpected(f"The store took {found} where {expected} was to be.")

    async def raw(self, meter: Stopwatch) -> None:
        """Ready rows into a table of the same columns, keys and indexes."""
        await self.keyed.empty()
        with meter.running(len(self.keyed.rows)):
            await self.keyed.insert()

    async def raw_bare(self, meter: Stopwatch) -> None:
        """Ready rows into a table of the same columns, which has nothing else to keep up."""
        await self.bare.empty()
        with meter.running(len(self.bare.rows)):
            await self.bare.insert()

    async def new(self, meter: Stopwatch) -> None:
        """All of them into an empty store."""
        await self.place.empty(self.module)
        await self.taken(meter, b"".join(self.lines), NEW=len(self.lines))

    async def unchanged(self, meter: Stopwatch) -> None:
        """The same once more."""
        await self.taken(meter, b"".join(self.lines), UNCHANGED=len(self.lines))

    async def few_changed(self, meter: Stopwatch) -> None:
        """Once more, of which 5 % say something else."""
        same = len(self.lines) - self.changed
        await self.taken(meter, self.few, UPDATED=self.changed, UNCHANGED=same)

    async def all_changed(self, meter: Stopwatch) -> None:
        """Once more, of which every one says something else than before."""
        await self.taken(meter, self.all, UPDATED=len(self.lines))


_RUNS = ("extension_sync_runs", "parked_records")


@attrs.define
class _SqliteRaw(Raw):
    connection: sqlite3.Connection
    table: str

    async def insert(self) -> None:
        marks = ",".join("?" * len(self.rows[0]))
        self.connection.execute("BEGIN IMMEDIATE")
        self.connection.executemany(f"INSERT INTO {self.table} VALUES ({marks})", self.rows)  # noqa: S608
        self.connection.execute("COMMIT")

    async def empty(self) -> None:
        self.connection.execute(f"DELETE FROM {self.table}")  # noqa: S608  a name of our own schema
        self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


@attrs.define
class _SqliteScratch(Scratch):
    connection: sqlite3.Connection
    beside: sqlite3.Connection

    async def empty(self, *modules: AnyModule) -> None:
        for table in (*(module.name for module in modules), *_RUNS):
            self.connection.execute(f"DELETE FROM {table}")  # noqa: S608  a name of our own schema
        self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    async def raw(self, module: AnyModule, *, keyed: bool = True) -> Raw:
        table = module.name
        rows = self.connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608
        if keyed:
            self.beside.execute(f"DROP TABLE IF EXISTS {table}")
            for (statement,) in self.connection.execute(
                "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL ORDER BY type DESC",
                (table,),
            ):
                self.beside.execute(statement)
            return _SqliteRaw(rows, self.beside, table)
        columns = self.connection.execute("SELECT name, type FROM pragma_table_info(?)", (table,))
        said = ", ".join(f'"{name}" {kind}' for name, kind in columns)
        self.beside.execute(f"DROP TABLE IF EXISTS bare_{table}")
        self.beside.execute(f"CREATE TABLE bare_{table} ({said})")
        return _SqliteRaw(rows, self.beside, f"bare_{table}")


def _sqlite(path: Path) -> sqlite3.Connection:
    """As the store opens it, for the comparison is to be a fair one."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


@asynccontextmanager
async def _sqlite_scratch(file: Path) -> AsyncIterator[Scratch]:
    try:
        folder = Path(tempfile.mkdtemp(prefix=f".{SCRATCH}", dir=file.parent)).resolve()  # noqa: ASYNC240
    except OSError as error:
        raise StoreUnavailable(f"No file can be made beside {file}: {error.strerror}.") from error
    try:
        url = f"sqlite:///{folder / 'mzi.db'}"
        await upgrade(url)
        async with open_store(url) as store:
            with (
                closing(_sqlite(folder / "mzi.db")) as connection,
                closing(_sqlite(folder / "raw.db")) as beside,
            ):
                yield _SqliteScratch(url, use_cases_over(store), connection, beside)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@attrs.define
class _PostgresRaw(Raw):
    connection: Any
    table: str

    async def insert(self) -> None:
        await self.connection.copy_records_to_table(self.table, records=self.rows)

    async def empty(self) -> None:
        await self.connection.execute(f"TRUNCATE {self.table}")


_FOREIGN_KEYS = """\
SELECT pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = $1::text::regclass AND contype = 'f' ORDER BY conname"""


@attrs.define
class _PostgresScratch(Scratch):
    connection: Any

    async def empty(self, *modules: AnyModule) -> None:
        tables = ", ".join((*(module.name for module in modules), *_RUNS))
        await self.connection.execute(f"TRUNCATE {tables} CASCADE")

    async def raw(self, module: AnyModule, *, keyed: bool = True) -> Raw:
        table = module.name
        rows = [tuple(row) for row in await self.connection.fetch(f"SELECT * FROM {table}")]  # noqa: S608
        alike = f"LIKE {table} INCLUDING ALL" if keyed else f"LIKE {table}"
        name = f"raw_{table}" if keyed else f"bare_{table}"
        await self.connection.execute(f"DROP TABLE IF EXISTS {name}")
        await self.connection.execute(f"CREATE TABLE {name} ({alike})")
        if keyed:
            # LIKE leaves foreign keys out.
            for (rule,) in await self.connection.fetch(_FOREIGN_KEYS, table):
                await self.connection.execute(f"ALTER TABLE {name} ADD {rule}")
        return _PostgresRaw(rows, self.connection, name)


@asynccontextmanager
async def _postgres_scratch(url: sa.URL) -> AsyncIterator[Scratch]:
    try:
        import asyncpg  # noqa: PLC0415  # only those who use PostgreSQL have it
    except ImportError as error:
        raise StoreUnavailable(
            "The driver for this database is not installed; add `mzi[postgres]`."
        ) from error

    def address(of: sa.URL) -> str:
        return of.set(drivername="postgresql").render_as_string(hide_password=False)

    name = f"{SCRATCH}{uuid.uuid4().hex[:12]}"
    try:
        server = await asyncpg.connect(address(url))
    except (OSError, asyncpg.PostgresError) as error:
        raise StoreUnavailable(f"The database server cannot be reached: {error}.") from error
    try:
        try:
            await _create(server, name)
            scratch_url = address(url.set(database=name))
            await upgrade(scratch_url)
            async with open_store(scratch_url) as store:
                connection = await asyncpg.connect(scratch_url)
                try:
                    yield _PostgresScratch(scratch_url, use_cases_over(store), connection)
                finally:
                    await connection.close()
        finally:
            # Not to be left half done by a second Ctrl-C.
            drop = asyncio.ensure_future(server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            while not drop.done():
                with suppress(asyncio.CancelledError):
                    await asyncio.shield(drop)
            drop.result()
    finally:
        await server.close()


async def _create(server: Any, name: str) -> None:
    from asyncpg import InsufficientPrivilegeError  # noqa: PLC0415  # as above

    try:
        await server.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    except InsufficientPrivilegeError as error:
        raise StoreUnavailable(
            "The benchmark works in a database of its own, and this role may not make one; name a role "
            "that may (ALTER ROLE … CREATEDB), or a server on the same machine."
        ) from error


def use_cases_over(store: Any) -> UseCases:
    """All use cases over a store, with the clock and the dice of the machine."""
    return UseCases.over(store=store, codec=ZohoCodec(), clock=SystemClock(), ids=SystemIds())


@asynccontextmanager
async def scratch(url: str) -> AsyncIterator[Scratch]:
    """A scratch database, with our schema, beside the one at `url`; it is gone at the end of the block.

    For a SQLite file it is made in the same folder, for PostgreSQL on the same server. What is left of it
    when the process is killed carries SCRATCH in its name. Raises StoreUnavailable.
    """
    try:
        found = sa.make_url(url)
    except exc.ArgumentError as error:
        raise StoreUnavailable("The database URL names no database.") from error
    backend = found.get_backend_name()
    if backend == "postgresql":
        async with _postgres_scratch(found) as made:
            yield made
    elif backend == "sqlite" and found.database and not found.database.startswith((":", "file:")):
        async with _sqlite_scratch(Path(found.database)) as made:
            yield made
    else:
        raise StoreUnavailable("Only a store in a file or on a database server can be measured.")
