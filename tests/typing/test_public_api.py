"""The public names are what a type checker takes them for."""

from pathlib import Path

import pytest
from mypy import api
from tests.typing.public_api import of_a_decision, of_a_list, of_a_sync

from mzi_adapters.testing.harness import Harness

ROOT = Path(__file__).parents[2]


async def test_what_the_types_promise_runs() -> None:
    mzi = Harness()
    await of_a_sync(mzi, [{"id": "1", "Name": "A1", "Academic_Email": "a1@college.example"}])
    await of_a_list(mzi)
    of_a_decision()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Marking(raw=2.5)", 'incompatible type "float"; expected "Decimal | None"'),
        ("CATALOGUE.students", '"Catalogue" has no attribute "students"'),
        ("Harness().use_cases.sync(TenantId('x'), CATALOGUE['students'], 5)", "No overload variant"),
    ],
)
def test_a_mistake_is_seen_by_the_type_checker(tmp_path: Path, line: str, said: str) -> None:
    file = tmp_path / "mistaken.py"
    file.write_text(
        "from mzi_adapters.testing.harness import Harness\n"
        "from mzi_core import CATALOGUE, Marking, TenantId\n"
        f"{line}\n"
    )
    out, _, code = api.run(["--strict", "--cache-dir", str(tmp_path / "cache"), str(file)])
    assert code == 1
    assert said in out
