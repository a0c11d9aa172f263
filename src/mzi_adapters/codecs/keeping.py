"""What of a parked record is kept: what mzi reads, and nothing that is a secret by its name."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from mzi_adapters.codecs.criteria import CRITERION_FIELDS
from mzi_core.mapping import Overlay
from mzi_core.module import AnyModule, Field, Kind, declared
from mzi_core.secrecy import names_a_secret
from mzi_core.sizes import DEEPEST


def keeper(module: AnyModule, overlay: Overlay) -> Callable[[object], object]:
    """How to leave out of a record the fields that nobody reads; it keeps every alias of those that are read.

    Of a subform the declared columns are kept. What is no object is kept as it came.
    """
    names = {*wire_names(module.fields), *overlay.names.values(), *(e.zoho_name for e in overlay.extras)}
    rows = {
        name: {*wire_names(declared(field.row)), *(CRITERION_FIELDS if field.kind is Kind.CRITERIA else ())}
        for field in module.fields
        if field.row is not None
        for name in field.names
    }

    def keep(record: object) -> object:
        if not isinstance(record, Mapping):
            return record
        return {
            name: _rows(value, rows[name]) if name in rows else _open(value)
            for name, value in record.items()
            if name in names and not names_a_secret(name)
        }

    return keep


def wire_names(fields: Iterable[Field]) -> Iterator[str]:
    """Every name under which something of these fields is read."""
    for field in fields:
        yield from field.names
        yield from field.wire.from_one
        if field.wire.none_yet is not None:
            yield field.wire.none_yet
        if field.kind is Kind.CRITERIA:
            yield from CRITERION_FIELDS
        if field.wire.is_itself and field.row is not None:
            yield from wire_names(declared(field.row))


def _rows(value: object, columns: set[str]) -> object:
    if isinstance(value, list):
        return [_rows(row, columns) for row in value]
    if not isinstance(value, Mapping):
        return value
    return {name: _open(cell) for name, cell in value.items() if name in columns}


def _open(value: object, deep: int = 0) -> object:
    """The value without what is a secret by its name, however deep it stands."""
    if deep == DEEPEST:
        return None
    if isinstance(value, list):
        return [_open(item, deep + 1) for item in value]
    if isinstance(value, Mapping):
        return {name: _open(item, deep + 1) for name, item in value.items() if not names_a_secret(str(name))}
    return value
