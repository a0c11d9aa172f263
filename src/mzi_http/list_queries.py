"""What is asked of a list: the parameters in the query string, and what they say in the document."""

from collections.abc import Sequence
from datetime import datetime

from starlette.requests import Request

from mzi_core.grading import BUILT_IN, Language
from mzi_core.grading.plain_values import read_instant
from mzi_core.keepable_text import is_keepable
from mzi_core.ports import Cursor, Query
from mzi_core.values import YEARS, State
from mzi_http.context import tenant
from mzi_http.cursors import BadCursor, read_cursor
from mzi_http.errors import BAD_PARAMETER, Problem, ProblemItem

LIMIT = 50
LARGEST_LIMIT = 200

_LONGEST_NUMBER = 18
"""Digits of a number that any database can hold."""

PARAMETERS = ("state", "updated_since", "limit", "cursor", "with_deleted")
_LISTED = tuple(state for state in State if state is not State.UNCHANGED)


def parameter(name: str, description: str, schema: dict[str, object]) -> dict[str, object]:
    """A parameter of the query, as the document has it."""
    return {"name": name, "in": "query", "description": description, "schema": schema}


PAGING = (
    parameter("limit", "", {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": LIMIT}),
    parameter("cursor", "`next` of the page before.", {"type": "string"}),
)
"""Of every list."""

DESCRIBED = (
    parameter("state", "INVALID and ERROR list what is parked.", {"enum": list(_LISTED)}),
    parameter("updated_since", "Changed at or after this moment.", {"type": "string", "format": "date-time"}),
    *PAGING,
    parameter("with_deleted", "Deleted records too.", {"type": "boolean", "default": False}),
)
"""As the document has them."""

DESCRIBED_PAGE = (
    parameter("lang", "The language of the page.", {"enum": list(Language), "default": Language.EN}),
    parameter("history", "Every earlier decision too.", {"type": "boolean", "default": False}),
)
"""Those of a page for people, as the document has them."""

DESCRIBED_POLICY = (
    parameter("policy", "The built-in policy to judge by.", {"enum": list(BUILT_IN)}),
    parameter(
        "level",
        "The programme level (L3, HND, Level 4/5), to judge by the tenant's policy.",
        {"type": "string"},
    ),
)
"""Those of what is judged, as the document has them."""


class ListParameters:
    """The query of a request, read parameter by parameter; everything wrong with it is gathered.

    `allowed`: the names of those there are.
    """

    def __init__(self, request: Request, allowed: Sequence[str] = PARAMETERS) -> None:
        self.values = dict(request.query_params)
        self.faults: list[ProblemItem] = []
        names = [name for name, _ in request.query_params.multi_items()]
        for name in dict.fromkeys(names):
            if name not in allowed:
                self.refuse(name, f"There is no parameter `{name[:60]}`; there are {', '.join(allowed)}.")
            elif names.count(name) > 1:
                self.refuse(name, f"`{name}` is given more than once.")
            elif not is_keepable(self.values[name]):  # no half character stands in an address
                self.refuse(name, f"`{name}` holds a NUL, which nothing that is kept has.")

    def refuse(self, name: str, said: str) -> None:
        self.faults.append(ProblemItem(said, name))

    def finish(self) -> None:
        """Raises Problem: 400 with every reason."""
        if self.faults:
            raise Problem.of(BAD_PARAMETER, self.faults)

    def state(self) -> State | None:
        given = self.values.get("state")
        if given is None or given in _LISTED:
            return None if given is None else State(given)
        if given == State.UNCHANGED:
            said = (
                "`UNCHANGED` is what became of a request, and no state a record stays in; "
                "ask for NEW or UPDATED, or leave `state` away."
            )
        else:
            said = f"`state` must be one of {', '.join(_LISTED)}."
        self.refuse("state", said)
        return None

    def updated_since(self) -> datetime | None:
        given = self.values.get("updated_since")
        try:
            return None if given is None else read_instant(given, "updated_since")
        except ValueError:
            said = "`updated_since` must be a time with its offset, such as 2026-02-15T08:00:00Z"
            self.refuse("updated_since", f"{said} (a `+` is written %2B), of {YEARS}.")
            return None

    def limit(self) -> int:
        given = self.values.get("limit", str(LIMIT))
        if given.isascii() and given.isdigit() and 1 <= int(given[:9]) <= LARGEST_LIMIT:
            return int(given)
        self.refuse("limit", f"`limit` must be a whole number from 1 to {LARGEST_LIMIT}.")
        return LIMIT

    def switch(self, name: str) -> bool:
        given = self.values.get(name, "false")
        if given not in ("true", "false"):
            self.refuse(name, f"`{name}` must be true or false.")
        return given == "true"

    def language(self) -> Language:
        given = self.values.get("lang", Language.EN)
        if given not in list(Language):
            self.refuse("lang", f"`lang` must be one of {', '.join(Language)}.")
            return Language.EN
        return Language(given)

    def after(self, list_id: Sequence[object]) -> Cursor | None:
        given = self.values.get("cursor")
        try:
            return None if given is None else read_cursor(given, list_id)
        except BadCursor as error:
            self.refuse("cursor", str(error))
            return None

    def after_number(self, list_id: Sequence[object]) -> Cursor | None:
        """As `after`, in a list whose keys are numbers."""
        found = self.after(list_id)
        if found is None or (found.key.isdecimal() and len(found.key) <= _LONGEST_NUMBER):
            return found
        self.refuse("cursor", str(BadCursor()))
        return None


def read_policy_query(request: Request) -> tuple[str | None, str | None]:
    """The policy and the level to judge by. Raises Problem: 400 with every reason."""
    read = ListParameters(request, [str(each["name"]) for each in DESCRIBED_POLICY])
    read.finish()
    return read.values.get("policy"), read.values.get("level")


def read_query(request: Request, module: str) -> tuple[Query, Sequence[object]]:
    """The query of a request, and what its list depends on. Raises Problem: 400 with every reason."""
    read = ListParameters(request)
    state, since, with_deleted = read.state(), read.updated_since(), read.switch("with_deleted")
    list_id = (tenant(request), module, state, since, with_deleted)
    query = Query(
        state=state,
        updated_since=since,
        with_deleted=with_deleted,
        after=read.after(list_id),
        limit=read.limit(),
    )
    read.finish()
    return query, list_id


def read_history_query(request: Request, list_id: Sequence[object]) -> tuple[Cursor | None, int]:
    """Behind which decision a history goes on, and how many are asked for. Raises Problem."""
    read = ListParameters(request, ("limit", "cursor"))
    asked = read.after_number(list_id), read.limit()
    read.finish()
    return asked


def read_page_query(request: Request) -> tuple[Language, bool]:
    """In which language a page is asked for, and whether with the history. Raises Problem."""
    read = ListParameters(request, ("lang", "history"))
    asked = read.language(), read.switch("history")
    read.finish()
    return asked
