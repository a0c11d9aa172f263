"""The records of one module, kept so that a hundred thousand are cheap to hold and to walk by id."""

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime

import attrs

from mzi_core.ports.zoho.metadata import ZohoField

MANY = frozenset({"subform", "multiselectlookup", "multi_module_lookup"})
"""Types that hold many values; lists, COQL and bulk files never carry them."""

SYSTEM = (
    ZohoField(api_name="id", label="Record Id", data_type="bigint", json_type="string", read_only=True),
    ZohoField(api_name="Owner", label="Owner", data_type="ownerlookup", json_type="jsonobject"),
    *(
        ZohoField(api_name=name, label=name, data_type=kind, json_type=json_type, read_only=True)
        for name, kind, json_type in (
            ("Created_By", "ownerlookup", "jsonobject"),
            ("Modified_By", "ownerlookup", "jsonobject"),
            ("Created_Time", "datetime", "string"),
            ("Modified_Time", "datetime", "string"),
        )
    ),
)
"""What every module has."""


@attrs.frozen
class CrmUser:
    """Somebody who owns or changes records."""

    name: str
    id: str
    email: str


@attrs.define
class Row:
    """One record: the values under its module's own fields; lookups are held as bare ids."""

    id: int
    values: dict[str, object]
    owner: CrmUser
    created: datetime
    modified: datetime
    created_by: CrmUser
    modified_by: CrmUser
    indexed: datetime | None = None
    """When it was last changed through the API, from when on the search index is behind; None: planted."""
    lock: str | None = None
    """The code that refuses changes, such as RECORD_LOCKED."""


@attrs.frozen
class Gone:
    """A deleted record, as the deleted list tells of it."""

    id: int
    name: str | None
    at: datetime
    by: CrmUser
    created_by: CrmUser
    permanently: bool


def spelled(value: object) -> str:
    """How uniqueness compares: Zoho's is blind to letter case."""
    return str(value).casefold()


@attrs.define
class Table:
    """One module: its fields, its records in the order of their ids, its unique values.

    `held_in`: for a subform's rows, the module and field that hold them.
    """

    name: str
    id: str
    fields: dict[str, ZohoField]
    held_in: tuple[str, str] | None = None
    rows: dict[int, Row] = attrs.field(factory=dict)
    order: list[int] = attrs.field(factory=list)
    gone: list[Gone] = attrs.field(factory=list)
    by_value: dict[str, dict[str, int]] = attrs.field(factory=dict)
    by_parent: dict[int, list[int]] = attrs.field(factory=lambda: defaultdict(list))

    def unique(self) -> list[str]:
        """The fields whose values no two records share."""
        return [name for name, field in self.fields.items() if field.unique]

    def of_type(self, *types: str) -> list[ZohoField]:
        """The fields of these data types."""
        return [field for field in self.fields.values() if field.data_type in types]

    def put(self, row: Row) -> None:
        """Add a record."""
        self.rows[row.id] = row
        if not self.order or self.order[-1] < row.id:
            self.order.append(row.id)
        else:
            insort(self.order, row.id)
        self._index(row)
        parent = row.values.get("Parent_Id")
        if self.held_in and isinstance(parent, int):
            self.by_parent[parent].append(row.id)

    def change(self, row: Row, values: Mapping[str, object]) -> None:
        """Set some values of a record; None clears."""
        self._forget(row)
        row.values.update(values)
        for name in [name for name, value in row.values.items() if value is None]:
            del row.values[name]
        self._index(row)

    def drop(self, row_id: int) -> Row:
        """Take a record out."""
        row = self.rows.pop(row_id)
        del self.order[bisect_left(self.order, row_id)]
        self._forget(row)
        parent = row.values.get("Parent_Id")
        if self.held_in and isinstance(parent, int):
            self.by_parent[parent].remove(row_id)
        return row

    def holder(self, field: str, value: object) -> Row | None:
        """The record that has a value in a unique field."""
        found = self.by_value.get(field, {}).get(spelled(value))
        return None if found is None else self.rows[found]

    def after(self, row_id: int) -> Iterator[Row]:
        """The records behind an id, ascending."""
        for place in range(bisect_right(self.order, row_id), len(self.order)):
            yield self.rows[self.order[place]]

    def before(self, row_id: int) -> Iterator[Row]:
        """The records in front of an id, descending."""
        for place in range(bisect_left(self.order, row_id) - 1, -1, -1):
            yield self.rows[self.order[place]]

    def index_all(self) -> None:
        """Know every unique value anew, for fields that have become unique."""
        for row in self.rows.values():
            self._index(row)

    def _index(self, row: Row) -> None:
        for name in self.unique():
            value = row.values.get(name)
            if value is not None:
                self.by_value.setdefault(name, {})[spelled(value)] = row.id

    def _forget(self, row: Row) -> None:
        for name in self.unique():
            value = row.values.get(name)
            index = self.by_value.get(name, {})
            if value is not None and index.get(spelled(value)) == row.id:
                del index[spelled(value)]
