"""The form of Moodle's grading page, sent by web service: the one way to write BTEC criteria."""

import json
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from mzi_adapters.testing.moodle import form
from mzi_adapters.testing.moodle.grades import marked
from mzi_adapters.testing.moodle.marking import LATEST, UNGRADED, flags_for, mark_for, save
from mzi_adapters.testing.moodle.parameters import Value, is_float, number
from mzi_adapters.testing.moodle.refusals import invalid_parameter
from mzi_adapters.testing.moodle.site import Functions, Site, warning

FUNCTIONS = Functions()


@FUNCTIONS.offer(
    "mod_assign_submit_grading_form",
    assignmentid=Value("int"),
    userid=Value("int"),
    jsonformdata=Value("raw"),
)
def submit_grading_form(site: Site, given: dict[str, Any]) -> list[dict[str, Any]]:
    """Mark one student by a form that is urlencoded and then a JSON string.

    A form with a criterion that is missing or neither 0 nor 1 saves nothing, though its rows are there.
    """
    assignment = marked(site, given["assignmentid"])
    sent, user = _sent(given["jsonformdata"]), given["userid"]
    attempt = number(_text(sent, "attemptnumber") or str(LATEST))
    criteria = assignment.definition.criteria if assignment.definition else []
    scores = {each.id: _text(sent, *_CRITERIA, str(each.id), "score") for each in criteria}
    if not all(score in ("0", "1") for score in scores.values()):
        mark_for(site, assignment, user, attempt, site.caller.userid)
        flags_for(site, assignment.id, user)
        said = "Could not save grade."
        return [warning("Form validation failed.", assignment.id, "couldnotsavegrade", said)]
    grade = _text(sent, "grade")
    save(
        site,
        assignment,
        user,
        grade=Decimal(grade) if is_float(grade) else UNGRADED,
        grader=site.caller.userid,
        feedback=_text(sent, "assignfeedbackcomments_editor", "text"),
        workflow=_text(sent, "workflowstate"),
        attempt=attempt,
        another=_text(sent, "addattempt") == "1",
        fillings={
            key: (int(score), _text(sent, *_CRITERIA, str(key), "remark")) for key, score in scores.items()
        },
    )
    return []


_CRITERIA = ("advancedgrading", "criteria")


def _sent(text: str) -> dict[str, Any]:
    try:
        sent = json.loads(text)
    except ValueError:
        sent = None
    if not isinstance(sent, str):
        raise invalid_parameter("Invalid JSON form data")
    fields = parse_qsl(sent, keep_blank_values=True)
    return form.nested(fields, at_most=len(fields))


def _text(array: Any, *path: str) -> str:
    """The text at a path of a PHP array; none is ''."""
    for step in path:
        array = array.get(step) if isinstance(array, dict) else None
    return array if isinstance(array, str) else ""
