"""What must hold when it is quiet."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import attrs
from tests.simulation.people import CLASSES as ZOHO_CLASSES
from tests.simulation.people import ENROLMENTS, GRADES
from tests.simulation.people import STUDENTS as ZOHO_STUDENTS
from tests.simulation.world import MODULES, World

from mzi_core.flows.rules import FlowName
from mzi_core.module import AnyModule
from mzi_core.modules import CATALOGUE, CLASSES, STUDENTS
from mzi_core.ports import DeliveryKey, DeliveryState, EventState, Query, StoredDelivery
from mzi_core.values import DEFAULT_TENANT, BatchResult, State

_ALL = Query(limit=5000)

KNOWN_DEATHS = ("keep one of them", "belongs to record", "may be somebody else's")
"""Why a record may be given up that a person has to repair."""


async def check(world: World) -> None:
    """Tell the world of everything that is wrong in it."""
    async with world.store.read(DEFAULT_TENANT) as session:
        rows = {
            each.address: each
            for status in await session.flows()
            for state in DeliveryState
            for each in await session.deliveries(status.flow, state, limit=1000)
        }
        modules: tuple[AnyModule, ...] = (STUDENTS, CLASSES)
        kept = {
            module.name: {row.entity.key: row.entity for row in await session.list(module, _ALL)}
            for module in modules
        }
    at_end = AtEnd(world=world, rows=rows, kept=kept)
    at_end.nothing_is_there_twice()
    at_end.accounts_agree()
    at_end.courses_agree()
    at_end.enrolments_agree()
    at_end.grades_agree()
    at_end.everything_rests()
    await _shelves_are_as_zoho(world)
    for state, number in (await world.intake.events.count(DEFAULT_TENANT)).items():
        if state is not EventState.TAKEN and number:
            world.bad("events", f"{number} are {state}")


@attrs.frozen(kw_only=True)
class AtEnd:
    """Both sides, and what mzi keeps of them. `kept`: our students and classes, by their Zoho ids."""

    world: World
    rows: Mapping[DeliveryKey, StoredDelivery]
    kept: Mapping[str, Mapping[str, Any]]

    def nothing_is_there_twice(self) -> None:
        """Neither accounts nor courses nor grades."""
        site = self.world.moodle.site
        grades = (each["Moodle_Grade_Composite_Key"] for each in self.world.zoho.records(GRADES).values())
        for what, keys in (
            ("account", (user.idnumber for user in site.people.visible())),
            ("course", (course.idnumber for course in site.courses.values())),
            ("grade", grades),
        ):
            for key, number in Counter(key for key in keys if key).items():
                if number > 1:
                    self.world.bad("twice", f"{what} of {key}")

    def accounts_agree(self) -> None:
        """Every student has an account of the same name and address, and Zoho knows it."""
        for id, record in self.world.zoho.records(ZOHO_STUDENTS).items():
            if self._has_reason(FlowName.ACCOUNT, id):
                continue
            known = self.kept["students"].get(id)
            link = None if known is None else known.moodle_userid
            user = None if link is None else self.world.moodle.site.people.rows.get(link)
            if user is None:
                self.world.bad("pair", f"student {id} has no account")
                continue
            theirs = (user.firstname, user.lastname, user.email, user.idnumber)
            ours = (record["First_Name"], record["Last_Name"], record["Academic_Email"], id)
            if theirs != ours:
                self.world.bad("pair", f"student {ours} has account {theirs}")
            if record["Student_Moodle_ID"] != str(link):
                self.world.bad("link", f"student {id} is {link}, and Zoho has {record['Student_Moodle_ID']}")

    def courses_agree(self) -> None:
        """Every active class has a course of the same name, and Zoho knows it."""
        for id, record in self.world.zoho.records(ZOHO_CLASSES).items():
            if self._has_reason(FlowName.COURSE, id):
                continue
            known = self.kept["classes"].get(id)
            link = None if known is None else known.moodle_class_id
            course = None if link is None else self.world.moodle.site.courses.get(link)
            if course is None:
                self.world.bad("pair", f"class {id} has no course")
                continue
            if (course.fullname, course.idnumber) != (record["Class_Name"], id):
                self.world.bad("pair", f"class {record['Class_Name']} has course {course.fullname}")
            if record["Moodle_Class_ID"] != str(link):
                self.world.bad("link", f"class {id} is {link}, and Zoho has {record['Moodle_Class_ID']}")

    def enrolments_agree(self) -> None:
        """Who is enrolled in Zoho is in Moodle, and Zoho knows the course."""
        enrolments: Mapping[str, Any] = self.world.zoho.records(ENROLMENTS)
        for id, record in enrolments.items():
            student = self.kept["students"].get(record["Enrolled_Students"]["id"])
            class_ = self.kept["classes"].get(record["Classes"]["id"])
            if student is None or class_ is None or self._has_reason(FlowName.ENROLMENT, id):
                continue
            place = class_.moodle_class_id, student.moodle_userid
            if None in place:
                self.world.bad("pair", f"enrolment {id} has {place} and no reason")
            elif place not in self.world.moodle.site.enrolments:
                self.world.bad("pair", f"enrolment {id} is not in Moodle: {place}")
            elif record["Moodle_Course_ID"] != str(place[0]):
                self.world.bad("link", f"enrolment {id}: Zoho has {record['Moodle_Course_ID']}")

    def grades_agree(self) -> None:
        """Every mark is a grade in Zoho, or there is a reason."""
        grades = {
            each["Moodle_Grade_Composite_Key"]: each for each in self.world.zoho.records(GRADES).values()
        }
        for key, letter in self.world.grades.letters().items():
            grade = grades.get(key)
            if not self._has_reason(FlowName.GRADE, key) and (grade is None or grade["Grade"] != letter):
                said = None if grade is None else grade["Grade"]
                self.world.bad("pair", f"mark {key} is {letter}, and Zoho has {said}")

    def everything_rests(self) -> None:
        """Nothing is due for ever, waits for what is there, or is dead without fault."""
        for address, row in self.rows.items():
            where = f"{address.flow} {address.key}"
            if row.state is DeliveryState.DUE:
                self.world.bad("unrest", f"{where} is due: {row.reason}")
            if row.state is DeliveryState.SETTLED and row.generation != row.settled:
                self.world.bad("unrest", f"{where} is settled at {row.settled} of {row.generation}")
            if row.state is DeliveryState.DEAD and not any(each in row.reason for each in KNOWN_DEATHS):
                self.world.bad("dead", f"{where}: {row.reason}")
            if row.waits_for is not None and row.state is DeliveryState.WAITING and self._is_there(row):
                self.world.bad("sleeps", f"{where} waits for {row.waits_for}, which is there")

    def _is_there(self, row: StoredDelivery) -> bool:
        """Whether what it waits for is linked."""
        waits = row.waits_for
        assert waits is not None
        rows, link = {
            FlowName.ACCOUNT: (self.kept["students"], "moodle_userid"),
            FlowName.COURSE: (self.kept["classes"], "moodle_class_id"),
        }[FlowName(waits.flow)]
        ids = {f"moodle:{getattr(each, link)}" for each in rows.values()}
        linked = {key for key, each in rows.items() if getattr(each, link) is not None}
        return waits.key in ids | linked

    def _has_reason(self, flow: FlowName, key: str) -> bool:
        row = self.rows.get(DeliveryKey(flow, key))
        return row is not None and row.reason != ""


async def _shelves_are_as_zoho(world: World) -> None:
    """What mzi would take of Zoho now changes nothing."""
    for remote, name in MODULES.items():
        records = list(world.zoho.records(remote).values())
        done = await world.intake.sync(DEFAULT_TENANT, CATALOGUE[name], records, dry_run=True)
        assert isinstance(done, BatchResult)
        for record, outcome in zip(records, done.outcomes, strict=True):
            if outcome.state is not State.UNCHANGED:
                world.bad(
                    "shelf", f"{name} {record['id']} would be {outcome.state}: {_said(outcome.reasons)}"
                )


def _said(reasons: Iterable[Any]) -> str:
    return " ".join(each.message for each in reasons)
