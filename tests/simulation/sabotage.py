"""Rules of the engine, each taken away by itself: what the simulation is worth is seen by what it misses."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import attrs
import pytest

from mzi_adapters.memory.deliveries import Deliveries
from mzi_core.flows import grade
from mzi_core.ports import Claim, DeliveryKey, DeliveryState, Ending
from mzi_core.use_cases import deliver_grades
from mzi_core.use_cases.batches import Batch
from mzi_core.use_cases.deliver import Hold
from mzi_core.use_cases.deliver_counterparts import _Pairs
from mzi_core.use_cases.mark_pairs import MarkPairs
from mzi_core.use_cases.zoho_half import ZohoHalf
from mzi_core.use_cases.zoho_target import ZohoTarget
from mzi_core.values import Parent

Patch = pytest.MonkeyPatch


def fence_is_always_true(patch: Patch) -> None:
    """Who has lost its claim goes on writing and keeping."""

    async def all_of_them(self: Hold, what: Any, keys: Any = None) -> Collection[str]:
        return list(what if keys is None else keys)

    patch.setattr(Hold, "about_to_send", all_of_them)
    patch.setattr(Hold, "still_ours", all_of_them)
    patch.setattr(Deliveries, "end_claims", _ends_whoever_has_it(Deliveries.end_claims))


def _ends_whoever_has_it(whole: Any) -> Any:
    async def ends(self: Any, endings: Collection[Ending]) -> Mapping[DeliveryKey, DeliveryState]:
        mine = []
        for ending in endings:
            row = await self.delivery(ending.claim.address)
            claim = attrs.evolve(ending.claim, number=row.claim, generation=row.generation)
            mine.append(attrs.evolve(ending, claim=claim))
        ended: Mapping[DeliveryKey, DeliveryState] = await whole(self, mine)
        return ended

    return ends


def nothing_is_read_again(patch: Patch) -> None:
    """What the shelf says is taken for what Zoho says."""

    async def as_known(self: ZohoHalf, known: Mapping[Any, Any]) -> Mapping[Any, Any]:
        return known

    async def nothing(self: ZohoHalf, name: str, values: Sequence[str]) -> Mapping[str, Any]:
        return {}

    patch.setattr(ZohoHalf, "read_again", as_known)
    patch.setattr(ZohoHalf, "found", nothing)


def no_intent_is_noted(patch: Patch) -> None:
    """What is about to be sent is not remembered."""
    whole = Hold.about_to_send

    async def forgetful(self: Hold, intents: Mapping[Any, Any]) -> Collection[Any]:
        return await whole(self, dict.fromkeys(intents))  # type: ignore[arg-type]

    patch.setattr(Hold, "about_to_send", forgetful)


def no_pair_is_marked(patch: Patch) -> None:
    """A record that was written makes nothing due."""

    async def nothing(self: MarkPairs, records: Any) -> None:
        return None

    patch.setattr(MarkPairs, "of_records", nothing)


def a_wait_is_entered_blindly(patch: Patch) -> None:
    """What is waited for is not looked for once more."""

    async def wait(self: _Pairs, waiting: Mapping[Any, tuple[Parent, str]]) -> Sequence[DeliveryState]:
        async with self.batches.store.begin(self.hold.tenant) as session:
            ended = await session.end_claims(
                [_blindly(self.hold.claims[key], *needs) for key, needs in waiting.items()]
            )
        return list(ended.values())

    patch.setattr(_Pairs, "_wait", wait)


def _blindly(claim: Claim, needs: Parent, why: str) -> Ending:
    flow = {"students": "account", "classes": "course"}[needs.module]
    return claim.waiting(DeliveryKey(flow, needs.key), why)


def nothing_is_amended(patch: Patch) -> None:
    """Neither links nor what was acknowledged are kept."""

    async def nothing(self: Any, changes: Any) -> tuple[Any, ...]:
        return ()

    patch.setattr(Batch, "amend", nothing)


def zoho_is_not_told(patch: Patch) -> None:
    """No write-back."""

    async def silent(self: ZohoHalf, news: Any, hold: Any) -> Mapping[Any, str]:
        return {}

    patch.setattr(ZohoHalf, "tell", silent)


def what_was_agreed_is_forgotten(patch: Patch) -> None:
    """Nobody knows which side has moved."""
    patch.setattr(grade, "_last_agreed", lambda facts, theirs: None)


def nobody_looks_twice(patch: Patch) -> None:
    """No second look."""
    whole = Deliveries.end_claims

    async def at_rest(self: Any, endings: Collection[Ending]) -> Mapping[DeliveryKey, DeliveryState]:
        return await whole(self, [attrs.evolve(ending, look_again=None) for ending in endings])

    patch.setattr(Deliveries, "end_claims", at_rest)


def the_newest_generation_is_settled(patch: Patch) -> None:
    """What came while the pair was worked on counts as done."""
    whole = Deliveries.end_claims

    async def newest(self: Any, endings: Collection[Ending]) -> Mapping[DeliveryKey, DeliveryState]:
        found = []
        for ending in endings:
            row = await self.delivery(ending.claim.address)
            found.append(attrs.evolve(ending, claim=attrs.evolve(ending.claim, generation=row.generation)))
        return await whole(self, found)

    patch.setattr(Deliveries, "end_claims", newest)


def grades_are_sent_again_blindly(patch: Patch) -> None:
    """A client sends a grade again whose answer was lost, whatever a person has done meanwhile."""
    patch.setattr(deliver_grades, "ZohoTarget", lambda **given: ZohoTarget(**{**given, "once": False}))


SABOTAGES: Sequence[Callable[[Patch], None]] = (
    fence_is_always_true,
    nothing_is_read_again,
    no_intent_is_noted,
    no_pair_is_marked,
    a_wait_is_entered_blindly,
    nothing_is_amended,
    zoho_is_not_told,
    what_was_agreed_is_forgotten,
    nobody_looks_twice,
    the_newest_generation_is_settled,
    grades_are_sent_again_blindly,
)
