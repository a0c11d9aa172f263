"""Logging: one form for everybody's lines, and nothing secret or personal in them."""

import io
import json
import logging
from collections.abc import Callable

import pytest
import structlog

from mzi_http.logs import redacted, set_up
from mzi_http.settings import Log, LogFormat, LogLevel

CANARIES = (
    "mzi_0a1b2c3d_kJ8s-dfH3_secretsecret",
    "Bearer eyJhbGciOi.canary-1",
    "Zoho-oauthtoken 1000.canary2.x",
    "token=canary-3",
    "wstoken=canary-4&x=1",
    "{'password': 'canary-5'}",
    '"api_key": "canary-6"',
    "postgresql://mzi:canary-7@db/mzi",
    "noor.canary8@campus.example",
    "/v1/students/noor.canary9%40campus.example",
    "رنا.canary10@كلية.مثال",
)
PLANTED = ("canary", "secretsecret", "hunter2")


def lines(log: Log, speak: Callable[[], None]) -> str:
    stream = io.StringIO()
    set_up(log, stream)
    speak()
    return stream.getvalue()


def clean(text: str) -> bool:
    return not any(planted in text for planted in PLANTED)


@pytest.mark.parametrize("canary", CANARIES)
def test_what_looks_like_a_secret_or_an_address_is_taken_out(canary: str) -> None:
    found = redacted(f"before {canary} after")
    assert clean(found)
    assert found.startswith("before ")
    assert found.endswith(" after")


@pytest.mark.parametrize(
    "text",
    [
        "The module `students` has 1,200 records at 14:30 (mzi_http.app, mzi_core.decide).",
        "GET /v1/modules/students/5398830000090000001 200",
        "Registration_ID points at 5398830000149000001, which is not among the registrations yet.",
        "authorization is missing",
    ],
)
def test_what_is_neither_stays(text: str) -> None:
    assert redacted(text) == text


@pytest.mark.parametrize("format", LogFormat)
def test_no_canary_comes_through_any_logger(format: LogFormat) -> None:
    def speak() -> None:
        ours = structlog.get_logger("mzi_http.test")
        theirs = logging.getLogger("somebody.else")
        for canary in CANARIES:
            ours.info("said", note=canary, nested={"deep": [canary]})
            theirs.warning("said %s", canary)
        ours.info(
            "by key", token="hunter2", nested={"Academic_Email": "hunter2", "rows": [{"secret": "hunter2"}]}
        )
        ours.info("by key", headers=({"authorization": "hunter2"}, {"cookie": "hunter2"}))
        local = "hunter2"
        try:
            raise ValueError(f"{len(local)} of {CANARIES[8]}")
        except ValueError:
            ours.exception("it failed")
            theirs.exception("it failed, too")

    said = lines(Log(format=format), speak)
    assert clean(said)
    assert said.count("it failed") == 2
    assert said.count("raise ValueError" if format is LogFormat.TEXT else '"exc_type": "ValueError"') == 2
    assert "[redacted]" in said


def test_json_lines_are_json_with_level_logger_and_time() -> None:
    said = lines(Log(format=LogFormat.JSON), lambda: logging.getLogger("a.b").error("رنا %d", 5))
    line = json.loads(said)
    assert (line["event"], line["level"], line["logger"]) == ("رنا 5", "error", "a.b")
    assert line["timestamp"].endswith("Z")


def test_an_access_line_has_no_query() -> None:
    def speak() -> None:
        logging.getLogger("uvicorn.access").info(
            '%s - "%s %s HTTP/%s" %d', "127.0.0.1:5", "GET", "/v1/records?q=hunter2", "1.1", 200
        )

    assert '127.0.0.1:5 - "GET /v1/records HTTP/1.1" 200' in lines(Log(), speak)


def test_less_than_the_level_is_not_logged() -> None:
    def speak() -> None:
        structlog.get_logger("mzi").info("quiet")
        logging.getLogger("alembic.runtime").info("quiet")
        logging.getLogger("uvicorn.error").warning("loud")

    said = lines(Log(level=LogLevel.WARNING), speak)
    assert "quiet" not in said
    assert said.count("loud") == 1


def test_setting_up_again_takes_the_place_of_the_first_time() -> None:
    first = io.StringIO()
    set_up(Log(), first)
    said = lines(Log(), lambda: logging.getLogger("a").warning("once"))
    assert said.count("once") == 1
    assert first.getvalue() == ""
