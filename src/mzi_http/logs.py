"""Logging: one form for mzi's own lines and everybody else's, with nothing secret or personal in them."""

import logging
import re
import sys
from collections.abc import Mapping, Sequence
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from mzi_http.settings import Log, LogFormat

REDACTED = "[redacted]"

_SECRET_KEY = re.compile(
    r"token|secret|authorization|api[-_]?key|password|passwd|cookie|credential|e[-_]?mail", re.IGNORECASE
)

_PATTERNS: Sequence[tuple[re.Pattern[str], str]] = (
    (re.compile(r"\bmzi_[0-9a-f]{8}_[\w-]+"), f"mzi_{REDACTED}"),
    (re.compile(r"\b(Bearer|Basic|Zoho-oauthtoken)\s+[\w.~+/=-]+", re.IGNORECASE), rf"\1 {REDACTED}"),
    (
        re.compile(
            r"""(?P<key>\w*(?:token|secret|authorization|api[-_]?key|password|passwd)\w*[\\"']*\s*[:=]\s*[\\"']*)"""
            r"""(?!\[|Bearer|Basic|Zoho-oauthtoken)[^\s\\"',;&}\])]+""",
            re.IGNORECASE,
        ),
        rf"\g<key>{REDACTED}",
    ),
    (re.compile(r"://[^/\s:@]*:[^/\s@]+@"), f"://{REDACTED}@"),
    (re.compile(r"""[^\s@<>"'(),;:\[\]{}=/?&]+(?:@|%40)[\w-]+(?:\.[\w-]+)+"""), REDACTED),
)
"""What is a secret or an address wherever it stands: API keys, credentials, passwords in URLs, e-mail."""


def redacted(text: str) -> str:
    """`text` without anything that looks like a secret or an e-mail address."""
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text


def _cleared(value: object) -> object:
    """`value` with the values of telling keys taken out, however deep they stand."""
    if isinstance(value, Mapping):
        return {k: REDACTED if _SECRET_KEY.search(str(k)) else _cleared(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_cleared(item) for item in value]
    return value


def _by_key(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    return {key: REDACTED if _SECRET_KEY.search(key) else _cleared(value) for key, value in event.items()}


def _by_pattern(render: Processor) -> Processor:
    """`render`, and then every pattern taken out of the finished line: nothing comes after it."""

    def last(logger: WrappedLogger, name: str, event: EventDict) -> str:
        return redacted(str(render(logger, name, event)))

    return last


def _without_query(record: logging.LogRecord) -> bool:
    """An access line of uvicorn without what stands after the `?`, which may be anything."""
    if record.name == "uvicorn.access" and isinstance(record.args, tuple):
        record.args = tuple(a.partition("?")[0] if isinstance(a, str) else a for a in record.args)
    return True


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
    handler.addFilter(_without_query)
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
    root.setLevel(log.level.upper())
    # It tells with each look at the schema that it is about to look.
    logging.getLogger("alembic").setLevel(max(root.level, logging.WARNING))
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
