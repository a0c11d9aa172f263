"""What goes on inside the service: what cannot be taken is told once, and old events are forgotten."""

import asyncio
import logging
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import attrs
import pytest

from mzi_adapters.testing.harness import Harness
from mzi_core.errors import StoreUnavailable
from mzi_core.modules import STUDENTS, TEACHERS
from mzi_core.ports import EventState
from mzi_core.use_cases.events import EventUseCases
from mzi_core.use_cases.forgetting import Retention
from mzi_core.use_cases.take_due import DueWork
from mzi_core.use_cases.take_events import EventsTaken
from mzi_core.values import DEFAULT_TENANT
from mzi_http.worker import Worker, beside_the_service, cleaner

KEPT = Retention(taken=timedelta(days=90))
DOWN = EventsTaken(put_off="Zoho did not answer.")
REVOKED = EventsTaken(put_off="Zoho has withdrawn the access.", paused=True)
DONE = EventsTaken(looked_at=1, taken=1)


def _story(*batches: dict[Any, EventsTaken]) -> EventUseCases:
    """Use cases by which each look finds the next batches; after the last the worker is stopped."""
    left = list(batches)

    async def find_due() -> list[DueWork]:
        return [DueWork(tenant=DEFAULT_TENANT, modules=[STUDENTS, TEACHERS])] if left else []

    async def take_due(*_: object, done: Any, **__: object) -> None:
        for module, taken in left.pop(0).items():
            done(module, taken)

    events = Harness().use_cases.events
    return attrs.evolve(events, find_due=cast("Any", find_due), take_due=cast("Any", take_due))


async def nothing_delivered(*_: object, **__: object) -> None:
    """No flow of the tenant is due."""


async def _told(caplog: pytest.LogCaptureFixture, *batches: dict[Any, EventsTaken]) -> list[tuple[str, str]]:
    caplog.set_level(logging.INFO, "mzi_http.worker")
    looks = 0

    async def find_due() -> object:
        nonlocal looks
        looks += 1
        if looks > len(batches):
            worker.stop()
        return await events.find_due()

    events = _story(*batches)
    taking = attrs.evolve(events, find_due=cast("Any", find_due))
    worker = Worker(taking, cast("Any", nothing_delivered), sweep=0.001)
    await worker.run()
    return [(record.levelname, record.getMessage()) for record in caplog.records]


async def test_what_is_put_off_is_told_once_until_it_is_taken_again(caplog: pytest.LogCaptureFixture) -> None:
    off = (
        "WARNING",
        "The students of tenant default are put off, and tried again by themselves: Zoho did not answer.",
    )
    again = ("INFO", "The students of tenant default go on again.")
    batches = [{STUDENTS: each} for each in (DONE, DOWN, DOWN, DOWN, DONE, DONE, DOWN)]
    assert await _told(caplog, *batches) == [off, again, off]


async def test_each_module_is_told_and_what_resumes_one_that_is_paused(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told = await _told(caplog, {STUDENTS: REVOKED, TEACHERS: DOWN}, {TEACHERS: DOWN})
    assert [said for _, said in told] == [
        "The students of tenant default are put off, until `mzi take --resume`: "
        "Zoho has withdrawn the access.",
        "The teachers of tenant default are put off, and tried again by themselves: Zoho did not answer.",
    ]


async def _cleaned(caplog: pytest.LogCaptureFixture, *turns: Any) -> list[tuple[str, str]]:
    """What is logged in these turns: what was forgotten in each, or what went wrong."""
    caplog.set_level(logging.INFO, "mzi_http.worker")
    left = list(turns)

    async def forget_in_turn(retention: Retention, *, stopped: Any) -> object:
        assert retention is KEPT
        assert not stopped()
        turn = left.pop(0)
        if not left:
            cleaning.stop()
        if isinstance(turn, Exception):
            raise turn
        return turn

    cleaning = cleaner(cast("Any", forget_in_turn), KEPT, pause=0.001)
    await cleaning.run()
    return [(record.levelname, record.getMessage()) for record in caplog.records]


async def test_old_events_are_forgotten_and_nothing_that_goes_wrong_ends_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    some = {DEFAULT_TENANT: {EventState.TAKEN: 1_000, EventState.DEAD: 200, "changes": 3}}
    none = {DEFAULT_TENANT: {EventState.TAKEN: 0}}
    turns = [some, {}, StoreUnavailable("It is away."), none, ValueError("A name"), {}]
    assert await _cleaned(caplog, *turns) == [
        (
            "INFO",
            "Of tenant default are forgotten: 1,000 taken events, 200 dead events, 3 changes of records.",
        ),
        ("WARNING", "Nothing old could be forgotten: It is away."),
        ("ERROR", "Unforeseen while what is old was forgotten: ValueError"),
    ]


async def test_beside_the_service_events_are_forgotten_at_once_and_both_end_with_it() -> None:
    mzi = Harness()
    clean = asyncio.Event()

    async def forget_in_turn(*_: object, **__: object) -> object:
        clean.set()
        return {}

    use_cases = cast(
        "Any",
        SimpleNamespace(
            events=mzi.use_cases.events, remote=mzi.use_cases.remote, forget_in_turn=forget_in_turn
        ),
    )
    before = asyncio.all_tasks()
    async with beside_the_service(use_cases, retention=KEPT):
        await asyncio.wait_for(clean.wait(), 10)
        assert len(asyncio.all_tasks() - before) == 3
    assert asyncio.all_tasks() == before
