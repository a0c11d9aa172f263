"""Processes of our own: what they cost, and where those listen that serve."""

import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import attrs
from tests.bench.server import cpu_of

from mzi_adapters.bench import Timing, Unexpected

BARE = (sys.executable, "-c", "pass")
MZI = (sys.executable, "-c", "import sys; from mzi_http.__main__ import main; sys.exit(main())")
"""What the console script `mzi` does, by this interpreter."""

WORKER = (sys.executable, "-m", "tests.bench.worker")

_ROOT = Path(__file__).parents[2]

_SOON = 30.0
"""Seconds after which a process that does not say where it listens is given up."""

_SERVES = re.compile(rb"serves http://127\.0\.0\.1:([0-9]+)")


def environment() -> dict[str, str]:
    """Ours without settings of mzi, and with the root of the project to import from.

    Compiled modules are kept, as they are where mzi is installed.
    """
    ours = {name: value for name, value in os.environ.items() if not name.startswith("MZI_")}
    ours.pop("PYTHONDONTWRITEBYTECODE", None)
    ours["PYTHONPATH"] = os.pathsep.join(filter(None, (ours.get("PYTHONPATH"), str(_ROOT))))
    return ours


def ran(command: Sequence[str]) -> str:
    """What a command writes, in a folder without settings. Raises Unexpected when it fails."""
    done = subprocess.run(command, env=environment(), cwd=os.sep, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unexpected(f"{' '.join(command)[:200]} ended with {done.returncode}: {done.stderr[-1000:]}")
    return done.stdout


def _used_by_children() -> float:
    """Processor seconds of all children that were waited for, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def spent(command: Sequence[str], records: int = 1, times: int = 1) -> Timing:
    """What a command of so many records costs from its beginning to its end, run so many times.

    Raises Unexpected when it fails.
    """
    used, wall = _used_by_children(), time.perf_counter()
    for _ in range(times):
        ran(command)
    wall = time.perf_counter() - wall
    return Timing(wall=wall, client=_used_by_children() - used, records=times * records)


@attrs.frozen
class Serving:
    """A process that listens on this machine."""

    pid: int
    port: int

    def cpu(self) -> float:
        """Processor seconds that it and its children have used so far."""
        return cpu_of(self.pid)


@contextmanager
def serving(
    command: Sequence[str], said: Path, settings: Mapping[str, str] | None = None
) -> Iterator[Serving]:
    """A process that serves until the end of the block; what it says goes into a file.

    `settings`: variables of its environment. It must say `serves http://127.0.0.1:PORT`. Raises Unexpected
    when it does not.
    """
    with said.open("wb") as out:
        settings = {**environment(), **(settings or {})}
        process = subprocess.Popen(command, env=settings, cwd=os.sep, stdout=out, stderr=out)
    try:
        until = time.monotonic() + _SOON
        while not (found := _SERVES.search(said.read_bytes())):
            if process.poll() is not None or time.monotonic() > until:
                raise Unexpected(f"{' '.join(command)[:200]} does not serve: {said.read_text()[-1000:]}")
            time.sleep(0.05)
        yield Serving(process.pid, int(found[1]))
    finally:
        process.terminate()
        process.wait()
