"""Courses: made, found, changed, and what changed in one."""

from datetime import UTC, datetime, timedelta

import attrs

from mzi_adapters.testing.contracts.moodle_gateway_campus import NOBODY, Campus, applied_ids, rejection
from mzi_core.ports import Applied, CourseChange, CourseKey, NewGroup, RejectionKind

_BEGINNING = datetime(2026, 9, 1, 8, tzinfo=UTC)
_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
_END = datetime(2027, 6, 30, tzinfo=UTC)
_FAR_END = datetime(2100, 6, 30, tzinfo=UTC)


class CoursePromises:
    """A course is made once, by its short name and its id number."""

    async def test_a_course_is_found_as_it_was_made(self, campus: Campus) -> None:
        """By id, short name and id number; times to the second."""
        plan = attrs.evolve(campus.plan(), starts_at=_BEGINNING, ends_at=_END, summary="<p>Unit 1</p>")
        [id] = applied_ids(await campus.gateway.create_courses([plan]))
        by_id = (await campus.gateway.courses([id, NOBODY]))[id]
        assert (by_id.full_name, by_id.short_name, by_id.id_number) == (
            plan.full_name,
            plan.short_name,
            plan.id_number,
        )
        assert (by_id.starts_at, by_id.ends_at, by_id.visible) == (_BEGINNING, _END, False)
        for key, value in (
            (CourseKey.SHORT_NAME, plan.short_name),
            (CourseKey.ID_NUMBER, f"{plan.id_number}"),
        ):
            found = await campus.gateway.find_courses(key, [value, campus.mark])
            assert {name: course.id for name, course in found.items()} == {value: id}

    async def test_all_courses_come_in_the_order_of_their_ids(self, campus: Campus) -> None:
        """Hidden ones too, and with the times at which they were made and changed."""
        first, second = applied_ids(await campus.gateway.create_courses([campus.plan(2), campus.plan(1)]))
        found = await campus.gateway.every_course()
        assert [course.id for course in found] == sorted(course.id for course in found)
        ours = {course.id: course for course in found if course.id in (first, second)}
        assert ours == await campus.gateway.courses([first, second])
        assert all(each.created_at and each.modified_at for each in ours.values())

    async def test_a_short_name_is_found_whatever_its_case(self, campus: Campus) -> None:
        """One of Moodle's databases compares letter by letter, and would take a twin."""
        mixed = f"Net {campus.mark}"
        plan = attrs.evolve(campus.plan(), short_name=mixed)
        [id] = applied_ids(await campus.gateway.create_courses([plan]))
        asked = [mixed, mixed.upper(), mixed.lower(), f"{mixed}-none"]
        found = await campus.gateway.find_courses(CourseKey.SHORT_NAME, asked)
        assert {name: course.id for name, course in found.items()} == dict.fromkeys(asked[:3], id)

    async def test_names_come_as_they_were_given(self, campus: Campus) -> None:
        """Not as HTML: else they differ at every comparison, and what has such a short name is not found."""
        odd = f"B&L's 1 < 2 {campus.mark}"
        plan = attrs.evolve(campus.plan(), full_name=f"{odd} in full", short_name=odd)
        [id] = applied_ids(await campus.gateway.create_courses([plan]))
        found = (await campus.gateway.find_courses(CourseKey.SHORT_NAME, [odd]))[odd]
        assert (found.id, found.full_name) == (id, plan.full_name)
        by_id = (await campus.gateway.courses([id]))[id]
        assert (by_id.short_name, by_id.full_name) == (odd, plan.full_name)
        applied_ids(await campus.gateway.create_groups([NewGroup(course=id, name=odd)]))
        assert [group.name for group in await campus.gateway.groups(id)] == [odd]

    async def test_a_course_in_weeks_ends_when_it_is_said_to(self, campus: Campus) -> None:
        """Left to itself it ends with its last week, whatever was sent."""
        plan = attrs.evolve(
            campus.plan(), format="weeks", sections=3, starts_at=_BEGINNING, ends_at=_END, visible=False
        )
        unsaid = attrs.evolve(campus.plan(2), format="weeks", sections=3, starts_at=_BEGINNING)
        first, second = applied_ids(await campus.gateway.create_courses([plan, unsaid]))
        assert (await campus.gateway.courses([first]))[first].ends_at == _END
        later = _END + timedelta(days=1)
        results = await campus.gateway.update_courses(
            [CourseChange(id=id, starts_at=_BEGINNING, ends_at=later) for id in (first, second)]
        )
        assert results == [Applied(id=first), Applied(id=second)]
        found = await campus.gateway.courses([first, second])
        assert {course.ends_at for course in found.values()} == {later}

    async def test_a_new_course_without_a_start_begins_today(self, campus: Campus) -> None:
        """And ends when it was told to, if that is later."""
        plans = [attrs.evolve(campus.plan(n), ends_at=end) for n, end in enumerate((_FAR_END, _LONG_AGO))]
        made, refused = await campus.gateway.create_courses(plans)
        [id] = applied_ids([made])
        found = (await campus.gateway.courses([id]))[id]
        assert found.starts_at is not None
        assert (found.ends_at, found.starts_at < _FAR_END) == (_FAR_END, True)
        assert rejection(refused).kind is RejectionKind.BAD_INPUT

    async def test_a_change_to_an_end_without_the_start_is_refused(self, campus: Campus) -> None:
        """Though the course has a start."""
        course = await campus.course()
        [result] = await campus.gateway.update_courses([CourseChange(id=course, ends_at=_END)])
        assert rejection(result).kind is RejectionKind.BAD_INPUT

    async def test_one_bad_course_harms_no_other(self, campus: Campus) -> None:
        """What is taken is named."""
        taken = await campus.course(1)
        results = await campus.gateway.create_courses(
            [
                campus.plan(2),
                attrs.evolve(campus.plan(3), short_name=campus.plan(1).short_name),
                attrs.evolve(campus.plan(4), id_number=campus.plan(1).id_number),
                attrs.evolve(campus.plan(5), category=NOBODY),
                attrs.evolve(campus.plan(6), starts_at=_END, ends_at=_BEGINNING),
                attrs.evolve(campus.plan(7), full_name="X" * 260),
                campus.plan(8),
            ]
        )
        applied_ids([results[0], results[6]])
        assert [rejection(one).existing for one in results[1:3]] == [taken, taken]
        assert [rejection(one).kind for one in results[1:6]] == [
            RejectionKind.CONFLICT,
            RejectionKind.CONFLICT,
            RejectionKind.PERMISSION,  # Moodle says of a category that is not there that it cannot be entered
            RejectionKind.BAD_INPUT,
            RejectionKind.BAD_INPUT,
        ]

    async def test_each_change_of_a_course_stands_for_itself(self, campus: Campus) -> None:
        """What is named "" is emptied."""
        first, second = await campus.course(1), await campus.course(2)
        results = await campus.gateway.update_courses(
            [
                CourseChange(id=first, full_name="Renamed", id_number=""),
                CourseChange(id=NOBODY, full_name="Nothing"),
                CourseChange(id=second, short_name=campus.plan(1).short_name),
            ]
        )
        assert results[0] == Applied(id=first)
        assert [rejection(one).kind for one in results[1:]] == [
            RejectionKind.NOT_FOUND,
            RejectionKind.CONFLICT,
        ]
        found = (await campus.gateway.courses([first]))[first]
        assert (found.full_name, found.id_number) == ("Renamed", "")

    async def test_what_changed_since_a_moment_is_told_by_module(self, campus: Campus) -> None:
        """So that only those are read."""
        course, [student] = await campus.taught(1)
        assignment = await campus.assigned(course)
        campus.hands.submit(assignment.id, student)
        found = await campus.gateway.updates_since(course, _LONG_AGO)
        assert (assignment.cmid, "usersubmissions") in {(one.cmid, one.what) for one in found}
