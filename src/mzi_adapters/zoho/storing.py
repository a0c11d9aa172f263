"""The forms in which an organisation holds values, where these are others than the codec writes."""

from collections.abc import Mapping, Sequence
from typing import Any

from mzi_core.mapping import EXTRA, Overlay
from mzi_core.module import AnyModule, Field, declared
from mzi_core.ports import Columns, FieldForms, WireRecord


def in_forms(
    module: AnyModule, written: Mapping[str, Any], overlay: Overlay, forms: FieldForms
) -> dict[str, Any]:
    """A record as `ZohoCodec.encode` wrote it, by the names inside and in these forms."""
    own = {
        field.name: in_words(field, written[name], forms.choices.get(field.name, ()))
        for field in module.fields
        if field.names and (name := overlay.names.get(field.name, field.names[0])) in written
    }
    extra = {
        f"{EXTRA}{each.name}": written[each.zoho_name] for each in overlay.extras if each.zoho_name in written
    }
    values = {**own, **extra}
    values |= {name: _noon(values[name]) for name in forms.moments & values.keys()}
    values |= {name: _digits(values[name]) for name in forms.texts & values.keys()}
    for name, columns in forms.columns.items():
        values[name] = _rows(module.field[name].row, values[name], columns)
    return values


def in_words(field: Field, value: object, choices: Sequence[str]) -> object:
    """A value as a pick-list of this organisation has it: "Merit" for M, where that is what it offers."""
    clean = field.wire.clean
    if clean is None or value in choices:
        return value
    return next((choice for choice in choices if clean(choice) == value), value)


def _rows(row: Any, written: Any, columns: Columns) -> tuple[WireRecord, ...]:
    """Rows, each cell under the first of its names, under the columns that there are.

    Without their ids and empty cells: Zoho's own are kept by their key.
    """
    cells = [
        (cell.names[0], columns.names[cell.name]) for cell in declared(row) if cell.name in columns.names
    ]
    return tuple(
        {
            column: _digits(value) if column in columns.texts else value
            for name, column in cells
            if (value := each[name]) is not None and column != "id"
        }
        for each in written
    )


def _noon(value: object) -> object:
    """A day as a moment that is on that day wherever the college is: Zoho shows it in its own time."""
    return f"{value}T12:00:00+00:00" if isinstance(value, str) and value else value


def _digits(value: object) -> object:
    """A number as text, for a field that Zoho holds as text; anything else as it is."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
