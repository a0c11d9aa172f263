"""Make due what was changed: the pairs of a tenant's flows that records belong to."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import attrs

from mzi_core.flows import subject_of
from mzi_core.flows.flow import ENROLLING, FLOWS, REGISTRATION, Flow, waited_for
from mzi_core.ids import is_digits
from mzi_core.module import AnyModule, Entity
from mzi_core.modules import CATALOGUE, MOODLE_COURSES, PROGRAMS, STUDENTS
from mzi_core.ports import DeliveryKey, Due, Session
from mzi_core.provisioning.attendances import attendance_of, course_of
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
        """Have enrolments looked at where a student, class or programme has an id that it had not before.

        Whatever Moodle told of these while there was no link was told of nobody.
        """
        dues: set[Due] = set()
        for flow in ENROLLING:
            (enrolling,) = flow.zoho
            for field, parent in enrolling.depends_on.items():
                keys = [key for module in linked if module.name == parent for key in linked[module]]
                if keys and flow.name in self.flows:
                    dues.update(await self._pointing(flow, field, keys))
        if dues:
            await self.session.make_due(list(dues))

    async def _pointing(self, flow: Flow, field: str, keys: Collection[RecordKey]) -> Sequence[Due]:
        """The pairs of a flow whose records of Zoho point at these."""
        (module,) = flow.zoho
        found = await self.session.pointing_at(module, field, keys)
        return [_due(flow, module, key, key) for some in found.values() for key in some]

    async def _pairs(self, flow: Flow, module: AnyModule, records: Sequence[Entity]) -> Sequence[Due]:
        """The pairs of a flow that records are in."""
        if flow is REGISTRATION and module is MOODLE_COURSES:
            programs = await self._partners(PROGRAMS, records)
            return await self._pointing(flow, "program", programs) if programs else ()
        if module is not flow.moodle or flow.key_is_moodles:
            return own_pairs(flow, module, records)
        if flow in ENROLLING:
            return await self._enrolled(flow, records)
        found: list[Due] = []
        left = {each.key: each for each in records}
        for partner in flow.zoho:
            owners = await self._partners(partner, list(left.values()))
            found += (_due(flow, partner, key, key) for key in owners)
            theirs = set(owners.values())
            left = {key: each for key, each in left.items() if key not in theirs}
        return found

    async def _enrolled(self, flow: Flow, records: Sequence[Any]) -> Sequence[Due]:
        """The pairs of the same students in the same courses."""
        (module,) = flow.zoho
        (of_place,) = (CATALOGUE[name] for name in module.depends_on.values() if name != STUDENTS.name)
        places = {(MoodleId(int(each.user)), MoodleId(int(each.course))) for each in records}
        students = await self._linked(STUDENTS, {user for user, _ in places})
        courses = await self._linked(of_place, {course for _, course in places})
        pointing = await self.session.pointing_at(module, "student", students)
        rows = await self.session.stored(module, [key for keys in pointing.values() for key in keys])
        attendances = [attendance_of(row.entity) for row in rows.values()]
        return [
            _due(flow, module, each.zoho_id, each.zoho_id)
            for each in attendances
            if (students[each.student], course_of(each, courses)) in places
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
