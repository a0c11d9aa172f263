"""`mzi demo`: an invented college, taken, broken, changed and graded before your eyes."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import tzinfo
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import attrs

from mzi_adapters.testing.college import MODULES, College, Record, build, changed, markings
from mzi_adapters.testing.college.before_moodle import before_moodle
from mzi_core.grading import Decision, GradeKey
from mzi_core.modules import CATALOGUE
from mzi_core.use_cases import UseCases
from mzi_core.use_cases.grades import MarkingRefused, ToDecide
from mzi_core.values import DEFAULT_TENANT, Outcome
from mzi_http import services
from mzi_http.cli import demo_view
from mzi_http.cli.report import ReportLine
from mzi_http.cli.shell import Ended, Given, Shell, UsageError
from mzi_http.cli.tally import Tally

FEWEST, MOST = 30, 20_000
SENT_AGAIN = "payments"
"""The module that is sent once more, to show that nothing is written then."""

CLASS = 16
"""How many are graded: one of each case there is."""

_COURSE, _ASSIGNMENT = 1001, 55


async def demo(
    *, students: int = 1200, seed: int = 2026, keep: Path | None = None, remotes: bool = False, shell: Given
) -> Ended:
    """See what mzi does, on a college that does not exist. Takes a few seconds.

    Everything is done by the same code that works on a real college, in a SQLite file of its own. With
    --remotes you try pull, push, deliver and doctor yourself, on a Zoho and a Moodle that do not exist
    either.

    Parameters
    ----------
    students
        How many students the college has.
    seed
        Which college: the same number always makes the same one.
    keep
        Keep the store in this new file: to look at it afterwards, or to push its people to a test Moodle.
    remotes
        Show nothing, but serve a Zoho with such a college and an empty Moodle on this machine until Ctrl-C.
    """
    if not FEWEST <= students <= MOST:
        raise UsageError(f"--students must be from {FEWEST} to {MOST:,}.")
    if remotes:
        if keep is not None:
            raise UsageError("With --remotes no store is made that --keep could keep; leave it out.")
        from mzi_http.cli.demo_remotes import serve_remotes  # noqa: PLC0415  # what serves, only its servers need

        return await serve_remotes(shell, seed, students)
    if keep is not None and keep.exists():  # noqa: ASYNC240  # nothing else runs yet
        raise UsageError(f"{keep} is there already; name a file that is not.")
    with TemporaryDirectory(prefix="mzi-demo-") as folder:
        file = keep or Path(folder) / "college.db"
        settings = attrs.evolve(shell.settings, store=f"sqlite:///{file}")
        await services.upgrade(settings)
        async with services.open_use_cases(settings) as use_cases:
            college = await Demo(shell=shell, use_cases=use_cases, page=settings.page).play(seed, students)
    shell.show(*demo_view.next_steps(college, keep))
    return Ended.WELL


@attrs.frozen
class Round:
    """One sync of the whole college: a tally a module, and every outcome by module and position."""

    tallies: Sequence[Tally]
    outcomes: Mapping[tuple[str, int], Outcome]


@attrs.frozen(kw_only=True)
class Demo:
    """The play: each act does something, and then shows it."""

    shell: Shell
    use_cases: UseCases
    page: int

    async def play(self, seed: int, students: int) -> College:
        """All acts in order; the college as it was in the end."""
        with self._busy("Making up a college …"):
            college = build(seed, students)
        self.shell.show(*demo_view.opening(college))
        first = await self._sync(college)
        self.shell.show(*demo_view.first_round(first.tallies))
        self.shell.show(*demo_view.faults(college, first.outcomes))
        with self._busy("A week goes by …"):
            later = changed(college)
        second = await self._sync(later)
        again = await self._sync(later, [SENT_AGAIN])
        self.shell.show(*demo_view.second_round(later, second.tallies, again.tallies[0]))
        people, decisions, zone = await self._grade(seed)
        self.shell.show(*demo_view.graded_class(people, decisions, zone, self.shell.out.width))
        self.shell.show(*demo_view.one_trace(people, decisions, zone))
        return later

    async def _sync(self, college: College, modules: Sequence[str] = MODULES) -> Round:
        tallies: list[Tally] = []
        outcomes: dict[tuple[str, int], Outcome] = {}
        for name in modules:
            tally = Tally(name)
            tallies.append(tally)
            with self._busy(f"Syncing {name} …"):
                begun = perf_counter()
                async for done in self.use_cases.bulk(
                    DEFAULT_TENANT, CATALOGUE[name], self._pages(name, college.records[name]), source="demo"
                ):
                    tally.released += len(done.result.released)
                    tally.count(done.result.outcomes)
                    for outcome in done.result.outcomes:
                        tally.look_at(ReportLine(file=name, line=outcome.position + 1, outcome=outcome))
                        outcomes[name, outcome.position] = outcome
                tally.seconds = perf_counter() - begun
        return Round(tallies, outcomes)

    async def _pages(self, module: str, records: Sequence[Record]) -> AsyncIterator[Sequence[object]]:
        """The records as they are before anything is in Moodle: so the store can be pushed to any."""
        for start in range(0, len(records), self.page):
            yield [before_moodle(module, record) for record in records[start : start + self.page]]

    async def _grade(self, seed: int) -> tuple[Sequence[Mapping[str, Any]], Sequence[Decision], tzinfo]:
        """A class, the decision on each of its members' work, which is also kept, and the zone of times."""
        people = markings(seed, CLASS)
        asked = []
        for person in people:
            key = GradeKey(student=int(person["student"]), course=_COURSE, assignment=_ASSIGNMENT)
            marking = {k: v for k, v in person.items() if k not in ("student", "name", "expected")}
            asked.append(ToDecide(marking=marking, record_as=str(key)))
        decisions = []
        found = await self.use_cases.decide_grades(DEFAULT_TENANT, asked)
        for made in found.made:
            if isinstance(made, MarkingRefused):
                raise made
            decisions.append(made)
        return people, decisions, found.zone

    @contextmanager
    def _busy(self, what: str) -> Iterator[None]:
        """Something that moves while nothing is shown."""
        if not self.shell.err.is_terminal:
            yield
            return
        with self.shell.err.status(what):
            yield
