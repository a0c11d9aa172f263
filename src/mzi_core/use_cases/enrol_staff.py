"""Enrol who teaches a class in its course, and whom the rules name: once, so that who leaves stays out."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import attrs

from mzi_core.errors import AuthRevoked, GatewayRefused
from mzi_core.flows.course_users import is_id
from mzi_core.flows.rules import Rules, TeacherRole
from mzi_core.modules import TEACHERS, Class, Teacher
from mzi_core.moodle_roles import ROLES
from mzi_core.ports import (
    Applied,
    EnrolledUser,
    Enrolment,
    JsonObject,
    MoodleEnrolments,
    MoodleUsers,
    Note,
    RoleInCourse,
    Store,
    Unknown,
    UserKey,
    WriteResult,
)
from mzi_core.use_cases.deliver import Hold
from mzi_core.values import MoodleId, Parent, RecordKey, TenantId

STAFF = "staff"
"""Under this name is remembered of a class who was enrolled in its course, each as user and role."""


class MoodleStaff(MoodleUsers, MoodleEnrolments, Protocol):
    """What is needed of Moodle."""


@attrs.frozen
class Place:
    """A user who is to be in a course, in a role."""

    user: MoodleId
    role: MoodleId

    def __str__(self) -> str:
        """As it is remembered."""
        return f"{self.user}:{self.role}"


@attrs.frozen(kw_only=True)
class Unstaffed:
    """Why somebody is not in the course of a class; `needs`: the record that must have its account first.

    `may_go_well`: whether it may go well another time.
    """

    why: str
    needs: Parent | None = None
    may_go_well: bool = False


def enrolled_staff(agreed: JsonObject | None) -> Sequence[str]:
    """Who was enrolled in the course of a class by what is remembered of its pair."""
    kept = (agreed or {}).get(STAFF)
    return [str(each) for each in kept] if isinstance(kept, list) else []


@attrs.frozen(kw_only=True)
class FoundStaff:
    """Who is still to be enrolled, by class, and of which classes somebody cannot be yet."""

    places: Mapping[RecordKey, Sequence[Place]]
    left: Mapping[RecordKey, Unstaffed]


@attrs.frozen(kw_only=True)
class MissingStaff:
    """Finds who is to be in the courses of classes and was never enrolled; nothing is written."""

    store: Store
    moodle: MoodleUsers
    tenant: TenantId
    rules: Rules

    async def __call__(
        self, classes: Mapping[RecordKey, Class], agreed: Mapping[RecordKey, JsonObject | None]
    ) -> FoundStaff:
        """`agreed`: what is remembered of each pair. Raises GatewayError, StoreError."""
        named = {
            key: [each for each in self.rules.course_users if each.is_for(class_.major)]
            for key, class_ in classes.items()
        }
        users = await self._users({each.user for some in named.values() for each in some})
        teachers = await self._teachers(classes)
        left: dict[RecordKey, Unstaffed] = {}
        found: dict[RecordKey, Sequence[Place]] = {}
        for key, class_ in classes.items():
            places = [Place(users[each.user], each.role_id) for each in named[key] if each.user in users]
            for each in named[key]:
                if each.user not in users:
                    left[key] = Unstaffed(why=f"Moodle has no user `{each.user}`, whom `course_users` names.")
            if class_.teacher is not None and self.rules.teacher_role is not TeacherRole.NONE:
                account = teachers.get(class_.teacher)
                if account is None:
                    why = f"Its teacher {class_.teacher} has no account in Moodle yet."
                    left[key] = Unstaffed(why=why, needs=Parent(TEACHERS.name, class_.teacher))
                else:
                    places.append(Place(account, ROLES[self.rules.teacher_role]))
            done = enrolled_staff(agreed[key])
            if missing := [place for place in dict.fromkeys(places) if str(place) not in done]:
                found[key] = missing
        return FoundStaff(places=found, left=left)

    async def _users(self, named: Collection[str]) -> Mapping[str, MoodleId]:
        """The users there are, by what the rules call them."""
        found: dict[str, MoodleId] = {}
        for key, some in (
            (UserKey.ID, sorted(filter(is_id, named))),
            (UserKey.USERNAME, sorted(each for each in named if not is_id(each))),
        ):
            there = await self.moodle.find_users(key, some) if some else {}
            found |= {name: users[0].id for name, users in there.items() if not users[0].deleted}
        return found

    async def _teachers(self, classes: Mapping[RecordKey, Class]) -> Mapping[RecordKey, MoodleId | None]:
        wanted = {each.teacher for each in classes.values() if each.teacher is not None}
        if not wanted or self.rules.teacher_role is TeacherRole.NONE:
            return {}
        async with self.store.read(self.tenant) as session:
            rows = await session.stored(TEACHERS, wanted)
        entities: Mapping[RecordKey, Teacher] = {key: row.entity for key, row in rows.items()}
        return {key: teacher.moodle_userid for key, teacher in entities.items()}


@attrs.frozen(kw_only=True)
class EnrolStaff:
    """Enrols the teachers of classes, and the users that the rules name, in the courses of these classes.

    Who is in a course already is given the role, and no enrolment of theirs is changed. What was done is
    remembered at once, and never done again.
    """

    store: Store
    moodle: MoodleStaff
    rules: Rules
    hold: Hold

    async def __call__(
        self, classes: Mapping[RecordKey, Class], new: Collection[RecordKey] = ()
    ) -> Mapping[RecordKey, Unstaffed]:
        """Of which classes not everybody is in the course; all have one. `new`: whose was made just now.

        Raises GatewayError, StoreError.
        """
        missing = MissingStaff(
            store=self.store, moodle=self.moodle, tenant=self.hold.tenant, rules=self.rules
        )
        found = await missing(classes, {key: self.hold.claims[key].agreed for key in classes})
        left = dict(found.left)
        if found.places:
            await self._enrolled(classes, found.places, new, left)
        return left

    async def _enrolled(
        self,
        classes: Mapping[RecordKey, Class],
        wanted: Mapping[RecordKey, Sequence[Place]],
        new: Collection[RecordKey],
        left: dict[RecordKey, Unstaffed],
    ) -> None:
        """Enrol those who are still to be, and remember who is in a course by then."""
        done: dict[RecordKey, list[Place]] = defaultdict(list)
        writes: list[_Write] = []
        for key, places in wanted.items():
            course = classes[key].moodle_class_id
            assert course is not None  # noqa: S101  # as is said of all classes
            there = {} if key in new else await self._there(course)
            if isinstance(there, str):
                left[key] = Unstaffed(why=there)
                continue
            for place in places:
                member = there.get(place.user)
                if member is not None and place.role in member.roles:
                    done[key].append(place)
                else:
                    writes.append(_Write(key=key, place=place, course=course, is_member=member is not None))
        for write, result in (await self._written(writes)).items():
            if isinstance(result, Applied):
                done[write.key].append(write.place)
            else:
                what = f"User {write.place.user} could not be enrolled in course {write.course}."
                left[write.key] = Unstaffed(
                    why=f"{what} {result.why}",
                    may_go_well=isinstance(result, Unknown) or result.retryable,
                )
        await self._remember(done)

    async def _there(self, course: MoodleId) -> Mapping[MoodleId, EnrolledUser] | str:
        """Who is in a course; a sentence where that cannot be read."""
        try:
            return {each.id: each for each in await self.moodle.enrolled(course)}
        except AuthRevoked:
            raise
        except GatewayRefused as refused:
            return f"Who is in course {course} cannot be read. {refused.told}"

    async def _written(self, writes: Sequence["_Write"]) -> Mapping["_Write", WriteResult[MoodleId]]:
        """Enrol those who are in no course yet, and give the others the role."""
        if not writes:
            return {}
        ours = await self.hold.about_to_send({write.key: {"told": False} for write in writes})
        new = [write for write in writes if write.key in ours and not write.is_member]
        known = [write for write in writes if write.key in ours and write.is_member]
        results: dict[_Write, WriteResult[MoodleId]] = {}
        if new:
            made = await self.moodle.enrol([write.enrolment for write in new])
            results |= zip(new, made, strict=True)
        if known:
            given = await self.moodle.assign_roles([write.role for write in known])
            results |= zip(known, given, strict=True)
        # Of each class what became of its worst write: only what was answered for all is.
        worst = sorted(results.items(), key=lambda each: not isinstance(each[1], Applied))
        self.hold.answered({write.key: result for write, result in worst})
        return results

    async def _remember(self, done: Mapping[RecordKey, Sequence[Place]]) -> None:
        claims = self.hold.claims
        notes = [
            Note(
                claim=claims[key],
                agreed={
                    **(claims[key].agreed or {}),
                    STAFF: [*enrolled_staff(claims[key].agreed), *map(str, places)],
                },
            )
            for key, places in done.items()
        ]
        if notes:
            async with self.store.begin(self.hold.tenant) as session:
                await session.note(notes)


@attrs.frozen(kw_only=True)
class _Write:
    """A place that is yet to be given in the course of a class; `is_member`: to somebody who is in it."""

    key: RecordKey
    place: Place
    course: MoodleId
    is_member: bool

    @property
    def enrolment(self) -> Enrolment:
        return Enrolment(user=self.place.user, course=self.course, role=self.place.role)

    @property
    def role(self) -> RoleInCourse:
        return RoleInCourse(user=self.place.user, course=self.course, role=self.place.role)
