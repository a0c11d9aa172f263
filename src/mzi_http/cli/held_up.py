"""What keeps events from being taken, in sentences."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

from rich.text import Text

from mzi_core.ports import FlowStatus, PutOff
from mzi_core.ports.deliveries import MOST_PUT_OFF
from mzi_http.cli.console_tables import moment, plain

_MINUTE = timedelta(seconds=59, microseconds=999_999)  # a moment is told to the minute: never too early


def held_up(flows: Mapping[str, FlowStatus]) -> Iterator[Text]:
    """A sentence for each module of which records are looked at later, or not until somebody says so."""
    for name, flow in flows.items():
        if flow.paused is not None:
            yield _said(f"{name} are {_paused(flow)} After that `mzi take --resume` goes on.")
        elif flow.put_off is not None:
            yield _said(_put_off(name, flow.put_off))


def kept_back(flows: Iterable[FlowStatus]) -> Iterator[Text]:
    """The same of each flow."""
    for flow in flows:
        if flow.paused is not None:
            yield _said(f"{flow.flow} is {_paused(flow)} `mzi deliveries resume {flow.flow}` lets it go on.")
        elif flow.put_off is not None:
            yield _said(_put_off(flow.flow, flow.put_off))


def is_held_up(flow: FlowStatus) -> bool:
    """Whether something of a flow is looked at later, or not until somebody says so."""
    return flow.put_off is not None or flow.paused is not None


def _paused(flow: FlowStatus) -> str:
    return f"paused since {moment(flow.paused_at)}: {flow.paused}"


def _put_off(name: str, off: PutOff) -> str:
    """How many of a module or a flow are looked at later, and why."""
    many = f"{off.number:,} or more are" if off.number == MOST_PUT_OFF else f"{off.number:,} are"
    which = "1 is" if off.number == 1 else many
    return f"{name}: {which} put off until {moment(off.until + _MINUTE)}. {off.reason}"


def _said(text: str) -> Text:
    return Text(plain(text).rstrip(), style="yellow")
