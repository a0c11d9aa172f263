"""Keys open the API, each for one tenant or for all, and are kept only as a digest."""

import pytest

from mzi_adapters.testing.harness import Harness
from mzi_core.errors import LabelRefused, NotFound, UnknownTenant
from mzi_core.use_cases.access import Access, TenantNameRefused, key_id, tenant_id
from mzi_core.values import DEFAULT_TENANT, TenantId

NORTH = TenantId("north")


async def test_without_any_key_nothing_is_open() -> None:
    check = Harness().use_cases.check_key
    assert await check(None, DEFAULT_TENANT) is Access.NO_KEYS
    assert await check("mzi_a_b", DEFAULT_TENANT) is Access.NO_KEYS


async def test_a_key_opens_every_tenant_unless_it_is_for_one() -> None:
    mzi = Harness().use_cases
    await mzi.add_tenant(NORTH)
    _, everywhere = await mzi.new_key("ci")
    _, north = await mzi.new_key("north", NORTH)
    assert await mzi.check_key(everywhere, DEFAULT_TENANT) is Access.GRANTED
    assert await mzi.check_key(everywhere, NORTH) is Access.GRANTED
    assert await mzi.check_key(north, NORTH) is Access.GRANTED
    assert await mzi.check_key(north, DEFAULT_TENANT) is Access.OTHER_TENANT


async def test_what_is_not_exactly_the_key_opens_nothing() -> None:
    mzi = Harness().use_cases
    key, text = await mzi.new_key("ci")
    for presented in (
        None,
        "",
        text + "x",
        text[:-1],
        text.upper(),
        f"mzi_{key.id}_",
        f"mzi__{text}",
        text.replace("mzi_", "mzl_", 1),
        text.replace("mzi_", "", 1),
        f"x{text}",
        f" {text}",
        text.replace("mzi", "ｍzi", 1),
        text + "x" * 10**6,
        f"mzi_{'x' * 10**6}_{text}",
        "\ud800",
    ):
        assert await mzi.check_key(presented, DEFAULT_TENANT) is Access.UNKNOWN_KEY


async def test_the_secret_is_shown_once_and_kept_nowhere() -> None:
    mzi = Harness().use_cases
    key, text = await mzi.new_key("ci")
    secret = text.split("_", 2)[2]
    assert text == f"mzi_{key.id}_{secret}"
    assert all(secret not in repr(kept) for kept in await mzi.list_keys())


async def test_a_revoked_key_opens_nothing_any_more() -> None:
    mzi = Harness().use_cases
    key, text = await mzi.new_key("ci")
    _, other = await mzi.new_key("other")
    revoked = await mzi.revoke_key(key.id)
    assert revoked.revoked_at is not None
    assert await mzi.revoke_key(key.id) == revoked
    assert await mzi.check_key(text, DEFAULT_TENANT) is Access.UNKNOWN_KEY
    assert await mzi.check_key(other, DEFAULT_TENANT) is Access.GRANTED


async def test_keys_for_nobody_are_refused() -> None:
    mzi = Harness().use_cases
    with pytest.raises(UnknownTenant):
        await mzi.new_key("x", TenantId("nobody"))
    with pytest.raises(NotFound, match="There is no API key `nothing`"):
        await mzi.revoke_key("nothing")


async def test_tenants_are_listed_by_name_and_made_once() -> None:
    mzi = Harness().use_cases
    assert await mzi.add_tenant(NORTH)
    assert not await mzi.add_tenant(NORTH)
    assert await mzi.list_tenants() == [DEFAULT_TENANT, NORTH]


@pytest.mark.parametrize("name", ["a", "north-2", "0_x", "a" * 63])
def test_a_plain_name_is_a_tenants(name: str) -> None:
    assert tenant_id(name) == name


@pytest.mark.parametrize("name", ["", "A", "-a", "a b", "a" * 64, "ä", "a/b", "a\n"])
def test_any_other_name_is_refused(name: str) -> None:
    with pytest.raises(TenantNameRefused, match="small letters"):
        tenant_id(name)


@pytest.mark.parametrize("label", ["", " ", "x" * 201])
async def test_a_key_without_a_label_is_not_made(label: str) -> None:
    mzi = Harness().use_cases
    with pytest.raises(LabelRefused, match="1 to 200 characters"):
        await mzi.new_key(label)
    assert (await mzi.new_key(" ci "))[0].label == "ci"


@pytest.mark.parametrize(
    ("presented", "shown"),
    [("mzi_0a1b2c3d_secret", "0a1b2c3d"), ("other_0a1b2c3d_secret", ""), ("mzi", ""), ("", ""), (None, "")],
)
def test_of_a_presented_key_the_public_part_is_told(presented: str | None, shown: str) -> None:
    assert key_id(presented) == shown
