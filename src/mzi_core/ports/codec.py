"""Between the records of a remote service and entities."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, Protocol, Self

import attrs

from mzi_core.errors import unforeseen
from mzi_core.fingerprints import Encode
from mzi_core.mapping import Overlay
from mzi_core.module import UNVERSIONED, AnyModule, E, Module, Values, Version
from mzi_core.values import Code, Reason, RecordKey

MOST_REASONS = 30
"""About one record; a record can be wrong in each of ten thousand rows."""


def _the_first(reasons: tuple[Reason, ...]) -> tuple[Reason, ...]:
    if len(reasons) <= MOST_REASONS:
        return reasons
    more = len(reasons) - MOST_REASONS + 1
    last = Reason(Code.OUT_OF_RANGE, "$", f"And {more:,} further values of it are wrong.")
    return (*reasons[: MOST_REASONS - 1], last)


@attrs.frozen(kw_only=True)
class Decoded(Generic[E]):
    """A wire record understood: the entity, or None and every reason why not.

    With an entity, `reasons` holds what was noticed about it. `key` is there whenever it could be read, and
    so is the `version` of a record that was not understood. Of very many reasons the first are told, and how
    many more there are.
    """

    key: RecordKey | None
    entity: E | None
    reasons: tuple[Reason, ...] = attrs.field(default=(), converter=_the_first)
    version: Version = UNVERSIONED


class Unreadable(str):
    """What stands in the place of a record that cannot be read, as it was written; `said` ends a sentence.

    It is passed on as a record, so that it gets an outcome of its own and spoils none beside it. `code` and
    `path`: the kind of fault, and where in the record it is.
    """

    __slots__ = ("code", "path", "said")
    said: str
    code: Code
    path: str

    def __new__(cls, text: str, said: str, code: Code = Code.NOT_AN_OBJECT, path: str = "$") -> Self:
        """The piece itself, and what is wrong with it."""
        piece = super().__new__(cls, text)
        piece.said, piece.code, piece.path = said, code, path
        return piece

    def reason(self, subject: str) -> Reason:
        """Why it was refused, in a sentence that begins with `subject`."""
        return Reason(self.code, self.path, f"{subject} {self.said}")


class RawRecord(bytes):
    """A wire record as it was written, and not read yet: of most that come again nobody need know more."""

    __slots__ = ()

    @abstractmethod
    def read(self) -> object:
        """What it says; an Unreadable where it cannot be read. It never raises."""
        ...


def decoded(
    decode: Callable[[object], Decoded[E]], record: object, key: RecordKey | None = None
) -> Decoded[E]:
    """A record as `decode` understands it; an Unreadable is not understood, nor one for which it raises.

    No decoder promises to be without fault, and one record never ends a page. `key`: where it is known.
    """
    try:
        said = record.read() if isinstance(record, RawRecord) else record
        if isinstance(said, Unreadable):
            return Decoded(key=None, entity=None, reasons=(said.reason("The record"),))
        return decode(said)
    except Exception as error:
        reason = Reason(Code.UNFORESEEN, "$", unforeseen(error))
        return Decoded(key=key, entity=None, reasons=(reason,))


@attrs.frozen(kw_only=True)
class Columns:
    """What the columns of a subform are called: API names by the names inside.

    `read`: every column a cell may be read from. `texts`: those that are held as text.
    """

    names: Mapping[str, str]
    read: tuple[str, ...]
    texts: frozenset[str]


@attrs.frozen(kw_only=True)
class FieldForms:
    """In which form an organisation holds the fields of a module, where a declaration leaves it open.

    `texts`: the fields that are held as text, whatever they are here; `moments`: days that are held as
    moments. `choices`: the values of pick-lists. `columns`: those of each declared subform whose rows can be
    read. All by the names inside.
    """

    texts: frozenset[str]
    moments: frozenset[str]
    choices: Mapping[str, tuple[str, ...]]
    columns: Mapping[str, Columns]


class Codec(Protocol):
    """Between wire records and entities. Not promised: that unknown keys survive a round trip."""

    def decoder(self, module: Module[E], overlay: Overlay) -> Callable[[object], Decoded[E]]:
        """How to understand one record that was read; fetched once, called for each.

        It never raises, whatever comes.
        """
        ...

    def plain_reader(
        self, module: Module[E], overlay: Overlay
    ) -> Callable[[Sequence[object]], Sequence[Values | None]] | None:
        """How to read plain records to their values; None where this codec has no such way.

        It gives None for a record about which there is any question: that one is the decoder's, which has
        the last word. Where it gives values, the decoder gives an entity of just these, and no reason.
        """
        ...

    def marker(
        self, module: Module[E], overlay: Overlay
    ) -> Callable[[Sequence[object]], tuple[list[RecordKey | None], list[str | None]]]:
        """How to mark what records say, word for word: in columns, the id of each and its mark.

        There is no id where a record has none to be known by, and no mark where what it says cannot be
        marked. Records of one id with equal marks are understood alike. Not promised: that records
        understood alike have equal marks; that one that is Unread can be marked before it is read.
        """
        ...

    def keeper(self, module: AnyModule, overlay: Overlay) -> Callable[[object], object]:
        """How to take out of a record what is not to be kept: fields nobody reads, and secrets.

        What is left is understood as the record was, and so are the reasons why it was refused.
        """
        ...

    @property
    def compact_json(self) -> Encode:
        """Writes what `mzi_core.fingerprints.compact_json` writes, byte for byte, and maybe sooner."""
        ...

    def encode(self, module: Module[E], entity: E, overlay: Overlay) -> dict[str, object]:
        """The record as Zoho writes it, under the first name of each field; JSON-able."""
        ...

    def writer(
        self, module: Module[E], overlay: Overlay, forms: FieldForms
    ) -> Callable[[E], Mapping[str, Any]]:
        """How to write the values of an entity into an organisation that holds them in these forms.

        By the names inside, `extra.` before a tenant's own; the rows of the subforms in `forms` under the API
        names of their columns, without ids and empty cells. What is written is understood as the entity was.
        """
        ...
