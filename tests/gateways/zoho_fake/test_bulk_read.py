"""Bulk Read: jobs that take their time, and files with a header and ids."""

import csv
import io
import zipfile
from typing import Any

from tests.gateways.zoho_fake.asking import Asking

DAY = 86_400.0
READ = "/crm/bulk/v8/read"


async def begin(ask: Asking, **query: Any) -> str:
    """The id of a new job over Grades."""
    said = await ask("POST", READ, {"query": {"module": {"api_name": "Grades"}, **query}})
    assert (said.status, said.code) == (201, "ADDED_SUCCESSFULLY")
    return str(said.body["data"][0]["details"]["id"])


async def finish(ask: Asking, job: str) -> Any:
    """Ask after a job until it is done."""
    while True:
        said = (await ask("GET", f"{READ}/{job}")).body["data"][0]
        if said["state"] in ("COMPLETED", "FAILURE"):
            return said


def table(body: bytes) -> list[list[str]]:
    """The rows of the one CSV in a ZIP."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        (name,) = archive.namelist()
        return list(csv.reader(io.TextIOWrapper(archive.open(name), "utf-8", newline="")))


async def test_a_job_goes_from_added_over_in_progress_to_completed(ask: Asking) -> None:
    ask.zoho.bulk_read.polls = 3
    job = await begin(ask)
    states = [(await ask("GET", f"{READ}/{job}")).body["data"][0]["state"] for _ in range(5)]
    assert states == ["ADDED", "IN PROGRESS", "IN PROGRESS", "COMPLETED", "COMPLETED"]


async def test_the_file_is_a_zip_of_one_csv_with_bare_ids(ask: Asking) -> None:
    student = ask.zoho.add("Students", {"Name": 'Sara, A.\n"S"'})
    first = ask.zoho.add("Grades", {"Key": "k1", "Student": student})
    second = ask.zoho.add("Grades", {"Key": "k2"})
    job = await begin(ask, fields=["id", "Key", "Student", "Student.Name", "Modified_Time"])
    result = (await finish(ask, job))["result"]
    assert (
        result["count"],
        result["page"],
        result["more_records"],
        result["next_page_token"],
    ) == (2, 1, False, None)
    said = await ask("GET", result["download_url"])
    assert said.headers["content-type"] == "application/zip"
    at = "2026-09-01T11:00:00+03:00"
    assert [
        ["id", "Key", "Student", "Student.Name", "Modified_Time"],
        [first, "k1", student, 'Sara, A.\n"S"', at],
        [second, "k2", "", "", at],
    ] == table(said.body)


async def test_pages_go_by_number_or_by_token(ask: Asking) -> None:
    ask.zoho.bulk_read.per_page = 2
    planted = [ask.zoho.add("Grades", {"Key": f"k{n}"}) for n in range(3)]
    result = (await finish(ask, await begin(ask, fields=["id"])))["result"]
    assert result["more_records"]
    for more in ({"page": 2}, {"page_token": result["next_page_token"]}):
        last = (await finish(ask, await begin(ask, fields=["id"], **more)))["result"]
        said = await ask("GET", last["download_url"])
        assert [["id"], [planted[2]]] == table(said.body)
        assert not last["more_records"]


async def test_criteria_choose_records(ask: Asking) -> None:
    for n, grade in enumerate(("P", "M", None)):
        ask.zoho.add("Grades", {"Key": f"k{n}", "Grade": grade})
    field = {"api_name": "Grade"}
    one = {"field": field, "comparator": "equal", "value": "M"}
    group = {"group_operator": "or", "group": [one, {**one, "value": "P"}]}
    since = {
        "field": {"api_name": "Modified_Time"},
        "comparator": "greater_equal",
        "value": "2027-01-01T00:00:00Z",
    }
    counts = []
    for criteria in (group, {**group, "group_operator": "and"}, {"group_operator": "and", "group": [since]}):
        counts.append((await finish(ask, await begin(ask, criteria=criteria)))["result"]["count"])
    assert counts == [2, 0, 0]


async def test_a_file_is_there_once_the_job_is_done_and_for_a_day(ask: Asking) -> None:
    job = await begin(ask)
    early = await ask("GET", f"{READ}/{job}/result")
    assert (early.status, early.code) == (404, "RESOURCE_NOT_FOUND")
    await finish(ask, job)
    assert (await ask("GET", f"{READ}/{job}/result")).status == 200
    await ask.time.sleep(DAY)
    await ask.sign_in()
    assert (await ask("GET", f"{READ}/{job}/result")).status == 404


async def test_ten_files_a_minute(ask: Asking) -> None:
    job = await begin(ask)
    await finish(ask, job)
    statuses = [(await ask("GET", f"{READ}/{job}/result")).status for _ in range(11)]
    assert statuses == [200] * 10 + [429]
    await ask.time.sleep(60)
    assert (await ask("GET", f"{READ}/{job}/result")).status == 200


async def test_a_job_can_fail_and_then_has_no_file(ask: Asking) -> None:
    ask.zoho.bulk_read.fails = True
    job = await begin(ask)
    said = await finish(ask, job)
    assert said["state"] == "FAILURE"
    assert "result" not in said
    assert (await ask("GET", f"{READ}/{job}/result")).status == 404


async def test_another_file_can_be_planted(ask: Asking) -> None:
    ask.zoho.bulk_read.instead = b"no zip"
    job = await begin(ask)
    await finish(ask, job)
    assert (await ask("GET", f"{READ}/{job}/result")).body == b"no zip"


async def test_a_large_file_comes_in_chunks(ask: Asking) -> None:
    from mzi_adapters.web.transport import Request

    ask.zoho.bulk_read.instead = bytes(200_000)
    job = await begin(ask)
    await finish(ask, job)
    request = Request(
        method="GET",
        url=f"{ask.zoho.api_url}{READ}/{job}/result",
        headers={"Authorization": f"Zoho-oauthtoken {ask.token}"},
    )
    async with ask.wire.stream(request) as streamed:
        sizes = [len(chunk) async for chunk in streamed.chunks]
    assert (streamed.status, sum(sizes), len(sizes) > 1) == (200, 200_000, True)
