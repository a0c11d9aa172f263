"""What teachers have marked and what people have set by hand, and whether one was undone by the other."""

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import attrs

from mzi_adapters.testing.zoho.changes import ZohoChange

if TYPE_CHECKING:
    from tests.simulation.world import World

LETTERS = {1: "R", 2: "P", 3: "M", 4: "D"}
"""What a mark comes to."""

Said = tuple[str, int]
"""A grade and the number of its attempt, from one."""


@attrs.define
class _Known:
    """What happened to one grade. `marks`: what the latest attempt said, each time that changed."""

    marks: list[Said] = attrs.field(factory=list)
    given: set[Said] = attrs.field(factory=set)
    """What any attempt ever said: of a later one mzi may not have heard yet."""
    carried: int = -1
    """Which of the marks Zoho was told last."""
    by_hand: str | None = None
    """What a person has set since."""


@attrs.define(kw_only=True, eq=False)
class Grades:
    """Every mark and every hand edit, in their order."""

    world: "World"
    _known: dict[str, _Known] = attrs.field(factory=lambda: defaultdict(_Known), init=False)

    def letters(self) -> dict[str, str]:
        """What every mark comes to: the latest attempt counts."""
        return {key: known.marks[-1][0] for key, known in self._known.items()}

    def marked(self, key: str, attempt: int) -> None:
        """A teacher has marked an attempt."""
        user, _, assignment = map(int, key.split("_"))
        marks = self.world.moodle.site.marks.get(assignment, user) or ()
        last = max(marks, key=lambda mark: mark.attempt)
        known = self._known[key]
        known.given |= {(LETTERS[int(each.grade)], each.attempt + 1) for each in marks}
        said = LETTERS[int(last.grade)], last.attempt + 1
        if last.attempt == attempt and known.marks[-1:] != [said]:
            known.marks.append(said)

    def changed(self, change: ZohoChange, *, by_mzi: bool, is_late: bool) -> None:
        """A grade is another in Zoho: by hand, or because mzi carries a mark there."""
        record: dict[str, Any] = self.world.zoho.records(change.module)[change.record]
        known = self._known[record["Moodle_Grade_Composite_Key"]]
        if "Grade" not in change.fields:
            return
        if not by_mzi:
            known.by_hand = record["Grade"]
            return
        said = record["Grade"], int(record["Attempt_Number"])
        places = [place for place, mark in enumerate(known.marks) if mark == said]
        if said not in known.given:
            self.world.bad("invented", f"grade {change.record} is {said}, which no mark ever said")
        if not places:
            known.by_hand = None
            return
        if known.by_hand is not None and known.by_hand != said[0] and places[-1] <= known.carried:
            if is_late:
                self.world.say("world", f"{known.by_hand} was undone by a write that came late")
            else:
                self.world.bad("undone", f"{known.by_hand} of {change.record} became {said} again")
        known.carried, known.by_hand = max(known.carried, places[-1]), None
