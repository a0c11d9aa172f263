"""The gradebook: what a student is shown, over all attempts."""

import json
from typing import Any

from mzi_adapters.testing.moodle.marking import final_for, write_final
from mzi_adapters.testing.moodle.parameters import Many, One, Value
from mzi_adapters.testing.moodle.refusals import course_context, invalid_parameter, invalid_user, moodle_error
from mzi_adapters.testing.moodle.site import Functions, Site
from mzi_adapters.testing.moodle.site_tables import Assignment

FUNCTIONS = Functions()


def gradebook(site: Site, course: int) -> tuple[int, int]:
    """The top category and the total's item of a course, which are made when first needed."""
    if course not in site.grade_courses:
        site.grade_courses[course] = site.next_id("grade_categories"), site.next_id("grade_items")
    return site.grade_courses[course]


def graded(site: Site, course: int) -> list[Assignment]:
    """What is graded in a course."""
    return [each for each in site.assignments.values() if each.course == course]


_GRADE = One(
    {"studentid": Value("int"), "grade": Value("float"), "str_feedback": Value("raw", optional=True)}
)
_DETAILS = (
    "itemname", "idnumber", "gradetype", "grademax", "grademin", "scaleid", "multfactor", "plusfactor",
    "deleted", "hidden",
)  # fmt: skip


@FUNCTIONS.offer(
    "core_grades_update_grades",
    source=Value("raw"),
    courseid=Value("int"),
    component=Value("raw"),
    activityid=Value("int"),
    itemnumber=Value("int"),
    grades=Many(_GRADE, default=[]),
    itemdetails=One({name: Value("raw", optional=True) for name in _DETAILS}, default={}),
)
def update_grades(site: Site, given: dict[str, Any]) -> int:
    """Write the gradebook only, for whoever; feedback is passed over, and a grade too high is cut."""
    course = site.course(given["courseid"], context=True)
    if not given["component"].startswith("mod_"):
        raise invalid_parameter("Only activity modules have grades here")
    if site.modules.get(given["activityid"]) is None:
        raise moodle_error("invalidcoursemodule", "Invalid course module ID")
    site.require("moodle/grade:edit")
    assignment = site.module(given["activityid"])
    if assignment.course != course.id:
        raise course_context(course.id)
    for wanted in given["grades"]:
        final = final_for(site, assignment.itemid, wanted["studentid"])
        write_final(site, assignment, final, wanted["grade"], site.now())
    return 0


_OPTIONS = (
    "aggregation", "aggregateonlygraded", "aggregateoutcomes", "droplow", "itemname", "iteminfo", "idnumber",
    "gradetype", "grademax", "grademin", "gradepass", "display", "decimals", "hiddenuntil", "locktime",
    "weightoverride", "aggregationcoef2", "parentcategoryid", "parentcategoryidnumber",
)  # fmt: skip


@FUNCTIONS.offer(
    "core_grades_create_gradecategories",
    courseid=Value("int"),
    categories=Many(
        One(
            {
                "fullname": Value("text"),
                "options": One({name: Value("raw", optional=True) for name in _OPTIONS}, default={}),
            }
        )
    ),
)
def create_gradecategories(site: Site, given: dict[str, Any]) -> dict[str, Any]:
    """Make grade categories. There is no changing or deleting them, and the course wants regrading after."""
    course = site.course(given["courseid"])
    site.require("moodle/grade:manage")
    if any(each["options"].get("gradetype") == "2" for each in given["categories"]):
        message = "Scale must be selected"
        return {
            "categoryids": [],
            "warnings": [{"item": "scaleid", "warningcode": "invalidscale", "message": message}],
        }
    gradebook(site, course.id)
    made = []
    for wanted in given["categories"]:
        number = site.next_id("grade_categories")
        site.grade_categories.append((number, course.id, wanted["fullname"]))
        made.append(number)
    site.regrading.add(course.id)
    return {"categoryids": made, "warnings": []}


@FUNCTIONS.offer("core_grades_get_gradable_users", courseid=Value("int"), groupid=Value("int", default=0))
def gradable_users(site: Site, given: dict[str, Any]) -> dict[str, Any]:
    """The students of a course, unless its grades must be computed again first."""
    course = site.course(given["courseid"])
    if course.id in site.regrading:
        raise moodle_error("gradesneedregrading", "grades/gradesneedregrading")
    users = site.participants(course.id)
    return {
        "users": [{"id": each.id, "fullname": each.fullname, "email": each.email} for each in users],
        "warnings": [],
    }


@FUNCTIONS.offer("core_grades_get_gradeitems", courseid=Value("int"))
def gradeitems(site: Site, given: dict[str, Any]) -> dict[str, Any]:
    """The grade items of a course, with ids as text."""
    course = site.course(given["courseid"])
    items = [
        {"id": str(each.itemid), "itemname": each.name, "category": course.fullname}
        for each in graded(site, course.id)
    ]
    return {"gradeItems": items, "warnings": []}


@FUNCTIONS.offer("core_grades_get_grade_tree", courseid=Value("int"))
def grade_tree(site: Site, given: dict[str, Any]) -> str:
    """Categories and items as JSON inside a JSON string."""
    course = site.course(given["courseid"])
    children: list[dict[str, Any]] = [
        {"id": str(each.itemid), "name": each.name, "iscategory": False, "children": None}
        for each in graded(site, course.id)
    ]
    children += [
        {"id": str(number), "name": name, "iscategory": True, "haschildcategories": False, "children": None}
        for number, where, name in site.grade_categories
        if where == course.id
    ]
    return json.dumps(
        {
            "id": str(gradebook(site, course.id)[0]),
            "name": course.fullname,
            "iscategory": True,
            "haschildcategories": any(each["iscategory"] for each in children),
            "children": children,
        },
        separators=(",", ":"),
    )


@FUNCTIONS.offer("core_grades_get_feedback", courseid=Value("int"), userid=Value("int"), itemid=Value("int"))
def get_feedback(site: Site, given: dict[str, Any]) -> dict[str, Any]:
    """The feedback the gradebook shows of one student and item."""
    course = site.course(given["courseid"])
    user = site.people.living(given["userid"])
    if user is None:
        raise invalid_user()
    names = {each.itemid: each.name for each in graded(site, course.id)}
    final = site.finals.get(given["itemid"], user.id)
    initials = user.firstname[:1] + user.lastname[:1]
    return {
        "feedbacktext": final.feedback if final else None,
        "title": names.get(given["itemid"], ""),
        "fullname": user.fullname,
        "picture": f'<span class="userinitials size-50" title="{user.fullname}" '
        f'aria-label="{user.fullname}" role="img">{initials}</span>',
        "additionalfield": user.email,
    }
