"""What Zoho says, as bytes: JSON answers, empty ones, and refusals."""

import json
from collections.abc import Mapping, Sequence

from mzi_adapters.web.transport import Response

Json = dict[str, object]

_JSON = {"content-type": "application/json;charset=UTF-8"}


class ApiError(Exception):
    """The request as a whole is refused; `answer` is what goes out."""

    def __init__(
        self, status: int, code: str, message: str, details: Mapping[str, object] | None = None
    ) -> None:
        self.answer = said(status, error(code, message, details or {}))
        super().__init__(f"{status} {code}")


def said(status: int, body: object, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(status=status, headers={**_JSON, **(headers or {})}, body=text.encode())


def empty(status: int) -> Response:
    """204 and 304 have no body and no content type."""
    return Response(status=status)


def error(code: str, message: str, details: Mapping[str, object]) -> Json:
    """One error, of a request or of a record."""
    return {"code": code, "details": dict(details), "message": message, "status": "error"}


def results(items: Sequence[Json], *, whole: int, key: str = "data") -> Response:
    """A result for each record in order: `whole` when all went well, 207 when some did, 400 when none."""
    wrong = sum(item["status"] == "error" for item in items)
    status = 400 if wrong and wrong == len(items) else 207 if wrong else whole
    return said(status, {key: list(items)})
