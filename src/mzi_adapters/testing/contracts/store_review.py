"""What a store promises about the review list."""

from datetime import timedelta

import attrs

from mzi_adapters.testing.contracts.fixtures import ours, question
from mzi_core.ports import (
    Candidate,
    ReviewAddress,
    ReviewItem,
    ReviewKind,
    ReviewQuestion,
    ReviewState,
    Session,
    Store,
)
from mzi_core.values import MoodleId

FIRST, SECOND, THIRD = MoodleId(7), MoodleId(9), MoodleId(2**40)


def asked_as(question: ReviewQuestion, found: ReviewItem) -> ReviewItem:
    """The open item of a question, open since then."""
    said = {name: getattr(question, name) for name in attrs.fields_dict(ReviewQuestion)}
    return ReviewItem(**said, opened_at=found.opened_at)


async def one(session: Session, key: str = "1") -> ReviewItem:
    """An item about an account that is there."""
    found = await session.review(ReviewAddress(ReviewKind.ACCOUNT, key))
    assert found is not None
    return found


class ReviewPromises:
    """What a person is asked, and what becomes of it."""

    async def test_a_question_comes_back_as_it_was_asked(self, store: Store) -> None:
        """Of every kind, with its candidates by id; one under each kind and key."""
        async with ours(store) as session:
            asked = [
                attrs.evolve(question("1"), why="", candidates=()),
                attrs.evolve(question("1"), kind=ReviewKind.WITHDRAWAL, candidates=(Candidate(THIRD, "é"),)),
                question("2"),
                attrs.evolve(question("1"), kind=ReviewKind.COURSE),
            ]
            await session.put_reviews(asked)
            await session.put_reviews([])
            for each in asked:
                found = await session.review(each.address)
                assert found is not None
                assert found == asked_as(each, found)
            assert (await one(session, "2")).ids == (FIRST, SECOND)
            assert await session.review(ReviewAddress(ReviewKind.COURSE, "2")) is None

    async def test_a_question_that_is_open_is_asked_once(self, store: Store) -> None:
        """As it was asked last, and open since it was asked first."""
        async with ours(store) as session:
            await session.put_reviews([question("1"), question("2")])
            first = await one(session)
            again = attrs.evolve(
                question("1"),
                why="Others.",
                subject="s",
                module="teachers",
                candidates=(Candidate(THIRD, "c"),),
            )
            await session.put_reviews([again])
            assert await one(session) == asked_as(again, first)
            assert len(await session.reviews(ReviewState.OPEN)) == 2

    async def test_what_was_decided_stays_until_the_candidates_differ(self, store: Store) -> None:
        """Whatever else is said of it meanwhile."""
        async with ours(store) as session:
            await session.put_reviews([question("1"), question("2")])
            opened = await one(session)
            chosen = await session.decide_review(opened.address, ReviewState.CHOSEN, SECOND, "Registrar é")
            assert chosen is not None
            assert chosen.decided_at is not None
            assert chosen.decided_at >= chosen.opened_at
            assert chosen == attrs.evolve(
                opened,
                state=ReviewState.CHOSEN,
                choice=SECOND,
                decided_by="Registrar é",
                decided_at=chosen.decided_at,
            )
            dismissed = await session.decide_review(
                question("2").address, ReviewState.DISMISSED, None, "Registrar"
            )
            assert dismissed is not None
            renamed = tuple(Candidate(id, "Renamed.") for id in (SECOND, FIRST))
            await session.put_reviews(
                [attrs.evolve(question(key), why="Said anew.", candidates=renamed) for key in "12"]
            )
            assert [await one(session), await one(session, "2")] == [chosen, dismissed]
            await session.put_reviews(
                [attrs.evolve(question(key), candidates=(*renamed, Candidate(THIRD, "New."))) for key in "12"]
            )
            for key, before in (("1", chosen), ("2", dismissed)):
                found = await one(session, key)
                assert (found.state, found.choice) == (ReviewState.OPEN, None)
                assert (found.decided_by, found.decided_at) == ("", None)
                assert found.opened_at >= before.opened_at
                assert found.ids == (FIRST, SECOND, THIRD)

    async def test_only_what_is_open_is_decided(self, store: Store) -> None:
        """Once; who dismissed it may choose after all. What is not there, or closed, is not."""
        async with ours(store) as session:
            await session.put_reviews([question("1"), question("2")])
            address = question("1").address
            assert await session.decide_review(address, ReviewState.DISMISSED, None, "first") is not None
            assert await session.decide_review(address, ReviewState.DISMISSED, None, "second") is None
            assert (await one(session)).decided_by == "first"
            chosen = await session.decide_review(address, ReviewState.CHOSEN, FIRST, "second")
            assert chosen == await one(session)
            assert (chosen.choice, chosen.decided_by) == (FIRST, "second")
            for state in (ReviewState.CHOSEN, ReviewState.DISMISSED):
                assert await session.decide_review(address, state, None, "third") is None
            nowhere = ReviewAddress(ReviewKind.ACCOUNT, "3")
            assert await session.decide_review(nowhere, ReviewState.DISMISSED, None, "") is None
            assert (await one(session, "2")).state is ReviewState.OPEN
            await session.close_reviews([question("2").address])
            assert await session.decide_review(question("2").address, ReviewState.CHOSEN, FIRST, "") is None

    async def test_what_is_no_longer_asked_is_closed(self, store: Store) -> None:
        """Unless it was decided; asked again it is open again."""
        async with ours(store) as session:
            await session.put_reviews([question(key) for key in "1234"])
            await session.decide_review(question("2").address, ReviewState.DISMISSED, None, "p")
            await session.decide_review(question("3").address, ReviewState.CHOSEN, FIRST, "p")
            course = ReviewAddress(ReviewKind.COURSE, "4")
            await session.close_reviews([*(question(key).address for key in "1235"), course])
            await session.close_reviews([])
            closed = await one(session)
            assert (closed.state, closed.decided_by, closed.choice) == (ReviewState.CLOSED, "", None)
            assert closed.decided_at is not None
            states = [(await one(session, key)).state for key in "234"]
            assert states == [ReviewState.DISMISSED, ReviewState.CHOSEN, ReviewState.OPEN]
            await session.put_reviews([question("1")])
            again = await one(session)
            assert (again.state, again.decided_at) == (ReviewState.OPEN, None)
            assert again.opened_at >= closed.decided_at

    async def test_what_was_closed_is_forgotten_in_time(self, store: Store) -> None:
        """The oldest first; what is open or was decided never is."""
        async with ours(store) as session:
            await session.put_reviews([question(key) for key in "12345"])
            await session.decide_review(question("1").address, ReviewState.DISMISSED, None, "p")
            await session.decide_review(question("2").address, ReviewState.CHOSEN, FIRST, "p")
            for key in "43":
                await session.close_reviews([question(key).address])
            assert await session.forget_closed_reviews(timedelta(hours=1), 9) == 0
            assert await session.forget_closed_reviews(timedelta(0), 1) == 1
            assert [each.key for each in await session.reviews()] == ["1", "2", "3", "5"]
            assert await session.forget_closed_reviews(timedelta(0), 9) == 1
            assert await session.forget_closed_reviews(timedelta(0), 9) == 0
            assert [each.key for each in await session.reviews()] == ["1", "2", "5"]

    async def test_the_list_is_told_in_pages(self, store: Store) -> None:
        """By kind and key, of one state, of one kind, or of both."""
        async with ours(store) as session:
            asked = [
                attrs.evolve(question(key), kind=kind)
                for kind in (ReviewKind.COURSE, ReviewKind.ACCOUNT, ReviewKind.WITHDRAWAL)
                for key in ("é", "b", "A")
            ]
            await session.put_reviews(asked)
            order = sorted(each.address for each in asked)
            assert [each.kind for each in order[:3]] == [ReviewKind.ACCOUNT] * 3
            assert [each.key for each in order[:3]] == ["A", "b", "é"]
            await session.decide_review(order[4], ReviewState.DISMISSED, None, "p")
            assert [each.address for each in await session.reviews()] == order
            for limit in (1, 2, 9, 20):
                found: list[ReviewAddress] = []
                while page := await session.reviews(after=found[-1] if found else None, limit=limit):
                    assert len(page) <= limit
                    found += [each.address for each in page]
                    assert len(found) <= len(order)
                assert found == order
            are_open = [each.address for each in await session.reviews(ReviewState.OPEN, limit=5)]
            assert are_open == [*order[:4], order[5]]
            courses = await session.reviews(kind=ReviewKind.COURSE, after=order[0], limit=2)
            assert [each.address for each in courses] == order[3:5]
            both = await session.reviews(ReviewState.OPEN, ReviewKind.COURSE, order[3])
            assert [each.address for each in both] == [order[5]]
            assert list(await session.reviews(ReviewState.DISMISSED, ReviewKind.ACCOUNT)) == []

    async def test_what_was_chosen_is_told_at_once(self, store: Store) -> None:
        """Under these keys of this kind; nothing of those about which nobody chose."""
        async with ours(store) as session:
            courses = [attrs.evolve(question(key), kind=ReviewKind.COURSE) for key in "14"]
            await session.put_reviews([*(question(key) for key in "1234"), *courses])
            for key, choice in (("1", FIRST), ("2", SECOND)):
                await session.decide_review(question(key).address, ReviewState.CHOSEN, choice, "p")
            await session.decide_review(question("3").address, ReviewState.DISMISSED, None, "p")
            await session.decide_review(courses[1].address, ReviewState.CHOSEN, THIRD, "p")
            assert await session.choices(ReviewKind.ACCOUNT, ["2", "3", "4", "5", "1"]) == {
                "1": FIRST,
                "2": SECOND,
            }
            assert await session.choices(ReviewKind.ACCOUNT, ["1"]) == {"1": FIRST}
            assert await session.choices(ReviewKind.COURSE, ["1", "4"]) == {"4": THIRD}
            assert await session.choices(ReviewKind.ACCOUNT, []) == {}

    async def test_open_items_are_counted_by_kind(self, store: Store) -> None:
        """None that was decided or closed, and no kind of which none is open."""
        async with ours(store) as session:
            assert await session.open_reviews() == {}
            courses = [attrs.evolve(question(key), kind=ReviewKind.COURSE) for key in "12"]
            await session.put_reviews([*(question(key) for key in "12345"), *courses])
            await session.decide_review(question("1").address, ReviewState.CHOSEN, FIRST, "p")
            await session.decide_review(question("2").address, ReviewState.DISMISSED, None, "p")
            await session.close_reviews([question("3").address, *(each.address for each in courses)])
            assert await session.open_reviews() == {ReviewKind.ACCOUNT: 2}
            await session.put_reviews(courses)
            assert await session.open_reviews() == {ReviewKind.ACCOUNT: 2, ReviewKind.COURSE: 2}
