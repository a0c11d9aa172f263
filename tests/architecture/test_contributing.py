"""CONTRIBUTING's way to a new module, taken: the tests it names fail, and pass once its steps are done."""

import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path

import attrs
import pytest

from mzi_adapters.sql.migrations import head

ROOT = Path(__file__).parents[2]

MODULE = '''"""BTEC_Rooms: where classes meet."""

from typing import Annotated

import attrs

from mzi_core.module import ZohoEntity, Module, lookup, zoho
from mzi_core.values import ZohoId


@attrs.frozen(kw_only=True)
class Room(ZohoEntity):
    """A room, and who looks after it."""

    name: Annotated[str, zoho("Name")]
    seats: Annotated[int | None, zoho("Seats", minimum=1)] = None
    keeper: Annotated[ZohoId | None, lookup("Keeper")] = None


ROOMS = Module(
    name="rooms",
    singular="room",
    remote_name="BTEC_Rooms",
    entity=Room,
    refers_to={"keeper": "teachers"},
)
'''

RECORDS = '''

def rooms(dice: Random, keepers: Sequence[Record]) -> Iterator[Record]:
    """A dozen rooms, each with a teacher who looks after it."""
    for serial in range(1, 13):
        yield {
            "id": zoho_id("rooms", serial),
            "Name": f"Room {100 + serial}",
            "Seats": dice.choice((16, 24, 30)),
            "Keeper": lookup(dice.choice(keepers)),
            **stamps(dice, date(2024, 6, 2)),
        }
'''


@attrs.frozen
class Line:
    """A line written behind `behind` in a file; `name` is what the page calls the place."""

    file: str
    name: str
    behind: str
    text: str


TSV = (
    "rooms\tRoom Name\tName\tSingle Line\tno\tno\n"
    "rooms\tSeats\tSeats\tNumber\tyes\tno\n"
    "rooms\tKeeper\tKeeper\tLookup\tyes\tno\n"
)

DECLARED = (
    Line("src/mzi_core/modules/__init__.py", "CATALOGUE", "", "from mzi_core.modules.rooms import ROOMS\n"),
    Line("src/mzi_core/modules/__init__.py", "CATALOGUE", "CATALOGUE = Catalogue(\n    (\n", "ROOMS,\n"),
    Line("src/mzi_core/field_reference.tsv", "field_reference.tsv", "moodle_used\n", TSV),
)
"""Steps 1 to 3, without the function and the module itself."""

KNOWN = (
    Line("tests/rules/test_field_reference.py", "COUNTS", "COUNTS = {\n", '    "rooms": 3,\n'),
    Line("tests/modules/test_declarations.py", "EXPECTED_NAMES", "EXPECTED_NAMES = {\n", '    "rooms",\n'),
)
"""The ends of step 3 and step 4: what the tests expect."""

COLLEGE = "src/mzi_adapters/testing/college"
FURNISHED = (
    Line(f"{COLLEGE}/build.py", "MODULES", '    "requests",\n', '    "rooms",\n'),
    Line(
        f"{COLLEGE}/build.py",
        "build",
        'yard.put("requests", asked)\n',
        '    yard.put("rooms", structure.rooms(yard.dice("rooms"), teaching))\n',
    ),
    Line(f"{COLLEGE}/seeds.py", "_BLOCKS", "_BLOCKS = {\n", '    "rooms": "19",\n'),
    Line(
        f"{COLLEGE}/breakage.py",
        "_PLAN",
        "_PLAN: Mapping[str, Sequence[tuple[Breakage, str, int]]] = {\n",
        '    "rooms": ((Breakage.NUMERIC_ID, "id", 1),),\n',
    ),
    Line(
        f"{COLLEGE}/week.py",
        "_EDITS",
        "_EDITS: Mapping[str, Mapping[str, Callable[[Random, Any], object]]] = {\n",
        '    "rooms": {"Seats": lambda dice, old: old + dice.randint(1, 4)},\n',
    ),
)
"""Step 6, beside the records themselves."""

NAMED = {
    "tests/modules/test_declarations.py": "",
    "tests/rules/test_field_reference.py": "",
    "tests/contracts/test_migrations.py": "catalogue_asks_for and sqlite or taken_back and sqlite",
    "tests/use_cases/test_sync.py": "whole_college",
}
"""The tests that the page says fail, and which of them are quick; the last syncs a whole college."""


def section(title: str) -> str:
    """A section of the page."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def write(tree: Path, line: Line) -> None:
    """Write one line where the page says; the place must still be there, and once."""
    path = tree / line.file
    text = path.read_text("utf-8")
    if line.behind:
        assert text.count(line.behind) == 1, line
        text = text.replace(line.behind, line.behind + line.text)
    else:
        at = text.index("from mzi_core.modules.")
        text = text[:at] + line.text + text[at:]
    path.write_text(text, "utf-8")


def python(tree: Path, *arguments: str) -> str:
    """What a Python says that works in a tree."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    env = {**ours, "PYTHONPATH": str(tree / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=tree, env=env, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def failing(tree: Path) -> tuple[set[str], str]:
    """Which of the named tests fail in a tree, and everything that was said."""
    chosen = " or ".join(f"({each})" for each in NAMED.values() if each)
    whole = " or ".join(Path(file).stem for file, each in NAMED.items() if not each)
    plain = ("-q", "-p", "no:cacheprovider", "-p", "no:schemathesis")
    said = python(tree, "-m", "pytest", *plain, *NAMED, "-k", f"{chosen} or {whole}")
    assert re.search(r"\d+ (passed|failed).* in ", said), said
    return set(re.findall(r"^(?:FAILED|ERROR) ([\w/]+\.py)", said, re.MULTILINE)), said


def recipe(changed: Mapping[str, str]) -> str:
    """The program of the page that has alembic write a revision, with other words in it."""
    (program,) = re.findall(
        r"^   ```python\n(.*?)^   ```$", section("Add a migration"), re.MULTILINE | re.DOTALL
    )
    text = textwrap.dedent(program)
    for before, after in changed.items():
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    return text


def test_every_place_of_a_new_module_is_named_on_the_page() -> None:
    text = section("Add a module")
    lines = (*DECLARED, *KNOWN, *FURNISHED)
    assert [line for line in lines if line.name not in text or Path(line.file).name not in text] == []
    assert [file for file in NAMED if file not in text] == ["tests/use_cases/test_sync.py"]


@pytest.mark.slow
def test_a_module_is_added_as_the_page_says(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for folder in ("src", "tests"):
        shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tree)
    (tree / "src/mzi_core/modules/rooms.py").write_text(MODULE, "utf-8")
    for line in DECLARED:
        write(tree, line)
    failed, said = failing(tree)
    assert failed == set(NAMED), said

    for line in (*KNOWN, *FURNISHED):
        write(tree, line)
    with (tree / COLLEGE / "structure.py").open("a", encoding="utf-8") as structure:
        structure.write(RECORDS)
    program = recipe({"classes: the size of the room": "rooms: where classes meet"})
    said = python(tree, "-c", program)
    versions = tree / "src/mzi_adapters/sql/migrations/versions"
    next_one = f"{int(head() or 0) + 1:04d}"
    assert (versions / f"{next_one}_rooms_where_classes_meet.py").is_file(), said
    still, said = failing(tree)
    assert still == set(), said
