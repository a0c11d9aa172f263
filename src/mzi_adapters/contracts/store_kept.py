"""What a store promises about decisions, answers, runs and grants."""

import attrs

from mzi_adapters.contracts.furnished import BEGAN, decision, later, ours, run
from mzi_core.grading import BTEC_DEFAULT, Grade, Marking, RuleId, decide
from mzi_core.ports import Answer, Cursor, DecisionRecord, Grant, RunStatus, Store


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


class AnswerPromises:
    """What was answered under an idempotency key."""

    async def test_an_answer_comes_back_as_it_was_kept(self, store: Store) -> None:
        """To the byte; no body is not an empty one; another key is another answer."""
        async with ours(store) as session:
            for body in ('{"a": "رنا | 🎓"}', "", None):
                answer = Answer(key="K é", digest="d" * 64, body=body, answered_at=later(1))
                await session.keep_answer(answer, BEGAN)
                assert await session.answer("K é") == answer
            assert await session.answer("k é") is None

    async def test_an_answer_takes_the_place_of_the_one_before(self, store: Store) -> None:
        """One to a key."""
        async with ours(store) as session:
            answer = Answer(key="k", digest="other", body="later", answered_at=later(1))
            await session.keep_answer(answer, BEGAN)
            assert await session.answer("k") == answer

    async def test_old_answers_are_forgotten(self, store: Store) -> None:
        """Those before the moment; one of that very moment stays."""
        async with ours(store) as session:
            for key, minutes in (("old", 1), ("edge", 2), ("new", 3)):
                answer = Answer(key=key, digest="", body=key, answered_at=later(minutes))
                await session.keep_answer(answer, BEGAN)
            last = Answer(key="last", digest="", body=None, answered_at=later(4))
            await session.keep_answer(last, forget_before=later(2))
            kept = [key for key in ("k", "old", "edge", "new", "last") if await session.answer(key)]
            assert kept == ["edge", "new", "last"]


class RunPromises:
    """The record of bulk runs."""

    async def test_a_run_is_kept_in_place_of_the_one_with_its_id(self, store: Store) -> None:
        """So that its progress can be written down as it goes."""
        async with ours(store) as session:
            await session.save_run(run(2, later(1)))
            finished = attrs.evolve(
                run(2, later(1), status=RunStatus.PARTIAL, message="قيد | 🎓"),
                finished_at=later(9),
                cursor=2**40,
                counts={"NEW": 3, "ERROR": 1},
                bookmark='{"after": "رنا"}',
            )
            await session.save_run(finished)
            assert await session.runs(1) == [finished]
            assert len(await session.runs(9)) == 2

    async def test_the_latest_runs_come_first(self, store: Store) -> None:
        """By the time they started, at most as many as asked for."""
        async with ours(store) as session:
            for n, minutes in ((2, 2), (3, 1), (4, 3)):
                await session.save_run(run(n, later(minutes)))
            newest_first = [run(n, BEGAN).id for n in (4, 2, 3, 1)]
            assert [one.id for one in await session.runs(9)] == newest_first
            assert [one.id for one in await session.runs(2)] == newest_first[:2]


class GrantPromises:
    """What remote services let us in with."""

    async def test_a_grant_comes_back_as_it_was_kept(self, store: Store) -> None:
        """Whole or nearly empty, one to a name; names are compared exactly."""
        async with ours(store) as session:
            assert await session.grant("zoho") is None
            whole = Grant(
                name="zoho",
                origin="o" * 64,
                token="an invented token",  # noqa: S106  # no service knows it
                scope="ZohoCRM.org.READ ZohoCRM.coql.READ",
                expires_at=later(60),
                renewing_until=later(1),
                renewals=(later(0.5), later(1)),
                paused_until=later(10),
                revoked="invalid_code",
            )
            for grant in (whole, Grant(name="zoho", origin="other"), whole):
                await session.save_grant(grant)
                assert await session.grant("zoho") == grant
            await session.save_grant(Grant(name="moodle", origin="m"))
            assert await session.grant("zoho") == whole
            assert await session.grant("Zoho") is None

    async def test_a_grant_does_not_show_its_token(self, store: Store) -> None:
        """Not where it is printed."""
        async with ours(store) as session:
            await session.save_grant(Grant(name="zoho", origin="o", token="hush"))  # noqa: S106
            assert "hush" not in repr(await session.grant("zoho"))
