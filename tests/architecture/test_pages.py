"""What the pages name is there: paths, sections, and the names in the code that CONTRIBUTING speaks of."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ["CONTRIBUTING.md", "README.md", *sorted(f"docs/{page.name}" for page in ROOT.glob("docs/*.md"))]

TOP = ("src", "tests", "docs", ".ci")
MADE = ("docs/_build", ".venv")
"""What only commands of the pages make."""

INVENTED = {"src/mzi_core/modules/rooms.py"}
"""What CONTRIBUTING tells people to write; its test writes it."""

ABOUT = {"tests/architecture/test_pages.py", "tests/architecture/test_contributing.py"}
"""Tests of the pages, which speak of everything."""

EXAMPLES = {"x_store"}
"""Names that are yet to be given."""

_BLOCK = re.compile(r"^ *(`{3,})[^\n]*\n.*?^ *\1 *$", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_PATH = re.compile(r"\.?[\w-]+(?:[./][\w.-]+)*/?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ENDS = (".py", ".md", ".tsv", ".css")


def prose(text: str) -> str:
    """A page without its blocks of code."""
    return _BLOCK.sub("", _COMMENT.sub("", text))


def paths_in(text: str) -> Iterator[str]:
    """What is set as code and says where something is: from the root on, or by the end of its path."""
    for found in _CODE.findall(prose(text)):
        begins = found.split("/", 1)[0]
        is_path = _PATH.fullmatch(found) and (found.endswith(_ENDS) or ("/" in found and begins in TOP))
        if is_path and not found.startswith(MADE):
            yield found.rstrip("/")


def links_in(text: str) -> Iterator[str]:
    """Where the links of a page lead, but for those to another site."""
    return (found for found in _LINK.findall(prose(text)) if "://" not in found)


def sections_of(text: str) -> set[str]:
    """The anchors of a page's headings."""
    headings = re.findall(r"^#+ +(.+)$", prose(text), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@cache
def files() -> dict[str, str]:
    """The text of every file of the tree by its path."""
    top = [path for path in ROOT.iterdir() if path.is_file() and path.suffix in (*_ENDS, ".toml")]
    deep = [path for folder in TOP for path in (ROOT / folder).rglob("*") if path.suffix in _ENDS]
    kept = [path for path in (*top, *deep) if "_build" not in path.parts]
    return {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in kept}


def is_there(path: str) -> bool:
    """Whether the tree has it: under this path, or somewhere if it names the end of one."""
    return (ROOT / path).exists() or any(each.endswith(f"/{path}") for each in files())


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("Read `src/mzi_core/ports.py`, and `lost.py`.", ["src/mzi_core/ports.py", "lost.py"]),
        ("In `src/mzi_core` and `tests/rules/`.", []),
        ("In `src/mzi_core/lost/` and `tests/lost`.", ["src/mzi_core/lost", "tests/lost"]),
        ("`module.py`, `codecs/coerce.py`, `pyproject.toml`, `college/build.py`.", []),
        ("`zoho/module.py` is the end of no path.", ["zoho/module.py"]),
        ("`POST /api/v1/sync`, `students.json`, `mzi.toml`, `docs/_build/html`, `a/b`.", []),
        ("```text\n`src/lost.py`\n```\n`lost.py`", ["lost.py"]),
        ("1. Say:\n\n   ```python\n   `src/lost.py`\n   ```\n\n2. `lost.py`", ["lost.py"]),
    ],
)
def test_a_path_that_is_not_there_is_found(text: str, missing: list[str]) -> None:
    assert [path for path in paths_in(text) if not is_there(path)] == missing


@pytest.mark.parametrize("page", PAGES)
def test_every_path_a_page_names_is_in_the_tree(page: str) -> None:
    named = set(paths_in((ROOT / page).read_text("utf-8")))
    assert {path for path in named - INVENTED if not is_there(path)} == set()


def test_contributing_names_many_paths() -> None:
    """Else the look for paths would see none."""
    assert len(set(paths_in((ROOT / "CONTRIBUTING.md").read_text("utf-8")))) > 30


@pytest.mark.parametrize("page", PAGES)
def test_every_link_between_pages_leads_somewhere(page: str) -> None:
    wrong = []
    for link in links_in((ROOT / page).read_text("utf-8")):
        path, _, section = link.partition("#")
        target = ((ROOT / page).parent / path) if path else ROOT / page
        if not target.is_file():
            wrong.append(link)
        elif section and "<!-- mzi:" not in (text := target.read_text("utf-8")):
            wrong += [] if section in sections_of(text) else [link]
    assert wrong == []


def test_every_name_that_contributing_speaks_of_is_in_the_code() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    named = {found for found in _CODE.findall(prose(text)) if _NAME.fullmatch(found)} - EXAMPLES
    code = (each for path, each in files().items() if path[-3:] != ".md" and path not in ABOUT)
    known = {word for each in code for word in _NAME.findall(each)}
    assert len(named) > 30
    assert named - known == set()
