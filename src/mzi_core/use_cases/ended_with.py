"""What the end of an enrolment or a mark had to do with the end of its user or its course.

Moodle tells the ends of all that belongs to a course, and then that of the course. Whether one was of these
is found out when its event is shown: by then both are known, whichever came first.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta

import attrs

from mzi_core.module import AnyModule
from mzi_core.modules import MOODLE_COURSES, MOODLE_ENROLLMENTS, MOODLE_MARKS, MOODLE_USERS
from mzi_core.ports import Event, EventReader, Events, EventState
from mzi_core.use_cases.moodle_facts import GONE, WITH_OWNER, owner_of
from mzi_core.values import RecordId

TOGETHER = timedelta(hours=1)
"""How long before the end of a course Moodle ends what belongs to it, at most. Who left before withdrew."""

_OWNED = {module.name: module for module in (MOODLE_ENROLLMENTS, MOODLE_MARKS)}
_MOST_ENDS = 1_000


@attrs.frozen(kw_only=True)
class ExplainEnds:
    """Gives events that tell an end the reason for it, where that was the end of the user or the course."""

    reader: EventReader

    async def __call__(self, session: Events, events: Sequence[Event]) -> Sequence[Event]:
        """The events; those with a reason of their own keep it."""
        told = [each for each in events if self._is_end(each)]
        found: dict[RecordId, str] = {}
        for parent in (MOODLE_USERS, MOODLE_COURSES):
            found |= dict.fromkeys(await self._of(session, parent, told), WITH_OWNER[parent.name])
        return [attrs.evolve(each, reason=found[each.id]) if each.id in found else each for each in events]

    def _is_end(self, event: Event) -> bool:
        is_bare = event.state is EventState.TAKEN and not event.reason
        return is_bare and event.module in _OWNED and self.reader.is_deletion(event)

    async def _of(self, session: Events, parent: AnyModule, told: Iterable[Event]) -> list[RecordId]:
        owners = {
            each.id: owner_of(_OWNED[each.module], each.key, parent)
            for each in told
            if each.module is not None and each.key is not None
        }
        ends = await session.taken_events(
            parent.name, set(filter(None, owners.values())), GONE[parent.name], _MOST_ENDS
        )
        return [
            each.id
            for each in told
            if any(end.key == owners.get(each.id) and self._are_together(each, end) for end in ends)
        ]

    def _are_together(self, event: Event, end: Event) -> bool:
        one, other = self.reader.told_at(event).at, self.reader.told_at(end).at
        return one is not None and other is not None and one <= other <= one + TOGETHER
