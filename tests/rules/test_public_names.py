"""The names that are imported from `mzi_core` itself; each is loaded from its home when it is asked for."""

import pytest

import mzi_core
from mzi_core import modules


@pytest.mark.parametrize("name", mzi_core.__all__)
def test_every_public_name_is_there(name: str) -> None:
    vars(mzi_core).pop(name, None)  # as if nobody had asked for it yet
    found = getattr(mzi_core, name)
    assert found is getattr(mzi_core, name)


def test_a_public_name_is_the_one_of_its_home() -> None:
    assert mzi_core.CATALOGUE is modules.CATALOGUE


def test_any_other_name_is_refused_as_by_every_module() -> None:
    with pytest.raises(AttributeError, match="'mzi_core' has no attribute 'nothing_of_this_name'"):
        _ = mzi_core.nothing_of_this_name  # type: ignore[attr-defined]
