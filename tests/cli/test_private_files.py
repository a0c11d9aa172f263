"""What mzi writes down is about people: nobody else on the machine may read it."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.terminal import Mzi, student, written

RECORDS = [student(1), student(2, Academic_Email="nowhere")]


@pytest.fixture
def store_of_a_copy() -> None:
    """Nothing: here each store is made as it is for an operator."""


@pytest.fixture(autouse=True)
def open_hearted() -> Iterator[None]:
    """Somebody whose files everybody may read and write."""
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path, *patterns: str) -> dict[str, str]:
    """The permissions of the files that match."""
    return {file.name: f"{file.stat().st_mode & 0o777:o}" for p in patterns for file in folder.glob(p)}


@pytest.mark.parametrize(
    "tokens", [("db", "upgrade"), ("sync", "students", "a.json"), ("fields", "students", "--map", "Intake")]
)
def test_a_store_is_its_owners_alone_whoever_makes_it(
    mzi: Mzi, folder: Path, tokens: tuple[str, ...]
) -> None:
    written(folder, "a.json", RECORDS)
    mzi(*tokens)
    assert modes(folder, "mzi.db*")["mzi.db"] == "600"
    with closing(sqlite3.connect(folder / "mzi.db")) as database, database:
        database.execute("create table another (something integer)")
        assert modes(folder, "mzi.db*") == {"mzi.db": "600", "mzi.db-wal": "600", "mzi.db-shm": "600"}


def test_a_report_is_its_owners_alone(mzi: Mzi, folder: Path) -> None:
    written(folder, "a.json", RECORDS)
    mzi("sync", "students", "a.json", "--report", "report.csv")
    assert modes(folder, "*.csv") == {"report.csv": "600"}


def test_what_somebody_has_opened_to_others_stays_so(mzi: Mzi, folder: Path) -> None:
    mzi("db", "upgrade")
    (folder / "mzi.db").chmod(0o640)
    mzi("db", "upgrade")
    assert modes(folder, "mzi.db") == {"mzi.db": "640"}
