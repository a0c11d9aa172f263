"""What work costs at Zoho, counted where the calls arrive; and how much memory a large pull takes."""

import asyncio
import json
import sys
from pathlib import Path

from tests.gateways.zoho.given import World

from mzi_adapters.testing.contracts.zoho_gateway_remote import GRADES, KEY, applied_ids
from mzi_core.ports import ReadMethod, Selection

ROOT = Path(__file__).parents[3]
STUDENTS, CLASSES = "BTEC_Students", "BTEC_Classes"
EMAIL = "Academic_Email"
CLASS = "Moodle_Class_ID"
MANY = 100_000


def college(world: World, students: int) -> tuple[list[str], str]:
    """So many students by address, and one class."""
    addresses = [f"student{n}@college.example" for n in range(students)]
    for address in addresses:
        world.zoho.add(STUDENTS, {EMAIL: address, "First_Name": address[:9]})
    return addresses, world.zoho.add(CLASSES, {CLASS: "77", "Class_Name": "L3 A"})


async def test_a_thousand_grades_take_eleven_calls() -> None:
    """The token is one of them; no more credits than a hundred."""
    world = World()
    async with world.client() as client:
        found = await client.upsert(
            GRADES, [{KEY: f"key {n}", "Grade": "Merit"} for n in range(1000)], by=[KEY]
        )
        changed = [{KEY: f"key {n}", "Grade": "Pass"} for n in range(1000)]
        before = (len(world.zoho.seen), world.zoho.credits_used)
        again = await client.upsert(GRADES, changed, by=[KEY])
    assert before[0] == 11
    assert sorted(applied_ids(found)) == sorted(world.zoho.records(GRADES))
    assert applied_ids(again) == applied_ids(found)
    assert {each["Grade"] for each in world.zoho.records(GRADES).values()} == {"Pass"}
    assert len(world.zoho.seen) - before[0] == 10
    assert world.zoho.credits_used - before[1] == 100
    assert world.zoho.max_heavy_in_flight <= 10


async def test_a_thousand_grades_take_twenty_two_calls_when_nothing_is_known() -> None:
    """Students by the hundred, the class, the token, and the grades."""
    world = World()
    addresses, group = college(world, 1000)
    async with world.client() as client:
        students = await client.find(STUDENTS, EMAIL, addresses, Selection(fields=(EMAIL,)))
        (found_class,) = (await client.find(CLASSES, CLASS, ["77"], Selection(fields=(CLASS,)))).values()
        assert found_class["id"] == group
        grades = [
            {
                KEY: f"key {n}",
                "Student": {"id": students[address]["id"]},
                "Class": {"id": found_class["id"]},
                "Grade": "Merit",
            }
            for n, address in enumerate(addresses)
        ]
        found = await client.upsert(GRADES, grades, by=[KEY])
        usage = await client.usage()
    assert sorted(applied_ids(found)) == sorted(world.zoho.records(GRADES))
    assert len(world.zoho.seen) == 22
    assert (usage.calls, usage.tokens, usage.credits) == (21, 1, world.zoho.credits_used)
    assert world.zoho.credits_used == 111


async def test_a_hundred_thousand_students_take_four_calls() -> None:
    """Their fields, a job, a look at it, its file; how long Zoho takes for the job is its own affair."""
    world = World()
    world.zoho.define("Students", ["Name", "City"])
    for n in range(MANY):
        world.zoho.add("Students", {"Name": f"Student {n}"})
    world.zoho.bulk_read.polls = 0
    async with world.client() as client:
        selection = Selection(fields=("Name", "City"))
        sizes = [len(page) async for page in client.pages("Students", selection, via=ReadMethod.BULK)]
    assert sum(sizes) == MANY
    assert max(sizes) <= 2000
    assert world.api_calls == 4
    assert world.zoho.credits_used <= 53


async def largest(count: int) -> tuple[int, int]:
    """How many students came, and by how many kilobytes the process grew for them."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.gateways.zoho.pulling",
        str(count),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0
    told = json.loads(said)
    return told["found"], told["after"] - told["before"]


async def test_a_large_pull_needs_no_more_memory_than_a_small_one() -> None:
    """Twenty times the students, and less than eight megabytes more."""
    few, small = await largest(MANY // 20)
    many, large = await largest(MANY)
    assert (few, many) == (MANY // 20, MANY)
    assert large - small < 8 * 1024, (small, large)
