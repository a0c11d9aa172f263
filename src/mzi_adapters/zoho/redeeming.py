"""One question to Zoho's accounts server: an access token for the refresh token."""

from collections.abc import Mapping
from urllib.parse import urlsplit

import attrs

from mzi_adapters.web import (
    Dice,
    Failure,
    Lost,
    NotSent,
    Request,
    Response,
    RetryPolicy,
    Timer,
    Transport,
    Trying,
    pairs_to_form,
    unsent,
)
from mzi_adapters.zoho.answers import SERVICE, Json, read, text
from mzi_adapters.zoho.hosts import DataCentre, ZohoAccount
from mzi_core.errors import AccessRefused, AuthRevoked, GatewayUnavailable, ProtocolError

FOR_EVER = frozenset(
    {"invalid_code", "invalid_client", "invalid_client_secret", "invalid_redirect_uri", "invalid_grant"}
)
"""What no other attempt will change."""

_DATA_CENTRE = (
    "Set `zoho.data_centre` to where the organisation is: the end of the address at which its people sign in "
    "says it."
)
_REMEDIES: Mapping[str, str] = {
    "invalid_code": "The refresh token was revoked: make a new one in Zoho's API console, and set "
    "`zoho.refresh_token`.",
    "invalid_client": "Check `zoho.client_id` and `zoho.data_centre`: Zoho says the same of the right client "
    "in another data centre.",
    "invalid_client_secret": "Check `zoho.client_secret`: it is on the Client Secret page of the client in "
    "Zoho's API console.",
}
_REFUSALS: Mapping[str, str] = {
    "invalid_code": "the refresh token is not, or no longer, accepted",
    "invalid_client": "the client is not known in this data centre",
    "invalid_client_secret": "the client secret is not that of the client",
}
_OTHERWISE = "Make a new refresh token in Zoho's API console, and set `zoho.refresh_token`."

TIMEOUT = 20.0

RETRIES = RetryPolicy(attempts=3, again=frozenset({Failure.NOT_SENT}))
"""Repeated only while nothing reached Zoho: every answer counts against the tokens of ten minutes."""

_MILLISECONDS = "expires_in_sec"


class Throttled(GatewayUnavailable):
    """Zoho was asked for tokens too often."""


class Unreached(GatewayUnavailable):
    """Nothing that was sent arrived, so it does not count against the tokens of ten minutes."""


@attrs.frozen(kw_only=True)
class Redeemed:
    """A new access token, the seconds it lives, and what it opens as far as Zoho says so."""

    token: str = attrs.field(repr=False)
    seconds: float
    scope: str = ""


def refusal_of(code: str) -> str:
    """What Zoho means by this code, as the beginning of a sentence."""
    return _REFUSALS.get(code, "the refresh token or the client is no longer accepted")


def remedy_for(code: str) -> str:
    """What helps against credentials that Zoho refuses with this code."""
    return _REMEDIES.get(code, _OTHERWISE)


async def redeem(account: ZohoAccount, wire: Transport, timer: Timer, random: Dice) -> Redeemed:
    """A new token. Raises AuthRevoked, Throttled, AccessRefused for a foreign host, GatewayUnavailable."""
    secrets = (
        ("refresh_token", account.refresh_token),
        ("client_id", account.client_id),
        ("client_secret", account.client_secret),
        ("grant_type", "refresh_token"),
    )
    request = Request(
        method="POST",
        url=f"{account.data_centre.accounts}/oauth/v2/token",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        body=pairs_to_form(secrets),
        timeout=TIMEOUT,
        largest=2**20,
    )
    trying = Trying(policy=RETRIES, timer=timer, random=random)
    while True:
        try:
            answer = await wire.send(request)
        except NotSent as error:
            said, remedy = unsent(error)
            told = (
                f"the accounts server {said.removesuffix('.')}; no access token could be had. {_why(error)}"
            )
            unreached = Unreached(SERVICE, told, remedy=remedy)
            if not await trying.again(Failure.NOT_SENT, unreached):
                raise unreached from error
        except Lost as error:
            raise _unavailable("did not answer", _why(error)) from error
        else:
            return _understood(answer, account.data_centre)


def _understood(answer: Response, home: DataCentre) -> Redeemed:
    """Whatever the status: Zoho says no with 200."""
    try:
        said = read(answer).body
    except ProtocolError:
        raise _unavailable(f"answered {answer.status} with something else than JSON") from None
    token = text(said, "access_token")
    if not token:
        code = text(said, "error")
        if code in FOR_EVER:
            said_no = f"the credentials are refused ({code})."
            raise AuthRevoked(SERVICE, said_no, code=code, remedy=remedy_for(code))
        if code.lower() == "access denied" or text(said, "status") == "failure":
            raise Throttled(SERVICE, "it was asked for access tokens too often.", code=code[:100])
        raise _unavailable(f"answered {answer.status} without a token")
    if not _at_home(text(said, "api_domain"), home):
        raise AccessRefused(
            SERVICE,
            "the accounts server names an API host outside the configured data centre, and nothing is "
            "sent there.",
            code="api_domain",
            remedy=_DATA_CENTRE,
        )
    return Redeemed(token=token, seconds=_seconds(said), scope=text(said, "scope"))


def _seconds(said: Json) -> float:
    """With `expires_in_sec` there, `expires_in` is in milliseconds."""
    found = said.get(_MILLISECONDS, said.get("expires_in"))
    try:
        seconds = float(str(found))
    except ValueError:
        return 3600.0
    return seconds if 0 < seconds < float("inf") else 3600.0


def _at_home(domain: str, home: DataCentre) -> bool:
    """Whether this is the configured API or another environment of the same data centre."""
    if domain in ("", home.api):
        return True
    found, ours = urlsplit(domain), urlsplit(home.api)
    tails = [(each.hostname or "").partition(".")[2] for each in (found, ours)]
    return found.scheme == ours.scheme == "https" and tails[0] == tails[1] != ""


def _why(error: NotSent | Lost) -> str:
    """What the wire says of a request that failed: its method, its address and the kind of failure."""
    return f"({str(error)[:300].rstrip('.')}.)" if str(error) else ""


def _unavailable(said: str, why: str = "") -> GatewayUnavailable:
    whole = f"the accounts server {said}; no access token could be had. {why}".rstrip()
    return GatewayUnavailable(SERVICE, whole)
