"""An error's sentence says what helps."""

import pytest

from mzi_core import errors
from mzi_core.errors import MziError

SERVICE, SAID = "Zoho", "reading records: it says no."


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            errors.GatewayUnavailable(SERVICE, SAID),
            "Zoho: reading records: it says no. Try again later; `mzi doctor` says what can be reached.",
        ),
        (
            errors.GatewayUnavailable(SERVICE, SAID, remedy="Enable web services."),
            "Zoho: reading records: it says no. Enable web services.",
        ),
        (errors.GatewayRefused(SERVICE, SAID), "Zoho: reading records: it says no."),
        (errors.NotFound("student", "1"), "There is no student `1`."),
    ],
    ids=["what helps in general", "what helps against this one", "the sentence says it", "no service"],
)
def test_a_sentence_says_what_helps_once(error: MziError, told: str) -> None:
    assert error.told == told


def test_an_unreadable_secret_says_what_helps_and_shows_nothing_of_it() -> None:
    assert "Give the old key behind the new one in `secrets.key`" in str(errors.SecretUnreadable())
