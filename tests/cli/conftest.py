"""A person at a terminal: an empty folder, a clean environment, and the command line run in this process."""

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.terminal import Mzi, Ran, forget_settings

from mzi_adapters import sql
from mzi_http.cli import run


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The working folder, with no settings around; logging is put back as it was."""
    forget_settings(monkeypatch)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield tmp_path
    root.handlers[:], root.level = before[0], before[1]


@pytest.fixture(autouse=True)
def store_of_a_copy(migrated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a command in this process makes a new file, it is a copy of one that was migrated before.

    To migrate takes a third of a second, and there are hundreds of tests; `tests/contracts` are about it, and
    a command in a process of its own migrates for itself.
    """
    migrate = sql.upgrade

    async def upgrade(url: str) -> None:
        path = Path(url.removeprefix("sqlite:///"))
        if url.startswith("sqlite:///") and not path.exists() and path.parent.is_dir():
            shutil.copy(migrated, path)
        await migrate(url)

    monkeypatch.setattr(sql, "upgrade", upgrade)


@pytest.fixture
def mzi(capsys: pytest.CaptureFixture[str]) -> Mzi:
    """The command line: `mzi("sync", "students", "students.json")`."""

    def command(*tokens: object) -> Ran:
        capsys.readouterr()
        code = run([str(token) for token in tokens])
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return command
