"""What writing a subform does: rows with an id change, rows without one are added, nothing goes by itself."""

from collections.abc import Sequence

import attrs

from mzi_adapters.testing.zoho.answers import Json, error
from mzi_adapters.testing.zoho.calls import id_in
from mzi_adapters.testing.zoho.checks import checked
from mzi_adapters.testing.zoho.module_tables import CrmUser, Row, Table
from mzi_adapters.testing.zoho.organization import FakeOrganization
from mzi_core.ports.zoho.metadata import ZohoField


@attrs.frozen
class SubformWrite:
    """A checked write of one subform: `[]` removes every row there is."""

    table: Table
    everything_goes: bool
    added: Sequence[dict[str, object]]
    changed: Sequence[tuple[int, dict[str, object]]]
    removed: Sequence[int]

    def apply(self, organization: FakeOrganization, parent: int, by: CrmUser) -> None:
        """Carry it out."""
        now = organization.now()
        for row_id in self.removed:
            self.table.drop(row_id)
        if self.everything_goes:
            for row_id in list(self.table.by_parent.get(parent, ())):
                self.table.drop(row_id)
        for row_id, values in self.changed:
            row = self.table.rows[row_id]
            self.table.change(row, values)
            row.modified, row.modified_by = now, by
        for values in self.added:
            held = {name: value for name, value in values.items() if value is not None}
            held["Parent_Id"] = parent
            self.table.put(Row(next(organization.ids), held, by, now, now, by, by))


def read_rows(
    organization: FakeOrganization, field: ZohoField, given: object, path: str, parent: int | None
) -> tuple[SubformWrite | None, list[Json]]:
    """What a subform's value asks for, or what is wrong with it. `parent`: the record, if it exists."""
    table = organization.tables[field.lookup or ""]
    where: Json = {"api_name": field.api_name, "json_path": path}
    if not isinstance(given, list):
        return None, [error("INVALID_DATA", "invalid data", {"expected_data_type": "jsonarray", **where})]
    theirs = set() if parent is None else set(table.by_parent.get(parent, ()))
    errors: list[Json] = []
    added: list[dict[str, object]] = []
    changed: list[tuple[int, dict[str, object]]] = []
    removed: list[int] = []
    for place, row in enumerate(given):
        at = f"{path}[{place}]"
        if not isinstance(row, dict):
            details: Json = {"expected_data_type": "jsonobject", "json_path": at}
            errors.append(error("INVALID_DATA", "invalid data", details))
            continue
        row_id = id_in(row.get("id"))
        if row.get("id") is not None and (row_id is None or row_id not in theirs):
            details = {"api_name": "id", "json_path": f"{at}.id"}
            errors.append(error("INVALID_DATA", "the id given seems to be invalid", details))
            continue
        if "_delete" in row and row_id is not None:
            removed.append(row_id)
            continue
        found = checked(organization, table, row, at, new=row_id is None)
        errors += found.errors
        if row_id is None:
            added.append(found.values)
        else:
            changed.append((row_id, found.values))
    return SubformWrite(table, not given, added, changed, removed), errors
