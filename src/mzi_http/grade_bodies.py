"""What is asked of the grading routes, read field by field."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from mzi_core.keepable_text import is_keepable
from mzi_core.use_cases.grades import NamedMarkings, faults
from mzi_core.use_cases.kept_decisions import key_problem
from mzi_http.errors import REFUSED, TOO_LARGE, Problem, ProblemItem
from mzi_http.jsontext import texts

LIMIT = 200
LARGEST_LIMIT = 1000
LONGEST = 255  # of a key or a level, in characters
LONGEST_TEXT = 100_000
"""Of any text, in characters: a decision quotes in its trace what it looked at."""
MOST_CRITERIA = 200
"""Of one marking; a unit has 38, and some senders add learning outcomes."""
MOST_UNKNOWN = 5  # fields that are named

DECIDE = ("marking", "markings", "policy", "level", "record_as")
SIMULATE = ("policy", "markings", "limit")


class GradeBody:
    """The fields of a body, read one by one; everything wrong with them is gathered."""

    def __init__(self, fields: Mapping[str, object], known: Sequence[str]) -> None:
        self.fields = fields
        self.faults: list[ProblemItem] = []
        unknown = (name for name in fields if name not in known)
        for name in islice(unknown, MOST_UNKNOWN):
            self.refuse(f"There is no field `{name[:60]}`; there are {', '.join(known)}.")
        if not all(map(is_keepable, texts(fields))):
            self.refuse("A text has a NUL or half a character (a lone surrogate) in it; no store keeps that.")
        if any(len(text) > LONGEST_TEXT for text in texts(fields)):
            self.refuse(f"A text has more than {LONGEST_TEXT:,} characters.")

    def refuse(self, sentence: str) -> None:
        """Note a fault."""
        self.faults.append(ProblemItem(sentence))

    def finish(self, policy: Mapping[str, object] | None, markings: NamedMarkings) -> None:
        """Raises Problem: 422 with every reason, if there is one, those of the policy and markings too."""
        if self.faults:
            self.faults += map(ProblemItem, faults(policy, markings))
            raise Problem.of(REFUSED, self.faults)

    def text(self, name: str) -> str | None:
        """A short text, or None where there is none."""
        value = self.fields.get(name)
        if value is None or (isinstance(value, str) and 0 < len(value) <= LONGEST):
            return value
        self.refuse(f"`{name}` must be a text of 1 to {LONGEST} characters.")
        return None

    def key(self, name: str) -> str | None:
        """A key to keep a decision under, or None where there is none."""
        value = self.text(name)
        problem = None if value is None else key_problem(value)
        if problem is not None:
            self.refuse(f"`{name}`: {problem}.")
        return value

    def mapping(self, name: str) -> Mapping[str, object]:
        """An object that must be there."""
        value = self.fields.get(name)
        if isinstance(value, dict):
            return value
        self.refuse(f"`{name}` must be an object.")
        return {}

    def marking(self) -> Mapping[str, object]:
        """The single marking."""
        return self._within_limits([self.mapping("marking")])[0]

    def limit(self) -> int:
        """How many changes are wanted."""
        value = self.fields.get("limit", LIMIT)
        if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= LARGEST_LIMIT:
            return value
        self.refuse(f"`limit` must be a whole number from 1 to {LARGEST_LIMIT}.")
        return LIMIT

    def policy(self) -> Mapping[str, object]:
        """A policy as data; a name by itself is the built-in."""
        value = self.fields.get("policy")
        if isinstance(value, str):
            return {"base": value}
        return self.mapping("policy")

    def several(self, most: int) -> list[Mapping[str, object]] | None:
        """The list `markings`, or None where it is not given."""
        value = self.fields.get("markings")
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.refuse("`markings` must be a list of objects.")
            return []
        _at_most(most, value)
        return self._within_limits(value)

    def by_key(self, most: int) -> Mapping[str, Mapping[str, object]] | None:
        """The markings by key; those of a list have their place, from 0, for a key."""
        value = self.fields.get("markings")
        if not isinstance(value, dict):
            several = self.several(most)
            return None if several is None else {str(place): item for place, item in enumerate(several)}
        if not all(isinstance(item, dict) for item in value.values()):
            self.refuse("`markings` must be objects by their keys, or a list of objects.")
            return {}
        _at_most(most, value)
        self._within_limits(list(value.values()))
        return value

    def _within_limits(self, markings: list[Mapping[str, object]]) -> list[Mapping[str, object]]:
        given = [criteria for marking in markings if isinstance(criteria := marking.get("criteria"), list)]
        if any(len(criteria) > MOST_CRITERIA for criteria in given):
            self.refuse(f"A marking has more than {MOST_CRITERIA} criteria.")
        return markings


def _at_most(most: int, markings: Sequence[Any] | Mapping[str, Any]) -> None:
    if len(markings) > most:
        said = f"These are {len(markings):,} markings, and one request may carry {most:,}"
        raise Problem(TOO_LARGE, f"{said}; send several requests.")
