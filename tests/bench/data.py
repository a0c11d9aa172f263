"""Records to measure with: students of few keys, of a tenant's own and of a real organisation's 110, units
with their criteria, and registrations with their instalments.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from mzi_adapters.bench import as_lines
from mzi_adapters.testing.college import Record, iter_students
from mzi_adapters.testing.college.office import registrations as _registrations
from mzi_adapters.testing.college.seeds import chance, zoho_id
from mzi_adapters.testing.college.structure import programs as _programs
from mzi_adapters.testing.college.structure import units as _units
from mzi_core.field_reference import KnownField, ZohoType, known_fields
from mzi_core.mapping import FieldMapping

SEED = 2026
CHUNK = 10_000
"""How many records are made before they are written into a file."""

WIDE = 110
_NARROW = (
    "id",
    "Name",
    "First_Name",
    "Last_Name",
    "Display_Name",
    "Frist_Name_Native",
    "Last_Name_Native",
    "Academic_Email",
    "Phone_Number",
    "City",
    "Nationality",
    "Birth_Date",
    "Gender",
    "National_Number",
    "Program",
    "Status",
    "Student_Moodle_ID",
    "Modified_Time",
)


OWN = (
    FieldMapping("extra.study_mode", "Study_Mode"),
    FieldMapping("extra.study_language", "Study_Language"),
    FieldMapping("extra.registration_date", "Registration_Date"),
    FieldMapping("extra.synced", "Synced_to_Moodle"),
    FieldMapping("extra.last_sync", "Last_Sync_Date"),
    FieldMapping("academic_program", "Sub_Major"),
)
"""What a tenant has mapped: texts, a date, a truth value and a moment of its own, and another name."""


def narrow(count: int) -> Iterator[Record]:
    """Students as a webhook sends them: 18 keys, all of which are read."""
    return _students(count, _NARROW)


def own(count: int) -> Iterator[Record]:
    """The same with the fields that only the tenant of OWN has: 24 keys."""
    return _students(count, (*_NARROW, *(mapped.zoho_name for mapped in OWN)))


def _students(count: int, names: Sequence[str]) -> Iterator[Record]:
    for student in iter_students(SEED, count):
        yield {name: student[name] for name in names}


def wide(count: int) -> Iterator[Record]:
    """Students as Get Records answers them: 110 keys, most of which are not read, and half of those empty."""
    padding: dict[str, Any] = {}
    for place, field in enumerate(known_fields("students").values()):
        padding[field.api_name] = None if place % 2 else _value(field, place)
    for student in iter_students(SEED, count):
        room = WIDE - len(student)
        more = (item for item in padding.items() if item[0] not in student)
        yield {**student, **dict(item for item, _ in zip(more, range(room), strict=False))}


def _value(field: KnownField, place: int) -> object:
    match field.zoho_type:
        case ZohoType.NUMBER | ZohoType.CURRENCY | ZohoType.DECIMAL | ZohoType.PERCENT:
            return place * 25
        case ZohoType.BOOLEAN:
            return place % 4 == 0
        case ZohoType.DATE:
            return f"2026-02-{1 + place % 28:02d}"
        case ZohoType.DATETIME:
            return f"2026-02-{1 + place % 28:02d}T09:30:00+03:00"
        case ZohoType.EMAIL | ZohoType.UNIQUE_EMAIL:
            return f"office{place}@campus.example"
        case ZohoType.LOOKUP:
            return {"id": f"53988300001100{place:05d}", "name": field.label}
        case (
            ZohoType.SUBFORM
            | ZohoType.MULTI_SELECT_LOOKUP
            | ZohoType.MULTI_MODULE_LOOKUP
            | ZohoType.MULTISELECT
        ):
            return []
        case _:
            return f"{field.label} {place}"


def programs(count: int) -> Iterator[Record]:
    """Programmes, which students point at; there are few, so mostly less than `count`."""
    return islice(_programs(chance(SEED, "programs")), count)


def units(count: int) -> Iterator[Record]:
    """Units with 9 to 18 criteria; those of the college over and over, under ids of their own."""
    taught = list(_units(chance(SEED, "units")))
    for serial in range(1, count + 1):
        unit = taught[serial % len(taught)]
        code = f"U{serial:06d}"
        yield {**unit, "id": zoho_id("units", serial), "Name": f"{unit['Name']} {code}", "Unit_Code": code}


def keys(record: Record) -> int:
    """How many keys a record has, those of its rows counted."""
    values = (value for value in record.values() if isinstance(value, list))
    return len(record) + sum(len(row) for rows in values for row in rows if isinstance(row, dict))


def registrations(count: int) -> Iterator[Record]:
    """A registration for each of the first `count` students, with two to six instalments."""
    return _registrations(chance(SEED, "registrations"), iter_students(SEED, count))


def written(file: Path, count: int) -> Path:
    """A file of `count` students, made piece by piece."""
    with file.open("wb") as out:
        pile = []
        for student in narrow(count):
            pile.append(student)
            if len(pile) == CHUNK:
                out.writelines(as_lines(pile))
                pile.clear()
        out.writelines(as_lines(pile))
    return file
