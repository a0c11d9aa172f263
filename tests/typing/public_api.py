"""What a type checker makes of the public names; mypy reads this file, and the test beside it runs it."""

from typing import Any, assert_type

from mzi_adapters.testing.harness import Harness
from mzi_core import CATALOGUE, BatchResult, Decision, Marking, TenantId
from mzi_core.grading import BTEC_DEFAULT, decide
from mzi_core.ports import Query
from mzi_core.use_cases.browse import ListPage
from mzi_core.use_cases.sync import IdempotencyKey, Replay

TENANT = TenantId("default")
STUDENTS = CATALOGUE["students"]


async def of_a_sync(mzi: Harness, records: list[dict[str, Any]]) -> None:
    """Only with an idempotency key an answer may be one that was given before."""
    assert_type(await mzi.use_cases.sync(TENANT, STUDENTS, records), BatchResult)
    assert_type(await mzi.use_cases.sync(TENANT, STUDENTS, records, once=None), BatchResult)
    once = IdempotencyKey("key", "digest", lambda result: str(len(result.outcomes)))
    assert_type(await mzi.use_cases.sync(TENANT, STUDENTS, records, once=once), BatchResult | Replay)


async def of_a_list(mzi: Harness) -> None:
    """A page of records, and ids as a person types them."""
    assert_type(await mzi.use_cases.list_records(TENANT, STUDENTS, Query(limit=1)), ListPage)
    await mzi.use_cases.show_record(TENANT, STUDENTS, "1")


def of_a_decision() -> None:
    """Grading is pure."""
    assert_type(decide(Marking(raw=None), BTEC_DEFAULT), Decision)
