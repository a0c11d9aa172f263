"""Answers kept under idempotency keys."""

from datetime import datetime

import sqlalchemy as sa

from mzi_adapters.sql.scope import Scope
from mzi_adapters.sql.tables import STORED_RESPONSES
from mzi_core.ports import StoredResponse


class StoredResponses(Scope):
    """The part of a session that is about answers that were given."""

    __slots__ = ()

    async def response(self, key: str) -> StoredResponse | None:
        """What was answered under an idempotency key."""
        rows = await self.run(
            sa.select(STORED_RESPONSES).where(self.mine(STORED_RESPONSES), STORED_RESPONSES.c.key == key)
        )
        row = rows.first()
        if row is None:
            return None
        return StoredResponse(key=row.key, digest=row.digest, body=row.body, answered_at=row.answered_at)

    async def keep_response(self, response: StoredResponse, forget_before: datetime) -> None:
        """Keep an answer in place of the one under its key, and forget those older than a moment."""
        await self.run(
            sa.delete(STORED_RESPONSES).where(
                self.mine(STORED_RESPONSES), STORED_RESPONSES.c.answered_at < forget_before
            )
        )
        row = {
            "tenant_id": self.tenant,
            "key": response.key,
            "digest": response.digest,
            "body": response.body,
            "answered_at": response.answered_at,
        }
        await self.run(self.upsert(STORED_RESPONSES), [row])
