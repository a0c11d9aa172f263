"""Bar 3: the same students through dlt's merge, by default and as well as it can be done.

dlt is no dependency of the benchmarks: where it is not installed, the bar says so. It takes the same lines,
from the bytes to the rows, into a table of its own on the same server.
"""

import importlib
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg
import attrs
import orjson
import sqlalchemy as sa
from tests.bench import data
from tests.bench.measure import Bar
from tests.bench.postgres import NARROW, prepared
from tests.bench.server import Server

from mzi_adapters.bench import Meter, as_lines, scratch, taking_turns
from mzi_core.use_cases.take_page import PAGE

_INSTALL = "uv pip install 'dlt[postgres]' pyarrow adbc-driver-postgresql"
_WANTED = {"by default": (5.0, 9.0), "its best case": (2.0, 3.0)}


@attrs.frozen
class _Merge:
    """One way of merging, into a data set of its own, which the first round makes."""

    name: str
    pages: Callable[[], Iterator[Any]]
    options: dict[str, Any]
    pipeline: Any
    connection: asyncpg.Connection

    async def new(self, meter: Meter) -> None:
        if await self.connection.fetchval("SELECT to_regclass($1)", f"{self.name}.students"):
            await self.connection.execute(f"TRUNCATE {self.name}.students")
        self._run(meter)

    async def unchanged(self, meter: Meter) -> None:
        self._run(meter)

    def _run(self, meter: Meter) -> None:
        with meter.running():
            self.pipeline.run(self.pages(), table_name="students", primary_key="id", **self.options)


def _flat(record: dict[str, Any]) -> dict[str, Any]:
    """A record without a lookup in it, for a column of Arrow has one plain type."""
    return {name: value["id"] if isinstance(value, dict) else value for name, value in record.items()}


def _in_pages(lines: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    return (lines[start : start + PAGE] for start in range(0, len(lines), PAGE))


def _ways(
    dlt: Any, lines: Sequence[bytes], place: str, folder: str, connection: asyncpg.Connection
) -> Iterator[_Merge]:
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

    upsert = {"disposition": "merge", "strategy": "upsert"}
    yield _Merge("dlt_default", parsed, {"write_disposition": "merge"}, pipeline("dlt_default"), connection)
    # The file format that goes in by COPY, where ADBC is there; CSV goes in by COPY as well.
    best = "parquet" if importlib.util.find_spec("adbc_driver_postgresql") else "csv"
    options = {"write_disposition": upsert, "loader_file_format": best}
    yield _Merge("dlt_best", tables, options, pipeline("dlt_best"), connection)


def _unmeasured(why: str) -> list[Bar]:
    return [
        Bar(
            number="3",
            what=f"{what}, times faster: {NARROW.name}",
            baseline=f"dlt merge, {way}",
            ratio=None,
            bar=bar,
            at_most=False,
            note=why,
        )
        for way, wanted in _WANTED.items()
        for what, bar in zip(("NEW", "UNCHANGED"), wanted, strict=True)
    ]


async def bars(server: Server, records: int, rounds: int, tell: Callable[[str], None]) -> list[Bar]:
    """The bar, or why it was not measured."""
    os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}
    try:
        dlt = importlib.import_module("dlt")
        importlib.import_module("pyarrow")
    except ImportError:
        return _unmeasured(_INSTALL)
    async with scratch(server.url) as place:
        sides = await prepared(place, NARROW, records)
        connection = await asyncpg.connect(place.url)
        try:
            with TemporaryDirectory(prefix="mzi-bench-") as folder, warnings.catch_warnings():
                warnings.simplefilter("ignore")
                default, best = _ways(dlt, sides.lines, place.url, folder, connection)
                costs = await taking_turns(
                    {
                        "new": sides.new,
                        "unchanged": sides.unchanged,
                        "by default, new": default.new,
                        "by default, unchanged": default.unchanged,
                        "its best case, new": best.new,
                        "its best case, unchanged": best.unchanged,
                    },
                    rounds=rounds,
                    tell=lambda turn, side: tell(f"dlt, round {turn}: {side}"),
                )
                for way in (default, best):
                    stored = await connection.fetchval(
                        f"SELECT count(*) FROM {way.name}.students"  # noqa: S608  a name of our own
                    )
                    assert stored == records, f"{way.name} stored {stored} of {records}"
        finally:
            await connection.close()
    return [
        attrs.evolve(
            bar,
            ratio=costs[f"{way}, {side}"].wall / costs[side].wall,
            records=records,
            note=f"{costs[side].per(records):.1f} µs against {costs[f'{way}, {side}'].per(records):.1f}",
        )
        for bar, (way, side) in zip(
            _unmeasured(""), [(way, side) for way in _WANTED for side in ("new", "unchanged")], strict=True
        )
    ]
