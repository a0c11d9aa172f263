"""The capabilities mzi needs in Moodle, and what was seen of them."""

import attrs

from mzi_adapters.moodle.account_setup import role_preset
from mzi_core.use_cases.doctor import CheckName, Finding, Severity

CAPABILITIES = role_preset().capabilities
"""The capabilities that are enough for everything mzi does without its plugin."""

_GIVE = "Give it to the role of the service account, under Users > Permissions > Define roles."


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
        unseen = [name for name in CAPABILITIES if name not in self.seen and name not in self.lacking]
        later = f" Not seen, for there is no harmless way: {', '.join(unseen)}." if unseen else ""
        if self.lacking:
            names = ", ".join(f"`{name}`" for name in self.lacking)
            return Finding(
                check=CheckName.MOODLE_CAPABILITIES,
                level=Severity.RED,
                said=f"The account lacks {names}.{later}",
                remedy=_GIVE,
            )
        return Finding(
            check=CheckName.MOODLE_CAPABILITIES,
            level=Severity.GREEN,
            said=f"{len(self.seen)} of the {len(CAPABILITIES)} capabilities are there.{later}",
        )
