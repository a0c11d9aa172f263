"""`mzi sources` and `mzi secrets reseal`: who may send events, from the command line."""

import io
import re
import shlex
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from standardwebhooks.webhooks import Webhook
from tests.cli.terminal import Mzi

from mzi_adapters.vault import new_key

TOKEN = re.compile(r"mzi_[0-9a-f]{8}_[\w-]{37}\n")
URL = "http://127.0.0.1:8000/api/v1/webhooks"
BODY = '{"event_type": "user_created", "name": "رنا"}\n'
OWN = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def keyed(monkeypatch: pytest.MonkeyPatch) -> str:
    """A key of secrets is set."""
    key = new_key()
    monkeypatch.setenv("MZI_SECRETS_KEY", key)
    return key


def made(mzi: Mzi, *tokens: str) -> tuple[str, str]:
    """The id and the secret of a new source."""
    told = mzi("sources", "add", *tokens, "--json").json
    return told["id"], told["secret"]


def headers_in(line: str) -> Mapping[str, str]:
    """The headers of a curl line."""
    words = shlex.split(line)
    pairs = [words[place + 1].partition(": ") for place, word in enumerate(words) if word == "-H"]
    return {name: value for name, _, value in pairs}


def test_a_source_is_made_and_its_secret_is_shown_once(mzi: Mzi) -> None:
    added = mzi("sources", "add", "zoho", "Workflow rules")
    assert added.code == 0
    assert TOKEN.fullmatch(added.out)
    assert "The secret is shown this once. Send it as `X-Zoho-Token`" in added.err
    listed = mzi("sources", "list")
    assert "zoho header" in listed.out
    for ran in (listed, mzi("sources", "list", "--json"), mzi("db", "status")):
        assert added.out.strip()[-30:] not in ran.out + ran.err
    (told,) = mzi("sources", "list", "--json").json
    assert told == {
        "id": added.out[4:12],
        "origin": "zoho",
        "scheme": "header",
        "tenant": "default",
        "label": "Workflow rules",
        "created_at": told["created_at"],
        "rotated_at": None,
        "old_secret_until": None,
        "revoked_at": None,
    }


@pytest.mark.parametrize(
    ("origin", "scheme", "said"),
    [
        ("zoho", "url", "`?token=…`"),
        ("zoho", "channel", "as its `token`"),
        ("zoho", "hmac", "`mzi sources sign"),
        ("moodle", "standard", "`mzi sources sign"),
        ("moodle", "header", "`X-Moodle-Token`"),
    ],
)
def test_what_to_do_with_the_secret_is_said(
    mzi: Mzi, keyed: str, origin: str, scheme: str, said: str
) -> None:
    ran = mzi("sources", "add", origin, "x", "--scheme", scheme)
    assert (ran.code, said in ran.err) == (0, True)


def test_without_a_key_a_source_that_signs_is_refused_with_the_remedy(mzi: Mzi) -> None:
    ran = mzi("sources", "add", "moodle", "Plugin")
    assert (ran.code, ran.out) == (2, "")
    assert "`mzi secrets new-key`" in ran.err
    assert "so none is believed; `mzi sources add zoho LABEL`" in mzi("sources", "list").out


def test_a_secret_is_replaced_and_the_old_one_valid_for_a_while(mzi: Mzi) -> None:
    id, first = made(mzi, "zoho", "Rules")
    rotated = mzi("sources", "rotate", id, "--overlap", "3")
    assert TOKEN.fullmatch(rotated.out)
    assert rotated.out.strip() != first
    assert "the old one is valid until" in rotated.err
    assert "old secret until" in mzi("sources", "list").out
    at_once = mzi("sources", "rotate", id, "--overlap", "0")
    assert "the old one is valid no more" in at_once.err
    assert "rotated 20" in mzi("sources", "list").out
    assert "0 to 720 hours" in mzi("sources", "rotate", id, "--overlap", "721").err


def test_a_source_is_revoked_for_good(mzi: Mzi, folder: Path) -> None:
    (folder / "event.json").write_text("{}")
    id, _ = made(mzi, "zoho", "Rules")
    assert mzi("sources", "revoke", id).out.startswith(f"Source {id} (Rules) is believed no more since 20")
    assert "revoked 20" in mzi("sources", "list").out
    for command in ("rotate", "sign"):
        more = () if command == "rotate" else ("event.json", URL)
        ran = mzi("sources", command, id, *more)
        assert (ran.code, "was revoked" in ran.err) == (2, True)


def test_sources_are_listed_by_tenant(mzi: Mzi) -> None:
    mzi("tenants", "add", "irbid")
    made(mzi, "zoho", "ours")
    theirs, _ = made(mzi, "zoho", "theirs", "--tenant", "irbid")
    assert [one["label"] for one in mzi("sources", "list", "--json").json] == ["ours", "theirs"]
    assert [one["id"] for one in mzi("sources", "list", "--tenant", "irbid", "--json").json] == [theirs]


@pytest.mark.parametrize("width", [80, 50])
def test_the_list_fits_the_terminal(mzi: Mzi, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    id, _ = made(mzi, "zoho", "The rules of the front office, and of the library", "--scheme", "channel")
    mzi("sources", "rotate", id)
    monkeypatch.setenv("COLUMNS", str(width))
    shown = mzi("sources", "list").out
    assert max(map(len, shown.splitlines())) <= width
    assert id in shown
    assert "zoho channel" in shown
    assert ("source: " in shown) == (width == 50)


def test_misuse_is_told(mzi: Mzi) -> None:
    mzi("db", "upgrade")
    refused = {
        ("add", "zarqa", "x"): "Choose from",
        ("add", "moodle", "x", "--scheme", "url"): "take one of `standard`, `hmac`, `header`",
        ("add", "zoho", "x", "--tenant", "irbid"): "`mzi tenants add irbid`",
        ("add", "zoho", "x", "--secret-from", "S"): "say --own as well",
        ("add", "zoho", "x", "--own", "--secret-from", "S"): "S of --secret-from is not set",
        ("add", "zoho", "x", "--own"): "nobody to ask",
        ("add", "zoho", ""): "A label has 1 to 200 characters",
        ("rotate", "nobody"): "no source `nobody`",
        ("revoke", "nobody"): "no source `nobody`",
        ("sign", "nobody", "missing.json", URL): "missing.json cannot be read: No such file",
    }
    for words, said in refused.items():
        ran = mzi("sources", *words)
        assert ran.code == 2, words
        assert said in " ".join(ran.err.split()), (words, ran.err)


def test_a_secret_of_the_sender_s_own_comes_from_the_environment_or_is_asked_for(
    mzi: Mzi, keyed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not shown while it is typed, and no argument holds it."""
    monkeypatch.setenv("SECRET", OWN)
    assert made(mzi, "moodle", "theirs", "--own", "--secret-from", "SECRET")[1] == OWN
    asked: list[str] = []

    def typed(prompt: str) -> str:
        asked.append(prompt)
        return f" {OWN}\n"

    def ended(prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr(Console, "is_terminal", True)
    monkeypatch.setattr("mzi_http.cli.event_sources.getpass", typed)
    assert made(mzi, "moodle", "theirs", "--own")[1] == OWN
    assert asked == ["The secret (it is not shown): "]
    monkeypatch.setattr("mzi_http.cli.event_sources.getpass", ended)
    assert "No secret was entered." in mzi("sources", "add", "moodle", "x", "--own").err
    monkeypatch.setenv("SECRET", "hunter2")
    short = mzi("sources", "add", "moodle", "x", "--own", "--secret-from", "SECRET")
    assert (short.code, "hunter2" in short.err) == (2, False)


def test_a_signed_line_is_believed_by_the_official_library(
    mzi: Mzi, keyed: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    id, secret = made(mzi, "moodle", "Plugin")
    monkeypatch.setenv("SECRET", secret)
    file = folder / "an event.json"
    file.write_text(BODY, "utf-8")
    ran = mzi("sources", "sign", id, file.name, URL, "--secret-from", "SECRET")
    assert (ran.code, ran.out.count("\n")) == (0, 1)
    assert secret not in ran.out
    headers = headers_in(ran.out)
    assert headers["X-MZI-Source"] == id
    Webhook(secret).verify(BODY.encode(), dict(headers))
    assert shlex.split(ran.out)[-3:] == ["--data-binary", "@an event.json", URL]
    told = mzi("sources", "sign", id, file.name, URL, "--secret-from", "SECRET", "--json").json
    assert (told["url"], told["headers"].keys()) == (
        URL,
        {"webhook-id", "webhook-timestamp", "webhook-signature"},
    )


def test_an_empty_body_is_signed_for_a_request_that_has_none(
    mzi: Mzi, keyed: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `GET /webhooks/status`: with data `curl` would send a POST."""
    id, secret = made(mzi, "moodle", "Plugin")
    monkeypatch.setenv("SECRET", secret)
    (folder / "empty").touch()
    ran = mzi("sources", "sign", id, "empty", URL, "--secret-from", "SECRET")
    headers = headers_in(ran.out)
    at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    assert headers["webhook-signature"] == Webhook(secret).sign(headers["webhook-id"], at, "")
    assert "--data-binary" not in ran.out
    assert shlex.split(ran.out)[-1] == URL


def test_nothing_is_signed_with_a_secret_that_is_not_the_source_s_any_more(
    mzi: Mzi, keyed: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is being replaced is; and where it cannot be known, this is said."""
    id, first = made(mzi, "moodle", "Plugin")
    (folder / "event.json").write_text(BODY, "utf-8")
    second = mzi("sources", "rotate", id).out.strip()

    def signed(secret: str) -> Any:
        monkeypatch.setenv("SECRET", secret)
        return mzi("sources", "sign", id, "event.json", URL, "--secret-from", "SECRET")

    assert [signed(secret).code for secret in (first, second)] == [0, 0]
    third = mzi("sources", "rotate", id, "--overlap", "0").out.strip()
    for old in (first, second, OWN):
        ran = signed(old)
        assert (ran.code, ran.out) == (2, "")
        assert f"Source {id} would not be believed" in " ".join(ran.err.split())
    monkeypatch.delenv("MZI_SECRETS_KEY")
    unknown = signed(third)
    assert (unknown.code, "webhook-signature" in unknown.out) == (0, True)
    assert "is not known here" in " ".join(unknown.err.split())


class Stdin:
    """Standard input with these bytes."""

    def __init__(self, raw: bytes) -> None:
        self.buffer = io.BytesIO(raw)

    def isatty(self) -> bool:
        return False


def test_a_body_from_standard_input_stands_in_the_line(
    mzi: Mzi, keyed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    id, secret = made(mzi, "zoho", "Script", "--scheme", "hmac")
    monkeypatch.setenv("SECRET", secret)
    sign = ("sources", "sign", id, "-", URL, "--secret-from", "SECRET")

    def signed(raw: bytes) -> Any:
        monkeypatch.setattr("sys.stdin", Stdin(raw))
        return mzi(*sign)

    ran = signed(BODY.encode())
    assert shlex.split(ran.out)[-2:] == [BODY, URL]
    assert re.fullmatch(r"sha256=[0-9a-f]{64}", headers_in(ran.out)["X-Zoho-Signature"])
    for raw in (b"\xff", b"@/etc/hostname", b"a\x1b[2Jb"):
        refused = signed(raw)
        assert (refused.code, "keep it in a file" in refused.err) == (2, True)
    assert "larger than 1 MB" in signed(b"x" * (2**20 + 1)).err


def test_a_token_stands_in_no_line(mzi: Mzi, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "event.json").write_text("{}")
    lines = {}
    for scheme in ("header", "url"):
        id, _ = made(mzi, "zoho", scheme, "--scheme", scheme)
        lines[scheme] = mzi("sources", "sign", id, "event.json", URL).out
        monkeypatch.setenv("SECRET", "x")
        ran = mzi("sources", "sign", id, "event.json", URL, "--secret-from", "SECRET")
        assert "leave --secret-from out" in ran.err
    assert '-H "X-Zoho-Token: $TOKEN"' in lines["header"]
    assert lines["url"].endswith(f'{URL}"?token=$TOKEN"\n')
    id, _ = made(mzi, "zoho", "watch", "--scheme", "channel")
    assert "put it there as `token`" in mzi("sources", "sign", id, "event.json", URL).err
    asked = mzi("sources", "sign", made(mzi, "zoho", "x", "--scheme", "url")[0], "event.json", f"{URL}?a=b")
    assert asked.out.endswith("""/webhooks?a=b'"&token=$TOKEN"\n""")


def test_after_sealing_anew_the_old_key_can_go(
    mzi: Mzi, keyed: str, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    id, secret = made(mzi, "moodle", "Plugin")
    new = new_key()
    monkeypatch.setenv("MZI_SECRETS_KEY", new)
    assert mzi("secrets", "reseal").code == 2
    monkeypatch.setenv("MZI_SECRETS_KEY", f"{new} {keyed}")
    assert mzi("secrets", "reseal").out == "1 secret is sealed with the first key.\n"
    monkeypatch.setenv("MZI_SECRETS_KEY", new)
    assert mzi("secrets", "reseal").out == "1 secret is sealed with the first key.\n"
    stored = (folder / "mzi.db").read_bytes()
    assert secret.encode() not in stored
    assert id.encode() in stored
