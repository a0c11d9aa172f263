"""`mzi task`: what is done by the clock, and having it done now."""

from collections.abc import Mapping

from rich.text import Text

from mzi_core.ports import Run, RunStatus
from mzi_core.use_cases.tasks import TaskName, TaskStanding
from mzi_http.answers import moment as instant
from mzi_http.cli.console_tables import key, moment, pairs, plain, table
from mzi_http.cli.shell import AsJson, Ended, Given, Tenant


async def list_tasks(*, tenant: Tenant = None, as_json: AsJson = False, shell: Given) -> Ended:
    """List what is done by the clock: how often, and how it went the last time.

    `mzi serve` does so by itself for a tenant whose flows run by themselves.
    """
    async with shell.open() as use_cases:
        found = await use_cases.remote.list_tasks(shell.tenant(tenant))
    if as_json:
        shell.json({"tasks": [_standing(each) for each in found]})
        return Ended.WELL
    shown = table(key("task"), "every", "last run", "what came of it")
    for each in found:
        minutes = int(each.every.total_seconds()) // 60
        shown.add_row(
            each.name,
            f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min",
            moment(None if each.last is None else each.last.started_at),
            "" if each.last is None else _came_of(each.last),
        )
    shell.show(shown)
    return Ended.WELL


async def run_task(
    name: TaskName, /, *, tenant: Tenant = None, as_json: AsJson = False, shell: Given
) -> Ended:
    """Run a task now, whether its time has come or not.

    Parameters
    ----------
    name
        The task: settle-grades, reconcile, find-marks or notify.
    """
    async with shell.open() as use_cases:
        run = await use_cases.remote.run_task(shell.tenant(tenant), name)
    if run is None:
        shell.show(f"Somebody else is at {name} just now.")
        return Ended.REFUSED
    if as_json:
        shell.json(_run(run))
    else:
        shell.show(
            pairs(
                [
                    ("task", run.module),
                    ("status", run.status.value),
                    *((name, f"{number:,}") for name, number in run.counts.items()),
                    *([("why", plain(run.message))] if run.message else []),
                ]
            )
        )
    return _ENDED[run.status]


_ENDED: Mapping[RunStatus, Ended] = {
    RunStatus.COMPLETED: Ended.WELL,
    RunStatus.PARTIAL: Ended.REFUSED,
    RunStatus.FAILED: Ended.NO_REMOTE,
}


def _came_of(run: Run) -> Text:
    counts = ", ".join(f"{name} {number:,}" for name, number in run.counts.items() if number)
    return Text(plain(": ".join(filter(None, (run.status.value, run.message or counts)))))


def _standing(each: TaskStanding) -> dict[str, object]:
    return {
        "name": each.name.value,
        "every_seconds": int(each.every.total_seconds()),
        "last": None if each.last is None else _run(each.last),
    }


def _run(run: Run) -> dict[str, object]:
    return {
        "id": run.id,
        "task": run.module,
        "status": run.status.value,
        "started_at": instant(run.started_at),
        "finished_at": None if run.finished_at is None else instant(run.finished_at),
        "counts": dict(run.counts),
        "message": run.message,
    }
