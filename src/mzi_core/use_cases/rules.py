"""The rules of a tenant: shown, checked and saved."""

from collections.abc import Awaitable, Callable, Mapping

import attrs

from mzi_core.flows.rules import RULES, ChosenRules, Rules, plain_value, read_rules
from mzi_core.ports import Session, Store
from mzi_core.use_cases.tenants import settings_to_change
from mzi_core.values import TenantId

OnChange = Callable[[Session, Rules, Rules], Awaitable[None]]
"""Told of the rules before and after, in the session that saves them; what it writes is kept with them.

It cannot lock anything, for a session locks once.
"""


@attrs.frozen(kw_only=True)
class RulesChange:
    """The rules of a tenant before and after."""

    before: ChosenRules
    after: ChosenRules

    @property
    def changed(self) -> tuple[str, ...]:
        """The names of the rules that say something else than before, in the order of their declaration."""
        before, after = self.before.rules, self.after.rules
        return tuple(name for name in RULES if getattr(before, name) != getattr(after, name))


def _merged(kept: Mapping[str, object], changes: Mapping[str, object]) -> dict[str, object]:
    """What is to be kept when these are changed. Raises RulesRefused."""
    left = {name for name, value in changes.items() if value is None}
    # One that no version knows any more can still be given up.
    said = {name: value for name, value in changes.items() if name not in left or name not in kept}
    read = read_rules(said)
    chosen = {name: plain_value(read, name) for name in said if name not in left}
    return {name: value for name, value in {**kept, **chosen}.items() if name not in left}


@attrs.frozen
class ShowRules:
    """What a tenant lets mzi do by itself."""

    store: Store

    async def __call__(self, tenant: TenantId) -> ChosenRules:
        """Raises UnknownTenant, StoreUnavailable."""
        async with self.store.read(tenant) as session:
            settings = await session.settings()
        return ChosenRules.of(settings.rules)


@attrs.frozen
class CheckRules:
    """Say what SetRules would do, and change nothing."""

    store: Store

    async def __call__(self, tenant: TenantId, changes: Mapping[str, object]) -> RulesChange:
        """Raises RulesRefused, UnknownTenant, StoreUnavailable."""
        async with self.store.read(tenant) as session:
            settings = await session.settings()
        merged = _merged(settings.rules, changes)
        return RulesChange(before=ChosenRules.of(settings.rules), after=ChosenRules.of(merged))


@attrs.frozen(kw_only=True)
class SetRules:
    """Change some rules of a tenant; the others stay."""

    store: Store
    on_change: OnChange | None = None

    async def __call__(self, tenant: TenantId, changes: Mapping[str, object]) -> RulesChange:
        """The rules by their names as plain JSON, null for the default; all are saved, or none.

        `on_change` is awaited where a rule says something else than before. Raises RulesRefused with
        everything that is wrong, UnknownTenant, StoreUnavailable.
        """
        async with self.store.begin(tenant) as session:
            settings = await settings_to_change(session)
            merged = _merged(settings.rules, changes)
            change = RulesChange(before=ChosenRules.of(settings.rules), after=ChosenRules.of(merged))
            await session.save_settings(attrs.evolve(settings, rules=merged))
            if self.on_change is not None and change.changed:
                await self.on_change(session, change.before.rules, change.after.rules)
        return change
