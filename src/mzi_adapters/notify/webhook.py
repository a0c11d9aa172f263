"""Webhooks, signed by Standard Webhooks 1.0 with HMAC-SHA256.

The address can be as secret as a password, so no sentence repeats it.
"""

import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import attrs

from mzi_adapters.web import Lost, NotSent, Request, Transport, unsent
from mzi_core.event_proofs import standard_headers
from mzi_core.notices import data_of
from mzi_core.ports import Clock, NoticeDigest, NotifyFailed

TIMEOUT = 20.0
"""Seconds until there must be an answer; Standard Webhooks recommends 15 to 30."""


@attrs.frozen(kw_only=True)
class WebhookNotifier:
    """Posts each digest as JSON. What is answered but the status is not read, and a redirect not followed.

    `wire` is asked for when there is something to send.
    """

    url: str = attrs.field(repr=False)
    secret: str = attrs.field(repr=False)
    clock: Clock
    wire: Callable[[], Awaitable[Transport]]

    @property
    def way(self) -> str:
        """Its name."""
        return "webhook"

    async def send(self, digest: NoticeDigest) -> str:
        """Post it; the webhook-id is that of the digest, so that a receiver knows what comes again."""
        body = json.dumps(data_of(digest), ensure_ascii=False).encode()
        proofs = standard_headers(self.secret, body, id=f"msg_{digest.id}", at=self.clock.now())
        request = Request(
            method="POST",
            url=self.url,
            headers={"Content-Type": "application/json", **proofs},
            body=body,
            timeout=TIMEOUT,
        )
        wire = await self.wire()
        try:
            async with wire.stream(request) as answer:
                failure = _refusal(answer.status)
        except NotSent as error:
            failure = " ".join(filter(None, (f"The webhook's receiver {unsent(error)[0]}", unsent(error)[1])))
        except Lost:
            failure = "The webhook's receiver gave no answer: the connection broke, or it took too long."
        if failure:
            raise NotifyFailed(failure)
        return ""

    async def check(self) -> bool:
        """Only a message shows whether it is taken."""
        return False


def _refusal(status: int) -> str:
    """Why an answer is none that takes the message; nothing where it does."""
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return ""
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return (
            f"The webhook's receiver redirects ({status}), which is not followed: set `notify.webhook.url` "
            "to where it leads."
        )
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return f"The webhook's receiver refuses the signature ({status}): check `notify.webhook.secret`."
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        return f"The webhook's receiver is not there ({status}): check `notify.webhook.url`."
    return f"The webhook's receiver does not take the message ({status})."
