"""What a store promises about grading decisions."""

import attrs

from mzi_adapters.testing.contracts.fixtures import BEGAN, decision, later, ours
from mzi_core.grading import BTEC_DEFAULT, Grade, Marking, RuleId, decide
from mzi_core.ports import Cursor, DecisionRecord, Store


def _record(key: str, minutes: float, attempt: int = 1) -> DecisionRecord:
    return DecisionRecord(key=key, decision=decision(attempt), decided_at=later(minutes))


class DecisionPromises:
    """Why a grade is what it is, kept for years."""

    async def test_a_decision_comes_back_equal(self, store: Store) -> None:
        """With its marking, its policy, its verdict, and so its trace and its sentence."""
        async with ours(store) as session:
            for number, made in enumerate((decision(), decision(0), decide(Marking(letter=Grade.RR)))):
                record = DecisionRecord(key=f"key {number}", decision=made, decided_at=later(1))
                await session.record_decision(record)
                found = await session.decision(record.key)
                assert found == record
                assert found.decision.trace == made.trace
                assert found.decision.explain("ar") == made.explain("ar")

    async def test_a_decision_is_kept_as_it_was_made(self, store: Store) -> None:
        """Not as the rules of another day would make it."""
        async with ours(store) as session:
            made = decide(Marking(), BTEC_DEFAULT)
            odd = attrs.evolve(made, verdict=attrs.evolve(made.verdict, rule=RuleId.PASS, grade=Grade.P))
            await session.record_decision(DecisionRecord(key="odd", decision=odd, decided_at=later(1)))
            found = await session.decision("odd")
            assert found is not None
            assert (found.decision.rule, found.decision.grade) == (RuleId.PASS, Grade.P)

    async def test_the_newest_decision_under_a_key_counts(self, store: Store) -> None:
        """Whatever the order they were recorded in; of two made at one moment the one recorded later."""
        async with ours(store) as session:
            old, new = _record("k", 1, attempt=1), _record("k", 2, attempt=2)
            for record in (new, old):
                await session.record_decision(record)
            assert await session.decision("k") == new
            newer = _record("k", 2, attempt=3)
            await session.record_decision(newer)
            assert await session.decision("k") == newer
            assert [one for one in await session.decisions(None, 9) if one.key == "k"] == [newer]
            assert await session.decision("K") is None

    async def test_decisions_are_listed_by_key(self, store: Store) -> None:
        """In pages that show each key once, in the order of its characters."""
        async with ours(store) as session:
            keys = ["10_1_1", "1_2_3", "9_1_1", "B", "a", "é"]
            for key in ("a", "9_1_1", "10_1_1", "é", "B"):
                for minutes in (1, 2):
                    await session.record_decision(_record(key, minutes))
            for limit in (1, 2, 4, 6, 99):
                found: list[DecisionRecord] = []
                after = None
                while page := await session.decisions(after, limit):
                    assert len(page) <= limit
                    found += page
                    assert len(found) <= len(keys)
                    after = Cursor(page[-1].decided_at, page[-1].key)
                assert [one.key for one in found] == keys
                assert {one.decided_at for one in found} == {BEGAN, later(2)}
