"""Requests drawn at random: right ones, those wrong at one place, and those that prove nothing."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import count
from random import Random
from typing import Any
from urllib.parse import quote, urlencode

import attrs
from tests.http.nasty import (
    FORM,
    NASTY_HEADERS,
    NASTY_PARTS,
    NASTY_QUERIES,
    NASTY_RAW,
    NASTY_TEXTS,
    NASTY_TYPES,
    NASTY_VALUES,
)

from mzi_core.event_proofs import (
    LIST_HEADER,
    SIGNATURE_HEADERS,
    SOURCE_HEADER,
    TIMESTAMP_HEADER,
    TOKEN_HEADERS,
    Scheme,
    signing_headers,
)
from mzi_core.module import Side
from mzi_core.modules import CATALOGUE
from mzi_core.values import DEFAULT_TENANT, TenantId
from mzi_http.routes import events
from mzi_http.security import TENANT_HEADER

ELSEWHERE = TenantId("north")
ADDRESSES = 4_000
"""From so many the requests come: so that few are refused, and tables by address are full soon."""

SIGNED_SHARE = 0.58
"""Of the requests so many carry a right proof; half of these are wrong at one place."""

_JSON = b"application/json"
_SHOWN = 600

Headers = list[tuple[bytes, bytes]]


@attrs.frozen(kw_only=True)
class Door:
    """One operation. `path` with its parameters in braces; `origin`: who proves itself there, if anybody."""

    method: str
    path: str
    documented: frozenset[int]
    origin: Side | None
    is_open: bool


KEEP_NOTHING = ("/webhooks/test", "/webhooks/status")
"""What ask for a proof as the doors do, and keep no event: they have tests of their own."""


def doors_of(document: Mapping[str, Any]) -> list[Door]:
    """Every operation of the document, and the doors of events that it has no line for."""
    found = []
    for path, operations in document["paths"].items():
        if path.endswith(KEEP_NOTHING):
            continue
        for method, operation in operations.items():
            unguarded = operation.get("security") == []
            is_event = unguarded and method == "post"
            found.append(
                Door(
                    method=method.upper(),
                    path=path,
                    documented=frozenset(map(int, operation["responses"])),
                    origin=_origin(path) if is_event else None,
                    is_open=unguarded and not is_event,
                )
            )
    described = next(door for door in found if door.origin is not None)
    known = {door.path for door in found}
    for route in events.DOORS:
        path = str(getattr(route, "path", ""))
        if path not in known:
            found.append(attrs.evolve(described, path=path, origin=_origin(path)))
    return found


def _origin(path: str) -> Side:
    return Side.MOODLE if "moodle" in path or path.endswith("/webhooks") else Side.ZOHO


@attrs.frozen(kw_only=True)
class ProvenSource:
    """A source of events and its secret."""

    id: str
    origin: Side
    tenant: TenantId
    scheme: Scheme
    secret: str = attrs.field(repr=False)


@attrs.define(kw_only=True)
class Asked:
    """A request. `right`: whether it may be believed; None where what is wrong may or may not spoil that."""

    door: Door
    path: str
    query: str = ""
    headers: Headers = attrs.field(factory=list)
    body: bytes = b""
    method: str = ""
    right: bool | None = True
    wrong: str = ""
    """What is wrong with it, in a word."""
    is_elsewhere: bool = False
    """Whether it asks for something else than its door, by another path or method."""
    signed: bool = False
    """Whether it carries a right proof, whatever else is wrong."""
    address: str = "192.0.2.1"

    def header(self, name: str, value: str | bytes) -> None:
        """Add a header."""
        self.headers.append(
            (name.lower().encode(), value if isinstance(value, bytes) else value.encode("latin-1", "replace"))
        )

    def __str__(self) -> str:
        head = b" ".join(b"%b: %b" % pair for pair in self.headers)
        return (
            f"{self.method} {self.path}?{self.query} [{self.wrong or 'nothing wrong'}, right {self.right}] "
            f"{head!r} {self.body[:_SHOWN]!r}"
        )


class Nobody(ValueError):
    """No source was set up by which a door could be asked."""


@attrs.define(kw_only=True, eq=False)
class Generator:
    """Draws requests; the same ones for the same seed."""

    doors: Sequence[Door]
    sources: Sequence[ProvenSource]
    revoked: ProvenSource
    key: str
    other_key: str
    now: Callable[[], Any]
    dice: Random
    bodies: Mapping[str, Sequence[object]]
    """Records by the last part of the path to which they are sent."""
    ids: Mapping[str, Sequence[str]]
    """What stands in a path, by the name of its parameter."""
    numbers: "count[int]" = attrs.field(factory=count)
    _events: list[Door] = attrs.field(init=False)
    _keyed: list[Door] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._events = [door for door in self.doors if door.origin is not None]
        self._keyed = [door for door in self.doors if door.origin is None]

    def draw(self) -> Asked:
        """A request; see `SIGNED_SHARE`."""
        door = self.dice.choice(self._events if self.dice.random() < 0.6 else self._keyed)
        chance = self.dice.random()
        asked = self.valid(door)
        if chance < SIGNED_SHARE:
            asked.signed = True
            if chance < SIGNED_SHARE / 2:
                self._spoil(asked)
            self._prove(asked)
        else:
            self._disprove(asked)
        return asked

    def valid(self, door: Door) -> Asked:
        """A request that the door would take if it were proved."""
        asked = Asked(
            door=door, path=self._path(door.path), method=door.method, address=self._somewhere_else()
        )
        if door.method in ("POST", "PUT") and not door.path.endswith("/replay"):
            said = self._event(door, asked) if door.origin else self._records(door)
            asked.body = json.dumps(said).encode()
            if door.origin is Side.ZOHO and self.dice.random() < 0.15 and isinstance(said, dict):
                asked.body = urlencode(
                    {name: value for name, value in said.items() if isinstance(value, str)}
                ).encode()
                asked.header("content-type", FORM)
            else:
                asked.header("content-type", _JSON)
        elif door.method == "GET" and self.dice.random() < 0.3:
            asked.query = self.dice.choice(("limit=2", "limit=200", "state=INVALID", "with_deleted=true"))
        return asked

    def _somewhere_else(self) -> str:
        """One of some thousand addresses; of some requests always the same, so that these are 429 soon."""
        if self.dice.random() < 0.02:
            return "198.51.100.7"
        number = self.dice.randrange(ADDRESSES)
        return f"203.0.{number // 250}.{number % 250}"

    def _path(self, template: str) -> str:
        parts = []
        for part in template.split("/"):
            named = part.startswith("{")
            parts.append(quote(self.dice.choice(self.ids[part.strip("{}")]), safe="") if named else part)
        path = "/".join(parts)
        return path.removeprefix("/api") if path.startswith("/api/v1") and self.dice.random() < 0.2 else path

    def _event(self, door: Door, asked: Asked) -> dict[str, object]:
        id = self.dice.choice(self.ids["zoho_id"])
        said: dict[str, object] = {
            "event_id": f"e{next(self.numbers)}",
            "operation": self.dice.choice(("update", "create", "delete")),
        }
        if self.dice.random() < 0.5:
            said["module"] = next(
                (each.remote_name for each in CATALOGUE if each.singular in asked.path), "BTEC_Students"
            )
        if self.dice.random() < 0.1:
            return {**said, "ids": self.dice.sample(self.ids["zoho_id"], 3)}
        return {**said, self.dice.choice(("zoho_id", "record_id", "id")): id}

    def _records(self, door: Door) -> object:
        last = door.path.rsplit("/", 1)[-1]
        found = self.bodies.get(last, self.bodies[""])
        return self.dice.choice(found)

    def _source(self, origin: Side) -> ProvenSource:
        able = [each for each in self.sources if each.origin is origin]
        if not able:
            raise Nobody(origin)
        return self.dice.choice(able)

    def _prove(self, asked: Asked, source: ProvenSource | None = None) -> None:
        if asked.door.origin is None:
            if self.dice.random() < 0.5:
                asked.header("x-api-key", self.key)
            else:
                asked.header("authorization", f"Bearer {self.key}")
            return
        source = source or self._source(asked.door.origin)
        match source.scheme:
            case Scheme.HEADER:
                asked.header(TOKEN_HEADERS[source.origin], source.secret)
            case Scheme.URL:
                asked.query = f"{asked.query}&token={source.secret}".lstrip("&")
            case Scheme.CHANNEL:
                self._as_channel(asked, source)
            case _:
                id = f"msg_{next(self.numbers)}"
                signed = signing_headers(
                    source.origin, source.scheme, source.secret, asked.body, id=id, at=self.now()
                )
                for name, value in signed.items():
                    asked.header(name, value)
                asked.header(SOURCE_HEADER, source.id)

    def _as_channel(self, asked: Asked, source: ProvenSource) -> None:
        """A channel proves itself at its own door, by its body: where that is broken it may not."""
        asked.path = "/api/v1/events/zoho/channel"
        try:
            said = json.loads(asked.body)
        except (ValueError, RecursionError):
            said = None
        if isinstance(said, dict) and not asked.wrong:
            asked.body = json.dumps({**said, "token": source.secret}).encode()
        else:
            asked.right = None
            asked.body = asked.body.replace(b"{", b'{"token": "%b", ' % source.secret.encode(), 1)

    def _disprove(self, asked: Asked) -> None:
        asked.right = False
        if asked.door.origin is None:
            if asked.door.is_open:
                asked.right, asked.wrong = None, "no key is asked for"
                return
            self._disprove_key(asked)
            return
        ways = (self._unsigned, self._forged, self._of_another, self._said_twice, self._late)
        self.dice.choice(ways)(asked)

    def _disprove_key(self, asked: Asked) -> None:
        wrong = self.dice.choice(("no key", "another key", "other tenant", "cut key", "two tenants"))
        asked.wrong = wrong
        match wrong:
            case "another key":
                asked.header("x-api-key", "mzi_" + "x" * 40)
            case "other tenant":
                asked.header("x-api-key", self.other_key)
                asked.header(TENANT_HEADER, DEFAULT_TENANT)
            case "cut key":
                asked.header("authorization", f"Bearer {self.key[:-1]}")
            case "two tenants":
                asked.header("x-api-key", self.key)
                asked.header(TENANT_HEADER, DEFAULT_TENANT)
                asked.header(TENANT_HEADER, ELSEWHERE)

    def _unsigned(self, asked: Asked) -> None:
        asked.wrong = self.dice.choice(("nothing shown", "an API key", "the id of a source"))
        if asked.wrong == "an API key":
            asked.header("x-api-key", self.key)
            asked.header("authorization", f"Bearer {self.key}")
        elif asked.wrong == "the id of a source":
            asked.header(SOURCE_HEADER, self._source(asked.door.origin or Side.ZOHO).id)

    def _forged(self, asked: Asked) -> None:
        """One byte of the proof, or of what it is about, is another."""
        source = self._source(asked.door.origin or Side.ZOHO)
        self._prove(asked, source)
        if source.scheme is Scheme.URL:
            asked.wrong, asked.query = "token one byte off", _one_off(asked.query)
            return
        if source.scheme is Scheme.CHANNEL:
            asked.wrong = "token one byte off"
            secret = source.secret.encode()
            asked.body = asked.body.replace(secret, _one_off(source.secret).encode())
            return
        if not source.scheme.is_token and self.dice.random() < 0.5 and asked.body:
            asked.wrong = "body changed behind its signature"
            asked.body = asked.body[:-1] + b" }"
            return
        proofs = (SIGNATURE_HEADERS[source.origin], TOKEN_HEADERS[source.origin], LIST_HEADER)
        names = {name.lower().encode() for name in proofs}
        asked.wrong = "proof one byte off"
        asked.headers = [
            (name, _one_off(value.decode()).encode() if name in names else value)
            for name, value in asked.headers
        ]

    def _of_another(self, asked: Asked) -> None:
        """A source of another tenant than is named, of the other origin, revoked, or another's name."""
        origin = asked.door.origin or Side.ZOHO
        source = self._source(origin)
        asked.wrong = self.dice.choice(("other tenant", "revoked", "other origin", "another's id"))
        match asked.wrong:
            case "other tenant":
                self._prove(asked, source)
                other = ELSEWHERE if source.tenant == DEFAULT_TENANT else DEFAULT_TENANT
                asked.header(TENANT_HEADER, other)
            case "revoked":
                self._prove(asked, attrs.evolve(self.revoked, origin=origin))
            case "other origin":
                other_side = Side.MOODLE if origin is Side.ZOHO else Side.ZOHO
                stolen = self.dice.choice(
                    [
                        each
                        for each in self.sources
                        if each.origin is other_side and each.scheme is not Scheme.CHANNEL
                    ]
                )
                self._prove(asked, attrs.evolve(stolen, origin=origin))
            case _:
                self._prove(asked, source)
                asked.headers = [pair for pair in asked.headers if pair[0] != SOURCE_HEADER.lower().encode()]
                asked.header(SOURCE_HEADER, self.revoked.id)

    def _said_twice(self, asked: Asked) -> None:
        """A proof that stands twice is none."""
        source = self._source(asked.door.origin or Side.ZOHO)
        self._prove(asked, source)
        asked.wrong = "proof given twice"
        match source.scheme:
            case Scheme.URL:
                asked.query += f"&token={source.secret if self.dice.random() < 0.5 else 'x' * 40}"
            case Scheme.CHANNEL:
                asked.right = None
                asked.body = asked.body[:-1] + b', "token": "x"}'
            case _:
                names = {name.lower().encode() for name in (*SIGNATURE_HEADERS.values(), LIST_HEADER)}
                names |= {name.lower().encode() for name in TOKEN_HEADERS.values()}
                doubled = next(pair for pair in asked.headers if pair[0] in names)
                asked.headers.insert(self.dice.randrange(len(asked.headers)), doubled)

    def _late(self, asked: Asked) -> None:
        """A Standard Webhook of another time; signed rightly, or with its moment changed afterwards."""
        source = next(
            each
            for each in self.sources
            if each.origin is asked.door.origin and each.scheme is Scheme.STANDARD
        )
        asked.wrong = "moment outside the window"
        off = timedelta(seconds=self.dice.choice((-360, 360, -86_400, 10**9)))
        signed = dict(
            signing_headers(
                source.origin,
                source.scheme,
                source.secret,
                asked.body,
                id=f"msg_{next(self.numbers)}",
                at=self.now() + off,
            )
        )
        if self.dice.random() < 0.3:
            signed[TIMESTAMP_HEADER] = str(int(self.now().timestamp()))
        elif self.dice.random() < 0.2:
            signed[TIMESTAMP_HEADER] = self.dice.choice(("", "-1", "1e9", "９" * 10, "9" * 12, " 1", "NaN"))
        for name, value in signed.items():
            asked.header(name, value.encode())
        asked.header(SOURCE_HEADER, source.id)

    def _spoil(self, asked: Asked) -> None:
        if asked.body:
            ways: Sequence[Callable[[Asked], None]] = (
                self._bytes,
                self._bytes,
                self._value,
                self._value,
                self._value,
                self._raw_value,
                self._raw_value,
                self._named_twice,
                self._encoding,
                self._media_type,
                self._length,
                self._again,
                self._in_query,
                self._in_path,
                self._in_headers,
            )
        else:
            ways = (self._in_query, self._in_path, self._in_headers, self._other_method)
        self.dice.choice(ways)(asked)

    def _bytes(self, asked: Asked) -> None:
        asked.wrong = "bytes"
        at = self.dice.randrange(len(asked.body) + 1)
        end = min(len(asked.body), at + self.dice.randrange(1, 30))
        put = self.dice.choice(
            (
                b"",
                b"",
                bytes([self.dice.randrange(256)]),
                b"\x00",
                b"\xff",
                b'"',
                b"\\",
                b"\\ud83d",
                b"[" * 200,
            )
        )
        asked.body = asked.body[:at] + put + asked.body[end if self.dice.random() < 0.7 else at :]

    def _value(self, asked: Asked) -> None:
        """Another value at one place of the JSON, or under a name beside it."""
        asked.wrong = "value"
        try:
            said = json.loads(asked.body)
        except ValueError:
            self._bytes(asked)
            return
        places = list(_places(said))
        holder, name = self.dice.choice(places) if places else (said, None)
        nasty = self.dice.choice(NASTY_VALUES)
        if isinstance(holder, dict) and self.dice.random() < 0.2:
            text = self.dice.choice(NASTY_TEXTS)
            holder[text] = nasty
        elif name is not None:
            holder[name] = nasty
        asked.body = json.dumps(said).encode()

    def _raw_value(self, asked: Asked) -> None:
        """What no JSON writer writes, at one place."""
        asked.wrong = "not JSON"
        try:
            said = json.loads(asked.body)
        except ValueError:
            self._bytes(asked)
            return
        places = list(_places(said))
        if places:
            holder, name = self.dice.choice(places)
            holder[name] = "«here»"
        asked.body = json.dumps(said, ensure_ascii=False).encode()
        asked.body = asked.body.replace('"«here»"'.encode(), self.dice.choice(NASTY_RAW), 1)

    def _named_twice(self, asked: Asked) -> None:
        asked.wrong = "name twice"
        if asked.body.startswith(b"{"):
            name = self.dice.choice(
                (b"id", b"zoho_id", b"event_id", b"data", b"module", b"token", b"marking")
            )
            asked.body = b'{"%b": "1", "%b": "2", ' % (name, name) + asked.body[1:]

    def _encoding(self, asked: Asked) -> None:
        asked.wrong = "encoding"
        text = asked.body.decode("utf-8", "replace") + self.dice.choice(("", "é", "ـ", "😀"))
        codec = self.dice.choice(("utf-16", "utf-32", "latin-1", "utf-8-sig", "utf-7", "cp1256"))
        asked.body = text.encode(codec, "replace")
        if self.dice.random() < 0.3:
            asked.header(
                "content-encoding", self.dice.choice(("gzip", "br", "identity", "\x00", "deflate, gzip"))
            )

    def _media_type(self, asked: Asked) -> None:
        asked.wrong = "media type"
        asked.headers = [pair for pair in asked.headers if pair[0] != b"content-type"]
        for _ in range(self.dice.choice((0, 1, 1, 1, 2))):
            asked.header("content-type", self.dice.choice(NASTY_TYPES))

    def _length(self, asked: Asked) -> None:
        asked.wrong = "length"
        what = self.dice.random()
        if what < 0.3:
            asked.body = self.dice.choice((b"", b" ", b"\n\n", b"{}", b"[]", b"null", b"0", b'""'))
        elif what < 0.6:
            asked.body += b" " * self.dice.choice((1, 1_000, 300_000))
        elif what < 0.97:
            asked.body = asked.body[:-1] + b', "x": "%b"}' % (
                b"y" * self.dice.choice((300, 70_000, 1_100_000))
            )
        else:
            asked.body += b" " * 17_000_000

    def _again(self, asked: Asked) -> None:
        """An id of a message that was sent before, with the same content or another."""
        asked.wrong = "id again"
        said = json.loads(asked.body) if asked.body.startswith(b"{") else {}
        if isinstance(said, dict):
            said["event_id"] = f"e{self.dice.randrange(max(1, next(self.numbers)))}"
            asked.body = json.dumps(said).encode()
        asked.headers = [pair for pair in asked.headers if pair[0] != b"content-type"]
        asked.header("content-type", _JSON)
        asked.header("idempotency-key", self.dice.choice("abcdefgh"))

    def _in_query(self, asked: Asked) -> None:
        asked.wrong, asked.query = "query", self.dice.choice(NASTY_QUERIES)
        if "token=" in asked.query or "source=" in asked.query:
            asked.right = None

    def _in_path(self, asked: Asked) -> None:
        asked.wrong, asked.right, asked.is_elsewhere = "path", None, True
        parts = asked.path.split("/")
        at = self.dice.randrange(1, len(parts))
        how = self.dice.random()
        if how < 0.6:
            parts[-1] = self.dice.choice(NASTY_PARTS)
        elif how < 0.8:
            parts[at] = self.dice.choice(NASTY_PARTS)
        else:
            parts.insert(at, self.dice.choice(("", "..", ".", "%2f")))
        asked.path = "/".join(parts)

    def _in_headers(self, asked: Asked) -> None:
        asked.wrong = "headers"
        name, value = self.dice.choice(NASTY_HEADERS)
        asked.right = None
        asked.headers.insert(self.dice.randrange(len(asked.headers) + 1), (name.encode(), value))

    def _other_method(self, asked: Asked) -> None:
        asked.wrong, asked.right, asked.is_elsewhere = "method", None, True
        asked.method = self.dice.choice(
            ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "HEAD", "BREW", "POST")
        )


def _one_off(text: str) -> str:
    """The text with its last letter another one; of base64 the one before its filling."""
    at = len(text.rstrip("=")) - 2
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]


def _places(value: object) -> Iterator[tuple[Any, Any]]:
    """Every place in JSON where there is a value."""
    items: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for name, inner in items:
        yield value, name
        yield from _places(inner)
