"""`mzi moodle setup`: what an administrator does, and the files for it."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.cli.terminal import Mzi

from mzi_adapters.moodle import NEEDED
from mzi_adapters.moodle.account_setup import STEPS, role_preset


def flat(text: str) -> str:
    """A text without the breaks of its lines."""
    return " ".join(text.split())


@pytest.mark.parametrize("columns", [80, 50])
def test_the_steps_are_told_in_order_with_commands_that_stay_whole(
    mzi: Mzi, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    ran = mzi("moodle", "setup")
    assert (ran.code, ran.err) == (0, "")
    places = [flat(ran.out).index(f"{number} {step.where}") for number, step in enumerate(STEPS, 1)]
    assert places == sorted(places)
    assert all(flat(step.what) in flat(ran.out) for step in STEPS)
    lines = ran.out.splitlines()
    assert {step.command for step in STEPS if step.command} <= set(lines)
    assert max(map(len, lines)) <= columns
    assert "`moodle.token`" in ran.out


def test_role_and_functions_are_printed_one_below_the_other(mzi: Mzi) -> None:
    ran = mzi("moodle", "setup", "--print")
    role, _, functions = ran.out.partition("\n\n")
    assert ElementTree.fromstring(role).tag == "role"  # noqa: S314
    assert functions.splitlines() == list(NEEDED)
    assert "service `mzi by hand`" in ran.err


def test_role_and_functions_are_written_into_files_of_their_own(mzi: Mzi, folder: Path) -> None:
    ran = mzi("moodle", "setup", "--role", "role.xml", "--functions", "functions.txt")
    assert (ran.code, ran.out, ran.err) == (0, "", "Wrote role.xml.\nWrote functions.txt.\n")
    assert (folder / "role.xml").read_text("utf-8") == role_preset().xml
    assert (folder / "functions.txt").read_text("utf-8").splitlines() == list(NEEDED)


@pytest.mark.parametrize(
    ("option", "printed"), [("--role", role_preset().xml), ("--functions", "\n".join(NEEDED) + "\n")]
)
def test_a_hyphen_prints_one_of_them_and_nothing_beside_it(mzi: Mzi, option: str, printed: str) -> None:
    ran = mzi("moodle", "setup", option, "-")
    assert (ran.code, ran.out, ran.err) == (0, printed, "")


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("there.xml", "there.xml is there already; name a file that is not.\n"),
        ("no/role.xml", "no/role.xml cannot be written: No such file or directory.\n"),
    ],
)
def test_a_file_that_cannot_be_written_is_told_and_what_is_there_stays(
    mzi: Mzi, folder: Path, named: str, said: str
) -> None:
    (folder / "there.xml").write_text("mine")
    ran = mzi("moodle", "setup", "--functions", named)
    assert (ran.code, ran.out, ran.err) == (2, "", said)
    assert (folder / "there.xml").read_text() == "mine"
    assert [each.name for each in folder.iterdir()] == ["there.xml"]


def test_nothing_is_written_where_the_second_file_is_there_already(mzi: Mzi, folder: Path) -> None:
    (folder / "there.txt").write_text("mine")
    assert mzi("moodle", "setup", "--role", "role.xml", "--functions", "there.txt").code == 2
    assert [each.name for each in folder.iterdir()] == ["there.txt"]


def test_json_is_printed_beside_the_files_that_are_written(mzi: Mzi, folder: Path) -> None:
    ran = mzi("moodle", "setup", "--json", "--role", "role.xml", "--functions", "functions.txt")
    assert (ran.code, ran.json["role"]["xml"]) == (0, role_preset().xml)
    assert (folder / "role.xml").read_text("utf-8") == role_preset().xml
    assert (folder / "functions.txt").read_text("utf-8").splitlines() == list(NEEDED)
    assert mzi("moodle", "setup", "--json", "--role", "role.xml").code == 2


@pytest.mark.parametrize("tokens", [["--print"], ["--role", "-"], ["--functions", "-"]], ids=" ".join)
def test_json_and_another_print_are_one_too_many(mzi: Mzi, tokens: list[str]) -> None:
    ran = mzi("moodle", "setup", "--json", *tokens)
    assert (ran.code, ran.out) == (2, "")
    assert "leave --print and - out" in ran.err


def test_json_has_all_of_it(mzi: Mzi) -> None:
    told = mzi("moodle", "setup", "--json").json
    assert told["role"]["xml"] == role_preset().xml
    assert told["role"]["capabilities"] == list(role_preset().capabilities)
    assert told["role"]["may_assign"] == ["student", "teacher", "editingteacher"]
    assert told["service"] == {
        "name": "mzi by hand",
        "short_name": "mzi_by_hand",
        "functions": list(NEEDED),
    }
    assert [each["where"] for each in told["steps"]] == [step.where for step in STEPS]
