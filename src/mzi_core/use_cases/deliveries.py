"""All that those who look after the flows do with deliveries."""

from typing import Self

import attrs

from mzi_core.modules import Catalogue
from mzi_core.ports import Store
from mzi_core.use_cases.browse_deliveries import ListDeliveries, ShowDelivery, ShowFlows
from mzi_core.use_cases.flow_pauses import PauseFlow, ResumeFlow
from mzi_core.use_cases.redrive import Redrive


@attrs.frozen(kw_only=True)
class DeliveryUseCases:
    """Deliveries looked at and redriven, flows paused and resumed."""

    flows: ShowFlows
    list: ListDeliveries
    show: ShowDelivery
    redrive: Redrive
    pause: PauseFlow
    resume: ResumeFlow

    @classmethod
    def over(cls, store: Store, catalogue: Catalogue) -> Self:
        """Build them."""
        return cls(
            flows=ShowFlows(store),
            list=ListDeliveries(store=store, catalogue=catalogue),
            show=ShowDelivery(store=store, catalogue=catalogue),
            redrive=Redrive(store=store, catalogue=catalogue),
            pause=PauseFlow(store=store, catalogue=catalogue),
            resume=ResumeFlow(store=store, catalogue=catalogue),
        )
