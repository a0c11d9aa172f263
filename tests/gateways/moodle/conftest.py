"""What several files of tests ask for."""

import pytest
from tests.gateways.moodle.given import Line


@pytest.fixture
def line() -> Line:
    """A line without faults, so far."""
    return Line()
