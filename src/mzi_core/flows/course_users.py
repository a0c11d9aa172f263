"""Who is enrolled in the courses of classes beside the students."""

import re
from typing import Self

import attrs

from mzi_core.flows.rule_values import RuleEntry
from mzi_core.module import caseless
from mzi_core.moodle_roles import ROLES
from mzi_core.values import MoodleId

_ID = re.compile(r"[1-9][0-9]{0,9}")


def is_id(text: str) -> bool:
    """Whether this is the id of something in Moodle, and no name."""
    return _ID.fullmatch(text[:11]) is not None


@attrs.frozen
class CourseUser(RuleEntry):
    """Somebody who is enrolled in the courses of classes: of all, or of those of one major.

    `user`: the username in Moodle, or the id. `role`: one of Moodle's own by its short name, or any id.
    """

    FORM = "USER:ROLE, or USER:ROLE:MAJOR for classes of one major"

    user: str
    role: str
    major: str = ""

    @classmethod
    def read(cls, line: str) -> Self:
        """The entry that a line says; see the class. Raises ValueError."""
        user, role, major = (*(part.strip() for part in line.split(":", 2)), "", "")[:3]
        if not user or not role or (line.count(":") > 1 and not major):
            raise ValueError(f"must be {cls.FORM}")
        if role not in ROLES and not is_id(role):
            named = ", ".join(f"`{each}`" for each in ROLES)
            raise ValueError(f"must name a role by {named}, or the id of one")
        return cls(user, role, major)

    @property
    def role_id(self) -> MoodleId:
        """The id of the role in Moodle."""
        return ROLES.get(self.role) or MoodleId(int(self.role))

    def is_for(self, major: str | None) -> bool:
        """Whether this is about classes of a major."""
        return not self.major or caseless(self.major) == caseless(major or "")

    def __str__(self) -> str:
        """The line."""
        return ":".join(filter(None, (self.user, self.role, self.major)))
