"""Find what is due, and take events that are: tenant by tenant, parents before children."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

import attrs

from mzi_core.flows import take_flow
from mzi_core.flows.flow import FLOWS, Flow
from mzi_core.module import AnyModule
from mzi_core.modules import Catalogue
from mzi_core.ports import Store, TenantFlow
from mzi_core.use_cases.take_events import EventsTaken, TakeEvents
from mzi_core.values import TenantId


@attrs.frozen(kw_only=True)
class DueWork:
    """What is due of one tenant: modules whose events are to be taken, parents before children, and flows."""

    tenant: TenantId
    modules: Sequence[AnyModule] = ()
    flows: Sequence[Flow] = ()


@attrs.frozen(kw_only=True)
class FindDue:
    """Find out of which tenants anything is due: records to be looked at, or pairs to be delivered."""

    store: Store
    catalogue: Catalogue

    async def __call__(self) -> Sequence[DueWork]:
        """All tenants, by name. Raises StoreUnavailable."""
        found: dict[TenantId, set[str]] = defaultdict(set)
        last: TenantFlow | None = None
        while True:
            async with self.store.read_registry() as registry:
                page = await registry.due_flows(after=last)
            for each in page:
                found[each.tenant].add(each.flow)
            if not page:
                break
            last = page[-1]
        every = [
            DueWork(
                tenant=tenant,
                modules=list(self._of(flows)),
                flows=[flow for flow in FLOWS.values() if flow.name in flows],
            )
            for tenant, flows in sorted(found.items())
        ]
        return [each for each in every if each.modules or each.flows]

    def _of(self, flows: Iterable[str]) -> Iterable[AnyModule]:
        return (module for module in self.catalogue.in_order() if take_flow(module.name) in flows)


@attrs.frozen(kw_only=True)
class TakeDue:
    """Take what is due of one tenant, batch by batch, until nothing is, or it is put off."""

    take: TakeEvents

    async def __call__(
        self,
        tenant: TenantId,
        modules: Iterable[AnyModule],
        *,
        stopped: Callable[[], bool] = lambda: False,
        done: Callable[[AnyModule, EventsTaken], None] = lambda _, __: None,
    ) -> None:
        """Batch by batch; `done` is told of each. No batch is begun any more once it is `stopped`.

        What would be put off again ends its module, not the others. Raises UnknownTenant, StoreUnavailable.
        """
        for module in modules:
            await self._of_module(tenant, module, stopped, done)

    async def _of_module(
        self,
        tenant: TenantId,
        module: AnyModule,
        stopped: Callable[[], bool],
        done: Callable[[AnyModule, EventsTaken], None],
    ) -> None:
        while not stopped():
            taken = await self.take(tenant, module)
            if taken is not None:
                done(module, taken)
            if taken is None or taken.stopped:
                return
