"""POST /classes/create: the course of a class, made at once."""

import pytest
from tests.http.serving import Api
from tests.http.test_payloads import payload, send
from tests.http.test_problems import problem

PATH = "/api/v1/classes/create"
CLASS = "5398830000090000201"
TEACHER = "5398830000090000701"
START = 1771102800
"""00:00 of 2026-02-15 where the college is."""


async def test_52_a_course_is_made_once_with_its_teacher_and_the_users_that_are_named(memory: Api) -> None:
    moodle, zoho = memory.mzi.moodle, memory.mzi.zoho
    names = ("support", "affairs", "ceo", "boss", "it.leader")
    users = {name: moodle.add_user(username=name, email=f"{name}@college.example") for name in names}
    taught_by = moodle.add_user(username="t1@college.example", email="t1@college.example")
    lines = [*(f"{users[name]}:editingteacher" for name in names[:4]), "it.leader:editingteacher:it"]
    await memory.mzi.use_cases.set_rules(memory.mzi.tenant, {"course_users": lines})
    asked = payload(52)["body"]
    while moodle.add_category("Spring") < asked["category_id"]:
        pass
    teacher = {"id": TEACHER, "Name": "Teacher One", "Teacher_Moodle_ID": str(taught_by)}
    zoho.add("BTEC_Teachers", teacher)
    await memory.sync("teachers", teacher)
    zoho.add(
        "BTEC_Classes",
        {
            "id": CLASS,
            "Class_Name": asked["class_name"],
            "Class_Short_Name": asked["class_short_name"],
            "Class_Status": "Active",
            "Class_Major": asked["class_major"],
            "Start_Date": asked["start_date"],
            "Teacher": {"id": TEACHER},
        },
    )
    first, second = await send(memory, 52), await send(memory, 52)
    course = moodle.site.courses[first["moodle_course_id"]]
    assert first == second
    assert first == {
        "status": "success",
        "moodle_course_id": course.id,
        "zoho_updated": True,
        "teacher_enrolled": True,
        "default_users_enrolled": 5,
        "message": "The class has its course.",
    }
    assert (course.fullname, course.startdate, course.numsections) == (asked["class_name"], START, 12)
    assert course.categoryid == asked["category_id"]
    assert zoho.records("BTEC_Classes")[CLASS]["Moodle_Class_ID"] == str(course.id)
    assert len(moodle.site.courses) == 2  # the front page is one


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({}, 400, "`zoho_class_id` must be the id in Zoho, digits in quotes."),
        ({"zoho_class_id": 5}, 400, "`zoho_class_id` must be the id in Zoho"),
        ({"zoho_class_id": "5", "teacher_zoho_id": "x"}, 400, "`teacher_zoho_id` must be the id in Zoho"),
        ({"zoho_class_id": "5", "class_name": 7}, 400, "`class_name` must be text."),
        ({"zoho_class_id": "5", "category_id": "7"}, 400, "`category_id` must be a whole number from 1"),
        (
            {"zoho_class_id": "5", "num_sections": 53},
            400,
            "`num_sections` must be a whole number from 0 to 52.",
        ),
        ({"zoho_class_id": "5", "num_sections": True}, 400, "`num_sections` must be a whole number"),
        ({"zoho_class_id": "5", "name": "x"}, 400, "There is no field `name`; there is zoho_class_id"),
        ({"zoho_class_id": "5"}, 404, "There is no class `5`."),
        ([], 400, "must be a JSON object"),
    ],
)
async def test_what_cannot_be_asked_is_refused_in_a_sentence(
    memory: Api, body: object, status: int, said: str
) -> None:
    answer = await memory.post(PATH, body)
    assert (answer.status_code, said in answer.json()["detail"]) == (status, True), answer.text


async def test_a_class_that_gets_no_course_says_why(memory: Api) -> None:
    memory.mzi.zoho.add("BTEC_Classes", {"id": CLASS, "Class_Name": "A", "Class_Status": "Planned"})
    answer = await memory.post("/v1/classes/create", {"zoho_class_id": CLASS, "category_id": None})
    assert "only an active class gets a course" in problem(answer, 422, "refused")["detail"]


async def test_what_is_not_done_yet_is_pending(memory: Api) -> None:
    memory.mzi.zoho.add("BTEC_Classes", {"id": CLASS, "Class_Name": "A", "Class_Status": "Active"})
    memory.mzi.moodle.suspended = True  # the token is refused
    answer = await memory.post(PATH, {"zoho_class_id": CLASS})
    said = answer.json()
    assert (answer.status_code, said["status"], said["moodle_course_id"]) == (202, "pending", None)
    assert said["message"]
