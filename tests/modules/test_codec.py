"""Zoho records to entities and back."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import entities, modules

from mzi_adapters.zoho import ZohoCodec
from mzi_core.mapping import NO_OVERLAY, ExtraField, Overlay
from mzi_core.module import AnyModule, Kind
from mzi_core.modules import (
    CLASSES,
    ENROLLMENTS,
    GRADES,
    PAYMENTS,
    PROGRAMS,
    REGISTRATIONS,
    STUDENTS,
    UNITS,
    CriterionText,
)
from mzi_core.ports import Decoded
from mzi_core.values import Code

table = partial(pytest.mark.parametrize, ids=repr)
CODEC = ZohoCodec()
STUDENT = {"id": "1", "Name": "A01", "Academic_Email": "a@b.example"}


def decode(module: AnyModule, record: object, overlay: Overlay = NO_OVERLAY) -> Decoded[Any]:
    return CODEC.decoder(module, overlay)(record)


def entity(module: AnyModule, record: object, overlay: Overlay = NO_OVERLAY) -> Any:
    decoded = decode(module, record, overlay)
    assert decoded.entity is not None, decoded.reasons
    return decoded.entity


def reasons(module: AnyModule, record: object) -> list[tuple[Code, str]]:
    decoded = decode(module, record)
    assert decoded.entity is None
    return [(reason.code, reason.path) for reason in decoded.reasons]


@given(st.data(), modules)
def test_what_was_encoded_is_decoded_again(data: st.DataObject, module: AnyModule) -> None:
    one = data.draw(entities(module, extra={}))
    wire = json.loads(json.dumps(CODEC.encode(module, one, NO_OVERLAY)))
    assert decode(module, wire).entity == in_whole_seconds(module, one)


def in_whole_seconds(module: AnyModule, entity: Any) -> Any:
    """An entity as Zoho can keep it."""
    moments = {f.name: getattr(entity, f.name) for f in module.fields if f.kind is Kind.DATETIME}
    whole = {name: moment.replace(microsecond=0) for name, moment in moments.items() if moment is not None}
    return attrs.evolve(entity, **whole)


def test_a_moment_is_written_without_fractions_which_zoho_does_not_take() -> None:
    at = datetime(2026, 2, 1, 9, 0, 0, 999_999, tzinfo=UTC)
    written = CODEC.encode(STUDENTS, attrs.evolve(entity(STUDENTS, STUDENT), modified_at=at), NO_OVERLAY)
    assert written["Modified_Time"] == "2026-02-01T09:00:00+00:00"


@given(st.data(), modules)
def test_the_order_of_keys_does_not_matter(data: st.DataObject, module: AnyModule) -> None:
    wire = CODEC.encode(module, data.draw(entities(module, extra={})), NO_OVERLAY)
    shuffled = dict(data.draw(st.permutations(list(wire.items()))))
    assert decode(module, shuffled) == decode(module, wire)


def test_unknown_and_dollar_keys_are_passed_over() -> None:
    noisy = {**STUDENT, "$editable": True, "$approval_state": "x", "Owner": {"id": "1"}, "Nonsense": [1]}
    assert decode(STUDENTS, noisy) == decode(STUDENTS, STUDENT)


@table("record", [None, "x", 5, [STUDENT]])
def test_a_record_that_is_no_object_says_so(record: object) -> None:
    assert reasons(STUDENTS, record) == [(Code.NOT_AN_OBJECT, "$")]


def test_every_reason_is_collected_with_its_path() -> None:
    bad = {
        "id": "1",
        "Name": " ",
        "Academic_Email": "noor@campus",
        "Birth_Date": "17/04/2003",
        "Student_Moodle_ID": "x",
        "Program": {"name": "no id"},
    }
    assert reasons(STUDENTS, bad) == [
        (Code.REQUIRED, "$.Name"),
        (Code.EMAIL_INVALID, "$.Academic_Email"),
        (Code.DATE_INVALID, "$.Birth_Date"),
        (Code.WRONG_TYPE, "$.Program"),
        (Code.NUMBER_INVALID, "$.Student_Moodle_ID"),
    ]
    assert decode(STUDENTS, bad).key == "1"


def test_a_sentence_names_the_field_and_never_repeats_the_value() -> None:
    said = [r.message for r in decode(STUDENTS, {**STUDENT, "Birth_Date": "17/04/2003"}).reasons]
    assert said == ["`Birth_Date` must be a date written YYYY-MM-DD."]


def test_a_missing_field_is_named_by_its_first_zoho_name() -> None:
    assert reasons(ENROLLMENTS, {"id": "1", "Student": {"id": "2"}}) == [(Code.REQUIRED, "$.Classes")]


def test_a_record_without_an_id_has_none() -> None:
    decoded = decode(STUDENTS, {k: v for k, v in STUDENT.items() if k != "id"})
    assert (decoded.key, decoded.entity) == (None, None)
    assert [r.path for r in decoded.reasons] == ["$.id"]


def test_the_real_name_of_a_field_comes_before_its_other_names() -> None:
    record = {"id": "1", "Student_ID": "2", "Student": "9", "Program": "3", "Status": "c"}
    assert entity(REGISTRATIONS, record).student == "2"
    assert entity(REGISTRATIONS, record).enrollment_status == "c"
    assert entity(REGISTRATIONS, {**record, "Enrollment_Status": "b"}).enrollment_status == "b"
    both = {**record, "Registration_Status": "a", "Enrollment_Status": "b"}
    assert entity(REGISTRATIONS, both).enrollment_status == "a"


def test_a_preferred_name_that_is_empty_gives_way_to_one_with_a_value() -> None:
    record = {"id": "1", "Product_Name": "P", "MoodleID": "", "crmnmoodle__Moodle_ID": 12}
    assert entity(PROGRAMS, record).moodle_id == 12
    assert entity(PROGRAMS, {**record, "crmnmoodle__Moodle_ID": None}).moodle_id is None


def test_null_and_empty_text_are_two_things() -> None:
    assert entity(STUDENTS, {**STUDENT, "City": ""}).city == ""
    assert entity(STUDENTS, {**STUDENT, "City": None}).city is None


def test_a_field_with_a_default_takes_it_when_nothing_is_said() -> None:
    unit = {"id": "1", "Name": "Unit 20"}
    for said in ({}, {"Status": None}, {"Status": ""}):
        assert entity(UNITS, {**unit, **said}).status == "Active"
    assert entity(UNITS, {**unit, "Status": "Retired"}).status == "Retired"


def test_a_pick_list_object_is_its_value() -> None:
    assert (
        entity(CLASSES, {"id": "1", "Class_Name": "C", "Class_Status": {"value": "Active"}}).status
        == "Active"
    )


def test_mojibake_is_kept_and_noticed() -> None:
    decoded = decode(STUDENTS, {**STUDENT, "Name": "Ø±Ù†Ø§"})
    assert decoded.entity is not None
    assert decoded.entity.display_name == "Ø±Ù†Ø§"
    assert [(r.code, r.path) for r in decoded.reasons] == [(Code.MOJIBAKE, "$.Name")]


# subforms

REGISTRATION = {"id": "1", "Student_ID": {"id": "2"}, "Program": {"id": "3"}}


def test_installments_are_numbered_by_their_place_and_pending_when_nothing_is_said() -> None:
    rows = [
        {
            "Installment_No": 7,
            "Installment_Amount": "5,000",
            "Installment_Status": "Paid",
            "Paid_Date": "2026-01-20",
        },
        {"Installment_No": None, "Due_Date": "2026-08-01", "Installment_Amount": 5000, "id": "9503"},
    ]
    first, second = entity(REGISTRATIONS, {**REGISTRATION, "Payment_Schedule": rows}).installments
    assert (first.number, first.amount, first.status, first.paid_date) == (7, 5000, "Paid", date(2026, 1, 20))
    assert (second.number, second.row_id, second.status, second.due_date) == (
        2,
        "9503",
        "Pending",
        date(2026, 8, 1),
    )


def test_a_bad_row_is_named_by_its_place_and_all_bad_rows_are() -> None:
    rows = [{"Due_Date": "x"}, {}, {"Installment_Amount": "1.500,50", "Due_Date": "2026-02-30"}, "row"]
    assert reasons(REGISTRATIONS, {**REGISTRATION, "Payment_Schedule": rows}) == [
        (Code.DATE_INVALID, "$.Payment_Schedule[0].Due_Date"),
        (Code.DATE_INVALID, "$.Payment_Schedule[2].Due_Date"),
        (Code.MONEY_AMBIGUOUS, "$.Payment_Schedule[2].Installment_Amount"),
        (Code.NOT_AN_OBJECT, "$.Payment_Schedule[3]"),
    ]
    said = decode(REGISTRATIONS, {**REGISTRATION, "Payment_Schedule": rows}).reasons[0].message
    assert said == "`Due_Date` must be a date written YYYY-MM-DD."


def test_text_where_a_table_is_due_is_refused() -> None:
    assert reasons(REGISTRATIONS, {**REGISTRATION, "Payment_Schedule": "3 rows"}) == [
        (Code.WRONG_TYPE, "$.Payment_Schedule")
    ]


def test_outcome_rows_are_read_in_every_shape_that_exists() -> None:
    rows = [
        {"LO_Code": "P1", "LO_Score": "1", "LO_Title": "t", "LO_Feedback": "ok", "id": "9901"},
        {"outcome_id": "LO1.1", "outcome_name": "n", "grade": "Achieved"},
        {"code": "M1", "description": "d", "score": "0", "achieved": True, "feedback": "f"},
        {"criterion": "D1", "achieved": False},
    ]
    grade = entity(GRADES, {"id": "1", "Student": "2", "Class": "3", "Learning_Outcomes_Assessm": rows})
    assert [(row.code, row.score) for row in grade.outcomes] == [
        ("P1", "1"), ("LO1.1", "Achieved"), ("M1", "0"), ("D1", "false")
    ]  # fmt: skip


# criteria


def test_criteria_come_from_the_record_and_its_subform_in_order_and_blank_ones_are_none() -> None:
    record = {
        "id": "1",
        "Name": "U",
        "P2_description": "two",
        "P10_description": "ten",
        "P1_description": "  ",
        "M9_description": "nine",
        "D1_description": None,
        "P21_description": "no criterion",
        "p3_description": "no field of Zoho's",
        "BTEC_Grading_Template_P1": [{"id": "5", "P11_description": "eleven", "P2_description": "other"}],
    }
    assert entity(UNITS, record).criteria == (
        CriterionText("P2", "two"),
        CriterionText("P10", "ten"),
        CriterionText("P11", "eleven"),
        CriterionText("M9", "nine"),
    )


@table(
    ("said", "code", "path"),
    [
        ({"P1_description": ["x"]}, Code.WRONG_TYPE, "$.P1_description"),
        ({"BTEC_Grading_Template_P1": "x"}, Code.WRONG_TYPE, "$.BTEC_Grading_Template_P1"),
        ({"BTEC_Grading_Template_P1": ["x"]}, Code.NOT_AN_OBJECT, "$.BTEC_Grading_Template_P1[0]"),
        (
            {"BTEC_Grading_Template_P1": [{"P11_description": "\x00"}]},
            Code.TEXT_INVALID,
            "$.BTEC_Grading_Template_P1[0].P11_description",
        ),
    ],
)
def test_criteria_that_cannot_be_read_are_named(said: dict[str, object], code: Code, path: str) -> None:
    assert reasons(UNITS, {"id": "1", "Name": "U", **said}) == [(code, path)]


# money and numbers

PAYMENT: dict[str, object] = {"id": "1", "Registration_ID": {"id": "2"}, "Payment_Amount": 5}


@table("amount", [0, -5, "0.00", "-1"])
def test_a_payment_is_of_more_than_nothing(amount: object) -> None:
    assert reasons(PAYMENTS, {**PAYMENT, "Payment_Amount": amount}) == [
        (Code.OUT_OF_RANGE, "$.Payment_Amount")
    ]


def test_a_price_may_be_nought_but_not_negative_and_a_remainder_may_be_both() -> None:
    assert entity(PROGRAMS, {"id": "1", "Product_Name": "P", "Program_Price": 0}).price == 0
    assert reasons(PROGRAMS, {"id": "1", "Product_Name": "P", "Program_Price": "-1"}) == [
        (Code.OUT_OF_RANGE, "$.Program_Price")
    ]
    assert entity(REGISTRATIONS, {**REGISTRATION, "Remaining_Amount": "-50"}).remaining_amount == -50


@table(("score", "fits"), [(0, True), (100, True), ("104", False), (-1, False)])
def test_a_score_lies_between_nought_and_a_hundred(score: object, fits: bool) -> None:
    decoded = decode(GRADES, {"id": "1", "Student": "2", "Class": "3", "Score": score})
    assert (decoded.entity is not None) is fits
    assert [r.code for r in decoded.reasons] == ([] if fits else [Code.OUT_OF_RANGE])


def test_a_currency_beside_an_amount_counts_for_the_record() -> None:
    priced = {**REGISTRATION, "Remaining_Amount": "12,000 USD"}
    assert entity(REGISTRATIONS, priced).currency == "USD"
    assert entity(REGISTRATIONS, {**priced, "Currency": "usd"}).currency == "usd"
    assert reasons(REGISTRATIONS, {**priced, "Currency": "JOD"}) == [
        (Code.CURRENCY_MISMATCH, "$.Remaining_Amount")
    ]
    assert reasons(REGISTRATIONS, {**priced, "Program_Price": "5 JOD"}) == [
        (Code.CURRENCY_MISMATCH, "$.Remaining_Amount")
    ]


@table(
    ("said", "status"),
    [
        ({}, "Confirmed"),
        ({"SRM_Active": "Yes"}, "Confirmed"),
        ({"SRM_Active": " No "}, "Voided"),
        ({"SRM_Active": "No", "SRM_Decline_Reason": "bounced"}, "Declined"),
        ({"Payment_Status": "Completed", "SRM_Active": "No"}, "Completed"),
        ({"Payment_Status": ""}, "Confirmed"),
    ],
)
def test_the_status_of_a_payment_is_its_own_or_what_follows_from_the_rest(
    said: dict[str, object], status: str
) -> None:
    assert entity(PAYMENTS, {**PAYMENT, **said}).payment_status == status


@table(
    ("said", "kept"),
    [("Merit", "M"), ("distinction", "D"), ("RR", "RR"), ("A", "A"), ("Not Graded", "Not Graded")],
)
def test_a_grade_word_is_kept_as_its_letter_and_any_other_as_it_came(said: str, kept: str) -> None:
    assert entity(GRADES, {"id": "1", "Student": "2", "Unit": "3", "Grade": said}).grade_value == kept


def test_amounts_are_written_as_numbers_where_a_number_is_exact_and_as_text_where_not() -> None:
    def written(amount: str) -> object:
        payment = attrs.evolve(entity(PAYMENTS, PAYMENT), amount=Decimal(amount))
        return CODEC.encode(PAYMENTS, payment, NO_OVERLAY)["Payment_Amount"]

    assert [written(a) for a in ("5000.00", "0.1", "999999999999999.999999999")] == [
        5000,
        0.1,
        "999999999999999.999999999",
    ]


# a tenant's own fields


def test_extra_fields_are_held_in_their_type() -> None:
    overlay = Overlay(
        extras=(
            ExtraField("nationality", "Nationality", Kind.TEXT),
            ExtraField("fees", "Registration_Fees", Kind.MONEY),
            ExtraField("frozen_on", "Freeze_Date", Kind.DATE),
            ExtraField("top_up", "Top_up", Kind.BOOLEAN),
            ExtraField("units", "Units_Taken_Count", Kind.INTEGER),
            ExtraField("seen", "Last_Sync_Date", Kind.DATETIME),
            ExtraField("intake", "Intake", Kind.LOOKUP),
        )
    )
    record = {
        **STUDENT,
        "Nationality": "Jordanian",
        "Registration_Fees": "9,500.00",
        "Freeze_Date": "2026-02-01",
        "Top_up": True,
        "Units_Taken_Count": "7",
        "Last_Sync_Date": "2026-02-01T09:00:00+03:00",
        "Intake": {"id": "44", "name": "Autumn"},
    }
    found = entity(STUDENTS, record, overlay)
    assert found.extra == {
        "nationality": "Jordanian",
        "fees": Decimal(9500),
        "frozen_on": date(2026, 2, 1),
        "top_up": True,
        "units": 7,
        "seen": datetime(2026, 2, 1, 6, tzinfo=UTC),
        "intake": "44",
    }
    assert decode(STUDENTS, CODEC.encode(STUDENTS, found, overlay), overlay).entity == found
    assert entity(STUDENTS, STUDENT, overlay).extra == {}


def test_an_extra_field_that_cannot_be_read_refuses_the_record() -> None:
    overlay = Overlay(extras=(ExtraField("frozen_on", "Freeze_Date", Kind.DATE),))
    decoded = decode(STUDENTS, {**STUDENT, "Freeze_Date": "soon"}, overlay)
    assert decoded.entity is None
    assert [(r.code, r.path) for r in decoded.reasons] == [(Code.DATE_INVALID, "$.Freeze_Date")]


def test_another_zoho_name_for_a_declared_field_is_read_first_and_written() -> None:
    overlay = Overlay(names={"city": "Branch_ID"})
    record = {**STUDENT, "City": "Amman", "Branch_ID": "Irbid"}
    found = entity(STUDENTS, record, overlay)
    assert found.city == "Irbid"
    assert entity(STUDENTS, {**STUDENT, "City": "Amman"}, overlay).city == "Amman"
    assert CODEC.encode(STUDENTS, found, overlay)["Branch_ID"] == "Irbid"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


@given(st.data(), modules)
def test_whatever_a_record_holds_it_is_an_entity_or_has_reasons(
    data: st.DataObject, module: AnyModule
) -> None:
    names = [name for field in module.fields for name in field.names]
    record = data.draw(st.dictionaries(st.sampled_from(names), json_values, max_size=8))
    decoded = decode(module, record)
    assert decoded.entity is not None or decoded.reasons


def test_the_fees_of_a_registration_count_for_more_than_the_price_of_its_program() -> None:
    priced = {**REGISTRATION, "Program_Price": "15000", "Total_Fees": "4,400$"}
    assert entity(REGISTRATIONS, priced).program_price == 4400
    assert entity(REGISTRATIONS, {**priced, "Total_Fees": ""}).program_price == 15000


def test_an_enrolment_is_known_by_its_enrollment_id() -> None:
    record = {"Enrollment_ID": "zcrm_701", "Student": "21", "Class": "31"}
    assert entity(ENROLLMENTS, record).zoho_id == "701"
