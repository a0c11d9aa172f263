"""What keeps events from being taken, in sentences."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from rich.text import Text

from mzi_core.ports import FlowStatus
from mzi_core.ports.deliveries import MOST_PUT_OFF
from mzi_http.cli.console_tables import moment, plain

_MINUTE = timedelta(seconds=59, microseconds=999_999)  # a moment is told to the minute: never too early


def held_up(flows: Mapping[str, FlowStatus]) -> Iterator[Text]:
    """A sentence for each module of which records are looked at later, or not until somebody says so."""
    for name, flow in flows.items():
        if flow.paused is not None:
            since = moment(flow.paused_at)
            yield _said(
                f"{name} are paused since {since}: {flow.paused} After that `mzi take --resume` goes on."
            )
        elif (off := flow.put_off) is not None:
            many = f"{off.number:,} or more are" if off.number == MOST_PUT_OFF else f"{off.number:,} are"
            which = "1 is" if off.number == 1 else many
            yield _said(f"{name}: {which} put off until {moment(off.until + _MINUTE)}. {off.reason}")


def _said(text: str) -> Text:
    return Text(plain(text).rstrip(), style="yellow")
