"""A request taken apart: what a route and its handler want to know of it."""

import json
import re
from collections.abc import Mapping
from datetime import datetime

import attrs

from mzi_adapters.testing.zoho.answers import ApiError, Json
from mzi_adapters.web.transport import Request

_DIGITS = re.compile(r"[0-9]{1,19}")


@attrs.frozen
class ReceivedCall:
    """One request to the API: `path` holds the parts of the route that vary."""

    request: Request
    path: Mapping[str, str]
    query: Mapping[str, str]
    _parsed: list[Json] = attrs.field(factory=list, init=False, repr=False)

    def header(self, name: str) -> str | None:
        """A header, whatever the case of its name."""
        return next((v for k, v in self.request.headers.items() if k.lower() == name), None)

    def body(self) -> Json:
        """The JSON object sent; official clients send it without a content type."""
        if not self._parsed:
            try:
                found = json.loads(self.request.body or b"")
            except ValueError:
                found = None
            if not isinstance(found, dict):
                raise ApiError(400, "INVALID_DATA", "body is not a JSON object", {"json_path": "$"})
            self._parsed.append(found)
        return self._parsed[0]

    def number(self, name: str, default: int, largest: int | None = None) -> int:
        """A whole number of at least 1 from the query."""
        given = self.query.get(name, str(default))
        found = id_in(given)
        if not found or (largest is not None and found > largest):
            details = {"param_name": name} if largest is None else {"param_name": name, "maximum": largest}
            raise ApiError(400, "INVALID_DATA", f"the {name} given seems to be invalid", details)
        return found


def id_in(given: object) -> int | None:
    """An id as a body carries it: text, or the whole number that Zoho's own SDK sends; None for neither."""
    if isinstance(given, bool) or not isinstance(given, str | int):
        return None
    return int(given) if _DIGITS.fullmatch(str(given)) else None


def moment_of(call: ReceivedCall, header: str) -> datetime | None:
    """The moment in a header, ISO 8601 with an offset."""
    given = call.header(header)
    if given is None:
        return None
    try:
        found = datetime.fromisoformat(given)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise ApiError(
            400, "INVALID_DATA", f"the {header} header given seems to be invalid", {"header": header}
        )
    return found
