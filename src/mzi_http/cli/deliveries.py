"""`mzi deliveries`: how the flows stand, what is due in them, and having it tried again."""

import json
from collections.abc import Iterator, Sequence
from typing import Annotated

from cyclopts import Parameter
from rich.text import Text

from mzi_core.flows import subject_of
from mzi_core.ports import (
    DeliveryKey,
    DeliveryQuery,
    DeliveryState,
    FlowStatus,
    JsonObject,
    StoredDelivery,
)
from mzi_core.use_cases.browse_deliveries import ShownDelivery, field_names, values_of
from mzi_core.use_cases.browse_events import written_subject
from mzi_core.use_cases.redrive import Redriven
from mzi_http.cli.console_tables import count, duration, identifier, key, moment, number, pairs, plain, table
from mzi_http.cli.held_up import kept_back
from mzi_http.cli.plan_ids import SHOWN, meant_plan
from mzi_http.cli.shell import FIRST, AsJson, Ended, Given, Limit, Shell, Tenant, UsageError, check_limit
from mzi_http.delivery_answers import flow_state, listed_delivery, redriven_deliveries, shown_delivery

_STYLES = {
    DeliveryState.DUE: "cyan",
    DeliveryState.WAITING: "",
    DeliveryState.HELD: "yellow",
    DeliveryState.DEAD: "bold red",
    DeliveryState.SETTLED: "green",
}


async def status(*, tenant: Tenant = None, as_json: AsJson = False, shell: Given) -> Ended:
    """Say how every flow stands: how many deliveries are in each state, and for how long the oldest is due.

    What is put off and which flows are paused is told below.
    """
    async with shell.open() as use_cases:
        flows = await use_cases.deliveries.flows(shell.tenant(tenant))
    if as_json:
        shell.json({"flows": [flow_state(flow) for flow in flows]})
        return Ended.WELL
    if not flows:
        shell.show("Nothing was ever due.")
        return Ended.WELL
    shown = table(key("flow"), *(number(state, _STYLES[state]) for state in DeliveryState))
    shown.add_column("oldest due", no_wrap=True)
    for flow in flows:
        age = "" if flow.oldest_due is None else duration(flow.oldest_due)
        numbers = (count(flow.counts.get(state, 0)) for state in DeliveryState)
        shown.add_row(plain(flow.flow), *numbers, age)
    shell.show(shown)
    for said in kept_back(flows):
        shell.show(said)
    return Ended.WELL


async def list_deliveries(
    *,
    flow: str | None = None,
    state: DeliveryState | None = None,
    about: str | None = None,
    plan: str | None = None,
    limit: Limit = FIRST,
    tenant: Tenant = None,
    as_json: AsJson = False,
    shell: Given,
) -> Ended:
    """List deliveries by flow and key: what is due, waits, is held, was given up or is settled.

    Parameters
    ----------
    flow
        Only those of this flow, such as take:students.
    state
        Only those that are so.
    about
        Only those about this record, as students/5398830000090000001.
    plan
        Only those that are held under this plan, named as `mzi plan list` shows it.
    limit
        How many at most.
    """
    check_limit(limit)
    whose, subject = shell.tenant(tenant), _subject(about)
    async with shell.open() as use_cases:
        held_under = None if plan is None else (await meant_plan(use_cases, whose, plan)).id
        query = DeliveryQuery(flow=flow, state=state, subject=subject, plan_id=held_under, limit=limit)
        page = await use_cases.deliveries.list(whose, query)
    if as_json:
        more = page.next is not None
        shell.json({"deliveries": [listed_delivery(each) for each in page.items], "more": more})
        return Ended.WELL
    if not page.items:
        shell.show("No delivery is so.")
        return Ended.WELL
    shown = table(identifier("delivery"), identifier("about", ""), "what")
    for each in page.items:
        shown.add_row(
            Text.assemble(
                plain(each.key),
                "\n",
                (f"{plain(each.flow)} ", "not bold"),
                (each.state, f"not bold {_STYLES[each.state]}"),
            ),
            plain(each.subject.replace("/", "\n", 1)) or "–",
            plain("\n".join(_what(each))),
        )
    shell.show(shown)
    if page.next is not None:
        shell.note_more(limit)
    return Ended.WELL


def _subject(about: str | None) -> str | None:
    try:
        return None if about is None else subject_of(*written_subject(about))
    except ValueError as error:
        raise UsageError(f"--about {error}") from error


def _what(delivery: StoredDelivery) -> Iterator[str]:
    """When, for what and why it stands so."""
    match delivery.state:
        case DeliveryState.DUE if delivery.leased_until is not None:
            yield f"at work until {moment(delivery.leased_until)}"
        case DeliveryState.DUE:
            yield f"from {moment(delivery.due_at)} on"
        case DeliveryState.WAITING if delivery.waits_for is not None:
            yield f"for {delivery.waits_for.flow} {delivery.waits_for.key}"
        case DeliveryState.HELD:
            yield f"under the plan {delivery.plan_id[-SHOWN:]}"
        case _:
            yield f"since {moment(delivery.updated_at)}"
    if delivery.reason:
        yield delivery.reason


async def show_delivery(
    flow: str,
    key: str,
    /,
    *,
    values: Annotated[bool, Parameter(negative=())] = False,
    tenant: Tenant = None,
    as_json: AsJson = False,
    shell: Given,
) -> Ended:
    """Show one delivery: why it stands so, its tries and times, and what is remembered of it.

    Parameters
    ----------
    flow
        The flow, as `mzi deliveries` shows it.
    key
        The key, as `mzi deliveries list` shows it.
    values
        Show what is remembered with its values, which are data about people, and not only their names.
    """
    async with shell.open() as use_cases:
        shown = await use_cases.deliveries.show(shell.tenant(tenant), DeliveryKey(flow, key))
    found = shown.delivery
    if as_json:
        said = shown_delivery(shown)
        remembered = {"agreed": values_of(found.agreed), "intent": values_of(found.intent)}
        shell.json({**said, **remembered} if values else said)
        return Ended.WELL
    shell.show(
        plain(f"{found.key} of {found.flow}"),
        "",
        pairs((name, value) for name, value in _rows(shown) if value),
    )
    for name, noted in (("agreed", found.agreed), ("about to be sent", found.intent)):
        if noted is not None:
            shell.show("", *_remembered(name, noted, values=values))
    return Ended.WELL


def _rows(shown: ShownDelivery) -> Iterator[tuple[str, object]]:
    found = shown.delivery
    yield "state", Text(found.state, style=_STYLES[found.state])
    yield "why", found.reason
    yield "about", found.subject
    if (parent := found.waits_for) is not None:
        how = f"which is {shown.awaited}" if shown.awaited else "which was never due"
        yield "waits for", f"{parent.flow} {parent.key}, {how}"
    yield "plan" if found.state is DeliveryState.HELD else "last plan", found.plan_id
    if found.approved_generation:
        yield "approved", "yes" if found.approved_generation == found.generation else "before it changed"
    if shown.paused is not None:
        yield "flow paused", f"since {moment(shown.paused_at)}: {shown.paused}"
    yield "due", moment(found.due_at) if found.state is DeliveryState.DUE else ""
    yield "at work until", "" if found.leased_until is None else moment(found.leased_until)
    yield "begun, not ended", count(found.starts)
    yield "failed tries", count(found.tries)
    yield "looked at again", "" if found.look_at is None else moment(found.look_at)
    yield "generation", f"{found.generation:,}, settled {found.settled:,}"
    yield "changed", moment(found.updated_at)


def _remembered(name: str, noted: JsonObject, *, values: bool) -> Sequence[str]:
    if values:
        return f"{name}:", plain(json.dumps(values_of(noted), indent=2, ensure_ascii=False))
    return (f"{name}: {plain(', '.join(field_names(noted)))}; --values shows the values",)


async def redrive(
    *flow_and_keys: str,
    flow: str | None = None,
    all: bool = False,
    dry_run: bool = False,
    tenant: Tenant = None,
    as_json: AsJson = False,
    shell: Given,
) -> Ended:
    """Have deliveries that were given up tried again: `FLOW KEY …`, or all of a flow by `--flow FLOW --all`.

    Parameters
    ----------
    flow_and_keys
        The flow, and behind it the keys of those that are to be tried again.
    flow
        With --all: the flow of which every dead one is tried again.
    all
        Every dead one of the flow that --flow names.
    dry_run
        Only say how many would be.
    """
    chosen, keys = _chosen(flow_and_keys, flow, every=all)
    async with shell.open() as use_cases:
        done = await use_cases.deliveries.redrive(shell.tenant(tenant), chosen, keys, dry_run=dry_run)
    if as_json:
        shell.json(redriven_deliveries(chosen, done, dry_run=dry_run))
    else:
        _show_redriven(shell, chosen, done, dry_run=dry_run)
    return Ended.REFUSED if done.left else Ended.WELL


def _chosen(
    flow_and_keys: Sequence[str], flow: str | None, *, every: bool
) -> tuple[str, Sequence[str] | None]:
    """The flow, and the keys or None for all. Raises UsageError."""
    if flow_and_keys and (flow is not None or every):
        raise UsageError("Name a flow and keys, or --flow with --all; one of both.")
    if not flow_and_keys and flow is not None and every:
        return flow, None
    keys = flow_and_keys[1:]
    if not keys:
        raise UsageError(
            "Say what is to be tried again: `mzi deliveries redrive FLOW KEY …`, or `--flow FLOW --all`."
        )
    return flow_and_keys[0], keys


def _show_redriven(shell: Shell, flow: str, done: Redriven, *, dry_run: bool) -> None:
    what = f"{done.number:,} {'delivery' if done.number == 1 else 'deliveries'} of {flow}"
    if dry_run:
        shell.show(plain(f"{what} would be due again. Nothing has changed."))
    elif done.number:
        shell.show(plain(f"{what} {'is' if done.number == 1 else 'are'} due again."))
    else:
        shell.show(plain(f"No delivery of {flow} was dead."))
    for each, state in done.left.items():
        shell.show(plain(f"{each} is {state}, not dead." if state else f"There is none with the key {each}."))


async def pause(
    flow: str, /, *, reason: str, tenant: Tenant = None, as_json: AsJson = False, shell: Given
) -> Ended:
    """Let nothing of a flow be worked on, until it is resumed; what is at work now is ended.

    Parameters
    ----------
    flow
        The flow, as `mzi deliveries` shows it.
    reason
        Why, in a sentence that others read.
    """
    async with shell.open() as use_cases:
        stands = await use_cases.deliveries.pause(shell.tenant(tenant), flow, reason)
    return _show_flow(shell, stands, next(kept_back([stands])), as_json=as_json)


async def resume(flow: str, /, *, tenant: Tenant = None, as_json: AsJson = False, shell: Given) -> Ended:
    """Let a flow be worked on again.

    Parameters
    ----------
    flow
        The flow, as `mzi deliveries` shows it.
    """
    async with shell.open() as use_cases:
        was_paused, stands = await use_cases.deliveries.resume(shell.tenant(tenant), flow)
    said = f"{flow} goes on." if was_paused else f"{flow} was not paused."
    return _show_flow(shell, stands, Text(plain(said)), as_json=as_json)


def _show_flow(shell: Shell, flow: FlowStatus, said: Text, *, as_json: bool) -> Ended:
    if as_json:
        shell.json(flow_state(flow))
    else:
        shell.show(said)
    return Ended.WELL
