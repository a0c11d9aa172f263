"""What events need of the world, over one store."""

from mzi_adapters.moodle.events import MoodleEvents
from mzi_adapters.shared_commits import SharedCommits
from mzi_adapters.zoho.events import ZohoEvents
from mzi_core.module import Side
from mzi_core.ports import Store
from mzi_core.use_cases.events import EventAdapters


def event_adapters(store: Store) -> EventAdapters:
    """An intake whose commits are shared, and the readers of both sides."""
    return EventAdapters(
        intake=SharedCommits(store), readers={Side.ZOHO: ZohoEvents(), Side.MOODLE: MoodleEvents()}
    )
