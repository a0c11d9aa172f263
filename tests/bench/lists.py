"""Bar 12: a page of a list, or a count, takes hardly longer for being filtered, however much is stored.

A page is asked for in an open session, as the service does it; in each turn TIMES times. By their last change
the students are: NEW ones, of which many are deleted; a few UPDATED ones; the many that were deleted, all at
once; a few more UPDATED ones. Aside lie many INVALID ones, and behind them a few in ERROR.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import attrs
from tests.bench import data
from tests.bench.kinds import stored
from tests.bench.measure import Bench, Database, Measurement
from tests.bench.rows import WALL, Row, at_most
from tests.bench.scale import sizes
from tests.bench.server import connected

from mzi_adapters.bench import Rounds, Scratch, Side, Stopwatch, Unexpected, as_lines, changed, scratch, take
from mzi_adapters.files import open_source
from mzi_adapters.testing.college.seeds import zoho_id
from mzi_core.modules import STUDENTS
from mzi_core.ports import Cursor, ParkedRecord, Query, Session
from mzi_core.values import DEFAULT_TENANT, Code, Reason, State, ZohoId

TIMES = 5
PAGE = 50
"""What the service answers when no other size is asked for."""

FEW = 60
"""Of what is rare there is just more than a page."""

PLAIN = "the first page"


@attrs.frozen
class Moments:
    """Between the changes: so many lists begin in the middle, or before what is deleted."""

    half: datetime
    deleting: datetime
    end: datetime


def queries(at: Moments) -> Mapping[str, Query]:
    """Every filter of a list, alone and with others."""
    page = partial(Query, limit=PAGE)
    middle = Cursor(at.half, "")
    return {
        PLAIN: page(),
        "with deleted": page(with_deleted=True),
        "in the middle": page(after=middle),
        "behind many deleted": page(after=Cursor(at.deleting, "")),
        "updated_since the middle": page(updated_since=at.half),
        "updated_since the end": page(updated_since=at.end),
        "NEW": page(state=State.NEW),
        "NEW, behind many deleted": page(state=State.NEW, after=Cursor(at.deleting, "")),
        "UPDATED": page(state=State.UPDATED),
        "UPDATED, with deleted": page(state=State.UPDATED, with_deleted=True),
        "UPDATED, in the middle": page(state=State.UPDATED, after=middle),
        "UPDATED, updated_since the middle": page(state=State.UPDATED, updated_since=at.half),
        "INVALID": page(state=State.INVALID),
        "ERROR": page(state=State.ERROR),
        "ERROR, updated_since the middle": page(state=State.ERROR, updated_since=at.half),
    }


EMPTY = frozenset({"updated_since the end", "NEW, behind many deleted"})
"""The lists with nothing in them; all others have a page."""

COUNT = "the count by state"


async def filled(place: Scratch, folder: Path, count: int) -> Moments:
    """Store `count` students as it is said above."""
    many = count // 20
    await _take(place, data.written(folder / "half.ndjson", count // 2))
    half = datetime.now(UTC)
    await _take(place, data.written(folder / "whole.ndjson", count))
    few = list(data.narrow(2 * FEW))
    await stored(place, STUDENTS, as_lines(changed(few[:FEW], "City", "Karak")))
    async with place.use_cases.store.begin(DEFAULT_TENANT) as session:
        deleting = datetime.now(UTC)
        gone = range(count // 2, count // 2 + many)
        await session.delete(STUDENTS, [ZohoId(zoho_id(STUDENTS.name, serial)) for serial in gone], deleting)
        await session.park([_held(serial, State.INVALID) for serial in range(many)])
        await session.park([_held(many + serial, State.ERROR) for serial in range(FEW)])
    await stored(place, STUDENTS, as_lines(changed(few[FEW:], "City", "Karak")))
    return Moments(half=half, deleting=deleting, end=datetime.now(UTC))


async def _take(place: Scratch, file: Path) -> None:
    with open_source(str(file)) as source:
        await take(place.use_cases, STUDENTS, source)


def _held(serial: int, state: State) -> ParkedRecord:
    return ParkedRecord(
        module=STUDENTS.name,
        key=ZohoId(f"77{serial:017d}"),
        record={"Academic_Email": "nobody"},
        state=state,
        reasons=(Reason(Code.EMAIL_INVALID, "Academic_Email", "It is no e-mail address."),),
        waits_for=None,
        parked_at=datetime.now(UTC),
    )


async def _listed(query: Query, session: Session) -> int:
    if query.state in (State.INVALID, State.ERROR):
        return len(await session.parked_list(STUDENTS.name, query))
    return len(await session.list(STUDENTS, query))


async def _counted(session: Session) -> int:
    return len(await session.count(STUDENTS))


async def _asked(
    place: Scratch, ask: Callable[[Session], Awaitable[int]], expected: int, meter: Stopwatch
) -> None:
    async with place.use_cases.store.read(DEFAULT_TENANT) as session:
        await session.settings()  # the connection is there
        with meter.running(TIMES):
            found = [await ask(session) for _ in range(TIMES)]
    if set(found) != {expected}:
        raise Unexpected(f"There were {found} where {expected} were to be.")


async def _run(database: Database, bench: Bench) -> Rounds:
    async with scratch(bench.url(database)) as place:
        bench.tell(f"Lists, {database}: storing {sizes(bench)[1]:,} students")
        moments = await filled(place, bench.folder, sizes(bench)[1])
        if database is Database.POSTGRESQL:
            async with connected(place.url) as connection:
                await connection.execute("VACUUM ANALYZE")  # as the server does by itself within minutes
        sides: dict[str, Side] = {
            name: partial(_asked, place, partial(_listed, query), 0 if name in EMPTY else PAGE)
            for name, query in queries(moments).items()
        }
        sides[COUNT] = partial(_asked, place, _counted, len(State) - 1)
        return await bench.turns(f"Lists, {database}", sides, bench.serving(database))


def _measurement(database: Database) -> Measurement:
    now = datetime.now(UTC)
    names = [name for name in queries(Moments(half=now, deleting=now, end=now)) if name != PLAIN]
    rows = [
        Row(
            number="12",
            name="lists",
            what=f"{database}, a page: {name}" if name != COUNT else f"{database}, {name}",
            side=name,
            against=PLAIN,
            baseline="the first page, unfiltered",
            limit=at_most(12),
            by=WALL,
        )
        for name in (*names, COUNT)
    ]
    return Measurement(rows=rows, run=partial(_run, database))


MEASUREMENTS = tuple(map(_measurement, Database))
