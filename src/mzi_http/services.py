"""The use cases, ready to be called: what the service and the command line both begin with.

The container, the database toolkit and what only pulls, pushes and the doctor need are imported where they
are first needed: a command that does without would otherwise spend most of its time on them.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from mzi_core.errors import MziError
from mzi_core.ports import Clock, Codec, Ids, Store, StoreHealth
from mzi_core.use_cases import UseCases
from mzi_http.remote_accounts import Moodle, Zoho
from mzi_http.settings import MEMORY, Settings
from mzi_http.sources import PREFIX

if TYPE_CHECKING:
    from mzi_core.ports import MoodleGateway, ZohoGateway
    from mzi_core.use_cases.doctor import Environment
    from mzi_core.use_cases.pull import Pulling
    from mzi_core.use_cases.push_moodle import PushToMoodle
    from mzi_core.use_cases.push_zoho import PushToZoho
    from mzi_http.container import Container

_SQLITE = "sqlite"
_NOT_A_PATH = ("", ":memory:")


def build_services(*, store: Store, codec: Codec, clock: Clock, ids: Ids) -> UseCases:
    """All use cases over these ports."""
    return UseCases.over(store=store, codec=codec, clock=clock, ids=ids)


class AccountMissing(MziError):
    """A gateway is needed whose account the settings do not name."""

    def __init__(self, service: str, missing: Sequence[str]) -> None:
        self.missing = tuple(missing)
        names = ", ".join(f"`{name}`" for name in missing)
        variables = ", ".join(f"`{PREFIX}{name.upper().replace('.', '_')}`" for name in missing)
        super().__init__(
            f"mzi has no account at {service} yet: set {names} in mzi.toml, or {variables} in the "
            "environment. `docs/gateways.md` says how to get them."
        )


class NotInstalled(MziError):
    """A gateway is needed, and what it speaks HTTP with is not installed."""

    def __init__(self) -> None:
        super().__init__('Zoho and Moodle are asked over aiohttp: pip install "mzi[gateways]"')


@attrs.frozen(kw_only=True)
class Services:
    """The use cases, and the gateways for those who ask: nothing is sent before that."""

    use_cases: UseCases
    _settings: Settings = attrs.field(repr=False)
    _container: "Container" = attrs.field(repr=False)

    async def zoho(self) -> "ZohoGateway":
        """The gateway to the tenant's Zoho. Raises AccountMissing, NotInstalled."""
        need("Zoho", self._settings.zoho)
        return await self._container.zoho.async_()

    async def moodle(self) -> "MoodleGateway":
        """The gateway to the tenant's Moodle. Raises AccountMissing, NotInstalled."""
        need("Moodle", self._settings.moodle)
        return await self._container.moodle.async_()

    async def pulling(self) -> "Pulling":
        """The use cases of a pull. Raises AccountMissing, NotInstalled."""
        from mzi_core.use_cases.pull import Pulling  # noqa: PLC0415

        return Pulling.over(await self.zoho(), self.use_cases.runs)

    async def push_to_zoho(self) -> "PushToZoho":
        """The use case that writes to Zoho. Raises AccountMissing, NotInstalled."""
        from mzi_core.use_cases.push_zoho import PushToZoho  # noqa: PLC0415

        return PushToZoho(
            store=self.use_cases.store,
            codec=self._container.codec(),
            amend=self.use_cases.amend,
            zoho=await self.zoho(),
        )

    async def push_to_moodle(self) -> "PushToMoodle":
        """The use case that writes to Moodle. Raises AccountMissing, NotInstalled."""
        from mzi_core.use_cases.push_moodle import PushToMoodle  # noqa: PLC0415

        return PushToMoodle(
            store=self.use_cases.store,
            amend=self.use_cases.amend,
            moodle=await self.moodle(),
            customs=self._settings.moodle.defaults(),
        )

    async def environment(self, health: StoreHealth, files: Sequence[Path] = ()) -> "Environment":
        """What the doctor looks at, whatever is missing; `files`: those of the settings and the store.

        Raises NotInstalled.
        """
        from mzi_adapters.private import is_open_to_others  # noqa: PLC0415
        from mzi_core.use_cases.doctor import Environment, Subject  # noqa: PLC0415

        settings = self._settings
        lacking = {Subject.ZOHO: settings.zoho.missing(), Subject.MOODLE: settings.moodle.missing()}
        return Environment(
            tenant=settings.tenant,
            health=health,
            store=self.use_cases.store,
            clock=self._container.clock(),
            zoho=None if lacking[Subject.ZOHO] else await self.zoho(),
            moodle=None if lacking[Subject.MOODLE] else await self.moodle(),
            defaults=settings.moodle.defaults(),
            missing={service: names for service, names in lacking.items() if names},
            exposed=[str(file) for file in files if is_open_to_others(file)],
        )


def need(service: str, account: Zoho | Moodle) -> None:
    """See to it that a gateway can be opened. Raises AccountMissing, NotInstalled."""
    if missing := account.missing():
        raise AccountMissing(service, missing)
    if find_spec("aiohttp") is None:
        raise NotInstalled


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Everything over the store that `settings` names; all that was opened is closed at the end of the block.

    Nothing is migrated. Raises StoreUnavailable for an address mzi cannot use.
    """
    from mzi_http.container import container_for  # noqa: PLC0415

    container = container_for(settings)
    try:
        store = await container.store.async_()
        use_cases = build_services(
            store=store, codec=container.codec(), clock=container.clock(), ids=container.ids()
        )
        yield Services(use_cases=use_cases, settings=settings, container=container)
    finally:
        closing = container.shutdown_resources()
        if closing is not None:
            await closing


@asynccontextmanager
async def open_use_cases(settings: Settings) -> AsyncIterator[UseCases]:
    """The use cases alone."""
    async with open_services(settings) as services:
        yield services.use_cases


def files_of(settings: Settings) -> list[Path]:
    """The files of a SQLite store: itself, and those that SQLite keeps beside it."""
    file = file_of(settings)
    return [] if file is None else [file, *(file.with_name(file.name + end) for end in ("-wal", "-shm"))]


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
