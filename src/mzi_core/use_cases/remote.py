"""The use cases that work with a tenant's Zoho and Moodle."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Self

import attrs

from mzi_core.flows.flow import FLOWS, GRADE
from mzi_core.flows.rules import FlowName
from mzi_core.ports import Connections
from mzi_core.provisioning import MoodleDefaults
from mzi_core.use_cases.batches import Batches
from mzi_core.use_cases.create_course import CreateCourse
from mzi_core.use_cases.deletions import MarkDeleted
from mzi_core.use_cases.deliver import Deliver
from mzi_core.use_cases.deliver_counterparts import DeliverCounterparts
from mzi_core.use_cases.deliver_due import DeliverDue
from mzi_core.use_cases.deliver_grades import DeliverGrades
from mzi_core.use_cases.drift import FindDrift, PairReader
from mzi_core.use_cases.drift_counterparts import DriftOfCounterparts
from mzi_core.use_cases.drift_grades import DriftOfGrades
from mzi_core.use_cases.make_due import MakeDue
from mzi_core.use_cases.planning_pull import PlanPull
from mzi_core.use_cases.pull import Prune, Pull
from mzi_core.use_cases.pull_moodle import PullMoodle
from mzi_core.use_cases.push import Push
from mzi_core.use_cases.reconcile import FindMarks, ReconcileZoho
from mzi_core.use_cases.settle_grades import SettleGrades
from mzi_core.use_cases.targets import Targets
from mzi_core.use_cases.tasks import ListTasks, RunTask, RunTasksDue, Task, TaskName, TaskTimes

if TYPE_CHECKING:
    from mzi_core.use_cases import UseCases


@attrs.frozen(kw_only=True)
class RemoteUseCases:
    """All of them over one set of adapters; `UseCases.remote` builds them when it is first asked for."""

    connections: Connections
    plan_pull: PlanPull
    pull: Pull
    prune: Prune
    pull_moodle: PullMoodle
    targets: Targets
    push: Push
    make_due: MakeDue
    deliver_due: DeliverDue
    create_course: CreateCourse
    find_drift: FindDrift
    run_task: RunTask
    run_tasks_due: RunTasksDue
    list_tasks: ListTasks

    @classmethod
    def over(
        cls,
        use_cases: "UseCases",
        connections: Connections,
        defaults: MoodleDefaults,
        times: TaskTimes,
    ) -> Self:
        """Build them on the store, clock, codec and catalogue of the others."""
        batches, store = use_cases.batches, use_cases.store
        mark_deleted = MarkDeleted(store=store, clock=batches.clock, catalogue=batches.catalogue)
        targets = Targets(
            connections=connections,
            store=store,
            codec=batches.codec,
            defaults=defaults,
            catalogue=batches.catalogue,
        )
        workers = {
            flow.name: DeliverCounterparts(
                flow=flow, batches=batches, targets=targets, connections=connections
            )
            for flow in FLOWS.values()
            if flow is not GRADE
        }
        grades = DeliverGrades(batches=batches, connections=connections)
        deliver = Deliver(store=store, workers={**workers, GRADE.name: grades})
        make_due = MakeDue(store=store)
        plan_pull = PlanPull(connections=connections, store=store, clock=batches.clock)
        pull = Pull(connections=connections, store=store, runs=use_cases.runs, mark_deleted=mark_deleted)
        pull_moodle = PullMoodle(connections=connections, store=store, runs=use_cases.runs)
        tasks: dict[TaskName, Task] = {
            TaskName.SETTLE_GRADES: SettleGrades(store=store, every=times.settle_grades),
            TaskName.RECONCILE: ReconcileZoho(plan=plan_pull, pull=pull, every=times.reconcile),
            TaskName.FIND_MARKS: FindMarks(pull=pull_moodle, every=times.find_marks),
        }
        if use_cases.notify.notifying.notifiers:
            tasks[TaskName.NOTIFY] = use_cases.notify.tell
        run_task = RunTask(store=store, clock=batches.clock, ids=batches.ids, tasks=tasks)
        return cls(
            connections=connections,
            plan_pull=plan_pull,
            pull=pull,
            prune=Prune(mark_deleted=mark_deleted, clock=batches.clock),
            pull_moodle=pull_moodle,
            targets=targets,
            push=Push(store=store, amend=use_cases.amend, make_due=make_due, deliver=deliver),
            make_due=make_due,
            deliver_due=DeliverDue(deliver=deliver),
            create_course=CreateCourse(batches=batches, targets=targets, connections=connections),
            find_drift=FindDrift(store=store, readers=_drift_readers(batches, targets)),
            run_task=run_task,
            run_tasks_due=RunTasksDue(store=store, run=run_task),
            list_tasks=ListTasks(store=store, clock=batches.clock, tasks=tasks),
        )


def _drift_readers(batches: Batches, targets: Targets) -> Mapping[FlowName, PairReader]:
    """A reader for each flow."""
    connections = targets.connections
    return {
        flow.name: DriftOfCounterparts(flow=flow, batches=batches, targets=targets, connections=connections)
        if flow is not GRADE
        else DriftOfGrades(batches=batches, connections=connections)
        for flow in FLOWS.values()
    }
