"""Many items in few calls. Moodle rolls a whole call back for one bad item and does not say which.

PHP reads 1,000 form fields by default and drops the rest without a word, so a call stays well below.
"""

from collections.abc import Awaitable, Callable, Hashable, Iterator, Sequence
from typing import Generic, TypeVar

import attrs

from mzi_adapters.moodle.calling import MoodleCaller, Written
from mzi_adapters.moodle.form import form_pairs
from mzi_adapters.moodle.refusals import SERVICE, denies_everything, rejected, rejection
from mzi_core.errors import (
    AccessRefused,
    AmbiguousWrite,
    GatewayError,
    GatewayRefused,
    GatewayUnavailable,
    InputRefused,
    ProtocolError,
    RemoteBug,
)
from mzi_core.ports import Applied, RejectionKind, Unknown, WriteResult
from mzi_core.values import MoodleId

T = TypeVar("T")
V = TypeVar("V")

MOST_FIELDS = 900
MOST_WRITTEN = 50
MOST_READ = 500

Part = tuple[int, ...]
"""The positions of the items that go into one call."""

Encode = Callable[[T], dict[str, object]]


def parts(
    items: Sequence[T], encode: Encode[T], key: Callable[[T], Hashable] | None = None
) -> Iterator[Part]:
    """The items in calls of a size Moodle takes whole, no two of one `key` in the same call."""
    part: list[int] = []
    fields = 0
    keys: set[Hashable] = set()
    for position, item in enumerate(items):
        size = len(form_pairs(encode(item)))
        own = key(item) if key else position
        if part and (len(part) == MOST_WRITTEN or fields + size > MOST_FIELDS or own in keys):
            yield tuple(part)
            part, fields, keys = [], 0, set()
        part.append(position)
        fields += size
        keys.add(own)
    if part:
        yield tuple(part)


def halves(part: Part) -> tuple[Part, Part]:
    """One half and the other."""
    middle = len(part) // 2
    return part[:middle], part[middle:]


NOT_SENT = rejection(
    RejectionKind.TEMPORARY, f"{SERVICE} did not answer the items before this one; it was not sent."
)
UNSETTLED = Unknown(why=f"{SERVICE} gave no usable answer, and none could be had by asking again.")


@attrs.define
class BatchResults:
    """What became of each item, filled in part by part."""

    found: list[WriteResult[MoodleId] | None]

    @classmethod
    def of(cls, count: int) -> "BatchResults":
        """None known yet."""
        return cls([None] * count)

    def set(self, part: Part, result: WriteResult[MoodleId]) -> None:
        """All of a part ended the same way."""
        for position in part:
            self.found[position] = result

    def open(self) -> Part:
        """The positions not known yet."""
        return tuple(position for position, result in enumerate(self.found) if result is None)

    def written(self) -> bool:
        """Whether anything was, or may have been, written."""
        return any(isinstance(result, Applied | Unknown) for result in self.found)

    def all(self) -> list[WriteResult[MoodleId]]:
        """Every result; what was never reached was not sent."""
        return [NOT_SENT if result is None else result for result in self.found]


@attrs.frozen(kw_only=True)
class Repeating(Generic[T]):
    """A write that done twice is done once, so that it is sent again when its answer was lost.

    `answered`: what the answer refuses of the items sent, by position in the call. `scope`: what a missing
    permission is about; a call about one scope is not taken apart for it.
    """

    calls: MoodleCaller
    function: str
    field: str
    encode: Encode[T]
    answered: Callable[[object, Sequence[T]], Sequence[WriteResult[MoodleId]]]
    scope: Callable[[T], Hashable] | None = None
    key: Callable[[T], Hashable] | None = None

    async def all(self, items: Sequence[T]) -> list[WriteResult[MoodleId]]:
        """Write them, a result for each."""
        results = BatchResults.of(len(items))
        for part in parts(items, self.encode, self.key):
            if await part_after_part(self._part(items, part, results), results):
                break
        return results.all()

    async def _part(self, items: Sequence[T], part: Part, results: BatchResults) -> None:
        chosen = [items[position] for position in part]
        try:
            written = await self._send(chosen)
        except (GatewayRefused, RemoteBug) as error:
            if denies_everything(error):
                raise
            if len(part) == 1 or about_all(error, chosen, self.scope):
                results.set(part, rejected(error))
                return
            for half in halves(part):
                await self._part(items, half, results)
            return
        except AmbiguousWrite as error:
            results.set(part, UNSETTLED)
            if isinstance(error.__cause__, GatewayUnavailable | AccessRefused):
                raise error.__cause__ from None
            return
        try:
            answered = self.answered(written.answer, chosen)
        except ProtocolError:  # it was carried out for some of them at least
            results.set(part, UNSETTLED)
            return
        for position, result in zip(part, answered, strict=True):
            results.found[position] = _sent_again(result) if written.again else result

    async def _send(self, chosen: Sequence[T]) -> Written:
        return await self.calls.write_again(
            self.function, {self.field: [self.encode(item) for item in chosen]}
        )


def _sent_again(result: WriteResult[MoodleId]) -> WriteResult[MoodleId]:
    """The same of a call whose earlier sending may still be on its way."""
    return attrs.evolve(result, again=True) if isinstance(result, Applied) else result


def about_all(error: GatewayError, chosen: Sequence[T], scope: Callable[[T], Hashable] | None) -> bool:
    """Whether a refusal is about what all these items share, so that taking them apart would not help."""
    if not isinstance(error, AccessRefused):
        return False
    return scope is None or len({scope(item) for item in chosen}) == 1


async def part_after_part(work: Awaitable[None], results: BatchResults) -> bool:
    """Do one part of a write; whether the rest had better not be sent.

    What says something about the account or the site as a whole is raised only while nothing is written:
    afterwards the caller has to learn what was.
    """
    try:
        await work
    except GatewayUnavailable as error:
        results.set(results.open(), rejected(error))
        return True
    except AccessRefused as error:
        if not results.written():
            raise
        results.set(results.open(), rejected(error))
        return True
    return False


async def looked_up(
    values: Sequence[V], read: Callable[[Sequence[V]], Awaitable[list[T]]], most: int = MOST_READ
) -> list[T]:
    """What is found for many values, some hundreds a call; a value Moodle cannot even read finds nothing."""
    found: list[T] = []
    waiting = [values[start : start + most] for start in range(0, len(values), most)][::-1]
    while waiting:
        some = waiting.pop()
        try:
            found += await read(some)
        except InputRefused:
            if len(some) > 1:
                waiting += [some[len(some) // 2 :], some[: len(some) // 2]]
    return found


def all_done(_: object, items: Sequence[T]) -> list[WriteResult[MoodleId]]:
    """What a function answers that returns nothing: either the whole call was carried out, or it failed."""
    return [Applied() for _ in items]
