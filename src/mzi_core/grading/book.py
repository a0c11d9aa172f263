"""Which policy a qualification family is graded by."""

import re
from collections.abc import Mapping
from datetime import date

import attrs

from mzi_core.grading.policy import BTEC_DEFAULT, GradingPolicy
from mzi_core.grading.quoting import quoted

# A digit counts after an L or the word, or when it is all there is: "3 years" is no level.
_LEVEL = re.compile(r"(?:\bl(?:evel)?[ -]?|\A\s*(?=\d\s*\Z))([3-8])\b", re.IGNORECASE)


def family_of(level: str | None) -> str | None:
    """The family of a programme level: `L5` for `L5`, `level 5`, `5` or `BTEC HND (Level 5)`, else None."""
    found = None if level is None else _LEVEL.search(level)
    return f"L{found[1]}" if found else None


def _by_family(policies: Mapping[str, GradingPolicy]) -> dict[str | None, GradingPolicy]:
    book: dict[str | None, GradingPolicy] = {}
    for level, policy in policies.items():
        family = family_of(level)
        if family is None:
            raise ValueError(f"{quoted(level)} is no programme level; write L3, L5 or L7")
        book[family] = policy
    return book


@attrs.frozen(kw_only=True)
class PolicyBook:
    """A tenant's choice: one policy for a family (L3, L5, L7), and one for everything else."""

    default: GradingPolicy = BTEC_DEFAULT
    by_family: Mapping[str | None, GradingPolicy] = attrs.field(factory=dict, converter=_by_family)

    def for_level(self, level: str | None, on: date | None = None) -> GradingPolicy:
        """The policy for a programme level, in any of the spellings of `family_of`.

        On a day before the family's policy takes effect it is the default; without a day, the family's
        policy whether it is in force or not.
        """
        chosen = self.by_family.get(family_of(level), self.default)
        begins = chosen.effective_from
        return self.default if on is not None and begins is not None and on < begins else chosen
