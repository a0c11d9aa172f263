"""A client over a fake Moodle, and the hands of the people behind it."""

from urllib.parse import parse_qsl

import attrs

from mzi_adapters.moodle import MoodleAccount, MoodleClient
from mzi_adapters.testing.faults import Fault, Faults, FaultyTransport
from mzi_adapters.testing.moodle import FakeMoodle
from mzi_adapters.testing.virtual_time import VirtualTimer
from mzi_adapters.web import Request, Timer, Transport
from mzi_core.ports import NewUser

TOKEN = "a-token-that-is-none"


def client_of(site: FakeMoodle, wire: Transport | None = None, timer: Timer | None = None) -> MoodleClient:
    """A client that reaches the site through a wire of its own, or directly."""
    account = MoodleAccount(site.url, TOKEN)
    return MoodleClient(account, wire or site, timer or VirtualTimer(), random=lambda: 0.25)


SARA = NewUser(
    username="sara@mzi.example",
    first_name="Sara",
    last_name="S",
    email="sara@mzi.example",
    password="Passw0rd!x",
)


@attrs.define
class Line:
    """A site, the client that reaches it through faults, and what of it arrived."""

    faults: Faults = attrs.field(factory=Faults)
    site: FakeMoodle = attrs.field(init=False)
    timer: VirtualTimer = attrs.field(factory=VirtualTimer)
    moodle: MoodleClient = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.site = FakeMoodle(token=TOKEN, clock=self.timer)
        self.moodle = client_of(self.site, FaultyTransport(self.site, self.faults, self.timer), self.timer)

    def on(self, function: str, fault: Fault, *, times: int = 1) -> None:
        """The first calls of a function meet a fault."""
        self.faults.when(lambda request: function_of(request) == function, fault, times=times)

    def calls(self, function: str) -> int:
        """How often a function arrived."""
        return sum(call.function == function for call in self.site.seen)


def function_of(request: Request) -> str:
    """Which function a request calls."""
    return dict(parse_qsl((request.body or b"").decode()))["wsfunction"]
