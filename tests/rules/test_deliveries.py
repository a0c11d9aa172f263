"""A claim says how it ends; what a store makes of that is in its contract."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest

from mzi_core.ports import Claim, DeliveryKey, DeliveryState, Ending, StoredDelivery

NOW = datetime(2026, 2, 1, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
COURSE = DeliveryKey("course", "1")

CLAIM = Claim(
    flow="account",
    key="7",
    subject="student 7",
    number=3,
    generation=2,
    starts=1,
    tries=0,
    due_at=NOW,
    leased_until=NOW + HOUR,
)


@pytest.mark.parametrize(
    ("ending", "state", "says"),
    [
        (CLAIM.settled(), DeliveryState.SETTLED, {}),
        (
            CLAIM.settled("None there.", agreed={"grade": "P"}, look_again=HOUR),
            DeliveryState.SETTLED,
            {"reason": "None there.", "agreed": {"grade": "P"}, "look_again": HOUR},
        ),
        (CLAIM.waiting(COURSE, "Waits."), DeliveryState.WAITING, {"waits_for": COURSE, "reason": "Waits."}),
        (CLAIM.held("plan", "Many."), DeliveryState.HELD, {"plan_id": "plan", "reason": "Many."}),
        (
            CLAIM.dead("Wrong.", look_again=HOUR),
            DeliveryState.DEAD,
            {"reason": "Wrong.", "look_again": HOUR},
        ),
        (
            CLAIM.retried(HOUR, "Silence.", look_again=2 * HOUR),
            DeliveryState.DUE,
            {"after": HOUR, "reason": "Silence.", "look_again": 2 * HOUR, "counts": True},
        ),
        (CLAIM.given_back(), DeliveryState.DUE, {}),
        (CLAIM.given_back(HOUR, "Paused."), DeliveryState.DUE, {"after": HOUR, "reason": "Paused."}),
    ],
)
def test_a_claim_ends_as_it_says(ending: Ending, state: DeliveryState, says: dict[str, object]) -> None:
    bare = Ending(claim=CLAIM, state=state)
    assert attrs.asdict(ending, recurse=False) == attrs.asdict(bare, recurse=False) | says


def test_a_claim_and_a_delivery_say_which_they_are_of() -> None:
    delivery = StoredDelivery(
        flow="account",
        key="7",
        subject="",
        state=DeliveryState.DUE,
        generation=2,
        settled=0,
        due_at=NOW,
        claim=3,
        leased_until=None,
        starts=0,
        tries=0,
        look_at=None,
        waits_for=None,
        agreed=None,
        intent=None,
        plan_id="",
        approved_generation=0,
        reason="",
        updated_at=NOW,
    )
    assert CLAIM.address == delivery.address == DeliveryKey("account", "7")
