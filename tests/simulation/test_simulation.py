"""Seeds of the simulation: whatever goes wrong, in the end both sides agree."""

import pytest
from tests.simulation.world import run


@pytest.mark.parametrize("seed", range(10))
def test_a_calm_college_comes_to_agree(seed: int) -> None:
    ran = run(seed, odds={})
    assert ran.wrong == [], "\n".join(ran.story)
