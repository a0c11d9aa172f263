"""`mzi grade show`: the decision that was kept about a grade, and every earlier one."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from rich.console import RenderableType
from rich.text import Text

from mzi_adapters import private
from mzi_core.grading import Language, RuleId, RuleOutcome, TraceStep, why_superseded
from mzi_core.ports import Cursor
from mzi_core.use_cases import UseCases
from mzi_core.use_cases.kept_decisions import KeptDecision
from mzi_core.values import TenantId
from mzi_http.answers import kept_decision
from mzi_http.cli.console_tables import moment, plain
from mzi_http.cli.grade import graded, plain_sentence, traced, warned
from mzi_http.cli.shell import AsJson, Ended, Given, Shell, Tenant, UsageError

_OUT = Path("-")

_TIMES = ("deadline", "now")
"""What a rule looked at that is a time."""


async def show(
    key: str,
    /,
    *,
    history: bool = False,
    lang: Language = Language.EN,
    html: Annotated[Path | None, Parameter(show_default=False)] = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
    shell: Given,
) -> Ended:
    """Show the decision that was kept about a grade: the sentence, and every rule in order.

    Parameters
    ----------
    key
        What it was recorded as: the composite key of the grade, student_course_assignment.
    history
        Every earlier decision too, and what superseded it and why.
    lang
        The language of the sentences: en or ar.
    html
        Write a page that a browser prints into this new file instead, which only its owner can read; - prints
        the page.
    """
    if html is not None and as_json:
        raise UsageError("Take either --html or --json.")
    whose, key = shell.tenant(tenant), key.strip()
    async with shell.open() as use_cases:
        found = await _all(use_cases, whose, key) if history else [await use_cases.show_decision(whose, key)]
    if html is not None:
        _write(shell, html, found, lang)
    elif as_json:
        told = [kept_decision(each) for each in found]
        shell.json({"items": told} if history else told[0])
    else:
        shell.show(*_shown(found, lang))
    return Ended.WELL


async def _all(use_cases: UseCases, tenant: TenantId, key: str) -> Sequence[KeptDecision]:
    found: list[KeptDecision] = []
    after: Cursor | None = None
    while True:
        page = await use_cases.list_decisions(tenant, key, after=after)
        found += page.items
        if page.next is None:
            return found
        after = page.next


def _write(shell: Shell, path: Path, items: Sequence[KeptDecision], language: Language) -> None:
    from mzi_http.decision_page import decision_page  # noqa: PLC0415  # only this needs it

    page = decision_page(items, language)
    if path == _OUT:
        # what a terminal or its encoding may not pass on, a browser reads from a reference
        shell.line(page.encode("ascii", "xmlcharrefreplace").decode().removesuffix("\n"))
        return
    try:
        # not Path.open, which takes no opener
        with open(path, "x", encoding="utf-8", newline="\n", opener=private.opener) as stream:
            stream.write(page)
    except FileExistsError as error:
        raise UsageError(f"{path} is there already; name a file that is not.") from error
    except OSError as error:
        raise UsageError(f"The page {path} cannot be written: {error.strerror or error}.") from error
    shell.say(f"Wrote the page {path}.")


def _shown(items: Sequence[KeptDecision], language: Language) -> Iterable[RenderableType]:
    record = items[0].record
    decision = record.decision
    yield _headed(items[0], "recorded as ", (plain(record.key), "bold"), ", decided ")
    yield from warned(decision)
    yield ""
    yield traced(map(_step, record.trace))
    yield ""
    yield plain_sentence(decision.explain(language, items[0].zone, record.decided_at))
    for item in items[1:]:
        yield ""
        yield _headed(item, "decided ")
        yield plain_sentence(item.record.decision.reason(language, item.zone))
        if item.superseded is not None:
            why = why_superseded(item.superseded.causes, language)
            yield Text(f"{moment(item.superseded.at)}: {why}", style="dim")


def _headed(item: KeptDecision, *words: str | tuple[str, str]) -> Text:
    decision = item.record.decision
    policy = decision.policy
    return Text.assemble(
        *graded(decision),
        "  ",
        *words,
        moment(item.record.decided_at),
        " by rule ",
        (decision.rule, "bold"),
        f" of {policy.name} {policy.version}",
    )


def _step(told: Any) -> TraceStep:
    """A step as it was told on the day; of its values, which are plain JSON, times are made times again."""
    saw = {
        name: datetime.fromisoformat(value) if name in _TIMES and value is not None else value
        for name, value in told["saw"].items()
    }
    return TraceStep(rule=RuleId(told["rule"]), outcome=RuleOutcome(told["outcome"]), saw=saw)
