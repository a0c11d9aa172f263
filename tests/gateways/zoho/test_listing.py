"""Reading whole modules: pages, tokens that turn them, what happens when one is lost, and queries."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from tests.gateways.zoho.given import World
from tests.gateways.zoho.test_access import is_call

from mzi_adapters.testing.contracts.fixtures import raises
from mzi_adapters.testing.contracts.zoho_gateway_remote import CODE, GRADER, GRADES, KEY, PLAIN, ROWS
from mzi_adapters.testing.faults import Instead, says
from mzi_adapters.web import Request
from mzi_adapters.zoho import ZohoClient
from mzi_adapters.zoho.coql import select
from mzi_core.errors import GatewayRefused, ProtocolError, RemoteNotFound
from mzi_core.ports import Applied, ReadMethod, Rejected, Selection
from mzi_core.values import ZohoId


def planted(world: World, count: int) -> list[str]:
    """So many grades, entered by hand."""
    return [world.zoho.add(GRADES, {KEY: f"key {n}", GRADER: f"Grader {n}"}) for n in range(count)]


async def listed(
    client: ZohoClient,
    via: ReadMethod = ReadMethod.RECORDS,
    since: datetime | None = None,
    selection: Selection = PLAIN,
) -> list[str]:
    """The ids of all grades, page after page."""
    pages = client.pages(GRADES, selection, via=via, since=since)
    return [str(record["id"]) async for page in pages for record in page]


def page(request: Request) -> tuple[str | None, str | None]:
    """Which page a request asks for, by number and by token."""
    query = dict(request.query)
    return query.get("page"), query.get("page_token")


def is_list(request: Request) -> bool:
    """Whether a request lists grades."""
    return request.method == "GET" and request.url.endswith(f"/{GRADES}")


def answered(rows: Sequence[str], **info: object) -> Instead:
    """A page of a listing with these ids."""
    data = [{"id": each, KEY: each, GRADER: None} for each in rows]
    return says(200, json.dumps({"data": data, "info": info}).encode())


async def test_ten_pages_have_a_number_and_the_others_a_token() -> None:
    """Never both, and every other parameter stays the same."""
    world = World()
    ids = planted(world, 2300)
    async with world.client() as client:
        assert await listed(client) == ids
    lists = [request for request in world.zoho.seen if is_list(request)]
    assert [page(each)[0] for each in lists] == [*(str(n) for n in range(1, 11)), None, None]
    assert [page(each)[1] is None for each in lists] == [*([True] * 10), False, False]
    turns = {"page", "page_token"}
    others = {tuple(pair for pair in each.query if pair[0] not in turns) for each in lists}
    assert len(others) == 1
    assert dict(others.pop())["sort_order"] == "asc"


async def test_nothing_there_is_no_page() -> None:
    """Zoho says so with an empty answer."""
    async with World().client() as client:
        for via in ReadMethod:
            assert await listed(client, via) == []


async def test_nothing_modified_is_no_page() -> None:
    """Zoho says so with another empty answer."""
    world = World()
    planted(world, 3)
    async with world.client() as client:
        assert await listed(client, since=world.timer.now() + timedelta(hours=1)) == []


async def test_what_is_older_is_left_out_even_if_zoho_gives_it() -> None:
    """Its documents do not agree whether a list heeds If-Modified-Since."""
    world = World()
    planted(world, 3)
    heedless = answered(["1"], more_records=False)
    body = json.loads(heedless.answer.body)
    body["data"][0]["Modified_Time"] = "2020-01-01T00:00:00+00:00"
    world.faults.when(is_list, says(200, json.dumps(body).encode()))
    async with world.client() as client:
        assert await listed(client, since=world.timer.now()) == []


async def test_the_end_is_where_zoho_says_so() -> None:
    """Not where a page is short."""
    world = World()
    world.faults.when(is_list, answered(["1", "2"], count=2, more_records=True, next_page_token="t"))
    world.faults.when(is_list, answered([str(n) for n in range(3, 203)], count=200, more_records=False))
    async with world.client() as client:
        assert await listed(client) == [str(n) for n in range(1, 203)]
    assert len(world.faults.met) == 2


async def test_a_refused_token_in_the_middle_loses_no_record() -> None:
    """The page is asked for once more."""
    world = World()
    ids = planted(world, 900)
    world.faults.when(
        lambda request: is_list(request) and page(request)[0] == "3",
        says(401, b'{"code":"INVALID_TOKEN","details":{},"message":"invalid oauth token","status":"error"}'),
    )
    async with world.client() as client:
        assert await listed(client) == ids
    assert world.tokens_asked == 2


@pytest.mark.parametrize("code", ["EXPIRED_VALUE", "TOKEN_BOUND_DATA_MISMATCH"])
async def test_a_lost_page_token_is_gone_on_from_by_key(code: str) -> None:
    """No record comes twice, and none is left out."""
    world = World()
    ids = planted(world, 3000)
    body = json.dumps({"code": code, "details": {}, "message": "expired", "status": "error"}).encode()
    tokens = {"left": 2}

    def second_token(request: Request) -> bool:
        if not is_list(request) or page(request)[1] is None:
            return False
        tokens["left"] -= 1
        return tokens["left"] == 0

    world.faults.when(second_token, says(400, body))
    async with world.client() as client:
        assert await listed(client) == ids
    assert len(world.faults.met) == 1
    assert len(world.sent("POST", "/coql")) == 1
    world.faults.when(lambda request: is_list(request) and page(request)[1] is not None, says(400, body))
    world.faults.when(lambda request: request.url.endswith("/coql"), says(400, body))
    async with world.client() as client:
        with raises(GatewayRefused):
            await listed(client)


async def test_more_without_a_way_to_it_is_no_endless_loop() -> None:
    """Neither a missing token nor the same one again is followed."""
    for token in (None, "same"):
        world = World()
        world.faults.when(is_list, answered([], more_records=True, next_page_token=token), times=99)
        async with world.client() as client:
            with raises(ProtocolError):
                await listed(client)
        assert len(world.faults.met) in (10, 11)


@pytest.mark.parametrize("rows", [[], ["5"]], ids=["nothing", "the same record"])
async def test_pages_that_bring_nothing_new_are_not_turned_for_ever(rows: list[str]) -> None:
    """However many tokens Zoho gives for more of them."""
    world = World()
    for n in range(60):
        world.faults.when(is_list, answered(rows, more_records=True, next_page_token=f"t{n}"))
    async with world.client() as client:
        with raises(ProtocolError) as caught:
            await listed(client)
    assert "nothing new" in caught.message
    assert len(world.faults.met) in (10, 11)


def gone_page(*numbers: int) -> Instead:
    """A page of the deleted list, behind which there is more."""
    at = "2026-03-01T09:30:00+03:00"
    data = [{"id": str(n), "type": "recycle", "deleted_time": at} for n in numbers]
    return says(200, json.dumps({"data": data, "info": {"more_records": True}}).encode())


@pytest.mark.parametrize("circle", [[(1, 2)], [(1, 2), (3, 4), (5, 6)]], ids=["one page", "three pages"])
async def test_a_deleted_list_that_goes_in_circles_is_no_endless_loop(circle: list[tuple[int, int]]) -> None:
    """Its pages have numbers alone, and a number tells nothing of what comes."""
    world = World()
    for n in range(60):
        world.faults.when(
            lambda request: request.url.endswith("/deleted"), gone_page(*circle[n % len(circle)])
        )
    async with world.client() as client:
        with raises(ProtocolError) as caught:
            assert [page async for page in client.deleted(GRADES)] == []
    assert "nothing new" in caught.message
    assert len(world.faults.met) < 10


async def test_more_of_nothing_deleted_is_no_endless_loop() -> None:
    """A page of it that is empty is the last."""
    world = World()
    world.faults.when(
        lambda request: request.url.endswith("/deleted"), answered([], more_records=True), times=99
    )
    async with world.client() as client:
        with raises(ProtocolError):
            assert [page async for page in client.deleted(GRADES)] == []
    assert len(world.faults.met) == 1


async def test_a_listing_that_is_too_long_names_the_way_out() -> None:
    """Row 100,001 cannot be listed."""
    world = World()
    body = {"code": "PAGINATION_LIMIT_EXCEEDED", "details": {"limit": 100000}, "message": "too many"}
    world.faults.when(is_list, says(400, json.dumps(body).encode()))
    async with world.client() as client:
        with raises(GatewayRefused) as caught:
            await listed(client)
    assert caught.error is not None
    assert caught.error.code == "PAGINATION_LIMIT_EXCEEDED"
    assert "Bulk Read" in caught.message


async def test_fifty_one_fields_are_two_passes() -> None:
    """No call names more than fifty, and each record has all of them."""
    world = World()
    names = [f"Field_{n}" for n in range(120)]
    world.zoho.define("Wide", names)
    ids = [world.zoho.add("Wide", {name: f"{name} of {n}" for name in names}) for n in range(250)]
    async with world.client() as client:
        pages = client.pages("Wide", Selection(fields=tuple(names)), via=ReadMethod.RECORDS)
        found = {str(record["id"]): record async for each in pages for record in each}
    assert list(found) == ids
    for n, zoho_id in enumerate(ids):
        assert {name: found[zoho_id][name] for name in names} == {name: f"{name} of {n}" for name in names}
    assert max(len(dict(r.query)["fields"].split(",")) for r in world.sent("GET", "/Wide")) == 50


async def test_too_much_or_nothing_to_select_is_refused_before_sending() -> None:
    """As is what is no name."""
    world = World()
    wrong = [(), tuple(f"Field_{n}" for n in range(500)), ("Name from Leads where id > 0 --",), ("a,b",)]
    async with world.client() as client:
        for fields in wrong:
            for via in ReadMethod:
                with raises(ValueError):
                    await listed(client, via, selection=Selection(fields=fields))
        with raises(ValueError):
            await client.get("../../oauth", ZohoId("1"))
    assert [each for each in world.zoho.seen if is_call(each) and "settings" not in each.url] == []


@pytest.mark.parametrize("zoho_id", ["1/photo", "', '1", "?ids=1", "S-1", "", "٣"], ids=repr)
async def test_what_cannot_be_an_id_is_no_records(zoho_id: str) -> None:
    """It goes into no address and no query."""
    world = World()
    odd = ZohoId(zoho_id)
    async with world.client() as client:
        assert await client.get(GRADES, odd) is None
        assert await client.get_many(GRADES, [odd], PLAIN) == {}
        assert isinstance(await client.update(GRADES, {"id": odd, GRADER: "Rana"}), Rejected)
        (deleted,) = await client.delete(GRADES, [odd])
        assert isinstance(deleted, Applied)
        with raises(RemoteNotFound):
            await client.put_rows(GRADES, odd, ROWS, [{CODE: "P1"}], key=[CODE])
        if zoho_id:
            there = world.zoho.add(GRADES, {KEY: "one"})
            changes = [{"id": odd, GRADER: "Rana"}, {"id": there, GRADER: "Rana"}]
            found = await client.update_many(GRADES, changes)
            assert [type(each) for each in found] == [Rejected, Applied]
    assert [request.method for request in world.zoho.seen if is_call(request)] == ["PUT"] * bool(zoho_id)


async def test_queries_go_on_by_key() -> None:
    """Two thousand at a time, for three credits."""
    world = World()
    ids = planted(world, 4500)
    async with world.client() as client:
        assert await listed(client, ReadMethod.COQL) == ids
    queries = [json.loads(each.body or b"")["select_query"] for each in world.sent("POST", "/coql")]
    assert [query.split(" where ")[1] for query in queries] == [
        "id > 0 order by id asc limit 2000",
        f"id > {ids[1999]} order by id asc limit 2000",
        f"id > {ids[3999]} order by id asc limit 2000",
    ]


async def test_a_query_that_goes_in_circles_is_no_endless_loop() -> None:
    """The same page again, or more of nothing."""
    for rows in (["5"], []):
        world = World()
        again = answered(rows, more_records=True)
        world.faults.when(lambda request: request.url.endswith("/coql"), again, times=99)
        async with world.client() as client:
            with raises(ProtocolError):
                await listed(client, ReadMethod.COQL)
        assert len(world.faults.met) <= 2


def test_more_than_two_criteria_are_bracketed_in_pairs() -> None:
    """As Zoho demands."""
    assert select(["id"], "Leads", ["a = 1", "b = 2", "c = 3"], 10) == (
        "select id from Leads where ((a = 1 and b = 2) and c = 3) order by id asc limit 10"
    )


LITERALS = {
    "O'Neil": "'O''Neil'",
    "a+b@c": "'a+b@c'",
    "Burns,B (x)": "'Burns,B (x)'",
    "') or id > 0 --": "''') or id > 0 --'",
}


@pytest.mark.parametrize(("value", "literal"), LITERALS.items(), ids=repr)
async def test_values_are_quoted(value: str, literal: str) -> None:
    """And mean themselves."""
    world = World()
    world.zoho.add(GRADES, {KEY: value})
    world.zoho.add(GRADES, {KEY: "another"})
    async with world.client() as client:
        found = await client.find(GRADES, KEY, [value], PLAIN)
    assert list(found) == [value]
    (query,) = (json.loads(each.body or b"")["select_query"] for each in world.sent("POST", "/coql"))
    assert f"{KEY} in ({literal})" in query


@pytest.mark.parametrize("value", ["back\\", "a\nb", "\x00"], ids=repr)
async def test_values_that_could_end_their_quotes_are_not_asked_for(value: str) -> None:
    """Zoho does not say how it reads them."""
    world = World()
    async with world.client() as client:
        with raises(GatewayRefused):
            await client.find(GRADES, KEY, [value], PLAIN)
    assert world.api_calls == 0


async def test_a_column_of_numbers_is_asked_without_quotes() -> None:
    """Which is found out once."""
    world = World()
    world.zoho.add(GRADES, {KEY: "one", "Attempt_Number": 7})
    async with world.client() as client:
        for _ in range(3):
            found = await client.find(GRADES, "Attempt_Number", ["7", "8"], PLAIN)
            assert [each[KEY] for each in found.values()] == ["one"]
    assert len(world.sent("POST", "/coql")) == 4


async def test_many_valued_fields_come_with_their_records() -> None:
    """A multi-select lookup is in no list and in no query; where it was asked for, it is there."""
    world = World()
    student = world.zoho.add("BTEC_Students", {"First_Name": "Rana"})
    enrolled = [{"Enrolled_Students": {"id": student, "name": "Rana"}, "id": "77"}]
    group = world.zoho.add("BTEC_Classes", {"Class_Name": "L3 A", "Enrolled_Students": enrolled})
    empty = world.zoho.add("BTEC_Classes", {"Class_Name": "L3 B"})
    selection = Selection(fields=("Class_Name", "Enrolled_Students"))
    async with world.client() as client:
        for via in ReadMethod:
            pages = client.pages("BTEC_Classes", selection, via=via)
            found = {record["id"]: record async for each in pages for record in each}
            assert found[group]["Enrolled_Students"] == enrolled, via
            assert found[empty]["Enrolled_Students"] == [], via
        many = await client.get_many("BTEC_Classes", [ZohoId(group)], selection)
        assert many[ZohoId(group)]["Enrolled_Students"] == enrolled


async def test_a_record_with_more_rows_than_it_carries_is_completed() -> None:
    """Zoho says `$has_more`, and its rows are a module of their own."""
    world = World()
    rows = [{"LO_Code": f"P{n}", "LO_Score": "Achieved"} for n in range(250)]
    grade = world.zoho.add(GRADES, {KEY: "one", "Learning_Outcomes_Assessm": rows})
    async with world.client() as client:
        found = await client.get(GRADES, ZohoId(grade))
    assert found is not None
    told = found["Learning_Outcomes_Assessm"]
    assert isinstance(told, list)
    assert [each["LO_Code"] for each in told] == [f"P{n}" for n in range(250)]


async def test_what_was_deleted_for_good_has_no_name() -> None:
    """And is told like the rest, page after page."""
    world = World()
    ids = planted(world, 2450)
    for n, each in enumerate(ids):
        world.zoho.remove(GRADES, each, permanently=n % 2 == 0)
    async with world.client() as client:
        found = [each async for some in client.deleted(GRADES) for each in some]
    assert [each.zoho_id for each in found] == ids
    assert [each.permanently for each in found] == [n % 2 == 0 for n in range(2450)]
    assert {each.deleted_at for each in found} == {world.timer.start}
