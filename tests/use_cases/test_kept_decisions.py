"""Decisions are kept once, and shown with every earlier one and why it gave way."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs
import pytest

from mzi_adapters.testing.harness import Harness
from mzi_core.errors import NotFound, UnknownTenant
from mzi_core.grading import Cause
from mzi_core.ports import MOST_DECISIONS, Cursor, DecisionRecord
from mzi_core.use_cases import kept_decisions
from mzi_core.use_cases.grades import ToDecide
from mzi_core.use_cases.kept_decisions import DecisionPage, KeptDecision
from mzi_core.values import DEFAULT_TENANT, TenantId

KEY = "4101_1001_55"
OTHERS = TenantId("others")


async def judge(mzi: Harness, *markings: dict[str, Any], key: str = KEY) -> datetime:
    """Decide and keep one after the other, a minute apart; the time of the last."""
    at = mzi.clock.now()
    for marking in markings:
        mzi.clock.advance(timedelta(minutes=1))
        at = mzi.clock.now()
        await mzi.use_cases.decide_grade(DEFAULT_TENANT, marking, record_as=key)
    return at


async def kept(mzi: Harness, key: str = KEY) -> Sequence[DecisionRecord]:
    async with mzi.store.read(DEFAULT_TENANT) as session:
        return await session.decision_history(key)


async def listed(mzi: Harness, limit: int) -> list[KeptDecision]:
    """All decisions, read in pages of `limit`."""
    found: list[KeptDecision] = []
    after: Cursor | None = None
    while True:
        page = await mzi.use_cases.list_decisions(DEFAULT_TENANT, KEY, after=after, limit=limit)
        assert 0 < len(page.items) <= limit
        found += page.items
        if page.next is None:
            return found
        after = page.next


async def test_a_decision_that_says_the_same_is_not_kept_again() -> None:
    mzi = Harness()
    first = await judge(mzi, {"raw": "2"})
    await judge(mzi, {"raw": "2.0"}, {"raw": "2"})
    assert [record.decided_at for record in await kept(mzi)] == [first]
    await judge(mzi, {"raw": "3"}, {"raw": "2"})
    assert [record.decision.grade for record in await kept(mzi)] == ["P", "M", "P"]


async def test_of_several_made_together_each_is_compared_with_the_one_before() -> None:
    mzi = Harness()
    marks = ("2", "2", "3", "3", "2")
    await mzi.use_cases.decide_grades(
        DEFAULT_TENANT,
        [ToDecide(marking={"raw": raw}, record_as=key) for raw in marks for key in (KEY, "other")],
    )
    for key in (KEY, "other"):
        assert [record.decision.grade for record in await kept(mzi, key)] == ["P", "M", "P"]


async def test_the_decision_that_stands_is_shown() -> None:
    mzi = Harness()
    await judge(mzi, {"raw": "1"})
    at = await judge(mzi, {"raw": "3"})
    shown = await mzi.use_cases.show_decision(DEFAULT_TENANT, KEY)
    assert (shown.record.decided_at, shown.record.decision.grade, shown.superseded) == (at, "M", None)


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 99])
async def test_every_earlier_decision_tells_when_and_why_it_gave_way(limit: int) -> None:
    mzi = Harness()
    due = (mzi.clock.now() + timedelta(minutes=1, seconds=30)).isoformat()
    work = {"due": due, "attempt": 1}
    times = [
        await judge(mzi, {**work, "submitted": False}),
        await judge(mzi, {**work, "submitted": False}),
        await judge(mzi, {**work, "raw": "1.5"}),
    ]
    await mzi.use_cases.choose_policy(DEFAULT_TENANT, None, {"merit_from": "2.5"})
    times.append(await judge(mzi, {**work, "raw": "1.5"}))
    found = await listed(mzi, limit)
    assert [each.record.decision.grade for each in found] == ["R", "R", "F", "PENDING"]
    assert [each.record.decided_at for each in found] == times[::-1]
    assert [each.superseded and (each.superseded.at, each.superseded.causes) for each in found] == [
        None,
        (times[3], (Cause.POLICY,)),
        (times[2], (Cause.MARK, Cause.WORK)),
        (times[1], (Cause.SETTLING,)),
    ]


@pytest.mark.parametrize("limit", [1, 2, 3, 99])
async def test_an_attempt_that_is_decided_again_stands_in_the_history_of_its_own(limit: int) -> None:
    mzi = Harness()
    first = await judge(mzi, {"raw": "1"})
    second = await judge(mzi, {"raw": "3", "attempt": 1})
    again = await judge(mzi, {"raw": "1.5"})
    found = await listed(mzi, limit)
    assert [each.record.decided_at for each in found] == [second, again, first]
    assert [each.superseded and (each.superseded.at, each.superseded.causes) for each in found] == [
        None,
        (again, (Cause.MARK, Cause.ATTEMPT)),
        (again, (Cause.MARK,)),
    ]


async def test_a_page_ends_early_where_decisions_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    mzi = Harness()
    await judge(mzi, *({"raw": "2", "feedback": f"{n} " * 500} for n in range(5)))
    monkeypatch.setattr(kept_decisions, "LARGEST_PAGE", 4000)
    page: DecisionPage = await mzi.use_cases.list_decisions(DEFAULT_TENANT, KEY)
    assert len(page.items) < 5
    assert page.next == page.items[-1].record.place
    monkeypatch.setattr(kept_decisions, "LARGEST_PAGE", 10)
    assert len(await listed(mzi, 99)) == 5


async def test_what_was_forgotten_since_the_page_before_is_not_taken_for_one_that_stands() -> None:
    mzi = Harness()
    await judge(mzi, {"raw": "1"}, {"raw": "2"}, {"raw": "3"})
    page = await mzi.use_cases.list_decisions(DEFAULT_TENANT, KEY, limit=2)
    await judge(mzi, *({"raw": str(n % 2 + 2)} for n in range(MOST_DECISIONS)))
    rest = await mzi.use_cases.list_decisions(DEFAULT_TENANT, KEY, after=page.next)
    assert rest == DecisionPage([], None)


async def test_a_key_under_which_nothing_was_kept_is_not_found() -> None:
    mzi = Harness()
    await judge(mzi, {"raw": "1"}, key="another")
    for ask in (mzi.use_cases.show_decision, mzi.use_cases.list_decisions):
        with pytest.raises(NotFound, match=f"There is no decision about the grade `{KEY}`."):
            await ask(DEFAULT_TENANT, KEY)


async def test_a_tenant_sees_its_own_decisions_alone() -> None:
    mzi = Harness()
    await mzi.use_cases.add_tenant(OTHERS)
    await judge(mzi, {"raw": "1"})
    with pytest.raises(NotFound):
        await mzi.use_cases.show_decision(OTHERS, KEY)
    with pytest.raises(UnknownTenant):
        await mzi.use_cases.show_decision(TenantId("nobody"), KEY)


async def test_a_decision_is_told_with_the_trace_of_its_day() -> None:
    mzi = Harness()
    await judge(mzi, {"raw": "1"})
    (record,) = await kept(mzi)
    of_old = ({"rule": "OF_ANOTHER_DAY", "outcome": "held", "saw": {}},)
    async with mzi.store.begin(DEFAULT_TENANT) as session:
        at = record.decided_at + timedelta(seconds=1)
        await session.record_decisions([attrs.evolve(record, decided_at=at, trace=of_old)])
    shown = await mzi.use_cases.show_decision(DEFAULT_TENANT, KEY)
    assert shown.record.trace == of_old
