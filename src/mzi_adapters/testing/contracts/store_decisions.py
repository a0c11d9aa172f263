"""What a store promises about grading decisions."""

import attrs

from mzi_adapters.testing.contracts.fixtures import BEGAN, decision, later, ours
from mzi_core.grading import BTEC_DEFAULT, Grade, Marking, RuleId, decide
from mzi_core.ports import MOST_DECISIONS, Cursor, DecisionRecord, Store


def _record(key: str, minutes: float, attempt: int = 1, raw: str = "3.5") -> DecisionRecord:
    return DecisionRecord(key=key, decision=decision(attempt, raw), decided_at=later(minutes))


class DecisionPromises:
    """Why a grade is what it is, kept for years."""

    async def test_a_decision_comes_back_equal(self, store: Store) -> None:
        """With its marking, its policy, its verdict, and so its trace and its sentence."""
        async with ours(store) as session:
            made = (decision(), decision(0), decide(Marking(letter=Grade.RR)))
            records = {
                f"key {n}": DecisionRecord(key=f"key {n}", decision=each, decided_at=later(1))
                for n, each in enumerate(made)
            }
            await session.record_decisions(list(records.values()))
            found = await session.decisions_by_attempt([*records, "no such key"])
            assert found == {key: [record] for key, record in records.items()}
            for key, record in records.items():
                assert found[key][0].decision.trace == record.decision.trace
                assert found[key][0].decision.explain("ar") == record.decision.explain("ar")
            assert await session.decisions_by_attempt([]) == {}

    async def test_a_decision_is_kept_as_it_was_made(self, store: Store) -> None:
        """Not as the rules of another day would make it, and with the trace that was told on the day."""
        async with ours(store) as session:
            made = decide(Marking(), BTEC_DEFAULT)
            odd = attrs.evolve(made, verdict=attrs.evolve(made.verdict, rule=RuleId.PASS, grade=Grade.P))
            told = ({"rule": "OF_ANOTHER_DAY", "outcome": "held", "saw": {"raw": "1.0", "gone": None}},)
            record = DecisionRecord(key="odd", decision=odd, decided_at=later(1), trace=told)
            await session.record_decisions([record])
            (found,) = (await session.decisions_by_attempt(["odd"]))["odd"]
            assert (found.decision.rule, found.decision.grade) == (RuleId.PASS, Grade.P)
            assert found.trace == told

    async def test_the_newest_decision_about_an_attempt_counts(self, store: Store) -> None:
        """Whatever the order they were recorded in; of two made at one moment the one recorded later."""
        async with ours(store) as session:
            old, new = _record("k", 1, raw="2"), _record("k", 2, raw="3")
            for record in (new, old):
                await session.record_decisions([record])
            assert await session.decisions_by_attempt(["k", "K"]) == {"k": [new]}
            newer = _record("k", 2, raw="2.5")
            await session.record_decisions([newer])
            assert await session.decisions_by_attempt(["k"]) == {"k": [newer]}
            assert [one for one in await session.decisions(None, 9) if one.key == "k"] == [newer]

    async def test_a_decision_about_the_latest_attempt_stands(self, store: Store) -> None:
        """Whenever an earlier attempt is decided; attempts are in the order of their numbers."""
        async with ours(store) as session:
            tenth, ninth, third = _record("k", 1, 10), _record("k", 2, 9), _record("k", 3, 3)
            for record in (third, tenth, _record("k", 1, 9), ninth):
                await session.record_decisions([record])
            (stands,) = [one for one in await session.decisions(None, 9) if one.key == "k"]
            assert stands == tenth
            assert await session.decisions_by_attempt(["k"]) == {"k": [third, ninth, tenth]}
            last = _record("k", 0, attempt=2**63 - 1)
            await session.record_decisions([last])
            assert (await session.decisions_by_attempt(["k"]))["k"][-1] == last

    async def test_every_decision_under_a_key_stays(self, store: Store) -> None:
        """From the one that stands on; those of other keys stand apart."""
        async with ours(store) as session:
            await session.record_decisions([_record("k", 2, 2), _record("K", 2, 9), _record("k", 1, 1)])
            await session.record_decisions([_record("k", 2, 2, "2"), _record("k", 3, 1), _record("k", 1, 4)])
            whole = await session.decision_history("k")
            expected = [
                *(_record("k", 1, 4), _record("k", 2, 2, "2"), _record("k", 2, 2)),
                *(_record("k", 3, 1), _record("k", 1, 1)),
            ]
            assert list(whole) == expected
            assert len({one.place for one in whole}) == len(expected)
            assert list(await session.decision_history("no such key")) == []

    async def test_of_very_many_decisions_under_a_key_the_oldest_are_forgotten(self, store: Store) -> None:
        """However many come together, and those of other keys are not counted."""
        async with ours(store) as session:
            await session.record_decisions([_record("k", n) for n in range(MOST_DECISIONS - 1)])
            await session.record_decisions([_record("other", 0)])
            await session.record_decisions([_record("k", n) for n in (500, 501, 502)])
            times = [one.decided_at for one in await session.decision_history("k")]
            kept = [502, 501, 500, *range(MOST_DECISIONS - 2, 1, -1)]
            assert times == [later(minutes) for minutes in kept]
            assert len(await session.decision_history("other")) == 1

    async def test_what_counts_of_an_attempt_is_forgotten_last(self, store: Store) -> None:
        """Of more attempts than may stay those of the latest do, however old."""
        async with ours(store) as session:
            await session.record_decisions([_record("k", 1, 2), _record("k", 2, 0)])
            await session.record_decisions([_record("k", 5 + n, 1) for n in range(MOST_DECISIONS)])
            found = await session.decisions_by_attempt(["k"])
            expected = [_record("k", 2, 0), _record("k", 4 + MOST_DECISIONS, 1), _record("k", 1, 2)]
            assert found == {"k": expected}
            assert len(await session.decision_history("k")) == MOST_DECISIONS
            await session.record_decisions([_record("k", -n, n) for n in range(2, MOST_DECISIONS + 2)])
            attempts = [one.attempt for one in await session.decision_history("k")]
            assert attempts == [*range(MOST_DECISIONS + 1, 1, -1)]

    async def test_decisions_are_listed_by_key(self, store: Store) -> None:
        """In pages that show each key once, in the order of its characters."""
        async with ours(store) as session:
            keys = ["10_1_1", "1_2_3", "9_1_1", "B", "a", "é"]
            await session.record_decisions(
                [_record(key, minutes) for key in ("a", "9_1_1", "10_1_1", "é", "B") for minutes in (1, 2)]
            )
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
