"""The organisation behind the fake: modules, users, records, and how they look in an answer."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from itertools import count

import attrs

from mzi_adapters.testing.zoho.answers import ApiError, Json
from mzi_adapters.testing.zoho.module_tables import MANY, SYSTEM, CrmUser, Gone, Row, Table
from mzi_core.ports import Clock
from mzi_core.ports.zoho.metadata import ZohoField

ROWS_SHOWN = 200
"""Rows of a subform that one record carries; `$has_more` says that there are others."""

_FIRST_ID = 5_000_000_000_000_000_000
_PERSON = CrmUser("Registrar", str(_FIRST_ID + 1), "registrar@college.example")
_ROBOT = CrmUser("Sync Bot", str(_FIRST_ID + 2), "sync@college.example")
_REFERENCES = frozenset({"lookup", "userlookup"})


def text_field(name: str) -> ZohoField:
    """A single line of 255 characters, which is what a custom field is unless said otherwise."""
    return ZohoField(
        api_name=name, label=name.replace("_", " "), data_type="text", json_type="string", length=255
    )


@attrs.define(kw_only=True)
class FakeOrganization:
    """Everything one Zoho organisation remembers."""

    clock: Clock
    offset: timedelta = timedelta(hours=3)
    """The organisation's own offset: every moment it tells is in it."""
    name: str = "Riverside College"
    edition: str = "enterprise"
    tables: dict[str, Table] = attrs.field(factory=dict)
    ids: "count[int]" = attrs.field(factory=lambda: count(_FIRST_ID + 1_000))
    person: CrmUser = _PERSON
    """Who works in the CRM by hand."""
    robot: CrmUser = _ROBOT
    """The user behind the credentials."""

    def now(self) -> datetime:
        """The moment as Zoho knows it: whole seconds."""
        return self.clock.now().astimezone(UTC).replace(microsecond=0)

    def moment(self, at: datetime) -> str:
        """A moment in the organisation's offset."""
        return at.astimezone(timezone(self.offset)).isoformat(timespec="seconds")

    def define(self, module: str, fields: Iterable[str | ZohoField], unique: Collection[str] = ()) -> Table:
        """Make a module, or give it more fields. A bare name is a single line of text."""
        table = self.tables.get(module)
        if table is None:
            table = Table(module, str(next(self.ids)), {field.api_name: field for field in SYSTEM})
            self.tables[module] = table
        for given in fields:
            field = text_field(given) if isinstance(given, str) else given
            table.fields[field.api_name] = field
            if field.data_type == "subform" and field.lookup and field.lookup not in self.tables:
                self.define(field.lookup, ())
            if field.data_type == "subform" and field.lookup:
                self._hold(self.tables[field.lookup], module, field.api_name)
        for name in unique:
            if name not in table.fields:
                raise ValueError(f"`{name}` is to be unique but is not a field of {module}.")
            table.fields[name] = attrs.evolve(table.fields[name], unique=True)
        table.index_all()
        return table

    def _hold(self, rows: Table, module: str, field: str) -> None:
        rows.held_in = (module, field)
        rows.fields["Parent_Id"] = ZohoField(
            api_name="Parent_Id", label="Parent", data_type="lookup", json_type="jsonobject", lookup=module
        )

    def highest(self) -> int:
        """An id above every other so far."""
        return next(self.ids)

    def table(self, module: str) -> Table:
        """A module by its API name; a refusal as Zoho words it when there is none."""
        if module not in self.tables:
            raise ApiError(400, "INVALID_MODULE", "the module name given seems to be invalid", {})
        return self.tables[module]

    def rows_of(self, table: Table, field: ZohoField, row_id: int) -> Sequence[Row]:
        """The rows of a subform of a record, in the order in which they were added."""
        held = self.tables[field.lookup or ""]
        return [held.rows[each] for each in held.by_parent.get(row_id, ())]

    def number(self, table: Table, row: Row) -> None:
        """Fill in the automatic numbers that a record lacks."""
        for field in table.of_type("autonumber"):
            row.values.setdefault(field.api_name, f"{table.name}-{row.id - _FIRST_ID:06d}")

    def delete(self, table: Table, row_id: int, by: CrmUser, *, permanently: bool = False) -> None:
        """Take a record out, with the rows of its subforms."""
        for field in table.of_type("subform"):
            for row in list(self.rows_of(table, field, row_id)):
                self.tables[field.lookup or ""].drop(row.id)
        row = table.drop(row_id)
        name = row.values.get("Name")
        table.gone.append(
            Gone(row_id, None if name is None else str(name), self.now(), by, row.created_by, permanently)
        )

    def shown(self, table: Table, row: Row, names: Collection[str] | None = None) -> Json:
        """A record as Get Records writes it: these fields, or all of them; never many-valued ones."""
        wanted = table.fields if names is None else [name for name in names if name in table.fields]
        found: Json = {"id": str(row.id)}
        for name in wanted:
            if table.fields[name].data_type not in MANY:
                found[name] = self.value(table, row, name)
        return found

    def whole(self, table: Table, row: Row) -> Json:
        """A record as Get Record writes it: every field, subform rows included."""
        found = self.shown(table, row)
        for field in table.of_type(*MANY - {"subform"}):
            found[field.api_name] = row.values.get(field.api_name, [])
        cut: Json = {}
        for field in table.of_type("subform"):
            rows = self.rows_of(table, field, row.id)
            held = self.tables[field.lookup or ""]
            found[field.api_name] = [self.shown(held, each) for each in rows[:ROWS_SHOWN]]
            if len(rows) > ROWS_SHOWN:
                cut[field.api_name] = True
        if cut:
            found["$has_more"] = cut
        return found

    def value(self, table: Table, row: Row, name: str) -> object:
        """One value as an answer carries it: lookups with the name of what they point at."""
        match name:
            case "id":
                return str(row.id)
            case "Owner":
                return {"name": row.owner.name, "id": row.owner.id, "email": row.owner.email}
            case "Created_By" | "Modified_By":
                user = row.created_by if name == "Created_By" else row.modified_by
                return {"name": user.name, "id": user.id}
            case "Created_Time" | "Modified_Time":
                return self.moment(row.created if name == "Created_Time" else row.modified)
        field = table.fields[name]
        value = row.values.get(name)
        if field.data_type in _REFERENCES and isinstance(value, int):
            return self.pointed_at(field, value)
        if isinstance(value, datetime):
            return self.moment(value)
        return value

    def pointed_at(self, field: ZohoField, row_id: int) -> Mapping[str, object] | None:
        """A lookup's value; null when the record it pointed at is gone."""
        if field.lookup not in self.tables:
            return {"name": str(row_id), "id": str(row_id)}
        row = self.tables[field.lookup].rows.get(row_id)
        return None if row is None else {"name": row.values.get("Name"), "id": str(row_id)}
