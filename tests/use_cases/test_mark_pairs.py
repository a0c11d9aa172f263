"""Which pairs are due because of a record: those of a flow that runs by itself, each under its own name."""

from collections.abc import Sequence

import pytest
from tests.use_cases.test_deliver import AtWork, at_work
from tests.use_cases.test_push import CLASS, OTHER_CLASS, A, B, class_, enrollment, student

from mzi_core.flows.flow import ACCOUNT, COURSE, GRADE
from mzi_core.flows.rules import FlowName
from mzi_core.modules import CATALOGUE, MOODLE_ENROLLMENTS
from mzi_core.ports import Deleted, DeliveryState
from mzi_core.use_cases.deliver import LEASE
from mzi_core.values import DEFAULT_TENANT, ZohoId

TEACHER = "5398830000100000001"
UNLINKED = "5398830000070000003"
USER = {"id": 4101, "username": "someone", "email": "someone@college.example"}


async def due(college: AtWork) -> Sequence[tuple[str, str, str]]:
    """What is due now: flow, key and subject; it is settled with that."""
    found = []
    async with college.store.begin(DEFAULT_TENANT) as session:
        for flow in FlowName:
            for row in await session.deliveries(flow, DeliveryState.DUE):
                found.append((str(row.flow), row.key, row.subject))
        claims = [each for flow in FlowName for each in await session.claim(flow, 100, LEASE)]
        await session.end_claims([claim.settled() for claim in claims])
    return found


@pytest.fixture
async def college() -> AtWork:
    """A student, a teacher and a class that are linked to Moodle."""
    college = await at_work()
    await college.sync("students", [student(Student_Moodle_ID="4101"), student(B)])
    teacher = {"id": TEACHER, "Name": "T One", "Academic_Email": "t1@college.example"}
    await college.sync("teachers", [{**teacher, "Teacher_Moodle_ID": "4201"}])
    await college.sync("classes", [class_(Moodle_Class_ID="1001")])
    assert {(flow, key) for flow, key, _ in await due(college)} == {
        ("account", A),
        ("account", B),
        ("account", TEACHER),
        ("course", CLASS),
    }
    return college


async def test_a_record_that_says_the_same_again_makes_nothing_due(college: AtWork) -> None:
    await college.sync("students", [student(Student_Moodle_ID="4101"), student(B, City="Amman")])
    assert await due(college) == [("account", B, f"students/{B}")]


async def test_a_newer_version_of_moodle_that_says_the_same_has_the_pair_looked_at(college: AtWork) -> None:
    """It may have been otherwise in between, and mzi may have written that."""
    told = {**USER, "timestamp": 1770640200, "event_number": 7}
    await college.sync("moodle_users", [told])
    await due(college)
    for newer in ({"event_number": 8}, {"timestamp": 1770640201, "event_number": 9}):
        await college.sync("moodle_users", [{**told, **newer}])
        assert await due(college) == [("account", A, f"students/{A}")]
    for older in ({"timestamp": 1770640201, "event_number": 9}, {"event_number": 6}):
        await college.sync("moodle_users", [{**told, **older}])
        assert await due(college) == []


async def test_a_record_that_is_deleted_and_one_that_comes_back_are_looked_at(college: AtWork) -> None:
    gone = Deleted(zoho_id=ZohoId(B), deleted_at=college.timer.now(), permanently=False)
    mark_deleted = college.use_cases.remote.prune.mark_deleted
    await mark_deleted(DEFAULT_TENANT, CATALOGUE["students"], [gone])
    assert await due(college) == [("account", B, f"students/{B}")]
    await college.sync("students", [student(B, City="Irbid")])
    assert await due(college) == [("account", B, f"students/{B}")]


@pytest.mark.parametrize(
    ("user", "pair"),
    [
        ({**USER}, f"students/{A}"),
        ({**USER, "id": 4201}, f"teachers/{TEACHER}"),
        ({**USER, "id": 4301, "idnumber": B}, f"students/{B}"),
        ({**USER, "id": 4301, "idnumber": TEACHER}, f"teachers/{TEACHER}"),
        ({**USER, "id": 4301, "email": "A2@College.example"}, f"students/{B}"),
        ({**USER, "id": 4301, "email": "t1@college.example"}, f"teachers/{TEACHER}"),
    ],
    ids=["link", "link of a teacher", "id number", "of a teacher", "address", "address of a teacher"],
)
async def test_a_user_of_moodle_makes_the_pair_due_of_who_it_is(
    college: AtWork, user: dict[str, object], pair: str
) -> None:
    await college.sync("moodle_users", [user])
    assert await due(college) == [("account", pair.partition("/")[2], pair)]


async def test_a_user_who_is_nobody_in_zoho_makes_nothing_due(college: AtWork) -> None:
    strangers = [{"id": 5000 + n, "username": f"u{n}", "idnumber": number} for n, number in enumerate("9x")]
    await college.sync("moodle_users", [*strangers, {"id": 6000, "username": "no-address"}])
    assert await due(college) == []


async def test_who_is_found_by_the_link_is_not_looked_for_by_anything_else(college: AtWork) -> None:
    """The id number is another's: that is for the plan to see, not for this."""
    await college.sync("moodle_users", [{**USER, "idnumber": B, "email": "a2@college.example"}])
    assert await due(college) == [("account", A, f"students/{A}")]


async def test_a_course_makes_the_pair_of_its_class_due(college: AtWork) -> None:
    courses = [{"id": 1001, "fullname": "Linked"}, {"id": 1002, "fullname": "Numbered", "idnumber": CLASS}]
    for course in courses:
        await college.sync("moodle_courses", [course])
        assert await due(college) == [("course", CLASS, f"classes/{CLASS}")]


async def test_an_enrolment_of_moodle_makes_the_pairs_due_of_the_same_student_and_class(
    college: AtWork,
) -> None:
    """Also when it is gone; an enrolment in another class, and one of another student, stay as they are."""
    await college.sync("classes", [class_(OTHER_CLASS, Moodle_Class_ID="1002")])
    await college.sync("students", [student(B, Student_Moodle_ID="4102")])
    theirs = [enrollment(1), enrollment(2, class_id=OTHER_CLASS), enrollment(3, student_id=B)]
    named = enrollment(4, class_id=UNLINKED, Moodle_Course_ID="1001")
    await college.sync("classes", [class_(UNLINKED)])
    await college.sync("enrollments", [*theirs, named])
    await college.sync("moodle_users", [{**USER}, {"id": 9, "username": "nobody"}])
    await college.sync("moodle_courses", [{"id": 1001, "fullname": "Networking"}])
    await due(college)
    one, four = str(theirs[0]["id"]), str(named["id"])
    pairs = [("enrolment", key, f"enrollments/{key}") for key in (one, four)]
    await college.sync("moodle_enrollments", [{"courseid": 1001, "userid": 4101, "status": 0}])
    assert await due(college) == pairs
    await college.sync("moodle_enrollments", [{"courseid": 1001, "userid": 9, "status": 0}])
    assert await due(college) == []
    gone = Deleted(zoho_id=ZohoId("1001_4101"), deleted_at=college.timer.now(), permanently=True)
    await college.use_cases.remote.prune.mark_deleted(DEFAULT_TENANT, MOODLE_ENROLLMENTS, [gone])
    assert await due(college) == pairs


async def test_an_end_in_moodle_of_what_is_not_on_the_shelf_makes_its_pair_due(college: AtWork) -> None:
    """mzi may have made it a moment before: the event of the making can come with that of the end."""
    await college.sync("enrollments", [enrollment(1)])
    await due(college)
    at, one = college.timer.now(), str(enrollment(1)["id"])
    for module, key, pair in (
        ("moodle_users", "4101", ("account", A, f"students/{A}")),
        ("moodle_courses", "1001", ("course", CLASS, f"classes/{CLASS}")),
        ("moodle_enrollments", "1001_4101", ("enrolment", one, f"enrollments/{one}")),
        ("moodle_marks", "4101_1001_55", None),
    ):
        gone = [Deleted(zoho_id=ZohoId(key), deleted_at=at, permanently=True)]
        await college.use_cases.remote.prune.mark_deleted(DEFAULT_TENANT, CATALOGUE[module], gone)
        assert await due(college) == ([] if pair is None else [pair])


async def test_who_is_linked_anew_has_the_enrolments_looked_at(college: AtWork) -> None:
    """A student or class that is out of the bin again: what was told of it meanwhile was nobody's."""
    await college.sync("enrollments", [enrollment(1), enrollment(2, student_id=B)])
    await due(college)
    one, two = (("enrolment", str(enrollment(n)["id"]), f"enrollments/{enrollment(n)['id']}") for n in (1, 2))
    for module, id, record in (
        ("students", A, student(Student_Moodle_ID="4101")),
        ("classes", CLASS, class_(Moodle_Class_ID="1001")),
    ):
        gone = Deleted(zoho_id=ZohoId(id), deleted_at=college.timer.now(), permanently=False)
        await college.use_cases.remote.prune.mark_deleted(DEFAULT_TENANT, CATALOGUE[module], [gone])
        await due(college)
        await college.sync(module, [record])
        found = {each for each in await due(college) if each[0] == "enrolment"}
        assert found == ({one} if module == "students" else {one, two})
    await college.sync("students", [student(B, Student_Moodle_ID="4102")])
    assert two in await due(college)
    await college.sync("students", [student(B, Student_Moodle_ID="4102", City="Amman")])
    assert await due(college) == [("account", B, f"students/{B}")]


async def test_marks_and_grades_make_the_pair_due_that_is_called_by_their_key(college: AtWork) -> None:
    await college.sync("moodle_users", [{**USER}])
    await college.sync("moodle_courses", [{"id": 1001, "fullname": "Networking"}])
    await due(college)
    mark = {"userid": 4101, "courseid": 1001, "assignid": 55, "rawgrade": "3"}
    await college.sync("moodle_marks", [mark])
    assert await due(college) == [("grade", "4101_1001_55", "moodle_marks/4101_1001_55")]
    grade = {"id": "71", "Student": {"id": A}, "Class": {"id": CLASS}}
    key = {"Moodle_Grade_Composite_Key": "4101_1001_55"}
    await college.sync("grades", [{**grade, **key}, {**grade, "id": "72"}])
    assert await due(college) == [("grade", "4101_1001_55", "grades/71")]


async def test_only_flows_that_run_by_themselves_have_anything_due() -> None:
    college = await at_work()
    await college.rules(flows=["course"])
    await college.sync("students", [student()])
    assert await due(college) == []


async def test_saving_rules_has_every_pair_of_the_flows_looked_at(college: AtWork) -> None:
    await college.rules(flows=[])
    set_rules = college.use_cases.set_rules
    await set_rules(DEFAULT_TENANT, {"flows": ["account"]})
    assert {key for _, key, _ in await due(college)} == {A, B, TEACHER}
    await set_rules(DEFAULT_TENANT, {"flows": ["account"]})
    assert await due(college) == []  # nothing of the rules has changed


async def test_a_person_has_every_pair_looked_at_whatever_the_rules(
    college: AtWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mzi_core.use_cases.make_due.PAGE", 1)
    await college.rules(flows=[])
    remote = college.use_cases.remote
    await remote.make_due(DEFAULT_TENANT, [])
    assert await due(college) == []

    await remote.make_due(DEFAULT_TENANT, [ACCOUNT, COURSE, GRADE])
    assert {key for _, key, _ in await due(college)} == {A, B, TEACHER, CLASS}
    assert await remote.make_due.of_module(DEFAULT_TENANT, CATALOGUE["students"]) == 2
    assert {key for _, key, _ in await due(college)} == {A, B}


async def test_how_the_flows_stand_is_told_of_the_same_store(college: AtWork) -> None:
    await college.sync("students", [student(B, City="Salt")])
    (account,) = [
        each
        for each in await college.use_cases.deliveries.flows(DEFAULT_TENANT)
        if each.flow == FlowName.ACCOUNT
    ]
    assert account.counts[DeliveryState.DUE] == 1
