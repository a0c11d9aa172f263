"""Work and marks: how the fake keeps, withholds and loses what Moodle keeps, withholds and loses."""

import json
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from tests.gateways.moodle_fake.asking import ask
from tests.gateways.moodle_fake.conftest import Campus

SAVE = "mod_assign_save_grade"


def form(assignment: int, user: int, grade: object = 3, **more: Any) -> dict[str, Any]:
    """The parameters of one mark."""
    return {
        "assignmentid": assignment,
        "userid": user,
        "grade": grade,
        "attemptnumber": -1,
        "addattempt": 0,
        "workflowstate": "released",
        "applytoall": 0,
        "plugindata": {"assignfeedbackcomments_editor": {"text": "<p>Good</p>", "format": 1}},
        **more,
    }


async def marks(campus: Campus, assignment: int) -> list[tuple[int, int, str]]:
    """User, attempt and mark, as mod_assign_get_grades shows them."""
    said = await ask(campus.moodle, "mod_assign_get_grades", assignmentids=[assignment])
    return [
        (each["userid"], each["attemptnumber"], each["grade"])
        for shown in said["assignments"]
        for each in shown["grades"]
    ]


async def status(campus: Campus, assignment: int, user: int) -> dict[str, Any]:
    """One student's attempts."""
    said: dict[str, Any] = await ask(
        campus.moodle, "mod_assign_get_submission_status", assignid=assignment, userid=user
    )
    return said


async def report(campus: Campus, assignment: int, user: int) -> dict[str, Any]:
    """One item of a student's grade report."""
    said = await ask(campus.moodle, "gradereport_user_get_grade_items", courseid=campus.course, userid=user)
    items = said["usergrades"][0]["gradeitems"]
    found: dict[str, Any] = next(each for each in items if each["iteminstance"] == assignment)
    return found


async def flags(campus: Campus, assignment: int) -> dict[int, str]:
    """The workflow states, by user."""
    said = await ask(campus.moodle, "mod_assign_get_user_flags", assignmentids=[assignment])
    return {
        each["userid"]: each["workflowstate"] for shown in said["assignments"] for each in shown["userflags"]
    }


@pytest.mark.parametrize("grade", ["4.5", "-5", "9"], ids=repr)
async def test_a_mark_out_of_range_is_dropped_and_its_feedback_kept(campus: Campus, grade: str) -> None:
    """The answer is null as ever."""
    campus.moodle.grade(campus.points, campus.noor, 2, feedback="old")
    assert await ask(campus.moodle, SAVE, **form(campus.points, campus.noor, grade)) is None
    assert await marks(campus, campus.points) == [(campus.noor, 0, "2.00000")]
    said = await status(campus, campus.points, campus.noor)
    assert said["feedback"]["plugins"][0]["editorfields"][0]["text"] == "<p>Good</p>"


async def test_any_word_is_a_workflow_state(campus: Campus) -> None:
    """Stored as it came; and whatever is not `released` withholds."""
    assert await ask(campus.moodle, SAVE, **form(campus.points, campus.noor, workflowstate="bogus")) is None
    assert await flags(campus, campus.points) == {campus.noor: "bogus"}
    assert "feedback" not in await status(campus, campus.points, campus.noor)


async def test_marking_an_attempt_that_is_none_makes_it_the_latest(campus: Campus) -> None:
    """The damage is done without a word."""
    campus.moodle.submit(campus.points, campus.noor)
    assert await ask(campus.moodle, SAVE, **form(campus.points, campus.noor, attemptnumber=5)) is None
    said = await status(campus, campus.points, campus.noor)
    submission = said["lastattempt"]["submission"]
    assert (submission["attemptnumber"], submission["status"]) == (5, "new")


async def test_marking_an_older_attempt_leaves_the_latest_alone(campus: Campus) -> None:
    """Only the old one is another."""
    campus.moodle.submit(campus.points, campus.noor)
    campus.moodle.grade(campus.points, campus.noor, 1, reopen=True)
    campus.moodle.submit(campus.points, campus.noor)
    campus.moodle.grade(campus.points, campus.noor, 3)
    assert await ask(campus.moodle, SAVE, **form(campus.points, campus.noor, 2, attemptnumber=0)) is None
    assert await marks(campus, campus.points) == [(campus.noor, 1, "3.00000")]
    said = await status(campus, campus.points, campus.noor)
    assert [each["grade"]["grade"] for each in said["previousattempts"]] == ["2.00000"]


async def test_no_attempt_is_added_beyond_the_last(campus: Campus) -> None:
    """Two here; the third is passed over."""
    for expected in (1, 1):
        assert await ask(campus.moodle, SAVE, **form(campus.points, campus.noor, 1, addattempt=1)) is None
        submission = (await status(campus, campus.points, campus.noor))["lastattempt"]["submission"]
        assert (submission["attemptnumber"], submission["status"]) == (expected, "reopened")


@pytest.mark.parametrize("workflow", [True, False], ids=repr)
async def test_an_unknown_user_is_refused_too_late_or_not_at_all(campus: Campus, workflow: bool) -> None:
    """With workflow the rows are written before the error; without it there is no error."""
    assignment = campus.points if workflow else campus.plain
    said = await ask(campus.moodle, SAVE, **form(assignment, 9999))
    assert (said or {}).get("errorcode") == ("invaliduser" if workflow else None)
    assert await marks(campus, assignment) == [(9999, 0, "-1.00000" if workflow else "3.00000")]


async def test_a_teacher_is_marked_like_a_student(campus: Campus) -> None:
    """Nobody asks who takes part."""
    assert await ask(campus.moodle, SAVE, **form(campus.points, campus.teacher)) is None
    assert await marks(campus, campus.points) == [(campus.teacher, 0, "3.00000")]


async def test_without_plugin_data_the_database_refuses(campus: Campus) -> None:
    """And the mark is not kept."""
    wanted = form(campus.points, campus.noor)
    del wanted["plugindata"]
    assert (await ask(campus.moodle, SAVE, **wanted))["errorcode"] == "dmlwriteexception"
    assert await marks(campus, campus.points) == [(campus.noor, 0, "-1.00000")]


async def test_a_plain_mark_on_criteria_is_a_refer(campus: Campus) -> None:
    """Whatever was sent, with no criterion filled."""
    assert await ask(campus.moodle, SAVE, **form(campus.criteria, campus.noor, 4)) is None
    assert await marks(campus, campus.criteria) == [(campus.noor, 0, "1.00000")]


@pytest.mark.parametrize(
    ("met", "grade"),
    [("", "1"), ("P1", "2"), ("P1 M1", "3"), ("P1 M1 D1", "4"), ("M1 D1", "1"), ("P1 D1", "2")],
    ids=repr,
)
async def test_the_form_of_the_grading_page_writes_criteria(campus: Campus, met: str, grade: str) -> None:
    """A level counts when it and all below it are met."""
    assignment = campus.moodle.site.assignments[campus.criteria]
    assert assignment.definition
    fields = {"attemptnumber": -1, "workflowstate": "released", "assignfeedbackcomments_editor[text]": "x"}
    for each in assignment.definition.criteria:
        fields[f"advancedgrading[criteria][{each.id}][score]"] = int(each.code in met.split())
        fields[f"advancedgrading[criteria][{each.id}][remark]"] = "seen"
    said = await ask(
        campus.moodle,
        "mod_assign_submit_grading_form",
        assignmentid=campus.criteria,
        userid=campus.noor,
        jsonformdata=json.dumps(urlencode(fields)),
    )
    assert said == []
    assert await marks(campus, campus.criteria) == [(campus.noor, 0, f"{grade}.00000")]


@pytest.mark.parametrize(
    ("grade", "kept", "shown", "word"),
    [
        ("0", "0.00000", 1, "Refer"),
        ("1", "1.00000", 1, "Refer"),
        ("1.5", "1.50000", 2, "Pass"),
        ("2", "2.00000", 2, "Pass"),
        ("3", "3.00000", 3, "Merit"),
        ("4", "4.00000", 4, "Distinction"),
    ],
    ids=repr,
)
async def test_the_gradebook_rounds_a_scale_and_the_assignment_does_not(
    campus: Campus, grade: str, kept: str, shown: int, word: str
) -> None:
    """Two truths of one mark."""
    assert await ask(campus.moodle, SAVE, **form(campus.scale, campus.noor, grade)) is None
    assert await marks(campus, campus.scale) == [(campus.noor, 0, kept)]
    item = await report(campus, campus.scale, campus.noor)
    assert (item["graderaw"], item["gradeformatted"]) == (shown, word)


@pytest.mark.parametrize(
    "state", ["inmarking", "readyforreview", "inreview", "readyforrelease", ""], ids=repr
)
async def test_before_release_only_the_raw_mark_is_read(campus: Campus, state: str) -> None:
    """Feedback and grade are withheld; a release in Moodle shows both."""
    campus.moodle.submit(campus.points, campus.noor)
    campus.moodle.grade(campus.points, campus.noor, 4, feedback="<p>01122</p>", workflow=state)
    assert await marks(campus, campus.points) == [(campus.noor, 0, "4.00000")]
    said = await status(campus, campus.points, campus.noor)
    assert said["lastattempt"]["gradingstatus"] == (state or "notmarked")
    assert "feedback" not in said
    item = await report(campus, campus.points, campus.noor)
    assert (item["graderaw"], item["feedback"]) == (None, "")
    campus.moodle.release(campus.points, campus.noor)
    said = await status(campus, campus.points, campus.noor)
    assert said["feedback"]["plugins"][0]["editorfields"][0]["text"] == "<p>01122</p>"
    item = await report(campus, campus.points, campus.noor)
    assert (item["graderaw"], item["feedback"]) == (4, "<p>01122</p>")


async def test_a_release_by_flag_never_reaches_the_gradebook(campus: Campus) -> None:
    """The feedback shows, the grade does not."""
    campus.moodle.grade(campus.points, campus.noor, 4, feedback="well done", workflow="readyforrelease")
    said = await ask(
        campus.moodle,
        "mod_assign_set_user_flags",
        assignmentid=campus.points,
        userflags=[{"userid": campus.noor, "workflowstate": "released"}],
    )
    assert [each["userid"] for each in said] == [campus.noor]
    feedback = (await status(campus, campus.points, campus.noor))["feedback"]
    assert (feedback["gradefordisplay"], feedback["grade"]["grade"]) == (None, "4.00000")
    assert (await report(campus, campus.points, campus.noor))["graderaw"] is None


async def test_a_reopened_student_disappears_from_the_marks_until_marked_again(campus: Campus) -> None:
    """Though the workflow state stays released, and the old grade goes on showing."""
    campus.moodle.submit(campus.points, campus.noor)
    campus.moodle.grade(campus.points, campus.noor, 1, feedback="again")
    campus.moodle.reopen(campus.points, campus.noor)
    assert await marks(campus, campus.points) == []
    assert await flags(campus, campus.points) == {campus.noor: "released"}
    said = await status(campus, campus.points, campus.noor)
    assert said["feedback"]["gradefordisplay"] == "1.00&nbsp;/&nbsp;4.00"
    assert "grade" not in said["feedback"]
    campus.moodle.submit(campus.points, campus.noor, text="better")
    campus.moodle.grade(campus.points, campus.noor, Decimal("2.5"))
    assert await marks(campus, campus.points) == [(campus.noor, 1, "2.50000")]


async def test_reading_a_status_writes_a_submission(campus: Campus) -> None:
    """Who never handed in is `new` afterwards, which still is none."""

    async def shown() -> str:
        asked: dict[str, Any] = {"assignid": campus.points, "groupid": 0, "filter": "", "onlyids": 1}
        said = await ask(campus.moodle, "mod_assign_list_participants", **asked)
        state: str = {each["id"]: each for each in said}[campus.noor]["submissionstatus"]
        return state

    assert await shown() == ""
    assert "submission" not in (await status(campus, campus.points, campus.noor))["lastattempt"]
    assert await shown() == "new"
    assert "submission" in (await status(campus, campus.points, campus.noor))["lastattempt"]


async def test_an_assignment_of_a_course_one_is_not_enrolled_in_must_be_asked_for(campus: Campus) -> None:
    """Else the answer is empty, with a warning."""
    for wanted, found in ((0, 0), (1, 4)):
        said = await ask(
            campus.moodle,
            "mod_assign_get_assignments",
            courseids=[campus.course],
            includenotenrolledcourses=wanted,
        )
        assert sum(len(each["assignments"]) for each in said["courses"]) == found
        assert len(said["warnings"]) == 1 - wanted


async def test_updates_tell_of_work_and_marks_and_not_of_a_release(campus: Campus) -> None:
    """A change of workflow state alone is news to nobody."""

    async def news(since: int) -> list[str]:
        asked: dict[str, Any] = {"courseid": campus.course, "since": since}
        said = await ask(campus.moodle, "core_course_get_updates_since", **asked)
        return [each["name"] for shown in said["instances"] for each in shown["updates"]]

    campus.clock.time += 10
    campus.moodle.submit(campus.points, campus.noor)
    assert await news(campus.clock.time - 1) == ["usersubmissions"]
    campus.clock.time += 10
    campus.moodle.grade(campus.points, campus.noor, 3, workflow="inmarking")
    assert await news(campus.clock.time - 1) == ["usergrades"]
    campus.clock.time += 10
    campus.moodle.release(campus.points, campus.noor)
    assert await news(campus.clock.time - 1) == []


async def test_several_marks_are_saved_one_after_the_other(campus: Campus) -> None:
    """One that fails leaves those before it."""
    wanted = [form(campus.points, user) for user in (campus.noor, 9999, campus.sami)]
    for each in wanted:
        del each["assignmentid"], each["applytoall"]
    said = await ask(
        campus.moodle, "mod_assign_save_grades", assignmentid=campus.points, applytoall=0, grades=wanted
    )
    assert said["errorcode"] == "invaliduser"
    assert await marks(campus, campus.points) == [(campus.noor, 0, "3.00000"), (9999, 0, "-1.00000")]


async def test_the_gradebook_alone_is_written_for_whoever_and_cut_to_its_maximum(campus: Campus) -> None:
    """The assignment knows nothing of it, nor of the feedback."""
    cmid = campus.moodle.site.assignments[campus.points].cmid
    grades = [{"studentid": campus.noor, "grade": 50, "str_feedback": "x"}, {"studentid": 9999, "grade": 1}]
    said = await ask(
        campus.moodle,
        "core_grades_update_grades",
        source="mzi",
        courseid=campus.course,
        component="mod_assign",
        activityid=cmid,
        itemnumber=0,
        grades=grades,
    )
    assert said == 0
    item = await report(campus, campus.points, campus.noor)
    assert (item["graderaw"], item["feedback"]) == (4, "")
    assert await marks(campus, campus.points) == []
