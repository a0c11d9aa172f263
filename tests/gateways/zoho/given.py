"""What the tests of the Zoho client start from: a fake organisation in virtual time, and clients of it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import attrs

from mzi_adapters.aes_vault import AesGcmVault
from mzi_adapters.leases import StoreLeases
from mzi_adapters.memory import MemoryStore
from mzi_adapters.system import SystemIds
from mzi_adapters.testing.faults import Faults, FaultyTransport
from mzi_adapters.testing.session_guard import GuardedStore, GuardedTransport
from mzi_adapters.testing.virtual_time import VirtualTimer
from mzi_adapters.testing.zoho import FakeZoho, define_modules
from mzi_adapters.testing.zoho.fake import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN
from mzi_adapters.vault import new_key
from mzi_adapters.web import Request, Transport
from mzi_adapters.zoho import DataCentre, ZohoAccount, ZohoClient, open_zoho
from mzi_core.ports import Store, Vault
from mzi_core.values import DEFAULT_TENANT

TOKEN_PATH = "/oauth/v2/token"
SECRETS = (CLIENT_SECRET, REFRESH_TOKEN)


def account(concurrency: int = 20, data_centre: str | DataCentre = "eu", **other: str) -> ZohoAccount:
    """The account that the fake knows."""
    named = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "refresh_token": REFRESH_TOKEN, **other}
    return ZohoAccount(data_centre=data_centre, concurrency=concurrency, **named)


@attrs.define(kw_only=True)
class World:
    """A fake Zoho, the faults on the way to it, and the time in which all of it happens."""

    timer: VirtualTimer = attrs.field(factory=VirtualTimer)
    zoho: FakeZoho = attrs.field(init=False)
    faults: Faults = attrs.field(factory=Faults)
    store: Store = attrs.field(factory=lambda: GuardedStore(MemoryStore()))
    """It and the wire notice a call from inside a session, in every test."""
    vault: Vault | None = attrs.field(factory=lambda: AesGcmVault([new_key()]))
    """All clients have its key."""
    wrapped: Callable[[Transport], Transport] = attrs.field(default=lambda wire: wire)
    """What is put around the fake, behind the faults."""

    def __attrs_post_init__(self) -> None:
        self.zoho = FakeZoho(clock=self.timer, timer=self.timer, latency=0.3)
        define_modules(self.zoho)

    @asynccontextmanager
    async def client(self, seed: int = 1, **how: Any) -> AsyncIterator[ZohoClient]:
        """A client such as one process has; several share the store."""
        store = how.get("store", self.store)
        named = {
            "account": account(),
            "wire": GuardedTransport(FaultyTransport(self.wrapped(self.zoho), self.faults, self.timer)),
            "store": store,
            "leases": self.leases(store),
            "random": Random(seed).random,
            "vault": self.vault,
            **how,
        }
        async with open_zoho(**named, timer=self.timer, clock=self.timer, tenant=DEFAULT_TENANT) as client:
            yield client

    def leases(self, store: Store | None = None) -> StoreLeases:
        """The leases that all clients share through a store."""
        return StoreLeases(store=store or self.store, clock=self.timer, ids=SystemIds())

    def sent(self, method: str = "", path: str = "") -> list[Request]:
        """The requests that reached the fake, of a method and with a path that ends so."""
        return [
            request
            for request in self.zoho.seen
            if request.method.startswith(method) and request.url.endswith(path)
        ]

    @property
    def tokens_asked(self) -> int:
        """How often a token was asked for."""
        return len(self.sent("POST", TOKEN_PATH))

    @property
    def api_calls(self) -> int:
        """How often anything else was."""
        return len(self.zoho.seen) - self.tokens_asked
