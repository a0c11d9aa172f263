"""The same college a week later: what people edited, what is new, and which faults somebody repaired."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from random import Random
from typing import Any, Literal

import attrs

from mzi_adapters.testing.college import office, people
from mzi_adapters.testing.college.breakage import PARENTS, Breakage, Broken
from mzi_adapters.testing.college.build import MODULES, College, WeeklyEdit
from mzi_adapters.testing.college.seeds import Record, by_id, chance, instant, zoho_id

_NEW = 8_000_000
_NEW_A_WEEK = 10_000
"""Serials of the records a week brings begin at _NEW and leave this much room for each week."""

_JOINING = 0.005
_REPAIRED = 0.4


def _another(*values: str) -> Callable[[Random, Any], str]:
    return lambda dice, old: dice.choice([value for value in values if value != old])


def _phone(dice: Random, _old: Any) -> str:
    return f"+9627902{dice.randrange(100_000):05d}"


def _later(dice: Random, old: Any) -> str:
    return (date.fromisoformat(old) + timedelta(days=7 * dice.randint(1, 3))).isoformat()


def _dearer(dice: Random, old: Any) -> float:
    return float(office.exact(old) + 50 * dice.randint(1, 10))


def _longer(dice: Random, old: Any) -> str:
    return f"{old or ''} {dice.choice(('Discussed in class.', 'See the notes.', 'تمت المراجعة.'))}".strip()


_EDITS: Mapping[str, Mapping[str, Callable[[Random, Any], object]]] = {
    "programs": {"Program_Price": _dearer},
    "units": {"P1_description": _longer},
    "teachers": {"Phone_Number": _phone},
    "students": {
        "Phone_Number": _phone,
        "Status": _another("Active", "Freeze", "Withdrawn"),
        "City": _another("Amman", "Irbid", "Zarqa"),
    },
    "classes": {"Classroom": _another("Room 501", "Room 502"), "End_Date": _later},
    "registrations": {
        "Registration_Status": _another("Active", "Freeze", "Withdrawn"),
        "Study_Mode": _another("Full Time", "Part Time"),
    },
    "payments": {
        "Payment_Amount": _dearer,
        "Payment_Method": _another("Cash", "Bank Transfer", "Cheque"),
        "Note": _longer,
    },
    "enrollments": {"End_Date": _later, "Enrollment_Type": _another("Regular", "Repeat")},
    "grades": {"Feedback": _longer, "Grade_Status": _another("Released", "Under Review")},
    "requests": {"Status": _another("Under Review", "Approved", "Rejected"), "Note": _longer},
}
"""Fields that people edit, and the new value from the old: never a key, a lookup or a Moodle id."""


@attrs.define
class _Week:
    """The records of a college on their way into the next week."""

    college: College
    dice: Random
    records: dict[str, list[Record]]
    broken: dict[tuple[str, int], Broken]
    changes: list[WeeklyEdit] = attrs.field(factory=list)

    @property
    def first(self) -> int:
        """The first serial of the records that this week brings."""
        return _NEW + self.college.week * _NEW_A_WEEK

    def usable(self, module: str) -> list[Record]:
        """The records that new ones may point at."""
        return list(self.college.sound(module).values())

    def replace(
        self, module: str, position: int, record: Record, field: str, kind: Literal["changed", "repaired"]
    ) -> None:
        """Put `record`, touched this week, in the place of the one at `position`."""
        self.records[module][position] = {**record, "Modified_Time": self._some_time()}
        self._note(module, position, kind, (field,))

    def add(self, module: str, records: Iterable[Record], kind: Literal["new", "arrived"]) -> list[Record]:
        """Append `records`, made this week."""
        added: list[Record] = []
        for record in records:
            made = self._some_time()
            added.append({**record, "Created_Time": made, "Modified_Time": made})
            self.records[module].append(added[-1])
            self._note(module, len(self.records[module]) - 1, kind, ())
        return added

    def _some_time(self) -> str:
        return instant(self.dice, self.college.today + timedelta(days=self.dice.randint(1, 7)))

    def _note(
        self,
        module: str,
        position: int,
        kind: Literal["changed", "new", "repaired", "arrived"],
        fields: tuple[str, ...],
    ) -> None:
        key = str(self.records[module][position]["id"])
        self.changes.append(
            WeeklyEdit(module=module, position=position, zoho_id=key, kind=kind, fields=fields)
        )


def _edit(week: _Week, share: float) -> None:
    """Change one field of `share` of the sound records of every module; one sent twice is left alone."""
    twins = {label.zoho_id for label in week.broken.values() if label.kind is Breakage.SENT_TWICE}
    for module in MODULES:
        sound = week.college.sound(module)
        able = [place for place, record in sound.items() if str(record["id"]) not in twins]
        for place in sorted(week.dice.sample(able, round(share * len(able)))):
            field, new = week.dice.choice(list(_EDITS[module].items()))
            record = sound[place]
            week.replace(module, place, {**record, field: new(week.dice, record[field])}, field, "changed")


def _repair(week: _Week) -> None:
    """Repair some of what is wrong. Of the parents that are missing, every second one arrives instead."""
    able = [key for key, label in week.broken.items() if label.reason is not None]
    for number, key in enumerate(sorted(week.dice.sample(able, round(_REPAIRED * len(able))))):
        label = week.broken.pop(key)
        arrival = _parent(week, label) if label.kind is Breakage.MISSING_PARENT and number % 2 else None
        if arrival is not None:
            week.add(PARENTS[label.module, label.field], [arrival], "arrived")
        else:
            week.replace(label.module, label.position, label.before, label.field, "repaired")


def _parent(week: _Week, label: Broken) -> Record | None:
    """The parent that the record under `label` misses; None for one that will never come."""
    child = week.records[label.module][label.position]
    serial = int(child[label.field]["id"][-7:])
    match PARENTS[label.module, label.field]:
        case "students":
            given, _, family = child.get("Student_Name", "Sami Awad").partition(" ")
            names = {"First_Name": given, "Last_Name": family, "Display_Name": f"{given} {family}"}
            natives = {"Frist_Name_Native": None, "Last_Name_Native": None}
            not_yet = {"Student_Moodle_ID": None, "Synced_to_Moodle": False, "Last_Sync_Date": None}
            return people.student(week.dice, serial, week.college.today) | names | natives | not_yet
        case "registrations":
            student = by_id(week.records["students"])[child["Student_ID"]["id"]]
            return office.registration(week.dice, serial, student)
        case "classes":
            like = by_id(week.records["classes"])[label.before[label.field]["id"]]
            return {
                **like,
                "id": zoho_id("classes", serial),
                "Name": f"CLS-{serial:05d}",
                "Class_Short_Name": f"{like['Class_Short_Name']}-{serial % 100}",
                "Moodle_Class_ID": None,
            }
        case _:
            return None


def _join(week: _Week) -> None:
    """New students with all that a student brings, and a week's grades and requests of the others."""
    dice, day, first = week.dice, week.college.today, week.first
    count = max(1, round(_JOINING * week.college.students))
    new = week.add("students", (people.student(dice, first + place, day) for place in range(count)), "new")
    bills = week.add("registrations", office.registrations(dice, new, first), "new")
    week.add("payments", office.payments(dice, bills, first), "new")
    week.add("enrollments", office.enrollments(dice, new, week.usable("classes"), first), "new")
    week.add("grades", _new_grades(week, 2 * count), "new")
    asking = dice.sample(week.usable("students"), min(4 * count, len(week.usable("students"))))
    asked = office.requests(dice, asking, week.usable("enrollments"), first, day + timedelta(weeks=1))
    week.add("requests", asked, "new")


def _new_grades(week: _Week, count: int) -> Iterable[Record]:
    """Grades of some enrolments in running classes that have none yet."""
    students = {key: one for key, one in by_id(week.usable("students")).items() if one["Student_Moodle_ID"]}
    classes = by_id([one for one in week.usable("classes") if one["Moodle_Class_ID"]])
    keys = {record["Moodle_Grade_Composite_Key"] for record in week.records["grades"]}
    waiting = [
        taken
        for taken in week.usable("enrollments")
        if taken["Enrollment_Status"] == "Enrolled"
        and taken["Enrolled_Students"]["id"] in students
        and taken["Classes"]["id"] in classes
        and taken["Moodle_Course_ID"]
        and office.composite_key(students[taken["Enrolled_Students"]["id"]], taken) not in keys
    ]
    return office.grades(
        week.dice,
        week.dice.sample(waiting, min(count, len(waiting))),
        students=students,
        classes=classes,
        units=by_id(list(week.college.records["units"])),
        likely={"Enrolled": 100},
        first=week.first,
    )


def changed(college: College, seed: int = 1, share: float = 0.05) -> College:
    """`college` a week later: `share` of its sound records edited, some records new, some faults repaired.

    Positions stay what they were; new records stand at the end of their module. Keys, lookups and Moodle ids
    are never edited, and every edit has a later Modified_Time.
    """
    week = _Week(
        college,
        chance(seed, f"week {college.week + 1} of {college.seed}"),
        {module: list(records) for module, records in college.records.items()},
        {(label.module, label.position): label for label in college.broken},
    )
    _edit(week, share)
    _repair(week)
    _join(week)
    return attrs.evolve(
        college,
        week=college.week + 1,
        records={module: tuple(records) for module, records in week.records.items()},
        broken=tuple(week.broken.values()),
        changes=tuple(week.changes),
    )
