"""What people and machines ask of mzi, one class each: ports as fields, one `__call__`."""

from functools import cached_property
from typing import TYPE_CHECKING, Self

import attrs

from mzi_core.module import Side
from mzi_core.modules import CATALOGUE, Catalogue
from mzi_core.ports import Clock, Codec, Ids, SingleIds, Store
from mzi_core.use_cases.access import CheckKey, ListKeys, NewKey, RevokeKey
from mzi_core.use_cases.amend import AmendRecords
from mzi_core.use_cases.batches import Batches
from mzi_core.use_cases.browse import ListBreakers, ListRecords, Overview, ShowRecord, Status
from mzi_core.use_cases.bulk import BulkSync
from mzi_core.use_cases.decide_marks import DecideMark, DecideMarks
from mzi_core.use_cases.grades import ChoosePolicy, DecideGrade, DecideGrades, SimulateGrades
from mzi_core.use_cases.history import ShowHistory
from mzi_core.use_cases.kept_decisions import ListDecisions, ShowDecision
from mzi_core.use_cases.make_due import due_by_new_rules
from mzi_core.use_cases.one_by_one import in_numbers
from mzi_core.use_cases.rules import CheckRules, SetRules, ShowRules
from mzi_core.use_cases.sync import SyncBatch
from mzi_core.use_cases.sync_runs import SyncRuns
from mzi_core.use_cases.tenants import AddTenant, ChooseZone, ListTenants, MapFields, ReadSettings
from mzi_core.use_cases.told_deletions import ToldDeletions

if TYPE_CHECKING:
    from collections.abc import Callable

    from mzi_core.ports import Connections, Vault
    from mzi_core.provisioning import MoodleDefaults
    from mzi_core.use_cases.deliveries import DeliveryUseCases
    from mzi_core.use_cases.event_sources import SourceUseCases
    from mzi_core.use_cases.events import EventAdapters, EventUseCases
    from mzi_core.use_cases.forgetting import ForgetInTurn, ForgetOld
    from mzi_core.use_cases.notify import Notifying, NotifyUseCases
    from mzi_core.use_cases.plans import PlanUseCases
    from mzi_core.use_cases.remote import RemoteUseCases
    from mzi_core.use_cases.review import ReviewUseCases
    from mzi_core.use_cases.tasks import TaskTimes


@attrs.frozen(kw_only=True)
class UseCases:
    """All of them over one set of adapters: what every shell and the test harness work with."""

    store: Store
    batches: Batches
    runs: SyncRuns
    sync: SyncBatch
    bulk: BulkSync
    amend: AmendRecords
    list_records: ListRecords
    show_record: ShowRecord
    show_history: ShowHistory
    overview: Overview
    status: Status
    list_breakers: ListBreakers
    decide_grade: DecideGrade
    decide_grades: DecideGrades
    decide_mark: DecideMark
    decide_marks: DecideMarks
    simulate_grades: SimulateGrades
    list_decisions: ListDecisions
    show_decision: ShowDecision
    choose_policy: ChoosePolicy
    choose_zone: ChooseZone
    show_rules: ShowRules
    check_rules: CheckRules
    set_rules: SetRules
    add_tenant: AddTenant
    list_tenants: ListTenants
    read_settings: ReadSettings
    map_fields: MapFields
    new_key: NewKey
    revoke_key: RevokeKey
    list_keys: ListKeys
    check_key: CheckKey
    _vault: "Vault | None" = None
    _connections: "Connections | None" = None
    _event_adapters: "Callable[[], EventAdapters] | None" = None
    _moodle_defaults: "MoodleDefaults | None" = None
    _notifying: "Callable[[], Notifying] | None" = None
    _task_times: "Callable[[], TaskTimes] | None" = None

    @classmethod
    def over(
        cls,
        *,
        store: Store,
        codec: Codec,
        clock: Clock,
        ids: Ids | SingleIds,
        catalogue: Catalogue = CATALOGUE,
        connections: "Connections | None" = None,
        moodle_defaults: "MoodleDefaults | None" = None,
        vault: "Vault | None" = None,
        event_adapters: "Callable[[], EventAdapters] | None" = None,
        notifying: "Callable[[], Notifying] | None" = None,
        task_times: "Callable[[], TaskTimes] | None" = None,
    ) -> Self:
        """Build them all. Without `connections` no tenant has an account at Zoho or Moodle.

        Without `vault` no secret of a source that signs its events can be kept. `event_adapters` is called
        when events are first asked for; without it there are none. `notifying` is called when people
        are first to be told something; without it nobody is. `task_times` is called when a task is first
        looked at; without it they are those of `TaskTimes`.

        `catalogue`: every module whose records may point at each other, for modules of one's own
        `Catalogue((*CATALOGUE, ROOMS))`. The store must be one that keeps them.
        """
        ids = in_numbers(ids)
        deletions = None
        if event_adapters is not None:
            adapters = event_adapters
            deletions = ToldDeletions(codec=codec, reader=lambda: adapters().readers[Side.MOODLE])
        batches = Batches(
            store=store, codec=codec, clock=clock, ids=ids, catalogue=catalogue, deletions=deletions
        )
        runs = SyncRuns(batches=batches)
        decide_grades = DecideGrades(store=store, clock=clock)
        list_decisions = ListDecisions(store)
        return cls(
            store=store,
            batches=batches,
            runs=runs,
            sync=SyncBatch(batches=batches, clock=clock),
            bulk=BulkSync(runs=runs),
            amend=AmendRecords(batches),
            list_records=ListRecords(store),
            show_record=ShowRecord(store),
            show_history=ShowHistory(store),
            overview=Overview(store=store, clock=clock),
            status=Status(store=store, clock=clock),
            list_breakers=ListBreakers(store),
            decide_grade=DecideGrade(decide_grades),
            decide_grades=decide_grades,
            decide_mark=DecideMark(store=store, clock=clock),
            decide_marks=DecideMarks(store=store, clock=clock),
            simulate_grades=SimulateGrades(store=store, clock=clock),
            list_decisions=list_decisions,
            show_decision=ShowDecision(list_decisions),
            choose_policy=ChoosePolicy(store),
            choose_zone=ChooseZone(store),
            show_rules=ShowRules(store),
            check_rules=CheckRules(store),
            set_rules=SetRules(store=store, on_change=due_by_new_rules),
            add_tenant=AddTenant(store=store, clock=clock),
            list_tenants=ListTenants(store),
            read_settings=ReadSettings(store),
            map_fields=MapFields(store),
            new_key=NewKey(store=store, clock=clock, ids=ids),
            revoke_key=RevokeKey(store=store, clock=clock),
            list_keys=ListKeys(store),
            check_key=CheckKey(store),
            vault=vault,
            connections=connections,
            moodle_defaults=moodle_defaults,
            event_adapters=event_adapters,
            notifying=notifying,
            task_times=task_times,
        )

    @cached_property
    def forget(self) -> "ForgetOld":
        """What was kept for long enough."""
        from mzi_core.use_cases.forgetting import ForgetOld  # noqa: PLC0415

        return ForgetOld(store=self.store, clock=self.batches.clock)

    @cached_property
    def forget_in_turn(self) -> "ForgetInTurn":
        """The same of all tenants, in turn with other processes."""
        from mzi_core.use_cases.forgetting import ForgetInTurn  # noqa: PLC0415

        batches = self.batches
        return ForgetInTurn(store=self.store, clock=batches.clock, ids=batches.ids, forget=self.forget)

    @cached_property
    def events(self) -> "EventUseCases":
        """What sources tell. Raises TypeError where nothing takes events in."""
        from mzi_core.ports import NoConnections  # noqa: PLC0415
        from mzi_core.use_cases.events import EventUseCases  # noqa: PLC0415

        if self._event_adapters is None:
            raise TypeError("Hand `event_adapters` to `UseCases.over` to receive events.")
        return EventUseCases.over(
            self.batches,
            connections=self._connections or NoConnections(),
            adapters=self._event_adapters(),
        )

    @cached_property
    def deliveries(self) -> "DeliveryUseCases":
        """Those of whoever looks after the flows."""
        from mzi_core.use_cases.deliveries import DeliveryUseCases  # noqa: PLC0415

        return DeliveryUseCases.over(self.store, self.batches.catalogue)

    @cached_property
    def plans(self) -> "PlanUseCases":
        """Those of whoever decides what the brake holds."""
        from mzi_core.use_cases.plans import PlanUseCases  # noqa: PLC0415

        return PlanUseCases.over(self.store)

    @cached_property
    def notify(self) -> "NotifyUseCases":
        """Those about telling people what waits for them."""
        from mzi_core.use_cases.notify import Notifying, NotifyUseCases  # noqa: PLC0415

        notifying = Notifying() if self._notifying is None else self._notifying()
        return NotifyUseCases.over(self.store, self.batches.clock, self.batches.ids, notifying)

    @cached_property
    def review(self) -> "ReviewUseCases":
        """What a person must decide."""
        from mzi_core.use_cases.review import ReviewUseCases  # noqa: PLC0415

        return ReviewUseCases.over(self.batches)

    @cached_property
    def sources(self) -> "SourceUseCases":
        """Those about who may send events; only the service and a few commands ask for them."""
        from mzi_core.ports import NoVault  # noqa: PLC0415
        from mzi_core.use_cases.event_sources import SourceUseCases  # noqa: PLC0415

        return SourceUseCases.over(
            store=self.store,
            clock=self.batches.clock,
            ids=self.batches.ids,
            vault=self._vault or NoVault(),
        )

    @cached_property
    def remote(self) -> "RemoteUseCases":
        """Those that work with Zoho and Moodle; most commands do without, and without loading them."""
        from mzi_core.ports import NoConnections  # noqa: PLC0415
        from mzi_core.provisioning import MoodleDefaults  # noqa: PLC0415
        from mzi_core.use_cases.remote import RemoteUseCases  # noqa: PLC0415
        from mzi_core.use_cases.tasks import TaskTimes  # noqa: PLC0415

        return RemoteUseCases.over(
            self,
            self._connections or NoConnections(),
            self._moodle_defaults or MoodleDefaults(),
            TaskTimes() if self._task_times is None else self._task_times(),
        )
