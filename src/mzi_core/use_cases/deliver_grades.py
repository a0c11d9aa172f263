"""Grades: what marks of Moodle come to is brought to Zoho, and a person's edit there is left standing."""

from collections.abc import Iterator, Mapping, Sequence

import attrs

from mzi_core.flows import take_flow
from mzi_core.flows.flow import GRADE, flow_of, in_moodle_only
from mzi_core.flows.grade import (
    GradeFacts,
    GradePlan,
    as_planned,
    intent_of,
    older_keys,
    plan_grade,
    to_record,
)
from mzi_core.flows.rules import Rules
from mzi_core.flows.write_back import write_back_of
from mzi_core.modules import (
    CLASSES,
    GRADES,
    MOODLE_MARKS,
    STUDENTS,
    MoodleMarkRecord,
    RecordedGrade,
)
from mzi_core.ports import (
    Applied,
    Claim,
    Connections,
    DeliveryKey,
    DeliveryState,
    Due,
    Ending,
    Rejected,
    Stored,
    Unknown,
    WriteResult,
)
from mzi_core.provisioning import Action, Step
from mzi_core.provisioning.records import RecordWrite
from mzi_core.use_cases.batches import Batches, shared_locks
from mzi_core.use_cases.claim_endings import failed
from mzi_core.use_cases.deliver import Hold, Remembered, Worked
from mzi_core.use_cases.grade_partners import GradePartners, JudgesByLevel, grade_partners
from mzi_core.use_cases.settle_grades import settled_last
from mzi_core.use_cases.zoho_half import BY_DELIVERY, ZohoHalf
from mzi_core.use_cases.zoho_target import ZohoTarget
from mzi_core.values import MoodleId, RecordKey, TenantId, ZohoId

_Written = WriteResult[ZohoId | MoodleId]

NO_MARK = "Moodle has no mark for it."


@attrs.frozen(kw_only=True)
class GradePair:
    """A mark that is to be recorded, and all that a plan needs."""

    facts: GradeFacts
    row: Stored[RecordedGrade] | None

    def with_grade(
        self,
        fresh: Mapping[RecordKey, Stored[RecordedGrade]],
        found: Stored[RecordedGrade] | None,
    ) -> "GradePair":
        """The same with its grade as it was read again, or `found` in Zoho; without one that is gone."""
        row = found if self.row is None else fresh.get(self.row.entity.key)
        theirs = None if row is None else row.entity
        return attrs.evolve(self, row=row, facts=attrs.evolve(self.facts, theirs=theirs))


@attrs.frozen(kw_only=True)
class GatheredMarks:
    """What is known of pairs, by key.

    `pairs`: those that are to be recorded; `pending`: why another is not yet; `refused`: why one cannot be
    judged; `lone`: marks whose student or class is not known. Of all others there is no mark.
    """

    pairs: Mapping[str, GradePair] = attrs.field(factory=dict)
    pending: Mapping[str, str] = attrs.field(factory=dict)
    refused: Mapping[str, str] = attrs.field(factory=dict)
    lone: Mapping[str, MoodleMarkRecord] = attrs.field(factory=dict)
    partners: Mapping[str, GradePartners] = attrs.field(factory=dict)


async def gather_marks(
    batches: Batches, tenant: TenantId, remembered: Mapping[str, Remembered | None]
) -> GatheredMarks:
    """What the marks with these keys come to, and whose they are; None: nothing is remembered of the pair."""
    async with batches.store.read(tenant) as session:
        settings = await session.settings()
        keys = [MOODLE_MARKS.side.key(key) for key in remembered]
        rows = await session.stored(MOODLE_MARKS, keys)
        marks = {str(key): row.entity for key, row in rows.items() if row.deleted_at is None}
        partners = await grade_partners(session, marks)
        settled_until = await settled_last(session)
    pairs: dict[str, GradePair] = {}
    pending: dict[str, str] = {}
    refused: dict[str, str] = {}
    lone: dict[str, MoodleMarkRecord] = {}
    judges = JudgesByLevel(settings=settings, now=batches.clock.now())
    for key, mark in marks.items():
        known, found = remembered[key], partners[key]
        decided = judges.decided(mark, found.level)
        if isinstance(decided, str):
            refused[key] = decided
            continue
        grade, decision = to_record(mark, decided.decisions, settled_until)
        if not grade.is_final:
            pending[key] = decision.reason(zone=decided.zone)
        elif found.student is None or found.class_ is None:
            lone[key] = mark
        else:
            facts = GradeFacts(
                mark=mark,
                grade=grade,
                decision=decision,
                student=found.student,
                class_=found.class_,
                theirs=None if found.grade is None else found.grade.entity,
                agreed=None if known is None else known.agreed,
                intent=None if known is None else known.intent,
                zone=decided.zone,
            )
            pairs[key] = GradePair(facts=facts, row=found.grade)
    return GatheredMarks(pairs=pairs, pending=pending, refused=refused, lone=lone, partners=partners)


async def as_in_zoho(zoho: ZohoHalf, pairs: Mapping[str, GradePair]) -> dict[str, GradePair]:
    """The pairs with their grades as Zoho has them now."""
    fresh = await zoho.read_again(
        {pair.row.entity.key: pair.row for pair in pairs.values() if pair.row is not None}
    )
    found = await _found_by_keys(zoho, [pair.facts.mark for pair in pairs.values() if pair.row is None])
    return {key: pair.with_grade(fresh, found.get(key)) for key, pair in pairs.items()}


@attrs.frozen(kw_only=True)
class DeliverGrades:
    """Decides marks and writes grades, many together; Zoho is read again before it is overwritten."""

    batches: Batches
    connections: Connections

    async def __call__(self, rules: Rules, hold: Hold) -> Worked:
        """Work on the claims at hand."""
        found = await gather_marks(self.batches, hold.tenant, hold.claims)
        endings = [
            *(claim.settled(NO_MARK) for key, claim in hold.claims.items() if key not in found.partners),
            *(hold.claims[key].settled(why) for key, why in found.pending.items()),
            *(hold.claims[key].dead(why) for key, why in found.refused.items()),
        ]
        ended = await self._wait(hold, found.lone) if found.lone else ()
        if found.pairs:
            endings += await self._recorded(hold, found.pairs)
        return Worked(endings=endings, ended=ended)

    async def _recorded(self, hold: Hold, pairs: Mapping[str, GradePair]) -> Sequence[Ending]:
        """Plan, read Zoho again where something is to be overwritten, plan anew, and write."""
        plans = {key: plan_grade(pair.facts) for key, pair in pairs.items()}
        results: dict[str, _Written] = {}
        writing = {
            key: pairs[key] for key, plan in plans.items() if plan.values or hold.claims[key].is_in_doubt
        }
        if writing:
            zoho = await ZohoHalf.of(hold.tenant, GRADES, self.batches, self.connections)
            writing = await as_in_zoho(zoho, writing)
            plans |= {key: plan_grade(pair.facts) for key, pair in writing.items()}
            writing = {key: pair for key, pair in writing.items() if plans[key].values}
            results = await self._written(hold, zoho, writing, plans)
        return [
            _ending(hold.claims[key], plans[key], results.get(key))
            for key in pairs
            if key in results or not plans[key].values
        ]

    async def _written(
        self, hold: Hold, zoho: ZohoHalf, pairs: Mapping[str, GradePair], plans: Mapping[str, GradePlan]
    ) -> dict[str, _Written]:
        """Write grades: those that Zoho has by their id, the others by their key."""
        if not pairs:
            return {}
        intents = {key: intent_of(plans[key], pair.facts.theirs) for key, pair in pairs.items()}
        ours = await hold.about_to_send(intents)
        back = write_back_of(GRADES).told(zoho.choice.named.described.fields, self.batches.clock.now())
        steps: list[Step[RecordWrite]] = []
        for key in ours:
            facts, plan = pairs[key].facts, plans[key]
            write = zoho.write_of(as_planned(facts, plan), plan.values, by_key=facts.theirs is None)
            write = attrs.evolve(write, record={**write.record, **back})
            id = ZohoId(key) if facts.theirs is None else facts.theirs.zoho_id
            act = Action.CREATE if facts.theirs is None else Action.CHANGE
            steps.append(Step(zoho_id=id, act=act, write=write))
        target = ZohoTarget(
            tenant=hold.tenant,
            choice=zoho.choice,
            zoho=zoho.zoho,
            store=self.batches.store,
            codec=self.batches.codec,
            once=True,
        )
        done = await target.apply(steps)
        results = {key: result.result for key, result in zip(ours, done, strict=True)}
        found = {key: result for key, result in results.items() if result is not None}
        hold.answered(found)
        await self._keep(hold, pairs, plans, found)
        return found

    async def _keep(
        self,
        hold: Hold,
        pairs: Mapping[str, GradePair],
        plans: Mapping[str, GradePlan],
        results: Mapping[str, _Written],
    ) -> None:
        """Keep as Zoho's what it acknowledged; what is new, or was changed meanwhile, is read again."""
        done = {key: result for key, result in results.items() if isinstance(result, Applied)}
        if not done:
            return
        async with self.batches.open(hold.tenant, GRADES, caused_by=BY_DELIVERY, delivers=True) as batch:
            ours = await hold.still_ours(batch.session, done)
            known = {row.entity.key: key for key in ours if (row := pairs[key].row) is not None}
            now = await batch.session.stored(GRADES, list(known))
            same = {
                id: known[id]
                for id, row in now.items()
                if (before := pairs[known[id]].row) is not None and row.revision == before.revision
            }
            await batch.amend({id: _acknowledged(plans[key]) for id, key in sorted(same.items())})
            moved = [id for id in known if id not in same]
            look = take_flow(GRADES.name)
            new = [str(done[key].id) for key in ours if pairs[key].row is None]
            dues = [Due(look, id) for id in (*moved, *new)]
            dues += [Due(hold.claims[known[id]].flow, known[id]) for id in moved]
            if dues:
                await batch.session.make_due(dues)

    async def _wait(self, hold: Hold, marks: Mapping[str, MoodleMarkRecord]) -> Sequence[DeliveryState]:
        """Have marks wait until the student and the class are known that they belong to.

        That is looked for once more under the locks of both modules, which who brings it has alone.
        """
        async with self.batches.store.begin(hold.tenant) as session:
            await session.lock(shared_locks(GRADE.waits_for.values()))
            partners = await grade_partners(session, marks)
            ended = await session.end_claims(
                [_waiting(hold.claims[key], mark, partners[key]) for key, mark in marks.items()]
            )
        return list(ended.values())


async def _found_by_keys(
    zoho: ZohoHalf, marks: Sequence[MoodleMarkRecord]
) -> Mapping[str, Stored[RecordedGrade]]:
    """The grades that Zoho has of marks of which we know none; one under an older key is that of one mark."""
    keys = {str(mark.moodle_key): (str(mark.moodle_key), *older_keys(mark)) for mark in marks}
    values = list(dict.fromkeys(key for some in keys.values() for key in some))
    there = await zoho.found("composite_key", values)
    found = {key: there.pop(key) for key in keys if key in there}
    for key, (_, *older) in keys.items():
        match = next((each for each in older if each in there), None)
        if key not in found and match is not None:
            found[key] = there.pop(match)
    return found


def _acknowledged(plan: GradePlan) -> dict[str, object]:
    """What Zoho says now, by our names."""
    said_in = GRADES.said_in
    said = {said_in[name]: value for name, value in plan.values.items() if name in said_in}
    return {**plan.values, **said}


def missing_partners(mark: MoodleMarkRecord, partners: GradePartners) -> Iterator[tuple[DeliveryKey, str]]:
    """What a mark waits for, each with a sentence about it."""
    for missing, module, key, what in (
        (partners.student is None, STUDENTS, mark.student, "student in Zoho is linked to Moodle user"),
        (partners.class_ is None, CLASSES, mark.course, "class in Zoho is linked to Moodle course"),
    ):
        if missing:
            address = DeliveryKey(flow_of(module).name, in_moodle_only(MoodleId(int(key))))
            yield address, f"No {what} {key} yet."


def _waiting(claim: Claim, mark: MoodleMarkRecord, partners: GradePartners) -> Ending:
    missing = next(missing_partners(mark, partners), None)
    return claim.given_back() if missing is None else claim.waiting(*missing)


def _ending(claim: Claim, plan: GradePlan, result: _Written | None) -> Ending:
    if isinstance(result, Unknown):
        return failed(claim, result.why)
    if isinstance(result, Rejected):
        return failed(claim, result.why) if result.retryable else claim.dead(result.why)
    return claim.settled(plan.why, agreed=plan.says)
