"""The contract of the `MoodleGateway` port: subclass `MoodleGatewayContract` over a fixture `campus`.

That is a `Campus`. The site behind it may hold other people and courses: every case marks its own. A binding
clears up after each case with `Campus.clear`, which suspends people; courses stay, hidden. Cases about what
is handed in need the hands of people in Moodle's pages. Only a fake lends those: over a real site such cases
are skipped.
"""

from mzi_adapters.testing.contracts.moodle_gateway_categories import CategoryPromises
from mzi_adapters.testing.contracts.moodle_gateway_courses import CoursePromises
from mzi_adapters.testing.contracts.moodle_gateway_enrolments import EnrolmentPromises
from mzi_adapters.testing.contracts.moodle_gateway_groups import GroupPromises
from mzi_adapters.testing.contracts.moodle_gateway_marking import ReadingMarksPromises, WritingMarksPromises
from mzi_adapters.testing.contracts.moodle_gateway_plugin import PluginPromises
from mzi_adapters.testing.contracts.moodle_gateway_silence import LostCapabilityPromises
from mzi_adapters.testing.contracts.moodle_gateway_users import (
    ChangingUsersPromises,
    CreatingUsersPromises,
    FindingUsersPromises,
)


class MoodleGatewayContract(
    FindingUsersPromises,
    CreatingUsersPromises,
    ChangingUsersPromises,
    CoursePromises,
    CategoryPromises,
    EnrolmentPromises,
    GroupPromises,
    ReadingMarksPromises,
    WritingMarksPromises,
    PluginPromises,
    LostCapabilityPromises,
):
    """Everything the docstrings of the port promise, a test each."""
