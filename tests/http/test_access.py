"""Keys: who is let in, for which tenant, and what is open to all."""

from typing import Any

import attrs
import httpx2
import pytest
from tests.http.serving import Api, serving, student

from mzi_core.use_cases import UseCases
from mzi_core.use_cases.access import Access
from mzi_core.values import TenantId
from mzi_http.wrong_keys import BURST, WrongKeys

OPEN = ("/health", "/api/v1/health", "/openapi.json", "/docs", "/docs/start.js", "/docs/swagger_bundle.js")
GUARDED = (
    ("POST", "/api/v1/sync/students"),
    ("POST", "/v1/sync/nothing"),
    ("GET", "/api/v1/students"),
    ("GET", "/api/v1/students/1"),
    ("POST", "/api/v1/grades/decide"),
    ("POST", "/api/v1/grades/simulate"),
    ("PUT", "/api/v1/students"),
    ("GET", "/nothing"),
    ("GET", "/docs/nothing"),
)


async def status(api: Api, path: str = "/api/v1/students", **headers: str) -> int:
    return int((await api.client.get(path, headers=headers)).status_code)


async def test_while_there_is_no_key_everything_is_closed_and_says_how_to_make_one() -> None:
    async with serving(with_key=False) as api:
        for method, path in GUARDED:
            answer = await api.client.request(method, path, json={})
            assert answer.status_code == 401
            assert answer.headers["WWW-Authenticate"] == 'Bearer realm="mzi"'
            assert "mzi keys new" in answer.json()["detail"]
        for path in OPEN:
            assert await status(api, path) == 200


async def test_without_a_key_nobody_learns_what_there_is(api: Api) -> None:
    """The same 401 for what exists and for what does not; an unknown tenant is no exception."""
    del api.client.headers["X-API-Key"]
    answers = [await api.client.request(method, path, json={}) for method, path in GUARDED]
    answers.append(await api.client.get("/api/v1/students", headers={"X-Tenant-ID": "nowhere"}))
    assert {(answer.status_code, answer.text) for answer in answers} == {(401, answers[0].text)}
    for path in OPEN:
        assert await status(api, path) == 200


async def test_a_key_is_read_from_either_header(api: Api) -> None:
    key = api.client.headers.pop("X-API-Key")
    assert await status(api, **{"X-API-Key": key}) == 200
    assert await status(api, Authorization=f"Bearer {key}") == 200
    assert await status(api, Authorization=f"bearer  {key}") == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"X-API-Key": ""},
        {"X-API-Key": "mzi_00000000_nonsense"},
        {"X-API-Key": "nonsense"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": "Basic dXNlcjpwYXNz"},
        {"Authorization": ""},
    ],
)
async def test_a_key_that_is_not_known_opens_nothing(memory: Api, headers: dict[str, str]) -> None:
    del memory.client.headers["X-API-Key"]
    answer = await memory.client.get("/api/v1/students", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert not any(value and value in answer.text for value in headers.values() if value != "Bearer")


async def test_a_revoked_key_is_an_unknown_one(api: Api) -> None:
    key, text = await api.mzi.use_cases.new_key("leaver")
    assert await status(api, **{"X-API-Key": text}) == 200
    await api.mzi.use_cases.revoke_key(key.id)
    answer = await api.client.get("/api/v1/students", headers={"X-API-Key": text})
    assert answer.status_code == 401
    assert "revoked" in answer.json()["detail"]


async def test_a_key_for_one_tenant_opens_no_other(api: Api) -> None:
    await api.mzi.use_cases.add_tenant(TenantId("one"))
    await api.mzi.use_cases.add_tenant(TenantId("two"))
    _, text = await api.mzi.use_cases.new_key("one's own", TenantId("one"))
    assert await status(api, **{"X-API-Key": text, "X-Tenant-ID": "one"}) == 200
    others: list[dict[str, str]] = [{"X-Tenant-ID": "two"}, {"X-Tenant-ID": "nowhere"}, {}]
    for tenant in others:
        answer = await api.client.get("/api/v1/students", headers={"X-API-Key": text, **tenant})
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:mzi:problem:other-tenant")


async def test_tenants_see_their_own_records_only(api: Api) -> None:
    await api.mzi.use_cases.add_tenant(TenantId("other"))
    await api.sync("students", student(1))
    await api.sync("students", student(1, City="Aqaba"), **{"X-Tenant-ID": "other"})
    cities = [
        (await api.client.get("/api/v1/students/1", headers=headers)).json()["stored"]["record"]["city"]
        for headers in ({}, {"X-Tenant-ID": "other"})
    ]
    assert cities == [None, "Aqaba"]


async def test_open_to_all_asks_for_no_key_and_still_for_a_tenant_name() -> None:
    async with serving(with_key=False, open_to_all=True) as api:
        assert await status(api) == 200
        assert await status(api, **{"X-Tenant-ID": "NO"}) == 400
        assert await status(api, **{"X-Tenant-ID": "nowhere"}) == 404


async def test_open_paths_stay_open_behind_a_prefix_of_the_proxy() -> None:
    """A server that is told `root_path` passes the whole path on."""
    async with serving(with_key=False) as api:
        transport = api.client._transport
        transport.root_path = "/mzi"  # type: ignore[attr-defined]
        assert await status(api, "/mzi/health") == 200
        assert await status(api, "/mzi/api/v1/students") == 401


@attrs.define
class Clock:
    """Seconds that pass when they are told to."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def test_an_address_may_send_twenty_wrong_keys_and_then_one_every_three_seconds() -> None:
    clock = Clock()
    wrong = WrongKeys(clock)
    for _ in range(BURST):
        assert wrong.wait("203.0.113.7", "no key") == 0
        wrong.wrong("203.0.113.7")
    assert wrong.wait("203.0.113.7", "another") == 3
    clock.now += 1.5
    assert wrong.wait("203.0.113.7", "another") == 2
    clock.now += 1.5
    assert wrong.wait("203.0.113.7", "another") == 0
    wrong.wrong("203.0.113.7")
    assert wrong.wait("203.0.113.7", "another") == 3
    clock.now += 1000
    for _ in range(BURST):
        assert wrong.wait("203.0.113.7", "another") == 0
        wrong.wrong("203.0.113.7")
    assert wrong.wait("203.0.113.7", "another") == 3


def test_a_key_that_was_right_once_is_looked_at_again_whatever_its_address_sends() -> None:
    wrong = WrongKeys(Clock())
    wrong.right("ours")
    for _ in range(2 * BURST):
        wrong.wrong("203.0.113.7")
    assert wrong.wait("203.0.113.7", "ours") == 0
    assert wrong.wait("203.0.113.7", "theirs") > 0
    assert wrong.wait("203.0.113.7", None) > 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.7", "203.0.113.8", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:203.0.113.7", "203.0.113.7", True),
        ("::ffff:203.0.113.7", "::ffff:203.0.113.8", False),
        ("", "203.0.113.7", False),
        ("testclient", "testclient", True),
    ],
)
def test_what_counts_as_one_address(one: str, other: str, same: bool) -> None:
    """Of IPv6 the network: whoever has one address of it has all."""
    wrong = WrongKeys(Clock())
    for _ in range(BURST):
        wrong.wrong(one)
    assert (wrong.wait(other, "key") > 0) is same


def test_the_memory_of_wrong_and_right_keys_is_bounded() -> None:
    wrong = WrongKeys(Clock())
    for n in range(30_000):
        wrong.wrong(f"address {n}")
        wrong.right(f"key {n}")
    assert (len(wrong._left), len(wrong._right)) == (10_000, 10_000)


async def test_too_many_wrong_keys_of_one_address_are_429_and_no_other_address_minds() -> None:
    """Nor does a key that is in use at the same address, such as behind a proxy that hides them all."""
    asked = 0

    def counting(use_cases: UseCases) -> UseCases:
        async def check(presented: str | None, tenant: TenantId) -> Access:
            nonlocal asked
            asked += 1
            return await use_cases.check_key(presented, tenant)

        changed: Any = check
        return attrs.evolve(use_cases, check_key=changed)

    async with serving(change=counting) as api:
        used = api.client.headers.pop("X-API-Key")
        _, fresh = await api.mzi.use_cases.new_key("not used yet")

        async def answered(address: str, key: str) -> httpx2.Response:
            api.client._transport.client = (address, 1)  # type: ignore[attr-defined]  # a transport to an app
            return await api.client.get("/api/v1/students", headers={"X-API-Key": key})

        assert (await answered("203.0.113.7", used)).status_code == 200
        statuses = [(await answered("203.0.113.7", f"wrong {n}")).status_code for n in range(BURST + 10)]
        assert statuses == [401] * BURST + [429] * 10
        assert asked == 1 + BURST
        refused = await answered("203.0.113.7", fresh)
        assert refused.status_code == 429
        assert refused.json()["type"] == "urn:mzi:problem:too-many-wrong-keys"
        assert 1 <= int(refused.headers["Retry-After"]) <= 3
        assert (await answered("203.0.113.7", used)).status_code == 200
        assert (await answered("203.0.113.8", fresh)).status_code == 200
        assert (await answered("203.0.113.7", fresh)).status_code == 200
