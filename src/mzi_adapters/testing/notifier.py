"""A way to tell people that only remembers, and can refuse."""

import attrs

from mzi_adapters.testing.session_guard import refuse_sending
from mzi_core.ports import NoticeDigest, Notifier, NotifyFailed


@attrs.define(eq=False)
class FakeNotifier:
    """`sent`: what was taken, in order. `refusal`: why nothing is taken now; "" while all is.

    `remark`: what is to be known beside of what is taken.
    """

    way: str = "fake"
    sent: list[NoticeDigest] = attrs.field(factory=list)
    refusal: str = ""
    remark: str = ""

    async def send(self, digest: NoticeDigest) -> str:
        """Take it. Raises SentInsideSession over a GuardedStore of which a session is open."""
        refuse_sending(f"A digest for tenant {digest.tenant}")
        await self.check()
        self.sent.append(digest)
        return self.remark

    async def check(self) -> bool:
        """Whether it would be taken."""
        if self.refusal:
            raise NotifyFailed(self.refusal)
        return True


def _proof(notifier: FakeNotifier) -> Notifier:
    """The type checker's word that this is a Notifier."""
    return notifier
