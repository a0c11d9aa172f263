"""Records we hold that their side has no longer: what was seen of it, and what is left of ours without."""

from array import array
from bisect import bisect_left
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from mzi_core.decide import Known, Touch
from mzi_core.flows.rules import rules_of
from mzi_core.ids import is_digits
from mzi_core.module import AnyModule, Version
from mzi_core.modules import CATALOGUE, Catalogue
from mzi_core.ports import (
    PROGRAM,
    CausedBy,
    ChangeKind,
    Clock,
    Cursor,
    Deleted,
    HistoryEntry,
    Query,
    Session,
    Store,
)
from mzi_core.use_cases.batches import NO_CAUSES, locks_for
from mzi_core.use_cases.mark_pairs import MarkPairs
from mzi_core.use_cases.moodle_facts import MADE_BY_MZI, bare_record
from mzi_core.values import RecordKey, TenantId, ZohoId

_PAGE = 1000

NO_VERSIONS: Mapping[RecordKey, Version] = {}


class Seen:
    """The ids that came by, eight bytes each of those that are Zoho's: a million of them fit anywhere."""

    def __init__(self, after: str = "") -> None:
        """With `after` only ids behind it can be told to be missing: those before it came by another day."""
        self._after = _number(after) or 0
        self._numbers = array("Q")
        self._in_order = True
        self._others: set[RecordKey] = set()

    def __len__(self) -> int:
        """How many came by; one that came twice counts twice if it is Zoho's."""
        return len(self._numbers) + len(self._others)

    def add(self, ids: Iterable[RecordKey]) -> None:
        """Remember ids."""
        for key in ids:
            number = _number(key)
            if not number:
                self._others.add(key)
                continue
            self._in_order = self._in_order and (not self._numbers or number > self._numbers[-1])
            self._numbers.append(number)

    def __contains__(self, key: RecordKey | None) -> bool:
        """Whether this id came by; no id never did."""
        number = key and _number(key)
        return self._holds(number) if number else key in self._others

    def lacks(self, key: RecordKey) -> bool:
        """Whether this id should have come by and did not; never for one that is not Zoho's."""
        number = _number(key)
        return number is not None and number > self._after and not self._holds(number)

    def _holds(self, number: int) -> bool:
        if not self._in_order:
            self._numbers, self._in_order = array("Q", sorted(self._numbers)), True
        place = bisect_left(self._numbers, number)
        return place < len(self._numbers) and self._numbers[place] == number


def _number(key: str) -> int | None:
    return int(key) if is_digits(key) and len(key) <= 19 else None  # noqa: PLR2004  # as many as Zoho's have


async def missing(
    store: Store, tenant: TenantId, module: AnyModule, lacks: Callable[[Any], bool], before: datetime
) -> AsyncIterator[Sequence[RecordKey]]:
    """The live records that did not come by, page by page; only those that were last written before a moment.

    `lacks`: whether a record should have come by and did not. What was written since came while the pull
    went on.
    """
    query = Query(limit=_PAGE)
    while True:
        async with store.read(tenant) as session:
            rows = await session.list(module, query)
        old = [row for row in rows if row.updated_at < before]
        if found := [row.entity.key for row in old if lacks(row.entity)]:
            yield found
        if len(rows) < _PAGE or len(old) < len(rows):
            return
        query = attrs.evolve(query, after=Cursor(rows[-1].updated_at, rows[-1].entity.key))


def still_gone(deleted: Sequence[Deleted], known: Mapping[RecordKey, Known]) -> list[ZohoId]:
    """The ids of these that are to be marked: what was changed afterwards was taken back."""

    def is_back(each: Deleted) -> bool:
        at = known[each.zoho_id].modified_at if each.zoho_id in known else None
        return at is not None and at > each.deleted_at

    return list(dict.fromkeys(each.zoho_id for each in deleted if not is_back(each)))


async def delete_records(
    session: Session,
    module: AnyModule,
    ids: Collection[RecordKey],
    at: datetime,
    *,
    caused_by: CausedBy,
    causes: Mapping[RecordKey, CausedBy] = NO_CAUSES,
    versions: Mapping[RecordKey, Version] = NO_VERSIONS,
    delivers: bool = False,
) -> int:
    """Mark records deleted in a session that is open, with their history; how many were live until now.

    What was parked of them is forgotten. `causes`: of single records, where it is not `caused_by`.
    `versions`: of when the deletions are, where that is known; what is older brings no record back. Their
    pairs are due, unless it is a delivery that found them gone (`delivers`).
    """
    await session.unpark(module.name, ids)
    gone = await session.delete(module, ids, at)
    known = await session.known(module, versions) if versions else {}
    later = {
        key: versions[key].after(each.version)
        for key, each in known.items()
        if not versions[key].is_before(each.version)
    }
    await session.touch(
        module,
        [
            Touch(
                key=key,
                fingerprint=known[key].fingerprint,
                modified_at=version.at,
                mark=None,
                event_number=version.number,
            )
            for key, version in later.items()
        ],
    )
    entries = [
        HistoryEntry(
            module=module.name,
            key=key,
            kind=ChangeKind.DELETED,
            changed_at=at,
            caused_by=causes.get(key, caused_by),
        )
        for key in gone
    ]
    await session.keep_history(entries)
    flows = () if delivers else rules_of(await session.settings()).flows
    if flows:
        rows = await session.stored(module, gone)
        ended = [row.entity for row in rows.values()]
        if module in MADE_BY_MZI:  # a moment before, perhaps: it may be over before it is on the shelf
            ended += [bare_record(module, key) for key in ids if key not in rows]
        mark = MarkPairs(session=session, flows=flows)
        await mark.of_records({module: ended})
    return len(gone)


@attrs.frozen(kw_only=True)
class MarkDeleted:
    """Mark records deleted; they stay, with their history, until somebody brings them again."""

    store: Store
    clock: Clock
    catalogue: Catalogue = CATALOGUE

    async def __call__(
        self,
        tenant: TenantId,
        module: AnyModule,
        deleted: Sequence[Deleted],
        *,
        dry_run: bool = False,
        caused_by: CausedBy = PROGRAM,
    ) -> int:
        """How many were live until now. What was parked of them is forgotten."""
        async with self.store.begin(tenant, discard=dry_run) as session:
            await session.lock(locks_for(module, catalogue=self.catalogue))
            known = await session.known(module, [each.zoho_id for each in deleted])
            ids = still_gone(deleted, known)
            if not ids:
                return 0
            at = (await session.status(module)).at(self.clock.now())
            return await delete_records(session, module, ids, at, caused_by=caused_by)
