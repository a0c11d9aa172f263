"""Changing what has an id: one record, the rows of one, and deleting. What was lost is settled by reading."""

from collections.abc import Sequence
from datetime import datetime

from mzi_adapters.web import Failure
from mzi_adapters.zoho.answers import SERVICE, moment, text, written
from mzi_adapters.zoho.calling import ApiCall, ZohoCaller
from mzi_adapters.zoho.coql import CoqlReader, is_id, named
from mzi_adapters.zoho.refusals import NOT_DELETED, result
from mzi_adapters.zoho.subforms import SubformReader, row_changes
from mzi_adapters.zoho.together import chunks, together
from mzi_adapters.zoho.writing import MOST, Outcome, no_such_id, settled, unknown
from mzi_core.errors import AmbiguousWrite, GatewayConflict, GatewayError, RemoteNotFound
from mzi_core.ports import Applied, Unknown, WireRecord, WriteResult
from mzi_core.values import ZohoId


class Changing:
    """The part of the gateway whose writes are told apart by id."""

    caller: ZohoCaller
    coql: CoqlReader
    rows: SubformReader

    async def update(
        self, module: str, record: WireRecord, *, unless_modified_since: datetime | None = None
    ) -> WriteResult[ZohoId]:
        """Change one record; sent once. Raises GatewayConflict."""
        try:
            return await self._put(module, record, unless_modified_since)
        except AmbiguousWrite as error:
            return unknown(error)

    async def _put(self, module: str, record: WireRecord, unless: datetime | None) -> WriteResult[ZohoId]:
        zoho_id = str(record.get("id", ""))
        if not is_id(zoho_id):
            return no_such_id()
        values = {name: value for name, value in record.items() if name != "id"}
        said = await self.caller.ask(
            ApiCall(
                method="PUT",
                path=f"/crm/v8/{named(module)}/{zoho_id}",
                headers={} if unless is None else {"If-Unmodified-Since": written(unless)},
                body={"data": [values], "trigger": []},
                doing=f"changing a record of {module}",
                unanswered=Failure.WRITE_UNANSWERED,
                items=1,
            )
        )
        return result(module, said.rows[0])

    async def put_rows(
        self, module: str, zoho_id: ZohoId, subform: str, rows: Sequence[WireRecord], *, key: Sequence[str]
    ) -> WriteResult[ZohoId]:
        """Make a subform hold just these rows.

        Every round sends what still differs, and only if nobody changed the record since it was read: so a
        write that was thought lost and comes late is refused instead of adding its rows once more.
        """
        if not key:
            raise ValueError("Rows need a key to be told apart by.")
        trying = self.caller.trying()
        while True:
            record = await self.rows.whole(module, zoho_id)
            if record is None:
                raise RemoteNotFound(SERVICE, f"{module} has no record of this id any more.")
            there = record.get(named(subform))
            changes = row_changes(there if isinstance(there, list) else [], rows, key)
            if not changes:
                return Applied(id=zoho_id)
            try:
                read_at = moment(record.get("Modified_Time"))
                return await self._put(module, {"id": zoho_id, subform: changes}, read_at)
            except AmbiguousWrite as lost:
                if not await trying.again(Failure.KEYED_WRITE_UNANSWERED, lost):
                    return unknown(lost)
            except GatewayConflict as overtaken:
                if not await trying.again(Failure.OVERTAKEN, overtaken):
                    raise

    async def delete(self, module: str, ids: Sequence[ZohoId]) -> Sequence[WriteResult[ZohoId]]:
        """Delete records; no workflow runs."""
        possible = [each for each in dict.fromkeys(ids) if is_id(each)]
        parts = list(chunks(possible, MOST))
        outcomes = await together(self._delete_some(module, part) for part in parts)
        found = dict(zip(possible, settled(outcomes, [len(part) for part in parts]), strict=True))
        return [found.get(each) or _deleted(each) for each in ids]

    async def _delete_some(self, module: str, ids: Sequence[ZohoId]) -> Outcome:
        found: dict[ZohoId, WriteResult[ZohoId]] = {}
        left = list(ids)
        trying = self.caller.trying()
        while left:
            error = AmbiguousWrite(SERVICE, f"deleting records of {module}: some are there still.")
            try:
                items = await self._delete_call(module, left)
            except AmbiguousWrite as lost:
                error = lost
                found |= dict.fromkeys(left, unknown(lost))
                in_doubt = left
            except GatewayError as refused:
                if not found:
                    return refused
                break
            else:
                found |= items
                in_doubt = [each for each in left if isinstance(items[each], Unknown)]
            try:
                there = await self.coql.by_id(module, in_doubt, ("id",)) if in_doubt else {}
            except GatewayError:
                break
            found |= {each: _deleted(each) for each in in_doubt if each not in there}
            left = list(there)
            if left and not await trying.again(Failure.KEYED_WRITE_UNANSWERED, error):
                break
        return [found[each] for each in ids]

    async def _delete_call(self, module: str, ids: Sequence[ZohoId]) -> dict[ZohoId, WriteResult[ZohoId]]:
        """Results by id; one that was not deleted without a reason is Unknown until it is looked for."""
        said = await self.caller.ask(
            ApiCall(
                method="DELETE",
                path=f"/crm/v8/{named(module)}",
                query=(("ids", ",".join(ids)), ("wf_trigger", "false")),
                doing=f"deleting records of {module}",
                unanswered=Failure.WRITE_UNANSWERED,
                items=len(ids),
            )
        )
        found: dict[ZohoId, WriteResult[ZohoId]] = {}
        for zoho_id, item in zip(ids, said.rows, strict=True):
            if text(item, "message") == NOT_DELETED:
                found[zoho_id] = Unknown(why="Zoho says that the record was not deleted, and not why.")
            else:
                found[zoho_id] = result(module, item)
        return found


def _deleted(zoho_id: ZohoId) -> Applied[ZohoId]:
    return Applied(id=zoho_id)
