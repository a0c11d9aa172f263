"""The use cases, ready to be called: what the service and the command line both begin with.

The container and the database toolkit are imported where they are first needed: a command that touches no
store would otherwise spend most of its time on them.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from mzi_core.ports import Clock, Codec, Ids, Store
from mzi_core.use_cases import UseCases
from mzi_http.settings import MEMORY, Settings

_SQLITE = "sqlite"
_NOT_A_PATH = ("", ":memory:")


def build_services(*, store: Store, codec: Codec, clock: Clock, ids: Ids) -> UseCases:
    """All use cases over these ports."""
    return UseCases.over(store=store, codec=codec, clock=clock, ids=ids)


@asynccontextmanager
async def open_use_cases(settings: Settings) -> AsyncIterator[UseCases]:
    """All use cases over the store that `settings` names, which is closed at the end of the block.

    Nothing is migrated. Raises StoreUnavailable for an address mzi cannot use.
    """
    from mzi_http.container import container_for  # noqa: PLC0415

    container = container_for(settings)
    try:
        store = await container.store.async_()
        yield build_services(
            store=store, codec=container.codec(), clock=container.clock(), ids=container.ids()
        )
    finally:
        closing = container.shutdown_resources()
        if closing is not None:
            await closing


def has_schema(settings: Settings) -> bool:
    """Whether the store is of a kind that has a schema to bring up to date."""
    return not settings.store.startswith(MEMORY)


def file_of(settings: Settings) -> Path | None:
    """The file of a SQLite store; None for a store that is no file."""
    scheme, _, rest = settings.store.partition(":///")
    name = rest.partition("?")[0]
    is_file = scheme.partition("+")[0] == _SQLITE and name not in _NOT_A_PATH and not name.startswith("file:")
    return Path(name) if is_file else None


async def upgrade(settings: Settings) -> None:
    """Bring the store's schema up to date, making the store first if need be. Raises StoreError."""
    from mzi_adapters import sql  # noqa: PLC0415

    await sql.upgrade(settings.store)


async def differences(settings: Settings) -> list[str]:
    """Where the store's schema differs from the catalogue, a line each. Raises StoreUnavailable."""
    from mzi_adapters import sql  # noqa: PLC0415

    return await sql.check(settings.store)


async def revision(settings: Settings) -> str | None:
    """The revision the store's schema is at; None before the first. Raises StoreUnavailable."""
    from mzi_adapters import sql  # noqa: PLC0415

    return await sql.current(settings.store)
