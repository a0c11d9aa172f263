"""Find the grades that are others by now, though nobody has done anything: their time has come."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import attrs

from mzi_core.flows import subject_of
from mzi_core.flows.grade import to_record
from mzi_core.flows.rules import FlowName
from mzi_core.grading import Grade
from mzi_core.modules import MOODLE_MARKS, MoodleMarkRecord
from mzi_core.ports import Cursor, Due, Query, Session, Store, Stored, TenantSettings
from mzi_core.use_cases.grade_partners import JudgesByLevel, grade_partners
from mzi_core.use_cases.tasks import GoesOn, TaskDone, TaskName, last_ended
from mzi_core.values import TenantId

PAGE = 500


async def settled_last(session: Session) -> datetime | None:
    """When grades were settled last: what was graded before has its settled grade."""
    return await last_ended(session, TaskName.SETTLE_GRADES)


@attrs.frozen(kw_only=True)
class SettleGrades:
    """Decides every mark as of the last time and as of now; where the grades differ, its pair is due."""

    store: Store
    every: timedelta

    async def __call__(
        self, tenant: TenantId, since: datetime | None, now: datetime, goes_on: GoesOn
    ) -> TaskDone:
        """Page by page; nothing is written but what is due."""
        dues: list[Due] = []
        looked_at = 0
        query = Query(limit=PAGE)
        while await goes_on():
            async with self.store.read(tenant) as session:
                settings = await session.settings()
                rows = await session.list(MOODLE_MARKS, query)
                found = await self._changed(session, settings, rows, since, now)
            looked_at += len(rows)
            dues += (Due(FlowName.GRADE, key, subject_of(MOODLE_MARKS.name, key)) for key in found)
            if len(rows) < PAGE:
                break
            query = attrs.evolve(query, after=Cursor(rows[-1].updated_at, rows[-1].entity.key))
        return TaskDone(counts={"marks": looked_at, "due": len(dues)}, dues=dues)

    async def _changed(
        self,
        session: Session,
        settings: TenantSettings,
        rows: Sequence[Stored[MoodleMarkRecord]],
        since: datetime | None,
        now: datetime,
    ) -> list[str]:
        """The marks among these that come to another grade now than when they were looked at last."""
        marks = {str(row.entity.key): row.entity for row in rows}
        partners = await grade_partners(session, marks)
        today = JudgesByLevel(settings=settings, now=now)
        changed = []
        for row in rows:
            mark, key = row.entity, str(row.entity.key)
            seen = row.updated_at if since is None else max(since, row.updated_at)
            then = JudgesByLevel(settings=settings, now=min(seen, now))
            level = partners[key].level
            after = _grade(today, mark, level, now)
            if after.is_final and after is not _grade(then, mark, level, since):
                changed.append(key)
        return changed


def _grade(
    judges: JudgesByLevel, mark: MoodleMarkRecord, level: str | None, settled_until: datetime | None
) -> Grade:
    decided = judges.decided(mark, level)
    if isinstance(decided, str):
        return Grade.PENDING
    return to_record(mark, decided.decisions, settled_until)[0]
