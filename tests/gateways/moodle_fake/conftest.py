"""A site with one course, two students, a teacher and an assignment."""

import attrs
import pytest
from tests.gateways.moodle_fake.story import SetClock

from mzi_adapters.testing.moodle import FakeMoodle


@attrs.frozen
class Campus:
    """The fake, and the ids of what is in it."""

    moodle: FakeMoodle
    clock: SetClock
    course: int
    noor: int
    sami: int
    teacher: int
    points: int
    """An assignment of 0 to 4 points with marking workflow and two attempts."""

    scale: int
    """One on the BTEC scale."""

    criteria: int
    """One with a BTEC form: P1, M1, D1."""

    plain: int
    """One of points without marking workflow."""


@pytest.fixture
def campus() -> Campus:
    """The site, an hour after it was made."""
    return furnished()


def furnished() -> Campus:
    """A site of its own: two of them are the same."""
    clock = SetClock()
    moodle = FakeMoodle(clock=clock)
    category = moodle.add_category("Level 5", idnumber="L5")
    course = moodle.add_course(shortname="BM-A", categoryid=category, idnumber="Z-1")
    noor = moodle.add_user(username="noor", email="noor@campus.example", idnumber="S-1", phone1="+1555")
    sami = moodle.add_user(username="sami", email="sami@campus.example", idnumber="S-2")
    teacher = moodle.add_user(username="lina", email="lina@campus.example", lastname="Saleh")
    for user in (noor, sami):
        moodle.enrol(user, course)
    moodle.enrol(teacher, course, role=4)
    moodle.add_group(course, "Section A", (noor,))
    form = {"P1": "Explain", "M1": "Analyse", "D1": "Evaluate"}
    made = Campus(
        moodle,
        clock,
        course,
        noor,
        sami,
        teacher,
        points=moodle.add_assignment(course, name="Points"),
        scale=moodle.add_assignment(course, name="Scale", grade=-3),
        criteria=moodle.add_assignment(course, name="Criteria", grade=-3, criteria=form),
        plain=moodle.add_assignment(course, name="Plain", workflow=False),
    )
    clock.time += 3600
    return made
