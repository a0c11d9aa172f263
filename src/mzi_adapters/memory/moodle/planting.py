"""What a test puts into a Moodle by hand, as people do in its pages."""

from mzi_adapters.memory.moodle.courses import add_course
from mzi_adapters.memory.moodle.enrolments import add_enrolment
from mzi_adapters.memory.moodle.records import Category, Course, User
from mzi_adapters.memory.moodle.site import Site


class Planting:
    """Hands that work behind the web services: every method does what a click in Moodle does."""

    def __init__(self, site: Site) -> None:
        self.site = site
        for username, first, last in (
            ("guest", "Guest user", " "),
            ("admin", "Admin", "User"),
            ("mzi_service", "MZI", "Service"),
        ):
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
        user = User(
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
            startdate=startdate,
            enddate=enddate,
            timecreated=self.site.now(),
            timemodified=self.site.now(),
        )
        add_course(self.site, course)
        return course.id

    def enrol(
        self, user: int, course: int, *, role: int = 5, suspended: bool = False, timeend: int = 0
    ) -> int:
        """Enrol a user; 5 is a student, 4 a teacher, 3 one who may edit. The id is of user_enrolments."""
        return add_enrolment(
            self.site, roleid=role, userid=user, courseid=course, suspend=int(suspended), timeend=timeend
        ).id
