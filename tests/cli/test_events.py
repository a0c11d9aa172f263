"""`mzi events`, `mzi take`, and the service that takes by itself: from a message to its record."""

import asyncio
import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from tests.cli.terminal import Mzi, student
from tests.cli.test_serve import running
from tests.servers.background import listening
from tests.servers.zoho_students import settings_for

from mzi_adapters.sql import open_store
from mzi_adapters.system import SystemClock, SystemIds
from mzi_adapters.testing.harness import Harness
from mzi_adapters.testing.zoho import FakeZoho, define_modules
from mzi_core.module import Side
from mzi_core.use_cases.receive import Message
from mzi_core.values import DEFAULT_TENANT

LONG_AGO = "2026-01-01T00:00:00+00:00"
SOON = 30.0
"""Seconds within which the service has taken what it was told, on any machine."""


@pytest.fixture
def zoho(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeZoho]:
    """A Zoho with one student and one that is refused, which the settings name."""
    fake = FakeZoho(clock=SystemClock())
    define_modules(fake)
    fake.add("BTEC_Students", student(1, Modified_Time=LONG_AGO, City="Irbid"))
    fake.add("BTEC_Students", student(2, Modified_Time=LONG_AGO, Academic_Email="none"))
    with listening(fake) as server:
        for name, value in settings_for(fake, server.url).items():
            monkeypatch.setenv(name, value)
        yield fake


def ids(number: int) -> str:
    return str(student(number)["id"])


def tell(address: str, token: str, message: object, door: str = "student_updated") -> Any:
    """Send a message to the service, as Zoho does."""
    connection = HTTPConnection(address, timeout=SOON)
    path = f"/api/v1/webhooks/student-dashboard/{door}"
    headers = {"Content-Type": "application/json", "X-Zoho-Token": token}
    connection.request("POST", path, json.dumps(message), headers)
    answer = connection.getresponse()
    said = json.loads(answer.read())
    connection.close()
    assert answer.status == 200, said
    return said


def source(mzi: Mzi) -> str:
    """The token of a source of Zoho."""
    assert mzi("db", "upgrade").code == 0
    token: str = mzi("sources", "add", "zoho", "rules", "--json").json["secret"]
    return token


def eventually(mzi: Mzi, *state: str) -> Any:
    """The events, once none is waiting any more."""
    until = time.monotonic() + SOON
    while True:
        listed = mzi("events", "list", "--json", *state).json
        if not listed["counts"]["waiting"] or time.monotonic() > until:
            return listed
        time.sleep(0.1)


def test_the_service_takes_by_itself_what_it_was_told(mzi: Mzi, zoho: FakeZoho, tmp_path: Path) -> None:
    """The record as Zoho has it, soon after it was answered; what is refused says why."""
    token = source(mzi)
    with running("mzi_http", "serve", "--dev", "--port", "0", cwd=tmp_path) as address:
        for number in (1, 2):
            tell(address, token, {"zoho_id": ids(number), "module": "BTEC_Students"})
        listed = eventually(mzi)
    assert {event["key"]: event["state"] for event in listed["events"]} == {ids(1): "taken", ids(2): "parked"}
    assert mzi("show", "students", ids(1), "--json").json["stored"]["record"]["city"] == "Irbid"
    parked = mzi("events", "list", "--state", "parked")
    assert "Academic_Email" in " ".join(parked.out.split())


async def _received(file: Path, *messages: object) -> None:
    """Messages that were kept by a service which nobody lets take anything."""
    async with open_store(f"sqlite:///{file}") as store:
        receive = Harness(store=store, ids=SystemIds()).use_cases.events.receive
        each = [Message(door="student_updated", content=message) for message in messages]
        await receive(DEFAULT_TENANT, "src", Side.ZOHO, each)


def test_take_works_off_what_is_due_and_says_what_became_of_it(
    mzi: Mzi, zoho: FakeZoho, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be read now stays due; nothing of it has changed."""
    mzi("db", "upgrade")
    asyncio.run(
        _received(tmp_path / "mzi.db", *({"zoho_id": ids(n)} for n in (1, 2, 3)), {"zoho_id": "${!Id}"})
    )
    assert mzi("events", "list", "--json").json["counts"] == {
        "waiting": 3,
        "taken": 0,
        "parked": 1,
        "dead": 0,
    }
    ran = mzi("take", "--json")
    assert ran.code == 1
    done = {"looked_at": 3, "taken": 2, "parked": 1, "dead": 0, "deleted": 0}
    assert ran.json == {"modules": {"students": done}, "resumed": [], "put_off": {}, "paused": {}}
    assert mzi("take").out == "Nothing is due.\n"
    asyncio.run(_received(tmp_path / "mzi.db", {"zoho_id": ids(1)}))
    with monkeypatch.context() as patch:
        patch.setenv("MZI_ZOHO_API_URL", "http://127.0.0.1:9")
        away = mzi("take")
        again = mzi("take")
    for ran in (away, again, mzi("take")):
        assert ran.code == 4
        assert "Nothing is due" not in ran.out
        assert re.search(r"students: 1 is put off until \S+ \d\d:\d\dZ\. Zoho", " ".join(ran.out.split()))
    assert mzi("show", "students", ids(1)).code == 0
    listed = mzi("events", "list")
    assert "students: 1 is put off until" in " ".join(listed.err.split())
    (waiting,) = mzi("events", "list", "--state", "waiting", "--json").json["events"]
    shown = mzi("events", "show", waiting["id"])
    assert re.search(r"put off until \S+ \d\d:\d\dZ why Zoho", " ".join(shown.out.split()))
    told = mzi("status", "--json").json["put_off"]["students"]
    assert told["records"] == 1
    assert mzi("events", "show", waiting["id"], "--json").json["put_off"]["until"] == told["until"]
    assert "students: 1 is put off until" in " ".join(mzi("status").out.split())


def test_what_is_paused_is_taken_once_somebody_resumes_it(
    mzi: Mzi, zoho: FakeZoho, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A withdrawn access is repaired by a person, who says so."""
    mzi("db", "upgrade")
    asyncio.run(_received(tmp_path / "mzi.db", {"zoho_id": ids(1)}))
    with monkeypatch.context() as patch:
        patch.setenv("MZI_ZOHO_REFRESH_TOKEN", "withdrawn")
        ran = mzi("take")
    for command in (ran, mzi("take"), mzi("status")):
        said = " ".join(command.out.split())
        assert "students are paused since" in said
        assert "After that `mzi take --resume` goes on." in said
    assert ran.code == mzi("take").code == 4
    (waiting,) = mzi("events", "list", "--json").json["events"]
    assert "until `mzi take --resume`" in " ".join(mzi("events", "show", waiting["id"]).out.split())
    resumed = mzi("take", "--resume")
    assert resumed.code == 0
    assert resumed.out.startswith("Resumed: students.\n")
    assert mzi("take", "--resume").out == "Nothing is due.\n"
    assert mzi("show", "students", ids(1)).code == 0


def test_an_event_is_shown_without_its_secrets_and_replayed(mzi: Mzi, zoho: FakeZoho, tmp_path: Path) -> None:
    token = source(mzi)
    with running("mzi_http", "serve", "--dev", "--port", "0", cwd=tmp_path) as address:
        told = tell(address, token, {"zoho_id": ids(2), "token": "to-be-hidden", "event_id": "n-1"})
        eventually(mzi)
        shown = mzi("events", "show", told["event_id"])
    assert shown.code == 0
    assert "n-1" in shown.out
    assert f"students {ids(2)}" in shown.out
    assert "to-be-hidden" not in shown.out
    assert mzi("events", "show", told["event_id"], "--json").json["body"]["token"] == "•••"
    zoho.edit("BTEC_Students", ids(2), {"Academic_Email": "a2@campus.example"})
    again = mzi("events", "replay", told["event_id"])
    assert again.code == 0
    assert "is due" in again.out
    ran = mzi("take")
    assert ran.code == 0
    assert "students" in ran.out
    assert mzi("events", "list", "--about", f"students/{ids(2)}", "--json").json["counts"]["taken"] == 1


@pytest.mark.parametrize("width", [120, 80, 60, 50])
def test_no_id_is_cut_in_a_list(
    mzi: Mzi, zoho: FakeZoho, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    """So that it can be copied; nothing is wider than the terminal."""
    mzi("db", "upgrade")
    message = {"zoho_id": [ids(2)], "module": ["BTEC_Students"]}
    asyncio.run(_received(tmp_path / "mzi.db", message, {"zoho_id": "${!BTEC_Students.Id}"}))
    mzi("take")
    listed = mzi("events", "list", "--json").json["events"]
    monkeypatch.setenv("COLUMNS", str(width))
    shown = mzi("events", "list").out.splitlines()
    assert max(map(cell_len, shown)) <= width
    for event in listed:
        assert any(event["id"] in line for line in shown), shown
        assert any((event["key"] or "students") in line for line in shown), shown
    assert (shown[0].split() == ["event", "about", "what"]) == (width >= 80)
    for held in mzi("list", "students", "--state", "INVALID").out.splitlines():
        assert cell_len(held) <= width
    assert ids(2) in mzi("list", "students", "--state", "INVALID").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("events", "show", "no-id"), "There is no event `no-id`."),
        (("events", "replay", "019f0000-0000-7000-8000-000000000001"), "There is no event"),
        (("events", "list", "--about", "students"), "--about must be a module and a key"),
        (("events", "list", "--about", "leads/1"), "`leads` is not a module"),
        (("take", "--tenant", "nobody"), "Tenant `nobody` is not known here"),
        (("events", "list", "--limit", "0"), "--limit must be from 1 to 10,000."),
    ],
)
def test_what_cannot_be_asked_is_told(mzi: Mzi, words: tuple[str, ...], said: str) -> None:
    mzi("db", "upgrade")
    ran = mzi(*words)
    assert ran.code == 2
    assert said in " ".join(ran.err.split())


def test_a_parked_event_of_no_record_stays_parked_when_it_is_replayed(
    mzi: Mzi, zoho: FakeZoho, tmp_path: Path
) -> None:
    token = source(mzi)
    with running("mzi_http", "serve", "--dev", "--port", "0", cwd=tmp_path) as address:
        told = tell(address, token, {"module": "BTEC_Students"})
    ran = mzi("events", "replay", told["event_id"])
    assert ran.code == 1
    assert "It stays parked. The message names no record" in " ".join(ran.out.split())
    assert mzi("events", "list", "--kind", "nothing").out == "No event is so.\n"


def test_old_events_are_forgotten_as_the_settings_say(
    mzi: Mzi, zoho: FakeZoho, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mzi("db", "upgrade")
    asyncio.run(_received(tmp_path / "mzi.db", {"zoho_id": ids(1)}, {"zoho_id": "${!Id}"}))
    mzi("take")
    received = mzi("events", "list", "--json").json["events"][0]["received_at"]
    age = datetime.now(UTC) - datetime.fromisoformat(received)  # of a clock that stands
    monkeypatch.setenv("MZI_EVENTS_KEEP_TAKEN", str(age.days + 2))
    assert mzi("db", "clean").out == "Nothing is old enough to be forgotten.\n"
    monkeypatch.setenv("MZI_EVENTS_KEEP_TAKEN", "4")
    assert mzi("db", "clean").out == "Forgotten: 1 taken events.\n"
    assert mzi("db", "clean").out == "Nothing is old enough to be forgotten.\n"
    monkeypatch.setenv("MZI_EVENTS_KEEP_REFUSED", "3")
    refused = mzi("db", "clean")
    assert (refused.code, "must be 0, for ever, or at least 4" in refused.err) == (2, True)
    monkeypatch.setenv("MZI_EVENTS_KEEP_REFUSED", "4")
    assert mzi("db", "clean", "--json").json == {
        "forgotten": {"taken": 0, "parked": 1, "dead": 0, "changes": 0}
    }
    assert sum(mzi("events", "list", "--json").json["counts"].values()) == 0


def test_nothing_told_yet_is_said(mzi: Mzi) -> None:
    mzi("db", "upgrade")
    assert mzi("events", "list").out == "No source has told anything yet.\n"
    assert mzi("take").out == "Nothing is due.\n"
