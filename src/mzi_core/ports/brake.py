"""The brake: what was taken away of late, and what waits for a person because it would be too much.

What is about to be done is reserved first. A reservation counts whether or not it was done: whoever reserved
may have died before or after, and nobody can tell.
"""

from collections.abc import Collection, Mapping, Sequence, Set
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

import attrs

DAY = timedelta(hours=24)


class PlanState(StrEnum):
    """How a plan stands: `open` until a person decides."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"


@attrs.frozen(kw_only=True)
class BrakePlan:
    """What was held in a flow because an action would have touched too much; deliveries are held under it.

    `decided_at`, `decided_by` and `reason`: when, by whom and why; None and "" while it is open. `reason` is
    the sentence that others read.
    """

    id: str
    flow: str
    action: str
    opened_at: datetime
    state: PlanState = PlanState.OPEN
    decided_at: datetime | None = None
    decided_by: str = ""
    reason: str = ""


class Brake(Protocol):
    """The part of a session that is about the brake. All times are the store's.

    `action`: what is done, such as `suspend`. A session that holds deliveries reserves, then opens the plan,
    and changes deliveries after that; one that decides closes the plan, and then approves or rejects what is
    held under it: so no two wait for each other, and nothing is held under a plan that is closed already.
    """

    async def reserve(
        self,
        flow: str,
        action: str,
        wanted: Mapping[str, int],
        limit: int,
        *,
        approved: Collection[str] = (),
        within: timedelta = DAY,
    ) -> Set[str]:
        """Reserve keys, each with the generation that wants it, and give those that are let through.

        Who was reserved for this action of the flow `within` the time before is let through, and so is who is
        `approved`, whatever the limit; of the others the first by key, as long as no more than `limit` count.
        Each key counts once, and from now on; one that was approved is remembered and does not count, so that
        an ordinary day goes on beside a plan that a person let through.

        From the first call to its end a session has this action of the flow for itself: others wait. It must
        have ended well before anything is done.
        """
        ...

    async def forget_reservations(self, older_than: timedelta, limit: int) -> int:
        """Forget at most so many reservations that are older, the oldest first; how many it were."""
        ...

    async def open_plan(self, flow: str, action: str) -> str:
        """The id of the one open plan of this action of the flow, which is made if there is none.

        To the session's end nobody closes it.
        """
        ...

    async def plans(
        self, state: PlanState | None = None, *, after: str | None = None, limit: int = 100
    ) -> Sequence[BrakePlan]:
        """Plans by id, the last first, at most `limit`, behind `after`.

        Ids are UUIDs of version 7 (RFC 9562), so that the newest come first.
        """
        ...

    async def plan(self, id: str) -> BrakePlan | None:
        """One plan."""
        ...

    async def close_plan(self, id: str, state: PlanState, reason: str, by: str) -> bool:
        """Close an open plan as approved or rejected; False, and nothing else, where it is not open."""
        ...
