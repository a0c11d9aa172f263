"""The answer to what nobody foresaw."""

import logging
import secrets
import traceback

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mzi_http.errors import UNFORESEEN, Problem

_log = logging.getLogger(__name__)


class ErrorBoundary:
    """Answers 500 with a reference for what nobody foresaw, and logs where in the code it came from.

    Neither the answer nor the log has the error's message, for it may quote a record.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, and watch."""
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:
            if scope["type"] != "http":
                raise
            reference = secrets.token_hex(6)
            _log.error("Unforeseen, reference %s: %s", reference, _places(error))
            if begun:
                raise RuntimeError(f"An answer broke off, reference {reference}") from None
            problem = Problem(
                UNFORESEEN,
                f"Something went wrong that nobody foresaw. The log has it under the reference {reference}.",
                more={"reference": reference},
            )
            await problem.response()(scope, receive, send)


def _places(error: BaseException) -> str:
    """The classes of an error and its causes, and the lines they came from, without any of their values."""
    said: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(said) < 10:  # noqa: PLR2004  # a cycle of causes must end
        said.append(f"{type(cause).__name__}\n{''.join(traceback.format_tb(cause.__traceback__))}")
        cause = cause.__cause__ or cause.__context__
    return "caused by ".join(said)
