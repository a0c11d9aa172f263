"""Zoho's records as ours would have them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast

import attrs

from mzi_core.module import AnyModule, ZohoEntity
from mzi_core.modules import CATALOGUE, Catalogue
from mzi_core.ports import (
    Applied,
    Codec,
    Store,
    WireRecord,
    WriteResult,
    ZohoMetadata,
    ZohoReading,
    ZohoWriting,
    decoded,
)
from mzi_core.provisioning import (
    FoundRecords,
    RecordStep,
    RecordWrite,
    Step,
    StepResult,
    record_steps,
)
from mzi_core.provisioning.records import Subform
from mzi_core.use_cases.field_selection import Choice, in_no_record
from mzi_core.values import MoodleId, RecordKey, TenantId, ZohoId


class WritableZoho(ZohoMetadata, ZohoReading, ZohoWriting, Protocol):
    """What a push needs of Zoho."""


@attrs.frozen(kw_only=True)
class ZohoTarget:
    """What differs is written: fields of ours that hold something and that Zoho lets anybody write.

    Nothing is emptied, and no workflow runs in Zoho. `choice`: what the organisation has of the module's
    fields. With `force` what was changed in Zoho meanwhile is overwritten. With `once` nothing is sent again
    by itself whose answer was lost.
    """

    tenant: TenantId
    choice: Choice
    zoho: WritableZoho
    store: Store
    codec: Codec
    catalogue: Catalogue = CATALOGUE
    force: bool = False
    once: bool = False

    @property
    def module(self) -> AnyModule:
        """The module the records are of."""
        return self.choice.named.module

    async def plan(self, ours: Sequence[Any]) -> Sequence[RecordStep]:
        """A step for each record."""
        named, module = self.choice.named, self.module
        found = await self.zoho.get_many(
            named.api_name, [each.zoho_id for each in ours], self.choice.selection
        )
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
                names=_writable(self.choice, _hidden(self.choice, found)),
                columns={field: columns.names for field, columns in named.columns.items()},
                present=await self._present(ours),
            ),
            self.codec.writer(module, named.overlay, named.forms),
            force=self.force,
        )

    async def _present(self, ours: Sequence[ZohoEntity]) -> Mapping[str, set[RecordKey]]:
        """By module, which of the records are in our store that these point at."""
        wanted: dict[str, set[RecordKey]] = defaultdict(set)
        for field, target in {**self.module.depends_on, **self.module.refers_to}.items():
            wanted[target].update(value for each in ours if (value := getattr(each, field)) is not None)
        async with self.store.read(self.tenant) as session:
            return {
                target: await session.present(self.catalogue[target], ids) for target, ids in wanted.items()
            }

    async def apply(self, steps: Sequence[Step[object]]) -> Sequence[StepResult[ZohoId | MoodleId]]:
        """Write the fields of all records together, then the rows of each."""
        writes = {step.zoho_id: cast("RecordWrite", step.write) for step in steps}
        results = await self._fields(writes)
        for zoho_id, write in writes.items():
            before = results.get(zoho_id)
            if write.subforms and (before is None or isinstance(before, Applied)):
                target = zoho_id if before is None or before.id is None else before.id
                results[zoho_id] = await self._rows(target, write.subforms)
        return [StepResult(step=step, result=results[step.zoho_id]) for step in steps]

    async def _fields(self, writes: Mapping[ZohoId, RecordWrite]) -> dict[ZohoId, WriteResult[ZohoId]]:
        """What became of the records of which more than rows is written, by the ids of ours."""
        named = self.choice.named
        keyed = {zoho_id: write.record for zoho_id, write in writes.items() if write.by_key}
        plain = {
            zoho_id: write.record
            for zoho_id, write in writes.items()
            if not write.by_key and len(write.record) > 1  # than its id
        }
        results: dict[ZohoId, WriteResult[ZohoId]] = {}
        if keyed:
            key = named.writable.get(named.module.upsert_key or "", "")
            done = await self.zoho.upsert(named.api_name, list(keyed.values()), by=[key], once=self.once)
            results |= zip(keyed, done, strict=True)
        if plain:
            done = await self.zoho.update_many(named.api_name, list(plain.values()), once=self.once)
            results |= zip(plain, done, strict=True)
        return results

    async def _rows(self, zoho_id: ZohoId, subforms: Sequence[Subform]) -> WriteResult[ZohoId]:
        """What became of the last subform that was written; one that fails is the last."""
        result: WriteResult[ZohoId] = Applied(id=zoho_id)
        for each in subforms:
            result = await self.zoho.put_rows(
                self.choice.named.api_name, zoho_id, each.name, each.rows, key=each.key
            )
            if not isinstance(result, Applied):
                break
        return result


def _hidden(choice: Choice, found: Mapping[ZohoId, WireRecord]) -> frozenset[str]:
    """The fields that came with no record: what Zoho has in them nobody here can tell."""
    return in_no_record(choice, list(found.values())) if found else frozenset()


def _writable(choice: Choice, hidden: frozenset[str]) -> Mapping[str, str]:
    """The API names of the fields that may be written.

    Rows that cannot be read, or whose key has no column, and what is hidden are left as they are.
    """
    named = choice.named
    keyless = {
        name
        for name, columns in named.columns.items()
        if named.module.field[name].row_key not in columns.names
    }
    left = choice.untold | keyless | hidden
    return {name: api_name for name, api_name in named.writable.items() if name not in left}
