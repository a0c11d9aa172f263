"""One call over a wire that fails: what is tried again, what is raised, and what nobody gets to see."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import attrs
import pytest
from tests.gateways.moodle.given import SARA, TOKEN, Line

from mzi_adapters.moodle import MoodleAccount, MoodleClient
from mzi_adapters.moodle.calling import MoodleCaller
from mzi_adapters.testing.faults import Cut, Fault, Huge, Late, Reset, Unreachable, says
from mzi_adapters.testing.moodle import FakeMoodle
from mzi_adapters.testing.virtual_time import VirtualTimer
from mzi_adapters.web import Request, Response, Streamed
from mzi_core.errors import (
    AccessRefused,
    AuthRevoked,
    GatewayError,
    GatewayLimited,
    GatewayUnavailable,
    ProtocolError,
)
from mzi_core.ports import CourseKey, Unknown, UserChange, UserKey
from mzi_core.values import MoodleId

PASSING = (
    Unreachable(),
    Reset(applied=False),
    Reset(applied=True),
    Late(seconds=86400),
    Cut(),
    says(503, b"<h1>Site is down for upgrade</h1>", content_type="text/html"),
    says(502, b"<h1>Bad Gateway</h1>", content_type="text/html"),
    says(200, b"<h1>Welcome</h1>", content_type="text/html"),
    says(429, retry_after="7"),
    says(403),
)


@pytest.mark.parametrize("fault", PASSING, ids=repr)
async def test_a_read_is_tried_again(line: Line, fault: Fault) -> None:
    """Whatever went wrong on the way."""
    line.on("core_webservice_get_site_info", fault, times=3)
    assert (await line.moodle.site()).username == "mzi_service"


@pytest.mark.parametrize("fault", PASSING, ids=repr)
async def test_a_read_is_not_tried_for_ever(line: Line, fault: Fault) -> None:
    """Four times, and never beyond five minutes."""
    line.on("core_webservice_get_site_info", fault, times=99)
    with pytest.raises(GatewayError) as raised:
        await line.moodle.site()
    assert isinstance(raised.value, GatewayUnavailable | ProtocolError)
    assert line.faults.seen == 4
    assert line.timer.monotonic() <= 300


async def test_a_pause_is_as_long_as_the_site_asks(line: Line) -> None:
    """And by chance up to a second longer; by Retry-After, in either form."""
    line.on("core_webservice_get_site_info", says(429, retry_after="40"))
    await line.moodle.site()
    assert line.timer.monotonic() == 40.25
    now, at = "Tue, 01 Sep 2026 08:00:00 GMT", "Tue, 01 Sep 2026 08:00:20 GMT"
    line.on("core_webservice_get_site_info", says(503, date=now, retry_after=at))
    await line.moodle.site()
    assert line.timer.monotonic() == 60.5


async def test_pauses_grow_by_chance(line: Line) -> None:
    """Between nothing and one, two, four seconds."""
    line.on("core_webservice_get_site_info", says(502), times=3)
    await line.moodle.site()
    assert line.timer.monotonic() == 0.25 * (1 + 2 + 4)


async def test_pauses_are_counted_together(line: Line) -> None:
    """Each alone would be short enough."""
    line.on("core_webservice_get_site_info", says(429, retry_after="200"), times=2)
    with pytest.raises(GatewayLimited, match="after 200 seconds") as raised:
        await line.moodle.site()
    assert (raised.value.retry_after, line.timer.monotonic()) == (200, 200.25)


async def test_a_change_is_sent_no_more_often_than_a_read(line: Line) -> None:
    """Whether it was refused, lost or did not even leave: all of it is one count."""
    user = MoodleId(line.site.add_user(username="sara@mzi.example"))
    for fault in (Unreachable(), Reset(applied=True), says(429), Reset(applied=False)):
        line.on("core_user_update_users", fault)
    line.on("core_user_update_users", Unreachable(), times=99)
    [result] = await line.moodle.update_users([UserChange(id=user, city="Irbid")])
    assert isinstance(result, Unknown)
    assert line.faults.seen == 4


async def test_a_creation_is_sent_no_more_often_either(line: Line) -> None:
    """What was lost is looked for in between, and that is a reading of its own."""
    for fault in (Unreachable(), Reset(applied=False), says(429), Reset(applied=False)):
        line.on("core_user_create_users", fault)
    [result] = await line.moodle.create_users([SARA])
    assert isinstance(result, Unknown)
    assert (line.calls("core_user_create_users"), len(line.faults.met)) == (0, 4)


async def test_a_longer_pause_than_our_patience_is_left_to_the_caller(line: Line) -> None:
    """Who learns how long it is."""
    line.on("core_webservice_get_site_info", says(429, retry_after="900"))
    with pytest.raises(GatewayLimited) as raised:
        await line.moodle.site()
    assert (raised.value.retry_after, line.timer.monotonic()) == (900, 0)


async def test_an_answer_that_is_too_large_is_not_asked_for_again(line: Line) -> None:
    """It would be as large the next time."""
    line.on("core_webservice_get_site_info", Huge())
    with pytest.raises(ProtocolError):
        await line.moodle.site()
    assert line.faults.seen == 1


SWITCHES: tuple[tuple[str, Callable[[FakeMoodle], None], type[GatewayError]], ...] = (
    ("an unknown token", lambda site: site.accounts.clear(), AuthRevoked),
    ("a suspended account", lambda site: setattr(site, "suspended", True), AuthRevoked),
    ("a disabled service", lambda site: setattr(site, "service_disabled", True), AccessRefused),
    ("another address", lambda site: setattr(site, "url", "https://other.example"), AccessRefused),
    ("web services off", lambda site: setattr(site, "rest_disabled", True), GatewayUnavailable),
    ("maintenance", lambda site: setattr(site, "maintenance", True), GatewayUnavailable),
    ("maintenance by setting", lambda site: setattr(site, "maintenance_setting", True), GatewayUnavailable),
    ("no database", lambda site: setattr(site, "database_down", True), GatewayUnavailable),
)


@pytest.mark.parametrize(("name", "switch", "kind"), SWITCHES, ids=[name for name, _, _ in SWITCHES])
async def test_what_stops_everything_is_raised_by_reads_and_writes_alike(
    line: Line, name: str, switch: Callable[[FakeMoodle], None], kind: type[GatewayError]
) -> None:
    """A redirect is not followed: it would turn the POST into a GET."""
    switch(line.site)
    for work in (
        line.moodle.site(),
        line.moodle.find_users(UserKey.ID, ["1"]),
        line.moodle.create_users([SARA]),
    ):
        with pytest.raises(kind) as raised:
            await work
        assert type(raised.value) is kind
        assert str(raised.value).endswith(".")


@attrs.define
class Slow:
    """A wire that takes a second for an answer, and counts how many are waited for at once."""

    timer: VirtualTimer
    waiting: int = 0
    most: int = 0

    async def send(self, request: Request) -> Response:
        """No course of any name."""
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        await self.timer.sleep(1)
        self.waiting -= 1
        return Response(status=200, body=b'{"courses":[],"warnings":[]}')

    def stream(self, request: Request) -> AbstractAsyncContextManager[Streamed]:
        """Not asked for."""
        raise AssertionError("the client of Moodle streams nothing here")


@pytest.mark.parametrize(("at_once", "seconds"), [(1, 20), (4, 5), (20, 1)], ids=repr)
async def test_no_more_calls_run_together_than_the_site_is_given(at_once: int, seconds: int) -> None:
    """Four, unless the settings say more."""
    timer = VirtualTimer()
    wire = Slow(timer)
    moodle = MoodleClient(MoodleAccount("https://moodle.example", TOKEN), wire, timer, at_once=at_once)
    await moodle.find_courses(CourseKey.ID_NUMBER, [f"C-{n}" for n in range(20)])
    assert (wire.most, timer.monotonic()) == (at_once, seconds)


def test_the_token_is_in_no_representation() -> None:
    """Neither of the account, nor of the client, nor of what calls."""
    account = MoodleAccount("https://moodle.example", "s3cret-t0ken")
    timer = VirtualTimer()
    site = FakeMoodle()
    shown = [
        account,
        MoodleClient(account, site, timer),
        MoodleCaller(account=account, wire=site, timer=timer),
        SARA,
    ]
    assert not [one for one in shown if "s3cret" in repr(one) or "Passw0rd" in repr(one)]


@pytest.mark.parametrize(
    "url", ["moodle.example", "ftp://x", "https://", "https://a:b@x", "https://x/?a=1"], ids=repr
)
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    """With what it should be."""
    with pytest.raises(ValueError, match="wwwroot"):
        MoodleAccount(url, "t")
