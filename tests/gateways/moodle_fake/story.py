"""The recorded site, told again from its first day: how it began, and what people did between the calls."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import attrs

from mzi_adapters.testing.moodle import FakeMoodle
from mzi_adapters.testing.moodle.plugin import btec_definition

SITE = "http://127.0.0.1:8095"
STUDENTS = (7, 9, 10, 11, 12, 13, 14, 16, 18, 19, 20)
"""Who handed in; student 15 saved a draft."""


@attrs.define
class SetClock:
    """The clock of the recorded site."""

    time: int = 1795175224

    def now(self) -> datetime:
        """The moment that was set."""
        return datetime.fromtimestamp(self.time, UTC)


Deed = Callable[[FakeMoodle], object]
Step = str | int | Deed
"""A recorded call, the time it is now, or something done by hand."""


def site() -> FakeMoodle:
    """The site on its first day: six people, and a token for each kind of account."""
    moodle = FakeMoodle(SITE, "<TOKEN>", clock=SetClock(), name="MZI Test Moodle")
    for name in ("Limited", "NoRest", "Suspended"):
        username = f"mzi_{name.lower()}"
        moodle.add_user(
            username=username,
            firstname="MZI",
            lastname=name,
            email=f"{username}@mzi.example",
            suspended=name == "Suspended",
        )
    moodle.capabilities.add("moodle/user:delete")
    rest = {"webservice/rest:use"}
    moodle.add_account("<TOKEN:limited_no_capabilities>", 4, capabilities=rest)
    moodle.add_account("<TOKEN:no_rest_capability>", 5, capabilities=())
    moodle.add_account("<TOKEN:suspended_user>", 6, capabilities=rest)
    moodle.add_account("<TOKEN:expired>", 4, capabilities=rest).expired = True
    moodle.add_account("<TOKEN:ip_restricted_10_8>", 4, capabilities=rest).barred = True
    tiny = {"core_webservice_get_site_info"}
    moodle.add_account("<TOKEN:tiny_service_lacks_functions>", 3, capabilities=rest, functions=tiny)
    return moodle


def switch(name: str, value: object) -> Deed:
    """Set a switch of the fake."""
    return lambda moodle: setattr(moodle, name, value)


def burn(table: str, count: int = 1) -> Deed:
    """Numbers that calls took which were not recorded."""
    return lambda moodle: [moodle.site.next_id(table) for _ in range(count)]


def identity(*fields: str) -> Deed:
    return lambda moodle: setattr(moodle.site, "identity", set(fields))


def unrecorded_user(moodle: FakeMoodle) -> None:
    """One user of the site was made in a call that was not recorded."""
    name = "student093@btec.example"
    moodle.add_user(
        username=name,
        firstname="Ali",
        lastname="Student093",
        idnumber="539883000040001",
        phone1="+962790000093",
        city="Amman",
        country="JO",
    )


def student_account(moodle: FakeMoodle) -> None:
    moodle.add_account("<TOKEN:student>", 7, capabilities={"webservice/rest:use", "mod/assign:view"})


def assignments(moodle: FakeMoodle) -> None:
    criteria = {
        "P1": "Explain the environment",
        "P2": "Describe stakeholders",
        "P3": "Carry out research",
        "M1": "Analyse impact",
        "M2": "Justify choices",
        "D1": "Evaluate critically",
    }
    for number, (name, grade) in enumerate(
        (
            ("BTEC scale", -3),
            ("points 0-4", 4),
            ("BTEC criteria", -3),
            ("rubric by WS", 100),
            ("no workflow, points 0-4", 4),
            ("btec definition by WS attempt", -3),
        ),
        start=1,
    ):
        moodle.add_assignment(
            2,
            name=f"Unit 1 - Assignment {number} ({name})",
            grade=grade,
            workflow="no workflow" not in name,
            idnumber=f"U1-A{number}",
            duedate=1797767316,
            criteria=criteria if name == "BTEC criteria" else None,
        )
    definition = moodle.site.definitions[1]
    definition.name, definition.description = "Unit 1 BTEC", "BTEC unit 1 criteria"


def _pdf(text: str) -> bytes:
    return base64.b64decode("JVBERi0xLjQgZmFrZSA=") + text.encode()


def work(moodle: FakeMoodle) -> None:
    for assignment in (1, 2, 3, 5):
        for user in STUDENTS:
            number = user - 7
            text = f"<p>Work of student {number} for {assignment}</p>"
            file = _pdf(f"<p>Work of student {number} for 1</p>")
            moodle.submit(assignment, user, text=text, files={f"work{number}.pdf": file})
        draft = "<p>only a draft</p>"
        moodle.submit(assignment, 15, text=draft, files={"draft.pdf": _pdf(draft)}, draft=True)


def second_attempts(moodle: FakeMoodle) -> None:
    for user in (10, 11):
        moodle.submit(2, user, text=f"<p>second attempt {user - 7}</p>")


def released_again(moodle: FakeMoodle) -> None:
    moodle.site.flags[2, 20].workflowstate = "released"


def plugin_definition(moodle: FakeMoodle) -> None:
    made = btec_definition(moodle.site, moodle.site.assignments[6], "Unit 6 by plugin", {"P1": "Explain"})
    made.usercreated = 3


def another_mark(moodle: FakeMoodle) -> None:
    moodle.grade(2, 20, Decimal("2.99"), feedback="<p>changed</p>", grader=3)


def calls(function: str, cases: str) -> list[Step]:
    """Recorded calls of one function, in order."""
    return [f"{function}__{case}" for case in cases.split()]
