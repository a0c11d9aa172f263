"""What goes wrong while pairs are delivered: nobody is lost, nothing is done twice, and it is told."""

from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.use_cases.remotes import lost
from tests.use_cases.test_deliver import UNIT, AtWork, at_work, mark
from tests.use_cases.test_deliver import TestGrades as Grades
from tests.use_cases.test_push import CLASS, A, B, C, class_, enrollment, student

from mzi_adapters.web import Response
from mzi_core.backoff import MOST_TRIES
from mzi_core.errors import FlowPaused, GatewayUnavailable, InputRefused, StoreUnavailable
from mzi_core.flows.flow import ACCOUNT
from mzi_core.flows.rules import FlowName
from mzi_core.ports import DeliveryKey, DeliveryState, Due
from mzi_core.use_cases import deliver, deliver_counterparts
from mzi_core.use_cases.claim_endings import MOST_STARTS
from mzi_core.use_cases.deliver import LEASE, SECOND_LOOK, Delivered
from mzi_core.use_cases.deliver_counterparts import NO_COURSES, DeliverCounterparts
from mzi_core.use_cases.deliver_grades import DeliverGrades
from mzi_core.values import DEFAULT_TENANT

MADE = "core_user_create_users"


async def one_batch(college: AtWork) -> Delivered:
    """One batch of accounts."""
    done = await college.use_cases.remote.deliver_due.deliver(DEFAULT_TENANT, ACCOUNT)
    assert done is not None
    return done


async def paused(college: AtWork) -> str | None:
    """Why the flow of accounts is paused."""
    async with college.store.read(DEFAULT_TENANT) as session:
        return next(each.paused for each in await session.flows() if each.flow == FlowName.ACCOUNT)


class TestRemotes:
    """Zoho and Moodle do not always answer."""

    async def test_an_outage_counts_as_no_try_and_ends_the_work_for_now(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        college = await at_work(create_accounts=True)
        await college.in_zoho("students", student(), student(B))

        async def away(*_: object) -> object:
            raise GatewayUnavailable("Moodle", "It is being upgraded.", retry_after=90)

        with monkeypatch.context() as patched:
            patched.setattr(DeliverCounterparts, "__call__", away)
            done = await one_batch(college)
        assert (done.worked_on, done.stopped, done.paused) == (0, True, False)
        assert "upgraded" in done.put_off
        rows = await college.deliveries(FlowName.ACCOUNT)
        assert [(each.state, each.tries, each.starts) for each in rows] == [(DeliveryState.DUE, 0, 0)] * 2
        assert await college.delivered() == {}
        college.timer.jump(91)
        assert await college.delivered() == {DeliveryState.SETTLED: 2}

    async def test_a_withdrawn_account_pauses_the_flow_and_loses_nothing(self) -> None:
        college = await at_work(create_accounts=True)
        await college.in_zoho("students", student())
        college.moodle.suspended = True
        done = await one_batch(college)
        assert (done.paused, done.stopped) == (True, True)
        assert (await paused(college) or "").startswith("Moodle: ")
        college.moodle.suspended = False
        assert await college.delivered() == {}
        with pytest.raises(FlowPaused, match="deliveries resume account"):
            await college.push_moodle("students")
        async with college.store.begin(DEFAULT_TENANT) as session:
            await session.resume(FlowName.ACCOUNT)
        assert await college.delivered() == {DeliveryState.SETTLED: 1}

    async def test_a_tenant_without_a_moodle_is_tried_an_hour_later(self) -> None:
        college = await at_work(create_accounts=True)
        await college.in_zoho("students", student())
        college.has_moodle = False
        done = await one_batch(college)
        assert "Moodle" in done.put_off
        (row,) = await college.deliveries(FlowName.ACCOUNT)
        assert row.due_at == college.timer.now() + timedelta(hours=1)
        college.has_moodle = True
        college.timer.jump(3601)
        assert await college.delivered() == {DeliveryState.SETTLED: 1}

    async def test_a_college_without_a_zoho_gets_its_accounts_all_the_same(self) -> None:
        """Its records come as files; there is nobody to be told."""
        college = await at_work(create_accounts=True)
        await college.sync("students", [student()])
        college.has_zoho = False
        assert await college.delivered() == {DeliveryState.SETTLED: 1}
        assert (await college.stored("students"))[A].moodle_userid is not None
        await college.use_cases.remote.make_due(DEFAULT_TENANT, [ACCOUNT])
        assert await college.delivered() == {DeliveryState.SETTLED: 1}  # though Zoho knows of nothing

    async def test_one_record_that_cannot_be_taken_holds_up_no_other(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        college = await at_work(create_accounts=True)
        await college.in_zoho("students", student(), student(B), student(C))
        whole = DeliverCounterparts.__call__

        async def refused(self: DeliverCounterparts, rules: object, hold: deliver.Hold) -> object:
            if B in hold.claims:
                raise InputRefused("Zoho", "The body cannot be read.")
            return await whole(self, rules, hold)  # type: ignore[arg-type]

        monkeypatch.setattr(DeliverCounterparts, "__call__", refused)
        done = await one_batch(college)
        assert (done.worked_on, done.states) == (2, {DeliveryState.SETTLED: 2, DeliveryState.DUE: 1})
        assert "cannot be read" in done.put_off
        assert isinstance(done.error, InputRefused)
        for _ in range(MOST_TRIES - 1):
            college.timer.jump(timedelta(days=3).total_seconds())
            await college.delivered()
        rows = {each.key: each for each in await college.deliveries(FlowName.ACCOUNT)}
        assert {key: row.state for key, row in rows.items()} == {
            A: DeliveryState.SETTLED,
            B: DeliveryState.DEAD,
            C: DeliveryState.SETTLED,
        }

    async def test_an_account_whose_making_was_not_answered_is_there_once_and_looked_at_again(self) -> None:
        college = await at_work(create_accounts=True)
        await college.in_zoho("students", student())
        college.to_moodle.instead[MADE] = lost
        await college.delivered()
        del college.to_moodle.instead[MADE]
        college.timer.jump(600)
        await college.delivered()
        assert sum("a1@" in user.username for user in college.moodle.site.people.rows.values()) == 1
        assert [each.state for each in await college.deliveries(FlowName.ACCOUNT)] == [DeliveryState.SETTLED]

    @pytest.mark.parametrize("service", ["Zoho", "Moodle"])
    async def test_what_had_to_be_sent_again_is_looked_at_once_more_and_read_for_it(
        self, service: str
    ) -> None:
        """The first sending may come after the second, and nobody tells of it."""
        college = await at_work(create_accounts=True)
        await college.in_zoho("students", student())
        await college.delivered()
        wire = college.to_zoho if service == "Zoho" else college.to_moodle
        name = "/BTEC_Students" if service == "Zoho" else "core_user_update_users"

        def once() -> Response:
            del wire.instead[name]
            return lost()

        college.zoho.edit("BTEC_Students", A, {"Last_Name": "Renamed"})
        await college.heard("students", A)
        wire.instead[name] = once
        await college.delivered()
        (row,) = await college.deliveries(FlowName.ACCOUNT)
        assert (row.state, row.look_at is not None) == (DeliveryState.SETTLED, True)
        college.zoho.edit("BTEC_Students", A, {"Last_Name": "Untold"})
        college.timer.jump(SECOND_LOOK.total_seconds() + 1)
        await college.delivered()
        assert (await college.stored("students"))[A].last_name == "Untold"
        (row,) = await college.deliveries(FlowName.ACCOUNT)
        assert row.look_at is None

    async def test_what_was_sent_when_the_time_was_up_is_looked_at_once_more(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        college = await at_work(create_accounts=True)
        await college.in_zoho("students", student())

        def late() -> Response:
            del college.to_moodle.afterwards[MADE]
            raise TimeoutError

        college.to_moodle.afterwards[MADE] = late
        done = await one_batch(college)
        assert done.put_off == "It took too long and begins anew."
        await college.delivered()
        (row,) = await college.deliveries(FlowName.ACCOUNT)
        assert (row.state, row.look_at is not None) == (DeliveryState.SETTLED, True)


class TestWorkers:
    """Two workers may be at one pair, and one may die of it."""

    async def test_what_was_taken_over_is_looked_at_once_more_later(self) -> None:
        college = await at_work(create_accounts=True)
        await college.in_zoho("students", student())
        async with college.store.begin(DEFAULT_TENANT) as session:
            await session.claim(FlowName.ACCOUNT, 10, LEASE)  # and its worker is never heard of again
        college.timer.jump(LEASE.total_seconds() + 1)
        await college.delivered()
        (row,) = await college.deliveries(FlowName.ACCOUNT)
        assert row.look_at == college.timer.now() + SECOND_LOOK
        college.timer.jump(SECOND_LOOK.total_seconds() + 1)
        assert await college.delivered() == {DeliveryState.SETTLED: 1}
        (row,) = await college.deliveries(FlowName.ACCOUNT)
        assert row.look_at is None

    async def test_who_kills_every_worker_is_given_up_and_takes_nobody_with_him(self) -> None:
        college = await at_work(create_accounts=True)
        await college.in_zoho("students", student())
        for _ in range(MOST_STARTS):
            async with college.store.begin(DEFAULT_TENANT) as session:
                assert await session.claim(FlowName.ACCOUNT, 10, LEASE)
            college.timer.jump(LEASE.total_seconds() + 1)
        await college.in_zoho("students", student(B))
        assert await college.delivered() == {DeliveryState.SETTLED: 1}
        rows = {each.key: each for each in await college.deliveries(FlowName.ACCOUNT)}
        assert (rows[A].state, rows[B].state) == (DeliveryState.DEAD, DeliveryState.SETTLED)
        assert rows[A].reason.startswith("Whoever worked on it ended before it did")

    async def test_what_was_taken_over_is_neither_written_nor_kept_by_the_first(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Between the plan and the sending the lease ran out, and another worker has the pair."""
        college = await at_work(create_accounts=True)
        await college.in_zoho("students", student())
        whole = deliver.Hold.about_to_send

        async def taken_over(self: deliver.Hold, intents: Any) -> object:
            monkeypatch.setattr(deliver.Hold, "about_to_send", whole)
            college.timer.jump(LEASE.total_seconds() + 1)
            async with college.store.begin(DEFAULT_TENANT) as session:
                assert await session.claim(FlowName.ACCOUNT, 10, LEASE)
            return await whole(self, intents)

        monkeypatch.setattr(deliver.Hold, "about_to_send", taken_over)
        done = await one_batch(college)
        assert done.states == {}
        assert college.moodle_calls(MADE) == 0

    async def test_nothing_is_sent_when_the_lease_is_nearly_over(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        college = await at_work(create_accounts=True)
        await college.in_zoho("students", student())
        with monkeypatch.context() as patched:
            patched.setattr(deliver, "LAST_SEND", timedelta(seconds=-1))
            done = await one_batch(college)
        assert (college.moodle_calls(MADE), done.put_off) == (0, "It took too long and begins anew.")
        assert await college.delivered() == {DeliveryState.SETTLED: 1}

    async def test_a_batch_that_takes_longer_than_its_lease_is_broken_off(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        college = await at_work(create_accounts=True)
        await college.in_zoho("students", student())
        monkeypatch.setattr(deliver, "LEASE", timedelta(0))
        done = await one_batch(college)
        assert done.put_off == "It took too long and begins anew."

    async def test_what_changes_while_it_is_written_is_looked_at_again(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A person renames in Zoho between our writing and the answer, which says nothing of the name."""
        college = await at_work(create_accounts=True)
        await college.in_zoho("students", student())
        sent = college.zoho.send

        async def renamed(request: object) -> object:
            answer = await sent(request)  # type: ignore[arg-type]
            if getattr(request, "method", "") == "PUT":
                monkeypatch.setattr(college.zoho, "send", sent)
                college.zoho.edit("BTEC_Students", A, {"Last_Name": "Renamed"})
                await college.heard("students", A)
            return answer

        monkeypatch.setattr(college.zoho, "send", renamed)
        await college.delivered()
        account = (await college.stored("students"))[A].moodle_userid
        assert college.moodle.site.people.rows[account].lastname == "Renamed"
        async with college.store.read(DEFAULT_TENANT) as session:
            looked_at = await session.delivery(DeliveryKey("take:students", A))
        assert looked_at is not None  # the record is read once more

    async def test_a_wait_is_not_entered_where_what_it_waits_for_has_just_come(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Between the plan and the wait somebody brings the account: nobody would ever wake the pair."""
        college = await at_work()
        await college.in_zoho("students", student())
        course = college.moodle.add_course(shortname="NET-1")
        await college.in_zoho("classes", class_(Moodle_Class_ID=str(course)))
        await college.in_zoho("enrollments", enrollment(1))
        account = college.moodle.add_user(username="other@college.example")
        whole = deliver_counterparts._Pairs._wait

        async def linked_before(self: deliver_counterparts._Pairs, *what: Any) -> object:
            monkeypatch.setattr(deliver_counterparts._Pairs, "_wait", whole)
            college.zoho.edit("BTEC_Students", A, {"Student_Moodle_ID": str(account)})
            await college.heard("students", A)
            return await whole(self, *what)

        monkeypatch.setattr(deliver_counterparts._Pairs, "_wait", linked_before)
        await college.delivered()
        (row,) = await college.deliveries(FlowName.ENROLMENT)
        assert row.state is DeliveryState.SETTLED

    async def test_a_grade_does_not_wait_for_a_student_who_has_just_been_linked(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        grades = Grades()
        college = await grades.college(linked=False)
        college.zoho.edit("BTEC_Classes", CLASS, {"Moodle_Class_ID": "1001"})
        await college.heard("classes", CLASS)
        await college.sync("moodle_marks", [mark("3")])
        whole = DeliverGrades._wait

        async def linked_before(self: DeliverGrades, *what: Any) -> object:
            monkeypatch.setattr(DeliverGrades, "_wait", whole)
            college.zoho.edit("BTEC_Students", A, {"Student_Moodle_ID": "4101"})
            await college.heard("students", A)
            return await whole(self, *what)

        monkeypatch.setattr(DeliverGrades, "_wait", linked_before)
        await college.delivered()
        assert grades.grade(college)["Grade"] == "M"


async def recorded() -> tuple[Grades, AtWork, str]:
    """A college in which a P is recorded in Zoho, and read again from there; its id."""
    grades = Grades()
    college = await grades.college()
    await college.sync("moodle_marks", [mark("2")])
    await college.delivered()
    await grades.heard(college)
    await college.delivered()
    (id,) = college.zoho.records("BTEC_Grades")
    return grades, college, id


class TestGrades:
    """Grades that Zoho does not take, or has by then."""

    async def test_a_grade_that_somebody_has_just_typed_is_not_written_again(self) -> None:
        grades, college, id = await recorded()
        now = {"Grade": "M", "BTEC_Grade_Name": "A1 - Networking 1 - M - 2026-02-15"}
        college.zoho.edit("BTEC_Grades", id, now)
        written = college.zoho_writes()
        await college.sync("moodle_marks", [mark("3", at=1771142500)])
        assert await college.delivered() == {DeliveryState.SETTLED: 1}
        assert (grades.grade(college)["Grade"], college.zoho_writes()) == ("M", written)

    async def test_a_grade_that_zoho_refuses_is_given_up_with_its_reason(self) -> None:
        grades, college, id = await recorded()
        college.zoho.lock("BTEC_Grades", id)
        await college.sync("moodle_marks", [mark("3", at=1771142500)])
        states = await college.delivered()
        assert states in ({DeliveryState.DEAD: 1}, {DeliveryState.DUE: 1})
        assert grades.grade(college)["Grade"] == "P"

    async def test_policies_that_cannot_be_chosen_from_say_so(self) -> None:
        """The level of the unit is none that the policies of the tenant can be told apart by."""
        grades = Grades()
        college = await grades.college()
        async with college.store.begin(DEFAULT_TENANT) as session:
            settings = await session.settings()
            chosen = attrs.evolve(settings, policies={"L5": {"base": "pearson-higher-national"}})
            await session.save_settings(chosen)
        unit = {**college.zoho.records("BTEC")[UNIT], "Level": "Advanced"}
        await college.sync("units", [unit])
        await college.sync("moodle_marks", [mark("3")])
        assert await college.delivered() == {DeliveryState.DEAD: 1}
        (row,) = await college.deliveries(FlowName.GRADE)
        assert "no programme level" in row.reason


class TestRefusals:
    """What a remote refuses of one record."""

    async def test_who_cannot_get_an_account_for_what_moodle_says_is_given_up(self) -> None:
        college = await at_work(create_accounts=True)
        await college.in_zoho("students", student(), student(B))
        college.to_moodle.instead[MADE] = lambda: Response(
            status=200, body=b'{"exception":"invalid_parameter_exception","errorcode":"invalidparameter"}'
        )
        await college.delivered()
        rows = await college.deliveries(FlowName.ACCOUNT)
        assert {row.state for row in rows} <= {DeliveryState.DEAD, DeliveryState.DUE}
        assert all(row.reason for row in rows)

    async def test_the_only_record_of_a_batch_may_be_gone(self) -> None:
        college = await at_work(create_accounts=True)
        await college.in_zoho("students", student())
        college.zoho.remove("BTEC_Students", A)
        assert await college.delivered() == {DeliveryState.SETTLED: 1}
        assert await college.stored("students") == {}

    async def test_an_organisation_without_any_of_the_fields_is_told_nothing(self) -> None:
        college = await at_work(create_accounts=True)
        fields = college.zoho.organization.tables["BTEC_Students"].fields
        for name in ("Student_Moodle_ID", "Moodle_Student_ID", "Synced_to_Moodle", "Last_Sync_Date"):
            fields.pop(name, None)
        await college.in_zoho("students", student())
        assert await college.delivered() == {DeliveryState.SETTLED: 1}
        assert (await college.stored("students"))[A].moodle_userid is not None

    async def test_a_store_that_is_away_is_not_taken_for_a_failure_of_the_pair(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        college = await at_work(create_accounts=True)
        await college.in_zoho("students", student())

        async def away(*_: object) -> object:
            raise StoreUnavailable("It is being moved.")

        monkeypatch.setattr(DeliverCounterparts, "__call__", away)
        with pytest.raises(StoreUnavailable):
            await one_batch(college)


async def test_a_rule_can_keep_mzi_from_making_courses() -> None:
    college = await at_work(create_courses=False)
    await college.in_zoho("classes", class_())
    await college.delivered()
    (row,) = await college.deliveries(FlowName.COURSE)
    assert (row.state, row.reason) == (DeliveryState.SETTLED, NO_COURSES)
    assert (await college.stored("classes"))[CLASS].moodle_class_id is None


async def test_no_batch_is_begun_once_the_work_is_stopped() -> None:
    college = await at_work()
    async with college.store.begin(DEFAULT_TENANT) as session:
        await session.make_due([Due(FlowName.ACCOUNT, A)])
    await college.use_cases.remote.deliver_due(DEFAULT_TENANT, stopped=lambda: True)
    (row,) = await college.deliveries(FlowName.ACCOUNT)
    assert row.state is DeliveryState.DUE
