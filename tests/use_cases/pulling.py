"""A college's Zoho in memory, and everything that pulls from it in virtual time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import attrs

from mzi_adapters.memory import MemoryStore
from mzi_adapters.testing.connections import FakeConnections
from mzi_adapters.testing.harness import CountedIds
from mzi_adapters.testing.moodle import FakeMoodle
from mzi_adapters.testing.session_guard import GuardedStore
from mzi_adapters.testing.virtual_time import VirtualTimer
from mzi_adapters.testing.zoho import FakeZoho, define_modules
from mzi_adapters.testing.zoho.college import Pick
from mzi_adapters.zoho import ZohoCodec
from mzi_core.modules import CATALOGUE, STUDENTS
from mzi_core.ports import Run, Store
from mzi_core.use_cases import UseCases
from mzi_core.use_cases.planning_pull import PullPlan
from mzi_core.use_cases.pull import PullDone
from mzi_core.use_cases.sync_runs import PageDone
from mzi_core.values import DEFAULT_TENANT, BatchResult, State, ZohoId

PAGE = 200
"""Students of one page of Get Records."""


@attrs.frozen(kw_only=True)
class World:
    """One college: its Zoho, and mzi before it."""

    zoho: FakeZoho
    timer: VirtualTimer
    use_cases: UseCases

    async def plan(self, module: str = "students", **how: Any) -> PullPlan:
        """A plan for one module."""
        return await self.use_cases.remote.plan_pull(DEFAULT_TENANT, CATALOGUE[module], **how)

    async def pull(self, module: str = "students", *, dry_run: bool = False, **how: Any) -> "Drawn":
        """A whole pull."""
        drawn = Drawn(plan=await self.plan(module, **how))
        async for done in self.use_cases.remote.pull(drawn.plan, dry_run=dry_run):
            match done:
                case PageDone():
                    drawn.pages.append(done)
                case PullDone():
                    drawn.done = done
        return drawn

    async def sync(self, module: str, *records: object) -> BatchResult:
        """Records that come another way."""
        result = await self.use_cases.sync(DEFAULT_TENANT, CATALOGUE[module], records)
        assert isinstance(result, BatchResult)
        return result

    async def stored(self, zoho_id: object, module: str = "students") -> Any:
        """A record as it is stored."""
        async with self.use_cases.store.read(DEFAULT_TENANT) as session:
            found = await session.stored(CATALOGUE[module], [ZohoId(str(zoho_id))])
        return found[ZohoId(str(zoho_id))]

    async def later(self, **by: float) -> None:
        """Let time pass."""
        await self.timer.sleep(timedelta(**by).total_seconds())

    def students(self, *numbers: int, **fields: object) -> list[str]:
        """Students entered in Zoho."""
        return [self.zoho.add("BTEC_Students", student(number, **fields)) for number in numbers]


@attrs.define
class Drawn:
    """What a pull gave."""

    plan: PullPlan
    pages: list[PageDone] = attrs.field(factory=list)
    done: PullDone | None = None

    @property
    def counts(self) -> dict[str, int]:
        """How many records became what; nothing of what is 0."""
        found = {state: sum(page.result.summary[state] for page in self.pages) for state in State}
        return {state.value: count for state, count in found.items() if count}

    @property
    def ids(self) -> list[str | None]:
        """The records that came, in order."""
        return [outcome.key for page in self.pages for outcome in page.result.outcomes]


def student(number: int, **fields: object) -> dict[str, object]:
    """A sound student."""
    return {
        "id": str(5398830000090000000 + number),
        "Name": f"A{number:04d}",
        "Academic_Email": f"a{number}@campus.example",
        **fields,
    }


@asynccontextmanager
async def world(store: Store | None = None, *, only: Pick | None = None) -> AsyncIterator[World]:
    """A Zoho with every module of the catalogue, and nothing in it; `only` as `define_modules` takes it."""
    timer = VirtualTimer()
    zoho = FakeZoho(clock=timer)
    define_modules(zoho, only=only)
    store = GuardedStore(store or MemoryStore())
    connections = FakeConnections(
        store=store, timer=timer, to_zoho=lambda: zoho, to_moodle=lambda: FakeMoodle(clock=timer)
    )
    use_cases = UseCases.over(
        store=store, codec=ZohoCodec(), clock=timer, ids=CountedIds(), connections=connections
    )
    yield World(zoho=zoho, timer=timer, use_cases=use_cases)
    await connections.close()


async def runs(college: World) -> list[Run]:
    _, found = await college.use_cases.overview(DEFAULT_TENANT, [])
    return list(found)


async def contents(college: World) -> dict[str, Any]:
    """Every live student by id."""
    async with college.use_cases.store.read(DEFAULT_TENANT) as session:
        known = await session.present(
            STUDENTS, [ZohoId(each) for each in college.zoho.records("BTEC_Students")]
        )
        found = await session.stored(STUDENTS, list(known))
    return {zoho_id: each.entity for zoho_id, each in found.items() if each.deleted_at is None}


async def killed_after(college: World, pages: int, **how: Any) -> list[str | None]:
    """A pull that ends after some pages without a word."""
    drawn = Drawn(plan=await college.plan(**how))
    stream = college.use_cases.remote.pull(drawn.plan)
    for _ in range(pages):
        drawn.pages.append(await anext(stream))  # type: ignore[arg-type]  # the last step comes much later
    await stream.aclose()
    return drawn.ids


def without(college: World, module: str, *names: str) -> None:
    """Take fields out of a Zoho module."""
    table = college.zoho.organization.tables[module]
    for name in names:
        del table.fields[name]


def rename(college: World, module: str, before: str, after: str) -> None:
    """Give a field of a Zoho module another API name."""
    table = college.zoho.organization.tables[module]
    table.fields[after] = attrs.evolve(table.fields.pop(before), api_name=after)


def number(n: int) -> str:
    """The id of a student."""
    return str(student(n)["id"])
