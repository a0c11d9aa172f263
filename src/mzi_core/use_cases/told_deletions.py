"""What deletions that were told say of their records, as the log of events has them."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence

import attrs

from mzi_core.mapping import Overlay
from mzi_core.module import AnyModule, MoodleEntity
from mzi_core.ports import Codec, EventReader, Events, decoded
from mzi_core.use_cases.moodle_facts import GONE
from mzi_core.values import RecordKey

MOST_DELETIONS = 10_000
"""Of the records of one page that are looked up; it has 2000 records at most."""

NO_DELETIONS: Mapping[RecordKey, Sequence[MoodleEntity]] = {}


@attrs.frozen(kw_only=True)
class ToldDeletions:
    """Finds the deletions that events told and that were taken, also of records that nobody has heard of.

    `reader`: who understands Moodle's events; it is asked for when there is an event to understand.
    """

    codec: Codec
    reader: Callable[[], EventReader]

    async def __call__(
        self, session: Events, module: AnyModule, overlay: Overlay, keys: Collection[RecordKey]
    ) -> Mapping[RecordKey, Sequence[MoodleEntity]]:
        """By key what each deletion says of the record: when it ended, and which one it was."""
        kind = GONE.get(module.name)
        events = await session.taken_events(module.name, keys, kind, MOST_DELETIONS) if kind and keys else ()
        if not events:
            return NO_DELETIONS
        reader, decode = self.reader(), self.codec.decoder(module, overlay)
        found: dict[RecordKey, list[MoodleEntity]] = defaultdict(list)
        for event in events:
            entity = decoded(decode, module.as_sent(reader.record(event))).entity
            if entity is not None and reader.is_deletion(event):
                found[entity.key].append(entity)
        return found
