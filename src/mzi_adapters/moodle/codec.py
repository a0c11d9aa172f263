"""Moodle's records to entities and back: as its events, its plugin and its web services write them.

Times are seconds since 1970, and 0 is none. Switches are 0 and 1 or words, ids text or numbers; a scale is a
list in one text. Feedback stays the HTML that it is.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, ClassVar

import attrs
from cattrs import Converter

from mzi_adapters.codecs import coerce
from mzi_adapters.codecs.codec import DeclaredCodec
from mzi_adapters.codecs.coerce import ValueRefused
from mzi_adapters.codecs.field_readers import READ, ReadNotes
from mzi_adapters.codecs.wire_digest import KeyOf, object_marker
from mzi_core.field_versions import as_told, named_in, numbered, read_versions
from mzi_core.mapping import Overlay
from mzi_core.module import AnyModule, E, Field, Kind, Module, Values
from mzi_core.ports import FieldForms
from mzi_core.values import YEARS, Code, MoodleKey, RecordKey, is_of_these_years

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = 10**11
"""Seconds that are looked at: some three thousand years."""


_NO_VERSIONS = ValueRefused(
    Code.TEXT_INVALID, "is written by mzi: leave it out, and each field is of the record's own version."
)


def moment(value: object) -> datetime | None:
    """An instant from its seconds since 1970, of which 0 is none; or as text with its offset from UTC."""
    if isinstance(value, str) and not _is_number(value):
        return coerce.moment(value)
    seconds = coerce.integer(value)
    if not seconds:
        return None
    if abs(seconds) > _LATEST or not is_of_these_years(found := _EPOCH + timedelta(seconds=seconds)):
        said = f"must be seconds since 1970, of {YEARS}; milliseconds are a thousand times as many."
        raise ValueRefused(Code.DATE_INVALID, said)
    return found


def _is_number(text: str) -> bool:
    said = text.strip().removeprefix("-")
    return said.isascii() and said.isdigit()


def key(value: object) -> MoodleKey | None:
    """The key that an id of Moodle's is: as a number, as text, or in an object of its own."""
    said = value.get("id") if isinstance(value, Mapping) else value
    found = coerce.moodle_id(said)
    return None if found is None else MoodleKey(str(found))


def texts(value: object) -> tuple[str, ...]:
    """Several texts: a list of them, or one text with commas between them, as Moodle writes a scale."""
    said = value.split(",") if isinstance(value, str) and len(value) <= coerce.MAX_TEXT else value
    return tuple(each.strip() for each in coerce.texts(said) if each.strip())


@attrs.frozen
class MoodleCodec(DeclaredCodec):
    """The codec for the records of Moodle."""

    read: ClassVar[Mapping[Kind, Callable[[object], Any]]] = {
        **READ,
        Kind.ID: key,
        Kind.LOOKUP: key,
        Kind.DATETIME: moment,
        Kind.TEXTS: texts,
    }

    def _teach(self, converter: Converter) -> None:
        converter.register_unstructure_hook(Decimal, str)
        converter.register_unstructure_hook(datetime, lambda at: (at - _EPOCH) // timedelta(seconds=1))
        converter.register_unstructure_hook(bool, int)

    def _check(self, values: Mapping[str, Any], reading: ReadNotes) -> None:
        try:
            read_versions(values.get("field_versions", ()))
        except (ValueError, OverflowError):
            reading.refuse(_NO_VERSIONS, "$.field_versions")

    def _as_told(self, module: Module[E], overlay: Overlay, record: Mapping[str, object], entity: E) -> E:
        """With what it names as empty, unless it says that itself, as a record does that mzi wrote."""
        if "field_versions" in record:
            return entity
        own = {each.name: each.zoho_name for each in overlay.extras}
        return as_told(module, numbered(module, entity), named_in(module, record, overlay.names, own))

    def plain_reader(
        self, module: Module[E], overlay: Overlay
    ) -> Callable[[Sequence[object]], Sequence[Values | None]] | None:
        """None: what Moodle tells is put in order and together with what is stored, which is the judge's."""
        return None

    def marker(
        self, module: Module[E], overlay: Overlay
    ) -> Callable[[Sequence[object]], tuple[list[RecordKey | None], list[str | None]]]:
        """How to mark what records say, word for word."""
        make = partial(object_marker, module, overlay, self._key_of(module))
        return self._once("marker", module, overlay, make)

    def _key_of(self, module: AnyModule) -> KeyOf:
        """How the key of a record is found, that of its field or made of those of its parts."""
        whole = module.field[module.key_name]
        parts = [module.field[part] for part in whole.wire.parts] or [whole]

        def key_of(record: Mapping[str, object]) -> MoodleKey | None:
            found = [self._first(record, part) for part in parts]
            return None if None in found else MoodleKey("_".join(map(str, found)))

        return key_of

    def _first(self, record: Mapping[str, object], field: Field) -> object:
        """The value of a field, under the first of its names that has one."""
        said = (record.get(name) for name in field.names)
        raw = next((value for value in said if value is not None and value != ""), None)
        return None if raw is None else self.read[field.kind](raw)

    def writer(
        self, module: Module[E], overlay: Overlay, forms: FieldForms
    ) -> Callable[[E], Mapping[str, Any]]:
        """How to write the values of an entity by their names inside; Moodle has one form of each."""

        def write(entity: E) -> Mapping[str, Any]:
            written = self.encode(module, entity, overlay)
            return {field.name: written[field.names[0]] for field in module.fields if field.names}

        return write
