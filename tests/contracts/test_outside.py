"""The contract suites in another project: they pass over what mzi ships, and show what broke."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
BINDINGS = ROOT / "docs/examples/test_bindings.py"

BROKEN = """
import pytest
from mzi_adapters.memory import MemoryStore
from mzi_adapters.testing.contracts.store import StoreContract
from mzi_core.ports import StoreHealth

class Forgetful(MemoryStore):
    async def health(self):
        return StoreHealth(backend="", version="", ready=True, message="")

@pytest.fixture
def store():
    return Forgetful()

class TestForgetful(StoreContract):
    pass
"""


def pytest_in(folder: Path, *arguments: str) -> tuple[int, str]:
    """What pytest says in a folder that knows nothing of this repository, and its code."""
    (folder / "pytest.ini").write_text(
        "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"
    )
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:schemathesis", *arguments],
        cwd=folder,
        env={**ours, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_bindings_of_the_page_pass_over_what_is_shipped(tmp_path: Path) -> None:
    (tmp_path / BINDINGS.name).write_text(BINDINGS.read_text("utf-8"), "utf-8")
    code, said = pytest_in(tmp_path, "-W", "error")
    assert code == 0, said
    passed = re.search(r"^(\d+) passed in", said, re.MULTILINE)
    assert passed is not None, said
    assert int(passed[1]) > 200


def test_a_promise_that_is_broken_shows_what_was_found(tmp_path: Path) -> None:
    """By the asserts of the suite, which pytest rewrites only where it is told to."""
    (tmp_path / "test_broken.py").write_text(BROKEN, "utf-8")
    code, said = pytest_in(tmp_path, "-k", "test_the_store_says_that_it_is_ready")
    assert code == 1, said
    assert re.search(r"^E +assert ", said, re.MULTILINE), said
    assert "assert (True, False, False) == (True, True, True)" in said
