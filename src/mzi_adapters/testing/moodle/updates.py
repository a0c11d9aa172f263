"""What changed in a course since a moment: work and marks, but never a workflow state by itself."""

from typing import Any

from mzi_adapters.testing.moodle.parameters import Many, One, Value
from mzi_adapters.testing.moodle.site import Functions, Site
from mzi_adapters.testing.moodle.site_tables import Assignment

FUNCTIONS = Functions()


@FUNCTIONS.offer(
    "core_course_get_updates_since",
    courseid=Value("int"),
    since=Value("int"),
    filter=Many(Value("raw"), default=[]),
)
def updates_since(site: Site, given: dict[str, Any]) -> dict[str, Any]:
    """Every assignment of the course with something newer than `since`."""
    course = site.course(given["courseid"])
    found = [each for each in site.assignments.values() if each.course == course.id]
    found = [each for each in found if site.sees_activity(each)]
    shown = [_module(site, each, given["since"], given["filter"]) for each in found]
    return {"instances": [each for each in shown if each["updates"]], "warnings": []}


_CHECK = One({"contextlevel": Value("raw"), "id": Value("int"), "since": Value("int")})


@FUNCTIONS.offer(
    "core_course_check_updates",
    courseid=Value("int"),
    tocheck=Many(_CHECK),
    filter=Many(Value("raw"), default=[]),
)
def check_updates(site: Site, given: dict[str, Any]) -> dict[str, Any]:
    """The same for chosen course modules, each since its own moment."""
    course = site.course(given["courseid"])
    shown, warnings = [], []
    for wanted in given["tocheck"]:
        assignment = site.assignments.get(site.modules.get(wanted["id"], 0))
        if assignment is None or assignment.course != course.id or wanted["contextlevel"] != "module":
            message = "This activity or resource does not belong to the requested course"
            warnings.append(
                {"item": wanted["contextlevel"], "itemid": wanted["id"], "warningcode": "cmidnotincourse",
                 "message": message}
            )  # fmt: skip
            continue
        updates = _module(site, assignment, wanted["since"], given["filter"])
        if updates["updates"]:
            shown.append(updates)
    return {"instances": shown, "warnings": warnings}


def _sees_all(site: Site, assignment: Assignment) -> bool:
    """Whether the caller is told of everybody's work and marks."""
    return site.may("mod/assign:viewgrades") and site.seen_groups(site.courses[assignment.course]) is None


def _module(site: Site, assignment: Assignment, since: int, areas: list[str]) -> dict[str, Any]:
    updates: list[dict[str, Any]] = []
    if assignment.timemodified > since:
        updates.append({"name": "configuration", "timeupdated": assignment.timemodified})
    told_of = set(site.enrolments.seconds(assignment.course)) if _sees_all(site, assignment) else set()
    for name, table in (("usersubmissions", site.submissions), ("usergrades", site.marks)):
        changed = sorted(
            row.id
            for user in told_of.intersection(table.seconds(assignment.id))
            for row in table[assignment.id, user]
            if row.timemodified > since
        )
        if changed:
            updates.append({"name": name, "itemids": changed})
    kept = [each for each in updates if not areas or each["name"] in areas]
    return {"contextlevel": "module", "id": assignment.cmid, "updates": kept}
