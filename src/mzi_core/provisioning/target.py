"""A side that our records are written to: what is to be done there is planned apart from doing it."""

from collections.abc import Sequence
from typing import Any, Protocol

from mzi_core.module import AnyModule
from mzi_core.provisioning.result import StepResult
from mzi_core.provisioning.step import Step
from mzi_core.values import MoodleId, TenantId, ZohoId

FEW = 20
"""Of so few records planned together a target looks thoroughly for each, with a call each if need be.

Of more, as in a first load, a counterpart may only show when the remote refuses to make it a second time.
"""


class Target(Protocol):
    """The records of one module of one tenant, as a remote is to have them.

    It remembers what it has read of the remote and written there, so whoever goes over all records opens one
    for that. Not promised: that a step still fits when it is applied; a plan that was held is made anew.
    """

    @property
    def tenant(self) -> TenantId:
        """Whose records they are."""
        ...

    @property
    def module(self) -> AnyModule:
        """The module they are of."""
        ...

    async def plan(self, ours: Sequence[Any]) -> Sequence[Step[object]]:
        """A step for each of these entities, in order; reads from both sides, and writes nowhere.

        A fault in the planning of one record is a step that cannot be done. Raises StoreError, GatewayError.
        """
        ...

    async def apply(self, steps: Sequence[Step[object]]) -> Sequence[StepResult[ZohoId | MoodleId]]:
        """Carry out steps that write, in as few calls as there can be; a result for each, in order.

        Nothing is kept of it in the store: `StepResult.learned` says what is to be. Raises GatewayError when
        nothing of a call was done.
        """
        ...
