"""Show which grading decision stands under a key, which stood before, and why each gave way."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo

import attrs

from mzi_core.errors import NotFound
from mzi_core.grading import Cause, causes_of
from mzi_core.grading.quoting import quoted
from mzi_core.ports import MOST_DECISIONS, Cursor, DecisionRecord, Store
from mzi_core.sizes import weight
from mzi_core.use_cases.browse import LARGEST_PAGE
from mzi_core.use_cases.tenants import zone_of
from mzi_core.values import TenantId

LONGEST_KEY = 255
"""Characters of a key that decisions are kept under."""

KEY_PATTERN = rf"[A-Za-z0-9][A-Za-z0-9_.:@-]{{0,{LONGEST_KEY - 1}}}"
"""What such a key looks like, so that it can stand in an address."""

_KEY = re.compile(KEY_PATTERN)


def key_problem(key: str) -> str | None:
    """Why no decision can be kept under `key`; None where one can."""
    if _KEY.fullmatch(key[: LONGEST_KEY + 1]):
        return None
    return (
        f"{quoted(key)} is no key to keep a decision under; write 1 to {LONGEST_KEY} letters of English, "
        "digits and _ - . : @, with a letter or digit first, such as 4101_1001_55"
    )


@attrs.frozen(kw_only=True)
class Superseded:
    """When a decision gave way to the next one, and what was different then."""

    at: datetime
    causes: tuple[Cause, ...]


@attrs.frozen(kw_only=True)
class KeptDecision:
    """A decision that was kept; `superseded` is None for the one that stands.

    `zone`: the time zone in which the people of the tenant are told times.
    """

    record: DecisionRecord
    superseded: Superseded | None
    zone: tzinfo


@attrs.frozen
class DecisionPage:
    """Some decisions under a key, in their order, and the place of the last: None if no older one is left."""

    items: Sequence[KeptDecision]
    next: Cursor | None


@attrs.frozen
class ListDecisions:
    """List the decisions under a key page by page: the one that stands, and every earlier one.

    They are in the order of attempts, the latest first, and about one attempt the newest first. A page ends
    early where its decisions are large.
    """

    store: Store

    async def __call__(
        self, tenant: TenantId, key: str, *, after: Cursor | None = None, limit: int = MOST_DECISIONS
    ) -> DecisionPage:
        """The page behind `after`, the `next` of the page before.

        Raises NotFound when nothing was ever kept under the key, UnknownTenant, StoreUnavailable.
        """
        async with self.store.read(tenant) as session:
            zone = zone_of(await session.settings())
            found = await session.decision_history(key)
        if not found and after is None:
            raise NotFound("decision about the grade", key[:LONGEST_KEY])
        newer, rest = _behind(after, found)
        items = list(_with_causes(newer, _that_fit(rest[:limit]), zone))
        more = len(items) < len(rest)
        return DecisionPage(items, items[-1].record.place if more else None)


def _behind(
    after: Cursor | None, found: Sequence[DecisionRecord]
) -> tuple[DecisionRecord | None, Sequence[DecisionRecord]]:
    """The decision at a place and those behind it; nothing where that decision was forgotten since."""
    if after is None:
        return None, found
    for position, record in enumerate(found, start=1):
        if record.place == after:
            return record, found[position:]
    return None, ()


def _that_fit(records: Iterable[DecisionRecord]) -> Iterable[DecisionRecord]:
    room = LARGEST_PAGE
    for position, record in enumerate(records):
        room -= weight(record.trace, room)
        if position and room < 0:
            return
        yield record


def _with_causes(
    newer: DecisionRecord | None, records: Iterable[DecisionRecord], zone: tzinfo
) -> Iterable[KeptDecision]:
    for record in records:
        superseded = None
        if newer is not None:
            # An earlier attempt that is decided again does so when the later one has long stood.
            at = max(record.decided_at, newer.decided_at)
            superseded = Superseded(at=at, causes=causes_of(record.decision, newer.decision))
        yield KeptDecision(record=record, superseded=superseded, zone=zone)
        newer = record


@attrs.frozen
class ShowDecision:
    """Show the decision that stands under a key."""

    list_decisions: ListDecisions

    async def __call__(self, tenant: TenantId, key: str) -> KeptDecision:
        """Raises as ListDecisions."""
        page = await self.list_decisions(tenant, key, limit=1)
        return page.items[0]
