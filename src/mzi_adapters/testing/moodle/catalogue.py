"""Every function the fake answers, and what the service account is given of them."""

from mzi_adapters.testing.moodle import (
    assignments,
    attempts,
    categories,
    contents,
    course_reading,
    courses,
    definitions,
    enrolled,
    enrolments,
    finding,
    grade_report,
    gradebook,
    grades,
    grading_page,
    groups,
    information,
    participants,
    plugin,
    roles,
    submissions,
    updates,
    users,
)
from mzi_adapters.testing.moodle.site import Functions

FUNCTIONS = Functions()
for _subject in (
    assignments,
    attempts,
    categories,
    contents,
    course_reading,
    courses,
    definitions,
    enrolled,
    enrolments,
    finding,
    grade_report,
    gradebook,
    grades,
    grading_page,
    groups,
    information,
    participants,
    roles,
    submissions,
    updates,
    users,
):
    FUNCTIONS.update(_subject.FUNCTIONS)

PLUGIN = plugin.FUNCTIONS
"""What local_mzi adds where it is installed."""

SERVICE = frozenset(FUNCTIONS) | {"tool_mobile_call_external_functions"}
"""What an operator puts into the service."""

OUTSIDE = frozenset(
    [
        "core_calendar_create_calendar_events",
        "core_course_delete_courses",
        "core_course_duplicate_course",
        "core_course_search_courses",
        "core_courseformat_create_module",
        "core_courseformat_new_module",
        "core_enrol_unenrol_user_enrolment",
        "core_files_get_files",
        "core_files_upload",
        "core_get_fragment",
        "core_get_string",
        "core_group_delete_groups",
        "core_message_send_instant_messages",
        "core_user_agree_site_policy",
        "core_user_search_identity",
        "gradereport_user_get_grades_table",
        "gradingform_rubric_grader_gradingpanel_fetch",
        "mod_assign_lock_submissions",
        "mod_assign_save_submission",
        "mod_assign_save_user_extensions",
        "mod_assign_submit_for_grading",
        "tool_mobile_get_config",
        "tool_mobile_get_public_config",
    ]
)
"""Some of what Moodle has besides: known by name, and in no service here."""

CAPABILITIES = frozenset(
    [
        "webservice/rest:use",
        *(f"moodle/user:{each}" for each in ("create", "update", "viewdetails", "viewalldetails")),
        "moodle/site:accessallgroups",
        "moodle/site:viewuseridentity",
        *(
            f"moodle/course:{each}"
            for each in (
                "create",
                "update",
                "view",
                "viewhiddencourses",
                "viewparticipants",
                "visibility",
                "changefullname",
                "changeshortname",
                "changeidnumber",
                "enrolreview",
                "manageactivities",
                "managegroups",
            )
        ),
        "moodle/category:manage",
        "enrol/manual:enrol",
        "enrol/manual:unenrol",
        "moodle/role:assign",
        *(f"mod/assign:{each}" for each in ("view", "grade", "viewgrades")),
        *(f"moodle/grade:{each}" for each in ("viewall", "edit", "manage", "managegradingforms")),
        "gradereport/user:view",
    ]
)
"""The least a service account needs: 31 capabilities."""
