"""In which order the versions of a record of Moodle are, and what two of them come to together."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import permutations
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mzi_core.decide import Arrival, Facts, Known, plan, stale
from mzi_core.fingerprints import fingerprint
from mzi_core.last_writer_wins import brought_together
from mzi_core.module import Module, Side, Version
from mzi_core.modules import (
    MOODLE_COURSES,
    MOODLE_ENROLLMENTS,
    MOODLE_MARKS,
    MOODLE_USERS,
    STUDENTS,
    MarkedAttempt,
    MoodleEnrollmentRecord,
    MoodleMarkRecord,
    MoodleUserRecord,
)
from mzi_core.modules.moodle_marks import in_their_order
from mzi_core.values import Email, MoodleId, MoodleKey, Outcome, RecordId, State, ZohoId

AT = datetime(2026, 2, 1, 9, 0, tzinfo=UTC)
SOON = AT + timedelta(seconds=1)
KEY = MoodleKey("7")
NEW_ID = RecordId("new")


def user(city: str, at: datetime | None = AT, number: int | None = None) -> MoodleUserRecord:
    return MoodleUserRecord(moodle_key=KEY, city=city, modified_at=at, event_number=number)


def attempt(number: int, raw: int, at: datetime | None = AT, event: int | None = None) -> MarkedAttempt:
    return MarkedAttempt(number=number, raw=Decimal(raw), graded_at=at, event_number=event)


def mark(*attempts: MarkedAttempt, at: datetime | None = AT, **fields: Any) -> MoodleMarkRecord:
    ids = {"student": MoodleKey("7"), "course": MoodleKey("2"), "assignment": MoodleId(3)}
    made = MoodleMarkRecord(
        moodle_key=MoodleKey("7_2_3"), modified_at=at, attempts=attempts, **{**ids, **fields}
    )
    return in_their_order(made)


def enrolled(status: str, at: datetime, number: int, **fields: Any) -> MoodleEnrollmentRecord:
    ids = {"moodle_key": MoodleKey("2_7"), "course": MoodleKey("2"), "user": KEY}
    return MoodleEnrollmentRecord(status=status, modified_at=at, event_number=number, **{**ids, **fields})


def known_of(module: Module[Any], entity: Any, **more: Any) -> Known:
    said = {
        "id": RecordId("old"),
        "fingerprint": fingerprint(module, entity),
        "modified_at": entity.modified_at,
        "event_number": entity.event_number,
    }
    return Known(**{**said, **more})


def taken(module: Module[Any], stored: Any, *told: Any, **more: Any) -> tuple[list[Outcome], Any]:
    """What becomes of versions that come in one page, and what is stored after it."""
    key = told[0].key
    parents = {"moodle_users": {KEY}, "moodle_courses": {MoodleKey("2")}}
    facts: Facts[Any] = Facts(
        new_ids={key: NEW_ID},
        known={} if stored is None else {key: known_of(module, stored, **more)},
        stored={} if stored is None else {key: stored},
        parents=parents,
    )
    arrivals = [Arrival(position=at, record=None, key=each.key, entity=each) for at, each in enumerate(told)]
    decided = plan(module, arrivals, facts)
    for group in decided.writes:
        stored = group[-1].entity
    for touch in decided.touches:
        stored = attrs.evolve(
            stored,
            modified_at=touch.modified_at,
            event_number=touch.event_number,
            field_versions=touch.field_versions,
        )
    return list(decided.outcomes), stored


def shelf(module: Module[Any], *told: Any) -> Any:
    """What is stored after versions that come one by one."""
    stored = None
    for each in told:
        _, stored = taken(module, stored, each)
    return stored


@pytest.mark.parametrize(
    ("at", "number", "is_before"),
    [
        (AT - timedelta(seconds=1), 9, False),
        (SOON, 1, True),
        (AT, 6, True),
        (AT, 5, False),
        (AT, 4, False),
        (AT, None, False),
        (None, 6, True),
        (None, 4, False),
        (None, None, False),
    ],
)
def test_the_event_number_orders_the_versions_of_one_second(
    at: datetime | None, number: int | None, is_before: bool
) -> None:
    assert user("Irbid", AT, 5).record_version.is_before(Version(at, number)) is is_before
    assert not user("Irbid", AT).record_version.is_before(Version(AT, number))


def test_each_side_names_its_keys() -> None:
    student = STUDENTS.entity(zoho_id=ZohoId("1"), display_name="A", academic_email=Email("a@b.example"))
    assert (student.key, STUDENTS.side, STUDENTS.key_name) == ("1", Side.ZOHO, "zoho_id")
    assert (user("Irbid").key, MOODLE_USERS.side, MOODLE_USERS.key_name) == ("7", Side.MOODLE, "moodle_key")


@pytest.mark.parametrize(("told", "city"), [(4, "Irbid"), (5, "Zarqa"), (6, "Zarqa"), (None, "Zarqa")])
def test_an_older_event_of_the_same_second_is_stale(told: int | None, city: str) -> None:
    (outcome,), stored = taken(MOODLE_USERS, user("Irbid", AT, 5), user("Zarqa", AT, told))
    assert stored.city == city
    is_stale = city == "Irbid"
    assert outcome.state is (State.UNCHANGED if is_stale else State.UPDATED)
    assert outcome.reasons == ((stale(MOODLE_USERS),) if is_stale else ())
    assert stale(MOODLE_USERS).path == "$.timemodified"


def test_a_newer_event_that_says_the_same_is_remembered_by_its_number() -> None:
    stored = user("Irbid", AT, 5)
    facts: Facts[Any] = Facts(known={KEY: known_of(MOODLE_USERS, stored)}, stored={KEY: stored})
    same = [user("Irbid", AT, number) for number in (4, 6, 5)]
    arrivals = [Arrival(position=n, record=None, key=KEY, entity=each) for n, each in enumerate(same)]
    decided = plan(MOODLE_USERS, arrivals, facts)
    assert [outcome.state for outcome in decided.outcomes] == [State.UNCHANGED] * 3
    assert [(each.modified_at, each.event_number) for each in decided.touches] == [(AT, 6)]
    assert decided.writes == ()


def test_what_is_confirmed_in_the_page_that_changed_it_has_the_newer_number() -> None:
    _, stored = taken(MOODLE_USERS, None, user("Irbid", AT, 5), user("Irbid", SOON, 6), user("Old", AT, 9))
    assert (stored.city, stored.modified_at, stored.event_number) == ("Irbid", SOON, 6)


def test_an_earlier_attempt_that_is_told_later_is_kept_beside_the_newer_one() -> None:
    stored = mark(attempt(1, 4, SOON), at=SOON, workflow="released")
    (outcome,), stored = taken(MOODLE_MARKS, stored, mark(attempt(0, 1), workflow="inmarking"))
    assert (outcome.state, outcome.changed_fields) == (State.UPDATED, ("attempts",))
    assert stored.attempts == (attempt(0, 1), attempt(1, 4, SOON))
    assert (stored.workflow, stored.modified_at) == ("released", SOON)


def test_an_older_version_of_an_attempt_is_stale() -> None:
    before = mark(attempt(0, 3, SOON), at=SOON)
    (outcome,), stored = taken(MOODLE_MARKS, before, mark(attempt(0, 1)))
    assert (outcome.state, outcome.reasons, stored) == (State.UNCHANGED, (stale(MOODLE_MARKS),), before)


def test_an_older_version_brings_nothing_back_that_was_deleted() -> None:
    before = mark(attempt(0, 3, SOON), at=SOON)
    (outcome,), _ = taken(MOODLE_MARKS, before, mark(attempt(0, 1)), deleted=True)
    assert outcome.reasons == (stale(MOODLE_MARKS),)
    (outcome,), _ = taken(MOODLE_MARKS, before, before, deleted=True)
    assert (outcome.state, outcome.changed_fields) == (State.UPDATED, ("deleted_at",))


def test_a_maximum_below_0_names_a_scale() -> None:
    found = mark(maximum=Decimal(-3))
    assert (found.maximum, found.scale) == (None, 3)
    assert mark(maximum=Decimal(-3), scale=MoodleId(9)).scale == 9
    assert mark(maximum=Decimal(100)).maximum == Decimal(100)


def test_of_an_attempt_that_is_told_twice_the_newer_one_counts() -> None:
    twice = mark(attempt(0, 1, SOON), attempt(0, 2))
    assert twice.attempts == (attempt(0, 1, SOON),)
    assert mark(attempt(0, 2, AT, 6), attempt(0, 1, AT, 5)).attempts == (attempt(0, 2, AT, 6),)
    assert mark(attempt(0, 1), attempt(0, 2)).attempts == (attempt(0, 2),)


def test_an_attempt_that_does_not_say_when_it_is_of_follows_the_one_before() -> None:
    """It is no older one; and an older one that comes after it changes it as little as before."""
    for told in (attempt(0, 3, None), attempt(0, 3, SOON)):
        both = mark(attempt(0, 1, SOON, 5), told)
        assert both.attempts == (attempt(0, 3, SOON, 5),)
        late = brought_together(MOODLE_MARKS, both, mark(attempt(0, 2, AT), attempt(0, 4, SOON, 4)))
        assert late.attempts == (attempt(0, 3, SOON, 5),)


@pytest.mark.parametrize("told", [user("Zarqa", None), user("Zarqa", AT), user("Zarqa", None, 6)])
def test_a_version_that_does_not_say_when_it_is_of_lets_no_older_one_in_after_it(
    told: MoodleUserRecord,
) -> None:
    """What is known of the one before is kept: the moment, and within one moment the event number."""
    stored = shelf(MOODLE_USERS, user("Irbid", AT, 5), told)
    assert (stored.city, stored.modified_at, stored.event_number) == ("Zarqa", AT, told.event_number or 5)
    assert shelf(MOODLE_USERS, user("Irbid", AT, 5), told, user("Amman", AT, 4)) == stored
    assert shelf(MOODLE_USERS, user("Irbid", SOON), told, user("Amman", AT)).modified_at == SOON
    merged = shelf(MOODLE_MARKS, mark(attempt(0, 1), at=SOON), mark(attempt(1, 2), at=None, workflow="x"))
    assert (merged.workflow, merged.modified_at) == ("x", SOON)


def test_the_maker_of_an_enrolment_outlives_what_others_tell_of_it() -> None:
    made = enrolled("active", AT, 5, maker=MoodleId(3), made_as=MoodleId(40))
    suspended = enrolled("suspended", SOON, 6)
    again = enrolled("active", SOON, 8, maker=MoodleId(9), made_as=MoodleId(41))
    for told in permutations([made, suspended, again]):
        found = shelf(MOODLE_ENROLLMENTS, *told)
        assert (found.status, found.maker, found.made_as) == ("active", 9, 41)
    assert shelf(MOODLE_ENROLLMENTS, suspended, made).maker == 3


# Any order and any repetition of the same events.

cities = st.sampled_from(["Irbid", "Zarqa", "Amman"])
moments = st.sampled_from([AT, SOON])


@st.composite
def events(draw: st.DrawFn, told: st.SearchStrategy[Any]) -> list[Any]:
    """Events with a number each, in another order and some of them twice."""
    numbered = [make(number) for number, make in enumerate(draw(st.lists(told, min_size=1, max_size=6)))]
    return [*draw(st.permutations(numbered)), *draw(st.lists(st.sampled_from(numbered), max_size=4))]


def _in_order(found: list[Any]) -> list[Any]:
    return sorted(found, key=lambda each: (each.modified_at, each.event_number))


def _user(city: str, at: datetime) -> Any:
    return lambda number: user(city, at, number)


def _enrolled(status: str, at: datetime, is_made: bool) -> Any:
    def make(number: int) -> MoodleEnrollmentRecord:
        making = {"maker": MoodleId(1 + number), "made_as": MoodleId(1 + number)} if is_made else {}
        return enrolled(status, at, number, **making)

    return make


def _mark(number: int, raw: int, at: datetime, workflow: str) -> Any:
    return lambda event: mark(attempt(number, raw, at, event), at=at, event_number=event, workflow=workflow)


@given(events(st.builds(_user, cities, moments)))
def test_any_order_of_what_is_told_of_a_user_ends_alike(told: list[Any]) -> None:
    assert shelf(MOODLE_USERS, *told) == _in_order(told)[-1]


@given(events(st.builds(_enrolled, st.sampled_from(["active", "suspended"]), moments, st.booleans())))
def test_any_order_of_what_is_told_of_an_enrolment_ends_alike(told: list[Any]) -> None:
    assert shelf(MOODLE_ENROLLMENTS, *told) == shelf(MOODLE_ENROLLMENTS, *_in_order(told))


@given(
    events(
        st.builds(
            _mark, st.integers(0, 2), st.integers(1, 4), moments, st.sampled_from(["inmarking", "released"])
        )
    )
)
def test_any_order_of_what_is_told_of_a_mark_ends_alike(told: list[Any]) -> None:
    found = shelf(MOODLE_MARKS, *told)
    assert found == shelf(MOODLE_MARKS, *_in_order(told))
    assert [each.number for each in found.attempts] == sorted({e.number for m in told for e in m.attempts})
    _, at_once = taken(MOODLE_MARKS, None, *told)
    assert at_once == found


@given(
    st.lists(
        st.builds(_mark, st.integers(0, 2), st.integers(1, 4), moments, st.just("released")),
        min_size=3,
        max_size=3,
    )
)
def test_marks_are_put_together_in_any_grouping(made: list[Any]) -> None:
    one, two, three = (make(number) for number, make in enumerate(made))
    both = partial(brought_together, MOODLE_MARKS)
    together = both(both(one, two), three)
    assert together == both(one, both(two, three))
    assert both(together, together) == together


def test_courses_take_the_newer_version_whole() -> None:
    course = MOODLE_COURSES.entity
    named = course(moodle_key=KEY, full_name="A", id_number="x", modified_at=SOON)
    assert shelf(MOODLE_COURSES, named, course(moodle_key=KEY, full_name="B", modified_at=AT)) == named
