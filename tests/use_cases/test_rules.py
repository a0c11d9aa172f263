"""The rules of a tenant: shown, checked and saved."""

from typing import Any

import attrs
import pytest

from mzi_adapters.memory import MemoryStore
from mzi_adapters.testing.harness import Harness
from mzi_core.errors import UnknownTenant
from mzi_core.flows.rules import FlowName, Rules, RulesRefused, Withdrawal
from mzi_core.ports import Session, Store
from mzi_core.use_cases import UseCases
from mzi_core.use_cases.rules import SetRules
from mzi_core.values import DEFAULT_TENANT, TenantId


async def keep(mzi: UseCases, **rules: Any) -> None:
    """Keep just these, as another version of mzi may have."""
    async with mzi.store.begin(DEFAULT_TENANT) as session:
        await session.save_settings(attrs.evolve(await session.settings(), rules=rules))


async def kept(mzi: UseCases) -> dict[str, Any]:
    return dict((await mzi.read_settings(DEFAULT_TENANT)).rules)


async def test_a_tenant_that_chose_nothing_has_the_defaults() -> None:
    shown = await Harness().use_cases.show_rules(DEFAULT_TENANT)
    assert (shown.rules, shown.chosen, shown.passed_over) == (Rules(), frozenset(), ())


async def test_rules_that_are_set_are_kept_beside_the_other_choices() -> None:
    mzi = Harness().use_cases
    await mzi.choose_zone(DEFAULT_TENANT, "Asia/Amman")
    await mzi.set_rules(DEFAULT_TENANT, {"flows": ["grade", "account"]})
    change = await mzi.set_rules(DEFAULT_TENANT, {"create_accounts": True, "withdrawal": "suspend"})
    assert change.changed == ("create_accounts",)
    assert change.after == await mzi.show_rules(DEFAULT_TENANT)
    assert change.after.rules == Rules(
        flows=frozenset({FlowName.ACCOUNT, FlowName.GRADE}), create_accounts=True
    )
    assert change.after.chosen == {"flows", "create_accounts", "withdrawal"}
    assert (await mzi.read_settings(DEFAULT_TENANT)).zone == "Asia/Amman"


async def test_a_rule_that_is_given_up_has_its_default_again() -> None:
    mzi = Harness().use_cases
    await mzi.set_rules(DEFAULT_TENANT, {"withdrawal": "leave", "create_courses": False})
    change = await mzi.set_rules(DEFAULT_TENANT, {"withdrawal": None})
    assert change.before.rules.withdrawal is Withdrawal.LEAVE
    assert change.after.rules == Rules(create_courses=False)
    assert await kept(mzi) == {"create_courses": False}


async def test_of_rules_that_are_refused_none_is_kept() -> None:
    mzi = Harness().use_cases
    for ask in (mzi.set_rules, mzi.check_rules):
        with pytest.raises(RulesRefused) as refused:
            await ask(DEFAULT_TENANT, {"create_accounts": True, "withdrawal": "x", "no_rule": None})
        assert len(refused.value.problems) == 2
    assert await kept(mzi) == {}


async def test_what_another_version_chose_stays_until_it_is_given_up() -> None:
    mzi = Harness().use_cases
    await keep(mzi, gone=1, withdrawal="unenrol")
    shown = await mzi.show_rules(DEFAULT_TENANT)
    assert (shown.rules, len(shown.passed_over)) == (Rules(), 2)
    await mzi.set_rules(DEFAULT_TENANT, {"create_accounts": True})
    assert await kept(mzi) == {"gone": 1, "withdrawal": "unenrol", "create_accounts": True}
    change = await mzi.set_rules(DEFAULT_TENANT, {"gone": None, "withdrawal": None})
    assert (change.changed, change.after.passed_over) == ((), ())
    assert await kept(mzi) == {"create_accounts": True}


async def test_a_check_says_what_would_change_and_writes_nothing() -> None:
    mzi = Harness().use_cases
    change = await mzi.check_rules(DEFAULT_TENANT, {"create_accounts": True})
    assert (change.changed, change.after.rules) == (("create_accounts",), Rules(create_accounts=True))
    assert await kept(mzi) == {}
    assert change == await mzi.set_rules(DEFAULT_TENANT, {"create_accounts": True})


async def test_a_tenant_nobody_made_has_no_rules() -> None:
    mzi = Harness().use_cases
    nobody = TenantId("nobody")
    for asked in (mzi.show_rules(nobody), mzi.check_rules(nobody, {}), mzi.set_rules(nobody, {})):
        with pytest.raises(UnknownTenant):
            await asked


class TestOnChange:
    """Whoever has work to do because of a rule does it with the rule, or not at all."""

    def heard(self, store: Store) -> tuple[SetRules, list[tuple[Rules, Rules]]]:
        told: list[tuple[Rules, Rules]] = []

        async def hear(session: Session, before: Rules, after: Rules) -> None:
            assert (await session.settings()).rules != {}
            told.append((before, after))

        return SetRules(store=store, on_change=hear), told

    async def test_it_is_told_what_was_and_what_is_in_the_session_that_saves(self) -> None:
        set_rules, told = self.heard(MemoryStore())
        await set_rules(DEFAULT_TENANT, {"flows": ["grade"]})
        assert told == [(Rules(), Rules(flows=frozenset({FlowName.GRADE})))]

    async def test_it_is_told_nothing_where_no_rule_says_something_else(self) -> None:
        set_rules, told = self.heard(MemoryStore())
        await set_rules(DEFAULT_TENANT, {"flows": [], "create_courses": True})
        assert told == []

    async def test_when_it_fails_no_rule_is_changed(self) -> None:
        async def fail(session: Session, before: Rules, after: Rules) -> None:
            raise ValueError("It failed.")

        mzi = Harness().use_cases
        with pytest.raises(ValueError, match="It failed"):
            await SetRules(store=mzi.store, on_change=fail)(DEFAULT_TENANT, {"flows": ["grade"]})
        assert await kept(mzi) == {}
