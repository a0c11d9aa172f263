"""Search: an index that lags behind, in which `equals` means "contains something like it"."""

from collections.abc import Callable
from datetime import timedelta

import attrs

from mzi_adapters.testing.zoho.answers import ApiError, Json, empty, said
from mzi_adapters.testing.zoho.calls import ReceivedCall
from mzi_adapters.testing.zoho.module_tables import Row, Table
from mzi_adapters.testing.zoho.organization import FakeOrganization
from mzi_adapters.testing.zoho.query_columns import Column
from mzi_adapters.web.transport import Response

PER_PAGE = 200
REACHABLE = 2_000
CRITERIA = 10
VALUES = 100
SHORTEST_WORD = 2
_BLURRED = str.maketrans(dict.fromkeys("{}[]^:-/!?*_@ ", " "))
_TEXT = frozenset({"text", "textarea", "email", "phone", "website"})
_BY = {"email": frozenset({"email"}), "phone": frozenset({"phone"}), "word": _TEXT}

Test = Callable[[Row], bool]


def blurred(text: object) -> str:
    """Text as the index holds it: no letter case, and every special sign a blank."""
    return str(text).casefold().translate(_BLURRED)


@attrs.define
class Searching:
    """`GET /{module}/search`, and the count that takes the same criteria."""

    organization: FakeOrganization
    lag: timedelta = timedelta(seconds=30)
    """How long a change through the API is not in the index."""

    def search(self, call: ReceivedCall) -> Response:
        """The first of criteria, email, phone and word decides; 204 for nothing found."""
        table = self.organization.table(call.path["module"])
        test = self._asked(table, call)
        per_page, page = call.number("per_page", PER_PAGE, PER_PAGE), call.number("page", 1)
        if per_page * page > REACHABLE:
            raise ApiError(400, "LIMIT_REACHED", "search reaches no further", {"limit": REACHABLE})
        now = self.organization.now()
        rows = [
            row
            for row in table.before(self.organization.highest())
            if (row.indexed is None or row.indexed + self.lag <= now) and test(row)
        ]
        shown = rows[(page - 1) * per_page : page * per_page]
        if not shown:
            return empty(204)
        names = [name for name in call.query.get("fields", "").split(",") if name] or None
        more = len(rows) > page * per_page
        info = {"per_page": per_page, "count": len(shown), "page": page, "more_records": more}
        return said(
            200, {"data": [self.organization.shown(table, row, names) for row in shown], "info": info}
        )

    def count(self, call: ReceivedCall) -> Response:
        """`GET /{module}/actions/count`."""
        table = self.organization.table(call.path["module"])
        if not any(name in call.query for name in ("criteria", *_BY)):
            return said(200, {"count": len(table.rows)})
        return said(200, {"count": sum(map(self._asked(table, call), table.rows.values()))})

    def _asked(self, table: Table, call: ReceivedCall) -> Test:
        if "criteria" in call.query:
            return self.criteria(table, call.query["criteria"])
        for name, types in _BY.items():
            if name in call.query:
                if name == "word" and len(call.query[name]) < SHORTEST_WORD:
                    raise ApiError(400, "INVALID_DATA", "the word is too short", {"param_name": name})
                wanted = blurred(call.query[name])
                fields = [field.api_name for field in table.of_type(*types)]
                return lambda row: any(wanted in blurred(row.values.get(field, "")) for field in fields)
        details: Json = {"param_names": ["criteria", *_BY]}
        raise ApiError(400, "EXPECTED_PARAM_MISSING", "One of the expected parameter is missing", details)

    def criteria(self, table: Table, text: str) -> Test:
        """The test that criteria such as `((Name:equals:Sara A.)and(id:greater_than:5))` ask for."""
        reader = _Criteria(text, lambda leaf: self._leaf(table, leaf))
        test = reader.group()
        if reader.place != len(text) or reader.count > CRITERIA:
            raise _invalid()
        return test

    def _leaf(self, table: Table, leaf: str) -> Test:
        name, _, rest = leaf.partition(":")
        comparator, colon, value = rest.partition(":")
        if not colon or comparator not in _COMPARISONS:
            raise _invalid()
        column = Column(self.organization, table, name.strip())
        several = comparator in ("in", "between")
        given = [_plain(each) for each in (_split(value) if several else [value])]
        if len(given) > VALUES:
            raise _invalid()
        if column.field.data_type in _TEXT and comparator in ("equals", "not_equal", "in", "starts_with"):
            return _fuzzy(column, comparator, [blurred(each) for each in given])
        meant = [column.meant(_literal(column, each)) for each in given]
        compare = _COMPARISONS[comparator]

        def holds(row: Row) -> bool:
            found = column.compared(row)
            return found is not None and compare(found, meant)

        return holds


def _fuzzy(column: Column, comparator: str, wanted: list[str]) -> Test:
    def holds(row: Row) -> bool:
        found = column.compared(row)
        if found is None:
            return False
        if comparator == "starts_with":
            return blurred(found).startswith(wanted[0])
        alike = any(each in blurred(found) for each in wanted)
        return alike != (comparator == "not_equal")

    return holds


def _literal(column: Column, text: str) -> str | int | float | bool:
    if column.field.data_type == "boolean":
        return text == "true"
    if column.field.json_type in ("integer", "double") and not column.is_reference:
        try:
            return float(text)
        except ValueError:
            raise _invalid() from None
    return text


def _split(text: str) -> list[str]:
    """The values between commas that no backslash escapes."""
    found, escaped = [""], False
    for sign in text:
        if sign == "," and not escaped:
            found.append("")
        else:
            found[-1] += sign
        escaped = sign == "\\" and not escaped
    return found


def _plain(text: str) -> str:
    """The value without its backslashes."""
    found, escaped = "", False
    for sign in text:
        escaped = sign == "\\" and not escaped
        found += "" if escaped else sign
    return found


@attrs.define
class _Criteria:
    """Reads brackets; what is in the innermost ones is a criterion."""

    text: str
    leaf: Callable[[str], Test]
    place: int = 0
    count: int = 0

    def group(self) -> Test:
        self._pass("(")
        if self.text[self.place : self.place + 1] != "(":
            return self._criterion()
        test = self.group()
        while not self._passes(")"):
            test = self._joined(test, self._word())
        return test

    def _joined(self, left: Test, word: str) -> Test:
        right = self.group()
        if word == "and":
            return lambda row: left(row) and right(row)
        return lambda row: left(row) or right(row)

    def _criterion(self) -> Test:
        start, escaped = self.place, False
        while self.place < len(self.text):
            sign = self.text[self.place]
            if sign == ")" and not escaped:
                break
            if sign == "(" and not escaped:
                raise _invalid()
            escaped = sign == "\\" and not escaped
            self.place += 1
        test = self.leaf(self.text[start : self.place])
        self._pass(")")
        self.count += 1
        return test

    def _word(self) -> str:
        for word in ("and", "or"):
            rest = self.text[self.place :].lstrip()
            if rest.lower().startswith(word):
                self.place = len(self.text) - len(rest[len(word) :].lstrip())
                return word
        raise _invalid()

    def _passes(self, sign: str) -> bool:
        found = self.text[self.place : self.place + 1] == sign
        self.place += found
        return found

    def _pass(self, sign: str) -> None:
        if not self._passes(sign):
            raise _invalid()


_COMPARISONS: dict[str, Callable[[object, list[object]], bool]] = {
    "equals": lambda found, meant: found == meant[0],
    "not_equal": lambda found, meant: found != meant[0],
    "starts_with": lambda found, meant: str(found).startswith(str(meant[0])),
    "in": lambda found, meant: found in meant,
    "greater_than": lambda found, meant: found > meant[0],  # type: ignore[operator]  # `meant` is of its type
    "greater_equal": lambda found, meant: found >= meant[0],  # type: ignore[operator]  # as above
    "less_than": lambda found, meant: found < meant[0],  # type: ignore[operator]  # as above
    "less_equal": lambda found, meant: found <= meant[0],  # type: ignore[operator]  # as above
    "between": lambda found, meant: meant[0] <= found <= meant[1],  # type: ignore[operator]  # as above
}


def _invalid() -> ApiError:
    return ApiError(400, "INVALID_QUERY", "Invalid query formed", {"reason": "invalid criteria"})
