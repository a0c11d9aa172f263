"""How results look on terminals of every width."""

import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from rich.cells import cell_len
from tests.cli.terminal import Mzi, student, written

from mzi_core.values import State
from mzi_http.cli.console_tables import duration

LONG = "students_exported_from_the_crm_on_the_first_of_the_month.json"
COMMANDS: Sequence[Sequence[str]] = (
    ["sync", "students", LONG],
    ["sync", "students", LONG, "--dry-run"],
    ["status"],
    ["list", "students"],
    ["list", "students", "--state", "INVALID"],
    ["runs", "list"],
    ["show", "students", str(student(2)["id"])],
    ["modules"],
    ["fields", "students", "--all"],
    ["grade", "explain", "--raw", "3"],
    ["grade", "policies"],
    ["db", "status"],
)


@pytest.mark.parametrize("width", [80, 60, 50, 40])
def test_nothing_is_cut_at_any_width(
    mzi: Mzi, folder: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    written(folder, LONG, [student(1), student(2), student(3, Academic_Email="x")])
    mzi("sync", "students", LONG)
    monkeypatch.setenv("COLUMNS", str(width))
    for tokens in COMMANDS:
        out = mzi(*tokens).out
        assert max(map(cell_len, out.splitlines())) <= width, tokens
        assert "…" not in out, tokens
        cut = {
            word for word in re.findall(r"\b[A-Z]{3,}\b", out) if any(_cut(word, state) for state in State)
        }
        assert not cut, tokens


def _cut(word: str, state: State) -> bool:
    return word != state.value and state.value.startswith(word)


def test_a_long_path_folds_before_a_number_or_a_state_does(
    mzi: Mzi, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(folder, LONG, [student(1), student(3, Academic_Email="x")])
    monkeypatch.setenv("COLUMNS", "80")
    lines = mzi("sync", "students", LONG).out.splitlines()
    heading = next(line for line in lines if line.startswith("file"))
    assert heading.split() == ["file", "records", "NEW", "UPDATED", "UNCHANGED", "INVALID", "per", "s"]
    row = lines.index(heading) + 2
    assert "".join(line.split()[0] for line in lines[row : row + 3]) == LONG


def test_a_narrow_terminal_gets_a_line_for_each_value(
    mzi: Mzi, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(folder, LONG, [student(1), student(3, Academic_Email="x")])
    monkeypatch.setenv("COLUMNS", "50")
    lines = mzi("sync", "students", LONG).out.splitlines()
    assert {"records: 2", "NEW: 1", "INVALID: 1"} <= set(lines)
    assert "first_name: –" not in lines
    stored = mzi("show", "students", str(student(1)["id"])).out.splitlines()
    assert any(line.split() == ["display_name", "A0001"] for line in stored)


def test_what_fits_a_narrow_terminal_stays_a_table(mzi: Mzi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    mzi("db", "upgrade")
    assert mzi("db", "status").out.splitlines()[0].split()[:2] == ["store", "sqlite"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.9, "0 s"), (59, "59 s"), (60, "1 min"), (3_599, "59 min"), (12_000, "3 h 20 min")],
)
def test_a_duration_has_its_largest_units(seconds: float, said: str) -> None:
    assert duration(timedelta(seconds=seconds)) == said
    assert duration(timedelta(days=1_000, seconds=seconds)).startswith("1,000 d ")
