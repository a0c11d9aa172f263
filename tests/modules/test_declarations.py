"""Each module is a declaration, and the declarations hold together."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated

import attrs
import pytest

from mzi_core.errors import UnknownModule
from mzi_core.field_reference import known_fields
from mzi_core.module import AnyModule, Kind, Side, Wire, ZohoEntity, declared, zoho
from mzi_core.modules import CATALOGUE, GRADES, MOODLE_CATALOGUE, STUDENTS, TEACHERS, ZOHO_CATALOGUE
from mzi_core.values import ZohoId

# Names of older exports and of the phase-4 endpoints, and system fields, which no field list names.
EXPECTED_NAMES = {
    "students", "teachers", "programs", "units", "classes",
    "enrollments", "registrations", "payments", "grades", "requests",
    "moodle_users", "moodle_courses", "moodle_enrollments", "moodle_marks",
}  # fmt: skip


every_module = pytest.mark.parametrize("module", list(CATALOGUE), ids=lambda module: module.name)
every_module_of_zoho = pytest.mark.parametrize("module", list(ZOHO_CATALOGUE), ids=lambda module: module.name)


def test_every_expected_module_is_there_once() -> None:
    assert sorted(module.name for module in CATALOGUE) == sorted(EXPECTED_NAMES)


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("students", "students"),
        ("Student", "students"),
        ("BTEC_Students", "students"),
        ("btec-students", "students"),
        ("Products", "programs"),
        ("Prodacts", "programs"),
        ("BTEC_Programs", "programs"),
        ("BTEC", "units"),
        ("BTEC_Units", "units"),
        (" BTEC Classes ", "classes"),
        ("BTEC_Student_Requests", "requests"),
        ("grade", "grades"),
    ],
)
def test_a_module_is_found_by_any_of_its_names(name: str, module: str) -> None:
    assert CATALOGUE[name].name == module


def test_an_unknown_module_is_refused_with_the_nearest_names() -> None:
    with pytest.raises(UnknownModule) as refused:
        CATALOGUE["studens"]
    assert str(refused.value) == "`studens` is not a module mzi knows. Did you mean `students`?"
    with pytest.raises(UnknownModule) as refused:
        CATALOGUE["zzz"]
    assert str(refused.value) == "`zzz` is not a module mzi knows."


def test_parents_come_before_children_in_order() -> None:
    place = {module.name: n for n, module in enumerate(CATALOGUE.in_order())}
    assert set(place) == EXPECTED_NAMES
    for module in CATALOGUE:
        for parent in {*module.depends_on.values(), *module.refers_to.values()}:
            assert place[parent] < place[module.name]


def test_who_may_wait_for_whom_is_known() -> None:
    assert {m.name for m in CATALOGUE.dependents(STUDENTS)} == {
        "enrollments",
        "registrations",
        "grades",
        "requests",
    }
    assert list(CATALOGUE.dependents(TEACHERS)) == []


@every_module
def test_every_lookup_says_where_it_points(module: AnyModule) -> None:
    lookups = {field.name for field in module.fields if field.kind is Kind.LOOKUP}
    assert {*module.depends_on, *module.refers_to} == lookups
    assert not set(module.depends_on) & set(module.refers_to)


@every_module
def test_no_two_fields_prefer_the_same_name(module: AnyModule) -> None:
    first = [field.names[0] for field in module.fields if field.names]
    assert len(first) == len(set(first))


@every_module
def test_every_field_is_an_attribute_and_one_is_the_key(module: AnyModule) -> None:
    own = {"extra"} if module.numbers_events else {"extra", "event_number", "field_versions"}
    attributes = [a.name for a in attrs.fields(module.entity)]
    assert [field.name for field in module.fields] == [name for name in attributes if name not in own]
    assert [field.name for field in module.fields if field.kind is Kind.ID] == [module.key_name]
    assert module.fields[module.key_place].name == module.key_name


@every_module
def test_a_key_is_told_by_its_names_or_made_of_fields_that_every_record_has(module: AnyModule) -> None:
    wire = module.field[module.key_name].wire
    assert bool(wire.names) is not bool(wire.parts)
    assert all(module.field[part].required for part in wire.parts)


def test_each_side_has_a_catalogue_of_its_own_and_none_depends_on_the_other() -> None:
    assert [module.side for module in CATALOGUE] == [
        *[Side.ZOHO for _ in ZOHO_CATALOGUE],
        *[Side.MOODLE for _ in MOODLE_CATALOGUE],
    ]
    for module in CATALOGUE:
        for parent in {*module.depends_on.values(), *module.refers_to.values()}:
            assert CATALOGUE[parent].side is module.side
        assert {field.points_at for field in module.fields} <= {None, module.side}


def _wire_names(module: AnyModule) -> Iterator[str]:
    for field in module.fields:
        yield from field.names[:1]


# First names that the field list of the organisation lacks, each with the source that has it instead.
BESIDE_THE_LIST = {
    "students": {"Display_Name", "Emergency_Contact_Name", "Emergency_Phone_Number"},
    "programs": {"Currency"},
    "units": {"Name", "Description", "Level", "Status"},
    "classes": {"Class_Major"},
    "enrollments": {"Enrollment_Status"},
    "registrations": {
        *("Total_Fees", "Completion_Date", "Version", "Program_Level", "Paid_Amount"),
        *("Moodle_Course_ID", "Student_Moodle_ID"),
    },
    "payments": {"Payment_Status", "Receipt_Number", "Bank_Name", "Description"},
    "grades": {"Unit", "Score"},
    "requests": {"Description"},
}


@every_module_of_zoho
def test_every_preferred_name_is_a_real_field_or_is_known_not_to_be(module: AnyModule) -> None:
    missing = {name for name in _wire_names(module) if name not in known_fields(module.name)}
    assert missing - {"id", "Modified_Time"} == BESIDE_THE_LIST.get(module.name, set())


def test_the_first_name_of_a_field_is_what_is_written() -> None:
    assert GRADES.field["grade_value"].names == ("Grade", "Grade_Value")


@every_module
def test_what_a_record_is_in_moodle_is_known_by_a_declared_field(module: AnyModule) -> None:
    if module.counterpart is not None:
        assert module.field[module.counterpart.id].kind is Kind.MOODLE_ID
    assert module.upsert_key is None or module.field[module.upsert_key].wire.unique


@every_module
def test_the_rows_of_a_subform_are_told_apart_by_one_of_their_cells(module: AnyModule) -> None:
    for field in module.fields:
        if field.kind is Kind.SUBFORM:
            assert field.row is not None
            assert field.row_key in {cell.name for cell in declared(field.row)}
        else:
            with pytest.raises(TypeError, match=f"`{field.name}` has no rows"):
                _ = field.row_key


def test_an_annotation_without_a_kind_is_a_mistake_that_is_told() -> None:
    @attrs.frozen(kw_only=True)
    class Odd(ZohoEntity):
        odd: Annotated[complex, zoho("Odd")]

    with pytest.raises(TypeError, match=r"Odd\.odd: no kind for the type <class 'complex'>"):
        declared(Odd)


def test_only_annotated_fields_are_mapped() -> None:
    @attrs.frozen(kw_only=True)
    class Plain(ZohoEntity):
        mapped: Annotated[str | None, "a note", zoho("Mapped", "Old", minimum=1, maximum=2)] = None
        unmapped: str = ""

    assert [field.name for field in declared(Plain)] == ["zoho_id", "modified_at", "mapped"]
    field = declared(Plain)[-1]
    assert field.wire == Wire(names=("Mapped", "Old"), minimum=field.wire.minimum, maximum=field.wire.maximum)
    assert (field.wire.minimum, field.wire.maximum) == (Decimal(1), Decimal(2))
    assert not field.required
    assert field.held_as is str
    assert Plain(zoho_id=ZohoId("1")).extra == {}


def test_a_module_without_rules_of_its_own_leaves_entities_as_they_are() -> None:
    teacher = TEACHERS.entity(zoho_id=ZohoId("1"), name="T")
    assert TEACHERS.complete(teacher) is teacher
    assert TEACHERS.check(teacher) == ()
