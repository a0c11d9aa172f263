"""The faults as values: a fake in memory and a server on a socket both know what each of them means."""

from collections.abc import Sequence

import attrs

from mzi_adapters.web.transport import Response


@attrs.frozen(kw_only=True)
class Unreachable:
    """No connection comes about. Only in memory: a server that answers cannot refuse one request."""


@attrs.frozen(kw_only=True)
class Reset:
    """The connection breaks after the request, before it is carried out or after."""

    applied: bool


@attrs.frozen(kw_only=True)
class Instead:
    """Another answer than the service's own: an error page, a limit."""

    answer: Response
    applied: bool = False
    """Whether the request was carried out nevertheless."""


@attrs.frozen(kw_only=True)
class Late:
    """The request is carried out at once and answered after a while."""

    seconds: float


@attrs.frozen(kw_only=True)
class Silence:
    """The request is carried out, the headers of the answer come, and then nothing."""


@attrs.frozen(kw_only=True)
class Trickle:
    """The body comes a byte at a time, with a pause before each."""

    pause: float


@attrs.frozen(kw_only=True)
class Short:
    """The connection closes in the middle of the body, which `Content-Length` had said to be longer."""


@attrs.frozen(kw_only=True)
class Cut:
    """The body ends in its middle, and `Content-Length` agrees."""


@attrs.frozen(kw_only=True)
class Retyped:
    """The right body under another content type."""

    content_type: str = "text/html;charset=UTF-8"


@attrs.frozen(kw_only=True)
class Huge:
    """A body of so many bytes in place of the right one; the request is carried out."""

    size: int = 200 * 2**20


Fault = Unreachable | Reset | Instead | Late | Silence | Trickle | Short | Cut | Retyped | Huge


def says(
    status: int,
    body: bytes = b"",
    *,
    content_type: str = "application/json",
    applied: bool = False,
    **headers: str,
) -> Instead:
    """`Instead` in one line; `retry_after="3"` becomes the header `retry-after`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = Response(status=status, headers={"content-type": content_type, **named}, body=body)
    return Instead(answer=answer, applied=applied)


PAGE = b"<html><head><title>Error</title></head><body><h1>Something went wrong</h1></body></html>"

COMMON: Sequence[Fault] = (
    Unreachable(),
    Reset(applied=False),
    Reset(applied=True),
    says(500, b'{"code":"INTERNAL_ERROR","details":{},"message":"Internal Server Error","status":"error"}'),
    says(500, PAGE, content_type="text/html", applied=True),
    says(502, PAGE, content_type="text/html"),
    says(503, PAGE, content_type="text/html"),
    says(200, PAGE, content_type="text/html", applied=True),
    says(429, PAGE, content_type="text/html"),
    says(429, b"{}", retry_after="3"),
    says(429, b"{}", retry_after="Wed, 21 Oct 2015 07:28:00 GMT"),
    Late(seconds=5),
    Late(seconds=86400),
    Silence(),
    Trickle(pause=3600),
    Short(),
    Cut(),
    Retyped(),
)
"""What every client of a service has to live through."""
