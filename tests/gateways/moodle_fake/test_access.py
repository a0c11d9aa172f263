"""The door of the fake: what it takes for a call, who may call what, and how it fails as a whole."""

import json
from typing import Any

import pytest
from tests.gateways.moodle_fake.asking import ENDPOINT, FORM, TOKEN, ask, person, request, send
from tests.gateways.moodle_fake.conftest import Campus, furnished

from mzi_adapters.testing.moodle import FakeMoodle
from mzi_adapters.testing.moodle.catalogue import CAPABILITIES
from mzi_adapters.web.transport import Request, pairs_to_form

INFO = "core_webservice_get_site_info"


async def test_another_host_is_a_redirect_and_nothing_is_decoded() -> None:
    """A client that followed it would turn its POST into a GET."""
    moodle = FakeMoodle("https://other.example")
    answer = await send(moodle, INFO)
    assert (answer.status, answer.headers["location"]) == (
        303,
        "https://other.example/webservice/rest/server.php",
    )
    assert moodle.calls == 0


async def test_a_json_body_is_no_form_and_the_error_is_xml() -> None:
    """Moodle did not see that JSON was wanted, because it did not see anything."""
    body = json.dumps({"wstoken": TOKEN, "wsfunction": INFO, "moodlewsrestformat": "json"}).encode()
    headers = {"Content-Type": "application/json"}
    answer = await FakeMoodle().send(Request(method="POST", url=ENDPOINT, headers=headers, body=body))
    assert answer.status == 200
    assert b"<ERRORCODE>invalidtoken</ERRORCODE>" in answer.body


async def test_a_bearer_header_is_no_token() -> None:
    """Only the form field counts."""
    pairs = [("wsfunction", INFO), ("moodlewsrestformat", "json")]
    headers = FORM | {"Authorization": f"Bearer {TOKEN}"}
    call = Request(method="POST", url=ENDPOINT, headers=headers, body=pairs_to_form(pairs))
    assert json.loads((await FakeMoodle().send(call)).body)["errorcode"] == "invalidtoken"


async def test_calls_are_remembered_as_decoded_and_without_the_token(campus: Campus) -> None:
    """Function and parameters, nested as Moodle saw them."""
    await ask(campus.moodle, "core_user_get_users_by_field", field="email", values=["a@campus.example"])
    [call] = campus.moodle.seen
    assert call.function == "core_user_get_users_by_field"
    assert call.parameters == {"field": "email", "values": {"0": "a@campus.example"}}
    assert TOKEN not in repr(campus.moodle.seen)
    assert campus.moodle.calls == 1


async def test_a_stream_brings_the_same_answer(campus: Campus) -> None:
    """In chunks."""
    async with campus.moodle.stream(request(INFO)) as streamed:
        body = b"".join([chunk async for chunk in streamed.chunks])
    assert body == (await campus.moodle.send(request(INFO))).body


@pytest.mark.parametrize(("limit", "found"), [(1000, 996), (5000, 1100)])
async def test_fields_beyond_max_input_vars_never_existed(limit: int, found: int) -> None:
    """1,100 values in one call: PHP's default reads the first 1,000 fields and says nothing."""
    moodle = FakeMoodle()
    moodle.max_input_vars = limit
    ids = [moodle.add_user(username=f"u{number}") for number in range(1100)]
    users = await ask(moodle, "core_user_get_users_by_field", field="id", values=ids)
    assert [user["id"] for user in users] == ids[:found]


async def test_a_record_cut_in_the_middle_is_refused() -> None:
    """The last user of a cut batch lacks what is required, and the whole batch fails."""
    moodle = FakeMoodle()
    moodle.max_input_vars = 12
    said = await ask(moodle, "core_user_create_users", users=[person("a"), person("b")])
    assert said["errorcode"] == "invalidparameter"
    assert list(moodle.site.people.where("username", "a")) == []


async def test_a_function_taken_out_of_the_service_is_refused_and_not_listed(campus: Campus) -> None:
    """The list in site info is the service's."""
    campus.moodle.functions.remove("core_user_get_users")
    said = await ask(campus.moodle, "core_user_get_users", criteria=[{"key": "email", "value": "x"}])
    assert said["errorcode"] == "accessexception"
    info = await ask(campus.moodle, INFO)
    assert "core_user_get_users" not in {each["name"] for each in info["functions"]}


@pytest.mark.parametrize(
    ("switch", "status", "errorcode"),
    [
        ("suspended", 200, "wsaccessusersuspended"),
        ("service_disabled", 200, "accessexception"),
        ("maintenance_setting", 200, "sitemaintenance"),
        ("database_down", 200, "dbconnectionfailed"),
        ("maintenance", 503, None),
        ("rest_disabled", 403, None),
    ],
    ids=repr,
)
async def test_a_switch_fails_every_call_until_it_is_off(
    campus: Campus, switch: str, status: int, errorcode: str | None
) -> None:
    """As a whole site or service fails."""
    setattr(campus.moodle, switch, True)
    answer = await send(campus.moodle, INFO)
    assert answer.status == status
    if errorcode:
        assert json.loads(answer.body)["errorcode"] == errorcode
    setattr(campus.moodle, switch, False)
    assert "sitename" in await ask(campus.moodle, INFO)


@pytest.mark.parametrize("debug", [False, True], ids=repr)
async def test_only_debugging_says_why(campus: Campus, debug: bool) -> None:
    """Without it every bad input reads the same."""
    campus.moodle.debug = debug
    said = await ask(campus.moodle, "core_user_create_users", users=[person("noor")])
    assert said.get("debuginfo") == ("Username already exists: noor" if debug else None)


async def test_a_submitted_file_needs_the_token_and_a_wrong_one_gets_json(campus: Campus) -> None:
    """HTTP 200 either way."""
    campus.moodle.submit(campus.points, campus.noor, files={"work.pdf": b"%PDF"})
    said = await ask(campus.moodle, "mod_assign_get_submissions", assignmentids=[campus.points])
    [file] = said["assignments"][0]["submissions"][0]["plugins"][1]["fileareas"][0]["files"]
    answers = [
        await campus.moodle.send(Request(method="GET", url=file["fileurl"], query=(("token", token),)))
        for token in (TOKEN, "wrong")
    ]
    assert [answer.status for answer in answers] == [200, 200]
    assert answers[0].body == b"%PDF"
    assert json.loads(answers[1].body)["errorcode"] == "invalidtoken"


def probes(campus: Campus) -> list[tuple[str, dict[str, Any]]]:
    """One call of each kind that mzi makes."""
    course, noor = campus.course, campus.noor
    cmid = campus.moodle.site.assignments[campus.points].cmid
    return [
        ("core_webservice_get_site_info", {}),
        ("core_user_get_users_by_field", {"field": "id", "values": [noor]}),
        ("core_user_create_users", {"users": [person("new")]}),
        ("core_user_update_users", {"users": [{"id": noor, "city": "Amman"}]}),
        ("core_course_create_courses", {"courses": [{"fullname": "N", "shortname": "N", "categoryid": 2}]}),
        ("core_course_update_courses", {"courses": [{"id": course, "fullname": "F"}]}),
        ("core_course_update_courses", {"courses": [{"id": course, "shortname": "S"}]}),
        ("core_course_update_courses", {"courses": [{"id": course, "idnumber": "I"}]}),
        ("core_course_update_courses", {"courses": [{"id": course, "visible": 0}]}),
        ("core_course_get_courses_by_field", {"field": "id", "value": course}),
        ("core_course_create_categories", {"categories": [{"name": "N"}]}),
        ("core_course_update_categories", {"categories": [{"id": 1, "name": "N"}]}),
        ("enrol_manual_enrol_users", {"enrolments": [{"roleid": 5, "userid": noor, "courseid": course}]}),
        ("enrol_manual_unenrol_users", {"enrolments": [{"userid": 2, "courseid": course}]}),
        ("core_enrol_get_enrolled_users", {"courseid": course}),
        (
            "core_enrol_get_enrolled_users",
            {"courseid": course, "options": [{"name": "onlysuspended", "value": "1"}]},
        ),
        ("core_course_get_course_module", {"cmid": cmid}),
        ("core_group_get_course_groups", {"courseid": course}),
        (
            "core_role_assign_roles",
            {"assignments": [{"roleid": 4, "userid": noor, "contextlevel": "course", "instanceid": course}]},
        ),
        ("mod_assign_get_assignments", {"courseids": [course], "includenotenrolledcourses": 1}),
        ("mod_assign_get_grades", {"assignmentids": [campus.points]}),
        ("mod_assign_get_user_flags", {"assignmentids": [campus.points]}),
        ("gradereport_user_get_grade_items", {"courseid": course, "userid": noor}),
        ("core_grades_create_gradecategories", {"courseid": course, "categories": [{"fullname": "N"}]}),
        (
            "core_grades_update_grades",
            {
                "source": "mzi",
                "courseid": course,
                "component": "mod_assign",
                "activityid": cmid,
                "itemnumber": 0,
            },
        ),
        ("core_grading_get_gradingform_instances", {"definitionid": 1}),
    ]


async def answers(campus: Campus) -> list[Any]:
    """What a campus says to every probe."""
    return [await ask(campus.moodle, name, **parameters) for name, parameters in probes(campus)]


_AS_GOOD = {
    "moodle/course:viewparticipants": "moodle/course:enrolreview",
    "mod/assign:viewgrades": "mod/assign:grade",
}
"""What Moodle takes in place of a capability, in some of its calls."""


@pytest.mark.parametrize("capability", sorted(CAPABILITIES))
async def test_every_capability_of_the_service_is_missed_by_some_call(capability: str) -> None:
    """31 of them; with one gone, some answer is another."""
    full, lacking = furnished(), furnished()
    lacking.moodle.capabilities.remove(capability)
    for campus in (full, lacking):
        campus.moodle.grade(campus.points, campus.noor, 3)
        hidden = capability == "moodle/course:viewhiddencourses"
        campus.moodle.site.courses[campus.course].visible = int(not hidden)
        campus.moodle.site.courses[campus.course].groupmode = int(capability == "moodle/site:accessallgroups")
        campus.moodle.capabilities.discard(_AS_GOOD.get(capability, ""))
    assert len(CAPABILITIES) == 31
    assert await answers(full) != await answers(lacking)


async def test_without_view_details_people_look_absent(campus: Campus) -> None:
    """Silently for a lookup; a list of participants breaks."""
    campus.moodle.capabilities.remove("moodle/user:viewdetails")
    lookup = await ask(campus.moodle, "core_user_get_users_by_field", field="id", values=[campus.noor])
    assert lookup == []
    said = await ask(
        campus.moodle, "mod_assign_list_participants", assignid=campus.points, groupid=0, filter=""
    )
    assert said["errorcode"] == "invalidresponse"
