"""`python -m tests.bench`: every bar, measured now; exits 1 when one is missed.

A bar is a ratio between two things that take turns in this very run, on this very machine; the median of
each is taken. What a bar is about, and how to read it, stands in docs/performance.md.
"""

import argparse
import asyncio
import json
import os
import platform
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table
from tests.bench import grading
from tests.bench.measure import Bar, chosen

from mzi_adapters.bench import ROUNDS
from mzi_adapters.system import moves_many_records

NUMBERS = ("1", "2", "3", "4", "5", "7", "8", "workers")
RECORDS = 10_000

_ON_A_SERVER = frozenset({"1", "2", "3", "4", "8", "workers"})


def _tell(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def _measured(numbers: frozenset[str], records: int, rounds: int, *, million: bool) -> list[Bar]:
    """All bars of these numbers, in their order."""
    from tests.bench import dlt_merge, orm, postgres, scale, sqlite, together
    from tests.bench.server import server

    found: list[Bar] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="mzi-bench-")))
        running = stack.enter_context(server()) if numbers & _ON_A_SERVER else None
        if running and numbers & {"1", "2"}:
            bars = asyncio.run(postgres.bars(running, records, rounds, _tell))
            found += [bar for bar in bars if bar.number in numbers]
        if running and "3" in numbers:
            found += asyncio.run(dlt_merge.bars(running, records, rounds, _tell))
        if running and "4" in numbers:
            found += asyncio.run(orm.bars(running, records, rounds, _tell))
        if "5" in numbers:
            found += asyncio.run(sqlite.bars(folder, records, rounds, _tell))
        if "7" in numbers:
            found += grading.bars()
        if "8" in numbers:
            found += asyncio.run(scale.bars(running, records, rounds, _tell, million=million))
        if running and "workers" in numbers:
            found += asyncio.run(together.bars(running, records, rounds, _tell))
    return sorted(found, key=lambda bar: bar.number)


def shown(bars: Sequence[Bar]) -> Table:
    """The bars as a table."""
    table = Table("bar", "what", "against", "ratio", "wanted", "verdict", "records", "in figures")
    for bar in bars:
        ratio = "–" if bar.ratio is None else f"{bar.ratio:.2f}"
        records = "" if bar.records is None else f"{bar.records:,}"
        table.add_row(bar.number, bar.what, bar.baseline, ratio, bar.wanted, bar.verdict, records, bar.note)
    return table


def markdown(bars: Sequence[Bar]) -> str:
    """The bars as a table for docs/performance.md."""
    rows: list[tuple[str, ...]] = [
        ("bar", "what", "against", "ratio", "wanted", "verdict", "records", "in figures")
    ]
    rows.append(("---",) * len(rows[0]))
    for bar in bars:
        ratio = "–" if bar.ratio is None else f"{bar.ratio:.2f}"
        verdict = f"**{bar.verdict}**" if not bar.met else bar.verdict
        records = "" if bar.records is None else f"{bar.records:,}"
        rows.append((bar.number, bar.what, bar.baseline, ratio, bar.wanted, verdict, records, bar.note))
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def document(bars: Sequence[Bar], rounds: int) -> dict[str, object]:
    """The bars as JSON, with what must be known to read them."""
    return {
        "taken_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "rounds": rounds,
        "bars": [bar.data() for bar in bars],
    }


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    parser.add_argument("--markdown", type=Path, help="write the table to this file as well")
    parser.add_argument("--only", help="numbers of bars, such as 1,5")
    parser.add_argument(
        "--records", type=int, default=RECORDS, help=f"how many records; {RECORDS:,} if not said"
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"how many rounds; {ROUNDS} if not said")
    parser.add_argument("--million", action="store_true", help="bar 8 on a million records, which takes long")
    asked = parser.parse_args()
    try:
        numbers = chosen(asked.only, NUMBERS)
    except ValueError as error:
        parser.error(str(error))
    moves_many_records()  # as the command line says of itself
    bars = _measured(numbers, asked.records, asked.rounds, million=asked.million)
    # Not cut to a narrow terminal, nor to the eighty columns that rich takes a pipe for.
    Console(width=None if sys.stdout.isatty() else 200).print(shown(bars))
    if asked.json:
        asked.json.write_text(json.dumps(document(bars, asked.rounds), ensure_ascii=False, indent=1), "utf-8")
    if asked.markdown:
        asked.markdown.write_text(markdown(bars), "utf-8")
    return 0 if all(bar.met for bar in bars) else 1


if __name__ == "__main__":
    sys.exit(main())
