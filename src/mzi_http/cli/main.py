"""The whole command line put together, and how it ends."""

import inspect
import os
import sys
import traceback
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import parse_qsl, urlsplit

import attrs
from cyclopts import App, CycloptsError, Parameter
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from mzi_core.errors import FieldsMissing, GatewayError, MziError, StoreError
from mzi_http.cli import quiet
from mzi_http.cli.console_tables import plain
from mzi_http.cli.shell import Ended, Shell, UsageError
from mzi_http.sources import anything_said

if TYPE_CHECKING:
    from mzi_http.settings import Settings

_COMMANDS: Mapping[str, str] = {
    "demo": "demo:demo",
    "sync": "sync:sync",
    "pull": "pull:pull",
    "push": "push:push",
    "deliver": "deliver:deliver",
    "drift": "drift:drift",
    "doctor": "doctor:doctor",
    "moodle setup": "moodle_setup:setup",
    "status": "overview:status",
    "list": "browse:list_records",
    "show": "records:show",
    "take": "events:take",
    "events list": "events:list_events",
    "events show": "events:show_event",
    "events replay": "events:replay_event",
    "deliveries status": "deliveries:status",
    "deliveries list": "deliveries:list_deliveries",
    "deliveries show": "deliveries:show_delivery",
    "deliveries redrive": "deliveries:redrive",
    "deliveries pause": "deliveries:pause",
    "deliveries resume": "deliveries:resume",
    "plan list": "plans:list_plans",
    "plan show": "plans:show_plan",
    "plan approve": "plans:approve",
    "plan reject": "plans:reject",
    "review list": "review:list_reviews",
    "review show": "review:show_review",
    "review choose": "review:choose",
    "review dismiss": "review:dismiss",
    "runs list": "overview:list_runs",
    "runs show": "overview:show_run",
    "modules": "records:modules",
    "fields": "fields:fields",
    "grade explain": "grade:explain",
    "grade show": "shown_decisions:show",
    "grade marks": "decided_marks:marks",
    "grade policies": "grade:policies",
    "grade choose": "grade:choose",
    "grade simulate": "simulate:simulate",
    "rules show": "rules:show",
    "rules set": "rules:set_rules",
    "rules check": "rules:check",
    "db upgrade": "administration:upgrade",
    "db check": "administration:check",
    "db status": "administration:status",
    "db clean": "administration:clean",
    "keys new": "administration:new",
    "keys list": "administration:list_keys",
    "keys revoke": "administration:revoke",
    "secrets new-key": "secrets:new_key",
    "secrets reseal": "secrets:reseal",
    "sources add": "event_sources:add",
    "sources list": "event_sources:list_sources",
    "sources rotate": "event_sources:rotate",
    "sources revoke": "event_sources:revoke",
    "sources sign": "event_sources:sign",
    "task list": "tasks:list_tasks",
    "task run": "tasks:run_task",
    "notify test": "notify:try_out",
    "notify status": "notify:status",
    "tenants add": "administration:add",
    "tenants list": "administration:list_tenants",
    "tenants zone": "administration:zone",
    "bench": "bench:bench",
    "serve": "serve:serve",
    "worker": "work_off:worker",
}
"""Every command, and the function behind it, which is imported when the command is asked for: all of them
together take longer to import than most commands take to run."""

_GROUPS: Mapping[str, str] = {
    "moodle": "What Moodle needs before mzi can work with it.",
    "runs": "What was done of late.",
    "events": "What Zoho and Moodle told.",
    "deliveries": "What is due, and how the flows stand.",
    "plan": "What the brake holds, until a person decides.",
    "review": "What a person must decide, and deciding it.",
    "grade": "What grades come to and why, and the policies behind them.",
    "rules": "What mzi may do by itself.",
    "db": "The schema of the store.",
    "keys": "The keys that open the service.",
    "secrets": "With which key secrets are kept.",
    "sources": "Who may send events.",
    "task": "What is done by the clock.",
    "notify": "Telling people what waits for them.",
    "tenants": "Whose data is kept.",
}

_BY_ITSELF: Mapping[str, str] = {"deliveries": "status"}
"""Groups that may be asked for by themselves, and which of their commands that is."""


_LONE_HYPHEN = "\0-"
"""Stands for a `-` by itself while the command line is understood; nobody can type it. cyclopts takes one for
an option, and if the names of files may begin with a hyphen, it takes every option behind them for a file."""


def run(tokens: Sequence[str]) -> int:
    """Run one command line and give its exit code; whatever goes wrong is told in a sentence."""
    tokens = [_LONE_HYPHEN if each == "-" else each for each in tokens]
    out, err = _Output(), _Output(stderr=True)
    app = _app(out, err)
    if not set(app.help_flags).isdisjoint(tokens):
        _describe_listed(app, tokens)
    try:
        ended = app.meta(tokens, console=out, error_console=err)
    except CycloptsError as error:
        said = str(error).replace(_LONE_HYPHEN, "-").replace(repr(_LONE_HYPHEN), repr("-"))
        ended = _told(err, said, Ended.MISUSED)
    return ended.code if isinstance(ended, Ended) else Ended.WELL.code


class _Output(Console):
    """Shows text as it is, for nothing in a record is markup, and none of it can steer the terminal."""

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, markup=False, highlight=False, emoji=False)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Whatever is printed comes through here: all of its characters can be seen, whoever wrote them.

        A column whose text was made `plain` before keeps its width; here only what was forgotten is left.
        """
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else plain(text), style, control)

    def on_broken_pipe(self) -> None:
        """End without a word, as other programs do, when `head` has seen enough."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(Ended.UNHEARD.code)


def _version() -> str:
    from mzi_http.release import title  # noqa: PLC0415  # nothing else needs it

    return title()


def _app(out: Console, err: Console) -> App:
    app = App(
        name="mzi",
        help="Keeps a BTEC college's Zoho CRM and Moodle in agreement, and explains every grade.",
        version=_version,
        version_flags=["--version"],
        version_format="plaintext",
        help_epilogue="Exit codes: "
        + ", ".join(f"{ended.code} {ended.value}" for ended in Ended)
        + ". Set options in mzi.toml or in MZI_* variables.",
        default_parameter=Parameter(negative=()),
        result_action="return_value",
        print_error=False,
        exit_on_error=False,
    )
    app.meta.print_error = app.meta.exit_on_error = app.meta.suppress_keyboard_interrupt = False
    groups = {name: App(name=name, help=help) for name, help in _GROUPS.items()}
    for words, place in _COMMANDS.items():
        group, _, name = words.rpartition(" ")
        (groups[group] if group else app).command(f"mzi_http.cli.{place}", name=name)
    for each in groups.values():
        app.command(each)

    @app.meta.default
    def launch(
        *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
        settings: Path | None = None,
        store: str | None = None,
        debug: bool = False,
    ) -> Ended:
        """Run one command.

        Parameters
        ----------
        settings
            The settings file, instead of mzi.toml.
        store
            The store's address, such as sqlite:///mzi.db, instead of the one in the settings.
        debug
            Show where an error comes from.
        """
        try:
            tokens = _completed(app, tokens)
            _describe_listed(app, tokens)
            command, bound, given = app.parse_args(tokens, console=out, error_console=err)
            bound.arguments.update({name: _typed(value) for name, value in bound.arguments.items()})
            if given:
                read = cache(partial(_settings, settings, store))
                if settings or store or anything_said():
                    read()  # what is wrong there is told, whether this command needs them or not
                shell = Shell(read=read, out=out, err=err, settings_file=settings)
                if debug:
                    from mzi_http import logs  # noqa: PLC0415  # for those who look for an error

                    logs.set_up(shell.settings.log)
                else:
                    quiet.set_up()
                if store is not None and _has_password(store):
                    shell.say(
                        "The password in --store stands in the list of processes, where everybody on this "
                        "machine can read it; set MZI_STORE to the address instead."
                    )
                bound.arguments.update(dict.fromkeys(given, shell))
            ended = command(*bound.args, **bound.kwargs)
            if inspect.isawaitable(ended):
                import asyncio  # noqa: PLC0415  # not every command waits for something

                ended = asyncio.run(_awaited(ended))
        except KeyboardInterrupt:
            return _told(err, "Stopped.", Ended.STOPPED)
        except CycloptsError:
            raise
        except Exception as error:
            if debug:
                err.print(_redacted(traceback.format_exc()), style="dim", soft_wrap=True)
            return _told(err, *meaning(error))
        return ended if isinstance(ended, Ended) else Ended.WELL

    return app


def _typed(value: object) -> object:
    """An argument as it was typed."""
    if isinstance(value, tuple | list):
        return type(value)(map(_typed, value))
    if value == _LONE_HYPHEN:
        return "-"
    return Path("-") if value == Path(_LONE_HYPHEN) else value


def _completed(app: App, tokens: Sequence[str]) -> tuple[str, ...]:
    """The tokens, and the command that a group is by itself where they name the group alone."""
    named, _, rest = app.parse_commands(tokens)
    is_alone = len(named) == 1 and (not rest or rest[0].startswith("-"))
    if is_alone and named[0] in _BY_ITSELF and set(app.help_flags).isdisjoint(rest):
        return (*named, _BY_ITSELF[named[0]], *rest)
    return tuple(tokens)


def _describe_listed(app: App, tokens: Sequence[str]) -> None:
    """Say of the commands of the group that the tokens name what they do, if they name no command.

    What a command does is said in its docstring and nowhere else; it is read there without importing it.
    """
    named = app.parse_commands([token for token in tokens if token not in app.help_flags])[1][-1]
    if named.default_command is not None:
        return
    of = named.name[0] if named.name[0] in _GROUPS else ""
    for words, place in _COMMANDS.items():
        group, _, name = words.rpartition(" ")
        if group == of:
            del named[name]
            named.command(f"mzi_http.cli.{place}", name=name, help=_first_line(place))


def _first_line(place: str) -> str:
    """The first line of the docstring of a command's function."""
    import ast  # noqa: PLC0415  # for help alone

    file, _, function = place.partition(":")
    read = ast.parse(Path(__file__).with_name(f"{file}.py").read_text("utf-8"))
    found = next(
        each
        for each in read.body
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and each.name == function
    )
    return (ast.get_docstring(found) or "").partition("\n")[0]


async def _awaited(command: Awaitable[Ended]) -> Ended:
    return await command


def _settings(file: Path | None, store: str | None) -> "Settings":
    from mzi_http.settings import load  # noqa: PLC0415  # not every command needs them

    settings = load(file)
    try:
        return settings if store is None else attrs.evolve(settings, store=store)
    except ValueError as error:
        raise UsageError(f"--store {error}") from error


def _has_password(store: str) -> bool:
    """Whether a password stands in a store's address, before the host or after the `?`."""
    try:
        parts = urlsplit(store)
        return bool(parts.password) or any("pass" in name for name, _ in parse_qsl(parts.query))
    except ValueError:
        return False


def _redacted(text: str) -> str:
    from mzi_http.logs import redacted  # noqa: PLC0415  # few commands go wrong

    return redacted(text)


def _told(err: Console, sentence: str, ended: Ended) -> Ended:
    err.print(plain(sentence.strip()), style="red", soft_wrap=True)
    return ended


def meaning(error: Exception) -> tuple[str, Ended]:
    """What to say about an error, and how the command ended by it."""
    match error:
        case StoreError():
            return error.told, Ended.NO_STORE
        case GatewayError() | FieldsMissing():
            return error.told, Ended.NO_REMOTE
        case MziError():
            return error.told, Ended.MISUSED
        case _:
            said = _redacted(f"{type(error).__name__}: {error}")
            return f"Nobody foresaw this: {said}. With --debug you see where it comes from.", Ended.UNFORESEEN
