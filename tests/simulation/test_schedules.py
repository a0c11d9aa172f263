"""Schedules that luck seldom finds, one by one."""

import asyncio

import attrs
from tests.simulation.chances import Chances
from tests.simulation.process import Life
from tests.simulation.virtual_loop import VirtualLoop
from tests.simulation.world import World

from mzi_core.flows.flow import ACCOUNT
from mzi_core.use_cases.deliver import LEASE, Delivered
from mzi_core.values import DEFAULT_TENANT


@attrs.define(kw_only=True, eq=False)
class Hangs(Life):
    """Hangs once, for nearly a lease, as soon as its first claim is kept."""

    has_hung: bool = False

    async def lives(self, what: str, longest: float) -> bool:
        if what == "kept" and not self.has_hung:
            self.has_hung = True
            await asyncio.sleep(LEASE.total_seconds() - 5)
        return False


def test_a_lease_counts_from_the_claim_and_not_from_the_answer_to_it() -> None:
    """Who hangs in between has no time left to send anything."""

    async def whole() -> tuple[Delivered | None, int]:
        world = World(chances=Chances(seed=1, odds={}), swept=False)
        record = {"Name": "A1", "First_Name": "Rana", "Last_Name": "Example"}
        world.zoho.add("BTEC_Students", {**record, "Academic_Email": "s1@college.example"})
        await world.rules()
        (found,) = world.zoho.records("BTEC_Students").values()
        await world.intake.sync(DEFAULT_TENANT, ACCOUNT.zoho[0], [found])
        life = Hangs(name="one", chances=world.chances, say=world.say)
        done = await world.use_cases(life).remote.deliver_due.deliver(DEFAULT_TENANT, ACCOUNT)
        return done, sum(call.function == "core_user_create_users" for call in world.moodle.seen)

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        done, made = runner.run(whole())
    assert done is not None
    assert (done.put_off, made) == ("It took too long and begins anew.", 0)
