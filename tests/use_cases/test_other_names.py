"""A Zoho in which everything has the last of the names mzi knows for it, and none of the others.

What the doctor finds sound can be pulled and pushed, whatever the names.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs
import pytest
from tests.use_cases.pulling import World, world
from tests.use_cases.remotes import College, became

from mzi_adapters.testing.college import build
from mzi_adapters.testing.remotes import furnish
from mzi_adapters.testing.zoho.college import module_name
from mzi_core.errors import ModuleMissing
from mzi_core.module import AnyModule, Field, declared
from mzi_core.modules import CATALOGUE, ZOHO_CATALOGUE
from mzi_core.ports import Applied, Query, ReadMethod, StoreHealth
from mzi_core.provisioning import Action
from mzi_core.use_cases.doctor import CheckName, Environment, Finding, Severity, Subject
from mzi_core.use_cases.push import PagePushed
from mzi_core.values import DEFAULT_TENANT
from mzi_http.doctor_checks import DOCTOR

STUDENTS = 30


def last(names: Sequence[str]) -> str:
    """The name that is there; ids are `id` in every Zoho."""
    return "id" if names[0] == "id" else names[-1]


def renamed(fields: Iterable[Field], record: Mapping[str, Any]) -> dict[str, Any]:
    """A record of the usual names, as an organisation has it that knows the last ones alone."""
    fields = list(fields)
    known = {name for field in fields for name in field.names}
    found = {name: value for name, value in record.items() if name not in known}
    for field in fields:
        value = next((record[name] for name in field.names if record.get(name) not in (None, "")), None)
        if isinstance(value, list) and field.row is not None and declared(field.row):
            value = [renamed(declared(field.row), row) for row in value]
        if value is not None:
            found[last(field.names)] = value
    return found


def fill(college: World) -> None:
    """The invented college under the last names."""
    usual = College()
    furnish(usual.zoho, build(students=STUDENTS))
    for module in ZOHO_CATALOGUE.in_order():
        name = module_name(module, last)
        there = college.zoho.organization.table(name).fields
        for record in usual.zoho.records(module.remote_name).values():
            known = {key: value for key, value in renamed(module.fields, record).items() if key in there}
            college.zoho.add(name, {key: value for key, value in known.items() if value is not None})


async def everything(college: World) -> dict[str, dict[str, Any]]:
    """Every stored entity by module and id."""
    found: dict[str, dict[str, Any]] = {}
    async with college.use_cases.store.read(DEFAULT_TENANT) as session:
        for module in ZOHO_CATALOGUE:
            rows = await session.list(module, Query(limit=10_000))
            found[module.name] = {row.entity.key: row.entity for row in rows}
    return found


@pytest.mark.parametrize("via", list(ReadMethod), ids=repr)
async def test_a_college_is_pulled_under_its_other_names_as_under_the_usual_ones(via: ReadMethod) -> None:
    async with world(only=last) as other, world() as usual:
        fill(other)
        furnish(usual.zoho, build(students=STUDENTS))
        for module in ZOHO_CATALOGUE.in_order():
            drawn, expected = await other.pull(module.name, via=via), await usual.pull(module.name, via=via)
            assert (module.name, drawn.counts, drawn.plan.records, drawn.plan.choice.untold) == (
                module.name,
                expected.counts,
                expected.plan.records,
                expected.plan.choice.untold,
            )
        found = await everything(other)
        assert found == await everything(usual)
        assert all(found[module.name] for module in ZOHO_CATALOGUE)


async def test_what_was_deleted_is_asked_of_the_module_that_is_there() -> None:
    async with world(only=last) as college:
        unit = college.zoho.add("BTEC_Units", {"Unit_Name": "Unit 1"})
        await college.pull("units")
        await college.later(hours=1)
        college.zoho.remove("BTEC_Units", unit)
        drawn = await college.pull("units")
        assert drawn.done is not None
        assert drawn.done.deleted == 1


async def zoho_checks(college: College) -> dict[CheckName, Finding]:
    """The last thing the doctor finds of each check of Zoho."""
    environment = Environment(
        tenant=DEFAULT_TENANT,
        health=StoreHealth(backend="memory", version="1", ready=True, message="It is there."),
        store=college.store,
        clock=college.timer,
        zoho=await college.connections().zoho(DEFAULT_TENANT),
        moodle=None,
        defaults=college.defaults,
        missing={Subject.MOODLE: ["moodle.url"]},
    )
    found = {each.check: each async for each in DOCTOR(environment)}
    return {check: finding for check, finding in found.items() if check.service is Subject.ZOHO}


async def test_the_doctor_finds_the_other_names() -> None:
    found = await zoho_checks(College(only=last))
    assert {finding.level for finding in found.values()} == {Severity.GREEN}


async def test_what_a_token_opens_is_tried_on_a_module_that_is_there() -> None:
    """Of a module that is not there Zoho may say that before it looks at the scope."""
    college = College()
    del college.zoho.organization.tables["BTEC_Students"]
    await zoho_checks(college)
    (tried,) = [one.url for one in college.zoho.seen if one.url.endswith("/1")]
    assert tried.endswith("/BTEC_Teachers/1")


async def test_a_module_under_none_of_its_names_is_told_alike_by_all() -> None:
    college = College()
    tables = college.zoho.organization.tables
    tables["BTEC_Unit"] = attrs.evolve(tables.pop("BTEC"), name="BTEC_Unit")
    with pytest.raises(ModuleMissing) as pushed:
        await college.push_zoho("units")
    with pytest.raises(ModuleMissing) as pulled:
        await college.use_cases.remote.plan_pull(DEFAULT_TENANT, CATALOGUE["units"])
    found = (await zoho_checks(college))[CheckName.ZOHO_MODULES]
    assert found.level is Severity.RED
    assert found.said.startswith("There is no module `BTEC` or `BTEC_Units`. The nearest is `BTEC_Unit`")
    assert found.remedy == "Make it in Zoho, rename it there to `BTEC`, or open it to mzi's account."
    assert str(pushed.value) == str(pulled.value) == f"Zoho: {found.said} {found.remedy}"


def told(pages: Sequence[PagePushed]) -> list[tuple[Action, type[object] | None]]:
    return [(result.step.act, became(result)) for page in pages for result in page.results]


ROWS: Mapping[str, Sequence[Mapping[str, object]]] = {
    "Payment_Schedule": [
        {"Installment_No": 1, "Amount": 100, "Status": "Paid"},
        {"Installment_No": 2, "Amount": 50, "Status": "Pending"},
    ],
    "Learning_Outcomes_Assessm": [
        {"criterion": "P1", "outcome_name": "First", "achieved": "Achieved"},
        {"criterion": "P2", "outcome_name": "Second", "achieved": "Not Achieved"},
    ],
}
"""By subform what its rows are to say, under the last names of their columns."""


async def taken(college: College, module: AnyModule, record: Mapping[str, object]) -> str:
    """A record that is in Zoho and here."""
    name = module_name(module, last)
    id = college.zoho.add(name, record)
    await college.sync(module.name, [college.zoho.records(name)[id]])
    return id


async def family(college: College) -> dict[str, str]:
    """A record of every module whose records point at each other, by the singular of its module."""
    made: dict[str, str] = {}
    given: dict[str, dict[str, object]] = {
        "students": {"Name": "A1", "Academic_Email": "a1@college.example"},
        "programs": {"Name": "IT"},
        "units": {"Unit_Name": "Unit 1"},
        "classes": {"Name": "Networking"},
        "registrations": {"Payment_Schedule": [{"Installment_No": 1, "Amount": 100, "Status": "Pending"}]},
        "payments": {"Amount": 10},
        "enrollments": {},
        "requests": {"Name": "REQ-1"},
        "grades": {"Learning_Outcomes_Assessm": [{"criterion": "P1", "achieved": "Not Achieved"}]},
    }
    for name, record in given.items():
        module = CATALOGUE[name]
        pointed = {**module.depends_on, **module.refers_to}
        lookups = {
            last(module.field[field].names): {"id": made[CATALOGUE[target].singular]}
            for field, target in pointed.items()
            if CATALOGUE[target].singular in made
        }
        made[module.singular] = await taken(college, module, {**lookups, **record})
    return made


@pytest.mark.parametrize(
    ("module", "change"),
    [
        ("students", {"Moodle_Student_ID": 501}),
        ("programs", {"crmnmoodle__Moodle_ID": 7}),
        ("units", {"Unit_Name": "Unit 2", "Credit_Hours": 4}),
        ("classes", {"Short_Name": "SEC", "status": "Active"}),
        ("registrations", {"Program_Price": 900, "Status": "Active"}),
        ("registrations", {"Payment_Schedule": ROWS["Payment_Schedule"]}),
        ("payments", {"Amount": 20, "Voucher_Number": "V7"}),
        ("enrollments", {"Status": "Active"}),
        ("requests", {"Notes": "Urgent"}),
        ("grades", {"Grade_Value": "M", "Comments": "Good."}),
        ("grades", {"Learning_Outcomes_Assessm": ROWS["Learning_Outcomes_Assessm"]}),
    ],
    ids=str,
)
async def test_what_differs_is_pushed_under_the_names_that_are_there(
    module: str, change: dict[str, object]
) -> None:
    college = College(only=last)
    id = (await family(college))[CATALOGUE[module].singular]
    name = module_name(CATALOGUE[module], last)
    before = college.zoho.records(name)[id]
    await college.sync(module, [{**before, **change}])
    college.timer.jump(60)
    assert told(await college.push_zoho(module)) == [(Action.CHANGE, Applied)]
    after: Mapping[str, Any] = college.zoho.records(name)[id]
    for key, value in change.items():
        if key in ROWS:
            found = [{column: row[column] for column in ROWS[key][0]} for row in after[key]]
            assert found == value
        else:
            assert str(after[key]) == str(value)
    assert told(await college.push_zoho(module)) == [(Action.NOTHING, None)]
