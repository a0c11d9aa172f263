"""What a page of ours needs to be compared with Moodle, read in as few calls as there can be."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

import attrs

from mzi_core.errors import AuthRevoked, GatewayRefused
from mzi_core.flows.rules import FlowName, Programs
from mzi_core.module import AnyModule, Counterpart, Entity
from mzi_core.modules import (
    CATALOGUE,
    CLASSES,
    MOODLE_ENROLLMENTS,
    PROGRAMS,
    STUDENTS,
    Class,
    Enrollment,
    Program,
    Registration,
    Student,
    Teacher,
)
from mzi_core.ports import (
    Applied,
    CourseKey,
    Enrolment,
    Membership,
    MoodleCategories,
    MoodleCourses,
    MoodleEnrolments,
    MoodleSite,
    MoodleStatus,
    MoodleUser,
    MoodleUsers,
    ReviewKind,
    Store,
    Stored,
    UserKey,
)
from mzi_core.provisioning import (
    FEW,
    FoundAccounts,
    FoundCourses,
    FoundMembers,
    FoundPlaces,
    MoodleDefaults,
    StepResult,
    account_steps,
    course_steps,
    enrolment_steps,
    person_of,
    program_steps,
)
from mzi_core.provisioning.accounts import AccountStep
from mzi_core.provisioning.attendances import attendance_of, course_of
from mzi_core.provisioning.courses import CourseStep, gets_course, short_name
from mzi_core.provisioning.enrolments import EnrolmentStep, without_course
from mzi_core.provisioning.program_places import ProgramPlace, ProgramStep, is_of
from mzi_core.provisioning.program_places import short_name as short_name_of_program
from mzi_core.use_cases.programs_in_moodle import programs_by_moodle_id
from mzi_core.values import MoodleId, MoodleKey, RecordKey, TenantId


class MoodleRoster(MoodleStatus, MoodleUsers, MoodleCategories, MoodleCourses, MoodleEnrolments, Protocol):
    """What a push needs of Moodle."""


@attrs.frozen(kw_only=True)
class Gather:
    """Where a push looks, and what it has read so far: the site and each course's members are read once.

    `suspends`: whether what mzi enrolled is suspended once it is over. `programs`: what a programme is.
    """

    store: Store
    moodle: MoodleRoster
    tenant: TenantId
    defaults: MoodleDefaults
    suspends: bool = False
    programs: Programs = Programs.CATEGORY
    members: dict[MoodleId, set[MoodleId]] = attrs.field(factory=dict)
    closed: dict[MoodleId, str] = attrs.field(factory=dict)
    empty: set[MoodleId] = attrs.field(factory=set)
    """Courses in which Moodle showed nobody; those whom this push enrols there do not change that."""

    suspended: dict[MoodleId, set[MoodleId]] = attrs.field(factory=dict)
    sites: list[MoodleSite] = attrs.field(factory=list)
    """The site, once it was asked for."""

    async def site(self) -> MoodleSite:
        """The site and the account behind our token."""
        if not self.sites:
            self.sites.append(await self.moodle.site())
        return self.sites[0]

    def remember(self, made: Iterable[StepResult[MoodleId]]) -> None:
        """Count those among a course's members who have just been enrolled."""
        for pushed in made:
            place = pushed.step.write
            if isinstance(place, Enrolment) and isinstance(pushed.result, Applied):
                self.members.setdefault(place.course, set()).add(place.user)

    async def owners(
        self, module: AnyModule, field: str, ids: Collection[MoodleId]
    ) -> dict[MoodleId, RecordKey]:
        """Which record of ours has which of these ids already."""
        async with self.store.read(self.tenant) as session:
            owned = (await session.owners(module, {field: ids})).get(field, {})
        return {id: owned[id] for id in ids if id in owned}

    async def chosen(self, kind: ReviewKind, ours: Iterable[Entity]) -> Mapping[str, MoodleId]:
        """What a person has said these records of ours are in Moodle."""
        async with self.store.read(self.tenant) as session:
            return await session.choices(kind, [record.key for record in ours])

    async def owners_elsewhere(
        self, module: AnyModule, counterpart: Counterpart, ids: Collection[MoodleId]
    ) -> dict[MoodleId, RecordKey]:
        """Which record of another module, whose records are the same in Moodle, has which of these ids."""
        owned: dict[MoodleId, RecordKey] = {}
        for other in CATALOGUE:
            there = other.counterpart
            if there is not None and there.kind is counterpart.kind and other.name != module.name:
                owned |= await self.owners(other, there.id, ids)
        return owned


async def plan_accounts(
    gather: Gather, module: AnyModule, counterpart: Counterpart, ours: Sequence[Student | Teacher]
) -> list[AccountStep]:
    """The steps about students or teachers."""
    people = [person_of(record) for record in ours]
    linked = [str(person.account) for person in people if person.account is not None]
    emails = [person.email for person in people if person.account is None and person.email]
    by_id = await gather.moodle.find_users(UserKey.ID, linked) if linked else {}
    by_username = await gather.moodle.find_users(UserKey.USERNAME, emails) if emails else {}
    by_email = await gather.moodle.find_users(UserKey.EMAIL, emails, thoroughly=False) if emails else {}
    missing = [email for email in emails if email not in by_username and email not in by_email]
    if 0 < len(missing) <= FEW:
        by_email = {**by_email, **await gather.moodle.find_users(UserKey.EMAIL, missing)}
    found: set[MoodleId] = {
        user.id for users in (*by_id.values(), *by_username.values(), *by_email.values()) for user in users
    }
    site = await gather.site() if found else None
    return account_steps(
        people,
        FoundAccounts(
            by_id=_by_id(by_id.values()),
            by_username=by_username,
            by_email=by_email,
            owners=await gather.owners(module, counterpart.id, found),
            elsewhere=await gather.owners_elsewhere(module, counterpart, found),
            service=site.user_id if site else None,
            is_administrator=site is not None and site.is_administrator,
            chosen=await gather.chosen(ReviewKind.ACCOUNT, ours) if found else {},
        ),
        gather.defaults,
        counterpart,
    )


def _by_id(found: Iterable[Sequence[MoodleUser]]) -> dict[MoodleId, MoodleUser]:
    return {user.id: user for users in found for user in users}


async def plan_courses(
    gather: Gather, module: AnyModule, counterpart: Counterpart, ours: Sequence[Class]
) -> list[CourseStep]:
    """The steps about classes."""
    linked = [each.moodle_class_id for each in ours if each.moodle_class_id is not None]
    others = [each for each in ours if each.moodle_class_id is None]
    by_id = await gather.moodle.courses(linked) if linked else {}
    by_id_number = await gather.moodle.find_courses(CourseKey.ID_NUMBER, [e.zoho_id for e in others])
    names = [short_name(each) for each in others if each.zoho_id not in by_id_number]
    by_short_name = await gather.moodle.find_courses(CourseKey.SHORT_NAME, list(dict.fromkeys(names)))
    found = {course.id for course in (*by_id_number.values(), *by_short_name.values())}
    return course_steps(
        ours,
        FoundCourses(
            by_id=by_id,
            by_id_number=by_id_number,
            by_short_name=by_short_name,
            owners=await gather.owners(module, counterpart.id, found),
            categories=await _categories(gather, others),
            chosen=await gather.chosen(ReviewKind.COURSE, ours),
        ),
        gather.defaults,
        counterpart,
    )


async def _categories(gather: Gather, classes: Iterable[Class]) -> Mapping[RecordKey, MoodleId]:
    """The categories of the programmes of classes, where by the rules a programme is one."""
    programs = {each.program for each in classes if each.program is not None}
    if gather.programs is not Programs.CATEGORY or not programs:
        return {}
    async with gather.store.read(gather.tenant) as session:
        stored = await session.stored(PROGRAMS, programs)
    linked = {key: id for key, row in stored.items() if (id := row.entity.moodle_id) is not None}
    formerly = await _formerly(gather, linked, are_courses=False)
    return {key: id for key, id in linked.items() if key not in formerly}


async def plan_programs(
    gather: Gather, module: AnyModule, counterpart: Counterpart, ours: Sequence[Program]
) -> list[ProgramStep]:
    """The steps about programmes."""
    moodle, are_courses = gather.moodle, gather.programs is Programs.COURSE
    linked = [each.moodle_id for each in ours if each.moodle_id is not None]
    async with gather.store.read(gather.tenant) as session:
        having = await programs_by_moodle_id(session)
    by_id = await _places(gather, linked, are_courses=are_courses)
    strange: dict[RecordKey, MoodleId] = {
        each.zoho_id: id
        for each in ours
        if (id := each.moodle_id) is not None and not (id in by_id and is_of(each, by_id[id]))
    }
    formerly = await _formerly(gather, strange, are_courses=are_courses)
    others = [each for each in ours if each.moodle_id is None or each.zoho_id in formerly]
    numbers = [each.zoho_id for each in others]
    by_id_number: Mapping[str, ProgramPlace]
    by_short_name: Mapping[str, ProgramPlace] = {}
    if are_courses:
        by_id_number = await moodle.find_courses(CourseKey.ID_NUMBER, numbers)
        names = [short_name_of_program(each) for each in others if each.zoho_id not in by_id_number]
        by_short_name = await moodle.find_courses(CourseKey.SHORT_NAME, list(dict.fromkeys(names)))
    else:
        by_id_number = await moodle.find_categories(numbers)
    return program_steps(
        ours,
        FoundPlaces(
            by_id=by_id,
            by_id_number=by_id_number,
            by_short_name=by_short_name,
            shared={id for id, programs in having.items() if len(programs) > 1},
            formerly=formerly,
            are_courses=are_courses,
        ),
        gather.defaults,
        counterpart,
    )


async def _formerly(
    gather: Gather, linked: Mapping[RecordKey, MoodleId], *, are_courses: bool
) -> Collection[RecordKey]:
    """The programmes whose id is still that of what they were by another rule: it has their id number."""
    before = await _places(gather, list(linked.values()), are_courses=not are_courses)
    return {key for key, id in linked.items() if id in before and before[id].id_number == key}


async def _places(
    gather: Gather, ids: Sequence[MoodleId], *, are_courses: bool
) -> Mapping[MoodleId, ProgramPlace]:
    """These courses, or else these categories; what is not there is left out."""
    if not ids:
        return {}
    if are_courses:
        return await gather.moodle.courses(ids)
    return await gather.moodle.categories(ids)


async def plan_enrolments(
    gather: Gather, module: AnyModule, counterpart: Counterpart, ours: Sequence[Enrollment | Registration]
) -> list[EnrolmentStep]:
    """The steps about enrolments, or about registrations."""
    registrations = [each for each in ours if isinstance(each, Registration)]
    if registrations and gather.programs is not Programs.COURSE:
        return without_course(registrations)
    attendances = [attendance_of(each) for each in ours]
    keys = {each.place.key for each in attendances}
    async with gather.store.read(gather.tenant) as session:
        students = await session.stored(STUDENTS, {each.student for each in attendances})
        classes = await session.stored(CLASSES, keys if not registrations else ())
        programs = await session.stored(PROGRAMS, keys if registrations else ())
    unsure = await _unsure(gather, [row.entity for row in programs.values()])
    courses: dict[RecordKey, MoodleId | None] = {
        **{id: row.entity.moodle_class_id for id, row in classes.items()},
        **{id: None if id in unsure else row.entity.moodle_id for id, row in programs.items()},
    }
    for course in dict.fromkeys(course_of(each, courses) for each in attendances):
        if course is not None and course not in gather.members and course not in gather.closed:
            await _read_members(gather, course)
    accounts = {id: row.entity.moodle_userid for id, row in students.items()}
    for each in attendances:
        course = course_of(each, courses)
        if course is not None and accounts.get(each.student) in gather.members.get(course, ()):
            await _read_suspended(gather, course)
    ended = [
        (course, account)
        for each in attendances
        if gather.suspends
        and counterpart.is_over(each.status)
        and (course := course_of(each, courses)) is not None
        and (account := accounts.get(each.student)) is not None
        and account in gather.members.get(course, ())
    ]
    return enrolment_steps(
        ours,
        FoundMembers(
            accounts=accounts,
            courses=courses,
            courseless={
                id: row.entity.status
                for id, row in classes.items()
                if not gets_course(row.entity, gather.defaults)
            },
            unsure=unsure,
            deleted=_deleted(students) | _deleted(classes) | _deleted(programs),
            members=gather.members,
            closed=gather.closed,
            empty=gather.empty,
            suspended=gather.suspended,
            ours=await _made_by_mzi(gather, ended) if ended else (),
            suspends=gather.suspends,
        ),
        gather.defaults,
        counterpart,
    )


def _deleted(rows: Mapping[RecordKey, Stored[Any]]) -> set[RecordKey]:
    return {key for key, row in rows.items() if row.deleted_at is not None}


async def _unsure(gather: Gather, programs: Sequence[Program]) -> dict[RecordKey, str]:
    """Why the course of a programme may be another one: its id may be wrong, or that of a category."""
    linked = [(each, each.moodle_id) for each in programs if each.moodle_id is not None]
    found = await gather.moodle.courses([id for _, id in linked]) if linked else {}
    return {
        program.zoho_id: f"Course {id}, which program {program.zoho_id} names, is not known to be its own: "
        f"`mzi deliveries show {FlowName.PROGRAM} {program.zoho_id}` says why."
        for program, id in linked
        if id not in found or not is_of(program, found[id])
    }


async def _made_by_mzi(
    gather: Gather, members: Collection[tuple[MoodleId, MoodleId]]
) -> set[tuple[MoodleId, MoodleId]]:
    """Which of these enrolments, as course and user, mzi made: the event of the making named its account.

    And the enrolment is still that one: somebody may have unenrolled and enrolled the user again.
    """
    service = (await gather.site()).user_id
    keys: dict[RecordKey, tuple[MoodleId, MoodleId]] = {
        MoodleKey(f"{course}_{user}"): (course, user) for course, user in members
    }
    async with gather.store.read(gather.tenant) as session:
        rows = await session.stored(MOODLE_ENROLLMENTS, keys)
    return {
        keys[key]
        for key, row in rows.items()
        if row.deleted_at is None
        and row.entity.maker == service
        and row.entity.made_as is not None
        and row.entity.made_as == row.entity.enrollment_id
    }


async def _read_members(gather: Gather, course: MoodleId) -> None:
    try:
        enrolled = await gather.moodle.enrolled(course)
    except AuthRevoked:
        raise
    except GatewayRefused as refused:
        gather.closed[course] = str(refused)
    else:
        gather.members[course] = {user.id for user in enrolled}
        if not enrolled:
            gather.empty.add(course)


async def _read_suspended(gather: Gather, course: MoodleId) -> None:
    """Whose enrolment in a course of which we know members does not count; once for each course."""
    if course not in gather.suspended:
        found = await gather.moodle.enrolled(course, Membership.SUSPENDED)
        gather.suspended[course] = {user.id for user in found}
