"""Decisions on one page of HTML, in English or Arabic, to be read in a browser and printed on A4.

Without Jinja2: a bare install must be able to write the page to a file, it is one page, and every text on it
goes through one function that escapes. It has no script and loads nothing; `CONTENT_SECURITY_POLICY` holds a
browser to that.
"""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from hashlib import sha256
from html import escape
from typing import Any

from mzi_core.grading import (
    Grade,
    GradeKey,
    Language,
    RuleId,
    RuleOutcome,
    parse_key,
    why_superseded,
)
from mzi_core.grading.sentence_texts import COMMA, GRADES, MONTHS
from mzi_core.ports import DecisionRecord
from mzi_core.use_cases.kept_decisions import KeptDecision
from mzi_http.decision_words import FACTS, OUTCOMES, RULES, WORDS, YES_NO, Words

LONGEST_TEXT = 1000
"""Characters of a text that is quoted, such as the feedback; a longer one is cut and ends in an ellipsis."""

_STYLE = """
@page { size: A4; margin: 18mm 16mm }
* { box-sizing: border-box }
body { margin: 0; color: #1a1a1a; background: #fff; line-height: 1.5;
  font-family: "Noto Sans", "Segoe UI", "Helvetica Neue", Arial, "Noto Naskh Arabic", "Noto Sans Arabic",
    sans-serif }
body:lang(ar) { line-height: 1.75;
  font-family: "Noto Naskh Arabic", "Noto Sans Arabic", "Segoe UI", Tahoma, Arial, sans-serif }
main { max-width: 46rem; margin: 0 auto; padding: 2rem 1rem }
h1 { font-size: 1.6rem; margin: 0 0 .25rem }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; border-bottom: 1px solid #999; padding-bottom: .2rem }
h3 { font-size: 1rem; margin: 0 }
.grade { font-size: 1.3rem; font-weight: bold; border: 2px solid #1a1a1a; padding: 0 .6rem;
  display: inline-block }
.said { white-space: pre-line; font-size: 1.05rem; border-inline-start: 4px solid #1a1a1a;
  padding: .3rem .9rem; margin: 1rem 0 }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; margin: 0 }
dt { color: #444 }
dd { margin: 0; overflow-wrap: anywhere }
table { width: 100%; border-collapse: collapse; font-size: .85rem }
th, td { text-align: start; vertical-align: top; padding: .3rem .5rem; border-bottom: 1px solid #ccc;
  overflow-wrap: anywhere }
thead { display: table-header-group }
tr, article, .said, dl { break-inside: avoid }
h2, h3 { break-after: avoid }
tr.held { font-weight: bold; background: #eee }
tr.idle { color: #555 }
article { margin: 1rem 0; padding: .6rem .9rem; border: 1px solid #bbb }
article .said { margin: .5rem 0; font-size: 1rem }
article p { margin: .4rem 0 }
.quoted { border-inline-start: 2px solid #999; padding-inline-start: .5rem }
code { font-size: .85em; font-family: "Noto Sans Mono", Consolas, Menlo, monospace }
small { color: #444 }
@media print { main { max-width: none; padding: 0 } body { font-size: 10.5pt }
  tr.held { background: none } tr.held td:first-child { border-inline-start: 3px solid #1a1a1a } }
"""

_DIGEST = b64encode(sha256(_STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""Nothing but the page itself and its own style."""


def decision_page(items: Sequence[KeptDecision], language: Language, *, more: bool = False) -> str:
    """The page about the first of `items`; the others are its history, in their order; is there `more` of it?

    One item alone makes a page without a history. Times are told in the zone of the first.
    """
    return "".join(_Page(language, items[0].zone).made(items, more=more))


class _Page:
    def __init__(self, language: Language, zone: tzinfo) -> None:
        self.language = language
        self.zone = zone
        self.words = {name: escape(word) for name, word in WORDS[language].items()}

    def made(self, items: Sequence[KeptDecision], *, more: bool) -> Iterator[str]:
        record = items[0].record
        words = self.words
        title = f"{words['title']}: {escape(record.key)}"
        direction = "rtl" if self.language is Language.AR else "ltr"
        yield f'<!doctype html>\n<html lang="{self.language}" dir="{direction}">\n<head>\n'
        yield '<meta charset="utf-8">\n'
        yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        yield f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        yield f"<h1>{words['title']}</h1>\n{self.grades(record)}\n"
        said = record.decision.explain(self.language, self.zone, record.decided_at)
        yield f"{_said(said)}\n<dl>\n{''.join(self.about(record))}</dl>\n"
        yield from self.trace(record)
        if len(items) > 1 or more:
            yield f"<h2>{words['earlier']}</h2>\n"
            for item in items[1:]:
                yield from self.earlier(item)
            if more:
                yield f"<p>{words['more']}</p>\n"
        yield f"<p><small>{words['footer']} {_apart(self.zone_name(record.decided_at))}.</small></p>\n"
        yield "</main>\n</body>\n</html>\n"

    def grades(self, record: DecisionRecord) -> str:
        decision = record.decision
        shown = f'<p>{self.words["grade"]} <bdi class="grade">{self.word(decision.published)}</bdi>'
        if decision.settled is not decision.published:
            shown += f" {self.words['settles']} <bdi>{self.word(decision.settled)}</bdi>"
        return f"{shown}</p>"

    def word(self, grade: Grade) -> str:
        return escape(GRADES[self.language][grade])

    def about(self, record: DecisionRecord) -> Iterator[str]:
        decision, words = record.decision, self.words
        yield from self.whose(record.key)
        yield _fact(words["attempt"], _apart(decision.marking.attempt_shown))
        yield _fact(words["decided"], self.time(record.decided_at))
        version = f"{words['version']} {_apart(decision.policy.version)}"
        yield _fact(words["policy"], f"{_apart(decision.policy.name)}, {version}")
        yield _fact(words["by"], self.rule(decision.rule))
        # students read the page, and nothing of their marking before it is released
        for note in () if decision.rule is RuleId.NOT_RELEASED else decision.notes(self.language):
            yield _fact(words["notes"], escape(note))

    def whose(self, key: str) -> Iterator[str]:
        try:
            parts = parse_key(key)
        except ValueError:
            parts = None
        if isinstance(parts, GradeKey):
            for name in ("student", "course", "assignment"):
                yield _fact(self.words[name], _apart(getattr(parts, name)))
            yield _fact(self.words["key"], f"{_apart(key)} ({self.words['ids']})")
        else:
            yield _fact(self.words["key"], _apart(key))

    def trace(self, record: DecisionRecord) -> Iterator[str]:
        words = self.words
        yield f"<h2>{words['reached']}</h2>\n<p>{words['order']}</p>\n<table>\n<thead><tr>"
        yield "".join(f'<th scope="col">{words[name]}</th>' for name in ("rule", "outcome", "looked"))
        yield "</tr></thead>\n<tbody>\n"
        for step in record.trace:
            yield self.step(step)
        yield "</tbody>\n</table>\n"

    def step(self, step: Mapping[str, Any]) -> str:
        outcome = step["outcome"]
        style = {RuleOutcome.HELD: ' class="held"', RuleOutcome.NOT_REACHED: ' class="idle"'}.get(outcome, "")
        looked = "<br>".join(
            f"{self.named(FACTS, name)}: {self.value(name, value)}" for name, value in step["saw"].items()
        )
        cells = (self.rule(step["rule"]), self.named(OUTCOMES, outcome), looked)
        return f"<tr{style}>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>\n"

    def earlier(self, item: KeptDecision) -> Iterator[str]:
        record = item.record
        yield f"<article>\n<h3>{self.time(record.decided_at)}</h3>\n{self.grades(record)}\n"
        yield _said(record.decision.reason(self.language, self.zone))
        if item.superseded is not None:
            why = why_superseded(item.superseded.causes, self.language)
            yield f"<p>{self.words['until']} {self.time(item.superseded.at)}. {escape(why)}</p>\n"
        yield "</article>\n"

    def rule(self, name: str) -> str:
        code = f"<bdi><code>{escape(name)}</code></bdi>"
        known = RULES[self.language].get(name)
        return code if known is None else f"{escape(known)} {code}"

    def named(self, names: Words, name: str) -> str:
        return escape(names[self.language].get(name, name))

    def value(self, name: str, value: object) -> str:
        read = _READ.get(name)
        if value is not None and read is not None:
            return read(self, value)
        match value:
            case None | "":
                return "–"
            case bool():
                return YES_NO[self.language][not value]
            case _:
                return _apart(value)

    def quoted(self, value: object) -> str:
        text = " ".join(str(value).split())
        short = text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"
        return f'<div class="quoted" dir="auto">{escape(short)}</div>' if short else "–"

    def moment(self, value: object) -> str:
        return self.time(datetime.fromisoformat(str(value)))

    def number(self, value: Any) -> str:
        text = str(value)
        return _apart(text.rstrip("0").rstrip(".") if "." in text else text)

    def counted(self, value: Any) -> str:
        return _apart(value + 1)

    def time(self, at: datetime) -> str:
        local = at.astimezone(self.zone)
        day = f"{local.day} {MONTHS[self.language][local.month - 1]} {local.year}"
        told = f"{day}{COMMA[self.language]}{local:%H:%M}"
        return f'<time datetime="{at.astimezone(UTC).isoformat()}">{_apart(told)}</time>'

    def zone_name(self, at: datetime) -> str:
        return str(getattr(self.zone, "key", f"{at.astimezone(self.zone):%Z}"))


_READ: Mapping[str, Callable[[_Page, Any], str]] = {
    **dict.fromkeys(("feedback", "found"), _Page.quoted),
    "deadline": _Page.moment,
    "now": _Page.moment,
    "attempt": _Page.counted,
    **dict.fromkeys(
        ("raw", "points", "lowest", "highest", "pass_from", "merit_from", "distinction_from"), _Page.number
    ),
}
"""How values are shown that are not shown as they are; attempts are counted from 1 where people read."""


def _said(text: str) -> str:
    return f'<p class="said">{escape(text)}</p>'


def _fact(name: str, value: str) -> str:
    return f"<dt>{name}</dt><dd>{value}</dd>\n"


def _apart(value: object) -> str:
    """A value whose direction of writing is its own affair."""
    return f"<bdi>{escape(str(value))}</bdi>"
