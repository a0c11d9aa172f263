"""`mzi task`: what is done by the clock, and having it done now."""

import pytest
from tests.cli.terminal import Mzi


def test_every_task_is_listed_with_how_it_went_and_can_be_run(mzi: Mzi) -> None:
    mzi("db", "upgrade")
    before = mzi("task", "list", "--json").json["tasks"]
    assert [(each["name"], each["every_seconds"], each["last"]) for each in before] == [
        ("settle-grades", 3600, None),
        ("reconcile", 3600, None),
        ("find-marks", 21600, None),
    ]
    ran = mzi("task", "run", "settle-grades", "--json")
    assert (ran.code, ran.json["status"], ran.json["counts"]) == (0, "completed", {"marks": 0, "due": 0})
    shown = mzi("task", "run", "settle-grades")
    assert (shown.code, "completed" in shown.out, "marks" in shown.out) == (0, True, True)
    (last, *_) = [each["last"] for each in mzi("task", "list", "--json").json["tasks"]]
    assert (last["task"], last["status"]) == ("settle-grades", "completed")
    assert "completed" in mzi("task", "list").out


def test_one_that_needs_an_account_says_so_and_ends_with_a_code_of_its_own(mzi: Mzi) -> None:
    mzi("db", "upgrade")
    ran = mzi("task", "run", "reconcile")
    assert (ran.code, "mzi has no account at Zoho yet" in ran.out) == (4, True)
    assert "failed: mzi has no account" in " ".join(mzi("task", "list").out.split())


def test_a_task_that_there_is_not_is_refused(mzi: Mzi) -> None:
    mzi("db", "upgrade")
    ran = mzi("task", "run", "settle")
    assert (ran.code, "settle-grades" in ran.err) == (2, True)


def test_how_often_the_tasks_run_is_for_the_settings_to_say(
    mzi: Mzi, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, minutes in (("SETTLE_GRADES", 10), ("RECONCILE", 90), ("FIND_MARKS", 1440)):
        monkeypatch.setenv(f"MZI_TASKS_{name}", str(minutes))
    mzi("db", "upgrade")
    every = {each["name"]: each["every_seconds"] for each in mzi("task", "list", "--json").json["tasks"]}
    assert every == {"settle-grades": 600, "reconcile": 5400, "find-marks": 86_400}
