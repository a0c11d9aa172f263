"""`mzi notify`, and the settings by which people are told."""

import asyncio
import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import time, timedelta
from pathlib import Path

import pytest
from tests.cli.terminal import Mzi
from tests.repetitions import THOROUGH
from tests.servers.background import listening
from tests.servers.smtp import QUOTED, MailServer, mail_served
from tests.web.given import Service

from mzi_adapters.notify.mail_security import MailSecurity
from mzi_adapters.testing.contracts.fixtures import event, question
from mzi_adapters.web import Response
from mzi_core.event_proofs import Scheme
from mzi_core.module import Side
from mzi_core.notices import NotifyPolicy, QuietHours, command
from mzi_core.ports import Due, NoticeAddress, NoticeKind
from mzi_core.values import DEFAULT_TENANT
from mzi_http.notify_settings import Mail, Notify, Webhook
from mzi_http.services import open_use_cases
from mzi_http.settings import LogLevel, Settings, SettingsRefused, load

SECRET = "whsec_Y2FuYXJ5LWNhbmFyeS1jYW5hcnktY2FuYXJ5"
ADDRESS = "office@college.example"
PERSON = "Canarina Canaropoulos"
PASSWORD = "canary-password"
CANARIES = (SECRET, SECRET[6:], ADDRESS, PERSON, PASSWORD, "canary-path", "canary-user", QUOTED)


class TestSettings:
    """What may be set, and what is refused by its name."""

    def test_all_of_it_stands_in_the_file_and_secrets_in_the_environment(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (folder / "mzi.toml").write_text(
            '[notify]\nevery = 30\nquiet = "22:00-07:00"\nsilent_days = 7\n'
            '[notify.mail]\nhost = "mail.college.example"\nport = 465\nsecurity = "TLS"\nuser = "mzi"\n'
            'sender = "mzi@college.example"\nto = ["office@college.example", "head@college.example"]\n'
            '[notify.webhook]\nurl = "https://hooks.example/mzi/"\n'
        )
        monkeypatch.setenv("MZI_NOTIFY_MAIL_PASSWORD", "hunter2")
        monkeypatch.setenv("MZI_NOTIFY_WEBHOOK_SECRET", SECRET)
        read = load().notify
        assert read == Notify(
            every=30,
            quiet="22:00-07:00",
            silent_days=7,
            mail=Mail(
                host="mail.college.example",
                port=465,
                security=MailSecurity.TLS,
                user="mzi",
                password="hunter2",
                sender="mzi@college.example",
                to=("office@college.example", "head@college.example"),
            ),
            webhook=Webhook(url="https://hooks.example/mzi/", secret=SECRET),
        )
        assert read.policy() == NotifyPolicy(
            every=timedelta(minutes=30),
            quiet=QuietHours(time(22), time(7)),
            silent_after=timedelta(days=7),
        )
        shown = repr(Settings(notify=read))
        assert [each for each in ("hunter2", SECRET, "hooks.example", ADDRESS) if each in shown] == []

    def test_without_anything_said_nobody_is_told_and_every_source_may_be_silent_at_zero(self) -> None:
        assert Notify().policy() == NotifyPolicy()
        assert list(Notify().problems()) == []
        assert Notify(silent_days=0).policy().silent_after is None

    def test_addresses_may_stand_in_the_environment_parted_by_commas(self) -> None:
        assert Mail(to=" office@college.example, head@college.example ").to == (
            "office@college.example",
            "head@college.example",
        )

    @pytest.mark.parametrize(
        ("name", "value", "said"),
        [
            ("EVERY", "0", "`MZI_NOTIFY_EVERY` must be from 1 to 1440."),
            ("QUIET", "22-7", "`MZI_NOTIFY_QUIET` must be hours such as 22:00-07:00."),
            ("QUIET", "22:00-22:00", "must be hours such as 22:00-07:00."),
            ("QUIET", "24:00-07:00", "must be hours such as 22:00-07:00."),
            ("SILENT_DAYS", "-1", "must be a whole number."),
            ("MAIL_HOST", "hunter2/x", "must be the name of a server, such as `mail.college.example`."),
            ("MAIL_HOST", "169.254.169.254", "must not be link-local or a cloud's metadata service"),
            ("MAIL_PORT", "65536", "must be from 1 to 65535."),
            ("MAIL_SECURITY", "ssl", "must be one of starttls, tls, none."),
            ("MAIL_SENDER", "hunter2", "parted by commas: number 1 is none."),
            ("MAIL_SENDER", "a@college.example,b@college.example", "must be one address."),
            ("MAIL_SENDER", "mzi@college.example\r\nBcc: hunter2@evil.example", "number 1 is none."),
            ("MAIL_TO", "office@college.example,hunter2@", "parted by commas: number 2 is none."),
            ("MAIL_TO", '"hunter2 x"@college.example', "number 1 is none."),
            ("MAIL_TO", ",".join(f"a{n}@college.example" for n in range(21)), "must be 20 addresses at most"),
            ("MAIL_TO", f"{'a' * 250}@college.example", "number 1 is none."),
            ("MAIL_PASSWORD", "hunter2 x", "must be one word of letters, digits and signs"),
            ("WEBHOOK_URL", "http://hooks.example/hunter2", "must begin with `https://`"),
            ("WEBHOOK_URL", "https://hooks.example/?token=hunter2", "must be an address alone"),
            ("WEBHOOK_URL", "https://169.254.169.254/hunter2", "must not be link-local"),
            ("WEBHOOK_SECRET", "hunter2", "must begin with `whsec_`."),
            ("WEBHOOK_SECRET", "whsec_hunter2", "cannot be used. A secret of Standard Webhooks is `whsec_`"),
            ("WEBHOK_URL", "hunter2", "is not known. Did you mean `MZI_NOTIFY_WEBHOOK_URL`?"),
        ],
    )
    def test_what_cannot_be_is_refused_by_name_and_not_repeated(
        self, mzi: Mzi, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
    ) -> None:
        monkeypatch.setenv(f"MZI_NOTIFY_{name}", value)
        ran = mzi("modules")
        assert (ran.code, said in ran.err) == (2, True), ran.err
        assert "hunter2" not in ran.err

    @pytest.mark.parametrize("value", [5, ["a@college.example", 5]])
    def test_what_is_no_text_is_no_address(self, value: object) -> None:
        with pytest.raises(ValueError, match=r"must be an e-mail address such as"):
            Mail(to=value)

    @pytest.mark.parametrize(
        ("said", "problem"),
        [
            (
                {"MAIL_HOST": "mail.college.example"},
                "`notify.mail.sender` and `notify.mail.to` must be set beside `notify.mail.host`.",
            ),
            (
                {"MAIL_SENDER": "mzi@college.example", "MAIL_TO": ADDRESS},
                "`notify.mail.host` must be set beside `notify.mail.sender`, `notify.mail.to`.",
            ),
            ({"MAIL_USER": "mzi"}, "`notify.mail.password` must be set beside `notify.mail.user`."),
            (
                {
                    "MAIL_HOST": "mail.college.example",
                    "MAIL_SENDER": "mzi@college.example",
                    "MAIL_TO": ADDRESS,
                    "MAIL_SECURITY": "none",
                },
                "`notify.mail.security` may be `none` only for a mail server on this machine: what is sent "
                "must not be read on the way.",
            ),
            (
                {"WEBHOOK_URL": "https://hooks.example/mzi"},
                "`notify.webhook.secret` must be set beside `notify.webhook.url`.",
            ),
        ],
    )
    def test_what_is_half_set_is_refused_when_it_is_read(
        self, monkeypatch: pytest.MonkeyPatch, said: dict[str, str], problem: str
    ) -> None:
        for name, value in said.items():
            monkeypatch.setenv(f"MZI_NOTIFY_{name}", value)
        with pytest.raises(SettingsRefused) as refused:
            load()
        assert refused.value.problems == (problem,)


@contextmanager
def mailing(server: MailServer) -> Iterator[MailServer]:
    """A mail server that answers in a thread of its own while a command runs."""
    ready = threading.Event()
    loops: list[asyncio.AbstractEventLoop] = []
    ended = asyncio.Event()

    async def serve() -> None:
        async with mail_served(server):
            loops.append(asyncio.get_running_loop())
            ready.set()
            await ended.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    try:
        yield server
    finally:
        loops[0].call_soon_threadsafe(ended.set)
        thread.join(10)


def mail_settings(server: MailServer) -> dict[str, str]:
    """How the server is reached."""
    return {
        "MZI_NOTIFY_MAIL_HOST": "127.0.0.1",
        "MZI_NOTIFY_MAIL_PORT": str(server.port),
        "MZI_NOTIFY_MAIL_SECURITY": "none",
        "MZI_NOTIFY_MAIL_SENDER": "mzi@college.example",
        "MZI_NOTIFY_MAIL_TO": ADDRESS,
    }


@pytest.fixture
def mail(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    """A mail server, and the settings that lead to it."""
    with mailing(MailServer()) as server:
        for name, value in mail_settings(server).items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """A receiver of webhooks, and the settings that lead to it."""
    received = Service(answer=Response(status=204))
    with listening(received) as server:
        monkeypatch.setenv("MZI_NOTIFY_WEBHOOK_URL", f"{server.url}/canary-path")
        monkeypatch.setenv("MZI_NOTIFY_WEBHOOK_SECRET", SECRET)
        yield received


async def die(*keys: str) -> None:
    """Give up deliveries of grades, for a reason that names somebody."""
    async with open_use_cases(load()) as use_cases, use_cases.store.begin(DEFAULT_TENANT) as session:
        await session.make_due([Due("grade", key) for key in keys])
        claims = await session.claim("grade", len(keys), timedelta(hours=1))
        await session.end_claims([claim.dead(f"{PERSON} is not known.") for claim in claims])


class TestTesting:
    def test_each_way_is_tried_and_says_how_it_went(
        self, mzi: Mzi, mail: MailServer, service: Service
    ) -> None:
        mzi("db", "upgrade")
        ran = mzi("notify", "test")
        assert (ran.code, ran.out.split()) == (0, ["way", "─" * 16, "mail", "sent", "webhook", "sent"])
        assert mail.taken[0]["Subject"] == "mzi, tenant default: a test"
        assert len(service.applied) == 1
        service.answer = Response(status=301)
        ran = mzi("notify", "test", "--json")
        assert ran.code == 4
        assert ran.json["ways"][0] == {"way": "mail", "sent": True, "said": ""}
        assert ran.json["ways"][1]["sent"] is False
        assert "redirects (301)" in ran.json["ways"][1]["said"]

    def test_where_nothing_is_set_it_says_what_to_set(self, mzi: Mzi) -> None:
        mzi("db", "upgrade")
        for tokens in (("notify", "test"), ("task", "run", "notify")):
            ran = mzi(*tokens)
            assert (ran.code, ran.out) == (2, "")
            assert "Nobody is told anything yet: set `notify.mail.host`" in ran.err
        assert "notify" not in [each["name"] for each in mzi("task", "list", "--json").json["tasks"]]

    @pytest.mark.parametrize("columns", [50, 80])
    def test_it_fits_a_terminal(
        self, mzi: Mzi, mail: MailServer, monkeypatch: pytest.MonkeyPatch, columns: int
    ) -> None:
        monkeypatch.setenv("COLUMNS", str(columns))
        mzi("db", "upgrade")
        asyncio.run(die("1", "2", "3"))
        mail.refusals["MAIL"] = 553
        for tokens in (("notify", "test"), ("task", "run", "notify"), ("notify", "status"), ("task", "list")):
            ran = mzi(*tokens)
            assert [line for line in ran.out.splitlines() if len(line) > columns] == []
            assert "mzi deliveries list --flow grade --state dead" in ran.out or tokens != (
                "notify",
                "status",
            )


class TestWhereToLook:
    """What a message says leads to what it is about."""

    @pytest.mark.parametrize("kind", NoticeKind)
    def test_each_command_is_one_and_shows_something(self, mzi: Mzi, kind: NoticeKind) -> None:
        mzi("db", "upgrade")
        of = asyncio.run(something_of(kind))
        ran = mzi(*shlex.split(command(NoticeAddress(kind, of)))[1:])
        assert (ran.code, ran.err) == (0, "")
        assert ("user_created" if kind is NoticeKind.SILENT else of[-8:]) in ran.out


async def something_of(kind: NoticeKind) -> str:
    """Something that a notice of this kind is of."""
    async with open_use_cases(load()) as use_cases:
        if kind is NoticeKind.SILENT:
            source, _ = await use_cases.sources.add(Side.ZOHO, "x", DEFAULT_TENANT, scheme=Scheme.HEADER)
            async with use_cases.store.begin(DEFAULT_TENANT) as session:
                await session.keep_events([event(1, source.id)])
            return source.id
        async with use_cases.store.begin(DEFAULT_TENANT) as session:
            await session.make_due([Due("grade", "1")])
            (claim,) = await session.claim("grade", 1, timedelta(hours=1))
            await session.end_claims([claim.dead("It is not known.")])
            await session.pause("grade", "The token is refused.")
            await session.put_reviews([question("1")])
            plan = await session.open_plan("enrolment", "suspend")
    return {NoticeKind.PLAN: plan, NoticeKind.REVIEW: "account"}.get(kind, "grade")


class TestStatus:
    def test_what_stands_is_shown_with_what_was_told_and_what_failed(
        self, mzi: Mzi, mail: MailServer
    ) -> None:
        mzi("db", "upgrade")
        shown = mzi("notify", "status").out
        assert "Nothing waits for anybody." in shown
        assert "People are told by mail. `mzi serve` has told nothing yet." in shown
        asyncio.run(die("1"))
        assert "not yet" in mzi("notify", "status").out
        mail.refusals["MAIL"] = 553
        ran = mzi("task", "run", "notify")
        assert (ran.code, "refuses the sender (553)" in ran.out) == (4, True)
        shown = mzi("notify", "status").out
        assert "1 delivery of grade is dead." in shown
        assert "That was failed: mail: The mail server refuses the sender (553)" in shown
        mail.refusals.clear()
        assert mzi("task", "run", "notify", "--json").json["counts"] == {"told": 1}
        found = mzi("notify", "status", "--json").json
        assert found["ways"] == ["mail"]
        (notice,) = found["notices"]
        assert (notice["key"], notice["number"], notice["told"]["mail"]["number"]) == ("dead:grade", 1, 1)
        assert (found["last"]["status"], found["last"]["failed"]) == ("completed", False)
        shown = mzi("notify", "status").out
        assert "not yet" not in shown
        assert "That was completed." in shown
        assert "1 delivery of grade is dead." in mail.taken[-1].get_content()
        mzi("deliveries", "redrive", "grade", "1")
        assert (
            "dead:grade: over, which is told once it has been so for an hour." in mzi("notify", "status").out
        )
        assert mzi("notify", "status", "--json").json["notices"][0]["number"] == 0

    def test_where_nobody_is_told_that_is_said_beside_what_stands(self, mzi: Mzi) -> None:
        mzi("db", "upgrade")
        asyncio.run(die("1", "2"))
        shown = mzi("notify", "status").out
        assert "2 deliveries of grade are dead." in shown
        assert "Nobody is told anything yet" in shown
        assert mzi("notify", "status", "--json").json["last"] is None

    def test_the_task_is_listed_with_how_often_it_runs(self, mzi: Mzi, mail: MailServer) -> None:
        mzi("db", "upgrade")
        listed = mzi("task", "list", "--json").json["tasks"]
        assert (listed[-1]["name"], listed[-1]["every_seconds"]) == ("notify", 900)


def test_the_doctor_tries_the_mail_server_and_sends_nothing(
    mzi: Mzi, mail: MailServer, service: Service
) -> None:
    mzi("db", "upgrade")

    def told() -> list[tuple[str, str]]:
        found = mzi("doctor", "--json").json["findings"]
        return [(each["level"], each["said"]) for each in found if each["check"] == "notify"]

    assert [level for level, _ in told()] == ["green", "green"]
    mail.refusals["EHLO"] = mail.refusals["HELO"] = 550
    assert told()[0] == ("red", "Nobody can be told by mail. The mail server refuses the message (550).")
    assert (mail.taken, service.applied) == ([], [])


LEVELS = tuple(LogLevel) if THOROUGH else (LogLevel.DEBUG, LogLevel.WARNING)


@pytest.mark.parametrize("level", LEVELS)
def test_no_canary_comes_out_of_telling(mzi: Mzi, folder: Path, level: LogLevel, service: Service) -> None:
    """What is sent has nobody's name; what a server refuses with an address is told by its code."""
    mzi("db", "upgrade")
    asyncio.run(die("canary-key"))
    server = MailServer(login=("canary-user", PASSWORD))
    with mailing(server):
        variables = mail_settings(server) | {
            "MZI_NOTIFY_MAIL_USER": "canary-user",
            "MZI_NOTIFY_MAIL_PASSWORD": PASSWORD,
            "MZI_LOG_LEVEL": level,
        }

        def run(*tokens: str, **more: str) -> str:
            ran = subprocess.run(
                [sys.executable, "-m", "mzi_http", "--debug", *tokens],
                cwd=folder,
                env=os.environ | variables | more,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=60,
                check=False,
            )
            return ran.stdout

        said = run("notify", "test") + run("task", "run", "notify")
        server.refusals["RCPT"] = 550
        service.answer = Response(status=500, body=QUOTED.encode())
        said += run("notify", "test") + run("doctor", MZI_NOTIFY_MAIL_PASSWORD="canary-two")
    assert [each for each in (*CANARIES, "canary-two") if each in said] == []
    assert ("(550)" in said, "(535)" in said, "(500)" in said) == (True, True, True)
    sent = "".join(each.get_content() for each in server.taken)
    sent += "".join((each.body or b"").decode() for each in service.applied)
    assert "dead:grade" in sent
    told_nobody = (SECRET[6:], PERSON, PASSWORD, "canary-key", "canary-user", ADDRESS)
    assert [each for each in told_nobody if each in sent] == []
