"""What local_mzi adds where it is installed: every fact a grading policy asks for, in one call."""

from decimal import Decimal
from typing import Any

import pytest
from tests.gateways.moodle_fake.asking import ask
from tests.gateways.moodle_fake.conftest import Campus

from mzi_core.grading.criteria import Criterion
from mzi_core.grading.marking import Marking

FACTS = "local_mzi_get_grade_facts"
DEFINE = "local_mzi_save_btec_definition"


@pytest.fixture
def equipped(campus: Campus) -> Campus:
    """The site with the plugin, and one student marked twice on criteria."""
    campus.moodle.plugin = True
    campus.moodle.submit(campus.criteria, campus.noor)
    campus.moodle.grade(
        campus.criteria,
        campus.noor,
        feedback="<p>Once more</p>",
        grader=campus.teacher,
        reopen=True,
        criteria={"P1": (False, "what of P1?"), "M1": (True, ""), "D1": (False, "")},
    )
    campus.moodle.submit(campus.criteria, campus.noor)
    campus.moodle.grade(
        campus.criteria,
        campus.noor,
        feedback="<p>Clear design</p>",
        workflow="inmarking",
        grader=campus.teacher,
        criteria={"P1": (True, "ok"), "M1": (True, ""), "D1": (False, "not yet")},
    )
    return campus


@pytest.mark.parametrize("function", [FACTS, DEFINE])
async def test_without_the_plugin_there_is_no_such_function(campus: Campus, function: str) -> None:
    """Nor is it in the list of the service."""
    assert (await ask(campus.moodle, function))["errorcode"] == "invalidrecord"
    info = await ask(campus.moodle, "core_webservice_get_site_info")
    assert function not in {each["name"] for each in info["functions"]}


async def test_with_the_plugin_its_functions_are_in_the_service(equipped: Campus) -> None:
    """So that a client can see them."""
    info = await ask(equipped.moodle, "core_webservice_get_site_info")
    assert {FACTS, DEFINE} <= {each["name"] for each in info["functions"]}


async def test_facts_have_every_attempt_with_its_criteria_before_release_too(equipped: Campus) -> None:
    """What stock functions withhold or do not have."""
    facts = await ask(equipped.moodle, FACTS, assignid=equipped.criteria)
    assert (facts["grademax"], facts["scaleitems"]) == (-3, "Refer,Pass,Merit,Distinction")
    [student] = facts["students"]
    assert (student["userid"], student["workflowstate"]) == (equipped.noor, "inmarking")
    assert (student["finalgrade"], type(student["gradegradeid"])) == (None, int)
    first, second = student["attempts"]
    assert [(each["attemptnumber"], each["latest"], each["rawgrade"]) for each in (first, second)] == [
        (0, 0, "1.00000"),
        (1, 1, "3.00000"),
    ]
    assert second["feedback"] == "<p>Clear design</p>"
    assert second["gradername"] == "Sara Saleh"
    assert second["criteria"] == [
        {"code": "P1", "definition": "Explain", "score": 1, "remark": "ok"},
        {"code": "M1", "definition": "Analyse", "score": 1, "remark": ""},
        {"code": "D1", "definition": "Evaluate", "score": 0, "remark": "not yet"},
    ]


async def test_facts_are_what_a_marking_is_made_of(equipped: Campus) -> None:
    """Field by field, with nothing left to guess."""
    facts = await ask(equipped.moodle, FACTS, assignid=equipped.criteria, userids=[equipped.noor])
    [student] = facts["students"]

    def marking(attempt: dict[str, Any]) -> Marking:
        return Marking(
            raw=Decimal(attempt["rawgrade"]),
            submitted=attempt["submissionstatus"] == "submitted",
            attempt=attempt["attemptnumber"],
            feedback=attempt["feedback"],
            workflow=student["workflowstate"],
            criteria=tuple(
                Criterion(
                    code=each["code"],
                    achieved=each["score"] == 1,
                    definition=each["definition"],
                    remark=each["remark"],
                )
                for each in attempt["criteria"]
            ),
        )

    made = [marking(each) for each in student["attempts"]]
    assert [each.text.strip() for each in made] == ["Once more", "Clear design"]
    assert [[each.achieved for each in one.criteria] for one in made] == [
        [False, True, False],
        [True, True, False],
    ]


async def test_a_student_without_anything_has_no_attempt(equipped: Campus) -> None:
    """Asked for by name, they are there all the same; and asking leaves no trace."""
    for _ in range(2):
        facts = await ask(equipped.moodle, FACTS, assignid=equipped.criteria, userids=[equipped.sami])
        [student] = facts["students"]
        assert (student["attempts"], student["gradegradeid"], student["workflowstate"]) == ([], None, "")
    facts = await ask(equipped.moodle, FACTS, assignid=equipped.plain, userids=[equipped.sami])
    assert facts["students"][0]["workflowstate"] is None


async def test_a_definition_is_made_and_then_replaced(equipped: Campus) -> None:
    """Stock functions list it by name and id, without its criteria."""
    cmid = equipped.moodle.site.assignments[equipped.scale].cmid
    criteria = [{"code": "P1", "description": "Explain"}, {"code": "P2", "description": "Describe"}]
    made = [
        await ask(equipped.moodle, DEFINE, cmid=cmid, name=name, criteria=criteria) for name in ("U1", "U2")
    ]
    assert made[0] == made[1] == {"definitionid": 2, "warnings": []}
    said = await ask(equipped.moodle, "core_grading_get_definitions", cmids=[cmid], areaname="submissions")
    [area] = said["areas"]
    [definition] = area["definitions"]
    assert (area["activemethod"], definition["name"]) == ("btec", "U2")
    assert "btec" not in definition


@pytest.mark.parametrize("codes", [["P1", "P1"], ["X1"], ["P"], []], ids=repr)
async def test_criteria_need_codes_each_once(equipped: Campus, codes: list[str]) -> None:
    """As the grading form knows them."""
    cmid = equipped.moodle.site.assignments[equipped.scale].cmid
    criteria = [{"code": code, "description": "x"} for code in codes]
    said = await ask(equipped.moodle, DEFINE, cmid=cmid, name="U1", criteria=criteria)
    assert said["errorcode"] == "invalidparameter"
