"""`mzi review`: what a person must decide, and deciding it."""

import json
from pathlib import Path

import attrs
import pytest
from tests.cli.terminal import Mzi
from tests.cli.test_deliveries import said, stored

from mzi_core.ports import Candidate, ReviewKind, ReviewQuestion, Session
from mzi_core.values import MoodleId

A, B = "5398830000090000001", "5398830000090000002"
WHY = "Moodle accounts 7, 9 share its username or address; keep one of them."
QUESTION = ReviewQuestion(
    kind=ReviewKind.ACCOUNT,
    key=A,
    subject=f"students/{A}",
    module="students",
    why=WHY,
    candidates=(Candidate(MoodleId(7), "Rana."), Candidate(MoodleId(9), "[red]omar.")),
)


async def fill(session: Session) -> None:
    """Two students, and a withdrawal without candidates."""
    await session.put_reviews(
        [
            QUESTION,
            attrs.evolve(QUESTION, key=B),
            attrs.evolve(QUESTION, kind=ReviewKind.WITHDRAWAL, candidates=()),
        ]
    )


@pytest.fixture
def filled(mzi: Mzi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mzi:
    """The command line over a store with a review list, whose user is called rana."""
    monkeypatch.setattr("mzi_http.cli.plans.getuser", lambda: "rana")
    assert mzi("db", "upgrade").code == 0
    file = tmp_path / "students.json"
    students = [{"id": key, "Name": key, "Academic_Email": f"{key}@college.example"} for key in (A, B)]
    file.write_text(json.dumps(students))
    assert mzi("sync", "students", str(file)).code == 0
    stored(tmp_path, fill)
    return mzi


def test_what_is_open_is_listed_with_its_candidates(filled: Mzi) -> None:
    ran = filled("review", "list")
    assert ran.code == 0
    rows = [line.split() for line in ran.out.splitlines()]
    assert rows[0] == ["kind", "key", "candidates", "since"]
    assert [row[:5] for row in rows[2:4]] == [["account", key, "open", "7,", "9"] for key in (A, B)]
    assert rows[4][:3] == ["withdrawal", A, "open"]
    few = filled("review", "list", "--limit", "1")
    assert "The first 1; --limit shows more." in few.err
    told = filled("review", "list", "--kind", "account", "--limit", "1", "--json").json
    assert ([each["key"] for each in told["items"]], told["more"]) == ([A], True)


def test_where_there_is_nothing_to_decide_it_is_said(mzi: Mzi) -> None:
    mzi("db", "upgrade")
    assert mzi("review", "list").out == "There is nothing to decide.\n"
    assert mzi("review", "list", "--state", "closed").out == "Nothing is so.\n"
    assert mzi("review", "list", "--all").out == "Nothing is so.\n"


def test_an_item_is_shown_with_why_and_its_candidates(filled: Mzi) -> None:
    """As they are written, whatever a terminal would make of it."""
    ran = filled("review", "show", "account", A)
    assert ran.code == 0
    assert f"what account of students/{A} state open why {WHY} since" in said(ran.out)
    assert "7 Rana. 9 [red]omar." in said(ran.out)
    assert "candidate" not in filled("review", "show", "withdrawal", A).out
    assert filled("review", "show", "account", A, "--json").json["why"] == WHY


def test_what_is_chosen_is_linked(filled: Mzi) -> None:
    ran = filled("review", "choose", "account", A, "9")
    assert (ran.code, said(ran.out)) == (
        0,
        f"students/{A} is account 9 of Moodle, and due to be looked at.",
    )
    assert filled("show", "students", A, "--json").json["stored"]["record"]["moodle_userid"] == 9
    shown = filled("review", "show", "account", A)
    assert "choice 9 by rana decided" in said(shown.out)
    (chosen,) = filled("review", "list", "--state", "chosen", "--json").json["items"]
    assert (chosen["choice"], chosen["decided_by"]) == (9, "rana")


def test_what_is_dismissed_is_not_open_any_more(filled: Mzi) -> None:
    ran = filled("review", "dismiss", "withdrawal", A)
    assert said(ran.out) == f"The withdrawal {A} is dismissed until its candidates differ."
    assert filled("review", "dismiss", "account", A, "--json").json["state"] == "dismissed"
    assert [each["key"] for each in filled("review", "list", "--json").json["items"]] == [B]
    assert len(filled("review", "list", "--all", "--json").json["items"]) == 3


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["list", "--limit", "0"], "--limit must be from 1 to 10,000."),
        (["list", "--state", "dead"], "dead"),
        (["list", "--all", "--state", "open", "--kind", "person"], "person"),
        (["show", "account", "9"], "There is no account under review with the key `9`."),
        (["show", "person", "9"], "person"),
        (["choose", "account", A], "CANDIDATE requires an argument"),
        (["choose", "account", A, "8"], "8 is none of the candidates; those are 7, 9."),
        (["choose", "withdrawal", A, "7"], "There is nothing to choose about a withdrawal"),
        (["dismiss", "account", "9"], "There is no account under review"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(filled: Mzi, words: list[str], sentence: str) -> None:
    ran = filled("review", *words)
    assert ran.code == 2
    assert sentence in said(ran.err).replace("│ ", "")


def test_an_item_is_decided_once(filled: Mzi) -> None:
    filled("review", "dismiss", "account", A)
    ran = filled("review", "dismiss", "account", A)
    assert (ran.code, "it was dismissed" in said(ran.err)) == (2, True)
    assert filled("review", "choose", "account", A, "7").code == 0  # after all
    for words in (["dismiss", "account", A], ["choose", "account", A, "7"]):
        ran = filled("review", *words)
        assert (ran.code, "it was chosen" in said(ran.err)) == (2, True)
