"""A tenant's own fields, and what is wrong with them."""

import pytest

from mzi_core.mapping import NO_OVERLAY, ExtraField, FieldMapping, Overlay, overlay, suggest
from mzi_core.module import Kind
from mzi_core.modules import CLASSES, STUDENTS


def problems(*lines: tuple[str, str]) -> tuple[str, ...]:
    return overlay(STUDENTS, [FieldMapping(*line) for line in lines])[1]


def test_a_zoho_field_becomes_an_extra_field_of_the_type_it_has() -> None:
    laid, wrong = overlay(
        STUDENTS,
        [
            FieldMapping("extra.intake", "Intake"),
            FieldMapping("extra.frozen_on", "Freeze_Date"),
            FieldMapping("city", "Branch_ID"),
        ],
    )
    assert wrong == ()
    assert laid == Overlay(
        names={"city": "Branch_ID"},
        extras=(
            ExtraField("intake", "Intake", Kind.TEXT),
            ExtraField("frozen_on", "Freeze_Date", Kind.DATE),
        ),
    )


def test_a_misspelt_name_is_answered_with_the_nearest_real_one() -> None:
    assert problems(("extra.freeze", "Freeze_Dat")) == (
        "BTEC_Students has no field `Freeze_Dat`. Did you mean `Freeze_Date` or `Freeze_Reason`?",
    )
    assert problems(("city", "Citty")) == ("BTEC_Students has no field `Citty`. Did you mean `City`?",)


def test_a_name_like_nothing_gets_no_suggestion() -> None:
    assert problems(("extra.x", "Qqqqq_Zzzzz")) == ("BTEC_Students has no field `Qqqqq_Zzzzz`.",)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            ("extra.x", "Student_Payments"),
            "`Student_Payments` is of the type Subform, which holds no value to map.",
        ),
        (
            ("extra.x", "Student_Image"),
            "`Student_Image` is of the type Image Upload, which holds no value to map.",
        ),
        (
            ("extra.X y", "Intake"),
            "`extra.X y` is no name for a field; use small letters, digits and underscores.",
        ),
        (
            ("intake", "Intake"),
            "students has no field `intake`; a field of your own is called `extra.<name>`.",
        ),
        (
            ("extra.x", "Academic_Password"),
            "`Academic_Password` is a secret by its name, and mzi keeps none; leave it out.",
        ),
        (("zoho_id", "Intake"), "`zoho_id` cannot be read from another Zoho field."),
    ],
)
def test_a_line_that_cannot_be_used_is_told_why(line: tuple[str, str], said: str) -> None:
    assert problems(line) == (said,)


def test_a_table_of_lookups_is_held_apart() -> None:
    assert overlay(CLASSES, [FieldMapping("enrolled_students", "Teacher")])[1] == (
        "`enrolled_students` cannot be read from another Zoho field.",
    )


def test_a_field_mapped_twice_is_refused_once_and_the_good_lines_stay() -> None:
    laid, wrong = overlay(
        STUDENTS,
        [
            FieldMapping("extra.a", "Intake"),
            FieldMapping("extra.a", "Note"),
            FieldMapping("city", "Branch_ID"),
            FieldMapping("city", "Address"),
        ],
    )
    assert wrong == ("`extra.a` is mapped twice.", "`city` is mapped twice.")
    assert laid.extras == (ExtraField("a", "Intake", Kind.TEXT),)
    assert laid.names == {"city": "Branch_ID"}


def test_the_version_of_a_mapping_is_equal_for_equal_mappings_only() -> None:
    a, b = ExtraField("a", "Intake", Kind.TEXT), ExtraField("b", "Note", Kind.TEXT)
    assert Overlay(extras=(a, b)).version == Overlay(extras=(b, a)).version
    versions = {o.version for o in (NO_OVERLAY, Overlay(extras=(a,)), Overlay(names={"city": "X"}))}
    assert len(versions) == 3


@pytest.mark.parametrize(
    ("zoho_name", "name"),
    [("Sub_Major", "sub_major"), ("crmnmoodle__Moodle_ID", "crmnmoodle_moodle_id"), ("X-", "x")],
)
def test_a_field_that_is_given_no_name_gets_a_plain_one(zoho_name: str, name: str) -> None:
    assert suggest(zoho_name) == name
