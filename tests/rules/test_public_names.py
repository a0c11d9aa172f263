"""The names of packages that import them when they are asked for."""

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import mzi_core
from mzi_core.lazy import finder

PACKAGES = ["mzi_core", "mzi_core.ports", "mzi_core.provisioning"]


def declared(package: str) -> Iterator[tuple[str, str]]:
    """Each name that a type checker sees in a package, and the module from which it is imported there."""
    tree = ast.parse(Path(str(import_module(package).__file__)).read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith(f"{package}."):
            yield from ((alias.name, str(node.module)) for alias in node.names if alias.name != "finder")


@pytest.mark.parametrize("package", PACKAGES)
def test_a_public_name_is_what_a_type_checker_takes_it_for(package: str) -> None:
    found = import_module(package)
    homes = dict(declared(package))
    assert sorted(homes) == sorted(found.__all__)
    for name, home in homes.items():
        vars(found).pop(name, None)  # as if nobody had asked for it yet
        assert getattr(found, name) is getattr(import_module(home), name)
        assert vars(found)[name] is getattr(found, name)


def test_a_public_name_without_a_home_is_refused() -> None:
    with pytest.raises(AttributeError, match="module 'mzi_core' has no attribute 'UseCases'"):
        finder("mzi_core", ["errors", "values"])("UseCases")


def test_any_other_name_is_refused_as_by_every_module() -> None:
    with pytest.raises(AttributeError, match="module 'mzi_core' has no attribute 'nothing_of_this_name'"):
        _ = mzi_core.nothing_of_this_name  # type: ignore[attr-defined]
