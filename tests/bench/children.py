"""Processes of our own, and what they cost."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from mzi_adapters.bench import Cost, Unexpected

BARE = (sys.executable, "-c", "pass")
MZI = (sys.executable, "-c", "import sys; from mzi_http.__main__ import main; sys.exit(main())")
"""What the console script `mzi` does, by this interpreter."""

WORKER = (sys.executable, "-m", "tests.bench.worker")

_ROOT = Path(__file__).parents[2]


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


def spent(command: Sequence[str], records: int = 1) -> Cost:
    """What a command costs from its beginning to its end. Raises Unexpected when it fails."""
    used, wall = _used_by_children(), time.perf_counter()
    ran(command)
    wall = time.perf_counter() - wall
    return Cost(wall=wall, client=_used_by_children() - used, records=records)
