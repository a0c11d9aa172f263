"""The contract of the Moodle gateway notices every trap that the client would fall into."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from tests.gateways.moodle.given import TOKEN, client_of

from mzi_adapters.moodle import assignments, batching, courses, creating, marking, plugin, users, work
from mzi_adapters.moodle.marking_rules import MarkingContext
from mzi_adapters.testing.contracts.moodle_gateway import MoodleGatewayContract
from mzi_adapters.testing.contracts.moodle_gateway_campus import Campus
from mzi_adapters.testing.moodle import FakeMoodle
from mzi_core.errors import MziError
from mzi_core.ports import MoodleCourse, Participant
from mzi_core.values import MoodleId

PROMISES = [name for name in dir(MoodleGatewayContract) if name.startswith("test_")]

Break = Callable[[pytest.MonkeyPatch], None]


async def _is_kept(name: str) -> bool:
    """Whether a test of the contract passes."""
    fake = FakeMoodle(token=TOKEN)
    try:
        await getattr(MoodleGatewayContract(), name)(Campus(client_of(fake), MoodleId(1), fake))
    except (AssertionError, MziError, LookupError, ValueError):
        return False
    return True


def _put(place: object, name: str, value: object) -> Break:
    return lambda patch: patch.setattr(place, name, value)


async def _nothing(*_: object) -> list[Any]:
    return []


def _unfiltered(patch: pytest.MonkeyPatch) -> None:
    """Trust Moodle's search by address."""

    async def by_pattern(self: Any, email: str) -> Any:
        return [users.user_from(found) for found in await users._by_criterion(self.calls, "email", email)]

    patch.setattr(users.MoodleUsers, "_by_pattern", by_pattern)
    patch.setattr(users, "_of", lambda user, key: "%")
    patch.setattr(users, "_folded", lambda key, value: "%")


def _latest_only(patch: pytest.MonkeyPatch) -> None:
    """Mark whatever attempt is the latest."""
    honest = marking._params
    patch.setattr(marking, "_params", lambda mark, before: {**honest(mark, before), "attemptnumber": -1})


def _whoever_handed_in(patch: pytest.MonkeyPatch) -> None:
    """Take everybody for a participant of whom there is work."""

    async def participants(self: Any, assignment: MoodleId) -> list[Participant]:
        rows = (await self.submissions([assignment]))[assignment]
        return [Participant(user=row.user, status=row.status) for row in rows]

    patch.setattr(assignments.MoodleAssignments, "participants", participants)


def _newest_first(patch: pytest.MonkeyPatch) -> None:
    """Tell all courses as Moodle tells those of a category."""

    async def every_course(self: Any) -> list[MoodleCourse]:
        found = map(courses.course_from, await self.calls.read("core_course_get_courses"))
        return sorted(found, key=lambda course: -course.id)

    patch.setattr(courses.MoodleCourses, "every_course", every_course)


def _one_half(part: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return part[: len(part) // 2], part[: len(part) // 2]


def _case_kept(patch: pytest.MonkeyPatch) -> None:
    """Compare usernames and addresses letter by letter."""
    patch.setattr(users, "_folded", lambda key, value: value)


def _no_list(name: str) -> Break:
    return _put(assignments, name, lambda *_: {})


TRAPS: dict[str, tuple[str, Break]] = {
    "tells the newest courses first": ("test_all_courses_come_in_the_order_of_their_ids", _newest_first),
    "fails for one who takes no part": (
        "test_the_work_of_several_is_that_of_each",
        _put(marking.MoodleMarks, "_work_if_any", marking.MoodleMarks.work),
    ),
    "sends any country": (
        "test_a_country_must_be_a_code",
        _put(users, "_bad_country", lambda country: None),
    ),
    "takes the deleted for living": (
        "test_a_deleted_user_comes_only_by_id_and_marked",
        _put(users, "_DELETED_EMAIL", re.compile("nothing")),
    ),
    "finds addresses letter by letter": (
        "test_usernames_and_addresses_are_found_whatever_their_case",
        _put(users.MoodleUsers, "_by_pattern", _nothing),
    ),
    "asks for usernames with capitals": (
        "test_usernames_and_addresses_are_found_whatever_their_case",
        _case_kept,
    ),
    "takes whom the search returns": ("test_a_wildcard_in_an_address_is_a_letter", _unfiltered),
    "takes silence for nobody": (
        "test_users_that_cannot_be_seen_are_not_absent",
        _put(users, "must_see_others", _nothing),
    ),
    "asks for more than PHP reads": (
        "test_many_are_found_in_few_calls_and_none_is_lost",
        _put(batching.looked_up, "__defaults__", (5000,)),
    ),
    "lets one bad value spoil a list": (
        "test_a_value_that_moodle_cannot_read_spoils_no_other",
        _put(batching, "InputRefused", ZeroDivisionError),
    ),
    "gives up half of what was rolled back": (
        "test_one_bad_user_harms_no_other",
        _put(creating, "halves", _one_half),
    ),
    "refuses all enrolments for one": (
        "test_one_bad_enrolment_harms_no_other",
        _put(batching, "about_all", lambda *_: True),
    ),
    "refuses all categories for one": (
        "test_each_change_of_a_category_stands_for_itself",
        _put(batching, "about_all", lambda *_: True),
    ),
    "ignores the warnings of an update": (
        "test_one_bad_change_harms_no_other",
        _put(users, "warnings", lambda answer: {}),
    ),
    "takes an unknown assignment for an empty one": (
        "test_an_unknown_course_or_assignment_is_not_an_empty_one",
        _put(assignments, "UNKNOWN", ()),
    ),
    "takes a closed assignment for an empty one": (
        "test_a_course_that_cannot_be_entered_is_refused_by_name",
        _no_list("warnings"),
    ),
    "takes whoever handed in for a participant": (
        "test_who_can_no_longer_take_part_is_no_participant_and_keeps_work_and_mark",
        _whoever_handed_in,
    ),
    "reads what is not released": (
        "test_a_mark_and_feedback_are_no_facts_before_release",
        _put(work, "RELEASED", "inmarking"),
    ),
    "sends any mark": (
        "test_a_mark_that_moodle_would_swallow_is_not_sent",
        _put(MarkingContext, "wrong", lambda self, mark: None),
    ),
    "sends a fraction to a scale": (
        "test_on_a_scale_only_its_items_are_marks",
        _put(MarkingContext, "_wrong_raw", lambda self, raw: None),
    ),
    "sends a number where criteria count": (
        "test_an_assignment_with_criteria_is_not_marked_by_a_number",
        _put(MarkingContext, "wrong", lambda self, mark: None),
    ),
    "marks the latest attempt": (
        "test_the_first_attempt_is_marked_while_the_second_is_open",
        _latest_only,
    ),
    "calls what a site lacks": (
        "test_what_a_site_lacks_is_said",
        _put(plugin.MoodlePlugin, "_must_offer", _nothing),
    ),
}


async def test_the_client_breaks_no_promise() -> None:
    """So that it is the breakage that is noticed, not the way of looking."""
    assert [name for name in PROMISES if not await _is_kept(name)] == []


@pytest.mark.parametrize("trap", TRAPS, ids=repr)
async def test_a_client_that_falls_into_a_trap_is_noticed(trap: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test named beside it fails over it."""
    test, fall = TRAPS[trap]
    fall(monkeypatch)
    assert not await _is_kept(test)
