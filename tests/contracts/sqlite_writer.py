"""A process of its own that writes students: `python sqlite_writer.py URL FIRST SESSIONS [hang]`.

It says `ready`, waits for a line, writes a student a session, and says `done`; with `hang` it stays inside
its last session, everything written and nothing committed, and says `inside`.
"""

import asyncio
import sys

from mzi_adapters.sql import open_store
from mzi_adapters.testing.contracts.fixtures import BEGAN, OURS
from mzi_adapters.testing.contracts.samples import row, sample
from mzi_core.modules import STUDENTS

EACH = 20


def say(word: str) -> None:
    """One word to whoever started us."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


async def main(url: str, first: int, sessions: int, hang: bool) -> None:
    """Write `sessions` times EACH students, the first of them the sample `first`."""
    async with open_store(url) as store:
        say("ready")
        sys.stdin.readline()
        for session_number in range(sessions):
            async with store.begin(OURS) as session:
                start = first + session_number * EACH
                rows = [row(STUDENTS, sample(STUDENTS, n)) for n in range(start, start + EACH)]
                await session.write(STUDENTS, rows, BEGAN)
                if hang and session_number == sessions - 1:
                    say("inside")
                    await asyncio.Event().wait()
    say("done")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), "hang" in sys.argv))
