"""Logging: one form for everybody's lines, and nothing secret or personal in them."""

import io
import json
import logging
from collections.abc import Callable
from functools import partial
from time import process_time

import aiosqlite
import pytest
import structlog

from mzi_http.cli import quiet
from mzi_http.logs import LONGEST, MOST, redacted, set_up
from mzi_http.settings import Log, LogFormat, LogLevel

CANARIES = (
    "mzi_0a1b2c3d_kJ8s-dfH3_secretsecret",
    "mzi-key-canary-11_canary-12",
    "whsec_canary/hunter2+canary=",
    "POST /api/v1/events/zoho/student/mzi_0a1b2c3d_hunter2-secretsecret_x HTTP/1.1",
    "/events/zoho/student?zoho_id=7&token=mzi_0a1b2c3d_hunter2",
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
            raise ValueError(f"{len(local)} of {CANARIES[9]}")
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


def test_an_access_line_has_no_token_of_a_source_wherever_it_stands() -> None:
    def speak() -> None:
        for path in (
            "/a/mzi_0a1b2c3d_hunter2",
            "/a?token=mzi_0a1b2c3d_hunter2",
            f"/{'a' * 280}/mzi_0a1b2c3d_hunter2",
        ):
            logging.getLogger("uvicorn.access").info(
                '%s - "%s %s HTTP/%s" %d', "127.0.0.1:5", "POST", path, "1.1", 200
            )

    said = lines(Log(), speak)
    assert "POST /a/mzi_[redacted] HTTP" in said
    assert "hunter" not in said


def test_that_files_ran_out_is_told_once_in_a_while() -> None:
    """As asyncio tells it for every connection that waits, each with a traceback."""

    def speak() -> None:
        for _ in range(1000):
            try:
                raise OSError(24, "Too many open files")
            except OSError as error:
                logging.getLogger("asyncio").error(
                    "socket.accept() out of system resource\nsocket: %s", "<socket>", exc_info=error
                )
            logging.getLogger("asyncio").error("anything else")

    said = lines(Log(), speak)
    assert said.count("out of system resource") == 1
    assert said.count("anything else") == 1000


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


HOSTILE = (
    "a",
    "%40",
    "%40a",
    "token",
    "api-key",
    "@a.",
    "a%40b.",
    "Bearer ",
    " ",
    "://",
    "token=",
    "mzi_",
    '"',
)


@pytest.mark.parametrize("piece", HOSTILE)
def test_what_takes_secrets_out_takes_time_in_proportion_to_the_length(piece: str) -> None:
    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        taken = []
        for _ in range(5):
            begun = process_time()
            redacted(text)
            taken.append(process_time() - begun)
        return min(taken)

    assert seconds(64_000) < 10 * seconds(16_000)


def test_an_access_line_has_no_more_than_the_beginning_of_a_long_path() -> None:
    def speak() -> None:
        logging.getLogger("uvicorn.access").info(
            '%s - "%s %s HTTP/%s" %d', "127.0.0.1:5", "GET", f"/{'a' * 60_000}", "1.1", 404
        )

    assert len(lines(Log(), speak)) < 1000


@pytest.mark.parametrize("format", LogFormat)
def test_a_line_stays_short_whatever_is_told(format: LogFormat) -> None:
    huge = "رنا " * 500_000

    def speak() -> None:
        log = structlog.get_logger("mzi_http.test")
        log.debug("said", note=huge, keys={huge: huge}, rows=[huge[:100]] * 10_000)
        logging.getLogger("somebody.else").warning("said %s", huge)
        logging.getLogger("somebody.else").warning("deep %s", 1, extra={"deep": [[[[[[[[[huge]]]]]]]]]})

    said = lines(Log(level=LogLevel.DEBUG, format=format), speak).splitlines()
    assert len(said) == 3
    assert max(map(len, said)) < 8 * LONGEST
    if format is LogFormat.JSON:
        first = json.loads(said[0])
        assert len(first["rows"]) == MOST
        assert first["note"].startswith("رنا ")


def test_no_half_of_a_secret_is_left_where_a_long_value_is_cut() -> None:
    kept_at_the_end = 2000
    for secret in ("noor.canary8@campus.example", "token=canary-canary-canary", CANARIES[0]):
        for shift in range(0, len(secret) + 2, 5):
            first = f"{'x ' * ((LONGEST - kept_at_the_end - shift) // 2)}{secret} {'y ' * 5_000}"
            last = f"{'x ' * 5_000}{secret}{' y' * ((kept_at_the_end - shift) // 2)}"
            for text in (first, last):
                said = lines(Log(), partial(logging.getLogger("a").warning, "%s", text))
                assert " cut, of " in said
                assert clean(said)


@pytest.mark.parametrize("name", ["aiosqlite", "asyncio", "aiohttp.client", "sqlalchemy.engine", "a", "root"])
@pytest.mark.parametrize("level", [logging.NOTSET, logging.DEBUG])
def test_of_other_libraries_only_warnings_are_told_at_any_level(name: str, level: int) -> None:
    logger = logging.getLogger(None if name == "root" else name)
    before = logger.level

    def speak() -> None:
        if level or name != "root":
            logger.setLevel(level)
        logger.debug("quiet %s", "hunter2")
        logger.info("quiet %s", "hunter2")
        logger.warning("loud")

    said = lines(Log(level=LogLevel.DEBUG), speak)
    logger.setLevel(before)
    assert said.count("loud") == said.count("\n") == 1


@pytest.mark.parametrize("name", ["mzi_http.app", "mzi_core", "mzi_adapters.zoho", "uvicorn.error"])
def test_our_own_loggers_and_the_server_have_the_level_that_is_set(name: str) -> None:
    def speak() -> None:
        logging.getLogger(name).debug("low")
        logging.getLogger(name).info("middling")

    assert lines(Log(level=LogLevel.DEBUG), speak).count("\n") == 2
    assert lines(Log(level=LogLevel.INFO), speak).count("\n") == 1
    assert lines(Log(level=LogLevel.WARNING), speak) == ""


async def test_the_values_of_statements_are_never_logged() -> None:
    """aiosqlite tells all of them at its level debug."""
    stream = io.StringIO()
    set_up(Log(level=LogLevel.DEBUG), stream)
    async with aiosqlite.connect(":memory:") as connection:
        await connection.execute("SELECT ?", ("hunter2",))
    assert "hunter2" not in stream.getvalue()


def test_what_is_logged_during_a_command_is_written_like_everything_else(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The command line sets logging up with the first line that is logged."""
    quiet.set_up()
    logging.getLogger("somebody.else").info("quiet")
    for canary in CANARIES:
        logging.getLogger("somebody.else").warning("said %s", canary)
    said = capsys.readouterr().err
    assert clean(said)
    assert said.count("[warning") == said.count("said") == len(CANARIES)
    assert "quiet" not in said
