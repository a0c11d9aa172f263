"""A very small client, for asking the fake what no good client would."""

import json
from collections.abc import Mapping
from typing import Any

import attrs
from tests.servers.zoho import Validating

from mzi_adapters.testing.virtual_time import VirtualTimer
from mzi_adapters.testing.zoho import FakeZoho
from mzi_adapters.testing.zoho.fake import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN
from mzi_adapters.web.transport import Request, Response, Transport, pairs_to_form

FORM = {"content-type": "application/x-www-form-urlencoded"}
GRANT = {
    "refresh_token": REFRESH_TOKEN,
    "client_id": CLIENT_ID,
    "client_secret": CLIENT_SECRET,
    "grant_type": "refresh_token",
}


@attrs.frozen
class Said:
    """An answer, read."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def code(self) -> str:
        """The code of a refusal, or of the only result."""
        body = self.body
        return str(body["code"] if "code" in body else (body.get("data") or body["watch"])[0]["code"])

    @property
    def codes(self) -> list[str]:
        """The code of every result."""
        return [item["code"] for item in self.body.get("data") or self.body["watch"]]


def read(answer: Response) -> Said:
    """An answer with its JSON; what is no JSON stays bytes."""
    is_json = answer.headers.get("content-type", "").startswith("application/json")
    return Said(answer.status, json.loads(answer.body) if is_json else answer.body, answer.headers)


@attrs.define
class Asking:
    """Asks one fake, every answer checked against Zoho's description; `strict` checks the questions too."""

    zoho: FakeZoho
    time: VirtualTimer
    token: str = ""
    strict: bool = True
    described: bool = True

    @property
    def wire(self) -> Transport:
        """The fake behind the description, unless what is asked is outside of it."""
        return Validating(self.zoho, requests=self.strict) if self.described else self.zoho

    async def sign_in(self, **instead: str) -> Said:
        """Ask for an access token, and use it from now on if there is one."""
        said = await self.post_form({**GRANT, **instead})
        self.token = said.body.get("access_token", self.token)
        return said

    async def post_form(self, form: Mapping[str, str]) -> Said:
        """A form for the token endpoint."""
        body = pairs_to_form(form.items())
        url = f"{self.zoho.accounts_url}/oauth/v2/token"
        return read(await self.zoho.send(Request(method="POST", url=url, headers=FORM, body=body)))

    async def __call__(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        **query: Any,
    ) -> Said:
        """Any request under `/crm/v8`, or of the bulk API."""
        prefix = "" if path.startswith("/crm/") else "/crm/v8"
        request = Request(
            method=method,
            url=f"{self.zoho.api_url}{prefix}{path}",
            query=tuple((name, str(value)) for name, value in query.items()),
            headers={"Authorization": f"Zoho-oauthtoken {self.token}", **(headers or {})},
            body=None if body is None else json.dumps(body).encode(),
        )
        return read(await self.wire.send(request))

    async def coql(self, query: str) -> Said:
        """A COQL query."""
        return await self("POST", "/coql", {"select_query": query})
