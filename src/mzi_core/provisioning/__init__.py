"""What to write into Zoho and Moodle so that they say what we say: pure plans, one step a record.

A use case gathers a page of ours and a page of theirs, asks here for the steps, and carries them out.
"""

from mzi_core.provisioning.accounts import FoundAccounts, Person, account_steps, person_of
from mzi_core.provisioning.courses import FoundCourses, course_steps
from mzi_core.provisioning.enrolments import FoundMembers, enrolment_steps
from mzi_core.provisioning.records import FoundRecords, RecordStep, RecordWrite, record_steps
from mzi_core.provisioning.step import (
    FIRST_CATEGORY,
    STUDENT_ROLE,
    Act,
    Change,
    Customs,
    Fate,
    Pushed,
    Step,
)

__all__ = [
    "FIRST_CATEGORY",
    "STUDENT_ROLE",
    "Act",
    "Change",
    "Customs",
    "Fate",
    "FoundAccounts",
    "FoundCourses",
    "FoundMembers",
    "FoundRecords",
    "Person",
    "Pushed",
    "RecordStep",
    "RecordWrite",
    "Step",
    "account_steps",
    "course_steps",
    "enrolment_steps",
    "person_of",
    "record_steps",
]
