"""Which adapter stands behind each port. The only file that knows dependency-injector.

It knows the adapters and not the use cases: its providers take any arguments without a word from the type
checker, so `services` asks it for the ports alone and builds the rest in a call that is checked.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
from dependency_injector import containers, providers

from mzi_adapters.memory import MemoryStore
from mzi_adapters.sql import open_store
from mzi_adapters.system import SystemClock, SystemIds
from mzi_adapters.zoho import ZohoCodec
from mzi_core.ports import Clock, Codec, Ids, Store
from mzi_http.settings import MEMORY, Settings


@asynccontextmanager
async def _in_memory() -> AsyncIterator[Store]:
    """A resource like the other store: what is not one, the container would not let us await."""
    yield MemoryStore()


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
    codec: providers.Provider[Codec] = providers.Singleton(ZohoCodec)
    clock: providers.Provider[Clock] = providers.Singleton(SystemClock)
    ids: providers.Provider[Ids] = providers.Singleton(SystemIds)


def container_for(settings: Settings) -> Container:
    """A container that opens nothing yet."""
    container = Container()
    backend = "memory" if settings.store.startswith(MEMORY) else "sql"
    container.config.from_dict({"backend": backend, "url": settings.store, **attrs.asdict(settings.database)})
    return container
