"""The rows a Moodle keeps, as far as its web services show them. Times are Unix seconds."""

from decimal import Decimal

import attrs


@attrs.define(kw_only=True)
class SiteUser:
    """A person; a deleted one stays, renamed."""

    id: int
    username: str
    firstname: str
    lastname: str
    email: str
    idnumber: str = ""
    phone1: str = ""
    city: str = ""
    country: str = ""
    department: str = ""
    auth: str = "manual"
    lang: str = "en"
    suspended: bool = False
    deleted: bool = False

    @property
    def fullname(self) -> str:
        """As Moodle shows it."""
        return f"{self.firstname} {self.lastname}"


@attrs.define(kw_only=True)
class Category:
    """A course category."""

    id: int
    name: str
    idnumber: str = ""
    description: str = ""
    parent: int = 0
    visible: int = 1
    timemodified: int = 0


@attrs.define(kw_only=True)
class Course:
    """A course."""

    id: int
    shortname: str
    fullname: str
    categoryid: int
    idnumber: str = ""
    summary: str = ""
    summaryformat: int = 1
    format: str = "topics"
    startdate: int = 0
    enddate: int = 0
    visible: int = 1
    numsections: int = 4
    automaticenddate: int = 1
    """Of a course in weeks: its end is that of its last week, whatever was sent."""

    lang: str = ""
    groupmode: int = 0
    """1: separate groups, whose members do not see those of the others; 2: visible groups."""

    manual: bool = True
    """Whether it has manual enrolment, and it is enabled."""

    forum: int = 0
    """The course module of its announcements."""

    sections: list[int] = attrs.field(factory=list)
    timecreated: int = 0
    timemodified: int = 0


@attrs.define(kw_only=True)
class UserEnrolment:
    """One row of user_enrolments: manual, in one course."""

    id: int
    userid: int
    courseid: int
    suspended: bool = False
    timestart: int = 0
    timeend: int = 0

    def active(self, now: int) -> bool:
        """Whether it counts now."""
        started = self.timestart == 0 or self.timestart <= now
        return not self.suspended and started and (self.timeend == 0 or now < self.timeend)


@attrs.define(kw_only=True)
class Group:
    """A group of a course."""

    id: int
    courseid: int
    name: str
    description: str = ""
    idnumber: str = ""
    members: list[int] = attrs.field(factory=list)


@attrs.define(kw_only=True)
class FormCriterion:
    """One criterion of a BTEC definition, or of a rubric with its levels."""

    id: int
    code: str
    description: str
    levels: list[tuple[int, Decimal, str]] = attrs.field(factory=list)
    """Of a rubric: id, score, definition."""


@attrs.define(kw_only=True)
class GradingForm:
    """An advanced grading form of one assignment."""

    id: int
    method: str
    name: str
    description: str = ""
    criteria: list[FormCriterion] = attrs.field(factory=list)
    usercreated: int = 2
    timecreated: int = 0
    timemodified: int = 0


@attrs.define(kw_only=True)
class Assignment:
    """An assignment and its course module. A negative `grade` names a scale."""

    id: int
    cmid: int
    contextid: int
    course: int
    name: str
    grade: int = 4
    workflow: bool = True
    visible: bool = True
    team: bool = False
    """Groups hand in, each as one; who is in none is in a team with all others who are not."""

    nosubmissions: bool = False
    """Nothing can be handed in: an observation, a presentation."""

    maxattempts: int = 2
    idnumber: str = ""
    duedate: int = 0
    cutoffdate: int = 0
    timemodified: int = 0
    itemid: int = 0
    """Its row of grade_items."""

    method: str | None = None
    definition: GradingForm | None = None


@attrs.define(kw_only=True)
class AssignSubmission:
    """One attempt of one student; `new` stands for none, and attempts count from 0."""

    id: int
    assignment: int
    userid: int
    attempt: int
    status: str
    groupid: int = 0
    """Of the row of a team, which has no user; 0 for those in no group."""

    latest: bool = True
    text: str = ""
    files: dict[str, bytes] = attrs.field(factory=dict)
    timecreated: int = 0
    timemodified: int = 0


@attrs.define(kw_only=True)
class Mark:
    """One row of assign_grades; -1 stands for no grade."""

    id: int
    assignment: int
    userid: int
    attempt: int
    grade: Decimal = Decimal(-1)
    grader: int = 0
    feedback: str | None = None
    fillings: dict[int, tuple[int, str]] = attrs.field(factory=dict)
    """Criterion id: score (btec) or level id (rubric), and remark."""

    instance: int = 0
    """Its row of grading_instances; 0 without advanced grading."""

    filled: int = 0
    """When its form was filled."""

    timecreated: int = 0
    timemodified: int = 0


@attrs.define(kw_only=True)
class Flags:
    """One row of assign_user_flags: per student, not per attempt."""

    id: int
    assignment: int
    userid: int
    workflowstate: str = ""
    mailed: int = 0
    locked: bool = False
    extension: int = 0


@attrs.define(kw_only=True)
class Final:
    """One row of grade_grades: what the gradebook shows of one student and item, over all attempts."""

    id: int
    itemid: int
    userid: int
    grade: Decimal | None = None
    feedback: str | None = None
    """None until somebody marked."""

    submitted: int | None = None
    graded: int | None = None
