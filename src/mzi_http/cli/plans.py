"""`mzi plan`: what the brake holds, and deciding about it."""

from collections.abc import Iterator
from getpass import getuser

from rich.text import Text

from mzi_core.ports import PlanState
from mzi_core.use_cases.plans import DecidedPlan, HeldPlan
from mzi_http.cli.console_tables import identifier, key, moment, number, pairs, plain, table
from mzi_http.cli.plan_ids import SHOWN, meant_plan
from mzi_http.cli.shell import (
    FIRST,
    AsJson,
    Ended,
    Given,
    Limit,
    Shell,
    Tenant,
    check_limit,
)
from mzi_http.plan_answers import decided_plan, listed_plan, shown_plan

_STYLES = {PlanState.OPEN: "yellow", PlanState.APPROVED: "green", PlanState.REJECTED: ""}


async def list_plans(
    *,
    state: PlanState | None = None,
    limit: Limit = FIRST,
    tenant: Tenant = None,
    as_json: AsJson = False,
    shell: Given,
) -> Ended:
    """List the plans of the brake, the newest first: what was to be done, and how much of it is held.

    Parameters
    ----------
    state
        Only those that are so.
    limit
        How many at most.
    """
    check_limit(limit)
    async with shell.open() as use_cases:
        page = await use_cases.plans.list(shell.tenant(tenant), state, limit=limit)
    more = page.next is not None
    if as_json:
        shell.json({"plans": [listed_plan(item) for item in page.items], "more": more})
        return Ended.WELL
    if not page.items:
        shell.show("No plan is so." if state else "The brake has held nothing yet.")
        return Ended.WELL
    shown = table(identifier("plan"), key("flow"), "what", key("", ""), "opened", number("held"))
    for item in page.items:
        plan = item.plan
        shown.add_row(
            plan.id[-SHOWN:],
            plain(plan.flow),
            plain(plan.action),
            Text(plan.state, style=_STYLES[plan.state]),
            moment(plan.opened_at),
            f"{item.held:,}" if item.held else "",
        )
    shell.show(shown)
    if more:
        shell.note_more(limit)
    return Ended.WELL


async def show_plan(
    id: str,
    /,
    *,
    limit: Limit = FIRST,
    tenant: Tenant = None,
    as_json: AsJson = False,
    shell: Given,
) -> Ended:
    """Show one plan: what was to be done, how it was decided, and which deliveries are held under it.

    Parameters
    ----------
    id
        As `mzi plan list` shows it, or the whole id that `--json` has.
    limit
        How many deliveries at most.
    """
    check_limit(limit)
    whose = shell.tenant(tenant)
    async with shell.open() as use_cases:
        meant = await meant_plan(use_cases, whose, id)
        found = await use_cases.plans.show(whose, meant.id, limit=limit)
    if as_json:
        said = {name: value for name, value in shown_plan(found, None).items() if name != "next"}
        shell.json({**said, "more": found.deliveries.next is not None})
        return Ended.WELL
    shell.show(pairs((name, value) for name, value in _rows(HeldPlan(found.plan, found.held)) if value))
    if found.deliveries.items:
        shown = table(identifier("delivery"), identifier("about", ""), "why")
        for each in found.deliveries.items:
            shown.add_row(plain(each.key), plain(each.subject) or "–", plain(each.reason))
        shell.show("", shown)
    if found.deliveries.next is not None:
        shell.note_more(limit)
    return Ended.WELL


async def approve(
    id: str, /, *, reason: str, tenant: Tenant = None, as_json: AsJson = False, shell: Given
) -> Ended:
    """Let what is held under a plan be done. Each delivery is looked at anew before.

    Parameters
    ----------
    id
        As `mzi plan list` shows it, or the whole id that `--json` has.
    reason
        Why it may be done, in a sentence that others read.
    """
    whose = shell.tenant(tenant)
    async with shell.open() as use_cases:
        meant = await meant_plan(use_cases, whose, id)
        done = await use_cases.plans.approve(whose, meant.id, reason, by=person())
    return _decided(shell, done, "due again, as approved", as_json=as_json)


async def reject(
    id: str, /, *, reason: str, tenant: Tenant = None, as_json: AsJson = False, shell: Given
) -> Ended:
    """Let what is held under a plan not be done: it stays as it is.

    It is not asked about again before Zoho says something else of it.

    Parameters
    ----------
    id
        As `mzi plan list` shows it, or the whole id that `--json` has.
    reason
        Why it is not to be done, in a sentence that others read.
    """
    whose = shell.tenant(tenant)
    async with shell.open() as use_cases:
        meant = await meant_plan(use_cases, whose, id)
        done = await use_cases.plans.reject(whose, meant.id, reason, by=person())
    return _decided(shell, done, "settled, and nothing of it was done", as_json=as_json)


def person() -> str:
    """Who sits at this machine, as it says."""
    try:
        return getuser()
    except (OSError, KeyError, ImportError):  # where the user has no name
        return ""


def _rows(item: HeldPlan) -> Iterator[tuple[str, object]]:
    plan = item.plan
    yield "plan", plan.id
    yield "what", f"{plain(plan.action)} in {plain(plan.flow)}"
    yield "state", Text(plan.state, style=_STYLES[plan.state])
    yield "opened", moment(plan.opened_at)
    yield "decided", moment(plan.decided_at)
    yield "by", plain(plan.decided_by)
    yield "why", plain(plan.reason)
    yield "held", f"{item.held:,}"


def _decided(shell: Shell, done: DecidedPlan, how: str, *, as_json: bool) -> Ended:
    if as_json:
        shell.json(decided_plan(done))
        return Ended.WELL
    for flow, count in done.deliveries.items():
        what = "delivery" if count == 1 else "deliveries"
        shell.show(plain(f"{count:,} {what} of {flow} {'is' if count == 1 else 'are'} {how}."))
    if not done.deliveries:
        shell.show("Nothing was held under this plan any more.")
    return Ended.WELL
