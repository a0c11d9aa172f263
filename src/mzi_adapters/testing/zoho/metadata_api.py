"""What the organisation says of itself: modules, fields, the organisation, the user behind the token."""

import attrs

from mzi_adapters.testing.zoho.answers import ApiError, Json, said
from mzi_adapters.testing.zoho.calls import ReceivedCall
from mzi_adapters.testing.zoho.module_tables import SYSTEM, Table
from mzi_adapters.testing.zoho.organization import FakeOrganization
from mzi_adapters.web.transport import Response
from mzi_core.ports.zoho.metadata import ZohoField

_SYSTEM_NAMES = frozenset({"Name", *(field.api_name for field in SYSTEM)})


@attrs.frozen
class MetadataApi:
    """The metadata operations over an organisation."""

    organization: FakeOrganization

    def modules(self, call: ReceivedCall) -> Response:
        """`GET /settings/modules`."""
        shown = [self._module(table) for table in self.organization.tables.values()]
        return said(200, {"modules": shown})

    def fields(self, call: ReceivedCall) -> Response:
        """`GET /settings/fields?module=…`."""
        if not call.query.get("module"):
            message = "One of the expected parameter is missing"
            raise ApiError(400, "REQUIRED_PARAM_MISSING", message, {"param_name": "module"})
        table = self.organization.table(call.query["module"])
        shown = [self._field(table, place, field) for place, field in enumerate(table.fields.values())]
        return said(200, {"fields": shown})

    def org(self, call: ReceivedCall) -> Response:
        """`GET /org`."""
        hours = int(self.organization.offset.total_seconds() // 3600)
        about: Json = {
            "id": "5000000000000000010",
            "zgid": "700000010",
            "company_name": self.organization.name,
            "time_zone": f"Etc/GMT{-hours:+d}",
            "iso_code": "GBP",
            "currency": "British Pound Sterling - GBP",
            "currency_symbol": "£",
            "license_details": {"paid": True, "paid_type": self.organization.edition},
        }
        return said(200, {"org": [about]})

    def users(self, call: ReceivedCall) -> Response:
        """`GET /users?type=CurrentUser`."""
        robot, person = self.organization.robot, self.organization.person
        users = [robot] if call.query.get("type") == "CurrentUser" else [robot, person]
        shown = [
            {"id": user.id, "full_name": user.name, "email": user.email, "status": "active"} for user in users
        ]
        info = {"per_page": 200, "count": len(shown), "page": 1, "more_records": False}
        return said(200, {"users": shown, "info": info})

    def _module(self, table: Table) -> Json:
        label = table.name.replace("_", " ")
        return {
            "id": table.id,
            "api_name": table.name,
            "module_name": table.name,
            "singular_label": label,
            "plural_label": label,
            "generated_type": "custom" if table.held_in is None else "subform",
            "api_supported": True,
            "creatable": table.held_in is None,
            "editable": table.held_in is None,
            "deletable": table.held_in is None,
            "viewable": True,
            "visible": table.held_in is None,
            "status": "visible" if table.held_in is None else "system_hidden",
        }

    def _field(self, table: Table, place: int, field: ZohoField) -> Json:
        shown: Json = {
            "id": str(int(table.id) * 10 + place),
            "api_name": field.api_name,
            "field_label": field.label,
            "display_label": field.label,
            "data_type": field.data_type,
            "json_type": field.json_type,
            "system_mandatory": field.mandatory,
            "read_only": field.read_only,
            "field_read_only": field.read_only,
            "custom_field": field.api_name not in _SYSTEM_NAMES,
            "visible": True,
            "unique": {"casesensitive": "false"} if field.unique else {},
            "pick_list_values": [
                {"display_value": choice, "actual_value": choice, "reference_value": choice}
                for choice in field.choices
            ],
            "lookup": {},
        }
        if field.length is not None:
            shown["length"] = field.length
        pointed = self.organization.tables.get(field.lookup or "")
        if pointed is not None and field.data_type == "subform":
            shown["associated_module"] = {"module": pointed.name, "id": pointed.id}
            shown["subform"] = {"module": pointed.name, "id": pointed.id}
        elif pointed is not None:
            module = {"api_name": pointed.name, "id": pointed.id}
            shown["lookup"] = {"api_name": field.api_name, "display_label": field.label, "module": module}
        return shown
