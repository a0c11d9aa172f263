"""Flows as they are declared: what their pairs wait for, by which rules they go, what they take away."""

import pytest

from mzi_core.flows.brake import DestructiveAction
from mzi_core.flows.flow import ACCOUNT, COURSE, ENROLMENT, FLOWS, GRADE, Flow
from mzi_core.flows.rules import RULES, rules_about
from mzi_core.modules import CLASSES, STUDENTS


@pytest.mark.parametrize("flow", [ENROLMENT, GRADE])
def test_what_depends_on_records_of_other_flows_waits_for_these(flow: Flow) -> None:
    assert flow.waits_for == {"student": STUDENTS, "class_": CLASSES}


@pytest.mark.parametrize("flow", [ACCOUNT, COURSE])
def test_what_only_points_at_other_records_waits_for_nothing(flow: Flow) -> None:
    assert flow.waits_for == {}


def test_only_who_may_leave_is_taken_something_away() -> None:
    assert ENROLMENT.takes_away == (DestructiveAction.SUSPEND,)
    assert ACCOUNT.takes_away == ()


def test_a_flow_goes_by_the_rules_that_name_it_and_by_those_that_name_none() -> None:
    assert [*rules_about(ACCOUNT.name)][:2] == ["flows", "create_accounts"]
    assert "create_accounts" not in rules_about(COURSE.name)
    assert {name for flow in FLOWS for name in rules_about(flow)} == set(RULES)
