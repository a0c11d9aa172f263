"""Change single fields of stored records, such as a link to Moodle, by the decisions of a sync."""

from collections.abc import Mapping
from typing import Any

import attrs

from mzi_core.decide import Arrival, Facts, plan
from mzi_core.module import E, Module
from mzi_core.ports import Clock, Store
from mzi_core.use_cases.judge import owners_of, parents_there
from mzi_core.use_cases.sync import locks_for
from mzi_core.values import Outcome, TenantId, ZohoId


@attrs.frozen(kw_only=True)
class AmendRecords:
    """Change fields of records that are stored; whatever else is stored of them by now stays."""

    store: Store
    clock: Clock

    async def __call__(
        self, tenant: TenantId, module: Module[E], changes: Mapping[ZohoId, Mapping[str, Any]]
    ) -> tuple[Outcome, ...]:
        """An outcome for each record that is there, in one transaction.

        An amendment that is refused, as that of a link somebody else has, leaves its record as it is.
        """
        async with self.store.begin(tenant) as session:
            await session.lock(locks_for(module))
            at = (await session.status(module)).at(self.clock.now())
            stored = await session.stored(module, changes)
            entities = {
                zoho_id: attrs.evolve(row.entity, **changes[zoho_id])
                for zoho_id, row in stored.items()
                if row.deleted_at is None
            }
            decided = plan(
                module,
                [
                    Arrival(position=place, record=None, zoho_id=zoho_id, entity=entity)
                    for place, (zoho_id, entity) in enumerate(entities.items())
                ],
                Facts(
                    known=await session.known(module, entities),
                    stored={zoho_id: stored[zoho_id].entity for zoho_id in entities},
                    owners=await owners_of(session, module, entities.values()),
                    parents=await parents_there(session, module, entities.values()),
                ),
            )
            for group in decided.writes:
                await session.write(module, group, at)
            if decided.touches:
                await session.touch(module, decided.touches)
        return decided.outcomes
