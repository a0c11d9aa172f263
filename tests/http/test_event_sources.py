"""What a door of events asks: who is let in, what everybody else is told, and that no secret comes out."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import attrs
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tests.http.serving import serving

from mzi_adapters.memory import MemoryStore
from mzi_adapters.testing.harness import Harness
from mzi_adapters.zoho.callbacks import channel_token
from mzi_core.event_proofs import SCHEMES_OF, Scheme, signing_headers
from mzi_core.module import Side
from mzi_core.ports import EventSource, NoVault, Store
from mzi_core.values import DEFAULT_TENANT, TenantId
from mzi_http.context import Service
from mzi_http.errors import HANDLERS, WRONG_KEYS, Problem
from mzi_http.event_sources import sender_of
from mzi_http.routing import answer
from mzi_http.wrong_keys import BURST

NORTH = TenantId("north")
BODY = b'{"module": "BTEC_Students", "id": "5398830000090000001"}'
EVERY = [(origin, scheme) for origin in Side for scheme in SCHEMES_OF[origin]]


async def door(request: Request) -> Response:
    """A door as the service has: it says whose data the event is about."""
    origin = Side(request.path_params["origin"])
    body = await request.body()
    told = channel_token(body) if request.path_params.get("kind") == "channel" else ""
    source = await sender_of(request, origin, body, body_token=told)
    return answer({"source": source.id, "tenant": source.tenant})


@attrs.frozen
class Doors:
    """A client before the doors, and the harness behind them."""

    client: httpx2.AsyncClient
    mzi: Harness

    async def source(
        self, origin: Side, scheme: Scheme | None = None, tenant: TenantId = DEFAULT_TENANT
    ) -> tuple[EventSource, str]:
        return await self.mzi.use_cases.sources.add(origin, "tests", tenant, scheme=scheme)

    async def knock(
        self,
        origin: Side,
        body: bytes = BODY,
        path: str = "",
        *,
        address: str = "",
        sent: Mapping[str, str] | None = None,
        **headers: str,
    ) -> httpx2.Response:
        self.client._transport.client = (address or "203.0.113.7", 1)  # type: ignore[attr-defined]
        named = {name.replace("_", "-"): value for name, value in {**(sent or {}), **headers}.items()}
        return await self.client.post(f"/events/{origin}{path}", content=body, headers=named)

    async def send(
        self,
        source: EventSource,
        secret: str,
        body: bytes = BODY,
        path: str = "",
        *,
        address: str = "",
        **headers: str,
    ) -> httpx2.Response:
        """What the source sends, with this secret."""
        match source.scheme:
            case Scheme.HEADER:
                headers["authorization"] = f"Bearer {secret}"
            case Scheme.URL:
                path = f"{path}?token={secret}"
            case Scheme.CHANNEL:
                body = json.dumps({"token": secret, "ids": ["1"], "channel_id": "1"}).encode()
                path = "/channel"
            case _:
                signed = signing_headers(
                    source.origin, source.scheme, secret, body, id="msg_1", at=self.mzi.clock.now()
                )
                headers.update({name.replace("-", "_"): value for name, value in signed.items()})
        return await self.knock(source.origin, body, path, address=address, sent=headers)


@asynccontextmanager
async def opened(store: Store | None = None) -> AsyncIterator[Doors]:
    mzi = Harness(store=store or MemoryStore())
    service = Service(use_cases=mzi.use_cases, version="1", max_body=2**20, max_records=1)
    paths = ("/events/{origin}", "/events/{origin}/by/{token}", "/events/{origin}/{kind}")
    app = Starlette(
        routes=[Route(path, door, methods=["POST"]) for path in paths], exception_handlers=HANDLERS
    )

    async def with_state(scope: dict[str, object], receive: object, send: object) -> None:
        await app({**scope, "state": {"service": service}}, receive, send)  # type: ignore[arg-type]

    transport = httpx2.ASGITransport(app=with_state)  # type: ignore[arg-type]
    async with httpx2.AsyncClient(transport=transport, base_url="http://mzi.test") as client:
        yield Doors(client, mzi)


@pytest.fixture
async def doors(store: Store) -> AsyncIterator[Doors]:
    async with opened(store) as found:
        yield found


def refused(said: httpx2.Response, status: int, name: str) -> str:
    """The sentence of a refusal of this kind."""
    assert (said.status_code, said.json()["type"]) == (status, f"urn:mzi:problem:{name}"), said.text
    if status == 401:
        assert said.headers["WWW-Authenticate"] == 'Bearer realm="mzi"'
    return str(said.json()["detail"])


@pytest.mark.parametrize(("origin", "scheme"), EVERY)
async def test_a_source_is_let_in_and_says_whose_data_it_is_about(
    doors: Doors, origin: Side, scheme: Scheme
) -> None:
    await doors.mzi.use_cases.add_tenant(NORTH)
    for tenant in (DEFAULT_TENANT, NORTH):
        source, secret = await doors.source(origin, scheme, tenant)
        expected = {"source": source.id, "tenant": tenant}
        assert (await doors.send(source, secret)).json() == expected
        assert (await doors.send(source, secret, x_tenant_id=tenant)).json() == expected
        assert (await doors.send(source, secret, x_mzi_source=source.id)).json() == expected
        (other,) = {DEFAULT_TENANT, NORTH} - {tenant}
        crossing = await doors.send(source, secret, x_tenant_id=other, x_mzi_source=source.id)
        assert "X-Tenant-ID" in refused(crossing, 403, "other-tenant-s-source")
        assert (await doors.send(source, secret, x_tenant_id="NO WAY")).status_code == 400


@pytest.mark.parametrize("origin", Side)
async def test_while_nothing_is_set_up_everybody_is_refused_and_told_how_to_do_it(
    doors: Doors, origin: Side
) -> None:
    """Nothing asks whether the service was started with --dev."""
    shown: list[dict[str, str]] = [{}, {"authorization": "Bearer x"}, {"x-zoho-signature": "0" * 64}]
    for headers in shown:
        said = await doors.knock(origin, sent=headers)
        assert f"`mzi sources add {origin}` makes one" in refused(said, 401, "not-believed")


async def test_what_is_wrong_is_not_told_any_closer(doors: Doors) -> None:
    """Neither whether the source is there, nor whether the body or the secret is another one."""
    source, secret = await doors.source(Side.MOODLE)
    gone, left = await doors.source(Side.MOODLE)
    await doors.mzi.use_cases.sources.revoke(gone.id)
    stale = signing_headers(Side.MOODLE, Scheme.STANDARD, secret, BODY, id="1", at=doors.mzi.clock.now())
    doors.mzi.clock.jump(3600)
    answers = [
        await doors.send(source, "whsec_" + "A" * 43 + "="),
        await doors.send(gone, left),
        await doors.send(source, secret, x_mzi_source="nobody"),
        await doors.send(source, secret, x_mzi_source=gone.id),
        await doors.knock(Side.MOODLE, sent=stale),
        await doors.knock(Side.MOODLE, authorization="Bearer nonsense"),
        await doors.knock(Side.MOODLE, x_moodle_signature="0" * 64),
        await doors.knock(Side.MOODLE, authorization=f"Bearer {secret}"),
    ]
    assert len({refused(each, 401, "not-believed") for each in answers}) == 1
    nothing = await doors.knock(Side.MOODLE)
    assert "neither a signature nor a token" in refused(nothing, 401, "not-believed")


async def test_one_of_many_that_sign_is_asked_to_say_which_it_is(doors: Doors) -> None:
    for _ in range(9):
        source, secret = await doors.source(Side.ZOHO, Scheme.HMAC)
    said = refused(await doors.send(source, secret), 401, "not-believed")
    assert "`X-MZI-Source` or `?source=`" in said
    assert (await doors.send(source, secret, path=f"?source={source.id}")).status_code == 200
    assert (await doors.send(source, secret, x_tenant_id=DEFAULT_TENANT)).status_code == 401


async def test_a_token_may_stand_in_the_path(doors: Doors) -> None:
    source, secret = await doors.source(Side.ZOHO, Scheme.URL)
    assert (await doors.knock(Side.ZOHO, path=f"/by/{secret}")).json()["source"] == source.id
    assert (await doors.knock(Side.ZOHO, path=f"/by/{secret}x")).status_code == 401


async def test_what_is_said_twice_is_not_taken_for_either(doors: Doors) -> None:
    """Of a header or a parameter two readers could take another one."""
    token, secret = await doors.source(Side.ZOHO, Scheme.URL)
    assert (await doors.knock(Side.ZOHO, path=f"?token=x&token={secret}")).status_code == 401
    assert (await doors.knock(Side.ZOHO, path=f"?token={secret}&token={secret}")).status_code == 401
    header, agreed = await doors.source(Side.ZOHO, Scheme.HEADER)
    twice = [("X-Zoho-Token", agreed), ("X-Zoho-Token", agreed)]
    said = await doors.client.post("/events/zoho", content=BODY, headers=twice)
    assert said.status_code == 401
    assert (token.tenant, header.tenant) == (DEFAULT_TENANT, DEFAULT_TENANT)


async def test_too_many_wrong_ones_of_an_address_are_429_and_who_was_right_goes_on() -> None:
    async with opened() as doors:
        used = await doors.source(Side.MOODLE)
        token = await doors.source(Side.MOODLE, Scheme.HEADER)
        fresh = await doors.source(Side.ZOHO)
        for source, secret in (used, token):
            assert (await doors.send(source, secret)).status_code == 200
        wrong = [
            (await doors.knock(Side.MOODLE, authorization=f"Bearer wrong {n}")).status_code
            for n in range(BURST + 5)
        ]
        assert wrong == [401] * BURST + [429] * 5
        limited = await doors.send(*fresh)
        assert 1 <= int(limited.headers["Retry-After"]) <= 3
        refused(limited, 429, "too-many-wrong-keys")
        for source, secret in (used, token):
            assert (await doors.send(source, secret)).status_code == 200
        for _ in range(BURST + 5):
            proved = await doors.send(*token, x_tenant_id="north", address="198.51.100.8")
            assert proved.status_code == 403
        elsewhere = await doors.knock(Side.MOODLE, authorization="Bearer x", address="198.51.100.7")
        assert elsewhere.status_code == 401


async def test_wrong_api_keys_count_against_tokens_too() -> None:
    """An address has one allowance, before whichever guard it is used up."""
    async with serving() as api:
        await api.mzi.use_cases.sources.add(Side.MOODLE, "tests", DEFAULT_TENANT)
        for n in range(BURST):
            wrong = {"X-API-Key": f"wrong {n}"}
            assert (await api.client.get("/api/v1/students", headers=wrong)).status_code == 401
        request = Request(
            {
                "type": "http",
                "headers": [(b"x-moodle-token", b"wrong")],
                "query_string": b"",
                "path_params": {},
                "client": ("127.0.0.1", 123),
                "state": dict(api.state),
            }
        )
        with pytest.raises(Problem) as caught:
            await sender_of(request, Side.MOODLE, BODY)
        assert caught.value.kind is WRONG_KEYS


async def test_a_key_that_cannot_be_opened_asks_the_sender_to_come_again() -> None:
    async with opened() as doors:
        source, secret = await doors.source(Side.MOODLE)
        use_cases = doors.mzi.use_cases
        blind = attrs.evolve(
            use_cases.sources, authenticate=attrs.evolve(use_cases.sources.authenticate, vault=NoVault())
        )
        object.__setattr__(use_cases, "sources", blind)
        said = await doors.send(source, secret)
        refused(said, 503, "secrets-closed")
        assert said.headers["Retry-After"]


@given(
    headers=st.dictionaries(
        st.sampled_from(
            [
                *("Authorization", "X-Zoho-Signature", "X-Moodle-Signature", "X-Zoho-Token"),
                *("X-Moodle-Token", "webhook-id", "webhook-timestamp", "webhook-signature"),
                *("X-MZI-Source", "X-Tenant-ID"),
            ]
        ),
        st.binary(max_size=300).filter(lambda raw: not set(raw) & set(b"\r\n\0")),
    ),
    query=st.text(max_size=50),
    body=st.binary(max_size=200),
    origin=st.sampled_from(Side),
)
def test_whatever_comes_is_refused_and_nothing_breaks(
    headers: Mapping[str, bytes], query: str, body: bytes, origin: Side
) -> None:
    async def knock() -> None:
        async with opened() as doors:
            for scheme in SCHEMES_OF[origin]:
                await doors.source(origin, scheme)
            raw = [(name.encode(), value) for name, value in headers.items()]
            for path in ("", "/channel"):
                said = await doors.client.post(
                    f"/events/{origin}{path}", params={"token": query}, content=body, headers=raw
                )
                assert said.status_code in (400, 401)

    asyncio.run(knock())


@pytest.mark.parametrize(("origin", "scheme"), EVERY)
async def test_no_secret_comes_out(origin: Side, scheme: Scheme, caplog: pytest.LogCaptureFixture) -> None:
    """Neither in an answer, right or wrong, nor in what anybody logs at any level."""
    caplog.set_level(logging.DEBUG)
    async with opened() as doors:
        source, secret = await doors.source(origin, scheme)
        answers = [
            await doors.send(source, secret),
            await doors.send(source, secret + "x"),
            await doors.send(source, secret, x_tenant_id="north"),
            await doors.send(source, secret, x_tenant_id="NOT ONE"),
        ]
        said = " ".join(each.text for each in answers)
    # httpx2, the client, logs the address it has been told to ask.
    logged = "\n".join(each.getMessage() for each in caplog.records if not each.name.startswith("httpx"))
    assert secret not in said
    assert secret[-20:] not in said + logged
