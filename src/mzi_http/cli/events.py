"""`mzi events` and `mzi take`: what sources told, and having it taken."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence

from rich.text import Text

from mzi_core.module import AnyModule
from mzi_core.modules import CATALOGUE
from mzi_core.ports import Event, EventQuery, EventState, FlowStatus
from mzi_core.use_cases.browse_events import Delay, shown_body, written_id, written_subject
from mzi_core.use_cases.take_events import EventsTaken
from mzi_core.values import RecordKey
from mzi_http.answers import pauses, records_put_off, shown_event, told_event
from mzi_http.cli.console_tables import identifier, key, moment, number, pairs, plain, table
from mzi_http.cli.held_up import held_up, is_held_up
from mzi_http.cli.shell import FIRST, AsJson, Ended, Given, Limit, Shell, Tenant, UsageError, check_limit

_STYLES = {
    EventState.WAITING: "cyan",
    EventState.TAKEN: "green",
    EventState.PARKED: "red",
    EventState.DEAD: "bold red",
}


async def list_events(
    *,
    state: EventState | None = None,
    source: str | None = None,
    kind: str | None = None,
    about: str | None = None,
    limit: Limit = FIRST,
    tenant: Tenant = None,
    as_json: AsJson = False,
    shell: Given,
) -> Ended:
    """List what Zoho and Moodle told, the newest first.

    Parameters
    ----------
    state
        Only events that are so: waiting, taken, parked or dead.
    source
        Only those of the source with this id.
    kind
        Only those of this kind, such as student_updated.
    about
        Only those about this record, as students/5398830000090000001.
    limit
        How many at most.
    """
    check_limit(limit)
    module, record = _subject(about)
    query = EventQuery(source=source, kind=kind, state=state, module=module, key=record, limit=limit)
    async with shell.open() as use_cases:
        page = await use_cases.events.list(shell.tenant(tenant), query)
        counts = await use_cases.events.count(shell.tenant(tenant))
        flows = await use_cases.events.flows(shell.tenant(tenant)) if counts[EventState.WAITING] else {}
    if as_json:
        shell.json(
            {
                "events": [told_event(event) for event in page.items],
                "counts": {state.value: number for state, number in counts.items()},
                "put_off": records_put_off(flows),
                "paused": pauses(flows),
            }
        )
        return Ended.WELL
    if not page.items:
        shell.show("No event is so." if sum(counts.values()) else "No source has told anything yet.")
        return Ended.WELL
    shown = table(identifier("event"), identifier("about", ""), "what")
    for event in page.items:
        said = (event.kind, event.reason) if event.reason else (event.kind,)
        shown.add_row(
            Text.assemble(
                plain(event.id),
                "\n",
                (f"{moment(event.received_at)} ", "not bold"),
                (event.state, f"not bold {_STYLES[event.state]}"),
            ),
            plain(_about(event, "\n")),
            plain("\n".join(said)),
        )
    shell.show(shown)
    if page.next is not None:
        shell.note_more(limit, "newest")
    for each in held_up(flows):
        shell.note(each)
    return Ended.WELL


def _subject(about: str | None) -> tuple[str | None, RecordKey | None]:
    if about is None:
        return None, None
    try:
        return written_subject(about)
    except ValueError as error:
        raise UsageError(f"--about {error}") from error


def _about(event: Event, between: str = " ") -> str:
    return "–" if event.module is None else f"{event.module}{between}{event.key or ''}".strip()


async def show_event(id: str, /, *, tenant: Tenant = None, as_json: AsJson = False, shell: Given) -> Ended:
    """Show one event with what was sent, in which nothing stands that lets anybody in.

    Parameters
    ----------
    id
        The id of the event, as `mzi events list` shows it.
    """
    async with shell.open() as use_cases:
        event = await use_cases.events.show(shell.tenant(tenant), written_id(id.strip()))
        delay = await use_cases.events.why_waiting(shell.tenant(tenant), event)
    if as_json:
        shell.json(shown_event(event, delay))
        return Ended.WELL
    said = {
        "received": moment(event.received_at),
        "from": event.source,
        "sent as": event.sent_as or "",
        "kind": event.kind,
        "about": _about(event),
        "state": event.state,
        "ended": moment(event.ended_at) if event.ended_at else "",
        "put off": "" if delay is None else _until(delay),
        "why": event.reason if delay is None else delay.reason,
    }
    body = shown_body(event)
    shell.show(
        f"Event {event.id}",
        "",
        pairs((name, value) for name, value in said.items() if value),
        "",
        plain(body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False)),
    )
    return Ended.WELL


def _until(delay: Delay) -> str:
    if delay.until is None:
        return "until `mzi take --resume`"
    return f"until {moment(delay.until)}"


async def replay_event(id: str, /, *, tenant: Tenant = None, as_json: AsJson = False, shell: Given) -> Ended:
    """Let an event be taken once more: what it is about is looked at again.

    Parameters
    ----------
    id
        The id of the event, as `mzi events list` shows it.
    """
    async with shell.open() as use_cases:
        event = await use_cases.events.replay(shell.tenant(tenant), written_id(id.strip()))
    if as_json:
        shell.json(told_event(event))
    elif event.state is EventState.WAITING:
        said = f"{_about(event)} is due; `mzi take` or the running service looks at it."
        shell.show(f"{said} What failed before is looked at once its time has come.")
    else:
        shell.show(plain(f"It stays {event.state}. {event.reason}"))
    return Ended.WELL if event.state is EventState.WAITING else Ended.REFUSED


async def take(
    *, resume: bool = False, tenant: Tenant = None, as_json: AsJson = False, shell: Given
) -> Ended:
    """Take what sources told and nobody has taken yet: the records are read again, and stored.

    `mzi serve` does so by itself. Records that cannot be read now are put off, and nothing of them changes. A
    module is paused when Zoho withdraws the access, and then waits until somebody resumes it.

    Parameters
    ----------
    resume
        Go on with what is paused, after its cause was repaired.
    """
    found = _Taken()
    async with shell.open() as use_cases:
        whose = shell.tenant(tenant)
        await use_cases.events.count(whose)  # refuses a tenant that nobody has made
        if resume:
            found.resumed = await use_cases.events.resume(whose)
        await use_cases.events.take_due(whose, CATALOGUE.in_order(), done=found.note)
        found.flows = await use_cases.events.flows(whose)
    if as_json:
        shell.json(found.as_data())
    else:
        found.show(shell)
    return found.ended


class _Taken:
    """What became of everything that was due, by module."""

    COLUMNS = ("looked_at", "taken", "parked", "dead", "deleted")

    def __init__(self) -> None:
        self.by_module: dict[str, Counter[str]] = {}
        self.sums: Counter[str] = Counter()
        self.put_off: dict[str, str] = {}
        self.resumed: Sequence[str] = ()
        self.flows: Mapping[str, FlowStatus] = {}
        """How the modules stand afterwards."""

    def note(self, module: AnyModule, done: EventsTaken) -> None:
        """Add one batch."""
        counts = Counter({name: getattr(done, name) for name in self.COLUMNS})
        self.sums += counts
        if done.put_off:
            self.put_off[module.name] = done.put_off
        if done.looked_at or not done.put_off:
            self.by_module.setdefault(module.name, Counter()).update(counts)

    @property
    def ended(self) -> Ended:
        """What the command has to say by its exit code."""
        if self.put_off or any(map(is_held_up, self.flows.values())):
            return Ended.NO_REMOTE
        return Ended.REFUSED if self.sums["parked"] or self.sums["dead"] else Ended.WELL

    def as_data(self) -> dict[str, object]:
        """All of it as JSON."""
        rows = {
            name: {each: counts[each] for each in self.COLUMNS} for name, counts in self.by_module.items()
        }
        return {
            "modules": rows,
            "resumed": list(self.resumed),
            "put_off": records_put_off(self.flows),
            "paused": pauses(self.flows),
        }

    def show(self, shell: Shell) -> None:
        """All of it as a table."""
        if self.resumed:
            shell.show(f"Resumed: {', '.join(self.resumed)}.")
        if self.by_module:
            shown = table(
                key("module"), *map(number, ("looked at", "taken", "parked", "given up", "deleted"))
            )
            for name, counts in self.by_module.items():
                shown.add_row(name, *(_count(counts[each]) for each in self.COLUMNS))
            shell.show(shown)
        elif self.ended is Ended.WELL:
            shell.show("Nothing is due.")
        for said in held_up(self.flows):
            shell.show(said)
        for name, why in self.put_off.items():
            if not is_held_up(self.flows[name]):  # what was put off is due again by now
                shell.show(Text(f"{name} are due again. {why}", style="yellow"))
        for state, hint in (("parked", EventState.PARKED), ("dead", EventState.DEAD)):
            if self.sums[state]:
                shell.note(Text(f"`mzi events list --state {hint}` says why.", style="dim"))


def _count(number: int) -> str:
    return f"{number:,}" if number else ""
