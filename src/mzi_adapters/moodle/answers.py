"""From an HTTP answer to what the function returned, or to the error it stands for."""

import json

from mzi_adapters.moodle.refusals import SERVICE, error_for
from mzi_adapters.web import Response
from mzi_adapters.web.transport import retry_after
from mzi_core.errors import AccessRefused, GatewayLimited, GatewayUnavailable, ProtocolError

_OK, _FORBIDDEN, _NOT_FOUND, _TOO_MANY = 200, 403, 404, 429
_REDIRECTS = range(300, 400)
_SERVER_ERRORS = range(500, 600)


def returned(answer: Response) -> object:
    """What the function returned: a list, an object, a number, a text, or None for nothing."""
    if answer.status != _OK:
        raise _error_of_status(answer)
    try:
        body: object = json.loads(answer.body)
    except (ValueError, RecursionError):
        raise ProtocolError(SERVICE, "The answer is not JSON, or only a part of it.") from None
    if isinstance(body, dict) and "message" in body and ("exception" in body or "errorcode" in body):
        code = body.get("errorcode")
        raise error_for(code if isinstance(code, str) else None)
    return body


def _error_of_status(answer: Response) -> Exception:
    status = answer.status
    code = str(status)
    if status in _REDIRECTS:
        return AccessRefused(
            SERVICE,
            "It sends us to another address.",
            code=code,
            remedy="Set `moodle.url` to exactly the site's `wwwroot`, with the same scheme, host and port.",
        )
    if status == _FORBIDDEN and not answer.body.strip():
        return GatewayUnavailable(
            SERVICE,
            "Web services or their REST protocol are switched off.",
            code=code,
            remedy="Enable both under Site administration > Server > Web services.",
        )
    if status in (_FORBIDDEN, _NOT_FOUND):
        return AccessRefused(
            SERVICE,
            f"HTTP {status}: no web service is let through at this address.",
            code=code,
            remedy="Check `moodle.url`, which must be the site's own address.",
        )
    if status == _TOO_MANY:
        after = retry_after(answer.headers)
        when = "later" if after is None else f"after {after:.0f} seconds"
        return GatewayLimited(
            SERVICE, "Too many requests.", code=code, remedy=f"Try again {when}.", retry_after=after
        )
    if status in _SERVER_ERRORS:
        return GatewayUnavailable(
            SERVICE,
            f"HTTP {status}: the site is down or busy.",
            code=code,
            retry_after=retry_after(answer.headers),
        )
    return ProtocolError(SERVICE, f"HTTP {status} is not what its web services ever answer.", code=code)
