"""What a store promises about what comes again: records that say the same, runs that were not finished."""

import attrs

from mzi_adapters.contracts.furnished import ONLY_THEIRS, later, ours, run
from mzi_adapters.contracts.samples import zoho_id
from mzi_core.decide import Touch
from mzi_core.modules import STUDENTS
from mzi_core.ports import RunStatus, Store
from mzi_core.values import ZohoId

AGAIN = "b" * 64


class TouchPromises:
    """A record that came again and says the same."""

    async def test_what_came_again_is_remembered_and_counts_as_not_written(self, store: Store) -> None:
        """The time of its last change, its fingerprint and its mark; nothing else of the row moves."""
        async with ours(store) as session:
            first, second = zoho_id(STUDENTS, 1), zoho_id(STUDENTS, 2)
            before = await session.stored(STUDENTS, [first, second])
            touch = Touch(zoho_id=first, fingerprint=AGAIN, modified_at=later(7), mark="e" * 32)
            await session.touch(STUDENTS, [touch])
            after = await session.stored(STUDENTS, [first, second])
            entity = attrs.evolve(before[first].entity, modified_at=later(7))
            assert after[first] == attrs.evolve(before[first], entity=entity, fingerprint=AGAIN)
            assert after[second] == before[second]
            known = (await session.known(STUDENTS, [first]))[first]
            assert (known.fingerprint, known.modified_at, known.mark) == (AGAIN, later(7), "e" * 32)

    async def test_nothing_is_a_time_and_a_mark_too(self, store: Store) -> None:
        """A record may say no time, and be one to read every time."""
        async with ours(store) as session:
            first = zoho_id(STUDENTS, 1)
            await session.touch(
                STUDENTS, [Touch(zoho_id=first, fingerprint=AGAIN, modified_at=None, mark=None)]
            )
            known = (await session.known(STUDENTS, [first]))[first]
            assert (known.modified_at, known.mark) == (None, None)

    async def test_what_only_another_tenant_has_does_not_come_again(self, store: Store) -> None:
        """It is passed over."""
        async with ours(store) as session:
            theirs = zoho_id(STUDENTS, ONLY_THEIRS)
            touch = Touch(zoho_id=theirs, fingerprint=AGAIN, modified_at=later(7), mark=None)
            await session.touch(STUDENTS, [touch])
            assert await session.known(STUDENTS, [theirs]) == {}

    async def test_many_come_again_at_once_and_one_that_is_unknown_is_no_error(self, store: Store) -> None:
        """No touch at all is no error either."""
        async with ours(store) as session:
            ids = [zoho_id(STUDENTS, 1), zoho_id(STUDENTS, 2), ZohoId("nobody")]
            await session.touch(
                STUDENTS,
                [
                    Touch(zoho_id=each, fingerprint=AGAIN, modified_at=later(n), mark=f"{n:032}")
                    for n, each in enumerate(ids)
                ],
            )
            await session.touch(STUDENTS, [])
            known = await session.known(STUDENTS, ids)
            assert [known[each].mark for each in ids[:2]] == [f"{n:032}" for n in (0, 1)]
            assert ids[2] not in known


class UnfinishedPromises:
    """A run that did not get to its end can be found again."""

    async def test_the_latest_run_of_a_module_and_source_is_found_if_it_did_not_reach_the_end(
        self, store: Store
    ) -> None:
        """RUNNING and FAILED did not; what another run did later counts alone."""
        async with ours(store) as session:
            for n, (status, found) in enumerate(
                [
                    (RunStatus.RUNNING, True),
                    (RunStatus.COMPLETED, False),
                    (RunStatus.FAILED, True),
                    (RunStatus.PARTIAL, False),
                ],
                start=2,
            ):
                latest = run(n, later(n), status=status)
                await session.save_run(latest)
                expected = latest if found else None
                assert await session.unfinished(latest.module, latest.source) == expected

    async def test_the_latest_run_that_reached_the_end_is_found(self, store: Store) -> None:
        """COMPLETED and PARTIAL did; what began later and did not is passed over."""
        async with ours(store) as session:
            ended = None
            for n, status in enumerate(
                (RunStatus.FAILED, RunStatus.COMPLETED, RunStatus.RUNNING, RunStatus.PARTIAL), start=2
            ):
                latest = run(n, later(n), status=status)
                await session.save_run(latest)
                ended = latest if status.reached_the_end else ended
                assert await session.finished(latest.module, latest.source) == ended
            assert await session.finished("teachers", "upload:students.json") is None
            assert await session.finished("students", "Upload:students.json") is None

    async def test_another_module_or_source_has_runs_of_its_own(self, store: Store) -> None:
        """Names are compared exactly."""
        async with ours(store) as session:
            begun = run(2, later(2))
            await session.save_run(begun)
            assert await session.unfinished("teachers", begun.source) is None
            assert await session.unfinished(begun.module, begun.source.upper()) is None
