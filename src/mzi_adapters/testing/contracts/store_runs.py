"""What a store promises about bulk runs."""

import attrs

from mzi_adapters.testing.contracts.fixtures import BEGAN, later, ours, run
from mzi_core.ports import RunStatus, Store


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
                watermark=later(-3),
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
