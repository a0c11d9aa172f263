"""`mzi doctor`, over a Zoho and a Moodle on this machine."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.college import Remotes, sound, standing
from tests.cli.terminal import Mzi

from mzi_adapters.testing.connections import TOKEN
from mzi_adapters.testing.zoho.fake import CLIENT_SECRET, REFRESH_TOKEN


@pytest.fixture
def college(monkeypatch: pytest.MonkeyPatch) -> Iterator[Remotes]:
    """A college in which everything is well, and the settings that lead to it."""
    remotes = sound()
    with standing(remotes):
        for name, value in remotes.settings.items():
            monkeypatch.setenv(name, value)
        yield remotes


def test_in_a_sound_college_everything_is_green(mzi: Mzi, college: Remotes) -> None:
    mzi("db", "upgrade")
    ran = mzi("doctor", "--json")
    assert [finding for finding in ran.json["findings"] if finding["level"] != "green"] == []
    assert (ran.code, ran.json["status"]) == (0, "green")


def test_it_makes_no_store_and_says_how_to(mzi: Mzi, college: Remotes, folder: Path) -> None:
    ran = mzi("doctor")
    assert ran.code == 5
    assert "There is no store at mzi.db yet." in ran.out
    assert "→ `mzi db upgrade`" in ran.out
    assert [
        file.name for file in folder.iterdir() if not file.name.startswith((".mzi-tokens", ".mzi-secret-"))
    ] == []


def test_what_is_wrong_is_told_with_what_helps(mzi: Mzi, college: Remotes) -> None:
    mzi("db", "upgrade")
    college.moodle.capabilities.remove("moodle/user:create")
    college.zoho.accounts.refresh_token = "1000.of.somebody.else"
    ran = mzi("doctor")
    assert ran.code == 5
    assert "The account lacks `moodle/user:create`." in ran.out
    assert "The refresh token was revoked" in ran.out
    assert "The rest of Zoho is not checked: zoho token comes first." in ran.out
    assert ran.out.rstrip().splitlines()[-1].count("2 red") == 1
    json = mzi("doctor", "--json").json
    assert (json["status"], json["summary"]["red"], json["summary"]["not checked"]) == ("red", 2, 1)


def test_without_accounts_it_names_the_settings(mzi: Mzi) -> None:
    mzi("db", "upgrade")
    ran = mzi("doctor", "--json")
    said = [finding for finding in ran.json["findings"] if finding["check"] == "settings"]
    assert [finding["level"] for finding in said] == ["red", "red"]
    assert "`zoho.client_id`, `zoho.client_secret`, `zoho.refresh_token`" in said[0]["said"]
    assert "`MZI_MOODLE_TOKEN`" in said[1]["remedy"]
    assert {finding["service"] for finding in ran.json["findings"]} == {"mzi"}


def test_files_that_others_can_read_are_told_with_what_helps(
    mzi: Mzi, college: Remotes, folder: Path
) -> None:
    (folder / "college.toml").write_text("page = 100\n")
    (folder / "college.toml").chmod(0o640)
    mzi("db", "upgrade")
    (folder / "mzi.db").chmod(0o644)
    ran = mzi("--settings", "college.toml", "doctor", "--json")
    (found,) = [finding for finding in ran.json["findings"] if finding["check"] == "files"]
    assert (ran.code, found["level"]) == (0, "amber")
    assert "`college.toml` and `mzi.db`" in found["said"]
    assert "`chmod 600 college.toml mzi.db`" in found["remedy"]
    for name in ("college.toml", "mzi.db"):
        (folder / name).chmod(0o600)
    assert mzi("--settings", "college.toml", "doctor", "--json").json["status"] == "green"


def test_no_secret_is_shown(mzi: Mzi, college: Remotes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MZI_MOODLE_TOKEN", "another-token-of-somebody")
    ran = mzi("doctor", "--debug")
    said = ran.out + ran.err
    assert "Manage tokens" in said
    for secret in (TOKEN, CLIENT_SECRET, REFRESH_TOKEN, "another-token-of-somebody"):
        assert secret not in said
