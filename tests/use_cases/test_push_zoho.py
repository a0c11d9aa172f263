"""Pushing to Zoho: what differs is written, what Zoho has newer is not, and nothing is emptied."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from tests.use_cases.remotes import College, became, hidden_from_the_account, lost

from mzi_adapters.zoho import ZohoCodec
from mzi_core.errors import FieldsMissing
from mzi_core.mapping import FieldMapping
from mzi_core.modules import CATALOGUE, STUDENTS
from mzi_core.ports import Applied, Rejected, Unknown, ZohoField
from mzi_core.provisioning import Action
from mzi_core.use_cases.carry_out import PushResult
from mzi_core.use_cases.push import NEW_ID, PagePushed
from mzi_core.values import DEFAULT_TENANT, State

STUDENT = {"Name": "A1", "Academic_Email": "a1@college.example", "City": "Irbid", "Major": "IT"}
NAMED = {"First_Name": "Rana", "Last_Name": "Example"}


def results(pages: Sequence[PagePushed]) -> list[PushResult]:
    return [result for page in pages for result in page.results]


def told(pages: Sequence[PagePushed]) -> list[tuple[Action, type[object] | None]]:
    return [(result.step.act, became(result)) for result in results(pages)]


async def taken(college: College, api_name: str, module: str, record: Mapping[str, object]) -> str:
    """A record that is in Zoho, and that we have taken as it is there."""
    id = college.zoho.add(api_name, record)
    await college.sync(module, [college.zoho.records(api_name)[id]])
    return id


async def changed(college: College, api_name: str, module: str, id: str, **fields: object) -> None:
    """Our copy says something else from now on."""
    await college.sync(module, [{**college.zoho.records(api_name)[id], **fields}])


async def test_only_the_fields_that_differ_are_written_and_no_workflow_runs() -> None:
    college = College()
    id = await taken(college, "BTEC_Students", "students", STUDENT)
    await changed(college, "BTEC_Students", "students", id, City="Amman", Student_Moodle_ID=501)
    college.timer.jump(60)
    (result,) = results(await college.push_zoho("students"))
    assert (result.step.act, became(result)) == (Action.CHANGE, Applied)
    assert [(c.field, c.before, c.after) for c in result.step.changes] == [
        ("city", "Irbid", "Amman"),
        ("moodle_userid", None, 501),
    ]
    there = college.zoho.records("BTEC_Students")[id]
    assert (there["City"], there["Student_Moodle_ID"], there["Major"]) == ("Amman", "501", "IT")
    (write,) = [one for one in college.zoho.seen if one.method == "PUT"]
    assert b'"trigger": []' in (write.body or b"")
    assert b"Major" not in (write.body or b"")


async def test_a_day_goes_into_a_field_for_moments_as_the_noon_of_that_day() -> None:
    """Which is that day in every organisation's time; what Zoho then says is what we said."""
    college = College()
    student = await taken(college, "BTEC_Students", "students", STUDENT)
    request = {"Name": "REQ-1", "Student": {"id": student}, "Request_Type": "Class Drop"}
    id = await taken(college, "BTEC_Student_Requests", "requests", request)
    await changed(college, "BTEC_Student_Requests", "requests", id, Request_Date="2026-01-27")
    college.timer.jump(60)
    assert told(await college.push_zoho("requests")) == [(Action.CHANGE, Applied)]
    assert str(college.zoho.records("BTEC_Student_Requests")[id]["Request_Date"]).startswith("2026-01-27T")
    assert told(await college.push_zoho("requests")) == [(Action.NOTHING, None)]


async def test_a_number_goes_into_a_column_of_text_as_its_digits() -> None:
    """Of a subform, by the metadata of the module that holds its rows."""
    college = College()
    student = await taken(college, "BTEC_Students", "students", STUDENT)
    request = {"Name": "REQ-1", "Student": {"id": student}, "Request_Type": "Class Drop"}
    id = await taken(college, "BTEC_Student_Requests", "requests", request)
    rows = [{"Moodle_Class_ID": 77}]
    await changed(college, "BTEC_Student_Requests", "requests", id, Requested_Classes=rows)
    college.timer.jump(60)
    assert told(await college.push_zoho("requests")) == [(Action.CHANGE, Applied)]
    there: Any = college.zoho.records("BTEC_Student_Requests")[id]["Requested_Classes"]
    assert [row["Moodle_Class_ID"] for row in there] == ["77"]
    assert told(await college.push_zoho("requests")) == [(Action.NOTHING, None)]


async def test_after_a_push_both_agree_and_a_pull_of_the_record_changes_nothing() -> None:
    college = College()
    id = await taken(college, "BTEC_Students", "students", STUDENT)
    await changed(college, "BTEC_Students", "students", id, City="Amman")
    college.timer.jump(60)
    await college.push_zoho("students")
    assert told(await college.push_zoho("students")) == [(Action.NOTHING, None)]
    again = await college.sync("students", [college.zoho.records("BTEC_Students")[id]])
    assert [outcome.state for outcome in again.outcomes] == [State.UNCHANGED]


async def test_what_was_changed_in_zoho_meanwhile_is_shown_and_overwritten_only_by_force() -> None:
    college = College()
    id = await taken(college, "BTEC_Students", "students", STUDENT)
    await changed(college, "BTEC_Students", "students", id, City="Amman")
    college.timer.jump(60)
    college.zoho.edit("BTEC_Students", id, {"City": "Zarqa"})
    (result,) = results(await college.push_zoho("students"))
    assert (result.step.act, became(result), result.well) == (Action.CONFLICT, None, False)
    assert [(c.before, c.after) for c in result.step.changes] == [("Zarqa", "Amman")]
    assert college.zoho.records("BTEC_Students")[id]["City"] == "Zarqa"
    assert told(await college.push_zoho("students", force=True)) == [(Action.CHANGE, Applied)]
    assert college.zoho.records("BTEC_Students")[id]["City"] == "Amman"


async def test_what_we_have_nothing_for_is_never_emptied_there() -> None:
    college = College()
    id = await taken(college, "BTEC_Students", "students", STUDENT)
    await changed(college, "BTEC_Students", "students", id, City=None, Major="Business")
    (result,) = results(await college.push_zoho("students"))
    assert [change.field for change in result.step.changes] == ["major"]
    assert college.zoho.records("BTEC_Students")[id]["City"] == "Irbid"


@pytest.mark.parametrize("force", [False, True])
async def test_a_field_that_zoho_hides_from_the_account_is_neither_shown_nor_written(
    monkeypatch: pytest.MonkeyPatch, force: bool
) -> None:
    """It comes with no record, which does not say that it is empty there."""
    college = College()
    ids = [
        await taken(college, "BTEC_Students", "students", {**STUDENT, "Academic_Email": f"{n}@c.example"})
        for n in range(2)
    ]
    for id in ids:
        await changed(college, "BTEC_Students", "students", id, City="Amman")
    hidden_from_the_account(monkeypatch, "City", ids)
    college.timer.jump(60)
    pushed = results(await college.push_zoho("students", force=force))
    assert [(each.step.act, each.step.changes) for each in pushed] == [(Action.NOTHING, ())] * 2
    monkeypatch.undo()
    assert {each["City"] for each in college.zoho.records("BTEC_Students").values()} == {"Irbid"}


async def test_a_preview_sends_no_write() -> None:
    college = College()
    id = await taken(college, "BTEC_Students", "students", STUDENT)
    await changed(college, "BTEC_Students", "students", id, City="Amman")
    remote = college.use_cases.remote
    target = await remote.targets.zoho(DEFAULT_TENANT, CATALOGUE["students"])
    assert told([page async for page in remote.push.preview(target)]) == [(Action.CHANGE, None)]
    assert college.zoho.records("BTEC_Students")[id]["City"] == "Irbid"
    assert {one.method for one in college.zoho.seen} == {"GET", "POST"}
    assert not any("upsert" in one.url for one in college.zoho.seen)


async def test_a_preview_counts_what_would_follow_in_zoho_from_what_is_made_in_moodle() -> None:
    """One account is there and is to be linked, one is linked, and one is to be made."""
    college = College()
    found, known = (college.moodle.add_user(username=f"{number}@c.example") for number in range(2))
    for number, more in enumerate(({}, {"Student_Moodle_ID": str(known)}, {})):
        record = {**STUDENT, **NAMED, "Academic_Email": f"{number}@c.example", **more}
        await taken(college, "BTEC_Students", "students", record)
    in_moodle, in_zoho = await college.previewed("students")
    assert [action for action, _ in told(in_moodle)] == [Action.CHANGE, Action.CHANGE, Action.CREATE]
    assert [[(each.field, each.after) for each in one.step.changes] for one in results(in_zoho)] == [
        [("moodle_userid", found)],
        [],
        [("moodle_userid", NEW_ID)],
    ]
    assert (
        college.moodle_calls("core_user_create_users") == college.moodle_calls("core_user_update_users") == 0
    )
    await college.push_moodle("students")  # and Zoho is told with it
    assert {one.step.act for one in results(await college.push_zoho("students"))} == {Action.NOTHING}
    ids = [record["Student_Moodle_ID"] for record in college.zoho.records("BTEC_Students").values()]
    assert ids == [str(found), str(known), str(max(college.moodle.site.people.rows))]


async def test_a_record_that_is_gone_from_zoho_cannot_be_pushed() -> None:
    college = College()
    id = await taken(college, "BTEC_Students", "students", STUDENT)
    college.zoho.remove("BTEC_Students", id)
    (result,) = results(await college.push_zoho("students"))
    assert (result.step.act, result.step.why) == (
        Action.CANNOT,
        f"Zoho has no student {id}; it was deleted there.",
    )


async def test_a_field_zoho_works_out_itself_is_not_written() -> None:
    college = College()
    college.zoho.define(
        "BTEC_Students",
        [ZohoField(api_name="City", label="City", data_type="formula", json_type="string", read_only=True)],
    )
    id = await taken(college, "BTEC_Students", "students", STUDENT)
    await changed(college, "BTEC_Students", "students", id, City="Amman")
    assert told(await college.push_zoho("students")) == [(Action.NOTHING, None)]


async def test_a_lookup_to_a_record_we_do_not_know_is_left_as_it_is() -> None:
    college = College()
    id = await taken(college, "BTEC_Students", "students", STUDENT)
    await changed(
        college, "BTEC_Students", "students", id, Program={"id": "5398830000000000999"}, City="Amman"
    )
    (result,) = results(await college.push_zoho("students"))
    assert (result.step.act, became(result)) == (Action.CHANGE, Applied)
    assert result.step.why == "Left as they are: program (we know no record 5398830000000000999)."
    assert [change.field for change in result.step.changes] == ["city"]


async def test_a_refused_record_says_why_and_harms_no_other() -> None:
    college = College()
    first = await taken(college, "BTEC_Students", "students", STUDENT)
    other = {**STUDENT, "Name": "A2", "Academic_Email": "a2@college.example"}
    second = await taken(college, "BTEC_Students", "students", other)
    for id in (first, second):
        await changed(college, "BTEC_Students", "students", id, City="Amman")
    college.zoho.lock("BTEC_Students", first)
    by_id = {str(result.step.zoho_id): result for result in results(await college.push_zoho("students"))}
    assert isinstance(by_id[first].result, Rejected)
    assert "RECORD_LOCKED" in by_id[first].why
    assert isinstance(by_id[second].result, Applied)


async def college_with_a_grade(**fields: object) -> tuple[College, str]:
    """A grade with a key and two outcomes, in Zoho and with us."""
    college = College()
    await taken(college, "BTEC_Students", "students", STUDENT)
    (student,) = college.zoho.records("BTEC_Students")
    await taken(college, "BTEC_Classes", "classes", {"Name": "NET", "Class_Name": "Networking"})
    (class_,) = college.zoho.records("BTEC_Classes")
    grade = {
        "Name": "G1",
        "Student": {"id": student},
        "Class": {"id": class_},
        "Grade": "P",
        "Moodle_Grade_Composite_Key": "501_9_1",
        "Learning_Outcomes_Assessm": [
            {"LO_Code": "P1", "LO_Score": "Achieved"},
            {"LO_Code": "P2", "LO_Score": "Not Achieved"},
        ],
        **fields,
    }
    return college, await taken(college, "BTEC_Grades", "grades", grade)


async def test_a_grade_with_a_key_is_written_by_its_key_and_its_rows_by_their_code() -> None:
    college, id = await college_with_a_grade()
    rows: Any = college.zoho.records("BTEC_Grades")[id]["Learning_Outcomes_Assessm"]
    ours = [{**rows[0]}, {**rows[1], "LO_Score": "Achieved"}]
    await changed(college, "BTEC_Grades", "grades", id, Grade="M", Learning_Outcomes_Assessm=ours)
    college.timer.jump(60)
    (result,) = results(await college.push_zoho("grades"))
    assert (result.step.act, became(result)) == (Action.CHANGE, Applied)
    assert [change.field for change in result.step.changes] == ["grade_value", "outcomes"]
    there: Any = college.zoho.records("BTEC_Grades")[id]
    assert there["Grade"] == "M"
    assert [(row["id"], row["LO_Score"]) for row in there["Learning_Outcomes_Assessm"]] == [
        (rows[0]["id"], "Achieved"),
        (rows[1]["id"], "Achieved"),
    ]
    (upsert,) = [one for one in college.zoho.seen if one.url.endswith("/upsert")]
    assert b'"duplicate_check_fields": ["Moodle_Grade_Composite_Key"]' in (upsert.body or b"")
    assert told(await college.push_zoho("grades")) == [(Action.NOTHING, None)]


async def test_a_grade_with_a_key_that_zoho_lost_is_made_again() -> None:
    college, id = await college_with_a_grade()
    college.zoho.remove("BTEC_Grades", id)
    assert told(await college.push_zoho("grades")) == [(Action.CREATE, Applied)]
    (made,) = college.zoho.records("BTEC_Grades").values()
    assert (made["Grade"], made["Moodle_Grade_Composite_Key"]) == ("P", "501_9_1")


async def test_a_module_without_a_required_field_is_refused_with_the_remedy() -> None:
    college = College()
    del college.zoho.organization.table("BTEC_Payments").fields["Payment_Amount"]
    with pytest.raises(FieldsMissing, match="BTEC_Payments has no field `Payment_Amount`"):
        await college.push_zoho("payments")


async def test_a_thousand_changed_records_are_read_and_written_by_the_hundred() -> None:
    college = College()
    records = []
    for number in range(1000):
        record = {"Name": f"A{number}", "Academic_Email": f"a{number}@college.example"}
        records.append(college.zoho.add("BTEC_Students", record))
    there = college.zoho.records("BTEC_Students")
    await college.sync("students", [{**there[id], "City": "Amman"} for id in records])
    college.timer.jump(timedelta(minutes=1).total_seconds())
    before = college.zoho.calls
    assert told(await college.push_zoho("students")) == [(Action.CHANGE, Applied)] * 1000
    assert college.zoho.calls - before <= 25


async def test_a_field_of_the_tenants_own_is_pushed_as_well() -> None:
    college = College()
    await college.use_cases.map_fields(DEFAULT_TENANT, STUDENTS, [FieldMapping("extra.intake", "Intake")])
    id = await taken(college, "BTEC_Students", "students", {**STUDENT, "Intake": "Spring"})
    await changed(college, "BTEC_Students", "students", id, Intake="Autumn")
    (result,) = results(await college.push_zoho("students"))
    assert (became(result), [change.field for change in result.step.changes]) == (
        Applied,
        ["extra.intake"],
    )
    assert college.zoho.records("BTEC_Students")[id]["Intake"] == "Autumn"


async def college_with_a_schedule() -> tuple[College, str]:
    """A registration with an instalment, of which we know more than Zoho."""
    college = College()
    student = await taken(college, "BTEC_Students", "students", STUDENT)
    program = await taken(college, "Products", "programs", {"Product_Name": "IT"})
    rows = [{"Installment_No": 1, "Installment_Amount": 100, "Installment_Status": "Pending"}]
    registration = {"Student_ID": {"id": student}, "Program": {"id": program}, "Payment_Schedule": rows}
    id = await taken(college, "BTEC_Registrations", "registrations", registration)
    there: Any = college.zoho.records("BTEC_Registrations")[id]["Payment_Schedule"]
    paid = [{**there[0], "Installment_Status": "Paid"}, {"Installment_No": 2, "Installment_Amount": 50}]
    await changed(college, "BTEC_Registrations", "registrations", id, Payment_Schedule=paid)
    return college, id


async def test_a_record_of_which_only_rows_differ_has_only_these_written() -> None:
    college, id = await college_with_a_schedule()
    (result,) = results(await college.push_zoho("registrations"))
    assert (result.step.act, became(result)) == (Action.CHANGE, Applied)
    there: Any = college.zoho.records("BTEC_Registrations")[id]["Payment_Schedule"]
    assert [(row["Installment_No"], row["Installment_Status"]) for row in there] == [
        (1, "Paid"),
        (2, "Pending"),
    ]
    assert told(await college.push_zoho("registrations")) == [(Action.NOTHING, None)]


async def test_rows_that_cannot_be_read_are_left_and_the_other_fields_are_written() -> None:
    college, id = await college_with_a_schedule()
    await changed(college, "BTEC_Registrations", "registrations", id, Study_Mode="Evening")
    del college.zoho.organization.tables["Payment_Schedule"]
    (result,) = results(await college.push_zoho("registrations"))
    assert [change.field for change in result.step.changes] == ["study_mode"]
    row = college.zoho.organization.table("BTEC_Registrations").rows[int(id)]
    assert (became(result), row.values["Study_Mode"]) == (Applied, "Evening")


async def test_rows_are_left_where_no_column_tells_them_apart() -> None:
    """By no key at all they would all be one row."""
    college, id = await college_with_a_schedule()
    del college.zoho.organization.table("Payment_Schedule").fields["Installment_No"]
    assert told(await college.push_zoho("registrations")) == [(Action.NOTHING, None)]
    there: Any = college.zoho.records("BTEC_Registrations")[id]["Payment_Schedule"]
    assert [row["Installment_Status"] for row in there] == ["Pending"]


async def test_the_criteria_of_a_unit_are_compared_with_those_in_zoho() -> None:
    college = College()
    id = await taken(college, "BTEC", "units", {"Name": "Unit 1", "P1_description": "Explain."})
    assert told(await college.push_zoho("units")) == [(Action.NOTHING, None)]
    await changed(college, "BTEC", "units", id, P1_description="Describe.")
    (result,) = results(await college.push_zoho("units"))
    assert (result.step.act, result.step.why) == (Action.CANNOT, "Left as they are: criteria.")


async def test_rows_that_zoho_refuses_are_told() -> None:
    college, id = await college_with_a_schedule()
    college.zoho.lock("BTEC_Registrations", id)
    (result,) = results(await college.push_zoho("registrations"))
    assert (became(result), "RECORD_LOCKED" in result.why) == (Rejected, True)


async def test_a_version_zoho_has_that_cannot_be_read_is_told() -> None:
    college = College()
    id = await taken(college, "BTEC_Students", "students", STUDENT)
    college.zoho.edit("BTEC_Students", id, {"Academic_Email": "nonsense"})
    (result,) = results(await college.push_zoho("students"))
    assert (result.step.act, "cannot be read" in result.step.why) == (Action.CANNOT, True)


async def test_a_write_nobody_heard_of_again_is_told_as_unsure() -> None:
    college = College()
    id = await taken(college, "BTEC_Students", "students", STUDENT)
    await changed(college, "BTEC_Students", "students", id, City="Amman")
    college.to_zoho.instead["/BTEC_Students"] = lost
    (result,) = results(await college.push_zoho("students"))
    assert (became(result), result.well) == (Unknown, False)


async def test_a_grade_is_written_in_the_words_of_the_organisations_pick_list() -> None:
    college, id = await college_with_a_grade()
    words = ("Refer", "Pass", "Merit", "Distinction")
    grade = ZohoField(
        api_name="Grade", label="Grade", data_type="picklist", json_type="string", choices=words
    )
    college.zoho.define("BTEC_Grades", [grade])
    await changed(college, "BTEC_Grades", "grades", id, Grade="M")
    assert told(await college.push_zoho("grades")) == [(Action.CHANGE, Applied)]
    assert college.zoho.records("BTEC_Grades")[id]["Grade"] == "Merit"
    assert told(await college.push_zoho("grades")) == [(Action.NOTHING, None)]


async def test_a_record_of_zoho_that_the_codec_cannot_take_is_told_and_harms_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    college = College()
    ids = [
        await taken(
            college, "BTEC_Students", "students", {**STUDENT, "Academic_Email": f"{n}@college.example"}
        )
        for n in range(3)
    ]
    for id in ids:
        await changed(college, "BTEC_Students", "students", id, City="Amman")
    college.timer.jump(60)
    real = ZohoCodec.decoder

    def odd(self: ZohoCodec, module: Any, overlay: Any) -> Any:
        decode = real(self, module, overlay)

        def decoded(record: Any) -> Any:
            return decode(record) if record["id"] != ids[1] else 1 // 0

        return decoded

    monkeypatch.setattr(ZohoCodec, "decoder", odd)
    done = results(await college.push_zoho("students"))
    assert [(each.step.act, became(each)) for each in done] == [
        (Action.CHANGE, Applied),
        (Action.CANNOT, None),
        (Action.CHANGE, Applied),
    ]
    assert done[1].step.why == (
        "What Zoho has cannot be read: "
        "It led to an error that mzi does not know (ZeroDivisionError); please report it."
    )
