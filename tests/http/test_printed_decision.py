"""The page about a decision in a real browser: as it is read on a screen, and as it is printed on A4."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.http.test_decision_page import HOSTILE, kept

from mzi_core.grading import Cause, Language
from mzi_core.use_cases.kept_decisions import Superseded
from mzi_http.decision_page import CONTENT_SECURITY_POLICY, decision_page

pytestmark = pytest.mark.browser

CHROMIUM = Path("/usr/bin/chromium")
ADDRESS = "http://mzi.example/decision.html"
PHONE = 360
DESK = 1280


@pytest.fixture
def tab() -> Iterator[Any]:
    """A tab of Chromium."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser.new_page()
        browser.close()


def opened(tab: Any, language: Language) -> list[str]:
    """Open a page with a long history; what the browser complains of."""
    gone = Superseded(at=kept().record.decided_at, causes=tuple(Cause))
    items = [kept(feedback="word " * 300 + "w" * 500 + HOSTILE), *[kept(superseded=gone)] * 8]
    html = decision_page(items, language)
    complaints: list[str] = []
    tab.on("console", lambda message: complaints.append(message.text))
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("request", lambda request: None if request.url == ADDRESS else complaints.append(request.url))
    headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Content-Type": "text/html; charset=utf-8"}
    tab.route("**/*", lambda route: route.fulfill(body=html, headers=headers))
    tab.goto(ADDRESS)
    return complaints


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_the_page_fits_its_window_and_the_browser_has_nothing_to_complain_of(
    tab: Any, language: Language, width: int
) -> None:
    tab.set_viewport_size({"width": width, "height": 800})
    assert opened(tab, language) == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.evaluate("getComputedStyle(document.querySelector('table')).borderCollapse") == "collapse"


def test_arabic_begins_at_the_right_and_numbers_keep_their_order(tab: Any) -> None:
    opened(tab, Language.AR)
    place = "(selector) => { const r = document.querySelector(selector).getBoundingClientRect(); return r.x }"
    assert tab.evaluate(place, "th:nth-child(1)") > tab.evaluate(place, "th:nth-child(2)")
    assert tab.evaluate(place, "dt") > tab.evaluate(place, "dd")
    # a key inside Arabic: the student stands left of the assignment, as elsewhere
    ends = """() => {
      const all = [...document.querySelectorAll('dd bdi')]
      const key = all.find((each) => each.textContent === '4101_1001_55').firstChild
      return [[0, 4], [10, 12]].map(([from, to]) => {
        const range = document.createRange(); range.setStart(key, from); range.setEnd(key, to)
        return range.getBoundingClientRect().x })
    }"""
    left, right = tab.evaluate(ends)
    assert left < right


@pytest.mark.parametrize("language", Language)
def test_it_prints_on_a4_and_parts_no_decision(tab: Any, language: Language) -> None:
    opened(tab, language)
    pdf = tab.pdf(prefer_css_page_size=True)
    (size,) = set(re.findall(rb"/MediaBox ?\[([^\]]*)\]", pdf))
    assert [round(float(number)) for number in size.split()] == [0, 0, 595, 842]
    tab.emulate_media(media="print")
    assert tab.evaluate("getComputedStyle(document.querySelector('article')).breakInside") == "avoid"
    assert tab.evaluate("getComputedStyle(document.querySelector('thead')).display") == "table-header-group"
