"""Where the time goes: which code is named, and what the table says."""

import time

from tests.bench.where import REST, SERVER, Noting, markdown

from mzi_adapters.bench import as_lines

RECORDS = [{"id": str(place)} for place in range(100)]


def burn(meter: Noting, by_mzi: bool) -> None:
    """Use a tenth of a second of the processor."""
    with meter.running(100):
        until = time.process_time() + 0.1
        while time.process_time() < until:
            if by_mzi:
                as_lines(RECORDS)
    meter.change(server=0.002)


def test_the_innermost_code_of_mzi_is_named() -> None:
    meter = Noting()
    burn(meter, by_mzi=True)
    places = meter.places()
    client = meter.costs[0].client / 100 * 1e6
    assert places.pop(SERVER) == 20.0
    assert 0.5 * client < places["`mzi_adapters/bench.py`"] <= sum(places.values())
    assert abs(sum(places.values()) - client) < client / 1000


def test_other_code_is_named_together() -> None:
    meter = Noting()
    burn(meter, by_mzi=False)
    assert set(meter.noted) == {REST}


def test_the_dearest_comes_first_and_small_things_are_told_together() -> None:
    found = {
        "NEW": {"`a.py`": 1.0, "`b.py`": 20.0, "`c.py`": 0.04, REST: 0.5, SERVER: 8.0},
        "UNCHANGED": {"`b.py`": 0.02, "`d.py`": 0.05, SERVER: 2.0},
    }
    assert markdown(found).splitlines() == [
        "| µs of the processor a record | NEW | UNCHANGED |",
        "| --- | --- | --- |",
        "| `b.py` | 20.00 | 0.020 |",
        "| `a.py` | 1.00 | 0.00 |",
        "| all others | 0.540 | 0.050 |",
        "| the database server | 8.00 | 2.00 |",
        "| together | 29.54 | 2.07 |",
    ]
