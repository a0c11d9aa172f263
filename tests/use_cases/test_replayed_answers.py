"""Answers of a real Zoho, given again to the client that speaks to it."""

import json
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import attrs
import pytest
from tests.use_cases.remotes import College

from mzi_adapters.web import Request, Response, Streamed, Transport, in_chunks
from mzi_core.mapping import NO_OVERLAY
from mzi_core.modules import CATALOGUE
from mzi_core.naming import Described, naming
from mzi_core.ports import ReadMethod, Rejected, ZohoField
from mzi_core.use_cases.carry_out import PushResult
from mzi_core.use_cases.field_selection import choose, in_no_record
from mzi_core.use_cases.pull import PullDone
from mzi_core.values import DEFAULT_TENANT

CASES = Path(__file__).parents[1] / "data" / "zoho"
STUDENTS = CATALOGUE["students"]
MODULE = "BTEC_Students"

Told = Callable[[Request], object]
"""The answer to a request as JSON; None where the fake is to answer itself."""


def case(name: str) -> Any:
    """What was recorded."""
    return json.loads((CASES / name).read_text("utf-8"))


@attrs.frozen
class Replayed:
    """A Zoho that answers some requests as it once did, and all others as the fake does."""

    wire: Transport
    told: Told

    async def send(self, request: Request) -> Response:
        said = self.told(request)
        answer = await self.wire.send(request)
        return answer if said is None else attrs.evolve(answer, status=200, body=json.dumps(said).encode())

    def stream(self, request: Request) -> AbstractAsyncContextManager[Streamed]:
        said = self.told(request)
        return (
            self.wire.stream(request)
            if said is None
            else in_chunks(Response(status=200, body=json.dumps(said).encode()))
        )


@pytest.fixture
def college() -> College:
    return College()


def replay(college: College, told: Told) -> None:
    """From now on some requests are answered so."""
    college.to_zoho.wire = Replayed(college.zoho, told)


def is_list(request: Request) -> bool:
    """Whether students are listed."""
    return request.method == "GET" and request.url.partition("?")[0].endswith(f"/{MODULE}")


async def pull(college: College, **how: Any) -> PullDone | None:
    """A whole pull of the students."""
    remote = college.use_cases.remote
    plan = await remote.plan_pull(DEFAULT_TENANT, STUDENTS, **how)
    last = None
    async for done in remote.pull(plan):
        last = done
    return last if isinstance(last, PullDone) else None


async def pushed(college: College) -> list[PushResult]:
    """What a push of the students did."""
    return [each for page in await college.push_zoho("students") for each in page.results]


async def test_each_refusal_of_a_push_names_the_place_the_choices_or_the_other_record(
    college: College,
) -> None:
    for n in range(4):
        record = {"Name": f"A{n}", "Academic_Email": f"s{n}@college.example", "City": "Irbid"}
        zoho_id = college.zoho.add(MODULE, record)
        await college.sync("students", [college.zoho.records(MODULE)[zoho_id] | {"City": "Amman"}])
    college.timer.jump(60)
    items = case("fake_push_refusals.json")
    replay(college, lambda request: {"data": items} if request.method == "PUT" else None)
    results = await pushed(college)
    assert all(isinstance(each.result, Rejected) for each in results)
    assert [each.why for each in results] == [
        "row 1 of Learning_Outcomes_Assessm (counted from 0), LO_Code: required field not found "
        "(MANDATORY_NOT_FOUND).",
        "Gender: invalid data (expected data type picklist; allowed are Male, Female) (INVALID_DATA).",
        "Academic_Email: duplicate data (record 7005 has it) (DUPLICATE_DATA).",
        "record is locked (RECORD_LOCKED).",
    ]


async def test_a_field_that_is_in_the_metadata_and_in_no_answer_stays_as_stored_and_is_told(
    college: College,
) -> None:
    """As where the account may not see it: nothing tells what Zoho holds there."""
    said = case("fake_field_in_no_answer.json")
    fields = college.zoho.organization.tables[MODULE].fields
    for name in fields.keys() - set(said["fields_metadata"]):
        del fields[name]
    college.zoho.add(MODULE, said["stored"] | said["in_zoho_but_hidden"])
    await college.sync("students", [said["stored"]])
    replay(college, lambda request: said["list_answer"] if is_list(request) else None)
    done = await pull(college, full=True, via=ReadMethod.RECORDS)
    assert done is not None
    assert done.unanswered == {"city"}
    assert (await college.stored("students"))["7000"].city == "Irbid"


@pytest.mark.parametrize(
    ("page", "silent"),
    [
        ([{"City": None}, {"Name": "A"}, "no object"], set()),
        ([{"Name": "A"}, {"Name": "B"}], {"city"}),
        ([{"City": 1, "Name": "A", "Academic_Email": "x", "First_Name": None}], set()),
    ],
    ids=["null somewhere", "nowhere", "everywhere"],
)
def test_a_field_is_silent_only_where_no_record_has_its_key(page: list[object], silent: set[str]) -> None:
    names = ("Name", "Academic_Email", "City")
    real = {name: ZohoField(api_name=name, label=name, data_type="text") for name in names}
    choice = choose(naming(STUDENTS, NO_OVERLAY, Described(api_name=MODULE, fields=real, rows={})))
    assert in_no_record(choice, page) - {"academic_email", "display_name"} == silent


def _asked(record: Mapping[str, object], names: str) -> dict[str, object]:
    """The fields of a record that were asked for."""
    return {name: value for name, value in record.items() if re.search(rf"\b{name}\b", names)}


async def test_a_field_of_text_that_is_a_lookup_there_is_the_same_by_every_way_of_reading(
    college: College,
) -> None:
    """COQL gives the id of a lookup alone, Get Records its name as well: an id is no name."""
    said = case("fake_text_field_is_lookup.json")
    table = college.zoho.organization.tables[MODULE]
    table.fields["Major"] = ZohoField(
        api_name="Major", label="Major", data_type="lookup", lookup=CATALOGUE["programs"].remote_name
    )
    info = {"count": 1, "more_records": False}

    def told(request: Request) -> object:
        if is_list(request):
            return {"data": [_asked(said["records"], request.url)], "info": info}
        if request.url.endswith("/coql"):
            asked = json.loads(request.body or b"")["select_query"]
            if "COUNT(" in asked:
                return {"data": [{"COUNT(id)": 1}], "info": info}
            return {"data": [_asked(said["coql"], asked)], "info": info}
        return None

    replay(college, told)
    await college.sync("students", [{**said["records"], "Major": "Networks"}])
    for via in (ReadMethod.RECORDS, ReadMethod.COQL):
        await pull(college, full=True, via=via)
        assert (await college.stored("students"))["7000"].major == "Networks"
    plan = await college.use_cases.remote.plan_pull(DEFAULT_TENANT, STUDENTS)
    assert plan.choice.untold == {"major"}
    assert plan.choice.notes == (
        "`major` of the students stays as it is stored: `Major` is a lookup in BTEC_Students, and no text.",
    )
