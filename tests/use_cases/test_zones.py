"""The time zone in which the people of a tenant are told times."""

from zoneinfo import ZoneInfo

import pytest

from mzi_adapters.testing.harness import Harness
from mzi_core.errors import UnknownTenant
from mzi_core.ports import TenantSettings
from mzi_core.use_cases.tenants import ZoneRefused, zone_named, zone_of
from mzi_core.values import DEFAULT_TENANT, TenantId


async def test_a_tenant_chooses_a_zone_and_keeps_its_other_choices() -> None:
    mzi = Harness().use_cases
    await mzi.choose_policy(DEFAULT_TENANT, None, {"base": "percent"})
    kept = await mzi.choose_zone(DEFAULT_TENANT, "Asia/Amman")
    assert await mzi.read_settings(DEFAULT_TENANT) == kept
    assert (kept.zone, kept.policies["default"]["name"]) == ("Asia/Amman", "percent")
    assert zone_of(kept) == ZoneInfo("Asia/Amman")


@pytest.mark.parametrize("name", ["Amman", "", "../Amman", "/etc/passwd", "Asia", "a\0b", "x" * 500])
async def test_what_is_no_zone_is_refused_in_a_sentence_and_not_kept(name: str) -> None:
    mzi = Harness().use_cases
    with pytest.raises(ZoneRefused) as refused:
        await mzi.choose_zone(DEFAULT_TENANT, name)
    assert str(refused.value) == f"There is no time zone `{name[:64]}`; write it like Asia/Amman."
    assert (await mzi.read_settings(DEFAULT_TENANT)).zone == "UTC"


async def test_a_tenant_nobody_made_has_no_zone() -> None:
    with pytest.raises(UnknownTenant):
        await Harness().use_cases.choose_zone(TenantId("nobody"), "Asia/Amman")


def test_times_are_told_in_utc_until_a_zone_is_chosen() -> None:
    assert zone_of(TenantSettings()) == zone_named("UTC") == ZoneInfo("UTC")
