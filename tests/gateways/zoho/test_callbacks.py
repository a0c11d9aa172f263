"""What Zoho sends by itself is believed only where it proves itself, and only to name records."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gateways.zoho.given import World

from mzi_adapters.testing.contracts.zoho_gateway_remote import GRADER, GRADES, KEY, applied, applied_ids
from mzi_adapters.zoho import WatchCallbacks, Webhooks, is_echo
from mzi_adapters.zoho.callbacks import (
    LARGEST,
    CallbackForged,
    CallbackRefused,
    CallbackTooLarge,
    Notification,
    channel_token,
)
from mzi_core.ports import Applied, Channel
from mzi_core.values import ZohoId

TOKENS = {"1000000068001": ["token-of-today", "token-of-yesterday"], "2": [""]}
CALLBACK: dict[str, Any] = {
    "server_time": 1718117126473,
    "query_params": {},
    "module": "BTEC_Students",
    "ids": ["5000000000000000001", "5000000000000000002", "5000000000000000001"],
    "affected_fields": [{"5000000000000000001": ["Name"]}],
    "operation": "update",
    "channel_id": "1000000068001",
    "token": "token-of-today",
}
WEBHOOK: dict[str, Any] = {"module": "BTEC_Students", "id": "5000000000000000001"}


def callback(**more: Any) -> Notification:
    told = {name: value for name, value in {**CALLBACK, **more}.items() if value is not ...}
    return WatchCallbacks(TOKENS).read(json.dumps(told).encode())


def test_a_callback_names_records_to_read_again() -> None:
    found = callback()
    assert (found.module, found.operation) == ("BTEC_Students", "update")
    assert found.ids == ("5000000000000000001", "5000000000000000002")


@pytest.mark.parametrize(
    "operation", ["insert", "create", "edit", "update", "delete", "fancy", "", ...], ids=repr
)
def test_whatever_the_operation_is_called_the_records_are_read_again(operation: Any) -> None:
    assert callback(operation=operation).ids == callback().ids


@pytest.mark.parametrize("more", [{}, {"token": "token-of-yesterday"}, {"affected_fields": []}], ids=repr)
def test_the_same_callback_twice_is_one(more: dict[str, Any]) -> None:
    assert callback(**more).key == callback().key


@pytest.mark.parametrize("more", [{"server_time": 1}, {"ids": ["5"]}, {"module": "BTEC_Grades"}], ids=repr)
def test_another_callback_is_another(more: dict[str, Any]) -> None:
    assert callback(**more).key != callback().key


@pytest.mark.parametrize(
    "more",
    [
        {"token": "token-of-tomorrow"},
        {"token": "token-of-toda"},
        {"token": ""},
        {"token": ...},
        {"token": None},
        {"token": ["token-of-today"]},
        {"token": "é\ud800"},
        {"channel_id": "3"},
        {"channel_id": ...},
        {"channel_id": "2", "token": ""},
        {"channel_id": "2", "token": ...},
    ],
    ids=repr,
)
def test_who_does_not_know_the_token_of_the_channel_is_nobody(more: dict[str, Any]) -> None:
    """An empty token is none: it lets nobody in."""
    with pytest.raises(CallbackForged) as refused:
        callback(**more)
    assert refused.value.status == 401
    assert "token-of" not in str(refused.value)


@pytest.mark.parametrize(
    "more",
    [
        {"module": ...},
        {"module": 7.5},
        {"ids": ...},
        {"ids": []},
        {"ids": "5"},
        {"ids": ["${!BTEC_Students.Id}"]},
        {"ids": [None]},
        {"ids": ["٥"]},
        {"ids": [True]},
    ],
    ids=repr,
)
def test_a_callback_that_names_nothing_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(CallbackRefused) as refused:
        callback(**more)
    assert refused.value.status == 400


def test_what_is_larger_than_anything_zoho_sends_is_not_read() -> None:
    for read in (WatchCallbacks(TOKENS).read, lambda body: Webhooks(["key"]).read("key", body)):
        with pytest.raises(CallbackTooLarge) as refused:
            read(b" " * (LARGEST + 1))
        assert refused.value.status == 413


@pytest.mark.parametrize("keys", [["new", "old"], ["old", "new"]], ids=repr)
def test_both_keys_are_good_while_one_replaces_the_other(keys: list[str]) -> None:
    for key in keys:
        found = Webhooks(keys).read(key, json.dumps(WEBHOOK).encode())
        assert (found.module, found.ids) == ("BTEC_Students", ("5000000000000000001",))


@pytest.mark.parametrize(
    ("keys", "header"),
    [(["key"], "other"), (["key"], ""), (["key"], None), ([], "key"), ([], None), ([""], ""), ([""], None)],
    ids=repr,
)
def test_a_webhook_without_an_agreed_key_is_refused(keys: list[str], header: str | None) -> None:
    with pytest.raises(CallbackForged):
        Webhooks(keys).read(header, json.dumps(WEBHOOK).encode())


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"module": "BTEC_Students", "id": "5", "name": "O"Neil"}', b"[" * 100_000, b"\xff"],
    ids=lambda body: repr(body[:60]),
)
def test_a_webhook_whose_json_is_broken_says_how_to_write_the_rule(body: bytes) -> None:
    with pytest.raises(CallbackRefused, match=r"no JSON") as refused:
        Webhooks(["key"]).read("key", body)
    assert "Neil" not in str(refused.value)


@given(st.binary(max_size=80), st.text(max_size=9))
def test_whatever_comes_is_taken_or_refused(body: bytes, header: str) -> None:
    for read in (WatchCallbacks(TOKENS).read, lambda each: Webhooks(["key"]).read(header, each)):
        with pytest.raises(CallbackRefused):
            read(body)


@pytest.mark.parametrize(
    ("body", "token"),
    [
        (b'{"token": "k1.4f0c", "channel_id": "1"}', "k1.4f0c"),
        (b'{"token": 7}', "7"),
        (b'{"token": null}', ""),
        (b'{"token": ["k1.4f0c"]}', ""),
        (b'{"channel_id": "1"}', ""),
        (b'["token"]', ""),
        (b'{"token": "k1', ""),
        (b"", ""),
        (b"\xff", ""),
        (b"[" * 100_000, ""),
        (b'{"token": "k1.4f0c", "ids": "' + b"x" * 2**20 + b'"}', ""),
    ],
)
def test_the_token_of_a_callback_is_told_and_of_anything_else_there_is_none(body: bytes, token: str) -> None:
    assert channel_token(body) == token


def test_secrets_are_not_shown() -> None:
    assert "token-of" not in repr(WatchCallbacks(TOKENS))
    assert "hush" not in repr(Webhooks(["hush"]))


AT = datetime(2026, 3, 1, 9, 31, tzinfo=UTC)
OURS = Applied(id=ZohoId("5"), modified_at=AT)


@pytest.mark.parametrize(
    ("by", "after", "echo"),
    [("777", 0, True), ("777", -60, True), ("777", 1, False), ("999", 0, False), ("", 0, False)],
    ids=repr,
)
def test_our_own_write_is_an_echo_and_anybody_else_s_is_not(by: str, after: int, echo: bool) -> None:
    at = (AT + timedelta(seconds=after)).astimezone().isoformat()
    assert is_echo({"id": "5", "Modified_By": {"id": by}, "Modified_Time": at}, OURS, "777") is echo


@pytest.mark.parametrize(
    "record", [{}, {"Modified_Time": "yesterday", "Modified_By": {"id": "777"}}], ids=repr
)
def test_what_does_not_say_who_changed_it_and_when_is_no_echo(record: dict[str, Any]) -> None:
    assert not is_echo(record, OURS, "777")


async def test_the_callback_of_our_own_write_is_an_echo_and_a_person_s_edit_is_not() -> None:
    """From the write to the record that its callback leads to."""
    world = World()
    async with world.client() as client:
        channel = Channel(
            id="68001",
            events=(f"{GRADES}.all",),
            expires_at=world.timer.now() + timedelta(days=5),
            token="token-of-today",
            notify_url="https://sync.college.example/z/1",
        )
        await client.watch([channel])
        (result,) = await client.upsert(GRADES, [{KEY: "k", GRADER: "Rana"}], by=[KEY])
        callbacks = WatchCallbacks({channel.id: [channel.token]})
        told = callbacks.read(json.dumps(world.zoho.watching.callbacks[-1].body).encode())
        ours, (zoho_id,) = applied(result), applied_ids([result])
        assert told.ids == (zoho_id,)
        record = await client.get(GRADES, zoho_id)
        assert record is not None
        robot = world.zoho.organization.robot.id
        assert is_echo(record, ours, robot)
        await world.timer.sleep(1)
        world.zoho.edit(GRADES, zoho_id, {GRADER: "Omar"})
        edited = await client.get(GRADES, zoho_id)
        assert edited is not None
        assert not is_echo(edited, ours, robot)
