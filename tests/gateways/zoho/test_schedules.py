"""Ways in which a network fails: nothing is doubled, and nothing is claimed that is not so."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

import pytest
from tests.gateways.zoho.given import World
from tests.repetitions import often

from mzi_adapters.testing.contracts.zoho_gateway_remote import (
    ATTEMPT,
    CODE,
    GRADER,
    GRADES,
    KEY,
    NUMBER,
    ROWS,
    row,
)
from mzi_adapters.testing.faults import COMMON, Cut, Faults, Late, Reset, Short, says
from mzi_adapters.zoho import ZohoClient
from mzi_core.errors import GatewayError
from mzi_core.ports import Applied, ReadMethod, Rejected, Selection, Unknown, WriteResult
from mzi_core.values import ZohoId

pytestmark = pytest.mark.slow

SEEDS = often(1000, gate=200)
AT_ONCE = 50
"""Schedules in one test, so that a failing one is found again quickly."""

UNKIND = (
    *COMMON,
    Reset(applied=True),  # more often than the others, for it is the one that doubles
    Late(seconds=90),
    Cut(),
    Short(),
    says(401, b'{"code":"INVALID_TOKEN","details":{},"message":"invalid oauth token","status":"error"}'),
)
RECORDS = 120
WRONG = frozenset({7, 77, 111})
"""Records that Zoho must refuse."""

NEW = 3
ROWS_WANTED = [row("P1", "Achieved"), row("P2", "Achieved"), row("M1", "Not achieved")]


def records() -> list[dict[str, object]]:
    """What is to be written by key: two calls of it, with a few records that cannot be."""
    found: list[dict[str, object]] = [{KEY: f"key {n}", GRADER: f"Grader {n}"} for n in range(RECORDS)]
    for n in WRONG:
        found[n][ATTEMPT] = "not a number"
    return found


async def upserted(client: ZohoClient) -> Sequence[WriteResult[ZohoId]] | None:
    """The results, or None when nothing was written."""
    try:
        return await client.upsert(GRADES, records(), by=[KEY])
    except GatewayError:
        return None


def values(world: World, module: str, field: str) -> list[tuple[str, str]]:
    """The id and the value of every record that has one, straight from where the fake keeps them."""
    rows = world.zoho.organization.tables[module].rows.values()
    return [(str(row.id), str(row.values[field])) for row in rows if row.values.get(field) is not None]


def check_upsert(world: World, results: Sequence[WriteResult[ZohoId]] | None) -> list[int]:
    """Nothing doubled and nothing made up; the records that must be written once more."""
    keys = [(value, zoho_id) for zoho_id, value in values(world, GRADES, KEY)]
    there = dict(keys)
    assert len(there) == len(keys)
    if results is None:
        return list(range(RECORDS))
    again = []
    for n, result in enumerate(results):
        match result:
            case Applied():
                assert there[f"key {n}"] == result.id
                assert n not in WRONG
            case Rejected() if n in WRONG and not result.retryable:
                assert result.reasons
                assert f"key {n}" not in there
            case Rejected():
                assert result.retryable
                again.append(n)
            case Unknown():
                assert "may or may not" in result.why
                again.append(n)
    return again


async def inserted(client: ZohoClient) -> Sequence[WriteResult[ZohoId]] | None:
    """Records without a key; None when none was written."""
    try:
        return await client.insert(GRADES, [{NUMBER: f"new {n}"} for n in range(NEW)])
    except GatewayError:
        return None


def check_insert(world: World, results: Sequence[WriteResult[ZohoId]] | None) -> None:
    """Sent once at most, and told apart whether it is there, is not, or nobody knows."""
    there = Counter(value for _, value in values(world, GRADES, NUMBER))
    for n in range(NEW):
        result = None if results is None else results[n]
        counts = {0, 1} if isinstance(result, Unknown) else {1} if isinstance(result, Applied) else {0}
        assert there[f"new {n}"] in counts, result


async def one_schedule(seed: int) -> None:
    """Everything that writes, on a bad day and then on a good one."""
    world = World()
    graded = ZohoId(world.zoho.add(GRADES, {GRADER: "of rows", ROWS: [{CODE: "P1", "LO_Score": "Not yet"}]}))
    doomed = [ZohoId(world.zoho.add(GRADES, {GRADER: f"doomed {n}"})) for n in range(3)]
    bad = Faults().at_random(seed, share=0.35, among=UNKIND)
    world.faults = bad
    async with world.client(seed) as client:
        await world.timer.sleep(2)
        results = await upserted(client)
        again = check_upsert(world, results)
        check_insert(world, await inserted(client))
        for attempt in (
            client.put_rows(GRADES, graded, ROWS, ROWS_WANTED, key=[CODE]),
            client.delete(GRADES, doomed),
        ):
            with suppress(GatewayError):
                await attempt
            assert_rows(world, whole=False)
    assert world.zoho.accounts.issued <= 4 * (1 + world.timer.monotonic() // 600)

    world.faults = Faults()
    async with world.client(seed) as client:
        await world.timer.sleep(7200)
        sent = records()
        finished = await client.upsert(GRADES, [sent[n] for n in again], by=[KEY])
        wrong = [n for n, each in zip(again, finished, strict=True) if not isinstance(each, Applied)]
        assert set(wrong) <= WRONG
        assert isinstance(await client.put_rows(GRADES, graded, ROWS, ROWS_WANTED, key=[CODE]), Applied)
        assert all(isinstance(each, Applied) for each in await client.delete(GRADES, doomed))
    check_upsert(world, None)
    assert {value for _, value in values(world, GRADES, KEY)} == {
        f"key {n}" for n in range(RECORDS) if n not in WRONG
    }
    assert_rows(world, whole=True)
    assert not set(map(int, doomed)) & set(world.zoho.organization.tables[GRADES].rows)


def assert_rows(world: World, *, whole: bool) -> None:
    """No row is there twice; in the end just the wanted ones are."""
    rows = [row.values for row in world.zoho.organization.tables[ROWS].rows.values()]
    codes = [each[CODE] for each in rows]
    assert len(set(codes)) == len(codes)
    if whole:
        assert [
            (each[CODE], each["LO_Score"]) for each in sorted(rows, key=lambda each: str(each[CODE]))
        ] == [
            ("M1", "Not achieved"),
            ("P1", "Achieved"),
            ("P2", "Achieved"),
        ]


@pytest.mark.parametrize("first", range(0, SEEDS, AT_ONCE))
async def test_no_schedule_of_faults_doubles_a_record(first: int) -> None:
    """Each is applied, rejected with a reason, or unknown and then done again by its key."""
    for seed in range(first, first + AT_ONCE):
        try:
            await one_schedule(seed)
        except AssertionError as error:
            raise AssertionError(f"Seed {seed} breaks it.") from error


@pytest.mark.parametrize("via", ReadMethod, ids=repr)
async def test_no_schedule_of_faults_loses_a_record_on_the_way(via: ReadMethod) -> None:
    """Every record comes once and in order, up to where reading stopped; and from there it goes on."""
    for seed in range(SEEDS // 10):
        world = World()
        world.zoho.bulk_read.polls = 1
        ids = [world.zoho.add(GRADES, {KEY: f"key {n}"}) for n in range(450)]
        world.faults = Faults().at_random(seed, share=0.3, among=UNKIND)
        found: list[str] = []
        for _ in range(50):
            after = ZohoId(found[-1]) if found else None
            try:
                async with world.client(seed) as client:
                    async for page in client.pages(GRADES, Selection(fields=(KEY,)), via=via, after=after):
                        found += [str(record["id"]) for record in page]
                break
            except GatewayError:
                assert found == ids[: len(found)]
                await world.timer.sleep(7200)
        assert found == ids, seed
