"""One tenant's Moodle 4.5, over its web services: put together from what each capability needs.

Every method raises GatewayError's descendants when the whole call fails: AuthRevoked stops all work,
AccessRefused needs an administrator, GatewayUnavailable passes. What concerns one item of a call is a result
of that item, in the order of the items, never an exception; so an item that was written before the rest
failed is known to be. An empty list of items sends nothing. Times are aware and in UTC; Moodle's 0 is None.
"""

from typing import Protocol

from mzi_core.ports.moodle.assignments import MoodleAssignments
from mzi_core.ports.moodle.categories import MoodleCategories
from mzi_core.ports.moodle.courses import MoodleCourses
from mzi_core.ports.moodle.enrolments import MoodleEnrolments
from mzi_core.ports.moodle.groups import MoodleGroups
from mzi_core.ports.moodle.marking import MoodleMarks
from mzi_core.ports.moodle.plugin import MoodlePlugin
from mzi_core.ports.moodle.site import MoodleStatus
from mzi_core.ports.moodle.users import MoodleUsers


class MoodleGateway(
    MoodleStatus,
    MoodleUsers,
    MoodleCourses,
    MoodleCategories,
    MoodleEnrolments,
    MoodleGroups,
    MoodleAssignments,
    MoodleMarks,
    MoodlePlugin,
    Protocol,
):
    """One tenant's Moodle. Not promised: that a person or a record the account may not see is told from one
    that is not there; Moodle answers both with silence.
    """
