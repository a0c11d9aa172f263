"""What Moodle's plugins send about users, courses, enrolments and marks.

Most of it is a fact: the event holds the record as it was when it was told. An event of Moodle's own without
such facts is a hint: the record must be read again. A list of events is read one by one, and what is wrong
with one of them spoils none beside it.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import attrs

from mzi_adapters.codecs import coerce
from mzi_adapters.codecs.coerce import ValueRefused
from mzi_adapters.moodle import codec
from mzi_core.errors import MessageRefused
from mzi_core.module import AnyModule, Kind, Version
from mzi_core.modules import MOODLE_COURSES, MOODLE_ENROLLMENTS, MOODLE_MARKS, MOODLE_USERS
from mzi_core.ports import Event, EventReader, Told, Unreadable
from mzi_core.ports.events import REQUEST_SUBMITTED
from mzi_core.use_cases.moodle_facts import GONE
from mzi_core.values import MoodleKey

MOST_EVENTS = 500
"""Events that one message may list; the plugin sends 100 at most."""

LONGEST_SENT_AS = 255
"""Characters of a sender's own id of an event."""

WEBHOOKS = "webhooks"
"""The door of the plugin's envelope, which names the type of its event itself."""

UNKNOWN = "unknown"
"""The kind of an event that names none."""

_DELETIONS = frozenset(GONE.values())

_OF_MARKS = (
    *("grade_updated", "grade_deleted", "user_graded", "submission_graded", "workflow_state_updated"),
    *("assessable_submitted", "submission_status_updated", "submission_removed", "attempt_reopened"),
    *("extension_granted", "identities_revealed", "group_member_added", "group_member_removed"),
    *(
        f"{whose}_override_{verb}"
        for whose in ("user", "group")
        for verb in ("created", "updated", "deleted")
    ),
)

_MODULES: Mapping[str, AnyModule] = {
    **dict.fromkeys(("user_created", "user_updated", "user_deleted"), MOODLE_USERS),
    **dict.fromkeys(("course_created", "course_updated", "course_deleted"), MOODLE_COURSES),
    **dict.fromkeys(("enrollment_created", "enrollment_updated", "enrollment_deleted"), MOODLE_ENROLLMENTS),
    **dict.fromkeys(("role_assigned", "role_unassigned"), MOODLE_ENROLLMENTS),
    **dict.fromkeys(_OF_MARKS, MOODLE_MARKS),
}
"""What each kind of event is about."""

_OTHER_NAMES = {
    "enrollment": "enrollment_created",
    "user_enrolled": "enrollment_created",
    "user_unenrolled": "enrollment_deleted",
    **{
        f"{noun}_{verb}": f"enrollment_{verb}"
        for noun in ("user_enrolment", "enrolment", "user_enrollment")
        for verb in ("created", "updated", "deleted")
    },
    "grade_created": "grade_updated",
}
"""What a door, a plugin or Moodle itself calls a kind, where it is called otherwise here."""

_SENT_AS = ("event_id", "eventid")
_NUMBERS = ("moodle_event_id", "event_number")
_ATTEMPT = ("rawgrade", "raw_grade", "raw", "grade", "letter", "btec_grade", "attempts")
_ATTEMPT_STATUS = ("submissionstatus", "submission_status")
"""Without one of these names an event tells nothing of an attempt, and its mark must be read again."""

_WORD = re.compile(r"[a-z][a-z0-9_]{0,59}", re.ASCII)
"""The name of a kind of event."""

_LONGEST_TYPE = 120  # characters of a type with the class of Moodle's that it names
_SHOWN = 60  # of what was sent, in characters

Data = Mapping[str, object]
T = TypeVar("T")


@attrs.frozen(kw_only=True)
class _Said:
    """One event, taken apart. `data`: its facts; `own`: Moodle's own event, and `other` what that adds.

    `at` and `number` put it in order among others: its moment as it was sent, and its event number.
    """

    kind: str
    data: Data
    own: Data
    other: Data
    at: object
    number: object

    def id(self, names: Sequence[str], *own: str) -> MoodleKey | None:
        """The id under the first of these names that the facts have, else Moodle's own event.

        Raises _Unattributed for one that is none.
        """
        said = [(name, self.data.get(name)) for name in names] + [(name, self.own.get(name)) for name in own]
        return next((found for name, value in said if (found := _id(name, value)) is not None), None)


class _Unattributed(Exception):
    """An event cannot be attributed to a record; the sentence says why, and what repairs it."""


def _id(name: str, value: object) -> MoodleKey | None:
    try:
        return codec.key(value)
    except ValueRefused as refused:
        raise _Unattributed(f"`{name}` {refused.said}") from None


class MoodleEvents:
    """Reads what is sent to the doors of Moodle's events."""

    def read(self, door: str, message: object, address: Mapping[str, str]) -> Sequence[Told]:
        """What each event of the message tells, in their order."""
        if isinstance(message, dict):
            message = [message]
        if not isinstance(message, list):
            raise MessageRefused("The message must be an event as a JSON object, or a list of events.")
        if not message:
            raise MessageRefused("The message lists no event.")
        if len(message) > MOST_EVENTS:
            raise MessageRefused(f"The message lists more than {MOST_EVENTS} events; send several messages.")
        return [_told(door, each) for each in message]

    def record(self, event: Event) -> Mapping[str, object] | None:
        """The record as the event tells it, under Moodle's names; of a deletion what it says of that."""
        return _record(_said(event.kind, json.loads(event.body)))

    def is_deletion(self, event: Event) -> bool:
        """Whether it tells that the record is gone; who is still enrolled in another way is not."""
        return event.kind in _DELETIONS and self.record(event) is not None

    def is_fact(self, event: Event) -> bool:
        """Whether it tells of a record, and does not merely name it."""
        return self.record(event) is not None

    def told_at(self, event: Event) -> Version:
        """The moment and the number that it was sent with, as far as they can be read."""
        said = _said(event.kind, json.loads(event.body))
        return Version(_read(codec.moment, said.at), _read(coerce.integer, said.number))


def _told(door: str, message: object) -> Told:
    if isinstance(message, Unreadable):
        return Told(kind=UNKNOWN, body=_json(str(message)[:_SHOWN]), problem=f"The event {message.said}")
    if not isinstance(message, dict):
        problem = "An event must be a JSON object."
        return Told(kind=UNKNOWN, body=_json(message), problem=problem)
    kind, problem = _kind(door, message)
    told = Told(kind=kind, body=_json(message), problem=problem)
    try:
        told = attrs.evolve(told, sent_as=_sent_as(message))
        if problem:
            return told
        said = _said(kind, message)
        module = _MODULES[kind]
        key = _KEYS[module.name](said)
        return attrs.evolve(told, module=module.name, key=key, is_fact=_record(said) is not None)
    except _Unattributed as error:
        return attrs.evolve(told, problem=str(error))


def _kind(door: str, message: Data) -> tuple[str, str]:
    """The kind of an event, in one word for one thing, and what is wrong with it."""
    named = message.get("event_type") or message.get("eventname")
    name = (named if isinstance(named, str) else door)[-_LONGEST_TYPE:].strip().lower()
    word = name.rpartition("\\")[2].rpartition(".")[2]
    kind, of_door = _OTHER_NAMES.get(word, word), _OTHER_NAMES.get(door, door)
    if kind == REQUEST_SUBMITTED:
        return kind, "mzi does not bring students' requests to Zoho yet; send it again when it does."
    if door == WEBHOOKS and not isinstance(named, str):
        return UNKNOWN, "The event names no `event_type`."
    if not _WORD.fullmatch(word):
        return UNKNOWN, "Its `event_type` is none of Moodle's."
    if kind not in _MODULES:
        return kind, f"Nothing is known of events called `{word}`."
    there = _MODULES.get(of_door)
    if door != WEBHOOKS and there is not _MODULES[kind]:
        return kind, f"The event is `{word}`, and the address it was sent to is for others: correct that."
    return kind, ""


def _sent_as(message: Data) -> str | None:
    for name in _SENT_AS:
        value = message.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str) and value.strip():
            if len(value) > LONGEST_SENT_AS or not value.isprintable():
                raise _Unattributed(f"`{name}` must be a text of at most {LONGEST_SENT_AS} characters.")
            return value.strip()
    return None


def _said(kind: str, message: Data) -> _Said:
    own = _object(message.get("moodle_event"))
    is_envelope = "event_data" in message or "moodle_event" in message
    data = _object(message.get("event_data")) if is_envelope else message
    at = message.get("timestamp") or own.get("timecreated") or message.get("timecreated")
    number = next((message[name] for name in _NUMBERS if message.get(name) is not None), None)
    return _Said(
        kind=kind,
        data=data,
        own=own,
        other=_object(own.get("other", data.get("other"))),
        at=at,
        number=number,
    )


def _object(value: object) -> Data:
    """An object; what PHP writes as an empty list, and whatever else is none, has nothing in it."""
    return value if isinstance(value, dict) else {}


def _field(module: AnyModule, name: str) -> Sequence[str]:
    return module.field[name].names


# whom an event is about


def _user(said: _Said) -> MoodleKey:
    found = said.id(_field(MOODLE_USERS, "moodle_key"), "relateduserid", "objectid")
    return _there(found, "user", "userid")


def _course(said: _Said) -> MoodleKey:
    found = said.id(_field(MOODLE_COURSES, "moodle_key"), "courseid", "objectid")
    return _there(found, "course", "courseid")


def _enrolled(said: _Said) -> tuple[MoodleKey, MoodleKey]:
    course = _there(said.id(_field(MOODLE_ENROLLMENTS, "course"), "courseid"), "course", "courseid")
    return course, _there(said.id(_field(MOODLE_ENROLLMENTS, "user"), "relateduserid"), "user", "userid")


def _marked(said: _Said) -> tuple[MoodleKey | None, MoodleKey, MoodleKey | None]:
    """The student, the course and the assignment; of the first and the last one may be left open.

    Who hands in is the user of Moodle's own event itself.
    """
    own = ["relateduserid", *(["userid"] if said.kind == "assessable_submitted" else [])]
    student = said.id(_field(MOODLE_MARKS, "student"), *own)
    course = said.id(_field(MOODLE_MARKS, "course"), "courseid")
    is_its_id = said.own.get("objecttable") == "assign"
    assignment = said.id(_field(MOODLE_MARKS, "assignment"), *(["objectid"] if is_its_id else []))
    if assignment is None:
        assignment = _id("assignid", said.other.get("assignid"))
    if course is None or (student is None and assignment is None):
        missing = [name for name, id in (("userid", student), ("courseid", course)) if id is None]
        named = " and ".join(f"`{name}`" for name in missing)
        raise _Unattributed(f"The event does not tell whose mark it is about: {named} must be in its facts.")
    return student, course, assignment


def _there(found: MoodleKey | None, what: str, name: str) -> MoodleKey:
    if found is None:
        raise _Unattributed(f"The event names no {what}: `{name}` must be in its facts.")
    return found


def _enrollment_key(said: _Said) -> MoodleKey:
    return MoodleKey("_".join(_enrolled(said)))


def _mark_key(said: _Said) -> MoodleKey:
    """With a blank for all students, or for all assignments of the course."""
    return MoodleKey("_".join(each or "" for each in _marked(said)))


_KEYS: Mapping[str, Callable[[_Said], MoodleKey]] = {
    MOODLE_USERS.name: _user,
    MOODLE_COURSES.name: _course,
    MOODLE_ENROLLMENTS.name: _enrollment_key,
    MOODLE_MARKS.name: _mark_key,
}


# what an event tells


def _record(said: _Said) -> Mapping[str, object] | None:
    module = _MODULES.get(said.kind)
    return None if module is None else _RECORDS[module.name](said)


def _user_record(said: _Said) -> Mapping[str, object] | None:
    key = {"userid": _user(said)}
    if said.kind == "user_deleted":
        return _ordered(MOODLE_USERS, key, said)
    return _ordered(MOODLE_USERS, {**said.data, **key}, said) if _tells(MOODLE_USERS, said.data) else None


def _course_record(said: _Said) -> Mapping[str, object] | None:
    changed = _object(said.other.get("updatedfields"))
    facts = {**changed, **_named(said.other, ("shortname", "fullname")), **said.data}
    key = {"courseid": _course(said)}
    if said.kind == "course_deleted":
        return _ordered(MOODLE_COURSES, key, said)
    return _ordered(MOODLE_COURSES, {**facts, **key}, said) if _tells(MOODLE_COURSES, facts) else None


def _enrollment_record(said: _Said) -> Mapping[str, object] | None:
    """What tells neither of the making nor of the status of an enrolment, as a role does, is a hint."""
    course, user = _enrolled(said)
    row = _object(said.other.get("userenrolment"))
    facts = {**_named(row, ("status", "timestart", "timeend", "timemodified")), **said.data}
    if said.own.get("objecttable") == "user_enrolments":
        facts = {"enrollment_id": said.own.get("objectid"), "enrol": said.other.get("enrol"), **facts}
    if said.kind == "enrollment_created" and said.own:
        made = {"made_as": said.own.get("objectid"), "timecreated": said.own.get("timecreated")}
        actor = said.own.get("userid")
        facts = {**made, **({"maker": actor} if _is_somebody(actor) else {}), **facts}
    if said.kind == "enrollment_deleted":
        is_elsewhere = row.get("lastenrol", said.data.get("lastenrol")) in (False, 0, "0")
        if is_elsewhere:
            return None
    elif said.kind != "enrollment_created" and not _has(said.data, "status"):
        return None
    return _ordered(MOODLE_ENROLLMENTS, {**facts, "courseid": course, "userid": user}, said)


def _mark_record(said: _Said) -> Mapping[str, object] | None:
    student, course, assignment = _marked(said)
    if student is None or assignment is None:
        return None
    ids = {"userid": student, "courseid": course, "assignid": assignment}
    if said.kind == "grade_deleted":
        return _ordered(MOODLE_MARKS, ids, said)
    if all(said.data.get(name) is None for name in (*_ATTEMPT, *_ATTEMPT_STATUS)):
        return None
    mark = {**said.data, **ids}
    sent_at = _latest(said.data.get("timestamp"), said.at)
    mark["timegraded"] = said.data.get("timegraded") or said.data.get("timemodified") or sent_at
    # A marking can be released long after it was graded: the event says when.
    mark["timemodified"] = _latest(said.data.get("timemodified"), sent_at) or said.data.get("timemodified")
    return _ordered(MOODLE_MARKS, mark, said)


_RECORDS: Mapping[str, Callable[[_Said], Mapping[str, object] | None]] = {
    MOODLE_USERS.name: _user_record,
    MOODLE_COURSES.name: _course_record,
    MOODLE_ENROLLMENTS.name: _enrollment_record,
    MOODLE_MARKS.name: _mark_record,
}


def _ordered(module: AnyModule, record: Data, said: _Said) -> Mapping[str, object]:
    """A record with what puts it in order: its own moment, else that of the event, and the event number."""
    found = dict(record)
    changed = [name for name in _field(module, "modified_at") if name != "timecreated"]
    if all(not found.get(name) for name in changed) and said.at is not None:
        found["timestamp"] = said.at
    if said.number is not None and all(found.get(name) is None for name in _field(module, "event_number")):
        found["event_number"] = said.number
    return found


def _has(record: Data, name: str) -> bool:
    return record.get(name) not in (None, "")


def _tells(module: AnyModule, facts: Data) -> bool:
    """Whether facts say more of a record than which one it is, and when."""
    return any(
        name in facts
        for field in module.fields
        if field.name != module.key_name and field.kind is not Kind.DATETIME and not field.wire.volatile
        for name in field.names
    )


def _named(record: Data, names: Sequence[str]) -> Data:
    return {name: record[name] for name in names if name in record}


def _is_somebody(actor: object) -> bool:
    return _read(codec.key, actor) is not None


def _latest(*values: object) -> int | None:
    """The latest of these moments, in seconds since 1970; what is none is refused with its record."""
    moments = [at for value in values if (at := _read(codec.moment, value)) is not None]
    return int(max(moments).timestamp()) if moments else None


def _read(how: Callable[[object], T | None], value: object) -> T | None:
    try:
        return how(value)
    except ValueRefused:
        return None


def _json(value: object) -> str:
    """As ASCII, so that no store refuses anything in it."""
    return json.dumps(value, separators=(",", ":"), default=str)


def _proof(reader: MoodleEvents) -> EventReader:
    """The type checker's word that this is the port."""
    return reader
