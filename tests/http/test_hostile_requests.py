"""Some of the requests of `nox -s hostile`: what is not proved is never kept, and refusals are told."""

import pytest
from tests.http.answer_tally import Tally
from tests.http.hostile_requests import onslaught
from tests.repetitions import often

pytestmark = pytest.mark.slow

REQUESTS = often(4_000, gate=300)
SEED = 20261130


@pytest.mark.timeout(1800)
async def test_hostile_requests_are_refused_as_the_document_says(database_url: str) -> None:
    tally = Tally()
    await onslaught(database_url, REQUESTS, SEED, tally)
    assert tally.faults == []
    assert tally.requests >= REQUESTS
    assert tally.signed > REQUESTS // 2
    assert 0 < tally.spoilt < tally.signed
    assert len(tally.accepted) > 0
