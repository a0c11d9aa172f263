"""The half of a pair that is Zoho's: read again before it is relied on, and told how it went."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from mzi_core.flows import take_flow
from mzi_core.flows.flow import flow_of
from mzi_core.flows.write_back import write_back_of
from mzi_core.module import AnyModule, Kind
from mzi_core.ports import (
    Applied,
    CausedBy,
    Causer,
    Connections,
    Due,
    Session,
    Stored,
    WriteResult,
)
from mzi_core.provisioning.records import RecordWrite, Subform
from mzi_core.use_cases.batches import Batch, Batches, overlay_of
from mzi_core.use_cases.deletions import delete_records
from mzi_core.use_cases.deliver import Hold
from mzi_core.use_cases.field_selection import Choice, in_no_record, select
from mzi_core.use_cases.zoho_target import WritableZoho
from mzi_core.values import RecordKey, TenantId, ZohoId

BY_DELIVERY = CausedBy(Causer.DELIVERY)


@attrs.frozen(kw_only=True)
class News:
    """What Zoho is to be told of a record: that all is well, or the `problem`, or that it `waits`.

    `fields`: what it is to hold besides, by our names; the link is told in any case.
    """

    problem: str = ""
    waits: bool = False
    fields: Mapping[str, object] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class ZohoHalf:
    """The records of one module of one tenant, as Zoho has them now.

    `keeps`: whether what is read is kept here too; else it is only told what would be.
    """

    tenant: TenantId
    module: AnyModule
    batches: Batches
    zoho: WritableZoho
    choice: Choice
    keeps: bool = True

    @classmethod
    async def of(
        cls,
        tenant: TenantId,
        module: AnyModule,
        batches: Batches,
        connections: Connections,
        *,
        keeps: bool = True,
    ) -> "ZohoHalf":
        """Raises GatewayError, AccountMissing, ModuleMissing, FieldsMissing."""
        zoho = await connections.zoho(tenant)
        async with batches.store.read(tenant) as session:
            overlay = overlay_of(await session.settings(), module)
        return cls(
            tenant=tenant,
            module=module,
            batches=batches,
            zoho=zoho,
            choice=await select(zoho, module, overlay),
            keeps=keeps,
        )

    async def stored(self, keys: Sequence[RecordKey]) -> Mapping[RecordKey, Stored[Any]]:
        """Our live records with these keys."""
        async with self.batches.store.read(self.tenant) as session:
            return await self._live(session, keys)

    async def _live(self, session: Session, keys: Sequence[RecordKey]) -> Mapping[RecordKey, Stored[Any]]:
        rows = await session.stored(self.module, keys)
        return {key: row for key, row in rows.items() if row.deleted_at is None}

    def _reading(self) -> Batch[Any]:
        """A batch for what was read."""
        return self.batches.open(
            self.tenant, self.module, discard=not self.keeps, caused_by=BY_DELIVERY, delivers=True
        )

    async def read_again(self, known: Mapping[RecordKey, Stored[Any]]) -> Mapping[RecordKey, Stored[Any]]:
        """Our records as they are after Zoho was asked for them anew; what is gone there is gone here.

        A reading of a record that was changed here meanwhile is not believed: what is here counts.
        """
        if not known:
            return known
        found = await self.zoho.get_many(
            self.choice.named.api_name, [ZohoId(key) for key in known], self.choice.selection
        )
        untold = self.choice.untold | in_no_record(self.choice, list(found.values()))
        async with self._reading() as batch:
            now = await batch.session.stored(self.module, list(known))
            same = {key for key, row in now.items() if row.revision == known[key].revision}
            records = [record for key, record in found.items() if key in same]
            if records:
                await batch.take(records, untold=untold)
            gone = [key for key in known if key in same and key not in found]
            if gone:
                at = (await batch.session.status(self.module)).at(self.batches.clock.now())
                await delete_records(
                    batch.session, self.module, gone, at, caused_by=BY_DELIVERY, delivers=True
                )
            return await self._live(batch.session, list(known))

    async def found(self, name: str, values: Sequence[str]) -> dict[str, Stored[Any]]:
        """Our records of those that have one of these values in a field, by value: Zoho itself is asked.

        Whoever makes a record under a key asks first: what a worker has made before may not be here yet, and
        a person may have changed it by now. Raises AmbiguousMatch for a value that two records have.
        """
        field = self.choice.named.writable[name]
        found = (
            await self.zoho.find(self.choice.named.api_name, field, values, self.choice.selection)
            if values
            else {}
        )
        if not found:
            return {}
        records = list(found.values())
        untold = self.choice.untold | in_no_record(self.choice, records)
        async with self._reading() as batch:
            await batch.take(records, untold=untold)
            keys = [self.module.side.key(str(each["id"])) for each in records]
            rows = await self._live(batch.session, keys)
        return {
            str(getattr(row.entity, name)): row for row in rows.values() if getattr(row.entity, name) in found
        }

    async def tell(self, news: Mapping[RecordKey, News], hold: Hold) -> Mapping[RecordKey, str]:
        """Tell Zoho of pairs; why it could not be told, by key.

        What it acknowledged is kept as what it says.
        """
        rows = await self.stored(list(news))
        at = self.batches.clock.now()
        told = {key: self._with_its_link(row.entity, news[key]) for key, row in rows.items()}
        writes = {key: self._write(rows[key].entity, at, each) for key, each in told.items()}
        writes = {key: write for key, write in writes.items() if write}
        if not writes:
            return {}
        ours = await hold.about_to_send({key: {"told": False} for key in writes})
        writes = {key: write for key, write in writes.items() if key in ours}
        sent = await self.zoho.update_many(
            self.choice.named.api_name, [{"id": key, **write} for key, write in writes.items()]
        )
        results = dict(zip(writes, sent, strict=True))
        hold.answered(results)
        await self._keep(rows, {key: told[key] for key in results if _is_done(results[key])}, hold)
        return {key: result.why for key, result in results.items() if not isinstance(result, Applied)}

    def write_of(self, record: Any, names: Iterable[str], *, by_key: bool) -> RecordWrite:
        """What is to be sent so that a record says in these fields what it does here.

        A field that the organisation lacks, or lets nobody write, is left out. With `by_key` it is found by
        its key, else by its id.
        """
        named = self.choice.named
        wire = self.batches.codec.writer(self.module, named.overlay, named.forms)(record)
        there = [name for name in names if name in named.writable]
        rows = [name for name in there if self.module.field[name].kind is Kind.SUBFORM]
        fields = {named.writable[name]: wire[name] for name in there if name not in rows}
        return RecordWrite(
            record=fields if by_key else {"id": record.key, **fields},
            subforms=tuple(
                Subform(
                    name=named.writable[name],
                    rows=wire[name],
                    key=(named.columns[name].names[self.module.field[name].row_key],),
                )
                for name in rows
                if name in named.columns and self.module.field[name].row_key in named.columns[name].names
            ),
            by_key=by_key,
        )

    def _with_its_link(self, record: Any, news: News) -> News:
        link = write_back_of(self.module).link
        id = getattr(record, link)
        return news if id is None else attrs.evolve(news, fields={link: id, **news.fields})

    def _write(self, record: Any, at: datetime, news: News) -> dict[str, object]:
        """The fields of a record that are to be told, as the organisation holds them."""
        named = self.choice.named
        write_back, real = write_back_of(self.module), named.described.fields
        fields: dict[str, Any] = dict(news.fields)
        said = write_back.awaiting(real) if news.waits else write_back.told(real, at, news.problem)
        told = said | write_back.copied(real, fields.get(write_back.link))
        write = self.write_of(attrs.evolve(record, **fields), fields, by_key=False)
        return {name: value for name, value in write.record.items() if name != "id"} | told

    async def _keep(
        self, rows: Mapping[RecordKey, Stored[Any]], told: Mapping[RecordKey, News], hold: Hold
    ) -> None:
        """Keep as Zoho's what it acknowledged; a record that was changed meanwhile is looked at again."""
        changes = {
            key: {self.module.said_in.get(name, name): value for name, value in news.fields.items()}
            for key, news in told.items()
            if news.fields
        }
        if not changes:
            return
        async with self.batches.open(self.tenant, self.module, caused_by=BY_DELIVERY, delivers=True) as batch:
            ours = await hold.still_ours(batch.session, changes)
            now = await batch.session.stored(self.module, sorted(ours))
            same = {key for key, row in now.items() if row.revision == rows[key].revision}
            await batch.amend({key: changes[key] for key in sorted(same)})
            moved = [key for key in sorted(ours) if key not in same]
            if moved:
                look, pair = take_flow(self.module.name), flow_of(self.module).name
                await batch.session.make_due([Due(flow, key) for flow in (look, pair) for key in moved])


def _is_done(result: WriteResult[ZohoId]) -> bool:
    return isinstance(result, Applied)
