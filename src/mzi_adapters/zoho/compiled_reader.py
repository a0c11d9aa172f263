"""A reader of plain records, written for each module: from a line or an object straight to typed values.

A nightly resync is a million records, and most of the time goes into asking of each value which of its many
forms it has. So msgspec reads of a record just what is declared, in C, and refuses values of other types; and
a function is written for each module, as attrs and cattrs write theirs, that takes the plainest form of each
kind in a line or two. It gives None at anything else: `ZohoCodec.decoder` has the last word there. Wherever
this reader does not give up it comes to the same, which a test holds over records of every kind.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache, partial
from math import ceil, floor
from typing import Any, Protocol, cast

import attrs
import msgspec

from mzi_adapters.codecs import coerce
from mzi_adapters.codecs.criteria import CRITERION_FIELDS
from mzi_adapters.codecs.field_readers import READ, FieldReader, field_reader
from mzi_core.mapping import ExtraField
from mzi_core.module import E, Field, Kind, Module, Values, declared, zoho
from mzi_core.modules import CriterionText
from mzi_core.ports import RawRecord
from mzi_core.sizes import DEEPEST
from mzi_core.values import FIRST_YEAR, LAST_YEAR

PlainReader = Callable[[Sequence[object]], list[Values | None]]
"""Reads records to their values, and gives up with None at each that is not plain."""

_SHORT_INTEGER = 18
"""Digits that fit into 64 bits for sure."""

_FIRST_YEAR, _END_YEAR = FIRST_YEAR + 1, LAST_YEAR
"""The years of plain days and moments: in UTC a moment of the first or the last one may be of another."""

_PLAIN_ID = "len({v}) <= MAX_ID and {v}.isascii() and {v}.isdigit() and {v}[0] != '0'"


class _Lookup(msgspec.Struct, gc=False):
    """A lookup, as far as it is read."""

    id: str


_DIGITS = "len({v}) <= SHORT and {v}.isascii() and {v}.isdigit()"

_OF_LINES: Mapping[Kind, Any] = {
    Kind.ID: str,
    Kind.TEXT: str,
    Kind.EMAIL: str,
    Kind.DATE: date,
    Kind.DATETIME: str,
    Kind.BOOLEAN: bool,
    Kind.LOOKUP: _Lookup | str,
    Kind.MOODLE_ID: int | str,
}
"""What msgspec checks of a value in a line before it is looked at; of other kinds nothing."""

_OF_OBJECTS = {**_OF_LINES, Kind.DATE: str}
"""The same for values that were read already: a `date` among those did not come from JSON."""

_AS_IT_IS = ("True", "pass")
"""Nothing is to be done about a value of the type that msgspec has checked."""

_FORMS: Mapping[Kind, Sequence[tuple[str, str]]] = {
    Kind.ID: ((_PLAIN_ID, "pass"),),
    Kind.TEXT: (_AS_IT_IS,),
    Kind.EMAIL: (("{v}.isascii() and len({v}) <= MAX_EMAIL and is_email({v})", "{v} = {v}.lower()"),),
    Kind.DATE: (
        ("type({v}) is date and FIRST_DAY <= {v} <= LAST_DAY", "pass"),
        (
            "type({v}) is str and len({v}) == 10 and {v}[4] == {v}[7] == '-' and"
            " FIRST_YEAR <= {v} < END_YEAR",
            "{v} = read_date({v})",
        ),
    ),
    Kind.DATETIME: (
        (
            "len({v}) == 25 and {v}[4] == {v}[7] == '-' and {v}[10] == 'T' and"
            " {v}[13] == {v}[16] == {v}[22] == ':' and FIRST_YEAR <= {v} < END_YEAR",
            "{v} = read_moment({v}).astimezone(UTC)",
        ),
    ),
    Kind.BOOLEAN: (_AS_IT_IS,),
    Kind.LOOKUP: (
        ("type({v}) is not str and " + _PLAIN_ID.format(v="{v}.id"), "{v} = {v}.id"),
        ("type({v}) is str and " + _PLAIN_ID, "pass"),
    ),
    Kind.MOODLE_ID: (
        ("type({v}) is int and 0 < {v} <= MAX_INTEGER", "pass"),
        (
            "type({v}) is str and " + _DIGITS + " and {v} > '0'",
            "{v} = int({v})",
        ),
    ),
    Kind.INTEGER: (
        ("type({v}) is int and {least} <= {v} <= {most}", "pass"),
        ("type({v}) is str and " + _DIGITS + " and {least} <= int({v}) <= {most}", "{v} = int({v})"),
    ),
    Kind.DECIMAL: (
        ("type({v}) is int and {least} <= {v} <= {most}", "{v} = Decimal({v})"),
        (
            "type({v}) is float and {least} <= {v} <= {most} and {v} == round({v}, 2)",
            "{v} = Decimal(repr({v}))",
        ),
        (
            "type({v}) is str and "
            + _DIGITS.format(v="{v}.replace('.', '', 1)")
            + " and ('.' not in {v} or '.' in {v}[-9:]) and {least} <= Decimal({v}) <= {most}",
            "{v} = Decimal({v})",
        ),
    ),
}
"""By the kind of a field, the plainest forms of its values `{v}`, and what they become."""

_AMOUNTS = (
    *_FORMS[Kind.DECIMAL],
    (
        "type({v}) is str and is_grouped({v}) and {least} <= Decimal({v}.replace(',', '')) <= {most}",
        "{v} = Decimal({v}.replace(',', ''))",
    ),
)
"""The same for money, which is also written as 15,000 and 9,500.00."""

_TEXTUAL = (Kind.ID, Kind.TEXT, Kind.EMAIL, Kind.LOOKUP)
"""The kinds that are held as text, about which something may have to be said."""


# A number is found in bytes faster than a byte is.
_BACKSLASH, _DOLLAR, _BRACKET = b"\\$["
_MOJIBAKE = 0xC3
"""With which all mojibake begins, and no Arabic letter."""


def _surely_legible(line: bytes) -> bool:
    """Whether there is surely nothing to be said about any text in a line of JSON."""
    if len(line) > coerce.MAX_TEXT:
        return False
    if not line.isascii():
        line.decode()  # msgspec does not look into what it passes over
        if _MOJIBAKE in line:
            return False
    return not (_BACKSLASH in line and _holds(line, b"\\u")) and not (_DOLLAR in line and _holds(line, b"${"))


_FEW = 8
"""Up to so many single bytes are found one by one in less time than pairs are found, or bytes counted."""


def _holds(line: bytes, pair: bytes) -> bool:
    """Whether these two bytes stand side by side."""
    first, second = pair[:1], pair[1:]
    at = line.find(first)
    for _ in range(_FEW):
        if at < 0:
            return False
        if line.startswith(second, at + 1):
            return True
        at = line.find(first, at + 1)
    return pair in line


def _may_be_deep(line: bytes) -> bool:
    """Whether a line has as many brackets as it needs to be nested too deeply."""
    for bracket in (b"{", b"[") if _BRACKET in line else (b"{",):
        at = 0  # where the first one of a record is
        for _ in range(_FEW):
            at = line.find(bracket, at + 1)
            if at < 0:
                break
        else:
            return line.count(b"[") + line.count(b"{") > DEEPEST
    return False


def _legible(texts: Iterable[str | None]) -> bool:
    """Whether nothing need be said about any of these texts."""
    joined = "\n".join(filter(None, texts))
    if len(joined) > coerce.MAX_TEXT:
        return False
    return "${" not in joined and "\x00" not in joined and (joined.isascii() or coerce.is_sound(joined))


def _bounds(field: Field) -> tuple[int, int]:
    """The least and the greatest whole number a field takes."""
    wire = field.wire
    most = coerce.MAX_INTEGER if field.kind is Kind.INTEGER else int(coerce.MAX_MONEY) - 1
    least = -most
    if wire.minimum is not None:
        least = max(least, ceil(wire.minimum))
    if wire.above is not None:
        least = max(least, floor(wire.above) + 1)
    return least, most if wire.maximum is None else min(most, floor(wire.maximum))


_KNOWN: Mapping[str, Any] = {
    "MAX_ID": coerce.MAX_ID,
    "MAX_EMAIL": coerce.MAX_EMAIL,
    "MAX_INTEGER": coerce.MAX_INTEGER,
    "MAX_ROWS": coerce.MAX_ROWS,
    "SHORT": _SHORT_INTEGER,
    "FIRST_DAY": date(_FIRST_YEAR, 1, 1),
    "LAST_DAY": date(_END_YEAR - 1, 12, 31),
    "FIRST_YEAR": str(_FIRST_YEAR),
    "END_YEAR": str(_END_YEAR),
    "UTC": UTC,
    "Decimal": Decimal,
    "date": date,
    "is_email": coerce.is_email,
    "is_grouped": coerce.is_grouped,
    "read_date": date.fromisoformat,
    "read_moment": datetime.fromisoformat,
    "legible": _legible,
    "astuple": msgspec.structs.astuple,
}
"""What the lines of every reader know."""


@attrs.define
class _Source:
    """The text of a reader while it is written, and what its lines know."""

    types: Mapping[Kind, Any]
    """What msgspec can check, by kind."""
    wires: dict[str, Any] = attrs.field(factory=dict)
    """What msgspec checks of the value under each name; `Any` where two fields read it differently."""
    known: dict[str, Any] = attrs.field(factory=dict)
    lines: list[str] = attrs.field(factory=list)
    texts: list[str] = attrs.field(factory=list)

    def expect(self, name: str, kind: Any) -> None:
        """Note that a value is read under a name."""
        self.wires[name] = kind if self.wires.get(name, kind) == kind else Any

    def variable(self, name: str) -> str:
        """Where the value under a name is held."""
        return f"w{list(self.wires).index(name)}"

    def struct(self, name: str) -> type[Any]:
        """What msgspec makes of an object: the values under the names that are read, in order."""
        fields = [
            (f"w{at}", kind if kind is Any else kind | None, None)
            for at, kind in enumerate(self.wires.values())
        ]
        renamed = {f"w{at}": wire for at, wire in enumerate(self.wires)}
        return msgspec.defstruct(name, fields, rename=renamed, gc=False)

    def function(self, name: str, result: str, currency: str | None = None) -> Callable[..., Any]:
        """The reader that is written here: of what msgspec made, and whether its texts are surely legible.

        `currency`: the variable with the record's currency, which those beside its amounts have to be.
        """
        names = ", ".join(f"w{at}" for at in range(len(self.wires)))
        body = [f"{names}, = astuple(found)", "beside = ()", *self.lines]
        body.append(f"if beside and any([said != {currency} for said in beside]): return None")
        if self.texts:
            body.append(f"if not sure and not legible(({', '.join(self.texts)},)): return None")
        body.append(f"return {result}")
        text = f"def {name}(found, sure):\n" + "".join(f"    {line}\n" for line in body)
        made: dict[str, Callable[..., Any]] = {}
        exec(compile(text, f"<plain reader of {name}>", "exec"), {**_KNOWN, **self.known}, made)  # noqa: S102  # our own text
        return made[name]


class _Part(Protocol):
    """What reads one field of a record."""

    @property
    def field(self) -> Field:
        """The field."""
        ...

    def expect(self, source: _Source) -> None:
        """Note under which names values are read; of all parts before any of them is written."""
        ...

    def write(self, source: _Source) -> str:
        """Write the lines; the variable that holds the value after them."""
        ...


@attrs.frozen
class _Single:
    """A field with a single value."""

    field: Field
    reader: FieldReader

    @property
    def names(self) -> tuple[str, ...]:
        """Under which the value may stand."""
        return (self.reader.first, *self.reader.further)

    def expect(self, source: _Source) -> None:
        for name in self.names:
            source.expect(name, self._checked(source))

    def _checked(self, source: _Source) -> Any:
        """What msgspec is to check of the values."""
        return Any if self.field.wire.clean is not None else source.types.get(self.field.kind, Any)

    def write(self, source: _Source) -> str:
        field, say = self.field, source.lines.append
        v = f"v{len(source.known)}"
        source.known |= {
            f"{v}_nothing": None if field.required else field.default,
            f"{v}_read": self.reader.read,
        }
        nothing = "return None" if field.required else f"{v} = {v}_nothing"
        first, *further = map(source.variable, self.names)
        forms = list(self._forms(v, source))
        if forms == [_AS_IT_IS] and field.default is None and not further:
            if field.kind in _TEXTUAL:
                source.texts.append(first)
            return first
        say(f"{v} = {first}")
        if further:
            say(f"if {v} is None or {v} == '':")
            for word, name in zip(("if", *["elif"] * len(further)), further, strict=False):
                say(f"    {word} {name} is not None and {name} != '': {v} = {name}")
            say(f"    elif {' or '.join(f'{name} is not None' for name in further)}: return None")
        say(f"if {v} is None: {nothing}")
        for condition, become in forms:
            say(f"elif {condition}: {become}")
        say("else:")
        say(f"    {v} = {v}_read({v})")
        say(f"    if {v} is None: {nothing}")
        if self.reader.is_money:
            say("    else:")
            say(f"        {v}, said = {v}")
            say("        if said is not None: beside += (said,)")
        if field.kind in _TEXTUAL:
            source.texts.append(v)
        return v

    def _forms(self, v: str, source: _Source) -> Iterator[tuple[str, str]]:
        """The conditions under which the value in `v` is of a plain form, and what it becomes then."""
        field = self.field
        if field.wire.clean is not None or any(source.wires[n] != self._checked(source) for n in self.names):
            return
        least, most = _bounds(field)
        filled = f" and {v}.strip()" if field.kind is Kind.TEXT and field.default is not None else ""
        for condition, become in _AMOUNTS if field.kind is Kind.MONEY else _FORMS.get(field.kind, ()):
            yield condition.format(v=v, least=least, most=most) + filled, become.format(v=v)


@attrs.frozen
class _Subform:
    """A field with rows of declared fields."""

    field: Field
    reader: FieldReader
    rows: Sequence[_Single]

    def expect(self, source: _Source) -> None:
        inner = _Source(types=source.types)
        for row in self.rows:
            row.expect(inner)
        cls = cast("type[object]", self.field.row)
        given = ", ".join([f"{row.field.name}={row.write(inner)}" for row in self.rows])
        inner.known["make"] = cls
        source.known[f"read_{self.field.name}"] = inner.function(f"{self.field.name}_row", f"make({given})")
        source.expect(self.reader.first, _list_of(inner.struct(cls.__name__)))

    def write(self, source: _Source) -> str:
        name, raw = self.field.name, source.variable(self.reader.first)
        source.known[f"no_{name}"] = self.field.default
        source.lines += [
            f"{name} = no_{name}",
            f"if {raw} is not None:",
            f"    if len({raw}) > MAX_ROWS: return None",
            f"    {name} = tuple([read_{name}(row, sure) for row in {raw}])",
            f"    if None in {name}: return None",
        ]
        return name


_CODES = tuple(CRITERION_FIELDS.values())


def _criteria(
    main: Sequence[str | None], rows: Sequence[Any] | None, sure: bool
) -> tuple[CriterionText, ...] | None:
    """The criteria whose texts stand in a record and in the rows of its subform, in the order of codes."""
    texts: dict[str, str] = {}
    if rows is not None and len(rows) > coerce.MAX_ROWS:
        return None
    for said in (main, *map(msgspec.structs.astuple, rows or ())):
        if not sure and not _legible(said):
            return None
        for code, text in zip(_CODES, said, strict=True):
            if text is not None and text.strip():
                texts.setdefault(code, text)
    return tuple([CriterionText(code, texts[code]) for code in _CODES if code in texts])


@attrs.frozen
class _Criteria:
    """The family of criterion texts, in two places of a record; see `criteria`."""

    field: Field

    def expect(self, source: _Source) -> None:
        inner = _Source(types=source.types)
        for name in CRITERION_FIELDS:
            inner.expect(name, str)
            source.expect(name, str)
        source.expect(self.field.names[0], _list_of(inner.struct("CriterionTexts")))

    def write(self, source: _Source) -> str:
        name = self.field.name
        main = ", ".join(map(source.variable, CRITERION_FIELDS))
        source.known[f"read_{name}"] = _criteria
        source.lines += [
            f"{name} = read_{name}(({main}), {source.variable(self.field.names[0])}, sure)",
            f"if {name} is None: return None",
        ]
        return name


def _list_of(struct: Any) -> Any:
    return list[struct]


Readers = Callable[[Iterable[Field]], Sequence[FieldReader]]
"""The readers of declared fields, as the decoder has them."""


def _part(field: Field, reader: FieldReader | None, readers: Readers) -> _Part:
    if reader is None:
        return _Criteria(field)
    if field.kind is not Kind.SUBFORM:
        return _Single(field, reader)
    fields = declared(cast("type[object]", field.row))
    return _Subform(field, reader, list(map(_Single, fields, readers(fields))))


def _own(extra: ExtraField) -> _Single:
    """A tenant's own field as if it were declared."""
    field = Field(name=extra.name, held_as=object, kind=extra.kind, wire=zoho(extra.zoho_name), default=None)
    return _Single(field, field_reader(field, (extra.zoho_name,), READ[extra.kind]))


def plain_reader(
    module: Module[E], readers: Sequence[FieldReader], rows: Readers, extras: Sequence[ExtraField]
) -> PlainReader:
    """How plain records of `module` are read, lines and objects; `extras` are a tenant's own fields.

    `readers` are those of the module's fields but its criteria; `rows` makes those of the rows of a subform.
    Each way is written when it is first wanted: that takes a millisecond.
    """
    by_name = {reader.name: reader for reader in readers}
    own_values = [field for field in module.fields if not field.wire.parts]
    parts = [_part(field, by_name.get(field.name), rows) for field in own_values]
    own = list(map(_own, extras))

    @cache
    def of_lines() -> _Read:
        struct, read = _written(module, parts, own, _OF_LINES)
        return _of_lines(msgspec.json.Decoder(struct).decode, read)

    @cache
    def of_objects() -> _Read:
        struct, read = _written(module, parts, own, _OF_OBJECTS)
        return _of_objects(partial(msgspec.convert, type=struct), read)

    def read(records: Sequence[object]) -> list[Values | None]:
        return [
            of_lines()(each)
            if isinstance(each, RawRecord)
            else of_objects()(each)
            if type(each) is dict
            else None
            for each in records
        ]

    return read


_Read = Callable[[Any], Values | None]

_Understand = Callable[[Any, bool], Values | None]
"""Reads what msgspec made of a record; the second argument: its texts are legible for sure."""


def _written(
    module: Module[E], parts: Sequence[_Part], own: Sequence[_Single], types: Mapping[Kind, Any]
) -> tuple[type[Any], _Understand]:
    """What msgspec makes of a record, and how that is read."""
    source = _Source(types=types)
    for part in (*parts, *own):
        part.expect(source)
    written = {part.field.name: part.write(source) for part in parts}
    values = [written[module.said_of_links.get(field.name, field.name)] for field in module.fields]
    source.lines.append("extra = {}")
    for part in own:
        v = part.write(source)
        if part.field.kind in (Kind.TEXTS, Kind.LOOKUPS):  # of these nothing is an empty list
            source.lines.append(f"if {v} is None: {v} = ()")
        source.lines.append(f"if {v} is not None: extra[{part.field.name!r}] = {v}")
    currency = values[module.place["currency"]] if "currency" in module.place else None
    read = source.function(module.name, f"({', '.join(values)}, extra)", currency)
    return source.struct(module.entity.__name__), _completed(module, read) if module.completes else read


def _of_lines(decode: Callable[[bytes], Any], read: _Understand) -> _Read:
    def read_line(line: bytes) -> Values | None:
        if _may_be_deep(line):
            return None
        try:
            return read(decode(line), _surely_legible(line))
        except Exception:  # a value is not plain, whatever it is: the decoder says what is wrong with it
            return None

    return read_line


def _of_objects(convert: Callable[[object], Any], read: _Understand) -> _Read:
    def read_object(record: object) -> Values | None:
        try:
            return read(convert(record), False)
        except Exception:  # likewise
            return None

    return read_object


def _completed(module: Module[E], read: _Understand) -> _Understand:
    """With what the declaration fills in."""

    def read_and_complete(found: Any, sure: bool) -> Values | None:
        values = read(found, sure)
        return None if values is None else module.values_of(module.complete(module.entity_of(values)))

    return read_and_complete
