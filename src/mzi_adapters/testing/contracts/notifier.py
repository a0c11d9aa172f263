"""The contract of the `Notifier` port: subclass `NotifierContract` over a fixture `inbox`."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

import attrs

from mzi_adapters.testing.contracts.fixtures import raises
from mzi_core.notices import command, digest_of_lines, sentence
from mzi_core.ports import (
    Notice,
    NoticeAddress,
    NoticeDigest,
    NoticeKind,
    NoticeLine,
    NoticeState,
    Notifier,
    NotifyFailed,
)
from mzi_core.values import DEFAULT_TENANT

AT = datetime(2026, 2, 15, 8, 0, tzinfo=UTC)


@attrs.frozen
class Arrived:
    """A message as its receiver has it. `id`: by which one is known that comes again; `text`: all it says."""

    id: str
    text: str


class Inbox(Protocol):
    """What stands behind a notifier in a test. `secrets`: what must be told nowhere."""

    @property
    def notifier(self) -> Notifier:
        """It sends into this inbox."""
        ...

    @property
    def secrets(self) -> Sequence[str]:
        """Of the account, and whoever receives it."""
        ...

    def arrived(self) -> Sequence[Arrived]:
        """What has arrived so far, in order."""
        ...

    def refuse(self) -> None:
        """From now on take nothing, with an answer that quotes the secrets."""
        ...


LINES = tuple(
    NoticeLine(notice=Notice(address=NoticeAddress(kind, f"{kind} é 1"), number=3), state=state, before=1)
    for kind in NoticeKind
    for state in (NoticeState.NEW, NoticeState.GROWN, NoticeState.OVER)
)


def digest(*lines: NoticeLine) -> NoticeDigest:
    """What is sent in these tests."""
    return digest_of_lines(DEFAULT_TENANT, "any", lines, (), AT)


class NotifierContract:
    """Everything the docstrings of the port promise, a test each."""

    async def test_a_digest_arrives_once_and_whole(self, inbox: Inbox) -> None:
        """Whose it is, each sentence, and each command."""
        sent = digest(*LINES)
        assert await inbox.notifier.send(sent) == ""
        (found,) = inbox.arrived()
        assert f"tenant {DEFAULT_TENANT}" in found.text or f'"tenant": "{DEFAULT_TENANT}"' in found.text
        for line in LINES:
            assert sentence(line) in found.text
            assert command(line.notice.address) in found.text

    async def test_what_is_sent_again_is_known_by_its_id(self, inbox: Inbox) -> None:
        """Of two digests each has its own."""
        for sent in (digest(*LINES), digest(*LINES), digest(LINES[0])):
            await inbox.notifier.send(sent)
        first, again, other = inbox.arrived()
        assert first.id == again.id
        assert digest(*LINES).id in first.id
        assert other.id != first.id

    async def test_a_test_says_that_it_is_one(self, inbox: Inbox) -> None:
        """And nothing else."""
        await inbox.notifier.send(digest())
        (found,) = inbox.arrived()
        assert "test" in found.text

    async def test_to_check_sends_nothing(self, inbox: Inbox) -> None:
        """However often, also where it cannot be known whether anything would be taken."""
        known = [await inbox.notifier.check() for _ in range(2)]
        assert known[0] == known[1]
        assert list(inbox.arrived()) == []

    async def test_what_is_not_taken_is_told_without_a_secret(self, inbox: Inbox) -> None:
        """Whatever was answered; nor does the error keep it, nor the notifier show it."""
        inbox.refuse()
        with raises(NotifyFailed) as failed:
            await inbox.notifier.send(digest(*LINES))
        assert list(inbox.arrived()) == []
        error: BaseException | None = failed.error
        told = [repr(inbox.notifier)]
        while error is not None:
            told += [repr(error), str(error)]
            error = error.__cause__ or error.__context__
        assert [secret for secret in inbox.secrets if secret in " ".join(told)] == []
