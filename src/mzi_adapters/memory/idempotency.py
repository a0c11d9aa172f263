"""Answers kept under idempotency keys."""

from datetime import datetime

import attrs

from mzi_adapters.memory.scope import TenantTables
from mzi_core.ports import (
    StoredResponse,
)


@attrs.frozen
class StoredResponses(TenantTables):
    """The part of a session that is about answers that were given."""

    async def response(self, key: str) -> StoredResponse | None:
        return self.tables.responses.get((self.tenant, key))

    async def keep_response(self, response: StoredResponse, forget_before: datetime) -> None:
        old = [
            key
            for key, kept in self.tables.responses.items()
            if key[0] == self.tenant and kept.answered_at < forget_before
        ]
        for key in old:
            self.tables.responses.drop(key)
        self.tables.responses.put((self.tenant, response.key), response)
