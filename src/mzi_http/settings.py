"""What an operator may set: `mzi.toml`, then `MZI_*` in the environment. A name nobody knows is refused."""

from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from mzi_adapters.vault import keys_in
from mzi_core.errors import MziError
from mzi_core.use_cases.access import TenantNameRefused, tenant_id
from mzi_core.use_cases.take_page import PAGE
from mzi_core.values import DEFAULT_TENANT, TenantId
from mzi_http.converters import LARGEST_PORT, offset_from_utc, one_of, text, whole
from mzi_http.notify_settings import Notify
from mzi_http.remote_accounts import Moodle, Zoho
from mzi_http.sources import anything_said, variable_of

if TYPE_CHECKING:
    from typed_settings.types import OptionInfo, OptionList

    from mzi_core.use_cases.tasks import TaskTimes

MEMORY = "memory:"
"""The store that nothing outlives."""

HERE = "."

_BACKENDS = ("sqlite:///", "postgresql://", MEMORY)


class SettingsRefused(MziError):
    """The settings cannot be used; `problems` says every reason."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class LogFormat(StrEnum):
    """How a log line is written."""

    TEXT = "text"
    JSON = "json"


class Proxies(StrEnum):
    """Where proxies are taken from on the way to Zoho, to Moodle and to the receiver of webhooks."""

    NONE = "none"
    ENVIRONMENT = "environment"


class LogLevel(StrEnum):
    """The least that is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


_FEWEST_DAYS, _MOST_DAYS = 4, 36_500

# One function an option, because mypy reads an attrs converter's type only off a function with a name.


def _port(value: object) -> int:
    return whole(value, 1, LARGEST_PORT)


def _records(value: object) -> int:
    return whole(value, 1, 100_000)


def _seconds(value: object) -> int:
    return whole(value, 1, 86_400)


def _days(value: object) -> int:
    """None, or so many that what comes again within 76 hours is known."""
    days = whole(value, 0, _MOST_DAYS)
    if 0 < days < _FEWEST_DAYS:
        raise ValueError(f"must be 0, for ever, or at least {_FEWEST_DAYS}: so long a sender may send again.")
    return days


def _connections(value: object) -> int:
    return whole(value, 1, 1_000)


def _body(value: object) -> int:
    return whole(value, 1, 2**30)


def _level(value: object) -> LogLevel:
    return one_of(value, LogLevel)


def _proxies(value: object) -> Proxies:
    return one_of(value, Proxies)


def _format(value: object) -> LogFormat:
    return one_of(value, LogFormat)


def _keys(value: object) -> tuple[str, ...]:
    """Keys with blanks between them; the sentence repeats none."""
    said = " ".join(map(str, value)) if isinstance(value, tuple | list) else value
    return keys_in(said) if isinstance(said, str) and said.strip() else ()


def _file(value: object) -> str:
    return "" if value == "" else text(value)


def _store(value: object) -> str:
    """A store's address; the sentence never repeats it, for a password may stand in it."""
    url = text(value)
    if not url.startswith(_BACKENDS):
        raise ValueError("must begin with `sqlite:///`, `postgresql://` or `memory:`.")
    return url


def _offset(value: object) -> str:
    return offset_from_utc(value)


def _tenant(value: object) -> TenantId:
    try:
        return tenant_id(text(value))
    except TenantNameRefused as refused:
        raise ValueError(f"is no tenant. {refused}") from None


@attrs.frozen(kw_only=True)
class Http:
    """Where `mzi serve` listens, and the largest request it takes, in bytes and in records."""

    host: str = attrs.field(default="127.0.0.1", converter=text)
    port: int = attrs.field(default=8000, converter=_port)
    max_body: int = attrs.field(default=16 * 2**20, converter=_body)
    max_records: int = attrs.field(default=10_000, converter=_records)


@attrs.frozen(kw_only=True)
class Database:
    """How a database behind the store is used; times in seconds.

    `patience`: how long a session waits for its turn. On PostgreSQL also: `pool_size` connections at most,
    and no statement runs longer than `statement_timeout`.
    """

    patience: int = attrs.field(default=10, converter=_seconds)
    pool_size: int = attrs.field(default=10, converter=_connections)
    statement_timeout: int = attrs.field(default=60, converter=_seconds)


@attrs.frozen(kw_only=True)
class Log:
    """What the service logs, and how."""

    level: LogLevel = attrs.field(default=LogLevel.INFO, converter=_level)
    format: LogFormat = attrs.field(default=LogFormat.TEXT, converter=_format)


@attrs.frozen(kw_only=True)
class Web:
    """How services are reached. Proxies of the environment are HTTPS_PROXY and its kin."""

    proxies: Proxies = attrs.field(default=Proxies.NONE, converter=_proxies)


@attrs.frozen(kw_only=True)
class Secrets:
    """With which keys secrets are kept: those of `key`, or of the file `key_file` names. The first one seals.

    Without a key the access token is kept in a file in `folder`, beside the settings file if not said; it is
    the only secret that is kept then.
    """

    key: tuple[str, ...] = attrs.field(default=(), converter=_keys, repr=False)
    key_file: str = attrs.field(default="", converter=_file)  # no Path: typed-settings would make it absolute
    folder: str = attrs.field(default=HERE, converter=text)


@attrs.frozen(kw_only=True)
class EventLog:
    """For how many days events are kept after they were received; 0: for ever.

    `keep_refused`: those that are parked or dead, which wait for a person.
    """

    keep_taken: int = attrs.field(default=90, converter=_days)
    keep_refused: int = attrs.field(default=0, converter=_days)


def _history_days(value: object) -> int:
    return whole(value, 0, _MOST_DAYS)


@attrs.frozen(kw_only=True)
class History:
    """For how many days it is kept what was changed of records; 0: for ever."""

    keep: int = attrs.field(default=730, converter=_history_days)


def _minutes(value: object) -> int:
    return whole(value, 5, 7 * 24 * 60)


@attrs.frozen(kw_only=True)
class Tasks:
    """After how many minutes the tasks are run again that look for what nobody tells of."""

    settle_grades: int = attrs.field(default=60, converter=_minutes)
    reconcile: int = attrs.field(default=60, converter=_minutes)
    find_marks: int = attrs.field(default=360, converter=_minutes)

    def times(self) -> "TaskTimes":
        """The same as durations."""
        from mzi_core.use_cases.tasks import TaskTimes  # noqa: PLC0415  # few commands run any

        return TaskTimes(
            settle_grades=timedelta(minutes=self.settle_grades),
            reconcile=timedelta(minutes=self.reconcile),
            find_marks=timedelta(minutes=self.find_marks),
        )


@attrs.frozen(kw_only=True)
class Settings:
    """All of them. `page`: how many records of a file are taken in one transaction.

    `offset`: the offset from UTC of the moments in exports, which say none, such as `+03:00`.

    `zoho` and `moodle` are the accounts of the tenant that `tenant` names, and of no other.
    """

    store: str = attrs.field(default="sqlite:///mzi.db", converter=_store, repr=False)
    tenant: TenantId = attrs.field(default=DEFAULT_TENANT, converter=_tenant)
    page: int = attrs.field(default=PAGE, converter=_records)
    offset: str = attrs.field(default="", converter=_offset)
    database: Database = attrs.field(factory=Database)
    zoho: Zoho = attrs.field(factory=Zoho)
    moodle: Moodle = attrs.field(factory=Moodle)
    web: Web = attrs.field(factory=Web)
    secrets: Secrets = attrs.field(factory=Secrets)
    events: EventLog = attrs.field(factory=EventLog)
    history: History = attrs.field(factory=History)
    tasks: Tasks = attrs.field(factory=Tasks)
    notify: Notify = attrs.field(factory=Notify)
    http: Http = attrs.field(factory=Http)
    log: Log = attrs.field(factory=Log)


@cache  # to find them is to read the source of every class, for its comments
def options() -> "OptionList":
    """Every option with its dotted path, in order."""
    from typed_settings.cls_utils import deep_options  # noqa: PLC0415  # as in `load`

    return deep_options(Settings)


def variable(option: "OptionInfo") -> str:
    """The environment variable of an option."""
    return variable_of(option.path)


def load(file: Path | None = None) -> Settings:
    """The settings in force; `file` comes before the one MZI_SETTINGS names. Raises SettingsRefused."""
    if file is None and not anything_said():
        return Settings()
    # Only here: typed-settings takes longer to import than most commands need in all.
    from mzi_http.loading import read  # noqa: PLC0415

    return read(file)
