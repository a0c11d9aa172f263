"""What Zoho sends by itself: callbacks of watch channels, and webhooks of workflow rules.

Neither is signed. A callback carries the token that its channel was made with, a webhook a header with a key
that both sides keep; whoever knows neither is nobody. What they say about a record is not relied on: they
name records, and these are read again.
"""

import hmac
import json
from collections.abc import Mapping, Sequence
from hashlib import sha256

import attrs

from mzi_adapters.zoho.answers import Json, moment, part, text
from mzi_core.errors import MziError
from mzi_core.ids import is_digits
from mzi_core.ports import Applied, WireRecord
from mzi_core.values import ZohoId

LARGEST = 2**20
"""Bytes of a callback that are read; a webhook has 500 characters at most."""


class CallbackRefused(MziError):
    """What came is not taken. `status`: what to answer with."""

    status = 400


class CallbackForged(CallbackRefused):
    """It does not carry what only Zoho and we know."""

    status = 401


class CallbackTooLarge(CallbackRefused):
    """It is larger than anything Zoho sends."""

    status = 413


@attrs.frozen(kw_only=True)
class Notification:
    """Records of a module that something happened to, in Zoho's words `operation`; they must be read again.

    The same notification, sent twice, has the same `key`.
    """

    module: str
    ids: tuple[ZohoId, ...]
    operation: str
    key: str


@attrs.frozen
class WatchCallbacks:
    """Reads the callbacks of watch channels: `tokens` of each channel by its id, all that are good by now."""

    tokens: Mapping[str, Sequence[str]] = attrs.field(repr=False)

    def read(self, body: bytes) -> Notification:
        """Raises CallbackForged for an unknown channel or a token not its own, and CallbackRefused."""
        said = _object(body)
        channel = text(said, "channel_id")
        _check(self.tokens.get(channel, ()), text(said, "token"), "The token is not that of the channel.")
        ids = said.get("ids")
        found = [_id(each) for each in ids] if isinstance(ids, list) else []
        what = (channel, text(said, "server_time"), *found)
        return _notification(said, found, text(said, "operation"), what)


@attrs.frozen
class Webhooks:
    """Reads the webhooks of workflow rules: `keys` the header may carry, two while one replaces another."""

    keys: Sequence[str] = attrs.field(repr=False)

    def read(self, header: str | None, body: bytes) -> Notification:
        """Raises CallbackForged for a wrong key or none, and where none is configured; and CallbackRefused.

        A quote in a merge field breaks the JSON of a rule: it must send nothing but module and id.
        """
        _check(self.keys, header or "", "The key in the header is not the one that is agreed.")
        said = _object(body)
        return _notification(said, [_id(said.get("id"))], "", ("webhook", sha256(body).hexdigest()))


def channel_token(body: bytes) -> str:
    """The token in a callback of a watch channel, whosever it is; nothing in a body that has none."""
    try:
        return text(_object(body), "token")
    except CallbackRefused:
        return ""


def is_echo(record: WireRecord, ours: Applied[ZohoId], user: str) -> bool:
    """Whether a record that was read again says no more than what we wrote ourselves.

    `user`: the id of the user behind our credentials. A change by anybody else, or a later one, is none.
    """
    at = moment(record.get("Modified_Time"))
    by = text(part(record, "Modified_By"), "id")
    return by == user and at is not None and ours.modified_at is not None and at <= ours.modified_at


def _check(good: Sequence[str], given: str, said: str) -> None:
    """All are compared, and each in a time that does not tell how much of it was right."""
    matches = [hmac.compare_digest(each.encode(), given.encode("utf-8", "replace")) for each in good if each]
    if not any(matches):
        raise CallbackForged(said)


def _object(body: bytes) -> Json:
    if len(body) > LARGEST:
        raise CallbackTooLarge(f"More than {LARGEST >> 20} MB came, and Zoho sends far less.")
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise CallbackRefused(
            "What came is no JSON; a rule's text must hold nothing but `module` and `id`."
        ) from None
    if not isinstance(said, dict):
        raise CallbackRefused("What came is no JSON object.")
    return said


def _id(value: object) -> ZohoId:
    found = text({"id": value}, "id")
    if not is_digits(found):
        raise CallbackRefused("An `id` is not the number of a record; the rule's template may be broken.")
    return ZohoId(found)


def _notification(said: Json, ids: Sequence[ZohoId], operation: str, what: Sequence[str]) -> Notification:
    module = text(said, "module")
    if not module or not ids:
        raise CallbackRefused("It names no `module`, or no record of it.")
    key = sha256(json.dumps([module, *what]).encode()).hexdigest()
    return Notification(module=module, ids=tuple(dict.fromkeys(ids)), operation=operation, key=key)
