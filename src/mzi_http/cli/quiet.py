"""What is logged while a command runs without --debug."""

import logging


def set_up() -> None:
    """Have warnings logged as `logs` writes them; what that takes is imported when there is one."""
    root = logging.getLogger()
    root.handlers = [_First(logging.WARNING)]
    root.setLevel(logging.WARNING)


class _First(logging.Handler):
    """Stands in for the real handler; structlog takes longer to import than most commands take to run."""

    def emit(self, record: logging.LogRecord) -> None:
        """Put the real one in this one's place, and give it the line."""
        from mzi_http import logs  # noqa: PLC0415  # here, and not before
        from mzi_http.settings import Log, LogLevel  # noqa: PLC0415

        logs.set_up(Log(level=LogLevel.WARNING))
        for handler in logging.getLogger().handlers:
            handler.handle(record)
