"""BTEC_Payments: money received for a registration. Sources: reference §1.2, C16, C36, B8."""

from datetime import date
from decimal import Decimal
from typing import Annotated

import attrs

from mzi_core.module import Module, ZohoEntity, lookup, money, zoho
from mzi_core.values import ZohoId

NOT_ACTIVE = frozenset({"no", "false", "0", "inactive", "void", "voided"})


@attrs.frozen(kw_only=True)
class Payment(ZohoEntity):
    """A payment, always of more than nothing (C36). The real module has no status: it is inferred (C16)."""

    registration: Annotated[ZohoId, lookup("Registration_ID", "Registration")]
    amount: Annotated[Decimal, money("Payment_Amount", "Amount", minimum=None, above=0)]
    currency: Annotated[str | None, zoho("Currency")] = None
    number: Annotated[str | None, zoho("Name")] = None
    student: Annotated[ZohoId | None, lookup("Student_ID", "Student")] = None
    payment_date: Annotated[date | None, zoho("Payment_Date")] = None
    payment_method: Annotated[str | None, zoho("Payment_Method")] = None
    payment_type: Annotated[str | None, zoho("Payment_Type")] = None
    payment_status: Annotated[str | None, zoho("Payment_Status")] = None
    installment_number: Annotated[int | None, zoho("Installment_No", minimum=0)] = None
    voucher_number: Annotated[str | None, zoho("SRM_Voucher_Number", "Voucher_Number")] = None
    receipt_number: Annotated[str | None, zoho("Receipt_Number")] = None
    bank_name: Annotated[str | None, zoho("Bank_Name")] = None
    original_amount: Annotated[Decimal | None, money("SRM_Original_Amount")] = None
    original_currency: Annotated[str | None, zoho("SRM_Original_Currency")] = None
    active: Annotated[str | None, zoho("SRM_Active")] = None
    decline_reason: Annotated[str | None, zoho("SRM_Decline_Reason")] = None
    description: Annotated[str | None, zoho("Description")] = None
    note: Annotated[str | None, zoho("Note")] = None


def infer_status(payment: Payment) -> Payment:
    """The payment with a status: its own, else Declined, Voided or Confirmed by what is known of it (C16)."""
    if payment.payment_status:
        return payment
    if payment.decline_reason:
        status = "Declined"
    elif (payment.active or "").strip().lower() in NOT_ACTIVE:
        status = "Voided"
    else:
        status = "Confirmed"
    return attrs.evolve(payment, payment_status=status)


PAYMENTS = Module(
    name="payments",
    singular="payment",
    remote_name="BTEC_Payments",
    entity=Payment,
    depends_on={"registration": "registrations"},
    refers_to={"student": "students"},
    complete=infer_status,
)
