"""Planted secrets and a planted person: whatever is logged and said, at whatever level, none comes out."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest
from tests.cli.terminal import Mzi, student
from tests.repetitions import THOROUGH
from tests.servers.background import listening
from tests.servers.zoho_students import settings_for

from mzi_adapters.system import SystemClock
from mzi_adapters.testing.zoho import FakeZoho, define_modules
from mzi_http.settings import LogLevel

PERSON = {
    "First_Name": "Canarina",
    "Last_Name": "Canaropoulos",
    "Frist_Name_Native": "كناريا",
    "National_Number": "9990001112227",
    "Phone_Number": "+962790001112",
    "Address": "7 Canary Wharf Lane",
    "Academic_Email": "canarina@campus.example",
    "Academic_Password": "canary-password-1",
    "API_Token": "canary-token-2",
}
"""Nobody. Her record has what it should not have, too."""

ACCESS_TOKEN = re.compile(r"1000\.[0-9a-f]{32}\.[0-9a-f]{32}")

TOKEN = "mzi_1a2b3c4d_3QpUz-gVF_d-canary-RhbkKYTLKk2BoUsGnMnd"
"""As the token of a source of events stands in an address."""

LONG_AGO = "2026-01-01T00:00:00+00:00"


def records() -> list[dict[str, object]]:
    """One that is taken and one that is refused; both are hers."""
    return [
        student(1, Modified_Time=LONG_AGO, **PERSON),
        student(
            2,
            Modified_Time=LONG_AGO,
            **PERSON | {"Birth_Date": "2001-02-30", "Academic_Email": "canarina2@campus.example"},
        ),
    ]


def found(text: str, *secrets: str) -> list[str]:
    """What of her and of the secrets is in a text."""
    return [planted for planted in (*PERSON.values(), *secrets) if planted in text]


def run(folder: Path, *tokens: str, **variables: str) -> str:
    """Everything a command says."""
    ran = subprocess.run(
        [sys.executable, "-m", "mzi_http", *tokens],
        cwd=folder,
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return ran.stdout


LEVELS = tuple(LogLevel) if THOROUGH else (LogLevel.DEBUG, LogLevel.WARNING)
"""What is said at one level is said at those below it too."""


@pytest.mark.parametrize("level", LEVELS)
def test_no_canary_comes_out_of_a_pull(folder: Path, level: LogLevel) -> None:
    zoho = FakeZoho(clock=SystemClock())
    define_modules(zoho)
    for record in records():
        zoho.add("BTEC_Students", {k: v for k, v in record.items() if k != "API_Token"})
    with listening(zoho) as server:
        settings = settings_for(zoho, server.url) | {"MZI_LOG_LEVEL": level}
        said = run(folder, "--debug", "pull", "students", **settings)
    assert "What became of 2 students" in said
    secrets = [settings[name] for name in settings if "SECRET" in name or "TOKEN" in name]
    assert found(said, *secrets) == []
    assert zoho.accounts.issued == 1
    assert not ACCESS_TOKEN.search(said)


@pytest.mark.parametrize("level", LEVELS)
def test_no_canary_comes_out_of_the_service(mzi: Mzi, folder: Path, level: LogLevel) -> None:
    mzi("db", "upgrade")
    key = re.search(r"mzi_[0-9a-f]{8}_[\w-]+", mzi("keys", "new", "canaries").out)
    assert key is not None
    command = [sys.executable, "-m", "mzi_http", "serve", "--port", "0"]
    with subprocess.Popen(
        command,
        cwd=folder,
        env=os.environ | {"MZI_LOG_LEVEL": level},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        where = re.search(r"http://127\.0\.0\.1:[0-9]+", first)
        assert where is not None, first
        body = json.dumps({"data": records()}).encode()
        search = quote(PERSON["National_Number"])
        answers = [
            ask(where[0], "/api/v1/sync/students", key[0], body),
            ask(where[0], f"/api/v1/students?national_number={search}&token=canary-token-2", key[0]),
            ask(where[0], "/api/v1/students/5398830000090000001", f"{key[0]}x"),
            ask(where[0], f"/api/v1/events/zoho/student?token={TOKEN}", key[0], b"{}"),
            ask(where[0], f"/api/v1/events/zoho/student/{TOKEN}", key[0], b"{}"),
        ]
        process.terminate()
        said = first + process.stdout.read()
    assert answers[:3] == [200, 400, 401]
    assert found(said, key[0], key[0].split("_", 2)[2], TOKEN[-20:]) == []


def ask(address: str, path: str, key: str, body: bytes | None = None) -> int:
    """The status that is answered."""
    headers = {"X-API-Key": key, "Content-Type": "application/json"}
    try:
        with urlopen(Request(address + path, body, headers), timeout=30) as answer:  # noqa: S310  # loopback
            return int(answer.status)
    except HTTPError as refused:
        return refused.code
