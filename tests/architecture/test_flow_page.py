"""The page of flows, as it is made from the code."""

import importlib
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from mzi_core.flows.flow import FLOWS
from mzi_core.flows.rules import RULES, FlowName
from mzi_core.flows.write_back import write_back_of

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def maker() -> Any:
    """What makes the page."""
    sys.path.insert(0, str(DOCS / "_ext"))
    try:
        return importlib.import_module("flow_page")
    finally:
        sys.path.pop(0)


@pytest.fixture(scope="module")
def sections(maker: Any) -> dict[str, str]:
    """What is said of each flow."""
    page = "\n".join(maker.agreements())
    parts = re.split(r"^## (.+)$", page, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_every_flow_has_a_section_in_the_order_in_which_they_wait(sections: dict[str, str]) -> None:
    assert list(sections) == [flow.name for flow in FLOWS.values()]
    assert all(flow.name.meaning in sections[flow.name] for flow in FLOWS.values())


def test_every_rule_stands_with_a_flow_that_goes_by_it(sections: dict[str, str]) -> None:
    assert [name for name in RULES if not any(f"`{name}`" in said for said in sections.values())] == []
    assert "create_courses" not in sections[FlowName.ACCOUNT]


def test_every_field_in_which_zoho_is_told_how_it_went_stands_with_its_flow(
    maker: Any, sections: dict[str, str]
) -> None:
    for flow in FLOWS.values():
        rows = re.findall(r"^\| `(\w+)` \|", sections[flow.name], re.MULTILINE)
        for module in flow.zoho:
            back = write_back_of(module)
            assert {module.field[back.link].names[0], *maker.told_fields(back)} <= set(rows)
    assert "| `Sync_Status` | `true`, or `Synced` | `false`, or `Failed` |" in sections[FlowName.ACCOUNT]
    assert "| `Last_Sync_Error` | emptied | why, in at most 250 characters |" in sections[FlowName.COURSE]
    assert "Failed" not in sections[FlowName.GRADE]


@pytest.mark.parametrize(
    ("flow", "made", "kept"),
    [
        (FlowName.ACCOUNT, ["username"], ["first_name", "last_name", "email", "id_number"]),
        (FlowName.COURSE, ["category"], ["full_name", "short_name", "starts_at", "ends_at", "id_number"]),
        (FlowName.ENROLMENT, ["course", "user"], ["suspended"]),
    ],
)
def test_it_is_tried_which_fields_follow_zoho_and_which_only_when_they_are_made(
    maker: Any, flow: FlowName, made: Sequence[str], kept: Sequence[str]
) -> None:
    found = maker.fields_of_flows()[flow]
    assert sorted(found.kept) == sorted(kept)
    assert [name for name in found.made if name not in kept] == made


def test_what_is_brought_to_zoho_is_all_that_a_mark_comes_to(maker: Any) -> None:
    assert {"grade_value", "attempt_number", "feedback", "grader_name", "iv_name", "outcomes"} <= set(
        maker.fields_of_flows()[FlowName.GRADE].made
    )


def test_waiting_questions_and_the_brake_are_told(sections: dict[str, str]) -> None:
    said = sections[FlowName.ENROLMENT]
    assert "| waits for | [account](#account) of its `student`, [course](#course) of its `class_` |" in said
    assert "| `withdrawal`, with `moodle_users` as candidates |" in said
    assert "counts | `suspend` |" in said
    assert "| waits for | nothing |" in sections[FlowName.ACCOUNT]
    assert "review.md) | nothing |" in sections[FlowName.GRADE]


def test_the_page_is_made_of_them_and_others_lead_to_it() -> None:
    assert "<!-- mzi: agreements -->" in (DOCS / "flows.md").read_text("utf-8")
    assert re.search(r"^flows$", (DOCS / "index.md").read_text("utf-8"), re.MULTILINE)
    assert "(flows.md)" in (DOCS / "two-way.md").read_text("utf-8")
