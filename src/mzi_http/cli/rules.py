"""`mzi rules`: what a college lets mzi do by itself."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.table import Table
from rich.text import Text

from mzi_adapters.files import open_source
from mzi_core.flows.rules import RULES, ChosenRules, Rule, Rules, plain_value
from mzi_http.answers import chosen_rules
from mzi_http.cli.console_tables import key, plain, table
from mzi_http.cli.shell import AsJson, Ended, Given, Missing, Shell, Tenant, UsageError
from mzi_http.jsontext import BadJson, decode

if TYPE_CHECKING:
    from mzi_core.use_cases.rules import RulesChange

LARGEST = 2**20
"""Bytes of a file of rules."""

_MOST_VALUES = 10_000
_SHOWN = 60  # of what was typed, in characters
_WORDS: Mapping[str, bool] = {"true": True, "false": False}


async def show(*, tenant: Tenant = None, as_json: AsJson = False, shell: Given) -> Ended:
    """Show what mzi may do by itself: every rule, what it is, and what it means."""
    async with shell.open(Missing.EMPTY) as use_cases:
        found = await use_cases.show_rules(shell.tenant(tenant))
    if as_json:
        shell.json(chosen_rules(found))
        return Ended.WELL
    shown = table(key("rule"), "value", "", "what it means")
    for name, rule in RULES.items():
        chosen = "chosen" if name in found.chosen else "default"
        shown.add_row(name, _told(found.rules, name), Text(chosen, style="dim"), _meaning(rule))
    shell.show(shown)
    _say_passed_over(shell, found)
    return Ended.WELL


async def set_rules(
    *changes: str,
    reset: Annotated[Sequence[str], Parameter(show_default=False)] = (),
    dry_run: bool = False,
    tenant: Tenant = None,
    as_json: AsJson = False,
    shell: Given,
) -> Ended:
    """Change some rules, and show what they were and are; the others stay. All are saved, or none.

    Parameters
    ----------
    changes
        create_accounts=true, withdrawal=leave, flows=account,course: rules and what they are to be.
    reset
        A rule that is to have its default again; may be said several times.
    dry_run
        Show what would change, and save nothing.
    """
    asked = _asked(changes, reset)
    async with shell.open(Missing.EMPTY if dry_run else Missing.MAKE) as use_cases:
        ask = use_cases.check_rules if dry_run else use_cases.set_rules
        change = await ask(shell.tenant(tenant), asked)
    _show_change(shell, change, as_json=as_json)
    if dry_run:
        shell.say("Nothing was saved.")
    return Ended.WELL


async def check(file: str, /, *, tenant: Tenant = None, as_json: AsJson = False, shell: Given) -> Ended:
    """Say whether the rules of a file can be saved, and what they would change. Nothing is saved.

    Parameters
    ----------
    file
        JSON or TOML with the rules by their names; - is standard input.
    """
    asked = _read(file)
    async with shell.open(Missing.EMPTY) as use_cases:
        change = await use_cases.check_rules(shell.tenant(tenant), asked)
    if not as_json:
        shell.show("These rules can be saved.")
    _show_change(shell, change, as_json=as_json)
    return Ended.WELL


def _asked(changes: Iterable[str], reset: Iterable[str]) -> dict[str, object]:
    """Rules as they were typed, as plain data. Raises UsageError."""
    asked: dict[str, object] = {}
    for name, value in (*map(_change, changes), *((name, None) for name in reset)):
        if name in asked:
            raise UsageError(f"`{plain(name[:_SHOWN])}` is said twice; say once what it is to be.")
        asked[name] = value
    if not asked:
        raise UsageError(
            "Say what is to change, such as create_accounts=true or --reset create_accounts; "
            "`mzi rules show` lists the rules."
        )
    return asked


def _change(text: str) -> tuple[str, object]:
    name, given, value = text.partition("=")
    if not given:
        raise UsageError(f"{plain(text[:_SHOWN])}: write it as NAME=VALUE, such as create_accounts=true.")
    rule = RULES.get(name)
    if rule is not None and rule.is_list:
        return name, [each.strip() for each in value.split(",") if each.strip()]
    return name, value if rule is not None and rule.choices else _WORDS.get(value, value)


def _read(file: str) -> Mapping[str, object]:
    """The rules of a file, as plain data. Raises FileProblem, UsageError."""
    with open_source(file) as source:
        data = source.stream.read(LARGEST + 1)
        name = source.name
    if len(data) > LARGEST:
        raise UsageError(f"{name} is larger than {LARGEST >> 20} MB, which no rules are.")
    try:
        text = data.decode("utf-8-sig")
        read = decode(data, _MOST_VALUES) if text.lstrip().startswith("{") else tomllib.loads(text)
    except UnicodeDecodeError:
        raise UsageError(f"{name} is not UTF-8; save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{name} is neither a JSON object nor TOML that can be read: {error}.") from error
    except BadJson as error:
        raise UsageError(f"{name} is not JSON that can be taken. {error}") from error
    assert isinstance(read, dict)  # noqa: S101  # as is all of TOML, and JSON that begins with a brace
    return read


def _told(rules: Rules, name: str) -> str:
    """What a rule is, in the words in which it is set."""
    match plain_value(rules, name):
        case bool(is_so):
            return "true" if is_so else "false"
        case list(values):
            return ", ".join(values) or "none"
        case value:
            return str(value)


def _meaning(rule: Rule) -> str:
    form = () if rule.entry is None else (f"Each {rule.entry.FORM}.",)
    return "\n".join([rule.meaning, *form, *(f"{choice}: {choice.meaning}" for choice in rule.choices)])


def _show_change(shell: Shell, change: "RulesChange", *, as_json: bool) -> None:
    if as_json:
        before, after = change.before.rules, change.after.rules
        shell.json(
            {
                name: {"before": plain_value(before, name), "after": plain_value(after, name)}
                for name in change.changed
            }
        )
    elif change.changed:
        shell.show("", _table(change))
    else:
        shell.show("Every rule stays as it is.")
    _say_passed_over(shell, change.after)


def _table(change: "RulesChange") -> Table:
    shown = table(key("rule"), "before", "after")
    for name in change.changed:
        shown.add_row(name, _told(change.before.rules, name), _told(change.after.rules, name))
    return shown


def _say_passed_over(shell: Shell, found: ChosenRules) -> None:
    for sentence in found.passed_over:
        shell.say(f"Saved, but passed over: {sentence} `mzi rules set --reset NAME` takes it away.")
