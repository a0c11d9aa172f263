"""Notices: what people are told of, whom they reach it by, and what they were told before.

No notice holds anything about a person: it has counts, names of flows, ids of plans and sources, and kinds.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import attrs

from mzi_core.errors import MziError
from mzi_core.values import TenantId


class NoticeKind(StrEnum):
    """What people are told of."""

    PLAN = "plan"
    """The brake holds deliveries until a person decides about their plan."""

    PAUSED = "paused"
    """A flow is paused: Zoho or Moodle has refused the credentials, or a person has paused it."""

    DEAD = "dead"
    """Deliveries of a flow are dead."""

    SILENT = "silent"
    """A source of events has told nothing for long."""

    REVIEW = "review"
    """Items of one kind are open on the review list."""

    @property
    def cannot_wait(self) -> bool:
        """Whether it is told in quiet hours, too."""
        return self in (NoticeKind.PLAN, NoticeKind.PAUSED)


@attrs.frozen(order=True)
class NoticeAddress:
    """Which notice of a tenant. `of`: the id of the plan or source, the flow, or the kind of review."""

    kind: NoticeKind
    of: str

    def __str__(self) -> str:
        """Such as `dead:grade`."""
        return f"{self.kind}:{self.of}"


@attrs.frozen(kw_only=True)
class Notice:
    """Something that stands and is worth telling. `number`: how many it is about.

    `about`: what else is to be known: what the brake was asked for, or which side a source is of and since
    when it is silent.
    """

    address: NoticeAddress
    number: int = 1
    about: str = ""


@attrs.frozen(kw_only=True)
class ToldNotice:
    """What was told last of a notice, and when. `number` is 0 where that was that it is over.

    `gone_at`: since when it stands no more, and nobody was told so yet; None while it stands.
    """

    address: NoticeAddress
    number: int
    told_at: datetime
    gone_at: datetime | None = None


class NoticeState(StrEnum):
    """Why it is told now."""

    NEW = "new"
    GROWN = "grown"
    STILL = "still"
    OVER = "over"


@attrs.frozen(kw_only=True)
class NoticeLine:
    """One notice of a digest. `before`: the number that was told last, 0 where nobody was told it stands."""

    notice: Notice
    state: NoticeState
    before: int = 0


@attrs.frozen(kw_only=True)
class NoticeDigest:
    """All that is told at once, in one message: `lines`, none in a test.

    `id`: the same when the same is told again because it is not known whether it arrived. `at`: when, on the
    clock of the tenant.
    """

    id: str
    tenant: TenantId
    at: datetime
    lines: Sequence[NoticeLine] = ()

    @property
    def is_test(self) -> bool:
        """Whether it only shows that messages arrive."""
        return not self.lines


class ToldNotices(Protocol):
    """The part of a session that is about what was told. `way`: the name of the `Notifier`."""

    async def told_notices(self, way: str) -> Sequence[ToldNotice]:
        """All that are kept of one way, by kind and then by what they are of."""
        ...

    async def save_told(self, way: str, told: Collection[ToldNotice]) -> None:
        """Keep these in place of those of their addresses."""
        ...

    async def forget_told(self, way: str, addresses: Collection[NoticeAddress]) -> None:
        """Forget these; unknown ones are no error."""
        ...


class NotifyFailed(MziError):
    """A message was not taken; the sentence says what helps, and repeats nothing of secrets or addresses."""


class Notifier(Protocol):
    """One way by which people are told, such as mail. Each call ends within half a minute.

    Not promised: that what was taken is read; that nothing has arrived where it failed.
    """

    @property
    def way(self) -> str:
        """Its name, in one word."""
        ...

    async def send(self, digest: NoticeDigest) -> str:
        """Send it once, and say in a sentence what is to be known beside: "" where all went well.

        Raises NotifyFailed.
        """
        ...

    async def check(self) -> bool:
        """Look whether it could be sent, without sending anything; False where that cannot be known.

        Raises NotifyFailed where it could not.
        """
        ...
