"""Whatever is asked, the fake answers as Moodle would: JSON, and after a refusal everything as it was."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.gateways.moodle_fake.asking import ask
from tests.gateways.moodle_fake.conftest import furnished

from mzi_adapters.testing.moodle.catalogue import FUNCTIONS, PLUGIN
from mzi_adapters.testing.moodle.parameters import Many, One, Shape, Value

LEAKING = {
    "mod_assign_save_grade": "rows are written before an unknown user or missing plugin data is noticed",
    "mod_assign_save_grades": "the marks before the one that fails are kept",
    "core_grading_save_definitions": "the method becomes active before its definition fails",
}
"""Functions that leave something behind when they refuse, as Moodle's do."""

WORDS = """
0 1 2 3 4 -1 5 9999 true abc 2.5 % noor new@campus.example released student course module id ids email
shortname assign mod_assign btec rubric manual Passw0rd!x1 P1 {} [] "grade=2" <b> é
"""
TEXT = st.sampled_from(["", "x" * 300, *WORDS.split()])


def parameters(shape: Shape) -> st.SearchStrategy[Any]:
    """Values of a shape, with now and then a key left out, one too many, or another type."""
    match shape:
        case Value():
            return TEXT | st.just([]) if shape.kind == "raw" else TEXT
        case Many():
            return st.lists(parameters(shape.each), min_size=1, max_size=2)
        case One():
            keys = {name: parameters(field) for name, field in shape.fields.items()}
            return st.fixed_dictionaries({}, optional=keys) | st.fixed_dictionaries(keys)


@pytest.mark.parametrize("function", sorted({**FUNCTIONS, **PLUGIN}))
@settings(max_examples=10, deadline=None)
@given(data=st.data())
async def test_every_function_answers_anything_with_json(function: str, data: st.DataObject) -> None:
    """And a refused call changed nothing, but for those that Moodle lets leak."""
    campus = furnished()
    campus.moodle.plugin = True
    campus.moodle.submit(campus.criteria, campus.noor)
    shape = {**FUNCTIONS, **PLUGIN}[function].parameters
    tables = _tables(campus.moodle.site)
    said = await ask(campus.moodle, function, **data.draw(parameters(shape)))
    if isinstance(said, dict) and "exception" in said and function not in LEAKING:
        assert _tables(campus.moodle.site) == tables


def _tables(site: Any) -> dict[str, Any]:
    """Everything a site holds, but for the numbers it gave away."""
    kept = {name: getattr(site, name) for name in _HELD}
    return copy.deepcopy(kept | {"people": site.people.rows})


_HELD = (
    "categories", "courses", "enrolments", "roles", "groups", "assignments", "submissions", "marks", "flags",
    "finals", "definitions", "grade_categories", "regrading",
)  # fmt: skip
