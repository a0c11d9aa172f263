"""`python -m tests.bench.peak TOLD FILE STORE LOADED`: `mzi sync` of a file, and the memory it needs.

What stands in LOADED (written by an earlier run, "" for nothing) is imported first. TOLD gets, as JSON, the
resident bytes before the command and at its peak, and what was imported in the end. Linux alone.
"""

import importlib
import json
import sys
from contextlib import suppress
from pathlib import Path

from mzi_adapters.system import moves_many_records
from mzi_http.cli import run


def _memory(name: str) -> int:
    said = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in said if line.startswith(name)) * 1024


def _main(told: str, file: str, store: str, loaded: str) -> int:
    moves_many_records()
    for name in json.loads(Path(loaded).read_text())["modules"] if loaded else ():
        with suppress(ImportError):
            importlib.import_module(name)
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins here
    before = _memory("VmRSS")
    code = run(["--store", store, "sync", "students", file])
    said = {"before": before, "peak": _memory("VmHWM"), "modules": list(sys.modules)}
    Path(told).write_text(json.dumps(said))
    return code


if __name__ == "__main__":
    sys.exit(_main(*sys.argv[1:]))
