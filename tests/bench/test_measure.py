"""The measuring itself; how long anything takes is measured by `python -m tests.bench`, and never here."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import attrs
import pytest
from tests.bench import __main__ as program
from tests.bench import cliff, grading, lanes, lists, postgres, sqlite
from tests.bench.measure import Bench, Measurement, NotMeasured, chosen
from tests.bench.rows import Row, at_least, at_most
from tests.bench.server import Server

from mzi_adapters.bench import Rounds, Side, Stopwatch, Timing, Unexpected, taking_turns
from mzi_core.ports import Query


def side(calls: list[str], name: str) -> Side:
    async def run(meter: Stopwatch) -> None:
        with meter.running(2):
            calls.append(name)

    return run


async def test_sides_take_turns_and_the_first_round_does_not_count() -> None:
    calls: list[str] = []
    told: list[tuple[int, str]] = []
    used = iter(range(100))
    rounds = await taking_turns(
        {"a": side(calls, "a"), "b": side(calls, "b")},
        also=lambda: next(used),
        rounds=3,
        tell=lambda turn, name: told.append((turn, name)),
    )
    assert calls == ["a", "b"] * 4
    assert told == [(turn, name) for turn in range(4) for name in "ab"]
    assert [[(cost.server, cost.records) for cost in rounds[name]] for name in "ab"] == [[(1, 2)] * 3] * 2
    assert next(used) == 2 * len(calls)


def test_a_turn_can_be_spread_over_something_else_and_count_something_beside() -> None:
    meter = Stopwatch()
    with meter.running(1):
        pass
    meter.change(records=500, beside={"WAL": 3.0})
    (cost,) = meter.costs
    assert (cost.records, cost.beside) == (500, {"WAL": 3.0})


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Some seventy records, one round."""
    with ExitStack() as stack:
        yield Bench(
            records=70, rounds=1, million=False, folder=tmp_path, stack=stack, tell=lambda sentence: None
        )


class _Uses:
    """A server that has used more each time it is asked."""

    def __init__(self) -> None:
        self.used = 0.0

    def cpu(self) -> float:
        self.used += 2
        return self.used


async def test_what_all_servers_of_a_measurement_use_is_added_up(bench: Bench) -> None:
    told: list[str] = []
    bench.tell = told.append
    rounds = await bench.turns("Both", {"a": side([], "a")}, [_Uses(), _Uses()])
    assert [cost.server for cost in rounds["a"]] == [4.0]
    assert told == ["Both, round 0: a", "Both, round 1: a"]


SLOW = Row(
    number="1", name="new", what="slow", side="slow", against="fast", baseline="fast", limit=at_most(3)
)
SLOWER = attrs.evolve(SLOW, number="2", name="slower", what="slower", limit=at_least(3))


def measurement(*rows: Row, raises: Exception | None = None) -> Measurement:
    async def run(bench: Bench) -> Rounds:
        if raises is not None:
            raise raises
        return {"slow": [Timing(wall=1, client=2)] * 3, "fast": [Timing(wall=1, client=1)] * 3}

    return Measurement(rows=rows, run=run)


@pytest.mark.parametrize(
    ("wanted", "found"), [({"1"}, ["slow"]), ({"slower", "x"}, ["slower"]), ({"1", "2"}, ["slow", "slower"])]
)
async def test_rows_are_found_by_their_number_and_by_their_name(
    bench: Bench, wanted: set[str], found: list[str]
) -> None:
    results = await measurement(SLOW, SLOWER).results(bench, frozenset(wanted))
    assert [result.row.what for result in results] == found


async def test_what_nobody_asked_for_is_not_run(bench: Bench) -> None:
    assert await measurement(SLOW, raises=AssertionError("It was run")).results(bench, frozenset({"7"})) == []


@pytest.mark.parametrize(
    ("raises", "verdict", "note"),
    [
        (NotMeasured("pip install it"), "not measured", "pip install it"),
        (Unexpected("Two were lost."), "FAILED", "Unexpected: Two were lost."),
    ],
)
async def test_a_side_that_fails_ends_only_its_own_rows_and_what_is_not_installed_misses_nothing(
    bench: Bench, raises: Exception, verdict: str, note: str
) -> None:
    (result,) = await measurement(SLOW, raises=raises).results(bench, frozenset({"1"}))
    assert (result.verdict, result.note, result.met) == (verdict, note, verdict == "not measured")


def test_rows_are_chosen_from_those_there_are() -> None:
    both = [measurement(SLOW), measurement(SLOWER)]
    assert chosen(None, both) == {"1", "new", "2", "slower"}
    assert chosen("1, slower", both) == {"1", "slower"}
    with pytest.raises(ValueError, match=r"There is no row 6, x; there are 1, 2, new, slower"):
        chosen("6,1,x", both)


@pytest.mark.parametrize(("only", "code"), [("1", 0), ("1,2", 1), ("slower", 1)])
def test_the_exit_code_tells_whether_a_bar_is_missed(
    only: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(program, "MEASUREMENTS", [measurement(SLOW, SLOWER)])
    monkeypatch.setattr(program, "moves_many_records", lambda: None)  # this process does other things too
    found, table = tmp_path / "bars.json", tmp_path / "bars.md"
    assert program.main(["--only", only, "--json", str(found), "--markdown", str(table)]) == code
    verdicts = [row["verdict"] for row in json.loads(found.read_text("utf-8"))["rows"]]
    assert ("MISSED" in verdicts, "**MISSED**" in table.read_text("utf-8")) == (code == 1, code == 1)
    said = capsys.readouterr()
    assert ("MISSED" in said.out, f"failed: 1 of {len(verdicts)} rows." in said.err) == (code == 1, code == 1)


async def test_the_table_is_in_the_order_of_the_bars(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = ["lanes", "11", "2", "6b", "1", "cliff", "7", "6"]
    rows = [attrs.evolve(SLOW, number=number) for number in numbers]
    monkeypatch.setattr(program, "MEASUREMENTS", [measurement(row) for row in rows])
    results = await program.measured(bench, frozenset(numbers))
    assert [result.row.number for result in results] == ["1", "2", "6", "6b", "7", "11", "cliff", "lanes"]


def _named(measurement: Measurement) -> str:
    return measurement.rows[0].name


def test_no_two_rows_say_the_same() -> None:
    rows = [row for each in program.MEASUREMENTS for row in each.rows]
    said = [(row.number, row.what, row.baseline, row.by.name) for row in rows]
    assert sorted(said) == sorted(set(said))


@pytest.mark.parametrize(
    "each", [sqlite.MEASUREMENTS[0], cliff.MEASUREMENTS[0], *grading.MEASUREMENTS], ids=_named
)
async def test_all_rows_are_measured_in_one_process(bench: Bench, each: Measurement) -> None:
    results = await each.results(bench, frozenset(row.number for row in each.rows))
    assert [result.row for result in results] == list(each.rows)
    assert all(result.ratio for result in results)


@pytest.fixture
def on_server(bench: Bench, postgres_url: str) -> Bench:
    """With the database server of the tests."""
    folder = parse_qs(urlsplit(postgres_url).query)["host"][0]
    pid = int(Path(folder, "data", "postmaster.pid").read_text().split()[0])
    bench.server = Server(postgres_url, pid)
    return bench


@pytest.mark.parametrize(
    "each",
    [postgres.MEASUREMENTS[-1], *lanes.MEASUREMENTS, cliff.MEASUREMENTS[-1], lists.MEASUREMENTS[-1]],
    ids=_named,
)
@pytest.mark.skipif(find_spec("orjson") is None, reason="orjson comes with the extra `bench`")
async def test_all_rows_are_measured_with_a_server_whose_processor_time_counts(
    on_server: Bench, each: Measurement
) -> None:
    rounds = await each.run(on_server)
    assert [row.measured(rounds).row for row in each.rows] == list(each.rows)
    assert sum(cost.server for costs in rounds.values() for cost in costs) > 0


def test_every_filter_of_a_list_is_measured() -> None:
    now = datetime.now(UTC)
    asked = lists.queries(lists.Moments(half=now, deleting=now, end=now)).values()
    plain = Query(limit=lists.PAGE)
    for field in attrs.fields(Query):
        if field.name != "limit":
            assert any(getattr(one, field.name) != getattr(plain, field.name) for one in asked), field.name


def test_one_record_of_every_page_is_spoiled() -> None:
    records = [{"Academic_Email": str(place)} for place in range(4500)]
    found, pages = cliff.spoiled(records, lambda before: before["Academic_Email"])
    changed = [place for place, (old, new) in enumerate(zip(records, found, strict=True)) if old != new]
    assert (changed, pages) == ([1000, 3000, 4250], 3)
    assert [found[place]["Academic_Email"] for place in changed] == ["999", "2999", "4249"]


def test_both_sides_of_the_grading_bar_agree() -> None:
    for marking in grading.MARKINGS:
        grading.agreed(marking)
