"""The flows in which what sources told is taken: for every module one that looks at its records again."""

from collections.abc import Collection, Iterable

from mzi_core.ports import Due, Event, EventState
from mzi_core.values import RecordId


def take_flow(module: str) -> str:
    """The flow in which the events about the records of a module are taken, such as `take:students`."""
    return f"take:{module}"


def subject_of(module: str, key: str) -> str:
    """What a delivery is about that is about one record, such as `students/539`."""
    return f"{module}/{key}"


def looked_at_for(events: Iterable[Event], facts: Collection[RecordId] = ()) -> list[Due]:
    """What is due to be looked at because of events that wait, and at once because of `facts` among them."""
    return [
        Due(
            take_flow(event.module),
            event.key,
            subject_of(event.module, event.key),
            at_once=event.id in facts,
        )
        for event in events
        if event.module is not None and event.key is not None and event.state is EventState.WAITING
    ]
