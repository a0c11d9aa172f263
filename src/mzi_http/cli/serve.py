"""`mzi serve`: the HTTP service."""

import os
import socket
from functools import partial
from importlib.metadata import version
from ipaddress import ip_address
from typing import TYPE_CHECKING

from mzi_core.errors import StoreUnavailable
from mzi_http import services
from mzi_http.cli.shell import Ended, Given, Shell, UsageError
from mzi_http.converters import LARGEST_PORT

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from uvicorn import Server

_GRACE = 10
"""Seconds that requests in flight are given when the service is told to stop."""


async def serve(
    *,
    host: str | None = None,
    port: int | None = None,
    dev: bool = False,
    no_worker: bool = False,
    shell: Given,
) -> Ended:
    """Run the HTTP service until it is told to stop.

    Parameters
    ----------
    host
        The address to listen on; the one of the settings if not said.
    port
        The port to listen on; 0 takes any that is free.
    dev
        For trying it out: the store is made and brought up to date, and no key is asked for.
    no_worker
        Only answer: what sources tell is kept, and taken by another process at the store, or by `mzi take`.
    """
    # Only here, because a web framework takes longer to import than the other commands take to run.
    from mzi_http import logs  # noqa: PLC0415
    from mzi_http.app import create_app, nothing_beside  # noqa: PLC0415
    from mzi_http.worker import beside_the_service  # noqa: PLC0415

    settings = shell.settings
    address = host or settings.http.host
    if dev and not _is_loopback(address):
        raise UsageError(f"--dev asks for no key, so it listens on this machine only, and not on {address}.")
    await _make_ready(shell, dev)
    with bound(address, settings.http.port if port is None else port) as listening:
        app = create_app(
            partial(services.open_use_cases, settings),
            version=version("mzi"),
            max_body=settings.http.max_body,
            max_records=settings.http.max_records,
            open_to_all=dev,
            beside=nothing_beside
            if no_worker
            else partial(beside_the_service, retention=services.retention_of(settings)),
        )
        logs.set_up(settings.log)
        _announce(shell, address, listening.getsockname()[1], dev)
        await server_of(app, reserved=settings.database.pool_size).serve(sockets=[listening])
    return Ended.WELL


def server_of(app: "Starlette", *, reserved: int = 0) -> "Server":
    """The server as it is run here. `reserved`: how many files are kept free, as for the database."""
    from uvicorn import Server  # noqa: PLC0415  # as above

    from mzi_http.connection_limits import ConnectionLimits, configured, most_connections  # noqa: PLC0415

    return Server(configured(app, limits=ConnectionLimits(most=most_connections(reserved)), grace=_GRACE))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _make_ready(shell: Shell, dev: bool) -> None:
    """See to it that the store can be used: only --dev changes its schema. Raises StoreUnavailable."""
    if dev and services.has_schema(shell.settings):
        await services.upgrade(shell.settings)
    async with shell.open() as use_cases:
        health = await use_cases.store.health()
        if not health.ready:
            raise StoreUnavailable(health.message)
        if not dev and not any(key.revoked_at is None for key in await use_cases.list_keys()):
            shell.say("There is no key yet, so nobody can use the service; `mzi keys new LABEL` makes one.")


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens already, so that a port in use is told in a sentence. Raises UsageError."""
    if not 0 <= port <= LARGEST_PORT:
        raise UsageError(f"--port must be from 0 to {LARGEST_PORT}.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family)
    except OSError as error:
        said = os.strerror(error.errno) if error.errno else str(error)
        raise UsageError(f"Nobody can listen on {host} port {port}: {said}.") from error
    # Accepted connections inherit it. asyncio sets it only on sockets that know their protocol, as this one
    # does not; without it a lone caller waits 40 ms for the second half of every answer.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def _announce(shell: Shell, host: str, port: int, dev: bool) -> None:
    where = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    said = f"mzi {version('mzi')} serves {where}; {where}/docs describes its API. Ctrl-C stops it."
    shell.err.print(said, soft_wrap=True)
    if dev:
        said = "OPEN TO EVERYBODY on this machine: --dev asks for no key. Not for real data."
        shell.err.print(said, style="bold red", soft_wrap=True)
