"""Logging: one form for mzi's own lines and everybody else's, with nothing secret or personal in them."""

import logging
import re
import sys
from collections.abc import Mapping
from itertools import islice
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from mzi_core.secrecy import REDACTED, without_addresses, without_secrets
from mzi_http.settings import Log, LogFormat

_SECRET_KEY = re.compile(
    r"token|secret|authorization|api[-_]?key|password|passwd|cookie|credential|e[-_]?mail", re.IGNORECASE
)

LONGEST = 8000
"""Characters of one value in a line; of a longer one the beginning and the end are told."""

_END = 2000  # of a longer one, in characters; the end of a traceback says what happened
_LOOKED_AT = 64 * 2**10  # at either end of a longer one: a secret across that border is not told at all

MOST = 50
"""Items of a list or an object in a line."""

_DEEPEST = 6

_LONGEST_PATH = 300

OURS = ("mzi", "mzi_core", "mzi_adapters", "mzi_http", "uvicorn")
"""Whose loggers have the level that is set, with all under them. What other libraries tell below a warning is
what they were given: the values of statements, headers with a token, people's names."""

_OUT_OF_FILES = "socket.accept() out of system resource"
_EVERY = 10.0  # seconds


def redacted(text: str) -> str:
    """`text` without anything that looks like a secret or an e-mail address; of a very long one the ends."""
    return _without_secrets(text) if len(text) <= 2 * _LOOKED_AT else _shortened(text)


def _without_secrets(text: str) -> str:
    return without_addresses(without_secrets(text))


def _shortened(text: str) -> str:
    """The ends of a long text: redacted before they are cut off, or half a secret could be left."""
    beginning = _without_secrets(text[:_LOOKED_AT])[: LONGEST - _END]
    end = _without_secrets(text[-_LOOKED_AT:])[-_END:]
    return f"{beginning} … cut, of {len(text):,} characters … {end}"


def _bounded(text: str) -> str:
    return text if len(text) <= LONGEST else _shortened(text)


def _cleared(value: object, deep: int = 0) -> object:
    """`value` within bounds, and with the values of telling keys taken out, however deep they stand."""
    match value:
        case str():
            return _bounded(value)
        case None | bool() | int() | float():
            return value
        case _ if deep == _DEEPEST:
            return "…"
        case Mapping():
            return {
                _bounded(str(k)): REDACTED if _SECRET_KEY.search(_bounded(str(k))) else _cleared(v, deep + 1)
                for k, v in islice(value.items(), MOST)
            }
        case list() | tuple() | set() | frozenset():
            return [_cleared(item, deep + 1) for item in islice(value, MOST)]
    return _bounded(repr(value))


def _by_key(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    return {key: REDACTED if _SECRET_KEY.search(key) else _cleared(value) for key, value in event.items()}


def _by_pattern(render: Processor) -> Processor:
    """`render`, and then every pattern taken out of the finished line: nothing comes after it."""

    def last(logger: WrappedLogger, name: str, event: EventDict) -> str:
        return _without_secrets(str(render(logger, name, event)))

    return last


def _in_short(record: logging.LogRecord) -> bool:
    """An access line of uvicorn: of the path the beginning, and nothing of what stands after the `?`."""
    if record.name == "uvicorn.access" and isinstance(record.args, tuple):
        record.args = tuple(_path(a) if isinstance(a, str) else a for a in record.args)
    return True


def _is_told(record: logging.LogRecord) -> bool:
    """Whether a line is one of ours or a warning: whatever level another library has given its own logger."""
    return record.levelno >= logging.WARNING or record.name.partition(".")[0] in OURS


class _Seldom:
    """Lets asyncio say once in a while that it is out of files; it says so thousands of times a second."""

    def __init__(self) -> None:
        self._said_at = 0.0

    def __call__(self, record: logging.LogRecord) -> bool:
        if record.name != "asyncio" or _OUT_OF_FILES not in str(record.msg):
            return True
        is_news = record.created - self._said_at >= _EVERY
        if is_news:
            self._said_at = record.created
        return is_news


def _path(said: str) -> str:
    path = said.partition("?")[0]
    return path if len(path) <= _LONGEST_PATH else f"{path[:_LONGEST_PATH]}…"


def set_up(log: Log, stream: TextIO | None = None) -> None:
    """Send all loggers' lines through one handler to `stream` (standard error), in place of earlier ones."""
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *before,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.addFilter(_is_told)
    handler.addFilter(_in_short)
    handler.addFilter(_Seldom())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_exceptions(log.format),
                _by_key,
                _by_pattern(_renderer(log.format, handler.stream)),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    level = logging.getLevelNamesMapping()[log.level.upper()]
    root.setLevel(max(level, logging.WARNING))
    for name in OURS:
        logging.getLogger(name).setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [], True


def _exceptions(format: LogFormat) -> list[Processor]:
    """Tracebacks without local variables: a token once stood in one."""
    if format is LogFormat.TEXT:
        return [structlog.processors.format_exc_info]
    frames = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    return [structlog.processors.ExceptionRenderer(frames)]


def _renderer(format: LogFormat, stream: TextIO) -> Processor:
    if format is LogFormat.JSON:
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(
        colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
