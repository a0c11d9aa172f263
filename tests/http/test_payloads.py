"""Real-shaped requests, each answered as its file expects; some need what others store first."""

import json
import re
from typing import Any

from tests.http.serving import PAYLOADS, Api, Record, statuses


def payload(number: int) -> Record:
    """The envelope with this number: `target`, `body` or `raw_body`, `expect`."""
    (path,) = PAYLOADS.glob(f"{number:02}_*.json")
    found: Record = json.loads(path.read_text(encoding="utf-8"))
    return found


async def send(api: Api, number: int, change: Record | None = None, expected: int = 200) -> Any:
    """The answer to a payload, with `change` made to its first record."""
    envelope = payload(number)
    if change:
        envelope["body"]["data"][0] |= change
    raw = envelope["raw_body"].encode() if "raw_body" in envelope else json.dumps(envelope["body"]).encode()
    target = envelope["target"]
    answer = await api.client.request(
        target["method"], target["path"], content=raw, headers=target["headers"]
    )
    assert answer.status_code == expected, answer.text
    return answer.json()


async def test_14_three_students_are_new_then_unchanged_with_small_letters_in_the_address(api: Api) -> None:
    assert statuses(await send(api, 14)) == ["NEW"] * 3
    assert statuses(await send(api, 14)) == ["UNCHANGED"] * 3
    stored = await api.stored("students", "5398830000090000001")
    assert stored["academic_email"] == "a01b0001c@campus.example"
    assert (await api.stored("students", "5398830000090000003"))["phone"] == "٠٧٩٠٠٠٠٠٠٣"


async def test_15_unknown_keys_are_passed_over_and_the_moodle_id_is_the_link(api: Api) -> None:
    answer = await send(api, 15)
    assert statuses(answer) == ["NEW"]
    assert answer["results"][0]["zoho_student_id"] == "5398830000090000004"
    stored = await api.stored("students", "5398830000090000004")
    assert stored["moodle_userid"] == 4104
    assert not [name for name in stored if name.startswith("$")]


async def test_16_both_programmes_are_stored_and_the_price_in_text_is_read(api: Api) -> None:
    assert statuses(await send(api, 16)) == ["NEW", "NEW"]
    assert (await api.stored("programs", "5398830000090000301"))["moodle_id"] == 12
    stored = await api.stored("programs", "5398830000090000302")
    assert (stored["price"], stored["moodle_id"]) == ("9500.00", None)


async def test_18_a_unit_is_new_and_its_description_alone_updates_it(api: Api) -> None:
    assert statuses(await send(api, 18)) == ["NEW"]
    answer = await send(api, 18, {"Description": "Design, run and secure networks"})
    assert statuses(answer) == ["UPDATED"]
    assert answer["results"][0]["changed_fields"] == ["description"]


async def test_19_a_unit_as_zoho_really_has_it_is_read_through_its_aliases(api: Api) -> None:
    assert statuses(await send(api, 19)) == ["NEW"]
    stored = await api.stored("units", "5398830000090000402")
    assert stored["unit_name"] == "Unit 20: Security"
    assert stored["credit_hours"] == "15"
    assert stored["criteria"] == [{"code": "P1", "description": "P1: explain."}]


async def test_20_a_class_is_new_and_updated_when_its_moodle_course_is_known(api: Api) -> None:
    assert statuses(await send(api, 20)) == ["NEW"]
    answer = await send(api, 20, {"Moodle_Class_ID": "1001"})
    assert statuses(answer) == ["UPDATED"]
    assert answer["results"][0]["changed_fields"] == ["moodle_class_id"]
    assert (await api.stored("classes", "5398830000090000201"))["moodle_class_id"] == 1001


async def test_21_a_class_under_older_names_is_accepted(api: Api) -> None:
    assert statuses(await send(api, 21)) == ["NEW"]
    stored = await api.stored("classes", "5398830000090000202")
    assert (stored["name"], stored["start_date"]) == ("2526T2 BUS U01 B", "2026-02-16")


async def test_22_an_enrolment_is_new_when_student_and_class_are_there(api: Api) -> None:
    await send(api, 14)
    await send(api, 20)
    answer = await send(api, 22)
    assert statuses(answer) == ["NEW"]
    assert answer["results"][0]["zoho_enrollment_id"] == "5398830000090000801"


async def test_22_an_enrolment_that_comes_first_is_parked_and_released_by_its_class(api: Api) -> None:
    answer = await send(api, 22)
    assert statuses(answer) == ["INVALID"]
    assert answer["results"][0]["parked"] is True
    assert (await send(api, 14))["released"] == []
    (waiting,) = (await api.client.get("/api/v1/enrollments?state=INVALID")).json()["items"]
    assert [reason["path"] for reason in waiting["reasons"]] == ["$.Classes"]
    released = (await send(api, 20))["released"]
    assert [(each["module"], each["status"]) for each in released] == [("enrollments", "NEW")]


async def test_24_a_registration_has_its_three_instalments(api: Api) -> None:
    await send(api, 14)
    await send(api, 16)
    assert statuses(await send(api, 24)) == ["NEW"]
    stored = await api.stored("registrations", "5398830000090000501")
    assert [(row["number"], row["amount"], row["due_date"]) for row in stored["installments"]] == [
        (1, "5000", "2026-02-01"),
        (2, "5000", "2026-05-01"),
        (3, "5000", "2026-08-01"),
    ]
    assert (stored["remaining_amount"], stored["currency"]) == ("12000", "USD")


async def test_25_a_registration_waits_for_its_parents_and_a_resend_is_looked_at_again(api: Api) -> None:
    first = await send(api, 25)
    assert (first["status"], statuses(first)) == ("partial", ["INVALID"])
    assert {reason["code"] for reason in first["results"][0]["reasons"]} == {"dependency_missing"}
    await send(api, 14)
    released = (await send(api, 16))["released"]
    assert [(each["zoho_registration_id"], each["status"]) for each in released] == [("reg_123", "NEW")]
    again = await send(api, 25)
    assert (again["status"], statuses(again)) == ("success", ["UNCHANGED"])
    assert "idempotent_replay" not in again


async def test_26_a_payment_without_a_status_gets_the_one_that_follows(api: Api) -> None:
    for parents in (14, 16, 24):
        await send(api, parents)
    assert statuses(await send(api, 26)) == ["NEW"]
    stored = await api.stored("payments", "5398830000090000601")
    assert (stored["payment_status"], stored["amount"]) == ("Confirmed", "5000.0")
    assert (stored["original_amount"], stored["original_currency"]) == ("3545.0", "JOD")


async def test_27_a_payment_waits_for_its_registration_and_its_method_alone_updates_it(api: Api) -> None:
    assert statuses(await send(api, 27)) == ["INVALID"]
    await send(api, 14)
    await send(api, 16)
    released = (await send(api, 25))["released"]
    assert [(each["zoho_payment_id"], each["status"]) for each in released] == [("pay_123", "NEW")]
    answer = await send(api, 27, {"Payment_Method": "Cash"})
    assert (statuses(answer), answer["results"][0]["changed_fields"]) == (["UPDATED"], ["payment_method"])


async def test_55_an_id_that_is_a_number_is_kept_as_text(api: Api) -> None:
    answer = await send(api, 55)
    assert statuses(answer) == ["NEW"]
    assert answer["results"][0]["zoho_unit_id"] == "539883001"


async def test_56_one_record_in_place_of_a_list_is_one_record(api: Api) -> None:
    answer = await send(api, 56)
    assert statuses(answer) == ["INVALID"]
    assert answer["results"][0]["zoho_student_id"] == "1"


async def test_28_a_grade_as_zoho_really_has_it_keeps_its_letter_and_its_outcomes(api: Api) -> None:
    record = payload(28)["body"]["data"][0]
    assert statuses(await api.sync("grades", record)) == ["INVALID"]
    await send(api, 14)
    released = (await send(api, 20))["released"]
    assert [(each["module"], each["status"]) for each in released] == [("grades", "NEW")]
    stored = await api.stored("grades", record["id"])
    assert (stored["grade_value"], stored["composite_key"]) == ("M", "4101_1001_55")
    assert [(row["code"], row["score"]) for row in stored["outcomes"]] == [("P1", "1"), ("M1", "0")]


async def test_30_a_teachers_address_is_kept_in_small_letters_with_the_moodle_id(api: Api) -> None:
    record = payload(30)["body"]["data"][0]
    assert statuses(await api.sync("teachers", record)) == ["NEW"]
    stored = await api.stored("teachers", record["id"])
    assert (stored["academic_email"], stored["moodle_userid"]) == ("l.saleh@campus.example", 3007)


async def test_57_58_59_bodies_that_are_no_batch_are_refused(api: Api) -> None:
    assert "is a list" in (await send(api, 57, expected=400))["detail"]
    assert "line 1, column 30" in (await send(api, 58, expected=400))["detail"]
    assert (await send(api, 59, expected=400))["detail"] == "The body is empty."


async def test_62_a_second_owner_of_an_address_is_refused_and_the_next_record_stored(api: Api) -> None:
    answer = await send(api, 62)
    assert statuses(answer) == ["NEW", "INVALID", "NEW"]
    assert [reason["code"] for reason in answer["results"][1]["reasons"]] == ["duplicate"]
    assert answer["summary"] == {"NEW": 2, "UPDATED": 0, "UNCHANGED": 0, "INVALID": 1, "ERROR": 0}


async def test_63_the_same_record_twice_is_new_then_updated_in_one_row(api: Api) -> None:
    assert statuses(await send(api, 63)) == ["NEW", "UPDATED"]
    listed = (await api.client.get("/api/v1/students")).json()["items"]
    assert [(item["zoho_id"], item["record"]["phone"]) for item in listed] == [("e1", "2")]


async def test_64_a_missing_address_is_not_invented(api: Api) -> None:
    answer = await send(api, 64)
    assert statuses(answer) == ["INVALID"]
    assert [reason["path"] for reason in answer["results"][0]["reasons"]] == ["$.Academic_Email"]
    assert (await api.client.get("/api/v1/students/f1")).json()["stored"] is None


async def test_68_a_name_read_in_the_wrong_encoding_is_kept_and_flagged(api: Api) -> None:
    answer = await send(api, 68)
    assert statuses(answer) == ["NEW"]
    assert [reason["code"] for reason in answer["results"][0]["reasons"]] == ["mojibake"]
    assert (await api.stored("students", "i1"))["display_name"] == "Ø±Ù†Ø§"


CLASS_52, TEACHER_52 = "5398830000090000201", "5398830000090000701"
START_52 = 1771102800
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
    teacher = {"id": TEACHER_52, "Name": "Teacher One", "Teacher_Moodle_ID": str(taught_by)}
    zoho.add("BTEC_Teachers", teacher)
    await memory.sync("teachers", teacher)
    zoho.add(
        "BTEC_Classes",
        {
            "id": CLASS_52,
            "Class_Name": asked["class_name"],
            "Class_Short_Name": asked["class_short_name"],
            "Class_Status": "Active",
            "Class_Major": asked["class_major"],
            "Start_Date": asked["start_date"],
            "Teacher": {"id": TEACHER_52},
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
    assert (course.fullname, course.startdate, course.numsections) == (asked["class_name"], START_52, 12)
    assert course.categoryid == asked["category_id"]
    assert zoho.records("BTEC_Classes")[CLASS_52]["Moodle_Class_ID"] == str(course.id)
    assert len(moodle.site.courses) == 2  # the front page is one


def test_every_payload_has_a_test() -> None:
    """A test says in its name which files it sends."""
    named = {
        number for name in globals() if name.startswith("test_") for number in re.findall("[0-9]{2}", name)
    }
    assert {path.name[:2] for path in PAYLOADS.glob("*.json")} == named
