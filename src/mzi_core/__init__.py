"""What is true for a BTEC college's Zoho CRM and Moodle: modules, decisions, grading, use cases, ports.

Pure: the standard library and attrs, nothing else. Everything that reaches out is behind a port.
"""

from typing import TYPE_CHECKING

from mzi_core.lazy import finder

if TYPE_CHECKING:
    from mzi_core.errors import MziError
    from mzi_core.fingerprints import changed_fields, fingerprint
    from mzi_core.grading import Decision, Grade, GradingPolicy, Marking
    from mzi_core.module import Entity, Field, Kind, Module, MoodleEntity, Side, ZohoEntity
    from mzi_core.modules import CATALOGUE
    from mzi_core.use_cases import UseCases
    from mzi_core.values import BatchResult, Code, Outcome, Reason, RecordKey, State, TenantId, ZohoId
else:  # a type checker would take any name for one of these
    __getattr__ = finder(
        __name__, ["values", "errors", "module", "fingerprints", "modules", "grading", "use_cases"]
    )

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
    "MoodleEntity",
    "MziError",
    "Outcome",
    "Reason",
    "RecordKey",
    "Side",
    "State",
    "TenantId",
    "UseCases",
    "ZohoEntity",
    "ZohoId",
    "changed_fields",
    "fingerprint",
]
