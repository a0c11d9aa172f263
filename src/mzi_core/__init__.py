"""What is true for a BTEC college's Zoho CRM and Moodle: modules, decisions, grading, use cases, ports.

Pure: the standard library and attrs, nothing else. Everything that reaches out is behind a port.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mzi_core.comparing import changed_fields, fingerprint
    from mzi_core.errors import MziError
    from mzi_core.grading import Decision, Grade, GradingPolicy, Marking
    from mzi_core.module import Entity, Field, Kind, Module
    from mzi_core.modules import CATALOGUE
    from mzi_core.use_cases import UseCases
    from mzi_core.values import BatchResult, Code, Outcome, Reason, State, TenantId, ZohoId

__all__ = [
    "CATALOGUE",
    "BatchResult",
    "Code",
    "Decision",
    "Entity",
    "Field",
    "Grade",
    "GradingPolicy",
    "Kind",
    "Marking",
    "Module",
    "MziError",
    "Outcome",
    "Reason",
    "State",
    "TenantId",
    "UseCases",
    "ZohoId",
    "changed_fields",
    "fingerprint",
]

_HOMES = {
    "comparing": ("changed_fields", "fingerprint"),
    "errors": ("MziError",),
    "grading": ("Decision", "Grade", "GradingPolicy", "Marking"),
    "module": ("Entity", "Field", "Kind", "Module"),
    "modules": ("CATALOGUE",),
    "use_cases": ("UseCases",),
    "values": ("BatchResult", "Code", "Outcome", "Reason", "State", "TenantId", "ZohoId"),
}
"""Where each public name is defined, and from where it is imported when it is first asked for.

This file is run before any other of the package, and all of these together take many times as long to import
as the one that is wanted.
"""

if not TYPE_CHECKING:  # a type checker would take any name for one of these

    def __getattr__(name: str) -> object:
        """A public name, from its home."""
        for home, names in _HOMES.items():
            if name in names:
                found = globals()[name] = getattr(import_module(f"{__name__}.{home}"), name)
                return found
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
