"""What Moodle's events say: the record as it was told, that it must be read again, or why neither."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.recordings import recorded_events

from mzi_adapters.moodle.codec import MoodleCodec
from mzi_adapters.moodle.events import LONGEST_SENT_AS, MOST_EVENTS, WEBHOOKS, MoodleEvents
from mzi_core.errors import MessageRefused
from mzi_core.mapping import NO_OVERLAY
from mzi_core.modules import CATALOGUE
from mzi_core.ports import Event, Told, Unreadable
from mzi_core.values import RecordId

NOW = datetime(2026, 2, 1, tzinfo=UTC)
AT = 1770640200
READER = MoodleEvents()


def read(message: object, door: str = WEBHOOKS) -> Told:
    (told,) = READER.read(door, message, {})
    return told


def event(told: Told) -> Event:
    return Event(id=RecordId("e"), source="s", kind=told.kind, received_at=NOW, body=told.body, key=told.key)


def record(message: object, door: str = WEBHOOKS) -> Mapping[str, object] | None:
    return READER.record(event(read(message, door)))


def entity(told: Told) -> Any:
    """The record as the codec understands it."""
    found = MoodleCodec().decoder(CATALOGUE[told.module or ""], NO_OVERLAY)(READER.record(event(told)))
    assert found.reasons == ()
    return found.entity


def own(name: str, **fields: object) -> dict[str, object]:
    """An event of Moodle's own, without facts."""
    raw = {"eventname": rf"\core\event\{name}", "userid": "3", "timecreated": AT, **fields}
    return {"event_id": "e1", "event_type": rf"\core\event\{name}", "moodle_event": raw, "event_data": []}


def facts(name: str, **fields: object) -> dict[str, object]:
    return {"event_id": "e1", "event_type": name, "event_data": fields, "timestamp": AT}


@pytest.mark.parametrize(
    ("name", "kind", "module", "key", "is_fact"),
    [
        ("course_created_1", "course_created", "moodle_courses", "5", True),
        ("submission_graded_1", "submission_graded", "moodle_marks", "18_2_3", True),
        ("submission_graded_2", "submission_graded", "moodle_marks", "13_2_2", True),
        ("submission_graded_3", "submission_graded", "moodle_marks", "13_2_2", True),
        ("user_created_1", "user_created", "moodle_users", "80", True),
        ("user_created_2", "user_created", "moodle_users", "81", True),
        ("user_created_3", "user_created", "moodle_users", "84", True),
        ("user_enrolment_created_1", "enrollment_created", "moodle_enrollments", "2_80", True),
        ("user_enrolment_deleted_1", "enrollment_deleted", "moodle_enrollments", "2_80", True),
        ("user_graded_1", "user_graded", "moodle_marks", "13_2_", False),
        ("user_graded_2", "user_graded", "moodle_marks", "13_2_", False),
        ("user_graded_3", "user_graded", "moodle_marks", "13_2_", False),
        ("user_updated_1", "user_updated", "moodle_users", "80", True),
        ("workflow_state_updated_1", "workflow_state_updated", "moodle_marks", "13_2_2", False),
        ("workflow_state_updated_2", "workflow_state_updated", "moodle_marks", "13_2_2", False),
    ],
)
def test_every_recorded_event_is_attributed(
    name: str, kind: str, module: str, key: str, is_fact: bool
) -> None:
    body = recorded_events()[name]
    told = read(body)
    assert (told.kind, told.module, told.key, told.problem) == (kind, module, key, "")
    assert (told.is_fact, told.sent_as) == (is_fact, body["event_id"])
    assert json.loads(told.body) == body


def test_every_recording_is_in_the_table() -> None:
    assert len(recorded_events()) == 15


def test_a_recorded_user_is_told_whole() -> None:
    found = entity(read(recorded_events()["user_updated_1"]))
    assert (found.username, found.city, found.suspended) == ("ev303@btec.example", "Irbid", False)
    assert found.modified_at == datetime.fromtimestamp(1795175977, UTC)


def test_a_recorded_enrolment_is_told_with_who_made_it() -> None:
    found = entity(read(recorded_events()["user_enrolment_created_1"]))
    assert (found.course, found.user, found.enrollment_id, found.method) == ("2", "80", 27, "manual")
    assert (found.maker, found.made_as, found.status) == (3, 27, None)


@pytest.mark.parametrize("actor", [-1, "0", None], ids=repr)
def test_what_nobody_did_has_no_maker(actor: object) -> None:
    """Moodle's own tasks act as user 0 or -1."""
    made = {"objecttable": "user_enrolments", "objectid": 27, "userid": actor}
    found = entity(read(own("user_enrolment_created", courseid=2, relateduserid=7, **made)))
    assert (found.maker, found.made_as) == (None, 27)


def test_a_recorded_mark_has_its_scale_its_attempt_and_its_criteria() -> None:
    found = entity(read(recorded_events()["submission_graded_1"]))
    assert (found.scale, found.workflow, found.grade_id) == (3, "released", 61)
    (attempt,) = found.attempts
    assert (attempt.number, attempt.raw, attempt.grade_id, attempt.grader) == (0, 3, 40, 3)
    assert [each.code for each in attempt.criteria] == ["P1", "P2", "P3", "M1", "M2", "D1"]


@pytest.mark.parametrize(
    ("message", "door", "kind", "key"),
    [
        (facts("user_created", userid=7, username="u"), WEBHOOKS, "user_created", "7"),
        ({"userid": 7, "username": "u"}, "user_created", "user_created", "7"),
        (
            {"eventname": r"\core\event\user_updated", "id": 7, "email": "u"},
            "user_created",
            "user_updated",
            "7",
        ),
        (facts("enrollment_updated", userid=7, courseid=2, status=1), WEBHOOKS, "enrollment_updated", "2_7"),
        (facts("enrolment_created", userid=7, courseid=2), WEBHOOKS, "enrollment_created", "2_7"),
        ({"userid": 7, "courseid": 2, "status": 0}, "user_enrolled", "enrollment_created", "2_7"),
        ({"userid": 7, "courseid": 2, "roleid": 5}, "enrollment", "enrollment_created", "2_7"),
        (
            {"eventname": r"\core\event\user_enrolment_deleted", "userid": 7, "courseid": 2},
            "enrollment",
            "enrollment_deleted",
            "2_7",
        ),
        (facts("role_assigned", userid=7, courseid=2, roleid=5, status=0), WEBHOOKS, "role_assigned", "2_7"),
        (facts("course_updated", id=2, fullname="IT"), WEBHOOKS, "course_updated", "2"),
        (own("course_updated", courseid=2, other={"fullname": "IT"}), WEBHOOKS, "course_updated", "2"),
        (
            facts("grade_created", student_id=7, course_id=2, assignment_id=3, grade="P"),
            WEBHOOKS,
            "grade_updated",
            "7_2_3",
        ),
        (
            facts("extension_granted", userid=7, courseid=2, assignid=3, submissionstatus="new"),
            WEBHOOKS,
            "extension_granted",
            "7_2_3",
        ),
        (own("user_deleted", objectid=7, relateduserid=7), WEBHOOKS, "user_deleted", "7"),
        (own("course_deleted", objectid="2", courseid="2"), WEBHOOKS, "course_deleted", "2"),
        (facts("grade_deleted", userid=7, courseid=2, assignid=3), WEBHOOKS, "grade_deleted", "7_2_3"),
    ],
    ids=repr,
)
def test_a_fact_is_told_under_every_name_of_its_kind(message: object, door: str, kind: str, key: str) -> None:
    told = read(message, door)
    assert (told.kind, told.key, told.problem, told.is_fact) == (kind, key, "", True)
    assert READER.is_deletion(event(told)) == kind.endswith("deleted")


@pytest.mark.parametrize(
    ("message", "key"),
    [
        (own("user_created", relateduserid=7, objectid=7), "7"),
        (own("course_updated", courseid=2, other={}), "2"),
        (own("user_enrolment_updated", courseid=2, relateduserid=7, objectid=27), "2_7"),
        (own("role_assigned", courseid=2, relateduserid=7, objectid=5), "2_7"),
        (own("role_unassigned", courseid=2, relateduserid=7, objectid=5), "2_7"),
        (own("extension_granted", courseid=2, relateduserid=7, objecttable="assign", objectid=3), "7_2_3"),
        (own("user_override_created", courseid=2, relateduserid=7, other={"assignid": 3}), "7_2_3"),
        (own("group_override_deleted", courseid=2, other={"groupid": 9, "assignid": "3"}), "_2_3"),
        (own("identities_revealed", courseid=2, objecttable="assign", objectid=3), "_2_3"),
        (own("group_member_added", courseid=2, relateduserid=7, objectid=9), "7_2_"),
        (own("assessable_submitted", courseid=2, userid="7", relateduserid=None, objectid=40), "7_2_"),
        (own("submission_removed", courseid=2, relateduserid=7), "7_2_"),
        (own("grade_deleted", courseid=2, relateduserid=7, other={"itemid": 4}), "7_2_"),
        (facts("grade_updated", userid=7, courseid=2, assignid=3, finalgrade=85), "7_2_3"),
        (facts("attempt_reopened", userid=7, courseid=2, assignid=3), "7_2_3"),
    ],
    ids=lambda value: value if isinstance(value, str) else value["event_type"],
)
def test_what_tells_nothing_of_its_record_is_a_hint(message: object, key: str) -> None:
    told = read(message)
    assert (told.key, told.problem, told.is_fact) == (key, "", False)
    assert READER.record(event(told)) is None
    assert not READER.is_deletion(event(told))


@pytest.mark.parametrize("last", [False, 0, "0"], ids=repr)
def test_who_is_enrolled_in_another_way_still_is_not_gone(last: object) -> None:
    row = {"id": 27, "status": 0, "lastenrol": last}
    told = read(own("user_enrolment_deleted", courseid=2, relateduserid=7, other={"userenrolment": row}))
    assert (told.kind, told.is_fact, READER.is_deletion(event(told))) == ("enrollment_deleted", False, False)


def test_the_moment_and_the_number_of_the_event_put_its_record_in_order() -> None:
    """Its own moment of change counts first, for it is what the record says."""
    plain = facts("user_updated", userid=7, username="u")
    assert record(plain) == {"userid": "7", "username": "u", "timestamp": AT}
    changed = {**facts("user_updated", userid=7, username="u", timemodified=AT - 9), "moodle_event_id": 12}
    assert record(changed) == {"userid": "7", "username": "u", "timemodified": AT - 9, "event_number": 12}
    numbered = facts("user_updated", userid=7, username="u", event_number=3)
    assert record({**numbered, "moodle_event_id": 12}) == {
        "userid": "7",
        "username": "u",
        "event_number": 3,
        "timestamp": AT,
    }


@pytest.mark.parametrize(
    ("sent", "at"),
    [
        ({"timestamp": AT}, (datetime.fromtimestamp(AT, UTC), None)),
        ({"timestamp": AT, "moodle_event_id": "12"}, (datetime.fromtimestamp(AT, UTC), 12)),
        ({"timestamp": "soon", "moodle_event_id": "x"}, (None, None)),
        ({}, (None, None)),
    ],
    ids=repr,
)
def test_when_an_event_happened_is_told_by_itself(sent: dict[str, object], at: object) -> None:
    """Also of a hint, which holds no record."""
    hint = {"event_type": "user_updated", "event_data": {"userid": 7}, **sent}
    assert READER.told_at(event(read(hint))) == at


def test_a_mark_is_as_new_as_its_event_and_its_attempt_as_old_as_its_grading() -> None:
    """A release comes later than the grading, and is told with the same facts."""
    ids = {"userid": 7, "courseid": 2, "assignid": 3, "rawgrade": 3}
    released = {**facts("grade_updated", **ids, timemodified=AT - 9), "moodle_event_id": 5}
    found = entity(read(released))
    assert (int(found.modified_at.timestamp()), found.event_number) == (AT, 5)
    assert (int(found.attempts[0].graded_at.timestamp()), found.attempts[0].event_number) == (AT - 9, 5)
    sent = entity(read(facts("grade_updated", **ids, timestamp=AT - 5)))
    assert int(sent.attempts[0].graded_at.timestamp()) == AT
    several = {**facts("grade_updated", **ids, attempts=[{"attemptnumber": 1}]), "moodle_event_id": 5}
    assert [each.event_number for each in entity(read(several)).attempts] == [5]


@pytest.mark.parametrize("wrong", ["soon", 10**30, True], ids=repr)
def test_a_moment_that_is_none_is_left_for_the_codec_to_refuse(wrong: object) -> None:
    ids = {"userid": 7, "courseid": 2, "assignid": 3, "rawgrade": 3}
    told = read({**facts("grade_updated", **ids, timemodified=wrong), "timestamp": wrong})
    assert told.is_fact
    found = MoodleCodec().decoder(CATALOGUE["moodle_marks"], NO_OVERLAY)(READER.record(event(told)))
    assert [reason.path for reason in found.reasons] == ["$.timemodified", "$.timegraded"]


@pytest.mark.parametrize(
    ("message", "kind", "said"),
    [
        (facts("moon_landed"), "moon_landed", "Nothing is known of events called `moon_landed`."),
        (facts("No Word\x00"), "unknown", "Its `event_type` is none of Moodle's."),
        ({"event_data": {}}, "unknown", "The event names no `event_type`."),
        (facts("request_submitted"), "request_submitted", "mzi does not bring students' requests"),
        (facts("user_created", username="u"), "user_created", "The event names no user: `userid`"),
        (facts("user_created", userid="x"), "user_created", "`userid` must be"),
        (facts("user_created", userid=10**20), "user_created", "`userid` is larger than any"),
        (facts("enrollment_created", userid=7), "enrollment_created", "The event names no course"),
        (facts("role_assigned", courseid=2), "role_assigned", "The event names no user"),
        (facts("course_deleted"), "course_deleted", "The event names no course"),
        (facts("grade_updated", userid=7, itemid=3), "grade_updated", "`courseid` must be in its facts."),
        (facts("grade_updated", grade="RR"), "grade_updated", "`userid` and `courseid` must be"),
        ({**facts("user_created", userid=7), "event_id": "x" * 300}, "user_created", "`event_id` must be"),
        ({**facts("user_created", userid=7), "event_id": "\x00"}, "user_created", "`event_id` must be"),
        (["text"], "unknown", "An event must be a JSON object."),
        ([Unreadable("{", "has a name twice.")], "unknown", "The event has a name twice."),
    ],
    ids=lambda value: repr(value)[:200],
)
def test_what_cannot_be_attributed_is_told_with_its_reason(message: object, kind: str, said: str) -> None:
    told = read(message)
    assert (told.module, told.key, told.kind, told.is_fact) == (None, None, kind, False)
    assert said in told.problem


def test_an_event_that_was_sent_to_the_door_of_others_is_told() -> None:
    told = read({"eventname": r"\core\event\course_created", "courseid": 5}, "user_created")
    assert told.module is None
    assert told.problem.startswith("The event is `course_created`, and the address")


@pytest.mark.parametrize("sent", [{"event_id": 12}, {"eventid": " 12 "}], ids=repr)
def test_the_senders_own_id_is_text(sent: dict[str, object]) -> None:
    assert read({**sent, "userid": 7, "username": "u"}, "user_created").sent_as == "12"


@pytest.mark.parametrize("sent", [{}, {"event_id": None}, {"event_id": True}, {"event_id": ""}], ids=repr)
def test_without_an_id_of_the_senders_there_is_none(sent: dict[str, object]) -> None:
    assert read({**sent, "userid": 7, "username": "u"}, "user_created").sent_as is None


@pytest.mark.parametrize("message", [7, "text", None, [], [{}] * (MOST_EVENTS + 1)], ids=lambda m: str(m)[:9])
def test_what_no_plugin_sends_is_refused_in_a_sentence(message: object) -> None:
    with pytest.raises(MessageRefused, match=r"^The message .*\.$"):
        READER.read(WEBHOOKS, message, {})


def test_a_bad_event_spoils_none_beside_it() -> None:
    good = facts("user_created", userid=7, username="u")
    told = READER.read(WEBHOOKS, [good, 5, facts("moon_landed"), good], {})
    assert [each.key for each in told] == ["7", None, None, "7"]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=9,
)
_NAMES = st.sampled_from(
    [
        *(
            "event_type",
            "eventname",
            "event_id",
            "event_data",
            "moodle_event",
            "moodle_event_id",
            "timestamp",
        ),
        *("userid", "courseid", "assignid", "relateduserid", "objectid", "objecttable", "other", "status"),
        *("userenrolment", "lastenrol", "attempts", "rawgrade", "timemodified", "updatedfields"),
    ]
)
_KINDS = st.sampled_from(["user_deleted", "enrollment_created", "course_updated", "grade_updated", "assign"])
_VALUES = st.recursive(
    _JSON | _KINDS | st.integers(0, 9),
    lambda inner: st.dictionaries(_NAMES, inner, max_size=6),
    max_leaves=20,
)


@given(
    message=st.dictionaries(_NAMES, _VALUES, max_size=7), door=st.sampled_from([WEBHOOKS, "grade_updated"])
)
def test_whatever_comes_is_attributed_or_told_with_its_reason(message: dict[str, object], door: str) -> None:
    told = read(message, door)
    assert (told.module is None) == bool(told.problem)
    assert (told.module is None) == (told.key is None)
    assert len(told.kind) <= 60
    assert told.sent_as is None or len(told.sent_as) <= LONGEST_SENT_AS
    if told.module is not None:
        found = READER.record(event(told))
        assert (found is not None) == told.is_fact
        decoded = MoodleCodec().decoder(CATALOGUE[told.module], NO_OVERLAY)(found)
        assert found is None or decoded.key is None or decoded.key == told.key
    assert attrs.evolve(told, body="") == attrs.evolve(read(message, door), body="")
