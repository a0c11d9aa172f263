"""What a command does not import: most of the time of a short command is the time of its imports."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

SERVED = {"aiohttp", "starlette", "uvicorn", "mzi_http.app"}
"""What only the service and the gateways need."""

STORED = {"sqlalchemy", "alembic", "aiosqlite", "asyncpg", "dependency_injector", "mzi_adapters.sql"}
"""What only a command that opens a store needs."""

SAID = {"typed_settings", "cattrs", "structlog"}
"""What only settings that are said, and lines that are logged, need."""

DECIDED = {
    "asyncio",
    "msgspec",
    "mzi_core.decide",
    "mzi_core.grading",
    "mzi_core.ports",
    "mzi_core.use_cases",
}
"""What only a command that works with records needs."""

SHOWN = {"attrs", "cyclopts", "rich", "mzi_core"}
"""What only a command that is asked for more than the version needs."""

OTHERS = {f"mzi_http.cli.{name}" for name in ("bench", "demo", "doctor", "grade", "pull", "push", "serve")}
"""Some of the other commands."""

BESIDE = {
    *("mzi_adapters.memory", "mzi_adapters.moodle"),
    *("mzi_core.ports.moodle", "mzi_core.provisioning.accounts"),
    *(f"mzi_core.use_cases.{name}" for name in ("doctor", "pull", "push", "moodle_target", "zoho_target")),
}
"""What stands behind other commands than a sync, and in the same container."""

STUDENT = '[{"id": "1", "Name": "A1", "Academic_Email": "a@b.example"}]'


def imported(*tokens: str, cwd: Path) -> set[str]:
    """All modules that are there when a command has ended well."""
    code = (
        "import json, sys\n"
        "from mzi_http.__main__ import main\n"
        "code = main()\n"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)\n"
        "sys.exit(code)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, *tokens],
        capture_output=True,
        cwd=cwd,
        env={name: value for name, value in os.environ.items() if not name.startswith("MZI_")},
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return set(json.loads(ran.stderr.splitlines()[-1]))


@pytest.mark.parametrize(
    ("tokens", "unwanted"),
    [
        (["--version"], SERVED | STORED | SAID | DECIDED | OTHERS | SHOWN),
        (["modules"], SERVED | STORED | SAID | DECIDED | OTHERS),
        (["--help"], SERVED | STORED | SAID | DECIDED - {"asyncio"} | OTHERS | {"mzi_http.cli.sync"}),
        (["moodle", "setup"], SERVED | STORED | SAID | {"mzi_core.use_cases.pull"} | OTHERS),
        (["grade", "--help"], SERVED | STORED | SAID | DECIDED - {"asyncio"} | OTHERS),
        (["sync", "students", "students.json"], SERVED - {"starlette"} | SAID - {"cattrs"} | OTHERS | BESIDE),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_command_imports_nothing_that_it_does_without(
    tokens: Sequence[str], unwanted: set[str], tmp_path: Path
) -> None:
    """dependency-injector imports starlette by itself where there is one."""
    (tmp_path / "students.json").write_text(STUDENT)
    assert imported(*tokens, cwd=tmp_path) & unwanted == set()


def test_a_sync_into_a_file_that_is_there_imports_neither_migrations_nor_another_database(
    tmp_path: Path,
) -> None:
    (tmp_path / "students.json").write_text(STUDENT)
    sync = ("sync", "students", "students.json")
    imported(*sync, cwd=tmp_path)
    assert imported(*sync, cwd=tmp_path) & {"alembic", "asyncpg", "sqlalchemy.dialects.postgresql"} == set()


@pytest.mark.parametrize(
    ("importing", "loaded"),
    [
        ("import mzi_core", {"mzi_core.lazy"}),
        ("from mzi_core.ports import Clock", {"mzi_core.ports.clock"}),
        ("from mzi_core.provisioning import MoodleDefaults", {"mzi_core.provisioning.step"}),
    ],
)
def test_a_package_imports_only_the_home_of_what_is_asked_for(importing: str, loaded: set[str]) -> None:
    package = importing.split()[1]
    code = f"{importing}; import sys; print(*(name for name in sys.modules if name.startswith('{package}.')))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(ran.stdout.split()) == loaded
