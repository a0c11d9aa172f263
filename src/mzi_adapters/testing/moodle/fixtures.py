"""What a test puts into a Moodle by hand, as people do in its pages."""

from collections.abc import Mapping
from decimal import Decimal

from mzi_adapters.testing.moodle import marking
from mzi_adapters.testing.moodle.courses import furnish
from mzi_adapters.testing.moodle.enrolments import add_enrolment
from mzi_adapters.testing.moodle.gradebook import gradebook
from mzi_adapters.testing.moodle.plugin import btec_definition
from mzi_adapters.testing.moodle.site import SEPARATE_GROUPS, Site
from mzi_adapters.testing.moodle.site_tables import Assignment, Category, Course, Group, SiteUser
from mzi_adapters.testing.moodle.users import remove_users


class Planting:
    """Hands that work behind the web services: every method does what a click in Moodle does."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.add_user(username="guest", firstname="Guest user", lastname=" ", email="root@localhost")
        for username, first, last in (("admin", "Admin", "User"), ("mzi_service", "MZI", "Service")):
            self.add_user(username=username, firstname=first, lastname=last, email=f"{username}@mzi.example")
        site.next_id("course_categories")
        site.categories[1] = Category(id=1, name="Category 1", timemodified=site.now())
        site.next_id("course")
        site.courses[1] = Course(
            id=1,
            shortname="mzi",
            fullname=site.name,
            categoryid=0,
            summaryformat=0,
            format="site",
            numsections=1,
        )

    def add_user(
        self,
        *,
        username: str,
        firstname: str = "Sara",
        lastname: str = "Student",
        email: str | None = None,
        idnumber: str = "",
        phone1: str = "",
        city: str = "",
        country: str = "",
        auth: str = "manual",
        suspended: bool = False,
    ) -> int:
        """A user; the e-mail address is the username when none is given."""
        user = SiteUser(
            id=self.site.next_id("user"),
            username=username,
            firstname=firstname,
            lastname=lastname,
            email=username if email is None else email,
            idnumber=idnumber,
            phone1=phone1,
            city=city,
            country=country,
            auth=auth,
            suspended=suspended,
        )
        self.site.people.put(user)
        return user.id

    def delete_user(self, user: int) -> None:
        """An administrator deletes a user."""
        remove_users(self.site, [user])

    def add_category(self, name: str, *, idnumber: str = "", parent: int = 0) -> int:
        """A course category."""
        number = self.site.next_id("course_categories")
        self.site.categories[number] = Category(
            id=number, name=name, idnumber=idnumber, parent=parent, timemodified=self.site.now()
        )
        return number

    def add_course(
        self,
        *,
        shortname: str,
        fullname: str | None = None,
        categoryid: int = 1,
        idnumber: str = "",
        visible: bool = True,
        format: str = "topics",
        startdate: int = 0,
        enddate: int = 0,
    ) -> int:
        """A course."""
        course = Course(
            id=self.site.next_id("course"),
            shortname=shortname,
            fullname=fullname or shortname,
            categoryid=categoryid,
            idnumber=idnumber,
            visible=int(visible),
            format=format,
            startdate=startdate,
            enddate=enddate,
            timecreated=self.site.now(),
            timemodified=self.site.now(),
        )
        furnish(self.site, course)
        self.site.courses[course.id] = course
        return course.id

    def enrol(
        self, user: int, course: int, *, role: int = 5, suspended: bool = False, timeend: int = 0
    ) -> int:
        """Enrol a user; 5 is a student, 4 a teacher, 3 one who may edit. The id is of user_enrolments."""
        return add_enrolment(
            self.site, roleid=role, userid=user, courseid=course, suspend=int(suspended), timeend=timeend
        ).id

    def separate_groups(self, course: int) -> None:
        """A teacher has the groups of a course work apart: none sees another's members."""
        self.site.courses[course].groupmode = SEPARATE_GROUPS

    def add_group(self, course: int, name: str, members: tuple[int, ...] = (), *, idnumber: str = "") -> int:
        """A group of a course."""
        group = Group(
            id=self.site.next_id("groups"),
            courseid=course,
            name=name,
            idnumber=idnumber,
            members=list(members),
        )
        self.site.groups[group.id] = group
        return group.id

    def add_assignment(
        self,
        course: int,
        *,
        name: str = "Assignment 1",
        grade: int = 4,
        workflow: bool = True,
        team: bool = False,
        nosubmissions: bool = False,
        maxattempts: int = 2,
        idnumber: str = "",
        duedate: int = 0,
        cutoffdate: int = 0,
        criteria: Mapping[str, str] | None = None,
    ) -> int:
        """An assignment: `grade` is the highest number of points, or minus a scale (-3: BTEC).

        Of a `team` one member hands in for all. `criteria`, as `{"P1": "Explain …"}`, gives it a BTEC form.
        Attempts are reopened by hand. With `nosubmissions` nothing can be handed in.
        """
        cmid = self.site.next_id("course_modules")
        gradebook(self.site, course)
        assignment = Assignment(
            id=self.site.next_id("assign"),
            cmid=cmid,
            contextid=84 + cmid,
            course=course,
            name=name,
            grade=grade,
            workflow=workflow,
            team=team,
            nosubmissions=nosubmissions,
            maxattempts=maxattempts,
            idnumber=idnumber,
            duedate=duedate,
            cutoffdate=cutoffdate,
            timemodified=self.site.now(),
            itemid=self.site.next_id("grade_items"),
        )
        self.site.assignments[assignment.id] = assignment
        self.site.modules[cmid] = assignment.id
        if criteria:
            btec_definition(self.site, assignment, name, dict(criteria))
        return assignment.id

    def submit(
        self,
        assignment: int,
        user: int,
        *,
        text: str = "<p>My work</p>",
        files: Mapping[str, bytes] | None = None,
        draft: bool = False,
        attempt: int | None = None,
    ) -> int:
        """A student hands in, or saves a draft; an `attempt` beyond the latest is reopened first."""
        found = self.site.assignments[assignment]
        current = marking.latest(self.site, assignment, user)
        if attempt is not None and (current is None or attempt > current.attempt):
            marking.submission_for(self.site, assignment, user, attempt)
        marking.submit(
            self.site,
            found,
            user,
            status="draft" if draft else "submitted",
            text=text,
            files=dict(files or {}),
        )
        return marking.submission_for(self.site, assignment, user).id

    def grade(
        self,
        assignment: int,
        user: int,
        grade: Decimal | int | str = -1,
        *,
        feedback: str = "",
        workflow: str = "released",
        attempt: int = -1,
        reopen: bool = False,
        grader: int = 2,
        criteria: Mapping[str, tuple[bool, str]] | None = None,
    ) -> int:
        """A teacher marks an attempt, the latest by default, by points or by `{"P1": (True, "well done")}`.

        The id is of assign_grades.
        """
        found = self.site.assignments[assignment]
        ids = {each.code: each.id for each in found.definition.criteria} if found.definition else {}
        current = marking.latest(self.site, assignment, user)
        number = attempt if attempt >= 0 else current.attempt if current else 0
        marking.save(
            self.site,
            found,
            user,
            grade=Decimal(grade),
            grader=grader,
            feedback=feedback,
            workflow=workflow if found.workflow else "",
            attempt=attempt,
            another=reopen,
            fillings={ids[code]: (int(met), remark) for code, (met, remark) in (criteria or {}).items()},
        )
        mark = marking.mark_of(self.site, assignment, user, number)
        return mark.id if mark else 0

    def release(self, assignment: int, user: int) -> None:
        """A teacher releases a student's marks."""
        marking.release(self.site, self.site.assignments[assignment], user)

    def extend(self, assignment: int, user: int, until: int) -> None:
        """A teacher gives a student more time."""
        marking.flags_for(self.site, assignment, user).extension = until

    def reopen(self, assignment: int, user: int) -> None:
        """A teacher allows another attempt; beyond the last nothing happens."""
        marking.reopen(self.site, self.site.assignments[assignment], user)
