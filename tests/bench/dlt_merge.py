"""Bar 3: the same students through dlt's merge, by default and as well as it can be done.

dlt is no dependency of the benchmarks: where it is not installed, the bar says so. It takes the same lines,
from the bytes to the rows, into a table of its own on the same server.
"""

import importlib
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg
import attrs
import sqlalchemy as sa
from tests.bench import data
from tests.bench.kinds import NARROW
from tests.bench.measure import Bench, Database, Measurement, NotMeasured
from tests.bench.rows import WALL, Row, at_least
from tests.bench.server import connected

from mzi_adapters.bench import Rounds, Stopwatch, Unexpected, as_lines
from mzi_core.use_cases.take_page import PAGE

_INSTALL = "pip install 'dlt[postgres]' pyarrow adbc-driver-postgresql"
_DEFAULT, _BEST = "by default", "its best case"


@attrs.frozen(kw_only=True)
class _Merge:
    """One way of merging, into a data set of its own, which the first round makes."""

    name: str
    records: int
    pages: Callable[[], Iterator[Any]]
    options: dict[str, Any]
    pipeline: Any
    connection: asyncpg.Connection

    async def new(self, meter: Stopwatch) -> None:
        if await self.connection.fetchval("SELECT to_regclass($1)", f"{self.name}.students"):
            await self.connection.execute(f"TRUNCATE {self.name}.students")
        self._run(meter)

    async def unchanged(self, meter: Stopwatch) -> None:
        self._run(meter)

    def _run(self, meter: Stopwatch) -> None:
        with meter.running(self.records):
            self.pipeline.run(self.pages(), table_name="students", primary_key="id", **self.options)


def _flat(record: dict[str, Any]) -> dict[str, Any]:
    """A record without a lookup in it, for a column of Arrow has one plain type."""
    return {name: value["id"] if isinstance(value, dict) else value for name, value in record.items()}


def _in_pages(lines: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    return (lines[start : start + PAGE] for start in range(0, len(lines), PAGE))


def _ways(
    dlt: Any, lines: Sequence[bytes], place: str, folder: str, connection: asyncpg.Connection
) -> Iterator[_Merge]:
    import orjson

    arrow, arrow_json = importlib.import_module("pyarrow"), importlib.import_module("pyarrow.json")
    flat = as_lines(map(_flat, data.narrow(len(lines))))
    schema = arrow.schema([(name, arrow.string()) for name in orjson.loads(flat[0])])
    parsing = arrow_json.ParseOptions(explicit_schema=schema)

    def parsed() -> Iterator[Any]:
        return ([orjson.loads(line) for line in page] for page in _in_pages(lines))

    def tables() -> Iterator[Any]:
        for page in _in_pages(flat):
            yield arrow_json.read_json(arrow.BufferReader(b"".join(page)), parse_options=parsing)

    def pipeline(name: str) -> Any:
        url = sa.make_url(place)
        credentials = {
            "drivername": "postgresql",
            "host": str(url.query["host"]).replace("/", "%2F"),  # a folder, as of a socket, in a URL
            "port": 5432,
            "username": url.username,
            "password": "none",
            "database": url.database,
        }
        destination = dlt.destinations.postgres(credentials=credentials)
        return dlt.pipeline(
            pipeline_name=name, dataset_name=name, destination=destination, pipelines_dir=folder
        )

    way = partial(_Merge, records=len(lines), connection=connection)
    yield way(
        name="dlt_default",
        pages=parsed,
        options={"write_disposition": "merge"},
        pipeline=pipeline("dlt_default"),
    )
    # The file format that goes in by COPY, where ADBC is there; CSV goes in by COPY as well.
    best = "parquet" if importlib.util.find_spec("adbc_driver_postgresql") else "csv"
    upsert = {"disposition": "merge", "strategy": "upsert"}
    yield way(
        name="dlt_best",
        pages=tables,
        options={"write_disposition": upsert, "loader_file_format": best},
        pipeline=pipeline("dlt_best"),
    )


async def _run(bench: Bench) -> Rounds:
    os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}
    try:
        dlt = importlib.import_module("dlt")
        importlib.import_module("pyarrow")
    except ImportError as error:
        raise NotMeasured(_INSTALL) from error
    async with (
        NARROW.over(bench.url(Database.POSTGRESQL), bench.records) as sides,
        connected(sides.place.url) as connection,
    ):
        with TemporaryDirectory(prefix="mzi-bench-") as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            default, best = _ways(dlt, sides.lines, sides.place.url, folder, connection)
            rounds = await bench.turns(
                "dlt",
                {
                    "NEW": sides.new,
                    "UNCHANGED": sides.unchanged,
                    f"NEW, {_DEFAULT}": default.new,
                    f"UNCHANGED, {_DEFAULT}": default.unchanged,
                    f"NEW, {_BEST}": best.new,
                    f"UNCHANGED, {_BEST}": best.unchanged,
                },
                bench.serving(Database.POSTGRESQL),
            )
        for way in (default, best):
            stored = await connection.fetchval(
                f"SELECT count(*) FROM {way.name}.students"  # noqa: S608  a name of our own
            )
            if stored != len(sides.lines):
                raise Unexpected(f"{way.name} stored {stored} of {len(sides.lines)} records.")
        return rounds


ROWS = tuple(
    Row(
        number="3",
        name="dlt",
        what=f"{side}: {NARROW.name}",
        side=side,
        against=f"{side}, {way}",
        baseline=f"dlt merge, {way}",
        limit=at_least(limit),
        by=WALL,
    )
    for way, limits in {_DEFAULT: (4, 15), _BEST: (0.8, 4)}.items()
    for side, limit in zip(("NEW", "UNCHANGED"), limits, strict=True)
)

MEASUREMENTS = (Measurement(rows=ROWS, run=_run),)
