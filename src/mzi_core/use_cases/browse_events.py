"""Look at what sources told, and let it be taken once more."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import attrs

from mzi_core.errors import NotFound, UnknownModule
from mzi_core.flows import looked_at_for, take_flow
from mzi_core.modules import CATALOGUE
from mzi_core.ports import Clock, DeliveryKey, DeliveryState, Event, EventQuery, EventState, Store
from mzi_core.secrecy import masked, without_addresses, without_phone_numbers, without_secrets
from mzi_core.use_cases.ended_with import ExplainEnds
from mzi_core.values import RecordId, RecordKey, TenantId

LARGEST_BODY = 64 * 2**10
"""Characters of a body that are shown; a larger one is told by its size alone."""


@attrs.frozen
class EventPage:
    """Some events, the newest first, and the id the next page begins behind; None after the last one."""

    items: Sequence[Event]
    next: RecordId | None


@attrs.frozen
class ListEvents:
    """List events page by page."""

    store: Store
    explain: ExplainEnds

    async def __call__(self, tenant: TenantId, query: EventQuery) -> EventPage:
        """The page `query` asks for. Raises UnknownTenant, StoreUnavailable."""
        async with self.store.read(tenant) as session:
            await session.settings()
            found = await session.events(attrs.evolve(query, limit=query.limit + 1))
            found = await self.explain(session, found)
        items = found[: query.limit]
        return EventPage(items, items[-1].id if len(found) > query.limit else None)


@attrs.frozen
class ShowEvent:
    """Show one event."""

    store: Store
    explain: ExplainEnds

    async def __call__(self, tenant: TenantId, id: RecordId) -> Event:
        """Raises NotFound, UnknownTenant, StoreUnavailable."""
        async with self.store.read(tenant) as session:
            await session.settings()
            found = await session.event(id)
            if found is None:
                raise NotFound("event", id)
            (found,) = await self.explain(session, [found])
        return found


@attrs.frozen(kw_only=True)
class Delay:
    """Why an event is not taken by now. `until`: when it is; None while its module is paused."""

    until: datetime | None
    reason: str


@attrs.frozen(kw_only=True)
class ExplainWaiting:
    """Say why an event waits."""

    store: Store
    clock: Clock

    async def __call__(self, tenant: TenantId, event: Event) -> Delay | None:
        """None where it waits for nothing but its turn, or not any more. Raises StoreUnavailable."""
        if event.module is None or event.key is None or event.state is not EventState.WAITING:
            return None
        address = DeliveryKey(take_flow(event.module), event.key)
        async with self.store.read(tenant) as session:
            delivery = await session.delivery(address)
            paused = next((each.paused for each in await session.flows() if each.flow == address.flow), None)
        if paused is not None:
            return Delay(until=None, reason=paused)
        # By its reason and not its time alone: that is the store's, whose clock may be before ours.
        if delivery is None or delivery.state is not DeliveryState.DUE or not delivery.reason:
            return None
        is_over = delivery.due_at <= self.clock.now()
        return None if is_over else Delay(until=delivery.due_at, reason=delivery.reason)


@attrs.frozen
class ReplayEvent:
    """Let an event wait again, and the record it is about be looked at."""

    store: Store

    async def __call__(self, tenant: TenantId, id: RecordId) -> Event:
        """The event as it is now. Raises NotFound, UnknownTenant, StoreUnavailable.

        One that cannot be attributed to a record stays parked: nothing could be looked at. Any other is due
        at once, also one that waits, for whoever replays it has seen to what prevented it.
        """
        async with self.store.begin(tenant) as session:
            await session.settings()
            event = await session.event(id)
            if event is None:
                raise NotFound("event", id)
            if event.module is None or event.key is None:
                return event
            waiting = attrs.evolve(event, state=EventState.WAITING, reason="", ended_at=None)
            await session.make_due(looked_at_for([waiting], {id}))
            await session.replay_events([id])
        return waiting


@attrs.frozen
class CountEvents:
    """Count events by their state."""

    store: Store

    async def __call__(self, tenant: TenantId) -> Mapping[EventState, int]:
        """Every state with its number. Raises UnknownTenant, StoreUnavailable."""
        async with self.store.read(tenant) as session:
            await session.settings()
            counts = await session.event_counts()
        return {state: counts.get(state, 0) for state in EventState}


def written_id(text: str) -> RecordId:
    """The id of an event that `text` writes. Raises NotFound for what is none of ours."""
    try:
        return RecordId(str(UUID(text)))
    except ValueError:
        raise NotFound("event", text[:60]) from None


def written_subject(text: str) -> tuple[str, RecordKey]:
    """The record that `text` writes as a module and a key, as `students/539`. Raises ValueError in words."""
    name, _, key = text.partition("/")
    try:
        module = CATALOGUE[name[:60]]
    except UnknownModule as error:
        raise ValueError(f"must be a module and a key, as students/539. {error}") from error
    if not key:
        raise ValueError("must be a module and a key, as students/539.")
    return module.name, module.side.key(key)


def shown_body(event: Event) -> object:
    """The body of an event as it may be shown, or a sentence where it is too large.

    Secrets are left out by their names, or where they look like secrets; e-mail addresses and telephone
    numbers too, but for those in the fields of the module, which `mzi show` shows as well.
    """
    if len(event.body) > LARGEST_BODY:
        return f"The body has {len(event.body):,} characters, and is not shown."
    declared = _declared_names(event.module)

    def shown(name: str, text: str) -> str:
        text = without_secrets(text)
        return text if name in declared else without_phone_numbers(without_addresses(text))

    return masked(json.loads(event.body), shown)


def _declared_names(module: str | None) -> Collection[str]:
    try:
        return {name for field in CATALOGUE[module or ""].fields for name in field.names}
    except UnknownModule:
        return ()
