"""Who is expected to hand in, and how far each is."""

from datetime import UTC, datetime
from typing import Any

from mzi_adapters.testing.moodle.enrolled import courses_of
from mzi_adapters.testing.moodle.marking import latest, mark_of
from mzi_adapters.testing.moodle.parameters import Value
from mzi_adapters.testing.moodle.profiles import identity, pictures, place, sees
from mzi_adapters.testing.moodle.refusals import (
    Refusal,
    moodle_error,
    no_permission,
)
from mzi_adapters.testing.moodle.roles import roles_of
from mzi_adapters.testing.moodle.site import Functions, Site
from mzi_adapters.testing.moodle.site_tables import Assignment, SiteUser

FUNCTIONS = Functions()


@FUNCTIONS.offer(
    "mod_assign_list_participants",
    assignid=Value("int"),
    groupid=Value("int"),
    filter=Value("raw"),
    skip=Value("int", default=0),
    limit=Value("int", default=0),
    onlyids=Value("bool", default=False),
    includeenrolments=Value("bool", default=True),
    tablesort=Value("bool", default=False),
)
def list_participants(site: Site, given: dict[str, Any]) -> list[dict[str, Any]]:
    """Everybody who is expected to hand in, and how far each is."""
    assignment = _seen(site, given["assignid"])
    users = expected(site, assignment.course)
    groups = site.seen_groups(site.courses[assignment.course])
    if groups is not None and given["groupid"] not in [each.id for each in groups]:
        users = []  # also when everybody is asked for
    if given["groupid"]:
        group = site.groups.get(given["groupid"])
        users = [each for each in users if group and each.id in group.members]
    users = [each for each in users if given["filter"].lower() in each.fullname.lower()]
    end = given["skip"] + given["limit"] if given["limit"] else None
    if not all(sees(site, each) for each in users):
        raise Refusal(
            "core\\exception\\invalid_response_exception",
            "invalidresponse",
            "Invalid response value detected",
        )
    return [_participant(site, assignment, each, given) for each in users[given["skip"] : end]]


def expected(site: Site, course: int) -> list[SiteUser]:
    """Those of the active students who can log in: whose account is suspended is expected to do nothing."""
    return [each for each in site.participants(course) if not each.suspended and each.auth != "nologin"]


def _seen(site: Site, assignment: int) -> Assignment:
    found = site.assignment(assignment)
    if not site.may_view_marks(found):
        raise no_permission("mod/assign:viewgrades", "nopermission")
    return found


def _participant(site: Site, assignment: Assignment, user: SiteUser, given: dict[str, Any]) -> dict[str, Any]:
    progress = _progress(site, assignment, user) | {"submissionstatus": _status(site, assignment, user)}
    team = site.groups.get(site.team_of(assignment.course, user.id)) if assignment.team else None
    if team is not None:
        progress |= {"groupid": team.id, "groupname": team.name}
    if given["onlyids"]:
        return {"id": user.id, "fullname": user.fullname, "recordid": -1, **progress}
    groups = site.groups_of(assignment.course, user.id)
    enrolled = {"enrolledcourses": courses_of(site, user)} if given["includeenrolments"] else {}
    return (
        identity(site, user)
        | {"suspended": user.suspended, "trackforums": 0}
        | place(user)
        | pictures(site)
        | {"recordid": -1}
        | (
            {
                "groups": [
                    {"id": each.id, "name": each.name, "description": each.description} for each in groups
                ]
            }
            if groups
            else {}
        )
        | {"roles": roles_of(site, assignment.course, user.id)}
        | enrolled
        | progress
    )


def _status(site: Site, assignment: Assignment, user: SiteUser) -> str:
    submission = latest(site, assignment.id, user.id)
    return submission.status if submission else ""


def needs_grading(site: Site, assignment: Assignment, user: SiteUser) -> bool:
    """Whether work was handed in that nobody has marked since; work of the very second of its mark counts."""
    submission = latest(site, assignment.id, user.id)
    if submission is None or submission.status != "submitted":
        return False
    mark = mark_of(site, assignment.id, user.id, submission.attempt)
    return mark is None or submission.timemodified >= mark.timemodified


def _progress(site: Site, assignment: Assignment, user: SiteUser) -> dict[str, Any]:
    flags = site.flags.get(assignment.id, user.id)
    return {
        "submitted": _status(site, assignment, user) == "submitted",
        "requiregrading": needs_grading(site, assignment, user),
        "grantedextension": bool(flags and flags.extension),
    }


@FUNCTIONS.offer(
    "mod_assign_get_participant",
    assignid=Value("int"),
    userid=Value("int"),
    embeduser=Value("bool", default=False),
)
def get_participant(site: Site, given: dict[str, Any]) -> dict[str, Any]:
    """How far one participant is."""
    assignment = _seen(site, given["assignid"])
    users = {each.id: each for each in site.participants(assignment.course)}
    if given["userid"] not in users:
        raise moodle_error("usernotincourse", "error/usernotincourse")
    user = users[given["userid"]]
    due = datetime.fromtimestamp(assignment.duedate, UTC)
    return {
        "id": user.id,
        "fullname": user.fullname,
        **_progress(site, assignment, user),
        "blindmarking": False,
        "allowsubmissionsfromdate": 0,
        "duedate": assignment.duedate,
        "cutoffdate": assignment.cutoffdate,
        "duedatestr": f"{due:%-d %B %Y, %I:%M %p}" if assignment.duedate else "",
        "submissionstatus": _status(site, assignment, user),
    }
