"""Writing many records: a hundred a call, and a result for each in the order in which they were given."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import compress

import attrs

from mzi_adapters.web import Failure
from mzi_adapters.zoho.answers import SERVICE, Json
from mzi_adapters.zoho.calling import ApiCall, ZohoCaller
from mzi_adapters.zoho.coql import is_id, named
from mzi_adapters.zoho.refusals import TWICE, reason, result
from mzi_adapters.zoho.subforms import key_text
from mzi_adapters.zoho.together import chunks, together
from mzi_core.errors import (
    AccessRefused,
    AmbiguousWrite,
    AuthRevoked,
    GatewayError,
    GatewayUnavailable,
    ProtocolError,
)
from mzi_core.ports import Applied, Rejected, RejectionKind, Unknown, WireRecord, WriteResult, kind_of
from mzi_core.values import ZohoId

MOST = 100
LIGHT = 10
"""Up to so many records a call is no heavy one."""

Outcome = list[WriteResult[ZohoId]] | GatewayError
"""What became of one call: a result for each of its records, or none for any."""


def credits_for(records: int) -> int:
    """One for ten records."""
    return min(-(-records // LIGHT), 10)


def unknown(error: GatewayError) -> Unknown:
    """A record of a call whose answer was lost."""
    return Unknown(why=str(error))


def settled(outcomes: Sequence[Outcome], sizes: Sequence[int]) -> list[WriteResult[ZohoId]]:
    """The results of several calls in order; raises only if none of them may have done anything."""
    errors = [each for each in outcomes if isinstance(each, GatewayError)]
    if errors and len(errors) == len(outcomes) and not any(isinstance(e, AmbiguousWrite) for e in errors):
        raise next((each for each in errors if isinstance(each, AuthRevoked)), errors[0])
    found: list[WriteResult[ZohoId]] = []
    for outcome, size in zip(outcomes, sizes, strict=True):
        found += [_instead(outcome)] * size if isinstance(outcome, GatewayError) else outcome
    return found


def _instead(error: GatewayError) -> WriteResult[ZohoId]:
    """The result of a record whose call failed while others of the same request did not."""
    if isinstance(error, AmbiguousWrite):
        return unknown(error)
    # These say nothing about the record: Zoho would not look at it any more.
    unseen = isinstance(error, GatewayUnavailable | AccessRefused)
    kind = RejectionKind.TEMPORARY if unseen else kind_of(error)
    return Rejected(kind=kind, reasons=(reason(error.code or type(error).__name__, str(error)),))


def no_such_id() -> Rejected[ZohoId]:
    """The result of a record whose id is none of Zoho's."""
    said = "no record can have this id, for Zoho's are made of digits; correct it."
    return Rejected(
        kind=RejectionKind.NOT_FOUND, reasons=(reason("INVALID_DATA", said, field="id", path="$.id"),)
    )


def _key_missing(fields: Sequence[str]) -> Rejected[ZohoId]:
    said = "the key is empty, so the record could not be found again; give it one."
    return Rejected(
        kind=RejectionKind.BAD_INPUT,
        reasons=tuple(reason("MANDATORY_NOT_FOUND", said, field=name, path=f"$.{name}") for name in fields),
    )


@attrs.frozen(kw_only=True)
class _Way:
    """How a batch is sent. `unanswered`: what it means that no usable answer came."""

    method: str
    path: str
    module: str
    body: Json = attrs.field(factory=dict)
    unanswered: Failure = Failure.KEYED_WRITE_UNANSWERED


_UNANSWERED = {False: Failure.KEYED_WRITE_UNANSWERED, True: Failure.WRITE_UNANSWERED}
"""What it means that no usable answer came, by whether a write is to be sent once."""


class BatchWriting:
    """The part of the gateway that writes batches of records. No workflow runs for any of them."""

    caller: ZohoCaller

    async def upsert(
        self, module: str, records: Sequence[WireRecord], *, by: Sequence[str], once: bool = False
    ) -> Sequence[WriteResult[ZohoId]]:
        """Insert or update by key; what was lost is sent again, for the key finds what it did."""
        if not by:
            raise ValueError("An upsert names its key: without one Zoho merges records of one name.")
        body = {"duplicate_check_fields": [named(each) for each in by]}
        path = f"/crm/v8/{named(module)}/upsert"
        way = _Way(method="POST", path=path, module=module, unanswered=_UNANSWERED[once], body=body)
        return await self._by_key(way, records, by)

    async def update_many(
        self, module: str, records: Sequence[WireRecord], *, once: bool = False
    ) -> Sequence[WriteResult[ZohoId]]:
        """Change records by id; each may be sent twice, so none has rows, which would be doubled."""
        for record in records:
            if not record.get("id"):
                raise ValueError("A record that is changed by id has one.")
            if any(isinstance(each, Mapping) for value in record.values() for each in _listed(value)):
                raise ValueError("Rows of a subform are written by `put_rows`.")
        way = _Way(method="PUT", path=f"/crm/v8/{named(module)}", module=module, unanswered=_UNANSWERED[once])
        possible = [is_id(str(record["id"])) for record in records]
        found = iter(await self._by_key(way, list(compress(records, possible)), ("id",)))
        return [next(found) if each else no_such_id() for each in possible]

    async def insert(self, module: str, records: Sequence[WireRecord]) -> Sequence[WriteResult[ZohoId]]:
        """Add records; nothing that may have arrived is sent again."""
        way = _Way(
            method="POST", path=f"/crm/v8/{named(module)}", module=module, unanswered=Failure.WRITE_UNANSWERED
        )
        return await self._in_batches(way, records)

    async def _by_key(
        self, way: _Way, records: Sequence[WireRecord], by: Sequence[str]
    ) -> list[WriteResult[ZohoId]]:
        keys = [tuple(key_text(record.get(name)) for name in by) for record in records]
        meant = {key: record for key, record in zip(keys, records, strict=True) if all(key)}
        found = dict(zip(meant, await self._in_batches(way, list(meant.values())), strict=True))
        again = [key for key, each in found.items() if _overtaken(each, by)]
        if again:
            with suppress(GatewayError):  # then they stay refused, with the record that has their key
                found |= zip(again, await self._in_batches(way, [meant[key] for key in again]), strict=True)
        return [found[key] if key in found else _key_missing(by) for key in keys]

    async def _in_batches(self, way: _Way, records: Sequence[WireRecord]) -> list[WriteResult[ZohoId]]:
        parts = list(chunks(records, MOST))
        outcomes = await together(self._outcome(way, part) for part in parts)
        return settled(outcomes, [len(part) for part in parts])

    async def _outcome(self, way: _Way, records: Sequence[WireRecord]) -> Outcome:
        call = ApiCall(
            method=way.method,
            path=way.path,
            body={"data": records, **way.body, "trigger": []},
            doing=f"writing {way.module}",
            heavy=len(records) > LIGHT,
            credits=credits_for(len(records)),
            unanswered=way.unanswered,
            items=len(records),
        )
        try:
            said = await self.caller.ask(call)
            found = [result(way.module, item) for item in said.rows]
            return [_sent_again(each) for each in found] if said.again else found
        except ProtocolError as error:  # a record was written and its id is not told
            return AmbiguousWrite(SERVICE, f"{call.doing}: {error}")
        except GatewayError as error:
            return error


def _sent_again(found: WriteResult[ZohoId]) -> WriteResult[ZohoId]:
    """The same of a call whose earlier sending may still be on its way."""
    return attrs.evolve(found, again=True) if isinstance(found, Applied) else found


def _overtaken(found: WriteResult[ZohoId], by: Sequence[str]) -> bool:
    """Whether somebody inserted the same key at the same moment; once more, and it is an update."""
    return (
        isinstance(found, Rejected)
        and found.existing is not None
        and all(each.code == TWICE and each.field in by for each in found.reasons)
    )


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else ()
