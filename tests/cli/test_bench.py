"""`mzi bench`: what it says, and that it leaves everything as it was."""

from hashlib import sha256
from os import listdir
from pathlib import Path

import pytest
from tests.cli.terminal import Mzi, student, written

from mzi_adapters import bench as measuring


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """One round is enough to see what is said."""
    monkeypatch.setattr(measuring, "ROUNDS", 1)


@pytest.mark.usefixtures("short")
def test_it_measures_beside_the_store_and_leaves_nothing(mzi: Mzi, folder: Path) -> None:
    written(folder, "a.json", [student(1)])
    mzi("sync", "students", "a.json")
    before = {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    ran = mzi("bench", "--records", 100)
    assert ran.code == 0
    assert ran.out.startswith("100 students into sqlite 3.")
    assert "5 % of them changed" in ran.out
    assert "Nothing is left of them." in ran.err
    assert {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()} == before


@pytest.mark.usefixtures("short")
def test_it_needs_no_store_to_be_there(mzi: Mzi, folder: Path) -> None:
    told = mzi("bench", "--records", 100, "--json").json
    assert (told["backend"], told["records"], told["rounds"]) == ("sqlite", 100, 1)
    assert list(told["results"]) == ["raw", "new", "unchanged", "few", "all"]
    assert told["results"]["raw"]["rate_to_raw_inserts"] == 1.0
    assert all(figure > 0 for side in told["results"].values() for figure in side.values())
    assert list(folder.iterdir()) == []


def test_it_leaves_nothing_when_it_is_stopped(
    mzi: Mzi, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stopped(*_: object, **__: object) -> None:
        assert listdir(folder)
        raise KeyboardInterrupt

    monkeypatch.setattr(measuring, "taking_turns", stopped)
    assert mzi("bench", "--records", 100).code == 130
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("tokens", "code", "said"),
    [
        (["bench", "--records", "5"], 2, "--records must be from 100"),
        (["--store", "memory:", "bench"], 2, "There is no database behind"),
        (["--store", "sqlite:////no/such/folder/mzi.db", "bench"], 3, "No file can be made beside"),
        (["--store", "postgresql://u:hunter2@127.0.0.1:1/x", "bench"], 3, "The d"),
    ],
)
def test_what_cannot_be_measured_is_said(mzi: Mzi, tokens: list[str], code: int, said: str) -> None:
    ran = mzi(*tokens)
    assert ran.code == code
    assert ran.err.splitlines()[-1].startswith(said) or ran.err.startswith(said)
    assert "hunter2" not in ran.err
