"""Decide grades, keep the decisions, and see what another policy would have decided."""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo

import attrs

from mzi_core.errors import MziError
from mzi_core.grading import (
    BTEC_DEFAULT,
    DecidedAttempts,
    Decision,
    GradingPolicy,
    Marking,
    PolicyBook,
    Recorded,
    SimulatedChange,
    causes_of,
    decide,
    families_of,
    lint,
    marking_from_data,
    policy_from,
    simulate,
)
from mzi_core.grading.book import SPELLINGS
from mzi_core.grading.plain_values import problems_of
from mzi_core.grading.quoting import quoted
from mzi_core.ports import Clock, Cursor, DecisionRecord, Lock, Store, TenantSettings
from mzi_core.use_cases.kept_decisions import key_problem
from mzi_core.use_cases.tenants import settings_to_change, zone_of
from mzi_core.values import TenantId

DEFAULT = "default"
"""The family under which a tenant's policy for everything else is kept."""

DECISIONS = "grade decisions"
"""What is locked while decisions are kept, so that two sessions do not both keep the same one."""
MOST_FAULTS = 100
"""So many faults of a request are told."""

_SOMETIME = datetime(2026, 1, 1, tzinfo=UTC)
"""When a question is asked whose answer nobody wants: only whether it can be asked."""

PAGE = 500
"""How many decisions are read at a time."""


def _sentence(said: str) -> str:
    return said if said.endswith((".", "?")) else f"{said}."


class MarkingRefused(MziError):
    """What was said about markings cannot be judged; `problems` says of each part why."""

    def __init__(self, *problems: str) -> None:
        self.problems = tuple(map(_sentence, problems))
        super().__init__(" ".join(self.problems))


class PolicyRefused(MziError):
    """A policy that is not known, cannot be read, or would be wrong; `problems` says everything about it."""

    def __init__(self, *problems: str) -> None:
        self.problems = tuple(map(_sentence, problems))
        super().__init__(" ".join(self.problems))


def read_marking(data: Mapping[str, object], now: datetime) -> Marking:
    """A marking from plain JSON; `now` unless it says another. Raises MarkingRefused."""
    try:
        marking = marking_from_data({"now": now.isoformat(), **data})
    except ValueError as error:
        raise MarkingRefused(*problems_of(error)) from error
    if marking.minimum and marking.maximum is None and not marking.items and "scale" not in data:
        # a 2 would be half of 0 to 4 and a third of 1 to 4, which is another grade
        raise MarkingRefused(
            f"minimum {marking.minimum} does not tell the scale by itself; say the maximum, too, or the scale"
        )
    return marking


def read_policy(data: Mapping[str, object]) -> GradingPolicy:
    """A policy from plain JSON, as `policy_from` reads it. Raises PolicyRefused."""
    try:
        return policy_from(data)
    except ValueError as error:
        raise PolicyRefused(*problems_of(error)) from error


NamedMarkings = Iterable[tuple[str, Mapping[str, object]]]
"""Markings as data, each behind how a sentence about it begins."""


def faults(policy: Mapping[str, object] | None, markings: NamedMarkings) -> list[str]:
    """What is wrong with a policy and with markings; of very much the beginning."""
    found: list[str] = []
    if policy is not None:
        try:
            read_policy(policy)
        except PolicyRefused as refused:
            found += refused.problems
    for called, data in markings:
        if len(found) >= MOST_FAULTS:
            break
        try:
            read_marking(data, _SOMETIME)
        except MarkingRefused as refused:
            found += (f"{called}{problem}" for problem in refused.problems)
    return found


def _refuse_wrong(policy: Mapping[str, object], markings: NamedMarkings) -> None:
    """Raises PolicyRefused with everything that is wrong with both, MarkingRefused if only markings are."""
    wrong = faults(policy, ())
    found = [*wrong, *faults(None, markings)]
    if found:
        raise PolicyRefused(*found) if wrong else MarkingRefused(*found)


def book_of(settings: TenantSettings) -> PolicyBook:
    """The policies a tenant chose, by family. Raises PolicyRefused."""
    chosen = {family: read_policy(data) for family, data in settings.policies.items()}
    return PolicyBook(default=chosen.pop(DEFAULT, BTEC_DEFAULT), by_family=chosen)


def chosen_policy(settings: TenantSettings, level: str | None, on: date) -> GradingPolicy:
    """The tenant's policy for a programme level on a day. Raises PolicyRefused."""
    book = book_of(settings)
    try:
        return book.for_level(level, on)
    except ValueError as error:
        raise PolicyRefused(str(error)) from error


@attrs.frozen(kw_only=True)
class ToDecide:
    """A marking as plain JSON. With `record_as`, the composite key of the grade, its decision is kept.

    `key_problem` says what no decision can be kept under.
    """

    marking: Mapping[str, object]
    record_as: str | None = None


@attrs.frozen(kw_only=True)
class DecidedTogether:
    """What became of markings that were judged together, in order, and the zone to tell their times in."""

    made: Sequence[Decision | MarkingRefused]
    decided_at: Sequence[datetime]
    """When each was decided: now, or when the decision was kept that says the same. It is not the `now` of a
    marking, as of which it is judged."""
    zone: tzinfo


@attrs.frozen(kw_only=True)
class DecidedGrade:
    """A decision, when it was made, and the zone to tell its times in."""

    decision: Decision
    decided_at: datetime
    zone: tzinfo


@attrs.frozen(kw_only=True)
class DecideGrades:
    """Judge markings by the tenant's policy, and keep the decisions that have a key, trace and all."""

    store: Store
    clock: Clock

    async def __call__(
        self,
        tenant: TenantId,
        asked: Sequence[ToDecide],
        *,
        policy: str | None = None,
        level: str | None = None,
    ) -> DecidedTogether:
        """The decision about each marking, or why it cannot be judged.

        All are judged by the built-in called `policy`, else by the tenant's choice for programme `level`, and
        in one session: of what is to be kept all is kept or nothing. What has a key is judged knowing what
        the attempts before it passed with, and the latest attempt stands, in whatever order attempts are
        decided: see `DecidedAttempts`. Not kept again is a decision that says what the newest about its
        attempt says, nor is an attempt that is not marked yet kept over a mark for it. Raises PolicyRefused,
        UnknownTenant, StoreUnavailable.
        """
        named = None if policy is None else read_policy({"base": policy})
        now = self.clock.now()
        read = [_read(each, now) for each in asked]
        keys = {
            each.record_as
            for each, marking in zip(asked, read, strict=True)
            if each.record_as is not None and isinstance(marking, Marking)
        }
        async with self.store.begin(tenant) if keys else self.store.read(tenant) as session:
            if keys:
                await session.lock([Lock(DECISIONS, shared=False)])
            settings = await session.settings()
            zone = zone_of(settings)
            chosen = named or chosen_policy(settings, level, now.date())
            known = await session.decisions_by_attempt(keys) if keys else {}
            under = {key: DecidedAttempts(each.decision for each in known.get(key, ())) for key in keys}
            newest = {(each.key, each.attempt): each for key in known for each in known[key]}
            made: dict[int, Decision | MarkingRefused] = {}
            times = dict.fromkeys(range(len(asked)), now)
            kept: list[DecisionRecord] = []
            for place in _earlier_attempts_first(read):
                marking, said = read[place], asked[place]
                if not isinstance(marking, Marking):
                    made[place] = marking
                    continue
                marking = _on_its_scale(marking, said.marking, chosen)
                if said.record_as is None:
                    made[place] = decide(marking, chosen)
                    continue
                attempts = under[said.record_as]
                made[place] = decision = attempts.decide(marking, chosen)
                for news in attempts.keep(decision):
                    record = DecisionRecord(key=said.record_as, decision=news, decided_at=now)
                    newest[record.key, record.attempt] = record
                    kept.append(record)
                standing = newest[said.record_as, marking.attempt]
                if not causes_of(standing.decision, decision):
                    times[place] = standing.decided_at
            if kept:
                await session.record_decisions(kept)
        in_order = range(len(asked))
        return DecidedTogether(
            made=[made[place] for place in in_order],
            decided_at=[times[place] for place in in_order],
            zone=zone,
        )


def _earlier_attempts_first(read: Sequence[Marking | MarkingRefused]) -> Sequence[int]:
    """The places of markings in the order of their attempts, so that each knows those before it."""

    def attempt(place: int) -> int:
        marking = read[place]
        return marking.attempt if isinstance(marking, Marking) else 0

    return sorted(range(len(read)), key=attempt)


_TELLS_THE_SCALE = ("scale", "maximum", "items")


def _on_its_scale(marking: Marking, said: Mapping[str, object], policy: GradingPolicy) -> Marking:
    """The marking on the scale that the policy assumes, where nothing is said of the grade item."""
    if policy.assumed_scale is None or any(said.get(name) for name in _TELLS_THE_SCALE):
        return marking
    return attrs.evolve(marking, scale=policy.assumed_scale)


def _read(asked: ToDecide, now: datetime) -> Marking | MarkingRefused:
    problem = None if asked.record_as is None else key_problem(asked.record_as)
    wrong = [] if problem is None else [f"record_as: {problem}"]
    try:
        marking = read_marking(asked.marking, now)
    except MarkingRefused as refused:
        return MarkingRefused(*wrong, *refused.problems) if wrong else refused
    return MarkingRefused(*wrong) if wrong else marking


@attrs.frozen
class DecideGrade:
    """Judge one marking, as DecideGrades judges several."""

    decide_grades: DecideGrades

    async def __call__(
        self,
        tenant: TenantId,
        marking: Mapping[str, object],
        *,
        policy: str | None = None,
        level: str | None = None,
        record_as: str | None = None,
    ) -> Decision:
        """The decision, which is kept with `record_as`.

        Raises MarkingRefused, PolicyRefused, UnknownTenant, StoreUnavailable.
        """
        told = await self.as_told(tenant, marking, policy=policy, level=level, record_as=record_as)
        return told.decision

    async def as_told(
        self,
        tenant: TenantId,
        marking: Mapping[str, object],
        *,
        policy: str | None = None,
        level: str | None = None,
        record_as: str | None = None,
    ) -> DecidedGrade:
        """The decision, and how its times are told. Raises what a call raises."""
        asked = ToDecide(marking=marking, record_as=record_as)
        if policy is not None:
            _refuse_wrong({"base": policy}, [("", marking)])
        decided = await self.decide_grades(tenant, [asked], policy=policy, level=level)
        (made,) = decided.made
        if isinstance(made, MarkingRefused):
            raise made
        (decided_at,) = decided.decided_at
        return DecidedGrade(decision=made, decided_at=decided_at, zone=decided.zone)


@attrs.frozen(kw_only=True)
class SimulateGrades:
    """Judge kept decisions, or markings that are handed in, by another policy; nothing is written."""

    store: Store
    clock: Clock

    async def __call__(
        self,
        tenant: TenantId,
        policy: Mapping[str, object],
        markings: Mapping[str, Mapping[str, object]] | None = None,
    ) -> AsyncGenerator[SimulatedChange[str], None]:
        """The changes `policy` (plain JSON, see `policy_from`) would make, by key.

        `markings` by a key of the caller's are compared with what the tenant's present policy makes of them.
        Raises MarkingRefused, PolicyRefused, UnknownTenant, StoreUnavailable.
        """
        if markings is not None:
            _refuse_wrong(policy, ((f"{quoted(key)}: ", data) for key, data in markings.items()))
        other = read_policy(policy)
        if markings is not None:
            async with self.store.read(tenant) as session:
                settings = await session.settings()
            present, zone = book_of(settings).default, zone_of(settings)
            now = self.clock.now()
            read = {
                key: _on_its_scale(read_marking(data, now), data, present) for key, data in markings.items()
            }
            for change in simulate(other, _judged(read, present), zone):
                yield change
            return
        after: Cursor | None = None
        while True:
            async with self.store.read(tenant) as session:
                zone = zone_of(await session.settings())
                kept = await session.decisions(after, PAGE)
            if not kept:
                return
            for change in simulate(
                other, [Recorded.of(record.key, record.decision) for record in kept], zone
            ):
                yield change
            after = Cursor(kept[-1].decided_at, kept[-1].key)


def _judged(markings: Mapping[str, Marking], policy: GradingPolicy) -> Iterable[Recorded[str]]:
    return (Recorded.of(key, decide(marking, policy)) for key, marking in markings.items())


@attrs.frozen
class ChoosePolicy:
    """Choose how a qualification family of a tenant is graded from now on."""

    store: Store

    async def __call__(
        self, tenant: TenantId, level: str | None, policy: Mapping[str, object]
    ) -> GradingPolicy:
        """The policy as kept, for the families of `level` (L5, HND, Level 4/5), or without for all else.

        A policy that cannot be right is refused with every problem, and nothing changes. Raises
        PolicyRefused, UnknownTenant, StoreUnavailable.
        """
        families = (DEFAULT,) if level is None else families_of(level)
        if not families:
            raise PolicyRefused(f"{quoted(level)} is no programme level; {SPELLINGS}")
        chosen = read_policy(policy)
        problems = [problem for problem in lint(chosen) if not problem.check.is_warning]
        if problems:
            raise PolicyRefused(*(problem.sentence for problem in problems))
        async with self.store.begin(tenant) as session:
            settings = await settings_to_change(session)
            policies = {**settings.policies, **dict.fromkeys(families, chosen.to_data())}
            await session.save_settings(attrs.evolve(settings, policies=policies))
        return chosen
