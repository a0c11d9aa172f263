"""The review list: it is filled by deliveries, and a person's choice is a link like any other."""

import attrs
import pytest
from tests.use_cases import test_deliver
from tests.use_cases.test_deliver import AtWork, at_work
from tests.use_cases.test_push import CLASS, A, B, class_, student

from mzi_core.errors import ChoiceRefused, NotFound, ReviewDecided
from mzi_core.flows.rules import FlowName
from mzi_core.modules import STUDENTS, TEACHERS
from mzi_core.ports import (
    CausedBy,
    Causer,
    DeliveryState,
    Due,
    ReviewAddress,
    ReviewItem,
    ReviewKind,
    ReviewState,
)
from mzi_core.values import DEFAULT_TENANT, MoodleId

ACCOUNT = ReviewAddress(ReviewKind.ACCOUNT, A)


async def asked(college: AtWork, state: ReviewState | None = None) -> list[ReviewItem]:
    """What is on the list."""
    page = await college.use_cases.review.list(DEFAULT_TENANT, state)
    return list(page.items)


async def shared() -> tuple[AtWork, MoodleId, MoodleId]:
    """A student whose address two accounts have, of which one is kept here too."""
    college = await at_work(create_accounts=True)
    ids = [
        college.moodle.add_user(username=name, email=mail)
        for name, mail in (("a1@college.example", "other@college.example"), ("rana", "a1@college.example"))
    ]
    await college.sync("moodle_users", [{"id": ids[1], "username": "rana", "firstname": "Rana"}])
    await college.in_zoho("students", student())
    assert await college.delivered() == {DeliveryState.DEAD: 1}
    return college, MoodleId(ids[0]), MoodleId(ids[1])


async def choose(college: AtWork, choice: int, address: ReviewAddress = ACCOUNT) -> ReviewItem:
    """Somebody chooses."""
    return await college.use_cases.review.choose(DEFAULT_TENANT, address, MoodleId(choice), by="rana")


class TestAsking:
    """What deliveries put on the list."""

    async def test_a_student_whose_address_two_accounts_share_is_on_the_list(self) -> None:
        college, first, second = await shared()
        (item,) = await asked(college, ReviewState.OPEN)
        assert (item.address, item.subject, item.module) == (ACCOUNT, f"students/{A}", "students")
        assert item.why.endswith("share its username or address; keep one of them.")
        assert [(each.id, each.sentence) for each in item.candidates] == [
            (first, "Nothing is kept of it here; look at it in Moodle."),
            (second, "Rana, username rana."),
        ]

    async def test_it_is_asked_once_and_closed_when_it_settles_by_itself(self) -> None:
        college, first, _ = await shared()
        (item,) = await asked(college)
        college.zoho.edit("BTEC_Students", A, {"First_Name": "Rania"})
        await college.heard("students", A)
        await college.delivered()
        assert await asked(college) == [item]
        college.moodle.site.people.rows[first].username = "another"
        college.zoho.edit("BTEC_Students", A, {"First_Name": "Rana"})
        await college.heard("students", A)
        assert await college.delivered() == {DeliveryState.SETTLED: 1}
        assert [each.state for each in await asked(college)] == [ReviewState.CLOSED]

    async def test_who_is_gone_in_zoho_is_not_asked_about_any_more(self) -> None:
        college, _, _ = await shared()
        async with college.store.begin(DEFAULT_TENANT) as session:
            await session.delete(STUDENTS, [STUDENTS.side.key(A)], college.timer.now())
            await session.make_due([Due(FlowName.ACCOUNT, A)])
        await college.delivered()
        assert [each.state for each in await asked(college)] == [ReviewState.CLOSED]

    async def test_who_withdraws_and_was_not_enrolled_by_mzi_is_on_the_list(self) -> None:
        """It is not chosen but dismissed, and closed once nobody is enrolled any more."""
        rest = test_deliver.TestWithdrawals()
        college = await rest.college(maker=77)
        await rest.says(college, "Withdrawn")
        (item,) = await asked(college, ReviewState.OPEN)
        _, user = await rest.place(college)
        assert (item.kind, item.ids) == (ReviewKind.WITHDRAWAL, (user,))
        with pytest.raises(ChoiceRefused, match="nothing to choose about a withdrawal"):
            await choose(college, user, item.address)
        await rest.says(college, "Active")
        assert [each.state for each in await asked(college)] == [ReviewState.CLOSED]


class TestChoosing:
    """What follows from a choice."""

    async def test_the_record_is_linked_and_its_pair_agrees_at_once(self) -> None:
        college, _, second = await shared()
        chosen = await choose(college, second)
        assert (chosen.state, chosen.choice, chosen.decided_by) == (ReviewState.CHOSEN, second, "rana")
        assert (await college.stored("students"))[A].moodle_userid == second
        assert await college.delivered() == {DeliveryState.SETTLED: 1}
        assert college.moodle.site.people.rows[second].idnumber == A
        assert college.zoho_says("BTEC_Students", A)["Student_Moodle_ID"] == str(second)
        assert [each.state for each in await asked(college)] == [ReviewState.CHOSEN]
        async with college.store.read(DEFAULT_TENANT) as session:
            causes = [e.caused_by for e in await session.history("students", STUDENTS.side.key(A), None, 9)]
        assert CausedBy(Causer.PERSON, "rana") in causes

    async def test_an_account_of_another_name_is_the_student_s_if_somebody_says_so(self) -> None:
        college = await at_work()
        stranger = college.moodle.add_user(username="omar", email="omar@college.example")
        await college.in_zoho("students", student(Student_Moodle_ID=str(stranger)))
        assert await college.delivered() == {DeliveryState.DEAD: 1}
        await choose(college, stranger)
        assert await college.delivered() == {DeliveryState.SETTLED: 1}
        assert college.moodle.site.people.rows[stranger].email == "a1@college.example"

    async def test_a_course_is_chosen_too(self) -> None:
        college = await at_work()
        there = college.moodle.add_course(shortname="NET-1", fullname="Old", idnumber="SIS-1")
        await college.in_zoho("classes", class_(Class_Short_Name="NET-1"))
        assert await college.delivered() == {DeliveryState.DEAD: 1}
        await choose(college, there, ReviewAddress(ReviewKind.COURSE, CLASS))
        assert await college.delivered() == {DeliveryState.SETTLED: 1}
        assert (await college.stored("classes"))[CLASS].moodle_class_id == there

    async def test_only_a_candidate_can_be_chosen(self) -> None:
        college, first, second = await shared()
        with pytest.raises(ChoiceRefused, match=f"99 is none of the candidates; those are {first}, {second}"):
            await choose(college, 99)
        await self.nothing_happened(college)

    async def test_what_another_record_has_cannot_be_chosen(self) -> None:
        college, _, second = await shared()
        async with college.use_cases.batches.open(DEFAULT_TENANT, STUDENTS) as batch:
            await batch.take([student(B)])
            await batch.amend({STUDENTS.side.key(B): {"moodle_userid": second}})
        with pytest.raises(ChoiceRefused, match=f"already belongs to record {B}"):
            await choose(college, second)
        await self.nothing_happened(college)

    async def test_what_a_teacher_has_cannot_be_chosen_for_a_student(self) -> None:
        college, _, second = await shared()
        async with college.use_cases.batches.open(DEFAULT_TENANT, TEACHERS) as batch:
            await batch.take([{"id": B, "Name": "Rana Example"}])
            await batch.amend({TEACHERS.side.key(B): {"moodle_userid": second}})
        with pytest.raises(ChoiceRefused, match=f"already belongs to record {B} of teachers; correct"):
            await choose(college, second)
        assert [each.state for each in await asked(college)] == [ReviewState.OPEN]

    async def test_nothing_is_chosen_for_a_record_that_is_gone(self) -> None:
        college, first, _ = await shared()
        async with college.store.begin(DEFAULT_TENANT) as session:
            await session.delete(STUDENTS, [STUDENTS.side.key(A)], college.timer.now())
        with pytest.raises(ChoiceRefused, match=f"Record {A} of students is gone"):
            await choose(college, first)
        (item,) = await asked(college)
        assert item.state is ReviewState.OPEN

    async def nothing_happened(self, college: AtWork) -> None:
        """Nobody is linked, the question is open, and nothing is due."""
        assert (await college.stored("students"))[A].moodle_userid is None
        assert [each.state for each in await asked(college)] == [ReviewState.OPEN]
        assert await college.delivered() in ({}, {DeliveryState.SETTLED: 1})


class TestDeciding:
    """Who decides, and when."""

    async def test_what_is_dismissed_stays_so(self) -> None:
        college, *_ = await shared()
        dismissed = await college.use_cases.review.dismiss(DEFAULT_TENANT, ACCOUNT, by="rana")
        assert (dismissed.state, dismissed.choice) == (ReviewState.DISMISSED, None)
        college.zoho.edit("BTEC_Students", A, {"First_Name": "Rania"})
        await college.heard("students", A)
        await college.delivered()
        assert await asked(college) == [dismissed]
        with pytest.raises(ReviewDecided, match="not under review any more: it was dismissed"):
            await college.use_cases.review.dismiss(DEFAULT_TENANT, ACCOUNT)

    async def test_who_dismissed_an_item_may_choose_after_all(self) -> None:
        college, first, _ = await shared()
        await college.use_cases.review.dismiss(DEFAULT_TENANT, ACCOUNT)
        await choose(college, first)
        assert (await college.stored("students"))[A].moodle_userid == first
        with pytest.raises(ReviewDecided, match="it was chosen"):
            await college.use_cases.review.dismiss(DEFAULT_TENANT, ACCOUNT)

    async def test_what_was_never_asked_is_not_there(self) -> None:
        college = await at_work()
        review = college.use_cases.review
        for address in (ACCOUNT, attrs.evolve(ACCOUNT, key="\0")):
            with pytest.raises(NotFound):
                await review.show(DEFAULT_TENANT, address)
            with pytest.raises(NotFound):
                await review.dismiss(DEFAULT_TENANT, address)
            with pytest.raises(NotFound):
                await review.choose(DEFAULT_TENANT, address, MoodleId(7))

    async def test_the_list_is_told_page_by_page(self) -> None:
        """Those that are open, unless others are asked for."""
        college = await at_work()
        for key, name in ((A, "omar"), (B, "lina")):
            id = college.moodle.add_user(username=name, email=f"{name}@college.example")
            await college.in_zoho("students", student(key, Student_Moodle_ID=str(id)))
        await college.delivered()
        review = college.use_cases.review
        first, second = await asked(college)
        page = await review.list(DEFAULT_TENANT, limit=1)
        assert (list(page.items), page.next) == ([first], ACCOUNT)
        page = await review.list(DEFAULT_TENANT, after=page.next, limit=1)
        assert (list(page.items), page.next) == ([second], None)
        assert await review.show(DEFAULT_TENANT, ACCOUNT) == first
        await review.dismiss(DEFAULT_TENANT, ACCOUNT)
        assert list((await review.list(DEFAULT_TENANT)).items) == [second]
        assert (await review.list(DEFAULT_TENANT, kind=ReviewKind.COURSE)).items == []
