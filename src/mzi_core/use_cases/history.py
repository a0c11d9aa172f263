"""What was changed of records: how it is told, and how it is looked at."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import attrs

from mzi_core.errors import NotFound
from mzi_core.fingerprints import changed_extras, changed_places
from mzi_core.ids import written_key
from mzi_core.module import AnyModule, Values
from mzi_core.ports import HistoryEntry, Store, ValueChange
from mzi_core.values import TenantId

PAGE = 50
"""How many changes are listed where nobody says."""

MOST = 500
"""How many changes may be asked for at once."""


def plain(value: Any) -> object:
    """A value as JSON has it: amounts as text, days and times in ISO 8601, rows as objects."""
    if value is None or (isinstance(value, (str, int)) and not isinstance(value, Enum)):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    return {field.name: plain(getattr(value, field.name)) for field in attrs.fields(type(value))}


def field_changes(
    module: AnyModule, before: Values, after: Values, places: Sequence[int], extras: Iterable[str]
) -> dict[str, ValueChange]:
    """What fields were and are that differ: the declared ones at these places, and `extra.` ones."""
    found = {module.fields[at].name: ValueChange(plain(before[at]), plain(after[at])) for at in places}
    for name in extras:
        own = name.removeprefix("extra.")
        found[name] = ValueChange(plain(before[-1].get(own)), plain(after[-1].get(own)))
    return found


def differing(module: AnyModule, before: Values, after: Values) -> dict[str, ValueChange]:
    """All that differs between two versions of a record."""
    places = changed_places(module, before, after)
    return field_changes(module, before, after, places, changed_extras(before[-1], after[-1]))


@attrs.frozen
class HistoryPage:
    """Some changes of a record, the newest first, and before which number the next page goes on."""

    items: Sequence[HistoryEntry]
    next: int | None


@attrs.frozen
class ShowHistory:
    """List what was changed of a record page by page, the newest first."""

    store: Store

    async def __call__(
        self, tenant: TenantId, module: AnyModule, key: str, *, before: int | None = None, limit: int = PAGE
    ) -> HistoryPage:
        """The page before the change of this number.

        Raises NotFound for a record that was never stored, UnknownTenant, StoreUnavailable.
        """
        key = written_key(module.side, key)
        async with self.store.read(tenant) as session:
            await session.settings()
            found = await session.history(module.name, key, before, limit + 1)
            is_there = bool(found or await session.present(module, [key]))
        if not is_there:
            raise NotFound(module.singular, key)
        items = found[:limit]
        return HistoryPage(items, items[-1].number if len(found) > limit else None)
