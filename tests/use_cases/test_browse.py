"""What is stored and what is held can be listed, shown and counted."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import attrs
import pytest

from mzi_adapters.memory import MemoryStore
from mzi_adapters.testing.harness import Harness
from mzi_core.circuit_breaker import opened
from mzi_core.errors import MappingRefused, NotFound, StoreUnavailable, UnknownTenant
from mzi_core.mapping import FieldMapping
from mzi_core.modules import CATALOGUE, STUDENTS
from mzi_core.ports import LEFT_OUT, ParkedRecord, Query, RunStatus, Session
from mzi_core.sizes import weight
from mzi_core.use_cases.browse import LARGEST_PAGE, ListRecords
from mzi_core.use_cases.sync_runs import PageDone
from mzi_core.values import DEFAULT_TENANT, State, TenantId, ZohoId


def student(n: int, **more: Any) -> dict[str, Any]:
    return {"id": str(n), "Name": f"A{n}", "Academic_Email": f"s{n}@b.example", **more}


async def pages(*found: Sequence[object]) -> AsyncIterator[Sequence[object]]:
    for page in found:
        yield page


async def run(mzi: Harness, *found: Sequence[object], **how: Any) -> list[PageDone]:
    stream = mzi.use_cases.bulk(DEFAULT_TENANT, STUDENTS, pages(*found), source="test", **how)
    return [done async for done in stream]


async def test_a_list_is_walked_page_by_page() -> None:
    mzi = Harness()
    await run(mzi, [student(n) for n in range(5)])
    seen, query = [], Query(limit=2)
    while True:
        page = await mzi.use_cases.list_records(DEFAULT_TENANT, STUDENTS, query)
        seen.append([item.entity.key for item in page.items])  # type: ignore[union-attr]  # stored ones
        if page.next is None:
            break
        query = Query(limit=2, after=page.next)
    assert seen == [["0", "1"], ["2", "3"], ["4"]]


async def test_services_that_are_left_alone_are_named() -> None:
    mzi = Harness()
    assert list(await mzi.use_cases.list_breakers(DEFAULT_TENANT)) == []
    zoho = opened("Zoho", "https://www.zohoapis.eu", mzi.clock.now())
    async with mzi.store.begin(DEFAULT_TENANT) as session:
        await session.save_breaker(zoho)
    assert list(await mzi.use_cases.list_breakers(DEFAULT_TENANT)) == [zoho]
    assert list(await mzi.use_cases.list_breakers(TenantId("another"))) == []


async def test_refused_records_are_listed_by_their_state_and_unchanged_lists_nothing() -> None:
    mzi = Harness()
    await run(mzi, [student(1), *({"id": str(n)} for n in range(7, 10))])
    listed = mzi.use_cases.list_records
    first = await listed(DEFAULT_TENANT, STUDENTS, Query(state=State.INVALID, limit=2))
    rest = await listed(DEFAULT_TENANT, STUDENTS, Query(state=State.INVALID, limit=2, after=first.next))
    assert [i.key for i in (*first.items, *rest.items)] == ["7", "8", "9"]  # type: ignore[union-attr]  # held
    assert (await listed(DEFAULT_TENANT, STUDENTS, Query(state=State.UNCHANGED))).items == []
    assert len((await listed(DEFAULT_TENANT, STUDENTS, Query(state=State.NEW))).items) == 1


async def test_a_record_is_shown_with_a_later_version_that_was_refused() -> None:
    mzi = Harness()
    await run(mzi, [student(1)], [student(1, Birth_Date="soon"), {"id": "2"}])
    both = await mzi.use_cases.show_record(DEFAULT_TENANT, STUDENTS, ZohoId("1"))
    assert (both.stored is not None, both.held is not None) == (True, True)
    only_held = await mzi.use_cases.show_record(DEFAULT_TENANT, STUDENTS, ZohoId("2"))
    assert (only_held.stored is not None, only_held.held is not None) == (False, True)
    with pytest.raises(NotFound, match="There is no student `3`"):
        await mzi.use_cases.show_record(DEFAULT_TENANT, STUDENTS, ZohoId("3"))


async def test_a_page_ends_early_where_its_records_are_large_and_every_record_is_listed_once() -> None:
    mzi = Harness()
    await run(
        mzi, [student(n, Address="x" * 90_000) for n in range(120)], [student(n) for n in range(120, 300)]
    )
    for limit in (1, 63, 64, 65, 200):
        seen: list[str] = []
        query = Query(limit=limit)
        while True:
            page = await mzi.use_cases.list_records(DEFAULT_TENANT, STUDENTS, query)
            assert weight(page.items, 2 * LARGEST_PAGE) < LARGEST_PAGE + 100_000
            seen += [item.entity.key for item in page.items]  # type: ignore[union-attr]  # stored ones
            if page.next is None:
                break
            query = Query(limit=limit, after=page.next)
        assert sorted(seen, key=int) == [str(n) for n in range(300)]


async def test_a_record_that_is_larger_than_a_page_is_one() -> None:
    mzi = Harness()
    texts = dict.fromkeys(("Address", "City", "Nationality", "Major", "Sub_Major", "Gender"), "x" * 100000)
    extra = {f"Field_{n}": "y" for n in range(3)}
    store = mzi.store
    await run(mzi, [student(n, **texts, **extra) for n in range(20)])
    page = await ListRecords(store)(DEFAULT_TENANT, STUDENTS, Query(limit=20))
    assert len(page.items) == LARGEST_PAGE // 600_000
    assert page.next is not None


async def test_a_held_record_is_shown_and_listed_in_short() -> None:
    mzi = Harness()
    await run(mzi, [{"id": "7", "City": "x" * 70_000}, {"id": "8", "City": "x" * 60_000}])
    page = await mzi.use_cases.list_records(DEFAULT_TENANT, STUDENTS, Query(state=State.INVALID))
    large, small = page.items
    assert isinstance(large, ParkedRecord)
    assert isinstance(small, ParkedRecord)
    assert (large.record, large.reasons[-1]) == (None, LEFT_OUT)
    assert small.record == {"id": "8", "City": "x" * 60_000}
    shown = await mzi.use_cases.show_record(DEFAULT_TENANT, STUDENTS, ZohoId("7"))
    assert shown.held == large


async def test_everything_is_counted_by_module_and_state() -> None:
    mzi = Harness()
    await run(mzi, [student(1), student(2), {"id": "3"}, student(1, City="x")])
    counts, runs = await mzi.use_cases.overview(DEFAULT_TENANT, list(CATALOGUE))
    assert counts["students"] == {State.NEW: 1, State.UPDATED: 1, State.INVALID: 1}
    assert counts["payments"] == {}
    assert [(r.status, r.cursor) for r in runs] == [(RunStatus.PARTIAL, 4)]


async def test_a_module_stands_by_what_is_live_refused_and_parked_and_by_its_last_run() -> None:
    mzi = Harness()
    parked = [{"id": f"q{n}", "Student": "99"} for n in range(70)]
    await mzi.use_cases.sync(DEFAULT_TENANT, CATALOGUE["requests"], parked)
    await run(mzi, [student(1), student(2)])
    await run(mzi, [{"id": "3"}, student(1, City="x")])
    found = await mzi.use_cases.status(DEFAULT_TENANT, list(CATALOGUE))
    assert list(found) == [module.name for module in CATALOGUE]
    students = found["students"]
    assert (students.new, students.updated, students.live) == (1, 1, 2)
    assert (students.refused, students.parked) == (1, 0)
    assert students.last is not None
    assert students.last.status is RunStatus.PARTIAL
    requests = found["requests"]
    assert (requests.live, requests.refused, requests.parked, requests.last) == (0, 0, 70, None)


async def test_a_run_tells_how_far_it_got_page_by_page() -> None:
    mzi = Harness()
    await mzi.use_cases.sync(DEFAULT_TENANT, CATALOGUE["requests"], [{"id": "q", "Student": "1"}])
    done = await run(mzi, [student(1), student(2)], [student(3)])
    assert [(d.run.cursor, d.run.status) for d in done] == [(2, RunStatus.RUNNING), (3, RunStatus.RUNNING)]
    assert [o.position for d in done for o in d.result.outcomes] == [0, 1, 2]
    _, (kept,) = await mzi.use_cases.overview(DEFAULT_TENANT, [])
    assert (kept.status, kept.cursor, kept.module, kept.source) == (
        RunStatus.COMPLETED,
        3,
        "students",
        "test",
    )
    assert kept.finished_at is not None
    assert kept.counts == {"NEW": 3, "UPDATED": 0, "UNCHANGED": 0, "INVALID": 0, "ERROR": 0, "released": 1}


async def test_a_dry_run_keeps_no_run() -> None:
    mzi = Harness()
    assert len(await run(mzi, [student(1)], dry_run=True)) == 1
    assert await mzi.use_cases.overview(DEFAULT_TENANT, [STUDENTS]) == ({"students": {}}, [])


async def broken() -> AsyncIterator[Sequence[object]]:
    yield [student(1)]
    raise StoreUnavailable("The source went away.")


@pytest.mark.parametrize("dry_run", [False, True])
async def test_a_source_that_breaks_ends_the_run_as_failed_and_is_told(dry_run: bool) -> None:
    mzi = Harness()
    with pytest.raises(StoreUnavailable):
        async for _ in mzi.use_cases.bulk(DEFAULT_TENANT, STUDENTS, broken(), source="test", dry_run=dry_run):
            pass
    _, runs = await mzi.use_cases.overview(DEFAULT_TENANT, [])
    expected = [] if dry_run else [(RunStatus.FAILED, 1, "The source went away.")]
    assert [(r.status, r.cursor, r.message) for r in runs] == expected


async def killed(mzi: Harness, done: int, *found: Sequence[object]) -> None:
    """A run of which only the first `done` pages went through, and whose end nobody could write down."""
    stream = mzi.use_cases.bulk(DEFAULT_TENANT, STUDENTS, pages(*found), source="test")
    for _ in range(done):
        await anext(stream)
    await stream.aclose()


async def test_a_killed_run_goes_on_behind_the_last_page_that_was_kept() -> None:
    mzi = Harness()
    found = [[student(1), student(2)], [student(3), student(4)], [student(5)]]
    await killed(mzi, 1, *found)
    mzi.clock.advance(timedelta(minutes=1))
    done = await run(mzi, *found, resume=True)
    assert [o.position for d in done for o in d.result.outcomes] == [2, 3, 4]
    _, (kept,) = await mzi.use_cases.overview(DEFAULT_TENANT, [])
    assert (kept.status, kept.cursor, kept.counts["NEW"]) == (RunStatus.COMPLETED, 5, 5)


async def test_a_run_is_resumed_in_the_middle_of_a_page_when_pages_are_cut_otherwise() -> None:
    mzi = Harness()
    await killed(mzi, 1, [student(1), student(2)])
    done = await run(mzi, [student(1), student(2), student(3)], [student(4)], resume=True)
    assert [[o.key for o in d.result.outcomes] for d in done] == [["3"], ["4"]]


async def test_a_failed_run_can_be_resumed_and_a_finished_one_begins_anew() -> None:
    mzi = Harness()
    with pytest.raises(StoreUnavailable):
        async for _ in mzi.use_cases.bulk(DEFAULT_TENANT, STUDENTS, broken(), source="test"):
            pass
    resumed = await run(mzi, [student(1), student(2)], resume=True)
    assert [o.key for d in resumed for o in d.result.outcomes] == ["2"]
    mzi.clock.advance(timedelta(minutes=1))
    again = await run(mzi, [student(1), student(2)], resume=True)
    assert [o.state for d in again for o in d.result.outcomes] == [State.UNCHANGED] * 2


@attrs.define(slots=False)
class LosesACommit(MemoryStore):
    """A store that goes away when the session with a certain record in it wants to be kept."""

    until: ZohoId | None = None

    @asynccontextmanager
    async def begin(self, tenant: TenantId, *, discard: bool = False) -> AsyncIterator[Session]:
        async with super().begin(tenant, discard=discard) as session:
            yield session
            if self.until is not None and await session.present(STUDENTS, [self.until]):
                self.until = None
                raise StoreUnavailable("The store went away.")


async def test_a_page_whose_commit_was_lost_is_taken_when_the_run_goes_on() -> None:
    mzi = Harness(store=LosesACommit(until=ZohoId("3")))
    found = [[student(1), student(2)], [student(3), student(4)]]
    with pytest.raises(StoreUnavailable):
        await run(mzi, *found)
    _, (failed,) = await mzi.use_cases.overview(DEFAULT_TENANT, [])
    assert (failed.status, failed.cursor, failed.counts["NEW"]) == (RunStatus.FAILED, 2, 2)
    resumed = await run(mzi, *found, resume=True)
    assert [o.key for d in resumed for o in d.result.outcomes] == ["3", "4"]


async def test_only_a_run_of_the_same_module_and_source_is_resumed() -> None:
    mzi = Harness()
    await killed(mzi, 1, [student(1)], [student(2)])
    stream = mzi.use_cases.bulk(
        DEFAULT_TENANT, STUDENTS, pages([student(1)], [student(2)]), source="other", resume=True
    )
    assert [o.key async for d in stream for o in d.result.outcomes] == ["1", "2"]


async def test_without_resume_everything_is_taken_again() -> None:
    mzi = Harness()
    await killed(mzi, 1, [student(1)], [student(2)])
    done = await run(mzi, [student(1)], [student(2)])
    assert [o.state for d in done for o in d.result.outcomes] == [State.UNCHANGED, State.NEW]


async def test_an_unknown_tenant_begins_no_run() -> None:
    with pytest.raises(UnknownTenant):
        await anext(
            Harness().use_cases.bulk(TenantId("nobody"), STUDENTS, pages([student(1)]), source="test")
        )


class Counted:
    """A stream that is no generator: there is nothing to close."""

    def __init__(self, *pages: list[object]) -> None:
        self.left = list(pages)

    def __aiter__(self) -> "Counted":
        return self

    async def __anext__(self) -> list[object]:
        if not self.left:
            raise StopAsyncIteration
        return self.left.pop(0)


async def test_any_asynchronous_stream_of_pages_is_taken() -> None:
    mzi = Harness()
    stream = Counted([student(1), student(2)], [student(3)])
    done = [page async for page in mzi.use_cases.bulk(DEFAULT_TENANT, STUDENTS, stream, source="somewhere")]
    assert [page.run.cursor for page in done] == [2, 3]


async def test_a_mapping_with_a_problem_is_refused_whole() -> None:
    mzi = Harness().use_cases
    with pytest.raises(MappingRefused) as refused:
        await mzi.map_fields(
            DEFAULT_TENANT,
            STUDENTS,
            [FieldMapping("extra.intake", "Intake"), FieldMapping("extra.x", "Intak")],
        )
    assert refused.value.problems == ("BTEC_Students has no field `Intak`. Did you mean `Intake`?",)
    assert (await mzi.read_settings(DEFAULT_TENANT)).mappings == {}
