"""What reading a module will cost at Zoho, by each way of reading: pure. Sources: Zoho's limits of API v8."""

from collections.abc import Mapping
from math import ceil
from typing import assert_never

import attrs

from mzi_core.ports import ReadMethod

LISTED = 200
"""Records of one Get Records call, which costs one credit."""

LIST_FIELDS = 50
"""Fields of one Get Records call; what goes beyond is asked for again, a hundred records a call."""

LISTABLE = 100_000
"""Records that Get Records reaches; what comes behind them is read by queries."""

QUERIED = 2_000
QUERY_CREDITS = 3
"""Records of one COQL query, and what such a query costs."""

PARENTS = 100
"""Records whose rows of one subform are read by one query."""

JOB_RECORDS = 200_000
JOB_CREDITS = 50
JOB_CALLS = 3
"""Records of one Bulk Read job; what making it costs; its calls: make it, ask whether it is done, fetch."""

ALWAYS = 2
"""`id` and `Modified_Time` are read whatever is asked for."""


@attrs.frozen(kw_only=True)
class Cost:
    """Calls and credits. A slow Bulk Read job is asked after more than once, a call and a credit each."""

    calls: int
    credits: int

    def __add__(self, other: "Cost") -> "Cost":
        """Both together."""
        return Cost(calls=self.calls + other.calls, credits=self.credits + other.credits)


NOTHING = Cost(calls=0, credits=0)


def forecast(records: int, via: ReadMethod, *, fields: int = 1, subforms: int = 0) -> Cost:
    """What reading so many records costs, with so many fields and the rows of so many subforms."""
    return _records(records, via, fields) + _rows(records, subforms)


def _records(records: int, via: ReadMethod, fields: int) -> Cost:
    match via:
        case ReadMethod.RECORDS:
            behind = max(0, records - LISTABLE)
            listed = records - behind
            first, further = LIST_FIELDS - ALWAYS, max(0, fields - (LIST_FIELDS - ALWAYS))
            passes = ceil(further / (LIST_FIELDS - 1)) if fields > first else 0
            calls = max(1, ceil(listed / LISTED)) + passes * ceil(listed / PARENTS)
            cost = Cost(calls=calls, credits=calls)
            return cost + _records(behind, ReadMethod.COQL, fields) if behind else cost
        case ReadMethod.COQL:
            calls = max(1, ceil(records / QUERIED))
            return Cost(calls=calls, credits=calls * QUERY_CREDITS)
        case ReadMethod.BULK:
            jobs = max(1, ceil(records / JOB_RECORDS))
            return Cost(calls=jobs * JOB_CALLS, credits=jobs * (JOB_CREDITS + JOB_CALLS - 1))
    assert_never(via)


def _rows(records: int, subforms: int) -> Cost:
    queries = subforms * ceil(records / PARENTS)
    return Cost(calls=queries, credits=queries * QUERY_CREDITS)


def cheapest(costs: Mapping[ReadMethod, Cost]) -> ReadMethod:
    """The way with the fewest calls; of several the one with the fewest credits."""
    return min(costs, key=lambda via: (costs[via].calls, costs[via].credits))
