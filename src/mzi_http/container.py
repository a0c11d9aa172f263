"""Which adapter stands behind each port. The only file that knows dependency-injector.

It knows the adapters and not the use cases: its providers take any arguments without a word from the type
checker, so `services` asks it for the ports alone and builds the rest in a call that is checked. What few ask
for is imported when it is asked for.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
from dependency_injector import containers, providers

from mzi_adapters.codecs import CodecBySide
from mzi_adapters.leases import StoreLeases
from mzi_adapters.sql import open_store
from mzi_adapters.system import SystemClock, SystemIds
from mzi_adapters.web import LoopTimer, Timer, Transport
from mzi_adapters.zoho import DATA_CENTRES, DataCentre, ZohoAccount, ZohoCodec
from mzi_core.module import Side
from mzi_core.ports import Clock, Codec, Ids, Leases, Store, Vault
from mzi_core.values import TenantId
from mzi_http.remote_accounts import Moodle, Zoho, ZohoEnvironment
from mzi_http.settings import MEMORY, Proxies, Settings

if TYPE_CHECKING:
    from mzi_adapters.moodle import MoodleAccount
    from mzi_core.ports import MoodleGateway, ZohoGateway


@asynccontextmanager
async def _in_memory() -> AsyncIterator[Store]:
    """A resource like the other store: what is not one, the container would not let us await."""
    from mzi_adapters.memory import MemoryStore  # noqa: PLC0415

    yield MemoryStore()


def _moodle_codec() -> Codec:
    from mzi_adapters.moodle.codec import MoodleCodec  # noqa: PLC0415

    return MoodleCodec()


@asynccontextmanager
async def _network(proxies: Proxies) -> AsyncIterator[Transport]:
    """The wire; its library comes with an extra, so it is loaded when somebody asks for a gateway."""
    from mzi_adapters.web.aiohttp_transport import open_transport  # noqa: PLC0415

    async with open_transport(trust_environment=proxies is Proxies.ENVIRONMENT) as wire:
        yield wire


def _moodle(
    account: "MoodleAccount",
    wire: Transport,
    timer: Timer,
    *,
    at_once: int,
    clock: Clock,
    store: Store,
    tenant: TenantId,
    early: bool,
) -> "MoodleGateway":
    from mzi_adapters.breakers import StoreBreaker  # noqa: PLC0415
    from mzi_adapters.moodle import MoodleClient  # noqa: PLC0415
    from mzi_adapters.moodle.refusals import SERVICE  # noqa: PLC0415

    breaker = StoreBreaker(
        service=SERVICE,
        address=account.url,
        timer=timer,
        clock=clock,
        store=store,
        tenant=tenant,
        early=early,
    )
    return MoodleClient(account, wire, timer, at_once=at_once, breaker=breaker)


def _vault(*, keys: tuple[str, ...], file: str, folder: str, backend: str) -> Vault:
    """The vault of the keys that are said, else of those in the file. Raises KeyRefused.

    What is kept without a store stays apart: neither makes the other's token unreadable.
    """
    from mzi_adapters.vault import keys_of, vault_for  # noqa: PLC0415

    realm = "without a store " if backend == "memory" else ""
    return vault_for(keys or (keys_of(Path(file)) if file else ()), Path(folder), realm)


def _keyed_vault(*, keys: tuple[str, ...], file: str) -> Vault:
    from mzi_adapters.vault import KeyedVault  # noqa: PLC0415

    return KeyedVault(keys, Path(file) if file else None)


@asynccontextmanager
async def _zoho(
    account: ZohoAccount,
    *,
    timer: Timer,
    clock: Clock,
    store: Store,
    tenant: TenantId,
    early: bool,
    tokens_in: str | None,
    **what: Any,
) -> "AsyncIterator[ZohoGateway]":
    from mzi_adapters.breakers import StoreBreaker  # noqa: PLC0415
    from mzi_adapters.zoho import open_zoho  # noqa: PLC0415
    from mzi_adapters.zoho.answers import SERVICE  # noqa: PLC0415

    breaker = StoreBreaker(
        service=SERVICE,
        address=account.data_centre.api,
        timer=timer,
        clock=clock,
        store=store,
        tenant=tenant,
        early=early,
    )
    if tokens_in is not None:
        from mzi_adapters.token_file import TokenFile  # noqa: PLC0415

        what["tokens"] = TokenFile(Path(tokens_in))
    async with open_zoho(
        account, timer=timer, clock=clock, store=store, tenant=tenant, breaker=breaker, **what
    ) as gateway:
        yield gateway


class Container(containers.DeclarativeContainer):
    """One provider a port; `config` holds what the choice depends on."""

    config = providers.Configuration(strict=True)

    store: providers.Provider[Store] = providers.Selector(
        config.backend,
        memory=providers.Resource(_in_memory),
        sql=providers.Resource(
            open_store,
            config.url,
            patience=config.patience,
            pool_size=config.pool_size,
            statement_timeout=config.statement_timeout,
        ),
    )
    codec: providers.Provider[Codec] = providers.Singleton(
        CodecBySide, {Side.ZOHO: ZohoCodec, Side.MOODLE: _moodle_codec}
    )
    clock: providers.Provider[Clock] = providers.Singleton(SystemClock)
    ids: providers.Provider[Ids] = providers.Singleton(SystemIds)
    leases: providers.Provider[Leases] = providers.Singleton(StoreLeases, store=store, clock=clock, ids=ids)
    vault: providers.Provider[Vault] = providers.Singleton(
        _vault,
        keys=config.secrets.key,
        file=config.secrets.key_file,
        folder=config.secrets.folder,
        backend=config.backend,
    )
    keyed_vault: providers.Provider[Vault] = providers.Singleton(
        _keyed_vault, keys=config.secrets.key, file=config.secrets.key_file
    )
    timer: providers.Provider[Timer] = providers.Singleton(LoopTimer)
    network: providers.Provider[Transport] = providers.Resource(_network, config.proxies)
    zoho: "providers.Provider[ZohoGateway]" = providers.Resource(
        _zoho,
        config.zoho,
        wire=network,
        timer=timer,
        clock=clock,
        store=store,
        leases=leases,
        tenant=config.tenant,
        vault=vault,
        early=config.by_hand,
        tokens_in=config.tokens_in,
    )
    moodle: "providers.Provider[MoodleGateway]" = providers.Singleton(
        _moodle,
        config.moodle,
        network,
        timer,
        at_once=config.moodle_calls,
        clock=clock,
        store=store,
        tenant=config.tenant,
        early=config.by_hand,
    )


def container_for(settings: Settings, *, by_hand: bool = False) -> Container:
    """A container that opens nothing yet. `by_hand`: see `open_services`."""
    container = Container()
    backend = "memory" if settings.store.startswith(MEMORY) else "sql"
    container.config.from_dict(
        {
            "backend": backend,
            "url": settings.store,
            **attrs.asdict(settings.database),
            "tenant": settings.tenant,
            "by_hand": by_hand,
            "proxies": settings.web.proxies,
            "secrets": attrs.asdict(settings.secrets),
            "tokens_in": settings.secrets.folder if backend == "memory" else None,
            "zoho": account_at_zoho(settings.zoho),
            "moodle": account_at_moodle(settings.moodle),
            "moodle_calls": settings.moodle.concurrency,
        }
    )
    return container


def account_at_zoho(zoho: Zoho) -> ZohoAccount:
    """The account that the settings describe, with the hosts of its data centre and environment."""
    centre = DATA_CENTRES[zoho.data_centre]
    if zoho.environment is not ZohoEnvironment.PRODUCTION:
        centre = attrs.evolve(centre, api=centre.api.replace("://www.", f"://{zoho.environment}."))
    return ZohoAccount(
        client_id=zoho.client_id,
        client_secret=zoho.client_secret,
        refresh_token=zoho.refresh_token,
        data_centre=DataCentre(accounts=zoho.accounts_url or centre.accounts, api=zoho.api_url or centre.api),
        concurrency=zoho.concurrency,
    )


def account_at_moodle(moodle: Moodle) -> "MoodleAccount | None":
    """The account that the settings describe; None without an address."""
    if not moodle.url:
        return None
    from mzi_adapters.moodle.calling import MoodleAccount  # noqa: PLC0415

    return MoodleAccount(url=moodle.url, token=moodle.token)
