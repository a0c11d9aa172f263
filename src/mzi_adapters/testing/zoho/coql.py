"""COQL queries carried out: by an index where one serves, else record by record."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import attrs

from mzi_adapters.testing.like import ANYTHING, fits
from mzi_adapters.testing.zoho.answers import ApiError, Json, empty, said
from mzi_adapters.testing.zoho.calls import ReceivedCall, id_in
from mzi_adapters.testing.zoho.coql_text import Compared, Condition, CoqlQuery, criteria_of, read_coql
from mzi_adapters.testing.zoho.module_tables import Row, Table
from mzi_adapters.testing.zoho.organization import FakeOrganization
from mzi_adapters.testing.zoho.query_columns import Column
from mzi_adapters.web.transport import Response

Test = Callable[[Row], bool]


@attrs.frozen
class CoqlApi:
    """`POST /coql` over an organisation."""

    organization: FakeOrganization

    def select(self, call: ReceivedCall) -> Response:
        """200 with rows, or 204 without any."""
        query = asked(call)
        table = self.organization.table(query.module)
        columns = [Column(self.organization, table, name) for name in query.columns]
        orders = [(Column(self.organization, table, name), down) for name, down in query.order]
        test = self._test(table, query.where)
        if query.counts:
            total = sum(test(row) for row in _candidates(table, query.where))
            info: Json = {"count": 1, "more_records": False}
            return said(200, {"data": [{"COUNT(id)": total}], "info": info})
        rows: Iterable[Row] = (row for row in _candidates(table, query.where) if test(row))
        if orders and query.order != (("id", False),):
            rows = list(rows)
            for column, down in reversed(orders):
                rows.sort(key=column.sorted_by, reverse=down)
        found = list(islice(rows, query.offset, query.offset + query.limit + 1))
        page = found[: query.limit]
        if not page:
            return empty(204)
        data = [self._shown(columns, row) for row in page]
        return said(200, {"data": data, "info": {"count": len(page), "more_records": len(found) > len(page)}})

    def _shown(self, columns: list[Column], row: Row) -> Json:
        """The columns asked for, and `id`, which always comes; a lookup is its id alone."""
        shown: Json = {"id": str(row.id)}
        for column in columns:
            shown[column.name] = column.shown(row)
        return shown

    def _test(self, table: Table, condition: Condition) -> Test:
        if isinstance(condition, Compared):
            return _test(Column(self.organization, table, condition.column), condition)
        left, right = self._test(table, condition.left), self._test(table, condition.right)
        if condition.joined_by == "and":
            return lambda row: left(row) and right(row)
        return lambda row: left(row) or right(row)


def asked(call: ReceivedCall) -> CoqlQuery:
    """The query of a call."""
    text = call.body().get("select_query")
    if not isinstance(text, str):
        details = {"api_name": "select_query", "json_path": "$.select_query"}
        raise ApiError(400, "MANDATORY_NOT_FOUND", "required field not found", details)
    return read_coql(text)


def _test(column: Column, criterion: Compared) -> Test:
    if criterion.comparator in ("is null", "is not null"):
        wanted = criterion.comparator == "is null"
        return lambda row: (column.compared(row) is None) == wanted
    if criterion.comparator in ("like", "not like"):
        steps = [ANYTHING if letter == "%" else letter for letter in str(criterion.values[0]).casefold()]
        wanted = criterion.comparator == "like"
        return lambda row: fits(steps, str(column.compared(row) or "")) == wanted
    meant = [column.meant(value) for value in criterion.values]
    compare = _COMPARISONS[criterion.comparator]

    def holds(row: Row) -> bool:
        value = column.compared(row)
        return value is not None and compare(value, meant)

    return holds


_COMPARISONS: dict[str, Callable[[object, list[object]], bool]] = {
    "=": lambda value, meant: value == meant[0],
    "!=": lambda value, meant: value != meant[0],
    ">": lambda value, meant: value > meant[0],  # type: ignore[operator]  # `meant` made both of one type
    ">=": lambda value, meant: value >= meant[0],  # type: ignore[operator]  # as above
    "<": lambda value, meant: value < meant[0],  # type: ignore[operator]  # as above
    "<=": lambda value, meant: value <= meant[0],  # type: ignore[operator]  # as above
    "in": lambda value, meant: value in meant,
    "not in": lambda value, meant: value not in meant,
    "between": lambda value, meant: meant[0] <= value <= meant[1],  # type: ignore[operator]  # as above
}


def _candidates(table: Table, where: Condition) -> Iterator[Row]:
    """The records that can fulfil the condition, by id ascending: all, unless an index knows better."""
    above = -1
    for criterion in criteria_of(where):
        column, values = criterion.column, criterion.values
        numbers = [number for number in map(id_in, values) if number is not None]
        if criterion.comparator in ("in", "=") and len(numbers) == len(values):
            if column == "id":
                return _chosen(table, numbers)
            if column in ("Parent_Id", "Parent_Id.id") and table.held_in:
                return _chosen(
                    table, [each for number in numbers for each in table.by_parent.get(number, ())]
                )
        if criterion.comparator in ("in", "=") and column in table.unique():
            held = [table.holder(column, value) for value in values]
            return _chosen(table, [row.id for row in held if row is not None])
        if column == "id" and criterion.comparator in (">", ">=") and numbers:
            above = max(above, numbers[0] - (criterion.comparator == ">="))
    return table.after(above)


def _chosen(table: Table, ids: Iterable[int]) -> Iterator[Row]:
    return (table.rows[row_id] for row_id in sorted(set(ids)) if row_id in table.rows)
