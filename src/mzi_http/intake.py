"""How requests come in: framed in one way only, within a time, and no more of them than memory holds."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mzi_http.errors import BUSY, LONG_ADDRESS, LONG_HEADERS, RETRY_AFTER, TOO_SLOW, TWO_LENGTHS, Problem

BODY_SECONDS = 120.0
"""Until the whole body must be there."""

AT_ONCE = 4
"""So many bodies of the largest size are held at once."""

LONGEST_ADDRESS = 8 * 2**10
"""Of a path and a query, in bytes."""

LARGEST_HEADERS = 32 * 2**10
"""Of all headers, in bytes."""

_CLOSE = {"Connection": "close"}


class RequestIntake:
    """Refuses what cannot be taken before anybody looks at it.

    A request with both `Content-Length` and `Transfer-Encoding` is refused and its connection closed: a proxy
    in front may read another end of it than we do, and take the rest for the next caller's request.
    """

    def __init__(self, app: ASGIApp, *, max_body: int, seconds: float = BODY_SECONDS) -> None:
        self.app = app
        self.seconds = seconds
        self.most = AT_ONCE * max_body
        self.held = 0
        """Bytes of bodies of requests that are being answered."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Look at the head, and watch the body come."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        problem = _of_head(scope)
        if problem is not None:
            await problem.response()(scope, receive, send)
            return
        body = _Body(self, receive)
        try:
            await self.app(scope, body.receive, send)
        finally:
            self.held -= body.size


class _Body:
    """One body on its way."""

    def __init__(self, intake: RequestIntake, receive: Receive) -> None:
        self.intake = intake
        self.size = 0
        self._receive = receive
        self._until = 0.0
        self._complete = False

    async def receive(self) -> Message:
        """The next part of it. Raises Problem: 408, 503."""
        if self._complete:
            return await self._receive()
        until = self._until = self._until or asyncio.get_running_loop().time() + self.intake.seconds
        try:
            async with asyncio.timeout_at(until):
                message = await self._receive()
        except TimeoutError:
            said = f"The body did not arrive within {self.intake.seconds:g} seconds; send several requests."
            raise Problem(TOO_SLOW, said, headers=_CLOSE) from None
        self._complete = not message.get("more_body", False)
        self._hold(len(message.get("body", b"")))
        return message

    def _hold(self, more: int) -> None:
        if self.intake.held + more > self.intake.most:
            said = "Too many large requests are being taken at once; send this one again in a moment."
            raise Problem(BUSY, said, headers={**RETRY_AFTER, **_CLOSE})
        self.intake.held += more
        self.size += more


def _of_head(scope: Scope) -> Problem | None:
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    names = [name.lower() for name, _ in headers]
    lengths = names.count(b"content-length") + names.count(b"transfer-encoding")
    if lengths > 1:
        said = "Send either `Content-Length` or `Transfer-Encoding: chunked`, and that once."
        return Problem(TWO_LENGTHS, said, headers=_CLOSE)
    if len(scope.get("raw_path") or b"") + len(scope.get("query_string", b"")) > LONGEST_ADDRESS:
        said = f"The path and the query are longer than {LONGEST_ADDRESS:,} bytes."
        return Problem(LONG_ADDRESS, said, headers=_CLOSE)
    if sum(len(name) + len(value) for name, value in headers) > LARGEST_HEADERS:
        said = f"The headers are larger than {LARGEST_HEADERS:,} bytes."
        return Problem(LONG_HEADERS, said, headers=_CLOSE)
    return None
