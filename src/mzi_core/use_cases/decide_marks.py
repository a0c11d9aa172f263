"""Decide the marks that are stored of Moodle, and keep nothing: what they come to now, and why."""

from collections.abc import AsyncGenerator
from datetime import datetime, tzinfo

import attrs

from mzi_core.errors import NotFound
from mzi_core.grading import Decision, GradingPolicy, decide_attempts
from mzi_core.grading.plain_values import problems_of
from mzi_core.modules import MOODLE_MARKS, MoodleMarkRecord
from mzi_core.ports import Clock, Cursor, Query, Store, TenantSettings
from mzi_core.record_markings import record_markings
from mzi_core.use_cases.grades import MarkingRefused, chosen_policy, read_policy
from mzi_core.use_cases.tenants import zone_of
from mzi_core.values import MoodleKey, TenantId

MARKS_AT_ONCE = 500
"""How many marks are read at a time."""


@attrs.frozen(kw_only=True)
class DecidedMark:
    """A mark and the decision about each attempt, first to last; the one about the latest stands.

    None is made where `refused` says why the mark cannot be judged. `zone`: to tell its times in.
    """

    mark: MoodleMarkRecord
    decisions: tuple[Decision, ...] = ()
    refused: MarkingRefused | None = None
    decided_at: datetime
    zone: tzinfo


@attrs.frozen(kw_only=True)
class JudgeMarks:
    """How marks are judged at a moment."""

    policy: GradingPolicy
    now: datetime
    zone: tzinfo

    @classmethod
    def of(
        cls,
        settings: TenantSettings,
        now: datetime,
        policy: str | None = None,
        level: str | None = None,
    ) -> "JudgeMarks":
        """By the built-in called `policy`, else by the tenant's choice for programme `level`."""
        named = None if policy is None else read_policy({"base": policy})
        chosen = named or chosen_policy(settings, level, now.date())
        return cls(policy=chosen, now=now, zone=zone_of(settings))

    def decided(self, mark: MoodleMarkRecord) -> DecidedMark:
        """What becomes of a mark."""
        try:
            markings = record_markings(mark, self.now, scale=self.policy.assumed_scale)
        except ValueError as error:
            refused = MarkingRefused(*problems_of(error))
            return DecidedMark(mark=mark, refused=refused, decided_at=self.now, zone=self.zone)
        decisions = decide_attempts(markings, self.policy)
        return DecidedMark(mark=mark, decisions=decisions, decided_at=self.now, zone=self.zone)


@attrs.frozen(kw_only=True)
class DecideMarks:
    """Judge the live marks of a tenant by its policy, page by page; nothing is kept."""

    store: Store
    clock: Clock

    async def __call__(
        self,
        tenant: TenantId,
        *,
        course: MoodleKey | None = None,
        student: MoodleKey | None = None,
        policy: str | None = None,
        level: str | None = None,
    ) -> AsyncGenerator[DecidedMark, None]:
        """Every mark, or those of a course or student, the longest unchanged first.

        All are read to find these, but no more than a page is held. They are judged as of one moment. Raises
        PolicyRefused, UnknownTenant, StoreUnavailable.
        """
        now = self.clock.now()
        async with self.store.read(tenant) as session:
            judge = JudgeMarks.of(await session.settings(), now, policy, level)
        query = Query(limit=MARKS_AT_ONCE)
        while True:
            async with self.store.read(tenant) as session:
                page = await session.list(MOODLE_MARKS, query)
            for each in page:
                mark = each.entity
                if course in (None, mark.course) and student in (None, mark.student):
                    yield judge.decided(mark)
            if len(page) < MARKS_AT_ONCE:
                return
            query = attrs.evolve(query, after=Cursor(page[-1].updated_at, page[-1].entity.key))


@attrs.frozen(kw_only=True)
class DecideMark:
    """Judge one stored mark, as DecideMarks judges several."""

    store: Store
    clock: Clock

    async def __call__(
        self, tenant: TenantId, key: str, *, policy: str | None = None, level: str | None = None
    ) -> DecidedMark:
        """What it comes to.

        Raises MarkingRefused, NotFound where no live mark has this key, PolicyRefused, UnknownTenant,
        StoreUnavailable.
        """
        wanted = MoodleKey(key)
        async with self.store.read(tenant) as session:
            judge = JudgeMarks.of(await session.settings(), self.clock.now(), policy, level)
            found = (await session.stored(MOODLE_MARKS, [wanted])).get(wanted)
        if found is None or found.deleted_at is not None:
            raise NotFound(MOODLE_MARKS.singular, key)
        made = judge.decided(found.entity)
        if made.refused is not None:
            raise made.refused
        return made
