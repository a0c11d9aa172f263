"""The harness that ships: all of mzi in memory, and a Zoho and a Moodle beside it."""

from datetime import timedelta

import pytest

from mzi_adapters.memory import MemoryStore
from mzi_adapters.system import SystemClock, SystemIds
from mzi_adapters.testing.harness import Harness
from mzi_adapters.zoho import ZohoCodec
from mzi_core.errors import AccountMissing
from mzi_core.modules import CATALOGUE
from mzi_core.use_cases import UseCases
from mzi_core.values import DEFAULT_TENANT, TenantId

STUDENTS = CATALOGUE["students"]


async def test_a_student_entered_in_zoho_becomes_a_moodle_account_and_stays_one() -> None:
    mzi = Harness()
    remote = mzi.use_cases.remote
    student = {"Name": "A001", "Academic_Email": "rana@college.example"}
    zoho_id = mzi.zoho.add("BTEC_Students", {**student, "First_Name": "Rana", "Last_Name": "Haddad"})
    async for _ in remote.pull(await remote.plan_pull(DEFAULT_TENANT, STUDENTS)):
        pass
    for expected in ("create", "nothing"):
        pages = [page async for page in remote.push.to_moodle(DEFAULT_TENANT, STUDENTS)]
        assert [result.step.act.value for page in pages for result in page.results] == [expected]
    (account,) = [u for u in mzi.moodle.site.people.rows.values() if u.username == "rana@college.example"]
    assert account.idnumber == zoho_id
    assert mzi.zoho.records("BTEC_Students")[zoho_id]["Student_Moodle_ID"] == str(account.id)
    await mzi.connections.close()


async def test_another_tenant_has_no_account() -> None:
    mzi = Harness()
    for ask in (mzi.connections.zoho, mzi.connections.moodle):
        with pytest.raises(AccountMissing, match="those of tenant `default`"):
            await ask(TenantId("another"))


async def test_the_clock_moves_when_told_to() -> None:
    mzi = Harness()
    before = mzi.clock.now()
    mzi.clock.advance(timedelta(days=7))
    assert mzi.clock.now() - before == timedelta(days=7)
    await mzi.clock.sleep(90)
    assert mzi.clock.now() - before == timedelta(days=7, seconds=90)


async def test_use_cases_without_connections_say_so_when_one_is_needed() -> None:
    remote = UseCases.over(
        store=MemoryStore(), codec=ZohoCodec(), clock=SystemClock(), ids=SystemIds()
    ).remote
    for ask in (remote.connections.zoho, remote.connections.moodle):
        with pytest.raises(AccountMissing, match=r"hand `connections` to `UseCases\.over`"):
            await ask(DEFAULT_TENANT)
