"""Between entities and rows, derived from the declarations.

What is kept as JSON goes through a cattrs converter whose hooks are looked up once per module, not per row.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from cattrs import Converter

from mzi_adapters.sql.scope import AnyRow
from mzi_core.errors import StoreRefused
from mzi_core.grading import (
    Decision,
    Grade,
    RuleId,
    Verdict,
    marking_from_data,
    marking_to_data,
    policy_from,
)
from mzi_core.ports import DecisionRecord, ParkedRecord
from mzi_core.values import Extra, Parent, Reason, State, TenantId, Value


def _made() -> Converter:
    converter = Converter(detailed_validation=False)
    converter.register_unstructure_hook(Decimal, str)
    converter.register_structure_hook(Decimal, lambda text, _: Decimal(text))
    converter.register_unstructure_hook(datetime, datetime.isoformat)
    converter.register_structure_hook(datetime, lambda text, _: datetime.fromisoformat(text))
    converter.register_unstructure_hook(date, date.isoformat)
    converter.register_structure_hook(date, lambda text, _: date.fromisoformat(text))
    return converter


converter = _made()

# A value of JSON's own says its type by itself; the others are an object of one item, named by their type.
_SAID: Sequence[tuple[type[Any], str, Callable[[Any], str], Callable[[str], Value]]] = (
    (Decimal, "decimal", str, Decimal),
    (datetime, "moment", datetime.isoformat, datetime.fromisoformat),
    (date, "date", date.isoformat, date.fromisoformat),
)
_READ = {name: read for _, name, _, read in _SAID}


def extra_to_data(extra: Extra) -> dict[str, object]:
    """A tenant's own fields as JSON that remembers each value's type."""
    return {name: _said(value) for name, value in extra.items()}


def _said(value: Value) -> object:
    for kind, name, write, _ in _SAID:
        if isinstance(value, kind):
            return {name: write(value)}
    return list(value) if isinstance(value, tuple) else value


def extra_from_data(data: Mapping[str, Any]) -> Extra:
    """The fields that `extra_to_data` wrote."""
    return {name: _understood(value) for name, value in data.items()}


def _understood(value: Any) -> Value:
    if isinstance(value, Mapping):
        ((name, text),) = value.items()
        return _READ[name](text)
    found: Value = tuple(value) if isinstance(value, list) else value
    return found


_reasons_to_data = converter.get_unstructure_hook(tuple[Reason, ...])
_reasons_from_data = converter.get_structure_hook(tuple[Reason, ...])


def _digits(value: object) -> str:
    # An amount that was read from JSON as a Decimal; the codec reads the same amount from its digits.
    if isinstance(value, Decimal):
        return f"{value:f}"
    raise TypeError(type(value).__name__)


def parked_to_row(tenant: TenantId, held: ParkedRecord) -> dict[str, Any]:
    """A held record as a row; its wire record as ASCII JSON text, so that nothing in it can be refused."""
    return {
        "tenant_id": tenant,
        "module": held.module,
        "zoho_id": held.key,
        "record": _json(held.record),
        "state": held.state.value,
        "reasons": _reasons_to_data(held.reasons),
        "waits_for_module": held.waits_for and held.waits_for.module,
        "waits_for_zoho_id": held.waits_for and held.waits_for.key,
        "held_at": held.parked_at,
        "waiting": None if held.waiting is None else _json(held.waiting),
    }


def _json(record: object) -> str:
    try:
        return json.dumps(record, default=_digits, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise StoreRefused("The record to park is not JSON.") from error


def parked_from_row(row: AnyRow) -> ParkedRecord:
    """The held record of a row."""
    waits_for = None
    if row.waits_for_module is not None:
        waits_for = Parent(row.waits_for_module, row.waits_for_zoho_id)
    return ParkedRecord(
        module=row.module,
        key=row.zoho_id,
        record=json.loads(row.record),
        state=State(row.state),
        reasons=_reasons_from_data(row.reasons, tuple[Reason, ...]),
        waits_for=waits_for,
        parked_at=row.held_at,
        waiting=None if row.waiting is None else json.loads(row.waiting),
    )


def decision_to_row(tenant: TenantId, record: DecisionRecord) -> dict[str, Any]:
    """A decision with its marking, its policy, and the trace as it was told on the day."""
    decision = record.decision
    verdict = decision.verdict
    return {
        "tenant_id": tenant,
        "key": record.key,
        "decided_at": record.decided_at,
        "marking": marking_to_data(decision.marking),
        "policy": decision.policy.to_data(),
        "rule": verdict.rule.value,
        "grade": verdict.grade.value,
        "settled": verdict.settled.value,
        "capped_from": verdict.capped_from and verdict.capped_from.value,
        "trace": list(record.trace),
    }


def decision_from_row(row: AnyRow) -> DecisionRecord:
    """The decision as it was made, not as today's rules would make it."""
    verdict = Verdict(
        rule=RuleId(row.rule),
        grade=Grade(row.grade),
        settled=Grade(row.settled),
        capped_from=None if row.capped_from is None else Grade(row.capped_from),
    )
    decision = Decision(marking_from_data(row.marking), policy_from(row.policy), verdict)
    return DecisionRecord(
        key=row.key,
        decision=decision,
        decided_at=row.decided_at,
        trace=tuple(row.trace),
        number=row.number,
    )
