"""Plans of the brake as they are answered; see `shapes`."""

from mzi_core.ports import BrakePlan
from mzi_core.use_cases.plans import DecidedPlan as Decided
from mzi_core.use_cases.plans import HeldPlan
from mzi_core.use_cases.plans import ShownPlan as Shown
from mzi_http.answers import moment
from mzi_http.delivery_answers import listed_delivery
from mzi_http.shapes import DecidedPlan, ListedPlan, PlanFacts, ShownPlan


def _facts(plan: BrakePlan) -> PlanFacts:
    return {
        "id": plan.id,
        "flow": plan.flow,
        "action": plan.action,
        "state": plan.state,
        "opened_at": moment(plan.opened_at),
        "decided_at": None if plan.decided_at is None else moment(plan.decided_at),
        "decided_by": plan.decided_by or None,
        "reason": plan.reason,
    }


def listed_plan(item: HeldPlan) -> ListedPlan:
    """A plan, and how many deliveries are held under it."""
    return {**_facts(item.plan), "held": item.held}


def shown_plan(shown: Shown, following: str | None) -> ShownPlan:
    """A plan with some of what is held under it; `following`: the cursor of the next page."""
    return {
        **_facts(shown.plan),
        "held": shown.held,
        "deliveries": [listed_delivery(each) for each in shown.deliveries.items],
        "next": following,
    }


def decided_plan(decided: Decided) -> DecidedPlan:
    """A plan that was decided, and of how many deliveries."""
    return {**_facts(decided.plan), "decided": sum(decided.deliveries.values())}
