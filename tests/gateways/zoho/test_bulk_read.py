"""Bulk Read: jobs that take their time, files that are not what they should be, values as in a list."""

import io
import json
import zipfile
from collections.abc import Mapping

import pytest
from tests.gateways.zoho.given import World

from mzi_adapters.testing.contracts.fixtures import raises
from mzi_adapters.testing.contracts.zoho_gateway_remote import GRADER, GRADES, KEY
from mzi_adapters.testing.faults import Cut, Fault, Instead, Reset, Short, Unreachable, says
from mzi_adapters.web import Request
from mzi_adapters.zoho import ZohoClient, ZohoCodec
from mzi_adapters.zoho.bulk_file import rows_of
from mzi_core.errors import GatewayError, GatewayRefused, GatewayUnavailable, ProtocolError
from mzi_core.mapping import Overlay
from mzi_core.modules import GRADES as GRADES_MODULE
from mzi_core.ports import ReadMethod, Selection, WireRecord, ZohoField
from mzi_core.values import ZohoId

SELECTION = Selection(
    fields=(KEY, GRADER, "Student", "Attempt_Number", "Score", "Email_Opt_Out", "Last_Sync_Date")
)


def planted(world: World, count: int) -> list[str]:
    """So many grades of one student."""
    student = world.zoho.add("BTEC_Students", {"First_Name": "Rana"})
    return [
        world.zoho.add(
            GRADES,
            {
                KEY: f"key {n}",
                GRADER: f'Grader, "{n}"\nof two lines رنا',
                "Student": student,
                "Attempt_Number": n,
                "Score": 61.5,
                "Email_Opt_Out": n % 2 == 0,
                "Last_Sync_Date": "2026-03-01T09:30:00+03:00",
            },
        )
        for n in range(count)
    ]


async def read(
    client: ZohoClient, via: ReadMethod = ReadMethod.BULK, after: str | None = None
) -> list[WireRecord]:
    """All grades."""
    pages = client.pages(GRADES, SELECTION, via=via, after=ZohoId(after) if after else None)
    return [record async for page in pages for record in page]


def is_bulk(request: Request) -> bool:
    """Whether a request is of the bulk API."""
    return "/crm/bulk/" in request.url


def is_file(request: Request) -> bool:
    """Whether it fetches a file."""
    return request.url.endswith("/result")


async def test_a_job_is_waited_for() -> None:
    """It is looked at seldom, and costs what Zoho says."""
    world = World()
    ids = planted(world, 10)
    world.zoho.bulk_read.polls = 3
    async with world.client() as client:
        assert [each["id"] for each in await read(client)] == ids
        assert (await client.usage()).credits == world.zoho.credits_used
    looks = [each for each in world.zoho.seen if is_bulk(each) and each.method == "GET" and not is_file(each)]
    assert len(looks) == 4
    assert world.timer.monotonic() > 20


async def test_a_record_is_understood_as_one_of_a_list() -> None:
    """By the codec: a bulk file has only text in it."""
    world = World()
    planted(world, 3)
    decode = ZohoCodec().decoder(GRADES_MODULE, Overlay())
    async with world.client() as client:
        told = {via: await read(client, via) for via in ReadMethod}
    entities = {via: [decode(each).entity for each in found] for via, found in told.items()}
    assert entities[ReadMethod.BULK] == entities[ReadMethod.RECORDS] == entities[ReadMethod.COQL]
    assert entities[ReadMethod.BULK][0] is not None
    assert [each["Email_Opt_Out"] for each in told[ReadMethod.BULK]] == [True, False, True]


async def test_more_than_one_job_holds() -> None:
    """One page of a job after another, each record once."""
    world = World()
    ids = planted(world, 25)
    world.zoho.bulk_read.per_page = 10
    async with world.client() as client:
        assert [each["id"] for each in await read(client)] == ids
        assert [each["id"] for each in await read(client, after=ids[20])] == ids[21:]
    jobs = [json.loads(each.body or b"")["query"] for each in world.zoho.seen if is_bulk(each) and each.body]
    assert [("page" in job, "page_token" in job) for job in jobs[:3]] == [
        (True, False),
        (False, True),
        (False, True),
    ]


async def test_a_job_that_fails_says_what_else_to_do() -> None:
    """It is not asked for again."""
    world = World()
    planted(world, 1)
    world.zoho.bulk_read.fails = True
    async with world.client() as client:
        with raises(GatewayRefused) as caught:
            await read(client)
    assert "COQL" in caught.message


async def test_a_file_that_is_not_there_yet_is_waited_for() -> None:
    """And one that never comes is given up after an hour."""
    body = b'{"code":"RESOURCE_NOT_FOUND","details":{},"message":"not there","status":"error"}'
    for status in (404, 400):
        world = World()
        ids = planted(world, 3)
        world.faults.when(is_file, says(status, body), times=3)
        async with world.client() as client:
            assert [each["id"] for each in await read(client)] == ids
    world.faults.when(is_file, says(404, body), times=999)
    async with world.client() as client:
        with raises(GatewayUnavailable):
            await read(client)
    assert 3600 < world.timer.monotonic() < 4000


def is_job(request: Request) -> bool:
    """Whether it looks at a job."""
    return is_bulk(request) and request.method == "GET" and not is_file(request)


def finished(result: object) -> Instead:
    """A job that is done, with this result."""
    return says(200, json.dumps({"data": [{"state": "COMPLETED", "result": result}]}).encode())


@pytest.mark.parametrize("result", [None, {}, {"count": 3}], ids=repr)
async def test_a_job_that_is_done_and_tells_no_result_ends_the_reading(result: object) -> None:
    """Whether there is more is not known, so what came could be taken for everything."""
    world = World()
    planted(world, 3)
    world.faults.when(is_job, finished(result))
    async with world.client() as client:
        with raises(ProtocolError) as caught:
            await read(client)
    assert "tells no result" in caught.message


async def test_jobs_that_bring_nothing_new_are_not_asked_for_for_ever() -> None:
    """Each costs fifty credits."""
    world = World()
    planted(world, 3)
    world.faults.when(is_job, finished({"more_records": True}), times=99)
    world.zoho.bulk_read.polls = -1
    world.zoho.bulk_read.instead = zipped(("a.csv", b"id,Name\r\n1,One\r\n"))
    async with world.client() as client:
        with raises(ProtocolError) as caught:
            await read(client)
    assert "nothing new" in caught.message
    assert len(world.faults.met) == 2


@pytest.mark.parametrize(
    "fault",
    [Reset(applied=True), Short(), Unreachable(), says(503), says(429, b"{}", retry_after="60")],
    ids=repr,
)
async def test_a_download_that_breaks_is_begun_anew(fault: Fault) -> None:
    """Nothing of the first is left in the second."""
    world = World()
    ids = planted(world, 50)
    world.faults.when(is_file, fault, times=2)
    async with world.client() as client:
        assert [each["id"] for each in await read(client)] == ids


def zipped(*entries: tuple[str, bytes]) -> bytes:
    """A ZIP with these files."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return file.getvalue()


FINE = b"id,Name\r\n1,One\r\n"
HOSTILE = {
    "a way out of the folder": zipped(("../../etc/cron.d/job.csv", FINE)),
    "a folder": zipped(("a/b.csv", FINE)),
    "another system's way out": zipped(("..\\b.csv", FINE)),
    "two files": zipped(("a.csv", FINE), ("b.csv", FINE)),
    "no file": zipped(),
    "no table": zipped(("a.exe", FINE)),
    "a bomb": zipped(("a.csv", b"id\r\n" + b"1\r\n" * 6_000_000)),
    "no ZIP": FINE,
    "nothing": b"",
    "a page": b"<html>",
    "half of it": zipped(("a.csv", FINE * 500))[:-30],
    "no names": zipped(("a.csv", b"1,One\r\n2,Two\r\n")),
    "a name twice": zipped(("a.csv", b"id,Name,Name\r\n1,One,Two\r\n")),
    "a short line": zipped(("a.csv", b"id,Name\r\n1\r\n")),
    "an endless cell": zipped(("a.csv", b'id,Name\r\n1,"' + b"x y" * 60000)),
    "other letters": zipped(("a.csv", "id,Name\r\n1,رنا\r\n".encode("utf-16"))),
    "an id that is none": zipped(("a.csv", b"id,Name\r\nx,One\r\n")),
}


@pytest.mark.parametrize("file", HOSTILE.values(), ids=HOSTILE)
async def test_a_file_that_is_none_of_zohos_is_refused(file: bytes) -> None:
    """None of it is taken, and nothing is written anywhere but into a file without a name."""
    world = World()
    planted(world, 1)
    world.zoho.bulk_read.instead = file
    async with world.client() as client:
        with raises(ProtocolError) as caught:
            await read(client)
    assert "One" not in caught.message


async def test_a_cut_file_is_refused() -> None:
    """Its length agrees with what was announced, and it is damaged all the same."""
    world = World()
    planted(world, 100)
    world.faults.when(is_file, Cut())
    async with world.client() as client:
        with raises(GatewayError):
            await read(client)


async def test_ids_of_any_length_come_in_order() -> None:
    """As numbers, in whatever order the file has them."""
    world = World()
    world.zoho.define("Leads", ["Name"])
    lines = "".join(f"{n},Lead {n}\r\n" for n in (100, 9, 5000000000000000001, 10, 99))
    world.zoho.bulk_read.instead = zipped(("a.csv", f"Id,Name\r\n{lines}".encode()))
    async with world.client() as client:
        for after, expected in ((None, ["9", "10", "99", "100"]), (ZohoId("10"), ["99", "100"])):
            pages = client.pages("Leads", Selection(fields=("Name",)), via=ReadMethod.BULK, after=after)
            found = [record["id"] async for page in pages for record in page]
            assert found == [*expected, "5000000000000000001"]


def typed(data_type: str) -> Mapping[str, ZohoField]:
    """One field of this type."""
    return {"F": ZohoField(api_name="F", label="F", data_type=data_type)}


CELLS = {
    ("text", ""): None,
    ("text", "true"): "true",
    ("lookup", "5000000000000000001"): {"id": "5000000000000000001"},
    ("ownerlookup", "7"): {"id": "7"},
    ("boolean", "true"): True,
    ("boolean", "False"): False,
    ("boolean", ""): None,
    ("multiselectpicklist", "A;B"): ["A", "B"],
    ("integer", "007"): "007",
    ("datetime", "2026-03-01T09:30:00+03:00"): "2026-03-01T09:30:00+03:00",
}


@pytest.mark.parametrize(("cell", "value"), CELLS.items(), ids=repr)
def test_cells_become_what_a_list_would_say(cell: tuple[str, str], value: object) -> None:
    """As far as the type of the field says so."""
    data_type, text = cell
    file = io.BytesIO(zipped(("a.csv", f"Id,F\r\n1,{text}\r\n".encode("utf-8-sig"))))
    assert list(rows_of(file, typed(data_type))) == [{"id": "1", "F": value}]
