"""Which policy a qualification family is graded by."""

from collections.abc import Mapping
from datetime import date

import attrs

from mzi_core.grading.levels import families_of
from mzi_core.grading.policy import BTEC_DEFAULT, GradingPolicy
from mzi_core.grading.quoting import quoted

SPELLINGS = "write L3 to L7, Level 5, HNC, HND or Level 4/5"
"""How a level can be said."""


def _by_family(policies: Mapping[str, GradingPolicy]) -> dict[str, GradingPolicy]:
    book: dict[str, GradingPolicy] = {}
    for level, policy in policies.items():
        families = families_of(level)
        if not families:
            raise ValueError(f"{quoted(level)} is no programme level; {SPELLINGS}")
        book |= dict.fromkeys(families, policy)
    return book


@attrs.frozen(kw_only=True)
class PolicyBook:
    """A tenant's choice: one policy for a family (L3, L5, L7), and one for everything else."""

    default: GradingPolicy = BTEC_DEFAULT
    by_family: Mapping[str, GradingPolicy] = attrs.field(factory=dict, converter=_by_family)

    def for_level(self, level: str | None, on: date | None = None) -> GradingPolicy:
        """The policy for a programme level, in any of the spellings of `families_of`; unsaid, the default.

        On a day before the family's policy takes effect it is the default; without a day, the family's
        policy whether it is in force or not. Where families have policies of their own, a ValueError refuses
        a level that cannot be read, and one of several families that are graded differently.
        """
        if level is None or not level.strip() or not self.by_family:
            return self.default
        families = families_of(level)
        if not families:
            raise ValueError(f"{quoted(level)} is no programme level; {SPELLINGS}")
        first, *others = (self._in_force(family, on) for family in families)
        if any(other != first for other in others):
            raise ValueError(
                f"{quoted(level)} is {' and '.join(families)}, which are graded by different policies; "
                "say one of them"
            )
        return first

    def _in_force(self, family: str, on: date | None) -> GradingPolicy:
        chosen = self.by_family.get(family, self.default)
        begins = chosen.effective_from
        return self.default if on is not None and begins is not None and on < begins else chosen
