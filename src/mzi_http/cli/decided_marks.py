"""`mzi grade marks`: what the marks that are stored of Moodle come to. Nothing is kept."""

import json
from collections import Counter
from collections.abc import AsyncIterator

from rich.table import Table
from rich.text import Text

from mzi_core.grading import Decision
from mzi_core.use_cases.decide_marks import DecidedMark
from mzi_core.values import MoodleKey
from mzi_http.answers import judged_mark
from mzi_http.cli.console_tables import identifier, key, plain, table
from mzi_http.cli.grade import graded
from mzi_http.cli.shell import AsJson, Ended, Given, Shell, Tenant

SHOWN = 50
"""How many marks are shown; --json has all of them."""


async def marks(
    *,
    course: str | None = None,
    student: str | None = None,
    policy: str | None = None,
    level: str | None = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
    shell: Given,
) -> Ended:
    """Decide the marks that are stored of Moodle: the grade of each, as of the latest attempt, and why.

    Nothing is kept. A table has the first 50; JSON has all of them with every attempt, and is written as they
    are read.

    Parameters
    ----------
    course
        Only those of this course, by its id in Moodle.
    student
        Only those of this student, by the id in Moodle.
    policy
        The built-in policy to judge by; `mzi grade policies` lists them.
    level
        The programme level (L3, L5, L7), to judge by the tenant's policy for it.
    """
    draw = _as_json if as_json else _as_table
    async with shell.open() as use_cases:
        found = use_cases.decide_marks(
            shell.tenant(tenant),
            course=None if course is None else MoodleKey(course.strip()),
            student=None if student is None else MoodleKey(student.strip()),
            policy=policy,
            level=level,
        )
        await draw(shell, found)
    return Ended.WELL


async def _as_json(shell: Shell, found: AsyncIterator[DecidedMark]) -> None:
    before = '{"marks": ['
    async for each in found:
        shell.line(f"{before}{json.dumps(judged_mark(each), ensure_ascii=False)}")
        before = ","
    shell.line("]}" if before == "," else f"{before}]}}")


async def _as_table(shell: Shell, found: AsyncIterator[DecidedMark]) -> None:
    shown = table(identifier("Moodle key"), key("attempt"), key("grade", style=""), "why")
    counts: Counter[str] = Counter()
    async for each in found:
        if counts.total() < SHOWN:
            _add(shown, each)
        counts[each.decisions[-1].grade if each.decisions else "not judged"] += 1
    if not counts:
        shell.show("No mark is stored that this is about.")
        return
    told = ", ".join(f"{many:,} {grade}" for grade, many in counts.most_common())
    shell.show(f"{counts.total():,} {'mark' if counts.total() == 1 else 'marks'}: {told}.", "", shown)
    if counts.total() > SHOWN:
        said = f"… and {counts.total() - SHOWN:,} more; --json has all of them."
        shell.show(Text(said, style="dim"))


def _add(shown: Table, each: DecidedMark) -> None:
    if each.refused is not None:
        shown.add_row(each.mark.key, "–", "–", Text(plain(" ".join(each.refused.problems)), style="yellow"))
        return
    latest = each.decisions[-1]
    attempt = str(latest.marking.attempt_shown)
    shown.add_row(each.mark.key, attempt, Text.assemble(*graded(latest)), _why(latest))


def _why(decision: Decision) -> str:
    """The rule, and what somebody should look at."""
    return "; ".join([decision.rule, *decision.warnings])
