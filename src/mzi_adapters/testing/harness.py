"""The test harness for college rules: every use case over memory, with a clock that stands still.

mzi = Harness()
result = await mzi.use_cases.sync(DEFAULT_TENANT, STUDENTS, [{"id": "1", "Name": "A01", ...}])
"""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count, islice

import attrs

from mzi_adapters.memory import MemoryStore
from mzi_adapters.system import RANDOM_DIGITS, ordered_uuids
from mzi_adapters.zoho import ZohoCodec
from mzi_core.ports import Codec, Store
from mzi_core.use_cases import UseCases
from mzi_core.values import RecordId

START = datetime(2026, 2, 15, 8, 0, tzinfo=UTC)

_MILLISECONDS = int(START.timestamp() * 1000)


@attrs.define
class FixedClock:
    """A clock that moves only when told to."""

    moment: datetime = START

    def now(self) -> datetime:
        """The moment it was set to."""
        return self.moment

    def advance(self, by: timedelta) -> None:
        """Move on."""
        self.moment += by


@attrs.define
class CountedIds:
    """UUIDs and secrets that are the same in every run."""

    _numbers: "count[int]" = attrs.field(factory=lambda: count(1))

    def record_ids(self, count: int) -> list[RecordId]:
        """The next UUIDs, each a millisecond after the one before."""
        return [
            ordered_uuids(_MILLISECONDS + number, sha256(b"%d" % number).hexdigest()[:RANDOM_DIGITS])[0]
            for number in islice(self._numbers, count)
        ]

    def secret(self) -> str:
        """The next secret."""
        return f"secret-{next(self._numbers):026d}"


@attrs.define
class Harness:
    """Use cases ready to be called; hand in another `store` to try the same rules over it."""

    store: Store = attrs.field(factory=MemoryStore)
    clock: FixedClock = attrs.field(factory=FixedClock)
    ids: CountedIds = attrs.field(factory=CountedIds)
    codec: Codec = attrs.field(factory=ZohoCodec)
    use_cases: UseCases = attrs.field(init=False)

    @use_cases.default
    def _assembled(self) -> UseCases:
        return UseCases.over(store=self.store, codec=self.codec, clock=self.clock, ids=self.ids)
