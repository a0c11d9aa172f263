"""What a person must decide."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

import attrs

from mzi_adapters.memory.scope import TenantTables
from mzi_core.ports import ReviewAddress, ReviewItem, ReviewKind, ReviewQuestion, ReviewState
from mzi_core.values import MoodleId

_DECIDED = (ReviewState.CHOSEN, ReviewState.DISMISSED)


def _asked(question: ReviewQuestion) -> dict[str, Any]:
    return {field.name: getattr(question, field.name) for field in attrs.fields(ReviewQuestion)}


@attrs.frozen
class Reviews(TenantTables):
    """The part of a session that is about the review list."""

    def _review_at(self, address: ReviewAddress) -> ReviewItem | None:
        return self.tables.reviews.get((self.tenant, address))

    def _put_review(self, item: ReviewItem) -> None:
        self.tables.reviews.put((self.tenant, item.address), item)

    async def put_reviews(self, questions: Collection[ReviewQuestion]) -> None:
        for question in questions:
            row = self._review_at(question.address)
            if row is not None and row.state in _DECIDED and row.ids == question.ids:
                continue
            is_open = row is not None and row.state is ReviewState.OPEN
            opened_at = row.opened_at if row is not None and is_open else self.clock.now()
            self._put_review(ReviewItem(**_asked(question), opened_at=opened_at))

    async def close_reviews(self, addresses: Collection[ReviewAddress]) -> None:
        for address in addresses:
            await self.decide_review(address, ReviewState.CLOSED, None, "")

    async def forget_closed_reviews(self, older_than: timedelta, limit: int) -> int:
        before = self.clock.now() - older_than
        closed = [
            (item.decided_at, key)
            for key, item in self.tables.reviews.items()
            if key[0] == self.tenant and item.state is ReviewState.CLOSED and item.decided_at is not None
        ]
        old = sorted((at, key) for at, key in closed if at <= before)[:limit]
        for _, key in old:
            self.tables.reviews.drop(key)
        return len(old)

    async def decide_review(
        self, address: ReviewAddress, state: ReviewState, choice: MoodleId | None, by: str
    ) -> ReviewItem | None:
        row = self._review_at(address)
        if row is None or row.state not in state.after:
            return None
        now = self.clock.now()
        decided = attrs.evolve(row, state=state, choice=choice, decided_by=by, decided_at=now)
        self._put_review(decided)
        return decided

    async def reviews(
        self,
        state: ReviewState | None = None,
        kind: ReviewKind | None = None,
        after: ReviewAddress | None = None,
        limit: int = 100,
    ) -> Sequence[ReviewItem]:
        mine = (item for (tenant, _), item in self.tables.reviews.items() if tenant == self.tenant)
        found = [
            item
            for item in mine
            if state in (None, item.state)
            and kind in (None, item.kind)
            and (after is None or item.address > after)
        ]
        return sorted(found, key=lambda item: item.address)[:limit]

    async def review(self, address: ReviewAddress) -> ReviewItem | None:
        return self._review_at(address)

    async def choices(self, kind: ReviewKind, keys: Collection[str]) -> Mapping[str, MoodleId]:
        items = (self._review_at(ReviewAddress(kind, key)) for key in keys)
        return {item.key: item.choice for item in items if item is not None and item.choice is not None}

    async def open_reviews(self) -> Mapping[ReviewKind, int]:
        mine = (item for (tenant, _), item in self.tables.reviews.items() if tenant == self.tenant)
        return Counter(item.kind for item in mine if item.state is ReviewState.OPEN)
