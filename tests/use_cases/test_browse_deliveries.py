"""Deliveries can be looked at: how the flows stand, which there are, and what keeps one."""

from datetime import timedelta

import attrs
import pytest

from mzi_adapters.memory import MemoryStore
from mzi_adapters.testing.contracts.fixtures import OURS
from mzi_core.errors import NotFound, UnknownFlow, UnknownTenant
from mzi_core.flows import flow_names, take_flow
from mzi_core.modules import CATALOGUE
from mzi_core.ports import DeliveryKey, DeliveryQuery, DeliveryState, Due, Note, Store
from mzi_core.secrecy import MASKED
from mzi_core.use_cases.browse_deliveries import field_names, values_of
from mzi_core.use_cases.deliveries import DeliveryUseCases
from mzi_core.values import TenantId

NOBODY = TenantId("nobody")
HOUR = timedelta(hours=1)
STUDENTS = take_flow("students")


def over(store: Store) -> DeliveryUseCases:
    """Those over a store."""
    return DeliveryUseCases.over(store, CATALOGUE)


async def _with(*dues: Due) -> Store:
    store = MemoryStore()
    async with store.begin(OURS) as session:
        await session.make_due(dues)
    return store


async def test_deliveries_are_listed_page_by_page_until_there_are_no_more() -> None:
    keys = [DeliveryKey(flow, key) for flow in ("enrolment", STUDENTS) for key in "123"]
    listed = over(await _with(*(Due(each.flow, each.key) for each in keys))).list
    query, found = DeliveryQuery(limit=4), []
    for _ in range(2):
        page = await listed(OURS, query)
        found += [each.address for each in page.items]
        query = attrs.evolve(query, after=page.next)
    assert found == keys
    assert page.next is None
    assert (await listed(OURS, DeliveryQuery(limit=6))).next is None
    with pytest.raises(UnknownTenant):
        await listed(NOBODY, DeliveryQuery())


async def test_of_what_no_store_keeps_there_is_no_delivery() -> None:
    found = over(await _with(Due(STUDENTS, "1", "students/1")))
    for query in (DeliveryQuery(subject="students/\0"), DeliveryQuery(plan_id="\ud800")):
        assert (await found.list(OURS, query)).items == ()
    with pytest.raises(NotFound):
        await found.show(OURS, DeliveryKey(STUDENTS, "\0"))


async def test_a_flow_that_is_known_is_one_also_without_a_delivery() -> None:
    """Whether mzi knows it, or only the store: a program may have flows of its own."""
    found = over(await _with(Due("rooms", "1")))
    for flow in flow_names(CATALOGUE):
        assert list((await found.list(OURS, DeliveryQuery(flow=flow))).items) == []
    assert len((await found.list(OURS, DeliveryQuery(flow="rooms"))).items) == 1


@pytest.mark.parametrize(
    ("flow", "nearest", "said"),
    [
        ("students", ("take:students",), "There is no flow `students`. Did you mean `take:students`?"),
        ("Take:Students", ("take:students",), "Did you mean `take:students`?"),
        (
            "enrollment",
            ("take:enrollments", "enrolment"),
            "Did you mean `take:enrollments` or `enrolment`?",
        ),
        ("room", ("rooms",), "Did you mean `rooms`?"),
        ("x", (), "There are account, program, course, enrolment, registration, grade, take:"),
        ("\ud800" * 90, (), "There is no flow `" + "\ud800" * 60 + "`. There are account,"),
    ],
)
async def test_an_unknown_flow_is_answered_with_the_nearest_ones(
    flow: str, nearest: tuple[str, ...], said: str
) -> None:
    found = over(await _with(Due("rooms", "1")))
    for ask in (
        lambda: found.list(OURS, DeliveryQuery(flow=flow)),
        lambda: found.show(OURS, DeliveryKey(flow, "1")),
        lambda: found.redrive(OURS, flow, ["1"]),
        lambda: found.pause(OURS, flow, "Moving."),
        lambda: found.resume(OURS, flow),
    ):
        with pytest.raises(UnknownFlow) as refused:
            await ask()
        assert said in str(refused.value)
        assert refused.value.nearest[: len(nearest)] == nearest


async def test_one_is_shown_with_what_keeps_it() -> None:
    """What it waits for and how that stands, and why its flow is paused."""
    store = await _with(Due("enrolment", "1"), Due("enrolment", "2"), Due("account", "7"))
    show = over(store).show
    async with store.begin(OURS) as session:
        first, second = await session.claim("enrolment", 2, HOUR)
        (account,) = await session.claim("account", 1, HOUR)
        waits = [first.waiting(account.address), second.waiting(DeliveryKey("account", "8"))]
        await session.end_claims([*waits, account.dead("Refused.")])
        await session.pause("enrolment", "Moodle is moved.")
    shown = await show(OURS, DeliveryKey("enrolment", "1"))
    assert (shown.delivery.waits_for, shown.awaited) == (account.address, DeliveryState.DEAD)
    assert shown.paused == "Moodle is moved."
    assert shown.paused_at is not None
    nobody_s = await show(OURS, DeliveryKey("enrolment", "2"))
    assert (nobody_s.delivery.waits_for, nobody_s.awaited) == (DeliveryKey("account", "8"), None)
    shown = await show(OURS, account.address)
    assert (shown.delivery.reason, shown.awaited, shown.paused) == ("Refused.", None, None)
    with pytest.raises(NotFound, match="no delivery of enrolment under the key `9`"):
        await show(OURS, DeliveryKey("enrolment", "9"))
    with pytest.raises(UnknownTenant):
        await show(NOBODY, account.address)


async def test_what_is_remembered_is_shown_by_the_names_of_its_fields_and_by_its_values_on_request() -> None:
    """A secret among them never."""
    store = await _with(Due("account", "7"))
    async with store.begin(OURS) as session:
        (claim,) = await session.claim("account", 1, HOUR)
        intent = {
            "user": {"email": "rana@college.example", "password": "x"},
            "by": "token=abcdef",
            "ids": [7],
        }
        await session.note([Note(claim=claim, intent=intent)])
    found = (await over(store).show(OURS, claim.address)).delivery
    assert (field_names(found.intent), field_names(found.agreed)) == (["by", "ids", "user"], [])
    assert values_of(found.agreed) is None
    assert values_of(found.intent) == {
        "user": {"email": "rana@college.example", "password": MASKED},
        "by": "token=[redacted]",
        "ids": [7],
    }


async def test_how_the_flows_stand_is_told_by_name() -> None:
    store = await _with(Due(STUDENTS, "1"), Due("account", "7"))
    flows = over(store).flows
    assert [each.flow for each in await flows(OURS)] == ["account", STUDENTS]
    with pytest.raises(UnknownTenant):
        await flows(NOBODY)
