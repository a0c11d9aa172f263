"""No statement of a session looks through rows it does not need."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from mzi_adapters.contracts.furnished import BEGAN, OURS, decision, held, later, run
from mzi_adapters.contracts.samples import row, sample, zoho_id
from mzi_adapters.sql import SqlStore
from mzi_core.modules import CATALOGUE, STUDENTS
from mzi_core.ports import Answer, Cursor, DecisionRecord, Query, Session, TenantSettings
from mzi_core.values import State


@contextmanager
def _plans(engine: AsyncEngine) -> Iterator[dict[str, list[str]]]:
    """How SQLite goes about each statement, by the statement."""
    plans: dict[str, list[str]] = {}

    def explain(_: Any, cursor: Any, statement: str, parameters: Any, *__: Any) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")) and statement not in plans:
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans[statement] = [step[3] for step in cursor.fetchall()]

    event.listen(engine.sync_engine, "before_cursor_execute", explain)
    yield plans
    event.remove(engine.sync_engine, "before_cursor_execute", explain)


async def _ask_everything(session: Session) -> None:
    cursor = Cursor(BEGAN, "1")
    for module in CATALOGUE:
        ids = [zoho_id(module, 1), zoho_id(module, 2)]
        await session.known(module, ids)
        await session.stored(module, ids)
        await session.present(module, ids)
        await session.delete(module, ids, BEGAN)
        await session.list(module, Query(after=cursor))
        await session.list(module, Query(with_deleted=True, updated_since=BEGAN, state=State.NEW))
        await session.count(module)
        values = {
            field.name: [getattr(sample(module, n), field.name) for n in (1, 2)] for field in module.unique
        }
        await session.owners(module, values)
        for field in module.links:
            await session.linked(module, field.name, 1)
    await session.write(STUDENTS, [row(STUDENTS, sample(STUDENTS, 1))], BEGAN)
    await session.write(STUDENTS, [row(STUDENTS, sample(STUDENTS, 1), state=State.UPDATED)], BEGAN)
    await session.hold([held(STUDENTS, 1, BEGAN)])
    await session.release("students", ids)
    await session.held("students", ids)
    await session.held_list("students", Query(after=cursor, state=State.INVALID))
    await session.waiting_for("students", ids, 9)
    await session.record_decision(DecisionRecord(key="k", decision=decision(), decided_at=BEGAN))
    await session.decision("k")
    await session.decisions(cursor, 9)
    await session.answer("k")
    await session.keep_answer(Answer(key="k", digest="", body=None, answered_at=BEGAN), later(1))
    await session.save_run(run(1, BEGAN))
    await session.runs(9)
    await session.save_settings(TenantSettings())
    await session.settings()


async def test_every_statement_finds_its_rows_by_an_index(
    sqlite_store: SqlStore, sqlite_engine: tuple[Path, AsyncEngine]
) -> None:
    """None scans a table, and none sorts the rows of a tenant to show a page of them."""
    async with sqlite_store.begin(OURS, discard=True) as session:
        with _plans(sqlite_engine[1]) as plans:
            await _ask_everything(session)
    assert len(plans) > 50
    # Counting alone has to look at all that a tenant has.
    found = {s: plan for s, plan in plans.items() if "count(" not in s}
    assert {s: p for s, p in found.items() if any(step.startswith("SCAN") for step in p)} == {}
    narrow = ("extension_field_mappings", "extension_sync_runs", "extension_tenants")
    assert {
        s: plan
        for s, plan in found.items()
        if any(step.endswith("(tenant_id=?)") and not any(name in step for name in narrow) for step in plan)
    } == {}
    # Those who wait for several parents have to be put in order of time; there are never many.
    paged = {s: plan for s, plan in plans.items() if "LIMIT" in s and "waits_for_zoho_id IN" not in s}
    assert {s: p for s, p in paged.items() if any("FOR ORDER BY" in step for step in p)} == {}
