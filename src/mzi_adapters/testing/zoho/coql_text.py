"""COQL as far as it is understood here: one select over one module, read into a query."""

import re
from collections.abc import Sequence
from typing import NoReturn

import attrs

from mzi_adapters.testing.zoho.answers import ApiError, Json

COLUMNS = 500
LARGEST = 2_000
DEFAULT = 200
REACHABLE = 100_000
CRITERIA = 25
IN = 100
SORTS = 10
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?[0-9]{1,19}(?:\.[0-9]{1,19})?)|(?P<sign>>=|<=|!=|=|>|<|\(|\)|,)"
    r"|(?P<word>[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*))"
)
_COMPARATORS = frozenset({"=", "!=", ">", ">=", "<", "<="})

Value = str | int | float | bool | None


@attrs.frozen
class Compared:
    """`column comparator value`; `in`, `not in` and `between` have several values."""

    column: str
    comparator: str
    values: tuple[Value, ...]


@attrs.frozen
class Both:
    """Two conditions joined by `and` or `or`: longer chains come in brackets."""

    joined_by: str
    left: "Condition"
    right: "Condition"


Condition = Compared | Both


@attrs.frozen
class CoqlQuery:
    """One select."""

    columns: tuple[str, ...]
    module: str
    where: Condition
    order: tuple[tuple[str, bool], ...] = ()
    """Columns, and whether they descend."""
    limit: int = DEFAULT
    offset: int = 0
    counts: bool = False
    """Whether it asks for `COUNT(id)` and nothing else."""


def read_coql(text: str) -> CoqlQuery:
    """A query from its text. Raises ApiError as Zoho words it."""
    return _Reader(text).query()


@attrs.define
class _Reader:
    text: str
    place: int = 0
    criteria: int = 0

    def _peek(self) -> tuple[str, str]:
        found = _TOKEN.match(self.text, self.place)
        if found is None:
            if self.text[self.place :].strip():
                self._refuse()
            return "end", ""
        return found.lastgroup or "", found.group(found.lastgroup or "")

    def _next(self) -> tuple[str, str]:
        token = self._peek()
        found = _TOKEN.match(self.text, self.place)
        if found is not None:
            self.place = found.end()
        return token

    def _refuse(self, message: str = "error occured near the text given", **details: object) -> NoReturn:
        near: Json = {"near": self.text[self.place : self.place + 20].strip(), "column": self.place}
        raise ApiError(400, "SYNTAX_ERROR", message, {**near, **details})

    def _takes(self, *words: str) -> bool:
        """Whether these words come next; they are passed over if so."""
        before = self.place
        for word in words:
            kind, found = self._next()
            if kind == "text" or found.lower() != word:
                self.place = before
                return False
        return True

    def _word(self) -> str:
        kind, found = self._next()
        if kind != "word":
            self._refuse()
        return found

    def _whole(self) -> int:
        kind, found = self._next()
        if kind != "number" or not found.isdecimal():
            self._refuse()
        return int(found)

    def query(self) -> CoqlQuery:
        if not self._takes("select"):
            self._refuse()
        columns, counts = self._columns()
        if not self._takes("from"):
            self._refuse("missing clause", clause="from")
        module = self._word()
        if not self._takes("where"):
            self._refuse("missing clause", clause="where")
        where = self._condition()
        order = self._order() if self._takes("order", "by") else ()
        limit, offset = self._window()
        if self._peek()[0] != "end":
            self._refuse()
        return CoqlQuery(columns, module, where, order, limit, offset, counts)

    def _columns(self) -> tuple[tuple[str, ...], bool]:
        if self._takes("count"):
            if not self._takes("(", "id", ")"):
                self._refuse()
            return ("id",), True
        columns = [self._word()]
        while self._takes(","):
            columns.append(self._word())
        if len(columns) > COLUMNS:
            _too_many("select", COLUMNS)
        twice = {name for name in columns if columns.count(name) > 1}
        if twice:
            raise ApiError(400, "DUPLICATE_DATA", "duplicate column", {"column_name": min(twice)})
        return tuple(columns), False

    def _condition(self) -> Condition:
        left = self._term()
        for word in ("and", "or"):
            if self._takes(word):
                return Both(word, left, self._term())
        return left

    def _term(self) -> Condition:
        if self._takes("("):
            found = self._condition()
            if not self._takes(")"):
                self._refuse()  # a third condition without brackets of its own
            return found
        return self._criterion()

    def _criterion(self) -> Compared:
        self.criteria += 1
        if self.criteria > CRITERIA:
            _too_many("where", CRITERIA)
        column = self._word()
        if self._takes("is"):
            comparator = "is not null" if self._takes("not") else "is null"
            if not self._takes("null"):
                self._refuse()
            return Compared(column, comparator, ())
        if self._takes("not", "in"):
            return Compared(column, "not in", self._values())
        if self._takes("in"):
            return Compared(column, "in", self._values())
        if self._takes("between"):
            low = self._value()
            if not self._takes("and"):
                self._refuse()
            return Compared(column, "between", (low, self._value()))
        for word in ("not like", "like"):
            if self._takes(*word.split()):
                return Compared(column, word, (self._value(),))
        kind, sign = self._next()
        if kind != "sign" or sign not in _COMPARATORS:
            self._refuse()
        return Compared(column, sign, (self._value(),))

    def _values(self) -> tuple[Value, ...]:
        if not self._takes("("):
            self._refuse()
        found = [self._value()]
        while self._takes(","):
            found.append(self._value())
        if not self._takes(")"):
            self._refuse()
        if len(found) > IN:
            _too_many("in", IN)
        return tuple(found)

    def _value(self) -> Value:
        kind, found = self._next()
        if kind == "text":
            return found[1:-1].replace("''", "'")
        if kind == "number":
            return float(found) if "." in found else int(found)
        if kind == "word" and found.lower() in ("true", "false"):
            return found.lower() == "true"
        return self._refuse()

    def _order(self) -> tuple[tuple[str, bool], ...]:
        found = [self._sort()]
        while self._takes(","):
            found.append(self._sort())
        if len(found) > SORTS:
            _too_many("order by", SORTS)
        return tuple(found)

    def _sort(self) -> tuple[str, bool]:
        column = self._word()
        if self._takes("desc"):
            return column, True
        self._takes("asc")
        return column, False

    def _window(self) -> tuple[int, int]:
        limit, offset = DEFAULT, 0
        if self._takes("limit"):
            limit = self._whole()
            if self._takes(","):
                offset, limit = limit, self._whole()
        if self._takes("offset"):
            offset = self._whole()
        if limit > LARGEST:
            _too_many("limit", LARGEST)
        if offset + limit > REACHABLE:
            _too_many("offset", REACHABLE)
        return limit, offset


def _too_many(clause: str, limit: int) -> NoReturn:
    raise ApiError(400, "LIMIT_EXCEEDED", f"{clause} limit exceeded", {"clause": clause, "limit": limit})


def criteria_of(condition: Condition) -> Sequence[Compared]:
    """What must hold in any case: the criteria joined by `and` at the top."""
    if isinstance(condition, Compared):
        return [condition]
    if condition.joined_by == "and":
        return [*criteria_of(condition.left), *criteria_of(condition.right)]
    return []
