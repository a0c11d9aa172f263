"""Runs seeds of the simulation.

`python -m tests.simulation SEED` tells the story of one, a line an event; `--about 1028` only the lines in
which that stands. `--seeds 100` runs so many from SEED on in both modes, and counts what went wrong.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Collection

from tests.simulation.world import Ran, run


def shrunk(ran: Ran) -> list[str]:
    """The names of the chances that need not happen for the same to go wrong."""
    kinds, off = {kind for kind, _ in ran.wrong}, list[str]()
    left = [list(ran.fired)]
    while left:
        some = left.pop()
        again = run(ran.seed, swept=ran.swept, off=[*off, *some])
        if kinds & {kind for kind, _ in again.wrong}:
            off += some
        elif len(some) > 1:
            left += [some[len(some) // 2 :], some[: len(some) // 2]]
    return off


def _told(ran: Ran, about: str) -> None:
    for line in ran.story:
        if about in line:
            print(line)


def _counted(seeds: Collection[int]) -> int:
    """Whether anything was wrong, as the status of a process."""
    failed = 0
    for swept in (False, True):
        fired: Counter[str] = Counter()
        wrong: Counter[str] = Counter()
        for seed in seeds:
            ran = run(seed, swept=swept)
            fired.update(name.partition("/")[0] for name in ran.fired)
            wrong.update({kind for kind, _ in ran.wrong})
            for kind, sentence in ran.wrong:
                print(f"seed {seed}{' --swept' if swept else ''}: {kind}: {sentence}", flush=True)
        print(f"{len(seeds)} seeds {'with' if swept else 'without'} a pull of everything at the end")
        print("  happened:", ", ".join(f"{kind} {number}" for kind, number in sorted(fired.items())))
        print(
            "  wrong:", ", ".join(f"{kind} {number}" for kind, number in sorted(wrong.items())) or "nothing"
        )
        failed += len(wrong)
    return min(failed, 1)


def _main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("seed", type=int)
    parser.add_argument("--seeds", type=int, metavar="NUMBER", help="so many, from that one on")
    parser.add_argument("--swept", action="store_true", help="everything is pulled at the end")
    parser.add_argument("--about", default="", metavar="TEXT", help="only lines in which it stands")
    parser.add_argument("--off", nargs="*", default=(), metavar="NAME", help="what is not to happen")
    parser.add_argument("--shrink", action="store_true", help="leave out what is not needed to go wrong")
    given = parser.parse_args()
    if given.seeds is not None:
        return _counted(range(given.seed, given.seed + given.seeds))
    ran = run(given.seed, swept=given.swept, off=given.off)
    if given.shrink and ran.wrong:
        ran = run(given.seed, swept=given.swept, off=shrunk(ran))
    _told(ran, given.about)
    return min(len(ran.wrong), 1)


if __name__ == "__main__":
    sys.exit(_main())
