"""What a site says of itself: how large a form it takes, and what time it is there."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.use_cases.remotes import College

from mzi_adapters.web.transport import moment_of
from mzi_core.values import DEFAULT_TENANT


@pytest.mark.parametrize(
    ("limit", "fields", "whole"),
    [(1000, 900, True), (1000, 1000, True), (1000, 1001, False), (1000, 1100, False), (5000, 1100, True)],
    ids=repr,
)
async def test_a_form_that_is_cut_is_noticed_by_its_last_field(limit: int, fields: int, whole: bool) -> None:
    college = College()
    college.moodle.max_input_vars = limit
    moodle = await college.connections().moodle(DEFAULT_TENANT)
    assert await moodle.takes_form_of(fields) is whole


async def test_both_services_say_what_time_it_was_there_when_they_answered() -> None:
    college = College()
    college.to_moodle.ahead = college.to_zoho.ahead = timedelta(hours=2)
    connections = college.connections()
    moodle = await connections.moodle(DEFAULT_TENANT)
    assert await moodle.server_time() is None
    await moodle.site()
    assert await moodle.server_time() == college.timer.now() + timedelta(hours=2)
    zoho = await connections.zoho(DEFAULT_TENANT)
    assert await zoho.server_time() is None
    await zoho.organization()
    assert await zoho.server_time() == college.timer.now() + timedelta(hours=2)


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("Tue, 01 Sep 2026 08:00:00 GMT", datetime(2026, 9, 1, 8, tzinfo=UTC)),
        ("Tue, 01 Sep 2026 11:00:00 +0300", datetime(2026, 9, 1, 8, tzinfo=UTC)),
        ("Tue, 01 Sep 2026 08:00:00 -0000", datetime(2026, 9, 1, 8, tzinfo=UTC)),
        ("yesterday", None),
        ("", None),
    ],
    ids=repr,
)
def test_a_time_that_cannot_be_read_is_none(said: str, at: datetime | None) -> None:
    assert moment_of({"date": said} if said else {}) == at
