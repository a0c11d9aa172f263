"""What the gate installs is what `pyproject.toml` asks for."""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
UNPINNED = {"bench-dlt"}
"""Extras that only somebody who asks for them installs."""


def asked() -> list[Requirement]:
    """Every package that `pyproject.toml` names, but mzi itself."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    lines = [
        *project["dependencies"],
        *(line for name, lines in extras.items() if name not in UNPINNED for line in lines),
    ]
    return [each for each in map(Requirement, lines) if each.name != "mzi"]


def pinned() -> dict[str, list[str]]:
    """The releases of `constraints.txt` by name; of one package there may be several, for several Pythons."""
    found: dict[str, list[str]] = {}
    for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines():
        requirement = Requirement(line)
        (release,) = requirement.specifier
        assert release.operator == "=="
        found.setdefault(canonicalize_name(requirement.name), []).append(release.version)
    return found


@pytest.mark.parametrize("requirement", {str(each): each for each in asked()}.values(), ids=str)
def test_the_pinned_release_of_a_package_is_one_that_is_asked_for(requirement: Requirement) -> None:
    """If not, `nox -s constraints` writes the file anew."""
    releases = pinned().get(canonicalize_name(requirement.name), [])
    assert releases
    assert all(requirement.specifier.contains(release, prereleases=True) for release in releases)
