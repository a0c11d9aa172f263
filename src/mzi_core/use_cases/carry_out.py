"""Carry out the steps of a plan: make what is missing, keep what is learned, then change what differs."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import attrs

from mzi_core.provisioning import FEW, Action, Step, StepResult, Target
from mzi_core.values import MoodleId, RecordKey, ZohoId

PushResult = StepResult[ZohoId | MoodleId]
"""What became of a record, whichever remote it was pushed to."""

Steps = Sequence[Step[object]]
Learned = Mapping[RecordKey, Mapping[str, object]]
"""What our records are to say from now on: by key, the fields."""


@attrs.frozen(kw_only=True)
class CarryOut:
    """Carries out steps at a target.

    `sending` is asked before anything is sent, with what is about to be, and gives back what may be.
    `keep` keeps what was learned. What was created is kept before anything else is written, so that what was
    created once is found again.
    """

    target: Target
    sending: Callable[[Steps], Awaitable[Steps]]
    keep: Callable[[Learned], Awaitable[None]]

    async def __call__(self, ours: Sequence[Any], steps: Steps) -> list[PushResult]:
        """A result for each of the steps, in order. `ours`: the records that they are about."""
        done = {result.step.zoho_id: result for result in await self._carried_out(ours, steps)}
        return [done.get(step.zoho_id, StepResult(step=step)) for step in steps]

    async def _carried_out(self, ours: Sequence[Any], steps: Steps) -> list[PushResult]:
        made = await self._applied([step for step in steps if step.act is Action.CREATE])
        met = {result.step.zoho_id for result in made if result.existing is not None}
        again = await _planned_again(self.target, [each for each in ours if each.zoho_id in met])
        made = [result for result in made if result.step.zoho_id not in again]
        others = [step for step in (*steps, *again.values()) if step.act is not Action.CREATE]
        links: dict[RecordKey, Mapping[str, object]] = {step.zoho_id: step.links for step in others}
        await self._keep(links | {result.step.zoho_id: result.learned for result in made})
        changed = await self._applied([step for step in others if step.act is Action.CHANGE])
        await self._keep({result.step.zoho_id: result.learned for result in changed})
        return [*made, *map(_found, again.values()), *changed]

    async def _applied(self, steps: Steps) -> list[PushResult]:
        return list(await self.target.apply(await self.sending(steps))) if steps else []

    async def _keep(self, learned: Learned) -> None:
        if news := {key: fields for key, fields in learned.items() if fields}:
            await self.keep(news)


def _found(step: Step[object]) -> PushResult:
    """That a counterpart was found; where it is to be changed too, the result of that comes after this."""
    return StepResult(step=step)


async def _planned_again(target: Target, ours: Sequence[Any]) -> dict[ZohoId, Step[object]]:
    """The steps about records whose counterpart only showed when it was to be made a second time.

    They are planned few at a time, so that it is looked for thoroughly; who still is to be created is not
    among them.
    """
    steps = [
        step for start in range(0, len(ours), FEW) for step in await target.plan(ours[start : start + FEW])
    ]
    return {step.zoho_id: step for step in steps if step.act is not Action.CREATE}
