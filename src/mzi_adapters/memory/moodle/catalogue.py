"""Every function the fake answers, and what the service account is given of them."""

from mzi_adapters.memory.moodle import categories, courses, enrolments, information, users
from mzi_adapters.memory.moodle.site import Functions

FUNCTIONS = Functions()
for _subject in (information, users, categories, courses, enrolments):
    FUNCTIONS.update(_subject.FUNCTIONS)

PLUGIN = Functions()

SERVICE = frozenset(FUNCTIONS)

CAPABILITIES = frozenset(
    [
        "webservice/rest:use",
        *(f"moodle/user:{each}" for each in ("create", "update", "delete", "viewdetails", "viewalldetails")),
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
"""The least a service account needs: 29 capabilities."""
