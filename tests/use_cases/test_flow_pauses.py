"""A flow is paused for a reason, and goes on when somebody says so."""

from datetime import timedelta

import pytest

from mzi_adapters.memory import MemoryStore
from mzi_adapters.testing.contracts.fixtures import OURS
from mzi_core.errors import PauseRefused, UnknownTenant
from mzi_core.modules import CATALOGUE
from mzi_core.ports import Due, Store
from mzi_core.use_cases.flow_pauses import LONGEST_REASON, PauseFlow, ResumeFlow, as_reason
from mzi_core.use_cases.take_flows import ResumeTaking
from mzi_core.values import TenantId

FLOW = "take:students"
NOBODY = TenantId("nobody")


async def _claimable(store: Store) -> int:
    async with store.begin(OURS, discard=True) as session:
        return len(await session.claim(FLOW, 10, timedelta(hours=1)))


async def test_nothing_of_a_paused_flow_is_worked_on_until_it_is_resumed() -> None:
    store = MemoryStore()
    async with store.begin(OURS) as session:
        await session.make_due([Due(FLOW, "1")])
    pause, resume = PauseFlow(store=store, catalogue=CATALOGUE), ResumeFlow(store=store, catalogue=CATALOGUE)
    first = await pause(OURS, FLOW, "Zoho is moved")
    again = await pause(OURS, FLOW, "Zoho is still being moved.")
    assert (first.paused, again.paused) == ("Zoho is moved.", "Zoho is still being moved.")
    assert first.paused_at == again.paused_at is not None
    assert await _claimable(store) == 0
    was_paused, flow = await resume(OURS, FLOW)
    assert (was_paused, flow.paused, await _claimable(store)) == (True, None, 1)
    was_paused, flow = await resume(OURS, FLOW)
    assert (was_paused, flow.paused) == (False, None)
    for asked in (pause(NOBODY, FLOW, "Why."), resume(NOBODY, FLOW)):
        with pytest.raises(UnknownTenant):
            await asked


async def test_a_flow_in_which_nothing_was_ever_due_can_be_paused() -> None:
    """So that nothing of it begins."""
    store = MemoryStore()
    flow = await PauseFlow(store=store, catalogue=CATALOGUE)(OURS, "account", "Not before term.")
    assert (flow.counts, flow.oldest_due, flow.paused) == ({}, None, "Not before term.")
    _, flow = await ResumeFlow(store=store, catalogue=CATALOGUE)(OURS, "account")
    assert (flow.flow, flow.counts, flow.paused) == ("account", {}, None)


async def test_to_resume_the_taking_of_events_resumes_no_other_flow() -> None:
    """Those that were paused are named, parents first."""
    store = MemoryStore()
    async with store.begin(OURS) as session:
        for flow in ("take:payments", FLOW, "account"):
            await session.pause(flow, "No access.")
    assert list(await ResumeTaking(store=store, catalogue=CATALOGUE)(OURS)) == ["students", "payments"]
    async with store.read(OURS) as session:
        assert [each.flow for each in await session.flows() if each.paused is not None] == ["account"]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (" Zoho is\n moved ", "Zoho is moved."),
        ("Moved. ", "Moved."),
        ("Who knows?", "Who knows?"),
        ("حتى الاثنين", "حتى الاثنين."),
        ("x" * LONGEST_REASON, "x" * LONGEST_REASON + "."),
    ],
)
def test_a_reason_is_kept_as_a_sentence(text: str, kept: str) -> None:
    assert as_reason(text) == kept


@pytest.mark.parametrize("text", ["", " \n ", "x" * (LONGEST_REASON + 1), "a\0b", "a\ud800"])
def test_what_gives_no_reason_is_refused_with_what_one_has(text: str) -> None:
    with pytest.raises(PauseRefused, match=f"1 to {LONGEST_REASON} characters"):
        as_reason(text)
