"""What every command works with: the settings, two consoles, and the way to the use cases."""

import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import attrs
from cyclopts import Parameter
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from mzi_core.errors import MziError, StoreUnavailable
from mzi_core.values import TenantId
from mzi_http.cli.console_tables import OneLine, plain_json, settle

if TYPE_CHECKING:
    from mzi_core.use_cases import UseCases
    from mzi_http.settings import Settings


class Ended(StrEnum):
    """How a command ended, in the words of its exit code."""

    code: int

    def __new__(cls, value: str, code: int) -> "Ended":
        """A member is its text; the exit code stands beside it."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.code = code
        return member

    WELL = "everything was accepted", 0
    REFUSED = "some records were refused, differ, or are held until somebody looks at them", 1
    MISUSED = "the command, the settings or a file cannot be used", 2
    NO_STORE = "the store is not available", 3
    NO_REMOTE = "Zoho, Moodle or another service did not do what was asked", 4
    UNWELL = "the doctor found something red", 5
    UNFORESEEN = "something nobody foresaw", 70
    STOPPED = "stopped by Ctrl-C", 130
    UNHEARD = "nobody read on", 141


class UsageError(MziError):
    """The command line asks for something that cannot be."""


FIRST = 20
"""What a list shows when nobody says how much."""

MOST = 10_000
"""What a list shows at most."""


def check_limit(limit: int, most: int = MOST) -> None:
    """Refuse a --limit that no list can be asked for. Raises UsageError."""
    if not 1 <= limit <= most:
        raise UsageError(f"--limit must be from 1 to {most:,}.")


class Missing(StrEnum):
    """What to do when the store is a SQLite file that is not there yet."""

    REFUSE = "refuse"
    MAKE = "make"
    EMPTY = "empty"
    """Work over nothing, and leave nothing behind."""


@attrs.frozen(kw_only=True)
class Shell:
    """Handed to every command. `out` is for results, `err` for everything that is said beside them.

    The settings, the use cases and all that is behind them are imported when a command first asks for them.
    """

    out: Console
    err: Console
    _read: "Callable[[], Settings]"
    settings_file: Path | None = None
    """The one that --settings names."""

    @property
    def settings(self) -> "Settings":
        """The settings in force. Raises SettingsRefused, Usage."""
        return self._read()

    def show(self, *things: RenderableType) -> None:
        """Print results."""
        for thing in things:
            shown = settle(thing, self.out.width) if isinstance(thing, Table) else thing
            self.out.print(shown, soft_wrap=isinstance(thing, OneLine))

    def say(self, sentence: str) -> None:
        """Tell the person at the terminal something that is no result; elsewhere it stays on one line."""
        self.err.print(sentence, style="dim", soft_wrap=not self.err.is_terminal)

    def note(self, *things: RenderableType) -> None:
        """Show the person at the terminal something that is no result; where nobody sits, it is said too."""
        for thing in things:
            self.err.print(settle(thing, self.err.width) if isinstance(thing, Table) else thing)

    def note_more(self, limit: int, which: str = "first") -> None:
        """Say that a list has more than it shows."""
        self.note(Text(f"The {which} {limit:,}; --limit shows more.", style="dim"))

    @property
    def is_attended(self) -> bool:
        """Whether a person sits at the terminal."""
        return self.err.is_terminal and sys.stdin.isatty()

    def agrees(self, question: str) -> bool:
        """Whether the person at the terminal says yes; where nobody sits, nobody is asked and it is a yes."""
        if not self.is_attended:
            return True
        try:
            return self.err.input(f"{question} [y/N] ", markup=False).strip().lower() in ("y", "yes")
        except EOFError:
            return False

    def json(self, data: object) -> None:
        """Print results as one JSON document."""
        self.line(json.dumps(data, ensure_ascii=False, indent=2))

    def line(self, text: str) -> None:
        """Print a line of JSON, or a word of ASCII, for programs."""
        self.out.out(plain_json(text), highlight=False)

    def tenant(self, name: str | None) -> TenantId:
        """The tenant a command is about: the one it names, else the one of the settings."""
        from mzi_core.use_cases.access import tenant_id  # noqa: PLC0415  # as the class says

        return self.settings.tenant if name is None else tenant_id(name)

    @asynccontextmanager
    async def open(self, missing: Missing = Missing.REFUSE) -> AsyncIterator["UseCases"]:
        """The use cases over the store. Raises StoreUnavailable."""
        from mzi_http import services  # noqa: PLC0415  # as the class says
        from mzi_http.settings import MEMORY  # noqa: PLC0415

        settings = self.settings
        file = services.file_of(settings)
        if file is not None and not file.exists():
            match missing:
                case Missing.REFUSE:
                    raise StoreUnavailable(
                        f"There is no store at {file} yet; `mzi sync` makes it, and so does `mzi db upgrade`."
                    )
                case Missing.MAKE:
                    await services.upgrade(settings)
                    self.say(f"Made the store {file}.")
                case Missing.EMPTY:
                    settings = attrs.evolve(settings, store=MEMORY)
        async with services.open_use_cases(settings) as use_cases:
            yield use_cases


Given = Annotated[Shell, Parameter(parse=False)]
"""The annotation of a command's shell, which no token of the command line fills."""

Limit = Annotated[int, Parameter(show_default=True)]
"""How many a list shows; `check_limit` refuses what cannot be."""

Tenant = Annotated[str | None, Parameter(help="Whose data it is; the tenant of the settings if not said.")]
AsJson = Annotated[bool, Parameter(name="--json", help="Print one JSON document instead of tables.")]
