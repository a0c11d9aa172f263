"""Which flows there are."""

from collections.abc import Iterable

from mzi_core.flows.rules import FlowName
from mzi_core.flows.taking import take_flow
from mzi_core.modules import Catalogue
from mzi_core.suggestions import nearest, spellings

_ALIKE = 0.75
"""From here on two names of flows are near: all are plain words, and many of them end in the same letters."""


def flow_names(catalogue: Catalogue) -> list[str]:
    """The flows mzi knows: those between Zoho and Moodle, then those in which events are taken."""
    return [*FlowName, *(take_flow(module.name) for module in catalogue.in_order())]


def meant_flows(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Which flows somebody may have meant by a name that none has; by what stands behind the colon."""
    known_by = spellings((flow, flow.rpartition(":")[2]) for flow in known)
    return nearest(name.rpartition(":")[2], known_by, _ALIKE)
