"""Zoho's own description of its API, laid over a wire: whatever passes is checked against it."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import attrs
from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse
from tests.shared import ZOHO_OPENAPI, is_there, shared

from mzi_adapters.web.transport import Request, Response, Streamed, Transport

UNDESCRIBED = re.compile(r"/crm/v8/(settings/.*|org|users|[^/]+/actions/count)")
"""What the document does not tell of."""


class NotZohoShaped(AssertionError):
    """A request or an answer that Zoho's own description does not allow."""


@cache
def zoho_openapi() -> OpenAPI | None:
    """The document as published, with what is known to be wrong in it put right; read once.

    It is Zoho's, so it is not kept here. None: it is not there, and nothing is checked against it; the report
    of a test run begins with saying so.
    """
    if not is_there(*ZOHO_OPENAPI):
        return None
    with shared(*ZOHO_OPENAPI).open(encoding="utf-8") as file:
        document: dict[str, Any] = json.load(file)
    _put_right(document["paths"])
    failures = document["components"]["schemas"]["ZErr"]["anyOf"]
    failures.append({"type": "object", "required": ["watch"]})  # all channels failed, as with all records
    return OpenAPI.from_dict(document)


def _put_right(paths: dict[str, Any]) -> None:
    """Where Zoho's own documentation, or its examples, contradict the document.

    Each line is a fact that `spec/zoho.md` holds against it.
    """
    coql = paths["/crm/v8/coql"]["post"]["responses"]["200"]
    _properties(coql)["data"]["maxItems"] = 2_000  # 200 is the default LIMIT, 2,000 the largest
    asked = _properties(paths["/crm/bulk/v8/read"]["post"]["requestBody"])
    asked["callback"]["properties"]["url"] = {"type": "string"}  # an example had become an enum
    query = asked["query"]["properties"]
    query["page_token"] = {"type": "string"}
    comparators = query["criteria"]["properties"]["group"]["items"]["properties"]["comparator"]["enum"]
    comparators += ["greater_equal", "greater_than", "less_equal", "less_than"]
    job = _properties(paths["/crm/bulk/v8/read/{jobId}"]["get"]["responses"]["200"])["data"]["items"]
    job["required"] = [name for name in job["required"] if not name.endswith("__s")]  # of another API
    job["properties"]["state"]["enum"].append("FAILURE")
    told = job["properties"]["query"]["properties"]
    told["page_token"] = {"type": "string"}
    criterion = told["criteria"]["properties"]["group"]["items"]
    criterion["properties"]["comparator"]["enum"] += comparators[-4:]
    result = paths["/crm/bulk/v8/read/{jobId}/result"]["get"]["responses"]
    result["200"]["content"]["application/zip"]["schema"] = {}  # a file is not a JSON object
    result["429"] = {"description": "ten downloads a minute"}
    channel = _properties(paths["/crm/v8/actions/watch"]["post"]["requestBody"])["watch"]["items"]
    channel["properties"]["return_affected_field_values"] = {"type": "boolean"}
    channel["properties"]["notify_on_related_action"] = {"type": "boolean"}
    paths["/crm/v8/actions/watch"]["get"]["responses"]["204"] = {"description": "no channels"}


def _properties(holder: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = holder["content"]["application/json"]["schema"]["properties"]
    return found


@attrs.frozen
class Validating:
    """A wire that raises NotZohoShaped for what the document forbids; other hosts' traffic passes.

    With `requests=False` only the answers are checked, so that a test can ask what nobody should.
    """

    wire: Transport
    openapi: OpenAPI | None = attrs.field(factory=zoho_openapi)
    requests: bool = True

    async def send(self, request: Request) -> Response:
        """As `Wire.send`, checked on the way there and back."""
        self._check_request(request)
        answer = await self.wire.send(request)
        self._check_answer(request, answer)
        return answer

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncIterator[Streamed]:
        """As `Wire.stream`; of the answer only what is not a file can be checked, so nothing is."""
        self._check_request(request)
        async with self.wire.stream(request) as streamed:
            yield streamed

    def _check_request(self, request: Request) -> None:
        if self.openapi is not None and self.requests and _described(request):
            try:
                self.openapi.validate_request(_as_theirs(request))
            except OpenAPIError as wrong:
                raise NotZohoShaped(_said("request", request, wrong)) from wrong

    def _check_answer(self, request: Request, answer: Response) -> None:
        if self.openapi is None or not _described(request):
            return
        kind = answer.headers.get("content-type", "").partition(";")[0]
        try:
            self.openapi.validate_response(
                _as_theirs(request), MockResponse(answer.body, answer.status, {}, kind)
            )
        except OpenAPIError as wrong:
            raise NotZohoShaped(f"{answer.status}: {_said('answer', request, wrong)}") from wrong


def _described(request: Request) -> bool:
    path = urlsplit(request.url).path
    return path.startswith("/crm/") and not UNDESCRIBED.fullmatch(path)


def _as_theirs(request: Request) -> MockRequest:
    split = urlsplit(request.url)
    headers = {name.title(): value for name, value in request.headers.items()}
    # Zoho takes JSON without a content type, and official clients send none.
    return MockRequest(
        f"{split.scheme}://{split.netloc}",
        request.method.lower(),
        split.path,
        args=dict(request.query),
        headers=headers,
        data=request.body,
        content_type="application/json",
    )


def _said(what: str, request: Request, wrong: Exception) -> str:
    """Every reason the document gives, the inner ones first of all."""
    reasons = [wrong]
    while reasons[-1].__cause__ is not None:
        reasons.append(reasons[-1].__cause__)  # type: ignore[arg-type]  # causes here are exceptions
    schema = [str(getattr(each, "message", each)) for each in getattr(reasons[-1], "schema_errors", ())]
    where = f"{request.method} {urlsplit(request.url).path}"
    return f"the {what} of {where} is not Zoho's: {'; '.join([str(reasons[-1]), *schema])}"
