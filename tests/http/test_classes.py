"""POST /classes/create: the course of a class, made at once."""

import pytest
from tests.http.serving import Api
from tests.http.test_problems import problem

PATH = "/api/v1/classes/create"
CLASS = "5398830000090000201"


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
