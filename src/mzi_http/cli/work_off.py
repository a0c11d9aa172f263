"""`mzi worker`: take and deliver what is due, beside a service or in its place."""

import os

from mzi_core.errors import StoreUnavailable
from mzi_http import services
from mzi_http.cli.shell import Ended, Given, UsageError
from mzi_http.cli.stopping import told_to_stop


async def worker(*, shell: Given) -> Ended:
    """Take and deliver what is due, and run the tasks, until it is told to stop.

    `mzi serve` does so by itself. This is for a service that only answers (`--no-worker`), and for more hands
    at one store: there may be any number of them, and each delivery is worked on by one. SIGTERM and Ctrl-C
    finish what was begun.
    """
    # Only here, because the other commands do without.
    from mzi_http import logs  # noqa: PLC0415
    from mzi_http.worker import beside_the_service  # noqa: PLC0415

    settings = shell.settings
    if not services.has_schema(settings):
        raise UsageError("A store in memory is this process's own, and nothing is due in it; name another.")
    async with shell.open() as use_cases:
        health = await use_cases.store.health()
    if not health.ready:
        raise StoreUnavailable(health.message)
    stop = told_to_stop()
    logs.set_up(settings.log)
    async with (
        services.open_use_cases(settings) as use_cases,
        beside_the_service(use_cases, retention=services.retention_of(settings)),
    ):
        said = f"mzi works on what is due, as process {os.getpid()}. Ctrl-C stops it."
        shell.err.print(said, soft_wrap=True)
        await stop.wait()
    return Ended.WELL
