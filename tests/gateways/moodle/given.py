"""A client over a fake Moodle, and the hands of the people behind it."""

from mzi_adapters.memory.moodle import FakeMoodle
from mzi_adapters.memory.moodle.users import delete_users
from mzi_adapters.memory.timer import VirtualTimer
from mzi_adapters.moodle import MoodleAccount, MoodleClient
from mzi_adapters.web import Timer, Wire

TOKEN = "a-token-that-is-none"


def client_of(site: FakeMoodle, wire: Wire | None = None, timer: Timer | None = None) -> MoodleClient:
    """A client that reaches the site through a wire of its own, or directly."""
    return MoodleClient(MoodleAccount(site.url, TOKEN), wire or site, timer or VirtualTimer())


class Staffed(FakeMoodle):
    """A fake with an administrator who deletes users."""

    def delete_user(self, user: int) -> None:
        """As by hand."""
        delete_users(self.site, {"userids": [user]})
