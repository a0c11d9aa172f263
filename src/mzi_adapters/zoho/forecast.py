"""What reading a module will cost, by each way of reading: worked out from the limits that reading obeys."""

from collections.abc import Sequence
from math import ceil
from typing import assert_never

from mzi_adapters.zoho import bulk_read, coql, listing
from mzi_core.ports import Cost, ReadMethod, Selection
from mzi_core.values import ZohoId


def forecast(
    records: int,
    selection: Selection,
    via: ReadMethod,
    *,
    of: int | None = None,
    after: ZohoId | None = None,
) -> Cost:
    """What reading so many records `of` a module costs, with these fields and the rows of these subforms.

    A job reads the whole module, and a list that goes on behind a record is read by queries.
    """
    columns = coql.columns_of(selection.fields)
    read = records
    if via is ReadMethod.BULK and of is not None:
        read = max(records, of)
    if via is ReadMethod.RECORDS and after is not None:
        via = ReadMethod.COQL
    return _records(read, columns, via) + _rows(records, len(selection.subforms))


def _records(records: int, columns: Sequence[str], via: ReadMethod) -> Cost:
    match via:
        case ReadMethod.RECORDS:
            behind = max(0, records - listing.REACHED)
            listed = records - behind
            further = len(listing.fields_of_calls(columns)) - 1
            calls = max(1, ceil(listed / listing.PER_PAGE)) + further * ceil(listed / listing.MOST_IDS)
            cost = Cost(calls=calls, credits=calls)
            return cost + _records(behind, columns, ReadMethod.COQL) if behind else cost
        case ReadMethod.COQL:
            return _queries(max(1, ceil(records / coql.MOST_ROWS)))
        case ReadMethod.BULK:
            jobs = max(1, ceil(records / bulk_read.MOST_RECORDS))
            return Cost(calls=3 * jobs, credits=(bulk_read.CREDITS + 2) * jobs)  # made, looked at, fetched
    assert_never(via)


def _rows(records: int, subforms: int) -> Cost:
    return _queries(subforms * ceil(records / coql.MOST_VALUES))


def _queries(queries: int) -> Cost:
    """What so many queries cost, each for as many rows as a query gives."""
    return Cost(calls=queries, credits=queries * coql.cost(coql.MOST_ROWS))
