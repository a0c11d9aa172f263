"""What is measured: the records, and the sides over a scratch database that is gone afterwards."""

from os import listdir
from pathlib import Path

import pytest
from tests.bench import data
from tests.bench.kinds import BILLED, KINDS, NARROW, Kind, into_empty
from tests.bench.server import connected

from mzi_adapters.bench import Stopwatch, Unexpected, as_lines, taking_turns
from mzi_core.mapping import overlay


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
async def test_all_records_to_measure_with_are_sound_and_say_when_they_change(
    kind: Kind, tmp_path: Path
) -> None:
    assert overlay(kind.module, kind.mapped)[1] == ()
    async with kind.over(f"sqlite:///{tmp_path / 'mzi.db'}", 41) as sides:
        assert sides.lines == as_lines(kind.make(41))
        assert (len(sides.keyed.rows), sides.changed) == (41, 3)
        # Each raises Unexpected unless all are taken as it says.
        rounds = await taking_turns(
            {
                "raw": sides.raw,
                "bare": sides.raw_bare,
                "new": sides.new,
                "unchanged": sides.unchanged,
                "few": sides.few_changed,
                "all": sides.all_changed,
            },
            rounds=1,
        )
        assert all(cost.wall > 0 < cost.records == 41 for (cost,) in rounds.values())
        with pytest.raises(Unexpected, match="The store took"):
            await sides.unchanged(Stopwatch())
        assert [name[:11] for name in listdir(tmp_path)] == [".mzi_bench_"]
    assert listdir(tmp_path) == []


async def test_students_are_new_again_in_an_empty_store(tmp_path: Path) -> None:
    async with NARROW.over(f"sqlite:///{tmp_path / 'mzi.db'}", 5) as sides:
        new = into_empty(sides.place, lambda meter: sides.taken(meter, b"".join(sides.lines), NEW=5))
        for _ in range(2):
            await new(Stopwatch())


async def test_ready_rows_meet_the_same_keys_indexes_and_foreign_keys(postgres_url: str) -> None:
    rules = "SELECT count(*) FROM pg_constraint WHERE conrelid = $1::text::regclass"
    foreign, keys = f"{rules} AND contype = 'f'", f"{rules} AND contype IN ('p', 'u', 'c')"
    indexes = "SELECT count(*) FROM pg_indexes WHERE tablename = $1"
    async with BILLED.over(postgres_url, 5) as sides, connected(sides.place.url) as connection:
        for query in (foreign, keys, indexes):
            own, ready, bare = [
                await connection.fetchval(query, f"{prefix}registrations") for prefix in ("", "raw_", "bare_")
            ]
            assert (ready, bare) == (own, 0), query
            assert own > 0, query


def test_records_have_as_many_keys_as_they_are_said_to_have() -> None:
    widths = {make: {data.keys(record) for record in make(20)} for make in (data.narrow, data.own, data.wide)}
    assert widths == {data.narrow: {18}, data.own: {24}, data.wide: {data.WIDE}}
    assert data.keys({"id": "1", "Payment_Schedule": [{"id": "2", "Amount": 3}], "Tags": ["a"]}) == 5
