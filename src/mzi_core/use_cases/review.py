"""The review list: look at what a person must decide, and decide it."""

from collections.abc import Sequence
from typing import Self

import attrs

from mzi_core.errors import ChoiceRefused, NotFound, ReviewDecided
from mzi_core.flows.flow import flow_of
from mzi_core.flows.write_back import write_back_of
from mzi_core.keepable_text import is_keepable
from mzi_core.module import AnyModule
from mzi_core.ports import (
    CausedBy,
    Causer,
    DeliveryKey,
    Due,
    ReviewAddress,
    ReviewItem,
    ReviewKind,
    ReviewState,
    Session,
    Store,
)
from mzi_core.use_cases.batches import Batches
from mzi_core.values import MoodleId, TenantId


@attrs.frozen
class ReviewPage:
    """Some items by kind and key, and behind which the next page begins; None after the last one."""

    items: Sequence[ReviewItem]
    next: ReviewAddress | None


@attrs.frozen
class ListReviews:
    """List the items of the review list page by page."""

    store: Store

    async def __call__(
        self,
        tenant: TenantId,
        state: ReviewState | None = ReviewState.OPEN,
        kind: ReviewKind | None = None,
        *,
        after: ReviewAddress | None = None,
        limit: int = 100,
    ) -> ReviewPage:
        """At most `limit`, in a state or in any. Raises UnknownTenant, StoreUnavailable."""
        async with self.store.read(tenant) as session:
            await session.settings()
            found = await session.reviews(state, kind, after, limit + 1)
        items = found[:limit]
        return ReviewPage(items, items[-1].address if len(found) > limit else None)


@attrs.frozen
class ShowReview:
    """Show one item of the review list."""

    store: Store

    async def __call__(self, tenant: TenantId, address: ReviewAddress) -> ReviewItem:
        """Raises NotFound, UnknownTenant, StoreUnavailable."""
        async with self.store.read(tenant) as session:
            await session.settings()
            return await _item(session, address)


@attrs.frozen
class DismissReview:
    """Say of an item that there is nothing to choose: it is asked again when its candidates differ."""

    store: Store

    async def __call__(self, tenant: TenantId, address: ReviewAddress, *, by: str = "") -> ReviewItem:
        """`by`: who decides. Raises NotFound, ReviewDecided, UnknownTenant, StoreUnavailable."""
        async with self.store.begin(tenant) as session:
            await session.settings()
            return await _decided(session, address, ReviewState.DISMISSED, None, by)


@attrs.frozen
class ChooseReview:
    """Choose one of the candidates: the record is linked to it, and its pair looked at at once."""

    batches: Batches

    async def __call__(
        self, tenant: TenantId, address: ReviewAddress, choice: MoodleId, *, by: str = ""
    ) -> ReviewItem:
        """`by`: who decides. All is kept in one transaction, or nothing.

        Raises NotFound, ReviewDecided, ChoiceRefused, UnknownTenant, StoreUnavailable.
        """
        async with self.batches.store.read(tenant) as session:
            await session.settings()
            asked = await _item(session, address)
        if not address.kind.is_chosen:
            raise ChoiceRefused(
                "There is nothing to choose about a withdrawal: see to it in Moodle, or dismiss it."
            )
        _check_candidate(asked, choice)
        module = self.batches.catalogue[asked.module]
        delivery = DeliveryKey(flow_of(module).name, address.key)
        cause = CausedBy(Causer.PERSON, by)
        async with self.batches.open(tenant, module, caused_by=cause) as batch:
            session = batch.session
            await session.lock_deliveries([delivery])  # before the item, as whoever works on the pair
            item = await _decided(session, address, ReviewState.CHOSEN, choice, by)
            _check_candidate(item, choice)
            key = module.side.key(address.key)
            await _check_free(session, module, choice)
            outcomes = await batch.amend({key: {write_back_of(module).link: choice}})
            refused = [outcome.message for outcome in outcomes if not outcome.state.accepted]
            if refused or not outcomes:
                raise ChoiceRefused(refused[0] if refused else f"Record {key} of {module.name} is gone.")
            await session.make_due([Due(delivery.flow, delivery.key, item.subject, at_once=True)])
        return item


def _check_candidate(item: ReviewItem, choice: MoodleId) -> None:
    """What was chosen must be a candidate, and also once nobody can change them. Raises ChoiceRefused."""
    if choice not in item.ids:
        among = ", ".join(map(str, item.ids))
        raise ChoiceRefused(f"{choice} is none of the candidates; those are {among}.")


async def _check_free(session: Session, module: AnyModule, choice: MoodleId) -> None:
    """No record of another module of the flow may have what was chosen. Raises ChoiceRefused."""
    for other in (each for each in flow_of(module).zoho if each is not module):
        link = write_back_of(other).link
        owner = (await session.owners(other, {link: {choice}})).get(link, {}).get(choice)
        if owner is not None:
            raise ChoiceRefused(
                f"{choice} already belongs to record {owner} of {other.name}; correct that one first."
            )


def _called(address: ReviewAddress) -> str:
    return f"{address.kind} under review with the key"


async def _item(session: Session, address: ReviewAddress) -> ReviewItem:
    found = await session.review(address) if is_keepable(address.key) else None
    if found is None:
        raise NotFound(_called(address), address.key[:60])
    return found


async def _decided(
    session: Session, address: ReviewAddress, state: ReviewState, choice: MoodleId | None, by: str
) -> ReviewItem:
    before = await _item(session, address)
    decided = await session.decide_review(address, state, choice, by)
    if decided is None:
        raise ReviewDecided(address.kind, address.key, before.state)
    return decided


@attrs.frozen(kw_only=True)
class ReviewUseCases:
    """The review list, looked at and decided."""

    list: ListReviews
    show: ShowReview
    dismiss: DismissReview
    choose: ChooseReview

    @classmethod
    def over(cls, batches: Batches) -> Self:
        """Build them."""
        store = batches.store
        return cls(
            list=ListReviews(store),
            show=ShowReview(store),
            dismiss=DismissReview(store),
            choose=ChooseReview(batches),
        )
