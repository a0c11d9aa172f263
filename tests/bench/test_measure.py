"""The measuring itself; how long anything takes is measured by `python -m tests.bench`, and never here."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from os import listdir
from pathlib import Path
from typing import Any

import attrs
import pytest
from tests.bench import data, grading
from tests.bench.__main__ import NUMBERS, document, markdown, shown
from tests.bench.measure import Bar, chosen, ratio
from tests.bench.scale import written
from tests.bench.server import cpu_of

from mzi_adapters.bench import (
    Cost,
    Meter,
    Side,
    Sides,
    Unexpected,
    as_lines,
    changed,
    in_memory,
    scratch,
    take,
    taking_turns,
)
from mzi_adapters.college import Record
from mzi_adapters.harness import Harness
from mzi_core.errors import StoreUnavailable
from mzi_core.module import AnyModule
from mzi_core.modules import PROGRAMS, REGISTRATIONS, STUDENTS
from mzi_core.values import State

BAR = Bar(number="1", what="this", baseline="that", ratio=2.0, bar=3.0, at_most=True)


@pytest.mark.parametrize(
    ("changes", "verdict", "wanted"),
    [
        ({}, "met", "≤ 3"),
        ({"ratio": 3.0}, "met", "≤ 3"),
        ({"ratio": 3.1}, "MISSED", "≤ 3"),
        ({"at_most": False}, "MISSED", "≥ 3"),
        ({"at_most": False, "ratio": 3.0}, "met", "≥ 3"),
        ({"bar": None}, "–", "–"),
        ({"ratio": None, "note": "pip install it"}, "not measured", "≤ 3"),
    ],
)
def test_a_bar_is_met_on_its_own_side(changes: dict[str, Any], verdict: str, wanted: str) -> None:
    bar = attrs.evolve(BAR, **changes)
    assert (bar.verdict, bar.wanted, bar.met) == (verdict, wanted, verdict != "MISSED")


def test_bars_are_written_as_json_and_shown() -> None:
    bars = [BAR, attrs.evolve(BAR, ratio=None, note="why not", records=5000)]
    told = json.loads(json.dumps(document(bars, 5)))
    assert told["rounds"] == 5
    assert [bar["verdict"] for bar in told["bars"]] == ["met", "not measured"]
    assert told["bars"][0] | {"ratio": 2.0, "bar": 3.0, "met": True} == told["bars"][0]
    table = shown(bars)
    assert list(table.columns[3].cells) == ["2.00", "–"]
    assert list(table.columns[6].cells) == ["", "5,000"]
    assert markdown(bars).splitlines()[2:] == [
        "| 1 | this | that | 2.00 | ≤ 3 | met |  |  |",
        "| 1 | this | that | – | ≤ 3 | not measured | 5,000 | why not |",
    ]


def test_bars_are_chosen_by_their_numbers() -> None:
    assert chosen(None, NUMBERS) == frozenset(NUMBERS)
    assert chosen("1, 5", NUMBERS) == {"1", "5"}
    with pytest.raises(ValueError, match=r"There is no bar 6, x; there are 1, 2, 3"):
        chosen("6,1,x", NUMBERS)


def test_a_ratio_is_one_between_equals() -> None:
    assert ratio(lambda: sum(range(1000)), lambda: sum(range(1000)), rounds=3) > 0


async def test_sides_take_turns_and_the_first_round_does_not_count() -> None:
    calls: list[str] = []
    told: list[tuple[int, str]] = []
    clock = iter(range(100))

    def side(name: str) -> Side:
        async def run(meter: Meter) -> None:
            with meter.running():
                calls.append(name)

        return run

    costs = await taking_turns(
        {"a": side("a"), "b": side("b")},
        also=lambda: next(clock),
        rounds=3,
        tell=lambda turn, name: told.append((turn, name)),
    )
    assert calls == ["a", "b"] * 4
    assert told == [(turn, name) for turn in range(4) for name in "ab"]
    assert 1 <= costs["a"].cpu < 2  # what the other processes used is in it
    assert next(clock) == 2 * len(calls)


def test_a_median_is_taken_of_each_figure_by_itself() -> None:
    meter = Meter(costs=[Cost(1, 9), Cost(2, 1), Cost(30, 2)])
    assert meter.median() == Cost(2, 2)
    assert meter.median().per(1000) == 2000


def test_what_all_processes_of_a_server_used_is_added_up(tmp_path: Path) -> None:
    for pid, parent, used in ((10, 1, 5), (11, 10, 7), (12, 11, 8), (13, 1, 100)):
        process = tmp_path / str(pid)
        process.mkdir()
        (process / "stat").write_text(f"{pid} (post gres) writer) S {parent} 0 0")
        (process / "schedstat").write_text(f"{used * 10**9} 1 1\n")
    assert cpu_of(10, tmp_path) == 5 + 7 + 8
    (tmp_path / "12" / "schedstat").unlink()  # it ended meanwhile
    assert cpu_of(10, tmp_path) == 5 + 7


@pytest.mark.parametrize(
    ("module", "make"),
    [
        (PROGRAMS, data.programs),
        (STUDENTS, data.narrow),
        (STUDENTS, data.wide),
        (REGISTRATIONS, data.registrations),
    ],
)
async def test_all_records_to_measure_with_are_sound(
    module: AnyModule, make: Callable[[int], Iterator[Record]]
) -> None:
    harness = Harness()
    if module is REGISTRATIONS:
        for parent, records in ((PROGRAMS, data.programs(50)), (STUDENTS, data.narrow(50))):
            await take(harness.use_cases, parent, in_memory(b"".join(as_lines(records))))
    lines = as_lines(make(50))
    assert lines == as_lines(make(50))
    counts = await take(harness.use_cases, module, in_memory(b"".join(lines)))
    assert counts == {State.NEW: len(lines)}
    assert await take(harness.use_cases, module, in_memory(b"".join(lines))) == {State.UNCHANGED: len(lines)}


def test_records_are_as_wide_as_they_are_said_to_be() -> None:
    assert {len(student) for student in data.wide(20)} == {data.WIDE}
    assert {len(student) for student in data.narrow(20)} == {18}


def test_one_record_in_so_many_is_changed() -> None:
    records = list(data.narrow(100))
    after = list(changed(records, "City", "Ma'an", 20))
    assert Counter(a == b for a, b in zip(records, after, strict=True)) == {True: 95, False: 5}
    assert all(student["City"] == "Karak" for student in changed(records, "City", "Karak"))
    assert all(student["City"] not in ("Ma'an", "Karak") for student in records)


def test_a_file_of_records_is_written_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.bench.scale.CHUNK", 3)
    file = written(tmp_path / "some.ndjson", 7)
    assert file.read_bytes().splitlines(keepends=True) == as_lines(data.narrow(7))


async def test_all_sides_run_over_a_scratch_database_that_is_gone_afterwards(tmp_path: Path) -> None:
    async with scratch(f"sqlite:///{tmp_path / 'mzi.db'}") as place:
        sides = await Sides.prepared(place, STUDENTS, list(data.narrow(41)), "City")
        assert (len(sides.keyed.rows), sides.changed) == (41, 3)
        costs = await taking_turns(
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
        assert all(cost.wall > 0 for cost in costs.values())
        with pytest.raises(Unexpected, match="The store took"):
            await sides.unchanged(Meter())
        assert [name[:11] for name in listdir(tmp_path)] == [".mzi_bench_"]
    assert listdir(tmp_path) == []


async def test_a_scratch_database_is_gone_after_a_failure(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="on purpose"):
        async with scratch(f"sqlite:///{tmp_path / 'mzi.db'}"):
            raise RuntimeError("on purpose")
    assert listdir(tmp_path) == []


@pytest.mark.parametrize(
    "url", ["sqlite:///:memory:", "sqlite://", "mysql://h/x", "nonsense", "sqlite:////no/such/x.db"]
)
async def test_what_cannot_be_measured_is_refused(url: str) -> None:
    with pytest.raises(StoreUnavailable):
        async with scratch(url):
            pass


def test_both_sides_of_the_grading_bar_agree() -> None:
    for marking in grading.MARKINGS:
        grading.agreed(marking)
