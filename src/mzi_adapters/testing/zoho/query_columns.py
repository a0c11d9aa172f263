"""A column of a query, whichever language asked: where its value is, how it is shown and compared."""

from datetime import datetime

from mzi_adapters.testing.zoho.answers import ApiError
from mzi_adapters.testing.zoho.calls import id_in
from mzi_adapters.testing.zoho.coql_text import Value
from mzi_adapters.testing.zoho.module_tables import MANY, Row, Table
from mzi_adapters.testing.zoho.organization import FakeOrganization

_REFERENCES = frozenset({"lookup", "userlookup", "ownerlookup"})


class Column:
    """A column of a module or, through a lookup, of another: `Student.Name`."""

    def __init__(self, organization: FakeOrganization, table: Table, name: str) -> None:
        self.organization = organization
        self.name = name
        self.path: list[tuple[Table, str]] = []
        *through, last = name.split(".")
        at = table
        for step in through:
            field = at.fields.get(step)
            target = None if field is None else organization.tables.get(field.lookup or "")
            if target is None:
                if field is not None and field.data_type in _REFERENCES and last == "id":
                    last = step  # a user's id, say
                    break
                raise unknown(name)
            self.path.append((at, step))
            at = target
        if last not in at.fields or at.fields[last].data_type in MANY:
            raise unknown(name)
        self.last = (at, last)
        self.field = at.fields[last]
        self.is_reference = self.field.data_type in _REFERENCES or last == "id"

    def _row(self, row: Row) -> Row | None:
        for (_, step), (target, _) in zip(self.path, [*self.path, self.last][1:], strict=True):
            pointed = row.values.get(step)
            found = target.rows.get(pointed) if isinstance(pointed, int) else None
            if found is None:
                return None
            row = found
        return row

    def shown(self, row: Row) -> object:
        found = self._row(row)
        if found is None:
            return None
        value = self.organization.value(self.last[0], found, self.last[1])
        return {"id": value["id"]} if isinstance(value, dict) and "id" in value else value

    def compared(self, row: Row) -> object:
        """The value as conditions compare it: ids as numbers, moments as moments, text without case."""
        found = self._row(row)
        if found is None:
            return None
        match self.last[1]:
            case "id":
                return found.id
            case "Created_Time":
                return found.created
            case "Modified_Time":
                return found.modified
            case "Owner":
                return int(found.owner.id)
            case "Created_By":
                return int(found.created_by.id)
            case "Modified_By":
                return int(found.modified_by.id)
        value = found.values.get(self.last[1])
        return value.casefold() if isinstance(value, str) else value

    def sorted_by(self, row: Row) -> tuple[bool, object]:
        value = self.compared(row)
        return value is not None, value

    def meant(self, given: Value) -> object:
        """A literal as this column compares it."""
        if self.is_reference:
            found_id = id_in(given)
            if found_id is None and given != -1:
                raise misfit(self.name)
            return found_id
        if self.field.data_type == "datetime":
            try:
                found = datetime.fromisoformat(str(given))
            except ValueError:
                raise misfit(self.name) from None
            if found.tzinfo is None:
                raise misfit(self.name)
            return found
        numeric = self.field.json_type in ("integer", "double")
        if numeric != (isinstance(given, int | float) and not isinstance(given, bool)):
            raise misfit(self.name)
        if (self.field.data_type == "boolean") != isinstance(given, bool):
            raise misfit(self.name)
        return given.casefold() if isinstance(given, str) else given


def unknown(column: str) -> ApiError:
    """A column the module lacks."""
    return ApiError(400, "INVALID_QUERY", "column given seems to be invalid", {"column_name": column})


def misfit(column: str) -> ApiError:
    """A literal of another type than the column's."""
    return ApiError(400, "INVALID_QUERY", "value given seems invalid", {"column_name": column})
