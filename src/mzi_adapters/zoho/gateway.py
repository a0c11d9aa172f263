"""The Zoho CRM v8 client: every part of it under one name."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs

from mzi_adapters.breakers import NoBreaker
from mzi_adapters.web import CHANCE, Dice, RetryPolicy, Timer, Transport
from mzi_adapters.zoho.bulk_read import BulkRead
from mzi_adapters.zoho.calling import RETRIES, ZohoCaller
from mzi_adapters.zoho.changing import Changing
from mzi_adapters.zoho.coql import CoqlReader
from mzi_adapters.zoho.hosts import ZohoAccount
from mzi_adapters.zoho.limits import Pace, UsageMeter
from mzi_adapters.zoho.listing import Listing
from mzi_adapters.zoho.metadata import KnownFields, ZohoMetadata
from mzi_adapters.zoho.oauth import TokenSource, TokenStore
from mzi_adapters.zoho.reading import ZohoReading
from mzi_adapters.zoho.status import ZohoStatus
from mzi_adapters.zoho.subforms import SubformReader
from mzi_adapters.zoho.watching import ZohoWatching
from mzi_adapters.zoho.writing import BatchWriting
from mzi_core.ports import Breaker, Clock, Leases, Store, Vault, ZohoGateway
from mzi_core.values import TenantId


@attrs.define(slots=False, eq=False)
class ZohoClient(ZohoStatus, ZohoMetadata, ZohoReading, BatchWriting, Changing, ZohoWatching):
    """A ZohoGateway over any wire; `open_zoho` makes it."""

    caller: ZohoCaller
    known: KnownFields = attrs.field(init=False, repr=False)
    coql: CoqlReader = attrs.field(init=False, repr=False)
    listing: Listing = attrs.field(init=False, repr=False)
    bulk: BulkRead = attrs.field(init=False, repr=False)
    rows: SubformReader = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self.known = KnownFields(caller=self.caller)
        self.coql = CoqlReader(caller=self.caller)
        self.listing = Listing(caller=self.caller, coql=self.coql)
        self.bulk = BulkRead(caller=self.caller, known=self.known)
        self.rows = SubformReader(caller=self.caller, coql=self.coql, known=self.known)


def _proof(client: ZohoClient) -> ZohoGateway:
    """The type checker's word that this is the port."""
    return client


@asynccontextmanager
async def open_zoho(
    account: ZohoAccount,
    *,
    wire: Transport,
    timer: Timer,
    clock: Clock,
    store: Store,
    leases: Leases,
    tenant: TenantId,
    vault: Vault | None = None,
    tokens: TokenStore | None = None,
    random: Dice = CHANCE,
    retries: RetryPolicy = RETRIES,
    breaker: Breaker | None = None,
) -> AsyncIterator[ZohoClient]:
    """A client for one organisation. Its token is shared through the store with the tenant's other processes,
    of which one at a time renews it: the one that has the lease. There it stands as the `vault` seals it;
    without a vault it is not kept there, and every process has a token of its own. `tokens`: where it is
    kept instead of the store.

    Sends nothing until it is asked something. `random` spreads what is attempted again; `retries` says when
    a call is, and the `breaker`, if there is one, when none is even sent.
    """
    meter = UsageMeter()
    access = TokenSource(
        account=account,
        wire=wire,
        timer=timer,
        clock=clock,
        store=tokens or store,
        leases=leases,
        tenant=tenant,
        meter=meter,
        random=random,
        vault=vault,
    )
    caller = ZohoCaller(
        access=access,
        wire=wire,
        timer=timer,
        clock=clock,
        pace=Pace(concurrency=account.concurrency, timer=timer),
        meter=meter,
        random=random,
        retries=retries,
        breaker=breaker or NoBreaker(),
    )
    try:
        yield ZohoClient(caller)
    finally:
        await access.close()
