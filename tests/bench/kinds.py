"""The kinds of record that are measured, and a scratch database with the sides of one."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager

import attrs
from tests.bench import data

from mzi_adapters.bench import Scratch, Side, Sides, Stopwatch, as_lines, in_memory, scratch, take
from mzi_adapters.testing.college import Record
from mzi_core.mapping import FieldMapping
from mzi_core.module import AnyModule
from mzi_core.modules import PROGRAMS, REGISTRATIONS, STUDENTS, UNITS
from mzi_core.values import DEFAULT_TENANT


@attrs.frozen(kw_only=True)
class Kind:
    """A kind of record, and the text field that changes in it.

    `after`: what is stored before, unmeasured. `mapped`: the tenant's own fields.
    """

    name: str
    module: AnyModule
    make: Callable[[int], Iterator[Record]]
    field: str
    after: Sequence[tuple[AnyModule, Callable[[int], Iterator[Record]]]] = ()
    mapped: Sequence[FieldMapping] = ()

    @asynccontextmanager
    async def over(self, url: str, records: int) -> AsyncIterator[Sides]:
        """The sides of so many records in a scratch database, with what they point at stored before."""
        async with scratch(url) as place:
            for module, make in self.after:
                await stored(place, module, as_lines(make(records)))
            if self.mapped:
                await place.use_cases.map_fields(DEFAULT_TENANT, self.module, self.mapped)
            yield await Sides.prepared(place, self.module, list(self.make(records)), self.field)


async def stored(place: Scratch, module: AnyModule, lines: Iterable[bytes]) -> None:
    """Store the records of these lines, unmeasured."""
    await take(place.use_cases, module, in_memory(b"".join(lines)))


def into_empty(place: Scratch, side: Side) -> Side:
    """The side, after all students were taken out of the store."""

    async def run(meter: Stopwatch) -> None:
        await place.empty(STUDENTS)
        await side(meter)

    return run


NARROW = Kind(name="18-key students", module=STUDENTS, make=data.narrow, field="City")
WIDE = Kind(name="110-key students", module=STUDENTS, make=data.wide, field="City")
OWN = Kind(
    name="24-key students with a tenant's own fields",
    module=STUDENTS,
    make=data.own,
    field="City",
    mapped=data.OWN,
)
TAUGHT = Kind(name="units with criteria", module=UNITS, make=data.units, field="Unit_Major")
BILLED = Kind(
    name="registrations with instalments",
    module=REGISTRATIONS,
    make=data.registrations,
    field="Study_Mode",
    after=((PROGRAMS, data.programs), (STUDENTS, data.narrow)),
)
KINDS = (NARROW, WIDE, OWN, TAUGHT, BILLED)
