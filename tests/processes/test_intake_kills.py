"""What `mzi serve` acknowledged is there after any kill: a few of those of `nox -s kills`, and no workers."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from tests.processes.intake_kills import IN_FLIGHT, Trial, ready, zoho_of
from tests.repetitions import often

from mzi_core.ports import EventState

pytestmark = pytest.mark.slow

KILLS = often(10, gate=2)
SEED = 11


@pytest.fixture(scope="module")
def zoho() -> Iterator[Mapping[str, str]]:
    with zoho_of(SEED) as settings:
        yield settings


@pytest.fixture
async def trial(database_url: str, tmp_path: Path, zoho: Mapping[str, str]) -> Trial:
    """Without workers: what these had claimed when they were killed would be left alone for minutes."""
    return await ready("served", database_url, tmp_path, SEED, zoho, workers=False)


async def test_what_was_acknowledged_is_kept_once_and_ends(trial: Trial) -> None:
    while len(trial.kills) < KILLS:
        await trial.kill()
    verdict = await trial.settle()
    assert verdict.is_sound, trial.report(verdict)
    assert all(each.unanswered >= IN_FLIGHT for each in trial.kills)
    assert verdict.events >= len(trial.traffic.acknowledged) > 0
    assert verdict.states[EventState.TAKEN] > verdict.states[EventState.PARKED] > 0
