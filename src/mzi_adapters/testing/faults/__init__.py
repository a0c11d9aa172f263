"""What goes wrong on the way to a remote service: one schedule of faults for memory and for a real socket."""

from mzi_adapters.testing.faults.delivery import Delivery, deliver
from mzi_adapters.testing.faults.kinds import (
    COMMON,
    PAGE,
    Cut,
    Fault,
    Huge,
    Instead,
    Late,
    Reset,
    Retyped,
    Short,
    Silence,
    Trickle,
    Unreachable,
    says,
)
from mzi_adapters.testing.faults.schedule import Faults
from mzi_adapters.testing.faults.transport import FaultyTransport

__all__ = [
    "COMMON",
    "PAGE",
    "Cut",
    "Delivery",
    "Fault",
    "Faults",
    "FaultyTransport",
    "Huge",
    "Instead",
    "Late",
    "Reset",
    "Retyped",
    "Short",
    "Silence",
    "Trickle",
    "Unreachable",
    "deliver",
    "says",
]
