"""Answers that are kept under the idempotency key of their request."""

from datetime import datetime
from typing import Protocol

import attrs


@attrs.frozen(kw_only=True)
class StoredResponse:
    """What was answered to a request that carried an idempotency key; `body` None: nothing to replay yet."""

    key: str
    digest: str
    body: str | None
    answered_at: datetime


class StoredResponses(Protocol):
    """The part of a session that is about answers that were given."""

    async def response(self, key: str) -> StoredResponse | None:
        """What was answered under an idempotency key."""
        ...

    async def keep_response(self, response: StoredResponse, forget_before: datetime) -> None:
        """Keep an answer in place of the one under its key, and forget those older than a moment."""
        ...
