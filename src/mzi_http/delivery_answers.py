"""Deliveries and flows as they are answered; see `shapes`."""

from datetime import datetime

from mzi_core.ports import DeliveryKey, DeliveryState, FlowStatus, StoredDelivery
from mzi_core.use_cases.browse_deliveries import ShownDelivery as Shown
from mzi_core.use_cases.browse_deliveries import field_names
from mzi_core.use_cases.redrive import Redriven
from mzi_http.answers import moment
from mzi_http.delivery_paths import path_of
from mzi_http.shapes import (
    DeliveriesPutOff,
    DeliveryPlace,
    FlowState,
    ListedDelivery,
    Pause,
    RedrivenDeliveries,
    ShownDelivery,
)


def flow_state(flow: FlowStatus) -> FlowState:
    """How a flow stands."""
    counts = flow.counts
    return {
        "flow": flow.flow,
        "due": counts.get(DeliveryState.DUE, 0),
        "waiting": counts.get(DeliveryState.WAITING, 0),
        "held": counts.get(DeliveryState.HELD, 0),
        "dead": counts.get(DeliveryState.DEAD, 0),
        "settled": counts.get(DeliveryState.SETTLED, 0),
        "oldest_due": None if flow.oldest_due is None else flow.oldest_due.total_seconds(),
        "put_off": put_off(flow),
        "paused": _pause(flow.paused, flow.paused_at),
    }


def put_off(flow: FlowStatus) -> DeliveriesPutOff | None:
    """What of a flow is looked at later."""
    off = flow.put_off
    if off is None:
        return None
    return {"deliveries": off.number, "until": moment(off.until), "reason": off.reason}


def _pause(reason: str | None, since: datetime | None) -> Pause | None:
    return None if reason is None or since is None else {"since": moment(since), "reason": reason}


def _place(address: DeliveryKey) -> DeliveryPlace:
    return {"flow": address.flow, "key": address.key, "path": path_of(address)}


def listed_delivery(delivery: StoredDelivery) -> ListedDelivery:
    """A delivery, and how it stands."""
    return {
        **_place(delivery.address),
        "subject": delivery.subject or None,
        "state": delivery.state,
        "reason": delivery.reason,
        "generation": delivery.generation,
        "settled": delivery.settled,
        "due_at": moment(delivery.due_at),
        "claimed_until": None if delivery.leased_until is None else moment(delivery.leased_until),
        "starts": delivery.starts,
        "tries": delivery.tries,
        "look_at": None if delivery.look_at is None else moment(delivery.look_at),
        "waits_for": None if delivery.waits_for is None else _place(delivery.waits_for),
        "plan": delivery.plan_id or None,
        "approved": delivery.approved_generation == delivery.generation,
        "updated_at": moment(delivery.updated_at),
    }


def shown_delivery(shown: Shown) -> ShownDelivery:
    """A delivery with what keeps it, without the values of what is remembered of it."""
    return {
        **listed_delivery(shown.delivery),
        "awaited": shown.awaited,
        "agreed": field_names(shown.delivery.agreed),
        "intent": field_names(shown.delivery.intent),
        "paused": _pause(shown.paused, shown.paused_at),
    }


def redriven_deliveries(flow: str, done: Redriven, *, dry_run: bool) -> RedrivenDeliveries:
    """What became of deliveries that were to be redriven."""
    return {
        "flow": flow,
        "dry_run": dry_run,
        "redriven": done.number,
        "left": [{"key": key, "state": state} for key, state in done.left.items()],
    }
