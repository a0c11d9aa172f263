"""The capabilities mzi needs in Moodle, and what was seen of them."""

import attrs

from mzi_adapters.moodle.account_setup import role_preset
from mzi_core.use_cases.doctor import CheckName, Finding, Severity

CAPABILITIES = role_preset().capabilities
"""The capabilities that are enough for everything mzi does without its plugin."""

UNASKED = frozenset(
    ("moodle/grade:viewall", "moodle/grade:edit", "moodle/grade:manage", "gradereport/user:view")
)
"""Those of them that no call of ours needs by itself, so that there is no sign of them to look for."""

AS_GOOD = {"moodle/course:viewparticipants": "moodle/course:enrolreview"}
"""What Moodle takes in place of a capability wherever we need that one."""

IDENTITY = "moodle/site:viewuseridentity"

_GIVE = "Give it to the role of the service account, under Users > Permissions > Define roles."
_SHOW = " And tick the address under Users > Permissions > User policies > Show user identity."
_LOOK = (
    "See that the role has them; they can be seen once there are courses, assignments and work to look at."
)


@attrs.define
class Rights:
    """What was seen so far: capabilities that are there, and those that are not."""

    seen: set[str] = attrs.field(factory=set)
    lacking: list[str] = attrs.field(factory=list)

    def note(self, capability: str, there: bool) -> bool:
        """Note one."""
        if there:
            self.seen.add(capability)
        else:
            self.lacking.append(capability)
        return there

    def told(self) -> Finding:
        """What there is to say about all of them."""
        unseen = [name for name in CAPABILITIES if self._is_unseen(name)]
        later = f" Not seen: {', '.join(f'`{name}`' for name in unseen)}." if unseen else ""
        if self.lacking:
            names = ", ".join(f"`{name}`" for name in self.lacking)
            return Finding(
                check=CheckName.MOODLE_CAPABILITIES,
                level=Severity.RED,
                said=f"The account lacks {names}.{later}",
                remedy=_GIVE + (_SHOW if IDENTITY in self.lacking else ""),
            )
        if unseen:
            return Finding(
                check=CheckName.MOODLE_CAPABILITIES,
                level=Severity.AMBER,
                said=f"{len(self.seen)} of the {len(CAPABILITIES)} capabilities are there.{later}",
                remedy=_LOOK,
            )
        return Finding(
            check=CheckName.MOODLE_CAPABILITIES,
            level=Severity.GREEN,
            said="Every capability that can be looked for is there.",
        )

    def _is_unseen(self, name: str) -> bool:
        told = name in self.seen or name in self.lacking or name in UNASKED
        return not told and AS_GOOD.get(name) not in self.seen
