"""Pause flows, and let them go on."""

from collections.abc import Collection, Sequence

import attrs

from mzi_core.errors import FlowPaused, MziError, PauseRefused
from mzi_core.keepable_text import is_keepable
from mzi_core.modules import Catalogue
from mzi_core.ports import Deliveries, FlowStatus, Store
from mzi_core.use_cases.known_flows import check_flow
from mzi_core.values import TenantId

LONGEST_REASON = 500
"""Characters of a reason."""

_ENDS = (".", "!", "?", "…", "؟")


@attrs.frozen(kw_only=True)
class PauseFlow:
    """Let nothing of a flow be worked on, until somebody resumes it."""

    store: Store
    catalogue: Catalogue

    async def __call__(self, tenant: TenantId, flow: str, reason: str) -> FlowStatus:
        """The flow as it stands then. One that is paused already has a new reason.

        Raises PauseRefused, UnknownFlow, UnknownTenant, StoreUnavailable.
        """
        said = as_reason(reason)
        async with self.store.begin(tenant) as session:
            await session.settings()
            await check_flow(session, self.catalogue, flow)
            await session.pause(flow, said)
            return await _status(session, flow)


@attrs.frozen(kw_only=True)
class ResumeFlow:
    """Let a flow be worked on again."""

    store: Store
    catalogue: Catalogue

    async def __call__(self, tenant: TenantId, flow: str) -> tuple[bool, FlowStatus]:
        """Whether it was paused, and how it stands. Raises UnknownFlow, UnknownTenant, StoreUnavailable."""
        async with self.store.begin(tenant) as session:
            await session.settings()
            await check_flow(session, self.catalogue, flow)
            resumed = await resume_paused(session, [flow])
            return bool(resumed), await _status(session, flow)


async def refuse_paused(store: Store, tenant: TenantId, flow: str) -> None:
    """See that a flow is not paused. Raises FlowPaused, UnknownTenant, StoreUnavailable."""
    async with store.read(tenant) as session:
        await session.settings()
        status = next((each for each in await session.flows() if each.flow == flow), None)
    if status is not None and status.paused is not None:
        raise FlowPaused(flow, status.paused)


async def resume_paused(session: Deliveries, flows: Collection[str]) -> Sequence[str]:
    """Resume these flows, and name those that were paused, in the same order."""
    paused = {each.flow for each in await session.flows() if each.paused is not None}
    resumed = [flow for flow in flows if flow in paused]
    for flow in resumed:
        await session.resume(flow)
    return resumed


async def _status(session: Deliveries, flow: str) -> FlowStatus:
    """How a flow stands; also one that has never had a delivery."""
    found = [each for each in await session.flows() if each.flow == flow]
    return found[0] if found else FlowStatus(flow=flow, counts={}, oldest_due=None)


def as_reason(
    text: str,
    *,
    refused: type[MziError] = PauseRefused,
    hint: str = "Say what is to be done before the flow goes on.",
) -> str:
    """A reason as it is kept: a sentence, for others stand behind it. Raises `refused`, with the hint."""
    said = " ".join(text.split())
    if not said or len(said) > LONGEST_REASON or not is_keepable(said):
        raise refused(
            f"A reason has 1 to {LONGEST_REASON} characters, and not only blanks, no NUL and no half "
            f"character (a lone surrogate). {hint}"
        )
    return said if said.endswith(_ENDS) else f"{said}."
