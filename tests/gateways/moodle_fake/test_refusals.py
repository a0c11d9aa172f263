"""The rarer refusals, in a table: what is asked, and the code that is answered."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from tests.gateways.moodle_fake.asking import ask
from tests.gateways.moodle_fake.conftest import Campus

Asked = Callable[[Campus], dict[str, Any]]


def _changed_category(change: object, _: Campus) -> dict[str, Any]:
    return {"categories": [change]}


REFUSED: list[tuple[str, Asked, str]] = [
    ("core_webservice_get_site_info", lambda _: {"serviceshortnames": ["x"]}, "servicenotavailable"),
    ("core_user_delete_users", lambda _: {"userids": [3]}, "usernotdeletederror"),
    ("core_user_get_users", lambda _: {"criteria": [{"key": "id", "value": 1}] * 2}, "keyalreadyset"),
    ("core_course_get_courses_by_field", lambda _: {"field": "id", "value": "x"}, "invalidparameter"),
    (
        "core_enrol_get_enrolled_users",
        lambda campus: {
            "courseid": campus.course,
            "options": [{"name": name, "value": 1} for name in ("onlyactive", "onlysuspended")],
        },
        "invalidparameter",
    ),
    (
        "core_role_assign_roles",
        lambda _: {"assignments": [{"roleid": 5, "userid": 4, "contextlevel": "course", "instanceid": 99}]},
        "invalidrecord",
    ),
    (
        "core_role_assign_roles",
        lambda _: {"assignments": [{"roleid": 5, "userid": 4, "contextlevel": "user", "instanceid": 4}]},
        "invalidparameter",
    ),
    (
        "core_group_create_groups",
        lambda campus: {"groups": [{"courseid": campus.course, "name": " ", "description": ""}]},
        "invalidparameter",
    ),
    (
        "core_group_add_group_members",
        lambda _: {"members": [{"groupid": 1, "userid": 9999}]},
        "invalidrecord",
    ),
    (
        "mod_assign_get_participant",
        lambda campus: {"assignid": campus.points, "userid": campus.teacher},
        "usernotincourse",
    ),
    (
        "gradereport_user_get_grade_items",
        lambda campus: {"courseid": campus.course, "userid": 2},
        "notincourse",
    ),
    (
        "core_grades_update_grades",
        lambda campus: {
            "source": "mzi",
            "courseid": campus.moodle.add_course(shortname="OTHER"),
            "component": "mod_assign",
            "activityid": campus.moodle.site.assignments[campus.points].cmid,
            "itemnumber": 0,
        },
        "errorcoursecontextnotvalid",
    ),
    (
        "mod_assign_save_grades",
        lambda campus: {
            "assignmentid": campus.points,
            "applytoall": 0,
            "grades": [
                {"userid": 4, "grade": 1, "attemptnumber": -1, "addattempt": 0, "workflowstate": "released"}
            ]
            * 2,
        },
        "invalidparameter",
    ),
    (
        "mod_assign_submit_grading_form",
        lambda campus: {"assignmentid": campus.criteria, "userid": campus.noor, "jsonformdata": "grade=2"},
        "invalidparameter",
    ),
    (
        "core_course_get_course_module_by_instance",
        lambda _: {"module": "forum", "instance": 1},
        "invalidrecord",
    ),
    *(
        ("core_course_update_categories", partial(_changed_category, change), errorcode)
        for errorcode, change in (
            ("unknowncategory", {"id": 99, "name": "N"}),
            ("categorynamerequired", {"id": 1, "name": ""}),
            ("categorytoolong", {"id": 1, "name": "N" * 256}),
            ("idnumbertoolong", {"id": 1, "idnumber": "9" * 101}),
            ("categoryidnumbertaken", {"id": 1, "idnumber": "L5"}),
            ("invalidparameter", {"id": 1, "name": "<b>"}),
        )
    ),
]


@pytest.mark.parametrize(
    ("function", "asked", "errorcode"), REFUSED, ids=[f"{function}-{code}" for function, _, code in REFUSED]
)
async def test_a_refusal_has_its_code(campus: Campus, function: str, asked: Asked, errorcode: str) -> None:
    """HTTP 200, as all of them."""
    campus.moodle.capabilities.add("moodle/user:delete")
    assert (await ask(campus.moodle, function, **asked(campus)))["errorcode"] == errorcode


@pytest.mark.parametrize("arguments", ["users", "[]", "1", '{"users": 1}'], ids=repr)
async def test_arguments_of_a_call_among_several_must_be_a_structure(campus: Campus, arguments: str) -> None:
    """What is not fails that call, in its place."""
    requests = [{"function": "core_user_create_users", "arguments": arguments}]
    said = await ask(campus.moodle, "tool_mobile_call_external_functions", requests=requests)
    assert [each["error"] for each in said["responses"]] == [True]


@pytest.mark.parametrize(
    ("criterion", "found"),
    [
        ({"key": "parent", "value": "2"}, ["Below"]),
        ({"key": "ids", "value": "1,3"}, ["Category 1", "Below"]),
        ({"key": "idnumber", "value": "L5"}, ["Level 5", "Below"]),
        ({"key": "name", "value": "Nothing"}, []),
    ],
    ids=repr,
)
async def test_categories_come_with_those_below_them(
    campus: Campus, criterion: dict[str, str], found: list[str]
) -> None:
    """Unless they are not wanted."""
    campus.moodle.add_category("Below", parent=2)
    said = await ask(campus.moodle, "core_course_get_categories", criteria=[criterion])
    assert [each["name"] for each in said] == found
    alone = await ask(campus.moodle, "core_course_get_categories", criteria=[criterion], addsubcategories=0)
    assert {each["name"] for each in alone} <= set(found)


async def test_the_guest_cannot_be_changed_and_a_course_needs_a_category_that_is(campus: Campus) -> None:
    """Both are warnings of their item."""
    for function, items, code in (
        ("core_user_update_users", {"users": [{"id": 1, "city": "x"}]}, "usernotupdatedguest"),
        (
            "core_course_update_courses",
            {"courses": [{"id": campus.course, "categoryid": 99}]},
            "invalidrecord",
        ),
    ):
        said = await ask(campus.moodle, function, **items)
        assert [each["warningcode"] for each in said["warnings"]] == [code]


async def test_gradable_users_are_listed_while_nothing_needs_regrading(campus: Campus) -> None:
    """The students, by id."""
    said = await ask(campus.moodle, "core_grades_get_gradable_users", courseid=campus.course)
    assert [each["id"] for each in said["users"]] == [campus.noor, campus.sami]
