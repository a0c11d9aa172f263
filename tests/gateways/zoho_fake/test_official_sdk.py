"""Zoho's own client takes the fake for Zoho."""

import asyncio
import datetime
from pathlib import Path
from typing import Any

from tests.gateways.zoho_fake.conftest import GRADES, ROWS, STUDENTS
from tests.servers.zoho import Validating

from mzi_adapters.testing.loopback import serving
from mzi_adapters.testing.virtual_time import VirtualTimer
from mzi_adapters.testing.zoho import FakeZoho
from mzi_adapters.testing.zoho.fake import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN

ORIGIN = "https://zoho.example"


def work(url: str, folder: Path) -> dict[str, Any]:
    """What the SDK does and hears, in the order of the keys."""
    from tests.gateways.zoho_fake.official import Official

    sdk = Official(url, folder)
    sdk.sign_in(CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN)
    heard: dict[str, Any] = {}
    people = [{"Name": f"Student {n}", "External_Key": f"m-{n}"} for n in range(5)]
    heard["create"] = sdk.write("create_records", "Students", people)
    first = heard["create"][1][0][1]
    heard["mixed"] = sdk.write("create_records", "Students", [{"Name": "New", "Score": 2.5}, people[0]])
    heard["refused"] = sdk.write("create_records", "Students", [people[0]])
    heard["upsert"] = sdk.write(
        "upsert_records", "Students", [{**people[0], "Name": "Renamed"}], ("External_Key",)
    )
    heard["update"] = sdk.write("update_records", "Students", [{"id": first, "Active": True}])
    heard["get"] = sdk.read("Students", first)
    heard["nobody"] = sdk.read("Students", "77")
    heard["list"] = sdk.pages("Students", "id,Name,External_Key", 2)
    heard["graded"] = sdk.write(
        "create_records", "Grades", [{"Key": "k", "Student": {"id": first}, "Rows": [{"Code": "P1"}]}]
    )
    heard["grade"] = sdk.read("Grades", heard["graded"][1][0][1])
    heard["delete"] = sdk.delete("Students", [first, "77"])
    heard["deleted"] = sdk.deleted("Students")
    return heard


async def test_the_official_sdk_creates_reads_upserts_lists_and_deletes(tmp_path: Path) -> None:
    """Through a socket, every answer checked against Zoho's description on the way."""
    time = VirtualTimer()
    zoho = FakeZoho(clock=time, accounts=ORIGIN, api=ORIGIN)
    zoho.define("Students", STUDENTS, unique=["External_Key", "Academic_Email"])
    zoho.define("Rows", ROWS)
    zoho.define("Grades", GRADES, unique=["Key"])
    # What it sends is not checked: of its own ids it makes numbers, which its description forbids.
    async with serving(Validating(zoho, requests=False), origin=ORIGIN) as server, asyncio.timeout(60):
        heard = await asyncio.to_thread(work, server.url, tmp_path)
    status, created = heard["create"]
    ids = [record_id for _, record_id in created]
    assert (201, [("SUCCESS", each) for each in ids]) == (status, created)
    assert [heard["mixed"][0], [code for code, _ in heard["mixed"][1]]] == [
        207,
        ["SUCCESS", "DUPLICATE_DATA"],
    ]
    assert (400, [("DUPLICATE_DATA", ids[0])]) == heard["refused"]
    assert (200, [("SUCCESS", ids[0])]) == heard["upsert"] == heard["update"]
    status, record = heard["get"]
    assert (status, record["Name"], record["Active"]) == (200, "Renamed", True)
    offset = datetime.timezone(datetime.timedelta(hours=3))
    assert datetime.datetime(2026, 9, 1, 11, tzinfo=offset) == record["Modified_Time"]
    assert heard["nobody"] == (204, None)
    status, grade = heard["grade"]
    assert (200, ids[0], "Renamed") == (status, str(grade["Student"].get_id()), grade["Student"].get_name())
    assert [row.get_key_value("Code") for row in grade["Rows"]] == ["P1"]
    status, listed = heard["list"]
    assert (200, 6, {*ids}) == (status, len(listed), {str(each["id"]) for each in listed} & {*ids})
    assert (207, [("SUCCESS", ids[0]), ("INVALID_DATA", "77")]) == heard["delete"]
    assert (200, [ids[0]]) == heard["deleted"]
    assert zoho.tokens_issued == 1
