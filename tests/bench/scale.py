"""Bar 8: a record costs the same however many there are, and a stream is never held as a whole."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import attrs
from tests.bench import data
from tests.bench.measure import Bar
from tests.bench.server import Server

from mzi_adapters.bench import Meter, Scratch, as_lines, scratch, take, taking_turns
from mzi_adapters.files import open_source
from mzi_core.modules import STUDENTS
from mzi_core.values import State

CHUNK = 10_000
MEGA = 2**20

_CHILD = """
import importlib, json, sys
modules, records, store, loaded = sys.argv[1:]
def memory(name):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(name)) * 1024
from mzi_http.cli import run
from mzi_adapters.system import moves_many_records
moves_many_records()
for name in json.loads(open(loaded).read()) if loaded != "-" else ():
    try:
        importlib.import_module(name)
    except ImportError:
        pass
with open("/proc/self/clear_refs", "w") as refs:
    refs.write("5")  # the peak begins here
before = memory("VmRSS")
code = run(["--store", store, "sync", "students", records])
peak = memory("VmHWM")
if code:
    sys.exit(f"mzi sync ended with {code}")
with open(modules, "w") as out:
    json.dump({"before": before, "peak": peak, "modules": list(sys.modules)}, out)
"""


def written(file: Path, count: int) -> Path:
    """A file of `count` students, made piece by piece."""
    with file.open("wb") as out:
        pile = []
        for student in data.narrow(count):
            pile.append(student)
            if len(pile) == CHUNK:
                out.writelines(as_lines(pile))
                pile.clear()
        out.writelines(as_lines(pile))
    return file


@attrs.frozen
class _Stream:
    """So many new records from a file into an empty store."""

    place: Scratch
    file: Path
    count: int

    async def new(self, meter: Meter) -> None:
        await self.place.empty(STUDENTS)
        with open_source(str(self.file)) as source, meter.running():
            counts = await take(self.place.use_cases, STUDENTS, source)
        assert counts == {State.NEW: self.count}, counts


def _child(folder: Path, records: Path, store: str, loaded: str) -> dict[str, object]:
    told = folder / "told.json"
    ran = subprocess.run(
        [sys.executable, "-c", _CHILD, str(told), str(records), store, loaded],
        check=False,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    found: dict[str, object] = json.loads(told.read_text())
    return found


def peak(folder: Path, few: Path, many: Path, stores: tuple[str, str]) -> float:
    """MB that `mzi sync` needs beyond what it needs to be loaded with all it will ever import.

    It is run twice, each time into an empty store.
    """
    first = _child(folder, few, stores[0], "-")
    loaded = folder / "loaded.json"
    loaded.write_text(json.dumps(first["modules"]))
    then = _child(folder, many, stores[1], str(loaded))
    return (int(str(then["peak"])) - int(str(then["before"]))) / MEGA


async def bars(
    server: Server | None, records: int, rounds: int, tell: Callable[[str], None], *, million: bool
) -> list[Bar]:
    """The bars; `million`: on 100,000 and 1,000,000 records, which takes long."""
    small, great = (100_000, 1_000_000) if million else (2 * records, 20 * records)
    found: list[Bar] = []
    with TemporaryDirectory(prefix="mzi-bench-") as name:
        folder = Path(name)
        tell(f"Writing {great:,} records")
        few, many, one = (written(folder / f"{count}.ndjson", count) for count in (small, great, 1))
        if server is not None:
            async with scratch(server.url) as place:
                sides = {"small": _Stream(place, few, small), "great": _Stream(place, many, great)}
                costs = await taking_turns(
                    {name: side.new for name, side in sides.items()},
                    rounds=rounds,
                    tell=lambda turn, side: tell(f"{small:,} and {great:,} records, round {turn}: {side}"),
                )
            each = {name: costs[name].per(side.count) for name, side in sides.items()}
            found.append(
                Bar(
                    number="8",
                    what=f"µs a record of {great:,} NEW, PostgreSQL",
                    baseline=f"µs a record of {small:,}",
                    ratio=each["great"] / each["small"],
                    bar=1.2,
                    at_most=True,
                    records=great,
                    note=f"{each['great']:.1f} µs against {each['small']:.1f}",
                )
            )
        tell(f"Peak memory of {great:,} records")
        peaks = {"SQLite": peak(folder, one, many, (_file(folder, "one"), _file(folder, "many")))}
        if server is not None:
            async with scratch(server.url) as first, scratch(server.url) as then:
                peaks["PostgreSQL"] = peak(folder, one, many, (first.url, then.url))
        found += [
            Bar(
                number="8",
                what=f"MB at the peak of `mzi sync`, {great:,} NEW from a file, {kind}",
                baseline="MB after all imports",
                ratio=megabytes,
                bar=20.0,
                at_most=True,
                records=great,
            )
            for kind, megabytes in peaks.items()
        ]
    return found


def _file(folder: Path, name: str) -> str:
    return f"sqlite:///{folder / name}.db"
