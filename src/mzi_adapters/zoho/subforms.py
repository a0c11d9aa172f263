"""Rows of subforms: reading those that lists leave out, and what makes a record hold just these."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import attrs

from mzi_adapters.zoho.answers import Json, moment, text
from mzi_adapters.zoho.calling import ApiCall, ZohoCaller
from mzi_adapters.zoho.coql import MOST_VALUES, CoqlReader, among, identified, is_id, literal, named
from mzi_adapters.zoho.metadata import MANY, KnownFields, RowSource
from mzi_adapters.zoho.together import chunks, together
from mzi_core.ports import WireRecord
from mzi_core.values import ZohoId


@attrs.frozen(kw_only=True)
class SubformReader:
    """Reads the rows of many records a few queries at a time, and single records whole."""

    caller: ZohoCaller
    coql: CoqlReader
    known: KnownFields

    async def whole(self, module: str, zoho_id: ZohoId) -> Json | None:
        """One record with all its rows, also those that Zoho cuts off."""
        if not is_id(zoho_id):
            return None
        said = await self.caller.ask(
            ApiCall(
                method="GET",
                path=f"/crm/v8/{named(module)}/{zoho_id}",
                doing=f"reading a record of {module}",
            )
        )
        if not said.rows:
            return None
        record = said.rows[0]
        cut = record.get("$has_more")
        names = [name for name, more in cut.items() if more is True] if isinstance(cut, Mapping) else []
        for name in names:
            source = await self.known.row_source(module, name)
            if source is None:
                continue
            fields = await self.known.of(source.module)
            columns = [f.api_name for f in fields.values() if f.data_type not in MANY]
            rows = await self._by_parent(source, columns, [zoho_id])
            record = {**record, name: rows.get(zoho_id, [])}
        return record

    async def completed(
        self, module: str, records: Sequence[Json], subforms: Mapping[str, Sequence[str]]
    ) -> Sequence[Json]:
        """The records with the rows of these subforms."""
        found: list[dict[str, object]] = [dict(record) for record in records]
        ids = [ZohoId(text(record, "id")) for record in records]
        for name, columns in subforms.items():
            source = await self.known.row_source(module, named(name))
            if source is None:
                rows = await self._from_records(module, name, ids)
            else:
                rows = await self._by_parent(source, source.columns or columns, ids)
            for record, zoho_id in zip(found, ids, strict=True):
                record[name] = rows.get(zoho_id, [])
        return found

    async def _by_parent(
        self, source: RowSource, columns: Sequence[str], ids: Iterable[ZohoId]
    ) -> dict[ZohoId, list[Json]]:
        wanted = tuple(dict.fromkeys(("id", source.parent, *columns)))
        pages = await together(
            self.coql.everything(
                source.module, wanted, (among(source.parent, [literal(identified(e)) for e in part]),)
            )
            for part in chunks(ids, MOST_VALUES)
        )
        found: dict[ZohoId, list[Json]] = {}
        for row in (row for page in pages for row in page):
            parent = text(row, source.parent, "id") or text(row, source.parent)
            shown = {name: value for name, value in row.items() if name != source.parent}
            found.setdefault(ZohoId(parent), []).append(shown)
        return found

    async def _from_records(self, module: str, name: str, ids: Sequence[ZohoId]) -> dict[ZohoId, list[Json]]:
        records = await together(self.whole(module, zoho_id) for zoho_id in ids)
        found: dict[ZohoId, list[Json]] = {}
        for zoho_id, record in zip(ids, records, strict=True):
            value = record.get(name) if record else None
            found[zoho_id] = list(value) if isinstance(value, list) else []
        return found


def row_changes(
    there: Sequence[WireRecord], wanted: Sequence[WireRecord], key: Sequence[str]
) -> list[dict[str, object]]:
    """What to send so that the rows there become those wanted; empty when they are already.

    Rows without an id would be added once more, so each wanted row takes the id of the one it replaces. Of
    wanted rows with one key the last counts; of rows there with one key the first stays.
    """
    meant = {_key(row, key): row for row in wanted}
    sent: list[dict[str, object]] = []
    met: set[tuple[str, ...]] = set()
    for row in there:
        which = _key(row, key)
        if which not in meant or which in met:
            sent.append({"id": text(row, "id"), "_delete": None})
            continue
        met.add(which)
        changed = {
            name: value
            for name, value in meant[which].items()
            if name != "id" and not same(row.get(name), value)
        }
        if changed:
            sent.append({"id": text(row, "id"), **changed})
    sent += [
        {name: value for name, value in row.items() if name != "id"}
        for which, row in meant.items()
        if which not in met
    ]
    return sent


def _key(row: WireRecord, key: Sequence[str]) -> tuple[str, ...]:
    return tuple(key_text(row.get(name)) for name in key)


def key_text(value: object) -> str:
    """A value as it tells records apart: a lookup by its id, a number by its amount."""
    if isinstance(value, Mapping):
        return text(value, "id")
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return f"{Decimal(str(value)).normalize():f}"
    return "" if value is None else str(value)


def same(there: object, wanted: object) -> bool:
    """Whether Zoho's value says what is to be written, in other words perhaps."""
    if there in (None, "") and wanted in (None, ""):
        return True
    if isinstance(there, Mapping) or isinstance(wanted, Mapping):
        return key_text(there) == key_text(wanted)
    one, other = moment(there), moment(wanted)
    if one is not None and other is not None:
        return one == other
    if isinstance(there, bool) or isinstance(wanted, bool):
        return there is wanted
    if isinstance(there, list) or isinstance(wanted, list):
        return there == wanted
    return key_text(there) == key_text(wanted)
