"""`mzi deliver`: bring Zoho and Moodle to agree, now."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated

from cyclopts import Parameter
from rich.text import Text

from mzi_core.flows.flow import FLOWS, Flow
from mzi_core.flows.rules import FlowName
from mzi_core.ports import DeliveryState, FlowStatus
from mzi_core.use_cases.deliver import Delivered
from mzi_http.answers import pauses
from mzi_http.cli.console_tables import count, key, number, plain, table
from mzi_http.cli.held_up import is_held_up, kept_back
from mzi_http.cli.shell import AsJson, Ended, Given, Shell, Tenant
from mzi_http.delivery_answers import put_off

_SHOWN = {
    DeliveryState.SETTLED: "settled",
    DeliveryState.WAITING: "waiting",
    DeliveryState.HELD: "held",
    DeliveryState.DUE: "tried again",
    DeliveryState.DEAD: "given up",
}
"""What became of pairs, in the order in which it is told."""


async def deliver(
    *flows: FlowName,
    every: Annotated[bool, Parameter(name="--all")] = False,
    tenant: Tenant = None,
    as_json: AsJson = False,
    shell: Given,
) -> Ended:
    """Bring Zoho and Moodle to agree: work off what is due, until nothing is.

    `mzi serve` does so by itself for the flows that `mzi rules` names. A pair is read on both sides, and
    written only where they differ. What it waits for, or why it was given up, `mzi deliveries` tells.

    Parameters
    ----------
    flows
        Only these: account, program, course, enrolment, registration, grade.
    every
        Look at every pair, also where nothing has changed.
    """
    chosen = [flow for flow in FLOWS.values() if not flows or flow.name in flows]
    found = _Found()
    whose = shell.tenant(tenant)
    async with shell.open() as use_cases:
        if every:
            await use_cases.remote.make_due(whose, chosen)
        else:
            await use_cases.read_settings(whose)  # refuses a tenant that nobody has made
        await use_cases.remote.deliver_due(whose, chosen, done=found.note)
        names = {flow.name for flow in chosen}
        found.flows = [each for each in await use_cases.deliveries.flows(whose) if each.flow in names]
    if as_json:
        shell.json(found.as_data())
    else:
        found.show(shell)
    return found.ended


class _Found:
    """What became of the pairs that were due, by flow."""

    def __init__(self) -> None:
        self.by_flow: dict[str, Counter[DeliveryState]] = {}
        self.put_off: dict[str, str] = {}
        self.flows: Sequence[FlowStatus] = ()
        """How they stand afterwards."""

    def note(self, flow: Flow, done: Delivered) -> None:
        """Add one batch."""
        self.by_flow.setdefault(flow.name, Counter()).update(done.states)
        if done.put_off:
            self.put_off[flow.name] = done.put_off

    @property
    def ended(self) -> Ended:
        """What the command has to say by its exit code."""
        if self.put_off or any(map(is_held_up, self.flows)):
            return Ended.NO_REMOTE
        wrong = (DeliveryState.DEAD, DeliveryState.HELD, DeliveryState.DUE)
        return Ended.REFUSED if any(self._sum(state) for state in wrong) else Ended.WELL

    def _sum(self, state: DeliveryState) -> int:
        return sum(counts[state] for counts in self.by_flow.values())

    def as_data(self) -> dict[str, object]:
        """All of it as JSON."""
        return {
            "flows": {
                flow: {state.value: counts[state] for state in DeliveryState}
                for flow, counts in self.by_flow.items()
            },
            "put_off": {each.flow: off for each in self.flows if (off := put_off(each)) is not None},
            "paused": pauses({each.flow: each for each in self.flows}),
        }

    def show(self, shell: Shell) -> None:
        """All of it as a table."""
        if self.by_flow:
            shown = table(key("flow"), *map(number, _SHOWN.values()))
            for flow, counts in self.by_flow.items():
                shown.add_row(flow, *(count(counts[state]) for state in _SHOWN))
            shell.show(shown)
        elif self.ended is Ended.WELL:
            shell.show("Nothing is due.")
        for said in kept_back(self.flows):
            shell.show(said)
        held_up = {each.flow for each in self.flows if is_held_up(each)}
        for flow, why in self.put_off.items():
            if flow not in held_up:  # what was put off is due again by now
                shell.show(Text(plain(f"{flow} is due again. {why}"), style="yellow"))
        for state in (DeliveryState.DEAD, DeliveryState.WAITING):
            if self._sum(state):
                shell.note(Text(f"`mzi deliveries list --state {state}` says why.", style="dim"))
