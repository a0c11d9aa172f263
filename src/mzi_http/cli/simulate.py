"""`mzi grade simulate`: what another policy would make of grades that were given. Nothing is written."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated

from cyclopts import Parameter
from rich.text import Text

from mzi_adapters.files import open_source, read_ndjson
from mzi_core.grading import Grade, SimulatedChange, lint
from mzi_core.ports import Unreadable
from mzi_core.use_cases.grades import read_policy
from mzi_http.answers import grade_change
from mzi_http.cli.console_tables import key, number, plain, table
from mzi_http.cli.shell import AsJson, Ended, Given, Missing, Shell, Tenant, UsageError

SHOWN = 20
"""How many changes are shown; --json has all of them."""

_WORDS: Mapping[str, object] = {"true": True, "false": False, "null": None}
_NOT_PART = ("key", "student", "name", "expected")
"""What a line of a file of markings may have beside the marking."""


Changes = Annotated[Sequence[str], Parameter(name="--set")]


async def simulate(
    *,
    policy: str,
    changes: Changes = (),
    file: str | None = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
    shell: Given,
) -> Ended:
    """Judge decisions that were recorded, or markings of a file, by another policy.

    Parameters
    ----------
    policy
        The built-in policy to begin with; `mzi grade policies` lists them.
    changes
        merit_from=3.2: change a field of it; may be said several times.
    file
        One marking a line as JSON, in place of recorded decisions; judged before by the tenant's policy.
    """
    other = policy_data(policy, changes)
    problems = [problem.sentence for problem in lint(read_policy(other))]
    for problem in problems:
        shell.say(f"Wrong with this policy: {problem}")
    markings = None if file is None else _markings(file)
    missing = Missing.REFUSE if file is None else Missing.EMPTY
    async with shell.open(missing) as use_cases:
        found = [change async for change in use_cases.simulate_grades(shell.tenant(tenant), other, markings)]
    if as_json:
        shell.json({"problems": problems, "changes": [grade_change(change) for change in found]})
        return Ended.WELL
    _show(shell, found, None if markings is None else len(markings))
    return Ended.WELL


def policy_data(base: str, changes: Sequence[str]) -> dict[str, object]:
    """A built-in policy with some fields changed, as plain data. Raises UsageError."""
    return {"base": base, **dict(map(_change, changes))}


def _change(text: str) -> tuple[str, object]:
    name, given, value = text.partition("=")
    if not given:
        raise UsageError(f"--set {text}: write it as merit_from=3.2.")
    return name, _WORDS.get(value, value)


def _markings(file: str) -> dict[str, Mapping[str, object]]:
    """The markings of a file by their keys: `key` or `student`, else the number of the line."""
    found: dict[str, Mapping[str, object]] = {}
    with open_source(file) as source:
        for item in read_ndjson(source):
            record = item.read()
            if not isinstance(record, dict):
                said = record.said if isinstance(record, Unreadable) else "is no JSON object."
                raise UsageError(f"{source.name}, line {item.line} {said}")
            name = next(
                (str(record[part]) for part in _NOT_PART[:2] if record.get(part)), f"line {item.line}"
            )
            if name in found:
                raise UsageError(f"{source.name}, line {item.line}: a second marking of `{name}`.")
            found[name] = {part: value for part, value in record.items() if part not in _NOT_PART}
    return found


def _grades(grades: tuple[Grade, Grade]) -> str:
    """A grade, and what it settles into where that is another."""
    grade, settled = grades
    return grade.value if settled is grade else f"{grade} → {settled}"


def _show(shell: Shell, found: Sequence[SimulatedChange[str]], judged: int | None) -> None:
    if not found:
        shell.show("No grade would change." if judged is None else f"None of {judged:,} grades would change.")
        return
    of = "" if judged is None else f" of {judged:,}"
    counts = Counter((_grades(change.before), _grades(change.after)) for change in found)
    grades = "grade" if len(found) == 1 and not of else "grades"
    shell.show(f"{len(found):,}{of} {grades} would change:", "")
    shown = table(key("from"), key("to"), number("grades"))
    for (before, after), many in counts.most_common():
        shown.add_row(before, after, f"{many:,}")
    listed = table(key("key"), key("from"), key("to"), "why")
    for change in found[:SHOWN]:
        listed.add_row(plain(change.key), _grades(change.before), _grades(change.after), plain(change.why()))
    shell.show(shown, "", listed)
    if len(found) > SHOWN:
        shell.show(Text(f"… and {len(found) - SHOWN:,} more; --json has all of them.", style="dim"))
