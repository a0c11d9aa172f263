"""What an organisation says of itself: its modules, their fields, where the rows of a record are kept."""

from collections.abc import Mapping, Sequence

import attrs

from mzi_adapters.zoho.answers import Json, objects, part, text
from mzi_adapters.zoho.calling import ApiCall, ZohoCaller
from mzi_adapters.zoho.coql import ALWAYS, named
from mzi_core.errors import RemoteNotFound
from mzi_core.ports import Organization, Selection, ZohoField, ZohoModule
from mzi_core.ports.zoho.metadata import MANY_LOOKUP

BASE = "/crm/v8"

FRESH = 900.0
"""Seconds for which the fields of a module are taken for what they were."""

PARENT = "Parent_Id"
SUBFORM = "subform"
MANY = frozenset({SUBFORM, MANY_LOOKUP, "multi_module_lookup"})
"""Types whose values are rows: lists, queries and bulk files leave them out."""


@attrs.frozen(kw_only=True)
class RowSource:
    """Where the rows of a many-valued field are: a module, and its lookup to the record they belong to."""

    module: str
    parent: str
    columns: tuple[str, ...] = ()
    """The columns that make a row, where the field itself says so: a multi-select lookup's other side."""


@attrs.define(kw_only=True, eq=False)
class KnownFields:
    """The fields of modules, as they were a while ago at most."""

    caller: ZohoCaller
    _fields: dict[str, tuple[float, tuple[ZohoField, ...]]] = attrs.field(factory=dict, init=False)
    _links: dict[tuple[str, str], str] = attrs.field(factory=dict, init=False)

    async def asked_anew(self, module: str) -> tuple[ZohoField, ...]:
        """The fields of a module as they are now."""
        said = await self.caller.ask(
            ApiCall(
                method="GET",
                path=f"{BASE}/settings/fields",
                query=(("module", named(module)),),
                doing=f"reading the fields of {module}",
            )
        )
        listed = objects(said.body, "fields") if said.body else []
        found = tuple(_field(each) for each in listed)
        for each in listed:
            linking = each.get(MANY_LOOKUP)
            link = text(linking, "linking_module", "api_name") or text(linking, "linking_module")
            if link:
                self._links[module, text(each, "api_name")] = link
        self._fields[module] = (self.caller.timer.monotonic() + FRESH, found)
        return found

    async def of(self, module: str) -> Mapping[str, ZohoField]:
        """The fields of a module by name."""
        until, found = self._fields.get(module, (0.0, ()))
        if self.caller.timer.monotonic() >= until:
            found = await self.asked_anew(module)
        return {field.api_name: field for field in found}

    async def told_apart(self, module: str, selection: Selection) -> Selection:
        """The selection with many-valued fields among its subforms, whatever they were taken for."""
        known = await self.of(module)
        many = [name for name in selection.fields if name in known and known[name].data_type in MANY]
        if not many:
            return selection
        return Selection(
            fields=tuple(name for name in selection.fields if name not in many) or ALWAYS,
            subforms={**dict.fromkeys(many, ()), **selection.subforms},
        )

    async def row_source(self, module: str, name: str) -> RowSource | None:
        """Where the rows of a field are; None where only the record itself can tell."""
        field = (await self.of(module)).get(name)
        if field is None:
            raise RemoteNotFound("Zoho", f"{module} has no field `{name}`; check the field mapping.")
        if field.data_type == SUBFORM and field.lookup:
            return RowSource(module=field.lookup, parent=PARENT)
        link = self._links.get((module, name))
        if link is None:
            return None
        lookups = [each for each in (await self.of(link)).values() if each.data_type == "lookup"]
        ours = [each.api_name for each in lookups if each.lookup == module]
        theirs = [each.api_name for each in lookups if each.lookup == field.lookup != module]
        if len(ours) != 1 or len(theirs) != 1:
            return None
        return RowSource(module=link, parent=ours[0], columns=(theirs[0],))


class ZohoMetadata:
    """The part of the gateway that is about the organisation, its modules and their fields."""

    caller: ZohoCaller
    known: KnownFields

    async def modules(self) -> Sequence[ZohoModule]:
        """Every module."""
        said = await self.caller.ask(
            ApiCall(method="GET", path=f"{BASE}/settings/modules", doing="reading the list of modules")
        )
        return tuple(
            ZohoModule(
                api_name=text(each, "api_name"),
                label=text(each, "plural_label") or text(each, "api_name"),
                api_supported=each.get("api_supported") is not False,
            )
            for each in objects(said.body, "modules")
        )

    async def fields(self, module: str) -> Sequence[ZohoField]:
        """The fields of a module, asked for anew."""
        return await self.known.asked_anew(module)

    async def organization(self) -> Organization:
        """The organisation behind the credentials."""
        said = await self.caller.ask(
            ApiCall(method="GET", path=f"{BASE}/org", doing="reading the organisation")
        )
        org = next(iter(objects(said.body, "org")), {})
        return Organization(
            id=text(org, "zgid") or text(org, "id"),
            name=text(org, "company_name"),
            edition=text(org, "license_details", "paid_type"),
            time_zone=text(org, "time_zone"),
            currency=text(org, "iso_code") or text(org, "currency"),
        )


def _field(said: Json) -> ZohoField:
    kind = text(said, "data_type")
    length = said.get("length")
    unique = said.get("unique")
    return ZohoField(
        api_name=text(said, "api_name"),
        label=text(said, "field_label") or text(said, "api_name"),
        data_type=kind,
        json_type=text(said, "json_type") or None,
        mandatory=said.get("system_mandatory") is True or said.get("required") is True,
        read_only=said.get("read_only") is True or said.get("field_read_only") is True,
        unique=bool(unique) if isinstance(unique, Mapping | bool) else False,
        length=length if isinstance(length, int) else None,
        choices=tuple(
            text(each, "actual_value") or text(each, "display_value")
            for each in (objects(said, "pick_list_values") if said.get("pick_list_values") else [])
        ),
        lookup=_pointed_at(said, kind),
    )


def _pointed_at(said: Json, kind: str) -> str | None:
    """The module at the other end; Zoho names it in four ways."""
    ways = {
        SUBFORM: ((SUBFORM, "module"), ("associated_module", "module")),
        MANY_LOOKUP: ((MANY_LOOKUP, "connected_module"), ("lookup", "module")),
    }
    for *way, last in ways.get(kind, (("lookup", "module"),)):
        inner = part(said, *way)
        found = text(inner, last, "api_name") or text(inner, last)
        if found:
            return found
    return None
