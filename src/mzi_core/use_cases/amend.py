"""Change single fields of stored records, such as a link to Moodle, by the decisions of a sync."""

from collections.abc import Mapping
from typing import Any

import attrs

from mzi_core.module import E, Module
from mzi_core.ports import PROGRAM, CausedBy
from mzi_core.use_cases.batches import Batches
from mzi_core.values import Outcome, RecordKey, TenantId


@attrs.frozen
class AmendRecords:
    """Change fields of records that are stored; whatever else is stored of them by now stays."""

    batches: Batches

    async def __call__(
        self,
        tenant: TenantId,
        module: Module[E],
        changes: Mapping[RecordKey, Mapping[str, Any]],
        *,
        caused_by: CausedBy = PROGRAM,
    ) -> tuple[Outcome, ...]:
        """An outcome for each record that is there, in one transaction.

        An amendment that is refused, as that of a link somebody else has, leaves its record as it is.
        """
        async with self.batches.open(tenant, module, caused_by=caused_by) as batch:
            return await batch.amend(changes)
