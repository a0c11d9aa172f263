"""The real clock and the real dice."""

import secrets
import uuid
from datetime import UTC, datetime

import attrs

from mzi_core.values import RecordId


@attrs.frozen
class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return datetime.now(UTC)


@attrs.frozen
class SystemIds:
    """Random UUIDs, and secrets from the operating system."""

    def record_id(self) -> RecordId:
        """A UUID no one has had before."""
        return RecordId(str(uuid.uuid4()))

    def secret(self) -> str:
        """256 bits as URL-safe text."""
        return secrets.token_urlsafe(32)
