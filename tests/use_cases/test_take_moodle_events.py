"""What Moodle's plugin tells ends on Moodle's shelf: facts as they are told, hints as they are read."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

import attrs
import pytest
from tests.recordings import recorded_events
from tests.use_cases.moodle_telling import ACCOUNTLESS, AT, TellingMoodle, course, fact, hint, telling, user

from mzi_core.backoff import MOST_TRIES
from mzi_core.errors import RemoteBug
from mzi_core.modules import CATALOGUE, MOODLE_ENROLLMENTS, MOODLE_MARKS
from mzi_core.ports import CausedBy, Causer, ChangeKind, Due, Event, EventQuery, EventState, Store
from mzi_core.use_cases.claim_endings import WITHOUT_ACCOUNT
from mzi_core.use_cases.take_events import EventsTaken
from mzi_core.values import MoodleKey, State

TAKEN, PARKED, WAITING = EventState.TAKEN, EventState.PARKED, EventState.WAITING


@pytest.fixture
async def college() -> TellingMoodle:
    """With an account at Moodle, where nobody is yet."""
    return await telling()


@pytest.fixture
async def accountless() -> TellingMoodle:
    return await telling(ACCOUNTLESS)


def enrolled(kind: str, id: int, **fields: Any) -> dict[str, Any]:
    return fact(kind, enrollment_id=id, userid=7, courseid=2, **{"status": 0, **fields})


def marked(number: int | None = None, **fields: Any) -> dict[str, Any]:
    ids = {"userid": 7, "courseid": 2, "assignid": 3}
    return fact("grade_updated", number, **{**ids, "attemptnumber": 0, "workflowstate": "released", **fields})


async def test_every_recorded_event_lands_on_its_shelf(accountless: TellingMoodle) -> None:
    """What only hints waits, for nothing can be asked; the course and two users were told before."""
    await accountless.tell(user(13), user(18), course(2))
    recorded = dict(sorted(recorded_events().items(), key=lambda each: each[0].startswith("submission")))
    events = await accountless.told(*recorded.values())
    await accountless.taken()
    for name, event in zip(recorded, events, strict=True):
        waits = name in {"user_graded_1", "user_graded_2", "user_graded_3"}
        assert (await accountless.event(event)).state is (WAITING if waits else TAKEN), name
    updated = await accountless.live("moodle_users", "80")
    assert (updated.city, updated.modified_at) == ("Irbid", datetime.fromtimestamp(1795175977, UTC))
    assert (await accountless.live("moodle_users", "84")).username == "ev305@btec.example"
    assert (await accountless.live("moodle_courses", "5")).full_name == "Ev"
    assert await accountless.row("moodle_enrollments", "2_80") is None, "it was over before it was taken"
    merit = await accountless.live("moodle_marks", "18_2_3")
    assert (merit.scale, merit.attempts[0].raw, len(merit.attempts[0].criteria)) == (3, Decimal(3), 6)
    blank = await accountless.live("moodle_marks", "13_2_2")
    assert (blank.workflow, blank.maximum, blank.attempts[0].raw) == ("released", Decimal(4), Decimal(0))


async def test_a_recorded_enrolment_is_there_with_its_maker_until_its_end_is_told(
    accountless: TellingMoodle,
) -> None:
    recorded = recorded_events()
    await accountless.tell(user(80), course(2), recorded["user_enrolment_created_1"])
    made = await accountless.live("moodle_enrollments", "2_80")
    assert (made.enrollment_id, made.method, made.maker, made.made_as) == (27, "manual", 3, 27)
    assert await accountless.tell(recorded["user_enrolment_deleted_1"]) == EventsTaken(
        looked_at=1, taken=1, deleted=1
    )
    assert await accountless.is_gone("moodle_enrollments", "2_80")


async def test_a_fact_that_is_older_than_the_row_changes_nothing(college: TellingMoodle) -> None:
    """By its moment, and within a second by its number."""
    await college.tell(fact("user_updated", 9, userid=7, username="u", city="New"))
    old = [
        fact("user_updated", 8, userid=7, username="u", city="Same second"),
        fact("user_updated", 99, at=AT - 1, userid=7, username="u", city="Before"),
    ]
    events = await college.told(*old)
    assert await college.taken() == EventsTaken(looked_at=1, taken=2)
    assert (await college.live("moodle_users", "7")).city == "New"
    assert await college.states(events) == [TAKEN, TAKEN]


async def test_the_same_event_again_is_kept_once_and_changes_nothing(college: TellingMoodle) -> None:
    first = await college.told(user(7))
    await college.taken()
    again = await college.told(user(7))
    assert [each.id for each in again] == [each.id for each in first]
    assert await college.taken() == EventsTaken(looked_at=1)
    bare = {key: value for key, value in user(7).items() if key != "event_id"}
    assert [each.id for each in await college.told(bare)] == [each.id for each in await college.told(bare)]


async def test_what_an_event_does_not_name_stays_and_what_it_names_as_empty_is_emptied(
    college: TellingMoodle,
) -> None:
    await college.tell(user(7, city="Irbid", phone1="1", idnumber="S7"))
    await college.tell(fact("user_updated", at=AT + 5, userid=7, username="u7", city="", phone1="2"))
    found = await college.live("moodle_users", "7")
    assert (found.city, found.phone, found.id_number, found.email) == ("", "2", "S7", "u7@campus.example")


@pytest.mark.parametrize("together", [False, True])
async def test_an_older_fact_tells_what_nobody_has_told_since(college: TellingMoodle, together: bool) -> None:
    """What a newer one told stays, and stays empty where it told that."""
    told = [
        fact("user_updated", 3, at=AT + 3, userid=7, city="Zarqa", idnumber=""),
        fact("course_updated", 4, at=AT + 4, courseid=2, fullname="Networking"),
        user(7, city="Irbid", idnumber="S7", phone1="1"),
        course(2),
        fact("user_updated", 5, at=AT + 1, userid=7, phone1="2", city="Amman"),
    ]
    for events in [told] if together else [[each] for each in told]:
        await college.tell(*events)
    found = await college.live("moodle_users", "7")
    assert (found.username, found.email, found.city) == ("u7", "u7@campus.example", "Zarqa")
    assert (found.id_number or "", found.modified_at.timestamp()) == ("", AT + 3)
    assert found.phone == "2"
    named = await college.live("moodle_courses", "2")
    assert (named.short_name, named.full_name) == ("C2", "Networking")


async def test_an_older_fact_of_a_mark_or_enrolment_completes_it(college: TellingMoodle) -> None:
    await college.tell(user(7), course(2))
    told = [
        fact("enrollment_updated", 3, at=AT + 3, userid=7, courseid=2, status=1),
        enrolled("enrollment_created", 9, timestart=AT),
        marked(5, at=AT + 5, rawgrade=3, timegraded=AT + 5),
        marked(4, at=AT + 4, attemptnumber=1, duedate=AT, assigngrademax=4, timegraded=AT + 4, rawgrade=2),
        marked(2, at=AT + 2, duedate=AT + 9, assigngrademax=100, timegraded=AT + 2, rawgrade=1),
    ]
    for each in told:
        await college.tell(each)
    enrolment = await college.live("moodle_enrollments", "2_7")
    assert (enrolment.status, enrolment.enrollment_id) == ("suspended", 9)
    assert enrolment.starts_at == datetime.fromtimestamp(AT, UTC)
    await college.tell(enrolled("enrollment_created", 8, at=AT - 9, enrol_method="self"))
    assert (await college.live("moodle_enrollments", "2_7")).method is None, "of another enrolment"
    mark = await college.live("moodle_marks", "7_2_3")
    assert [(each.number, each.raw) for each in mark.attempts] == [(0, Decimal(3)), (1, Decimal(2))]
    assert (mark.due, mark.maximum) == (datetime.fromtimestamp(AT, UTC), Decimal(4))


def _mark(number: int, **fields: Any) -> dict[str, Any]:
    ids = {"userid": 7, "courseid": 2, "assignid": 3}
    return fact("grade_updated", number, at=AT + number, **{**ids, "attemptnumber": 0, **fields})


_CODE = {"feedback": "01122", "assigngrademax": "4", "submissionstatus": "submitted"}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        pytest.param(
            [user(7), course(2), _mark(31, rawgrade="3", **_CODE), _mark(32, rawgrade="3")],
            {"raw": Decimal(3), "feedback": "01122", "submission_status": "submitted"},
            id="the same attempt, told in part",
        ),
        pytest.param(
            [
                user(7),
                course(2),
                _mark(20, rawgrade="40", **_CODE),
                _mark(30, attemptnumber=1, rawgrade="60"),
            ],
            {"maximum": Decimal(4), "numbers": [0, 1]},
            id="before the user and the course are there",
        ),
        pytest.param(
            [
                *(user(7), course(2), _mark(20, rawgrade="3", **_CODE)),
                fact("grade_deleted", 22, at=AT + 22, userid=7, courseid=2, assignid=3),
                _mark(25, rawgrade="2", submissionstatus="submitted"),
            ],
            {"raw": Decimal(2), "feedback": None, "maximum": None, "submission_status": "submitted"},
            id="a deletion in between",
        ),
    ],
)
async def test_a_mark_comes_to_the_same_in_every_order_one_by_one(
    told: list[dict[str, Any]], expected: dict[str, Any]
) -> None:
    """What a student gets must not depend on which request was quicker."""
    for order in permutations(told):
        college = await telling()
        for each in order:
            await college.tell(each)
        mark = await college.live("moodle_marks", "7_2_3")
        found = {
            **attrs.asdict(mark.attempts[0]),
            **attrs.asdict(mark),
            "numbers": [each.number for each in mark.attempts],
        }
        assert {name: found[name] for name in expected} == expected


async def test_what_an_event_does_not_say_of_an_attempt_stays(college: TellingMoodle) -> None:
    """In one request or one after the other; in a list, attempts are told whole."""
    whole = marked(1, rawgrade=3, feedback="01122", submissionstatus="submitted", timegraded=AT)
    for user_id, together in ((7, False), (8, True)):
        told = [
            user(user_id),
            course(2),
            *(
                fact(each["event_type"], number, **{**each["event_data"], "userid": user_id})
                for number, each in enumerate(
                    (
                        whole,
                        marked(rawgrade=4, timegraded=AT + 5),
                        marked(submissionstatus="reopened", timegraded=AT + 6),
                        marked(rawgrade=4, feedback="", timegraded=AT + 7),
                    ),
                    start=10 * user_id,
                )
            ),
        ]
        for events in [told] if together else [[each] for each in told]:
            await college.tell(*events)
        (attempt,) = (await college.live("moodle_marks", f"{user_id}_2_3")).attempts
        assert (attempt.raw, attempt.submission_status) == (Decimal(4), "reopened")
        assert not attempt.feedback
    (row,) = await college.told(marked(99, attempts=[{"attemptnumber": 0, "rawgrade": 2}], timegraded=AT + 9))
    await college.taken()
    (attempt,) = (await college.live("moodle_marks", "7_2_3")).attempts
    assert (attempt.raw, attempt.submission_status) == (Decimal(2), None)
    assert await college.states([row]) == [TAKEN]


async def test_a_mark_that_is_counted_otherwise_keeps_nothing_of_its_scale(college: TellingMoodle) -> None:
    await college.tell(user(7), course(2), marked(1, assigngrademax=-3, scale_items="R,P,M,D", rawgrade=3))
    await college.tell(marked(2, at=AT + 5, assigngrademax=100, rawgrade=80))
    found = await college.live("moodle_marks", "7_2_3")
    assert (found.scale, found.scale_items, found.maximum) == (None, (), Decimal(100))


async def test_two_changes_within_a_moment_end_in_the_later_one_whichever_comes_first() -> None:
    """Payload 45: the event says when it happened, its facts do not."""
    for order in (1, -1):
        college = await telling()
        await college.tell(user(7), course(2))
        changes = [
            marked(at=AT, timestamp=AT, grade="M", rawgrade=3),
            marked(at=AT + 5, timestamp=AT, grade="D", rawgrade=4),
        ]
        for change in changes[::order]:
            await college.tell(change)
        (attempt,) = (await college.live("moodle_marks", "7_2_3")).attempts
        assert (attempt.letter, attempt.raw) == ("D", Decimal(4))


async def test_a_record_whose_parents_are_missing_is_parked_and_its_event_taken(
    college: TellingMoodle,
) -> None:
    """Every attempt that was told waits, and so does the newest version, whichever came first."""
    told = [
        marked(3, at=AT + 9, attemptnumber=1, rawgrade=3, workflowstate="inmarking"),
        marked(1, attemptnumber=0, rawgrade=1),
        enrolled("enrollment_updated", 27, status=1, timemodified=AT + 9),
        enrolled("enrollment_created", 27, timemodified=AT),
    ]
    for each in told:
        (event,) = await college.told(each)
        assert (await college.taken()).taken == 1
        assert (await college.event(event)).reason.startswith("It waits. `userid` points at 7")
    assert await college.row("moodle_marks", "7_2_3") is None
    await college.tell(user(7))
    await college.tell(course(2))
    mark = await college.live("moodle_marks", "7_2_3")
    assert [(each.number, each.raw) for each in mark.attempts] == [(0, Decimal(1)), (1, Decimal(3))]
    assert mark.workflow == "inmarking"
    assert (await college.live("moodle_enrollments", "2_7")).status == "suspended"


async def test_what_waits_is_not_lost_behind_a_version_that_was_refused(college: TellingMoodle) -> None:
    """Both are parked: the one that waits, and the one that was refused."""
    await college.tell(enrolled("enrollment_created", 27, timemodified=AT, roleid=5))
    await college.tell(enrolled("enrollment_updated", 27, timemodified=AT + 5, timestart="then"))
    await college.tell(enrolled("enrollment_updated", 27, timemodified=AT + 9, status=1))
    await college.tell(user(7), course(2))
    found = await college.live("moodle_enrollments", "2_7")
    assert (found.status, found.role) == ("suspended", 5)


async def test_a_bad_fact_is_parked_and_spoils_neither_another_record_nor_its_own(
    college: TellingMoodle,
) -> None:
    bad = fact("user_updated", 5, userid=7, username="u7", suspended="perhaps")
    events = await college.told(bad, user(7), user(8))
    assert await college.taken() == EventsTaken(looked_at=2, taken=2, parked=1)
    assert await college.states(events) == [PARKED, TAKEN, TAKEN]
    assert "`suspended`" in (await college.event(events[0])).reason
    assert (await college.live("moodle_users", "7")).username == "u7"
    worse = await college.told(fact("user_updated", 6, at=AT + 5, userid=7, username=["x"]))
    assert (await college.taken()).parked == 1
    assert (await college.event(worse[0])).reason
    assert (await college.live("moodle_users", "7")).username == "u7"


async def test_an_attempt_that_moodle_cannot_have_is_parked_and_those_beside_it_are_taken(
    college: TellingMoodle,
) -> None:
    await college.tell(user(7), course(2))
    events = await college.told(
        marked(1, rawgrade=3),
        marked(2, attemptnumber=10**12, rawgrade=1),
        marked(3, attemptnumber=2, rawgrade=1, timegraded=-5),
        marked(4, attemptnumber=1, rawgrade=2),
    )
    await college.taken()
    assert await college.states(events) == [TAKEN, PARKED, PARKED, TAKEN]
    named = [(await college.event(each)).reason.split()[0] for each in events[1:3]]
    assert named == ["`attemptnumber`", "`timegraded`"]
    found = await college.live("moodle_marks", "7_2_3")
    assert [(each.number, each.raw) for each in found.attempts] == [(0, Decimal(3)), (1, Decimal(2))]


async def test_of_when_fields_are_is_for_no_sender_to_say(college: TellingMoodle) -> None:
    """Or one could have the last word for ever."""
    pin = [f"{AT + 10**9} 5 city", f"{AT + 10**9} 5 attempts.0.raw", f"{AT + 10**9} 5 *"]
    await college.tell(user(7, city="Irbid", field_versions=pin), course(2))
    await college.tell(fact("user_updated", 9, at=AT + 5, userid=7, city="Amman"))
    assert (await college.live("moodle_users", "7")).city == "Amman"
    sync = college.mzi.use_cases.sync
    for at, city in ((AT + 6, "Zarqa"), (AT + 7, "Salt")):
        sent = {"userid": 7, "timemodified": at, "city": city, "field_versions": pin}
        await sync(college.tenant, CATALOGUE["moodle_users"], [sent])
    found = await college.live("moodle_users", "7")
    assert (found.city, found.username) == ("Salt", "u7")
    assert str(AT + 10**9) not in " ".join(found.field_versions)
    await college.tell(marked(1, rawgrade=4, field_versions=pin))
    await college.tell(marked(2, at=AT + 5, rawgrade=1))
    assert (await college.live("moodle_marks", "7_2_3")).attempts[0].raw == Decimal(1)


@pytest.mark.parametrize("where", ["itself", "list"])
async def test_an_attempt_of_a_moment_to_come_is_parked(college: TellingMoodle, where: str) -> None:
    await college.tell(user(7), course(2))
    cells = {"attemptnumber": 0, "rawgrade": 3, "timegraded": AT + 10**9}
    said = cells if where == "itself" else {"attempts": [cells]}
    (event,) = await college.told(marked(1, **said))
    await college.taken()
    assert ((await college.event(event)).state, await college.row("moodle_marks", "7_2_3")) == (PARKED, None)
    await college.tell(marked(2, at=AT + 5, rawgrade=1))
    assert (await college.live("moodle_marks", "7_2_3")).attempts[0].raw == Decimal(1)


async def test_attempts_of_one_moment_are_ordered_by_the_number_of_their_record(
    college: TellingMoodle,
) -> None:
    """Also those of a list, which have none themselves."""
    ids = {"userid": 7, "courseid": 2, "assignid": 3}
    sent = [
        {**ids, "event_number": n, "timemodified": AT + n, "attempts": [{"rawgrade": n, "timegraded": AT}]}
        for n in (1, 2)
    ]
    for order in (1, -1):
        college = await telling()
        await college.tell(user(7), course(2))
        for each in sent[::order]:
            await college.mzi.use_cases.sync(college.tenant, MOODLE_MARKS, [each])
        assert (await college.live("moodle_marks", "7_2_3")).attempts[0].raw == Decimal(2)


@pytest.mark.parametrize("kind", ["user_updated", "user_deleted"])
async def test_what_is_of_a_moment_to_come_is_parked_and_stands_against_nothing(
    college: TellingMoodle, kind: str
) -> None:
    """A sender in milliseconds, or whose clock is wrong, would else have the last word for years."""
    await college.tell(user(7, city="Irbid"))
    (event,) = await college.told(fact(kind, 9, at=AT + 10**9, userid=7, city="Zarqa"))
    assert await college.taken() == EventsTaken(looked_at=1, parked=1)
    assert "future" in (await college.event(event)).reason
    await college.tell(fact("user_updated", 8, at=AT + 5, userid=7, city="Amman"))
    assert (await college.live("moodle_users", "7")).city == "Amman"
    soon = round(college.mzi.clock.now().timestamp()) + 3600
    await college.tell(fact("user_updated", 10, at=soon, userid=7, city="Salt"))
    assert (await college.live("moodle_users", "7")).city == "Salt"


async def test_a_deletion_whose_moment_cannot_be_read_is_parked(college: TellingMoodle) -> None:
    await college.tell(user(7))
    (event,) = await college.told({**fact("user_deleted", userid=7), "timestamp": "once"})
    assert await college.taken() == EventsTaken(looked_at=1, parked=1)
    assert "`timestamp`" in (await college.event(event)).reason
    await college.live("moodle_users", "7")


@pytest.mark.parametrize(
    ("created", "deleted", "module", "key"),
    [
        (user(7), fact("user_deleted", 9, at=AT + 5, userid=7), "moodle_users", "7"),
        (course(2), fact("course_deleted", 9, at=AT + 5, courseid=2), "moodle_courses", "2"),
    ],
    ids=["user", "course"],
)
async def test_who_is_deleted_stays_deleted_whatever_is_told_later(
    college: TellingMoodle, created: dict[str, Any], deleted: dict[str, Any], module: str, key: str
) -> None:
    """The row stays, with its history; a late event of before brings nobody back."""
    await college.tell(created)
    assert await college.tell(deleted) == EventsTaken(looked_at=1, taken=1, deleted=1)
    late = {**created, "event_id": "late", "timestamp": AT + 9}
    assert (await college.tell(late)).taken == 1
    assert await college.is_gone(module, key)


async def test_who_was_brought_back_by_another_way_is_told_of_by_events_again(college: TellingMoodle) -> None:
    """As by a pull, where somebody in Moodle took the deletion back."""
    await college.tell(user(7), fact("user_deleted", 9, at=AT + 5, userid=7))
    back = {"userid": 7, "username": "u7", "timemodified": AT + 8}
    await college.mzi.use_cases.sync(college.tenant, CATALOGUE["moodle_users"], [back])
    await college.tell(fact("user_updated", 12, at=AT + 9, userid=7, city="Irbid"))
    assert (await college.live("moodle_users", "7")).city == "Irbid"
    await college.tell(fact("user_deleted", 13, at=AT + 10, userid=7))
    assert await college.is_gone("moodle_users", "7")
    await college.tell(fact("user_updated", 14, at=AT + 11, userid=7, city="Zarqa"))
    assert await college.is_gone("moodle_users", "7")


async def test_an_older_record_that_is_sent_by_itself_brings_nothing_back(college: TellingMoodle) -> None:
    """As one of a first load that goes on while Moodle tells what happens."""
    await college.tell(user(7), course(2), enrolled("enrollment_created", 27), marked(1, rawgrade=3))
    gone = [
        enrolled("enrollment_deleted", 27, at=AT + 5),
        fact("grade_deleted", 9, at=AT + 5, userid=7, courseid=2, assignid=3),
    ]
    assert (await college.tell(*gone)).deleted == 2
    ids = {"userid": 7, "courseid": 2}
    for module, sent in (
        (MOODLE_ENROLLMENTS, {**ids, "status": 0}),
        (MOODLE_MARKS, {**ids, "assignid": 3, "attemptnumber": 0, "rawgrade": 3}),
    ):
        sync = college.mzi.use_cases.sync
        for at, is_back in ((AT + 3, False), (AT + 8, True)):
            await sync(college.tenant, module, [{**sent, "timemodified": at}])
            key = "2_7" if module is MOODLE_ENROLLMENTS else "7_2_3"
            assert await college.is_gone(module.name, key) is not is_back


@pytest.mark.parametrize("together", [True, False])
async def test_a_deletion_that_comes_first_is_not_forgotten(college: TellingMoodle, together: bool) -> None:
    """Of records that nobody has heard of yet, or whose parents are missing."""
    gone = [
        fact("user_deleted", 9, at=AT + 5, userid=8),
        fact("course_deleted", 9, at=AT + 5, courseid=3),
        enrolled("enrollment_deleted", 27, at=AT + 5),
        fact("grade_deleted", 9, at=AT + 5, userid=7, courseid=2, assignid=3),
    ]
    late = [user(8), course(3), enrolled("enrollment_created", 27), marked(1, rawgrade=3)]
    if together:
        await college.tell(*gone, *late)
    else:
        await college.tell(*gone)
        await college.tell(*late)
    await college.tell(user(7), course(2))
    for module, key in (
        *(("moodle_users", "8"), ("moodle_courses", "3")),
        *(("moodle_enrollments", "2_7"), ("moodle_marks", "7_2_3")),
    ):
        assert await college.row(module, key) is None


async def test_who_waits_for_a_parent_and_is_deleted_meanwhile_does_not_come_back(
    college: TellingMoodle,
) -> None:
    await college.tell(enrolled("enrollment_created", 27))
    await college.tell(enrolled("enrollment_deleted", 27, at=AT + 5))
    await college.tell(user(7), course(2))
    assert await college.row("moodle_enrollments", "2_7") is None


async def test_who_is_enrolled_again_is_there_and_an_old_deletion_does_not_end_that(
    college: TellingMoodle,
) -> None:
    """All within one second, and in whatever order: a later enrolment has a higher id."""
    again = fact("enrollment_created", enrollment_id=30, userid=7, courseid=2, status=0)
    first, over = enrolled("enrollment_created", 27, status=1), enrolled("enrollment_deleted", 27)
    for order in ([first, over, again], [again, over, first], [over, first, again], [first, again, over]):
        college = await telling()
        await college.tell(user(7), course(2))
        for each in order:
            await college.tell(each)
        found = await college.live("moodle_enrollments", "2_7")
        assert (found.enrollment_id, found.status) == (30, "active")


async def test_an_enrolment_without_an_id_is_told_from_its_end_by_the_moment(college: TellingMoodle) -> None:
    ids = {"userid": 7, "courseid": 2}
    await college.tell(user(7), course(2), fact("enrollment_created", status=0, **ids))
    await college.tell(fact("enrollment_deleted", at=AT - 5, **ids))
    await college.live("moodle_enrollments", "2_7")
    await college.tell(fact("enrollment_deleted", at=AT + 5, **ids))
    assert await college.is_gone("moodle_enrollments", "2_7")
    await college.tell(fact("enrollment_created", at=AT + 9, status=0, **ids))
    await college.live("moodle_enrollments", "2_7")


async def test_a_mark_that_is_deleted_comes_back_with_the_next_grading(college: TellingMoodle) -> None:
    ids = {"userid": 7, "courseid": 2, "assignid": 3}
    await college.tell(user(7), course(2), marked(1, rawgrade=3))
    assert (await college.tell(fact("grade_deleted", 2, **ids))).deleted == 1
    await college.tell({**marked(1, rawgrade=3), "event_id": "once more"})
    assert await college.is_gone("moodle_marks", "7_2_3")
    await college.tell(marked(5, at=AT + 5, rawgrade=4))
    (attempt,) = (await college.live("moodle_marks", "7_2_3")).attempts
    assert attempt.raw == Decimal(4)


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("course_first", [True, False])
async def test_a_course_that_is_deleted_does_not_look_like_withdrawals(
    college: TellingMoodle, course_first: bool, together: bool
) -> None:
    """Moodle tells the end of every enrolment and mark, and then that of the course.

    Whoever is withdrawn is gone from a course that is there, or was before it ended; and the event says which
    it was, in whatever order they arrive.
    """
    ids = {"userid": 7, "courseid": 2}
    await college.tell(user(7), course(2), enrolled("enrollment_created", 27), marked(1, rawgrade=3))
    await college.tell(user(8), course(4), fact("enrollment_created", userid=8, courseid=4, status=0))
    ended = [
        fact("grade_deleted", at=AT + 5, assignid=3, **ids),
        enrolled("enrollment_deleted", 27, at=AT + 5),
        fact("course_deleted", at=AT + 5, courseid=2),
    ]
    await college.tell(fact("enrollment_created", at=AT - 3 * 3600, userid=8, courseid=2, status=0))
    withdrawn = await college.told(
        fact("enrollment_deleted", at=AT + 5, userid=8, courseid=4),
        fact("enrollment_deleted", at=AT + 5 - 2 * 3600, userid=8, courseid=2),
    )
    told = ended[::-1] if course_first else ended
    events: list[Event] = []
    for each in [told] if together else [[one] for one in told]:
        events += await college.told(*each)
        await college.taken()
    for module, key in (("moodle_marks", "7_2_3"), ("moodle_enrollments", "2_7"), ("moodle_courses", "2")):
        assert await college.is_gone(module, key)
    assert await college.is_gone("moodle_enrollments", "4_8")
    await college.live("moodle_courses", "4")
    reasons = {each.kind: (await college.event(each)).reason for each in events}
    assert "nobody has withdrawn" in reasons["enrollment_deleted"]
    assert "nobody has withdrawn" in reasons["grade_deleted"]
    assert reasons["course_deleted"] == ""
    assert [(await college.event(each)).reason for each in withdrawn] == ["", ""]
    listed = await college.mzi.use_cases.events.list(college.tenant, EventQuery())
    assert {each.id: each.reason for each in listed.items if each.kind in reasons} == {
        each.id: (await college.event(each)).reason for each in (*events, *withdrawn)
    }


async def test_the_history_of_a_record_names_the_event_that_ended_it(college: TellingMoodle) -> None:
    """Beside the note that its course was deleted, where it was."""
    await college.tell(user(7), course(2), enrolled("enrollment_created", 27))
    (event,) = await college.told(enrolled("enrollment_deleted", 27, at=AT + 5))
    await college.taken()
    async with college.mzi.store.read(college.tenant) as session:
        newest, *_ = await session.history("moodle_enrollments", MoodleKey("2_7"), None, 9)
    assert (newest.kind, newest.caused_by) == (ChangeKind.DELETED, CausedBy(Causer.EVENT, event.id))


async def test_a_hint_waits_with_its_reason_where_nothing_can_be_asked(accountless: TellingMoodle) -> None:
    """And is neither lost nor given up; facts about the same record are taken."""
    await accountless.tell(user(7), course(2))
    told = [
        marked(1, rawgrade=3),
        hint("user_override_created", 2, courseid=2, relateduserid=7, other={"assignid": 3}),
    ]
    mark, waits = await accountless.told(*told)
    done = await accountless.taken()
    assert (done.looked_at, done.taken, done.put_off != "") == (0, 1, True)
    assert await accountless.states([mark, waits]) == [TAKEN, WAITING]
    await accountless.live("moodle_marks", "7_2_3")
    for _ in range(20):
        accountless.mzi.clock.advance(WITHOUT_ACCOUNT)
        await accountless.taken()
    assert await accountless.states([waits]) == [WAITING]
    assert "Moodle" in (await accountless.delivery("moodle_marks", "7_2_3")).reason


async def test_a_fact_is_taken_at_once_whatever_waits_of_its_record(accountless: TellingMoodle) -> None:
    """A hint puts the look off, without an account by an hour; who has the fact need not ask."""
    await accountless.tell(user(7), course(2))
    (waits,) = await accountless.told(
        hint("user_override_created", 2, courseid=2, relateduserid=7, other={"assignid": 3})
    )
    await accountless.taken()
    put_off = await accountless.delivery("moodle_marks", "7_2_3")
    assert put_off.due_at > accountless.mzi.clock.now()
    (fact,) = await accountless.told(marked(3, rawgrade=3))
    assert (await accountless.taken()).taken == 1
    assert await accountless.states([fact, waits]) == [TAKEN, WAITING]
    assert (await accountless.live("moodle_marks", "7_2_3")).attempts[0].raw == Decimal(3)
    await accountless.told(hint("submission_status_updated", 4, courseid=2, relateduserid=7, objectid=3))
    again = await accountless.delivery("moodle_marks", "7_2_3")
    assert again.due_at > accountless.mzi.clock.now(), "another hint is no news"


@pytest.mark.parametrize("kind", ["fact", "hint"])
async def test_a_fact_that_comes_while_its_record_is_looked_at_is_not_put_off_with_it(
    kind: str, accountless: TellingMoodle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever looks has not seen it, and has the claim; a mere hint waits for the next look."""
    await accountless.tell(user(7), course(2))
    override: dict[str, Any] = {"courseid": 2, "relateduserid": 7, "other": {"assignid": 3}}
    await accountless.told(hint("user_override_created", 2, **override))
    came = marked(3, rawgrade=3) if kind == "fact" else hint("user_override_updated", 3, **override)
    asked = accountless.mzi.connections.moodle

    async def slow(tenant: Any) -> Any:
        if not events:
            events.extend(await accountless.told(came))
        return await asked(tenant)

    events: list[Any] = []
    monkeypatch.setattr(type(accountless.mzi.connections), "moodle", lambda _, tenant: slow(tenant))
    await accountless.taken()
    assert await accountless.states(events) == [TAKEN if kind == "fact" else WAITING]


async def test_a_fact_is_taken_however_many_hints_wait_of_other_records(
    accountless: TellingMoodle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events of a batch are read up to a number, the oldest first."""
    monkeypatch.setattr("mzi_core.use_cases.take_events.MOST_EVENTS", 10)
    await accountless.tell(user(7), course(2))
    await accountless.told(*(hint("user_graded", n, courseid=2, relateduserid=n) for n in range(1, 31)))
    await accountless.taken()
    accountless.mzi.clock.advance(WITHOUT_ACCOUNT)
    (fact,) = await accountless.told(marked(1, rawgrade=3))
    await accountless.taken()
    assert await accountless.states([fact]) == [TAKEN]


async def test_a_replayed_event_is_taken_at_once(accountless: TellingMoodle) -> None:
    """Whoever replays it has repaired something."""
    await accountless.tell(user(7), course(2))
    (bad,) = await accountless.told(marked(1, rawgrade="much"))
    await accountless.told(
        hint("user_override_created", 2, courseid=2, relateduserid=7, other={"assignid": 3})
    )
    await accountless.taken()
    await accountless.mzi.use_cases.events.replay(accountless.tenant, bad.id)
    assert (await accountless.taken()).parked == 1


async def test_a_hint_that_is_answered_by_a_later_fact_is_taken(accountless: TellingMoodle) -> None:
    """As the release of a marking, whose state is told beside its facts."""
    await accountless.tell(user(7), course(2))
    ids = {"courseid": 2, "relateduserid": 7}
    released = hint("workflow_state_updated", objecttable="assign", objectid=3, **ids)
    events = await accountless.told(released, marked(rawgrade=3))
    await accountless.taken()
    assert await accountless.states(events) == [TAKEN, TAKEN]
    later = hint("workflow_state_updated", at=AT + 5, objecttable="assign", objectid=3, **ids)
    events = await accountless.told(later, marked(rawgrade=2))
    await accountless.taken()
    assert await accountless.states(events) == [WAITING, TAKEN]


async def test_without_an_account_facts_go_on_however_many_hints_wait(accountless: TellingMoodle) -> None:
    await accountless.tell(course(2))
    await accountless.told(*(hint("user_graded", n, courseid=2, relateduserid=n) for n in range(1, 151)))
    await accountless.told(user(7), marked(1, rawgrade=3))
    await accountless.taken()
    await accountless.live("moodle_marks", "7_2_3")


# read again


@attrs.frozen
class _Site:
    """A Moodle with a course, a student in it, and an assignment."""

    college: TellingMoodle
    course: int
    student: int
    assignment: int

    def ids(self, **more: Any) -> dict[str, Any]:
        return {"courseid": self.course, "relateduserid": self.student, **more}

    def key(self, *parts: int) -> str:
        return "_".join(map(str, parts))

    @property
    def mark(self) -> str:
        return self.key(self.student, self.course, self.assignment)

    async def known(self) -> None:
        """The student and the course are told."""
        await self.college.tell(user(self.student), course(self.course))


async def _site(*, plugin: bool = True, store: Store | None = None, **assignment: Any) -> _Site:
    college = await telling(store=store)
    moodle = college.mzi.moodle
    moodle.plugin = plugin
    course = moodle.add_course(shortname="NET-A", fullname="Networking A", startdate=AT)
    student = moodle.add_user(username="u7", email="U7@campus.example", city="Irbid")
    moodle.enrol(student, course)
    made = moodle.add_assignment(course, **{"grade": -3, "criteria": {"P1": "Explain"}, **assignment})
    moodle.submit(made, student)
    moodle.grade(made, student, criteria={"P1": (True, "well done")}, feedback="Good", grader=2)
    return _Site(college, course, student, made)


async def test_users_and_courses_are_read_again_all_together() -> None:
    site = await _site()
    college, moodle = site.college, site.college.mzi.moodle
    other = moodle.add_user(username="u8", email="u8@campus.example", suspended=True)
    before = moodle.calls
    await college.told(*(hint("user_updated", relateduserid=each) for each in (site.student, other)))
    await college.told(hint("course_updated", courseid=site.course))
    assert await college.taken() == EventsTaken(looked_at=3, taken=3)
    assert moodle.calls - before == 2
    found = await college.live("moodle_users", str(site.student))
    assert (found.email, found.city, found.suspended) == ("u7@campus.example", "Irbid", False)
    assert (await college.live("moodle_users", str(other))).suspended
    read = await college.live("moodle_courses", str(site.course))
    assert (read.short_name, read.category, read.starts_at) == ("NET-A", 1, datetime.fromtimestamp(AT, UTC))
    assert read.modified_at == college.mzi.clock.now(), "Moodle says when"
    assert found.modified_at == datetime.fromtimestamp(AT, UTC), "the event says when, for Moodle does not"


async def test_a_user_who_was_deleted_in_moodle_is_deleted_here() -> None:
    site = await _site()
    await site.known()
    site.college.mzi.moodle.delete_user(site.student)
    assert (await site.college.tell(hint("user_updated", relateduserid=site.student))).deleted == 1
    assert await site.college.is_gone("moodle_users", str(site.student))


@pytest.mark.parametrize(
    "event",
    [hint("user_updated", relateduserid=999), hint("course_updated", courseid=999)],
    ids=["user", "c"],
)
async def test_what_moodle_does_not_show_is_parked_and_nothing_is_deleted(
    college: TellingMoodle, event: dict[str, Any]
) -> None:
    await college.tell(user(999), course(999))
    (told,) = await college.told(event)
    assert await college.taken() == EventsTaken(looked_at=1, parked=1)
    assert "it is gone, or its account may not see it" in (await college.event(told)).reason
    await college.live("moodle_users", "999")
    await college.live("moodle_courses", "999")


async def test_the_people_of_a_course_are_read_all_together() -> None:
    """Their role, whether they are active, and who is in it no more."""
    site = await _site()
    college, moodle = site.college, site.college.mzi.moodle
    suspended = moodle.add_user(username="u8", email="u8@campus.example")
    moodle.enrol(suspended, site.course, suspended=True)
    left = moodle.add_user(username="u9", email="u9@campus.example")
    await site.known()
    await college.tell(user(suspended), user(left))
    await college.tell(fact("enrollment_created", userid=left, courseid=site.course, status=0))
    before = moodle.calls
    people = (site.student, suspended, left)
    kinds = ("role_assigned", "user_enrolment_updated", "role_unassigned")
    await college.told(
        *(hint(k, courseid=site.course, relateduserid=each) for k, each in zip(kinds, people, strict=True))
    )
    assert await college.taken() == EventsTaken(looked_at=3, taken=3, deleted=1)
    assert moodle.calls - before == 3
    found = await college.live("moodle_enrollments", site.key(site.course, site.student))
    assert (found.role, found.status) == (5, "active")
    found = await college.live("moodle_enrollments", site.key(site.course, suspended))
    assert (found.role, found.status) == (5, "suspended")
    assert await college.is_gone("moodle_enrollments", site.key(site.course, left))


async def test_a_course_that_is_not_there_is_tried_again_and_spoils_no_other() -> None:
    site = await _site()
    await site.known()
    wrong, right = await site.college.told(
        hint("role_assigned", courseid=999, relateduserid=site.student),
        hint("role_assigned", **site.ids()),
    )
    done = await site.college.taken()
    assert (done.looked_at, done.taken, done.put_off != "") == (1, 1, True)
    assert await site.college.states([wrong, right]) == [WAITING, TAKEN]
    for _ in range(MOST_TRIES):
        site.college.mzi.clock.advance(timedelta(days=2))
        await site.college.taken()
    dead = await site.college.event(wrong)
    assert (dead.state, dead.reason) == (EventState.DEAD, done.put_off)


@pytest.mark.parametrize("plugin", [True, False])
async def test_a_mark_is_read_again_with_all_its_attempts(plugin: bool) -> None:
    """Through the plugin with criteria; else through the functions of Moodle's own."""
    site = await _site(plugin=plugin, duedate=AT, cutoffdate=AT + 9)
    await site.known()
    moodle = site.college.mzi.moodle
    moodle.reopen(site.assignment, site.student)
    (event,) = await site.college.told(hint("attempt_reopened", objecttable="assign", **_id(site)))
    await site.college.taken()
    assert await site.college.states([event]) == [TAKEN]
    found = await site.college.live("moodle_marks", site.mark)
    assert [each.number for each in found.attempts] == [0, 1]
    first = found.attempts[0]
    assert (first.raw, first.feedback is not None, first.grader) == (Decimal(first.raw), True, 2)
    assert [each.code for each in first.criteria] == (["P1"] if plugin else [])
    assert (found.scale, len(found.scale_items) > 1, found.workflow is not None) == (3, True, True)
    assert (found.due, found.cutoff) == tuple(datetime.fromtimestamp(at, UTC) for at in (AT, AT + 9))


def _id(site: _Site) -> dict[str, Any]:
    return site.ids(objectid=site.assignment)


async def test_what_moodle_shows_not_everybody_stays_as_it_was_told() -> None:
    """A reading without criteria takes none away from the same grading."""
    site = await _site(plugin=False)
    await site.known()
    graded = site.college.mzi.moodle.site.marks.seconds(site.assignment)
    assert graded
    event = hint("attempt_reopened", objecttable="assign", **_id(site))
    await site.college.tell(event)
    (read,) = (await site.college.live("moodle_marks", site.mark)).attempts
    at = int(read.graded_at.timestamp())
    told = {"userid": site.student, "courseid": site.course, "assignid": site.assignment, "attemptnumber": 0}
    criteria = [{"code": "P1", "score": 1}]
    await site.college.tell(fact("grade_updated", 4, **told, rawgrade=2, timegraded=at, criteria=criteria))
    await site.college.tell({**event, "event_id": "again", "timestamp": AT + 9})
    (attempt,) = (await site.college.live("moodle_marks", site.mark)).attempts
    assert [each.code for each in attempt.criteria] == ["P1"]
    assert attempt.event_number == 4


async def test_all_marks_of_a_student_or_of_an_assignment_are_read_where_no_other_is_named() -> None:
    """As after a mark in the gradebook, or an exception for a group."""
    site = await _site()
    college, moodle = site.college, site.college.mzi.moodle
    await site.known()
    other = moodle.add_user(username="u8", email="u8@campus.example")
    moodle.enrol(other, site.course)
    moodle.submit(site.assignment, other)
    idle = moodle.add_user(username="u9", email="u9@campus.example")
    moodle.enrol(idle, site.course)
    await college.tell(user(other), user(idle))
    second = moodle.add_assignment(site.course, grade=4, name="Assignment 2")
    moodle.submit(second, site.student)
    await college.tell(hint("user_graded", **site.ids(other={"itemid": 1})))
    for assignment in (site.assignment, second):
        await college.live("moodle_marks", site.key(site.student, site.course, assignment))
    assert await college.row("moodle_marks", site.key(other, site.course, site.assignment)) is None
    await college.tell(
        hint("identities_revealed", objecttable="assign", courseid=site.course, objectid=second)
    )
    await college.tell(
        hint("group_override_created", courseid=site.course, other={"assignid": site.assignment})
    )
    await college.live("moodle_marks", site.key(other, site.course, site.assignment))
    assert await college.row("moodle_marks", site.key(idle, site.course, site.assignment)) is None


async def test_the_mark_of_who_did_nothing_is_kept_where_it_is_asked_for() -> None:
    """As after an exception for a student."""
    site = await _site(team=True)
    await site.known()
    idle = site.college.mzi.moodle.add_user(username="u8", email="u8@campus.example")
    site.college.mzi.moodle.enrol(idle, site.course)
    await site.college.tell(user(idle))
    ids = {"courseid": site.course, "relateduserid": idle}
    await site.college.tell(hint("user_override_created", other={"assignid": site.assignment}, **ids))
    found = await site.college.live("moodle_marks", site.key(idle, site.course, site.assignment))
    assert found.attempts == ()


@pytest.mark.parametrize("where", ["course", "assignment"])
async def test_a_mark_of_nothing_that_moodle_shows_is_parked(where: str) -> None:
    site = await _site()
    await site.known()
    ids = site.ids(objectid=999) if where == "assignment" else {**_id(site), "courseid": 999}
    (event,) = await site.college.told(hint("extension_granted", objecttable="assign", **ids))
    assert await site.college.taken() == EventsTaken(looked_at=1, parked=1)
    assert (await site.college.event(event)).reason


async def test_where_the_scale_is_kept_back_the_mark_is_read_without_it() -> None:
    site = await _site()
    await site.known()
    site.college.mzi.moodle.capabilities.discard("moodle/course:manageactivities")
    await site.college.tell(hint("extension_granted", objecttable="assign", **_id(site)))
    assert (await site.college.live("moodle_marks", site.mark)).scale_items == ()


async def test_a_moodle_that_does_not_answer_is_asked_later_and_facts_go_on() -> None:
    site = await _site()
    await site.known()
    moodle = site.college.mzi.moodle
    moodle.maintenance = True
    told = [
        hint("extension_granted", objecttable="assign", **_id(site)),
        hint("user_updated", relateduserid=site.student),
        user(8),
    ]
    events = await site.college.told(*told)
    done = await site.college.taken()
    assert (done.looked_at, done.taken, "Moodle" in done.put_off) == (1, 1, True)
    assert await site.college.states(events) == [WAITING, WAITING, TAKEN]
    moodle.maintenance = False
    site.college.mzi.clock.advance(timedelta(hours=1))
    assert (await site.college.taken()).taken == 2
    await site.college.live("moodle_marks", site.mark)


async def test_a_revoked_token_stops_no_facts() -> None:
    site = await _site()
    await site.known()
    site.college.mzi.moodle.accounts.clear()
    (event,) = await site.college.told(hint("user_updated", relateduserid=site.student))
    assert (await site.college.taken()).put_off
    await site.college.tell(user(8))
    await site.college.live("moodle_users", "8")
    assert await site.college.states([event]) == [WAITING]


async def test_one_assignment_that_cannot_be_read_spoils_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the mark that is asked for by itself, nor those that are asked for with it."""
    site = await _site(plugin=False)
    await site.known()
    moodle = site.college.mzi.moodle
    second = moodle.add_assignment(site.course, grade=4, name="Assignment 2")
    moodle.submit(second, site.student)
    gateway = await site.college.mzi.connections.moodle(site.college.tenant)
    asked = gateway.work

    async def work(assignment: Any, user: Any) -> Any:
        if assignment == second:
            raise RemoteBug("Moodle", "It stumbled.")
        return await asked(assignment, user)

    monkeypatch.setattr(gateway, "work", work)
    whole, one, other = await site.college.told(
        hint("user_graded", **site.ids()),
        hint("extension_granted", objecttable="assign", **_id(site)),
        hint("extension_granted", objecttable="assign", **site.ids(objectid=second)),
    )
    await site.college.taken()
    assert await site.college.states([whole, one, other]) == [WAITING, TAKEN, WAITING]
    await site.college.live("moodle_marks", site.mark)


@pytest.mark.parametrize("wide", [True, False])
async def test_a_reading_of_what_changed_meanwhile_is_made_once_more(
    wide: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row is newer than what was asked for before, whoever wrote it."""
    site = await _site()
    await site.known()
    told = {"userid": site.student, "courseid": site.course, "assignid": site.assignment}
    gateway = await site.college.mzi.connections.moodle(site.college.tenant)
    asked = gateway.grade_facts

    async def slow(*what: Any) -> Any:
        found = await asked(*what)
        if not readings:
            site.college.mzi.clock.advance(timedelta(seconds=2))
            record = {**told, "attemptnumber": 0, "workflowstate": "inreview", "timemodified": AT + 9}
            await site.college.mzi.use_cases.sync(site.college.tenant, MOODLE_MARKS, [record])
        readings.append(found)
        return found

    readings: list[Any] = []
    monkeypatch.setattr(gateway, "grade_facts", slow)
    ids = site.ids() if wide else _id(site)
    (event,) = await site.college.told(hint("submission_status_updated", objecttable="assign", **ids))
    assert "while it was read" in (await site.college.taken()).put_off
    assert (await site.college.live("moodle_marks", site.mark)).workflow == "inreview"
    assert await site.college.states([event]) == [WAITING]
    site.college.mzi.clock.advance(timedelta(seconds=2))
    await site.college.taken()
    assert await site.college.states([event]) == [TAKEN]
    assert (await site.college.live("moodle_marks", site.mark)).workflow == "released"
    assert len(readings) == 2


async def test_who_is_enrolled_while_the_course_is_read_is_not_taken_for_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = await _site()
    await site.known()
    other = site.college.mzi.moodle.add_user(username="u9", email="u9@campus.example")
    await site.college.tell(user(other))
    gateway = await site.college.mzi.connections.moodle(site.college.tenant)
    asked = gateway.enrolled

    async def slow(*what: Any) -> Any:
        found = await asked(*what)
        site.college.mzi.clock.advance(timedelta(seconds=2))
        record = {"userid": other, "courseid": site.course, "status": 0, "timemodified": AT + 9}
        await site.college.mzi.use_cases.sync(site.college.tenant, MOODLE_ENROLLMENTS, [record])
        return found

    monkeypatch.setattr(gateway, "enrolled", slow)
    await site.college.tell(hint("role_assigned", courseid=site.course, relateduserid=other))
    await site.college.live("moodle_enrollments", site.key(site.course, other))


async def test_what_is_told_meanwhile_of_a_record_that_is_read_is_kept_with_it() -> None:
    """A fact about an attempt that Moodle keeps to itself, beside what it shows."""
    site = await _site(plugin=False)
    ids = {"userid": site.student, "courseid": site.course, "assignid": site.assignment}
    await site.college.tell(fact("grade_updated", 1, **ids, attemptnumber=4, rawgrade=3, itemname="Named"))
    await site.college.told(
        hint("extension_granted", objecttable="assign", **_id(site)),
        fact("grade_updated", 2, **ids, attemptnumber=5, rawgrade=2),
    )
    await site.college.taken()
    await site.known()
    found = await site.college.live("moodle_marks", site.mark)
    assert [each.number for each in found.attempts] == [0, 4, 5]


async def test_the_look_at_a_record_of_a_deleted_course_or_user_is_spared() -> None:
    site = await _site()
    await site.known()
    await site.college.tell(fact("course_deleted", 9, at=AT + 5, courseid=site.course))
    before = site.college.mzi.moodle.calls
    events = await site.college.told(
        hint("grade_deleted", **site.ids(other={"itemid": 4})),
        hint("group_override_deleted", courseid=site.course, other={"assignid": site.assignment}),
        hint("role_unassigned", **site.ids()),
        hint("course_updated", courseid=site.course),
    )
    assert await site.college.taken() == EventsTaken(looked_at=4, taken=4)
    assert site.college.mzi.moodle.calls == before
    notes = [(await site.college.event(each)).reason for each in events]
    assert [each != "" for each in notes] == [True, True, True, True]


async def test_who_was_found_to_have_left_comes_back_by_what_happened_later() -> None:
    """What was read is no event: a fact is told from it by the row alone."""
    site = await _site()
    await site.known()
    moodle = site.college.mzi.moodle
    left = moodle.add_user(username="u9", email="u9@campus.example")
    ids = {"userid": left, "courseid": site.course}
    await site.college.tell(user(left), fact("enrollment_created", **ids, status=0))
    await site.college.tell(hint("role_unassigned", at=AT + 5, courseid=site.course, relateduserid=left))
    key = site.key(site.course, left)
    assert await site.college.is_gone("moodle_enrollments", key)
    await site.college.tell({**fact("enrollment_created", **ids, status=0), "event_id": "once more"})
    assert await site.college.is_gone("moodle_enrollments", key)
    await site.college.tell(fact("enrollment_created", at=AT + 9, **ids, status=1))
    assert (await site.college.live("moodle_enrollments", key)).status == "suspended"


async def test_who_ends_one_of_two_enrolments_is_looked_at_and_stays() -> None:
    site = await _site()
    await site.known()
    row = {"id": 27, "status": 0, "lastenrol": False}
    ended = hint("user_enrolment_deleted", **site.ids(other={"userenrolment": row}))
    await site.college.tell(ended)
    key = site.key(site.course, site.student)
    assert (await site.college.live("moodle_enrollments", key)).status == "active"
    told = {"userid": site.student, "courseid": site.course, "enrollment_id": 27}
    await site.college.tell(fact("enrollment_updated", at=AT + 5, **told, status=1))
    assert (await site.college.live("moodle_enrollments", key)).status == "suspended"


async def test_what_is_told_without_its_moment_is_what_was_told_last(college: TellingMoodle) -> None:
    """And the row stays as new as it was."""
    await college.tell(user(7, city="Irbid"))
    await college.told({"userid": 7, "username": "u7", "city": "Zarqa"}, door="user_updated")
    await college.taken()
    found = await college.live("moodle_users", "7")
    assert (found.city, found.modified_at) == ("Zarqa", datetime.fromtimestamp(AT, UTC))


async def test_a_record_that_is_due_without_an_event_is_left_as_it_is(college: TellingMoodle) -> None:
    await college.tell(user(7))
    async with college.mzi.store.begin(college.tenant) as session:
        await session.make_due([Due("take:moodle_users", "7"), Due("take:moodle_users", "8")])
    assert await college.taken() == EventsTaken(looked_at=2)
    await college.live("moodle_users", "7")


def _sent(number: int, **fields: Any) -> dict[str, Any]:
    """A mark as `POST /moodle/grades` brings it."""
    ids = {"userid": 7, "courseid": 2, "assignid": 3, "event_number": number, "timemodified": AT + number}
    return {**ids, **fields}


@pytest.mark.parametrize("whole", ["itself", "list"])
async def test_events_and_what_is_sent_by_itself_come_to_the_same_in_every_order(whole: str) -> None:
    """What had ended does not come back, whichever way it is told once more."""

    async def take(college: TellingMoodle, told: dict[str, Any]) -> None:
        if "event_type" in told:
            await college.tell(told)
        else:
            await college.mzi.use_cases.sync(college.tenant, MOODLE_MARKS, [told])

    cells = {"attemptnumber": 0, "rawgrade": 2, "timegraded": AT + 4}
    told = [
        _mark(3, rawgrade=1, feedback="x", assigngrademax=4),
        fact("grade_deleted", 5, at=AT + 5, userid=7, courseid=2, assignid=3),
        _mark(6, attemptnumber=1, rawgrade=3),
        _sent(4, duedate=AT, **(cells if whole == "itself" else {"attempts": [cells]})),
    ]
    found = []
    for order in permutations(told):
        college = await telling()
        await college.tell(user(7), course(2))
        for each in order:
            await take(college, each)
        found.append(await college.live("moodle_marks", "7_2_3"))
    assert [(each.number, each.raw) for each in found[0].attempts] == [(1, Decimal(3))]
    assert (found[0].due, found[0].maximum) == (None, None)
    assert [each for each in found if each != found[0]] == []


@pytest.mark.parametrize("parents", ["before", "after"])
async def test_an_old_record_of_what_was_deleted_before_it_was_stored_is_not_taken(
    college: TellingMoodle, parents: str
) -> None:
    """Whether its user and course are there or it would wait for them; a later one is taken."""
    gone = [
        fact("user_deleted", 9, at=AT + 5, userid=8),
        fact("course_deleted", 9, at=AT + 5, courseid=3),
        enrolled("enrollment_deleted", 27, at=AT + 5),
        fact("grade_deleted", 9, at=AT + 5, userid=7, courseid=2, assignid=3),
    ]
    if parents == "before":
        await college.tell(user(7), course(2))
    await college.tell(*gone)
    ids = {"userid": 7, "courseid": 2}
    sent: dict[str, dict[str, Any]] = {
        "moodle_users": {"userid": 8, "username": "u8"},
        "moodle_courses": {"courseid": 3, "shortname": "C3"},
        "moodle_enrollments": {**ids, "status": 0},
        "moodle_marks": {**ids, "assignid": 3, "attemptnumber": 0, "rawgrade": 3},
    }
    keys = {"moodle_users": "8", "moodle_courses": "3", "moodle_enrollments": "2_7", "moodle_marks": "7_2_3"}
    for name, record in sent.items():
        done = await college.mzi.use_cases.sync(
            college.tenant, CATALOGUE[name], [{**record, "timemodified": AT + 3}]
        )
        (outcome,) = done.outcomes
        assert (outcome.state, outcome.parked) == (State.UNCHANGED, False)
        assert [each.message for each in outcome.reasons] == ["A newer deletion of this record is known."]
    if parents == "after":
        await college.tell(user(7), course(2))
    for name, record in sent.items():
        assert await college.row(name, keys[name]) is None
        later = [{**record, "timemodified": AT + 8}]
        await college.mzi.use_cases.sync(college.tenant, CATALOGUE[name], later)
        await college.live(name, keys[name])


async def test_a_record_that_says_no_time_is_taken_whatever_was_deleted(college: TellingMoodle) -> None:
    """As one that was read, which is the newest there is."""
    await college.tell(user(7), course(2))
    await college.tell(fact("grade_deleted", 9, at=AT + 5, userid=7, courseid=2, assignid=3))
    cells = {"attempts": [{"attemptnumber": 0, "rawgrade": 3}]}
    record = {"userid": 7, "courseid": 2, "assignid": 3, **cells}
    await college.mzi.use_cases.sync(college.tenant, MOODLE_MARKS, [record])
    assert (await college.live("moodle_marks", "7_2_3")).attempts[0].raw == Decimal(3)


OVER = "A newer deletion of this record is known."
OLDER = "What it tells is older than what is known of this record."
NO_OTHER = "This record was deleted, and Moodle gives its id to no other."


@pytest.mark.parametrize(
    ("before", "told", "reasons"),
    [
        pytest.param(
            [user(8), fact("user_deleted", 9, at=AT + 5, userid=8)],
            [
                fact("user_updated", 3, at=AT + 3, userid=8, city="A"),
                fact("user_updated", 12, at=AT + 9, userid=8, city="B"),
            ],
            [OVER, NO_OTHER],
            id="of a user who was deleted",
        ),
        pytest.param(
            [fact("grade_deleted", 9, at=AT + 5, userid=7, courseid=2, assignid=3)],
            [marked(3, rawgrade=3), marked(10, at=AT + 6, rawgrade=3)],
            [OVER, ""],
            id="of a mark that was deleted before it was known",
        ),
        pytest.param(
            [enrolled("enrollment_created", 27), enrolled("enrollment_deleted", 27, at=AT + 5)],
            [enrolled("enrollment_updated", 27, at=AT + 9)],
            [NO_OTHER],
            id="of an enrolment that has ended",
        ),
        pytest.param(
            [user(8, at=AT), fact("user_updated", 9, at=AT + 5, userid=8, city="New", suspended=0)],
            [
                fact("user_updated", 3, at=AT + 3, userid=8, city="Old"),
                fact("user_updated", 4, at=AT + 3, userid=8, city="New"),
                fact("user_updated", 5, at=AT + 3, userid=8, city="Old", phone1="1"),
            ],
            [OLDER, "", ""],
            id="older than what is known, the same, or in part",
        ),
        pytest.param(
            [marked(9, at=AT + 5, rawgrade=3, timegraded=AT + 5, workflowstate="released")],
            [
                marked(10, at=AT + 6, rawgrade=1, timegraded=AT + 1),
                marked(11, at=AT + 7, rawgrade=3, timegraded=AT + 5),
            ],
            [OLDER, ""],
            id="an older grading that is told later",
        ),
        pytest.param(
            [enrolled("enrollment_created", 27, at=AT + 9, made_as=27, maker=3)],
            [enrolled("enrollment_created", 26, at=AT + 1, made_as=26, maker=3)],
            [OLDER],
            id="of an enrolment before the one that is known",
        ),
        pytest.param(
            [marked(9, at=AT + 5, rawgrade=3)],
            [fact("grade_deleted", 3, at=AT + 3, userid=7, courseid=2, assignid=3)],
            ["What is known of this record is newer than its deletion."],
            id="a deletion before all that is known",
        ),
        pytest.param(
            [user(8)],
            [
                fact("user_deleted", 9, at=AT + 5, userid=8),
                fact("user_deleted", 10, at=AT + 6, userid=8),
                hint("user_updated", 12, at=AT + 9, relateduserid=8),
            ],
            ["", "", NO_OTHER],
            id="a deletion, the same again, and a word to look again",
        ),
        pytest.param(
            [],
            [
                hint(
                    "workflow_state_updated", 2, objecttable="assign", objectid=3, courseid=2, relateduserid=7
                ),
                marked(3, rawgrade=3),
            ],
            ["What it says to look at again was told by a later event.", ""],
            id="a word to look again that a fact answers",
        ),
    ],
)
async def test_an_event_that_changes_nothing_says_why(
    accountless: TellingMoodle, before: list[Any], told: list[Any], reasons: list[str]
) -> None:
    """One by one or together, in the order in which they arrive; one that confirms needs no words."""
    await accountless.tell(user(7), course(2))
    for each in before:
        await accountless.tell(each)
    found = await accountless.told(*told)
    await accountless.taken()
    assert await accountless.states(found) == [TAKEN] * len(found)
    assert [(await accountless.event(each)).reason for each in found] == reasons


async def test_a_fact_of_what_moodle_has_no_more_says_so() -> None:
    """It was read again, for another event said to."""
    site = await _site()
    await site.known()
    ids = {"courseid": site.course, "userid": 999}
    await site.college.tell(user(999))
    told, _ = await site.college.told(
        fact("enrollment_created", 1, status=0, **ids),
        hint("role_unassigned", 2, at=AT + 5, courseid=site.course, relateduserid=999),
    )
    await site.college.taken()
    assert await site.college.states([told]) == [TAKEN]
    assert (await site.college.event(told)).reason == "Moodle was asked, and has no such record any more."
