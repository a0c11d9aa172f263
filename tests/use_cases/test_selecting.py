"""Which fields are asked for, by what Zoho says it has."""

from collections.abc import Iterable, Mapping

import pytest

from mzi_core.mapping import NO_OVERLAY, FieldMapping, Overlay, overlay
from mzi_core.modules import CATALOGUE
from mzi_core.naming import Described, Real, naming, tables_of
from mzi_core.ports import ZohoField
from mzi_core.use_cases.field_selection import Choice, choose

STUDENTS = CATALOGUE["students"]
REQUIRED = ("Name", "Academic_Email")


def real(*names: str, **types: str) -> dict[str, ZohoField]:
    """Fields of a Zoho module; by keyword with a type."""
    plain = dict.fromkeys(names, "text")
    return {n: ZohoField(api_name=n, label=n, data_type=t) for n, t in {**plain, **types}.items()}


def chosen(module: str, names: Iterable[str], laid: Overlay = NO_OVERLAY, **rows: tuple[str, ...]) -> Choice:
    """What is chosen of a module with these fields, and of subforms with these columns."""
    subforms = dict.fromkeys(rows, "subform")
    return of(
        module, real(*names, **subforms), laid, {name: real(*columns) for name, columns in rows.items()}
    )


def of(
    module: str, fields: Real, laid: Overlay = NO_OVERLAY, rows: Mapping[str, Real] | None = None
) -> Choice:
    """What is chosen of a module with these fields, under its usual name."""
    declared = CATALOGUE[module]
    described = Described(api_name=declared.remote_name, fields=fields, rows=rows or {})
    return choose(naming(declared, laid, described))


def test_only_what_exists_is_asked_for_and_the_rest_is_told_once() -> None:
    choice = chosen("students", [*REQUIRED, "City", "Something_Else"])
    assert choice.selection.fields == ("Name", "Academic_Email", "City")
    assert "major" in choice.untold
    assert "city" not in choice.untold
    assert len(choice.notes) == len(choice.untold)
    assert choice.problems == ()


@pytest.mark.parametrize(
    ("there", "asked"),
    [
        (("Student_Moodle_ID",), ("Student_Moodle_ID",)),
        (("Moodle_Student_ID",), ("Moodle_Student_ID",)),
        (("Moodle_Student_ID", "Student_Moodle_ID"), ("Student_Moodle_ID", "Moodle_Student_ID")),
    ],
    ids=repr,
)
def test_of_a_field_every_name_that_exists_is_asked_for(
    there: tuple[str, ...], asked: tuple[str, ...]
) -> None:
    assert chosen("students", [*REQUIRED, *there]).selection.fields == (*REQUIRED, *asked)


def test_a_mapped_name_comes_first_and_one_that_does_not_exist_is_told() -> None:
    laid, problems = overlay(STUDENTS, [FieldMapping("city", "Address"), FieldMapping("extra.x", "Intake")])
    assert problems == ()
    choice = chosen("students", [*REQUIRED, "City", "Intake"], laid)
    assert choice.selection.fields == (*REQUIRED, "City", "Intake")
    assert "`city` is mapped to `Address`, which BTEC_Students does not have." in choice.notes
    assert "city" not in choice.untold
    both = chosen("students", [*REQUIRED, "City", "Address"], laid)
    assert both.selection.fields[2:4] == ("Address", "City")
    assert "extra.x" in both.untold


@pytest.mark.parametrize(
    ("there", "said"),
    [
        (
            ["Academic_Email"],
            "BTEC_Students has no field `Name`, and a record cannot do without its `display_name`. Add it in "
            "Zoho, let mzi's account see it, or map another with `mzi fields`.",
        ),
        (
            ["Name", "Academic_Emails"],
            "BTEC_Students has no field `Academic_Email`, and a record cannot do without its "
            "`academic_email`. The nearest is `Academic_Emails`; if that is meant, give it the API name "
            "`Academic_Email` in Zoho.",
        ),
    ],
    ids=["nothing near", "near"],
)
def test_a_required_field_that_is_missing_is_a_problem_with_its_remedy(there: list[str], said: str) -> None:
    assert chosen("students", there).problems == (said,)


def test_a_nearest_field_that_can_be_mapped_comes_with_the_command() -> None:
    (problem,) = chosen("payments", ["Registration_ID", "Payment_Date"]).problems
    assert problem == (
        "BTEC_Payments has no field `Payment_Amount` or `Amount`, and a record cannot do without its "
        "`amount`. The nearest is `Payment_Date`; if that is meant, `mzi fields payments --map "
        "Payment_Date=amount` reads it there."
    )


@pytest.mark.parametrize(
    ("rows", "columns", "untold"),
    [
        ({"Payment_Schedule": ("Due_Date", "Amount", "Other")}, ("Due_Date", "Amount"), False),
        ({"Payment_Schedule": ("Other",)}, None, True),
        ({}, None, True),
    ],
    ids=["some columns are known", "no column is known", "there is no subform"],
)
def test_a_subform_is_read_with_its_known_columns_or_left_whole(
    rows: dict[str, tuple[str, ...]], columns: tuple[str, ...] | None, untold: bool
) -> None:
    choice = chosen("registrations", ["Student_ID", "Program", "Registration_Status"], NO_OVERLAY, **rows)
    assert choice.selection.subforms == ({} if columns is None else {"Payment_Schedule": columns})
    assert ("installments" in choice.untold) is untold


def test_a_subform_whose_rows_cannot_be_read_is_left_whole() -> None:
    fields = real("Student_ID", "Program", "Registration_Status", Payment_Schedule="subform")
    choice = of("registrations", fields)
    assert "installments" in choice.untold
    assert any("the rows of `Payment_Schedule` cannot be read" in note for note in choice.notes)


CRITERIA = "BTEC_Grading_Template_P1"


@pytest.mark.parametrize(
    ("own", "rows", "asked", "untold"),
    [
        (["P1_description", "M1_description"], {}, {}, False),
        (["P1_description"], {CRITERIA: ("P11_description", "id")}, {CRITERIA: ("P11_description",)}, False),
        ([], {CRITERIA: ("P11_description",)}, {CRITERIA: ("P11_description",)}, False),
        (["P1_descriptions", "X1_description"], {}, {}, True),
    ],
    ids=["in the record", "in both places", "in the rows alone", "none"],
)
def test_the_criteria_of_a_unit_are_asked_for_in_both_their_places(
    own: list[str], rows: dict[str, tuple[str, ...]], asked: dict[str, tuple[str, ...]], untold: bool
) -> None:
    choice = chosen("units", ["Name", *own], NO_OVERLAY, **rows)
    assert choice.selection.subforms == asked
    assert ("criteria" in choice.untold) is untold


def test_criteria_of_which_only_a_part_can_be_read_are_left_whole() -> None:
    fields = real("Name", "P1_description", **{CRITERIA: "subform"})
    choice = of("units", fields)
    assert "criteria" in choice.untold
    assert "P1_description" not in choice.selection.fields


def test_a_lookup_to_many_records_is_read_as_rows() -> None:
    fields = real("Class_Name", Enrolled_Students="multiselectlookup")
    choice = of("classes", fields)
    assert choice.selection.subforms == {"Enrolled_Students": ()}
    assert choice.selection.fields == ("Class_Name",)


def test_the_modules_that_hold_rows_are_named_by_zoho_or_after_the_field() -> None:
    fields = real("Payment_Schedule")
    assert tables_of(CATALOGUE["registrations"], fields) == {"Payment_Schedule": "Payment_Schedule"}
    pointed = {
        "Payment_Schedule": ZohoField(api_name="x", label="x", data_type="subform", lookup="Schedules")
    }
    assert tables_of(CATALOGUE["registrations"], pointed) == {"Payment_Schedule": "Schedules"}
    assert tables_of(CATALOGUE["registrations"], real("Student_ID")) == {}
