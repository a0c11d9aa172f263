"""Bring Zoho's records to say what ours say."""

from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, assert_never

import attrs

from mzi_core.errors import FieldsMissing, RemoteNotFound
from mzi_core.mapping import EXTRA, NO_OVERLAY, Overlay
from mzi_core.module import AnyModule, Entity, Kind, declared
from mzi_core.modules import CATALOGUE
from mzi_core.naming import Naming, in_words, naming, real_module
from mzi_core.ports import (
    Codec,
    NotWritten,
    Selection,
    Store,
    Unsure,
    WriteResult,
    Written,
    ZohoField,
    ZohoGateway,
)
from mzi_core.provisioning import Fate, FoundRecords, Pushed, RecordStep, RecordWrite, record_steps
from mzi_core.provisioning.records import KEY, Subform
from mzi_core.use_cases.amend import AmendRecords
from mzi_core.use_cases.push import PagePushed, in_order, live_pages, preview
from mzi_core.use_cases.sync import overlays
from mzi_core.values import TenantId, ZohoId

_Done = tuple[Pushed, datetime | None]
"""What became of a step, and when Zoho says the record was modified by it."""


@attrs.frozen(kw_only=True)
class _Names:
    """What a module and its fields are called in this organisation.

    `texts`: by the name of a subform, the columns that it holds as text.
    """

    module: AnyModule
    api_name: str
    overlay: Overlay
    naming: Naming
    selection: Selection
    texts: Mapping[str, frozenset[str]]


@attrs.frozen(kw_only=True)
class PushToZoho:
    """Write what differs: fields of ours that hold something and that Zoho lets anybody write.

    A page is one read of ours and one of theirs. No workflow runs in Zoho.
    """

    store: Store
    codec: Codec
    amend: AmendRecords
    zoho: ZohoGateway

    async def __call__(
        self, tenant: TenantId, module: AnyModule, *, dry_run: bool = False, force: bool = False
    ) -> AsyncGenerator[PagePushed, None]:
        """Yield after every page. With `force` what was changed in Zoho meanwhile is overwritten.

        Raises FieldsMissing when Zoho lacks the module or a required field, UnknownTenant, StoreError and
        GatewayError.
        """
        names = await self._names(tenant, module)
        async for ours in live_pages(self.store, tenant, module):
            steps = await self._plan(tenant, names, ours, force=force)
            if dry_run:
                yield preview(steps)
                continue
            done = await self._apply(names, [step for step in steps if step.write is not None])
            seen = {
                pushed.step.zoho_id: {"modified_at": at}
                for pushed, at in done
                if at is not None and pushed.well
            }
            if seen:
                await self.amend(tenant, module, seen)
            yield in_order(steps, [pushed for pushed, _ in done])

    async def _names(self, tenant: TenantId, module: AnyModule) -> _Names:
        async with self.store.read(tenant) as session:
            overlay = overlays(await session.settings()).get(module.name, NO_OVERLAY)
        api_name = real_module(module, await self.zoho.modules())
        if api_name is None:
            raise FieldsMissing([f"Zoho has no module {module.zoho_module}; `mzi doctor` says what it has."])
        fields = await self.zoho.fields(api_name)
        named = naming(module, overlay, fields)
        refused = [
            f"{api_name} has no field `{each.names[0]}`, without which no {module.singular} can be; "
            "`mzi doctor` names the nearest, `mzi fields` maps it."
            for each in named.absent
            if each.required
        ]
        if refused:
            raise FieldsMissing(refused)
        return _Names(
            module=module,
            api_name=api_name,
            overlay=overlay,
            naming=named,
            selection=_selection(module, named),
            texts=await self._texts(module, named, {field.api_name: field for field in fields}),
        )

    async def _texts(
        self, module: AnyModule, named: Naming, real: Mapping[str, ZohoField]
    ) -> dict[str, frozenset[str]]:
        """The columns that hold text, of each subform whose own metadata can be had."""
        found = {}
        for field in module.fields:
            name = named.writable.get(field.name)
            if field.kind is Kind.SUBFORM and name is not None:
                with suppress(RemoteNotFound):
                    columns = await self.zoho.fields(real[name].lookup or name)
                    found[name] = frozenset(each.api_name for each in columns if each.holds_text)
        return found

    async def _plan(
        self, tenant: TenantId, names: _Names, ours: Sequence[Entity], *, force: bool
    ) -> list[RecordStep]:
        module = names.module
        found = await self.zoho.get_many(names.api_name, [each.zoho_id for each in ours], names.selection)
        decode = self.codec.decoder(module, names.overlay)
        decoded = {zoho_id: decode(record) for zoho_id, record in found.items()}
        return record_steps(
            module,
            ours,
            FoundRecords(
                theirs={zoho_id: one.entity for zoho_id, one in decoded.items() if one.entity is not None},
                unreadable={
                    zoho_id: " ".join(reason.message for reason in one.reasons)
                    for zoho_id, one in decoded.items()
                    if one.entity is None
                },
                names=names.naming.writable,
                present=await self._present(tenant, module, ours),
            ),
            lambda entity: self._wire_values(names, entity),
            force=force,
        )

    async def _present(
        self, tenant: TenantId, module: AnyModule, ours: Sequence[Entity]
    ) -> Mapping[str, set[ZohoId]]:
        wanted: dict[str, set[ZohoId]] = defaultdict(set)
        for field, target in {**module.depends_on, **module.refers_to}.items():
            wanted[target].update(value for each in ours if (value := getattr(each, field)) is not None)
        async with self.store.read(tenant) as session:
            return {target: await session.present(CATALOGUE[target], ids) for target, ids in wanted.items()}

    def _wire_values(self, names: _Names, entity: Any) -> Mapping[str, object]:
        """The values of an entity as Zoho writes them, by their names inside."""
        written = self.codec.encode(names.module, entity, names.overlay)
        own = {
            field.name: in_words(field, written[name], names.naming.choices.get(field.name, ()))
            for field in names.module.fields
            if (name := names.overlay.names.get(field.name, field.names[0])) in written
        }
        extra = {
            f"{EXTRA}{each.name}": written[each.zoho_name]
            for each in names.overlay.extras
            if each.zoho_name in written
        }
        values = {**own, **extra}
        values |= {name: _noon(values[name]) for name in names.naming.moments & values.keys()}
        return {
            name: _digits(value) if name in names.naming.texts else value for name, value in values.items()
        }

    async def _apply(self, names: _Names, steps: Sequence[RecordStep]) -> list[_Done]:
        keyed = [step for step in steps if _write(step).by_key]
        plain = [step for step in steps if not _write(step).by_key]
        by_key = names.naming.writable.get(KEY, "")
        results: list[tuple[RecordStep, WriteResult]] = []
        if keyed:
            sent = [_write(step).record for step in keyed]
            done = await self.zoho.upsert(names.api_name, sent, by=[by_key])
            results += zip(keyed, done, strict=True)
        fields = [step for step in plain if len(_write(step).record) > 1]
        if fields:
            done = await self.zoho.update_many(names.api_name, [_write(step).record for step in fields])
            results += zip(fields, done, strict=True)
        rows_only = [step for step in plain if len(_write(step).record) == 1]
        finished = [await self._with_rows(names, step, result) for step, result in results]
        finished += [await self._rows(names, step, step.zoho_id, _write(step).subforms) for step in rows_only]
        return finished

    async def _with_rows(self, names: _Names, step: RecordStep, result: WriteResult) -> _Done:
        subforms = _write(step).subforms
        if isinstance(result, Written) and subforms:
            return await self._rows(names, step, result.zoho_id, subforms)
        return _told(step, result)

    async def _rows(
        self, names: _Names, step: RecordStep, zoho_id: ZohoId, subforms: Sequence[Subform]
    ) -> _Done:
        told: _Done = (Pushed(step=step), None)
        for subform in subforms:
            texts = names.texts.get(subform.name, frozenset())
            rows = [
                {name: _digits(value) if name in texts else value for name, value in row.items()}
                for row in subform.rows
            ]
            result = await self.zoho.put_rows(names.api_name, zoho_id, subform.name, rows, key=subform.key)
            told = _told(step, result)
            if told[0].fate is not Fate.WRITTEN:
                break
        return told


def _noon(value: object) -> object:
    """A day as a moment that is on that day wherever the college is: Zoho shows it in its own time."""
    return f"{value}T12:00:00+00:00" if isinstance(value, str) and value else value


def _digits(value: object) -> object:
    """A number as text, for a field that Zoho holds as text; anything else as it is."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _selection(module: AnyModule, named: Naming) -> Selection:
    rows = {
        named.names[field.name]: tuple(cell.names[0] for cell in declared(field.row) if cell.names[0] != "id")
        for field in module.fields
        if field.kind is Kind.SUBFORM and field.row is not None and field.name in named.names
    }
    apart = {field.name for field in module.fields if field.kind in (Kind.SUBFORM, Kind.CRITERIA)}
    fields = (name for field, names in named.read.items() if field not in apart for name in names)
    return Selection(fields=tuple(dict.fromkeys(fields)), subforms=rows)


def _write(step: RecordStep) -> RecordWrite:
    assert step.write is not None  # noqa: S101  # only steps that write come here
    return step.write


def _told(step: RecordStep, result: WriteResult) -> _Done:
    match result:
        case Written():
            mine = result.zoho_id == step.zoho_id
            return Pushed(step=step, fate=Fate.WRITTEN), result.modified_at if mine else None
        case NotWritten():
            said = " ".join(f"{each.field}: {each.message} ({each.code})." for each in result.problems)
            return Pushed(step=step, fate=Fate.REFUSED, said=said), None
        case Unsure():
            return Pushed(step=step, fate=Fate.UNSURE, said=result.why), None
    assert_never(result)
