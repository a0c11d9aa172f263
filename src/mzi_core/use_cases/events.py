"""All that is done with events, over the adapters at hand."""

from collections.abc import Mapping
from typing import Self

import attrs

from mzi_core.module import Side
from mzi_core.ports import Connections, EventIntake, EventReader
from mzi_core.use_cases.batches import Batches
from mzi_core.use_cases.browse_events import CountEvents, ListEvents, ReplayEvent, ShowEvent
from mzi_core.use_cases.deletions import MarkDeleted
from mzi_core.use_cases.looking import LookAtZoho
from mzi_core.use_cases.receive import ReceiveEvents
from mzi_core.use_cases.take_events import TakeEvents


@attrs.frozen(kw_only=True)
class EventUseCases:
    """What sources tell: received, taken, and looked at afterwards."""

    receive: ReceiveEvents
    take: TakeEvents
    list: ListEvents
    show: ShowEvent
    replay: ReplayEvent
    count: CountEvents

    @classmethod
    def over(
        cls,
        batches: Batches,
        *,
        connections: Connections,
        intake: EventIntake,
        readers: Mapping[Side, EventReader],
    ) -> Self:
        """Build them over the store of `batches`; `readers`: who understands the messages of each side."""
        store = batches.store
        zoho = LookAtZoho(store=store, connections=connections, reader=readers[Side.ZOHO])
        return cls(
            receive=ReceiveEvents(intake=intake, readers=readers, clock=batches.clock, ids=batches.ids),
            take=TakeEvents(
                batches=batches,
                looks={Side.ZOHO: zoho},
                mark_deleted=MarkDeleted(store=store, clock=batches.clock, catalogue=batches.catalogue),
            ),
            list=ListEvents(store),
            show=ShowEvent(store),
            replay=ReplayEvent(store),
            count=CountEvents(store),
        )
