"""The vocabulary of a declaration: what the records of one kind look like, said once.

An entity is a frozen attrs class whose annotations carry the names that its side gives the fields; everything
else (decoding, fingerprint, table, route, docs) is derived from the `Field`s read off it here.
`Annotated` metadata rather than a wrapper around `attrs.field`, because with such a wrapper mypy accepts
`Registration()` without arguments.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from operator import attrgetter
from typing import (
    Annotated,
    Any,
    ClassVar,
    Generic,
    NamedTuple,
    Self,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
)

import attrs

from mzi_core.values import Email, Extra, MoodleId, MoodleKey, Reason, RecordKey, ZohoId


class Side(StrEnum):
    """The two services whose records are kept; each gives the keys of its own."""

    ZOHO = "zoho"
    MOODLE = "moodle"

    @property
    def key_name(self) -> str:
        """What the key of its records is called: as a field of the entity, a column, and in answers."""
        return "zoho_id" if self is Side.ZOHO else "moodle_key"

    def key(self, text: str) -> RecordKey:
        """The key that is written so, as the key of a record of this side."""
        return ZohoId(text) if self is Side.ZOHO else MoodleKey(text)


class Kind(StrEnum):
    """How a value is held inside, whatever its side calls its type."""

    ID = "id"
    TEXT = "text"
    EMAIL = "email"
    INTEGER = "integer"
    DECIMAL = "decimal"
    MONEY = "money"
    DATE = "date"
    DATETIME = "datetime"
    BOOLEAN = "boolean"
    LOOKUP = "lookup"
    LOOKUPS = "lookups"
    MOODLE_ID = "moodle_id"
    TEXTS = "texts"
    SUBFORM = "subform"
    CRITERIA = "criteria"
    IMAGE = "image"

    @property
    def mappable(self) -> bool:
        """Whether a tenant may hold it as a field of his own: not the id, a table of rows, or a picture."""
        return self not in (Kind.ID, Kind.SUBFORM, Kind.CRITERIA, Kind.IMAGE)


@attrs.frozen(kw_only=True)
class Wire:
    """What an annotation says about the names of a field on its side, and its checks."""

    names: tuple[str, ...]
    kind: Kind | None = None
    unique: bool = False
    link: bool = False
    volatile: bool = False
    minimum: Decimal | None = None
    above: Decimal | None = None
    maximum: Decimal | None = None
    by_clock: bool = False
    """A moment that a computer noted; see `noted`."""
    clean: Callable[[str], str] | None = None
    row_key: str | None = None
    from_one: tuple[str, ...] = ()
    """Names under which what is counted from 0 here is counted from 1."""
    none_yet: str | None = None
    """The name that says, by true, that 0 under `from_one` is meant: there is none to count yet."""
    is_itself: bool = False
    """Of a table of rows: a record that has none, but the row key, is one row of it itself."""
    is_ours: bool = False
    """mzi alone writes it: what a sender says under its name is passed over."""
    parts: tuple[str, ...] = ()
    """Of what is made of other fields, a key or what is said of a link: their names inside, in order."""


def zoho(
    *names: str,
    unique: bool = False,
    volatile: bool = False,
    minimum: int | None = None,
    maximum: int | None = None,
    clean: Callable[[str], str] | None = None,
) -> Wire:
    """A field read from the first of `names` that a record carries, and pushed under the first that Zoho has.

    `unique`: no two live records of a tenant may share the value. `volatile`: kept, but a change of it alone
    is no change. `minimum`, `maximum`: inclusive bounds of a number. `clean`: text in, text to keep.
    """
    return Wire(
        names=names,
        unique=unique,
        volatile=volatile,
        minimum=None if minimum is None else Decimal(minimum),
        maximum=None if maximum is None else Decimal(maximum),
        clean=clean,
    )


def moodle(
    *names: str,
    volatile: bool = False,
    minimum: int | None = None,
    maximum: int | None = None,
    clean: Callable[[str], str] | None = None,
    from_one: tuple[str, ...] = (),
    none_yet: str | None = None,
) -> Wire:
    """A field read from the first of `names` that a record of Moodle's carries; see `zoho`.

    `from_one`: names under which a number is counted from 1, and which count only where no other is there.
    `none_yet`: the name of a switch with which 0 under one of these means the first; without it 0 is refused.
    """
    wire = zoho(*names, volatile=volatile, minimum=minimum, maximum=maximum, clean=clean)
    return attrs.evolve(wire, from_one=from_one, none_yet=none_yet)


def noted(*names: str, volatile: bool = False) -> Wire:
    """A moment that Moodle noted by its clock, which begins in 1970; people may choose days before that."""
    return attrs.evolve(moodle(*names, volatile=volatile), by_clock=True)


def ours(name: str) -> Wire:
    """What mzi keeps with a record of Moodle's: no field of that, and no sender's word counts for it."""
    return Wire(names=(name,), volatile=True, is_ours=True)


def composed(*parts: str) -> Wire:
    """A key made of the values of these fields, by their names inside, joined by `_`."""
    return Wire(names=(), kind=Kind.ID, parts=parts)


def identity(*names: str) -> Wire:
    """The key of the record: text or a whole number on the wire, text inside."""
    return Wire(names=names, kind=Kind.ID)


def money(*names: str, minimum: int | None = 0, above: int | None = None) -> Wire:
    """An exact amount in the record's currency; not negative unless `minimum` says so."""
    return Wire(
        names=names,
        kind=Kind.MONEY,
        minimum=None if minimum is None else Decimal(minimum),
        above=None if above is None else Decimal(above),
    )


def lookup(*names: str) -> Wire:
    """The id of another record, sent as `{"id", "name"}`, as a bare id, or null."""
    return Wire(names=names, kind=Kind.LOOKUP)


def lookups(*names: str) -> Wire:
    """A multi-select lookup: the ids of several records, each in a row of its own."""
    return Wire(names=names, kind=Kind.LOOKUPS)


def link(*names: str) -> Wire:
    """The Moodle id of the same person or thing: unique in a tenant, and never cleared by an update.

    Beside it stands a field `said_of` it: what Zoho says, which may not have been told of it yet.
    """
    return Wire(names=names, kind=Kind.MOODLE_ID, unique=True, link=True)


def said_of(link: str) -> Wire:
    """What Zoho itself says of a link, be it that it has none."""
    return Wire(names=(), kind=Kind.MOODLE_ID, parts=(link,))


def subform(name: str, *more: str, row_key: str, is_itself: bool = False) -> Wire:
    """A table of rows inside the record; the annotated type is `tuple[Row, ...]` of a declared row class.

    `row_key`: the cell, by its name inside, that tells the rows of one record apart. `is_itself`: a record
    without the table, but with this cell, is one row of it itself.
    """
    return Wire(names=(name, *more), kind=Kind.SUBFORM, row_key=row_key, is_itself=is_itself)


def criterion_texts(rows: str) -> Wire:
    """The family `P1_description` … `D9_description`, in the record and in the rows of subform `rows`."""
    return Wire(names=(rows,), kind=Kind.CRITERIA)


_NEVER = datetime.min.replace(tzinfo=UTC)


class Version(NamedTuple):
    """Of when a record is: the moment by its side's clock, and the number of the event that told it.

    The numbers tell the versions of one moment apart, and those of which no moment is known.
    """

    at: datetime | None = None
    number: int | None = None

    @property
    def order(self) -> tuple[datetime, int]:
        """By what versions are sorted: one of which nothing is known stands first."""
        return self.at or _NEVER, -1 if self.number is None else self.number

    @property
    def of_number(self) -> "Version":
        """The same by its number alone."""
        return Version(None, self.number)

    def is_before(self, other: "Version") -> bool:
        """Whether it is older, as far as both are known."""
        if self.at is None or other.at is None or self.at == other.at:
            return self.number is not None and other.number is not None and self.number < other.number
        return self.at < other.at

    def after(self, other: "Version") -> "Version":
        """Itself, where it follows `other`: what it does not say of itself is as it was there."""
        if self.at is None:
            return Version(other.at, other.number if self.number is None else self.number)
        return Version(self.at, other.number) if self.number is None and self.at == other.at else self


UNVERSIONED = Version()
"""Of a record that does not say of when it is."""


@attrs.frozen(kw_only=True)
class Entity:
    """What every record has. `modified_at`: when its side changed it last, by that side's clock.

    Each side has a class of its own, which gives both fields their names: a declaration inherits from that.
    """

    side: ClassVar[Side]
    modified_at: datetime | None = None
    event_number: int | None = None
    """The number of the event that told it, where there is one: within one moment it says what is newer."""
    field_versions: tuple[str, ...] = ()
    """Of when those fields are that are not of its own version; see `mzi_core.field_versions`."""
    extra: Extra = attrs.field(factory=dict)
    """Fields that only this tenant maps, by the name it gave them."""

    @property
    def key(self) -> RecordKey:
        """The id that its side gives it."""
        key: RecordKey = getattr(self, self.side.key_name)
        return key

    @property
    def record_version(self) -> Version:
        """Of when it is."""
        return Version(self.modified_at, self.event_number)

    def as_of(self, version: Version) -> Self:
        """The same record of another version."""
        if version == self.record_version:
            return self
        return attrs.evolve(self, modified_at=version.at, event_number=version.number)


@attrs.frozen(kw_only=True)
class ZohoEntity(Entity):
    """What every record of Zoho has. `modified_at` is Zoho's own `Modified_Time`."""

    side = Side.ZOHO
    zoho_id: Annotated[ZohoId, identity("id", "ID")]
    modified_at: Annotated[datetime | None, zoho("Modified_Time", volatile=True)] = None


@attrs.frozen(kw_only=True)
class MoodleEntity(Entity):
    """What every record of Moodle has. Its times are of whole seconds; the event number orders the rest."""

    side = Side.MOODLE
    moodle_key: Annotated[MoodleKey, identity("id")]
    modified_at: Annotated[
        datetime | None, noted("timemodified", "timestamp", "timecreated", volatile=True)
    ] = None
    event_number: Annotated[int | None, moodle("event_number", "eventnumber", volatile=True)] = None
    field_versions: Annotated[tuple[str, ...], ours("field_versions")] = ()


E = TypeVar("E", bound=Entity)

Values = tuple[Any, ...]
"""A record as a row: the values of all declared fields in the order of the declaration, then its `extra`."""


@attrs.frozen(kw_only=True)
class Field:
    """One field of an entity or of a subform row, as its declaration reads."""

    name: str
    held_as: object
    kind: Kind
    wire: Wire
    default: Any
    row: type[Any] | None = None

    @property
    def required(self) -> bool:
        """Whether a record cannot do without it."""
        return self.default is attrs.NOTHING

    @property
    def points_at(self) -> Side | None:
        """The side whose record a lookup points at; None for a field of another kind."""
        if self.kind is not Kind.LOOKUP:
            return None
        return Side.MOODLE if self.held_as is MoodleKey else Side.ZOHO

    @property
    def names(self) -> tuple[str, ...]:
        """The names that its side gives it, in order of preference."""
        return self.wire.names

    @property
    def row_key(self) -> str:
        """The cell that tells the rows of a subform apart. Raises TypeError for a field without rows."""
        if self.wire.row_key is None:
            raise TypeError(f"`{self.name}` has no rows.")
        return self.wire.row_key


_KINDS: dict[object, Kind] = {
    str: Kind.TEXT,
    Email: Kind.EMAIL,
    int: Kind.INTEGER,
    Decimal: Kind.DECIMAL,
    date: Kind.DATE,
    datetime: Kind.DATETIME,
    bool: Kind.BOOLEAN,
    ZohoId: Kind.LOOKUP,
    MoodleKey: Kind.LOOKUP,
    MoodleId: Kind.MOODLE_ID,
}


def _plain(hint: object) -> object:
    """`X` for `X | None`: whether a value may be absent is said by the default, not by the type."""
    options = [option for option in get_args(hint) if option is not type(None)]
    return options[0] if type(None) in get_args(hint) and len(options) == 1 else hint


_read: dict[object, tuple[Field, ...]] = {}


def declared(cls: type[Any]) -> tuple[Field, ...]:
    """The fields of a declared class, in the order they are written down; read once a class.

    Raises TypeError for an annotation whose type has no kind: a mistake in the declaration.
    """
    if cls not in _read:
        _read[cls] = tuple(_fields(cls))
    return _read[cls]


def _fields(cls: type[Any]) -> Iterator[Field]:
    hints = get_type_hints(cls, include_extras=True)
    for attribute in attrs.fields(cls):
        hint = hints[attribute.name]
        wire = next((note for note in getattr(hint, "__metadata__", ()) if isinstance(note, Wire)), None)
        if wire is None:
            continue
        plain = _plain(get_args(hint)[0])
        kind = wire.kind or _KINDS.get(plain) or (Kind.TEXTS if get_origin(plain) is tuple else None)
        if kind is None:
            raise TypeError(f"{cls.__name__}.{attribute.name}: no kind for the type {plain!r}")
        yield Field(
            name=attribute.name,
            held_as=plain,
            kind=kind,
            wire=wire,
            default=attribute.default,
            row=get_args(plain)[0] if kind in (Kind.SUBFORM, Kind.CRITERIA) else None,
        )


class MoodleKind(StrEnum):
    """The kinds of thing in Moodle that a record of ours can stand for."""

    USER = "user"
    COURSE = "course"
    ENROLMENT = "enrolment"
    PROGRAM = "program"
    """A category or a course, as the college says."""


@attrs.frozen
class Counterpart:
    """What a record is in Moodle. `id`: the field that holds its id; of an enrolment, that of its course.

    `active`: the statuses in which there is one, where a college says no others; in every one if there are
    none. `ended`: those in which it is over. Both in Zoho's words, and told whatever their case.
    """

    kind: MoodleKind
    id: str
    active: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()

    def is_over(self, status: str | None) -> bool:
        """Whether a record with this status has ended."""
        return caseless(status or "") in map(caseless, self.ended)


@attrs.frozen(kw_only=True)
class Succession:
    """How records follow one another under one key: a user who is enrolled again has another enrolment.

    `id`: the field that tells which one it is. `made_as`, `maker`: those that only its making tells, its id
    then and who made it.
    """

    id: str
    made_as: str
    maker: str

    @property
    def made(self) -> tuple[str, str]:
        """What its making tells."""
        return self.made_as, self.maker


def caseless(status: str) -> str:
    """A status as it is compared: people write it with capitals or without."""
    return status.strip().casefold()


def _nothing_more(entity: Any) -> tuple[Reason, ...]:
    return ()


def _as_it_is(entity: Any) -> Any:
    return entity


@attrs.frozen(kw_only=True, slots=False, eq=False)  # there is one of each; derived views are cached on it
class Module(Generic[E]):
    """A kind of record that one side keeps: its names, its entity, and what follows from them.

    `remote_name`: what its side calls it. `depends_on` names the fields whose record must be stored first;
    `refers_to` the fields that only point. `upsert_key`: the field by which Zoho can find a record whose id
    nobody knows. `counterpart`: what a record of Zoho is in Moodle, if anything. `complete` fills in what is
    left to be inferred; `check` says what no single field can. `told_together`: groups of fields of which who
    tells one tells all. `succession`: how records follow one another under one key, if they do. `found_by`:
    the fields that point at a record by which its own are looked for.
    """

    name: str
    singular: str
    remote_name: str
    entity: type[E]
    aliases: tuple[str, ...] = ()
    depends_on: Mapping[str, str] = attrs.field(factory=dict)
    refers_to: Mapping[str, str] = attrs.field(factory=dict)
    upsert_key: str | None = None
    counterpart: Counterpart | None = None
    complete: Callable[[E], E] = _as_it_is
    check: Callable[[E], tuple[Reason, ...]] = _nothing_more
    told_together: tuple[tuple[str, ...], ...] = ()
    succession: Succession | None = None
    found_by: tuple[str, ...] = ()

    @property
    def side(self) -> Side:
        """Which side owns its records."""
        return self.entity.side

    @property
    def key_name(self) -> str:
        """What the key of its records is called."""
        return self.side.key_name

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """Every declared field, in order."""
        return declared(self.entity)

    @cached_property
    def field(self) -> Mapping[str, Field]:
        """The declared fields by their name inside."""
        return {field.name: field for field in self.fields}

    @cached_property
    def compared(self) -> tuple[Field, ...]:
        """The fields whose change is a change: all but the key and the volatile ones."""
        return tuple(f for f in self.fields if not f.wire.volatile and f.name != self.key_name)

    @cached_property
    def place(self) -> Mapping[str, int]:
        """Where in the values of a record each declared field stands; `extra` stands last."""
        return {field.name: place for place, field in enumerate(self.fields)}

    @cached_property
    def key_place(self) -> int:
        """Where in the values of a record its key stands."""
        return self.place[self.key_name]

    @cached_property
    def compared_places(self) -> tuple[int, ...]:
        """Where in the values of a record the compared fields stand."""
        return tuple(self.place[field.name] for field in self.compared)

    @cached_property
    def values_of(self) -> Callable[[E], Values]:
        """The values of an entity."""
        return attrgetter(*self.place, "extra")

    def entity_of(self, values: Values) -> E:
        """The entity with these values."""
        *fields, extra = values
        return self.entity(extra=extra, **dict(zip(self.place, fields, strict=True)))

    @property
    def completes(self) -> bool:
        """Whether the declaration fills in what a record leaves open."""
        return self.complete is not _as_it_is

    @property
    def checks(self) -> bool:
        """Whether the declaration says of a record what no single field can."""
        return self.check is not _nothing_more

    @property
    def merges(self) -> bool:
        """Whether a record that comes is put together with the one that is stored, field by field."""
        return "field_versions" in self.field

    @property
    def numbers_events(self) -> bool:
        """Whether its records say the number of the event that told them."""
        return "event_number" in self.field

    @cached_property
    def unique(self) -> tuple[Field, ...]:
        """The fields no two live records of a tenant may share."""
        return tuple(f for f in self.fields if f.wire.unique)

    @cached_property
    def unique_names(self) -> tuple[str, ...]:
        """Their names inside."""
        return tuple(field.name for field in self.unique)

    @cached_property
    def links(self) -> tuple[Field, ...]:
        """The fields that tie the record to Moodle."""
        return tuple(f for f in self.fields if f.wire.link)

    @cached_property
    def our_names(self) -> tuple[str, ...]:
        """The names under which mzi alone writes something."""
        return tuple(field.names[0] for field in self.fields if field.wire.is_ours)

    @cached_property
    def own_ids(self) -> tuple[str, ...]:
        """The fields that hold the id of a record's own counterpart: its links, and one that is shared."""
        names = [field.name for field in self.links]
        if self.counterpart is not None and self.counterpart.kind is MoodleKind.PROGRAM:
            names.append(self.counterpart.id)
        return tuple(names)

    def as_sent(self, record: Any) -> Any:
        """A record without what a sender has no say in."""
        if not isinstance(record, Mapping) or not any(name in record for name in self.our_names):
            return record
        return {name: value for name, value in record.items() if name not in self.our_names}

    @cached_property
    def said_of_links(self) -> Mapping[str, str]:
        """By a field that holds what Zoho says of a link, that link."""
        own = (field for field in self.fields if field.wire.parts and field.name != self.key_name)
        return {field.name: field.wire.parts[0] for field in own}

    @cached_property
    def said_in(self) -> Mapping[str, str]:
        """By a link, the field that holds what Zoho says of it."""
        return {link: name for name, link in self.said_of_links.items()}

    def told_changes(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """The changed fields to tell of these: that Zoho says of a link what it has just set is no news."""
        said = self.said_of_links
        return tuple(name for name in names if said.get(name) not in names) if said else names


AnyModule = Module[Any]
