"""What a receiver of mzi's webhook does with a request: believe it, and know what came before."""

from collections.abc import Mapping, MutableSet

from standardwebhooks.webhooks import Webhook


def received(secret: str, body: bytes, headers: Mapping[str, str], before: MutableSet[str]) -> list[str]:
    """A line for each notice; none of a message that came before. Raises WebhookVerificationError."""
    message = Webhook(secret).verify(body, dict(headers))
    if headers["webhook-id"] in before:
        return []
    before.add(headers["webhook-id"])
    return [f"{notice['said']} {notice['command']}" for notice in message["data"]["notices"]]
