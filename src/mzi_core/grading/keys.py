"""The composite key of a grade in Zoho, `Moodle_Grade_Composite_Key`, and the keys used before it."""

import re

import attrs

from mzi_core.grading.quoting import quoted

_KEY = re.compile(r"[1-9][0-9]{0,18}(?:_[1-9][0-9]{0,18}){1,2}")


def _id(value: int) -> int:
    if value < 1:
        raise ValueError(f"Moodle ids begin at 1, so {value} is none")
    return value


@attrs.frozen(kw_only=True)
class GradeKey:
    """Student, course and assignment by their Moodle ids, written `4101_1001_55`."""

    student: int = attrs.field(converter=_id)
    course: int = attrs.field(converter=_id)
    assignment: int = attrs.field(converter=_id)

    def __str__(self) -> str:
        return f"{self.student}_{self.course}_{self.assignment}"

    def candidates(self, item: int | None = None) -> tuple[str, ...]:
        """The keys to look up, in this order, before a new record is made; `item` is the grade item's id.

        After the key itself come `{user}_{item}` and `{student}_{course}`. An old key is only a hint: two
        assignments share `{student}_{course}`, and an item and a course may have the same number, so a
        record found by one is this grade's only if its class and assignment say so too.
        """
        old = [OldKey(user=self.student, other=other) for other in (item, self.course) if other is not None]
        return tuple(dict.fromkeys(str(key) for key in (self, *old)))


@attrs.frozen(kw_only=True)
class OldKey:
    """A key of two parts, written `456_123`: a user and a grade item, or a course; it cannot say which."""

    user: int = attrs.field(converter=_id)
    other: int = attrs.field(converter=_id)

    def __str__(self) -> str:
        return f"{self.user}_{self.other}"


def parse_key(text: str) -> GradeKey | OldKey:
    """Read a key of three parts, or an old one of two, which is to be migrated when touched.

    A ValueError names a text that is neither.
    """
    if not _KEY.fullmatch(text.strip()):
        raise ValueError(
            f"{quoted(text)} is no grade key; write student_course_assignment, like 4101_1001_55"
        )
    first, second, *third = (int(part) for part in text.split("_"))
    if third:
        return GradeKey(student=first, course=second, assignment=third[0])
    return OldKey(user=first, other=second)
