"""Who may import whom: the core knows the standard library and attrs, and nothing else."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mzi_adapters.moodle import NEEDED
from mzi_adapters.moodle import refusals as moodle
from mzi_adapters.moodle.capabilities import CAPABILITIES
from mzi_adapters.zoho import refusals as zoho

SRC = Path(__file__).parents[2] / "src"
BASE = {"attr", "attrs", "mzi_core"}
BARE = {*BASE, "cattrs", "mzi_adapters"}
OUTSIDE_BARE = (
    "sql",
    "bench.py",
    "aes_vault.py",
    "aiohttp_transport.py",
    "loopback.py",
    "fast_json.py",
    "compiled_reader.py",
    "workbook.py",
)  # what an extra brings


def imports(path: Path) -> Iterator[str]:
    """The top-level packages a file imports, wherever in the file it does."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield (node.module or "").partition(".")[0]


def foreign(path: Path, allowed: set[str]) -> set[str]:
    return {name for name in imports(path) if name not in allowed | sys.stdlib_module_names}


def files(package: str, *left_out: str) -> list[Path]:
    found = sorted((SRC / package).rglob("*.py"))
    return [p for p in found if not any(part in p.relative_to(SRC / package).parts for part in left_out)]


def test_the_core_imports_the_standard_library_and_attrs_alone() -> None:
    found = {str(path.relative_to(SRC)): foreign(path, BASE) for path in files("mzi_core")}
    assert len(found) > 30
    assert {name: names for name, names in found.items() if names} == {}


def test_what_a_bare_install_offers_needs_attrs_and_cattrs_alone() -> None:
    found = {str(p.relative_to(SRC)): foreign(p, BARE) for p in files("mzi_adapters", *OUTSIDE_BARE)}
    assert len(found) > 10
    assert {name: names for name, names in found.items() if names} == {}


def test_only_the_container_knows_dependency_injector() -> None:
    knowing = {
        path.name
        for package in ("mzi_core", "mzi_adapters", "mzi_http")
        for path in files(package)
        if "dependency_injector" in imports(path)
    }
    assert knowing == {"container.py"}


@pytest.mark.parametrize("package", ["mzi_core", "mzi_adapters", "mzi_http"])
def test_every_package_says_that_it_is_typed(package: str) -> None:
    assert (SRC / package / "py.typed").is_file()


def test_importing_the_core_loads_nothing_foreign() -> None:
    said = subprocess.run(
        [sys.executable, "-c", "import sys, mzi_core; print(*{n.partition('.')[0] for n in sys.modules})"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    heavy = {"cattrs", "sqlalchemy", "aiosqlite", "starlette", "aiohttp", "msgspec", "rich", "cyclopts"}
    assert heavy & set(said) == set()


def test_nothing_decides_by_the_clock_or_by_dice_outside_the_ports() -> None:
    names = {"datetime.now", "date.today", "time.time", "uuid4", "random", "secrets", "getrandom", "utcnow"}
    for path in files("mzi_core"):
        code = path.read_text("utf-8")
        called = {name for name in names if re.search(rf"\b{name}\(|\bimport {name}\b", code)}
        assert called == set(), path


WORDS = {*NEEDED, *CAPABILITIES, *moodle._BY_CODE, *zoho._REMEDY, *zoho.STALE_TOKEN, *zoho.TOO_MANY}
PARTS = ("ZohoCRM.", "Site administration", "Define roles")


def sentences(path: Path) -> Iterator[str]:
    """The texts of a file that are no docstring."""
    tree = ast.parse(path.read_text("utf-8"))
    prose = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in prose:
            yield node.value


def of_a_remote(text: str) -> bool:
    """Whether a text is a remote's error code, function, capability or scope, or leads through its menus."""
    return text in WORDS or any(part in text for part in PARTS)


def test_the_core_knows_no_error_code_no_right_and_no_menu_of_a_remote() -> None:
    texts = ((path.relative_to(SRC), text) for path in files("mzi_core") for text in sentences(path))
    assert [(str(path), text) for path, text in texts if of_a_remote(text)] == []


@pytest.mark.parametrize("package", ["moodle", "zoho"])
def test_an_adapter_s_codes_and_rights_are_noticed(package: str) -> None:
    assert {*filter(of_a_remote, sentences(SRC / "mzi_adapters" / package / "doctor.py"))} != set()
