"""`mzi demo`: what a newcomer sees first has to be true."""

import io
import re
import shlex
from collections import Counter
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from rich.cells import cell_len
from tests.cli.college import sound, standing
from tests.cli.terminal import Mzi, forget_settings

from mzi_adapters.testing.college import build, changed, markings
from mzi_http.cli import run

STUDENTS, SEED = 60, 7


@pytest.fixture(scope="module")
def told() -> str:
    """What the demo of a small college says; it is played once for all who look at it."""
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(said):
        forget_settings(patch)
        patch.setenv("COLUMNS", "140")
        assert run(["demo", "--students", str(STUDENTS), "--seed", str(SEED)]) == 0
    return said.getvalue()


def section(told: str, number: int) -> list[list[str]]:
    """The rows of the table in a section, cell by cell."""
    text = told.partition(f"\n{number}  ")[2].partition(f"\n{number + 1}  ")[0]
    lines = text.splitlines()
    rule = next(place for place, line in enumerate(lines) if line.startswith("──"))
    return [re.split(r"\s{2,}", line.strip()) for line in lines[rule + 1 :] if line.strip()]


def test_every_module_is_counted_as_it_is(told: str) -> None:
    college = build(SEED, STUDENTS)
    counts = {row[0]: int(row[1].replace(",", "")) for row in section(told, 1) if row[0] in college.records}
    assert counts == {name: len(records) for name, records in college.records.items()}


def test_every_broken_record_gets_the_answer_it_has_to_get(told: str) -> None:
    college = build(SEED, STUDENTS)
    planted = Counter(label.kind.replace("_", " ") for label in college.broken)
    rows = {row[0]: row for row in section(told, 2) if len(row) >= 4}
    assert {name: row[1] for name, row in rows.items()} == {
        name: f"{count} of {count}" for name, count in planted.items()
    }
    sound = sum(map(len, college.records.values())) - len(college.broken)
    assert f"Of the {sound:,} sound records none was refused." in told
    assert rows["missing parent"][2] == "parked"
    assert rows["numeric id"][2] == "taken"


def test_the_week_after_is_counted_as_it_is(told: str) -> None:
    later = changed(build(SEED, STUDENTS))
    kinds = Counter(change.kind for change in later.changes)
    assert f"{kinds['changed']:,} records were edited, {kinds['new']:,} are new" in told
    (total,) = [row for row in section(told, 3) if row[0] == "in all"]
    assert int(total[1].replace(",", "")) == sum(map(len, later.records.values()))
    assert "0 written" in told


def test_every_grade_is_the_one_that_is_expected(told: str) -> None:
    rows = [row for row in section(told, 4) if len(row) > 4]
    for person, row in zip(markings(SEED, 16), rows, strict=True):
        expected = person["expected"]
        grade, settled = expected["grade"], expected["settled"]
        shown = grade if grade == settled else f"{grade} → {settled}"
        assert [row[0], row[3], row[4]] == [person["name"], shown, expected["rule"]]


def test_the_commands_it_ends_with_work_as_they_stand(mzi: Mzi, told: str, folder: Path) -> None:
    commands = [
        shlex.split(line)[1:] for line in told.splitlines() if line.startswith("mzi ") and line != "mzi demo"
    ]
    assert len(commands) == 9
    assert commands[0][:2] == ["demo", "--students"]
    for tokens in commands:
        if not {"serve", "--remotes"} & set(tokens):
            ran = mzi(*tokens)
            assert ran.code == 0, ran.err
    assert (folder / "college.db").exists()


def test_it_leaves_nothing_behind_unless_it_is_asked_to(mzi: Mzi, folder: Path) -> None:
    assert mzi("demo", "--students", 30).code == 0
    assert list(folder.iterdir()) == []
    kept = mzi("demo", "--students", 30, "--keep", "my college.db")
    assert "mzi --store 'sqlite:///my college.db' show students" in kept.out
    assert "--keep" not in kept.out
    again = mzi("demo", "--students", 30, "--keep", "my college.db")
    assert (again.code, again.err) == (2, "my college.db is there already; name a file that is not.\n")


def test_the_people_of_a_store_that_is_kept_can_be_pushed_to_a_moodle(
    mzi: Mzi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No Moodle has the accounts, courses and categories that a real college has in its own."""
    mzi("demo", "--students", STUDENTS, "--keep", "college.db")
    with standing(sound()) as remotes:
        for name, value in remotes.settings.items():  # no Zoho has such people, and none is asked
            if "moodle" in name.lower():
                monkeypatch.setenv(name, value)
        for module in ("students", "teachers", "classes"):
            ran = mzi("--store", "sqlite:///college.db", "push", module, "--to", "moodle", "--json")
            (sent,) = ran.json["targets"]
            named = [each for each in sent["results"] if "no first and last name" not in each["message"]]
            assert {each["action"] for each in named} <= {"create", "nothing"}, named
            assert sent["done"]["written"] == sent["planned"]["create"] > 0
        ran = mzi("--store", "sqlite:///college.db", "push", "enrollments", "--to", "moodle", "--json")
        assert ran.json["targets"][0]["done"]["written"] > 0


@pytest.mark.parametrize(
    "tokens",
    [
        ("demo", "--students", 30, "--keep", "nodir/x.db"),
        ("--store", "sqlite:///nodir/x.db", "db", "upgrade"),
    ],
)
def test_a_store_in_a_folder_that_is_not_there_is_refused_with_what_helps(
    mzi: Mzi, folder: Path, tokens: tuple[object, ...]
) -> None:
    ran = mzi(*tokens)
    said = "There is no folder `nodir` in which `x.db` could be made; make the folder first, or name another"
    assert (ran.code, said in " ".join(ran.err.split())) == (3, True), ran.err
    assert list(folder.iterdir()) == []


def test_a_zoho_and_a_moodle_are_no_store_to_keep(mzi: Mzi, folder: Path) -> None:
    ran = mzi("demo", "--remotes", "--keep", "college.db")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "With --remotes no store is made that --keep could keep; leave it out.\n"
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("students", [0, 29, 20_001])
def test_a_college_of_another_size_is_refused(mzi: Mzi, students: int) -> None:
    ran = mzi("demo", "--students", students)
    assert (ran.code, ran.err) == (2, "--students must be from 30 to 20,000.\n")


def test_it_fits_eighty_columns(mzi: Mzi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = mzi("demo", "--students", 30).out.splitlines()
    assert max(cell_len(line) for line in lines if not line.startswith("mzi ")) <= 80
    assert not any("…" in line for line in lines)
