"""What became of an item that was written to a remote, in the words that Zoho and Moodle share."""

import pytest

from mzi_core.errors import (
    AccessRefused,
    AlreadyTaken,
    AuthRevoked,
    GatewayConflict,
    GatewayError,
    GatewayLimited,
    GatewayRefused,
    GatewayUnavailable,
    InputRefused,
    NotOffered,
    RemoteBug,
    RemoteNotFound,
)
from mzi_core.ports import Rejected, RejectionKind, RejectionReason, kind_of


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (AccessRefused, RejectionKind.PERMISSION),
        (AuthRevoked, RejectionKind.PERMISSION),
        (AlreadyTaken, RejectionKind.CONFLICT),
        (GatewayConflict, RejectionKind.CONFLICT),
        (RemoteNotFound, RejectionKind.NOT_FOUND),
        (GatewayUnavailable, RejectionKind.TEMPORARY),
        (GatewayLimited, RejectionKind.TEMPORARY),
        (RemoteBug, RejectionKind.REMOTE_BUG),
        (InputRefused, RejectionKind.BAD_INPUT),
        (NotOffered, RejectionKind.BAD_INPUT),
        (GatewayRefused, RejectionKind.BAD_INPUT),
    ],
)
def test_what_a_failed_call_says_of_its_one_item(error: type[GatewayError], kind: RejectionKind) -> None:
    assert kind_of(error("Zoho", "It said no.")) is kind


@pytest.mark.parametrize("kind", RejectionKind)
def test_only_what_is_temporary_may_be_sent_again_as_it_is(kind: RejectionKind) -> None:
    reasons = (RejectionReason(message="No."), RejectionReason(message="Email: taken.", code="TWICE"))
    rejected: Rejected[str] = Rejected(kind=kind, reasons=reasons)
    assert rejected.retryable is (kind is RejectionKind.TEMPORARY)
    assert rejected.why == "No. Email: taken."
