"""Drift of accounts, courses and enrolments: what Zoho's records are in Moodle, compared and not written."""

from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial
from typing import Any

import attrs

from mzi_core.errors import AccountMissing
from mzi_core.flows.drift import Kept, Outlook, PairDrift, counterpart_drift
from mzi_core.flows.flow import Flow
from mzi_core.flows.rules import Rules
from mzi_core.flows.write_back import is_link_untold
from mzi_core.module import AnyModule
from mzi_core.modules import CLASSES
from mzi_core.ports import Connections, JsonObject, Stored
from mzi_core.provisioning import Action, Step
from mzi_core.use_cases.batches import Batches
from mzi_core.use_cases.deliver import Remembered
from mzi_core.use_cases.deliver_counterparts import (
    GONE,
    ask_brake,
    forbidden,
    made_before,
    suspends,
    taken_back,
)
from mzi_core.use_cases.drift import each_spared, remembered
from mzi_core.use_cases.enrol_staff import MissingStaff
from mzi_core.use_cases.moodle_target import MoodleTarget
from mzi_core.use_cases.push import live_rows
from mzi_core.use_cases.targets import Targets
from mzi_core.use_cases.zoho_half import ZohoHalf
from mzi_core.values import RecordKey, TenantId

TO_ENROL = "Besides the students, {} are still to be enrolled in its course."
TOO_MANY = "So many would be suspended within a day that a person would be asked first, by `mzi plan list`."


@attrs.frozen(kw_only=True)
class _NeverDue:
    """What is remembered of a pair that was never due: nothing."""

    generation: int = 1
    agreed: JsonObject | None = None
    intent: JsonObject | None = None
    plan_id: str = ""
    approved_generation: int = 0


@attrs.frozen(kw_only=True)
class DriftOfCounterparts:
    """Reads the pairs of one flow as `DeliverCounterparts` would, and plans what it would do."""

    flow: Flow
    batches: Batches
    targets: Targets
    connections: Connections

    async def __call__(self, tenant: TenantId, rules: Rules) -> AsyncIterator[Sequence[PairDrift]]:
        """Page by page, module by module."""
        for module in self.flow.zoho:
            pairs = _Pairs(
                flow=self.flow,
                module=module,
                rules=rules,
                batches=self.batches,
                target=await self.targets.moodle(tenant, module),
                zoho=await self._zoho(tenant, module),
            )
            refused = partial(_refused, module)
            async for rows in live_rows(self.batches.store, tenant, module, self.flow.at_once):
                yield await each_spared(rows, pairs.found, refused)

    async def _zoho(self, tenant: TenantId, module: AnyModule) -> ZohoHalf | None:
        """Zoho's half; None where the tenant's records come by another way, and are what is known here."""
        try:
            return await ZohoHalf.of(tenant, module, self.batches, self.connections, keeps=False)
        except AccountMissing:
            return None


def _refused(module: AnyModule, row: Stored[Any], why: str) -> PairDrift:
    return PairDrift(key=row.entity.key, module=module.name, outlook=Outlook.CANNOT, why=why)


@attrs.frozen(kw_only=True)
class _Pairs:
    """The pairs of one module. `passed`: those that the brake would let through, of the pages so far."""

    flow: Flow
    module: AnyModule
    rules: Rules
    batches: Batches
    target: MoodleTarget
    zoho: ZohoHalf | None
    passed: dict[RecordKey, Remembered] = attrs.field(factory=dict)

    async def found(self, rows: Sequence[Stored[Any]]) -> list[PairDrift]:
        """How the pairs of these records stand."""
        before = {row.entity.key: row for row in rows}
        async with self.batches.store.read(self.target.tenant) as session:
            there = await remembered(session, self.flow, before)
        known: dict[RecordKey, Remembered] = {key: there.get(key, _NeverDue()) for key in before}
        fresh = before if self.zoho is None else await self.zoho.read_again(before)
        made = await made_before(self.target, {key: known[key].intent for key in fresh})
        fresh = {
            key: attrs.evolve(row, entity=attrs.evolve(row.entity, **made.get(key, {})))
            for key, row in fresh.items()
        }
        planned = await self.target.plan([row.entity for row in fresh.values()]) if fresh else ()
        steps: dict[RecordKey, Step[object]] = {
            step.zoho_id: taken_back(step, known[step.zoho_id].agreed) for step in planned
        }
        kept = await self._kept(steps, fresh, known)
        kept = {**kept, **await self._unstaffed(steps, fresh, known, kept)}
        return [
            PairDrift(key=key, module=self.module.name, outlook=Outlook.LEAVE, why=GONE)
            if key not in fresh
            else counterpart_drift(
                self.module,
                fresh[key].entity,
                steps[key],
                kept=kept.get(key),
                is_untold=self._is_untold(fresh[key].entity, known[key]),
            )
            for key in before
        ]

    def _is_untold(self, record: Any, known: Remembered) -> bool:
        """Whether Zoho does not know the link that we know, or has not been told what was done."""
        return self.zoho is not None and (bool(known.intent) or is_link_untold(self.module, record))

    async def _unstaffed(
        self,
        steps: Mapping[RecordKey, Step[object]],
        rows: Mapping[RecordKey, Stored[Any]],
        known: Mapping[RecordKey, Remembered],
        kept: Mapping[RecordKey, Kept],
    ) -> Mapping[RecordKey, Kept]:
        """In whose courses somebody is still to be enrolled beside the students, where all else agrees."""
        if self.module is not CLASSES:
            return {}
        classes = {
            key: rows[key].entity
            for key, step in steps.items()
            if key not in kept
            and step.act in (Action.NOTHING, Action.LINK)
            and (step.links or rows[key].entity.moodle_class_id is not None)
            and self.target.wants_course(rows[key].entity)
        }
        missing = MissingStaff(
            store=self.batches.store, moodle=self.target.moodle, tenant=self.target.tenant, rules=self.rules
        )
        found = await missing(classes, {key: known[key].agreed for key in classes})
        return {
            **{key: Kept(Outlook.CHANGE, TO_ENROL.format(len(some))) for key, some in found.places.items()},
            **{
                key: Kept(Outlook.CANNOT if each.needs is None else Outlook.WAIT, each.why)
                for key, each in found.left.items()
                if key not in found.places
            },
        }

    async def _kept(
        self,
        steps: Mapping[RecordKey, Step[object]],
        rows: Mapping[RecordKey, Stored[Any]],
        known: Mapping[RecordKey, Remembered],
    ) -> Mapping[RecordKey, Kept]:
        """What keeps steps from being done: the rules, the brake, or a person who has rejected them."""
        kept = {
            key: Kept(Outlook.LEAVE, why)
            for key, step in steps.items()
            if (why := forbidden(self.module, step, self.rules))
        }
        wanted = {key: known[key] for key, step in steps.items() if suspends(step)}
        if not wanted:
            return kept
        async with self.batches.store.begin(self.target.tenant, discard=True) as session:
            await ask_brake(session, self.module, self.passed, {})
            asked = await ask_brake(session, self.module, wanted, rows)
        kept |= {key: Kept(Outlook.LEAVE, plan.reason) for key, plan in asked.rejected.items()}
        kept |= {key: Kept(Outlook.ASK, TOO_MANY) for key in asked.over}
        self.passed.update({key: each for key, each in wanted.items() if key not in kept})
        return kept
