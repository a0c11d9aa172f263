"""What drift tells of a college, and that nothing was written for it."""

from collections import Counter
from collections.abc import Mapping, Sequence

import attrs
from tests.use_cases.test_deliver import AtWork

from mzi_adapters.testing.contracts.fixtures import Everything, everything
from mzi_core.flows.drift import Outlook, PairDrift
from mzi_core.flows.flow import FLOWS
from mzi_core.flows.rules import FlowName
from mzi_core.use_cases.drift import DriftPage
from mzi_core.values import DEFAULT_TENANT

CHANGING = ("_create_", "_update_", "_delete_", "enrol_users")
"""Parts of the names of functions that change a Moodle."""


async def kept(college: AtWork) -> Everything:
    """All that is kept here, but for the access token, which reading may renew."""
    return attrs.evolve(await everything(college.store, DEFAULT_TENANT), token=None)


async def pages(college: AtWork, *names: FlowName) -> list[DriftPage]:
    """What is told of these flows, page by page; fails if anything was written anywhere."""
    college.timer.jump(600)  # Zoho gives few access tokens in ten minutes
    before, written = await kept(college), college.zoho_writes()
    seen = len(college.moodle.seen)
    flows = [FLOWS[name] for name in names] or tuple(FLOWS.values())
    found = [page async for page in college.use_cases.remote.find_drift(DEFAULT_TENANT, flows)]
    assert await kept(college) == before
    assert college.zoho_writes() == written
    called = [call.function for call in college.moodle.seen[seen:]]
    assert [each for each in called if any(word in each for word in CHANGING)] == []
    return found


async def drift(college: AtWork, *names: FlowName) -> Sequence[PairDrift]:
    """All pairs of these flows; fails if one of the flows could not be read, or something was written."""
    found = await pages(college, *names)
    assert [page.error for page in found if page.error is not None] == []
    return [pair for page in found for pair in page.pairs]


def outlooks(pairs: Sequence[PairDrift]) -> Mapping[Outlook, int]:
    """How many pairs have which outlook."""
    return Counter(pair.outlook for pair in pairs)


def fields(pair: PairDrift) -> dict[str, tuple[object, object]]:
    """By field, what Zoho and what Moodle says."""
    return {each.field: (each.zoho, each.moodle) for each in pair.differing}
