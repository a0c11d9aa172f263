"""The real clock and the real dice, and a word to the garbage collector."""

import gc
import secrets
import uuid
from datetime import UTC, datetime

import attrs

from mzi_core.values import RecordId

OBJECTS = 20_000
"""So many more objects than before, and the collector looks for cycles: a page makes some thousands."""


def moves_many_records() -> None:
    """Tell the collector what kind of process this is: a tenth of the time is saved.

    What was imported lives to the end, and a page makes thousands of objects and hardly a cycle. To be called
    once, by who owns the process, when everything is imported.
    """
    gc.freeze()
    gc.set_threshold(OBJECTS, 20, 100)


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
