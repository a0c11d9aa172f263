"""Deliver everything that is due of one tenant: flow by flow, those first that others wait for."""

from collections.abc import Callable, Iterable

import attrs

from mzi_core.flows.flow import FLOWS, Flow
from mzi_core.use_cases.deliver import Deliver, Delivered
from mzi_core.values import TenantId


@attrs.frozen(kw_only=True)
class DeliverDue:
    """Deliver what is due, batch by batch, until nothing is, or it is put off."""

    deliver: Deliver

    async def __call__(
        self,
        tenant: TenantId,
        flows: Iterable[Flow] = tuple(FLOWS.values()),
        *,
        stopped: Callable[[], bool] = lambda: False,
        done: Callable[[Flow, Delivered], None] = lambda _, __: None,
    ) -> None:
        """Batch by batch; `done` is told of each. No batch is begun any more once it is `stopped`.

        What would be put off again ends its flow, not the others. Raises UnknownTenant, StoreUnavailable.
        """
        for flow in flows:
            while not stopped():
                delivered = await self.deliver(tenant, flow)
                if delivered is not None:
                    done(flow, delivered)
                if delivered is None or delivered.stopped:
                    break
