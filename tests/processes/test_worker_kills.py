"""What killed workers had begun is done once in the end: a few of the kills of `nox -s worker_kills`."""

from pathlib import Path
from random import Random

import pytest
from tests.processes.worker_kills import Trial, tried
from tests.repetitions import often

from mzi_adapters.vault import new_key

pytestmark = pytest.mark.slow

KILLS = often(10, gate=1)
SEED = 11


async def test_both_sides_agree_after_workers_were_killed_while_they_wrote(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'mzi.db'}"
    trial = Trial(name="killed", url=url, folder=tmp_path, dice=Random(SEED), key=new_key())
    assert await tried(trial, KILLS) == []
    assert trial.counts["writes under way"] >= trial.counts["kills"] == KILLS
