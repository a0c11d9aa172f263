"""The public names are what type checkers take them for: mypy, and pyright, which editors ask."""

import doctest
import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

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


UNTYPED = [
    *("disallow_untyped_calls", "disallow_untyped_defs", "disallow_incomplete_defs"),
    *("disallow_untyped_decorators", "disallow_any_generics", "warn_return_any", "strict_optional"),
]
"""What mypy does not ask of a page: its examples say no types of their own, and do not ask what is there."""

LENIENT = "# pyright: standard, reportOptionalMemberAccess=false\n"
"""The same for pyright, said in the file itself."""


def said_by_mypy(folder: Path, files: Sequence[Path], pages: Sequence[str]) -> list[str]:
    """Its errors, a line each. With the settings of the project it finds in its cache what it has read."""
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    settings = re.search(r"^\[tool\.mypy\]\n.*?(?=^\[)", project, re.MULTILINE | re.DOTALL)
    assert settings is not None
    lenient = {"module": list(pages), **dict.fromkeys(UNTYPED, False)}
    config = folder / "pyproject.toml"
    said = "".join(f"{name} = {json.dumps(value)}\n" for name, value in lenient.items())
    config.write_text(f"{settings[0]}[[tool.mypy.overrides]]\n{said}", "utf-8")
    out, err, _ = api.run(["--config-file", str(config), *map(str, files)])
    assert err == ""
    return [line for line in out.splitlines() if ": error: " in line]


def said_by_pyright(folder: Path, files: Sequence[Path], pages: Sequence[str]) -> list[str]:
    """Its errors, a line each."""
    settings = {
        "include": [*map(str, files)],
        "extraPaths": [str(ROOT), str(ROOT / "src")],
        "typeCheckingMode": "strict",
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


MISTAKES = {
    "mark": ("Marking(raw=2.5)", 'incompatible type "float"', '"float" is not assignable to "Decimal"'),
    "module": (
        "CATALOGUE.students",
        'has no attribute "students"',
        'Cannot access attribute "students"',
    ),
    "records": (
        "Harness().use_cases.sync(TenantId('x'), CATALOGUE['students'], 5)",
        "No overload variant",
        'cannot be assigned to parameter "records"',
    ),
}
"""A line that is wrong, and what mypy and pyright say of it."""


def written_pages(folder: Path) -> list[Path]:
    """What a reader of each page types, as a program."""
    setup = re.search(
        r'^doctest_global_setup = """\n(.*?)"""',
        (ROOT / "docs/conf.py").read_text("utf-8"),
        re.MULTILINE | re.DOTALL,
    )
    assert setup is not None
    files = []
    for page in sorted((ROOT / "docs").glob("*.md")):
        if said := examples(page):
            files.append(folder / f"{page.stem}_page.py")
            files[-1].write_text(LENIENT + setup[1] + said, "utf-8")
    return files


CHECKERS = (said_by_mypy, said_by_pyright)


@pytest.fixture(scope="module", params=range(len(CHECKERS)), ids=["mypy", "pyright"])
def said(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, list[str]]:
    """Which checker it is, and all that it says, asked once: most of its time it reads what is imported."""
    folder = tmp_path_factory.mktemp("typed")
    pages = written_pages(folder)
    assert len(pages) > 5
    mistaken = []
    for name, (line, *_) in MISTAKES.items():
        mistaken.append(folder / f"mistaken_{name}.py")
        mistaken[-1].write_text(
            "from mzi_adapters.testing.harness import Harness\n"
            "from mzi_core import CATALOGUE, Marking, TenantId\n"
            f"{line}\n"
        )
    files = [PUBLIC, SERVICE, BINDINGS, *pages, *mistaken]
    which: int = request.param
    return which, CHECKERS[which](folder, files, [page.stem for page in pages])


async def test_what_the_types_promise_runs() -> None:
    mzi = Harness()
    await of_a_sync(mzi, [{"id": "1", "Name": "A1", "Academic_Email": "a1@college.example"}])
    await of_a_list(mzi)
    of_a_decision()


def test_the_public_names_and_the_examples_of_the_pages_are_typed_as_programs_use_them(
    said: tuple[int, list[str]],
) -> None:
    assert [each for each in said[1] if "mistaken_" not in each] == []


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_seen_by_the_type_checkers(said: tuple[int, list[str]], name: str) -> None:
    checker, found = said
    sentence = MISTAKES[name][1 + checker]
    assert any(f"mistaken_{name}.py" in each and sentence in each for each in found)
