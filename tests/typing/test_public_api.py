"""The public names are what type checkers take them for: mypy, and pyright, which editors ask."""

import doctest
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Protocol

import pytest
from mypy import api
from tests.typing.public_api import of_a_decision, of_a_list, of_a_sync

from mzi_adapters.testing.harness import Harness

ROOT = Path(__file__).parents[2]
PUBLIC = Path(__file__).with_name("public_api.py")
SERVICE, BINDINGS = ROOT / "docs/examples/service.py", ROOT / "docs/examples/test_bindings.py"


def examples(page: Path) -> str:
    """What a reader of a page types, in order."""
    blocks = re.findall(r"^```\{doctest\}\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return "".join(each.source for block in blocks for each in doctest.DocTestParser().get_examples(block))


def said_by_mypy(folder: Path, *files: Path, strict: bool) -> list[str]:
    """Its errors, a line each. A page's examples say no types of their own, and do not ask what is there."""
    how = ["--strict"] if strict else ["--check-untyped-defs", "--no-strict-optional"]
    config = folder / "mypy.ini"
    config.write_text("[mypy]\n")
    out, err, _ = api.run(
        [*how, "--config-file", str(config), "--cache-dir", str(folder.parent / "mypy"), *map(str, files)]
    )
    assert err == ""
    return [line for line in out.splitlines() if ": error: " in line]


def said_by_pyright(folder: Path, *files: Path, strict: bool) -> list[str]:
    """Its errors, a line each."""
    settings = {
        "include": [*map(str, files)],
        "extraPaths": [str(ROOT), str(ROOT / "src")],
        "typeCheckingMode": "strict" if strict else "standard",
        "reportOptionalMemberAccess": strict,
        "reportDeprecated": False,  # what the newest Python would write otherwise
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    done = subprocess.run(
        [Path(sys.executable).with_name("basedpyright"), "--pythonpath", sys.executable, "--outputjson"],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        capture_output=True,
        text=True,
        check=False,
    )
    found = json.loads(done.stdout)
    assert found["summary"]["filesAnalyzed"] == len(files), done.stdout
    return [
        f"{each['file']}:{each['range']['start']['line'] + 1}: {each['message']}"
        for each in found["generalDiagnostics"]
        if each["severity"] == "error"
    ]


class Check(Protocol):
    """A type checker over files of a folder: its errors."""

    def __call__(self, folder: Path, *files: Path, strict: bool) -> list[str]:
        """A line each."""


CHECKERS: list[Check] = [said_by_mypy, said_by_pyright]


async def test_what_the_types_promise_runs() -> None:
    mzi = Harness()
    await of_a_sync(mzi, [{"id": "1", "Name": "A1", "Academic_Email": "a1@college.example"}])
    await of_a_list(mzi)
    of_a_decision()


@pytest.mark.parametrize("check", CHECKERS)
def test_the_public_names_are_typed_as_programs_use_them(tmp_path: Path, check: Check) -> None:
    assert check(tmp_path, PUBLIC, SERVICE, BINDINGS, strict=True) == []


@pytest.mark.parametrize("check", CHECKERS)
def test_the_examples_of_the_pages_are_understood(tmp_path: Path, check: Check) -> None:
    setup = re.search(
        r'^doctest_global_setup = """\n(.*?)"""',
        (ROOT / "docs/conf.py").read_text("utf-8"),
        re.MULTILINE | re.DOTALL,
    )
    assert setup is not None
    files = []
    for page in sorted((ROOT / "docs").glob("*.md")):
        if said := examples(page):
            files.append(tmp_path / f"{page.stem}_page.py")
            files[-1].write_text(setup[1] + said, "utf-8")
    assert len(files) > 5
    assert check(tmp_path, *files, strict=False) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Marking(raw=2.5)", ('incompatible type "float"', '"float" is not assignable to "Decimal"')),
        ("CATALOGUE.students", ('has no attribute "students"', 'Cannot access attribute "students"')),
        (
            "Harness().use_cases.sync(TenantId('x'), CATALOGUE['students'], 5)",
            ("No overload variant", 'cannot be assigned to parameter "records"'),
        ),
    ],
)
def test_a_mistake_is_seen_by_the_type_checkers(tmp_path: Path, line: str, said: tuple[str, str]) -> None:
    file = tmp_path / "mistaken.py"
    file.write_text(
        "from mzi_adapters.testing.harness import Harness\n"
        "from mzi_core import CATALOGUE, Marking, TenantId\n"
        f"{line}\n"
    )
    for checker, sentence in zip(CHECKERS, said, strict=True):
        assert any(sentence in each for each in checker(tmp_path, file, strict=True)), checker
