"""Accounts, programmes, courses and enrolments: what Zoho says is brought to Moodle, and Zoho told of it."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import attrs

from mzi_core.errors import AccountMissing
from mzi_core.flows.brake import DestructiveAction, limit
from mzi_core.flows.flow import Flow, flow_of
from mzi_core.flows.rules import Rules
from mzi_core.flows.write_back import is_link_untold, write_back_of
from mzi_core.module import AnyModule
from mzi_core.modules import CATALOGUE, CLASSES, PROGRAMS
from mzi_core.ports import (
    BrakePlan,
    Claim,
    Connections,
    DeliveryKey,
    DeliveryState,
    Ending,
    Enrolment,
    JsonObject,
    NewCategory,
    NewCourse,
    NewUser,
    PlanState,
    Rejected,
    Session,
    Stored,
    Unknown,
)
from mzi_core.provisioning import Action, Difference, Step
from mzi_core.provisioning.enrolments import NO_COURSE
from mzi_core.use_cases.ask_persons import AskPersons
from mzi_core.use_cases.batches import Batches, shared_locks
from mzi_core.use_cases.carry_out import CarryOut, Learned, Steps
from mzi_core.use_cases.claim_endings import failed
from mzi_core.use_cases.deliver import Hold, Remembered, Result, Worked
from mzi_core.use_cases.enrol_staff import EnrolStaff, Unstaffed
from mzi_core.use_cases.moodle_target import MoodleTarget
from mzi_core.use_cases.targets import Targets
from mzi_core.use_cases.zoho_half import BY_DELIVERY, News, ZohoHalf
from mzi_core.values import MoodleId, Parent, RecordKey, State

GONE = "Zoho has it no longer."
HELD = (
    "So many would be suspended within a day that a person is asked first: `mzi plan show {}`, then approve "
    "or reject it."
)

ASKED = "asked"
"""Under this name is remembered of a pair that was held what Zoho's record said then, as a fingerprint."""

SUSPENDED_BY_MZI: JsonObject = {"suspended": True}
"""What is remembered of a pair whose enrolment mzi has suspended."""

NO_ACCOUNTS = "It has no account in Moodle, and by the rules mzi makes none by itself."
NO_PROGRAMS = "It is not in Moodle yet, and by the rules mzi makes no programs there by itself."
NO_COURSES = "It has no course in Moodle, and by the rules mzi makes none by itself."


@attrs.frozen(kw_only=True)
class DeliverCounterparts:
    """Brings what Zoho's records are in Moodle to agree with them, of the modules of one flow.

    Zoho is read again before anything is written, and so is Moodle for every plan.
    """

    flow: Flow
    batches: Batches
    targets: Targets
    connections: Connections

    async def __call__(self, rules: Rules, hold: Hold) -> Worked:
        """Work on the claims at hand, module by module."""
        left = dict(hold.claims)
        endings: list[Ending] = []
        results: list[Result] = []
        ended: list[DeliveryState] = []
        for module in self.flow.zoho:
            async with self.batches.store.read(hold.tenant) as session:
                rows = await session.stored(module, [module.side.key(key) for key in left])
            live = {key: row for key, row in rows.items() if row.deleted_at is None}
            if live:
                done = await self._of_module(module, live, rules, hold)
                endings += done.endings
                results += done.results
                ended += done.ended
            for key in live:
                del left[key]
        if left:
            module = self.flow.zoho[0]
            gone = [module.side.key(key) for key in left]
            await AskPersons(store=self.batches.store, module=module)(hold, {}, gone)
        endings += (claim.settled(GONE) for claim in left.values())
        return Worked(endings=endings, results=results, ended=ended)

    async def _of_module(
        self, module: AnyModule, rows: Mapping[RecordKey, Stored[Any]], rules: Rules, hold: Hold
    ) -> Worked:
        target = await self.targets.moodle(hold.tenant, module)
        pairs = _Pairs(
            module=module,
            rules=rules,
            hold=hold,
            batches=self.batches,
            target=target,
            zoho=await self._zoho(module, hold),
        )
        return await pairs.worked_on(rows)

    async def _zoho(self, module: AnyModule, hold: Hold) -> ZohoHalf | None:
        """Zoho's half; None where the tenant's records come by another way, and nobody can be told."""
        try:
            return await ZohoHalf.of(hold.tenant, module, self.batches, self.connections)
        except AccountMissing:
            return None


@attrs.frozen(kw_only=True)
class _Pairs:
    """Pairs of one module that are worked on together."""

    module: AnyModule
    rules: Rules
    hold: Hold
    batches: Batches
    target: MoodleTarget
    zoho: ZohoHalf | None

    @property
    def _links(self) -> Collection[str]:
        """The names of the links, which mzi may keep before Zoho has been told of them."""
        return [link.name for link in self.module.links]

    async def worked_on(self, rows: Mapping[RecordKey, Stored[Any]]) -> Worked:
        """Plan, read Zoho again where something is to be written, plan anew, and write."""
        rows = await self._made_before(rows)
        steps = await self._planned(rows)
        writing = {
            key: rows[key]
            for key, step in steps.items()
            if self.hold.claims[key].is_in_doubt or self._writes(step, rows[key].entity)
        }
        fresh = writing if self.zoho is None else await self.zoho.read_again(writing)
        gone = [self.hold.claims[key].settled(GONE) for key in writing if key not in fresh]
        changed = {key: row for key, row in fresh.items() if row.entity != rows[key].entity}
        rows = {key: fresh.get(key, row) for key, row in rows.items() if key in fresh or key not in writing}
        steps = {key: step for key, step in steps.items() if key in rows} | await self._planned(changed)
        ask = AskPersons(store=self.batches.store, module=self.module)
        await ask(self.hold, steps, [key for key in writing if key not in fresh])
        braked = await self._braked(steps, rows)
        steps = {key: step for key, step in steps.items() if key not in braked}
        rows = {key: row for key, row in rows.items() if key not in braked}
        carry_out = CarryOut(target=self.target, sending=self._sending, keep=self._keep)
        entities = [row.entity for row in rows.values()]
        carried_out = await carry_out(entities, [step for step in steps.values() if self._may(step)])
        results: dict[RecordKey, Result] = {result.step.zoho_id: result for result in carried_out}
        self.hold.answered({key: each.result for key, each in results.items() if each.result is not None})
        untold = await self._tell(rows, steps, results)
        unstaffed = await self._unstaffed(steps, results)
        needing: Mapping[RecordKey, Step[object] | Unstaffed] = {**steps, **unstaffed}
        waiting = {key: (each.needs, each.why) for key, each in needing.items() if each.needs is not None}
        ended = await self._wait(waiting) if waiting else ()
        endings = [
            self._ending(
                self.hold.claims[key], step, results.get(key), untold.get(key, ""), unstaffed.get(key)
            )
            for key, step in steps.items()
            if key not in waiting
        ]
        return Worked(
            endings=[*gone, *endings, *(each for each in braked.values() if isinstance(each, Ending))],
            results=list(results.values()),
            ended=[*ended, *(each for each in braked.values() if not isinstance(each, Ending))],
        )

    async def _braked(
        self, steps: Mapping[RecordKey, Step[object]], rows: Mapping[RecordKey, Stored[Any]]
    ) -> Mapping[RecordKey, Ending | DeliveryState]:
        """Reserve at the brake what would be suspended, and say of the others how they end or stand now.

        What was approved goes through: it was planned anew just now, so nothing is done blindly. What was
        rejected stays as it is, and where Zoho has said something else since, a person is asked again.
        """
        wanted = {key: self.hold.claims[key] for key, step in steps.items() if suspends(step)}
        if not wanted:
            return {}
        async with self.batches.store.begin(self.hold.tenant) as session:
            asked = await ask_brake(session, self.module, wanted, rows)
            as_it_was = {key: wanted[key].settled(plan.reason) for key, plan in asked.rejected.items()}
            over = asked.over
            if not over:
                return as_it_was
            plan = await session.open_plan(flow_of(self.module).name, asked.action)
            ended = await session.end_claims(
                [
                    wanted[key].held(plan, HELD.format(plan), agreed={ASKED: rows[key].fingerprint})
                    for key in over
                ]
            )
        states = {address.key: state for address, state in ended.items()}
        return {**as_it_was, **{key: states[key] for key in over if key in states}}

    async def _planned(self, rows: Mapping[RecordKey, Stored[Any]]) -> dict[RecordKey, Step[object]]:
        steps = await self.target.plan([row.entity for row in rows.values()]) if rows else ()
        return {step.zoho_id: taken_back(step, self.hold.claims[step.zoho_id].agreed) for step in steps}

    def _may(self, step: Step[object]) -> bool:
        """Whether the rules let it be done."""
        return not forbidden(self.module, step, self.rules)

    def _writes(self, step: Step[object], record: Any) -> bool:
        """Whether something is to be written, in Moodle or in Zoho."""
        if not self._may(step) or step.needs is not None:
            return False
        return step.act is not Action.NOTHING or self._is_untold(record)

    def _is_untold(self, record: Any) -> bool:
        """Whether Zoho does not know the link that we know, or has not been told what was done."""
        if self.zoho is None:
            return False
        return bool(self.hold.claims[record.key].intent) or is_link_untold(self.module, record)

    async def _sending(self, steps: Steps) -> Steps:
        """Those that are still ours to send, once it is noted what is about to be."""
        steps = [self._as_noted(step) for step in steps]
        ours = await self.hold.about_to_send({step.zoho_id: _intent(step) for step in steps})
        return [step for step in steps if step.zoho_id in ours]

    def _as_noted(self, step: Step[object]) -> Step[object]:
        """An account is made under the name first noted for it: one made so before is found by it."""
        noted = self.hold.claims[step.zoho_id].intent or {}
        if not isinstance(step.write, NewUser) or not noted.get("username"):
            return step
        write = attrs.evolve(step.write, username=str(noted["username"]), email=str(noted["email"]))
        return attrs.evolve(step, write=write)

    async def _made_before(self, rows: Mapping[RecordKey, Stored[Any]]) -> Mapping[RecordKey, Stored[Any]]:
        """The records, with the accounts that a worker made for them and could not keep any more."""
        ours = await made_before(self.target, {key: self.hold.claims[key].intent for key in rows})
        if not ours:
            return rows
        await self._keep(ours)
        async with self.batches.store.read(self.hold.tenant) as session:
            return {**rows, **await session.stored(self.module, list(ours))}

    async def _keep(self, learned: Learned) -> None:
        """Keep links, where nobody has taken the pair over; who waited for them is woken.

        What is no link is a field of Zoho's: where that can be told, it is, and kept once acknowledged.
        """
        changes = {
            key: {name: value for name, value in fields.items() if name in self._links or self.zoho is None}
            for key, fields in learned.items()
        }
        changes = {key: fields for key, fields in changes.items() if fields}
        if not changes:
            return
        async with self.batches.open(
            self.hold.tenant, self.module, caused_by=BY_DELIVERY, delivers=True
        ) as batch:
            ours = await self.hold.still_ours(batch.session, changes)
            await batch.amend({key: changes[key] for key in sorted(ours)})

    async def _tell(
        self,
        rows: Mapping[RecordKey, Stored[Any]],
        steps: Mapping[RecordKey, Step[object]],
        results: Mapping[RecordKey, Result],
    ) -> Mapping[RecordKey, str]:
        """Tell Zoho what it does not know yet; why not, where that failed."""
        news: dict[RecordKey, News] = {}
        for key, step in steps.items():
            result = results.get(key)
            if step.needs is not None:
                if write_back_of(self.module).waits and not self.hold.claims[key].intent:
                    news[key] = News(waits=True)
                continue
            if result is None or step.why == NO_COURSE or (step.act.writes and result.result is None):
                continue
            if result.well:
                learned = {**result.step.links, **result.learned}
                if result.result is not None or learned or self._is_untold(rows[key].entity):
                    fields = {name: id for name, id in learned.items() if name not in self._links}
                    news[key] = News(fields=fields)
            elif _is_its_own_fault(step, result):
                news[key] = News(problem=result.why)
        return await self.zoho.tell(news, self.hold) if news and self.zoho is not None else {}

    async def _unstaffed(
        self, steps: Mapping[RecordKey, Step[object]], results: Mapping[RecordKey, Result]
    ) -> Mapping[RecordKey, Unstaffed]:
        """Enrol who is to be in the courses of classes beside the students; where somebody is not."""
        if self.module is not CLASSES:
            return {}
        there = [
            key
            for key, step in steps.items()
            if self._may(step) and step.act.agrees and (key not in results or results[key].well)
        ]
        async with self.batches.store.read(self.hold.tenant) as session:
            rows = await session.stored(CLASSES, there)
        classes = {
            key: row.entity
            for key, row in rows.items()
            if row.entity.moodle_class_id is not None and self.target.wants_course(row.entity)
        }
        enrol = EnrolStaff(
            store=self.batches.store, moodle=self.target.moodle, rules=self.rules, hold=self.hold
        )
        new = [key for key in there if key in results and results[key].step.act is Action.CREATE]
        return await enrol(classes, new)

    async def _wait(self, waiting: Mapping[RecordKey, tuple[Parent, str]]) -> Sequence[DeliveryState]:
        """Have pairs wait, each for what it says and why, unless that has come meanwhile.

        That is looked for once more under the locks of those modules, which who brings it has alone.
        """
        wanted: dict[AnyModule, set[RecordKey]] = defaultdict(set)
        for needs, _ in waiting.values():
            wanted[CATALOGUE[needs.module]].add(needs.key)
        async with self.batches.store.begin(self.hold.tenant) as session:
            await session.lock(shared_locks(wanted))
            linked = {
                Parent(module.name, key)
                for module, keys in wanted.items()
                for key, row in (await session.stored(module, keys)).items()
                if any(getattr(row.entity, name) is not None for name in module.own_ids)
            }
            endings = [
                self.hold.claims[key].given_back()
                if needs in linked
                else self.hold.claims[key].waiting(_address(needs), why)
                for key, (needs, why) in waiting.items()
            ]
            ended = await session.end_claims(endings)
        return list(ended.values())

    def _ending(
        self,
        claim: Claim,
        step: Step[object],
        result: Result | None,
        untold: str,
        unstaffed: Unstaffed | None,
    ) -> Ending:
        if not self._may(step):
            return claim.settled(forbidden(self.module, step, self.rules))
        made = None if result is None else result.result
        if isinstance(made, Unknown):
            return failed(claim, made.why)
        if isinstance(made, Rejected):
            may_go_well = made.retryable or made.existing is not None
            return failed(claim, made.why) if may_go_well else claim.dead(made.why)
        if step.act.writes and made is None:
            return claim.given_back()  # somebody else has taken it over, and this ending counts for nothing
        if untold:
            return failed(claim, f"Zoho could not be told: {untold}")
        if not step.act.agrees:
            return claim.dead(step.why)
        if unstaffed is not None:
            return failed(claim, unstaffed.why) if unstaffed.may_go_well else claim.dead(unstaffed.why)
        agreed = _agreed(step, made)
        if agreed is None and _asked(claim.agreed):
            agreed = {}
        return claim.settled(step.why if made is None else "", agreed=agreed, plan_id="")


def _address(needs: Parent) -> DeliveryKey:
    """The delivery that has what is needed."""
    return DeliveryKey(flow_of(CATALOGUE[needs.module]).name, needs.key)


@attrs.frozen(kw_only=True)
class AskedBrake:
    """What the brake says of pairs: by which plan a person has rejected them, and which are `over` its limit.

    All others may be done. `action`: what was asked about.
    """

    action: DestructiveAction
    rejected: Mapping[RecordKey, BrakePlan]
    over: Sequence[RecordKey]


async def ask_brake(
    session: Session,
    module: AnyModule,
    wanted: Mapping[RecordKey, Remembered],
    rows: Mapping[RecordKey, Stored[Any]],
) -> AskedBrake:
    """Reserve at the brake those that are to be suspended; it holds once the session has ended well.

    What a person has rejected is not reserved; it is over the limit where Zoho has said something else since.
    """
    flow = flow_of(module)
    (action,) = flow.takes_away
    rejected = await _rejected(session, wanted)
    as_it_was = {
        key: plan for key, plan in rejected.items() if _asked(wanted[key].agreed) == rows[key].fingerprint
    }
    left = {key: each for key, each in wanted.items() if key not in as_it_was}
    counts = await session.count(module)
    passing = await session.reserve(
        flow.name,
        action,
        {key: each.generation for key, each in left.items() if key not in rejected},
        limit(sum(counts.get(state, 0) for state in (State.NEW, State.UPDATED))),
        approved=[key for key, each in left.items() if each.approved_generation == each.generation],
    )
    return AskedBrake(action=action, rejected=as_it_was, over=[key for key in left if key not in passing])


def taken_back(step: Step[object], agreed: JsonObject | None) -> Step[object]:
    """Where it was this pair's delivery that suspended an enrolment, it is made active again with it."""
    if step.takes_back is None or agreed != SUSPENDED_BY_MZI:
        return step
    return attrs.evolve(
        step,
        act=Action.CHANGE,
        changes=(Difference("suspended", before=True, after=False),),
        write=step.takes_back,
        why="",
    )


async def made_before(
    target: MoodleTarget, intents: Mapping[RecordKey, JsonObject | None]
) -> Mapping[RecordKey, Mapping[str, MoodleId]]:
    """The links to accounts that a worker made and could not keep any more, by what it had noted for them."""
    noted = {
        key: str(name)
        for key, intent in intents.items()
        if (name := (intent or {}).get("username")) is not None
    }
    found = await target.accounts_named(list(noted.values())) if noted else {}
    link = write_back_of(target.module).link
    return {
        key: {link: found[name].id}
        for key, name in noted.items()
        if name in found and found[name].id_number == key
    }


def suspends(step: Step[object]) -> bool:
    """Whether it suspends an enrolment."""
    return isinstance(step.write, Enrolment) and step.write.suspended is True


def _agreed(step: Step[object], made: object) -> JsonObject | None:
    """What is remembered of an enrolment that was suspended, until it is made active again."""
    if made is None or not isinstance(step.write, Enrolment) or step.write.suspended is None:
        return None
    return SUSPENDED_BY_MZI if step.write.suspended else {}


def _asked(agreed: JsonObject | None) -> object:
    """What Zoho's record said when a person was asked about the pair; None where nobody was."""
    return (agreed or {}).get(ASKED)


async def _rejected(
    session: Session, claims: Mapping[RecordKey, Remembered]
) -> Mapping[RecordKey, BrakePlan]:
    """Of which of the pairs a person has said that it is not to be done, and by which plan."""
    ids = {claim.plan_id for claim in claims.values() if claim.plan_id}
    plans = {id: await session.plan(id) for id in sorted(ids)}  # one or two: of a batch few were ever held
    return {
        key: plan
        for key, claim in claims.items()
        if (plan := plans.get(claim.plan_id)) is not None and plan.state is PlanState.REJECTED
    }


def forbidden(module: AnyModule, step: Step[object], rules: Rules) -> str:
    """Why the rules do not let a step be done; nothing where they do."""
    if isinstance(step.write, NewUser) and not rules.create_accounts:
        return NO_ACCOUNTS
    if isinstance(step.write, NewCategory | NewCourse):
        if module is PROGRAMS:
            return "" if rules.create_programs else NO_PROGRAMS
        return "" if rules.create_courses else NO_COURSES
    return ""


def _intent(step: Step[object]) -> JsonObject:
    """What is to be remembered of a step that is about to be sent."""
    if isinstance(step.write, NewUser):
        return {"told": False, "username": step.write.username, "email": step.write.email}
    return {"told": False}


def _is_its_own_fault(step: Step[object], result: Result) -> bool:
    """Whether it cannot be brought to agree until somebody changes something."""
    if isinstance(result.result, Rejected):
        return not result.result.retryable and result.result.existing is None
    return step.act is Action.CANNOT
