"""What became of one item that was written to a remote, Zoho or Moodle; a read can be rejected too."""

from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

import attrs

from mzi_core.errors import (
    AccessRefused,
    AlreadyTaken,
    GatewayConflict,
    GatewayError,
    GatewayUnavailable,
    RemoteBug,
    RemoteNotFound,
)

Id_co = TypeVar("Id_co", covariant=True)
"""How the remote knows its items: a ZohoId or a MoodleId."""


class RejectionKind(StrEnum):
    """Why a remote rejected one item, and so what helps."""

    BAD_INPUT = "bad_input"
    """What was sent must change."""

    CONFLICT = "conflict"
    """Another item has what must be unique, or was there first."""

    NOT_FOUND = "not_found"
    PERMISSION = "permission"
    """The account may not do it; an administrator can change that."""

    TEMPORARY = "temporary"
    """It was not applied, and may be sent again as it is."""

    REMOTE_BUG = "remote_bug"


_KINDS: tuple[tuple[type[GatewayError], RejectionKind], ...] = (
    (AccessRefused, RejectionKind.PERMISSION),
    (AlreadyTaken, RejectionKind.CONFLICT),
    (GatewayConflict, RejectionKind.CONFLICT),
    (RemoteNotFound, RejectionKind.NOT_FOUND),
    (GatewayUnavailable, RejectionKind.TEMPORARY),
    (RemoteBug, RejectionKind.REMOTE_BUG),
)


def kind_of(error: GatewayError) -> RejectionKind:
    """Of which kind the rejection of an item is whose call failed so."""
    return next((kind for cls, kind in _KINDS if isinstance(error, cls)), RejectionKind.BAD_INPUT)


@attrs.frozen(kw_only=True)
class Applied(Generic[Id_co]):
    """An item that the remote has as it was asked to.

    `id`: of what was created or changed, where the remote says one. `modified_at`: the moment from which it
    is so, by the remote's clock, where it is told: by it the echo of our own write is known. `again`: it was
    sent before and not answered, and that request may still be carried out, after this one.
    """

    id: Id_co | None = None
    modified_at: datetime | None = None
    again: bool = attrs.field(default=False, eq=False)


@attrs.frozen(kw_only=True)
class RejectionReason:
    """One reason, as a sentence that names the place where there is one.

    `code` is the remote's, or empty where mzi itself rejected the item. `field` and `path` (JSON) are in the
    remote's words, and empty where it names none.
    """

    message: str
    code: str = ""
    field: str = ""
    path: str = ""


@attrs.frozen(kw_only=True)
class Rejected(Generic[Id_co]):
    """An item that was not done, with at least one reason.

    `existing`: the item of the same kind that has the unique value already.
    """

    kind: RejectionKind
    reasons: tuple[RejectionReason, ...]
    existing: Id_co | None = None

    @property
    def why(self) -> str:
        """All reasons, for a person to read."""
        return " ".join(reason.message for reason in self.reasons)

    @property
    def retryable(self) -> bool:
        """Whether the same item may go through another time, without anything being changed about it."""
        return self.kind is RejectionKind.TEMPORARY


@attrs.frozen(kw_only=True)
class Unknown:
    """A write that may or may not have been applied, and that no key could settle."""

    why: str


WriteResult = Applied[Id_co] | Rejected[Id_co] | Unknown
