"""The measurements: sides that take turns, and the rows that compare them.

In each round a side's quantity is divided by that of the side it is compared with, and the row's ratio is the
median over the rounds, for machines are noisy.
"""

import sys
import traceback
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from functools import cached_property, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol, Self

import attrs
from tests.bench.rows import Result, Row
from tests.bench.server import Server, server

from mzi_adapters.bench import Rounds, Side, taking_turns


class NotMeasured(Exception):
    """What a row is measured against is not there; the sentence says how to get it."""


class Database(StrEnum):
    """What a store is kept in."""

    SQLITE = "SQLite"
    POSTGRESQL = "PostgreSQL"


class Serves(Protocol):
    """A process, and those that descend from it, that work for a side."""

    def cpu(self) -> float:
        """Processor seconds they have used so far."""
        ...


def used(servers: Iterable[Serves]) -> float:
    """Processor seconds of all of them so far."""
    return sum(server.cpu() for server in servers)


@attrs.define
class Bench:
    """What a run was asked for, and what it has started for it.

    `million`: what is about growth is measured on a million records. `tell` hears of every turn.
    """

    records: int
    rounds: int
    million: bool
    folder: Path
    stack: ExitStack
    tell: Callable[[str], None]

    @classmethod
    @contextmanager
    def started(cls, *, records: int, rounds: int, million: bool = False) -> Iterator[Self]:
        """A run in a folder of its own; what it has started is ended with it. It tells on standard error."""
        with ExitStack() as stack:
            yield cls(
                records=records,
                rounds=rounds,
                million=million,
                folder=Path(stack.enter_context(TemporaryDirectory(prefix="mzi-bench-"))),
                stack=stack,
                tell=lambda sentence: print(sentence, file=sys.stderr, flush=True),
            )

    @cached_property
    def server(self) -> Server:
        """A database server, started when it is first asked for."""
        return self.stack.enter_context(server())

    def url(self, database: Database) -> str:
        """A store beside which scratch ones can be made."""
        return self.server.url if self.serving(database) else f"sqlite:///{self.folder / 'mzi.db'}"

    def serving(self, database: Database) -> tuple[Server, ...]:
        """The servers whose processor time counts."""
        return (self.server,) if database is Database.POSTGRESQL else ()

    async def turns(self, title: str, sides: Mapping[str, Side], servers: Sequence[Serves] = ()) -> Rounds:
        """All sides in turns; what `servers` do meanwhile is done for them."""

        def tell(turn: int, side: str) -> None:
            self.tell(f"{title}, round {turn}: {side}")

        return await taking_turns(sides, also=partial(used, servers), rounds=self.rounds, tell=tell)


@attrs.frozen(kw_only=True)
class Measurement:
    """Sides that take turns, and the rows that compare them. `run` may raise NotMeasured."""

    rows: Sequence[Row]
    run: Callable[[Bench], Awaitable[Rounds]]

    async def results(self, bench: Bench, wanted: frozenset[str]) -> list[Result]:
        """The rows whose number or name is wanted; nothing is run where there are none."""
        rows = [row for row in self.rows if {row.number, row.name} & wanted]
        if not rows:
            return []
        try:
            rounds = await self.run(bench)
        except NotMeasured as why:
            return [row.unmeasured(str(why)) for row in rows]
        except Exception as error:  # the other rows are to be had all the same
            bench.tell(traceback.format_exc())
            return [row.unmeasured(f"{type(error).__name__}: {error}", failed=True) for row in rows]
        return [row.measured(rounds) for row in rows]


def chosen(only: str | None, measurements: Iterable[Measurement]) -> frozenset[str]:
    """The numbers and names of rows that `only` has, as `1,cliff`; all of them when it has none."""
    rows = [row for measurement in measurements for row in measurement.rows]
    known = {row.number for row in rows} | {row.name for row in rows}
    asked = frozenset(part.strip() for part in only.split(",")) if only else known
    if unknown := sorted(asked - known):
        raise ValueError(f"There is no row {', '.join(unknown)}; there are {', '.join(sorted(known))}.")
    return frozenset(asked)
