"""The catalogue: every kind of record mzi knows, each declared in a file of its own."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from graphlib import TopologicalSorter

import attrs

from mzi_core.errors import UnknownModule
from mzi_core.module import AnyModule, Side
from mzi_core.modules.classes import CLASSES, Class
from mzi_core.modules.enrollments import ENROLLMENTS, Enrollment
from mzi_core.modules.grades import GRADES, OutcomeRow, RecordedGrade
from mzi_core.modules.moodle_courses import MOODLE_COURSES, MoodleCourseRecord
from mzi_core.modules.moodle_enrollments import MOODLE_ENROLLMENTS, MoodleEnrollmentRecord
from mzi_core.modules.moodle_marks import (
    MOODLE_MARKS,
    MarkedAttempt,
    MarkedCriterion,
    MoodleMarkRecord,
)
from mzi_core.modules.moodle_users import MOODLE_USERS, MoodleUserRecord
from mzi_core.modules.payments import PAYMENTS, Payment
from mzi_core.modules.programs import PROGRAMS, Program
from mzi_core.modules.registrations import REGISTRATIONS, Installment, Registration
from mzi_core.modules.requests import REQUESTS, FieldChange, RequestedClass, StudentRequest
from mzi_core.modules.students import STUDENTS, Student
from mzi_core.modules.teachers import TEACHERS, Teacher
from mzi_core.modules.units import UNITS, CriterionText, Unit


def _spelling(name: str) -> str:
    return name.strip().lower().replace("-", "_").replace(" ", "_")


@attrs.frozen
class Catalogue:
    """The modules, found by any of their names, and in the order in which parents come first."""

    modules: tuple[AnyModule, ...]
    _by_name: dict[str, AnyModule] = attrs.field(init=False, repr=False, eq=False)

    @_by_name.default
    def _index(self) -> dict[str, AnyModule]:
        return {
            _spelling(name): module
            for module in self.modules
            for name in (module.name, module.singular, module.remote_name, *module.aliases)
        }

    def __iter__(self) -> Iterator[AnyModule]:
        return iter(self.modules)

    def __getitem__(self, name: str) -> AnyModule:
        """The module called `name`: its plural, singular, remote or other name, in any letter case.

        Raises UnknownModule, which names the nearest ones.
        """
        found = self._by_name.get(_spelling(name))
        if found is None:
            raise UnknownModule(name, get_close_matches(_spelling(name), [m.name for m in self.modules]))
        return found

    def in_order(self) -> Sequence[AnyModule]:
        """Every module after those its records depend on or refer to, one side after the other."""
        return [self[name] for side in Side for name in TopologicalSorter(self._graph(side)).static_order()]

    def _graph(self, side: Side) -> dict[str, set[str]]:
        return {
            m.name: {*m.depends_on.values(), *m.refers_to.values()} for m in self.modules if m.side is side
        }

    def descendants(self, module: AnyModule) -> frozenset[str]:
        """The modules whose records may be unparked by one of `module`, or by one of those."""
        found: set[str] = set()
        waiting = [module]
        while waiting:
            children = [c for c in self.dependents(waiting.pop()) if c.name not in found]
            found |= {child.name for child in children}
            waiting += children
        return frozenset(found)

    def dependents(self, module: AnyModule) -> Sequence[AnyModule]:
        """The modules whose records may wait for one of `module`."""
        return [other for other in self.modules if module.name in other.depends_on.values()]


ZOHO_CATALOGUE = Catalogue(
    (
        STUDENTS,
        TEACHERS,
        PROGRAMS,
        UNITS,
        CLASSES,
        ENROLLMENTS,
        REGISTRATIONS,
        PAYMENTS,
        GRADES,
        REQUESTS,
    )
)
"""The modules of Zoho."""

MOODLE_CATALOGUE = Catalogue((MOODLE_USERS, MOODLE_COURSES, MOODLE_ENROLLMENTS, MOODLE_MARKS))
"""The kinds of record of Moodle."""

CATALOGUE = Catalogue((*ZOHO_CATALOGUE, *MOODLE_CATALOGUE))
"""All of both sides: what the store keeps and lists. None of one side depends on one of the other."""

__all__ = [
    "CATALOGUE",
    "CLASSES",
    "ENROLLMENTS",
    "GRADES",
    "MOODLE_CATALOGUE",
    "MOODLE_COURSES",
    "MOODLE_ENROLLMENTS",
    "MOODLE_MARKS",
    "MOODLE_USERS",
    "PAYMENTS",
    "PROGRAMS",
    "REGISTRATIONS",
    "REQUESTS",
    "STUDENTS",
    "TEACHERS",
    "UNITS",
    "ZOHO_CATALOGUE",
    "Catalogue",
    "Class",
    "CriterionText",
    "Enrollment",
    "FieldChange",
    "Installment",
    "MarkedAttempt",
    "MarkedCriterion",
    "MoodleCourseRecord",
    "MoodleEnrollmentRecord",
    "MoodleMarkRecord",
    "MoodleUserRecord",
    "OutcomeRow",
    "Payment",
    "Program",
    "RecordedGrade",
    "Registration",
    "RequestedClass",
    "Student",
    "StudentRequest",
    "Teacher",
    "Unit",
]
