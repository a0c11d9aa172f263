"""The review list: what a person must decide, for nothing that both sides say decides it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

import attrs

from mzi_core.values import MoodleId


class ReviewKind(StrEnum):
    """What is asked."""

    ACCOUNT = "account"
    """Which user of Moodle a person of Zoho is."""

    COURSE = "course"
    """Which course of Moodle a class of Zoho is."""

    WITHDRAWAL = "withdrawal"
    """What becomes of an enrolment that is over in Zoho and that mzi did not make."""

    @property
    def is_chosen(self) -> bool:
        """Whether one of the candidates can be chosen."""
        return self is not ReviewKind.WITHDRAWAL


class ReviewState(StrEnum):
    """How an item stands."""

    OPEN = "open"
    CHOSEN = "chosen"
    """A person has chosen one of the candidates."""

    DISMISSED = "dismissed"
    """A person has said that there is nothing to choose."""

    CLOSED = "closed"
    """It was no longer asked before anybody had decided."""

    @property
    def after(self) -> Sequence["ReviewState"]:
        """Of which items one may become so: a person who dismissed one may choose after all."""
        if self is ReviewState.CHOSEN:
            return (ReviewState.OPEN, ReviewState.DISMISSED)
        return (ReviewState.OPEN,)


@attrs.frozen(order=True)
class ReviewAddress:
    """Which item of a tenant, and the order of the list. `key`: that of the delivery it is about."""

    kind: ReviewKind
    key: str


@attrs.frozen(order=True)
class Candidate:
    """What may be chosen, by its id in Moodle, and a sentence by which a person knows it."""

    id: MoodleId
    sentence: str


def _by_id(candidates: Collection[Candidate]) -> tuple[Candidate, ...]:
    return tuple(sorted(candidates))


@attrs.frozen(kw_only=True)
class ReviewQuestion:
    """What is asked of a person. `subject`: whom or what it is about; `module`: that of the Zoho record.

    `why`: a sentence that says why mzi does not decide it. `candidates`: by id, each once.
    """

    kind: ReviewKind
    key: str
    subject: str
    module: str
    why: str
    candidates: tuple[Candidate, ...] = attrs.field(converter=_by_id)

    @property
    def address(self) -> ReviewAddress:
        """Which item it is of."""
        return ReviewAddress(self.kind, self.key)

    @property
    def ids(self) -> tuple[MoodleId, ...]:
        """What may be chosen."""
        return tuple(candidate.id for candidate in self.candidates)


@attrs.frozen(kw_only=True)
class ReviewItem(ReviewQuestion):
    """A question as the store has it. `opened_at`: since when it is asked, with these candidates or others.

    `choice`: the candidate that was chosen. `decided_by`: who decided, in their own words; "" where nobody
    did. `decided_at`: when it was decided, or closed; None while it is open.
    """

    opened_at: datetime
    state: ReviewState = ReviewState.OPEN
    choice: MoodleId | None = None
    decided_by: str = ""
    decided_at: datetime | None = None


class Reviews(Protocol):
    """The part of a session that is about the review list. All times are the store's.

    Not promised: that an item stays as it was read; who decides learns by `decide_review` how it is by now.
    """

    async def put_reviews(self, questions: Collection[ReviewQuestion]) -> None:
        """Ask these, each one item: one that is open is as asked last, and stays open since it was.

        One that was decided about stays as it is, as long as the candidates are the same; with others it is
        asked anew, and so is one that was closed.
        """
        ...

    async def close_reviews(self, addresses: Collection[ReviewAddress]) -> None:
        """Close those that are open: they are no longer asked. What was decided stays."""
        ...

    async def forget_closed_reviews(self, older_than: timedelta, limit: int) -> int:
        """Forget at most so many that were closed longer ago, the oldest first; how many it were.

        What a person decided is not forgotten.
        """
        ...

    async def decide_review(
        self, address: ReviewAddress, state: ReviewState, choice: MoodleId | None, by: str
    ) -> ReviewItem | None:
        """Decide about an item, and give it as it is then; None where it may not become so (see `after`)."""
        ...

    async def reviews(
        self,
        state: ReviewState | None = None,
        kind: ReviewKind | None = None,
        after: ReviewAddress | None = None,
        limit: int = 100,
    ) -> Sequence[ReviewItem]:
        """Those in a state and of a kind, by kind and key, at most `limit`, behind `after`."""
        ...

    async def review(self, address: ReviewAddress) -> ReviewItem | None:
        """One item."""
        ...

    async def choices(self, kind: ReviewKind, keys: Collection[str]) -> Mapping[str, MoodleId]:
        """What was chosen under these keys; those about which nobody chose are left out."""
        ...

    async def open_reviews(self) -> Mapping[ReviewKind, int]:
        """How many are open of each kind; kinds of which none is are left out."""
        ...
