"""Bring Moodle's accounts, courses and enrolments to say what our records say."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

import attrs

from mzi_core.errors import MziError
from mzi_core.module import AnyModule, MoodleKind
from mzi_core.modules import CATALOGUE
from mzi_core.ports import (
    Applied,
    Connections,
    CourseChange,
    Enrolment,
    NewCourse,
    NewUser,
    Store,
    UserChange,
    WriteResult,
)
from mzi_core.provisioning import Action, MoodleDefaults, Step, StepResult
from mzi_core.use_cases.amend import AmendRecords
from mzi_core.use_cases.push import PagePushed, in_order, live_pages, preview
from mzi_core.use_cases.push_gather import (
    FEW,
    Gather,
    MoodleRoster,
    plan_accounts,
    plan_courses,
    plan_enrolments,
)
from mzi_core.values import MoodleId, TenantId, ZohoId

W = TypeVar("W")

_Plan = Callable[[Sequence[Any]], Awaitable[list[Step[object]]]]
"""Plans the steps about records of one module."""

_PLANS: Mapping[MoodleKind, Callable[[Gather, AnyModule, str, Sequence[Any]], Any]] = {
    MoodleKind.USER: plan_accounts,
    MoodleKind.COURSE: plan_courses,
    MoodleKind.ENROLMENT: plan_enrolments,
}
"""How steps are planned, by what a record is in Moodle."""


def _in_moodle() -> list[str]:
    """The modules whose records are something in Moodle."""
    return sorted(module.name for module in CATALOGUE if module.counterpart is not None)


class NothingInMoodle(MziError):
    """Records of this module have no counterpart in Moodle."""

    def __init__(self, module: AnyModule) -> None:
        super().__init__(
            f"Moodle has nothing for {module.name}; it has something for {', '.join(_in_moodle())}."
        )


@attrs.frozen(kw_only=True)
class PushToMoodle:
    """Make what is missing and change what differs; nobody is deleted, unenrolled or suspended.

    A page is one read of ours and one of theirs. The ids Moodle gave are kept with our records in one
    transaction a page, before anything else is written: what was created once is found again.
    """

    store: Store
    amend: AmendRecords
    connections: Connections
    defaults: MoodleDefaults

    async def __call__(
        self, tenant: TenantId, module: AnyModule, *, dry_run: bool = False
    ) -> AsyncGenerator[PagePushed, None]:
        """Yield after every page. Raises NothingInMoodle, UnknownTenant, StoreError, GatewayError
        and AccountMissing."""
        if module.counterpart is None:
            raise NothingInMoodle(module)
        moodle = await self.connections.moodle(tenant)
        gather = Gather(store=self.store, moodle=moodle, tenant=tenant, defaults=self.defaults)
        plan = partial(_PLANS[module.counterpart.kind], gather, module, module.counterpart.id)
        async for ours in live_pages(self.store, tenant, module):
            steps: list[Step[object]] = await plan(ours)
            if dry_run:
                yield preview(steps)
                continue
            made = await self._create(moodle, steps)
            if met := {pushed.step.zoho_id for pushed in made if pushed.existing is not None}:
                steps, made = await _met(plan, steps, made, [e for e in ours if e.zoho_id in met])
            await self._link(tenant, module, steps, made)
            gather.remember(made)
            yield in_order(steps, [*made, *await self._change(moodle, steps)])

    async def _create(
        self, moodle: MoodleRoster, steps: Sequence[Step[object]]
    ) -> list[StepResult[MoodleId]]:
        people = [step for step in steps if isinstance(step.write, NewUser)]
        courses = [step for step in steps if isinstance(step.write, NewCourse)]
        places = [step for step in steps if isinstance(step.write, Enrolment)]
        return [
            *_told(people, await moodle.create_users(_sent(people, NewUser))),
            *_told(courses, await moodle.create_courses(_sent(courses, NewCourse))),
            *_told(places, await moodle.enrol(_sent(places, Enrolment))),
        ]

    async def _change(
        self, moodle: MoodleRoster, steps: Sequence[Step[object]]
    ) -> list[StepResult[MoodleId]]:
        people = [step for step in steps if isinstance(step.write, UserChange)]
        courses = [step for step in steps if isinstance(step.write, CourseChange)]
        return [
            *_told(people, await moodle.update_users(_sent(people, UserChange))),
            *_told(courses, await moodle.update_courses(_sent(courses, CourseChange))),
        ]

    async def _link(
        self,
        tenant: TenantId,
        module: AnyModule,
        steps: Sequence[Step[object]],
        made: Sequence[StepResult[MoodleId]],
    ) -> None:
        """Keep the ids of what was found and of what was made."""
        links: dict[ZohoId, Mapping[str, MoodleId]] = {
            step.zoho_id: step.links
            for step in steps
            if step.links and (step.write is None or isinstance(step.write, UserChange | CourseChange))
        }
        for pushed in made:
            step = pushed.step
            if isinstance(pushed.result, Applied) and step.links:
                links[step.zoho_id] = step.links
            elif step.learns and pushed.learned is not None:
                links[step.zoho_id] = {step.learns: pushed.learned}
        if links:
            await self.amend(tenant, module, links)


async def _met(
    plan: _Plan,
    steps: Sequence[Step[object]],
    made: Sequence[StepResult[MoodleId]],
    ours: Sequence[Any],
) -> tuple[list[Step[object]], list[StepResult[MoodleId]]]:
    """The steps once more about records whose counterpart only showed when it was to be made again."""
    again: dict[ZohoId, Step[object]] = {}
    for start in range(0, len(ours), FEW):
        planned = await plan(ours[start : start + FEW])
        again |= {step.zoho_id: step for step in planned if step.act is not Action.CREATE}
    return (
        [again.get(step.zoho_id, step) for step in steps],
        [pushed for pushed in made if pushed.step.zoho_id not in again],
    )


def _sent(steps: Sequence[Step[object]], kind: type[W]) -> list[W]:
    return [step.write for step in steps if isinstance(step.write, kind)]


def _told(
    steps: Sequence[Step[object]], results: Sequence[WriteResult[MoodleId]]
) -> list[StepResult[MoodleId]]:
    return [StepResult(step=step, result=result) for step, result in zip(steps, results, strict=True)]
