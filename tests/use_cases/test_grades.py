"""Grades are decided by the tenant's policy, kept with their reasons, and judged again by another policy."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.counted import CountedStore

from mzi_adapters.memory import MemoryStore
from mzi_adapters.testing.harness import Harness
from mzi_core.errors import StoreUnavailable, UnknownTenant
from mzi_core.grading import Decision, Grade, RuleId, SimulatedChange
from mzi_core.ports import Session
from mzi_core.use_cases.grades import MarkingRefused, PolicyRefused, ToDecide
from mzi_core.values import DEFAULT_TENANT, TenantId


async def simulated(
    mzi: Harness, policy: dict[str, object], markings: Any = None
) -> list[SimulatedChange[str]]:
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


async def test_everything_that_cannot_be_judged_is_told_with_what_is_wrong_with_the_policy() -> None:
    mzi = Harness()
    bad = {"raw": "much", "attempt": "x"}
    with pytest.raises(MarkingRefused) as refused:
        await mzi.use_cases.decide_grade(DEFAULT_TENANT, bad, policy="percent")
    assert refused.value.problems == (
        "raw must be a number, not 'much'.",
        "attempt must be a number, not 'x'.",
    )
    with pytest.raises(PolicyRefused) as both:
        await mzi.use_cases.decide_grade(DEFAULT_TENANT, bad, policy="percnt")
    assert both.value.problems[1:] == refused.value.problems
    with pytest.raises(PolicyRefused) as both:
        await simulated(mzi, {"base": "percnt"}, {"a": bad})
    assert both.value.problems[1:] == tuple(f"'a': {problem}" for problem in refused.value.problems)
    with pytest.raises(MarkingRefused) as refused:
        await simulated(mzi, {"base": "percent"}, {f"m{n}": bad for n in range(99)})
    assert len(refused.value.problems) == 100


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


async def test_a_policy_is_chosen_for_both_levels_of_a_higher_national() -> None:
    mzi = Harness().use_cases
    await mzi.choose_policy(DEFAULT_TENANT, "HNC/HND", {"base": "pearson-higher-national"})
    second = {"raw": "4", "attempt": 1}
    for level in ("L4", "المستوى الخامس", "Level 4/5"):
        assert (await mzi.decide_grade(DEFAULT_TENANT, second, level=level)).grade is Grade.P
    for level, said in (("kindergarten", "is no programme level"), ("Level 3/4", "different policies")):
        with pytest.raises(PolicyRefused, match=said):
            await mzi.decide_grade(DEFAULT_TENANT, second, level=level)


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


async def test_a_policy_that_is_only_warned_of_is_kept() -> None:
    mzi = Harness().use_cases
    chosen = await mzi.choose_policy(DEFAULT_TENANT, None, {"invalid_code": "NS"})
    assert (await mzi.decide_grade(DEFAULT_TENANT, {"raw": 3, "feedback": "NS"})).policy == chosen


async def test_a_mark_of_an_unknown_item_is_on_the_scale_that_the_policy_assumes() -> None:
    mzi = Harness().use_cases

    async def decided(policy: str, **marking: object) -> tuple[str, str]:
        decision = await mzi.decide_grade(DEFAULT_TENANT, marking, policy=policy)
        return decision.rule.value, decision.marking.scale.value

    assert await decided("percent", raw=65) == ("MERIT", "percent")
    assert await decided("percent", raw=3, maximum=4) == ("MERIT", "btec-0-4")
    assert await decided("percent", raw=3, scale="btec-0-4") == ("MERIT", "btec-0-4")
    assert await decided("percent", raw=2, items=["Refer", "Merit"]) == ("MERIT", "btec-0-4")
    assert await decided("percent", raw=65, minimum=0, maximum=None, items=[]) == ("MERIT", "percent")
    assert await decided("btec-default", raw=2, minimum=1, maximum=4) == ("BELOW_PASS", "percent")
    assert await decided("btec-default", raw=1, minimum=1, maximum=4) == ("BELOW_PASS", "percent")
    assert await decided("btec-default", raw=2, minimum=1, scale="btec-0-4") == ("PASS", "btec-0-4")
    assert await decided("btec-default", raw=2, minimum=1, items=["Refer", "Pass"]) == ("PASS", "btec-0-4")
    assert await decided("btec-default", raw=65) == ("OFF_SCALE", "btec-0-4")


async def test_a_minimum_by_itself_does_not_tell_the_scale() -> None:
    """The mark 2 passes on points from 0 to 4, and does not from 1 to 4."""
    with pytest.raises(MarkingRefused) as refused:
        await Harness().use_cases.decide_grade(DEFAULT_TENANT, {"raw": 2, "minimum": "1.5"})
    assert refused.value.problems == (
        "minimum 1.5 does not tell the scale by itself; say the maximum, too, or the scale.",
    )


async def test_markings_to_simulate_are_on_the_scale_that_the_present_policy_assumes() -> None:
    mzi = Harness()
    await mzi.use_cases.choose_policy(DEFAULT_TENANT, None, {"base": "percent"})
    other: dict[str, object] = {"percent_merit_from": "66"}
    (change,) = await simulated(mzi, other, {"a": {"raw": 65}, "b": {"raw": 3, "maximum": 4}})
    assert (change.key, change.before[0], change.after[0]) == ("a", Grade.M, Grade.P)


async def test_a_decision_is_kept_under_its_key_and_the_newest_counts() -> None:
    mzi = Harness()
    for raw in ("1", "3"):
        await mzi.use_cases.decide_grade(DEFAULT_TENANT, {"raw": raw}, record_as="4101_1001_55")
        mzi.clock.advance(timedelta(minutes=1))
    async with mzi.store.begin(DEFAULT_TENANT) as session:
        (kept,) = (await session.decisions_by_attempt(["4101_1001_55"]))["4101_1001_55"]
    assert kept.decision.grade is Grade.M


KEY = "4101_1001_55"


async def kept_under(mzi: Harness, key: str = KEY) -> Decision | None:
    async with mzi.store.read(DEFAULT_TENANT) as session:
        found = (await session.decisions_by_attempt([key])).get(key)
    return None if found is None else found[-1].decision


async def recorded(mzi: Harness, policy: str, **marking: object) -> Decision:
    mzi.clock.advance(timedelta(minutes=1))
    return await mzi.use_cases.decide_grade(DEFAULT_TENANT, marking, policy=policy, record_as=KEY)


async def test_an_attempt_that_is_kept_knows_what_passed_before_it() -> None:
    mzi = Harness()
    hn = "pearson-higher-national"
    await recorded(mzi, hn, raw=3)
    again = await recorded(mzi, hn, raw=1, attempt=1)
    assert (again.rule, again.grade) == (RuleId.REASSESSED_AFTER_PASS, Grade.M)
    regraded = await recorded(mzi, hn, raw=0, attempt=1)
    assert (regraded.marking.before, regraded.grade) == (Grade.M, Grade.M)
    told = await recorded(mzi, hn, raw=2, attempt=1, before="R")
    assert (told.rule, told.grade) == (RuleId.PASS, Grade.P)
    alone = await mzi.use_cases.decide_grade(DEFAULT_TENANT, {"raw": 1, "attempt": 1}, policy=hn)
    assert alone.marking.before is None


async def test_the_best_grade_of_all_earlier_attempts_is_known() -> None:
    mzi = Harness()
    grades = [
        (await recorded(mzi, "btec-default", raw=raw, attempt=attempt)).marking.before
        for attempt, raw in enumerate((1, 3, 2, 4, 1))
    ]
    assert grades == [None, None, Grade.M, Grade.M, Grade.D]
    repeated = await recorded(mzi, "btec-default", raw=2, attempt=5, repeats_unit=True)
    assert repeated.marking.before is Grade.D
    assert (await recorded(Harness(), "btec-default", raw=2, attempt=1)).marking.before is None


MARKS: dict[int, Any] = {0: 1, 1: 3, 2: 4}


@pytest.mark.parametrize(
    "order",
    [*permutations(MARKS), (0, 1, 0, 2), (2, 1, 0, 2, 1, 0), (1, 0, 2, 0)],
    ids=lambda order: "".join(map(str, order)),
)
async def test_the_latest_attempt_stands_in_whatever_order_attempts_are_decided(order: Sequence[int]) -> None:
    for policy, rule, before in (
        ("pearson-higher-national", RuleId.REASSESSED_AFTER_PASS, Grade.P),
        ("btec-default", RuleId.DISTINCTION, Grade.M),
    ):
        mzi = Harness()
        for attempt in order:
            await recorded(mzi, policy, raw=MARKS[attempt], attempt=attempt)
        stands = (await mzi.use_cases.show_decision(DEFAULT_TENANT, KEY)).record.decision
        assert (stands.rule, stands.marking.attempt, stands.marking.before) == (rule, 2, before)
        async with mzi.store.read(DEFAULT_TENANT) as session:
            assert [each.decision for each in await session.decisions(None, 9)] == [stands]


async def test_of_attempts_that_are_decided_together_each_knows_those_before_it() -> None:
    mzi = Harness()
    asked = [ToDecide(marking={"raw": MARKS[n], "attempt": n}, record_as=KEY) for n in (2, 0, 1)]
    found = await mzi.use_cases.decide_grades(DEFAULT_TENANT, asked)
    made = [each for each in found.made if isinstance(each, Decision)]
    assert [(each.marking.attempt, each.marking.before) for each in made] == [
        (2, Grade.M),
        (0, None),
        (1, None),
    ]
    async with mzi.store.read(DEFAULT_TENANT) as session:
        assert [each.attempt for each in await session.decision_history(KEY)] == [2, 1, 0]


@pytest.mark.parametrize("raw", [None, -1], ids=["no mark", "not graded"])
async def test_what_is_not_marked_undoes_no_mark_of_the_same_attempt(raw: object) -> None:
    mzi = Harness()
    await recorded(mzi, "btec-default", raw=3)
    assert not (await recorded(mzi, "btec-default", raw=raw)).is_marked
    assert (await kept_under(mzi) or pytest.fail("nothing kept")).grade is Grade.M
    await recorded(mzi, "btec-default", raw=raw, attempt=1)
    later = await kept_under(mzi)
    assert later is not None
    assert (later.marking.attempt, later.is_marked) == (1, False)
    await recorded(mzi, "btec-default", raw=4, attempt=1)
    await recorded(mzi, "btec-default", raw=raw, attempt=1)
    assert (await kept_under(mzi) or pytest.fail("nothing kept")).grade is Grade.D


async def test_several_are_decided_and_kept_in_one_transaction_and_a_refused_one_harms_no_other() -> None:
    store = CountedStore()
    mzi = Harness(store=store)
    decided = await mzi.use_cases.decide_grades(
        DEFAULT_TENANT,
        [
            ToDecide(marking={"raw": "2"}, record_as="a"),
            ToDecide(marking={"raw": "much"}, record_as="b"),
            ToDecide(marking={"raw": "3"}),
            ToDecide(marking={"raw": "4"}, record_as="a"),
        ],
    )
    assert (store.reads, store.writes) == (0, 1)
    assert [each.grade.value if isinstance(each, Decision) else str(each) for each in decided.made] == [
        "P",
        "raw must be a number, not 'much'.",
        "M",
        "D",
    ]
    async with mzi.store.read(DEFAULT_TENANT) as session:
        kept = {each.key: each.decision.grade for each in await session.decisions(None, 10)}
    assert kept == {"a": Grade.D}


async def test_what_cannot_stand_in_an_address_is_no_key() -> None:
    mzi = Harness()
    asked = [
        ToDecide(marking={"raw": "2"}, record_as="a/b"),
        ToDecide(marking={"raw": "much"}, record_as="k" * 256),
        ToDecide(marking={"raw": "2"}, record_as="k" * 255),
    ]
    found = await mzi.use_cases.decide_grades(DEFAULT_TENANT, asked)
    slash, long, kept = found.made
    assert isinstance(slash, MarkingRefused)
    assert slash.problems == (
        "record_as: 'a/b' is no key to keep a decision under; write 1 to 255 letters of English, digits and "
        "_ - . : @, with a letter or digit first, such as 4101_1001_55.",
    )
    assert isinstance(long, MarkingRefused)
    assert [problem[:30] for problem in long.problems] == [
        f"record_as: '{'k' * 18}",
        "raw must be a number, not 'muc",
    ]
    assert isinstance(kept, Decision)
    async with mzi.store.read(DEFAULT_TENANT) as session:
        assert [each.key for each in await session.decisions(None, 9)] == ["k" * 255]


class GoesAway(MemoryStore):
    """A store whose connection breaks when two decisions of a session are written and not yet kept."""

    @asynccontextmanager
    async def begin(self, tenant: TenantId, *, discard: bool = False) -> AsyncIterator[Session]:
        async with super().begin(tenant, discard=discard) as session:
            yield session
            if len(await session.decisions(None, 10)) > 1:
                raise StoreUnavailable("The store went away.")


async def test_of_decisions_made_together_all_are_kept_or_none() -> None:
    mzi = Harness(store=GoesAway())
    with pytest.raises(StoreUnavailable):
        await mzi.use_cases.decide_grades(
            DEFAULT_TENANT, [ToDecide(marking={"raw": "2"}, record_as=key) for key in "ab"]
        )
    async with mzi.store.read(DEFAULT_TENANT) as session:
        assert await session.decisions(None, 10) == []


@pytest.mark.parametrize(
    ("marking", "record_as", "sessions"),
    [({"raw": "2"}, None, (1, 0)), ({"raw": "2"}, "k", (0, 1)), ({"raw": "much"}, "k", (1, 0))],
    ids=["looked at", "kept", "refused, so that nothing is kept"],
)
async def test_one_marking_takes_one_session(
    marking: dict[str, object], record_as: str | None, sessions: tuple[int, int]
) -> None:
    store = CountedStore()
    with suppress(MarkingRefused):
        await Harness(store=store).use_cases.decide_grade(DEFAULT_TENANT, marking, record_as=record_as)
    assert (store.reads, store.writes) == sessions


async def test_times_are_told_in_the_zone_of_the_tenant() -> None:
    mzi = Harness()
    assert (await mzi.use_cases.decide_grade.as_told(DEFAULT_TENANT, {})).zone == ZoneInfo("UTC")
    await mzi.use_cases.choose_zone(DEFAULT_TENANT, "Asia/Amman")
    waiting = {"submitted": False, "due": "2026-02-09T12:00:00Z", "now": "2026-02-09T11:00:00Z"}
    told = await mzi.use_cases.decide_grade.as_told(DEFAULT_TENANT, waiting)
    decision, zone = told.decision, told.zone
    assert zone == ZoneInfo("Asia/Amman")
    assert "until 9 February 2026, 15:00 (Asia/Amman)" in decision.reason(zone=zone)
    assert (await mzi.use_cases.decide_grades(DEFAULT_TENANT, [])).zone == zone
    (change,) = await simulated(mzi, {"pass_from": "2.5"}, {"a": {"raw": 2}})
    assert change.zone == zone
    await mzi.use_cases.decide_grade(DEFAULT_TENANT, {"raw": 2}, record_as="a")
    (change,) = await simulated(mzi, {"pass_from": "2.5"})
    assert change.zone == zone


async def test_a_decision_was_made_when_it_was_made_whatever_moment_it_is_judged_as_of() -> None:
    mzi = Harness()
    asked = {"raw": 2, "due": "2026-02-09T12:00:00Z", "now": "2026-02-10T12:00:00Z"}
    first = mzi.clock.now()
    told = await mzi.use_cases.decide_grade.as_told(DEFAULT_TENANT, asked, record_as=KEY)
    assert told.decided_at == first
    mzi.clock.advance(timedelta(hours=1))
    again = await mzi.use_cases.decide_grade.as_told(DEFAULT_TENANT, asked, record_as=KEY)
    alone = await mzi.use_cases.decide_grade.as_told(DEFAULT_TENANT, asked)
    assert (again.decided_at, alone.decided_at) == (first, mzi.clock.now())
    shown = await mzi.use_cases.show_decision(DEFAULT_TENANT, KEY)
    assert shown.record.decided_at == first
    together = [
        ToDecide(marking={"raw": raw}, record_as=key) for raw, key in ((2, KEY), (None, KEY), (3, "b"))
    ]
    found = await mzi.use_cases.decide_grades(DEFAULT_TENANT, together)
    assert list(found.decided_at) == [mzi.clock.now()] * 3
    mzi.clock.advance(timedelta(hours=1))
    found = await mzi.use_cases.decide_grades(DEFAULT_TENANT, together)
    kept_at = mzi.clock.now() - timedelta(hours=1)
    assert list(found.decided_at) == [kept_at, mzi.clock.now(), kept_at]


async def test_a_policy_that_is_unknown_refuses_all_markings_and_opens_no_session() -> None:
    store = CountedStore()
    with pytest.raises(PolicyRefused):
        await Harness(store=store).use_cases.decide_grades(
            DEFAULT_TENANT, [ToDecide(marking={"raw": "2"}, record_as="k")], policy="nonsense"
        )
    assert (store.reads, store.writes) == (0, 0)


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
