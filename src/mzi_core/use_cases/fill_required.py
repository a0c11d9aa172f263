"""Records of a source that does not tell a field no record can do without: they keep what is stored of it."""

from collections.abc import Collection, Mapping, Sequence

import attrs

from mzi_core.mapping import NO_OVERLAY
from mzi_core.module import AnyModule
from mzi_core.ports import Codec, Store
from mzi_core.use_cases.batches import overlays
from mzi_core.values import TenantId


@attrs.frozen(kw_only=True)
class FillRequired:
    """Put the required fields that a source does not tell into its records, as they are stored.

    Other untold fields are kept where a record is judged; without a required one it is not even understood.
    Not promised: that nobody changes the field between this reading and the transaction of the page.
    """

    store: Store
    codec: Codec

    async def __call__(
        self, tenant: TenantId, module: AnyModule, records: Sequence[object], untold: Collection[str]
    ) -> Sequence[object]:
        """The records, those that are stored filled; one read however many. `untold`: by names inside."""
        names = [field.name for field in module.fields if field.required and field.name in untold]
        if not names:
            return records
        async with self.store.read(tenant) as session:
            overlay = overlays(await session.settings()).get(module.name, NO_OVERLAY)
            ids, _ = self.codec.marker(module, overlay)(records)
            stored = await session.values(module, set(filter(None, ids)))
        wires = [overlay.names.get(name, module.field[name].names[0]) for name in names]
        filled = list(records)
        for place, (zoho_id, record) in enumerate(zip(ids, records, strict=True)):
            if zoho_id in stored and isinstance(record, Mapping):
                entity = module.entity_of(stored[zoho_id].values)
                kept = self.codec.encode(module, entity, overlay)
                filled[place] = {**record, **{wire: kept[wire] for wire in wires}}
        return filled
