"""Bring the shelf in line with Moodle: the users, courses, enrolments or marks of all courses, or of some."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime

import attrs

from mzi_core.errors import CannotBePulled
from mzi_core.mapping import NO_OVERLAY
from mzi_core.module import AnyModule, Side
from mzi_core.modules import MOODLE_COURSES, MOODLE_ENROLLMENTS, MOODLE_MARKS
from mzi_core.ports import Connections, Run, Store
from mzi_core.use_cases.deletions import missing
from mzi_core.use_cases.moodle_pages import MoodlePages
from mzi_core.use_cases.sync_runs import PageDone, SyncRuns
from mzi_core.values import MoodleId, RecordKey, TenantId

DATED = (MOODLE_COURSES.name, MOODLE_MARKS.name)
"""The kinds of record of which Moodle says when they were changed."""

LISTED = (MOODLE_COURSES.name, MOODLE_ENROLLMENTS.name)
"""The kinds of record of which Moodle lists all that there are."""


@attrs.frozen(kw_only=True)
class MoodlePullPlan:
    """What a pull will read: of these courses, or of all if there are none; since a moment, or everything.

    `resumed`: the run that it goes on with.
    """

    tenant: TenantId
    module: AnyModule
    courses: tuple[MoodleId, ...] = ()
    since: datetime | None = None
    resumed: Run | None = None
    records: int = attrs.field(default=0, init=False)
    """Nobody counts them before."""

    @property
    def source(self) -> str:
        """The source under which the run is kept."""
        what = f"courses {', '.join(map(str, self.courses))}" if self.courses else "everything"
        return f"moodle: {what}" + (f" since {self.since:%Y-%m-%dT%H:%M:%SZ}" if self.since else "")


@attrs.frozen(kw_only=True)
class MoodlePullDone:
    """How a pull ended: how many records came, and what was closed to the account, with why.

    `missing`: live courses, and live enrolments in the courses that were read, of which Moodle has no trace.
    They are only told, and nothing is done about them.
    """

    came: int
    missing: tuple[RecordKey, ...] = ()
    left_out: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class PullMoodle:
    """Read one kind of record, page by page, a transaction a page. Nothing is marked deleted by it.

    Moodle does not say when most of it was changed, so everything is read each time, and what did not change
    is not written.
    """

    connections: Connections
    store: Store
    runs: SyncRuns

    async def plan(
        self,
        tenant: TenantId,
        module: AnyModule,
        *,
        courses: Sequence[MoodleId] = (),
        since: datetime | None = None,
        resume: bool = False,
    ) -> MoodlePullPlan:
        """Find out what a pull will be. Raises CannotBePulled, UnknownTenant."""
        if module.side is not Side.MOODLE:
            raise CannotBePulled(f"`{module.name}` are records of Zoho, not of Moodle.")
        if since is not None and module.name not in DATED:
            raise CannotBePulled(
                f"Moodle does not say when {module.name} were changed: all of them are read each time. Say a "
                f"moment for {' or '.join(DATED)}."
            )
        plan = MoodlePullPlan(tenant=tenant, module=module, courses=tuple(sorted(set(courses))), since=since)
        async with self.store.read(tenant) as session:
            await session.settings()
            resumed = await session.unfinished(module.name, plan.source) if resume else None
        return attrs.evolve(plan, resumed=resumed)

    async def __call__(
        self, plan: MoodlePullPlan, *, dry_run: bool = False
    ) -> AsyncGenerator[PageDone | MoodlePullDone, None]:
        """Yield after every page, and at last how it ended. What is raised leaves the run FAILED.

        How far it got is kept with each page, so that a plan made with `resume` goes on there. Raises
        AccountMissing, GatewayError, StoreError, and RunInProgress.
        """
        reading = MoodlePages(
            moodle=await self.connections.moodle(plan.tenant),
            store=self.store,
            tenant=plan.tenant,
            courses=plan.courses,
            since=plan.since,
        )
        module, encode = plan.module, self.runs.batches.codec.encode
        async with self.runs.open(
            plan.tenant, module, source=plan.source, dry_run=dry_run, resume=plan.resumed is not None
        ) as run:
            before = run.run.cursor
            place = run.run.bookmark
            pages = reading.of(module, MoodleId(int(place)) if place else None)
            async with aclosing(pages):
                async for page in pages:
                    place = place if page.behind is None else str(page.behind)
                    records = [encode(module, record, NO_OVERLAY) for record in page.records]
                    yield await run.take(records, bookmark=place, are_ours=True)
            came = run.run.cursor - before
            gone = missing(self.store, plan.tenant, module, reading.lacks, run.run.started_at)
            left = tuple([one async for page in gone for one in page]) if module.name in LISTED else ()
        yield MoodlePullDone(came=came, missing=left, left_out=reading.left_out)
