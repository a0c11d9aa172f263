"""The test harness for college rules: every use case over memory, with a clock that stands still.

mzi = Harness()
result = await mzi.use_cases.sync(DEFAULT_TENANT, STUDENTS, [{"id": "1", "Name": "A01", ...}])
"""

from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from itertools import count, islice

import attrs

from mzi_adapters.codecs import CodecBySide
from mzi_adapters.events import event_adapters
from mzi_adapters.memory import MemoryStore
from mzi_adapters.moodle import MoodleCodec
from mzi_adapters.system import RANDOM_DIGITS, ordered_uuids
from mzi_adapters.testing.connections import SITE, TOKEN, FakeConnections
from mzi_adapters.testing.moodle import FakeMoodle
from mzi_adapters.testing.vault import FakeVault
from mzi_adapters.testing.virtual_time import VirtualTimer
from mzi_adapters.testing.zoho import FakeZoho, define_modules
from mzi_adapters.zoho import ZohoCodec
from mzi_core.module import Side
from mzi_core.modules import CATALOGUE, Catalogue
from mzi_core.ports import Codec, Ids, Store, Vault
from mzi_core.provisioning import MoodleDefaults
from mzi_core.use_cases import UseCases
from mzi_core.use_cases.notify import Notifying
from mzi_core.values import DEFAULT_TENANT, RecordId, TenantId

START = datetime(2026, 2, 15, 8, 0, tzinfo=UTC)

_MILLISECONDS = int(START.timestamp() * 1000)


@attrs.define(kw_only=True, eq=False)
class FixedClock(VirtualTimer):
    """A clock that moves only when told to, and while a gateway waits before it asks again."""

    start: datetime = START

    def advance(self, by: timedelta) -> None:
        """Move on."""
        self.jump(by.total_seconds())


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


def _codec() -> Codec:
    return CodecBySide({Side.ZOHO: ZohoCodec, Side.MOODLE: MoodleCodec})


@attrs.define(slots=False)
class Harness:
    """Use cases ready to be called; hand in another `store` to try the same rules over it.

    `zoho` and `moodle` are the tenant's, in memory, with every declared module and nothing in it: plant what
    people entered there, pull and push, and look at what stands there afterwards. `catalogue`: as in
    `UseCases.over`, with modules of your own. `notifying`: by which ways people are told, none if not said;
    `FakeNotifier` remembers what it was handed.
    """

    store: Store = attrs.field(factory=MemoryStore)
    clock: FixedClock = attrs.field(factory=FixedClock)
    ids: Ids = attrs.field(factory=CountedIds)
    codec: Codec = attrs.field(factory=_codec)
    catalogue: Catalogue = CATALOGUE
    tenant: TenantId = DEFAULT_TENANT
    moodle_defaults: MoodleDefaults = attrs.field(factory=MoodleDefaults)
    vault: Vault = attrs.field(factory=FakeVault)
    notifying: Notifying = attrs.field(factory=Notifying)

    @cached_property
    def zoho(self) -> FakeZoho:
        """The tenant's Zoho."""
        zoho = FakeZoho(clock=self.clock)
        define_modules(zoho)
        return zoho

    @cached_property
    def moodle(self) -> FakeMoodle:
        """The tenant's Moodle."""
        return FakeMoodle(SITE, TOKEN, clock=self.clock)

    @cached_property
    def connections(self) -> FakeConnections:
        """The tenant's connections to both."""
        return FakeConnections(
            store=self.store,
            timer=self.clock,
            tenant=self.tenant,
            to_zoho=lambda: self.zoho,
            to_moodle=lambda: self.moodle,
        )

    @cached_property
    def use_cases(self) -> UseCases:
        """All of them, put together as in the service."""
        return UseCases.over(
            store=self.store,
            codec=self.codec,
            clock=self.clock,
            ids=self.ids,
            catalogue=self.catalogue,
            connections=self.connections,
            moodle_defaults=self.moodle_defaults,
            event_adapters=lambda: event_adapters(self.store),
            vault=self.vault,
            notifying=lambda: self.notifying,
        )
