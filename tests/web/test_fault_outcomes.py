"""A fault comes to the same in memory and on a real socket, read whole or in chunks."""

from contextlib import suppress
from http import HTTPStatus

import pytest
from tests.web.given import ASKED, BODY, WAYS, Service

from mzi_adapters.testing.faults import (
    PAGE,
    Cut,
    Fault,
    Huge,
    Late,
    Reset,
    Retyped,
    Short,
    Silence,
    Trickle,
    Unreachable,
    says,
)
from mzi_adapters.web import Lost, NotSent, Response, TooLarge

Outcome = type[Exception] | tuple[int, bytes, str | None]

PLAIN = (200, BODY, None)
HTML = "text/html"
SOON = 0.3

TABLE: list[tuple[Fault | None, Outcome, int]] = [
    (None, PLAIN, 1),
    (Unreachable(), NotSent, 0),
    (Reset(applied=False), Lost, 0),
    (Reset(applied=True), Lost, 1),
    (says(503, PAGE, content_type=HTML), (503, PAGE, HTML), 0),
    (says(500, PAGE, content_type=HTML, applied=True), (500, PAGE, HTML), 1),
    (says(200, PAGE, content_type=HTML, applied=True), (200, PAGE, HTML), 1),
    (says(429, b"{}", retry_after="3"), (429, b"{}", "application/json"), 0),
    (says(204), (204, b"", "application/json"), 0),
    (Late(seconds=0.01), PLAIN, 1),
    (Late(seconds=60), Lost, 1),
    (Silence(), Lost, 1),
    (Trickle(pause=0.001), PLAIN, 1),
    (Trickle(pause=0.2), Lost, 1),
    (Short(), Lost, 1),
    (Cut(), (200, BODY[: len(BODY) // 2], None), 1),
    (Retyped(), (200, BODY, "text/html;charset=UTF-8"), 1),
    (Huge(size=200_000), TooLarge, 1),
    (Huge(size=50_000), (200, bytes(50_000), None), 1),
]


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("fault", "expected", "applied"), TABLE, ids=repr)
async def test_a_fault_has_one_outcome(
    fault: Fault | None, expected: Outcome, applied: int, way: str, asked: str
) -> None:
    service = Service()
    async with WAYS[way](service, fault) as to:
        request = to.request("PUT", body=b"{}", largest=100_000, timeout=SOON if expected is Lost else 20)
        try:
            answer = await ASKED[asked](to.wire, request)
            found: Outcome = (answer.status, answer.body, answer.headers.get("content-type"))
        except (NotSent, Lost) as error:
            found = type(error)
    assert found == expected
    assert len(service.applied) == applied


@pytest.mark.parametrize("way", WAYS)
async def test_the_headers_of_another_answer_come_along(way: str) -> None:
    async with WAYS[way](Service(), says(429, b"{}", retry_after="3")) as to:
        answer = await to.wire.send(to.request())
    assert answer.headers["retry-after"] == "3"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fault", [Silence(), Trickle(pause=9), Short(), Cut()], ids=repr)
async def test_an_answer_without_a_body_has_no_middle_to_break_in(fault: Fault, way: str) -> None:
    service = Service(Response(status=HTTPStatus.NO_CONTENT))
    async with WAYS[way](service, fault) as to:
        answer = await to.wire.send(to.request())
    assert (answer.status, answer.body) == (204, b"")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "fault", [fault for fault, *_ in TABLE if fault and not isinstance(fault, Unreachable)], ids=repr
)
async def test_the_next_request_goes_through(fault: Fault, way: str) -> None:
    async with WAYS[way](Service(), fault) as to:
        with suppress(Lost):
            await to.wire.send(to.request(largest=100_000, timeout=SOON))
        answer = await to.wire.send(to.request())
    assert answer.body == BODY
