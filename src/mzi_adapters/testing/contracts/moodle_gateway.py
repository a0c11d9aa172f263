"""The contract of the `MoodleGateway` port: subclass `MoodleGatewayContract` over a fixture `campus`.

That is a `Campus`. The site behind it may hold other people and courses: every case marks its own. A binding
clears up after each case with `Campus.clear`, which suspends people; courses stay, hidden. Cases about what
is handed in need the hands of people in Moodle's pages. Only a fake lends those: over a real site such cases
are skipped.
"""

from mzi_adapters.testing.contracts.moodle_gateway_courses import (
    CoursePromises,
    EnrolmentPromises,
    GroupPromises,
)
from mzi_adapters.testing.contracts.moodle_gateway_marking import ReadingMarksPromises, WritingMarksPromises
from mzi_adapters.testing.contracts.moodle_gateway_people import (
    ChangingUsersPromises,
    CreatingUsersPromises,
    FindingUsersPromises,
)
from mzi_adapters.testing.contracts.moodle_gateway_silence import LostCapabilityPromises


class MoodleGatewayContract(
    FindingUsersPromises,
    CreatingUsersPromises,
    ChangingUsersPromises,
    CoursePromises,
    EnrolmentPromises,
    GroupPromises,
    ReadingMarksPromises,
    WritingMarksPromises,
    LostCapabilityPromises,
):
    """Everything the docstrings of the port promise, a test each."""
