"""`mzi drift`, over a Zoho and a Moodle on this machine."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.cli.college import Remotes, sound, standing
from tests.cli.terminal import Mzi, student, written

from mzi_core.errors import StoreUnavailable
from mzi_core.flows.drift import Differing, Outlook, PairDrift
from mzi_core.flows.flow import GRADE
from mzi_core.use_cases.drift import DriftPage, FindDrift

IDS = [str(student(number)["id"]) for number in range(5)]


@pytest.fixture
def college(monkeypatch: pytest.MonkeyPatch) -> Iterator[Remotes]:
    """A college in which everything is well, and the settings that lead to it."""
    with standing(sound()) as remotes:
        for name, value in remotes.settings.items():
            monkeypatch.setenv(name, value)
        yield remotes


def full(number: int, **fields: object) -> dict[str, object]:
    """A student with a name."""
    return student(number, First_Name="Rana", Last_Name=f"Example{number}", **fields)


@pytest.fixture
def differing(mzi: Mzi, college: Remotes, folder: Path) -> Mzi:
    """Students of whom one agrees, one has another name in Moodle, one no account, and one no name."""
    people = [full(1), full(2), full(3), student(4)]
    for person in people:
        college.zoho.add("BTEC_Students", person)
    assert mzi("db", "upgrade").code == 0
    mzi("sync", "students", written(folder, "s.json", people[:2]))
    mzi("push", "students", "--to", "moodle", "--yes")
    mzi("sync", "students", written(folder, "s.json", people))
    (account,) = [
        each for each in college.moodle.site.people.rows.values() if each.idnumber == people[1]["id"]
    ]
    account.lastname = "Before"
    return mzi


def said(text: str) -> str:
    """Without the breaks that a terminal makes."""
    return " ".join(text.split())


def test_what_differs_is_counted_by_flow_and_shown_field_by_field(differing: Mzi) -> None:
    ran = differing("drift")
    assert ran.code == 1
    head, _, *rows = [line.split() for line in ran.out.splitlines()]
    assert head == ["account"]
    assert rows[:4] == [["agrees", "1"], ["change", "1"], ["leave", "1"], ["cannot", "1"]]
    assert [*IDS[2:3], "last_name", "Example2", "Before"] in rows
    assert "by the rules mzi makes none by itself" in said(ran.out)
    assert "It has no first and last name; Moodle needs both." in said(ran.out)


def test_what_is_to_be_made_is_in_one_line(differing: Mzi) -> None:
    differing("rules", "set", "create_accounts=true")
    ran = differing("drift", "account")
    assert ["create", "1"] in [line.split() for line in ran.out.splitlines()]
    assert f"a3@campus.example, Rana, Example3, {IDS[3]}" in said(ran.out)


@pytest.mark.parametrize("columns", [50, 80])
def test_it_fits_a_narrow_terminal(differing: Mzi, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    ran = differing("drift")
    assert all(len(line) <= columns for line in ran.out.splitlines())
    assert IDS[2] in ran.out.split()


def test_json_has_every_pair_that_does_not_agree_with_the_values_of_both_sides(differing: Mzi) -> None:
    ran = differing("drift", "account", "--json", "--limit", "1")
    assert (ran.code, ran.json["stopped"]) == (1, {})
    flows = ran.json["flows"]
    assert {name: number for name, number in flows["account"].items() if number} == {
        "agrees": 1,
        "change": 1,
        "leave": 1,
        "cannot": 1,
    }
    pairs = {each["key"]: each for each in ran.json["pairs"]}
    assert set(pairs) == set(IDS[2:])
    changed = pairs[IDS[2]]
    assert (changed["flow"], changed["module"], changed["what"]) == ("account", "students", "change")
    assert changed["fields"] == [{"field": "last_name", "zoho": "Example2", "moodle": "Before"}]
    assert [pairs[id]["differs"] for id in IDS[2:]] == [True, False, True]


def test_as_many_as_the_limit_says_are_shown_and_those_that_differ_first(differing: Mzi) -> None:
    ran = differing("drift", "--limit", "2")
    assert "mzi makes none by itself" not in said(ran.out)
    assert "… and 1 more; --limit shows more, --json has all." in ran.out
    refused = differing("drift", "--limit", "0")
    assert (refused.code, "--limit must be from 1" in refused.err) == (2, True)


def test_where_both_sides_agree_it_ends_well(mzi: Mzi, college: Remotes, folder: Path) -> None:
    mzi("db", "upgrade")
    empty = mzi("drift")
    assert (empty.code, empty.out) == (0, "There are no pairs in the store; `mzi pull` brings the records.\n")
    college.zoho.add("BTEC_Students", full(1))
    mzi("sync", "students", written(folder, "s.json", [full(1)]))
    mzi("push", "students", "--to", "moodle", "--yes")
    ran = mzi("drift")
    assert (ran.code, [line.split() for line in ran.out.splitlines()][2]) == (0, ["agrees", "1"])


def test_what_could_be_read_is_told_where_a_service_refuses(
    differing: Mzi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MZI_ZOHO_REFRESH_TOKEN", "another")
    monkeypatch.setenv("MZI_MOODLE_TOKEN", "f" * 32)
    ran = differing("drift")
    assert ran.code == 4
    assert "account was not read to its end." in said(ran.out)
    told = differing("drift", "account", "--json")
    assert (told.code, set(told.json["stopped"]), told.json["pairs"]) == (4, {"account"}, [])


@pytest.mark.parametrize(
    ("error", "code", "why"),
    [(StoreUnavailable("It is gone."), 3, "It is gone."), (ValueError("x"), 70, "ValueError")],
)
def test_what_was_read_before_the_store_was_gone_is_told(
    mzi: Mzi, monkeypatch: pytest.MonkeyPatch, error: Exception, code: int, why: str
) -> None:
    mzi("db", "upgrade")
    monkeypatch.setattr(FindDrift, "__call__", stopping(error))
    ran = mzi("drift", "--json")
    assert (ran.code, ran.json["error"]) == (code, why)
    assert [each["key"] for each in ran.json["pairs"]] == ["1"]
    assert "too long" in mzi("drift").out


def test_what_was_read_before_somebody_stopped_it_is_told(mzi: Mzi, monkeypatch: pytest.MonkeyPatch) -> None:
    mzi("db", "upgrade")
    monkeypatch.setattr(FindDrift, "__call__", stopping(asyncio.CancelledError()))
    with pytest.raises(asyncio.CancelledError):
        mzi("drift")


def stopping(error: BaseException) -> object:
    """Drift that breaks off after a page, with a text that is too long for a table."""

    async def find(*_: object) -> AsyncIterator[DriftPage]:
        long = Differing("feedback", zoho=None, moodle="too long " * 100)
        pair = PairDrift(key="1", module="moodle_marks", outlook=Outlook.CHANGE, differing=(long,))
        yield DriftPage(flow=GRADE, pairs=[pair])
        raise error

    return find


def test_a_long_text_is_cut_in_the_table_alone(mzi: Mzi, monkeypatch: pytest.MonkeyPatch) -> None:
    mzi("db", "upgrade")
    monkeypatch.setattr(FindDrift, "__call__", stopping(StoreUnavailable("It is gone.")))
    assert said(mzi("drift").out).count("too long") == 8
    (pair,) = mzi("drift", "--json").json["pairs"]
    assert pair["fields"][0]["moodle"] == "too long " * 100


def test_a_flow_or_a_tenant_that_is_none_is_refused(mzi: Mzi) -> None:
    mzi("db", "upgrade")
    assert mzi("drift", "acount").code == 2
    assert mzi("drift", "--tenant", "nobody").code == 2
