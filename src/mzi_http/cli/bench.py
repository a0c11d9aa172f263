"""`mzi bench`: how fast the store at hand takes records."""

import asyncio
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Annotated

from cyclopts import Parameter
from rich.table import Table

from mzi_adapters.testing.college import iter_students
from mzi_core.modules import STUDENTS
from mzi_http.cli.console_tables import key, number, table
from mzi_http.cli.shell import AsJson, Ended, Given, Shell, UsageError
from mzi_http.settings import MEMORY

FEWEST, MOST = 100, 1_000_000
SEED = 2026

_SAID = {
    "raw": "raw inserts of the same rows",
    "new": "new records",
    "unchanged": "the same once more",
    "few": "5 % of them changed",
    "all": "all of them changed",
}


async def bench(
    *,
    records: Annotated[int, Parameter(show_default=True)] = 5_000,
    as_json: AsJson = False,
    shell: Given,
) -> Ended:
    """Measure how fast this store takes records, and how near that is to what the database can do at all.

    It works on invented students in a scratch database beside the store: a file in the same folder, or a
    database on the same server. That is removed at the end, and of the store itself nothing is read or
    written. Every figure is the median of five rounds.

    Parameters
    ----------
    records
        How many students are taken each time.
    """
    if not FEWEST <= records <= MOST:
        raise UsageError(f"--records must be from {FEWEST:,} to {MOST:,}.")
    if shell.settings.store.startswith(MEMORY):
        raise UsageError("There is no database behind a store in memory; name one with --store.")
    from mzi_adapters import bench as measuring  # noqa: PLC0415  # it needs the database toolkit

    with _stopped_gently(), _busy(shell):
        async with measuring.scratch(shell.settings.store) as place:
            health = await place.use_cases.store.health()
            students = list(iter_students(SEED, records))
            sides = await measuring.Sides.prepared(place, STUDENTS, students, "City")
            rounds = await measuring.taking_turns(
                {
                    "raw": sides.raw,
                    "new": sides.new,
                    "unchanged": sides.unchanged,
                    "few": sides.few_changed,
                    "all": sides.all_changed,
                },
                rounds=measuring.ROUNDS,
            )
    raw = rounds["raw"]
    figures = {
        side: {
            "records_per_second": round(1e6 / (each := measuring.median(costs, measuring.wall)), 1),
            "microseconds_per_record": round(each, 2),
            "rate_to_raw_inserts": round(measuring.ratio(raw, costs, measuring.wall), 3),
        }
        for side, costs in rounds.items()
    }
    if as_json:
        shell.json(
            {
                "backend": health.backend,
                "version": health.version,
                "records": records,
                "rounds": measuring.ROUNDS,
                "results": figures,
            }
        )
        return Ended.WELL
    shell.show(
        f"{records:,} students into {health.backend} {health.version}, as `mzi sync` takes them:",
        "",
        _table(figures),
    )
    shell.say(
        "Nothing is left of them. On a machine that does other things too, repeat it before you believe it."
    )
    return Ended.WELL


def _table(figures: Mapping[str, Mapping[str, float]]) -> Table:
    shown = table(key("what"), number("records/s"), number("µs a record"), number("of raw inserts"))
    for side, each in figures.items():
        of_raw = "" if side == "raw" else f"{each['rate_to_raw_inserts']:.0%}"
        rate, took = each["records_per_second"], each["microseconds_per_record"]
        shown.add_row(_SAID[side], f"{rate:,.0f}", f"{took:.1f}", of_raw)
    return shown


@contextmanager
def _stopped_gently() -> Iterator[None]:
    """A request to end, or a closed terminal, counts as Ctrl-C: what was made is removed all the same."""
    loop = asyncio.get_running_loop()
    asked = [signal.SIGTERM, signal.SIGHUP]
    # Not every system has signals for the loop, and not every thread.
    with suppress(NotImplementedError, RuntimeError, ValueError):
        for each in asked:
            loop.add_signal_handler(each, signal.raise_signal, signal.SIGINT)
    try:
        yield
    finally:
        with suppress(NotImplementedError, RuntimeError, ValueError):
            for each in asked:
                loop.remove_signal_handler(each)


@contextmanager
def _busy(shell: Shell) -> Iterator[None]:
    """A sign of life on a terminal, nothing elsewhere."""
    if not shell.err.is_terminal:
        yield
        return
    with shell.err.status("Measuring …"):
        yield
