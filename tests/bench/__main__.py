"""`python -m tests.bench`: every bar, measured now; exits 1 when one is missed.

A bar is a ratio between two things that take turns in this very run, on this very machine. What a bar is
about, and how to read it, stands in docs/performance.md.
"""

import argparse
import asyncio
import json
import os
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from string import ascii_lowercase

from rich.console import Console
from rich.table import Table
from tests.bench import (
    cliff,
    command,
    deliveries,
    dlt_merge,
    grading,
    intake,
    lanes,
    lists,
    orm,
    postgres,
    scale,
    service,
    sqlite,
    together,
)
from tests.bench.measure import Bench, Measurement, chosen
from tests.bench.rows import COLUMNS, Result

from mzi_adapters.bench import ROUNDS
from mzi_adapters.system import moves_many_records

_SUBJECTS = (
    postgres,
    lanes,
    cliff,
    deliveries,
    dlt_merge,
    orm,
    sqlite,
    service,
    intake,
    grading,
    scale,
    command,
    lists,
    together,
)
MEASUREMENTS: Sequence[Measurement] = [each for subject in _SUBJECTS for each in subject.MEASUREMENTS]

RECORDS = 10_000


def _order(result: Result) -> tuple[int, str]:
    """By the number of the bar; what has only a name comes last."""
    number = result.row.number
    digits = number.rstrip(ascii_lowercase)
    return (int(digits) if digits else sys.maxsize, number)


async def measured(bench: Bench, wanted: frozenset[str]) -> list[Result]:
    """The rows with these numbers or names, in the order of the bars."""
    found = [result for each in MEASUREMENTS for result in await each.results(bench, wanted)]
    return sorted(found, key=_order)


def shown(results: Sequence[Result]) -> Table:
    """The rows as a table."""
    table = Table(*COLUMNS)
    for result in results:
        table.add_row(*result.cells())
    return table


def markdown(results: Sequence[Result]) -> str:
    """The rows as a table for docs/performance.md."""
    rows = [COLUMNS, ("---",) * len(COLUMNS), *(result.cells() for result in results)]
    table = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    return table.replace("| MISSED |", "| **MISSED** |").replace("| FAILED |", "| **FAILED** |")


def document(results: Sequence[Result], **asked: int) -> dict[str, object]:
    """The rows as JSON, with what must be known to read them."""
    return {
        "taken_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        **asked,
        "rows": [result.data() for result in results],
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    parser.add_argument("--markdown", type=Path, help="write the table to this file as well")
    parser.add_argument("--only", help="numbers of bars and names of rows, such as 1,cliff")
    parser.add_argument(
        "--records", type=int, default=RECORDS, help=f"how many records; {RECORDS:,} if not said"
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"how many rounds; {ROUNDS} if not said")
    parser.add_argument("--million", action="store_true", help="growth and lists on a million records")
    asked = parser.parse_args(arguments)
    try:
        wanted = chosen(asked.only, MEASUREMENTS)
    except ValueError as error:
        parser.error(str(error))
    moves_many_records()  # as the command line says of itself
    with Bench.started(records=asked.records, rounds=asked.rounds, million=asked.million) as bench:
        results = asyncio.run(measured(bench, wanted))
    # Not cut to a narrow terminal, nor to the eighty columns that rich takes a pipe for.
    Console(width=None if sys.stdout.isatty() else 240, markup=False).print(shown(results))
    if asked.json:
        told = document(results, records=asked.records, rounds=asked.rounds, million=asked.million)
        asked.json.write_text(json.dumps(told, ensure_ascii=False, indent=1), "utf-8")
    if asked.markdown:
        asked.markdown.write_text(markdown(results), "utf-8")
    missed = [result.row.what for result in results if not result.met]
    if missed:
        print(f"Missed or failed: {len(missed)} of {len(results)} rows.", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
