"""The use cases, ready to be called: what the service and the command line both begin with.

The container, the database toolkit and what only pulls, pushes and the doctor need are imported where they
are first needed: a command that does without would otherwise spend most of its time on them.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from mzi_core.ports import Store, StoreHealth
from mzi_core.use_cases import UseCases
from mzi_http.gateways import SettingsConnections
from mzi_http.settings import MEMORY, Settings

if TYPE_CHECKING:
    from mzi_core.use_cases.doctor import Environment
    from mzi_core.use_cases.events import EventAdapters
    from mzi_core.use_cases.forgetting import Retention
    from mzi_core.use_cases.notify import Notifying
    from mzi_http.container import Container

_SQLITE = "sqlite"
_NOT_A_PATH = ("", ":memory:")


@attrs.frozen(kw_only=True)
class Services:
    """The use cases, and what the doctor looks at."""

    use_cases: UseCases
    connections: SettingsConnections
    _settings: Settings = attrs.field(repr=False)

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
            clock=self.use_cases.batches.clock,
            zoho=None if lacking[Subject.ZOHO] else await self.connections.zoho(settings.tenant),
            moodle=None if lacking[Subject.MOODLE] else await self.connections.moodle(settings.tenant),
            defaults=settings.moodle.defaults(),
            missing={service: names for service, names in lacking.items() if names},
            files=[str(file) for file in files if file.is_file()],
            exposed=[str(file) for file in files if is_open_to_others(file)],
            notifiers=self.use_cases.notify.notifying.notifiers,
        )


def retention_of(settings: Settings) -> "Retention":
    """For how long events and the history of records are kept."""
    from mzi_core.use_cases.forgetting import Retention  # noqa: PLC0415

    def kept(days: int) -> timedelta | None:
        return timedelta(days=days) if days else None

    return Retention(
        taken=kept(settings.events.keep_taken),
        refused=kept(settings.events.keep_refused),
        history=kept(settings.history.keep),
    )


def _event_adapters(store: Store) -> "EventAdapters":
    from mzi_adapters.events import event_adapters  # noqa: PLC0415  # few commands have to do with events

    return event_adapters(store)


def _notifying(settings: Settings, container: "Container") -> "Notifying":
    from mzi_http.notifiers import notifying_of  # noqa: PLC0415  # few commands tell anybody anything

    return notifying_of(settings, container)


@asynccontextmanager
async def open_services(settings: Settings, *, by_hand: bool = False) -> AsyncIterator[Services]:
    """Everything over the store that `settings` names; all that was opened is closed at the end of the block.

    `by_hand`: a person wants to know whether Zoho and Moodle answer, so their circuit breakers let a call
    through before its time. Nothing is migrated. Raises StoreUnavailable for an address mzi cannot use.
    """
    from mzi_http.container import container_for  # noqa: PLC0415

    container = container_for(settings, by_hand=by_hand)
    try:
        store = await container.store.async_()
        connections = SettingsConnections(settings=settings, container=container)
        use_cases = UseCases.over(
            store=store,
            codec=container.codec(),
            clock=container.clock(),
            ids=container.ids(),
            connections=connections,
            moodle_defaults=settings.moodle.defaults(),
            vault=container.keyed_vault(),
            event_adapters=partial(_event_adapters, store),
            notifying=partial(_notifying, settings, container),
            task_times=settings.tasks.times,
        )
        yield Services(use_cases=use_cases, connections=connections, settings=settings)
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
