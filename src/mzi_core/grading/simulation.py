"""What would change if marks of the past were judged by another policy."""

from collections.abc import Iterable, Iterator
from datetime import UTC, tzinfo
from typing import Generic, Self, TypeVar

import attrs

from mzi_core.grading.decision import Decision, decide
from mzi_core.grading.grade import Grade
from mzi_core.grading.marking import Marking
from mzi_core.grading.policy import GradingPolicy

K = TypeVar("K")


@attrs.frozen(kw_only=True)
class Recorded(Generic[K]):
    """A marking as stored and the grades it was given, under a key of the caller's choice."""

    key: K
    marking: Marking
    grade: Grade
    settled: Grade

    @classmethod
    def of(cls, key: K, decision: Decision) -> Self:
        """What would be stored of a decision."""
        return cls(key=key, marking=decision.marking, grade=decision.grade, settled=decision.settled)


@attrs.frozen(kw_only=True)
class SimulatedChange(Generic[K]):
    """One grade that would be another; `decision.explain` says why, and its trace shows it."""

    recorded: Recorded[K]
    decision: Decision
    zone: tzinfo = UTC

    @property
    def key(self) -> K:
        """The caller's key."""
        return self.recorded.key

    @property
    def before(self) -> tuple[Grade, Grade]:
        """The grade and the settled grade that are recorded."""
        return self.recorded.grade, self.recorded.settled

    @property
    def after(self) -> tuple[Grade, Grade]:
        """The grade and the settled grade that the other policy gives."""
        return self.decision.grade, self.decision.settled

    def why(self, language: str = "en") -> str:
        """The sentence for the new grade, in `en` or `ar`."""
        return self.decision.reason(language, self.zone)


def simulate(
    policy: GradingPolicy, recorded: Iterable[Recorded[K]], zone: tzinfo = UTC
) -> Iterator[SimulatedChange[K]]:
    """The changes that `policy` would make, in the order given, one at a time; nothing is written.

    Each marking is judged as of the moment it was judged before, which it carries itself. Times are told in
    `zone`.
    """
    for each in recorded:
        change = SimulatedChange(recorded=each, decision=decide(each.marking, policy), zone=zone)
        if change.after != change.before:
            yield change
