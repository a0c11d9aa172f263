"""Which programmes have which category or course; several may share a category."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import attrs

from mzi_core.modules import PROGRAMS, Program
from mzi_core.ports import Cursor, Query, Session
from mzi_core.values import MoodleId

PAGE = 1000


async def programs_by_moodle_id(session: Session) -> Mapping[MoodleId, Sequence[Program]]:
    """All live programmes that have an id in Moodle, by that; a college has some dozens."""
    found: dict[MoodleId, list[Program]] = defaultdict(list)
    query = Query(limit=PAGE)
    while True:
        rows = await session.list(PROGRAMS, query)
        for row in rows:
            if row.entity.moodle_id is not None:
                found[row.entity.moodle_id].append(row.entity)
        if len(rows) < PAGE:
            return found
        query = attrs.evolve(query, after=Cursor(rows[-1].updated_at, rows[-1].entity.key))
