"""Who is enrolled in the course of a class beside its students."""

import attrs
import pytest
from tests.use_cases.remotes import lost
from tests.use_cases.test_deliver import AtWork
from tests.use_cases.test_push import CLASS, class_

from mzi_adapters.web import Response
from mzi_core.flows.drift import Outlook
from mzi_core.flows.flow import COURSE
from mzi_core.flows.rules import FlowName
from mzi_core.ports import DeliveryKey, DeliveryState, StoredDelivery, Unenrolment
from mzi_core.use_cases.deliver_counterparts import GONE
from mzi_core.use_cases.drift_counterparts import TO_ENROL
from mzi_core.use_cases.tasks import TaskName
from mzi_core.values import DEFAULT_TENANT

TEACHER = "5398830000080000001"
TEACHER_ROLE, EDITING_ROLE = 4, 3
ENROL = "enrol_manual_enrol_users"


def teacher(**fields: object) -> dict[str, object]:
    """A teacher as Zoho has one."""
    return {"id": TEACHER, "Name": "Teacher One", "Academic_Email": "t1@college.example", **fields}


@attrs.define
class Taught(AtWork):
    """A college with a class that somebody teaches."""

    async def in_course(self) -> dict[str, list[int]]:
        """Who is in the course of the class, by username, in which roles."""
        self.timer.jump(600)
        course = (await self.stored("classes"))[CLASS].moodle_class_id
        client = await self.connections().moodle(DEFAULT_TENANT)
        return {each.username: sorted(each.roles) for each in await client.enrolled(course)}

    async def pair(self) -> StoredDelivery:
        """How the pair of the class stands."""
        (found,) = await self.deliveries(FlowName.COURSE)
        return found


async def taught(*, account: bool = True, **rules: object) -> Taught:
    """A class whose teacher has an account, or not yet."""
    college = Taught()
    await college.rules(**rules)
    links: dict[str, object] = {}
    if account:
        id = college.moodle.add_user(username="t1@college.example", email="t1@college.example")
        links["Teacher_Moodle_ID"] = str(id)
    college.zoho.add("BTEC_Teachers", teacher(**links))
    await college.sync("teachers", [college.zoho.records("BTEC_Teachers")[TEACHER]])
    await college.in_zoho("classes", class_(Teacher={"id": TEACHER}, Class_Major="IT"))
    return college


async def test_who_teaches_a_class_is_a_teacher_in_its_course() -> None:
    college = await taught()
    await college.delivered()
    assert await college.in_course() == {"t1@college.example": [EDITING_ROLE]}
    assert (await college.pair()).state is DeliveryState.SETTLED


@pytest.mark.parametrize(
    ("role", "there"), [("teacher", {"t1@college.example": [TEACHER_ROLE]}), ("none", {})]
)
async def test_the_college_says_in_which_role(role: str, there: dict[str, list[int]]) -> None:
    college = await taught(teacher_role=role)
    await college.delivered()
    assert await college.in_course() == there
    assert (await college.pair()).state is DeliveryState.SETTLED


async def test_the_class_waits_for_the_account_of_its_teacher_and_its_course_does_not() -> None:
    college = await taught(account=False)
    await college.delivered()
    pair = await college.pair()
    assert (pair.state, pair.waits_for) == (
        DeliveryState.WAITING,
        DeliveryKey(FlowName.ACCOUNT, TEACHER),
    )
    assert pair.reason == f"Its teacher {TEACHER} has no account in Moodle yet."
    assert (await college.stored("classes"))[CLASS].moodle_class_id is not None
    await college.rules(create_accounts=True)
    college.zoho.edit("BTEC_Teachers", TEACHER, {"Phone_Number": "0790000001"})
    await college.heard("teachers", TEACHER)
    await college.delivered()
    assert await college.in_course() == {"t1@college.example": [EDITING_ROLE]}
    assert (await college.pair()).state is DeliveryState.SETTLED


async def test_whom_the_rules_name_is_enrolled_by_username_or_id_where_the_major_is_theirs() -> None:
    college = await taught(teacher_role="none")
    names = ("support", "boss", "it.leader", "media.leader")
    ids = [college.moodle.add_user(username=name, email=f"{name}@college.example") for name in names]
    await college.rules(
        teacher_role="none",
        course_users=[
            "support:editingteacher",
            f"{ids[1]}:{TEACHER_ROLE}",
            "it.leader:teacher:it",
            "media.leader:teacher:Media",
        ],
    )
    await college.delivered()
    assert await college.in_course() == {
        "support": [EDITING_ROLE],
        "boss": [TEACHER_ROLE],
        "it.leader": [TEACHER_ROLE],
    }
    assert college.moodle_calls(ENROL) == 1
    assert college.moodle_calls("core_enrol_get_enrolled_users") == 1  # our own: the course is new


@pytest.mark.parametrize(("role", "given"), [(TEACHER_ROLE, 1), (EDITING_ROLE, 0)])
async def test_who_is_in_the_course_already_gets_the_role_and_keeps_the_enrolment(
    role: int, given: int
) -> None:
    college = await taught()
    course = college.moodle.add_course(shortname=str(class_()["Class_Short_Name"]), idnumber=CLASS)
    user = int(str(college.zoho_says("BTEC_Teachers", TEACHER)["Teacher_Moodle_ID"]))
    college.moodle.enrol(user, course, role=role)
    await college.delivered()
    assert EDITING_ROLE in (await college.in_course())["t1@college.example"]
    assert college.moodle_calls(ENROL) == 0
    assert college.moodle_calls("core_role_assign_roles") == given


async def test_who_was_taken_out_of_a_course_stays_out_and_who_comes_new_is_enrolled() -> None:
    """And where nobody is new, nobody asks who is in the course."""
    college = await taught()
    await college.delivered()
    course = (await college.stored("classes"))[CLASS].moodle_class_id
    client = await college.connections().moodle(DEFAULT_TENANT)
    (member,) = await client.enrolled(course)
    await client.unenrol([Unenrolment(user=member.id, course=course)])
    asked = college.moodle_calls("core_enrol_get_enrolled_users")
    college.zoho.edit("BTEC_Classes", CLASS, {"Class_Name": "Networking, evening"})
    await college.heard("classes", CLASS)
    await college.delivered()
    assert college.moodle_calls("core_enrol_get_enrolled_users") == asked
    college.moodle.add_user(username="support", email="support@college.example")
    await college.rules(course_users=["support:teacher"])
    college.zoho.edit("BTEC_Classes", CLASS, {"Class_Name": "Networking"})
    await college.heard("classes", CLASS)
    await college.delivered()
    assert await college.in_course() == {"support": [TEACHER_ROLE]}


async def test_a_class_that_is_not_taught_gets_nobody() -> None:
    college = await taught()
    college.moodle.add_course(shortname=str(class_()["Class_Short_Name"]), idnumber=CLASS)
    college.zoho.edit("BTEC_Classes", CLASS, {"Class_Status": "Completed"})
    await college.heard("classes", CLASS)
    await college.delivered()
    assert await college.in_course() == {}
    assert (await college.pair()).state is DeliveryState.SETTLED


async def test_somebody_of_whom_moodle_knows_nothing_is_told_and_the_others_are_enrolled() -> None:
    college = await taught(course_users=["ghost:teacher", "99999:teacher"])
    await college.delivered()
    pair = await college.pair()
    assert pair.state is DeliveryState.DEAD
    assert pair.reason == "Moodle has no user `99999`, whom `course_users` names."
    assert await college.in_course() == {"t1@college.example": [EDITING_ROLE]}


async def test_a_course_whose_people_cannot_be_read_says_so() -> None:
    college = await taught()
    college.moodle.add_course(shortname=str(class_()["Class_Short_Name"]), idnumber=CLASS)
    college.moodle.capabilities.remove("moodle/site:accessallgroups")
    await college.delivered()
    pair = await college.pair()
    assert pair.state is DeliveryState.DEAD
    assert pair.reason.startswith("Who is in course")


async def test_credentials_that_are_withdrawn_meanwhile_stop_the_flow_and_no_class_is_given_up() -> None:
    college = await taught()
    college.moodle.add_course(shortname=str(class_()["Class_Short_Name"]), idnumber=CLASS)
    college.to_moodle.instead["core_enrol_get_enrolled_users"] = lambda: Response(
        status=200, body=b'{"exception":"moodle_exception","errorcode":"invalidtoken","message":"No."}'
    )
    await college.delivered()
    assert (await college.pair()).state is DeliveryState.DUE


async def test_a_role_that_mzi_may_not_give_is_told_with_its_reason() -> None:
    college = await taught(course_users=["support:manager"])
    college.moodle.add_user(username="support", email="support@college.example")
    await college.delivered()
    pair = await college.pair()
    assert pair.state is DeliveryState.DEAD
    assert "could not be enrolled in course" in pair.reason
    assert await college.in_course() == {"t1@college.example": [EDITING_ROLE]}


async def test_an_answer_that_was_lost_is_looked_at_again_and_nobody_is_enrolled_twice() -> None:
    college = await taught()
    college.to_moodle.instead[ENROL] = lost
    await college.delivered()
    pair = await college.pair()
    assert pair.state is DeliveryState.DUE
    del college.to_moodle.instead[ENROL]
    college.timer.jump(4 * 3600)
    await college.delivered()
    assert await college.in_course() == {"t1@college.example": [EDITING_ROLE]}


async def outlook(college: Taught) -> tuple[Outlook, str]:
    """What would become of the class if it was delivered now; to ask writes nothing."""
    college.timer.jump(600)  # Zoho gives few access tokens in ten minutes
    calls = college.moodle_calls(ENROL), college.zoho_writes()
    (found,) = [
        pair
        async for page in college.use_cases.remote.find_drift(DEFAULT_TENANT, [COURSE])
        for pair in page.pairs
    ]
    assert (college.moodle_calls(ENROL), college.zoho_writes()) == calls
    return found.outlook, found.why


async def test_drift_tells_who_is_still_to_be_enrolled() -> None:
    college = await taught()
    assert (await outlook(college))[0] is Outlook.CREATE
    await college.delivered()
    assert await outlook(college) == (Outlook.AGREES, "")
    college.moodle.add_user(username="support", email="support@college.example")
    await college.rules(course_users=["support:teacher", "ghost:teacher"])
    assert await outlook(college) == (Outlook.CHANGE, TO_ENROL.format(1))
    college.zoho.edit("BTEC_Classes", CLASS, {"Class_Name": "Networking"})
    await college.heard("classes", CLASS)
    await college.delivered()
    why = "Moodle has no user `ghost`, whom `course_users` names."
    assert await outlook(college) == (Outlook.CANNOT, why)
    college.zoho.edit("BTEC_Classes", CLASS, {"Class_Status": "Completed"})
    await college.heard("classes", CLASS)
    assert await outlook(college) == (Outlook.TELL, "")  # Zoho, as after all that was given up


async def test_drift_tells_that_a_class_waits_for_its_teacher() -> None:
    college = await taught(account=False)
    await college.delivered()
    assert await outlook(college) == (Outlook.WAIT, f"Its teacher {TEACHER} has no account in Moodle yet.")


async def test_a_class_that_is_gone_has_no_staff() -> None:
    college = await taught()
    await college.delivered()
    college.zoho.remove("BTEC_Classes", CLASS)
    await college.use_cases.remote.run_task(DEFAULT_TENANT, TaskName.RECONCILE)
    await college.delivered()
    assert (await college.pair()).reason == GONE
