"""No statement of a session looks through rows it does not need."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import attrs
import pytest
import sqlalchemy as sa
from sqlalchemy import event

from mzi_adapters.sql import open_store
from mzi_adapters.sql.driver import raw
from mzi_adapters.sql.registry import SqlRegistry
from mzi_adapters.sql.store import SqlSession
from mzi_adapters.sql.tables import DELIVERIES, RECORDS, schema
from mzi_adapters.testing.contracts.fixtures import BEGAN, OURS, decision, later, parked, run
from mzi_adapters.testing.contracts.fixtures import change as history
from mzi_adapters.testing.contracts.fixtures import event as told
from mzi_adapters.testing.contracts.samples import key_of, row, sample
from mzi_adapters.testing.contracts.store_columns import change
from mzi_core.decide import Touch
from mzi_core.errors import StoreRefused
from mzi_core.event_proofs import Scheme
from mzi_core.module import Side
from mzi_core.modules import CATALOGUE, PROGRAMS, REGISTRATIONS, STUDENTS
from mzi_core.ports import (
    Cursor,
    DecisionRecord,
    EventQuery,
    EventState,
    NoticeAddress,
    NoticeKind,
    PlanState,
    Query,
    ReviewAddress,
    ReviewKind,
    ReviewState,
    Session,
    StoredResponse,
    TenantSettings,
    ToldNotice,
)
from mzi_core.ports.brake import DAY
from mzi_core.values import State

PLANNED = ("SELECT", "UPDATE", "DELETE")
MANY = 1000
NARROW = ("extension_field_mappings", "extension_sync_runs", "extension_tenants")
TOUCH = Touch(key=key_of(STUDENTS, 1), fingerprint="0" * 64, modified_at=None, mark=None)

INDEXES = {
    str(index.name)
    for table in schema().tables.values()
    for index in table.indexes
    if table is not DELIVERIES
}
"""Every index but those of the primary keys and of deliveries; see `test_delivery_plans`."""

Plans = Mapping[str, Sequence[str]]
"""How a database goes about each statement, step by step."""


async def _ask_everything(session: Session) -> None:
    cursor = Cursor(BEGAN, "1")
    for module in CATALOGUE:
        ids = [key_of(module, 1), key_of(module, 2)]
        await session.known(module, ids)
        await session.marks(module, ids)
        await session.values(module, ids)
        await session.status(module)
        await session.stored(module, ids)
        await session.present(module, ids)
        await session.delete(module, ids, BEGAN)
        await session.list(module, Query(after=cursor))
        await session.list(module, Query(with_deleted=True, updated_since=BEGAN, state=State.NEW))
        await session.list(module, Query(with_deleted=True))
        await session.count(module)
        values = {
            field.name: [getattr(sample(module, n), field.name) for n in (1, 2)] for field in module.unique
        }
        await session.owners(module, values)
        for field in module.links:
            await session.linked(module, field.name, 1)
        for name in module.found_by:
            await session.pointing_at(module, name, ids)
    await session.write(STUDENTS, [row(STUDENTS, sample(STUDENTS, 1))], BEGAN)
    await session.write(STUDENTS, [row(STUDENTS, sample(STUDENTS, 1), state=State.UPDATED)], BEGAN)
    await session.change(STUDENTS, [change(STUDENTS, sample(STUDENTS, 1), "city", was=State.UPDATED)], BEGAN)
    await session.touch(STUDENTS, [TOUCH])
    await session.park([parked(STUDENTS, 1, BEGAN)])
    await session.unpark("students", ids)
    await session.parked("students", ids)
    await session.parked_list("students", Query(after=cursor, state=State.INVALID))
    await session.waiting_for("students", ids, 9)
    await session.keep_history([history(1, BEGAN)])
    await session.history("students", ids[0], 7, 9)
    await session.record_decisions([DecisionRecord(key="k", decision=decision(), decided_at=BEGAN)])
    await session.decisions_by_attempt(["k", "l"])
    await session.decision_history("k")
    await session.decisions(cursor, 9)
    await session.keep_events([told(1), attrs.evolve(told(2), repeats=told(1).repeats)])
    await session.waiting_events("students", ids, 9)
    await session.taken_events("students", ids, "student_deleted", 9)
    await session.end_events([told(1).id], EventState.DEAD, "", BEGAN)
    await session.replay_events([told(1).id])
    await session.event(told(1).id)
    for what in ({"state": EventState.DEAD}, {"source": "s"}, {"kind": "k"}, {"module": "m", "key": "1"}, {}):
        await session.events(attrs.evolve(EventQuery(after=told(1).id), **what))
    await session.event_counts()
    await session.forget_events(EventState.DEAD, later(9), keeping=["k"], after=told(0).id)
    await session.response("k")
    await session.keep_response(StoredResponse(key="k", digest="", body=None, answered_at=BEGAN), later(1))
    await session.save_run(run(1, BEGAN))
    await session.runs(9)
    await _ask_about_sources(session)
    await _ask_at_the_brake(session)
    await _ask_about_reviews(session)
    await session.save_settings(TenantSettings())
    await session.settings()


async def _ask_at_the_brake(session: Session) -> None:
    """What is reserved, and the plans."""
    await session.reserve("account", "suspend", {"1": 1, "2": 1}, 1)
    await session.forget_reservations(DAY, 9)
    plan = await session.open_plan("account", "suspend")
    await session.plan(plan)
    await session.plans(after=plan)
    await session.plans(PlanState.OPEN, after=plan)
    await session.close_plan(plan, PlanState.APPROVED, "", "")


async def _ask_about_reviews(session: Session) -> None:
    """What a person must decide, and is told of."""
    address = ReviewAddress(ReviewKind.ACCOUNT, "1")
    await session.reviews(ReviewState.OPEN, ReviewKind.ACCOUNT, after=address)
    await session.reviews(ReviewState.OPEN, after=address)
    await session.reviews(after=address)
    await session.review(address)
    await session.choices(ReviewKind.ACCOUNT, ["1", "2"])
    await session.decide_review(address, ReviewState.DISMISSED, None, "")
    await session.close_reviews([address])
    await session.open_reviews()
    await _ask_about_notices(session)


async def _ask_about_notices(session: Session) -> None:
    """What people were told of, and what is worth telling."""
    address = NoticeAddress(NoticeKind.DEAD, "grade")
    await session.last_heard(["a", "b"])
    await session.told_notices("mail")
    await session.save_told("mail", [ToldNotice(address=address, number=1, told_at=BEGAN)])
    await session.forget_told("mail", [address])


async def _ask_about_sources(session: Session) -> None:
    """What an intake of events asks about who sent one."""
    assert isinstance(session, SqlSession)
    registry = SqlRegistry(OURS, session.connection, session.clock)
    await registry.source("1a2b3c4d")
    await registry.source_of_token("0" * 64)
    await registry.active_sources(Side.ZOHO, limit=1)
    await registry.active_sources(Side.ZOHO, scheme=Scheme.HMAC, limit=9)
    await registry.active_sources(Side.ZOHO, scheme=Scheme.HMAC, tenant=OURS, limit=9)
    await registry.rotate_source("1a2b3c4d", ())
    await registry.replace_sealed("1a2b3c4d", "before", "after")
    await registry.revoke_source("1a2b3c4d", BEGAN)


async def _of_sqlite(session: SqlSession) -> Plans:
    """How SQLite goes about everything a session can ask."""
    driver = raw(session.connection)
    said: list[str] = []
    await driver.set_trace_callback(said.append)
    await _ask_everything(session)
    await driver.set_trace_callback(None)
    plans = {}
    for statement in dict.fromkeys(said):
        if statement.startswith(PLANNED):
            steps = await driver.execute_fetchall(f"EXPLAIN QUERY PLAN {statement}")
            plans[statement] = [step[3] for step in steps]
    return plans


async def test_every_statement_finds_its_rows_by_an_index(sqlite_url: str) -> None:
    """None scans a table, and none sorts the rows of a tenant to show a page of them.

    What is sorted are the pages of two lists, `anon_…`, to make one of them.
    """
    async with open_store(sqlite_url) as store, store.begin(OURS, discard=True) as session:
        assert isinstance(session, SqlSession)
        plans = await _of_sqlite(session)
    assert len(plans) > 50
    assert _showing(plans, r"^SCAN (?!.*VIRTUAL TABLE|anon_\d$|CONSTANT ROW$)") == {}
    assert _showing(plans, rf"^(?!.*({'|'.join(NARROW)})).*\(tenant_id=\?\)$") == {}
    steps = {s: ["; ".join(plan)] for s, plan in _paged(plans).items()}
    assert _showing(steps, r"(?<!SCAN anon_\d); USE TEMP B-TREE FOR ORDER BY") == {}
    assert _needed(plans, "INDEX {}( |$)") == INDEXES


async def _of_postgres(session: SqlSession, ask: Callable[[Session], Awaitable[None]]) -> Plans:
    """How PostgreSQL goes about what is asked, when it must."""
    driver = raw(session.connection)
    said: dict[str, Sequence[Any]] = {}

    def note(statement: str, values: Sequence[Any]) -> None:
        if statement.startswith(PLANNED) and " pg_" not in statement:
            said.setdefault(statement, values)

    def through_sqlalchemy(_: Any, __: Any, statement: str, values: Any, *___: Any) -> None:
        note(statement, values)

    def directly(query: Any) -> None:
        note(query.query, query.args)

    await session.settings()  # begins the transaction
    engine = session.connection.engine.sync_engine
    event.listen(engine, "before_cursor_execute", through_sqlalchemy)
    driver.add_query_logger(directly)
    await ask(session)
    driver.remove_query_logger(directly)
    event.remove(engine, "before_cursor_execute", through_sqlalchemy)
    plans = {}
    for statement, values in list(said.items()):
        plans[statement] = [step[0].strip() for step in await driver.fetch(f"EXPLAIN {statement}", *values)]
    return plans


async def test_postgresql_has_an_index_for_every_statement(postgres_url: str) -> None:
    """Told to scan no table unless it must, it scans none, and sorts nothing to show a page."""
    async with open_store(postgres_url) as store, store.begin(OURS, discard=True) as session:
        assert isinstance(session, SqlSession)
        await session.run(sa.text("SET LOCAL enable_seqscan = off"))
        await session.run(sa.text("SET LOCAL enable_bitmapscan = off"))  # its rows are in no order
        plans = await _of_postgres(session, _ask_everything)
    assert len(plans) > 50
    assert _showing(plans, rf"Seq Scan on (?!{'|'.join(NARROW)})") == {}
    assert _showing(_paged(plans), "^(-> +)?Sort  ") == {}


async def _ask_by_the_page(session: Session) -> None:
    students = [sample(STUDENTS, n) for n in range(2000, 2000 + MANY // 10)]
    ids = [each.zoho_id for each in students]
    await session.known(STUDENTS, ids)
    await session.marks(STUDENTS, ids)
    await session.values(STUDENTS, ids)
    await session.present(STUDENTS, ids)
    await session.stored(STUDENTS, ids)
    await session.owners(STUDENTS, {"academic_email": [each.academic_email for each in students]})
    await session.owners(STUDENTS, {"moodle_userid": [each.moodle_userid for each in students]})
    await session.touch(STUDENTS, [attrs.evolve(TOUCH, key=zoho_id) for zoho_id in ids])
    await session.write(STUDENTS, [row(STUDENTS, each, state=State.UPDATED) for each in students], BEGAN)
    await session.change(
        STUDENTS, [change(STUDENTS, each, "city", was=State.UPDATED) for each in students], BEGAN
    )


async def test_postgresql_goes_by_the_index_before_it_knows_a_table(postgres_url: str) -> None:
    """In a first sync nothing is analysed yet: it must not read all of a tenant's rows for every page."""
    async with open_store(postgres_url) as store, store.begin(OURS, discard=True) as session:
        assert isinstance(session, SqlSession)
        for start in range(0, 4 * MANY, MANY):
            rows = [row(STUDENTS, sample(STUDENTS, n)) for n in range(start, start + MANY)]
            await session.write(STUDENTS, rows, BEGAN)
        plans = await _of_postgres(session, _ask_by_the_page)
    assert len(plans) == 11
    _each_by_its_whole_key(plans)


async def test_postgresql_goes_by_the_index_when_it_knows_a_table(postgres_url: str) -> None:
    """And then to all values at once, which is quicker; it was told to look after five pages."""
    async with open_store(postgres_url) as store:
        async with store.begin(OURS) as session:
            for start in range(0, 5 * MANY, MANY):
                rows = [row(STUDENTS, sample(STUDENTS, n)) for n in range(start, start + MANY)]
                await session.write(STUDENTS, rows, BEGAN)
        async with store.begin(OURS, discard=True) as session:
            assert isinstance(session, SqlSession)
            plans = await _of_postgres(session, _ask_by_the_page)
    assert len([statement for statement in plans if "= ANY" in statement]) == 8
    _each_by_its_whole_key(plans)


NOTING = """\
CREATE TABLE noted (said TEXT, mode TEXT);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO noted VALUES (TG_TABLE_NAME || ' ' || TG_OP, current_setting('plan_cache_mode'));
    RETURN NULL;
END $$;
CREATE TRIGGER note AFTER INSERT OR UPDATE ON students FOR EACH STATEMENT EXECUTE FUNCTION note();
CREATE TRIGGER note AFTER INSERT OR UPDATE ON registrations FOR EACH STATEMENT EXECUTE FUNCTION note();
"""
"""Notes how the statements that a trigger runs would be planned: those that check foreign keys among them."""

ONCE = "auto"
ANEW = "force_custom_plan"


async def test_postgresql_plans_the_checks_of_foreign_keys_once_and_all_else_anew(postgres_url: str) -> None:
    """A page of children is checked by one plan; whatever happens to it, later statements get their own."""
    students = [row(STUDENTS, sample(STUDENTS, n)) for n in range(MANY)]
    children = [row(REGISTRATIONS, sample(REGISTRATIONS, n)) for n in range(MANY)]
    orphan = row(REGISTRATIONS, sample(REGISTRATIONS, MANY))
    async with open_store(postgres_url) as store, store.begin(OURS) as session:
        assert isinstance(session, SqlSession)
        driver = raw(session.connection)

        async def mode() -> str:
            return str(await driver.fetchval("SELECT current_setting('plan_cache_mode')"))

        await session.settings()
        await driver.execute(NOTING)
        await session.write(STUDENTS, students, BEGAN)
        await session.write(PROGRAMS, [row(PROGRAMS, sample(PROGRAMS, n)) for n in range(MANY)], BEGAN)
        assert await mode() == ANEW
        await session.write(REGISTRATIONS, children, BEGAN)
        assert await mode() == ANEW
        with pytest.raises(StoreRefused):
            await session.write(REGISTRATIONS, [*children[1:], orphan], BEGAN)
        assert await mode() == ANEW
        changed = [attrs.evolve(each, new=False, state=State.UPDATED) for each in children]
        await session.write(REGISTRATIONS, changed, BEGAN)
        noted = [tuple(each) for each in await driver.fetch("SELECT said, mode FROM noted")]
    assert noted == [
        ("students INSERT", ANEW),
        ("registrations INSERT", ONCE),
        ("registrations UPDATE", ANEW),
    ]


def _checks() -> set[str]:
    """How PostgreSQL looks for the parents of a row."""
    found = set()
    for table in RECORDS.values():
        for constraint in table.foreign_key_constraints:
            keys = [element.column.name for element in constraint.elements]
            conditions = " AND ".join(f"{key} = ${place}" for place, key in enumerate(keys, start=1))
            parents = constraint.referred_table.name
            found.add(f"SELECT 1 FROM ONLY {parents} x WHERE {conditions} FOR KEY SHARE OF x")  # noqa: S608
    return found


@pytest.mark.parametrize("analysed", [False, True], ids=["before", "after"])
async def test_a_foreign_key_is_checked_by_its_whole_key(postgres_url: str, analysed: bool) -> None:
    """The one plan that is kept for all rows, whether the planner knows the parents yet or not."""
    async with open_store(postgres_url) as store, store.begin(OURS, discard=True) as session:
        assert isinstance(session, SqlSession)
        await session.settings()
        driver = raw(session.connection)
        for module in CATALOGUE.in_order():
            await session.write(module, [row(module, sample(module, n)) for n in range(MANY)], BEGAN)
        await driver.execute("ANALYZE" if analysed else "SELECT")
        await driver.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        plans = {}
        for check in sorted(_checks()):
            await driver.execute(f"PREPARE checking AS {check}")
            plan = await driver.fetch("EXPLAIN EXECUTE checking(NULL, NULL)")
            plans[check] = [step[0].strip() for step in plan]
            await driver.execute("DEALLOCATE checking")
    assert len(plans) >= 5
    _each_by_its_whole_key(plans)


def _each_by_its_whole_key(plans: Plans) -> None:
    """Nothing is found by the tenant alone."""
    for plan in plans.values():
        conditions = [step for step in plan if step.startswith("Index Cond")]
        assert conditions, plan
        assert [each for each in conditions if " AND " not in each] == [], plan
    assert _showing(plans, "Seq Scan|Hash") == {}


def _paged(plans: Plans) -> Plans:
    """Those that show a page of a list.

    Those who wait for several parents have to be put in order of time; there are never many.
    """
    return {s: p for s, p in plans.items() if "ORDER BY" in s and "waits_for_zoho_id IN" not in s}


def _needed(plans: Plans, use: str) -> set[str]:
    """The indexes that some statement goes by."""
    return {index for index in INDEXES if _showing(plans, use.format(index))}


def _showing(plans: Plans, sign: str) -> Plans:
    """The plans in which a step shows a sign."""
    return {s: plan for s, plan in plans.items() if any(re.search(sign, step) for step in plan)}
