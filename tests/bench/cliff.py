"""One bad record does not make the whole of its page expensive."""

from collections.abc import Callable, Sequence
from functools import partial

from tests.bench.data import narrow
from tests.bench.kinds import stored
from tests.bench.measure import Bench, Database, Measurement
from tests.bench.rows import Row, at_most

from mzi_adapters.bench import Rounds, Scratch, Stopwatch, Unexpected, as_lines, in_memory, scratch, take
from mzi_adapters.testing.college import Record
from mzi_core.modules import STUDENTS
from mzi_core.use_cases.take_page import PAGE
from mzi_core.values import State

CLEAN = "clean"
TAKEN = "taken@campus.example"
BAD: dict[str, Callable[[Record], object]] = {
    "one unreadable value": lambda before: "nobody",
    "one e-mail address twice": lambda before: before["Academic_Email"],
    "one e-mail address of another stored record": lambda before: TAKEN,
}
"""The address of one record in every page, given the record before it."""


def spoiled(records: Sequence[Record], bad: Callable[[Record], object]) -> tuple[list[Record], int]:
    """The records with a bad address in the middle of every page, and how many that are."""
    found, places = (
        list(records),
        [(start + min(start + PAGE, len(records))) // 2 for start in range(0, len(records), PAGE)],
    )
    for place in places:
        found[place] = {**found[place], "Academic_Email": bad(found[place - 1])}
    return found, len(places)


async def _new(place: Scratch, lines: Sequence[bytes], refused: int, meter: Stopwatch) -> None:
    """Take the lines into a store that holds one student, whose address is TAKEN."""
    other = {"id": "1", "Name": "A0", "Academic_Email": TAKEN}
    await place.empty(STUDENTS)
    await stored(place, STUDENTS, as_lines([other]))
    source = in_memory(b"".join(lines))
    with meter.running(len(lines)):
        counts = await take(place.use_cases, STUDENTS, source)
    if counts[State.NEW] != len(lines) - refused:
        raise Unexpected(f"The store took {dict(counts)}, where {refused} were to be refused.")


async def _run(database: Database, bench: Bench) -> Rounds:
    records = list(narrow(bench.records))
    async with scratch(bench.url(database)) as place:
        sides = {CLEAN: partial(_new, place, as_lines(records), 0)}
        for what, bad in BAD.items():
            found, refused = spoiled(records, bad)
            sides[what] = partial(_new, place, as_lines(found), refused)
        title = f"{database}, a bad record in every page"
        return await bench.turns(title, sides, bench.serving(database))


def _measurement(database: Database) -> Measurement:
    rows = (
        Row(
            number="cliff",
            name="cliff",
            what=f"NEW with {bad} in every page of {PAGE:,}, {database}",
            side=bad,
            against=CLEAN,
            baseline="clean pages",
            limit=at_most(1.6),
        )
        for bad in BAD
    )
    return Measurement(rows=tuple(rows), run=partial(_run, database))


MEASUREMENTS = tuple(map(_measurement, Database))
