"""What Zoho sends about its records: by workflow rules, scripts, buttons and watch channels.

Whatever it says about a record is a hint: the record is read again before anything is believed. A workflow
rule sends the same body every time, so that hints without an id of their own are never taken for repetitions.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

import attrs

from mzi_adapters.codecs.coerce import ValueRefused, record_id
from mzi_core.errors import MessageRefused, UnknownModule
from mzi_core.module import UNVERSIONED, AnyModule, Version
from mzi_core.modules import CATALOGUE
from mzi_core.ports import Event, EventReader, Told
from mzi_core.ports.events import REQUEST_SUBMITTED
from mzi_core.values import ZohoId

MOST_IDS = 500
"""Records that one message may name; a channel's callback has 100 at most."""

LONGEST_SENT_AS = 255
"""Characters of a sender's own id of a message."""

CHANNEL = "channel"
"""The door of watch channels, whose messages name their module themselves."""

DELETED = "deleted"

_OLD_DOORS = {
    "payment_recorded": "payment_created",
    "grade_submitted": "grade_updated",
    "request_status_changed": "request_updated",
    "submit_student_request": REQUEST_SUBMITTED,
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
_IN_ADDRESS = ("zoho_id", "record_id", "id", "ids")
"""Where an address names records."""

_ID_NAMES = (*_IN_ADDRESS, "data")
"""Where a message names its records. All of them count, and each record once."""

_OF_ADDRESS = "?"
"""What the name of a parameter of the address begins with, where it is kept beside the message."""

_BARE = frozenset({"id", "ID", "module", "zoho_id", "record_id", "operation", "event_type", *_SENT_AS})
"""What a message that merely names a record has beside the name."""

_ID = re.compile(r"[\w.:-]{1,100}", re.ASCII)
"""An id as Zoho and its scripts write one; of Zoho's own it is digits."""

_MERGE_FIELD = "${"  # what a rule's field begins with that Zoho did not replace
_MOST_DIGITS = 19
_FEWEST_DIGITS = 15  # of an id that Zoho itself has made
_LARGEST_TOGETHER = 16 * 2**20  # characters of all that is kept of one message that names several records
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
        if door == CHANNEL:  # its token proves who sends, and is kept nowhere
            message = {name: value for name, value in message.items() if name != "token"}
        fields = _fields(message)
        whole = _with_address(message, address)
        door = _OLD_DOORS.get(door, door[:_SHOWN])
        noun, _, verb = door.rpartition("_")
        if not noun:
            noun, verb = verb, ""
        sent_as = _sent_as(fields)
        if door == REQUEST_SUBMITTED:
            said = "mzi does not bring students' requests to Zoho yet; replay it when it does."
            return [Told(kind=REQUEST_SUBMITTED, body=_json(whole), sent_as=sent_as, problem=said)]
        module, problem = _module(noun, fields)
        kind = f"{module.singular if module else noun}_{_VERBS.get(verb) or _verb(fields)}"
        if module is None:
            return [Told(kind=kind, body=_json(whole), sent_as=sent_as, problem=problem)]
        found = list(_records(fields, address))
        bodies = _Bodies.of(message, address, [items for _, items, _ in found])
        return [
            Told(
                kind=kind,
                module=module.name,
                key=key,
                body=bodies.about(items),
                sent_as=sent_as,
                problem=problem or trouble,
            )
            for key, items, trouble in found
        ]

    def record(self, event: Event) -> Mapping[str, object] | None:
        """The record: the message itself, or what stands in its `data`.

        It must tell something that mzi reads: a record of nothing else would blank the one that is stored.
        """
        if event.module is None:
            return None
        message, address = _apart_from_address(json.loads(event.body))
        fields = _fields(_unlisted(message))
        data = _apart(fields.get("data"))
        items: list[Mapping[str, object]] = [each for each in _listed(data) if isinstance(each, dict)]
        read_here = {name for field in CATALOGUE[event.module].fields for name in field.names} - _BARE
        records = [each for each in (fields, *items) if not read_here.isdisjoint(each)]
        for each in reversed(records):  # the last is the newest
            if _key("id", each)[0] == event.key:
                return each
        if len(records) == 1 and {key for key, *_ in _records(fields, address)} == {event.key}:
            return {**{name: value for name, value in records[0].items() if name != "ID"}, "id": event.key}
        return None

    def is_deletion(self, event: Event) -> bool:
        """Whether the door or the message says so."""
        return event.kind.endswith(f"_{DELETED}")

    def is_fact(self, event: Event) -> bool:
        """Never: the record is read again, whatever is said of it."""
        return False

    def told_at(self, event: Event) -> Version:
        """Nothing: Zoho's messages do not say when something happened."""
        return UNVERSIONED


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
            return None, f"The `module` of the message cannot be told. {error}"
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


def _with_address(message: Mapping[str, object], address: Mapping[str, str]) -> dict[str, object]:
    """The message, and beside it the parameters of its address: `?zoho_id`."""
    return {**message, **{f"{_OF_ADDRESS}{name}": value for name, value in address.items()}}


def _apart_from_address(said: Mapping[str, object]) -> tuple[dict[str, object], dict[str, str]]:
    """The message without the parameters of its address, and these."""
    address = {name[1:]: str(value) for name, value in said.items() if name.startswith(_OF_ADDRESS)}
    return {name: value for name, value in said.items() if not name.startswith(_OF_ADDRESS)}, address


def _unlisted(message: Mapping[str, object]) -> Mapping[str, object]:
    """The fields of a form, which are lists of texts, with the texts themselves; JSON as it is."""
    is_form = all(
        isinstance(value, list) and all(isinstance(each, str) for each in value) for value in message.values()
    )
    return {name: _one(value) for name, value in message.items()} if is_form else message


_Items = Sequence[Mapping[str, object]]


@attrs.frozen
class _Bodies:
    """What is kept of a message with each of its records: all of it, but of `data` only what is about that.

    `whole`: the message, where its `data` is about one record at most. `beside`: it without its `data`.
    """

    whole: str | None
    beside: Mapping[str, object]

    @classmethod
    def of(cls, message: Mapping[str, object], address: Mapping[str, str], found: Sequence[_Items]) -> Self:
        """Raises MessageRefused where so much would be kept of every record that it is too much together."""
        whole = _with_address(message, address)
        beside = {name: value for name, value in whole.items() if name.partition("[")[0] != "data"}
        text = _json(whole) if sum(map(bool, found)) <= 1 else None
        each = len(_json(beside) if text is None else text)
        if len(found) > 1 and len(found) * each > _LARGEST_TOGETHER:
            raise MessageRefused("The message is too large for one that names several records; send several.")
        return cls(text, beside)

    def about(self, items: _Items) -> str:
        """What is kept with the record of which `data` holds `items`."""
        if self.whole is not None:
            return self.whole
        return _json({**self.beside, "data": items} if items else self.beside)


_Record = tuple[ZohoId | None, _Items, str]
"""The record's id, what `data` holds of it, and what is wrong with how it was named."""


def _records(fields: Mapping[str, object], address: Mapping[str, str]) -> Iterator[_Record]:
    """Every record that is named anywhere, once; and whatever names one in a way that cannot be read."""
    places = {name: _values(fields.get(name)) for name in _ID_NAMES}
    if places["zoho_id"] or places["record_id"]:
        # Beside these `id` may be the sender's own: that of its event, or of an account in Moodle.
        places["id"] = [each for each in places["id"] if _is_zohos(each)]
    places |= {f"{_OF_ADDRESS}{name}": _values(address.get(name)) for name in _IN_ADDRESS}
    data = places.pop("data")
    if any(places.values()) and not any(map(_names_itself, data)):
        data = []  # what is said of the record that is named beside it
    places["data"] = data
    if sum(map(len, places.values())) > MOST_IDS:
        raise MessageRefused(f"The message names more than {MOST_IDS} records; send several messages.")
    if not any(places.values()):
        said = "The message names no record: it has none of `zoho_id`, `record_id`, `id` and `ids`."
        yield None, (), said
    named = [(*_key(name, each), each) for name, values in places.items() for each in values]
    items: dict[ZohoId | None, list[Mapping[str, object]]] = defaultdict(list)
    for key, _, each in named:
        if isinstance(each, dict):
            items[key].append(each)
    seen = set()
    for key, trouble, each in named:
        if key is None:
            yield None, [each] if isinstance(each, dict) else (), trouble
        elif key not in seen:
            seen.add(key)
            yield key, items.get(key, ()), ""


def _values(value: object) -> list[Any]:
    value = _apart(value)
    if value in (None, "", [], {}):
        return []
    return value if isinstance(value, list) else [value]


def _names_itself(item: object) -> bool:
    """Whether what stands in `data` names a record, and is not merely what is said of one."""
    return "id" in item or "ID" in item if isinstance(item, dict) else _is_zohos(item)


def _is_zohos(value: object) -> bool:
    """Whether it is an id that Zoho has made, or should have put in."""
    if isinstance(value, str) and _MERGE_FIELD in value:
        return True
    key, _ = _key("id", value)
    return key is not None and key.isdigit() and len(key) >= _FEWEST_DIGITS


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
    if isinstance(value, str) and _MERGE_FIELD in value:
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
