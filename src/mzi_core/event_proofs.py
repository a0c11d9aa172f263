"""By what a sender of events proves who it is: pure functions over the bytes that came.

There are two kinds of scheme. A token is sent as it is, and only its digest is kept. A key never travels: the
body is signed with it. Sources: reference C28, C29; Standard Webhooks 1.0; RFC 2104, 6750.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from hashlib import sha256
from typing import Protocol

import attrs

from mzi_core.errors import MziError
from mzi_core.module import Side
from mzi_core.values import TenantId

LONGEST_TOKEN = 50
"""Characters: Zoho takes no longer token for a watch channel, so mzi makes none."""

TOLERANCE = timedelta(minutes=5)
"""How far the moment in a Standard Webhook may be from ours, on either side."""

_FEWEST, _MOST = 24, 200  # characters of a secret that somebody brings
_FEWEST_BYTES, _MOST_BYTES = 24, 64  # of a key of Standard Webhooks
_LONGEST_ID = 256  # characters of a webhook-id
_LONGEST_LIST = 2_000  # characters of a list of signatures
_DIGEST = 32  # bytes
_STANDARD_PREFIX = "whsec_"
_TIMESTAMP = re.compile(r"[0-9]{1,11}", re.ASCII)


class Scheme(StrEnum):
    """How a source proves itself."""

    HEADER = "header"
    URL = "url"
    CHANNEL = "channel"
    HMAC = "hmac"
    STANDARD = "standard"

    @property
    def is_token(self) -> bool:
        """Whether it sends a token, which says by itself which source it is; else it signs with a key."""
        return self not in (Scheme.HMAC, Scheme.STANDARD)


SCHEMES_OF: Mapping[Side, Sequence[Scheme]] = {
    Side.ZOHO: (Scheme.HEADER, Scheme.URL, Scheme.CHANNEL, Scheme.HMAC, Scheme.STANDARD),
    Side.MOODLE: (Scheme.STANDARD, Scheme.HMAC, Scheme.HEADER),
}
"""What each origin can do; the first is what a new source of it has if nobody says otherwise."""

SIGNATURE_HEADERS: Mapping[Side, str] = {
    Side.ZOHO: "X-Zoho-Signature",
    Side.MOODLE: "X-Moodle-Signature",
}
TOKEN_HEADERS: Mapping[Side, str] = {Side.ZOHO: "X-Zoho-Token", Side.MOODLE: "X-Moodle-Token"}
AUTHORIZATION = "Authorization"
_SIGNATURE = {origin: name.lower() for origin, name in SIGNATURE_HEADERS.items()}
_TOKEN = {origin: name.lower() for origin, name in TOKEN_HEADERS.items()}
_AUTHORIZATION = AUTHORIZATION.lower()
ID_HEADER, TIMESTAMP_HEADER, LIST_HEADER = "webhook-id", "webhook-timestamp", "webhook-signature"

SOURCE_HEADER, SOURCE_PARAMETER = "X-MZI-Source", "source"
"""Where a sender that signs may say which source it is, by its id: in a header, or in the query."""

TOKEN_PARAMETER = "token"  # noqa: S105  # the name of a parameter, of the query or the path
"""Where the token of a source stands whose sender can set nothing but an address."""

HEADERS = frozenset(
    name.lower()
    for name in (
        *SIGNATURE_HEADERS.values(),
        *TOKEN_HEADERS.values(),
        *(AUTHORIZATION, ID_HEADER, TIMESTAMP_HEADER, LIST_HEADER),
    )
)
"""Every header that proves something, in small letters."""


class SecretRefused(MziError):
    """A secret that somebody brought cannot be that of a source; the sentence repeats nothing of it."""


@attrs.frozen(kw_only=True)
class EventRequest:
    """What came, as far as it tells who sent it. `headers`: those of `HEADERS`, by their small names.

    `source` and `tenant`: whose the sender says it is, if it does. `url_token` stood in the address,
    `body_token` in the body of a watch channel's callback.
    """

    origin: Side
    body: bytes = attrs.field(repr=False)
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    source: str = ""
    tenant: TenantId | None = None
    url_token: str = attrs.field(default="", repr=False)
    body_token: str = attrs.field(default="", repr=False)

    def header(self, name: str, longest: int) -> str:
        """A header by its small name; nothing where it is longer, or holds more than ASCII."""
        value = self.headers.get(name, "")
        return value if len(value) <= longest and value.isascii() else ""

    @cached_property
    def presented(self) -> Mapping[Scheme, str]:
        """What came of each scheme that the origin can do."""
        found = {scheme: SCHEMES[scheme].presented(self) for scheme in SCHEMES_OF[self.origin]}
        return {scheme: presented for scheme, presented in found.items() if presented}


class ProofScheme(Protocol):
    """One scheme. Neither function ever raises, whatever came."""

    def presented(self, came: EventRequest) -> str:
        """What came of this scheme; nothing where there is none, or none that could be right."""
        ...

    def proves(self, presented: str, secret: str, came: EventRequest, at: datetime) -> bool:
        """Whether it could only come from who has this secret; takes as long when it is nearly right.

        `secret` is the digest of a token, and a key as it is.
        """
        ...


def digest_of(token: str) -> str:
    """What is kept of a token: SHA-256 in hexadecimal."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class _Token:
    """What the schemes of tokens have in common."""

    def proves(self, presented: str, secret: str, came: EventRequest, at: datetime) -> bool:
        return hmac.compare_digest(digest_of(presented), secret)


def _short(token: str) -> str:
    return token if len(token) <= _MOST else ""


class _HeaderToken(_Token):
    def presented(self, came: EventRequest) -> str:
        agreed = came.header(_TOKEN[came.origin], _MOST)
        if agreed:
            return agreed
        scheme, _, token = came.header(_AUTHORIZATION, _MOST + len("Bearer ")).partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""


class _UrlToken(_Token):
    def presented(self, came: EventRequest) -> str:
        return _short(came.url_token)


class _ChannelToken(_Token):
    def presented(self, came: EventRequest) -> str:
        return _short(came.body_token)


_HEXADECIMAL, _BASE64 = 2 * _DIGEST, 4 * -(-_DIGEST // 3)  # characters of a signature
_ALGORITHM = "sha256="


class _Hmac:
    """HMAC-SHA256 over the body: hexadecimal, all small or all capital, or base64; `sha256=` may precede."""

    def presented(self, came: EventRequest) -> str:
        sent = came.header(_SIGNATURE[came.origin], len(_ALGORITHM) + _HEXADECIMAL)
        sent = sent.removeprefix(_ALGORITHM)
        return sent if len(sent) in (_HEXADECIMAL, _BASE64) else ""

    def proves(self, presented: str, secret: str, came: EventRequest, at: datetime) -> bool:
        right = _signed(secret.encode(), came.body)
        forms = (right.hex(), right.hex().upper(), _text(right))
        matches = [hmac.compare_digest(form, presented) for form in forms]
        return any(matches)


class _Standard:
    """Standard Webhooks 1.0: id, moment and body are signed, and a list of signatures may be sent."""

    def presented(self, came: EventRequest) -> str:
        """The list, if all that belongs to it has its form: one that has not spoils the others."""
        id = came.header(ID_HEADER, _LONGEST_ID)
        sent = came.header(LIST_HEADER, _LONGEST_LIST)
        is_whole = id.isprintable() and _TIMESTAMP.fullmatch(came.headers.get(TIMESTAMP_HEADER, ""))
        return sent if id and is_whole and all(map(_is_signature, sent.split(" "))) else ""

    def proves(self, presented: str, secret: str, came: EventRequest, at: datetime) -> bool:
        said = int(came.headers[TIMESTAMP_HEADER])
        if abs(at.timestamp() - said) > TOLERANCE.total_seconds() or not _is_text(came.body):
            return False
        right = _standard_signature(secret, came.header(ID_HEADER, _LONGEST_ID), said, came.body)
        matches = [hmac.compare_digest(right, each) for each in presented.split(" ")]
        return any(matches)


def _signed(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, body, "sha256")


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _is_signature(item: str) -> bool:
    version, comma, signature = item.partition(",")
    if version != "v1":
        return bool(comma) and "," not in signature
    return len(signature) == _BASE64 and _bytes_of(signature) is not None


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _bytes_of(text: str) -> bytes | None:
    """What base64 stands for; None for what is none."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _key_of(secret: str) -> bytes | None:
    text = secret.removeprefix(_STANDARD_PREFIX).rstrip("=")
    return _bytes_of(text + "=" * (-len(text) % 4))


def _standard_signature(secret: str, id: str, moment: int, body: bytes) -> str:
    return f"v1,{_text(_signed(_key_of(secret) or b'', f'{id}.{moment}.'.encode() + body))}"


SCHEMES: Mapping[Scheme, ProofScheme] = {
    Scheme.HEADER: _HeaderToken(),
    Scheme.URL: _UrlToken(),
    Scheme.CHANNEL: _ChannelToken(),
    Scheme.HMAC: _Hmac(),
    Scheme.STANDARD: _Standard(),
}
"""All of them, what costs least first."""


def new_secret(scheme: Scheme, source: str, random: str) -> str:
    """A secret for a source; `random`: at least 128 bits that nobody can guess.

    All but those of Standard Webhooks, whose form is given, begin with `mzi_` and the source's id, so that
    no log tells one.
    """
    drawn = sha256(random.encode()).digest()
    if scheme is Scheme.STANDARD:
        return f"{_STANDARD_PREFIX}{_text(drawn)}"
    head = f"mzi_{source}_"
    return head + base64.urlsafe_b64encode(drawn).decode()[: LONGEST_TOKEN - len(head)]


def checked_secret(scheme: Scheme, secret: str) -> str:
    """A secret that somebody brings, if it can be one. Raises SecretRefused."""
    if scheme in (Scheme.URL, Scheme.CHANNEL):
        raise SecretRefused(
            "Zoho takes any token here, so let mzi make it: a log never tells one of its own."
        )
    if scheme is Scheme.STANDARD:
        if not _FEWEST_BYTES <= len(_key_of(secret) or b"") <= _MOST_BYTES:
            raise SecretRefused(
                f"A secret of Standard Webhooks is `{_STANDARD_PREFIX}` and base64 of {_FEWEST_BYTES} to "
                f"{_MOST_BYTES} bytes."
            )
    elif not (_FEWEST <= len(secret) <= _MOST and secret.isascii() and secret.isprintable()):
        raise SecretRefused(f"A secret has {_FEWEST} to {_MOST} characters, all of them ASCII.")
    elif " " in secret:
        raise SecretRefused("A secret has no blanks.")
    return secret


def signing_headers(
    origin: Side, scheme: Scheme, secret: str, body: bytes, *, id: str, at: datetime
) -> Mapping[str, str]:
    """The headers by which this body proves itself; of the schemes that sign. `id`: of Standard Webhooks."""
    if scheme is Scheme.HMAC:
        return {SIGNATURE_HEADERS[origin]: f"{_ALGORITHM}{_signed(secret.encode(), body).hex()}"}
    return standard_headers(secret, body, id=id, at=at)


def standard_headers(secret: str, body: bytes, *, id: str, at: datetime) -> Mapping[str, str]:
    """The headers of Standard Webhooks 1.0, by which this body proves itself to whoever has the secret."""
    moment = int(at.timestamp())
    return {
        ID_HEADER: id,
        TIMESTAMP_HEADER: str(moment),
        LIST_HEADER: _standard_signature(secret, id, moment, body),
    }
