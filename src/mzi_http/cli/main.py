"""The whole command line put together, and how it ends."""

import asyncio
import inspect
import os
import sys
import traceback
from collections.abc import Awaitable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import attrs
from cyclopts import App, CycloptsError, Parameter
from rich.console import Console

from mzi_core.errors import FieldsMissing, GatewayError, MziError, StoreError
from mzi_http import logs
from mzi_http.cli import (
    administration,
    bench,
    demo,
    doctor,
    fields,
    grade,
    pull,
    push,
    records,
    serve,
    sync,
)
from mzi_http.cli.shell import Ended, Shell, Usage
from mzi_http.cli.tables import plain
from mzi_http.settings import Log, LogLevel, Settings, load

GROUPS = (demo, sync, pull, push, doctor, records, fields, grade, administration, bench, serve)


def run(tokens: Sequence[str]) -> int:
    """Run one command line and give its exit code; whatever goes wrong is told in a sentence."""
    out, err = _Output(), _Output(stderr=True)
    app = _app(out, err)
    try:
        ended = app.meta(tokens, console=out, error_console=err)
    except CycloptsError as error:
        ended = _told(err, str(error), Ended.MISUSED)
    return ended.code if isinstance(ended, Ended) else Ended.WELL.code


class _Output(Console):
    """Shows text as it is, for nothing in a record is markup."""

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, markup=False, highlight=False, emoji=False)

    def on_broken_pipe(self) -> None:
        """End without a word, as other programs do, when `head` has seen enough."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(Ended.UNHEARD.code)


def _app(out: Console, err: Console) -> App:
    app = App(
        name="mzi",
        help="Keeps a BTEC college's Zoho CRM and Moodle in agreement, and explains every grade.",
        version=lambda: f"mzi {version('mzi')}",
        version_flags=["--version"],
        help_epilogue="Exit codes: "
        + ", ".join(f"{ended.code} {ended.value}" for ended in Ended)
        + ". Set options in mzi.toml or in MZI_* variables.",
        default_parameter=Parameter(negative=()),
        result_action="return_value",
        print_error=False,
        exit_on_error=False,
    )
    app.meta.print_error = app.meta.exit_on_error = app.meta.suppress_keyboard_interrupt = False
    for group in GROUPS:
        group.register(app)

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
            command, bound, given = app.parse_args(tokens, console=out, error_console=err)
            if given:
                chosen = _settings(settings, store)
                logs.set_up(chosen.log if debug else Log(level=LogLevel.WARNING))
                bound.arguments.update(dict.fromkeys(given, Shell(settings=chosen, out=out, err=err)))
            ended = command(*bound.args, **bound.kwargs)
            if inspect.isawaitable(ended):
                ended = asyncio.run(_awaited(ended))
        except KeyboardInterrupt:
            return _told(err, "Stopped.", Ended.STOPPED)
        except CycloptsError:
            raise
        except Exception as error:
            if debug:
                err.print(logs.redacted(traceback.format_exc()), style="dim", soft_wrap=True)
            return _told(err, *meaning(error))
        return ended if isinstance(ended, Ended) else Ended.WELL

    return app


async def _awaited(command: Awaitable[Ended]) -> Ended:
    return await command


def _settings(file: Path | None, store: str | None) -> Settings:
    settings = load(file)
    try:
        return settings if store is None else attrs.evolve(settings, store=store)
    except ValueError as error:
        raise Usage(f"--store {error}") from error


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
            said = logs.redacted(f"{type(error).__name__}: {error}")
            return f"Nobody foresaw this: {said}. With --debug you see where it comes from.", Ended.UNFORESEEN
