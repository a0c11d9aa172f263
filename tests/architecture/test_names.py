"""One name, one thing: no second public class of a name, and no file name that means two things."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src"
PORTS = "mzi_core/ports/"
PARTS = tuple(f"mzi_adapters/{name}/" for name in ("sql", "memory", "zoho", "moodle"))
"""Adapters that are put together from parts, each of which keeps the promises of one protocol."""

SHAPES = "mzi_http/shapes.py"
"""What is answered as JSON has the names of what it says; these are the names in the API's description."""


def _classes(file: Path) -> Iterator[ast.ClassDef]:
    for node in ast.parse(file.read_text("utf-8")).body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield node


def _is_protocol(node: ast.ClassDef) -> bool:
    return any(isinstance(base, ast.Name) and base.id == "Protocol" for base in node.bases)


def _public_classes() -> Mapping[str, Mapping[str, bool]]:
    """By name, the files that have a public class of it, and whether it is a protocol there."""
    found: dict[str, dict[str, bool]] = defaultdict(dict)
    for file in SOURCE.rglob("*.py"):
        path = file.relative_to(SOURCE).as_posix()
        for node in _classes(file) if path != SHAPES else ():
            found[node.name][path] = _is_protocol(node)
    return found


def test_no_two_public_classes_have_one_name() -> None:
    """But for a protocol of a port and the parts of the adapters that keep its promises."""
    twice = {
        name: sorted(files)
        for name, files in _public_classes().items()
        if len(files) > 1
        and not (
            sum(files.values()) == 1
            and all(
                is_protocol == path.startswith(PORTS) and path.startswith((PORTS, *PARTS))
                for path, is_protocol in files.items()
            )
        )
    }
    assert twice == {}


def _in_glossary() -> list[str]:
    page = (ROOT / "docs/glossary.md").read_text("utf-8")
    return re.findall(r"^\| `(\w+)` \|", page.partition("## Names of files")[2], re.MULTILINE)


def test_a_file_name_that_several_folders_have_is_in_the_glossary_with_its_one_meaning() -> None:
    stems: dict[str, int] = defaultdict(int)
    for file in SOURCE.rglob("*.py"):
        if not file.stem.startswith("__"):
            stems[file.stem] += 1
    assert _in_glossary() == sorted(name for name, times in stems.items() if times > 1)


def test_the_glossary_is_in_order_and_says_each_term_once() -> None:
    page = (ROOT / "docs/glossary.md").read_text("utf-8")
    terms = re.findall(r"^\| ([a-z ]+) \|", page.partition("## Names of files")[0], re.MULTILINE)[1:]
    assert terms == sorted(set(terms))
