"""What to write into Zoho and Moodle so that they say what we say: pure plans, one step a record.

A use case gathers a page of ours and a page of theirs, asks here for the steps, and carries them out.
"""

from typing import TYPE_CHECKING

from mzi_core.lazy import finder

if TYPE_CHECKING:
    from mzi_core.provisioning.accounts import FoundAccounts, Person, account_steps, person_of
    from mzi_core.provisioning.courses import FoundCourses, course_steps
    from mzi_core.provisioning.description import described, in_json
    from mzi_core.provisioning.enrolments import FoundMembers, enrolment_steps
    from mzi_core.provisioning.program_places import FoundPlaces, program_steps
    from mzi_core.provisioning.records import FoundRecords, RecordStep, RecordWrite, record_steps
    from mzi_core.provisioning.result import StepResult
    from mzi_core.provisioning.step import (
        FIRST_CATEGORY,
        STUDENT_ROLE,
        Action,
        Difference,
        IdNumbers,
        MoodleDefaults,
        NewPasswords,
        Step,
        Usernames,
    )
    from mzi_core.provisioning.target import FEW, Target
else:  # a type checker would take any name for one of these
    __getattr__ = finder(
        __name__,
        [
            "step",
            "result",
            "target",
            "description",
            "accounts",
            "courses",
            "program_places",
            "enrolments",
            "records",
        ],
    )

__all__ = [
    "FEW",
    "FIRST_CATEGORY",
    "STUDENT_ROLE",
    "Action",
    "Difference",
    "FoundAccounts",
    "FoundCourses",
    "FoundMembers",
    "FoundPlaces",
    "FoundRecords",
    "IdNumbers",
    "MoodleDefaults",
    "NewPasswords",
    "Person",
    "RecordStep",
    "RecordWrite",
    "Step",
    "StepResult",
    "Target",
    "Usernames",
    "account_steps",
    "course_steps",
    "described",
    "enrolment_steps",
    "in_json",
    "person_of",
    "program_steps",
    "record_steps",
]
