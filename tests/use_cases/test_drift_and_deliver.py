"""What drift tells of a college is what is done next, and once all is done there is nothing left to tell."""

from collections.abc import Mapping, Sequence
from functools import partial

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.repetitions import often
from tests.use_cases import test_deliver
from tests.use_cases.drifting import drift, pages
from tests.use_cases.test_deliver import AtWork, at_work, mark
from tests.use_cases.test_push import class_, enrollment, student

from mzi_core.flows.drift import Outlook
from mzi_core.flows.flow import FLOWS, flow_of
from mzi_core.flows.rules import FlowName
from mzi_core.ports import Applied, DeliveryState
from mzi_core.provisioning import Action
from mzi_core.use_cases.deliver import Delivered
from mzi_core.values import DEFAULT_TENANT

COUNTERPARTS = (FlowName.ACCOUNT, FlowName.COURSE, FlowName.ENROLMENT)

SENT: Mapping[Outlook, Action] = {
    Outlook.CREATE: Action.CREATE,
    Outlook.CHANGE: Action.CHANGE,
    Outlook.SUSPEND: Action.CHANGE,
    Outlook.ACTIVATE: Action.CHANGE,
}
"""What is sent to Moodle."""

ENDS: Mapping[Outlook, DeliveryState] = {
    **dict.fromkeys(Outlook, DeliveryState.SETTLED),
    Outlook.WAIT: DeliveryState.WAITING,
    Outlook.ASK: DeliveryState.DEAD,
    Outlook.CANNOT: DeliveryState.DEAD,
}

LEFT = {Outlook.AGREES, Outlook.WAIT, Outlook.LEAVE, Outlook.ASK, Outlook.CANNOT}
"""What nobody but a person changes."""


@attrs.frozen(kw_only=True)
class Person:
    """A student. `there`: what Moodle has of him; `places`: in which class he is, in which status."""

    there: str
    name: str
    places: Mapping[int, str]


@attrs.frozen(kw_only=True)
class Group:
    """A class, and whether Moodle has a course of its short name."""

    status: str
    is_there: bool


people = st.builds(
    Person,
    there=st.sampled_from(["nothing", "the same", "another name", "two accounts", "another's number"]),
    name=st.sampled_from(["Rana", "Rana", "<b"]),
    places=st.dictionaries(st.integers(0, 1), st.sampled_from(["Active", "Withdrawn"])),
)
groups = st.builds(Group, status=st.sampled_from(["Active", "Active", "Planned"]), is_there=st.booleans())


async def entered(college: AtWork, persons: Sequence[Person], classes: Sequence[Group]) -> None:
    """People enter all of it in Zoho and in Moodle."""
    numbers = iter(range(1, 100))
    ids = [f"539883000009000000{n}" for n in range(1, len(persons) + 1)]
    for id, person in zip(ids, persons, strict=True):
        said = student(id)
        address, last = str(said["Academic_Email"]), str(said["Last_Name"])
        there = partial(college.moodle.add_user, username=address, firstname="Rana")
        match person.there:
            case "the same":
                there(lastname=last, idnumber=id)
            case "another name":
                there(lastname="Before")
            case "another's number":
                there(lastname=last, idnumber="7")
            case "two accounts":
                for each in ("one", "two"):
                    college.moodle.add_user(username=f"{each}{id[-1]}", email=address)
        await college.in_zoho("students", {**said, "First_Name": person.name})
    rooms = [f"539883000007000000{n}" for n in range(1, len(classes) + 1)]
    for room, group in zip(rooms, classes, strict=True):
        told = class_(room, Class_Status=group.status)
        if group.is_there:
            college.moodle.add_course(fullname="Before", shortname=str(told["Class_Short_Name"]))
        await college.in_zoho("classes", told)
    for id, person in zip(ids, persons, strict=True):
        for place, status in person.places.items():
            if place < len(rooms):
                told = enrollment(next(numbers), id, rooms[place], Enrollment_Status=status)
                await college.in_zoho("enrollments", told)


async def delivered(college: AtWork, flow: FlowName) -> Mapping[str, Action]:
    """What was done in Moodle for what was due of a flow, by key."""
    done: list[Delivered] = []
    await college.use_cases.remote.deliver_due(
        DEFAULT_TENANT, [FLOWS[flow]], done=lambda _, each: done.append(each)
    )
    results = [result for each in done for result in each.results]
    return {each.step.zoho_id: each.step.act for each in results if isinstance(each.result, Applied)}


@settings(max_examples=often(300, gate=20))
@given(
    persons=st.lists(people, min_size=1, max_size=4),
    classes=st.lists(groups, max_size=2),
    accounts=st.booleans(),
    courses=st.booleans(),
)
async def test_what_is_told_of_a_college_is_done_next_and_after_that_nothing_is_left(
    persons: Sequence[Person], classes: Sequence[Group], *, accounts: bool, courses: bool
) -> None:
    college = await at_work(create_accounts=accounts, create_courses=courses)
    await entered(college, persons, classes)
    for flow in COUNTERPARTS:
        told = {pair.key: pair.outlook for pair in await drift(college, flow)}
        done = await delivered(college, flow)
        assert done == {key: SENT[outlook] for key, outlook in told.items() if outlook in SENT}
        states = {each.key: each.state for each in await college.deliveries(flow)}
        assert states == {key: ENDS[outlook] for key, outlook in told.items()}
        waits = {each.waits_for.flow for each in await college.deliveries(flow) if each.waits_for}
        assert waits <= {flow_of(module).name for module in FLOWS[flow].waits_for.values()}
    college.timer.jump(600)
    await college.delivered()
    for flow in COUNTERPARTS:
        states = {each.key: each.state for each in await college.deliveries(flow)}
        for pair in await drift(college, flow):
            assert pair.outlook in LEFT, pair
            assert states[pair.key] is ENDS[pair.outlook], pair


marks = st.dictionaries(
    st.integers(50, 53),
    st.tuples(
        st.sampled_from(["-1", "1", "2", "3", "4"]),
        st.sampled_from(["-1", "1", "2", "3", "4", None]),
        st.sampled_from([None, "D", "R"]),
    ),
    min_size=1,
)
"""By assignment a mark, another one after it or none, and the grade to which somebody changes Zoho's."""


@settings(max_examples=often(300, gate=20))
@given(marks=marks)
async def test_what_is_told_of_grades_is_written_next_and_after_that_nothing_is_left(
    marks: Mapping[int, tuple[str, str | None, str | None]],
) -> None:
    college = await test_deliver.TestGrades().college()
    for assignment, (raw, _, _) in marks.items():
        await college.sync("moodle_marks", [mark(raw, assignid=assignment)])
    await settled(college)
    grades = {str(each["Moodle_Grade_Composite_Key"])[-2:]: id for id, each in in_zoho(college).items()}
    for assignment, (_, later, edited) in marks.items():
        id = grades.get(str(assignment))
        college.timer.jump(60)
        if edited is not None and id is not None:
            college.zoho.edit("BTEC_Grades", id, {"Grade": edited})
        if later is not None:
            await college.sync("moodle_marks", [mark(later, assignid=assignment, at=1771142500)])
    told = {pair.key: pair.outlook for pair in await drift(college, FlowName.GRADE)}
    before = in_zoho(college)
    await settled(college)
    after = in_zoho(college)
    written = {str(after[id]["Moodle_Grade_Composite_Key"]) for id in after if before.get(id) != after[id]}
    assert written == {key for key, outlook in told.items() if outlook in SENT}
    left = await pages(college, FlowName.GRADE)
    assert {pair.outlook for page in left for pair in page.pairs} <= LEFT


def in_zoho(college: AtWork) -> dict[str, dict[str, object]]:
    """The grades as they stand there."""
    return {id: dict(each) for id, each in college.zoho.records("BTEC_Grades").items()}


async def settled(college: AtWork) -> None:
    """Work until nothing is due, once Zoho has told of its grades."""
    for _ in range(2):
        college.timer.jump(600)
        await college.heard("grades", *college.zoho.records("BTEC_Grades"))
        await college.delivered()
