"""Make due what was changed: the pairs of a tenant's flows that records belong to."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import attrs

from mzi_core.flows import subject_of
from mzi_core.flows.flow import ENROLMENT, FLOWS, Flow, waited_for
from mzi_core.ids import is_digits
from mzi_core.module import AnyModule, Entity
from mzi_core.modules import CLASSES, ENROLLMENTS, MOODLE_ENROLLMENTS, PROGRAMS, STUDENTS
from mzi_core.ports import DeliveryKey, Due, Session
from mzi_core.use_cases.programs_in_moodle import programs_by_moodle_id
from mzi_core.use_cases.take_page import RecordChange
from mzi_core.values import Email, MoodleId, RecordKey, Value, ZohoId


@attrs.frozen(kw_only=True)
class MarkPairs:
    """Marks pairs in the session that wrote their records, so that neither is kept without the other.

    `flows`: those that run by themselves. A record of Moodle makes the pair of its partner in Zoho due; one
    without a partner, none.
    """

    session: Session
    flows: Collection[str]

    async def __call__(self, changes: Iterable[RecordChange]) -> None:
        """Have the pairs of records that were written looked at, and wake who waited for what is there now.

        The session has the locks, alone, of the modules of these records.
        """
        written: dict[AnyModule, list[Entity]] = defaultdict(list)
        there: set[DeliveryKey] = set()
        linked: dict[AnyModule, list[RecordKey]] = defaultdict(list)
        for module, before, after in changes:
            written[module].append(after)
            news = set(waited_for(module, before, after))
            there |= news
            if news:
                linked[module].append(after.key)
        await self.of_records(written)
        await self._of_linked(linked)
        if there:
            await self.session.wake(sorted(there))

    async def of_records(self, records: Mapping[AnyModule, Sequence[Entity]]) -> None:
        """Have the pairs of records looked at."""
        dues: dict[DeliveryKey, Due] = {}
        for flow in (flow for flow in FLOWS.values() if flow.name in self.flows):
            for module, entities in records.items():
                for due in await self._pairs(flow, module, entities):
                    dues[DeliveryKey(due.flow, due.key)] = due
        if dues:
            await self.session.make_due(list(dues.values()))

    async def _of_linked(self, linked: Mapping[AnyModule, Sequence[RecordKey]]) -> None:
        """Have the enrolments looked at of students and classes that have a link which they had not before.

        Whatever Moodle told of these while there was no link was told of nobody.
        """
        if ENROLMENT.name not in self.flows:
            return
        dues: set[Due] = set()
        for field, parent in ENROLLMENTS.depends_on.items():
            for module in linked:
                if module.name == parent:
                    found = await self.session.pointing_at(ENROLLMENTS, field, linked[module])
                    keys = [key for each in found.values() for key in each]
                    dues.update(_due(ENROLMENT, ENROLLMENTS, key, key) for key in keys)
        if dues:
            await self.session.make_due(list(dues))

    async def _pairs(self, flow: Flow, module: AnyModule, records: Sequence[Entity]) -> Sequence[Due]:
        """The pairs of a flow that records are in."""
        if module is not flow.moodle or flow.key_is_moodles:
            return own_pairs(flow, module, records)
        if module is MOODLE_ENROLLMENTS:
            return [_due(flow, ENROLLMENTS, key, key) for key in await self._enrolled(records)]
        found: list[Due] = []
        left = {each.key: each for each in records}
        for partner in flow.zoho:
            owners = await self._partners(partner, list(left.values()))
            found += (_due(flow, partner, key, key) for key in owners)
            theirs = set(owners.values())
            left = {key: each for key, each in left.items() if key not in theirs}
        return found

    async def _enrolled(self, records: Sequence[Any]) -> Sequence[RecordKey]:
        """The enrolments in Zoho of the same students in the same courses."""
        places = {(MoodleId(int(each.user)), MoodleId(int(each.course))) for each in records}
        students = await self._linked(STUDENTS, {user for user, _ in places})
        courses = await self._linked(CLASSES, {course for _, course in places})
        pointing = await self.session.pointing_at(ENROLLMENTS, "student", students)
        rows = await self.session.stored(ENROLLMENTS, [key for keys in pointing.values() for key in keys])
        return [
            key
            for key, row in rows.items()
            if (students[row.entity.student], courses.get(row.entity.class_, row.entity.moodle_course_id))
            in places
        ]

    async def _linked(self, module: AnyModule, ids: Collection[MoodleId]) -> dict[RecordKey, MoodleId]:
        """The records of Zoho that are linked to users, or to courses, with these."""
        if module is PROGRAMS:
            having = await programs_by_moodle_id(self.session)
            return {program.key: id for id in ids for program in having.get(id, ())}
        (link,) = module.own_ids
        owners = (await self.session.owners(module, {link: ids})).get(link, {})
        return {owners[id]: id for id in ids if id in owners}

    async def _partners(self, module: AnyModule, records: Sequence[Entity]) -> dict[RecordKey, RecordKey]:
        """By who has it, these users or courses: by the link, else the id number, else the address."""
        if not records:
            return {}
        ids = {MoodleId(int(each.key)): each.key for each in records if is_digits(each.key)}
        found = {owner: ids[id] for owner, id in (await self._linked(module, ids)).items()}
        theirs = set(found.values())
        numbers = {
            ZohoId(number): each.key
            for each in records
            if each.key not in theirs and is_digits(number := getattr(each, "id_number", None) or "")
        }
        if numbers:
            there = await self.session.present(module, numbers)
            found |= {key: numbers[ZohoId(key)] for key in there}
            theirs = set(found.values())
        emails: dict[Value, RecordKey] = {
            Email(email): each.key
            for each in records
            if each.key not in theirs and (email := getattr(each, "email", None))
        }
        if emails and "academic_email" in module.unique_names:
            known = (await self.session.owners(module, {"academic_email": emails})).get("academic_email", {})
            found |= {owner: emails[email] for email, owner in known.items()}
        return found


def own_pairs(flow: Flow, module: AnyModule, records: Sequence[Entity]) -> Sequence[Due]:
    """The pairs of a flow that are called by something of these records."""
    if module is flow.moodle and flow.key_is_moodles:
        return [_due(flow, module, each.key, each.key) for each in records]
    if module not in flow.zoho:
        return []
    return [
        _due(flow, module, pair, each.key) for each in records if (pair := flow.pair_of(each)) is not None
    ]


def _due(flow: Flow, module: AnyModule, pair: str, key: RecordKey) -> Due:
    return Due(flow.name, pair, subject_of(module.name, key))
