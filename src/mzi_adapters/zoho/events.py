"""What Zoho sends about its records: by workflow rules, scripts, buttons and watch channels.

Whatever it says about a record is a hint: the record is read again before anything is believed. A workflow
rule sends the same body every time, so that hints without an id of their own are never taken for repetitions.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mzi_adapters.codecs.coerce import ValueRefused, record_id
from mzi_core.errors import MessageRefused, UnknownModule
from mzi_core.module import AnyModule
from mzi_core.modules import CATALOGUE
from mzi_core.ports import Event, EventReader, Told
from mzi_core.values import ZohoId

MOST_IDS = 500
"""Records that one message may name; a channel's callback has 100 at most."""

LONGEST_SENT_AS = 255
"""Characters of a sender's own id of a message."""

CHANNEL = "channel"
"""The door of watch channels, whose messages name their module themselves."""

SUBMITTED = "request_submitted"
"""A student's request on its way to Zoho: of no record there yet."""

DELETED = "deleted"

_OLD_DOORS = {
    "payment_recorded": "payment_created",
    "grade_submitted": "grade_updated",
    "request_status_changed": "request_updated",
    "submit_student_request": SUBMITTED,
}
"""Names of doors that are older than the others, and what they are called among these."""

_NOUNS = {"btec_definition": "unit"}
"""What a door calls a module, where the module does not."""

_VERBS = {
    **dict.fromkeys(("insert", "create", "created", "add", "added"), "created"),
    **dict.fromkeys(("update", "updated", "edit", "edited", "upsert"), "updated"),
    **dict.fromkeys(("delete", DELETED, "remove", "removed"), DELETED),
}
"""What is done to a record, in the words of rules, scripts and channels."""

_SENT_AS = ("event_id", "notification_id")
_VERB_NAMES = ("operation", "event_type")
_ID_NAMES = ("zoho_id", "record_id", "id", "ids", "data")
"""Where a message names its records, in order of preference."""

_BARE = frozenset({"id", "ID", "module", "zoho_id", "record_id", "operation", "event_type", *_SENT_AS})
"""What a message that merely names a record has beside the name."""

_ID = re.compile(r"[\w.:-]{1,100}", re.ASCII)
"""An id as Zoho and its scripts write one; of Zoho's own it is digits."""

_MOST_DIGITS = 19
_LONGEST_LIST = 100_000  # characters of a text that may be a list

_SHOWN = 60  # of what was sent, in characters


class ZohoEvents:
    """Reads what Zoho sends to the doors of events and of the student dashboard."""

    def read(self, door: str, message: object, address: Mapping[str, str]) -> Sequence[Told]:
        """One hint for each record it names; what names none is told with its reason."""
        if isinstance(message, list):
            message = {"data": message}
        if not isinstance(message, dict):
            raise MessageRefused("The message must be a JSON object, or a list of records.")
        fields = _fields(message)
        door = _OLD_DOORS.get(door, door[:_SHOWN])
        noun, _, verb = door.rpartition("_")
        if not noun:
            noun, verb = verb, ""
        sent_as = _sent_as(fields)
        if door == SUBMITTED:
            said = "mzi does not bring students' requests to Zoho yet; replay it when it does."
            return [Told(kind=SUBMITTED, body=_json(message), sent_as=sent_as, problem=said)]
        module, problem = _module(noun, fields)
        kind = f"{module.singular if module else noun}_{_VERBS.get(verb) or _verb(fields)}"
        if module is None:
            return [Told(kind=kind, body=_json(message), sent_as=sent_as, problem=problem)]
        return [
            Told(
                kind=kind,
                module=module.name,
                key=key,
                body=_json(body),
                sent_as=sent_as,
                problem=problem or trouble,
            )
            for key, body, trouble in _records(fields, address, message)
        ]

    def record(self, event: Event) -> Mapping[str, object] | None:
        """The record: the message itself, or what stands in its `data`."""
        said = json.loads(event.body)
        data = said.get("data", said)
        items = [each for each in (data if isinstance(data, list) else [data]) if isinstance(each, dict)]
        for each in items:
            if not each.keys() - _BARE:
                continue
            if "id" in each or "ID" in each:
                if _key("id", each)[0] == event.key:
                    return each
            elif each is not said and len(items) == 1:
                return {**each, "id": event.key}
        return None

    def is_deletion(self, event: Event) -> bool:
        """Whether the door or the message says so."""
        return event.kind.endswith(f"_{DELETED}")


def _fields(message: Mapping[str, object]) -> dict[str, object]:
    """The fields by their names; what a form calls `ids[]`, or `ids[0]` and `ids[1]`, is the list `ids`."""
    fields: dict[str, object] = {}
    for name, value in message.items():
        plain, bracket, _ = name.partition("[")
        fields[plain] = [*_listed(fields.get(plain)), *_listed(value)] if bracket else value
    return fields


def _listed(value: object) -> list[object]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _one(value: object) -> object:
    """The one value of a form's field; other values as they are."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _text(value: object) -> str:
    value = _one(value)
    return value.strip() if isinstance(value, str) else ""


def _sent_as(fields: Mapping[str, object]) -> str | None:
    for name in _SENT_AS:
        value = _one(fields.get(name))
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str) and value.strip():
            if len(value) > LONGEST_SENT_AS:
                raise MessageRefused(f"`{name}` is longer than {LONGEST_SENT_AS} characters.")
            return value.strip()
    return None


def _verb(fields: Mapping[str, object]) -> str:
    for name in _VERB_NAMES:
        last = _text(fields.get(name))[:_SHOWN].lower().rpartition("_")[2].rpartition(".")[2]
        if last in _VERBS:
            return _VERBS[last]
    return "updated"


def _module(noun: str, fields: Mapping[str, object]) -> tuple[AnyModule | None, str]:
    """The module that the door is for, and what the message says against it."""
    said = _text(fields.get("module"))
    named = None
    if said:
        try:
            named = CATALOGUE[said[:_SHOWN]]
        except UnknownModule as error:
            return None, f"The message is about {error}"
    if noun == CHANNEL:
        return named, "" if named else "The message names no `module`."
    try:
        module = CATALOGUE[_NOUNS.get(noun, noun)]
    except UnknownModule:
        return None, f"Nothing is known of events called `{noun}`."
    if named is not None and named is not module:
        wrong = (
            f"The message is about {named.remote_name}, and the address it was sent to is for {module.name}"
        )
        return module, f"{wrong}: correct the address in the rule."
    return module, ""


_Record = tuple[ZohoId | None, object, str]
"""The record's id, what is said of it, and what is wrong with that."""


def _records(
    fields: Mapping[str, object], address: Mapping[str, str], message: Mapping[str, object]
) -> Iterator[_Record]:
    for name in _ID_NAMES:
        value = _apart(fields.get(name, address.get(name)))
        if name == "data" and isinstance(value, dict):
            value = [value]
        if value in (None, "", [], {}):
            continue
        values: Sequence[Any] = value if isinstance(value, list) else [value]
        if len(values) > MOST_IDS:
            raise MessageRefused(f"`{name}` names more than {MOST_IDS} records; send several messages.")
        seen = set()
        for each in values:
            key, trouble = _key(name, each)
            if key is None or key not in seen:
                seen.add(key)
                yield key, each if isinstance(each, dict) else message, trouble
        return
    yield None, message, "The message names no record: it has none of `zoho_id`, `record_id`, `id` and `ids`."


def _apart(value: object) -> object:
    """What a text says that holds JSON, or several ids with commas between them, as forms have them."""
    said = _one(value)
    if not isinstance(said, str) or len(said) > _LONGEST_LIST:
        return value
    if said.lstrip().startswith(("{", "[")):
        try:
            return json.loads(said)
        except (ValueError, RecursionError):
            return value
    return [each.strip() for each in said.split(",")] if "," in said else value


def _key(name: str, value: object) -> tuple[ZohoId | None, str]:
    if isinstance(value, dict):
        value = value.get("id", value.get("ID"))
    if isinstance(value, str) and "${" in value:
        shown = value[:_SHOWN]
        said = f"`{name}` holds `{shown}`: Zoho did not replace it by the record's id."
        return None, f"{said} Open the rule's webhook, delete the field, and choose it again from the list."
    try:
        key = record_id(value)
    except ValueRefused as refused:
        return None, f"`{name}` {refused.said}"
    if key is None or not _ID.fullmatch(key) or (key.isdigit() and len(key) > _MOST_DIGITS):
        return None, f"`{name}` holds no id of a record."
    return key, ""


def _json(value: object) -> str:
    """As ASCII, so that no store refuses anything in it."""
    return json.dumps(value, separators=(",", ":"), default=str)


def _proof(reader: ZohoEvents) -> EventReader:
    """The type checker's word that this is the port."""
    return reader
