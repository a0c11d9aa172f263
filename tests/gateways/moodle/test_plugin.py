"""What mzi's own Moodle plugin adds, where it is installed."""

from decimal import Decimal

import pytest
from tests.gateways.moodle.given import TOKEN, client_of

from mzi_adapters.moodle.site import NEEDED
from mzi_adapters.testing.moodle import FakeMoodle
from mzi_core.errors import NotOffered
from mzi_core.grading import Criterion
from mzi_core.ports import Feature, Template, TemplateCriterion
from mzi_core.values import MoodleId

TEMPLATE = Template(
    name="Unit 19",
    criteria=(
        TemplateCriterion(code="P1", description="Explain"),
        TemplateCriterion(code="M1", description="Analyse"),
    ),
)


def _site() -> tuple[FakeMoodle, MoodleId, MoodleId]:
    """A site with the plugin, an assignment with criteria, and a student who was marked and not released."""
    site = FakeMoodle(token=TOKEN)
    site.plugin = True
    site.functions.update(feature.value for feature in Feature)
    course = site.add_course(shortname="BM-1")
    student = site.add_user(username="sara@mzi.example")
    site.enrol(student, course)
    assignment = site.add_assignment(course, grade=-3, criteria={"P1": "Explain", "M1": "Analyse"})
    site.submit(assignment, student)
    site.grade(
        assignment,
        student,
        feedback="Code: 01122",
        workflow="inmarking",
        criteria={"P1": (True, "well done"), "M1": (False, "")},
    )
    return site, MoodleId(assignment), MoodleId(student)


async def test_the_facts_of_a_grade_come_with_criteria_and_before_release() -> None:
    """Which is what a grading policy asks for, and stock Moodle keeps to itself."""
    site, assignment, student = _site()
    facts = (await client_of(site).grade_facts(assignment, [student]))[student]
    [attempt] = facts.attempts
    assert (facts.workflow, facts.released, facts.graded, attempt.submitted) == (
        "inmarking",
        False,
        True,
        True,
    )
    assert (attempt.raw, attempt.feedback) == (Decimal(2), "Code: 01122")
    assert attempt.criteria == (
        Criterion(code="P1", achieved=True, definition="Explain", remark="well done"),
        Criterion(code="M1", achieved=False, definition="Analyse"),
    )


async def test_a_student_without_any_work_has_no_attempts() -> None:
    """And no id of a grade."""
    site, assignment, _ = _site()
    other = MoodleId(site.add_user(username="ali@mzi.example"))
    facts = (await client_of(site).grade_facts(assignment, [other]))[other]
    assert (facts.attempts, facts.graded, facts.gradebook_id) == ((), False, None)
    assert await client_of(site).grade_facts(assignment, []) == {}


async def test_a_template_is_given_twice_and_there_once() -> None:
    """The form of the assignment is replaced."""
    site, assignment, _ = _site()
    cmid = MoodleId(site.site.assignments[assignment].cmid)
    moodle = client_of(site)
    first = await moodle.save_template(cmid, TEMPLATE)
    assert await moodle.save_template(cmid, TEMPLATE) == first
    found = (await moodle.definitions([cmid]))[cmid]
    assert [(one.id, one.method, one.name) for one in found] == [(first, "btec", "Unit 19")]  # type: ignore[union-attr]


async def test_without_the_plugin_each_of_its_functions_is_said_to_be_missing() -> None:
    """In a sentence, and without a crash."""
    site, assignment, student = _site()
    site.plugin = False
    site.functions.difference_update(feature.value for feature in Feature)
    moodle = client_of(site)
    assert (await moodle.site()).features == frozenset()
    for work in (
        moodle.grade_facts(assignment, [student]),
        moodle.save_template(MoodleId(1), TEMPLATE),
        moodle.call_plugin("local_mzi_submit_grade", {"gradedata": "{}"}),
    ):
        with pytest.raises(NotOffered, match="Install"):
            await work


async def test_a_service_that_lacks_a_function_says_which() -> None:
    """Before somebody runs into it."""
    site, _, _ = _site()
    site.functions.discard("mod_assign_save_grade")
    found = await client_of(site).site()
    assert found.missing == ("mod_assign_save_grade",)
    assert found.features == frozenset(Feature)
    assert len(NEEDED) == len(set(NEEDED))


async def test_a_criterion_whose_code_cannot_be_read_keeps_its_row_and_the_grade() -> None:
    """A policy warns of it."""
    site, assignment, student = _site()
    definition = site.site.assignments[assignment].definition
    assert definition is not None
    definition.criteria[0].code = "P1a"
    facts = (await client_of(site).grade_facts(assignment, [student]))[student]
    assert [(one.code, one.achieved) for one in facts.attempts[0].criteria] == [("P1a", True), ("M1", False)]
