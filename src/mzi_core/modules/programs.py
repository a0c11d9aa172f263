"""Products: the programmes a college sells. Sources: reference §1.2, C12, C21."""

from decimal import Decimal
from typing import Annotated

import attrs

from mzi_core.module import Counterpart, Module, MoodleKind, ZohoEntity, identity, money, zoho
from mzi_core.values import MoodleId, ZohoId


@attrs.frozen(kw_only=True)
class Program(ZohoEntity):
    """A programme. `moodle_id` is the category its courses go into (B5), or by a rule a course of its own.

    Several programmes may share a category, so it is no link that only one may have.
    """

    zoho_id: Annotated[ZohoId, identity("id", "ID", "Product_ID")]
    name: Annotated[str, zoho("Product_Name", "Name")]
    code: Annotated[str | None, zoho("Product_Code")] = None
    price: Annotated[Decimal | None, money("Program_Price")] = None
    currency: Annotated[str | None, zoho("Currency")] = None
    moodle_id: Annotated[MoodleId | None, zoho("MoodleID", "crmnmoodle__Moodle_ID")] = None
    major: Annotated[str | None, zoho("Program_Major")] = None
    sub_major: Annotated[str | None, zoho("Program_Sub_Major")] = None
    type: Annotated[str | None, zoho("Program_Type")] = None
    award: Annotated[str | None, zoho("Product_Sub_Category")] = None
    active: Annotated[bool | None, zoho("Product_Active")] = None
    description: Annotated[str | None, zoho("Description")] = None
    status: Annotated[str | None, zoho("Status")] = None


PROGRAMS = Module(
    name="programs",
    singular="program",
    remote_name="Products",
    entity=Program,
    aliases=("Prodacts", "BTEC_Programs"),
    counterpart=Counterpart(MoodleKind.PROGRAM, id="moodle_id"),
)
