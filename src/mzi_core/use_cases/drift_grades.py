"""Drift of grades: what marks of Moodle come to, compared with the grades of Zoho and not written."""

from collections.abc import AsyncIterator, Sequence
from functools import partial

import attrs

from mzi_core.flows.drift import Differing, Outlook, PairDrift, grade_drift
from mzi_core.flows.flow import GRADE
from mzi_core.flows.grade import in_zoho, plan_grade
from mzi_core.flows.rules import Rules
from mzi_core.modules import GRADES, MOODLE_MARKS, MoodleMarkRecord, RecordedGrade
from mzi_core.ports import Connections, Stored
from mzi_core.use_cases.batches import Batches
from mzi_core.use_cases.deliver_grades import (
    NO_MARK,
    GatheredMarks,
    as_in_zoho,
    gather_marks,
    missing_partners,
)
from mzi_core.use_cases.drift import each_spared, remembered
from mzi_core.use_cases.push import live_rows
from mzi_core.use_cases.zoho_half import ZohoHalf
from mzi_core.values import TenantId


@attrs.frozen(kw_only=True)
class DriftOfGrades:
    """Decides marks and plans grades as `DeliverGrades` would, page by page."""

    batches: Batches
    connections: Connections

    async def __call__(self, tenant: TenantId, rules: Rules) -> AsyncIterator[Sequence[PairDrift]]:
        """Those that have a mark, then the grades that have none."""
        zoho = await ZohoHalf.of(tenant, GRADES, self.batches, self.connections, keeps=False)
        store = self.batches.store
        told: set[str] = set()  # which grades are that of a mark, whatever key is known here of them
        async for marks in live_rows(store, tenant, MOODLE_MARKS, GRADE.at_once):
            pairs = await each_spared(marks, partial(self._found, zoho), _refused)
            told.update(pair.counterpart for pair in pairs if pair.counterpart is not None)
            yield pairs
        async for grades in live_rows(store, tenant, GRADES, GRADE.at_once):
            left = [row.entity for row in grades if row.entity.zoho_id not in told]
            if pairs := await self._without_mark(tenant, left):
                yield pairs

    async def _found(self, zoho: ZohoHalf, rows: Sequence[Stored[MoodleMarkRecord]]) -> list[PairDrift]:
        """How the pairs of these marks stand."""
        keys = [row.entity.key for row in rows]
        async with self.batches.store.read(zoho.tenant) as session:
            known = await remembered(session, GRADE, keys)
        found = await gather_marks(self.batches, zoho.tenant, {key: known.get(key) for key in keys})
        pairs = await as_in_zoho(zoho, found.pairs)
        drifts = {key: grade_drift(key, pair.facts, plan_grade(pair.facts)) for key, pair in pairs.items()}
        return [drifts.get(key) or _not_recorded(key, found) for key in keys if key in found.partners]

    async def _without_mark(self, tenant: TenantId, known: Sequence[RecordedGrade]) -> list[PairDrift]:
        """How the grades stand of which Moodle has no mark."""
        grades = {grade.composite_key: grade for grade in known if grade.composite_key}
        async with self.batches.store.read(tenant) as session:
            marks = await session.stored(MOODLE_MARKS, [MOODLE_MARKS.side.key(key) for key in grades])
        live = {key for key, row in marks.items() if row.deleted_at is None}
        return [
            _unplanned(key, Outlook.LEAVE, NO_MARK, grade) for key, grade in grades.items() if key not in live
        ]


def _refused(row: Stored[MoodleMarkRecord], why: str) -> PairDrift:
    return _unplanned(row.entity.key, Outlook.CANNOT, why)


def _not_recorded(key: str, found: GatheredMarks) -> PairDrift:
    """How a pair stands of which no grade is to be recorded now."""
    row = found.partners[key].grade
    theirs = None if row is None else row.entity
    if key in found.refused:
        return _unplanned(key, Outlook.CANNOT, found.refused[key], theirs)
    if key in found.pending:
        outlook = Outlook.AGREES if theirs is None else Outlook.LEAVE
        return _unplanned(key, outlook, found.pending[key], theirs)
    _, why = next(missing_partners(found.lone[key], found.partners[key]))
    return _unplanned(key, Outlook.WAIT, why, theirs)


def _unplanned(key: str, outlook: Outlook, why: str, theirs: RecordedGrade | None = None) -> PairDrift:
    """A pair with the grade that Zoho has, where nothing in Moodle stands against it."""
    grade = None if theirs is None else in_zoho(theirs, "grade_value")
    return PairDrift(
        key=key,
        module=MOODLE_MARKS.name,
        outlook=outlook,
        counterpart=None if theirs is None else theirs.zoho_id,
        differing=() if grade is None else (Differing("grade_value", zoho=grade, moodle=None),),
        why=why,
    )
