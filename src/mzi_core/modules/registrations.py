"""BTEC_Registrations: a student on a programme, and how it is paid. Sources: reference §1.2, C15, B11."""

from datetime import date
from decimal import Decimal
from typing import Annotated

import attrs

from mzi_core.module import Counterpart, Module, MoodleKind, ZohoEntity, lookup, money, subform, zoho
from mzi_core.modules.enrollments import ENDED
from mzi_core.values import MoodleId, ZohoId


@attrs.frozen(kw_only=True)
class Installment:
    """One row of `Payment_Schedule`. A missing number is the row's place, counted from 1 (B11)."""

    row_id: Annotated[str | None, zoho("id")] = None
    number: Annotated[int | None, zoho("Installment_No", minimum=1)] = None
    due_date: Annotated[date | None, zoho("Due_Date")] = None
    amount: Annotated[Decimal | None, money("Installment_Amount", "Amount")] = None
    status: Annotated[str, zoho("Installment_Status", "Status")] = "Pending"
    paid_date: Annotated[date | None, zoho("Paid_Date")] = None


@attrs.frozen(kw_only=True)
class Registration(ZohoEntity):
    """A registration. Its status is Registration_Status, else Enrollment_Status, else Status (C15).

    `moodle_course_id`: the course of the programme in which it was enrolled; `student_moodle_id`: a copy of
    the student's. Others share both, so they are no links of its own.
    """

    student: Annotated[ZohoId, lookup("Student_ID", "Student")]
    program: Annotated[ZohoId, lookup("Program")]
    number: Annotated[str | None, zoho("Name")] = None
    enrollment_status: Annotated[str | None, zoho("Registration_Status", "Enrollment_Status", "Status")] = (
        None
    )
    registration_date: Annotated[date | None, zoho("Registration_Date")] = None
    completion_date: Annotated[date | None, zoho("Completion_Date", "Expected_Graduation")] = None
    version: Annotated[int | None, zoho("Version")] = None
    study_mode: Annotated[str | None, zoho("Study_Mode")] = None
    study_language: Annotated[str | None, zoho("Study_Language")] = None
    program_level: Annotated[str | None, zoho("Program_Level")] = None
    program_price: Annotated[Decimal | None, money("Total_Fees", "Program_Price")] = None
    paid_amount: Annotated[Decimal | None, money("Paid_Amount")] = None
    remaining_amount: Annotated[Decimal | None, money("Remaining_Amount", minimum=None)] = None
    currency: Annotated[str | None, zoho("Currency")] = None
    discount: Annotated[bool | None, zoho("Discount")] = None
    discount_percentage: Annotated[Decimal | None, zoho("Discount_Percentage", minimum=0, maximum=100)] = None
    discount_reason: Annotated[str | None, zoho("Discount_Reason")] = None
    moodle_course_id: Annotated[MoodleId | None, zoho("Moodle_Course_ID")] = None
    student_moodle_id: Annotated[MoodleId | None, zoho("Student_Moodle_ID")] = None
    installments: Annotated[tuple[Installment, ...], subform("Payment_Schedule", row_key="number")] = ()


def number_installments(registration: Registration) -> Registration:
    """The registration with every instalment numbered: by its own number, else by its place."""
    if all(row.number is not None for row in registration.installments):
        return registration
    return attrs.evolve(
        registration,
        installments=tuple(
            row if row.number is not None else attrs.evolve(row, number=place)
            for place, row in enumerate(registration.installments, start=1)
        ),
    )


REGISTRATIONS = Module(
    name="registrations",
    singular="registration",
    remote_name="BTEC_Registrations",
    entity=Registration,
    depends_on={"student": "students", "program": "programs"},
    found_by=("student", "program"),
    counterpart=Counterpart(MoodleKind.ENROLMENT, id="moodle_course_id", ended=ENDED),
    complete=number_installments,
)
