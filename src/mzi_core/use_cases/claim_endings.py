"""How a claim ends that could not be worked on, or went wrong."""

from datetime import timedelta

from mzi_core.backoff import MOST_TRIES, delay_after
from mzi_core.errors import (
    AccessRefused,
    AccountMissing,
    AuthRevoked,
    GatewayRefused,
    GatewayUnavailable,
    MziError,
    OutOfTime,
    RemoteNotFound,
)
from mzi_core.ports import Claim, Ending

WITHOUT_ACCOUNT = timedelta(hours=1)
"""When something is tried once more whose tenant has no account at Zoho or Moodle."""

UNAVAILABLE = timedelta(minutes=1)
"""When a service is asked again that did not say when it can be."""


MOST_STARTS = 10
"""Who was begun so often and never ended is given up: its worker dies of it each time."""

DEADLY = (
    "Whoever worked on it ended before it did, each time. See the log of the service for what went wrong "
    "then; `mzi deliveries redrive` tries it again."
)


def is_deadly(claim: Claim) -> bool:
    """Whether nobody shall work on it any more: it would take yet another worker with it."""
    return claim.starts > MOST_STARTS


def may_be_about_one(error: MziError) -> bool:
    """Whether a service may refuse one record alone, and not the account or the module."""
    return isinstance(error, GatewayRefused) and not isinstance(error, AccessRefused | RemoteNotFound)


def put_off(claim: Claim, error: MziError) -> Ending:
    """How a claim ends that could not be worked on: an outage and a missing account count as no try."""
    if isinstance(error, GatewayUnavailable):
        seconds = error.retry_after
        return claim.given_back(UNAVAILABLE if seconds is None else timedelta(seconds=seconds), error.told)
    if isinstance(error, AccountMissing):
        return claim.given_back(WITHOUT_ACCOUNT, error.told)
    if isinstance(error, AuthRevoked | OutOfTime):
        return claim.given_back(reason=error.told)
    return failed(claim, error.told)


def failed(claim: Claim, why: str) -> Ending:
    """How a claim ends that went wrong and may go well another time; what was tried too often is given up."""
    if claim.tries + 1 >= MOST_TRIES:
        return claim.dead(why)
    return claim.retried(delay_after(claim.tries + 1, claim.key), why)
