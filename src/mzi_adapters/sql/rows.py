"""Between entities and rows, derived from the declarations.

What is kept as JSON goes through a cattrs converter whose hooks are looked up once per module, not per row.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic

import attrs
import sqlalchemy as sa
from cattrs import Converter

from mzi_adapters.sql.scope import AnyRow
from mzi_adapters.sql.tables import IN_JSON, RECORDS, column_of, parent_column_of
from mzi_core.decide import Known, Write
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
from mzi_core.module import AnyModule, E, Field, Module
from mzi_core.modules import CATALOGUE
from mzi_core.ports import DecisionRecord, Held, Stored
from mzi_core.values import Extra, MoodleId, Parent, Reason, RecordId, State, TenantId, Value, ZohoId


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


_KNOWN = ("zoho_id", "id", "fingerprint", "mark", "modified_at", "deleted_at")
_KEPT = ("id", "fingerprint", "state", "created_at", "updated_at", "deleted_at")


@attrs.frozen
class _Cell:
    """One field on its way between an entity and a row."""

    name: str
    column: str
    to_row: Callable[[Any], Any] | None
    from_row: Callable[[Any], Any] | None


def _cell(field: Field) -> _Cell:
    if field.kind not in IN_JSON:
        return _Cell(field.name, column_of(field), None, None)
    read = converter.get_structure_hook(field.held_as)
    write = converter.get_unstructure_hook(field.held_as)
    return _Cell(field.name, column_of(field), write, lambda data: read(data, field.held_as))


class Shape(Generic[E]):
    """How the entities of one module lie in their table."""

    def __init__(self, module: Module[E]) -> None:
        self.module = module
        self.table: sa.Table = RECORDS[module.name]
        self._cells = tuple(_cell(field) for field in module.fields)
        self.parents = {name: parent_column_of(name) for name in module.depends_on}
        self._links = tuple(field.name for field in module.links)
        columns = self.table.c
        self.known = tuple(columns[name] for name in (*_KNOWN, *map(self.column, self._links)))
        self.whole = tuple(columns[name] for name in (*(c.column for c in self._cells), "extra", *_KEPT))

    def column(self, name: str) -> str:
        """The column of the field called `name`."""
        return column_of(self.module.field[name])

    def row(self, tenant: TenantId, write: Write[E], at: datetime) -> dict[str, Any]:
        """A written row whole: live, and new unless the statement leaves `created_at` alone."""
        entity = write.entity
        row = {
            "tenant_id": tenant,
            "id": write.id,
            "extra": extra_to_data(entity.extra),
            "fingerprint": write.fingerprint,
            "mark": write.mark,
            "state": write.state.value,
            "created_at": at,
            "updated_at": at,
            "deleted_at": None,
        }
        for cell in self._cells:
            value = getattr(entity, cell.name)
            row[cell.column] = value if cell.to_row is None else cell.to_row(value)
        for name, column in self.parents.items():
            row[column] = write.parents.get(name)
        return row

    def what_is_known(self, rows: Iterable[AnyRow]) -> dict[ZohoId, Known]:
        """From rows of `known`."""
        return {
            zoho_id: Known(
                id=record_id,
                fingerprint=fingerprint,
                modified_at=modified_at,
                links={
                    name: MoodleId(value)
                    for name, value in zip(self._links, links, strict=True)
                    if value is not None
                },
                deleted=deleted_at is not None,
                mark=mark,
            )
            for zoho_id, record_id, fingerprint, mark, modified_at, deleted_at, *links in rows
        }

    def stored(self, row: AnyRow) -> Stored[E]:
        """From a row of `whole`."""
        *values, extra, record_id, fingerprint, state, created_at, updated_at, deleted_at = row
        fields = {
            cell.name: value if cell.from_row is None else cell.from_row(value)
            for cell, value in zip(self._cells, values, strict=True)
        }
        return Stored(
            id=RecordId(record_id),
            entity=self.module.entity(extra=extra_from_data(extra), **fields),
            fingerprint=fingerprint,
            state=State(state),
            created_at=created_at,
            updated_at=updated_at,
            deleted_at=deleted_at,
        )


_SHAPES: Mapping[str, Shape[Any]] = {module.name: Shape(module) for module in CATALOGUE}


def shape_of(module: AnyModule) -> Shape[Any]:
    """The shape of a module of the catalogue."""
    return _SHAPES[module.name]


_reasons_to_data = converter.get_unstructure_hook(tuple[Reason, ...])
_reasons_from_data = converter.get_structure_hook(tuple[Reason, ...])


def _digits(value: object) -> str:
    # An amount that was read from JSON as a Decimal; the codec reads the same amount from its digits.
    if isinstance(value, Decimal):
        return f"{value:f}"
    raise TypeError(type(value).__name__)


def held_to_row(tenant: TenantId, held: Held) -> dict[str, Any]:
    """A held record as a row; its wire record as ASCII JSON text, so that nothing in it can be refused."""
    try:
        record = json.dumps(held.record, default=_digits, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise StoreRefused("The record to keep aside is not JSON.") from error
    return {
        "tenant_id": tenant,
        "module": held.module,
        "zoho_id": held.zoho_id,
        "record": record,
        "state": held.state.value,
        "reasons": _reasons_to_data(held.reasons),
        "waits_for_module": held.waits_for and held.waits_for.module,
        "waits_for_zoho_id": held.waits_for and held.waits_for.zoho_id,
        "held_at": held.held_at,
    }


def held_from_row(row: AnyRow) -> Held:
    """The held record of a row."""
    waits_for = None
    if row.waits_for_module is not None:
        waits_for = Parent(row.waits_for_module, ZohoId(row.waits_for_zoho_id))
    return Held(
        module=row.module,
        zoho_id=ZohoId(row.zoho_id),
        record=json.loads(row.record),
        state=State(row.state),
        reasons=_reasons_from_data(row.reasons, tuple[Reason, ...]),
        waits_for=waits_for,
        held_at=row.held_at,
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
        "trace": [step.as_data() for step in decision.trace],
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
    return DecisionRecord(key=row.key, decision=decision, decided_at=row.decided_at)
