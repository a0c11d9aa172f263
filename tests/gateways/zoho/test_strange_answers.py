"""What Zoho might say and never should: it is understood as nothing, or refused, and stops nobody."""

from datetime import UTC, datetime

import pytest

from mzi_adapters.web import Response
from mzi_adapters.web.transport import moment_of
from mzi_adapters.zoho.answers import moment, read
from mzi_adapters.zoho.limits import UsageMeter, wanted_pause
from mzi_core.errors import ProtocolError

NOW = datetime(2026, 2, 15, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "said",
    [
        "0001-01-01T00:00:00+14:00",
        "1899-12-31T23:59:59+00:00",
        "2201-01-01T00:00:00+00:00",
        "9999-12-31T23:59:59-14:00",
        "2026-02-15",
        "yesterday",
        "2" * 100_000,
        None,
        5,
    ],
    ids=lambda said: str(said)[:40],
)
def test_a_moment_that_cannot_be_worked_with_is_none(said: object) -> None:
    assert moment(said) is None


def test_moments_of_the_years_that_are_taken_are_read() -> None:
    assert moment("1900-01-01T00:00:00+00:00") == datetime(1900, 1, 1, tzinfo=UTC)
    assert moment("2201-01-01T02:00:00+03:00") == datetime(2200, 12, 31, 23, tzinfo=UTC)


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"a":' * 200_000, b"9" * 5000, b"[]"])
def test_an_answer_that_is_no_object_is_refused_by_its_size(body: bytes) -> None:
    with pytest.raises(ProtocolError, match=f"{len(body)} bytes"):
        read(Response(status=200, body=body))


@pytest.mark.parametrize("year", ["99999", "9" * 40, "9" * 5000])
def test_a_date_in_a_header_that_no_calendar_has_is_no_date(year: str) -> None:
    said = f"Sun, 15 Feb {year} 08:00:00 GMT"
    assert moment_of({"date": said}) is None
    assert wanted_pause({"retry-after": said}, read(Response(status=204)), NOW) is None


def test_a_number_in_a_header_is_read_as_far_as_it_can_mean_anything() -> None:
    meter = UsageMeter()
    meter.told({"x-api-credits-remaining": "9" * 5000})
    assert meter.usage.remaining == 9_999_999_999
    assert wanted_pause({"retry-after": "9" * 5000}, read(Response(status=204)), NOW) == 7200.0
