"""What is said of remote records follows from what they hold."""

from datetime import UTC, datetime

import pytest

from mzi_core.errors import GatewayConflict, GatewayRefused
from mzi_core.ports import Attempt, Participant, Submission
from mzi_core.values import MoodleId


@pytest.mark.parametrize(
    ("status", "submitted"),
    [("submitted", True), ("new", False), ("draft", False), ("reopened", False), ("", False)],
    ids=repr,
)
def test_only_what_was_submitted_counts_as_handed_in(status: str, submitted: bool) -> None:
    """Moodle makes a `new` row for whoever looks."""
    assert Participant(user=MoodleId(1), status=status).submitted is submitted
    assert Attempt(number=0, status=status).submitted is submitted
    own = Submission(id=MoodleId(1), user=MoodleId(1), attempt=0, status=status)
    assert (own.submitted, own.is_of_team) == (submitted, False)


def test_a_conflict_says_when_the_other_change_was_made() -> None:
    at = datetime(2026, 2, 1, tzinfo=UTC)
    conflict = GatewayConflict("Zoho", "The record was changed.", code="ALREADY_MODIFIED", modified_at=at)
    assert isinstance(conflict, GatewayRefused)
    assert (conflict.modified_at, conflict.code, str(conflict)) == (
        at,
        "ALREADY_MODIFIED",
        "Zoho: The record was changed.",
    )
