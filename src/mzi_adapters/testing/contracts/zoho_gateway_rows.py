"""Writing the rows of a subform, which Zoho adds, changes and keeps in ways of its own."""

from mzi_adapters.testing.contracts.fixtures import raises
from mzi_adapters.testing.contracts.zoho_gateway_remote import (
    CODE,
    GRADER,
    GRADES,
    NOBODY,
    ROWS,
    SCORE,
    Remote,
    applied,
    row,
    rows_of,
)
from mzi_core.errors import RemoteNotFound
from mzi_core.ports import WireRecord
from mzi_core.values import ZohoId

THREE = [row("P1", "Achieved"), row("P2", "Achieved"), row("M1", "Not achieved")]
AS_THREE = [("M1", "Not achieved"), ("P1", "Achieved"), ("P2", "Achieved")]


class RowPromises:
    """A record holds just the rows it was given."""

    async def _graded(self, remote: Remote) -> ZohoId:
        (zoho_id,) = await remote.plant(1)
        applied(await remote.gateway.put_rows(GRADES, zoho_id, ROWS, THREE, key=[CODE]))
        return zoho_id

    async def _rows(self, remote: Remote, zoho_id: ZohoId) -> dict[object, WireRecord]:
        record = await remote.gateway.get(GRADES, zoho_id)
        assert record is not None
        rows = record[ROWS]
        assert isinstance(rows, list)
        assert len({each[CODE] for each in rows}) == len(rows)
        return {each[CODE]: each for each in rows}

    async def test_rows_are_added(self, remote: Remote) -> None:
        """And the rest of the record stays."""
        zoho_id = await self._graded(remote)
        record = await remote.gateway.get(GRADES, zoho_id)
        assert rows_of(record) == AS_THREE
        assert record is not None
        assert record[GRADER] == "Grader 1"

    async def test_twice_is_as_once(self, remote: Remote) -> None:
        """Neither doubled nor replaced, nor even sent."""
        zoho_id = await self._graded(remote)
        before = await self._rows(remote, zoho_id)
        usage = await remote.gateway.usage()
        applied(await remote.gateway.put_rows(GRADES, zoho_id, ROWS, THREE, key=[CODE]))
        assert (await remote.gateway.usage()).calls == usage.calls + 1
        after = await self._rows(remote, zoho_id)
        assert {code: each["id"] for code, each in after.items()} == {
            code: each["id"] for code, each in before.items()
        }

    async def test_one_row_is_changed_and_keeps_its_id(self, remote: Remote) -> None:
        """The others are as they were."""
        zoho_id = await self._graded(remote)
        before = await self._rows(remote, zoho_id)
        changed = [*THREE[:2], row("M1", "Achieved")]
        applied(await remote.gateway.put_rows(GRADES, zoho_id, ROWS, changed, key=[CODE]))
        after = await self._rows(remote, zoho_id)
        assert {code: each["id"] for code, each in after.items()} == {
            code: each["id"] for code, each in before.items()
        }
        assert after["M1"][SCORE] == "Achieved"

    async def test_rows_come_and_go_together(self, remote: Remote) -> None:
        """What is not wanted any more is removed, one row at a time."""
        zoho_id = await self._graded(remote)
        wanted = [row("P2", "Achieved"), row("D1", "Achieved")]
        applied(await remote.gateway.put_rows(GRADES, zoho_id, ROWS, wanted, key=[CODE]))
        assert rows_of(await remote.gateway.get(GRADES, zoho_id)) == [("D1", "Achieved"), ("P2", "Achieved")]

    async def test_no_rows_wanted_leaves_none(self, remote: Remote) -> None:
        """Because that was asked for."""
        zoho_id = await self._graded(remote)
        applied(await remote.gateway.put_rows(GRADES, zoho_id, ROWS, [], key=[CODE]))
        assert rows_of(await remote.gateway.get(GRADES, zoho_id)) == []

    async def test_other_writes_leave_the_rows_alone(self, remote: Remote) -> None:
        """They are not part of the record they belong to."""
        zoho_id = await self._graded(remote)
        await remote.plant(1, **{GRADER: "another"})
        applied(await remote.gateway.update(GRADES, {"id": zoho_id, GRADER: "yet another"}))
        assert rows_of(await remote.gateway.get(GRADES, zoho_id)) == AS_THREE

    async def test_rows_need_a_record_and_a_key(self, remote: Remote) -> None:
        """Rows without a key would be doubled the second time."""
        with raises(RemoteNotFound):
            await remote.gateway.put_rows(GRADES, NOBODY, ROWS, THREE, key=[CODE])
        (zoho_id,) = await remote.plant(1)
        with raises(ValueError):
            await remote.gateway.put_rows(GRADES, zoho_id, ROWS, THREE, key=[])
