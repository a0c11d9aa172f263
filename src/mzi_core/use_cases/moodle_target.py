"""Moodle's accounts, categories, courses and enrolments as our records would have them."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import attrs

from mzi_core.errors import MziError
from mzi_core.module import AnyModule, Counterpart, MoodleKind
from mzi_core.modules import Catalogue, Class
from mzi_core.ports import (
    CategoryChange,
    CourseChange,
    Enrolment,
    MoodleUser,
    NewCategory,
    NewCourse,
    NewUser,
    UserChange,
    UserKey,
    WriteResult,
)
from mzi_core.provisioning import Step, StepResult
from mzi_core.provisioning.courses import gets_course
from mzi_core.use_cases.push_gather import (
    Gather,
    MoodleRoster,
    plan_accounts,
    plan_courses,
    plan_enrolments,
    plan_programs,
)
from mzi_core.values import MoodleId, TenantId, ZohoId

W = TypeVar("W")

_PLANS: Mapping[MoodleKind, Callable[[Gather, AnyModule, Counterpart, Sequence[Any]], Any]] = {
    MoodleKind.USER: plan_accounts,
    MoodleKind.COURSE: plan_courses,
    MoodleKind.ENROLMENT: plan_enrolments,
    MoodleKind.PROGRAM: plan_programs,
}
"""How steps are planned, by what a record is in Moodle."""


class NothingInMoodle(MziError):
    """Records of this module have no counterpart in Moodle."""

    def __init__(self, module: AnyModule, catalogue: Catalogue) -> None:
        others = sorted(each.name for each in catalogue if each.counterpart is not None)
        super().__init__(f"Moodle has nothing for {module.name}; it has something for {', '.join(others)}.")


def must_be_in_moodle(module: AnyModule, catalogue: Catalogue) -> Counterpart:
    """What the records of a module are in Moodle; raises NothingInMoodle."""
    if module.counterpart is None:
        raise NothingInMoodle(module, catalogue)
    return module.counterpart


@attrs.frozen(kw_only=True)
class MoodleTarget:
    """What is missing is made, and what differs is changed; nobody is deleted, unenrolled or suspended."""

    module: AnyModule
    _counterpart: Counterpart
    _gather: Gather

    @property
    def tenant(self) -> TenantId:
        """Whose Moodle it is."""
        return self._gather.tenant

    @property
    def moodle(self) -> MoodleRoster:
        """The Moodle."""
        return self._gather.moodle

    def wants_course(self, class_: Class) -> bool:
        """Whether a class is taught, so that it has a course."""
        return gets_course(class_, self._gather.defaults)

    async def plan(self, ours: Sequence[Any]) -> Sequence[Step[object]]:
        """A step for each record."""
        plan = _PLANS[self._counterpart.kind]
        steps: list[Step[object]] = await plan(self._gather, self.module, self._counterpart, ours)
        return steps

    async def accounts_named(self, usernames: Sequence[str]) -> Mapping[str, MoodleUser]:
        """Moodle's users with these usernames; there is one of each at most."""
        found = await self._gather.moodle.find_users(UserKey.USERNAME, usernames)
        return {name: users[0] for name, users in found.items() if users}

    async def apply(self, steps: Sequence[Step[object]]) -> Sequence[StepResult[ZohoId | MoodleId]]:
        """Create and change."""
        moodle = self._gather.moodle
        done = [
            *await _sent(steps, NewUser, moodle.create_users),
            *await _sent(steps, UserChange, moodle.update_users),
            *await _sent(steps, NewCategory, moodle.create_categories),
            *await _sent(steps, CategoryChange, moodle.update_categories),
            *await _sent(steps, NewCourse, moodle.create_courses),
            *await _sent(steps, CourseChange, moodle.update_courses),
            *await _sent(steps, Enrolment, moodle.enrol),
        ]
        self._gather.remember(done)
        by_id = {result.step.zoho_id: result for result in done}
        return [by_id[step.zoho_id] for step in steps]


async def _sent(
    steps: Iterable[Step[object]],
    kind: type[W],
    send: Callable[[Sequence[W]], Awaitable[Sequence[WriteResult[MoodleId]]]],
) -> list[StepResult[MoodleId]]:
    """The steps that write a thing of one kind, with what became of each."""
    some = [(step, step.write) for step in steps if isinstance(step.write, kind)]
    results = await send([write for _, write in some])
    return [StepResult(step=step, result=result) for (step, _), result in zip(some, results, strict=True)]
