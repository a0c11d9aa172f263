"""The college put together: every module, the faults in it, and the labels of both."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from random import Random
from typing import Literal

import attrs

from mzi_adapters.testing.college import office, people, structure
from mzi_adapters.testing.college.breakage import Broken, idle_teachers, spoil
from mzi_adapters.testing.college.seeds import TODAY, Record, by_id, chance

MODULES = (
    "programs",
    "units",
    "teachers",
    "students",
    "classes",
    "registrations",
    "payments",
    "enrollments",
    "grades",
    "requests",
)
"""Every module after those its records point at."""


@attrs.frozen(kw_only=True)
class WeeklyEdit:
    """What is different about the record at `position` since the week before.

    `kind`: `changed` (a field of a sound record), `new`, `repaired` (a fault is gone), or `arrived` (a new
    record that others were pointing at already).
    """

    module: str
    position: int
    zoho_id: str
    kind: Literal["changed", "new", "repaired", "arrived"]
    fields: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class College:
    """A college as Zoho would answer it, module by module with parents first.

    `broken` labels the records that are not as they should be, by module and position. `changes` says what
    is different from the week before; there is nothing in week 0. A later week shares its unchanged records
    with the earlier one: copy a record before you change it.
    """

    seed: int
    students: int
    week: int = 0
    records: Mapping[str, tuple[Record, ...]] = attrs.field(repr=False)
    broken: tuple[Broken, ...] = attrs.field(repr=False)
    changes: tuple[WeeklyEdit, ...] = attrs.field(default=(), repr=False)

    def sound(self, module: str) -> dict[int, Record]:
        """The records of a module that carry no label, by position."""
        labelled = {label.position for label in self.broken if label.module == module}
        return {place: record for place, record in enumerate(self.records[module]) if place not in labelled}

    @property
    def today(self) -> date:
        """The day on which the college is looked at."""
        return TODAY + timedelta(weeks=self.week)


@attrs.define
class _Yard:
    """A college under construction: what is written so far, and which of it others may point at."""

    seed: int
    size: int
    records: dict[str, tuple[Record, ...]] = attrs.field(factory=dict)
    usable: dict[str, list[Record]] = attrs.field(factory=dict)
    broken: list[Broken] = attrs.field(factory=list)
    absent: dict[str, int] = attrs.field(factory=dict)

    def dice(self, subject: str) -> Random:
        return chance(self.seed, subject)

    def put(self, module: str, records: Iterable[Record]) -> None:
        """Break some of `records`, and keep them all; what stays acceptable is what later ones point at."""
        sound = list(records)
        spoilt, labels = spoil(self.dice(f"{module}/faults"), module, sound, self.size, self.absent)
        unusable = {label.position for label in labels if label.refused}
        self.records[module] = tuple(spoilt)
        self.usable[module] = [record for place, record in enumerate(sound) if place not in unusable]
        self.broken += labels


def build(seed: int = 2026, students: int = 1200) -> College:
    """The college of `seed`. It is small enough to be held whole; see `iter_students` for great numbers."""
    yard = _Yard(seed, students)
    usable = yard.usable
    yard.put("programs", structure.programs(yard.dice("programs")))
    yard.put("units", structure.units(yard.dice("units")))
    yard.put("teachers", people.teachers(yard.dice("teachers"), max(8, students * 45 // 1200)))
    yard.put("students", people.iter_students(seed, students))
    staff = yard.records["teachers"]
    teaching = staff[: len(staff) - idle_teachers(len(staff))]
    classes = structure.classes(
        yard.dice("classes"), usable["units"], teaching, max(16, students * 110 // 1200)
    )
    yard.put("classes", classes)
    yard.put("registrations", office.registrations(yard.dice("registrations"), usable["students"]))
    yard.put("payments", office.payments(yard.dice("payments"), usable["registrations"]))
    taken = office.enrollments(yard.dice("enrollments"), usable["students"], usable["classes"])
    yard.put("enrollments", taken)
    marks = office.grades(
        yard.dice("grades"),
        usable["enrollments"],
        students=by_id(usable["students"]),
        classes=by_id(usable["classes"]),
        units=by_id(usable["units"]),
    )
    yard.put("grades", marks)
    asked = office.requests(yard.dice("requests"), usable["students"], usable["enrollments"])
    yard.put("requests", asked)
    return College(seed=seed, students=students, records=yard.records, broken=tuple(yard.broken))
