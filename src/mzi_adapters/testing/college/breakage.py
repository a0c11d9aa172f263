"""How real data breaks: the faults, how often each is found where, and how a record comes to have it."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from random import Random
from typing import Self

import attrs

from mzi_adapters.testing.college.seeds import TODAY, Record, instant, zoho_id


class Breakage(StrEnum):
    """A way in which records are broken, with the reason code to expect and whether they must be refused."""

    reason: str | None
    refused: bool

    def __new__(cls, value: str, reason: str | None = None, refused: bool = True) -> Self:
        """A member is its text; `reason` and `refused` stand beside it."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.reason = reason
        member.refused = refused
        return member

    MISSING_EMAIL = "missing_email", "required"
    EMAIL_WITHOUT_DOMAIN = "email_without_domain", "email_invalid"
    DUPLICATE_EMAIL = "duplicate_email", "duplicate"
    DATE_WITH_SLASHES = "date_with_slashes", "date_invalid"
    IMPOSSIBLE_DATE = "impossible_date", "date_invalid"
    AMBIGUOUS_MONEY = "ambiguous_money", "money_ambiguous"
    MONEY_NOT_A_NUMBER = "money_not_a_number", "money_invalid"
    NEGATIVE_PRICE = "negative_price", "out_of_range"
    AMOUNT_ZERO = "amount_zero", "out_of_range"
    MISSING_PARENT = "missing_parent", "dependency_missing"
    EMPTY_LOOKUP = "empty_lookup", "required"
    TEMPLATE_LEFT_IN = "template_left_in", "template_not_substituted"
    SCORE_TOO_HIGH = "score_too_high", "out_of_range"
    NO_ID = "no_id", "required"
    TEXT_FOR_ROWS = "text_for_rows", "wrong_type"
    NUMERIC_ID = "numeric_id", None, False
    SENT_TWICE = "sent_twice", None, False
    GARBLED_NAME = "garbled_name", "mojibake", False


@attrs.frozen(kw_only=True)
class Broken:
    """A label: the record at `position` of its module is broken in this way, in `field`.

    `refused`: mzi must answer INVALID, with `reason` among its reasons; otherwise it must accept the record,
    where `reason` is what it should notice, if anything. `before` is the record as it was while sound.
    """

    module: str
    position: int
    zoho_id: str | None
    kind: Breakage
    field: str
    before: Record = attrs.field(repr=False)

    @property
    def refused(self) -> bool:
        """Whether mzi must answer INVALID."""
        return self.kind.refused

    @property
    def reason(self) -> str | None:
        """The reason code to expect."""
        return self.kind.reason


ABSENT = 9_000_000
"""Serials above this one belong to records that others point at and that are not there."""

PARENTS: Mapping[tuple[str, str], str] = {
    ("registrations", "Student_ID"): "students",
    ("registrations", "Program"): "programs",
    ("payments", "Registration_ID"): "registrations",
    ("enrollments", "Enrolled_Students"): "students",
    ("enrollments", "Classes"): "classes",
    ("grades", "Student"): "students",
    ("requests", "Student"): "students",
}
"""The module a lookup points into."""

_PLAN: Mapping[str, Sequence[tuple[Breakage, str, int]]] = {
    "programs": (
        (Breakage.NEGATIVE_PRICE, "Program_Price", 1),
        (Breakage.AMBIGUOUS_MONEY, "Program_Price", 1),
        (Breakage.MONEY_NOT_A_NUMBER, "Program_Price", 1),
    ),
    "units": ((Breakage.NUMERIC_ID, "id", 1),),
    "teachers": (
        (Breakage.EMAIL_WITHOUT_DOMAIN, "Academic_Email", 2),
        (Breakage.DUPLICATE_EMAIL, "Academic_Email", 1),
        (Breakage.GARBLED_NAME, "Name", 2),
    ),
    "students": (
        (Breakage.MISSING_EMAIL, "Academic_Email", 10),
        (Breakage.EMAIL_WITHOUT_DOMAIN, "Academic_Email", 8),
        (Breakage.DUPLICATE_EMAIL, "Academic_Email", 8),
        (Breakage.DATE_WITH_SLASHES, "Birth_Date", 6),
        (Breakage.IMPOSSIBLE_DATE, "Birth_Date", 4),
        (Breakage.NO_ID, "id", 4),
        (Breakage.NUMERIC_ID, "id", 5),
        (Breakage.SENT_TWICE, "City", 5),
        (Breakage.GARBLED_NAME, "Display_Name", 8),
    ),
    "classes": (
        (Breakage.DATE_WITH_SLASHES, "Start_Date", 1),
        (Breakage.IMPOSSIBLE_DATE, "Start_Date", 1),
        (Breakage.NUMERIC_ID, "id", 1),
    ),
    "registrations": (
        (Breakage.DATE_WITH_SLASHES, "Registration_Date", 5),
        (Breakage.IMPOSSIBLE_DATE, "Registration_Date", 5),
        (Breakage.AMBIGUOUS_MONEY, "Program_Price", 5),
        (Breakage.NEGATIVE_PRICE, "Program_Price", 4),
        (Breakage.MISSING_PARENT, "Student_ID", 6),
        (Breakage.MISSING_PARENT, "Program", 2),
        (Breakage.EMPTY_LOOKUP, "Student_ID", 4),
        (Breakage.TEMPLATE_LEFT_IN, "Student_ID", 4),
        (Breakage.TEXT_FOR_ROWS, "Payment_Schedule", 8),
    ),
    "payments": (
        (Breakage.DATE_WITH_SLASHES, "Payment_Date", 12),
        (Breakage.IMPOSSIBLE_DATE, "Payment_Date", 8),
        (Breakage.AMBIGUOUS_MONEY, "Payment_Amount", 14),
        (Breakage.MONEY_NOT_A_NUMBER, "Payment_Amount", 12),
        (Breakage.AMOUNT_ZERO, "Payment_Amount", 16),
        (Breakage.MISSING_PARENT, "Registration_ID", 16),
        (Breakage.EMPTY_LOOKUP, "Registration_ID", 12),
        (Breakage.TEMPLATE_LEFT_IN, "Registration_ID", 10),
        (Breakage.NO_ID, "id", 6),
        (Breakage.NUMERIC_ID, "id", 10),
        (Breakage.SENT_TWICE, "Note", 8),
    ),
    "enrollments": (
        (Breakage.DATE_WITH_SLASHES, "Start_Date", 12),
        (Breakage.IMPOSSIBLE_DATE, "Start_Date", 8),
        (Breakage.MISSING_PARENT, "Enrolled_Students", 12),
        (Breakage.MISSING_PARENT, "Classes", 12),
        (Breakage.EMPTY_LOOKUP, "Enrolled_Students", 10),
        (Breakage.EMPTY_LOOKUP, "Classes", 6),
        (Breakage.TEMPLATE_LEFT_IN, "Enrolled_Students", 8),
        (Breakage.TEMPLATE_LEFT_IN, "Classes", 6),
        (Breakage.NO_ID, "id", 8),
        (Breakage.NUMERIC_ID, "id", 10),
        (Breakage.SENT_TWICE, "Enrollment_Type", 10),
    ),
    "grades": (
        (Breakage.SCORE_TOO_HIGH, "Score", 16),
        (Breakage.DATE_WITH_SLASHES, "Attempt_Date", 10),
        (Breakage.IMPOSSIBLE_DATE, "Attempt_Date", 6),
        (Breakage.MISSING_PARENT, "Student", 16),
        (Breakage.EMPTY_LOOKUP, "Student", 10),
        (Breakage.TEMPLATE_LEFT_IN, "Student", 10),
        (Breakage.NO_ID, "id", 6),
        (Breakage.NUMERIC_ID, "id", 8),
        (Breakage.SENT_TWICE, "Feedback", 8),
    ),
    "requests": (
        (Breakage.DATE_WITH_SLASHES, "Request_Date", 3),
        (Breakage.EMAIL_WITHOUT_DOMAIN, "Academic_Email", 3),
        (Breakage.MISSING_PARENT, "Student", 4),
        (Breakage.TEMPLATE_LEFT_IN, "Student", 3),
        (Breakage.NO_ID, "id", 3),
    ),
}
"""(fault, field, how many in a college of 1,200); the four small modules have so many whatever the size."""

_OF_1200 = 1200
_NEARBY = 50
_FIXED = frozenset({"programs", "units", "teachers", "classes"})
_UNDEFINED = frozenset(b"\x81\x8d\x8f\x90\x9d")
_TEMPLATES = ("${!BTEC_Students.Id}", "${!BTEC_Registrations.Id}", "${!BTEC_Classes.Id}")
_SENT_AGAIN = {
    "City": "Ajloun",
    "Note": "Corrected by the office.",
    "Enrollment_Type": "Audit",
    "Feedback": "Corrected after a second reading.",
}


def garbled(text: str) -> str:
    """UTF-8 read as Windows-1252, which is how Arabic is mostly damaged; a stock name where that fails."""
    raw = text.encode()
    return "Ø±Ù†Ø§" if text.isascii() or _UNDEFINED & set(raw) else raw.decode("cp1252")


def _native_name(record: Record) -> str:
    return " ".join(filter(None, (record.get("Frist_Name_Native"), record.get("Last_Name_Native"))))


def _pointing(record: Record, field: str, to: str) -> dict[str, str]:
    return {"id": to, "name": record[field]["name"]}


@attrs.frozen
class _Seen:
    """What a fault may need: chance, some sound records before this one, and ids that are nobody's."""

    dice: Random
    module: str
    earlier: Sequence[Record]
    absent: dict[str, int]

    def nobody(self, field: str) -> str:
        """The id of a parent that is not there, another one each time."""
        parent = PARENTS[self.module, field]
        self.absent[parent] = self.absent.get(parent, ABSENT) + 1
        return zoho_id(parent, self.absent[parent])


_SPOILT: Mapping[Breakage, Callable[[Record, str, _Seen], object]] = {
    Breakage.MISSING_EMAIL: lambda _record, _field, seen: seen.dice.choice((None, "")),
    Breakage.EMAIL_WITHOUT_DOMAIN: lambda _record, _field, seen: seen.dice.choice(
        ("noor@campus", "it@localhost")
    ),
    Breakage.DUPLICATE_EMAIL: lambda _record, field, seen: seen.dice.choice(seen.earlier)[field].upper(),
    Breakage.DATE_WITH_SLASHES: lambda _record, _field, seen: f"{seen.dice.randint(13, 28)}/04/2003",
    Breakage.IMPOSSIBLE_DATE: lambda _record, _field, seen: seen.dice.choice(("2026-02-30", "2025-13-01")),
    Breakage.AMBIGUOUS_MONEY: lambda _record, _field, seen: f"{seen.dice.randint(1, 9)}.500,50",
    Breakage.MONEY_NOT_A_NUMBER: lambda _record, _field, _seen: "NaN",
    Breakage.NEGATIVE_PRICE: lambda _record, _field, seen: seen.dice.choice((-6000, "-9500", "-12,000.00")),
    Breakage.AMOUNT_ZERO: lambda _record, _field, seen: seen.dice.choice((0, 0.0, "0")),
    Breakage.MISSING_PARENT: lambda record, field, seen: _pointing(record, field, seen.nobody(field)),
    Breakage.EMPTY_LOOKUP: lambda _record, _field, _seen: None,
    Breakage.TEMPLATE_LEFT_IN: lambda record, field, seen: _pointing(
        record, field, seen.dice.choice(_TEMPLATES)
    ),
    Breakage.SCORE_TOO_HIGH: lambda _record, _field, seen: seen.dice.choice((104, 104.5, "104")),
    Breakage.NO_ID: lambda _record, _field, _seen: None,
    Breakage.TEXT_FOR_ROWS: lambda _record, _field, seen: f"{seen.dice.randint(2, 6)} instalments",
    Breakage.NUMERIC_ID: lambda record, field, _seen: int(record[field]),
    Breakage.SENT_TWICE: lambda _record, field, _seen: _SENT_AGAIN[field],
    Breakage.GARBLED_NAME: lambda record, _field, _seen: garbled(_native_name(record)),
}


def _deal(module: str, students: int) -> list[tuple[Breakage, str]]:
    times = 1.0 if module in _FIXED else students / _OF_1200
    return [
        (fault, field) for fault, field, many in _PLAN[module] for _ in range(max(1, round(many * times)))
    ]


def _childless(module: str, records: Sequence[Record]) -> Sequence[int]:
    """Positions of the records that may be refused without dragging others along."""
    match module:
        case "programs" | "classes":
            status = "Status" if module == "programs" else "Class_Status"
            return [place for place, record in enumerate(records) if record[status] == "Planned"]
        case "teachers":
            return range(max(1, len(records) - idle_teachers(len(records))), len(records))
        case _:
            return range(1, len(records))


def idle_teachers(teachers: int) -> int:
    """How many of the teachers, the last ones, have no class yet."""
    return min(5, teachers // 2)


def spoil(
    dice: Random, module: str, records: Sequence[Record], students: int, absent: dict[str, int]
) -> tuple[list[Record], list[Broken]]:
    """`records` with faults in some of them, in a college of so many students, and the labels by position.

    A record sent twice is added at the end. `absent` counts, by module, the parents invented so far.
    Faults that find no record left are passed over: a college of a dozen has not room for all of them.
    """
    result = list(records)
    labels: list[Broken] = []
    deal = _deal(module, students)
    places = _childless(module, records)
    chosen = dice.sample(places, min(len(deal), len(places)))
    taken = set(chosen)
    for place, (fault, field) in zip(chosen, deal, strict=False):
        before = records[place]
        nearby = [records[p] for p in range(max(0, place - _NEARBY), place) if p not in taken]
        seen = _Seen(dice, module, nearby or records[:1], absent)
        record = {**before, field: _SPOILT[fault](before, field, seen)}
        if fault is Breakage.MISSING_PARENT and field == "Classes":
            record["Moodle_Course_ID"] = None
        if fault is Breakage.SENT_TWICE:
            record["Modified_Time"] = instant(dice, TODAY)
            position = len(result)
            result.append(record)
        else:
            position = place
            result[place] = record
        labels.append(
            Broken(
                module=module,
                position=position,
                zoho_id=None if record["id"] is None else str(record["id"]),
                kind=fault,
                field=field,
                before=before,
            )
        )
    return result, sorted(labels, key=lambda label: label.position)
