"""Pushing: Moodle and Zoho come to say what our records say, and nothing else of them is touched."""

import json
from collections import Counter
from collections.abc import Sequence

import pytest
from tests.use_cases.remotes import College, became, lost

from mzi_adapters.testing.moodle.roles import remove_enrolment
from mzi_adapters.testing.moodle.site import Database
from mzi_core.errors import AccessRefused, AuthRevoked
from mzi_core.modules import CATALOGUE
from mzi_core.ports import Applied, Deleted, Rejected, Unknown
from mzi_core.provisioning import Action, MoodleDefaults, NewPasswords, Usernames, described
from mzi_core.use_cases.carry_out import PushResult
from mzi_core.use_cases.moodle_target import NothingInMoodle
from mzi_core.use_cases.push import PagePushed
from mzi_core.values import DEFAULT_TENANT, MoodleId, State, ZohoId

A, B, C = "5398830000090000001", "5398830000090000002", "5398830000090000003"
CLASS, OTHER_CLASS = "5398830000070000001", "5398830000070000002"


def student(zoho_id: str = A, **fields: object) -> dict[str, object]:
    number = zoho_id[-1]
    return {
        "id": zoho_id,
        "Name": f"A{number}",
        "Academic_Email": f"a{number}@college.example",
        "First_Name": "Rana",
        "Last_Name": f"Example{number}",
        **fields,
    }


def class_(zoho_id: str = CLASS, **fields: object) -> dict[str, object]:
    return {
        "id": zoho_id,
        "Class_Name": f"Networking {zoho_id[-1]}",
        "Class_Short_Name": f"NET-{zoho_id[-1]}",
        "Class_Status": "Active",
        "Start_Date": "2026-09-01",
        **fields,
    }


def enrollment(
    number: int, student_id: str = A, class_id: str = CLASS, **fields: object
) -> dict[str, object]:
    return {
        "id": f"53988300000{number:08d}",
        "Enrolled_Students": {"id": student_id},
        "Classes": {"id": class_id},
        **fields,
    }


def results(pages: Sequence[PagePushed]) -> list[PushResult]:
    return [result for page in pages for result in page.results]


def told(pages: Sequence[PagePushed]) -> list[tuple[Action, type[object] | None]]:
    return [(result.step.act, became(result)) for result in results(pages)]


class TestAccounts:
    """Students and teachers become accounts."""

    async def test_a_thousand_who_are_not_there_take_few_calls(self) -> None:
        """Fifty are made a call; nobody is looked for one by one."""
        college = College()
        records = [
            student(f"539883000009{n:07d}", Academic_Email=f"s{n}@college.example") for n in range(1000)
        ]
        await college.sync("students", records)
        assert told(await college.push_moodle("students")) == [(Action.CREATE, Applied)] * 1000
        assert college.moodle.calls <= 40

    async def test_whose_address_moodle_keeps_in_capitals_is_linked_in_a_first_load_too(self) -> None:
        """It shows when Moodle refuses to make them a second account."""
        college = College()
        there = [college.moodle.add_user(username=f"u{n}", email=f"S{n}@College.example") for n in range(30)]
        records = [
            student(f"539883000009{n:07d}", Academic_Email=f"s{n}@college.example") for n in range(100)
        ]
        await college.sync("students", records)
        pages = await college.push_moodle("students")
        assert told(pages) == [(Action.CHANGE, Applied)] * 30 + [(Action.CREATE, Applied)] * 70
        kept = await college.stored("students")
        assert [kept[str(record["id"])].moodle_userid for record in records[:30]] == there
        assert told(await college.push_moodle("students")) == [(Action.NOTHING, None)] * 100

    async def test_who_is_not_there_gets_an_account_and_its_id_is_kept(self) -> None:
        college = College()
        await college.sync("students", [student()])
        assert told(await college.push_moodle("students")) == [(Action.CREATE, Applied)]
        kept = (await college.stored("students"))[A].moodle_userid
        made = college.moodle.site.people.rows[kept]
        assert (made.username, made.firstname, made.lastname, made.idnumber) == (
            "a1@college.example",
            "Rana",
            "Example1",
            A,
        )
        assert told(await college.push_moodle("students")) == [(Action.NOTHING, None)]

    async def test_the_link_counts_as_said_by_us_so_that_the_same_record_is_still_unchanged(self) -> None:
        college = College()
        await college.sync("students", [student()])
        await college.push_moodle("students")
        again = await college.sync("students", [college.zoho.records("BTEC_Students")[A]])
        assert [outcome.state for outcome in again.outcomes] == [State.UNCHANGED]
        assert (await college.stored("students"))[A].moodle_userid is not None

    async def test_an_account_of_the_same_address_is_linked_and_brought_in_line(self) -> None:
        college = College()
        id = college.moodle.add_user(
            username="rana", email="A1@College.example", firstname="Rana", lastname="Before", idnumber=""
        )
        await college.sync("students", [student()])
        (result,) = results(await college.push_moodle("students"))
        assert (result.step.act, became(result), result.step.counterpart) == (
            Action.CHANGE,
            Applied,
            str(id),
        )
        assert [(c.field, c.before, c.after) for c in result.step.changes] == [
            ("last_name", "Before", "Example1"),
            ("id_number", "", A),
        ]
        row = college.moodle.site.people.rows[id]
        assert (row.username, row.lastname, row.idnumber) == ("rana", "Example1", A)
        assert (await college.stored("students"))[A].moodle_userid == id

    async def test_an_account_that_is_as_it_should_be_is_only_linked(self) -> None:
        college = College()
        college.moodle.add_user(
            username="a1@college.example", firstname="Rana", lastname="Example1", idnumber=A
        )
        await college.sync("students", [student()])
        assert told(await college.push_moodle("students")) == [(Action.LINK, None)]
        assert (await college.stored("students"))[A].moodle_userid == 4

    async def test_a_preview_writes_nothing_anywhere(self) -> None:
        college = College()
        await college.sync("students", [student(), student(B, First_Name="")])
        pages = await college.push_moodle("students", dry_run=True)
        assert told(pages) == [(Action.CREATE, None), (Action.CANNOT, None)]
        assert {call.function for call in college.moodle.seen} <= {
            "core_user_get_users_by_field",
            "core_user_get_users",
        }
        assert all(row.moodle_userid is None for row in (await college.stored("students")).values())

    async def test_username_and_address_of_two_accounts_are_for_a_person_to_settle(self) -> None:
        college = College()
        college.moodle.add_user(username="a1@college.example", email="other@college.example")
        college.moodle.add_user(username="other", email="a1@college.example")
        await college.sync("students", [student()])
        (result,) = results(await college.push_moodle("students"))
        assert result.step.act is Action.CANNOT
        assert result.step.why == "Moodle accounts 4, 5 share its username or address; keep one of them."

    async def test_an_account_another_student_has_is_not_taken_away(self) -> None:
        college = College()
        id = college.moodle.add_user(username="a2@college.example", email="a2@college.example")
        await college.sync("students", [student(A, Student_Moodle_ID=id), student(B)])
        by_id = {
            str(result.step.zoho_id): result for result in results(await college.push_moodle("students"))
        }
        assert by_id[B].step.act is Action.CANNOT
        assert by_id[B].step.why == f"Its Moodle account {id} already belongs to record {A}."

    async def test_a_wrong_id_in_zoho_takes_over_nobodys_account(self) -> None:
        """Neither a stranger's, a teacher's nor an administrator's, nor the one mzi works with."""
        college = College()
        site = college.moodle.site
        stranger = college.moodle.add_user(username="omar", email="omar@college.example")
        second = college.moodle.add_user(username="head", email="head@college.example")
        site.administrators.add(second)
        teacher = {"id": C, "Name": "Omar Teacher", "Academic_Email": "a4@college.example"}
        taught = college.moodle.add_user(username="a4@college.example", firstname="Omar", lastname="Teacher")
        await college.sync("teachers", [{**teacher, "Teacher_Moodle_ID": taught}])
        ids = (stranger, second, taught, site.caller.userid, 1, 2)
        records = [student(f"539883000009000001{n}", Student_Moodle_ID=id) for n, id in enumerate(ids)]
        for n, record in enumerate(records):
            record["Academic_Email"] = f"b{n}@college.example"
        await college.sync("students", records)
        before = {id: (row.email, row.username, row.lastname) for id, row in site.people.rows.items()}
        assert told(await college.push_moodle("students")) == [(Action.CANNOT, None)] * len(ids)
        assert {id: (row.email, row.username, row.lastname) for id, row in site.people.rows.items()} == before

    async def test_the_account_of_a_teacher_is_not_made_a_students(self) -> None:
        college = College()
        id = college.moodle.add_user(username="a1@college.example")
        await college.sync("teachers", [{"id": C, "Name": "Omar Teacher", "Teacher_Moodle_ID": id}])
        await college.sync("students", [student()])
        (result,) = results(await college.push_moodle("students"))
        assert (result.step.act, result.step.why) == (
            Action.CANNOT,
            f"Moodle account {id} already belongs to record {C}.",
        )

    async def test_an_administrator_for_a_service_changes_no_account_and_makes_new_ones(self) -> None:
        college = College()
        college.moodle.site.administrators.add(college.moodle.site.caller.userid)
        college.moodle.add_user(username="a1@college.example", lastname="Before")
        await college.sync("students", [student(), student(B)])
        pages = await college.push_moodle("students")
        assert told(pages) == [(Action.CANNOT, None), (Action.CREATE, Applied)]

    async def test_a_site_that_shows_no_addresses_is_told_and_nothing_is_changed(self) -> None:
        """What is not shown is not empty; all would be changed at every push."""
        college = College()
        college.moodle.site.identity.discard("email")
        college.moodle.add_user(username="a1@college.example", firstname="Rana", lastname="Example1")
        await college.sync("students", [student()])
        with pytest.raises(AccessRefused, match="showuseridentity"):
            await college.push_moodle("students")
        assert college.moodle_calls("core_user_update_users") == 0

    async def test_the_id_number_of_another_system_is_not_overwritten(self) -> None:
        college = College()
        id = college.moodle.add_user(username="a1@college.example", idnumber="SIS-7")
        await college.sync("students", [student()])
        assert told(await college.push_moodle("students")) == [(Action.CANNOT, None)]
        assert college.moodle.site.people.rows[id].idnumber == "SIS-7"

    async def test_what_moodle_would_refuse_without_a_reason_is_told_with_the_field(self) -> None:
        """In the preview too: Moodle only says that some value of the call is not to its liking."""
        odd = ({"Academic_Email": f"a{sign}b@college.example"} for sign in "'+%ü")
        wrong = [*odd, {"First_Name": "Rana <b>"}, {"Last_Name": "A<"}]
        college = College()
        records = [student(f"539883000009000001{n}", **fields) for n, fields in enumerate(wrong)]
        await college.sync("students", [*records, student(B)])
        for dry_run in (True, False):
            pages = await college.push_moodle("students", dry_run=dry_run)
            assert [act for act, _ in told(pages)].count(Action.CANNOT) == len(wrong)
            assert all("has " in result.step.why for result in results(pages) if not result.well)
        assert college.moodle_calls("core_user_create_users") == 1

    async def test_an_account_is_found_and_made_by_its_domain_in_ascii(self) -> None:
        """Moodle knows no other letters; here the domain is kept in its own."""
        college = College()
        college.moodle.add_user(username="a1@xn--bcher-kva.example", firstname="Rana", lastname="Example1")
        records = [
            student(Academic_Email="a1@bücher.example"),
            student(B, Academic_Email="b2@xn--bcher-kva.example"),
        ]
        await college.sync("students", records)
        assert told(await college.push_moodle("students")) == [
            (Action.CHANGE, Applied),
            (Action.CREATE, Applied),
        ]
        people = college.moodle.site.people.rows.values()
        made = [user.email for user in people if user.email.endswith("@xn--bcher-kva.example")]
        assert made == ["a1@xn--bcher-kva.example", "b2@xn--bcher-kva.example"]
        assert told(await college.push_moodle("students")) == [(Action.NOTHING, None)] * 2

    async def test_usernames_by_another_rule_are_unique_and_stay(self) -> None:
        college = College(defaults=MoodleDefaults(usernames=Usernames.ADDRESS_OR_ID))
        await college.sync("students", [student(Academic_Email="o'neill@college.example")])
        assert told(await college.push_moodle("students")) == [(Action.CREATE, Applied)]
        made = college.moodle.site.people.rows[4]
        assert (made.username, made.email) == (A, "o'neill@college.example")
        college.zoho.edit("BTEC_Students", A, {"Academic_Email": "oneill@college.example"})
        await college.sync("students", [college.zoho.records("BTEC_Students")[A]])
        assert told(await college.push_moodle("students")) == [(Action.CHANGE, Applied)]
        assert (made.username, made.email) == (A, "oneill@college.example")

    async def test_a_refused_batch_mails_nobody_again_and_again(self) -> None:
        """Moodle mails a password before it finds that another account of the call is no good."""
        college = College()
        for n in (17, 41):
            college.moodle.add_user(username=f"u{n}", email=f"S{n}@College.example")
        records = [student(f"539883000009{n:07d}", Academic_Email=f"s{n}@college.example") for n in range(50)]
        await college.sync("students", records)
        pages = await college.push_moodle("students")
        assert all(isinstance(result.result, Applied) for result in results(pages))
        mailed = Counter(college.moodle.site.mails)
        assert max(mailed.values()) <= 2
        assert sum(mailed.values()) <= 48 + 17

    async def test_a_preview_says_who_is_mailed(self) -> None:
        college = College()
        await college.sync("students", [student()])
        (result,) = results(await college.push_moodle("students", dry_run=True))
        assert result.step.why == "Moodle makes a password for the new account and mails it at once."

    @pytest.mark.parametrize(
        "defaults",
        [MoodleDefaults(auth="oauth2"), MoodleDefaults(passwords=NewPasswords.UNKNOWN)],
        ids=["no password", "one that nobody learns"],
    )
    async def test_a_college_can_have_nobody_mailed(self, defaults: MoodleDefaults) -> None:
        college = College(defaults=defaults)
        await college.sync("students", [student()])
        (result,) = results(await college.push_moodle("students"))
        assert (became(result), result.why, college.moodle.site.mails) == (Applied, "", [])

    async def test_a_linked_account_that_was_deleted_is_not_made_again(self) -> None:
        college = College()
        await college.sync("students", [student(Student_Moodle_ID=77)])
        (result,) = results(await college.push_moodle("students"))
        assert (result.step.act, "77 is gone" in result.step.why) == (Action.CANNOT, True)

    async def test_teachers_are_found_and_made_the_same_way(self) -> None:
        college = College()
        teacher = {"id": C, "Name": "Omar Ali Teacher", "Academic_Email": "omar@college.example"}
        await college.sync("teachers", [teacher])
        assert told(await college.push_moodle("teachers")) == [(Action.CREATE, Applied)]
        made = college.moodle.site.people.rows[4]
        assert (made.firstname, made.lastname) == ("Omar Ali", "Teacher")


class TestCourses:
    """Classes become courses."""

    async def test_an_active_class_gets_a_course_in_the_category_of_its_programme(self) -> None:
        college = College()
        category = college.moodle.add_category("IT")
        program = {"id": C, "Product_Name": "IT", "MoodleID": category}
        college.zoho.add("Products", {"id": C, "Product_Name": "IT"})
        await college.sync("programs", [program])
        await college.sync(
            "classes", [class_(BTEC_Program={"id": C}), class_(OTHER_CLASS, Class_Status="Planned")]
        )
        pages = await college.push_moodle("classes")
        assert told(pages) == [(Action.CREATE, Applied), (Action.NOTHING, None)]
        kept = (await college.stored("classes"))[CLASS].moodle_class_id
        course = college.moodle.site.courses[kept]
        assert (course.shortname, course.categoryid, course.idnumber, course.format, course.numsections) == (
            "NET-1",
            category,
            CLASS,
            "weeks",
            12,
        )
        assert course.startdate == 1788210000  # midnight of the first of September three hours east

    @pytest.mark.parametrize(
        ("field", "longest"), [("Class_Name", 254), ("Class_Short_Name", 255)], ids=["name", "short name"]
    )
    async def test_a_name_is_taken_to_the_last_character_that_moodle_keeps(
        self, field: str, longest: int
    ) -> None:
        """One more is told before anything is sent: Moodle would refuse it with an error of its database."""
        college = College()
        fits, does_not = "x" * longest, "y" * (longest + 1)
        await college.sync("classes", [class_(**{field: fits}), class_(OTHER_CLASS, **{field: does_not})])
        pages = await college.push_moodle("classes")
        assert told(pages) == [(Action.CREATE, Applied), (Action.CANNOT, None)]
        assert f"at most {longest} characters" in results(pages)[1].step.why

    async def test_done_twice_it_is_one_course_even_when_the_id_was_lost(self) -> None:
        college = College()
        await college.sync("classes", [class_()])
        await college.push_moodle("classes")
        fresh = College(timer=college.timer)
        fresh.moodle, fresh.to_moodle = college.moodle, college.to_moodle
        await fresh.sync("classes", [class_()])
        assert told(await fresh.push_moodle("classes")) == [(Action.LINK, None)]
        assert len(college.moodle.site.courses) == 2  # the site itself, and this one

    async def test_a_course_of_the_same_short_name_is_taken_over_unless_it_is_something_elses(self) -> None:
        college = College()
        mine = college.moodle.add_course(shortname="NET-1", fullname="Old name")
        college.moodle.add_course(shortname="NET-2", idnumber="something else")
        await college.sync("classes", [class_(), class_(OTHER_CLASS)])
        pages = await college.push_moodle("classes")
        assert told(pages) == [(Action.CHANGE, Applied), (Action.CANNOT, None)]
        assert college.moodle.site.courses[mine].fullname == "Networking 1"

    async def test_a_class_settles_whose_names_html_would_write_otherwise(self) -> None:
        college = College()
        by_hand = college.moodle.add_course(shortname="B&L", fullname="Beauty & Life")
        names = {"Class_Short_Name": "B&L", "Class_Name": "Beauty & Life"}
        other = class_(OTHER_CLASS, Class_Name="Level < 3 & 'more'")
        await college.sync("classes", [class_(**names), other])
        pages = await college.push_moodle("classes")
        assert told(pages) == [(Action.CHANGE, Applied), (Action.CREATE, Applied)]
        assert (await college.stored("classes"))[CLASS].moodle_class_id == by_hand
        assert told(await college.push_moodle("classes")) == [(Action.NOTHING, None)] * 2

    @pytest.mark.parametrize("database", ["postgresql", "mariadb"])
    async def test_a_short_name_in_another_case_gets_no_twin(self, database: Database) -> None:
        college = College()
        college.moodle.site.database = database
        by_hand = college.moodle.add_course(shortname="Net-1")
        await college.sync("classes", [class_()])
        assert told(await college.push_moodle("classes")) == [(Action.CHANGE, Applied)]
        assert [c.shortname for c in college.moodle.site.courses.values() if c.id != 1] == ["NET-1"]
        assert (await college.stored("classes"))[CLASS].moodle_class_id == by_hand

    async def test_a_class_with_an_end_settles(self) -> None:
        """A course in weeks would work out its end by itself, and Moodle takes no end alone."""
        college = College()
        by_hand = college.moodle.add_course(shortname="NET-2", format="weeks", startdate=1)
        ours = [class_(End_Date="2027-06-30"), class_(OTHER_CLASS, End_Date="2027-06-30")]
        await college.sync("classes", [*ours, class_(C, Start_Date=None, End_Date="2027-06-30")])
        pages = await college.push_moodle("classes")
        assert told(pages) == [(Action.CREATE, Applied), (Action.CHANGE, Applied), (Action.CREATE, Applied)]
        made = (await college.stored("classes"))[CLASS].moodle_class_id
        ends = {college.moodle.site.courses[each].enddate for each in (made, by_hand)}
        assert ends == {1814302800}  # midnight of the last of June three hours east
        assert {act for act, _ in told(await college.push_moodle("classes"))} == {Action.NOTHING}
        college.timer.jump(600)  # Zoho gives few access tokens in ten minutes
        college.zoho.edit("BTEC_Classes", CLASS, {"End_Date": "2027-07-01"})
        await college.sync("classes", [college.zoho.records("BTEC_Classes")[CLASS]])
        await college.push_moodle("classes")
        assert college.moodle.site.courses[made].enddate == 1814389200
        assert {act for act, _ in told(await college.push_moodle("classes"))} == {Action.NOTHING}

    async def test_a_wrong_id_in_zoho_takes_over_no_other_course(self) -> None:
        college = College()
        other = college.moodle.add_course(shortname="ART", fullname="Art")
        await college.sync("classes", [class_(Moodle_Class_ID=other), class_(OTHER_CLASS, Moodle_Class_ID=1)])
        pages = await college.push_moodle("classes")
        assert told(pages) == [(Action.CANNOT, None)] * 2
        assert college.moodle.site.courses[other].fullname == "Art"


async def college_with_a_class(students: int) -> tuple[College, int]:
    """A course, and students with accounts, none of them enrolled."""
    college = College()
    course = college.moodle.add_course(shortname="NET-1", idnumber=CLASS)
    await college.sync("classes", [class_(Moodle_Class_ID=course)])
    records = []
    for number in range(students):
        id = college.moodle.add_user(username=f"s{number}@college.example")
        records.append(
            {
                "id": f"539883000009{number:07d}",
                "Name": f"S{number}",
                "Academic_Email": f"s{number}@college.example",
                "Student_Moodle_ID": id,
            }
        )
    await college.sync("students", records)
    return college, course


class TestEnrolments:
    """Enrolments become manual enrolments with the student role."""

    async def test_a_thousand_new_ones_in_one_course_take_at_most_25_calls(self) -> None:
        college, course = await college_with_a_class(1000)
        records = [enrollment(number, f"539883000009{number:07d}") for number in range(1000)]
        await college.sync("enrollments", records)
        pages = await college.push_moodle("enrollments")
        assert told(pages) == [(Action.CREATE, Applied)] * 1000
        assert college.moodle.calls <= 25
        assert college.moodle_calls("core_enrol_get_enrolled_users") == 2  # nobody, and whether that is all
        assert len(await college.enrolled(MoodleId(course))) == 1000
        assert {row.moodle_course_id for row in (await college.stored("enrollments")).values()} == {course}
        before = college.moodle.calls
        assert told(await college.push_moodle("enrollments")) == [(Action.NOTHING, None)] * 1000
        assert college.moodle.calls == before + 3  # who is there, who of them we are, and who is suspended

    async def test_nobody_is_enrolled_again_where_moodle_shows_nobody(self) -> None:
        """As where groups work apart; who was never enrolled there is, if everybody can be seen."""
        college, course = await college_with_a_class(3)
        records = [enrollment(number, f"539883000009{number:07d}") for number in range(3)]
        await college.sync("enrollments", records[:2])
        await college.push_moodle("enrollments")
        students = sorted(one.userid for one in college.moodle.site.enrolments.of(course))
        college.moodle.enrol(students[0], course, suspended=True)
        college.moodle.separate_groups(course)
        college.moodle.capabilities.remove("moodle/site:accessallgroups")
        await college.sync("enrollments", records[2:])
        pages = await college.push_moodle("enrollments")
        assert told(pages) == [(Action.CANNOT, None)] * 3
        assert all("moodle/site:accessallgroups" in one.step.why for one in results(pages))
        college.moodle.capabilities.add("moodle/site:accessallgroups")
        for student in students:
            remove_enrolment(college.moodle.site, course, student)
        pages = await college.push_moodle("enrollments")
        assert told(pages) == [(Action.CANNOT, None)] * 2 + [(Action.CREATE, Applied)]
        assert "shows nobody in course" in results(pages)[0].step.why

    async def test_a_suspended_enrolment_is_left_and_told(self) -> None:
        college, course = await college_with_a_class(2)
        students = await college.stored("students")
        first, second = (students[f"539883000009{number:07d}"].moodle_userid for number in range(2))
        college.moodle.enrol(first, course, suspended=True)
        college.moodle.enrol(second, course)
        records = [enrollment(number, f"539883000009{number:07d}") for number in range(2)]
        await college.sync("enrollments", records)
        for _ in range(2):
            pages = await college.push_moodle("enrollments")
            whys = [result.step.why for page in pages for result in page.results]
            assert whys == ["The enrolment is suspended in Moodle, or its time there is over.", ""]

    async def test_what_lacks_its_counterpart_says_so(self) -> None:
        college, _ = await college_with_a_class(1)
        await college.sync("students", [student(A)])
        await college.sync("classes", [class_(OTHER_CLASS)])
        await college.sync(
            "enrollments",
            [
                enrollment(1, "5398830000090000000", OTHER_CLASS),
                enrollment(2, A, CLASS),
                enrollment(3, "5398830000090000000", CLASS, Enrollment_Status="Withdrawn"),
            ],
        )
        first, second, third = results(await college.push_moodle("enrollments"))
        assert first.step.why == f"Class {OTHER_CLASS} has no Moodle course; `mzi push classes` makes it."
        assert second.step.why == f"Student {A} has no Moodle account; `mzi push students` makes it."
        assert (third.step.act, third.step.why) == (Action.NOTHING, "Its status is Withdrawn.")

    async def test_a_class_that_gets_no_course_needs_no_enrolment(self) -> None:
        college, _ = await college_with_a_class(1)
        third = "5398830000070000003"
        await college.sync(
            "classes",
            [class_(OTHER_CLASS, Class_Status="Finished"), class_(third, Class_Status=" active ")],
        )
        await college.sync(
            "enrollments",
            [
                enrollment(1, "5398830000090000000", OTHER_CLASS),
                enrollment(2, "5398830000090000000", third),
            ],
        )
        first, second = results(await college.push_moodle("enrollments"))
        why = "Its class is Finished; only an active class gets a course."
        assert (first.step.act, first.step.why, first.well) == (Action.NOTHING, why, True)
        assert second.step.why == f"Class {third} has no Moodle course; `mzi push classes` makes it."

    async def test_nobody_is_enrolled_for_a_student_or_class_that_zoho_has_deleted(self) -> None:
        college, _ = await college_with_a_class(1)
        await college.sync("students", [student(A, Student_Moodle_ID="77")])
        await college.sync("classes", [class_(OTHER_CLASS, Moodle_Class_ID="78")])
        await college.sync(
            "enrollments", [enrollment(1, A, CLASS), enrollment(2, "5398830000090000000", OTHER_CLASS)]
        )
        at = college.timer.now()
        mark = college.use_cases.remote.pull.mark_deleted
        for module, id in (("students", A), ("classes", OTHER_CLASS)):
            gone = Deleted(zoho_id=ZohoId(id), deleted_at=at, permanently=True)
            assert await mark(DEFAULT_TENANT, CATALOGUE[module], [gone]) == 1
        whys = [result.step.why for result in results(await college.push_moodle("enrollments"))]
        assert whys == ["Its student is deleted in Zoho.", "Its class is deleted in Zoho."]

    async def test_a_student_who_left_stays_enrolled_and_is_told_of(self) -> None:
        college, course = await college_with_a_class(1)
        college.moodle.enrol(4, course)
        await college.sync(
            "enrollments", [enrollment(1, "5398830000090000000", Enrollment_Status="Withdrawn")]
        )
        (result,) = results(await college.push_moodle("enrollments"))
        assert (result.step.act, "suspend it there" in result.step.why) == (Action.CANNOT, True)
        assert len(await college.enrolled(MoodleId(course))) == 1

    async def test_a_course_without_manual_enrolment_is_told_with_the_remedy(self) -> None:
        college, course = await college_with_a_class(1)
        college.moodle.site.courses[course].manual = False
        await college.sync("enrollments", [enrollment(1, "5398830000090000000")])
        (result,) = results(await college.push_moodle("enrollments"))
        assert "add it under Participants > Enrolment methods" in result.why

    async def test_a_course_that_is_closed_to_us_is_told_and_harms_no_other(self) -> None:
        college, _ = await college_with_a_class(2)
        await college.sync("classes", [class_(OTHER_CLASS, Moodle_Class_ID=999)])
        await college.sync(
            "enrollments",
            [enrollment(1, "5398830000090000000", OTHER_CLASS), enrollment(2, "5398830000090000001")],
        )
        pages = await college.push_moodle("enrollments")
        assert told(pages) == [(Action.CANNOT, None), (Action.CREATE, Applied)]


async def test_what_moodle_refuses_is_told_and_harms_no_other() -> None:
    college, course = await college_with_a_class(2)
    await college.sync("students", [student(C, Student_Moodle_ID=999)])
    await college.sync("enrollments", [enrollment(1, C), enrollment(2, "5398830000090000001")])
    pages = await college.push_moodle("enrollments")
    assert told(pages) == [(Action.CREATE, Rejected), (Action.CREATE, Applied)]
    assert results(pages)[0].why == "Moodle: There is no such user."
    (member,) = await college.enrolled(MoodleId(course))
    assert member.username == "s1@college.example"
    kept = await college.stored("enrollments")
    assert [row.moodle_course_id for row in kept.values()] == [None, course]


async def test_an_enrolment_nobody_heard_of_again_is_told_as_unsure_and_not_taken_for_done() -> None:
    college, _ = await college_with_a_class(1)
    await college.sync("enrollments", [enrollment(1, "5398830000090000000")])
    college.to_moodle.instead["enrol_manual_enrol_users"] = lost
    assert told(await college.push_moodle("enrollments")) == [(Action.CREATE, Unknown)]
    (row,) = (await college.stored("enrollments")).values()
    assert row.moodle_course_id is None
    college.to_moodle.instead.clear()
    assert told(await college.push_moodle("enrollments")) == [(Action.CREATE, Applied)]


async def test_a_token_that_is_revoked_meanwhile_stops_everything() -> None:
    college, _ = await college_with_a_class(1)
    await college.sync("enrollments", [enrollment(1, "5398830000090000000")])
    college.moodle.suspended = True
    with pytest.raises(AuthRevoked):
        await college.push_moodle("enrollments")


async def test_a_module_without_counterpart_in_moodle_is_refused() -> None:
    with pytest.raises(NothingInMoodle, match="Moodle has nothing for payments"):
        await College().push_moodle("payments")


async def test_a_step_can_be_kept_as_data_and_its_record_planned_anew() -> None:
    """A plan that waits for somebody's word holds no objects, and nothing is written from it."""
    college, _ = await college_with_a_class(3)
    targets = college.use_cases.remote.targets
    ours = list((await college.stored("classes")).values())
    target = await targets.moodle(DEFAULT_TENANT, CATALOGUE["classes"])
    held = json.loads(json.dumps([described(step) for step in await target.plan(ours)]))
    assert {each["action"] for each in held} <= {action.value for action in Action}
    by_id = {each.zoho_id: each for each in ours}
    later = await targets.moodle(DEFAULT_TENANT, CATALOGUE["classes"])
    again = await later.plan([by_id[each["zoho_id"]] for each in held])
    assert [described(step) for step in again] == held


async def test_planning_and_previewing_write_nothing_anywhere() -> None:
    college = College()
    await college.sync("students", [student(A)])
    before = await college.stored("students")
    target = await college.use_cases.remote.targets.moodle(DEFAULT_TENANT, CATALOGUE["students"])
    (step,) = await target.plan(list(before.values()))
    assert step.act is Action.CREATE
    assert college.moodle_calls("core_user_create_users") == 0
    assert await college.stored("students") == before
