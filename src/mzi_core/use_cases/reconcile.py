"""Read again what changed on either side since the last time, for what was told of it may have been lost."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import attrs

from mzi_core.errors import FieldsMissing, ModuleMissing, RemoteNotFound
from mzi_core.module import AnyModule
from mzi_core.modules import MOODLE_COURSES, MOODLE_MARKS, MOODLE_USERS, ZOHO_CATALOGUE
from mzi_core.use_cases.planning_pull import OVERLAP, PlanPull
from mzi_core.use_cases.pull import Pull, PullDone
from mzi_core.use_cases.pull_moodle import MoodlePullDone, PullMoodle
from mzi_core.use_cases.tasks import GoesOn, TaskDone
from mzi_core.values import TenantId


@attrs.frozen(kw_only=True)
class ReconcileZoho:
    """Pulls every module, parents first: what changed since the last pull, and what was deleted."""

    plan: PlanPull
    pull: Pull
    modules: Sequence[AnyModule] = tuple(ZOHO_CATALOGUE.in_order())
    every: timedelta

    async def __call__(
        self, tenant: TenantId, since: datetime | None, now: datetime, goes_on: GoesOn
    ) -> TaskDone:
        """A module that Zoho does not open to the account is left out."""
        counts, left_out = Counter[str](), []
        for module in self.modules:
            if not await goes_on():
                break
            try:
                async for done in self.pull(await self.plan(tenant, module)):
                    await goes_on()  # a pull that has begun is brought to its end
                    if isinstance(done, PullDone):
                        counts.update(records=done.came, deleted=done.deleted)
            except (ModuleMissing, RemoteNotFound, FieldsMissing) as error:
                left_out.append(error.told)
        return TaskDone(counts=counts, left_out=left_out)


@attrs.frozen(kw_only=True)
class FindMarks:
    """Pulls the marks of Moodle that were given or changed since the last time, and of the first time all.

    Before them it pulls all users and courses, for a mark waits until those that it points at are known.
    """

    pull: PullMoodle
    every: timedelta

    async def __call__(
        self, tenant: TenantId, since: datetime | None, now: datetime, goes_on: GoesOn
    ) -> TaskDone:
        """A course that is closed to the account is left out."""
        counts, left_out = Counter[str](), list[str]()
        after = None if since is None else since - OVERLAP
        for module in (MOODLE_USERS, MOODLE_COURSES, MOODLE_MARKS):
            if not await goes_on():
                break
            plan = await self.pull.plan(tenant, module, since=after if module is MOODLE_MARKS else None)
            async for done in self.pull(plan):
                await goes_on()
                if isinstance(done, MoodlePullDone):
                    left_out += done.left_out.values()
                    if module is MOODLE_MARKS:
                        counts.update(marks=done.came)
        return TaskDone(counts=counts, left_out=left_out)
