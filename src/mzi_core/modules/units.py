"""BTEC: the units of the programmes and their criteria. Sources: reference §1.2, C11, C13, C17."""

from decimal import Decimal
from typing import Annotated

import attrs

from mzi_core.module import Module, ZohoEntity, criterion_texts, lookup, zoho
from mzi_core.values import ZohoId

TEMPLATE_ROWS = "BTEC_Grading_Template_P1"


@attrs.frozen
class CriterionText:
    """What one criterion asks for: `code` is P1..P20, M1..M9 or D1..D9."""

    code: str
    description: str


@attrs.frozen(kw_only=True)
class Unit(ZohoEntity):
    """A unit. Real Zoho units have no level and no status: both stay optional, the status is Active then."""

    unit_name: Annotated[str, zoho("Name", "Unit_Name")]
    unit_code: Annotated[str | None, zoho("Unit_Code")] = None
    description: Annotated[str | None, zoho("Description")] = None
    credit_hours: Annotated[Decimal | None, zoho("Unit_Credit", "Credit_Hours", minimum=0)] = None
    level: Annotated[str | None, zoho("Level")] = None
    major: Annotated[str | None, zoho("Unit_Major")] = None
    status: Annotated[str, zoho("Status")] = "Active"
    program: Annotated[ZohoId | None, lookup("Program")] = None
    grading_template: Annotated[str | None, zoho("Moodle_Grading_Template")] = None
    criteria: Annotated[tuple[CriterionText, ...], criterion_texts(TEMPLATE_ROWS)] = ()


UNITS = Module(
    name="units",
    singular="unit",
    remote_name="BTEC",
    entity=Unit,
    aliases=("BTEC_Units",),
    refers_to={"program": "programs"},
)
