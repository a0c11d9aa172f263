"""What is read off the metadata: fields of every shape, and where the rows of a record are."""

import json
from typing import Any

import attrs
import pytest
from tests.gateways.zoho.given import World

from mzi_adapters.testing.contracts.fixtures import raises
from mzi_adapters.testing.contracts.zoho_gateway_remote import GRADES, KEY
from mzi_adapters.testing.faults import says
from mzi_adapters.web import Request, Response
from mzi_core.errors import ProtocolError, RemoteNotFound
from mzi_core.ports import ReadMethod, Selection, ZohoField, ZohoModule
from mzi_core.values import ZohoId

CLASSES, STUDENTS, LINK = "BTEC_Classes", "BTEC_Students", "Classes_X_Students"
ENROLLED = "Enrolled_Students"


@attrs.frozen
class Linking:
    """A Zoho whose metadata says which module links classes to their students."""

    world: World
    linking: object

    async def send(self, request: Request) -> Response:
        answer = await self.world.zoho.send(request)
        if not request.url.endswith("/settings/fields"):
            return answer
        body: dict[str, Any] = json.loads(answer.body)
        for field in body["fields"]:
            if field["data_type"] == "multiselectlookup":
                field["multiselectlookup"] = {"linking_module": self.linking, "connected_module": STUDENTS}
        return attrs.evolve(answer, body=json.dumps(body).encode())


def lookup(name: str, module: str) -> ZohoField:
    """A lookup."""
    return ZohoField(api_name=name, label=name, data_type="lookup", json_type="jsonobject", lookup=module)


def linked(world: World) -> tuple[list[str], list[str]]:
    """Two classes, and three students of the first."""
    world.zoho.define(LINK, [lookup("Class", CLASSES), lookup(ENROLLED, STUDENTS)])
    groups = [world.zoho.add(CLASSES, {"Class_Name": name}) for name in ("L3 A", "L3 B")]
    students = [world.zoho.add(STUDENTS, {"First_Name": f"Student {n}"}) for n in range(3)]
    for student in students:
        world.zoho.add(LINK, {"Class": {"id": groups[0]}, ENROLLED: {"id": student}})
    return groups, students


@pytest.mark.parametrize("linking", [LINK, {"api_name": LINK, "id": "77"}], ids=repr)
async def test_a_many_to_many_lookup_is_read_through_its_linking_module(linking: object) -> None:
    """In a query for a hundred records, where each by itself would be a hundred calls."""
    world = World()
    groups, students = linked(world)
    async with world.client(wire=Linking(world, linking)) as client:
        pages = client.pages(CLASSES, Selection(fields=("Class_Name", ENROLLED)), via=ReadMethod.COQL)
        found = {record["id"]: record for page in [page async for page in pages] for record in page}
    told = found[groups[0]][ENROLLED]
    assert isinstance(told, list)
    assert [row[ENROLLED]["id"] for row in told] == students
    assert found[groups[1]][ENROLLED] == []
    assert world.sent("GET", f"/{groups[0]}") == []
    assert len(world.sent("POST", "/coql")) == 2


async def test_a_linking_module_that_leaves_a_doubt_is_not_used() -> None:
    """Two lookups to students could each be meant, so each record is read by itself."""
    world = World()
    groups, _ = linked(world)
    world.zoho.define(LINK, [lookup("Other_Student", STUDENTS)])
    async with world.client(wire=Linking(world, LINK)) as client:
        found = await client.get_many(CLASSES, [ZohoId(groups[0])], Selection(fields=(ENROLLED,)))
    assert found[ZohoId(groups[0])][ENROLLED] == []
    assert len(world.sent("GET", f"/{groups[0]}")) == 1


async def test_a_subform_nobody_has_is_refused() -> None:
    """It is a mistake in the mapping."""
    world = World()
    grade = ZohoId(world.zoho.add(GRADES, {KEY: "one"}))
    async with world.client() as client:
        with raises(RemoteNotFound) as caught:
            selection = Selection(fields=(KEY,), subforms={"No_Such_Rows": ("A",)})
            await client.get_many(GRADES, [grade], selection)
    assert "mapping" in caught.message


async def test_fields_are_asked_for_once_in_a_while() -> None:
    """Fifteen minutes for what only needs them; anew for whoever asks for them."""
    world = World()
    async with world.client() as client:
        for _ in range(3):
            assert [page async for page in client.pages(GRADES, Selection(fields=(KEY,)))] == []
        assert len(world.sent("GET", "/settings/fields")) == 1
        await client.fields(GRADES)
        assert len(world.sent("GET", "/settings/fields")) == 2
        await world.timer.sleep(901)
        assert [page async for page in client.pages(GRADES, Selection(fields=(KEY,)))] == []
    assert len(world.sent("GET", "/settings/fields")) == 3


FIELDS: list[tuple[dict[str, object], ZohoField]] = [
    (
        {
            "api_name": "A",
            "field_label": "The A",
            "data_type": "text",
            "length": 80,
            "unique": {"casesensitive": "false"},
        },
        ZohoField(api_name="A", label="The A", data_type="text", length=80, unique=True),
    ),
    (
        {
            "api_name": "B",
            "data_type": "picklist",
            "json_type": "string",
            "unique": {},
            "system_mandatory": True,
            "pick_list_values": [{"actual_value": "P", "display_value": "Pass"}, {"display_value": "Merit"}],
        },
        ZohoField(
            api_name="B",
            label="B",
            data_type="picklist",
            json_type="string",
            mandatory=True,
            choices=("P", "Merit"),
        ),
    ),
    (
        {
            "api_name": "C",
            "data_type": "lookup",
            "lookup": {"module": {"api_name": "Leads", "id": "1"}},
            "read_only": True,
        },
        ZohoField(api_name="C", label="C", data_type="lookup", lookup="Leads", read_only=True),
    ),
    (
        {"api_name": "D", "data_type": "lookup", "lookup": {"module": "Leads"}, "pick_list_values": None},
        ZohoField(api_name="D", label="D", data_type="lookup", lookup="Leads"),
    ),
    (
        {"api_name": "E", "data_type": "subform", "associated_module": {"module": "Rows"}},
        ZohoField(api_name="E", label="E", data_type="subform", lookup="Rows"),
    ),
    (
        {"api_name": "F", "data_type": "subform", "subform": {"module": "Rows", "id": "1"}},
        ZohoField(api_name="F", label="F", data_type="subform", lookup="Rows"),
    ),
    (
        {
            "api_name": "G",
            "data_type": "multiselectlookup",
            "multiselectlookup": {"connected_module": "Leads"},
        },
        ZohoField(api_name="G", label="G", data_type="multiselectlookup", lookup="Leads"),
    ),
]


@pytest.mark.parametrize(("said", "field"), FIELDS, ids=lambda each: getattr(each, "api_name", "said"))
async def test_fields_of_every_shape(said: dict[str, object], field: ZohoField) -> None:
    """Zoho describes them in the words of several years."""
    world = World()
    answer = says(200, json.dumps({"fields": [said]}).encode())
    world.faults.when(lambda request: request.url.endswith("/settings/fields"), answer)
    async with world.client() as client:
        assert list(await client.fields(GRADES)) == [field]


async def test_modules_that_are_closed_to_the_api() -> None:
    """They are told of, and marked."""
    world = World()
    modules = [{"api_name": "Leads", "plural_label": "Leads"}, {"api_name": "Secret", "api_supported": False}]
    answer = says(200, json.dumps({"modules": modules}).encode())
    world.faults.when(lambda request: request.url.endswith("/settings/modules"), answer)
    async with world.client() as client:
        assert list(await client.modules()) == [
            ZohoModule(api_name="Leads", label="Leads"),
            ZohoModule(api_name="Secret", label="Secret", api_supported=False),
        ]


async def test_an_organisation_without_details_is_told_as_far_as_it_is() -> None:
    """And one that is no object is none of Zoho's."""
    world = World()
    world.faults.when(lambda r: r.url.endswith("/org"), says(200, b'{"org":[{"id":"7","company_name":"C"}]}'))
    async with world.client() as client:
        found = await client.organization()
        assert (found.id, found.name, found.edition) == ("7", "C", "")
        world.faults.when(lambda r: r.url.endswith("/org"), says(200, b'{"org":"Riverside"}'))
        with raises(ProtocolError):
            await client.organization()


async def test_a_count_without_a_number_is_none_of_zohos() -> None:
    """Nothing at all is none."""
    world = World()
    async with world.client() as client:
        world.faults.when(lambda r: r.url.endswith("/coql"), says(200, b'{"data":[{"COUNT(id)":"many"}]}'))
        with raises(ProtocolError):
            await client.count(GRADES)
        world.faults.when(lambda r: r.url.endswith("/coql"), says(204))
        assert await client.count(GRADES) == 0
