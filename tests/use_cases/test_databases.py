"""A whole college through the real use cases ends the same on every store."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest
from tests.use_cases.test_push import class_, enrollment, student

from mzi_adapters.sql import open_store
from mzi_adapters.testing.college import build, changed
from mzi_adapters.testing.harness import Harness
from mzi_core.flows.flow import FLOWS
from mzi_core.flows.rules import FlowName
from mzi_core.mapping import FieldMapping
from mzi_core.modules import CATALOGUE, CLASSES, STUDENTS, ZOHO_CATALOGUE
from mzi_core.ports import DeliveryState, Query
from mzi_core.use_cases.grades import ToDecide
from mzi_core.values import DEFAULT_TENANT, BatchResult

pytestmark = pytest.mark.slow

EVERYTHING = Query(limit=10**6, with_deleted=True)


async def contents(mzi: Harness) -> dict[str, Any]:
    found: dict[str, Any] = {}
    async with mzi.store.read(DEFAULT_TENANT) as session:
        for module in ZOHO_CATALOGUE:
            rows = await session.list(module, EVERYTHING)
            held = await session.parked_list(module.name, EVERYTHING)
            found[module.name] = {r.entity.key: (r.entity, r.fingerprint, r.state) for r in rows}
            found[f"held {module.name}"] = {h.key: (h.state, h.reasons, h.waits_for) for h in held}
    return found


async def take(mzi: Harness, records: Any, modules: Iterable[Any]) -> list[tuple[Any, ...]]:
    """Everything that was answered, in order."""
    answered = []
    for module in modules:
        for start in range(0, len(records[module.name]), 250):
            page = records[module.name][start : start + 250]
            result = await mzi.use_cases.sync(DEFAULT_TENANT, module, page, first_position=start)
            assert isinstance(result, BatchResult)
            answered += [
                (o.position, o.module, o.key, o.state, o.changed_fields, o.reasons)
                for o in (*result.outcomes, *result.released)
            ]
    return answered


async def test_a_database_answers_and_keeps_what_the_store_in_memory_does(database_url: str) -> None:
    college = build(students=150)
    next_week = changed(college)
    async with open_store(database_url) as store:
        model, real = Harness(), Harness(store=store)
        children_first = list(reversed(ZOHO_CATALOGUE.in_order()))
        for records, modules in (
            (college.records, children_first),
            (college.records, children_first),
            (next_week.records, ZOHO_CATALOGUE.in_order()),
        ):
            assert await take(real, records, modules) == await take(model, records, modules)
        assert await contents(real) == await contents(model)


async def test_sessions_that_decide_the_same_at_once_keep_it_once(database_url: str) -> None:
    async with open_store(database_url) as store:
        mzi = Harness(store=store)
        same = ToDecide(marking={"raw": "2"}, record_as="4101_1001_55")
        await asyncio.gather(*(mzi.use_cases.decide_grades(DEFAULT_TENANT, [same]) for _ in range(8)))
        async with store.read(DEFAULT_TENANT) as session:
            assert len(await session.decision_history("4101_1001_55")) == 1


async def test_choices_that_are_made_at_once_are_all_kept(database_url: str) -> None:
    async with open_store(database_url) as store:
        mzi = Harness(store=store).use_cases
        await asyncio.gather(
            mzi.set_rules(DEFAULT_TENANT, {"create_accounts": True}),
            mzi.set_rules(DEFAULT_TENANT, {"create_courses": False}),
            mzi.set_rules(DEFAULT_TENANT, {"flows": ["grade"]}),
            mzi.choose_zone(DEFAULT_TENANT, "Asia/Amman"),
            mzi.choose_policy(DEFAULT_TENANT, "L5", {"base": "percent"}),
            mzi.map_fields(DEFAULT_TENANT, STUDENTS, [FieldMapping("extra.sub_major", "Sub_Major")]),
        )
        kept = await mzi.read_settings(DEFAULT_TENANT)
    assert kept.rules == {"create_accounts": True, "create_courses": False, "flows": ["grade"]}
    assert (kept.zone, list(kept.policies), list(kept.mappings)) == ("Asia/Amman", ["L5"], ["students"])


async def test_pairs_are_delivered_by_two_workers_over_a_database(database_url: str) -> None:
    """Who waits is woken, what is over is suspended, and nothing is made twice."""
    async with open_store(database_url) as store:
        mzi = Harness(store=store)
        await mzi.use_cases.set_rules(DEFAULT_TENANT, {"flows": list(FlowName), "create_accounts": True})
        students = [
            {**student(f"5398830000090{n:06d}"), "Academic_Email": f"s{n}@c.example"} for n in range(30)
        ]
        enrolled = [enrollment(n, str(each["id"])) for n, each in enumerate(students)]
        planted = (("students", students), ("classes", [class_()]), ("enrollments", enrolled))
        for name, records in planted:
            for record in records:
                mzi.zoho.add(CATALOGUE[name].remote_name, record)
            await mzi.use_cases.sync(DEFAULT_TENANT, CATALOGUE[name], records)
        deliver = mzi.use_cases.remote.deliver_due
        enrolments_first = list(FLOWS.values())[::-1]
        for _ in range(3):
            await asyncio.gather(*(deliver(DEFAULT_TENANT, enrolments_first) for _ in range(2)))
        async with store.read(DEFAULT_TENANT) as session:
            standing = {each.flow: dict(each.counts) for each in await session.flows()}
            (course,) = {row.entity.moodle_class_id for row in await session.list(CLASSES, Query())}
        assert standing == {
            "account": {DeliveryState.SETTLED: 30},
            "course": {DeliveryState.SETTLED: 1},
            "enrolment": {DeliveryState.SETTLED: 30},
        }
        made = [user for user in mzi.moodle.site.people.rows.values() if user.idnumber]
        assert len(made) == len({user.idnumber for user in made}) == 30
        assert course is not None
        moodle = await mzi.connections.moodle(DEFAULT_TENANT)
        assert len(await moodle.enrolled(course)) == 30
        told = mzi.zoho.records("BTEC_Enrollments").values()
        assert {record["Moodle_Course_ID"] for record in told} == {str(course)}
