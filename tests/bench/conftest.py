"""Before each turn the garbage is collected; what the tests have imported need not be looked at again."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _quick_to_collect() -> Iterator[None]:
    gc.freeze()
    yield
    gc.unfreeze()
