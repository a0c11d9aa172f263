"""Make the course of one class now, for who waits for it: a button in Zoho."""

from collections.abc import Mapping

import attrs

from mzi_core.errors import AccountMissing, CourseRefused, NotFound
from mzi_core.flows import subject_of
from mzi_core.flows.flow import COURSE
from mzi_core.modules import CLASSES, TEACHERS, Class
from mzi_core.ports import PROGRAM, CausedBy, Connections, DeliveryKey, DeliveryState, Due, StoredDelivery
from mzi_core.use_cases.batches import Batches
from mzi_core.use_cases.deliver import Deliver
from mzi_core.use_cases.deliver_counterparts import DeliverCounterparts
from mzi_core.use_cases.enrol_staff import enrolled_staff
from mzi_core.use_cases.flow_pauses import refuse_paused
from mzi_core.use_cases.looking import Observed, seen_in_zoho
from mzi_core.use_cases.targets import Targets
from mzi_core.values import MoodleId, RecordKey, TenantId, ZohoId


@attrs.frozen(kw_only=True)
class CourseAsked:
    """Of which class a course is to be made, with what is said of it by our names of its fields.

    That is believed only of a tenant without an account at Zoho. `category`: where the course goes whose
    programme names none; `sections`: how many it has.
    """

    zoho_id: ZohoId
    fields: Mapping[str, object] = attrs.field(factory=dict)
    category: MoodleId | None = None
    sections: int | None = None


@attrs.frozen(kw_only=True)
class CourseMade:
    """How a class stands after its course was asked for. `teacher`: whether the teacher is enrolled."""

    class_: Class
    pair: StoredDelivery
    teacher: bool

    @property
    def is_told(self) -> bool:
        """Whether Zoho knows the course."""
        return (
            self.class_.moodle_class_id is not None
            and self.class_.moodle_class_id_in_zoho == self.class_.moodle_class_id
        )

    @property
    def may_come(self) -> bool:
        """Whether there is no course yet, and it is still tried."""
        return self.class_.moodle_class_id is None and self.pair.state is DeliveryState.DUE

    @property
    def others(self) -> int:
        """How many were enrolled besides the teacher, as the rules name them."""
        return len(enrolled_staff(self.pair.agreed)) - self.teacher


@attrs.frozen(kw_only=True)
class CreateCourse:
    """Reads a class again at Zoho, and brings it and its course to agree, as a person wants it now.

    Asked again it makes nothing twice. What cannot be done now is done later, as any delivery.
    """

    batches: Batches
    targets: Targets
    connections: Connections

    async def __call__(
        self, tenant: TenantId, asked: CourseAsked, *, caused_by: CausedBy = PROGRAM
    ) -> CourseMade:
        """How the class stands then. `caused_by`: what the history of the record says.

        Raises NotFound where Zoho has no such class, CourseRefused, FlowPaused, GatewayError, UnknownTenant,
        StoreUnavailable.
        """
        await refuse_paused(self.batches.store, tenant, COURSE.name)
        await self._take(tenant, asked, caused_by)
        key = CLASSES.side.key(asked.zoho_id)
        async with self.batches.store.begin(tenant) as session:
            await session.make_due([Due(COURSE.name, key, subject_of(CLASSES.name, key), at_once=True)])
        deliver = self._deliver(asked)
        while (done := await deliver(tenant, COURSE, by_hand=True, only=[key])) is not None:
            if done.stopped:
                break
        return await self._made(tenant, key)

    async def _made(self, tenant: TenantId, key: RecordKey) -> CourseMade:
        """How the class stands by now. Raises NotFound, CourseRefused."""
        async with self.batches.store.read(tenant) as session:
            pair = await session.delivery(DeliveryKey(COURSE.name, key))
            row = (await session.stored(CLASSES, [key])).get(key)
            taught_by = None if row is None else row.entity.teacher
            teachers = await session.stored(TEACHERS, [taught_by] if taught_by is not None else [])
        if pair is None or row is None or row.deleted_at is not None:
            raise NotFound(CLASSES.singular, key)
        users = [each.split(":")[0] for each in enrolled_staff(pair.agreed)]
        teacher = any(str(each.entity.moodle_userid) in users for each in teachers.values())
        made = CourseMade(class_=row.entity, pair=pair, teacher=teacher)
        if row.entity.moodle_class_id is None and not made.may_come:
            raise CourseRefused(key, pair.reason)
        return made

    async def _take(self, tenant: TenantId, asked: CourseAsked, caused_by: CausedBy) -> None:
        seen = await self._seen(tenant, asked)
        if not seen.records:
            raise NotFound(CLASSES.singular, asked.zoho_id)
        async with self.batches.open(tenant, CLASSES, caused_by=caused_by) as batch:
            done = await batch.take(seen.records, untold=seen.untold)
        refused = [outcome.message for outcome in done.outcomes if not outcome.state.accepted]
        if refused:
            raise CourseRefused(asked.zoho_id, refused[0])

    async def _seen(self, tenant: TenantId, asked: CourseAsked) -> Observed:
        """The class as Zoho has it; of a tenant without an account there as it was told."""
        key = CLASSES.side.key(asked.zoho_id)
        try:
            zoho = await self.connections.zoho(tenant)
        except AccountMissing:
            async with self.batches.store.read(tenant) as session:
                is_known = key in await session.present(CLASSES, [key])
            # Whoever asks for the course of a class that is new to us wants it to be taught.
            status = {} if is_known else {"status": min(self.targets.defaults.active)}
            told: Mapping[str, object] = {**status, **asked.fields}
            said = {CLASSES.field[name].names[0]: value for name, value in told.items()}
            untold = frozenset(field.name for field in CLASSES.fields if field.name not in told)
            return Observed(records=[{"id": key, **said}], untold=untold)
        return await seen_in_zoho(zoho, self.batches.store, tenant, CLASSES, [key])

    def _deliver(self, asked: CourseAsked) -> Deliver:
        """What works on the one pair, with what was asked in the place of what the college has decided."""
        usual = self.targets.defaults
        defaults = attrs.evolve(
            usual,
            category=usual.category if asked.category is None else asked.category,
            sections=usual.sections if asked.sections is None else asked.sections,
        )
        targets = attrs.evolve(self.targets, defaults=defaults)
        worker = DeliverCounterparts(
            flow=COURSE, batches=self.batches, targets=targets, connections=self.connections
        )
        return Deliver(store=self.batches.store, workers={COURSE.name: worker})
