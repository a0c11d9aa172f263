"""No statement about deliveries looks through rows it does not need, whatever the database knows of them."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import chain, combinations
from typing import Any

import attrs
import pytest

from mzi_adapters.sql import open_store
from mzi_adapters.sql.driver import raw
from mzi_adapters.sql.registry import SqlRegistry
from mzi_adapters.sql.store import SqlSession
from mzi_adapters.sql.tables import DELIVERIES, schema
from mzi_adapters.testing.contracts.fixtures import OURS
from mzi_core.ports import DeliveryKey, DeliveryQuery, DeliveryState, Due, Note, Session

FLOW = "course"
HOUR = timedelta(hours=1)
FEW, MANY = 20, 5000
"""Of so few among so many a planner should look up each; of more it may rather read all of them once."""
WHOLE_BY_TWO = {False: {"ix_deliveries_plan"}, True: {"ix_deliveries_due"}}
"""By tenant and plan all is found that is wanted; by tenant and flow only the first of what is due."""

GIVEN: Mapping[str, Any] = {"flow": FLOW, "state": DeliveryState.DUE, "subject": "s7", "plan_id": "plan"}
LISTED = [
    DeliveryQuery(**dict(given))
    for given in chain.from_iterable(combinations(GIVEN.items(), number) for number in range(len(GIVEN) + 1))
]
"""Each list that can be asked for."""

PAGED = " AND (ROW("
"""In the condition of an index that is read from here on, in its order."""

ABOUT = re.compile(r"\b(?:deliveries|delivery_counts|delivery_pauses)\b")

Plans = Mapping[str, Sequence[str]]


async def _make_many_due(session: Session) -> None:
    for start in range(0, MANY, 1000):
        await session.make_due([Due(FLOW, f"{n:05}", f"s{n}") for n in range(start, start + 1000)])


async def _ask(session: Session) -> None:
    """Everything that can be asked about deliveries, of some among many."""
    claims = await session.claim(FLOW, FEW, HOUR)
    keys = [claim.address for claim in claims]
    await session.make_due([Due(each.flow, each.key) for each in keys])
    await session.lock_deliveries(keys)
    await session.fence(claims)
    await session.renew(claims, HOUR)
    await session.note([Note(claim=claim, intent={"a": 1}) for claim in claims])
    await session.end_claims([claim.waiting(DeliveryKey("account", claim.key)) for claim in claims])
    await session.wake([DeliveryKey("account", each.key) for each in keys])
    await session.redrive(keys)
    await session.approve("plan")
    await session.reject("plan", "No.")
    await session.deliveries(FLOW, DeliveryState.DUE, after="00100")
    await session.deliveries_about("s7", after=keys[0])
    await session.deliveries_held("plan", after=keys[0])
    await session.held_under(["plan", "plan 2"])
    await session.delivery(keys[0])
    await session.deliveries_at(keys)
    await session.delivery_states(keys)
    for asked in LISTED:
        await session.list_deliveries(attrs.evolve(asked, after=keys[0]))
    settled = await session.claim(FLOW, FEW, HOUR)
    await session.end_claims([claim.settled() for claim in settled])
    await session.forget_settled(FLOW, HOUR)
    await session.pause(FLOW, "No.")
    await session.resume(FLOW)
    await session.flows()


async def _ask_all(session: SqlSession) -> None:
    await _ask(session)
    await SqlRegistry(OURS, session.connection, session.clock).due_flows()


async def _of_postgres(session: SqlSession) -> Plans:
    """How PostgreSQL goes about it: conditions of indexes with what they are of, and scans of tables."""
    driver = raw(session.connection)
    said: dict[str, Sequence[Any]] = {}
    driver.add_query_logger(note := lambda query: said.setdefault(query.query, query.args))
    await _ask_all(session)
    driver.remove_query_logger(note)
    plans = {}
    for statement, values in list(said.items()):
        if ABOUT.search(statement):
            found = [step[0].strip() for step in await driver.fetch(f"EXPLAIN {statement}", *values)]
            plans[statement] = found
    return plans


@pytest.mark.parametrize("analysed", [False, True], ids=["before", "after"])
async def test_postgresql_goes_by_an_index(postgres_url: str, analysed: bool) -> None:
    """For a claim by that of what is due, for keys by the whole key; never by tenant and flow alone."""
    async with open_store(postgres_url) as store, store.begin(OURS, discard=True) as session:
        assert isinstance(session, SqlSession)
        await _make_many_due(session)
        if analysed:
            await raw(session.connection).execute("ANALYZE deliveries")
        plans = await _of_postgres(session)
    assert len(plans) >= 20
    for statement, plan in plans.items():
        steps = "\n".join(plan)
        assert re.findall(r"Seq Scan on deliveries.*|Hash Join.*|Merge Join.*", steps) == [], statement
        used = re.findall(r"Scan using ((?:ix|pk)_deliveries\w*).*\n(Index Cond.*)", steps)
        loose = [
            index for index, condition in used if condition.count(" AND ") < 2 and PAGED not in condition
        ]
        assert set(loose) <= WHOLE_BY_TWO["min(due_at)" in statement], statement
    _by_what_few_have(plans)
    (claim,) = (plan for statement, plan in plans.items() if "batch AS" in statement)
    assert sum("ix_deliveries_due" in step for step in claim) == 2
    assert [step for step in claim if step.startswith("Sort")] == []
    assert any(step.startswith("Index Cond") and "due_at <= " in step for step in claim)


SELECTIVE = re.compile(r"ORDER BY (?:flow, )?key LIMIT")
FEW_ROWS = re.compile(r"ix_deliveries_(?:subject|plan)|One-Time Filter: false")


def _by_what_few_have(plans: Plans) -> None:
    """A list of what is about a subject or held under a plan is read by this, whatever else is asked."""
    wanted = {
        statement: "\n".join(plan)
        for statement, plan in plans.items()
        if SELECTIVE.search(statement) and re.search(r"\b(?:subject|plan_id) = ", statement)
    }
    assert len(wanted) >= 12
    assert [statement for statement, steps in wanted.items() if not FEW_ROWS.search(steps)] == []


async def test_sqlite_goes_by_an_index(sqlite_url: str) -> None:
    """Every index is there for a statement, and no statement scans the deliveries or sorts a flow's."""
    async with open_store(sqlite_url) as store, store.begin(OURS, discard=True) as session:
        assert isinstance(session, SqlSession)
        await _make_many_due(session)
        driver = raw(session.connection)
        said: list[str] = []
        await driver.set_trace_callback(said.append)
        await _ask_all(session)
        await driver.set_trace_callback(None)
        plans: dict[str, list[str]] = {}
        for statement in dict.fromkeys(said):
            if ABOUT.search(statement):
                steps = await driver.execute_fetchall(f"EXPLAIN QUERY PLAN {statement}")
                plans[statement] = [step[3] for step in steps]
    assert len(plans) >= 20
    scans = {
        s: plan for s, plan in plans.items() if any(re.match(r"SCAN (deliveries|d)\b", step) for step in plan)
    }
    assert scans == {}
    assert _with(plans, r"SEARCH (deliveries|d) .*\((tenant_id=\?|state=\? AND tenant_id=\?)\)$") == {}
    _by_what_few_have(plans)
    sorting = _with(plans, "USE TEMP B-TREE FOR ORDER BY")
    assert [
        statement for statement in sorting if "AS known" not in statement
    ] == []  # flows, of which few are
    used = " ".join(step for plan in plans.values() for step in plan)
    assert {
        str(i.name) for i in schema().tables[DELIVERIES.name].indexes if f"{i.name} " not in used
    } == set()


def _with(plans: Plans, step: str) -> Plans:
    """The statements with a step like this."""
    return {
        statement: plan for statement, plan in plans.items() if any(re.match(step, each) for each in plan)
    }
