"""What is recorded about students: registrations, payments, enrolments, grades and requests."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from mzi_adapters.testing.college.seeds import (
    TODAY,
    Record,
    earlier,
    instant,
    lookup,
    often,
    row_id,
    stamps,
    zoho_id,
)
from mzi_adapters.testing.college.structure import FIRST_COURSE, RUNNING, criteria_of

_PROGRAMMES = {line.zoho_id: line for line in RUNNING}
_DISCOUNTS = ("5", "7.5", "10", "15", "25")
_METHODS = ("Cash", "Bank Transfer", "Credit Card", "CliQ")
_JOD_PER_USD = Decimal("0.709")
_LETTERS = ("P",) * 19 + ("M",) * 14 + ("D",) * 8 + ("R",) * 5 + ("RR",) * 2 + ("F",) * 2
_WORDS = {"P": "Pass", "M": "Merit", "D": "Distinction", "R": "Refer"}
_FEEDBACK = {
    "P": ("All pass criteria are met.", "Sound work; the analysis stays short.", "أحسنت، العمل مكتمل."),
    "M": ("Clear design.", "Good comparison of the alternatives.", "Well argued throughout."),
    "D": ("Excellent evaluation.", "Independent and critical work.", "عمل ممتاز."),
    "R": ("P2 is not met yet: please explain the method.", "The report is incomplete."),
    "RR": ("P3 is still not met after resubmission.",),
    "F": ("01122 Invalid submission.", "Nothing was handed in."),
}
_REQUESTS = (
    ("Enroll Next Semester", "I would like to enrol for the next semester."),
    ("Class Drop", "Timetable clash with work."),
    ("Late Submission", "I was ill in the week of the deadline."),
    ("Change Information", "My phone number has changed."),
    ("Student Card", "I lost my student card."),
    ("Photo Update Request", "Please use the new photo."),
)
_DECISIONS = ("Submitted", "Under Review", "Approved", "Approved", "Rejected")
GRADED = {"Completed": 90, "Enrolled": 25, "Withdrawn": 0}
"""In how many of a hundred enrolments there is a grade already."""

_FIRST_GRADE, _FIRST_REQUEST = 70_000, 30
_TO_ASSIGNMENT = 50 - FIRST_COURSE
"""A course has one assignment, and its id follows from the course's."""

_MOST_PAYMENTS = 4
_HUNDRED = 100


def _number(cents: int) -> int | float:
    return cents // _HUNDRED if cents % _HUNDRED == 0 else cents / _HUNDRED


def _text(cents: int) -> str:
    return f"{cents // _HUNDRED:,}" if cents % _HUNDRED == 0 else f"{cents / _HUNDRED:,.2f}"


def _money(dice: Random, cents: int) -> int | float | str:
    """An amount in one of the ways Zoho answers one: a whole number, a float, a text with separators."""
    if often(dice, 15):
        return _text(cents)
    return cents / _HUNDRED if often(dice, 20) else _number(cents)


def exact(amount: object) -> Decimal:
    """What an amount of this college says, however it is written."""
    return Decimal(str(amount).replace(",", "").split()[0])


def _schedule(dice: Random, serial: int, joined: date, cents: int) -> list[Record]:
    """The instalments of a fee. What fell due is mostly paid: the first always, and never more than four."""
    count = dice.randint(2, 6)
    each = cents // count // _HUNDRED * _HUNDRED
    dues = [joined + timedelta(days=45 * number - 30) for number in range(1, count + 1)]
    passed = sum(due < TODAY for due in dues) - often(dice, 15)
    paid = max(1, min(_MOST_PAYMENTS, passed))
    latest = max(joined, TODAY - timedelta(days=1))
    rows: list[Record] = []
    for number, due in enumerate(dues, start=1):
        settled = number <= paid
        rows.append(
            {
                "id": row_id("registrations", serial, number),
                "Installment_No": None if often(dice, 2) else number,
                "Due_Date": due.isoformat(),
                "Installment_Amount": _money(dice, each if number < count else cents - each * (count - 1)),
                "Installment_Status": "Paid" if settled else dice.choice(("Pending", "Pending", None)),
                "Paid_Date": min(latest, earlier(dice, 12, due)).isoformat() if settled else None,
            }
        )
    return rows


def registration(dice: Random, serial: int, student: Record) -> Record:
    """The registration of `student` on the programme the student record names."""
    line = _PROGRAMMES[student["Program"]["id"]]
    joined = date.fromisoformat(student["Registration_Date"])
    discount = dice.choice(_DISCOUNTS) if often(dice, 25) else None
    cents = int(line.price * (_HUNDRED - Decimal(discount or 0)))
    rows = _schedule(dice, serial, joined, cents)
    paid = sum(exact(row["Installment_Amount"]) for row in rows if row["Installment_Status"] == "Paid")
    left = _text(cents - int(paid * _HUNDRED))
    return {
        "id": zoho_id("registrations", serial),
        "Name": f"REG-{joined.year}-{serial:05d}",
        "Student_ID": lookup(student),
        "First_Name": student["First_Name"],
        "Last_Name": student["Last_Name"],
        "Program": {"id": line.zoho_id, "name": line.name},
        "Major": line.major,
        "Registration_Status": "Completed" if student["Status"] == "Graduated" else student["Status"],
        "Registration_Date": joined.isoformat(),
        "Study_Mode": student["Study_Mode"],
        "Study_Language": student["Study_Language"],
        "Program_Price": dice.choice((f"{line.price}", f"{line.price:,}", f"{line.price}.00")),
        "Remaining_Amount": f"{left} {line.currency}" if often(dice, 50) else left,
        "Currency": line.currency,
        "Discount": discount is not None,
        "Discount_Percentage": discount,
        "Discount_Reason": dice.choice(("Sibling", "Merit", "Early payment")) if discount else None,
        "Payment_Schedule": rows,
        **stamps(dice, joined, earlier(dice, 60)),
    }


def registrations(dice: Random, students: Iterable[Record], first: int = 1) -> Iterator[Record]:
    """One registration a student."""
    for serial, student in enumerate(students, start=first):
        yield registration(dice, serial, student)


def _payment(dice: Random, serial: int, registered: Record, place: int) -> Record:
    row = registered["Payment_Schedule"][place - 1]
    amount = exact(row["Installment_Amount"])
    usd = registered["Currency"] == "USD"
    day = date.fromisoformat(row["Paid_Date"] or registered["Registration_Date"])
    return {
        "id": zoho_id("payments", serial),
        "Name": f"PAY-{serial:05d}",
        "Registration_ID": lookup(registered),
        "Student_ID": dict(registered["Student_ID"]),
        "Payment_Amount": _money(dice, int(amount * _HUNDRED)),
        "Currency": registered["Currency"],
        "Payment_Date": day.isoformat(),
        "Payment_Method": dice.choice(_METHODS),
        "Payment_Type": "Installment",
        "Installment_No": place,
        "SRM_Voucher_Number": f"V-{serial:06d}",
        "SRM_Original_Amount": float(round(amount * _JOD_PER_USD, 2) if usd else amount),
        "SRM_Original_Currency": "JOD",
        "SRM_Active": "Yes",
        "SRM_Decline_Reason": None,
        "Note": "first instalment" if place == 1 else None,
        **stamps(dice, day),
    }


def _voided(dice: Random, payment: Record) -> Record:
    """A payment that does not count: withdrawn by the office, or declined by the bank."""
    reason = dice.choice((None, "Card declined"))
    return {**payment, "SRM_Active": "No", "SRM_Decline_Reason": reason, "Note": "voided"}


def payments(dice: Random, registered: Iterable[Record], first: int = 1) -> Iterator[Record]:
    """A payment for each paid instalment, and now and then a voided one: one to four a registration."""
    serial = first
    for bill in registered:
        rows = bill["Payment_Schedule"]
        paid = sum(row["Installment_Status"] == "Paid" for row in rows)
        for place in range(1, paid + 1):
            yield _payment(dice, serial, bill, place)
            serial += 1
        if paid < min(_MOST_PAYMENTS, len(rows)) and often(dice, 8):
            yield _voided(dice, _payment(dice, serial, bill, paid + 1))
            serial += 1


def _enrollment(dice: Random, serial: int, student: Record, taken: Record) -> Record:
    over = taken["Class_Status"] == "Finished"
    gone = student["Status"] == "Withdrawn" or often(dice, 3)
    return {
        "id": zoho_id("enrollments", serial),
        "Name": f"ENR-{serial:05d}",
        "Enrolled_Students": lookup(student),
        "Classes": lookup(taken),
        "Student_Name": student["Display_Name"],
        "Class_Name": taken["Class_Name"],
        "Class_Teacher": taken["Teacher"]["name"],
        "Enrolled_Program": student["Program"]["name"],
        "Enrollment_Type": "Repeat" if often(dice, 6) else "Regular",
        "Enrollment_Status": "Withdrawn" if gone else "Completed" if over else "Enrolled",
        "Start_Date": taken["Start_Date"],
        "End_Date": taken["End_Date"],
        "Moodle_Course_ID": taken["Moodle_Class_ID"],
        "Synced_to_Moodle": student["Student_Moodle_ID"] is not None,
        **stamps(dice, date.fromisoformat(taken["Start_Date"])),
    }


def enrollments(
    dice: Random, students: Iterable[Record], classes: Iterable[Record], first: int = 1
) -> Iterator[Record]:
    """About four enrolments a student, each in another unit of the programme, in classes that had begun."""
    begun: dict[str, dict[str, list[Record]]] = defaultdict(lambda: defaultdict(list))
    for taken in classes:
        if taken["Moodle_Class_ID"]:
            begun[taken["BTEC_Program"]["id"]][taken["Unit"]["id"]].append(taken)
    serial = first
    for student in students:
        joined = student["Registration_Date"]
        by_unit = begun[student["Program"]["id"]].values()
        open_to = [still for unit in by_unit if (still := [c for c in unit if c["End_Date"] > joined])]
        for choice in dice.sample(open_to, min(len(open_to), dice.choice((3, 4, 4, 5, 5)))):
            yield _enrollment(dice, serial, student, dice.choice(choice))
            serial += 1


def ticked(dice: Random, letter: str, code: str) -> bool:
    """Whether criterion `code` is achieved in work that was graded `letter`: the ticks imply the letter."""
    level, first = code[0], code[1:] == "1"
    match level:
        case "P":
            return letter in "PMD" or (letter in ("R", "RR") and not first and often(dice, 60))
        case "M":
            return letter in "MD" or (letter == "P" and not first and often(dice, 30))
        case _:
            return letter == "D" or (letter == "M" and not first and often(dice, 30))


def _outcomes(dice: Random, serial: int, letter: str, asked: Sequence[tuple[str, str]]) -> list[Record]:
    rows: list[Record] = []
    for number, (code, text) in enumerate(asked, start=1):
        achieved = ticked(dice, letter, code)
        rows.append(
            {
                "id": row_id("grades", serial, number),
                "LO_Code": code,
                "LO_Title": f"{code}: {text}"[:100],
                "LO_Definition": text,
                "LO_Score": "Achieved" if achieved else "Not Achieved",
                "LO_Feedback": None if achieved else "not yet",
            }
        )
    return rows


def composite_key(student: Record, enrolled: Record) -> str:
    """The key of the grade of `student` in the class of `enrolled`: Moodle's user, course and assignment."""
    course = int(enrolled["Moodle_Course_ID"])
    return f"{student['Student_Moodle_ID']}_{course}_{course + _TO_ASSIGNMENT}"


def _grade(
    dice: Random,
    serial: int,
    enrolled: Record,
    student: Record,
    *,
    unit: str,
    rows: Sequence[tuple[str, str]],
) -> Record:
    letter = dice.choice(_LETTERS)
    again = letter == "RR" or (letter in "PMD" and often(dice, 12))
    day = earlier(dice, 14, min(date.fromisoformat(enrolled["End_Date"]), TODAY))
    released = dice.choice(("Released", "Released", "released")) if often(dice, 93) else "Under Review"
    return {
        "id": zoho_id("grades", serial),
        "Name": f"GRD-{serial:05d}",
        "Student": lookup(student),
        "Student_Name": student["Display_Name"],
        "Class": dict(enrolled["Classes"]),
        "Class_Name": enrolled["Class_Name"],
        "BTEC_Unit": unit,
        "BTEC_Grade_Name": f"{student['Display_Name']} - {enrolled['Class_Name']} - {letter} - {day}",
        "Grade": _WORDS.get(letter, letter) if often(dice, 10) else letter,
        "Grade_Status": released,
        "Attempt_Number": 2 if again else 1,
        "Attempt_Date": day.isoformat(),
        "Feedback": dice.choice(_FEEDBACK[letter]),
        "Grader_Name": enrolled["Class_Teacher"],
        "IV_Name": None,
        "Moodle_Grade_ID": str(_FIRST_GRADE + serial),
        "Moodle_Grade_Composite_Key": composite_key(student, enrolled),
        "Synced_to_Moodle": False,
        "Learning_Outcomes_Assessm": _outcomes(dice, serial, letter, rows),
        **stamps(dice, day),
    }


def grades(
    dice: Random,
    enrolled: Iterable[Record],
    *,
    students: Mapping[str, Record],
    classes: Mapping[str, Record],
    units: Mapping[str, Record],
    likely: Mapping[str, int] = GRADED,
    first: int = 1,
) -> Iterator[Record]:
    """A grade for some enrolments, `likely` of a hundred by their status; the parents are given by id."""
    asked = {unit_id: criteria_of(unit) for unit_id, unit in units.items()}
    serial = first
    for taken in enrolled:
        student = students[taken["Enrolled_Students"]["id"]]
        if student["Student_Moodle_ID"] and often(dice, likely[taken["Enrollment_Status"]]):
            unit = classes[taken["Classes"]["id"]]["Unit"]
            yield _grade(dice, serial, taken, student, unit=unit["name"], rows=asked[unit["id"]])
            serial += 1


def requests(
    dice: Random, students: Iterable[Record], enrolled: Iterable[Record], first: int = 1, day: date = TODAY
) -> Iterator[Record]:
    """A request from about every fourth student who is in Moodle, made in the weeks before `day`."""
    courses = {taken["Enrolled_Students"]["id"]: taken["Moodle_Course_ID"] for taken in enrolled}
    serial = first
    for student in students:
        course = courses.get(str(student["id"]))
        if not student["Student_Moodle_ID"] or course is None or not often(dice, 28):
            continue
        kind, text = dice.choice(_REQUESTS)
        made = earlier(dice, 40, day)
        correction = {
            "id": row_id("requests", serial, 1),
            "Field_Name": "Phone_Number",
            "Current_Value": student["Phone_Number"],
            "New_Value": f"+9627901{serial % 100_000:05d}",
        }
        dropped = {"id": row_id("requests", serial, 2), "Moodle_Class_ID": course}
        yield {
            "id": zoho_id("requests", serial),
            "Name": f"REQ-{serial:05d}",
            "Student": lookup(student),
            "Student_Name": student["Display_Name"],
            "Academic_Email": student["Academic_Email"],
            "Request_Number": f"{kind[:3].upper()}-{made:%Y%m%d}-{serial:04d}",
            "Request_Type": kind,
            "Status": dice.choice(_DECISIONS),
            "Reason": "Personal" if often(dice, 50) else None,
            "Notes": text,
            "Note": None,
            "Request_Date": instant(dice, made),
            "Moodle_User_ID": student["Student_Moodle_ID"],
            "Moodle_Request_ID": str(_FIRST_REQUEST + serial),
            "Change_Information": [correction] if kind == "Change Information" else [],
            "Requested_Classes": [dropped] if kind == "Class Drop" else [],
            **stamps(dice, made),
        }
        serial += 1
