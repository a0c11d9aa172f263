"""Grades are decided by the tenant's policy, kept with their reasons, and judged again by another policy."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from mzi_adapters.harness import Harness
from mzi_core.errors import UnknownTenant
from mzi_core.grading import Change, Grade, RuleId
from mzi_core.use_cases.grades import MarkingRefused, PolicyRefused
from mzi_core.values import DEFAULT_TENANT, TenantId


async def simulated(mzi: Harness, policy: dict[str, object], markings: Any = None) -> list[Change[str]]:
    found = mzi.use_cases.simulate_grades(DEFAULT_TENANT, policy, markings)
    return [change async for change in found]


async def test_a_marking_is_decided_by_the_default_policy() -> None:
    decision = await Harness().use_cases.decide_grade(DEFAULT_TENANT, {"raw": "2.5"})
    assert (decision.grade, decision.rule) == (Grade.P, RuleId.PASS)
    assert decision.marking.raw == Decimal("2.5")


async def test_now_is_the_present_unless_it_is_said() -> None:
    mzi = Harness()
    due = (mzi.clock.now() + timedelta(hours=1)).isoformat()
    waiting = {"submitted": False, "due": due}
    assert (await mzi.use_cases.decide_grade(DEFAULT_TENANT, waiting)).grade is Grade.PENDING
    later = {**waiting, "now": (mzi.clock.now() + timedelta(hours=2)).isoformat()}
    assert (await mzi.use_cases.decide_grade(DEFAULT_TENANT, later)).grade is Grade.F


async def test_what_cannot_be_judged_is_refused_in_a_sentence() -> None:
    with pytest.raises(MarkingRefused) as refused:
        await Harness().use_cases.decide_grade(DEFAULT_TENANT, {"raw": "much"})
    assert "raw" in str(refused.value)
    assert str(refused.value).endswith(".")


async def test_a_policy_may_be_named_and_an_unknown_one_is_refused() -> None:
    mzi = Harness().use_cases
    second = {"raw": "4", "attempt": 1}
    capped = await mzi.decide_grade(DEFAULT_TENANT, second, policy="pearson-higher-national")
    assert (capped.grade, capped.capped_from) == (Grade.P, Grade.D)
    with pytest.raises(PolicyRefused):
        await mzi.decide_grade(DEFAULT_TENANT, second, policy="nonsense")


async def test_a_tenant_chooses_a_policy_for_a_family_and_one_for_the_rest() -> None:
    mzi = Harness().use_cases
    await mzi.choose_policy(DEFAULT_TENANT, "Level 5", {"base": "pearson-higher-national"})
    await mzi.choose_policy(DEFAULT_TENANT, None, {"merit_from": "2.5"})
    second = {"raw": "2.6", "attempt": 1}
    grades = [
        (await mzi.decide_grade(DEFAULT_TENANT, second, level=level)).grade for level in ("L5", "L3", None)
    ]
    assert grades == [Grade.P, Grade.M, Grade.M]


async def test_a_policy_that_is_wrong_is_not_kept() -> None:
    mzi = Harness().use_cases
    with pytest.raises(PolicyRefused) as refused:
        await mzi.choose_policy(DEFAULT_TENANT, "L5", {"pass_from": "3.5"})
    assert refused.value.problems
    with pytest.raises(PolicyRefused, match="no programme level"):
        await mzi.choose_policy(DEFAULT_TENANT, "kindergarten", {})
    with pytest.raises(PolicyRefused, match=r"'passfrom'; did you mean 'pass_from'\?$"):
        await mzi.choose_policy(DEFAULT_TENANT, "L5", {"passfrom": "3"})
    assert (await mzi.read_settings(DEFAULT_TENANT)).policies == {}


async def test_a_decision_is_kept_under_its_key_and_the_newest_counts() -> None:
    mzi = Harness()
    for raw in ("1", "3"):
        await mzi.use_cases.decide_grade(DEFAULT_TENANT, {"raw": raw}, record_as="4101_1001_55")
        mzi.clock.advance(timedelta(minutes=1))
    async with mzi.store.begin(DEFAULT_TENANT) as session:
        kept = await session.decision("4101_1001_55")
    assert kept is not None
    assert kept.decision.grade is Grade.M


async def test_a_changed_policy_is_replayed_over_what_was_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mzi_core.use_cases.grades.PAGE", 2)
    mzi = Harness()
    for n in range(5):
        await mzi.use_cases.decide_grade(DEFAULT_TENANT, {"raw": str(n)}, record_as=f"k{n}")
    changes = await simulated(mzi, {"merit_from": "2", "pass_from": "1"})
    assert [(c.key, c.before[0], c.after[0]) for c in changes] == [("k1", "R", "P"), ("k2", "P", "M")]
    assert await simulated(mzi, {}) == []


async def test_markings_that_are_handed_in_are_compared_with_the_present_policy() -> None:
    mzi = Harness()
    changes = await simulated(
        mzi, {"base": "percent", "merit_from": "2.5"}, {"a": {"raw": "2.7"}, "b": {"raw": "1"}}
    )
    assert [(c.key, c.before[0], c.after[0]) for c in changes] == [("a", "P", "M")]


async def test_unknown_tenants_decide_nothing() -> None:
    mzi = Harness().use_cases
    nobody = TenantId("nobody")
    with pytest.raises(UnknownTenant):
        await mzi.decide_grade(nobody, {"raw": "1"})
    with pytest.raises(UnknownTenant):
        [change async for change in mzi.simulate_grades(nobody, {})]
