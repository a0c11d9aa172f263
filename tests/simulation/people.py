"""The people of the college: they edit in Zoho and in Moodle, at random and just where mzi has written."""

from functools import partial
from typing import TYPE_CHECKING, Any

import attrs

from mzi_adapters.testing.zoho.changes import ZohoChange

if TYPE_CHECKING:
    from tests.simulation.world import World

EDITS = 55
"""How much they do."""

CALM = 60.0
"""Seconds in which the college that is there at first is brought to agree."""

BUSY = 1500.0
"""Seconds in which people edit and things go wrong."""

STUDENTS, CLASSES, ENROLMENTS, GRADES = "BTEC_Students", "BTEC_Classes", "BTEC_Enrollments", "BTEC_Grades"


@attrs.define(kw_only=True, eq=False)
class People:
    """Everybody who edits."""

    world: "World"
    assignments: dict[int, int] = attrs.field(factory=dict, init=False)
    """By course, the one thing that is marked in it."""
    _unit: str = attrs.field(default="", init=False)
    _made: int = attrs.field(default=0, init=False)

    # their plans

    def begin(self) -> None:
        """Enter what there is at first, and plan what will be edited."""
        world, share = self.world, self.world.chances.share
        self._unit = world.zoho.add("BTEC", {"Name": "Networking"})
        self._told("BTEC", self._unit)
        students = [self._student() for _ in range(3)]
        classes = [self._class(), self._class("Planned")]
        for number in range(4):
            self._enrolment(students[number % 3], classes[number % 2])
        world.moodle.add_user(username="s1@college.example", firstname="Old", lastname="Account")
        world.look_at_moodle()
        at = CALM
        for number in range(EDITS):
            in_a_row = share("people") < 0.45
            at += 2.5 * share("people") if in_a_row else 60 * share("people")
            if at < CALM + BUSY - 50:
                world.at(at, partial(self._edit, number))

    def _edit(self, number: int) -> None:
        name = f"edit///{number}"
        if name in self.world.chances.off:
            return
        self.world.chances.fired.append(name)
        drawn = self.world.chances.share("what", "person", str(number))
        for until, do in (
            (0.10, self._renames_student),
            (0.16, self._new_address),
            (0.24, self._new_student),
            (0.28, self._other_status),
            (0.31, self._renames_class),
            (0.34, self._class),
            (0.39, self._new_enrolment),
            (0.45, self._renames_account),
            (0.80, self._marks),
            (1.00, self._edits_grade),
        ):
            if drawn < until:
                do()
                return

    def _pick(self, among: Any) -> Any:
        found = list(among)
        return self.world.chances.pick(found, "which", "person") if found else None

    # what they do in Zoho

    def _told(self, module: str, id: str) -> str:
        """Zoho tells of a record that a person has entered."""
        fields = tuple(self.world.zoho.records(module)[id])
        person = self.world.zoho.organization.person
        self.world.zoho.changes.note(ZohoChange(module, id, "insert", fields, person), frozenset())
        return id

    def _student(self) -> str:
        self._made += 1
        number = self._made
        record = {"Name": f"A{number}", "First_Name": "Rana", "Last_Name": f"Example{number}"}
        address = {"Academic_Email": f"s{number}@college.example"}
        return self._told(STUDENTS, self.world.zoho.add(STUDENTS, {**record, **address}))

    def _class(self, status: str = "Active") -> str:
        self._made += 1
        record = {"Name": f"C{self._made}", "Class_Name": f"Class {self._made}", "Class_Status": status}
        record |= {"Class_Short_Name": f"C-{self._made}", "Unit": self._unit, "Start_Date": "2026-09-01"}
        return self._told(CLASSES, self.world.zoho.add(CLASSES, record))

    def _enrolment(self, student: str, class_: str) -> str:
        self._made += 1
        record = {"Name": f"E{self._made}", "Enrolled_Students": student, "Classes": class_}
        return self._told(ENROLMENTS, self.world.zoho.add(ENROLMENTS, record))

    def _ids(self, module: str) -> list[str]:
        return list(self.world.zoho.records(module))

    def _renames_student(self) -> None:
        self._made += 1
        self.world.zoho.edit(STUDENTS, self._pick(self._ids(STUDENTS)), {"Last_Name": f"Named{self._made}"})

    def _new_address(self) -> None:
        self._made += 1
        address = {"Academic_Email": f"s{self._made}@college.example"}
        self.world.zoho.edit(STUDENTS, self._pick(self._ids(STUDENTS)), address)

    def _new_student(self) -> None:
        student = self._student()
        self._enrolment(student, self._pick(self._ids(CLASSES)))

    def _other_status(self) -> None:
        id = self._pick(self._ids(CLASSES))
        is_active = self.world.zoho.records(CLASSES)[id]["Class_Status"] == "Active"
        self.world.zoho.edit(CLASSES, id, {"Class_Status": "Planned" if is_active else "Active"})

    def _renames_class(self) -> None:
        self._made += 1
        self.world.zoho.edit(CLASSES, self._pick(self._ids(CLASSES)), {"Class_Name": f"Class {self._made}"})

    def _new_enrolment(self) -> None:
        student, class_ = self._pick(self._ids(STUDENTS)), self._pick(self._ids(CLASSES))
        enrolled: Any = self.world.zoho.records(ENROLMENTS).values()
        for each in enrolled:
            if (each["Enrolled_Students"]["id"], each["Classes"]["id"]) == (student, class_):
                return
        self._enrolment(student, class_)

    def _edits_grade(self) -> None:
        id = self._pick(self._ids(GRADES))
        if id is not None:
            self.world.zoho.edit(GRADES, id, {"Grade": self._pick("RPMD")})

    # what they do in Moodle

    def _renames_account(self) -> None:
        people = self.world.moodle.site.people
        user = self._pick(each.id for each in people.visible() if each.id > 3)
        self._made += 1
        self._renames(user, f"InMoodle{self._made}")

    def _marks(self) -> None:
        """A teacher marks somebody's work, the first attempt or another."""
        site, moodle = self.world.moodle.site, self.world.moodle
        places = [(course, each.userid) for course in self.assignments for each in site.enrolments.of(course)]
        place = self._pick(places)
        if place is None:
            return
        course, user = place
        assignment = self.assignments[course]
        held = site.submissions.get(assignment, user) or []
        another = bool(held) and self.world.chances.share("another attempt") < 0.25
        attempt = len(held) if another else max(0, len(held) - 1)
        if held and not another and self.world.chances.share("earlier attempt") < 0.3:
            attempt = 0
        if another or not held:
            moodle.submit(assignment, user, attempt=attempt)
        raw = self._pick((1, 2, 3, 4))
        moodle.grade(assignment, user, raw, attempt=attempt)
        self.world.say("person", f"marks {user} in {course}, attempt {attempt}, with {raw}")
        facts = {"userid": user, "courseid": course, "assignid": assignment, "attemptnumber": attempt}
        facts |= {"rawgrade": str(raw), "assigngrademax": "4", "submissionstatus": "submitted"}
        facts |= {"workflowstate": "released", "timegraded": site.now(), "timemodified": site.now()}
        self.world.grades.marked(f"{user}_{course}_{assignment}", attempt)
        self.world.fact("grade_updated", f"mark {user} {course}", facts)

    # what they see of mzi's writes

    def sees_course(self, course: int) -> None:
        """There is a new course: its teacher gives it something to mark."""
        after = 20 * self.world.chances.share("teacher", "", str(course))
        self.world.at(after, lambda: self._furnish(course))

    def _furnish(self, course: int) -> None:
        self.assignments[course] = self.world.moodle.add_assignment(course, maxattempts=-1)

    def sees_zoho(self, change: ZohoChange) -> None:
        """Somebody edits at that moment what mzi has written."""
        if not self.world.chances.fires("react", "zoho", change.record):
            return
        after = 0.9 * self.world.chances.share("reaction")
        self._made += 1
        values = {
            STUDENTS: {"Last_Name": f"Now{self._made}"},
            CLASSES: {"Class_Name": f"Class now {self._made}"},
            GRADES: {"Grade": self._pick("RPMD")},
        }.get(change.module)
        if values is not None:
            self.world.at(after, lambda: self.world.zoho.edit(change.module, change.record, values))

    def sees_account(self, user: int) -> None:
        """The same in Moodle."""
        if self.world.chances.fires("react", "moodle", str(user)):
            self._made += 1
            lastname = f"NowInMoodle{self._made}"
            self.world.at(0.9 * self.world.chances.share("reaction"), partial(self._renames, user, lastname))

    def _renames(self, user: int, lastname: str) -> None:
        people = self.world.moodle.site.people
        people.change(people.rows[user], lastname=lastname)
        self.world.look_at_moodle()
