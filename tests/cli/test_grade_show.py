"""`mzi grade show`: the decision that stands, every earlier one, and the page that people print."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.cli.terminal import Mzi

from mzi_core.grading import BTEC_DEFAULT
from mzi_core.use_cases import kept_decisions
from mzi_core.use_cases.grades import ToDecide
from mzi_core.values import DEFAULT_TENANT
from mzi_http.services import open_use_cases
from mzi_http.settings import Settings

KEY = "4101_1001_55"
DUE = "2026-02-01T00:00:00+00:00"


@pytest.fixture
def store(mzi: Mzi) -> None:
    """A store in which a grade was decided four times, and the last of them twice."""
    markings: list[dict[str, Any]] = [
        {"submitted": False, "due": DUE, "now": "2026-01-31T00:00:00+00:00"},
        {"submitted": False, "due": DUE, "now": "2026-02-03T00:00:00+00:00"},
        {"raw": "1", "attempt": 1, "due": DUE},
        *[{"raw": "3", "attempt": 1, "due": DUE, "criteria": [{"code": "P1", "achieved": False}]}] * 2,
    ]

    async def decide() -> None:
        async with open_use_cases(Settings()) as use_cases:
            asked = [ToDecide(marking=marking, record_as=KEY) for marking in markings]
            await use_cases.decide_grades(DEFAULT_TENANT, asked)

    mzi("db", "upgrade")
    asyncio.run(decide())


pytestmark = pytest.mark.usefixtures("store")


def test_the_decision_that_stands_is_shown_with_its_trace_and_sentence(mzi: Mzi) -> None:
    ran = mzi("grade", "show", KEY)
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0].startswith(f"M  recorded as {KEY}, decided 2026-")
    assert f"by rule MERIT of {BTEC_DEFAULT.name} {BTEC_DEFAULT.version}" in " ".join(lines[:2])
    assert "CRITERIA_MISMATCH" in ran.out
    (held,) = [line for line in lines if " held " in line]
    assert held.split()[:2] == ["MERIT", "held"]
    assert "deadline 2026-02-01 00:00Z" in ran.out
    told = " ".join(lines)
    assert "Merit: the mark 3 of 4 on the BTEC scale reaches 3" in told
    assert f"under the policy {BTEC_DEFAULT.name}, version {BTEC_DEFAULT.version}." in told
    assert "decided 2026-" not in told.partition("Merit: ")[2]


def test_the_history_tells_what_superseded_what_and_why(mzi: Mzi) -> None:
    lines = mzi("grade", "show", KEY, "--history").out.splitlines()
    assert [line.split()[0] for line in lines if "  decided " in line] == ["R", "F", "PENDING"]
    told = " ".join(lines)
    assert "Z: Replaced because the mark or its scale changed, and the criteria changed." in told
    assert (
        "Z: Replaced because the mark or its scale changed, the attempt or what is known of it changed, "
        "and the submission" in told
    )
    assert told.endswith("Z: Replaced because time passed and the grade was settled.")


def test_the_language_is_chosen(mzi: Mzi) -> None:
    shown = mzi("grade", "show", KEY, "--history", "--lang", "ar").out
    assert "جدارة (Merit)" in shown
    assert "استُبدل هذا القرار" in shown
    assert "\u2068" not in shown
    assert mzi("grade", "show", KEY, "--lang", "fr").code == 2


def test_the_history_is_read_to_its_end(mzi: Mzi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_decisions, "LARGEST_PAGE", 10)
    told = mzi("grade", "show", KEY, "--history", "--json").json["items"]
    assert [each["decision"]["grade"] for each in told] == ["M", "R", "F", "PENDING"]
    assert told[0]["superseded"] is None
    assert mzi("grade", "show", KEY, "--json").json == told[0]


@pytest.mark.parametrize(("history", "articles"), [((), 0), (("--history",), 3)])
def test_a_page_is_written_for_its_owner_alone(
    mzi: Mzi, folder: Path, history: tuple[str, ...], articles: int
) -> None:
    ran = mzi("grade", "show", KEY, "--html", "page.html", "--lang", "ar", *history)
    assert (ran.code, ran.out, ran.err) == (0, "", "Wrote the page page.html.\n")
    page = (folder / "page.html").read_text("utf-8")
    assert 'dir="rtl"' in page
    assert page.count("<article>") == articles
    assert (folder / "page.html").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("lang", ["en", "ar"])
def test_a_page_is_printed_as_it_would_be_written(mzi: Mzi, folder: Path, lang: str) -> None:
    """In ASCII, which every terminal and pipe passes on; a browser reads the same text."""
    printed = mzi("grade", "show", KEY, "--html", "-", "--lang", lang)
    assert (printed.code, printed.err, (folder / "-").exists()) == (0, "", False)
    mzi("grade", "show", KEY, "--html", "page.html", "--lang", lang)
    written = (folder / "page.html").read_text("utf-8")
    assert printed.out == written.encode("ascii", "xmlcharrefreplace").decode()


def test_a_file_that_is_there_is_not_written_over(mzi: Mzi, folder: Path) -> None:
    (folder / "page.html").write_text("mine", "utf-8")
    ran = mzi("grade", "show", KEY, "--html", "page.html")
    assert (ran.code, ran.out) == (2, "")
    assert "page.html is there already; name a file that is not." in ran.err
    assert (folder / "page.html").read_text("utf-8") == "mine"


@pytest.mark.parametrize(
    ("tokens", "said"),
    [
        (("1_2_3",), "There is no decision about the grade `1_2_3`."),
        ((KEY, "--html", "nowhere/page.html"), "The page nowhere/page.html cannot be written: No such file"),
        ((KEY, "--html", "page.html", "--json"), "Take either --html or --json."),
    ],
)
def test_what_cannot_be_shown_is_told(mzi: Mzi, tokens: tuple[str, ...], said: str) -> None:
    ran = mzi("grade", "show", *tokens)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
