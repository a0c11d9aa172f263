"""The accounts server: access tokens for a refresh token, and every way it says no."""

from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count
from urllib.parse import parse_qs

import attrs

from mzi_adapters.testing.zoho.answers import Json, said
from mzi_adapters.web.transport import Request, Response
from mzi_core.ports import Clock

LIFETIME = timedelta(hours=1)
WINDOW = timedelta(minutes=10)
SCOPES = (
    "ZohoCRM.modules.ALL",
    "ZohoCRM.settings.ALL",
    "ZohoCRM.users.READ",
    "ZohoCRM.org.READ",
    "ZohoCRM.bulk.ALL",
    "ZohoCRM.coql.READ",
    "ZohoCRM.notifications.ALL",
    "ZohoSearch.securesearch.READ",
)
_THROTTLED: Json = {
    "error_description": "You have made too many requests continuously. Please try again after some time.",
    "error": "Access Denied",
    "status": "failure",
}
_FORM = "application/x-www-form-urlencoded"


@attrs.define(kw_only=True)
class TokenServer:
    """Zoho's token endpoint. Errors come with status 200, and the throttle with 200 or 400."""

    clock: Clock
    client_id: str
    client_secret: str = attrs.field(repr=False)
    refresh_token: str = attrs.field(repr=False)
    scopes: Sequence[str] = SCOPES
    a_window: int = 10
    """Tokens given for one refresh token in ten minutes."""
    at_once: int = 15
    """Tokens that live at the same time; one more kills the oldest."""
    throttled_with: int = 200
    tells: Mapping[str, object] = attrs.field(factory=dict)
    """What a token answer says besides or instead; None leaves the key out."""
    issued: int = 0
    revoked: bool = False
    _live: OrderedDict[str, datetime] = attrs.field(factory=OrderedDict, init=False, repr=False)
    _given_at: deque[datetime] = attrs.field(factory=deque, init=False, repr=False)
    _serial: "count[int]" = attrs.field(factory=lambda: count(1), init=False, repr=False)

    def token(self, request: Request, api: str) -> Response:
        """`POST /oauth/v2/token`."""
        kind = next((v for k, v in request.headers.items() if k.lower() == "content-type"), "")
        form: dict[str, list[str]] = {}
        if request.method == "POST" and kind.partition(";")[0] in ("", _FORM):
            form = parse_qs((request.body or b"").decode())
        wrong = self._wrong({name: values[0] for name, values in form.items()})
        if wrong is not None:
            return said(200, {"error": wrong})
        now = self.clock.now()
        while self._given_at and now - self._given_at[0] >= WINDOW:
            self._given_at.popleft()
        if len(self._given_at) >= self.a_window:
            return said(self.throttled_with, _THROTTLED)
        self._given_at.append(now)
        body: Json = {
            "access_token": self._issue(now),
            "scope": " ".join(self.scopes),
            "api_domain": api,
            "token_type": "Bearer",
            "expires_in": int(LIFETIME.total_seconds()),
            **self.tells,
        }
        return said(200, {name: value for name, value in body.items() if value is not None})

    def _wrong(self, form: Mapping[str, str]) -> str | None:
        if form.get("client_id") != self.client_id:
            return "invalid_client"
        if form.get("client_secret") != self.client_secret:
            return "invalid_client_secret"
        if form.get("grant_type") != "refresh_token" or self.revoked:
            return "invalid_code"
        return None if form.get("refresh_token") == self.refresh_token else "invalid_code"

    def _issue(self, now: datetime) -> str:
        token = f"1000.{next(self._serial):032x}.{self.issued:032x}"
        self._live[token] = now + LIFETIME
        while len(self._live) > self.at_once:
            self._live.popitem(last=False)
        self.issued += 1
        return token

    def accepts(self, token: str) -> bool:
        """Whether an access token still opens the API."""
        ends = self._live.get(token)
        return ends is not None and self.clock.now() < ends

    def grants(self, scopes: Sequence[str]) -> bool:
        """Whether the grant has one of these scopes; `ZohoCRM.modules.ALL` has every module's."""
        return any(scope in self.scopes for scope in scopes)

    def kill_tokens(self) -> None:
        """Every access token dies; the refresh token stays good."""
        self._live.clear()

    def revoke(self) -> None:
        """A person withdraws the grant: neither access tokens nor the refresh token work any more."""
        self.revoked = True
        self._live.clear()
