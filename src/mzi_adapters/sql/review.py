"""What a person must decide."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from mzi_adapters.sql.deliveries import TimedScope
from mzi_adapters.sql.scope import AnyRow
from mzi_adapters.sql.tables import REVIEWS
from mzi_adapters.sql.types import UtcDateTime
from mzi_core.ports import Candidate, ReviewAddress, ReviewItem, ReviewKind, ReviewQuestion, ReviewState
from mzi_core.values import MoodleId

_c = REVIEWS.c
_ASKED = ("subject", "module", "why", "candidates", "sentences")
_OPEN = ReviewState.OPEN.value
_UNDECIDED = (_OPEN, ReviewState.CLOSED.value)


def _row(question: ReviewQuestion) -> dict[str, Any]:
    return {
        "kind": question.kind.value,
        "key": question.key,
        "subject": question.subject,
        "module": question.module,
        "why": question.why,
        "candidates": list(question.ids),
        "sentences": [candidate.sentence for candidate in question.candidates],
    }


def _item(row: AnyRow) -> ReviewItem:
    return ReviewItem(
        kind=ReviewKind(row.kind),
        key=row.key,
        subject=row.subject,
        module=row.module,
        why=row.why,
        candidates=tuple(map(Candidate, map(MoodleId, row.candidates), row.sentences)),
        opened_at=row.opened_at,
        state=ReviewState(row.state),
        choice=row.choice,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
    )


class Reviews(TimedScope):
    """The part of a session that is about the review list."""

    __slots__ = ()

    def _moment(self) -> sa.ColumnElement[Any]:
        """Now, in a statement."""
        if self._has_server:
            return sa.func.clock_timestamp(type_=UtcDateTime())
        return sa.literal(self.clock.now(), UtcDateTime())

    async def put_reviews(self, questions: Collection[ReviewQuestion]) -> None:
        """Ask these, in the order of their keys, so that no two sessions wait for each other."""
        rows = [_row(each) for each in sorted(questions, key=lambda each: each.address)]
        if not rows:
            return
        insert = self.insert(REVIEWS).values(
            tenant_id=self.tenant, opened_at=self._moment(), state=_OPEN, decided_by=""
        )
        new = insert.excluded
        asked = insert.on_conflict_do_update(
            index_elements=list(REVIEWS.primary_key),
            set_={
                **{name: new[name] for name in _ASKED},
                "opened_at": sa.case((_c.state == _OPEN, _c.opened_at), else_=new.opened_at),
                "state": _OPEN,
                "choice": None,
                "decided_by": "",
                "decided_at": None,
            },
            where=sa.or_(*(_c.state == state for state in _UNDECIDED), _c.candidates != new.candidates),
        )
        await self.run(asked, rows)

    async def close_reviews(self, addresses: Collection[ReviewAddress]) -> None:
        """Close those that are open."""
        for kind in ReviewKind:
            keys = [address.key for address in addresses if address.kind is kind]
            if keys:
                closed = sa.update(REVIEWS).values(state=ReviewState.CLOSED.value, decided_at=self._moment())
                which = self.mine(REVIEWS), _c.state == _OPEN, _c.kind == kind.value
                await self.run(closed.where(*which, self.among(_c.key, keys)))

    async def forget_closed_reviews(self, older_than: timedelta, limit: int) -> int:
        """Forget those that were closed longer ago, the oldest first."""
        before = (await self.run(sa.select(self._moment()))).scalar_one() - older_than
        old = (
            sa.select(_c.kind, _c.key)
            .where(self.mine(REVIEWS), _c.state == ReviewState.CLOSED.value, _c.decided_at <= before)
            .order_by(_c.decided_at)
            .limit(limit)
        )
        done = await self.run(
            sa.delete(REVIEWS).where(self.mine(REVIEWS), sa.tuple_(_c.kind, _c.key).in_(old))
        )
        return int(done.rowcount)

    async def decide_review(
        self, address: ReviewAddress, state: ReviewState, choice: MoodleId | None, by: str
    ) -> ReviewItem | None:
        """Decide about an item that is open, or choose where one was dismissed."""
        decided = sa.update(REVIEWS).values(
            state=state.value, choice=choice, decided_by=by, decided_at=self._moment()
        )
        may_be = _c.state.in_([each.value for each in state.after])
        found = await self.run(decided.where(*self._at(address), may_be).returning(REVIEWS))
        row = found.first()
        return None if row is None else _item(row)

    def _at(self, address: ReviewAddress) -> Sequence[sa.ColumnElement[bool]]:
        return self.mine(REVIEWS), _c.kind == address.kind.value, _c.key == address.key

    async def reviews(
        self,
        state: ReviewState | None = None,
        kind: ReviewKind | None = None,
        after: ReviewAddress | None = None,
        limit: int = 100,
    ) -> Sequence[ReviewItem]:
        """Those in a state and of a kind, by kind and key."""
        wanted = sa.select(REVIEWS).where(self.mine(REVIEWS))
        if state is not None:
            wanted = wanted.where(_c.state == state.value)
        if kind is not None:
            wanted = wanted.where(_c.kind == kind.value)
        if after is not None:
            behind = sa.literal(after.kind.value, _c.kind.type), sa.literal(after.key, _c.key.type)
            wanted = wanted.where(sa.tuple_(_c.kind, _c.key) > sa.tuple_(*behind))
        rows = await self.run(wanted.order_by(_c.kind, _c.key).limit(limit))
        return [_item(row) for row in rows]

    async def review(self, address: ReviewAddress) -> ReviewItem | None:
        """One item."""
        row = (await self.run(sa.select(REVIEWS).where(*self._at(address)))).first()
        return None if row is None else _item(row)

    async def choices(self, kind: ReviewKind, keys: Collection[str]) -> Mapping[str, MoodleId]:
        """What was chosen under these keys."""
        if not keys:
            return {}
        which = self.mine(REVIEWS), _c.kind == kind.value, _c.choice.is_not(None)
        rows = await self.run(sa.select(_c.key, _c.choice).where(*which, self.among(_c.key, keys)))
        return {row.key: MoodleId(row.choice) for row in rows}

    async def open_reviews(self) -> Mapping[ReviewKind, int]:
        """How many are open of each kind."""
        which = self.mine(REVIEWS), _c.state == _OPEN
        rows = await self.run(sa.select(_c.kind, sa.func.count()).where(*which).group_by(_c.kind))
        return {ReviewKind(kind): number for kind, number in rows}
