"""`mzi status` and `mzi runs`: what is in the store, and what was done to it of late."""

import os
from collections.abc import Iterable, Mapping, Sequence

from rich.table import Table
from rich.text import Text

from mzi_core.errors import NotFound
from mzi_core.modules import CATALOGUE
from mzi_core.ports import OpenBreaker, Run, RunStatus, StoreHealth
from mzi_core.use_cases.browse import ModuleCounts
from mzi_core.values import State
from mzi_http.answers import moment as instant
from mzi_http.answers import pauses, records_put_off, store_state
from mzi_http.cli.console_tables import count, identifier, key, moment, number, pairs, plain, states, table
from mzi_http.cli.held_up import held_up
from mzi_http.cli.shell import AsJson, Ended, Given, Shell, Tenant, UsageError, check_limit

_STYLES = {
    RunStatus.RUNNING: "cyan",
    RunStatus.COMPLETED: "green",
    RunStatus.PARTIAL: "yellow",
    RunStatus.FAILED: "bold red",
    RunStatus.INTERRUPTED: "red",
}

_UNTIL_SHOWN = 20
_MOST = 1_000


async def status(*, tenant: Tenant = None, as_json: AsJson = False, shell: Given) -> Ended:
    """Say how the store is, how many records of each module it has, and what came of the last run of each.

    A service that does not answer and is left alone is named first, then modules of which events are put off.
    Live records are NEW or UPDATED by what last became of them; of the others, `refused` counts those that
    are at fault, and `parked` those that wait for another record.
    """
    whose = shell.tenant(tenant)
    async with shell.open() as use_cases:
        health = await use_cases.store.health()
        standings = await use_cases.status(whose, CATALOGUE.in_order()) if health.ready else {}
        breakers = await use_cases.list_breakers(whose) if health.ready else ()
        flows = await use_cases.events.flows(whose) if health.ready else {}
    if as_json:
        shell.json(
            {
                "tenant_id": whose,
                "store": store_state(health),
                "breakers": [_breaker(each) for each in breakers],
                "put_off": records_put_off(flows),
                "paused": pauses(flows),
                "modules": [_standing(name, found) for name, found in standings.items()],
            }
        )
    else:
        shell.show(_healthy(whose, health))
        for each in breakers:
            shell.show(_left_alone(each))
        for said in held_up(flows):
            shell.show(said)
        if standings:
            shell.show("", _table(standings))
    return Ended.WELL if health.ready else Ended.NO_STORE


def _healthy(tenant: str, health: StoreHealth) -> Table:
    rows = {
        "store": f"{health.backend} {health.version}".strip() or "–",
        "ready": "yes" if health.ready else "no",
        "tenant": tenant,
        "": health.message,
    }
    return pairs((name, value) for name, value in rows.items() if value)


def _left_alone(breaker: OpenBreaker) -> Text:
    since, until = moment(breaker.since), moment(breaker.until)
    return Text(
        f"{breaker.service} stopped answering: nothing has been sent to it since {since}, and it is tried "
        f"again at {until} or by the first call after that. `mzi doctor` tries it at once.",
        style="yellow",
    )


def _breaker(breaker: OpenBreaker) -> dict[str, object]:
    return {
        "service": breaker.service,
        "since": instant(breaker.since),
        "until": instant(breaker.until),
        "openings": breaker.openings,
    }


def _table(standings: Mapping[str, ModuleCounts]) -> Table:
    shown = table(
        key("module"), number("live"), *states(State.NEW, State.UPDATED), number("refused"), number("parked")
    )
    shown.add_column("last run", overflow="fold")
    for name, found in standings.items():
        shown.add_row(
            name,
            *map(count, (found.live, found.new, found.updated, found.refused, found.parked)),
            "–" if found.last is None else _brief(found.last),
        )
    return shown


def _brief(run: Run) -> Text:
    return Text.assemble(moment(run.started_at), " ", (run.status.value, _STYLES[run.status]))


def _standing(name: str, found: ModuleCounts) -> dict[str, object]:
    return {
        "module": name,
        "live": found.live,
        State.NEW.value: found.new,
        State.UPDATED.value: found.updated,
        "refused": found.refused,
        "parked": found.parked,
        "last_run": None if found.last is None else _data(found.last),
    }


async def list_runs(
    *,
    module: str | None = None,
    limit: int = _UNTIL_SHOWN,
    tenant: Tenant = None,
    as_json: AsJson = False,
    shell: Given,
) -> Ended:
    """List the latest runs, newest first: each sync of a file and each pull of a module is one.

    Parameters
    ----------
    module
        Only runs of this module.
    limit
        How many at most; with --module among how many of the latest it is looked.
    """
    check_limit(limit, _MOST)
    wanted = None if module is None else CATALOGUE[module].name
    runs = await _latest(shell, tenant, limit)
    runs = [run for run in runs if wanted in (None, run.module)]
    if as_json:
        shell.json([_data(run) for run in runs])
        return Ended.WELL
    shown = table(identifier("run"), key("module", ""), "from", key("", ""), "begun", number("records"))
    for run in runs:
        shown.add_row(
            run.id[-8:],
            run.module,
            plain(_short(run.source)),
            Text(run.status.value, style=_STYLES[run.status]),
            moment(run.started_at),
            count(run.cursor),
        )
    shell.show(shown if runs else "There was no such run yet.")
    return Ended.WELL


def _short(source: str) -> str:
    """A file in this folder by its name alone."""
    return source.removeprefix(f"{os.getcwd()}{os.sep}")


async def show_run(id: str, /, *, tenant: Tenant = None, as_json: AsJson = False, shell: Given) -> Ended:
    """Show one run: where from, how far it got, what became of its records, and why it ended.

    Parameters
    ----------
    id
        As `mzi runs list` shows it, or the whole id that `--json` has.
    """
    sought = id.strip().lower()
    runs = await _latest(shell, tenant, _MOST)
    found = [run for run in runs if sought and run.id.endswith(sought)]
    if not found:
        raise NotFound(f"run among the latest {_MOST:,} with the id", plain(id)[:60])
    if len(found) > 1:
        raise UsageError(f"{len(found)} runs end in {plain(id)[:60]}; give the whole id, as --json has it.")
    if as_json:
        shell.json(_data(found[0]))
    else:
        shell.show(pairs(_rows(found[0])))
    return Ended.WELL


async def _latest(shell: Shell, tenant: str | None, limit: int) -> Sequence[Run]:
    async with shell.open() as use_cases:
        _, runs = await use_cases.overview(shell.tenant(tenant), (), limit)
    return runs


def _rows(run: Run) -> Iterable[tuple[str, object]]:
    yield "run", run.id
    yield "module", run.module
    yield "from", run.source
    yield "status", Text(run.status.value, style=_STYLES[run.status])
    yield "begun", moment(run.started_at)
    yield "ended", moment(run.finished_at)
    yield "records", f"{run.cursor:,}"
    yield from ((name, f"{number:,}") for name, number in run.counts.items())
    if run.message:
        yield "why", run.message


def _data(run: Run) -> dict[str, object]:
    return {
        "id": run.id,
        "module": run.module,
        "source": run.source,
        "status": run.status.value,
        "started_at": instant(run.started_at),
        "finished_at": None if run.finished_at is None else instant(run.finished_at),
        "records": run.cursor,
        "counts": dict(run.counts),
        "message": run.message,
    }
