"""Mail and webhooks, over real sockets: what arrives, what is refused, and what is told of it."""

import asyncio
import json
import logging
import runpy
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from time import time
from typing import Any

import attrs
import pytest
import trustme
from standardwebhooks.webhooks import Webhook as OracleWebhook
from standardwebhooks.webhooks import WebhookVerificationError
from tests.servers.smtp import QUOTED, MailServer, mail_served
from tests.web.given import NOBODY, Service

from mzi_adapters.notify.mail import MailAccount, MailNotifier, mail_of
from mzi_adapters.notify.mail_security import MailSecurity
from mzi_adapters.notify.webhook import WebhookNotifier
from mzi_adapters.system import SystemClock
from mzi_adapters.testing.contracts.notifier import LINES, Arrived, NotifierContract, digest
from mzi_adapters.testing.faults import Faults, Reset
from mzi_adapters.testing.loopback import serving
from mzi_adapters.testing.notifier import FakeNotifier
from mzi_adapters.web import Response, Transport
from mzi_adapters.web.aiohttp_transport import open_transport
from mzi_core.notices import command, data_of, headline, sentence, text_of
from mzi_core.ports import NoticeDigest, Notifier, NotifyFailed
from mzi_core.values import TenantId

SENDER, TO = "mzi@college.example", ("office@college.example", "head@college.example")
LOGIN = ("mzi-user", "canary-password")
SECRET = "whsec_Y2FuYXJ5LWNhbmFyeS1jYW5hcnktY2FuYXJ5"
EXAMPLE = Path(__file__).parents[2] / "docs/examples/receive_notices.py"
CANARIES = (SENDER, *TO, *LOGIN, SECRET, SECRET[6:], QUOTED)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Whom the client trusts."""
    return trustme.CA()


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def certified(authority: trustme.CA, name: str = "127.0.0.1") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def notifier_of(
    server: MailServer,
    authority: trustme.CA | None = None,
    security: MailSecurity = MailSecurity.NONE,
    login: tuple[str, str] = ("", ""),
    within: float = 20,
) -> MailNotifier:
    account = MailAccount(
        host="127.0.0.1",
        port=server.port,
        security=security,
        sender=SENDER,
        to=TO,
        user=login[0],
        password=login[1],
    )
    trust = ssl.create_default_context() if authority is None else trusting(authority)
    return MailNotifier(account=account, trust=trust, within=within)


async def why_not(notifier: Notifier) -> str:
    """Why a digest is not taken; no word of it is a canary."""
    with pytest.raises(NotifyFailed) as failed:
        await notifier.send(digest(*LINES))
    assert failed.value.__cause__ is failed.value.__context__ is None
    said = str(failed.value)
    assert [each for each in CANARIES if each in said] == []
    return said


@attrs.frozen
class Mailbox:
    """The inbox behind a mail server."""

    server: MailServer
    notifier: MailNotifier
    secrets: Sequence[str] = CANARIES

    def arrived(self) -> Sequence[Arrived]:
        return [
            Arrived(each["Message-ID"], f"{each['Subject']}\n{each.get_content()}")
            for each in self.server.taken
        ]

    def refuse(self) -> None:
        self.server.refusals["DATA"] = 554


class TestMail(NotifierContract):
    """Over STARTTLS, with a login."""

    @pytest.fixture
    async def inbox(self, authority: trustme.CA) -> AsyncIterator[Mailbox]:
        server = MailServer(certified(authority), LOGIN)
        async with mail_served(server):
            yield Mailbox(server, notifier_of(server, authority, MailSecurity.STARTTLS, LOGIN))


class TestMailContents:
    """What stands in a mail, and nothing else can."""

    async def test_it_goes_to_all_addresses_and_says_that_a_program_sent_it(self) -> None:
        async with mail_served(MailServer()) as server:
            await notifier_of(server).send(digest(*LINES))
            (mail,), (to,) = server.taken, server.to
        assert to == list(TO)
        assert mail["From"] == f"mzi <{SENDER}>"
        assert mail["To"] == ", ".join(TO)
        assert mail["Subject"] == headline(digest(*LINES))
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["Date"].datetime == digest().at
        assert mail["Message-ID"] == f"<{digest(*LINES).id}@college.example>"
        assert mail.get_content().splitlines() == text_of(digest(*LINES)).splitlines()

    @pytest.mark.parametrize(
        ("sender", "to"),
        [
            ("mzi@college.example\r\nBcc: evil@example.com", TO),
            (SENDER, ("office@college.example\nBcc: evil@example.com",)),
            (SENDER, ("office@college.example, evil@example.com",)),
        ],
        ids=repr,
    )
    def test_no_address_brings_another_header_or_receiver(self, sender: str, to: tuple[str, ...]) -> None:
        """The settings refuse it before; this is the second door."""
        with pytest.raises(ValueError, match=r"Invalid|non-ASCII|only a single|line|CR"):
            mail_of(digest(), sender, to)

    def test_no_tenant_or_flow_brings_a_header(self) -> None:
        named = attrs.evolve(digest(), tenant=TenantId("a\r\nBcc: evil@example.com"))
        with pytest.raises(ValueError, match="linefeed"):
            mail_of(named, SENDER, TO)

    async def test_who_of_several_is_refused_is_told_by_number_and_the_others_have_it(self) -> None:
        async with mail_served(MailServer(refusals={TO[0]: 550})) as server:
            said = await notifier_of(server).send(digest(*LINES))
        assert said == "Of 2 addresses 1 were refused (550)."
        assert server.to == [[TO[1]]]


class TestMailSecurity:
    """Nothing is said where it could be read, or to whom is not who he says."""

    async def test_with_starttls_all_but_the_greeting_is_said_over_tls(self, authority: trustme.CA) -> None:
        server = MailServer(certified(authority), LOGIN)
        async with mail_served(server):
            await notifier_of(server, authority, MailSecurity.STARTTLS, LOGIN).send(digest())
        assert server.said[:2] == ["EHLO", "STARTTLS"]
        assert {verb.partition(" ")[2] for verb in server.said[2:]} == {"tls"}
        assert "AUTH tls" in server.said

    async def test_with_tls_everything_is(self, authority: trustme.CA) -> None:
        server = MailServer(certified(authority), LOGIN)
        async with mail_served(server, tls=True):
            await notifier_of(server, authority, MailSecurity.TLS, LOGIN).send(digest())
        assert len(server.taken) == 1
        assert {verb.partition(" ")[2] for verb in server.said} == {"tls"}

    async def test_a_server_that_offers_no_starttls_is_told_nothing(self, authority: trustme.CA) -> None:
        server = MailServer(certified(authority), LOGIN, offers=("AUTH PLAIN",))
        async with mail_served(server):
            said = await why_not(notifier_of(server, authority, MailSecurity.STARTTLS, LOGIN))
        assert said.startswith("The mail server offers no STARTTLS: set `notify.mail.security` to `tls`")
        assert set(server.said) == {"EHLO"}

    @pytest.mark.parametrize("tls", [False, True], ids=["starttls", "tls"])
    async def test_a_certificate_for_somebody_else_is_refused(self, authority: trustme.CA, tls: bool) -> None:
        server = MailServer(certified(authority, "mail.elsewhere.example"), LOGIN)
        security = MailSecurity.TLS if tls else MailSecurity.STARTTLS
        async with mail_served(server, tls=tls):
            said = await why_not(notifier_of(server, authority, security, LOGIN))
        assert said.startswith("The certificate of the mail server is refused (IP address mismatch")
        assert [verb for verb in server.said if "tls" in verb] == []

    async def test_a_certificate_that_nobody_trusts_is_refused(self, authority: trustme.CA) -> None:
        server = MailServer(certified(authority), LOGIN)
        async with mail_served(server):
            said = await why_not(notifier_of(server, None, MailSecurity.STARTTLS, LOGIN))
        assert "certificate of the mail server is refused (unable to get local issuer" in said
        assert "AUTH" not in " ".join(server.said)

    async def test_tls_where_none_is_spoken_says_which_port_is_for_what(self, authority: trustme.CA) -> None:
        async with mail_served(MailServer()) as server:
            said = await why_not(notifier_of(server, authority, MailSecurity.TLS))
        assert said == (
            "The mail server speaks no TLS there: port 465 goes with `tls`, port 587 with `starttls`."
        )

    async def test_no_word_is_said_to_a_server_that_is_link_local(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As a name may lead there which was none when it was set."""
        monkeypatch.setattr("mzi_adapters.notify.mail.is_forbidden", lambda host: host == "127.0.0.1")
        async with mail_served(MailServer()) as server:
            said = await why_not(notifier_of(server))
        assert (said, server.said) == (
            "The mail server is link-local or a cloud's metadata service.",
            [],
        )


class TestMailRefusals:
    """Of an answer the code alone is told."""

    @pytest.mark.parametrize(
        ("refusals", "said"),
        [
            ({"MAIL": 553}, "The mail server refuses the sender (553): check `notify.mail.sender`."),
            ({"RCPT": 550}, "The mail server refuses every address of `notify.mail.to` (550)."),
            (
                {TO[0]: 450, TO[1]: 550},
                "The mail server refuses every address of `notify.mail.to` (450, 550).",
            ),
            ({"DATA": 554}, "The mail server refuses the message (554)."),
            ({"EHLO": 500, "HELO": 500}, "The mail server refuses the message (500)."),
        ],
    )
    async def test_each_says_what_helps(self, refusals: dict[str, int], said: str) -> None:
        async with mail_served(MailServer(refusals=refusals)) as server:
            assert await why_not(notifier_of(server)) == said

    async def test_a_wrong_password_is_told_as_one(self) -> None:
        async with mail_served(MailServer(login=("mzi-user", "another"))) as server:
            said = await why_not(notifier_of(server, login=LOGIN))
            assert said == (
                "The mail server refuses the login (535): check `notify.mail.user` and "
                "`notify.mail.password`."
            )
            with pytest.raises(NotifyFailed, match="refuses the login"):
                await notifier_of(server, login=LOGIN).check()

    async def test_a_server_without_logins_says_so(self) -> None:
        async with mail_served(MailServer(offers=())) as server:
            assert (await why_not(notifier_of(server, login=LOGIN))).startswith(
                "The mail server takes no login: empty `notify.mail.user`"
            )

    async def test_nobody_listens(self) -> None:
        said = await why_not(notifier_of(MailServer(port=9)))
        assert said == "The mail server cannot be reached (Connection refused)."

    async def test_one_that_says_nothing_more_is_not_waited_for(self) -> None:
        """Nor does the thread that talks with it."""
        before = threading.active_count()
        for server in (MailServer(greets=False), MailServer(stops_at="MAIL")):
            async with mail_served(server):
                said = await why_not(notifier_of(server, within=0.2))
                assert said == "The mail server did not do all within 0.2 s."
        workers = threading.active_count() - before
        assert workers <= 2  # idle ones of the pool
        async with mail_served(MailServer()) as server:
            assert await notifier_of(server).send(digest()) == ""

    async def test_one_that_is_found_too_late_is_told_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Or people would have a mail that the next run sends again."""
        found, connect = threading.Event(), socket.create_connection

        def late(*arguments: Any, **more: Any) -> socket.socket:
            assert found.wait(10)
            return connect(*arguments, **more)

        monkeypatch.setattr(socket, "create_connection", late)
        async with mail_served(MailServer()) as server:
            assert "did not do all within" in await why_not(notifier_of(server, within=0.1))
            found.set()
            await asyncio.wait_for(server.ended.wait(), 10)
            assert (server.said, server.taken) == ([], [])

    async def test_one_that_leaves_in_the_middle(self) -> None:
        async with mail_served(MailServer(leaves_at="RCPT")) as server:
            assert await why_not(notifier_of(server)) == (
                "The mail server ended the connection before it had taken the message."
            )

    async def test_what_it_says_of_the_goodbye_is_no_matter(self) -> None:
        async with mail_served(MailServer(leaves_at="QUIT")) as server:
            assert await notifier_of(server).send(digest()) == ""


@attrs.frozen
class Hook:
    """The inbox behind a receiver of webhooks."""

    service: Service
    notifier: WebhookNotifier
    secrets: Sequence[str] = CANARIES

    def arrived(self) -> Sequence[Arrived]:
        return [
            Arrived(each.headers["webhook-id"], json.dumps(json.loads(each.body or b""), ensure_ascii=False))
            for each in self.service.applied
            if self.service.answer.status == 204
        ]

    def refuse(self) -> None:
        self.service.answer = Response(status=400, body=f"{QUOTED} {SECRET}".encode())


def hook(url: str, wire: Transport, secret: str = SECRET) -> WebhookNotifier:
    async def opened() -> Transport:
        return wire

    return WebhookNotifier(url=url, secret=secret, clock=SystemClock(), wire=opened)


def receiving(status: int = 204, **headers: str) -> Service:
    return Service(
        answer=Response(status=status, headers=headers, body=QUOTED.encode() if status != 204 else b"")
    )


class TestWebhook(NotifierContract):
    """Over a socket of this machine."""

    @pytest.fixture
    async def inbox(self) -> AsyncIterator[Hook]:
        service = receiving()
        async with serving(service) as server, open_transport() as wire:
            yield Hook(service, hook(f"{server.url}/{QUOTED.partition(' ')[2]}", wire))


class TestSignatures:
    """Standard Webhooks 1.0, as its own package believes it."""

    async def test_the_official_package_believes_what_is_sent(self) -> None:
        service = receiving()
        async with serving(service) as server, open_transport() as wire:
            await hook(f"{server.url}/mzi", wire).send(digest(*LINES))
        (request,) = service.applied
        body = request.body or b""
        believed = OracleWebhook(SECRET).verify(body, dict(request.headers))
        assert believed == json.loads(body) == data_of(digest(*LINES))
        assert request.headers["content-type"] == "application/json"
        assert request.headers["webhook-id"] == f"msg_{digest(*LINES).id}"
        with pytest.raises(WebhookVerificationError):
            OracleWebhook("whsec_" + "A" * 43 + "=").verify(body, dict(request.headers))
        with pytest.raises(WebhookVerificationError):
            OracleWebhook(SECRET).verify(body.replace(b"3", b"4", 1), dict(request.headers))

    @pytest.mark.parametrize("id", ["webhook-id", "webhook-timestamp"])
    async def test_the_id_and_the_moment_are_signed(self, id: str) -> None:
        service = receiving()
        await hook("https://hooks.example/mzi", service).send(digest(*LINES))
        (request,) = service.applied
        headers = {**request.headers, id: str(int(time()) + 60)}
        with pytest.raises(WebhookVerificationError):
            OracleWebhook(SECRET).verify(request.body or b"", headers)


async def test_the_receiver_of_the_page_believes_it_and_knows_what_came_before() -> None:
    receive = runpy.run_path(str(EXAMPLE))["received"]
    service, before = receiving(), set[str]()
    for _ in range(2):
        await hook("https://hooks.example/mzi", service).send(digest(*LINES))
    first, again = service.applied
    told = receive(SECRET, first.body, first.headers, before)
    assert told == [f"{sentence(line)} {command(line.notice.address)}" for line in LINES]
    assert receive(SECRET, again.body, again.headers, before) == []
    with pytest.raises(WebhookVerificationError):
        receive(SECRET, b"{}", first.headers, before)


class TestWebhookRefusals:
    """What is answered but the status is not read."""

    @pytest.mark.parametrize(
        ("status", "said"),
        [
            (301, "The webhook's receiver redirects (301), which is not followed: set `notify.webhook.url`"),
            (308, "The webhook's receiver redirects (308), which is not followed"),
            (401, "The webhook's receiver refuses the signature (401): check `notify.webhook.secret`."),
            (403, "The webhook's receiver refuses the signature (403)"),
            (404, "The webhook's receiver is not there (404): check `notify.webhook.url`."),
            (410, "The webhook's receiver is not there (410)"),
            (429, "The webhook's receiver does not take the message (429)."),
            (500, "The webhook's receiver does not take the message (500)."),
        ],
    )
    async def test_each_says_what_helps(self, status: int, said: str) -> None:
        service = receiving(status, location="https://evil.example/")
        async with serving(service) as server, open_transport() as wire:
            assert (await why_not(hook(f"{server.url}/mzi", wire))).startswith(said)
        assert len(service.applied) == 1

    @pytest.mark.parametrize("status", [200, 201, 202, 204])
    async def test_whatever_says_well_is_well(self, status: int) -> None:
        assert await hook("https://hooks.example/mzi", receiving(status)).send(digest()) == ""

    async def test_nobody_listens_or_the_connection_breaks(self) -> None:
        async with open_transport() as wire:
            assert await why_not(hook(f"{NOBODY}/canary-path", wire)) == (
                "The webhook's receiver cannot be reached."
            )
            async with serving(receiving(), Faults().at(1, Reset(applied=True))) as server:
                assert await why_not(hook(f"{server.url}/canary-path", wire)) == (
                    "The webhook's receiver gave no answer: the connection broke, or it took too long."
                )

    async def test_a_receiver_that_is_link_local_is_not_asked(self) -> None:
        async with open_transport() as wire:
            said = await why_not(hook("http://169.254.169.254/latest", wire))
        assert said == "The webhook's receiver cannot be reached."


@attrs.frozen
class Remembered:
    """The inbox of the notifier that only remembers."""

    notifier: FakeNotifier
    secrets: Sequence[str] = CANARIES

    def arrived(self) -> Sequence[Arrived]:
        return [Arrived(each.id, f"{headline(each)}\n{text_of(each)}") for each in self.notifier.sent]

    def refuse(self) -> None:
        self.notifier.refusal = "Not now."


class TestFake(NotifierContract):
    """What the use cases are tried with keeps the same promises."""

    @pytest.fixture
    def inbox(self) -> Remembered:
        return Remembered(FakeNotifier())


class Broken(FakeNotifier):
    """Each of those below breaks one promise."""

    noticed_by = ""


class SendsTwice(Broken):
    noticed_by = "test_a_digest_arrives_once_and_whole"

    async def send(self, digest: NoticeDigest) -> str:
        await FakeNotifier.send(self, digest)
        return await FakeNotifier.send(self, digest)


class LeavesTheLastOut(Broken):
    noticed_by = "test_a_digest_arrives_once_and_whole"

    async def send(self, digest: NoticeDigest) -> str:
        return await FakeNotifier.send(self, attrs.evolve(digest, lines=digest.lines[:-1]))


class GivesEachAnIdOfItsOwn(Broken):
    noticed_by = "test_what_is_sent_again_is_known_by_its_id"

    async def send(self, digest: NoticeDigest) -> str:
        return await FakeNotifier.send(self, attrs.evolve(digest, id=f"{digest.id}{len(self.sent)}"))


class HidesThatItIsATest(Broken):
    noticed_by = "test_a_test_says_that_it_is_one"

    async def send(self, digest: NoticeDigest) -> str:
        return await FakeNotifier.send(self, attrs.evolve(digest, lines=digest.lines or LINES))


class SendsToCheck(Broken):
    noticed_by = "test_to_check_sends_nothing"

    async def check(self) -> bool:
        self.sent.append(digest())
        return True


class SwallowsRefusals(Broken):
    noticed_by = "test_what_is_not_taken_is_told_without_a_secret"

    async def send(self, digest: NoticeDigest) -> str:
        if not self.refusal:
            self.sent.append(digest)
        return ""


class QuotesTheAnswer(Broken):
    noticed_by = "test_what_is_not_taken_is_told_without_a_secret"

    async def check(self) -> bool:
        if self.refusal:
            raise NotifyFailed(f"It says: {QUOTED}")
        return True


@pytest.mark.parametrize(
    "broken", [None, *Broken.__subclasses__()], ids=lambda each: getattr(each, "__name__", "faithful")
)
async def test_a_notifier_that_breaks_a_promise_is_noticed(broken: type[Broken] | None) -> None:
    """By the test that it names, and by none where nothing is broken."""
    promises = [name for name in dir(NotifierContract) if name.startswith("test_")]
    missed = []
    for name in promises:
        try:
            await getattr(NotifierContract(), name)(
                Remembered(FakeNotifier() if broken is None else broken())
            )
        except (AssertionError, ValueError):
            missed.append(name)
    assert (missed == []) if broken is None else (broken.noticed_by in missed)


@pytest.mark.parametrize("level", [logging.DEBUG, logging.INFO, logging.WARNING])
async def test_no_canary_is_logged_or_printed_at_any_level(
    level: int, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], authority: trustme.CA
) -> None:
    """Neither of what is sent nor of what is refused, by whichever library."""
    caplog.set_level(level)
    server = MailServer(certified(authority), LOGIN)
    async with mail_served(server), serving(receiving()) as listening, open_transport() as wire:
        mail = notifier_of(server, authority, MailSecurity.STARTTLS, LOGIN)
        posted = hook(f"{listening.url}/canary-path", wire)
        for notifier in (mail, posted):
            await notifier.send(digest(*LINES))
        server.refusals |= {"RCPT": 550}
        await why_not(mail)
        await why_not(notifier_of(server, authority, MailSecurity.STARTTLS, (LOGIN[0], "canary-two")))
    printed = capfd.readouterr()
    told = caplog.text + printed.out + printed.err + repr(mail) + repr(posted)
    assert [each for each in (*CANARIES, "canary-path", "canary-two") if each in told] == []
