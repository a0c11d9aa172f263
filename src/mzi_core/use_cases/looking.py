"""How records are looked at that events are about: read again at Zoho, or as the events tell them."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import attrs

from mzi_core.errors import AccountMissing, MziError
from mzi_core.ids import is_digits
from mzi_core.module import AnyModule, Version
from mzi_core.ports import Connections, Event, EventReader, Store, ZohoMetadata, ZohoReading
from mzi_core.use_cases.batches import overlay_of
from mzi_core.use_cases.field_selection import in_no_record, select
from mzi_core.values import RecordId, RecordKey, TenantId, ZohoId

SUPERSEDED = "A later event tells what there is to know of this record."
"""Why an event changed nothing that tells a whole record, or its end."""


@attrs.frozen(kw_only=True)
class Observed:
    """What was seen of records. `are_ours`: whether mzi put them together. `unknown`: why one cannot be told.

    `gone`: those that are not there; `gone_at`: since when, where that was told.

    `untold`: fields of which the records say nothing. `failed`: what prevented that one is looked at now; the
    events `unanswered` wait for that. `told_by`: of each record the events that tell it; where nothing is
    said, all events about it do. `reasons`: why an event is parked, whatever its record is; `notes`: what is
    to be known of one that is taken. `before`: which revisions the rows had when the records were asked for,
    those that were there: of another one nothing that was seen is believed.
    """

    records: Sequence[object] = ()
    are_ours: bool = False
    gone: Sequence[RecordKey] = ()
    gone_at: Mapping[RecordKey, Version] = attrs.field(factory=dict)
    unknown: Mapping[RecordKey, str] = attrs.field(factory=dict)
    untold: frozenset[str] = frozenset()
    failed: Mapping[RecordKey, MziError] = attrs.field(factory=dict)
    unanswered: frozenset[RecordId] = frozenset()
    told_by: Sequence[frozenset[RecordId]] = ()
    reasons: Mapping[RecordId, str] = attrs.field(factory=dict)
    notes: Mapping[RecordId, str] = attrs.field(factory=dict)
    before: Mapping[RecordKey, int] | None = None


class Look(Protocol):
    """Looks at records of one side, in as few calls as there can be."""

    async def __call__(
        self, tenant: TenantId, module: AnyModule, keys: Sequence[RecordKey], events: Sequence[Event]
    ) -> Observed:
        """What can be seen of the records with these keys; `events`: all that wait for them, oldest first.

        Raises GatewayError when they cannot be looked at now, and other errors of mzi's.
        """
        ...


class SeenZoho(ZohoMetadata, ZohoReading, Protocol):
    """What reading records needs of Zoho."""


async def seen_in_zoho(
    zoho: SeenZoho, store: Store, tenant: TenantId, module: AnyModule, keys: Sequence[RecordKey]
) -> Observed:
    """The records with these keys as Zoho has them now. Raises GatewayError, and other errors of mzi's."""
    async with store.read(tenant) as session:
        overlay = overlay_of(await session.settings(), module)
    choice = await select(zoho, module, overlay)
    # Zoho's own ids are digits: any other names nothing there, and would spoil the query.
    real = [ZohoId(key) for key in keys if is_digits(key)]
    async with store.read(tenant) as session:
        before = {key: row.revision for key, row in (await session.stored(module, real)).items()}
    found = await zoho.get_many(choice.named.api_name, real, choice.selection) if real else {}
    records = list(found.values())
    return Observed(
        records=records,
        gone=[key for key in real if key not in found],
        unknown={key: f"`{key}` is no id of Zoho's." for key in keys if key not in real},
        untold=choice.untold | (in_no_record(choice, records) if records else frozenset()),
        before=before,
    )


@attrs.frozen(kw_only=True)
class LookAtZoho:
    """Reads the records again, all fields that are declared; what events say of them is not believed.

    Only where a tenant has no account at Zoho the latest event of a record says all there is.
    """

    store: Store
    connections: Connections
    reader: EventReader

    async def __call__(
        self, tenant: TenantId, module: AnyModule, keys: Sequence[RecordKey], events: Sequence[Event]
    ) -> Observed:
        """The records as Zoho has them now."""
        try:
            zoho = await self.connections.zoho(tenant)
        except AccountMissing as error:
            return self._as_told(keys, events, error)
        return await seen_in_zoho(zoho, self.store, tenant, module, keys)

    def _as_told(
        self, keys: Sequence[RecordKey], events: Sequence[Event], missing: AccountMissing
    ) -> Observed:
        latest = {event.key: event for event in events}
        records, gone, unknown = [], [], {}
        for key in keys:
            event = latest.get(key)
            if event is None:
                continue  # its events have ended before
            record = self.reader.record(event)
            if self.reader.is_deletion(event):
                gone.append(key)
            elif record is not None:
                records.append(record)
            else:
                unknown[key] = f"It names the record and tells nothing of it. {missing} Then replay it."
        notes = {event.id: SUPERSEDED for event in events if event is not latest[event.key]}
        return Observed(records=records, gone=gone, unknown=unknown, notes=notes)
