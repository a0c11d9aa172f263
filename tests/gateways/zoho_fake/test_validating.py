"""The description of Zoho's API notices what is wrong in a request or an answer."""

import json
from contextlib import AbstractAsyncContextManager
from typing import Any

import attrs
import pytest
from tests.servers.zoho import NotZohoShaped, Validating
from tests.shared import ROOT, ZOHO_OPENAPI, is_there

from mzi_adapters.web.transport import Request, Response, Streamed

pytestmark = pytest.mark.skipif(
    not is_there(*ZOHO_OPENAPI), reason=f"Zoho's published description is not in {ROOT}; see MZI_SHARED."
)

API = "https://www.zohoapis.eu/crm/v8"
JSON = {"content-type": "application/json;charset=UTF-8"}


@attrs.frozen
class Saying:
    """A wire that always says the same."""

    answer: Response

    async def send(self, request: Request) -> Response:
        """The answer."""
        return self.answer

    def stream(self, request: Request) -> AbstractAsyncContextManager[Streamed]:
        """Not of use here."""
        raise AssertionError


def request(method: str, path: str, body: Any = None, **query: str) -> Request:
    """A signed request."""
    headers = {"Authorization": "Zoho-oauthtoken t"}
    data = None if body is None else json.dumps(body).encode()
    return Request(method=method, url=API + path, query=tuple(query.items()), headers=headers, body=data)


def saying(status: int, body: Any) -> Validating:
    """A checked wire that answers so."""
    return Validating(Saying(Response(status=status, headers=JSON, body=json.dumps(body).encode())))


LIST = request("GET", "/Students", fields="id,Name")
FINE = {"data": [{"id": "5000000000000000001"}], "info": {"more_records": False}}
WRONG_REQUESTS = {
    "no fields": request("GET", "/Students"),
    "51 fields": request("GET", "/Students", fields=",".join(f"F{n}" for n in range(51))),
    "201 records a page": request("GET", "/Students", fields="id", per_page="201"),
    "101 records": request("POST", "/Students", {"data": [{}] * 101}),
    "a trigger that is a word": request("POST", "/Students", {"data": [{}], "trigger": "workflow"}),
    "an id that is a number": request("PUT", "/Students", {"data": [{"id": 5}]}),
    "no query": request("POST", "/coql", {}),
    "a path of another API": request("GET", "/Students/1/relations/of/many"),
    "no login": Request(method="GET", url=f"{API}/Students", query=(("fields", "id"),)),
}
WRONG_ANSWERS: dict[str, tuple[int, Any]] = {
    "an id that is a number": (200, {"data": [{"id": 5}]}),
    "a status it never has": (418, {}),
    "an error without a code": (400, {"message": "no"}),
    "info of another kind": (200, {"data": [{"id": "5"}], "info": {"more_records": "no"}}),
}


async def test_what_is_right_passes() -> None:
    assert (await saying(200, FINE).send(LIST)).status == 200


@pytest.mark.parametrize("what", WRONG_REQUESTS, ids=repr)
async def test_a_wrong_request_is_noticed(what: str) -> None:
    with pytest.raises(NotZohoShaped, match="the request of"):
        await saying(200, FINE).send(WRONG_REQUESTS[what])


@pytest.mark.parametrize("what", WRONG_ANSWERS, ids=repr)
async def test_a_wrong_answer_is_noticed(what: str) -> None:
    status, body = WRONG_ANSWERS[what]
    with pytest.raises(NotZohoShaped, match="the answer of"):
        await saying(status, body).send(LIST)


@pytest.mark.parametrize(
    "url",
    [
        "https://accounts.zoho.eu/oauth/v2/token",
        f"{API}/settings/fields",
        f"{API}/org",
        f"{API}/users",
        f"{API}/Students/actions/count",
    ],
    ids=repr,
)
async def test_what_the_document_does_not_tell_of_passes(url: str) -> None:
    assert (await saying(418, {}).send(Request(method="GET", url=url))).status == 418
