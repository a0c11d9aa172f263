"""Reading all of a module, by each of the three ways, and what is gone from it."""

from datetime import datetime

from mzi_adapters.testing.contracts.zoho_gateway_remote import (
    CODE,
    GRADER,
    GRADES,
    KEY,
    LONG_AGO,
    PLAIN,
    ROWS,
    WITH_ROWS,
    Remote,
    applied,
    applied_ids,
    id_of,
    row,
    rows_of,
)
from mzi_core.ports import ReadMethod, Selection
from mzi_core.values import ZohoId


class PagingPromises:
    """Every record once, by id ascending, whichever way is taken."""

    async def test_every_record_comes_once_and_by_id(self, remote: Remote) -> None:
        """More of them than a page holds."""
        planted = await remote.plant(*range(450))
        for via in ReadMethod:
            found = await remote.ours(via)
            assert [id_of(record) for record in found] == sorted(planted, key=int), via
            assert {record[KEY] for record in found} == {remote.key(n) for n in range(450)}, via

    async def test_all_ways_tell_the_same_of_a_record(self, remote: Remote) -> None:
        """Empty fields are null, lookups carry an id, moments are there."""
        student = await remote.gateway.insert("BTEC_Students", [{"First_Name": remote.mark}])
        (pointed,) = applied_ids(student)
        planted = await remote.plant(1, Student={"id": pointed}, Attempt_Date="2026-03-01")
        selection = Selection(fields=(KEY, GRADER, "Student", "Attempt_Date", "Feedback", "Modified_Time"))
        told = []
        for via in ReadMethod:
            (record,) = await remote.ours(via, selection)
            assert id_of(record) == planted[0]
            lookup = record["Student"]
            assert isinstance(lookup, dict)
            modified = datetime.fromisoformat(str(record["Modified_Time"]))
            plain = [record[name] for name in (KEY, GRADER, "Attempt_Date", "Feedback")]
            told.append((plain, lookup["id"], modified))
        assert told[0] == told[1] == told[2]
        assert told[0][0] == [remote.key(1), "Grader 1", "2026-03-01", None]
        await remote.gateway.delete("BTEC_Students", [pointed])

    async def test_reading_goes_on_behind_a_record(self, remote: Remote) -> None:
        """As a run that was interrupted needs it."""
        planted = sorted(await remote.plant(*range(10)), key=int)
        for via in ReadMethod:
            found = await remote.ours(via, after=planted[6])
            assert [id_of(record) for record in found] == planted[7:], via

    async def test_only_what_was_modified_since(self, remote: Remote) -> None:
        """At that moment or later."""
        planted = await remote.plant(1, 2)
        (record,) = (await remote.gateway.get_many(GRADES, planted[:1], WITH_ROWS)).values()
        at = datetime.fromisoformat(str(record["Modified_Time"]))
        for via in ReadMethod:
            assert [id_of(each) for each in await remote.ours(via, since=at)] == planted, via
            assert await remote.ours(via, since=at.replace(year=at.year + 1)) == [], via

    async def test_rows_of_subforms_come_with_the_pages(self, remote: Remote) -> None:
        """Which Zoho itself leaves out of every list."""
        planted = await remote.plant(1, 2)
        rows = [row("P1", "Achieved"), row("P2", "Achieved")]
        applied(await remote.gateway.put_rows(GRADES, planted[0], ROWS, rows, key=[CODE]))
        for via in ReadMethod:
            first, second = await remote.ours(via, WITH_ROWS)
            assert rows_of(first) == [("P1", "Achieved"), ("P2", "Achieved")], via
            assert rows_of(second) == [], via

    async def test_more_fields_than_one_call_carries(self, remote: Remote) -> None:
        """They are put together by id."""
        await remote.plant(1, 2)
        names = [f.api_name for f in await remote.gateway.fields(GRADES) if f.data_type in ("text", "date")]
        fields = tuple(dict.fromkeys((*names, KEY, GRADER)))
        for via in ReadMethod:
            found = await remote.ours(via, Selection(fields=fields))
            assert [(each[KEY], each[GRADER]) for each in found] == [
                (remote.key(1), "Grader 1"),
                (remote.key(2), "Grader 2"),
            ], via

    async def test_reading_takes_what_was_foreseen(self, remote: Remote) -> None:
        """To the call and the credit, but that a slow Bulk Read job is asked after more; it sends nothing."""
        await remote.plant(*range(250))
        rows = next(field.lookup for field in await remote.gateway.fields(GRADES) if field.api_name == ROWS)
        await remote.gateway.fields(str(rows))
        records = await remote.gateway.count(GRADES)
        for via in ReadMethod:
            for selection in (PLAIN, WITH_ROWS):
                before = await remote.gateway.usage()
                foreseen = remote.gateway.cost(records, selection, via=via)
                assert await remote.gateway.usage() == before
                await remote.ours(via, selection)
                after = await remote.gateway.usage()
                calls = after.calls - before.calls - foreseen.calls
                assert calls == after.credits - before.credits - foreseen.credits, via
                assert calls >= 0 if via is ReadMethod.BULK else calls == 0, via

    async def test_going_on_takes_what_was_foreseen(self, remote: Remote) -> None:
        """Behind a record, where another way may have to be taken."""
        planted = sorted(await remote.plant(*range(250)), key=int)
        await remote.gateway.fields(GRADES)
        records = await remote.gateway.count(GRADES)
        for via in (ReadMethod.RECORDS, ReadMethod.COQL):
            before = await remote.gateway.usage()
            foreseen = remote.gateway.cost(249, PLAIN, via=via, of=records, after=planted[0])
            assert len(await remote.ours(via, after=planted[0])) == 249
            after = await remote.gateway.usage()
            found = after.calls - before.calls, after.credits - before.credits
            assert found == (foreseen.calls, foreseen.credits), via


class DeletedPromises:
    """What is gone is told for a while."""

    async def test_a_deleted_record_is_listed(self, remote: Remote) -> None:
        """With the moment, and whether it can come back."""
        gone, stays = await remote.plant(1, 2)
        await remote.gateway.delete(GRADES, [gone])
        found = {each.zoho_id: each async for page in remote.gateway.deleted(GRADES) for each in page}
        assert gone in found
        assert stays not in found
        assert found[gone].deleted_at > LONG_AGO
        assert not found[gone].permanently

    async def test_only_what_was_deleted_since(self, remote: Remote) -> None:
        """At that moment or later."""
        (gone,) = await remote.plant(1)
        await remote.gateway.delete(GRADES, [gone])
        at = (await self._deleted(remote, LONG_AGO))[gone]
        assert gone in await self._deleted(remote, at)
        assert gone not in await self._deleted(remote, at.replace(year=at.year + 1))

    async def _deleted(self, remote: Remote, since: datetime) -> dict[ZohoId, datetime]:
        pages = remote.gateway.deleted(GRADES, since)
        return {each.zoho_id: each.deleted_at async for page in pages for each in page}
