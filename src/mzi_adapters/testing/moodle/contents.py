"""What a course consists of: sections, and the activities in them."""

import json
from typing import Any

from mzi_adapters.testing.moodle.parameters import Many, One, Value
from mzi_adapters.testing.moodle.site import Functions, Site
from mzi_adapters.testing.moodle.site_tables import Assignment, Course

FUNCTIONS = Functions()

_OPTIONS = Many(One({"name": Value("alphanumext"), "value": Value("raw")}), default=[])


@FUNCTIONS.offer("core_course_get_contents", courseid=Value("int"), options=_OPTIONS)
def get_contents(site: Site, given: dict[str, Any]) -> list[dict[str, Any]]:
    """The sections of a course; assignments are in the first that has a number."""
    course = site.course(given["courseid"], context=True)
    assignments = [each for each in site.assignments.values() if each.course == course.id]
    shown = [_section(section, number) for number, section in enumerate(course.sections)]
    if shown:
        shown[0]["modules"].append(_forum(site, course))
        shown[min(1, len(shown) - 1)]["modules"] += [_assignment(site, each) for each in assignments]
    return shown


def _section(section: int, number: int) -> dict[str, Any]:
    return {
        "id": section,
        "name": "New section" if number else "General",
        "visible": 1,
        "summary": "",
        "summaryformat": 1,
        "section": number,
        "hiddenbynumsections": 0,
        "uservisible": True,
        "component": None,
        "itemid": None,
        "modules": [],
    }


def _forum(site: Site, course: Course) -> dict[str, Any]:
    module = _module(site, course.forum, "forum", "Announcements")
    module |= {
        "customdata": '{"trackingtype":"1"}',
        "instance": 1,
        "contextid": 20,
        "purpose": "collaboration",
        "modplural": "Forums",
    }
    return module | {"activitybadge": []}


def _assignment(site: Site, assignment: Assignment) -> dict[str, Any]:
    due = assignment.duedate
    dates = [{"label": "Due:", "timestamp": due, "dataid": "duedate"}] if due else []
    custom = json.dumps({"duedate": due} if due else [], separators=(",", ":"))
    module = _module(site, assignment.cmid, "assign", assignment.name)
    module |= {
        "customdata": custom,
        "dates": dates,
        "instance": assignment.id,
        "contextid": assignment.contextid,
    }
    return module | {"purpose": "assessment", "modplural": "Assignments"}


def _module(site: Site, cmid: int, kind: str, name: str) -> dict[str, Any]:
    return {
        "id": cmid,
        "url": f"{site.url}/mod/{kind}/view.php?id={cmid}",
        "name": name,
        "visible": 1,
        "uservisible": True,
        "visibleoncoursepage": 1,
        "modicon": f"{site.url}/theme/image.php/boost/{kind}/1/monologo?filtericon=1",
        "modname": kind,
        "branded": False,
        "availability": None,
        "indent": 0,
        "onclick": "",
        "afterlink": None,
        "noviewlink": False,
        "completion": 0,
        "downloadcontent": 1,
        "dates": [],
        "groupmode": 0,
    }
