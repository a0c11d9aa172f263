"""`mzi plan`: what the brake holds, and deciding about it."""

from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from tests.cli.terminal import Mzi
from tests.cli.test_deliveries import said, stored

from mzi_core.ports import Due, PlanState, Session

IDS = [f"539883000009000000{number}" for number in range(3)]
TOO_MANY = "More than 25 suspensions in a day."


async def fill(session: Session) -> None:
    """Three accounts that are held, under one plan; nothing under another one, and one is decided."""
    await session.make_due([Due("account", id, f"students/{id}") for id in IDS])
    claims = await session.claim("account", 9, timedelta(hours=1))
    rejected = await session.open_plan("account", "suspend")
    await session.close_plan(rejected, PlanState.REJECTED, "A test.", "rana")
    plan = await session.open_plan("account", "suspend")
    await session.end_claims([claim.held(plan, TOO_MANY) for claim in claims])
    await session.open_plan("account", "delete")


@pytest.fixture
def filled(mzi: Mzi, tmp_path: Path) -> Mzi:
    """The command line over a store with plans, whose user is called rana."""
    assert mzi("db", "upgrade").code == 0
    stored(tmp_path, fill)
    return mzi


@pytest.fixture(autouse=True)
def rana(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who sits at the machine."""
    monkeypatch.setattr("mzi_http.cli.plans.getuser", lambda: "rana")


def _id(mzi: Mzi, action: str = "suspend", state: str = "open") -> str:
    plans = mzi("plan", "list", "--state", state, "--json").json["plans"]
    (id,) = [each["id"] for each in plans if each["action"] == action]
    assert isinstance(id, str)
    return id


def test_plans_are_listed_with_how_much_is_held(filled: Mzi) -> None:
    ran = filled("plan", "list")
    assert ran.code == 0
    rows = [line.split() for line in ran.out.splitlines()]
    assert rows[0] == ["plan", "flow", "what", "opened", "held"]
    (suspend,) = [row for row in rows if row[0] == _id(filled)[-8:]]
    assert (suspend[1:4], suspend[-1]) == (["account", "suspend", "open"], "3")
    assert len(rows) == 5
    few = filled("plan", "list", "--limit", "2")
    assert "The first 2; --limit shows more." in few.err
    assert filled("plan", "list", "--limit", "2", "--json").json["more"] is True
    assert len(filled("plan", "list", "--json").json["plans"]) == 3


def test_where_nothing_was_held_it_is_said(mzi: Mzi) -> None:
    mzi("db", "upgrade")
    assert mzi("plan", "list").out == "The brake has held nothing yet.\n"
    assert mzi("plan", "list", "--state", "approved").out == "No plan is so.\n"


def test_a_plan_is_shown_with_what_is_held_under_it(filled: Mzi) -> None:
    """By the end of its id or the whole of it."""
    id = _id(filled)
    ran = filled("plan", "show", id[-8:])
    assert ran.code == 0
    assert f"plan {id} what suspend in account state open" in said(ran.out)
    assert all(each in ran.out for each in IDS)
    assert TOO_MANY.partition(" ")[0] in ran.out
    first = filled("plan", "show", id, "--limit", "2")
    assert IDS[2] not in first.out
    assert "--limit shows more" in first.err
    shown = filled("plan", "show", id, "--json").json
    assert ([each["key"] for each in shown["deliveries"]], shown["held"], shown["more"]) == (IDS, 3, False)
    decided = filled("plan", "show", _id(filled, state="rejected"))
    assert "by rana why A test. held 0" in said(decided.out)


def test_what_is_approved_is_due_again(filled: Mzi) -> None:
    id = _id(filled)
    ran = filled("plan", "approve", id[-8:], "--reason", "They left after the exams")
    assert (ran.code, ran.out) == (0, "3 deliveries of account are due again, as approved.\n")
    assert filled("deliveries", "--json").json["flows"][0]["due"] == 3
    shown = filled("plan", "show", id, "--json").json
    assert (shown["state"], shown["decided_by"]) == ("approved", "rana")
    assert shown["reason"] == "They left after the exams."


def test_what_is_rejected_is_settled(filled: Mzi) -> None:
    ran = filled("plan", "reject", _id(filled), "--reason", "A wrong filter.", "--json")
    assert (ran.code, ran.json["decided"], ran.json["state"]) == (0, 3, "rejected")
    assert filled("deliveries", "--json").json["flows"][0]["settled"] == 3
    ran = filled("plan", "reject", _id(filled, "delete"), "--reason", "No.")
    assert ran.out == "Nothing was held under this plan any more.\n"


def test_one_delivery_is_told_as_one(mzi: Mzi, tmp_path: Path) -> None:
    async def hold(session: Session) -> None:
        await session.make_due([Due("account", "1")])
        (claim,) = await session.claim("account", 1, timedelta(hours=1))
        await session.end_claims([claim.held(await session.open_plan("account", "suspend"))])

    mzi("db", "upgrade")
    stored(tmp_path, hold)
    ran = mzi("plan", "reject", _id(mzi), "--reason", "No.")
    assert ran.out == "1 delivery of account is settled, and nothing of it was done.\n"


def test_a_user_without_a_name_decides_too(filled: Mzi, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 1000")

    monkeypatch.setattr("mzi_http.cli.plans.getuser", nobody)
    id = _id(filled)
    assert filled("plan", "reject", id, "--reason", "No.").code == 0
    assert filled("plan", "show", id, "--json").json["decided_by"] is None


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["list", "--limit", "0"], 2, "--limit must be from 1 to 10,000."),
        (["show", "{id}", "--limit", "10001"], 2, "--limit must be from 1 to 10,000."),
        (["show", "unknown"], 2, "There is no plan with the id `unknown`."),
        (["show", " "], 2, "There is no plan with the id"),
        (["approve", "unknown", "--reason", "x"], 2, "There is no plan with the id `unknown`."),
        (["approve", "{id}"], 2, "--reason"),
        (["approve", "{id}", "--reason", " "], 2, "A reason has 1 to 500 characters"),
        (["reject", "{id}", "--reason", ""], 2, "Say why it may be done, or why not."),
        (["reject", "{rejected}", "--reason", "x"], 2, "was rejected already: A test."),
        (["list", "--state", "held"], 2, "held"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(
    filled: Mzi, words: list[str], code: int, sentence: str
) -> None:
    ids = {"id": _id(filled), "rejected": _id(filled, state="rejected")}
    ran = filled("plan", *(word.format(**ids) for word in words))
    assert ran.code == code
    assert sentence in said(ran.err)


class _EndingAlike:
    """Ids that differ at their beginning alone."""

    def record_ids(self, count: int) -> list[str]:
        return [f"{next(_NUMBERS):08}-0000-7000-8000-0000000000aa" for _ in range(count)]


_NUMBERS = count(1)


def test_no_plan_is_decided_by_chance(mzi: Mzi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither by a few characters nor by an ending that several have."""
    monkeypatch.setattr("mzi_adapters.sql.brake.SystemIds", _EndingAlike)
    mzi("db", "upgrade")
    stored(tmp_path, fill)
    id = _id(mzi)
    few = mzi("plan", "approve", id[-7:], "--reason", "x")
    assert (few.code, "There is no plan with the id" in few.err) == (2, True)
    several = mzi("plan", "approve", id[-8:], "--reason", "x")
    assert (several.code, said(several.err)) == (
        2,
        f"3 plans end in {id[-8:]}; give the whole id, as --json has it.",
    )
    assert mzi("plan", "approve", id, "--reason", "x").code == 0
