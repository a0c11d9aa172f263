"""Keep the review list by what was planned: ask what cannot be done without a person, and no more."""

from collections.abc import Collection, Mapping

import attrs

from mzi_core.flows.review import CANDIDATES, kind_of, question_of
from mzi_core.module import AnyModule
from mzi_core.ports import ReviewAddress, ReviewKind, Session, Store
from mzi_core.provisioning import Step
from mzi_core.use_cases.deliver import Hold
from mzi_core.values import MoodleId, RecordKey


@attrs.frozen(kw_only=True)
class AskPersons:
    """Asks about the steps that have candidates, and closes what was asked about the others."""

    store: Store
    module: AnyModule

    async def __call__(
        self, hold: Hold, steps: Mapping[RecordKey, Step[object]], gone: Collection[RecordKey] = ()
    ) -> None:
        """In one session, for the claims that nobody has taken over. `gone`: pairs that are no more."""
        kind = kind_of(self.module)
        if kind is None:
            return
        async with self.store.begin(hold.tenant) as session:
            ours = set(await hold.still_ours(session, [*steps, *gone]))
            known = await self._known(session, kind, [steps[key] for key in steps if key in ours])
            asked = [
                question
                for key, step in steps.items()
                if key in ours and (question := question_of(self.module, step, known)) is not None
            ]
            await session.put_reviews(asked)
            open_ones = {question.key for question in asked}
            await session.close_reviews([ReviewAddress(kind, key) for key in sorted(ours - open_ones)])

    async def _known(
        self, session: Session, kind: ReviewKind, steps: Collection[Step[object]]
    ) -> Mapping[MoodleId, object]:
        """What is kept of the candidates."""
        module = CANDIDATES[kind]
        ids = {module.side.key(str(id)): id for step in steps for id in step.candidates}
        rows = await session.stored(module, ids) if ids else {}
        return {ids[key]: row.entity for key, row in rows.items() if row.deleted_at is None}
