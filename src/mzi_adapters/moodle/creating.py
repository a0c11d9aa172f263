"""Creating what has a key: nothing is made twice, whatever becomes of the answers."""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

import attrs

from mzi_adapters.moodle.batching import (
    UNSETTLED,
    BatchResults,
    Encode,
    Part,
    about_all,
    halves,
    part_after_part,
    parts,
)
from mzi_adapters.moodle.calling import MoodleCaller
from mzi_adapters.moodle.json_fields import Row, moodle_id, rows
from mzi_adapters.moodle.refusals import SERVICE, denies_everything, rejected, rejection
from mzi_adapters.web import Failure, Trying
from mzi_core.errors import (
    AmbiguousWrite,
    GatewayError,
    GatewayRefused,
    GatewayUnavailable,
    ProtocolError,
    RemoteBug,
)
from mzi_core.ports import Applied, Rejected, RejectionKind, WriteResult
from mzi_core.values import MoodleId

T = TypeVar("T")


@attrs.frozen
class Match:
    """What has a key of an item already; `whole`: it has all of them, as our own would."""

    id: MoodleId
    whole: bool


Found = Mapping[int, Match]
"""By position among the items asked about."""


@attrs.frozen(kw_only=True)
class Creating(Generic[T]):
    """How items of one kind are created.

    `keys`: what no two can share; `named`: the first of them, read from what the call returned. `check`: why
    an item is not even sent. `find`: what has a key of these items; asked before anything is sent, so that
    what is found after a lost answer is our own. `explain`: the same, thoroughly, for one that was refused.
    `scope`: what a missing permission is about. `singly`: somebody hears of an item even where its call is
    rolled back, so that after a refusal it is sent by itself, once, and not with ever fewer others.
    """

    calls: MoodleCaller
    function: str
    field: str
    encode: Encode[T]
    keys: Callable[[T], Sequence[Hashable]]
    find: Callable[[Sequence[T]], Awaitable[Found]]
    explain: Callable[[T], Awaitable[Match | None]]
    named: Callable[[Row], Hashable]
    scope: Callable[[T], Hashable] | None = None
    check: Callable[[T], Rejected[MoodleId] | None] = lambda _: None
    singly: Callable[[T], bool] = lambda _: False

    async def all(self, items: Sequence[T]) -> list[WriteResult[MoodleId]]:
        """Create them, a result for each."""
        results = BatchResults([self.check(item) for item in items])
        unsent = results.open()
        if not unsent:
            return results.all()
        found = await self.find([items[position] for position in unsent])
        for place, match in found.items():
            results.found[unsent[place]] = taken(match)
        self._refuse_repeated(items, results)
        unsent = results.open()
        chosen = [items[position] for position in unsent]
        for part in parts(chosen, self.encode):
            if await part_after_part(
                self._part(items, tuple(unsent[place] for place in part), results), results
            ):
                break
        return results.all()

    def _refuse_repeated(self, items: Sequence[T], results: BatchResults) -> None:
        """What has a key of another item before it."""
        seen: set[Hashable] = set()
        for position in results.open():
            keys = self.keys(items[position])
            if seen.isdisjoint(keys):
                seen.update(keys)
            else:
                why = "Another item of the same request has this key; it was not sent twice."
                results.found[position] = rejection(RejectionKind.CONFLICT, why)

    async def _part(
        self, items: Sequence[T], part: Part, results: BatchResults, *, doubtful: bool = False
    ) -> None:
        """`doubtful`: an earlier answer about these was lost, so what has their key may be our own."""
        trying = self.calls.trying()
        while True:
            try:
                created = await self._send([items[position] for position in part], trying)
            except AmbiguousWrite:
                created, doubtful = {}, True
            except (GatewayUnavailable, GatewayRefused, RemoteBug) as error:
                if isinstance(error, GatewayUnavailable) or denies_everything(error):
                    if doubtful:
                        results.set(part, UNSETTLED)
                    raise
                await self._refused(items, part, results, error, doubtful=doubtful)
                return
            else:
                doubtful = len(created) < len(part)
            for place, id in created.items():
                results.found[part[place]] = Applied(id=id)
            if len(created) == len(part):
                return
            more = await trying.again(Failure.KEYED_WRITE_UNANSWERED)
            part = await self._settled(items, part, results)
            if not (part and more):
                break
        results.set(part, UNSETTLED)

    async def _send(self, chosen: Sequence[T], trying: Trying) -> dict[int, MoodleId]:
        params = {self.field: [self.encode(item) for item in chosen]}
        answer = await self.calls.write(self.function, params, trying=trying)
        places = {self.keys(item)[0]: place for place, item in enumerate(chosen)}
        try:
            made = rows(answer)
            if len(made) == len(chosen):  # in the order they were sent
                return {place: moodle_id(row) for place, row in enumerate(made)}
            return {places[name]: moodle_id(row) for row in made if (name := self.named(row)) in places}
        except ProtocolError as error:  # it was carried out, whatever it says
            raise AmbiguousWrite(SERVICE, f"{self.function} returned no list of what it made.") from error

    async def _settled(self, items: Sequence[T], part: Part, results: BatchResults) -> Part:
        """After a lost or a short answer: what is there now is ours; the rest is left to send again."""
        part = tuple(position for position in part if results.found[position] is None)
        if not part:
            return part
        try:
            found = await self.find([items[position] for position in part])
        except GatewayError:
            results.set(part, UNSETTLED)
            return ()
        for place, match in found.items():
            results.found[part[place]] = Applied(id=match.id) if match.whole else taken(match)
        return tuple(position for position in part if results.found[position] is None)

    async def _refused(
        self, items: Sequence[T], part: Part, results: BatchResults, error: GatewayError, *, doubtful: bool
    ) -> None:
        if isinstance(error, RemoteBug):  # PHP may fail after the rows were written
            part = await self._settled(items, part, results)
            doubtful = True
        if not part:
            return
        if about_all(error, [items[position] for position in part], self.scope):
            results.set(part, rejected(error))
            return
        if len(part) > 1:
            alone = any(self.singly(items[position]) for position in part)
            for smaller in [(position,) for position in part] if alone else halves(part):
                await self._part(items, smaller, results, doubtful=doubtful)
            return
        try:
            match = await self.explain(items[part[0]])
        except GatewayError:
            match = None
        if match is None:
            results.set(part, rejected(error))
        else:
            results.set(part, Applied(id=match.id) if doubtful and match.whole else taken(match))


def taken(match: Match) -> Rejected[MoodleId]:
    """Rejected, because somebody or something has the key."""
    why = f"{SERVICE} has this already, under the id {match.id}; link to it, or take another key."
    return rejection(RejectionKind.CONFLICT, why, existing=match.id)
