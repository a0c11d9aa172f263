"""What a mark of Moodle belongs to in Zoho, and what it comes to by the policy for the level of its unit."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import attrs

from mzi_core.errors import MziError
from mzi_core.flows.write_back import write_back_of
from mzi_core.module import AnyModule
from mzi_core.modules import CLASSES, GRADES, STUDENTS, UNITS, Class, MoodleMarkRecord, RecordedGrade, Student
from mzi_core.ports import Session, Stored, TenantSettings
from mzi_core.use_cases.decide_marks import DecidedMark, JudgeMarks
from mzi_core.values import MoodleId, Value


@attrs.frozen(kw_only=True)
class GradePartners:
    """Whose a mark is in Zoho, as far as is known here; `level`: that of the unit."""

    student: Student | None = None
    class_: Class | None = None
    grade: Stored[RecordedGrade] | None = None
    level: str | None = None


@attrs.frozen(kw_only=True)
class JudgesByLevel:
    """Judges marks by the policies of a tenant, all at one moment."""

    settings: TenantSettings
    now: datetime
    _by_level: dict[str | None, JudgeMarks | str] = attrs.field(factory=dict, init=False)

    def decided(self, mark: MoodleMarkRecord, level: str | None) -> DecidedMark | str:
        """What a mark comes to for a unit of this level; a sentence where it cannot be judged."""
        if level not in self._by_level:
            self._by_level[level] = self._judge(level)
        judge = self._by_level[level]
        if isinstance(judge, str):
            return judge
        made = judge.decided(mark)
        return made if made.refused is None else made.refused.told

    def _judge(self, level: str | None) -> JudgeMarks | str:
        try:
            return JudgeMarks.of(self.settings, self.now, level=level)
        except MziError as error:
            return error.told


async def grade_partners(session: Session, marks: Mapping[str, MoodleMarkRecord]) -> dict[str, GradePartners]:
    """Whose each mark is in Zoho."""
    students = await _linked(session, STUDENTS, (mark.student for mark in marks.values()))
    classes = await _linked(session, CLASSES, (mark.course for mark in marks.values()))
    units = await session.stored(UNITS, {each.unit for each in classes.values() if each.unit is not None})
    owners = (await session.owners(GRADES, {"composite_key": set(marks)})).get("composite_key", {})
    grades = await session.stored(GRADES, list(owners.values()))
    found: dict[str, GradePartners] = {}
    for key, mark in marks.items():
        class_ = classes.get(mark.course)
        unit = None if class_ is None or class_.unit is None else units.get(class_.unit)
        owner = owners.get(key)
        found[key] = GradePartners(
            student=students.get(mark.student),
            class_=class_,
            grade=None if owner is None else grades.get(owner),
            level=None if unit is None else unit.entity.level,
        )
    return found


async def _linked(session: Session, module: AnyModule, keys: Iterable[str]) -> dict[str, Any]:
    """The live records of Zoho that are linked to users or courses, by the keys of these."""
    link = write_back_of(module).link
    ids: dict[Value, str] = {MoodleId(int(key)): key for key in keys}
    owners = (await session.owners(module, {link: ids})).get(link, {})
    rows = await session.stored(module, list(owners.values()))
    return {ids[id]: rows[owner].entity for id, owner in owners.items()}
