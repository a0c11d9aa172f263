"""The user report of the gradebook: every item of a student, and the course total."""

from decimal import Decimal
from typing import Any

from mzi_adapters.testing.moodle.gradebook import gradebook, graded
from mzi_adapters.testing.moodle.marking import bounds
from mzi_adapters.testing.moodle.parameters import Value
from mzi_adapters.testing.moodle.refusals import (
    invalid_user,
    moodle_error,
)
from mzi_adapters.testing.moodle.site import Functions, Site
from mzi_adapters.testing.moodle.site_tables import Assignment, Course, Final, SiteUser

FUNCTIONS = Functions()


@FUNCTIONS.offer(
    "gradereport_user_get_grade_items",
    courseid=Value("int"),
    userid=Value("int", default=0),
    groupid=Value("int", default=0),
)
def grade_items(site: Site, given: dict[str, Any]) -> dict[str, Any]:
    """The user report: every item of one student, or of all; nothing of what was not released."""
    course = site.course(given["courseid"])
    site.require("gradereport/user:view")
    if given["userid"]:
        user = site.people.living(given["userid"])
        if user is None:
            raise invalid_user()
        if (course.id, user.id) not in site.enrolments:
            raise moodle_error("notincourse", "error/notincourse")
        users = [user]
    else:
        users = site.participants(course.id)
    if any(each.id != site.caller.userid for each in users) and not site.may("moodle/grade:viewall"):
        raise moodle_error("nopermissiontoviewgrades", "Can not view grades.")
    return {"usergrades": [_report(site, course, each) for each in users], "warnings": []}


def _report(site: Site, course: Course, user: SiteUser) -> dict[str, Any]:
    assignments = graded(site, course.id)
    finals = {each.id: site.finals.get(each.itemid, user.id) for each in assignments}
    if any(finals.values()):  # with the first row of a student come the rows of all items
        finals = {key: final or Final(id=0, itemid=0, userid=user.id) for key, final in finals.items()}
    total = sum((bounds(site, each)[1] for each in assignments if _has(finals[each.id])), Decimal(0))
    items = [_item(site, each, finals[each.id], total) for each in assignments]
    return {
        "courseid": course.id,
        "courseidnumber": course.idnumber,
        "userid": user.id,
        "userfullname": user.fullname,
        "useridnumber": user.idnumber,
        "maxdepth": 2,
        "gradeitems": [*items, _total(site, course, assignments, finals)],
    }


def _has(final: Final | None) -> bool:
    return final is not None and final.grade is not None


_PLAIN: dict[str, Any] = {
    "gradehiddenbydate": False,
    "gradeneedsupdate": False,
    "gradeishidden": False,
    "gradeislocked": False,
    "gradeisoverridden": False,
}


def _item(site: Site, assignment: Assignment, final: Final | None, total: Decimal) -> dict[str, Any]:
    low, high = bounds(site, assignment)
    grade = final.grade if final else None
    shown: dict[str, Any] = {
        "id": assignment.itemid,
        "itemname": assignment.name,
        "itemtype": "mod",
        "itemmodule": "assign",
        "iteminstance": assignment.id,
        "itemnumber": 0,
        "idnumber": assignment.idnumber,
        "categoryid": gradebook(site, assignment.course)[0],
        "outcomeid": None,
        "scaleid": None,
        "locked": False,
        "cmid": assignment.cmid,
    }
    if final:
        weight = high / total if grade is not None else Decimal(0)
        shown |= {"weightraw": weight, "weightformatted": f"{weight * 100:.2f} %"}
    if final and grade is None:
        shown["status"] = "novalue"
    scale = site.scales[-assignment.grade] if assignment.grade < 0 else None
    word = "-" if grade is None else scale[int(grade) - 1] if scale else f"{grade:.2f}"
    ends = (scale[0], scale[-1]) if scale else (low, high)
    return shown | {
        "graderaw": grade,
        "gradedatesubmitted": final.submitted if final else None,
        "gradedategraded": final.graded if final else None,
        **_PLAIN,
        "gradeformatted": word,
        "grademin": low,
        "grademax": high,
        "rangeformatted": f"{ends[0]}&ndash;{ends[1]}",
        "percentageformatted": "-" if grade is None else f"{(grade - low) / (high - low) * 100:.2f} %",
        "feedback": (final.feedback or "") if final else "",
        "feedbackformat": 0 if final is None else 2 if final.feedback is None else 1,
    }


def _total(
    site: Site, course: Course, assignments: list[Assignment], finals: dict[int, Final | None]
) -> dict[str, Any]:
    counted = [(each, finals[each.id]) for each in assignments if _has(finals[each.id])]
    reached = sum((final.grade or Decimal(0) for _, final in counted if final), Decimal(0))
    highest = sum(
        (bounds(site, each)[1] for each, _ in counted or [(each, None) for each in assignments]), Decimal(0)
    )
    graded = max((final.graded or 0 for _, final in counted if final), default=None)
    _, item = gradebook(site, course.id)
    return {
        "id": item,
        "itemname": None,
        "itemtype": "course",
        "itemmodule": None,
        "iteminstance": 1,
        "itemnumber": None,
        "idnumber": None,
        "categoryid": None,
        "outcomeid": None,
        "scaleid": None,
        "locked": False,
        "graderaw": reached if counted else None,
        "gradedatesubmitted": None,
        "gradedategraded": graded,
        **_PLAIN,
        "gradeformatted": f"{reached:.2f}" if counted else "-",
        "grademin": 0,
        "grademax": highest,
        "rangeformatted": f"0&ndash;{highest}",
        "percentageformatted": f"{reached / highest * 100:.2f} %" if counted else "-",
        "feedback": "",
        "feedbackformat": 2 if any(finals.values()) else 0,
    }
