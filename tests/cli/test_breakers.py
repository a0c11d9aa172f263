"""What the commands say of a service that is left alone, and how a person has it tried."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.cli.college import Remotes, sound, standing
from tests.cli.terminal import Mzi

from mzi_adapters.sql import open_store
from mzi_core.circuit_breaker import opened
from mzi_core.values import DEFAULT_TENANT


@pytest.fixture
def college(mzi: Mzi, monkeypatch: pytest.MonkeyPatch) -> Iterator[Remotes]:
    """A college in which everything is well, the settings that lead to it, and a store."""
    with standing(sound()) as remotes:
        for name, value in remotes.settings.items():
            monkeypatch.setenv(name, value)
        mzi("db", "upgrade")
        yield remotes


def left_alone(folder: Path, service: str, address: str) -> None:
    """As if some process had found no answer a minute ago, and was asked to wait ten minutes."""
    now = datetime.now(UTC).replace(microsecond=0)
    breaker = opened(service, address, now - timedelta(minutes=1), asked=600)

    async def keep() -> None:
        async with open_store(f"sqlite:///{folder}/mzi.db") as store, store.begin(DEFAULT_TENANT) as session:
            await session.save_breaker(breaker)

    asyncio.run(keep())


def test_a_pull_sends_nothing_and_says_when_it_is_tried_again(
    mzi: Mzi, college: Remotes, folder: Path
) -> None:
    left_alone(folder, "Zoho", college.zoho.api_url)
    ran = mzi("pull", "students")
    assert ran.code == 4
    assert "Zoho: it stopped answering, so nothing has been sent to it since" in ran.err
    assert "`mzi doctor` tries it at once." in " ".join(ran.err.split())
    assert college.zoho.seen == []


def test_status_names_it_with_its_times(mzi: Mzi, college: Remotes, folder: Path) -> None:
    assert mzi("status", "--json").json["breakers"] == []
    left_alone(folder, "Moodle", college.moodle.url)
    (told,) = mzi("status", "--json").json["breakers"]
    assert (told["service"], told["openings"]) == ("Moodle", 1)
    since, until = datetime.fromisoformat(told["since"]), datetime.fromisoformat(told["until"])
    assert until - since == timedelta(minutes=10)
    said = " ".join(mzi("status").out.split())
    assert f"Moodle stopped answering: nothing has been sent to it since {since:%Y-%m-%d %H:%M}Z" in said
    assert f"it is tried again at {until:%Y-%m-%d %H:%M}Z" in said


@pytest.mark.parametrize("service", ["Zoho", "Moodle"])
def test_the_doctor_tries_it_at_once_and_work_goes_on(
    mzi: Mzi, college: Remotes, folder: Path, service: str
) -> None:
    addresses = {"Zoho": college.zoho.api_url, "Moodle": college.moodle.url}
    left_alone(folder, service, addresses[service])
    ran = mzi("doctor", "--json")
    levels = {finding["check"]: finding["level"] for finding in ran.json["findings"]}
    assert (ran.code, levels["breakers"], levels[f"{service.lower()} token"]) == (0, "amber", "green")
    assert mzi("status", "--json").json["breakers"] == []
    assert mzi("doctor", "--json").json["status"] == "green"


def test_a_doctor_who_finds_no_answer_says_why_and_leaves_it_alone(
    mzi: Mzi, college: Remotes, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the same moment as before."""
    nobody = "http://127.0.0.1:9"
    monkeypatch.setenv("MZI_MOODLE_URL", nobody)
    left_alone(folder, "Moodle", nobody)
    (before,) = mzi("status", "--json").json["breakers"]
    ran = mzi("doctor", "--json")
    (found,) = [each for each in ran.json["findings"] if each["check"] == "moodle token"]
    assert (ran.code, found["level"]) == (5, "red")
    assert "cannot be reached" in found["said"]
    assert mzi("status", "--json").json["breakers"] == [before]
