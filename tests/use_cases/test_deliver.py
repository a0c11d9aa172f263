"""Delivering: what Zoho says of people, classes and enrolments reaches Moodle, and Zoho is told."""

from collections import Counter
from collections.abc import Sequence

import attrs
from tests.use_cases.remotes import College
from tests.use_cases.test_push import A, student

from mzi_core.flows.rules import FlowName
from mzi_core.ports import DeliveryState, StoredDelivery
from mzi_core.values import DEFAULT_TENANT

ALL = [each.value for each in FlowName]


@attrs.define
class AtWork(College):
    """A college whose flows run by themselves, and what is planted in its Zoho."""

    async def rules(self, **rules: object) -> None:
        """What the college lets mzi do."""
        async with self.store.begin(DEFAULT_TENANT) as session:
            settings = await session.settings()
            await session.save_settings(attrs.evolve(settings, rules={"flows": ALL, **rules}))

    async def in_zoho(self, module: str, *records: dict[str, object]) -> None:
        """People enter records in Zoho, and mzi takes them."""
        names = {"students": "BTEC_Students", "classes": "BTEC_Classes", "enrollments": "BTEC_Enrollments"}
        for record in records:
            self.zoho.add(names[module], record)
        await self.sync(module, records)

    async def delivered(self) -> Counter[DeliveryState]:
        """Work until nothing is due; in which states pairs ended, batch by batch."""
        states: Counter[DeliveryState] = Counter()
        await self.use_cases.remote.deliver_due(
            DEFAULT_TENANT, done=lambda _, each: states.update(each.states)
        )
        return states

    async def deliveries(self, flow: FlowName) -> Sequence[StoredDelivery]:
        """How the pairs of a flow stand."""
        async with self.store.read(DEFAULT_TENANT) as session:
            return [each for state in DeliveryState for each in await session.deliveries(flow, state)]

    def zoho_says(self, module: str, id: str) -> dict[str, object]:
        """A record as it stands in Zoho."""
        return self.zoho.records(module)[id]


async def at_work(**rules: object) -> AtWork:
    college = AtWork()
    await college.rules(**rules)
    return college


class TestAccounts:
    """Students and teachers."""

    async def test_who_is_new_in_zoho_gets_an_account_and_zoho_is_told(self) -> None:
        college = await at_work(create_accounts=True)
        await college.in_zoho("students", student())
        assert await college.delivered() == {DeliveryState.SETTLED: 1}
        account = (await college.stored("students"))[A].moodle_userid
        assert college.moodle.site.people.rows[account].idnumber == A
        said = college.zoho_says("BTEC_Students", A)
        assert (said["Student_Moodle_ID"], said["Synced_to_Moodle"]) == (str(account), True)
        assert (await college.stored("students"))[A].moodle_userid_in_zoho == account
        assert await college.delivered() == {}
