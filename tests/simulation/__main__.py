"""`python -m tests.simulation SEED` tells the story of a seed, one line an event."""

import sys

from tests.simulation.world import run

if __name__ == "__main__":
    for swept in (False,):
        ran = run(int(sys.argv[1]), swept=swept)
        print("\n".join(ran.story))
