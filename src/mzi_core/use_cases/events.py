"""All that is done with events, over the adapters at hand."""

from collections.abc import Mapping
from typing import Self

import attrs

from mzi_core.module import Side
from mzi_core.ports import Connections, EventIntake, EventReader
from mzi_core.use_cases.batches import Batches
from mzi_core.use_cases.browse_events import (
    CountEvents,
    ExplainWaiting,
    ListEvents,
    ReplayEvent,
    ShowEvent,
)
from mzi_core.use_cases.ended_with import ExplainEnds
from mzi_core.use_cases.event_health import CheckEvents
from mzi_core.use_cases.looking import LookAtZoho
from mzi_core.use_cases.looking_at_moodle import LookAtMoodle
from mzi_core.use_cases.receive import ReceiveEvents
from mzi_core.use_cases.take_due import FindDue, TakeDue
from mzi_core.use_cases.take_events import TakeEvents
from mzi_core.use_cases.take_flows import ResumeTaking, ShowTakeFlows


@attrs.frozen(kw_only=True)
class EventAdapters:
    """Where events go, and who understands what each side sends."""

    intake: EventIntake
    readers: Mapping[Side, EventReader]


@attrs.frozen(kw_only=True)
class EventUseCases:
    """What sources tell: received, taken, and looked at afterwards."""

    receive: ReceiveEvents
    take: TakeEvents
    find_due: FindDue
    take_due: TakeDue
    list: ListEvents
    show: ShowEvent
    replay: ReplayEvent
    count: CountEvents
    check: CheckEvents
    why_waiting: ExplainWaiting
    flows: ShowTakeFlows
    resume: ResumeTaking

    @classmethod
    def over(
        cls,
        batches: Batches,
        *,
        connections: Connections,
        adapters: EventAdapters,
    ) -> Self:
        """Build them over the store of `batches`."""
        store = batches.store
        zoho = LookAtZoho(store=store, connections=connections, reader=adapters.readers[Side.ZOHO])
        moodle = LookAtMoodle(
            store=store,
            connections=connections,
            reader=adapters.readers[Side.MOODLE],
            codec=batches.codec,
            clock=batches.clock,
        )
        take = TakeEvents(
            batches=batches, looks={Side.ZOHO: zoho, Side.MOODLE: moodle}, readers=adapters.readers
        )
        count = CountEvents(store)
        explain = ExplainEnds(reader=adapters.readers[Side.MOODLE])
        flows = ShowTakeFlows(store=store, catalogue=batches.catalogue)
        return cls(
            receive=ReceiveEvents(
                intake=adapters.intake, readers=adapters.readers, clock=batches.clock, ids=batches.ids
            ),
            take=take,
            find_due=FindDue(store=store, catalogue=batches.catalogue),
            take_due=TakeDue(take=take),
            list=ListEvents(store, explain),
            show=ShowEvent(store, explain),
            replay=ReplayEvent(store),
            count=count,
            check=CheckEvents(store=store, clock=batches.clock, count=count, flows=flows),
            why_waiting=ExplainWaiting(store=store, clock=batches.clock),
            flows=flows,
            resume=ResumeTaking(store=store, catalogue=batches.catalogue),
        )
