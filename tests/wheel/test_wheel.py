"""The built wheel in an empty environment: bare, and with the extras for the server and the contracts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.wheel, pytest.mark.timeout(600)]

RULES = """
import asyncio
from mzi_adapters.testing.contracts.store import StoreContract
from mzi_adapters.testing.harness import Harness
from mzi_core import CATALOGUE, Marking, TenantId
from mzi_core.grading import decide

assert decide(Marking(raw=None)).grade == "R"
record = {"id": "1", "Name": "A01", "Academic_Email": "a@b.example"}
result = asyncio.run(Harness().use_cases.sync(TenantId("default"), CATALOGUE["students"], [record]))
print(result.outcomes[0].state, len(dir(StoreContract)) > 80)
"""


def wheel() -> Path:
    """The wheel the build session made."""
    return Path(os.environ["MZI_WHEEL"])


def uv(*arguments: str | Path) -> str:
    """What uv does in a fraction of the time that pip takes."""
    done = subprocess.run(
        [sys.executable, "-m", "uv", *arguments], check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


def environment(where: Path, requirement: str) -> Path:
    """An empty environment with `requirement` in it; gives its bin folder."""
    uv("venv", "-q", "--python", sys.executable, where)
    uv("pip", "install", "-q", "--python", where, requirement)
    return where / "bin"


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an environment with the wheel and nothing that an extra would bring."""
    return environment(tmp_path_factory.mktemp("bare") / "venv", str(wheel()))


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MZI_")}
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False, env=clean)


def test_a_bare_install_brings_attrs_and_cattrs_and_runs_the_rules(bare: Path, tmp_path: Path) -> None:
    listed = uv("pip", "list", "--format=freeze", "--python", bare.parent).split()
    names = {line.partition("==")[0].lower().replace("-", "_") for line in listed if "==" in line}
    assert names == {"mzi", "attrs", "cattrs", "typing_extensions"}
    done = run(bare / "python", "-c", RULES, cwd=tmp_path)
    assert (done.stdout.strip(), done.returncode) == ("NEW True", 0), done.stderr


def test_without_its_extra_the_command_says_which_one_it_needs(bare: Path, tmp_path: Path) -> None:
    done = run(bare / "mzi", "demo", cwd=tmp_path)
    assert done.returncode == 2
    assert 'pip install "mzi[server]"' in done.stderr
    assert "Traceback" not in done.stderr


def test_the_contracts_pass_over_what_ships_with_them(tmp_path: Path) -> None:
    """As the page on testing binds them, with nothing of the repository on the way."""
    bin_ = environment(tmp_path / "testing", f"{wheel()}[testing]")
    bindings = Path(__file__).parents[2] / "docs/examples/test_bindings.py"
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / bindings.name).write_text(bindings.read_text("utf-8"), "utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\n")
    done = run(bin_ / "python", "-m", "pytest", "-q", cwd=folder)
    assert done.returncode == 0, done.stdout
    assert " passed in " in done.stdout


def test_with_the_server_extra_the_main_job_runs(tmp_path: Path) -> None:
    bin_ = environment(tmp_path / "server", f"{wheel()}[server]")
    done = run(bin_ / "mzi", "demo", "--students", "60", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "UNCHANGED" in done.stdout
    role = run(bin_ / "mzi", "moodle", "setup", "--role", "-", cwd=tmp_path)
    assert (role.returncode, role.stdout.count("<allow>moodle/")) == (0, 24), role.stderr
