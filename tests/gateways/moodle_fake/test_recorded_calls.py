"""Every recorded call, told in order to the fake: it answers as the recorded Moodle did."""

import pytest
from tests.gateways.moodle_fake.chapters import CHAPTERS, TOLD_IN_SHAPE, UNTOLD
from tests.gateways.moodle_fake.comparing import differences, shape
from tests.gateways.moodle_fake.story import SITE
from tests.gateways.moodle_fake.telling import Told, tell
from tests.recordings import recordings

from mzi_adapters.testing.moodle import FakeMoodle

CALLS = [step for step in CHAPTERS if isinstance(step, str)]


@pytest.fixture(scope="module")
async def story() -> dict[str, Told]:
    """The story, told once."""
    return await tell()


def test_every_recording_is_told_or_named_as_untold() -> None:
    """None of them falls out unseen."""
    assert sorted(recordings()) == sorted([*CALLS, *UNTOLD])


@pytest.mark.parametrize("name", [name for name in CALLS if name not in TOLD_IN_SHAPE])
def test_a_recorded_call_gets_the_recorded_answer(name: str, story: dict[str, Told]) -> None:
    """Status, keys, types and values are Moodle's; moments and the recorded site's own numbers aside."""
    told = story[name]
    assert told.status == told.answer.status
    assert told.media == told.answer.headers["content-type"]
    if told.is_json:
        assert list(differences(told.expected, told.actual)) == []


@pytest.mark.parametrize("name", TOLD_IN_SHAPE)
def test_where_values_cannot_agree_the_shape_does(name: str, story: dict[str, Told]) -> None:
    """The same keys and types; and the values do differ, or the call would be in the other table."""
    told = story[name]
    assert list(differences(told.expected, told.actual, values=False)) == []
    assert list(differences(told.expected, told.actual)) != []


async def test_the_story_is_no_story_of_a_site_where_nothing_happened() -> None:
    """Told without its hands, it goes wrong: the answers come from the state, not from the recordings."""
    empty = FakeMoodle(SITE, "<TOKEN>")
    assert empty.calls == 0
    told = await tell(hands=False)
    wrong = [
        name
        for name in CALLS
        if told[name].is_json and list(differences(told[name].expected, told[name].actual))
    ]
    assert len(wrong) > 50


def test_a_comparison_sees_a_missing_key_another_type_and_another_value() -> None:
    """The comparison itself can fail."""
    expected = {"id": 1, "name": "Ali", "roles": [{"id": 5}], "timecreated": 1}
    wrong = (
        {"id": 1, "name": "Ali", "roles": [{"id": 5}]},
        {"id": "1", "name": "Ali", "roles": [{"id": 5}], "timecreated": 1},
        {"id": 1, "name": "Sara", "roles": [{"id": 5}], "timecreated": 1},
        {"id": 1, "name": "Ali", "roles": [{"id": 4}], "timecreated": 1},
        {"id": 1, "name": "Ali", "roles": [], "timecreated": 1},
        {"id": 1, "name": "Ali", "roles": [{"id": 5}], "timecreated": None},
        {"id": 1, "name": "Ali", "roles": [{"id": 5}], "timecreated": 1, "more": 1},
    )
    assert [1] * len(wrong) == [len(list(differences(expected, each))) for each in wrong]
    assert list(differences(expected, expected | {"timecreated": 2})) == []
    assert shape([1, 2.5, None]) == "[NoneType, number]"
