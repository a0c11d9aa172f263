"""A fake with two modules of a college, and somebody who is signed in."""

import pytest
from tests.gateways.zoho_fake.asking import Asking

from mzi_adapters.testing.virtual_time import VirtualTimer
from mzi_adapters.testing.zoho import FakeZoho
from mzi_core.ports.zoho.metadata import ZohoField


def field(name: str, data_type: str, json_type: str = "string", **more: object) -> ZohoField:
    """A field as the metadata tells of it."""
    given: dict[str, object] = {"api_name": name, "label": name, "data_type": data_type}
    return ZohoField(**given, json_type=json_type, **more)  # type: ignore[arg-type]  # by name, as above


STUDENTS = (
    field("Name", "text", mandatory=True, length=120),
    field("Academic_Email", "email", length=100),
    field("Birth_Date", "date"),
    field("Score", "double", "double"),
    field("Attempts", "integer", "integer", length=9),
    field("Active", "boolean", "boolean"),
    field("Level", "picklist", choices=("L2", "L3")),
    field("Enrolled_At", "datetime"),
    field("Total", "formula", read_only=True),
    "External_Key",
    "Phone_Number",
)
GRADES = (
    field("Name", "autonumber", read_only=True),
    "Key",
    "Grade",
    field("Student", "lookup", "jsonobject", lookup="Students"),
    field("Tutors", "multiselectlookup", "jsonarray"),
    field("Rows", "subform", "jsonarray", lookup="Rows"),
)
ROWS = ("Code", field("Points", "integer", "integer"))


@pytest.fixture
async def ask() -> Asking:
    """Somebody signed in to a CRM with Students, Grades, and the rows of grades."""
    time = VirtualTimer()
    zoho = FakeZoho(clock=time, timer=time)
    zoho.define("Students", STUDENTS, unique=["External_Key", "Academic_Email"])
    zoho.define("Rows", ROWS)
    zoho.define("Grades", GRADES, unique=["Key"])
    asking = Asking(zoho, time)
    await asking.sign_in()
    return asking
