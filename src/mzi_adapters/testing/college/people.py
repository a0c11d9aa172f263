"""The people of the college. Names are put together from two lists; whoever bears one is not meant."""

from collections.abc import Iterator
from datetime import date
from random import Random

import attrs

from mzi_adapters.testing.college.seeds import (
    Record,
    chance,
    earlier,
    instant,
    often,
    row_id,
    stamps,
    zoho_id,
)
from mzi_adapters.testing.college.structure import RUNNING

_GIVEN = (
    ("Rana", "رنا", "Female"),
    ("Salma", "سلمى", "Female"),
    ("Noor", "نور", "Female"),
    ("Lina", "لينا", "Female"),
    ("Huda", "هدى", "Female"),
    ("Dana", "دانا", "Female"),
    ("Maysa", "ميساء", "Female"),
    ("Rima", "ريما", "Female"),
    ("Tala", "تالا", "Female"),
    ("Yasmin", "ياسمين", "Female"),
    ("Ruba", "ربى", "Female"),
    ("Abeer", "عبير", "Female"),
    ("Samar", "سمر", "Female"),
    ("Amal", "أمل", "Female"),
    ("Omar", "عمر", "Male"),
    ("Khalid", "خالد", "Male"),
    ("Yazan", "يزن", "Male"),
    ("Anas", "أنس", "Male"),
    ("Laith", "ليث", "Male"),
    ("Ahmad", "أحمد", "Male"),
    ("Mahmoud", "محمود", "Male"),
    ("Sami", "سامي", "Male"),
    ("Tariq", "طارق", "Male"),
    ("Zaid", "زيد", "Male"),
    ("Hamza", "حمزة", "Male"),
    ("Issa", "عيسى", "Male"),
    ("Basil", "باسل", "Male"),
    ("Murad", "مراد", "Male"),
    ("Inès", "", "Female"),
    ("Zoé", "", "Female"),
    ("Klara", "", "Female"),
    ("André", "", "Male"),
    ("Jürgen", "", "Male"),
    ("Martin", "", "Male"),
)
_FAMILIES = (
    ("Odeh", "عودة"),
    ("Haddad", "حداد"),
    ("Saleh", "صالح"),
    ("Nassar", "نصار"),
    ("Khoury", "خوري"),
    ("Zaidan", "زيدان"),
    ("Barakat", "بركات"),
    ("Shami", "شامي"),
    ("Mansour", "منصور"),
    ("Qasim", "قاسم"),
    ("Halabi", "حلبي"),
    ("Darwish", "درويش"),
    ("Tamimi", "تميمي"),
    ("Rashid", "راشد"),
    ("Awad", "عوض"),
    ("Jaber", "جابر"),
    ("Sabbagh", "صباغ"),
    ("Hamdan", "حمدان"),
    ("Najjar", "نجار"),
    ("Suleiman", "سليمان"),
)
_LATIN_FAMILIES = ("Moreau", "Lindqvist", "Brandt", "O'Neil", "Kovač", "Da Silva", "Peña", "Novak")
_CITIES = ("Amman", "Amman", "Amman", "Irbid", "Zarqa", "Aqaba", "Salt", "Madaba", "Jerash", "عمّان")
_NATIONS = ("Jordanian", "Jordanian", "Jordanian", "Palestinian", "Syrian", "Iraqi", "Egyptian")
_STATUSES = ("Active",) * 17 + ("Freeze", "Graduated", "Withdrawn")
_ARABIC_INDIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
_OLDEST, _YOUNGEST = date(1994, 1, 1).toordinal(), date(2007, 12, 31).toordinal()

FIRST_STUDENT_USER, FIRST_TEACHER_USER = 4100, 3000
"""Moodle user ids count up from here."""


@attrs.frozen
class InventedPerson:
    """A name as it is written in Latin and, for most people, in Arabic letters."""

    given: str
    family: str
    given_native: str | None
    family_native: str | None
    gender: str

    @property
    def name(self) -> str:
        """The name in Latin letters."""
        return f"{self.given} {self.family}"


def person(dice: Random) -> InventedPerson:
    """Somebody."""
    given, given_native, gender = dice.choice(_GIVEN)
    if not given_native:
        return InventedPerson(given, dice.choice(_LATIN_FAMILIES), None, None, gender)
    family, family_native = dice.choice(_FAMILIES)
    return InventedPerson(given, family, given_native, family_native, gender)


def student_code(serial: int) -> str:
    """The display code Zoho numbers students with: A01B0001C."""
    return f"A{1 + serial // 10_000:02d}B{serial % 10_000:04d}C"


def _phone(dice: Random, serial: int) -> str | None:
    """A number, one in thirty in Arabic-Indic digits, or now and then none."""
    digits = f"{serial % 100_000:05d}"
    if often(dice, 3):
        return f"07900{digits}".translate(_ARABIC_INDIC)
    return None if often(dice, 2) else f"+9627900{digits}"


def _address(dice: Random, local: str, shouted: int) -> str:
    """An academic address; in `shouted` of a hundred cases somebody typed capitals."""
    return f"{local}@Campus.Example" if often(dice, shouted) else f"{local}@campus.example".lower()


def student(dice: Random, serial: int, joined: date | None = None) -> Record:
    """One student, who `joined` some time ago if not given. The serial decides what must be unique."""
    who = person(dice)
    programme = dice.choice(RUNNING)
    code = student_code(serial)
    joined = joined or earlier(dice, 500)
    in_moodle = often(dice, 94)
    return {
        "id": zoho_id("students", serial),
        "Name": code,
        "First_Name": who.given,
        "Last_Name": who.family,
        "Display_Name": who.name,
        "Frist_Name_Native": who.given_native,
        "Last_Name_Native": who.family_native,
        "Academic_Email": _address(dice, code, 4),
        "Email": None,
        "Secondary_Email": f"student{serial}@mail.example" if often(dice, 40) else None,
        "Phone_Number": _phone(dice, serial),
        "City": dice.choice(_CITIES),
        "Nationality": dice.choice(_NATIONS),
        "Birth_Date": date.fromordinal(dice.randint(_OLDEST, _YOUNGEST)).isoformat(),
        "Gender": who.gender,
        "National_Number": f"999{serial:07d}",
        "Major": programme.major,
        "Sub_Major": programme.sub_major,
        "Program": {"id": programme.zoho_id, "name": programme.name},
        "Academic_Program": f"BTEC {programme.level}",
        "Registration_Date": joined.isoformat(),
        "Study_Mode": "Part Time" if often(dice, 20) else "Full Time",
        "Study_Language": "English",
        "Status": dice.choice(_STATUSES),
        "Student_Moodle_ID": str(FIRST_STUDENT_USER + serial) if in_moodle else None,
        "Synced_to_Moodle": in_moodle,
        "Last_Sync_Date": instant(dice, joined) if in_moodle else None,
        "Owner": {"id": row_id("students", 0, 1), "name": "Registrar"},
        "$approval_state": "approved",
        "$editable": True,
        **stamps(dice, joined, earlier(dice, 60)),
    }


def iter_students(seed: int, n: int) -> Iterator[Record]:
    """The first `n` students of the college with this seed, sound ones all, made one at a time."""
    dice = chance(seed, "students")
    return (student(dice, serial) for serial in range(1, n + 1))


def teachers(dice: Random, count: int) -> Iterator[Record]:
    """Teachers; nine in ten have a Moodle account, the rest are found there by their academic e-mail."""
    used: set[str] = set()
    for serial in range(1, count + 1):
        who = person(dice)
        local = f"{who.given[0]}.{who.family}".encode("ascii", "ignore").decode()
        local = "".join(letter for letter in local if letter.isalpha() or letter == ".")
        if local in used:
            local += str(serial)
        used.add(local)
        title = dice.choice(("Dr.", "Mr." if who.gender == "Male" else "Ms."))
        yield {
            "id": zoho_id("teachers", serial),
            "Name": f"{title} {who.name}",
            "Email": None,
            "Academic_Email": _address(dice, local, 30),
            "Phone_Number": _phone(dice, 90_000 + serial),
            "Teacher_Moodle_ID": str(FIRST_TEACHER_USER + serial) if often(dice, 90) else None,
            **stamps(dice, date(2024, 9, 1), earlier(dice, 90)),
        }
