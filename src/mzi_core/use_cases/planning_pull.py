"""What a pull will be, found out before it begins: which fields, since when, how many records, which way."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import attrs

from mzi_core.errors import ClockSkew
from mzi_core.mapping import Overlay
from mzi_core.module import AnyModule
from mzi_core.ports import Clock, Connections, Cost, ReadMethod, Run, Store
from mzi_core.use_cases.batches import overlay_of
from mzi_core.use_cases.field_selection import Choice, select
from mzi_core.values import TenantId, ZohoId

OVERLAP = timedelta(minutes=5)
"""How far before the watermark of the last pull the next one begins, for Zoho's index lags.

By so much at most may our clock and Zoho's differ: where Zoho does not tell its time, ours is the watermark.
"""


class PullScope(StrEnum):
    """What is pulled; also the word by which its runs are found again."""

    EVERYTHING = "everything"
    CHANGES = "changes"
    SINCE = "since"
    """Changes since a moment that somebody chose: the next pull does not build on it."""


def source_of(scope: PullScope, since: datetime | None = None) -> str:
    """The source under which a pull's run is kept."""
    return f"zoho: {scope} {since:%Y-%m-%dT%H:%M:%SZ}" if scope is PullScope.SINCE else f"zoho: {scope}"


@attrs.frozen(kw_only=True)
class PullPlan:
    """What a pull will read and what that will cost. `records`: about how many, `resumed`: what goes on.

    `watermark`: Zoho's time at which it was planned, if Zoho tells it. What changes from then on is for the
    next pull; the newest `Modified_Time` of what is read would be too late, for pages come by id.
    """

    tenant: TenantId
    module: AnyModule
    choice: Choice
    scope: PullScope
    since: datetime | None
    via: ReadMethod
    records: int
    costs: Mapping[ReadMethod, Cost]
    resumed: Run | None = None
    watermark: datetime | None = None

    @property
    def source(self) -> str:
        """The source under which the run is kept."""
        return source_of(self.scope, self.since)

    @property
    def cost(self) -> Cost:
        """What it costs the way it was chosen."""
        return self.costs[self.via]

    @property
    def api_name(self) -> str:
        """What the module is called in this Zoho."""
        return self.choice.named.api_name


def cheapest(costs: Mapping[ReadMethod, Cost]) -> ReadMethod:
    """The way with the fewest calls; of several the one with the fewest credits."""
    return min(costs, key=lambda via: (costs[via].calls, costs[via].credits))


@attrs.frozen
class _Runs:
    """The runs a pull builds on: the last one that reached its end, and a later one that did not."""

    last: Run | None
    stopped: Mapping[PullScope, Run]

    def to_go_on_with(self, scopes: Sequence[PullScope]) -> tuple[PullScope, Run] | None:
        """The latest stopped run of these scopes; None when a whole pull came after it."""
        found = [
            (scope, run)
            for scope in scopes
            if (run := self.stopped.get(scope))
            and (self.last is None or run.started_at > self.last.started_at)
        ]
        return max(found, key=lambda each: each[1].started_at, default=None)


@attrs.frozen(kw_only=True)
class PlanPull:
    """Find out what a pull will be: which fields exist, since when, how many records, by which way."""

    connections: Connections
    store: Store
    clock: Clock

    async def __call__(
        self,
        tenant: TenantId,
        module: AnyModule,
        *,
        since: datetime | None = None,
        full: bool = False,
        via: ReadMethod | None = None,
        resume: bool = False,
    ) -> PullPlan:
        """Changes since the last pull that reached its end, or everything when `full` or there was none.

        Raises FieldsMissing, ModuleMissing, and RemoteNotFound for a module that is not open to the API;
        UnknownTenant, AccountMissing; ClockSkew where our clock differs from Zoho's by more than OVERLAP.
        """
        runs, laid = await self._kept(tenant, module, since)
        zoho = await self.connections.zoho(tenant)
        scope = (
            PullScope.SINCE
            if since
            else PullScope.EVERYTHING
            if full or runs.last is None
            else PullScope.CHANGES
        )
        resumed = None
        if resume:
            asked = [scope] if since or full else [PullScope.EVERYTHING, PullScope.CHANGES]
            scope, resumed = runs.to_go_on_with(asked) or (scope, None)
        if scope is PullScope.CHANGES and runs.last is not None:
            since = (runs.last.watermark or runs.last.started_at) - OVERLAP
        choice = await select(zoho, module, laid)
        records = of = await zoho.count(choice.named.api_name, since=since)
        if since is not None and via is ReadMethod.BULK:
            of = await zoho.count(choice.named.api_name)
        watermark = self._agreed(await zoho.server_time())
        left = max(0, records - (resumed.cursor if resumed else 0))
        after = ZohoId(resumed.bookmark) if resumed and resumed.bookmark else None
        # A Bulk Read job gives whole modules: what did not change is passed over here, and no call is saved.
        ways = (
            list(ReadMethod)
            if scope is PullScope.EVERYTHING or via is ReadMethod.BULK
            else [ReadMethod.RECORDS, ReadMethod.COQL]
        )
        costs = {way: zoho.cost(left, choice.selection, via=way, of=of, after=after) for way in ways}
        usual = cheapest(costs) if scope is PullScope.EVERYTHING else ReadMethod.COQL
        return PullPlan(
            tenant=tenant,
            module=module,
            choice=choice,
            scope=scope,
            since=since,
            via=via or usual,
            records=left,
            costs=costs,
            resumed=resumed,
            watermark=watermark,
        )

    def _agreed(self, theirs: datetime | None) -> datetime | None:
        """The time at Zoho, unless ours is another. Raises ClockSkew."""
        if theirs is not None and abs(ahead := self.clock.now() - theirs) > OVERLAP:
            raise ClockSkew("Zoho", ahead)
        return theirs

    async def _kept(
        self, tenant: TenantId, module: AnyModule, since: datetime | None
    ) -> tuple[_Runs, Overlay]:
        """What the store knows of earlier pulls, and the tenant's mapping."""
        sources = {
            scope: source_of(scope, since) for scope in PullScope if since or scope is not PullScope.SINCE
        }
        async with self.store.read(tenant) as session:
            settings = await session.settings()
            ended = [
                run
                for scope in (PullScope.EVERYTHING, PullScope.CHANGES)
                if (run := await session.finished(module.name, sources[scope]))
            ]
            stopped = {
                scope: run
                for scope, source in sources.items()
                if (run := await session.unfinished(module.name, source))
            }
        last = max(ended, key=lambda run: run.started_at, default=None)
        return _Runs(last, stopped), overlay_of(settings, module)
