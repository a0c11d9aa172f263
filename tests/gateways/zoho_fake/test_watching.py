"""Watch channels: their short lives, and the callbacks they make."""

from typing import Any

import pytest
from tests.gateways.zoho_fake.asking import Asking, Said

HOUR = "2026-09-01T12:00:00+03:00"
WEEK = "2026-09-08T11:00:00+03:00"
CHANNEL = {
    "channel_id": "1000000068001",
    "events": ["Students.all"],
    "channel_expiry": WEEK,
    "token": "secret-of-the-channel",
    "notify_url": "https://sync.example/z/watch",
}


async def watch(ask: Asking, *channels: dict[str, Any], method: str = "POST") -> Said:
    """Subscribe."""
    return await ask(method, "/actions/watch", {"watch": list(channels)})


def expiry(said: Said) -> str:
    """When the first channel of an answer ends."""
    return str(said.body["watch"][0]["details"]["events"][0]["channel_expiry"])


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        (WEEK, WEEK),
        ("2026-09-02T08:00:00Z", "2026-09-02T11:00:00+03:00"),
        ("2026-09-08T11:00:01+03:00", HOUR),
        (None, HOUR),
    ],
    ids=repr,
)
async def test_a_channel_lives_a_week_at_most_and_else_one_hour(
    ask: Asking, asked: str | None, given: str
) -> None:
    channel = {name: value for name, value in CHANNEL.items() if name != "channel_expiry"}
    said = await watch(ask, channel | ({"channel_expiry": asked} if asked else {}))
    assert (201, "SUCCESS", given) == (said.status, said.code, expiry(said))


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "A token of more than fifty characters": ({"token": "x" * 51}, "INVALID_DATA"),
    "A channel id that is no number": ({"channel_id": "mine"}, "INVALID_DATA"),
    "An event of an unknown module": ({"events": ["Nobody.all"]}, "INVALID_DATA"),
    "An event nobody knows": ({"events": ["Students.seen"]}, "INVALID_DATA"),
    "No events": ({"events": []}, "MANDATORY_NOT_FOUND"),
    "An end that has passed": ({"channel_expiry": "2026-08-01T00:00:00Z"}, "INVALID_DATA"),
    "An end that is no moment": ({"channel_expiry": "soon"}, "INVALID_DATA"),
    "An end without an offset": ({"channel_expiry": "2026-09-02T00:00:00"}, "INVALID_DATA"),
    "No address": ({"notify_url": ""}, "MANDATORY_NOT_FOUND"),
}


@pytest.mark.parametrize("sentence", REFUSED, ids=repr)
async def test_a_channel_is_refused_alone(ask: Asking, sentence: str) -> None:
    changed, code = REFUSED[sentence]
    ask.strict = False
    said = await watch(ask, {**CHANNEL, "channel_id": "7"}, {**CHANNEL, **changed})
    assert (207, ["SUCCESS", code]) == (said.status, said.codes)
    assert list(ask.zoho.watching.channels) == ["7"]
    assert (await watch(ask, {**CHANNEL, **changed})).status == 400


async def test_a_channel_is_renewed_changed_listed_and_ended(ask: Asking) -> None:
    two = {**CHANNEL, "events": ["Students.create", "Grades.edit"]}
    await watch(ask, two)
    await ask.time.sleep(3600)
    await ask.sign_in()
    renewed = await watch(ask, {**two, "channel_expiry": "2026-09-08T12:00:00+03:00"}, method="PUT")
    assert (renewed.status, expiry(renewed)) == (200, "2026-09-08T12:00:00+03:00")
    less = {**two, "events": ["Grades.edit"], "_delete_events": True}
    ask.strict = False  # the description has forgotten _delete_events
    assert (await watch(ask, less, method="PATCH")).status == 200
    listed = (await ask("GET", "/actions/watch")).body["watch"]
    assert [(each["events"], each["channel_expiry"]) for each in listed] == [
        (["Students.create"], "2026-09-08T12:00:00+03:00")
    ]
    assert (await ask("DELETE", "/actions/watch", channel_ids=CHANNEL["channel_id"])).status == 200
    assert (await ask("GET", "/actions/watch")).status == 204
    unknown = [
        await watch(ask, CHANNEL, method="PUT"),
        await watch(ask, CHANNEL, method="PATCH"),
        await ask("DELETE", "/actions/watch", channel_ids=CHANNEL["channel_id"]),
    ]
    assert [(said.status, said.code) for said in unknown] == [(400, "NOT_SUBSCRIBED")] * 3


async def test_a_change_of_a_channel_keeps_what_it_does_not_name(ask: Asking) -> None:
    await watch(ask, CHANNEL)
    ask.strict = False  # the description demands what a change may leave out
    channel = {"channel_id": CHANNEL["channel_id"], "events": ["Grades.all"]}
    changed = await watch(ask, channel, method="PATCH")
    assert (changed.status, expiry(changed)) == (200, WEEK)
    (kept,) = ask.zoho.watching.channels.values()
    assert (("Grades.all",), CHANNEL["notify_url"], CHANNEL["token"]) == (kept.events, kept.url, kept.token)
    await watch(ask, {**channel, "_delete_events": True}, method="PATCH")
    assert ask.zoho.watching.channels == {}


async def test_every_change_calls_back_even_one_that_ran_no_workflow(ask: Asking) -> None:
    await watch(ask, CHANNEL)
    said = await ask("POST", "/Students", {"data": [{"Name": "A"}], "trigger": []})
    student = said.body["data"][0]["details"]["id"]
    ask.zoho.edit("Students", student, {"Name": "B"})
    ask.zoho.remove("Students", student)
    ask.zoho.add("Grades", {"Key": "k"})
    callbacks = ask.zoho.watching.callbacks
    assert [each.body["operation"] for each in callbacks] == ["insert", "update", "delete"]
    assert {
        "server_time": 1_788_249_600_000,
        "query_params": {},
        "module": "Students",
        "resource_uri": "https://www.zohoapis.eu/crm/v8/Students",
        "ids": [student],
        "affected_fields": [{student: ["Name"]}],
        "operation": "update",
        "channel_id": CHANNEL["channel_id"],
        "token": CHANNEL["token"],
    } == callbacks[1].body
    assert CHANNEL["notify_url"] == callbacks[1].url


async def test_only_watched_events_of_a_living_channel_call_back(ask: Asking) -> None:
    await watch(ask, {**CHANNEL, "events": ["Students.edit"], "channel_expiry": HOUR})
    student = ask.zoho.add("Students", {"Name": "A"})
    ask.zoho.edit("Students", student, {"Name": "B"})
    ask.zoho.remove("Students", student)
    await ask.time.sleep(3600)
    ask.zoho.edit("Students", ask.zoho.add("Students", {"Name": "C"}), {"Name": "D"})
    assert [each.body["operation"] for each in ask.zoho.watching.callbacks] == ["update"]
