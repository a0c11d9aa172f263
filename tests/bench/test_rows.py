"""What the table says of what was measured."""

import json
from typing import Any

import attrs
import pytest
from tests.bench.__main__ import document, markdown, shown
from tests.bench.rows import CPU, WALL, Limit, Row, as_text, at_least, at_most, counted

from mzi_adapters.bench import Rounds, Timing, cpu, median, ratio, wall


def cost(cpu: float, wall: float = 1.0, **rest: Any) -> Timing:
    """A turn of one record; in microseconds."""
    return Timing(client=cpu * 1e-6, wall=wall * 1e-6, **rest)


ROUNDS: Rounds = {
    "ours": [cost(20, 30), cost(30, 90), cost(1000, 60)],
    "theirs": [cost(10, 30), cost(10, 30), cost(500, 30)],
}
ROW = Row(
    number="1", name="new", what="this", side="ours", against="theirs", baseline="that", limit=at_most(3)
)


def test_what_other_processes_used_is_part_of_the_processor_time() -> None:
    turn = Timing(wall=1.0, client=0.25, server=0.5, records=1000)
    assert (turn.cpu, cpu(turn), wall(turn)) == (0.75, 750.0, 1000.0)


def test_a_ratio_is_taken_round_by_round_and_then_its_median() -> None:
    ours, theirs = ROUNDS["ours"], ROUNDS["theirs"]
    assert ratio(ours, theirs, cpu) == 2.0  # of 2, 3 and 2; the medians by themselves are 30 and 10
    assert median(ours, cpu) == pytest.approx(30)


@pytest.mark.parametrize(
    ("limit", "by", "found", "verdict", "wanted"),
    [
        (at_most(2), CPU, 2.0, "met", "≤ 2"),
        (at_most(1.9), CPU, 2.0, "MISSED", "≤ 1.9"),
        (at_most(2), WALL, 2.0, "met", "≤ 2"),
        (at_least(0.5), CPU, 0.5, "met", "≥ 0.5"),
        (at_least(0.51), CPU, 0.5, "MISSED", "≥ 0.51"),
        (at_most(), CPU, 2.0, "–", "–"),
    ],
)
def test_a_bar_is_met_on_its_own_side(limit: Limit, by: Any, found: float, verdict: str, wanted: str) -> None:
    result = attrs.evolve(ROW, limit=limit, by=by).measured(ROUNDS)
    assert result.ratio == pytest.approx(found)
    assert (result.verdict, str(limit), result.met) == (verdict, wanted, verdict != "MISSED")


def test_the_clock_is_shown_beside_the_processors_and_the_server_apart() -> None:
    served = {
        "ours": [Timing(wall=4e-6, client=1e-6, server=2e-6)],
        "theirs": [Timing(wall=2e-6, client=1e-6, server=0.0)],
    }
    by_cpu, by_wall = ROW.measured(served), attrs.evolve(ROW, by=WALL).measured(served)
    assert (by_cpu.beside, by_cpu.note) == ("wall 2.00", "3.00 (of the server 2.00) against 1.00 µs")
    assert (by_wall.beside, by_wall.note) == ("cpu 3.00", "4.00 against 2.00 µs")


def test_what_is_compared_with_nothing_is_its_own_ratio() -> None:
    alone = attrs.evolve(ROW, against=None, by=counted("WAL", "bytes a record"))
    result = alone.measured({"ours": [cost(1, beside={"WAL": each}) for each in (1.0, 2.5, 9.0)]})
    assert (result.ratio, result.verdict, result.note) == (2.5, "met", "bytes a record")


def test_a_side_that_was_not_measured_is_an_error() -> None:
    with pytest.raises(KeyError):
        attrs.evolve(ROW, against="nobody").measured(ROUNDS)


@pytest.mark.parametrize(
    ("number", "said"), [(0.0041, "0.004"), (0.4, "0.400"), (20.84, "20.84"), (344_700.2, "344,700")]
)
def test_a_number_has_as_many_digits_as_mean_something(number: float, said: str) -> None:
    assert as_text(number) == said


def test_rows_are_written_as_json_as_markdown_and_shown() -> None:
    met, missed = ROW.measured(ROUNDS), attrs.evolve(ROW, limit=at_most(1)).measured(ROUNDS)
    results = [met, missed, ROW.unmeasured("pip install 'it[all]'")]
    told = json.loads(json.dumps(document(results, rounds=5, million=True)))
    assert (told["rounds"], told["million"]) == (5, True)
    assert [(row["verdict"], row["met"]) for row in told["rows"]] == [
        ("met", True),
        ("MISSED", False),
        ("not measured", True),
    ]
    assert list(shown(results).columns[5].cells) == ["2.00", "2.00", "–"]
    assert markdown(results).splitlines()[2:] == [
        "| 1 | new | this | that | cpu | 2.00 | ≤ 3 | met | wall 2.00 | 1 | 30.00 against 10.00 µs |",
        "| 1 | new | this | that | cpu | 2.00 | ≤ 1 | **MISSED** | wall 2.00 | 1 | 30.00 against 10.00 µs |",
        "| 1 | new | this | that | cpu | – | ≤ 3 | not measured |  |  | pip install 'it[all]' |",
    ]
