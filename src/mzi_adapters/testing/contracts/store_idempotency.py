"""What a store promises about answers kept under idempotency keys."""

from mzi_adapters.testing.contracts.fixtures import BEGAN, later, ours
from mzi_core.ports import Store, StoredResponse


class StoredResponsePromises:
    """What was answered under an idempotency key."""

    async def test_an_answer_comes_back_as_it_was_kept(self, store: Store) -> None:
        """To the byte; no body is not an empty one; another key is another answer."""
        async with ours(store) as session:
            for body in ('{"a": "رنا | 🎓"}', "", None):
                answer = StoredResponse(key="K é", digest="d" * 64, body=body, answered_at=later(1))
                await session.keep_response(answer, BEGAN)
                assert await session.response("K é") == answer
            assert await session.response("k é") is None

    async def test_an_answer_takes_the_place_of_the_one_before(self, store: Store) -> None:
        """One to a key."""
        async with ours(store) as session:
            answer = StoredResponse(key="k", digest="other", body="later", answered_at=later(1))
            await session.keep_response(answer, BEGAN)
            assert await session.response("k") == answer

    async def test_old_answers_are_forgotten(self, store: Store) -> None:
        """Those before the moment; one of that very moment stays."""
        async with ours(store) as session:
            for key, minutes in (("old", 1), ("edge", 2), ("new", 3)):
                answer = StoredResponse(key=key, digest="", body=key, answered_at=later(minutes))
                await session.keep_response(answer, BEGAN)
            last = StoredResponse(key="last", digest="", body=None, answered_at=later(4))
            await session.keep_response(last, forget_before=later(2))
            kept = [key for key in ("k", "old", "edge", "new", "last") if await session.response(key)]
            assert kept == ["edge", "new", "last"]
