"""Telling people what waits for them: by every way, once, and again where it could not be sent."""

from datetime import time, timedelta

import attrs
import pytest

from mzi_adapters.memory import MemoryStore
from mzi_adapters.testing.contracts.fixtures import question
from mzi_adapters.testing.harness import FixedClock, Harness
from mzi_adapters.testing.notifier import FakeNotifier
from mzi_adapters.testing.session_guard import GuardedStore
from mzi_core.errors import UnknownTenant
from mzi_core.event_proofs import Scheme
from mzi_core.module import Side
from mzi_core.notices import AGAIN, REMEMBERED, SETTLED, NotifyPolicy, QuietHours
from mzi_core.ports import DeliveryKey, Due, NoticeDigest, Run, RunStatus
from mzi_core.use_cases import UseCases
from mzi_core.use_cases.notify import Notifying, NotifyStatus, Tried
from mzi_core.use_cases.tasks import STOPPED, NobodyIsTold, TaskName
from mzi_core.values import DEFAULT_TENANT, TenantId

HOUR = timedelta(hours=1)
DOWN = "The mail server cannot be reached."


@attrs.define
class Told:
    """A college whose people are told by mail and by a webhook."""

    policy: NotifyPolicy = attrs.field(factory=NotifyPolicy)
    mail: FakeNotifier = attrs.field(factory=lambda: FakeNotifier("mail"))
    webhook: FakeNotifier = attrs.field(factory=lambda: FakeNotifier("webhook"))
    clock: FixedClock = attrs.field(factory=FixedClock)
    mzi: Harness = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        store = GuardedStore(MemoryStore(clock=self.clock))  # nothing is sent while a session is open
        notifying = Notifying(notifiers=[self.mail, self.webhook], policy=self.policy)
        self.mzi = Harness(store=store, clock=self.clock, notifying=notifying)

    def restarted(self) -> None:
        """Another process over the same store."""
        self.mzi = attrs.evolve(self.mzi)

    async def dead(self, *keys: str, flow: str = "grade", tenant: TenantId = DEFAULT_TENANT) -> None:
        """Deliveries that were given up."""
        async with self.mzi.store.begin(tenant) as session:
            await session.make_due([Due(flow, key) for key in keys])
            claims = await session.claim(flow, len(keys), HOUR)
            await session.end_claims([claim.dead("Rana Haddad is unknown.") for claim in claims])

    async def redriven(self, *keys: str, flow: str = "grade") -> None:
        """They are tried again."""
        async with self.mzi.store.begin(DEFAULT_TENANT) as session:
            await session.redrive([DeliveryKey(flow, key) for key in keys])

    async def run(self, tenant: TenantId = DEFAULT_TENANT) -> Run:
        """The task, run now."""
        run = await self.mzi.use_cases.remote.run_task(tenant, TaskName.NOTIFY)
        assert run is not None
        return run

    async def after(self, time: timedelta) -> Run:
        """The task, run later."""
        self.clock.advance(time)
        return await self.run()


def said(digest: NoticeDigest) -> list[tuple[str, str, int]]:
    """What a digest tells: key, state and number."""
    return [(str(each.notice.address), each.state.value, each.notice.number) for each in digest.lines]


class TestTelling:
    async def test_all_that_waits_for_a_person_is_told_by_every_way_and_once(self) -> None:
        college = Told()
        async with college.mzi.store.begin(DEFAULT_TENANT) as session:
            await session.make_due([Due("enrolment", key) for key in "12"])
            plan = await session.open_plan("enrolment", "suspend")
            claims = await session.claim("enrolment", 2, HOUR)
            await session.end_claims([claim.held(plan) for claim in claims])
            await session.pause("take:students", "Zoho has withdrawn the access.")
            await session.put_reviews([question("1"), question("2")])
        await college.dead("1_2_3")
        run = await college.run()
        assert (run.status, dict(run.counts), run.message) == (RunStatus.COMPLETED, {"told": 8}, "")
        for way in (college.mail, college.webhook):
            (digest,) = way.sent
            assert said(digest) == [
                (f"plan:{plan}", "new", 2),
                ("paused:take:students", "new", 1),
                ("dead:grade", "new", 1),
                ("review:account", "new", 2),
            ]
            assert (digest.tenant, digest.is_test) == (DEFAULT_TENANT, False)
        college.restarted()
        assert dict((await college.after(HOUR)).counts) == {"told": 0}
        assert len(college.mail.sent) == len(college.webhook.sent) == 1
        await college.after(AGAIN)
        assert {state for _, state, _ in said(college.mail.sent[-1])} == {"still"}

    async def test_more_of_it_is_told_and_that_it_is_over_and_that_is_forgotten_in_time(self) -> None:
        college = Told()
        await college.dead("1")
        await college.run()
        await college.dead("2")
        await college.after(HOUR)
        assert said(college.mail.sent[-1]) == [("dead:grade", "grown", 2)]
        await college.redriven("1", "2")
        await college.after(HOUR)
        assert len(college.mail.sent) == 2
        await college.after(SETTLED)
        assert said(college.mail.sent[-1]) == [("dead:grade", "over", 0)]
        await college.after(REMEMBERED)
        assert len(college.mail.sent) == 3
        async with college.mzi.store.read(DEFAULT_TENANT) as session:
            assert list(await session.told_notices("mail")) == []

    async def test_a_source_that_has_told_nothing_for_long_is_told_until_it_is_revoked(self) -> None:
        college = Told()
        source, _ = await college.mzi.use_cases.sources.add(
            Side.ZOHO, "Rules of Rana", DEFAULT_TENANT, scheme=Scheme.HEADER
        )
        await college.run()
        assert college.mail.sent == []
        await college.after(timedelta(days=3))
        assert said(college.mail.sent[-1]) == [(f"silent:{source.id}", "new", 1)]
        await college.mzi.use_cases.sources.revoke(source.id)
        await college.after(HOUR)
        await college.after(SETTLED)
        assert said(college.mail.sent[-1]) == [(f"silent:{source.id}", "over", 0)]

    async def test_each_tenant_is_told_of_its_own_in_a_message_of_its_own(self) -> None:
        college, other = Told(), TenantId("irbid")
        await college.mzi.use_cases.add_tenant(other)
        await college.dead("1")
        await college.dead("1", "2", flow="course", tenant=other)
        await college.run()
        await college.run(other)
        assert [(each.tenant, said(each)) for each in college.mail.sent] == [
            (DEFAULT_TENANT, [("dead:grade", "new", 1)]),
            (other, [("dead:course", "new", 2)]),
        ]

    async def test_in_quiet_hours_of_the_tenant_only_what_cannot_wait_is_told(self) -> None:
        """It is 08:00 in Greenwich, and 19:00 in Sydney."""
        college = Told(policy=NotifyPolicy(quiet=QuietHours(time(19), time(7))))
        await college.dead("1")
        async with college.mzi.store.begin(DEFAULT_TENANT) as session:
            await session.pause("account", "Moodle refuses the token.")
        await college.mzi.use_cases.choose_zone(DEFAULT_TENANT, "Australia/Sydney")
        await college.run()
        assert [said(each) for each in college.mail.sent] == [[("paused:account", "new", 1)]]
        assert f"{college.mail.sent[0].at:%H:%M}" == "19:00"
        await college.mzi.use_cases.choose_zone(DEFAULT_TENANT, "UTC")
        await college.run()
        assert said(college.mail.sent[-1]) == [("dead:grade", "new", 1)]


class TestWhatCannotBeSent:
    async def test_what_one_way_refuses_is_told_by_the_other_and_tried_again(self) -> None:
        college = Told()
        await college.dead("1")
        college.mail.refusal = DOWN
        run = await college.run()
        assert (run.status, run.message) == (RunStatus.PARTIAL, f"mail: {DOWN}")
        assert dict(run.counts) == {"told": 1}
        college.mail.refusal = ""
        run = await college.after(HOUR)
        assert (run.status, dict(run.counts)) == (RunStatus.COMPLETED, {"told": 1})
        assert [len(way.sent) for way in (college.mail, college.webhook)] == [1, 1]
        assert said(college.mail.sent[0]) == said(college.webhook.sent[0]) == [("dead:grade", "new", 1)]

    async def test_what_no_way_takes_fails_the_run_and_is_tried_again(self) -> None:
        college = Told()
        await college.dead("1")
        college.mail.refusal, college.webhook.refusal = DOWN, "It redirects."
        run = await college.run()
        assert (run.status, run.message) == (RunStatus.FAILED, f"mail: {DOWN} webhook: It redirects.")
        await college.redriven("1")
        await college.run()
        assert college.mail.sent == []  # nobody was told of it, so nobody is told that it is over
        await college.dead("1")
        college.mail.refusal = college.webhook.refusal = ""
        assert dict((await college.run()).counts) == {"told": 2}

    async def test_what_is_to_be_known_beside_is_told_and_nothing_is_sent_again(self) -> None:
        college = Told()
        await college.dead("1")
        college.mail.remark = "Of 2 addresses 1 were refused (550)."
        run = await college.run()
        assert (run.status, dict(run.counts)) == (RunStatus.PARTIAL, {"told": 2})
        assert run.message == "mail: Of 2 addresses 1 were refused (550)."
        assert (await college.after(HOUR)).status is RunStatus.COMPLETED
        assert len(college.mail.sent) == 1


class TestTheTask:
    async def test_by_itself_it_runs_also_where_no_flow_does_and_as_often_as_is_set(self) -> None:
        college = Told(policy=NotifyPolicy(every=timedelta(minutes=30)))
        due = college.mzi.use_cases.remote.run_tasks_due
        assert [run.module for run in (await due())[DEFAULT_TENANT]] == ["notify"]
        college.clock.advance(timedelta(minutes=29))
        assert await due() == {}
        college.clock.advance(timedelta(minutes=1))
        assert [run.module for run in (await due())[DEFAULT_TENANT]] == ["notify"]

    async def test_a_run_that_told_nothing_gives_its_place_to_the_next(self) -> None:
        """Whatever became of it: it is run so often that nothing else would be seen among them."""
        college = Told()
        college.mail.refusal = college.webhook.refusal = DOWN
        for _ in range(2):
            await college.after(HOUR)
        await college.dead("1")
        assert (await college.after(HOUR)).status is RunStatus.FAILED
        college.mail.refusal = college.webhook.refusal = ""
        told = [await college.after(HOUR), await college.after(HOUR)]
        latest = await college.after(HOUR)
        async with college.mzi.store.read(DEFAULT_TENANT) as session:
            assert [run.id for run in await session.runs(10)] == [latest.id, told[0].id]
        assert latest.id == told[1].id
        assert latest.started_at == college.clock.now()

    async def test_it_is_listed_beside_the_others(self) -> None:
        college = Told()
        listed = await college.mzi.use_cases.remote.list_tasks(DEFAULT_TENANT)
        assert [each.name for each in listed] == list(TaskName)
        assert listed[-1].every == timedelta(minutes=15)

    async def test_one_that_is_stopped_sends_nothing_more(self) -> None:
        college = Told()
        await college.dead("1")
        run_task = college.mzi.use_cases.remote.run_task
        run = await run_task(DEFAULT_TENANT, TaskName.NOTIFY, stopped=lambda: bool(college.mail.sent))
        assert run is not None
        assert (run.status, run.message, dict(run.counts)) == (RunStatus.FAILED, STOPPED, {"told": 1})
        assert (len(college.mail.sent), college.webhook.sent) == (1, [])

    async def test_where_no_way_is_set_up_there_is_no_such_task(self) -> None:
        mzi = Harness().use_cases
        assert TaskName.NOTIFY not in [each.name for each in await mzi.remote.list_tasks(DEFAULT_TENANT)]
        with pytest.raises(NobodyIsTold, match=r"`notify\.mail\.host`"):
            await mzi.remote.run_task(DEFAULT_TENANT, TaskName.NOTIFY)
        with pytest.raises(NobodyIsTold):
            await mzi.notify.try_out(DEFAULT_TENANT)

    async def test_use_cases_that_nobody_has_given_a_way_tell_nobody(self) -> None:
        mzi = Harness()
        bare = UseCases.over(store=mzi.store, codec=mzi.codec, clock=mzi.clock, ids=mzi.ids)
        assert (await bare.notify.status(DEFAULT_TENANT)).ways == []

    async def test_who_is_no_tenant_is_told_nothing(self) -> None:
        college, nobody = Told(), TenantId("nobody")
        for ask in (college.run, college.mzi.use_cases.notify.status, college.mzi.use_cases.notify.try_out):
            with pytest.raises(UnknownTenant):
                await ask(nobody)


class TestTryingOut:
    async def test_each_way_is_handed_a_test_and_says_how_it_went(self) -> None:
        college = Told()
        await college.mzi.use_cases.choose_zone(DEFAULT_TENANT, "Asia/Amman")
        college.webhook.refusal = "It redirects."
        college.mail.remark = "One was refused."
        tried = await college.mzi.use_cases.notify.try_out(DEFAULT_TENANT)
        assert tried == [
            Tried(way="mail", is_sent=True, said="One was refused."),
            Tried(way="webhook", is_sent=False, said="It redirects."),
        ]
        (digest,) = college.mail.sent
        assert (digest.is_test, f"{digest.at:%H:%M %Z}") == (True, "11:00 +03")
        await college.mzi.use_cases.notify.try_out(DEFAULT_TENANT)
        assert len({each.id for each in college.mail.sent}) == 2

    async def test_a_test_is_nothing_that_was_told(self) -> None:
        college = Told()
        await college.dead("1")
        await college.mzi.use_cases.notify.try_out(DEFAULT_TENANT)
        assert dict((await college.run()).counts) == {"told": 2}


class TestStatus:
    async def test_what_stands_is_shown_with_when_it_was_told_by_which_way(self) -> None:
        college = Told()
        status = college.mzi.use_cases.notify.status
        assert await status(DEFAULT_TENANT) == NotifyStatus(ways=["mail", "webhook"], notices=[], last=None)
        await college.dead("1")
        await college.dead("1", flow="course")
        college.mail.refusal = DOWN
        await college.run()
        at = college.clock.now()
        await college.redriven("1", flow="course")
        shown = await status(DEFAULT_TENANT)
        assert shown.last is not None
        assert shown.last.message == f"mail: {DOWN}"
        found = [
            (
                str(each.address),
                each.notice and each.notice.number,
                {w: t.told_at for w, t in each.told.items()},
            )
            for each in shown.notices
        ]
        assert found == [("dead:grade", 1, {"webhook": at}), ("dead:course", None, {"webhook": at})]

    async def test_what_is_over_and_told_so_is_not_shown(self) -> None:
        college = Told()
        await college.dead("1")
        await college.run()
        await college.redriven("1")
        await college.after(HOUR)
        await college.after(SETTLED)
        assert (await college.mzi.use_cases.notify.status(DEFAULT_TENANT)).notices == []
