"""Users, courses, enrolment and groups: what is taken whole, what item by item, and what slips through."""

from typing import Any

import pytest
from tests.gateways.moodle_fake.asking import ask, person
from tests.gateways.moodle_fake.conftest import Campus

from mzi_adapters.testing.moodle import FakeMoodle

CREATE = "core_user_create_users"
UPDATE = "core_user_update_users"
BY_FIELD = "core_user_get_users_by_field"


async def lookup(moodle: FakeMoodle, field: str, value: object) -> list[dict[str, Any]]:
    """Users by one value."""
    found: list[dict[str, Any]] = await ask(moodle, BY_FIELD, field=field, values=[value])
    return found


@pytest.mark.parametrize(
    "wrong",
    [
        {"username": "noor"},
        {"username": "Upper"},
        {"username": "bad user!"},
        {"email": "noor@campus.example"},
        {"email": "NOOR@campus.example"},
        {"email": "no address"},
        {"firstname": ""},
        {"firstname": "F<script>"},
        {"auth": "nope"},
        {"lang": "ar"},
        {"bogus": "x"},
        {"suspended": "false"},
        {"createpassword": "true"},
        {"password": ""},
    ],
    ids=repr,
)
async def test_bad_input_reads_the_same_whatever_it_is(campus: Campus, wrong: dict[str, Any]) -> None:
    """And the good user of the same call is not created either."""
    users = [person("good"), person("other") | wrong]
    said = await ask(campus.moodle, CREATE, users=users)
    assert said == {
        "exception": "core\\exception\\invalid_parameter_exception",
        "errorcode": "invalidparameter",
        "message": "Invalid parameter value detected",
    }
    assert await lookup(campus.moodle, "username", "good") == []


async def test_two_of_a_batch_with_the_same_name_are_refused(campus: Campus) -> None:
    """Duplicates are looked for within the call too."""
    users = [person("twin"), person("twin", email="other@campus.example")]
    assert (await ask(campus.moodle, CREATE, users=users))["errorcode"] == "invalidparameter"


async def test_an_id_that_a_failed_batch_took_is_never_given_again(campus: Campus) -> None:
    """As with a sequence of the database."""
    before = campus.teacher
    await ask(campus.moodle, CREATE, users=[person("a"), person("b"), person("noor")])
    assert await ask(campus.moodle, CREATE, users=[person("a")]) == [{"id": before + 3, "username": "a"}]


async def test_an_idnumber_twice_is_accepted_and_found_twice(campus: Campus) -> None:
    """Moodle does not keep it unique."""
    await ask(campus.moodle, CREATE, users=[person("a", idnumber="S-1")])
    assert [user["username"] for user in await lookup(campus.moodle, "idnumber", "S-1")] == ["noor", "a"]


@pytest.mark.parametrize(
    ("country", "stored"), [("JO", "JO"), ("Jordan", "0"), ("jo", "0"), ("", "")], ids=repr
)
async def test_a_country_that_is_no_code_is_stored_as_0(campus: Campus, country: str, stored: str) -> None:
    """Without a word, on create and on update; nothing of it is shown."""
    people = campus.moodle.site.people
    await ask(campus.moodle, CREATE, users=[person("a", country=country)])
    assert await ask(campus.moodle, UPDATE, users=[{"id": campus.noor, "country": country}]) == {
        "warnings": []
    }
    users = [*people.where("username", "a"), people.rows[campus.noor]]
    assert [user.country for user in users] == [stored] * 2
    [shown] = await lookup(campus.moodle, "username", "a")
    assert shown.get("country") == ("JO" if stored == "JO" else None)


@pytest.mark.parametrize(
    "wrong", [{"firstname": "F" * 101}, {"phone1": "+" + "1" * 25}, {"idnumber": "x" * 256}], ids=repr
)
async def test_a_value_too_long_is_an_error_of_the_database(campus: Campus, wrong: dict[str, str]) -> None:
    """The whole call on create, one warning on update."""
    said = await ask(campus.moodle, CREATE, users=[person("good"), person("other", **wrong)])
    assert said["errorcode"] == "dmlwriteexception"
    assert await lookup(campus.moodle, "username", "good") == []
    said = await ask(campus.moodle, UPDATE, users=[{"id": campus.noor} | wrong])
    assert [each["warningcode"] for each in said["warnings"]] == ["dmlwriteexception"]


async def test_updates_are_kept_one_by_one(campus: Campus) -> None:
    """A warning is the error of one item; the others are saved."""
    said = await ask(
        campus.moodle,
        UPDATE,
        users=[
            {"id": campus.noor, "city": "Amman"},
            {"id": campus.sami, "email": "noor@campus.example"},
            {"id": 9999, "city": "x"},
            {"id": campus.teacher, "city": "Irbid", "suspended": 1},
        ],
    )
    assert [(each["itemid"], each["warningcode"]) for each in said["warnings"]] == [
        (campus.sami, "useremailduplicate"),
        (9999, "invaliduserid"),
    ]
    people = campus.moodle.site.people.rows
    assert [people[each].city for each in (campus.noor, campus.sami, campus.teacher)] == [
        "Amman",
        "",
        "Irbid",
    ]
    assert people[campus.teacher].suspended


@pytest.mark.parametrize(("database", "found"), [("postgresql", 0), ("mariadb", 1)], ids=repr)
async def test_the_database_decides_whether_case_counts_in_an_address(database: Any, found: int) -> None:
    """An exact lookup of `SARA@…` finds `sara@…` on MariaDB alone."""
    moodle = FakeMoodle(database=database)
    moodle.add_user(username="sara", email="sara@campus.example")
    assert len(await lookup(moodle, "email", "SARA@CAMPUS.EXAMPLE")) == found


@pytest.mark.parametrize(
    ("database", "errorcode"), [("postgresql", None), ("mariadb", "shortnametaken")], ids=repr
)
async def test_the_database_decides_whether_case_counts_in_a_short_name(
    database: Any, errorcode: str | None
) -> None:
    """`bm-a` beside `BM-A`."""
    moodle = FakeMoodle(database=database)
    moodle.add_course(shortname="BM-A")
    said = await ask(
        moodle,
        "core_course_create_courses",
        courses=[{"fullname": "F", "shortname": "bm-a", "categoryid": 1}],
    )
    assert (said["errorcode"] if isinstance(said, dict) else None) == errorcode


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("noor@campus.example", ["noor"]),
        ("NOOR@campus.example", ["noor"]),
        ("%@campus.example", ["noor", "sami", "lina"]),
        ("_oor@campus.example", ["noor"]),
        ("n%", ["noor"]),
        ("\\%@campus.example", []),
        ("noor@campus.exampl", []),
    ],
    ids=repr,
)
async def test_an_address_is_a_pattern_to_get_users(campus: Campus, value: str, found: list[str]) -> None:
    """Of SQL LIKE."""
    said = await ask(campus.moodle, "core_user_get_users", criteria=[{"key": "email", "value": value}])
    assert [user["username"] for user in said["users"]] == found


async def test_a_misspelt_key_finds_everybody(campus: Campus) -> None:
    """With a warning that is easily not read."""
    said = await ask(campus.moodle, "core_user_get_users", criteria=[{"key": "emial", "value": "x"}])
    assert len(said["users"]) == 6
    assert [each["item"] for each in said["warnings"]] == ["emial"]


async def test_a_deleted_user_is_found_by_id_and_by_nothing_else(campus: Campus) -> None:
    """Renamed, with an address that is none, and enrolled nowhere."""
    campus.moodle.capabilities.add("moodle/user:delete")
    assert await ask(campus.moodle, "core_user_delete_users", userids=[campus.noor]) is None
    [user] = await lookup(campus.moodle, "id", campus.noor)
    assert user["username"] == f"noor.{campus.clock.time}"
    assert "@" not in user["email"]
    assert "deleted" not in user
    for field, value in (("username", "noor"), ("email", "noor@campus.example"), ("idnumber", "S-1")):
        assert await lookup(campus.moodle, field, value) == []
    enrolled = await ask(campus.moodle, "core_enrol_get_enrolled_users", courseid=campus.course)
    assert campus.noor not in {each["id"] for each in enrolled}
    said = await ask(campus.moodle, CREATE, users=[person("noor")])
    assert said[0]["username"] == "noor"


async def test_one_bad_enrolment_rolls_all_back(campus: Campus) -> None:
    """Nobody of the call is enrolled; again without the bad one everybody is, as often as it is said."""
    new = campus.moodle.add_user(username="new")
    good = {"roleid": 5, "userid": new, "courseid": campus.course}
    for bad, errorcode in (
        ({"userid": 9999}, "invaliduser"),
        ({"courseid": 9999}, "invalidparameter"),
        ({"roleid": 1}, "wsusercannotassign"),
    ):
        said = await ask(campus.moodle, "enrol_manual_enrol_users", enrolments=[good, good | bad])
        assert said["errorcode"] == errorcode
        assert (campus.course, new) not in campus.moodle.site.enrolments
    for _ in range(2):
        assert await ask(campus.moodle, "enrol_manual_enrol_users", enrolments=[good]) is None
    assert (campus.course, new) in campus.moodle.site.enrolments


@pytest.mark.parametrize(
    ("option", "found"),
    [
        ({}, ["noor", "sami", "lina"]),
        ({"onlyactive": 1}, ["noor", "lina"]),
        ({"onlysuspended": 1}, ["sami"]),
        ({"limitfrom": 1, "limitnumber": 1}, ["sami"]),
        ({"limitfrom": 2}, ["lina"]),
        ({"limitfrom": 9, "limitnumber": 5}, []),
        ({"groupid": 1}, ["noor"]),
    ],
    ids=repr,
)
async def test_enrolled_users_are_chosen_by_options(
    campus: Campus, option: dict[str, int], found: list[str]
) -> None:
    """Suspended, or past its end, an enrolment is not active."""
    campus.moodle.enrol(campus.sami, campus.course, timeend=campus.clock.time - 1)
    options = [{"name": name, "value": value} for name, value in option.items()]
    said = await ask(campus.moodle, "core_enrol_get_enrolled_users", courseid=campus.course, options=options)
    assert [each["username"] for each in said] == found


async def test_unenrolling_takes_the_groups_along(campus: Campus) -> None:
    """And may be repeated."""
    gone = [{"userid": campus.noor, "courseid": campus.course}]
    for _ in range(2):
        assert await ask(campus.moodle, "enrol_manual_unenrol_users", enrolments=gone) is None
    said = await ask(campus.moodle, "core_group_get_group_members", groupids=[1])
    assert said == [{"groupid": 1, "userids": []}]


async def test_members_go_into_a_group_together_and_out_again(campus: Campus) -> None:
    """Who is not enrolled keeps everybody of the call out."""
    sami = {"groupid": 1, "userid": campus.sami}
    stranger = {"groupid": 1, "userid": campus.moodle.add_user(username="stranger")}
    said = await ask(campus.moodle, "core_group_add_group_members", members=[sami, stranger])
    assert said["errorcode"] == "invalidparameter"
    for function, members in (
        ("core_group_add_group_members", [campus.noor, campus.sami]),
        ("core_group_delete_group_members", [campus.noor]),
    ):
        assert await ask(campus.moodle, function, members=[sami]) is None
        said = await ask(campus.moodle, "core_group_get_group_members", groupids=[1])
        assert said == [{"groupid": 1, "userids": members}]


async def test_courses_are_created_all_or_none_and_changed_one_by_one(campus: Campus) -> None:
    """A short name that is taken ends the call, or becomes a warning."""
    new = {"fullname": "New", "shortname": "NEW", "categoryid": 2}
    said = await ask(campus.moodle, "core_course_create_courses", courses=[new, new | {"shortname": "BM-A"}])
    assert said["errorcode"] == "shortnametaken"
    found = await ask(campus.moodle, "core_course_get_courses_by_field", field="shortname", value="NEW")
    assert found == {"courses": [], "warnings": []}
    other = campus.moodle.add_course(shortname="OTHER")
    said = await ask(
        campus.moodle,
        "core_course_update_courses",
        courses=[{"id": other, "shortname": "BM-A"}, {"id": campus.course, "idnumber": "", "visible": 0}],
    )
    assert [(each["itemid"], each["warningcode"]) for each in said["warnings"]] == [(other, "shortnametaken")]
    course = campus.moodle.site.courses[campus.course]
    assert (course.idnumber, course.visible) == ("", 0)


@pytest.mark.parametrize(
    ("function", "parameters"),
    [
        (CREATE, {"users": []}),
        (UPDATE, {"users": []}),
        ("enrol_manual_enrol_users", {"enrolments": []}),
        ("core_course_create_courses", {"courses": []}),
        ("mod_assign_get_grades", {"assignmentids": []}),
    ],
    ids=repr,
)
async def test_an_empty_list_is_a_missing_parameter(
    campus: Campus, function: str, parameters: dict[str, Any]
) -> None:
    """On the wire they are the same."""
    assert (await ask(campus.moodle, function, **parameters))["errorcode"] == "invalidparameter"


async def test_several_calls_in_one_stop_at_the_first_that_fails(campus: Campus) -> None:
    """What was done before stays done."""
    said = await ask(
        campus.moodle,
        "tool_mobile_call_external_functions",
        requests=[
            {"function": UPDATE, "arguments": f'{{"users": [{{"id": {campus.noor}, "city": "Amman"}}]}}'},
            {
                "function": "core_course_get_courses_by_field",
                "arguments": '{"field": "ids", "value": "2,99"}',
            },
            {"function": UPDATE, "arguments": f'{{"users": [{{"id": {campus.noor}, "city": "Irbid"}}]}}'},
        ],
    )
    assert [each["error"] for each in said["responses"]] == [False, True]
    assert campus.moodle.site.people.rows[campus.noor].city == "Amman"
