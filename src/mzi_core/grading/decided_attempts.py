"""What is decided about one student's attempts at one piece of work, in whatever order they are decided."""

from collections.abc import Iterable

import attrs

from mzi_core.grading.decision import Decision, best_before, decide
from mzi_core.grading.grade import Grade
from mzi_core.grading.marking import Marking
from mzi_core.grading.policy import GradingPolicy
from mzi_core.grading.supersession import causes_of


def _by_attempt(decisions: Iterable[Decision]) -> dict[int, Decision]:
    return {decision.marking.attempt: decision for decision in decisions}


@attrs.define
class DecidedAttempts:
    """The newest decision about each attempt; begin with those that are known.

    An attempt is judged knowing what those before it passed with. The decision about the latest attempt
    stands: nothing that is decided about an earlier one takes its place, but it is made again where it
    turns out that the earlier ones passed with another grade.
    """

    _newest: dict[int, Decision] = attrs.field(converter=_by_attempt, factory=dict)

    def decide(self, marking: Marking, policy: GradingPolicy) -> Decision:
        """Judge one attempt, and keep nothing.

        A marking that says itself what was `before` is believed. What was said of attempts that are not
        known here is remembered from the decision before about the same attempt.
        """
        if marking.before is None:
            marking = attrs.evolve(marking, before=self._before(marking.attempt))
        return decide(marking, policy)

    def keep(self, decision: Decision) -> list[Decision]:
        """Keep a decision: what there is to record of it, and of later attempts, in the order of attempts.

        Nothing where it says what the newest about its attempt says, or has no mark where that has one.
        """
        attempt = decision.marking.attempt
        earlier = self._newest.get(attempt)
        if earlier is not None and not _is_news(decision, earlier):
            return []
        later = sorted(number for number in self._newest if number > attempt)
        # What the sender itself said of the attempts before is not to be found out again.
        found_out = [number for number in later if self._newest[number].marking.before == self._best(number)]
        self._newest[attempt] = decision
        return [decision, *self._again(found_out)]

    def _again(self, attempts: Iterable[int]) -> Iterable[Decision]:
        """Judge attempts again that are preceded by other grades than before."""
        for attempt in attempts:
            newest, before = self._newest[attempt], self._best(attempt)
            if before != newest.marking.before:
                again = decide(attrs.evolve(newest.marking, before=before), newest.policy)
                self._newest[attempt] = again
                yield again

    def _before(self, attempt: int) -> Grade | None:
        same = self._newest.get(attempt)
        if same is not None and min(self._newest) == attempt:
            return same.marking.before
        return self._best(attempt)

    def _best(self, attempt: int) -> Grade | None:
        return best_before(attempt, self._newest.values())


def _is_news(decision: Decision, earlier: Decision) -> bool:
    """Whether a decision says another thing than the one before about its attempt, and is not no mark over
    a mark."""
    undoes = earlier.is_marked and not decision.is_marked
    return not undoes and bool(causes_of(earlier, decision))
