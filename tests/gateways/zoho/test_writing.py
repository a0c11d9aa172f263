"""Writes whose answer is lost, mixed, short or strange: what is told of them, and what is done again."""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone

import pytest
from tests.gateways.zoho.given import World
from tests.gateways.zoho.test_access import is_call
from tests.gateways.zoho.test_limits import PAGE, TOO_MANY

from mzi_adapters.testing.contracts.fixtures import raises
from mzi_adapters.testing.contracts.zoho_gateway_remote import (
    CODE,
    GRADES,
    KEY,
    ROWS,
    SCORE,
    applied,
    applied_ids,
    row,
)
from mzi_adapters.testing.faults import (
    Cut,
    Fault,
    Huge,
    Instead,
    Late,
    Reset,
    Short,
    Silence,
    Trickle,
    Unreachable,
    says,
)
from mzi_adapters.web import Request
from mzi_adapters.zoho.answers import written as as_zoho_writes
from mzi_core.errors import GatewayConflict, GatewayRefused, GatewayUnavailable
from mzi_core.ports import Applied, Rejected, Unknown, WriteResult
from mzi_core.values import ZohoId

APPLIED = {
    "an error after it was done": says(500, b'{"code":"INTERNAL_ERROR"}', applied=True),
    "a page after it was done": says(502, PAGE, content_type="text/html", applied=True),
    "a page that says all is well": says(200, PAGE, content_type="text/html", applied=True),
    "a reset after it was done": Reset(applied=True),
    "an answer too late": Late(seconds=600),
    "silence": Silence(),
    "a byte a minute": Trickle(pause=60),
    "a short body": Short(),
    "cut JSON": Cut(),
    "a huge answer": Huge(size=40 * 2**20),
    "one result for two": says(200, b'{"data":[{"code":"SUCCESS","status":"success"}]}', applied=True),
    "no results": says(200, b'{"data":{}}', applied=True),
    "nothing at all": says(200, applied=True),
}
NOT_APPLIED = {
    "an error instead": says(500, b'{"code":"INTERNAL_ERROR"}'),
    "a reset before it arrived": Reset(applied=False),
    "no service": says(503, PAGE, content_type="text/html"),
}
ONE_RECORD = {name: fault for name, fault in APPLIED.items() if name != "one result for two"}
NEVER_ARRIVED = {
    "no connection": Unreachable(),
    "too many calls": says(429, TOO_MANY),
    "an old token": says(401, b'{"code":"INVALID_TOKEN"}'),
}


SOME = ONE_RECORD | NOT_APPLIED | NEVER_ARRIVED
EVERY = APPLIED | NOT_APPLIED | NEVER_ARRIVED


def is_write(request: Request) -> bool:
    """Whether a request changes a record."""
    return is_call(request) and (request.method != "POST" or not request.url.endswith("/coql"))


def puts(request: Request) -> bool:
    """Whether it changes one by id."""
    return request.method == "PUT"


def at_write(fault: Fault, times: int = 1) -> World:
    """A world in which the first writes meet a fault."""
    world = World()
    world.faults.when(lambda r: is_write(r) and r.method != "GET", fault, times=times)
    return world


def grades(count: int) -> list[dict[str, object]]:
    """So many records with a key each."""
    return [{KEY: f"key {n}"} for n in range(count)]


def keys(world: World) -> list[str]:
    """The keys that are there, sorted."""
    return sorted(str(record[KEY]) for record in world.zoho.records(GRADES).values())


def told(results: Sequence[WriteResult[ZohoId]]) -> list[type[object]]:
    """What kind of result each is."""
    return [type(each) for each in results]


def rows_of(world: World, zoho_id: str) -> list[dict[str, object]]:
    """The rows of a grade as Zoho has them."""
    rows = world.zoho.records(GRADES)[zoho_id][ROWS]
    assert isinstance(rows, list)
    return rows


@pytest.mark.parametrize("fault", EVERY.values(), ids=EVERY)
async def test_an_upsert_is_done_again_by_key(fault: Fault) -> None:
    """Whatever happened to the first, there is one record for each key, and its id is told."""
    world = at_write(fault)
    async with world.client() as client:
        found = await client.upsert(GRADES, grades(2), by=[KEY])
    assert keys(world) == ["key 0", "key 1"]
    assert applied_ids(found) == list(world.zoho.records(GRADES))
    assert len(world.faults.met) == 1


@pytest.mark.parametrize("fault", APPLIED.values(), ids=APPLIED)
async def test_an_upsert_that_stays_lost_is_unknown(fault: Fault) -> None:
    """After five tries; each record is, and it is no error of the call."""
    world = at_write(fault, times=99)
    async with world.client() as client:
        found = await client.upsert(GRADES, grades(2), by=[KEY])
    assert told(found) == [Unknown, Unknown]
    assert len(world.faults.met) == 5
    assert keys(world) == ["key 0", "key 1"]


@pytest.mark.parametrize("fault", (APPLIED | NOT_APPLIED).values(), ids=APPLIED | NOT_APPLIED)
async def test_an_insert_is_never_sent_twice(fault: Fault) -> None:
    """There is no key to find it by, so a person must look."""
    world = at_write(fault)
    async with world.client() as client:
        found = await client.insert(GRADES, [{"Grader_Name": "One"}, {"Grader_Name": "Two"}])
    assert told(found) == [Unknown, Unknown]
    assert len(world.faults.met) == 1
    assert len(world.sent("POST", f"/{GRADES}")) <= 1


@pytest.mark.parametrize("fault", (ONE_RECORD | NOT_APPLIED).values(), ids=ONE_RECORD | NOT_APPLIED)
async def test_a_change_by_id_is_never_sent_twice(fault: Fault) -> None:
    """It may have been done."""
    world = World()
    zoho_id = world.zoho.add(GRADES, {KEY: "one"})
    world.faults.when(puts, fault)
    async with world.client() as client:
        found = await client.update(GRADES, {"id": zoho_id, "Grader_Name": "Rana"})
    assert isinstance(found, Unknown)
    assert len(world.sent("PUT")) <= 1


@pytest.mark.parametrize("fault", NEVER_ARRIVED.values(), ids=NEVER_ARRIVED)
async def test_what_never_arrived_is_sent_again(fault: Fault) -> None:
    """Also what has no key."""
    world = at_write(fault)
    async with world.client() as client:
        (inserted,) = await client.insert(GRADES, grades(1))
        world.faults.when(puts, fault)
        changed = await client.update(GRADES, {"id": applied(inserted).id, "Grader_Name": "Rana"})
    assert isinstance(changed, Applied)
    assert keys(world) == ["key 0"]


async def test_a_remote_that_cannot_be_reached_leaves_no_doubt() -> None:
    """Nothing was written, and the same call may go through later."""
    world = at_write(Unreachable(), times=99)
    async with world.client() as client:
        with raises(GatewayUnavailable):
            await client.upsert(GRADES, grades(2), by=[KEY])


async def test_doubt_stays_when_the_remote_vanishes_afterwards() -> None:
    """The first may have been done, though the others never arrived."""
    world = at_write(Reset(applied=True))
    world.faults.when(lambda r: r.method == "POST" and is_call(r), Unreachable(), times=99)
    async with world.client() as client:
        (found,) = await client.upsert(GRADES, grades(1), by=[KEY])
    assert isinstance(found, Unknown)
    assert keys(world) == ["key 0"]


async def test_many_records_changed_by_id_are_done_again() -> None:
    """Each is known by its id, and none has rows."""
    world = World()
    ids = [world.zoho.add(GRADES, each) for each in grades(3)]
    world.faults.when(puts, Reset(applied=True))
    async with world.client() as client:
        found = await client.update_many(GRADES, [{"id": each, "Grader_Name": "Rana"} for each in ids])
    assert applied_ids(found) == ids
    assert len(world.sent("PUT")) == 2


def item(code: str, **details: object) -> dict[str, object]:
    """One refused record of an answer."""
    return {"code": code, "details": details, "message": code.lower().replace("_", " "), "status": "error"}


def success(zoho_id: str) -> dict[str, object]:
    """One written record of an answer."""
    details = {"id": zoho_id, "Modified_Time": "2026-03-01T09:31:00+03:00"}
    return {"code": "SUCCESS", "action": "update", "details": details, "message": "x", "status": "success"}


def answered(status: int, *items: object) -> Instead:
    """An answer with these results."""
    return says(status, json.dumps({"data": items}).encode())


@pytest.mark.parametrize("status", [200, 201, 202, 207, 400])
async def test_the_status_says_nothing_about_the_records(status: int) -> None:
    """Their results are read by position."""
    world = at_write(
        answered(status, item("INVALID_DATA", api_name="Graded_At", json_path="$.data[0]"), success("7"))
    )
    async with world.client() as client:
        refused, done = await client.upsert(GRADES, grades(2), by=[KEY])
    assert isinstance(refused, Rejected)
    assert [(each.code, each.field, each.path) for each in refused.reasons] == [
        ("INVALID_DATA", "Graded_At", "$.data[0]")
    ]
    assert applied(done).id == "7"
    assert applied(done).modified_at == datetime(2026, 3, 1, 6, 31, tzinfo=UTC)


async def test_a_refusal_of_the_call_is_one_error() -> None:
    """Not one for each record."""
    world = at_write(says(400, json.dumps(item("INVALID_MODULE")).encode()))
    async with world.client() as client:
        with raises(GatewayRefused):
            await client.upsert(GRADES, grades(50), by=[KEY])


async def test_what_was_written_is_told_when_another_call_fails() -> None:
    """The records of the failed call say that they were not written, and whether they may be later."""
    world = World()
    second = lambda r: is_call(r) and b'"key 150"' in (r.body or b"")  # noqa: E731
    world.faults.when(second, says(429, TOO_MANY, retry_after="7000"))
    async with world.client() as client:
        found = await client.upsert(GRADES, grades(200), by=[KEY])
    assert told(found[:100]) == [Applied] * 100
    assert told(found[100:]) == [Rejected] * 100
    assert all(isinstance(each, Rejected) and each.retryable for each in found[100:])
    assert len(keys(world)) == 100


async def test_every_inner_error_is_kept() -> None:
    """Where one record has several."""
    inner = [
        item("DUPLICATE_DATA", api_name="Email", duplicate_record={"id": "600"}),
        item("INVALID_DATA", api_name="Score"),
    ]
    world = at_write(answered(207, item("MULTIPLE_OR_MULTI_ERRORS", errors=inner)))
    async with world.client() as client:
        (found,) = await client.upsert(GRADES, grades(1), by=[KEY])
    assert isinstance(found, Rejected)
    assert [(each.code, each.field) for each in found.reasons] == [
        ("DUPLICATE_DATA", "Email"),
        ("INVALID_DATA", "Score"),
    ]
    assert found.existing == "600"


OWNERS = {
    "told twice": ({"id": "510", "duplicate_record": {"id": "510", "module": {"api_name": GRADES}}}, "510"),
    "only as the record": ({"duplicate_record": {"id": "510", "module": {"api_name": GRADES}}}, "510"),
    "only as the id": ({"id": "510"}, "510"),
    "of another module": (
        {"id": "510", "duplicate_record": {"id": "510", "module": {"api_name": "Leads"}}},
        None,
    ),
    "not at all": ({}, None),
}


@pytest.mark.parametrize(("details", "owner"), OWNERS.values(), ids=OWNERS)
async def test_who_has_the_value_already(details: dict[str, object], owner: str | None) -> None:
    """A record of another module is nobody's to adopt."""
    world = at_write(answered(400, item("DUPLICATE_DATA", api_name="Moodle_Grade_ID", **details)))
    async with world.client() as client:
        (found,) = await client.upsert(GRADES, grades(1), by=[KEY])
    assert isinstance(found, Rejected)
    assert found.existing == owner


async def test_a_key_taken_at_the_same_moment_is_updated() -> None:
    """Two who insert one key at once: the second is told that it is there, and then it updates."""
    world = at_write(answered(400, item("DUPLICATE_DATA", api_name=KEY, id="510")))
    world.zoho.add(GRADES, {KEY: "key 0"})
    async with world.client() as client:
        (found,) = await client.upsert(GRADES, grades(1), by=[KEY])
    assert applied_ids([found]) == list(world.zoho.records(GRADES))
    assert keys(world) == ["key 0"]


@pytest.mark.parametrize("code", ["RECORD_LOCKED", "NOT_APPROVED", "NOT_REVIEWED", "RECORD_IN_BLUEPRINT"])
async def test_what_is_held_up_in_the_crm_is_for_later(code: str) -> None:
    """The same write may go through another day."""
    world = World()
    zoho_id = world.zoho.add(GRADES, {KEY: "key 0"})
    world.zoho.lock(GRADES, zoho_id, code)
    async with world.client() as client:
        (found,) = await client.upsert(GRADES, grades(1), by=[KEY])
    assert isinstance(found, Rejected)
    assert (found.reasons[0].code, found.retryable) == (code, True)


async def test_no_write_runs_a_workflow() -> None:
    """Of all kinds there are."""
    world = World()
    async with world.client() as client:
        (kept,) = await client.upsert(GRADES, grades(1), by=[KEY])
        (other,) = await client.insert(GRADES, [{"Grader_Name": "Rana"}])
        zoho_id, another = applied_ids([kept, other])
        await client.update(GRADES, {"id": zoho_id, "Grader_Name": "Rana"})
        await client.update_many(GRADES, [{"id": zoho_id, "Grader_Name": "Sami"}])
        await client.put_rows(GRADES, zoho_id, ROWS, [row("P1", "Achieved")], key=[CODE])
        await client.delete(GRADES, [zoho_id, another])
    bodies = [json.loads(each.body) for each in world.sent() if is_write(each) and each.body]
    assert [body["trigger"] for body in bodies] == [[]] * 5
    (deletion,) = world.sent("DELETE")
    assert dict(deletion.query)["wf_trigger"] == "false"


@pytest.mark.parametrize("fault", EVERY.values(), ids=EVERY)
async def test_a_lost_deletion_is_settled_by_reading(fault: Fault) -> None:
    """What is gone is gone; what is there is deleted."""
    world = World()
    ids = [ZohoId(world.zoho.add(GRADES, each)) for each in grades(3)]
    world.faults.when(lambda r: r.method == "DELETE", fault)
    async with world.client() as client:
        found = await client.delete(GRADES, ids[:2])
    assert applied_ids(found) == ids[:2]
    assert list(world.zoho.records(GRADES)) == ids[2:]


@pytest.mark.parametrize("fault", SOME.values(), ids=SOME)
async def test_lost_rows_are_settled_by_reading(fault: Fault) -> None:
    """They are there once, with the row of before changed and the superfluous one gone."""
    world = World()
    before = [{CODE: "P1", SCORE: "Not achieved"}, {CODE: "P9", SCORE: "Achieved"}]
    zoho_id = ZohoId(world.zoho.add(GRADES, {KEY: "one", ROWS: before}))
    world.faults.when(puts, fault)
    wanted = [row("P1", "Achieved"), row("P2", "Achieved")]
    async with world.client() as client:
        await world.timer.sleep(5)
        found = await client.put_rows(GRADES, zoho_id, ROWS, wanted, key=[CODE])
    assert isinstance(found, Applied)
    rows = rows_of(world, zoho_id)
    assert [(each[CODE], each[SCORE]) for each in rows] == [("P1", "Achieved"), ("P2", "Achieved")]


async def test_only_what_differs_of_the_rows_is_sent() -> None:
    """With the id of each row that is there; and never an empty list, which would remove them all."""
    world = World()
    before = [{CODE: code, SCORE: "Achieved"} for code in ("P1", "P2", "P3")]
    zoho_id = ZohoId(world.zoho.add(GRADES, {KEY: "one", ROWS: before}))
    ids = [each["id"] for each in rows_of(world, zoho_id)]
    async with world.client() as client:
        wanted = [row("P1", "Not achieved"), row("P2", "Achieved"), row("D1", "Achieved")]
        await client.put_rows(GRADES, zoho_id, ROWS, wanted, key=[CODE])
    (sent,) = world.sent("PUT")
    assert json.loads(sent.body or b"")["data"] == [
        {
            ROWS: [
                {"id": ids[0], SCORE: "Not achieved"},
                {"id": ids[2], "_delete": None},
                {CODE: "D1", SCORE: "Achieved"},
            ]
        }
    ]


async def test_rows_written_by_two_at_once_are_there_once() -> None:
    """Whoever reads an older state is refused and reads again."""
    world = World()
    zoho_id = ZohoId(world.zoho.add(GRADES, {KEY: "one"}))
    async with world.client() as one, world.client(seed=2) as two:
        await world.timer.sleep(5)
        await asyncio.gather(
            *(
                each.put_rows(GRADES, zoho_id, ROWS, [row("P1", "Achieved")], key=[CODE])
                for each in (one, two)
            ),
        )
    rows = rows_of(world, zoho_id)
    assert [each[CODE] for each in rows] == ["P1"]


async def test_a_conflict_is_told_with_the_moment() -> None:
    """In either form that the answer has."""
    details = {"Modified_Time": "2026-03-01T09:31:00+03:00", "id": "7"}
    flat = {"code": "ALREADY_MODIFIED", "details": details, "message": "already modified", "status": "error"}
    for body in (flat, {"data": [flat]}):
        world = at_write(says(412, json.dumps(body).encode()))
        async with world.client() as client:
            with raises(GatewayConflict) as caught:
                await client.update(GRADES, {"id": "7"}, unless_modified_since=world.timer.now())
        assert caught.error is not None
        assert caught.error.modified_at == datetime(2026, 3, 1, 6, 31, tzinfo=UTC)


def test_moments_are_written_with_their_offset() -> None:
    """In whole seconds; one without an offset is refused, for it could be any of 26."""
    at = datetime(2026, 3, 1, 9, 30, 0, 999, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert as_zoho_writes(at) == "2026-03-01T04:00:00+00:00"
    with raises(ValueError):
        as_zoho_writes(at.replace(tzinfo=None))
