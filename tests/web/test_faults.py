"""A schedule of faults: by number, by what the request is, and by a seed."""

import attrs
import pytest
from tests.web.given import Service

from mzi_adapters.testing.faults import (
    COMMON,
    Cut,
    Fault,
    Faults,
    FaultyTransport,
    Huge,
    Late,
    Reset,
    Short,
    Unreachable,
    says,
)
from mzi_adapters.testing.virtual_time import VirtualTimer
from mzi_adapters.web import Lost, NotSent, Request, Response

GET = Request(method="GET", url="https://service.example/a")
PUT = Request(method="PUT", url="https://service.example/a")


def test_a_fault_meets_the_request_of_its_number() -> None:
    faults = Faults().at(2, Cut()).at(4, Short())
    assert [faults.next(GET) for _ in range(5)] == [None, Cut(), None, Short(), None]
    assert (faults.seen, faults.met) == (5, [(2, Cut()), (4, Short())])


def test_a_fault_meets_the_first_requests_that_fit() -> None:
    faults = Faults().when(lambda request: request.method == "PUT", Cut(), times=2)
    assert [faults.next(r) for r in (GET, PUT, GET, PUT, PUT)] == [None, Cut(), None, Cut(), None]


def test_of_two_faults_the_one_planned_first_happens() -> None:
    faults = Faults().at(1, Cut()).when(lambda _: True, Short())
    assert [faults.next(GET) for _ in range(3)] == [Cut(), Short(), None]


def drawn(seed: int, count: int = 200, share: float = 0.3) -> list[Fault | None]:
    faults = Faults().at_random(seed, share=share)
    return [faults.next(GET) for _ in range(count)]


def test_a_seed_always_gives_the_same_schedule() -> None:
    assert drawn(7) == drawn(7)
    assert drawn(7) != drawn(8)


def test_the_share_is_kept_and_every_common_fault_occurs() -> None:
    many = drawn(1, 4000, 0.25)
    assert 900 < sum(fault is not None for fault in many) < 1100
    assert [fault for fault in COMMON if fault not in many] == []


def test_behind_the_first_requests_nothing_happens_any_more() -> None:
    faults = Faults().at_random(3, share=1, first=10)
    met = [faults.next(GET) is not None for _ in range(20)]
    assert met == [True] * 10 + [False] * 10


def test_the_schedule_of_later_requests_is_the_same_however_the_first_ones_fared() -> None:
    alone = Faults().at_random(5)
    beside = Faults().at(1, Cut()).at_random(5)
    first = [alone.next(GET) for _ in range(50)]
    second = [beside.next(GET) for _ in range(50)]
    assert second[0] == Cut()
    assert first[1:] == second[1:]


def test_an_answer_is_said_in_one_line() -> None:
    expected = Response(
        status=429, headers={"content-type": "application/json", "retry-after": "3"}, body=b"{}"
    )
    assert says(429, b"{}", retry_after="3").answer == expected


async def test_waiting_is_up_to_the_timer() -> None:
    timer = VirtualTimer()
    wire = FaultyTransport(Service(), Faults().at(1, Late(seconds=7)), timer)
    await wire.send(GET)
    assert timer.monotonic() == 7


async def test_a_lost_request_takes_as_long_as_its_patience() -> None:
    timer = VirtualTimer()
    wire = FaultyTransport(Service(), Faults().at(1, Late(seconds=86400)), timer)
    with pytest.raises(Lost, match=r"GET https://service\.example/a: no whole answer came within 60 s\."):
        await wire.send(GET)
    assert timer.monotonic() == GET.timeout


@pytest.mark.parametrize("fault", [Unreachable(), Reset(applied=True), Late(seconds=99), Huge()], ids=repr)
async def test_what_a_fault_says_of_a_request_is_its_method_and_address(fault: Fault) -> None:
    secret = attrs.evolve(PUT, query=(("token", "s3cret"),), headers={"x-key": "s3cret"}, body=b"s3cret")
    wire = FaultyTransport(Service(), Faults().at(1, fault), VirtualTimer())
    with pytest.raises((NotSent, Lost), match=r"PUT https://service\.example/a: ") as raised:
        await wire.send(secret)
    assert "s3cret" not in repr(raised.value)
