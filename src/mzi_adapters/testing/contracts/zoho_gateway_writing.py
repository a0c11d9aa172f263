"""Writing records: by key, by id, without either, and deleting them."""

from datetime import timedelta

from mzi_adapters.testing.contracts.fixtures import raises
from mzi_adapters.testing.contracts.zoho_gateway_remote import (
    ATTEMPT,
    GRADER,
    GRADES,
    KEY,
    NOBODY,
    NUMBER,
    PLAIN,
    ROWS,
    Remote,
    actions,
    row,
    written,
)
from mzi_core.errors import GatewayConflict
from mzi_core.ports import NotWritten, ReadMethod, WriteAction
from mzi_core.values import ZohoId

INSERTED, UPDATED, DELETED = WriteAction.INSERTED, WriteAction.UPDATED, WriteAction.DELETED


class UpsertPromises:
    """One record for one key, however often it is written."""

    async def test_a_new_key_is_inserted_and_a_known_one_updated(self, remote: Remote) -> None:
        """Results come in the order of the records."""
        (known,) = await remote.plant(2)
        found = await remote.gateway.upsert(GRADES, [remote.grade(1), remote.grade(2)], by=[KEY])
        assert actions(found) == [INSERTED, UPDATED]
        assert written(found[1]).zoho_id == known
        assert written(found[0]).modified_at is not None

    async def test_twice_is_as_once(self, remote: Remote) -> None:
        """Nothing is doubled."""
        first = await remote.plant(*range(5))
        assert await remote.plant(*range(5)) == first
        assert len(await remote.ours(ReadMethod.COQL)) == 5

    async def test_two_hundred_and_fifty_records_are_three_calls(self, remote: Remote) -> None:
        """And a credit for every ten records."""
        before = await remote.gateway.usage()
        found = await remote.gateway.upsert(GRADES, [remote.grade(n) for n in range(250)], by=[KEY])
        after = await remote.gateway.usage()
        assert actions(found) == [INSERTED] * 250
        assert (after.calls - before.calls, after.credits - before.credits) == (3, 25)
        records = await remote.gateway.get_many(GRADES, [written(each).zoho_id for each in found], PLAIN)
        assert [records[written(each).zoho_id][KEY] for each in found] == [remote.key(n) for n in range(250)]

    async def test_without_a_key_nothing_is_sent(self, remote: Remote) -> None:
        """Zoho would take records of one name for one record."""
        before = (await remote.gateway.usage()).calls
        with raises(ValueError):
            await remote.gateway.upsert(GRADES, [remote.grade(1)], by=[])
        (found,) = await remote.gateway.upsert(GRADES, [{GRADER: remote.mark}], by=[KEY])
        assert isinstance(found, NotWritten)
        assert [problem.field for problem in found.problems] == [KEY]
        assert (await remote.gateway.usage()).calls == before

    async def test_of_one_key_the_last_record_counts(self, remote: Remote) -> None:
        """All of them have its result."""
        records = [remote.grade(1, Grader_Name="first"), remote.grade(2), remote.grade(1, Grader_Name="last")]
        found = await remote.gateway.upsert(GRADES, records, by=[KEY])
        assert written(found[0]) == written(found[2])
        record = await remote.gateway.get(GRADES, written(found[0]).zoho_id)
        assert record is not None
        assert record[GRADER] == "last"

    async def test_one_refused_record_does_not_hold_up_the_others(self, remote: Remote) -> None:
        """It has its reason, and they have their ids."""
        records = [remote.grade(n) for n in range(100)]
        records[37][ATTEMPT] = "not a number"
        found = await remote.gateway.upsert(GRADES, records, by=[KEY])
        refused = found[37]
        assert isinstance(refused, NotWritten)
        assert [(problem.code, problem.field) for problem in refused.problems] == [("INVALID_DATA", ATTEMPT)]
        assert not refused.later
        others = [*found[:37], *found[38:]]
        assert actions(others) == [INSERTED] * 99
        records = [dict(each) for each in await remote.ours(ReadMethod.COQL)]
        assert {str(each["id"]): each[KEY] for each in records} == {
            written(result).zoho_id: remote.key(n) for n, result in enumerate(found) if n != 37
        }

    async def test_when_all_are_refused_each_has_its_reason(self, remote: Remote) -> None:
        """It is no error of the call."""
        records = [remote.grade(n, Attempt_Number="not a number") for n in range(3)]
        found = await remote.gateway.upsert(GRADES, records, by=[KEY])
        assert [isinstance(each, NotWritten) for each in found] == [True] * 3
        assert await remote.ours(ReadMethod.COQL) == []

    async def test_a_value_that_is_taken_tells_who_has_it(self, remote: Remote) -> None:
        """The record of the same module with the same unique value."""
        (owner,) = await remote.plant(1, **{NUMBER: f"{remote.mark}-n"})
        (found,) = await remote.gateway.upsert(
            GRADES, [remote.grade(2, **{NUMBER: f"{remote.mark}-n"})], by=[KEY]
        )
        assert isinstance(found, NotWritten)
        assert found.existing == owner
        assert found.problems[0].code == "DUPLICATE_DATA"

    async def test_nothing_to_write_is_no_call(self, remote: Remote) -> None:
        """Nor an error."""
        before = (await remote.gateway.usage()).calls
        assert list(await remote.gateway.upsert(GRADES, [], by=[KEY])) == []
        assert list(await remote.gateway.insert(GRADES, [])) == []
        assert list(await remote.gateway.update_many(GRADES, [])) == []
        assert list(await remote.gateway.delete(GRADES, [])) == []
        assert (await remote.gateway.usage()).calls == before


class UpdatingPromises:
    """Records that are known by their id, or by nothing yet."""

    async def test_an_inserted_record_is_there(self, remote: Remote) -> None:
        """Under the id that was told."""
        found = await remote.gateway.insert(GRADES, [remote.grade(1), remote.grade(2)])
        assert actions(found) == [INSERTED, INSERTED]
        assert {each["id"] for each in await remote.ours(ReadMethod.COQL)} == {
            written(e).zoho_id for e in found
        }

    async def test_a_record_is_changed_by_id(self, remote: Remote) -> None:
        """What is not named stays as it is."""
        (zoho_id,) = await remote.plant(1)
        result = await remote.gateway.update(GRADES, {"id": zoho_id, ATTEMPT: 3})
        assert (written(result).action, written(result).zoho_id) == (UPDATED, zoho_id)
        record = await remote.gateway.get(GRADES, zoho_id)
        assert record is not None
        assert (record[ATTEMPT], record[GRADER]) == (3, "Grader 1")

    async def test_a_record_nobody_has_is_not_changed(self, remote: Remote) -> None:
        """It has its reason."""
        assert isinstance(await remote.gateway.update(GRADES, {"id": NOBODY, ATTEMPT: 3}), NotWritten)

    async def test_a_record_changed_meanwhile_is_not_overwritten(self, remote: Remote) -> None:
        """The conflict says when it was changed."""
        (zoho_id,) = await remote.plant(1)
        at = written(await remote.gateway.update(GRADES, {"id": zoho_id, ATTEMPT: 1})).modified_at
        assert at is not None
        with raises(GatewayConflict) as caught:
            await remote.gateway.update(
                GRADES, {"id": zoho_id, ATTEMPT: 2}, unless_modified_since=at - timedelta(minutes=1)
            )
        assert caught.error is not None
        assert caught.error.modified_at == at
        record = await remote.gateway.get(GRADES, zoho_id)
        assert record is not None
        assert record[ATTEMPT] == 1
        written(await remote.gateway.update(GRADES, {"id": zoho_id, ATTEMPT: 2}, unless_modified_since=at))

    async def test_many_records_are_changed_by_id(self, remote: Remote) -> None:
        """A hundred a call; one that is not there does not hold up the others."""
        ids = await remote.plant(*range(120))
        changes = [{"id": zoho_id, ATTEMPT: 7} for zoho_id in (*ids, NOBODY)]
        found = await remote.gateway.update_many(GRADES, changes)
        assert actions(found[:-1]) == [UPDATED] * 120
        assert isinstance(found[-1], NotWritten)

    async def test_rows_do_not_go_with_many_records(self, remote: Remote) -> None:
        """Sent twice they would be there twice. A record without an id is refused as well."""
        (zoho_id,) = await remote.plant(1)
        for change in ({"id": zoho_id, ROWS: [row("P1", "Achieved")]}, {ATTEMPT: 1}):
            with raises(ValueError):
                await remote.gateway.update_many(GRADES, [change])


class RemoteDeletionPromises:
    """What is to be gone is gone."""

    async def test_deleted_records_are_gone(self, remote: Remote) -> None:
        """More of them than one call takes; the others stay."""
        ids = await remote.plant(*range(130))
        found = await remote.gateway.delete(GRADES, ids[:120])
        assert actions(found) == [DELETED] * 120
        assert [written(each).zoho_id for each in found] == ids[:120]
        assert {each["id"] for each in await remote.ours(ReadMethod.COQL)} == set(ids[120:])

    async def test_what_is_already_gone_counts_as_deleted(self, remote: Remote) -> None:
        """Also beside what is not."""
        gone, there = await remote.plant(1, 2)
        await remote.gateway.delete(GRADES, [gone])
        found = await remote.gateway.delete(GRADES, [gone, there, ZohoId(gone)])
        assert actions(found) == [DELETED] * 3
        assert await remote.ours(ReadMethod.COQL) == []
