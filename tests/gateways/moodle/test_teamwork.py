"""Whose row says whether a member of a team handed in."""

from typing import Any

import pytest

from mzi_adapters.moodle.work import work_from
from mzi_core.values import MoodleId


def _row(status: str, attempt: int = 0) -> dict[str, Any]:
    return {"status": status, "attemptnumber": attempt, "timemodified": 1_770_000_000}


@pytest.mark.parametrize(
    ("last", "submitted"),
    [
        ({"submissiongroup": 5, "teamsubmission": _row("submitted"), "submission": _row("new")}, [True]),
        ({"submissiongroup": 5, "teamsubmission": _row("new"), "submission": _row("submitted")}, [False]),
        ({"submissiongroup": 5, "submission": _row("submitted")}, []),
        ({"submissiongroup": 0, "submission": _row("submitted")}, [True]),
        ({"submission": _row("submitted")}, [True]),
        ({"teamsubmission": _row("submitted"), "submission": _row("new")}, [True]),
    ],
)
def test_the_row_of_the_team_decides_and_a_members_own_says_nothing(
    last: dict[str, Any], submitted: list[bool]
) -> None:
    """Whatever was handed in before teams were switched on."""
    work = work_from({"lastattempt": {"gradingstatus": "notgraded", **last}}, MoodleId(7))
    assert [attempt.submitted for attempt in work.attempts] == submitted
