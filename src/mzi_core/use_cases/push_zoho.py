"""Bring Zoho's records to say what ours say."""

from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import attrs

from mzi_core.mapping import EXTRA, NO_OVERLAY
from mzi_core.module import AnyModule, Entity, declared
from mzi_core.modules import CATALOGUE
from mzi_core.naming import Columns, Naming, in_words
from mzi_core.ports import (
    Applied,
    Codec,
    Connections,
    Store,
    WireRecord,
    WriteResult,
    ZohoMetadata,
    ZohoReading,
    ZohoWriting,
    decoded,
)
from mzi_core.provisioning import FoundRecords, RecordStep, RecordWrite, StepResult, record_steps
from mzi_core.provisioning.records import Subform
from mzi_core.use_cases.amend import AmendRecords
from mzi_core.use_cases.batches import overlays
from mzi_core.use_cases.field_selection import Choice, select
from mzi_core.use_cases.push import PagePushed, in_order, live_pages, preview
from mzi_core.values import TenantId, ZohoId


class WritableZoho(ZohoMetadata, ZohoReading, ZohoWriting, Protocol):
    """What a push needs of Zoho."""


@attrs.frozen(kw_only=True)
class PushToZoho:
    """Write what differs: fields of ours that hold something and that Zoho lets anybody write.

    A page is one read of ours and one of theirs. No workflow runs in Zoho.
    """

    store: Store
    codec: Codec
    amend: AmendRecords
    connections: Connections

    async def __call__(
        self, tenant: TenantId, module: AnyModule, *, dry_run: bool = False, force: bool = False
    ) -> AsyncGenerator[PagePushed, None]:
        """Yield after every page. With `force` what was changed in Zoho meanwhile is overwritten.

        Raises FieldsMissing when Zoho lacks a required field, ModuleMissing, UnknownTenant, StoreError,
        GatewayError and AccountMissing.
        """
        async with self.store.read(tenant) as session:
            overlay = overlays(await session.settings()).get(module.name, NO_OVERLAY)
        zoho = await self.connections.zoho(tenant)
        choice = await select(zoho, module, overlay)
        async for ours in live_pages(self.store, tenant, module):
            steps = await self._plan(zoho, tenant, choice, ours, force=force)
            if dry_run:
                yield preview(steps)
                continue
            done = await self._apply(zoho, choice.named, [step for step in steps if step.write is not None])
            seen = {
                pushed.step.zoho_id: {"modified_at": at}
                for pushed in done
                if (at := _modified_at(pushed)) is not None
            }
            if seen:
                await self.amend(tenant, module, seen)
            yield in_order(steps, done)

    async def _plan(
        self, zoho: WritableZoho, tenant: TenantId, choice: Choice, ours: Sequence[Entity], *, force: bool
    ) -> list[RecordStep]:
        named = choice.named
        module = named.module
        found = await zoho.get_many(named.api_name, [each.zoho_id for each in ours], choice.selection)
        decode = self.codec.decoder(module, named.overlay)
        understood = {zoho_id: decoded(decode, record) for zoho_id, record in found.items()}
        return record_steps(
            module,
            ours,
            FoundRecords(
                theirs={zoho_id: one.entity for zoho_id, one in understood.items() if one.entity is not None},
                unreadable={
                    zoho_id: " ".join(reason.message for reason in one.reasons)
                    for zoho_id, one in understood.items()
                    if one.entity is None
                },
                names=_writable(choice),
                columns={field: columns.names for field, columns in named.columns.items()},
                present=await self._present(tenant, module, ours),
            ),
            lambda entity: self._wire_values(named, entity),
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

    def _wire_values(self, named: Naming, entity: Any) -> Mapping[str, object]:
        """The values of an entity as Zoho writes them, by their names inside; rows under their API names."""
        written = self.codec.encode(named.module, entity, named.overlay)
        own = {
            field.name: in_words(field, written[name], named.choices.get(field.name, ()))
            for field in named.module.fields
            if (name := named.overlay.names.get(field.name, field.names[0])) in written
        }
        extra = {
            f"{EXTRA}{each.name}": written[each.zoho_name]
            for each in named.overlay.extras
            if each.zoho_name in written
        }
        values = {**own, **extra}
        values |= {name: _noon(values[name]) for name in named.moments & values.keys()}
        values |= {name: _digits(values[name]) for name in named.texts & values.keys()}
        for name, columns in named.columns.items():
            values[name] = _rows(named.module.field[name].row, values[name], columns)
        return values

    async def _apply(
        self, zoho: WritableZoho, named: Naming, steps: Sequence[RecordStep]
    ) -> list[StepResult[ZohoId]]:
        keyed = [step for step in steps if _write(step).by_key]
        plain = [step for step in steps if not _write(step).by_key]
        by_key = named.writable.get(named.module.key or "", "")
        results: list[tuple[RecordStep, WriteResult[ZohoId]]] = []
        if keyed:
            sent = [_write(step).record for step in keyed]
            done = await zoho.upsert(named.api_name, sent, by=[by_key])
            results += zip(keyed, done, strict=True)
        fields = [step for step in plain if len(_write(step).record) > 1]
        if fields:
            done = await zoho.update_many(named.api_name, [_write(step).record for step in fields])
            results += zip(fields, done, strict=True)
        rows_only = [step for step in plain if len(_write(step).record) == 1]
        finished = [await self._with_rows(zoho, named, step, result) for step, result in results]
        finished += [
            await self._rows(zoho, named, step, step.zoho_id, _write(step).subforms) for step in rows_only
        ]
        return finished

    async def _with_rows(
        self, zoho: WritableZoho, named: Naming, step: RecordStep, result: WriteResult[ZohoId]
    ) -> StepResult[ZohoId]:
        subforms = _write(step).subforms
        if isinstance(result, Applied) and subforms:
            return await self._rows(zoho, named, step, result.id or step.zoho_id, subforms)
        return StepResult(step=step, result=result)

    async def _rows(
        self,
        zoho: WritableZoho,
        named: Naming,
        step: RecordStep,
        zoho_id: ZohoId,
        subforms: Sequence[Subform],
    ) -> StepResult[ZohoId]:
        result: WriteResult[ZohoId] | None = None
        for each in subforms:
            result = await zoho.put_rows(named.api_name, zoho_id, each.name, each.rows, key=each.key)
            if not isinstance(result, Applied):
                break
        return StepResult(step=step, result=result)


def _writable(choice: Choice) -> Mapping[str, str]:
    """The API names of the fields that may be written.

    Rows that cannot be read, or whose key has no column, are left as they are.
    """
    named = choice.named
    keyless = {
        name
        for name, columns in named.columns.items()
        if named.module.field[name].row_key not in columns.names
    }
    left = choice.untold | keyless
    return {name: api_name for name, api_name in named.writable.items() if name not in left}


def _rows(row: Any, written: Any, columns: Columns) -> tuple[WireRecord, ...]:
    """Rows as the codec writes them, each under the first of its names, under the columns that there are.

    Without their ids and empty cells: Zoho's own are kept by their key.
    """
    cells = [
        (cell.names[0], columns.names[cell.name]) for cell in declared(row) if cell.name in columns.names
    ]
    return tuple(
        {
            column: _digits(value) if column in columns.texts else value
            for name, column in cells
            if (value := each[name]) is not None and column != "id"
        }
        for each in written
    )


def _noon(value: object) -> object:
    """A day as a moment that is on that day wherever the college is: Zoho shows it in its own time."""
    return f"{value}T12:00:00+00:00" if isinstance(value, str) and value else value


def _digits(value: object) -> object:
    """A number as text, for a field that Zoho holds as text; anything else as it is."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _write(step: RecordStep) -> RecordWrite:
    assert step.write is not None  # noqa: S101  # only steps that write come here
    return step.write


def _modified_at(pushed: StepResult[ZohoId]) -> datetime | None:
    """When Zoho says that our own record, not another one with its key, was modified by what we wrote."""
    result = pushed.result
    if isinstance(result, Applied) and result.id == pushed.step.zoho_id:
        return result.modified_at
    return None
