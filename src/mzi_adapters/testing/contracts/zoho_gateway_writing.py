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
    applied,
    applied_ids,
    row,
)
from mzi_core.errors import GatewayConflict
from mzi_core.ports import Applied, ReadMethod, Rejected, RejectionKind
from mzi_core.values import ZohoId


class UpsertPromises:
    """One record for one key, however often it is written."""

    async def test_a_new_key_is_inserted_and_a_known_one_updated(self, remote: Remote) -> None:
        """Results come in the order of the records."""
        (known,) = await remote.plant(2)
        found = await remote.gateway.upsert(GRADES, [remote.grade(1), remote.grade(2)], by=[KEY])
        new, again = applied_ids(found)
        assert again == known
        assert {each["id"] for each in await remote.ours(ReadMethod.COQL)} == {new, known}
        assert all(applied(each).modified_at is not None for each in found)

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
        assert (after.calls - before.calls, after.credits - before.credits) == (3, 25)
        ids = applied_ids(found)
        records = await remote.gateway.get_many(GRADES, ids, PLAIN)
        assert [records[each][KEY] for each in ids] == [remote.key(n) for n in range(250)]

    async def test_without_a_key_nothing_is_sent(self, remote: Remote) -> None:
        """Zoho would take records of one name for one record."""
        before = (await remote.gateway.usage()).calls
        with raises(ValueError):
            await remote.gateway.upsert(GRADES, [remote.grade(1)], by=[])
        (found,) = await remote.gateway.upsert(GRADES, [{GRADER: remote.mark}], by=[KEY])
        assert isinstance(found, Rejected)
        assert found.kind is RejectionKind.BAD_INPUT
        assert [reason.field for reason in found.reasons] == [KEY]
        assert (await remote.gateway.usage()).calls == before

    async def test_of_one_key_the_last_record_counts(self, remote: Remote) -> None:
        """All of them have its result."""
        records = [remote.grade(1, Grader_Name="first"), remote.grade(2), remote.grade(1, Grader_Name="last")]
        found = await remote.gateway.upsert(GRADES, records, by=[KEY])
        first, _, third = applied_ids(found)
        assert first == third
        record = await remote.gateway.get(GRADES, first)
        assert record is not None
        assert record[GRADER] == "last"

    async def test_one_refused_record_does_not_hold_up_the_others(self, remote: Remote) -> None:
        """It has its reason, and they have their ids."""
        records = [remote.grade(n) for n in range(100)]
        records[37][ATTEMPT] = "not a number"
        found = await remote.gateway.upsert(GRADES, records, by=[KEY])
        refused = found[37]
        assert isinstance(refused, Rejected)
        assert [(reason.code, reason.field) for reason in refused.reasons] == [("INVALID_DATA", ATTEMPT)]
        assert (refused.kind, refused.retryable) == (RejectionKind.BAD_INPUT, False)
        assert ATTEMPT in refused.why
        others = [*found[:37], *found[38:]]
        keys = [remote.key(n) for n in range(100) if n != 37]
        records = [dict(each) for each in await remote.ours(ReadMethod.COQL)]
        assert {each["id"]: each[KEY] for each in records} == dict(
            zip(applied_ids(others), keys, strict=True)
        )

    async def test_when_all_are_refused_each_has_its_reason(self, remote: Remote) -> None:
        """It is no error of the call."""
        records = [remote.grade(n, Attempt_Number="not a number") for n in range(3)]
        found = await remote.gateway.upsert(GRADES, records, by=[KEY])
        assert [isinstance(each, Rejected) for each in found] == [True] * 3
        assert await remote.ours(ReadMethod.COQL) == []

    async def test_a_value_that_is_taken_tells_who_has_it(self, remote: Remote) -> None:
        """The record of the same module with the same unique value."""
        (owner,) = await remote.plant(1, **{NUMBER: f"{remote.mark}-n"})
        (found,) = await remote.gateway.upsert(
            GRADES, [remote.grade(2, **{NUMBER: f"{remote.mark}-n"})], by=[KEY]
        )
        assert isinstance(found, Rejected)
        assert (found.kind, found.existing) == (RejectionKind.CONFLICT, owner)
        assert found.reasons[0].code == "DUPLICATE_DATA"

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
        assert {each["id"] for each in await remote.ours(ReadMethod.COQL)} == {*applied_ids(found)}

    async def test_a_record_is_changed_by_id(self, remote: Remote) -> None:
        """What is not named stays as it is."""
        (zoho_id,) = await remote.plant(1)
        result = await remote.gateway.update(GRADES, {"id": zoho_id, ATTEMPT: 3})
        assert applied_ids([result]) == [zoho_id]
        record = await remote.gateway.get(GRADES, zoho_id)
        assert record is not None
        assert (record[ATTEMPT], record[GRADER]) == (3, "Grader 1")

    async def test_a_record_nobody_has_is_not_changed(self, remote: Remote) -> None:
        """It has its reason."""
        found = await remote.gateway.update(GRADES, {"id": NOBODY, ATTEMPT: 3})
        assert isinstance(found, Rejected)
        assert found.kind is RejectionKind.NOT_FOUND

    async def test_a_record_changed_meanwhile_is_not_overwritten(self, remote: Remote) -> None:
        """The conflict says when it was changed."""
        (zoho_id,) = await remote.plant(1)
        at = applied(await remote.gateway.update(GRADES, {"id": zoho_id, ATTEMPT: 1})).modified_at
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
        applied(await remote.gateway.update(GRADES, {"id": zoho_id, ATTEMPT: 2}, unless_modified_since=at))

    async def test_many_records_are_changed_by_id(self, remote: Remote) -> None:
        """A hundred a call; one that is not there does not hold up the others."""
        ids = await remote.plant(*range(120))
        changes = [{"id": zoho_id, ATTEMPT: 7} for zoho_id in (*ids, NOBODY)]
        found = await remote.gateway.update_many(GRADES, changes)
        assert applied_ids(found[:-1]) == ids
        assert isinstance(found[-1], Rejected)

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
        assert applied_ids(found) == ids[:120]
        assert {each["id"] for each in await remote.ours(ReadMethod.COQL)} == set(ids[120:])

    async def test_what_is_already_gone_counts_as_deleted(self, remote: Remote) -> None:
        """Also beside what is not."""
        gone, there = await remote.plant(1, 2)
        await remote.gateway.delete(GRADES, [gone])
        found = await remote.gateway.delete(GRADES, [gone, there, ZohoId(gone)])
        assert [isinstance(each, Applied) for each in found] == [True] * 3
        assert await remote.ours(ReadMethod.COQL) == []
