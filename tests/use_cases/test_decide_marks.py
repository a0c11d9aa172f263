"""The marks that are stored of Moodle are decided by the tenant's policy, and nothing is kept."""

from typing import Any

import pytest

from mzi_adapters.testing.harness import Harness
from mzi_core.errors import NotFound, UnknownTenant
from mzi_core.grading import Grade
from mzi_core.modules import CATALOGUE, MOODLE_MARKS
from mzi_core.ports import Deleted
from mzi_core.use_cases import decide_marks
from mzi_core.use_cases.decide_marks import DecidedMark
from mzi_core.use_cases.deletions import MarkDeleted
from mzi_core.use_cases.grades import MarkingRefused, PolicyRefused
from mzi_core.values import DEFAULT_TENANT, MoodleKey, TenantId, ZohoId

AT = 1770640200


async def college(*marks: dict[str, Any]) -> Harness:
    """Two students in two courses, and marks."""
    mzi = Harness()
    for module, records in (
        ("moodle_users", [{"userid": one, "timemodified": AT} for one in (7, 8)]),
        ("moodle_courses", [{"courseid": one, "timemodified": AT} for one in (2, 3)]),
        ("moodle_marks", list(marks)),
    ):
        await mzi.use_cases.sync(DEFAULT_TENANT, CATALOGUE[module], records)
    return mzi


def mark(raw: object, *, student: int = 7, course: int = 2, **more: Any) -> dict[str, Any]:
    ids = {"userid": student, "courseid": course, "assignid": 55, "timemodified": AT}
    return {**ids, "assigngrademax": 4, "rawgrade": raw, "submissionstatus": "submitted", **more}


async def decided(mzi: Harness, **asked: Any) -> list[DecidedMark]:
    return [each async for each in mzi.use_cases.decide_marks(DEFAULT_TENANT, **asked)]


async def grades(mzi: Harness, **asked: Any) -> dict[str, list[str]]:
    found = await decided(mzi, **asked)
    return {str(each.mark.key): [made.grade.value for made in each.decisions] for each in found}


async def test_every_attempt_is_decided_and_nothing_is_kept() -> None:
    mzi = await college(mark(None, attempts=[{"attemptnumber": n, "rawgrade": n + 1} for n in range(2)]))
    (found,) = await decided(mzi)
    assert [each.grade for each in found.decisions] == [Grade.R, Grade.P]
    assert (found.decided_at, found.refused) == (mzi.clock.now(), None)
    with pytest.raises(NotFound):
        await mzi.use_cases.show_decision(DEFAULT_TENANT, str(found.mark.key))


async def test_those_of_a_course_or_a_student_are_found_among_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide_marks, "MARKS_AT_ONCE", 2)
    mzi = await college(*(mark(3, student=one, course=course) for one in (7, 8) for course in (2, 3)))
    assert sorted(await grades(mzi)) == ["7_2_55", "7_3_55", "8_2_55", "8_3_55"]
    assert sorted(await grades(mzi, course=MoodleKey("3"))) == ["7_3_55", "8_3_55"]
    assert sorted(await grades(mzi, student=MoodleKey("8"))) == ["8_2_55", "8_3_55"]
    assert sorted(await grades(mzi, course=MoodleKey("2"), student=MoodleKey("8"))) == ["8_2_55"]
    assert await grades(mzi, course=MoodleKey("9")) == {}


async def test_one_that_cannot_be_judged_says_why_and_harms_no_other() -> None:
    mzi = await college(mark(3, assigngrademax=-3), mark(3, student=8))
    found = {each.mark.student: each for each in await decided(mzi)}
    assert [each.grade for each in found[MoodleKey("8")].decisions] == [Grade.M]
    assert found[MoodleKey("7")].decisions == ()
    refused = found[MoodleKey("7")].refused
    assert refused is not None
    assert refused.problems[0].startswith("Attempt 1: The grade item names a scale and not its items")
    with pytest.raises(MarkingRefused, match="names a scale"):
        await mzi.use_cases.decide_mark(DEFAULT_TENANT, "7_2_55")


async def test_the_policy_is_the_one_that_is_named_or_chosen_and_says_the_scale() -> None:
    mzi = await college(mark(45, assigngrademax=None))
    assert await grades(mzi) == {"7_2_55": ["PENDING"]}  # no mark of 0 to 4
    assert await grades(mzi, policy="percent") == {"7_2_55": ["P"]}
    await mzi.use_cases.choose_policy(DEFAULT_TENANT, "L5", {"base": "percent"})
    assert await grades(mzi, level="HND") == {"7_2_55": ["P"]}
    with pytest.raises(PolicyRefused):
        await grades(mzi, policy="nonsense")
    with pytest.raises(UnknownTenant):
        [each async for each in mzi.use_cases.decide_marks(TenantId("nobody"))]


async def test_one_mark_is_decided_by_its_key() -> None:
    mzi = await college(mark(3), mark(1, student=8))
    found = await mzi.use_cases.decide_mark(DEFAULT_TENANT, "8_2_55")
    assert [each.grade for each in found.decisions] == [Grade.R]
    with pytest.raises(NotFound):
        await mzi.use_cases.decide_mark(DEFAULT_TENANT, "9_2_55")
    gone = Deleted(zoho_id=ZohoId("8_2_55"), deleted_at=mzi.clock.now(), permanently=False)
    await MarkDeleted(store=mzi.store, clock=mzi.clock)(DEFAULT_TENANT, MOODLE_MARKS, [gone])
    with pytest.raises(NotFound):
        await mzi.use_cases.decide_mark(DEFAULT_TENANT, "8_2_55")
    assert sorted(await grades(mzi)) == ["7_2_55"]
