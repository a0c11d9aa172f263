"""The same pages with the reader of plain records and without it, and all that comes of them.

Without it every record is judged one by one, in the order in which they come.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import count, zip_longest
from random import Random
from typing import Any

import attrs
from tests.bench.data import narrow, wide

from mzi_adapters.files import JsonLine
from mzi_adapters.testing.college import MODULES, build
from mzi_adapters.testing.harness import Harness
from mzi_adapters.zoho import ZohoCodec
from mzi_core.mapping import FieldMapping, Overlay, overlay
from mzi_core.module import AnyModule
from mzi_core.modules import CATALOGUE, ZOHO_CATALOGUE
from mzi_core.ports import Codec, ParkedRecord, Query, Session, Store, Stored
from mzi_core.values import BatchResult, Outcome, RecordId, TenantId, ZohoId

Record = dict[str, Any]

EVERYTHING = Query(limit=10**6, with_deleted=True)


@attrs.frozen
class _JudgesEach(ZohoCodec):
    """Has no reader of plain records."""

    def plain_reader(self, module: AnyModule, overlay: Overlay) -> None:
        return None


PLAIN: Codec = ZohoCodec()
JUDGED: Codec = _JudgesEach()

MAPPINGS: Mapping[str, Sequence[FieldMapping]] = {
    "students": [
        FieldMapping("city", "Placement_Test_Result"),
        FieldMapping("extra.quota", "Units_Passed_Count"),
        FieldMapping("extra.fees", "Registration_Fees"),
        FieldMapping("extra.frozen", "Freeze_Date"),
        FieldMapping("extra.top_up", "Top_up"),
        FieldMapping("extra.seen", "Last_Sync_Date"),
        FieldMapping("extra.major", "Major"),
    ],
    "registrations": [
        FieldMapping("number", "BTEC_Reg_No"),
        FieldMapping("extra.rate", "Exchange_Rate"),
        FieldMapping("extra.mode", "Study_Mode"),
    ],
}
"""What a tenant might map for himself."""


@attrs.frozen(kw_only=True)
class Step:
    """Records of a module that are taken in pages of `size`; before it some of the module are deleted."""

    module: str
    records: Sequence[object]
    size: int = 500
    untold: frozenset[str] = frozenset()
    dry_run: bool = False
    deleted: Sequence[str] = ()

    def pages(self) -> Iterator[tuple[int, Sequence[object]]]:
        """Each with the position of its first record."""
        for first in range(0, len(self.records), self.size):
            yield first, self.records[first : first + self.size]


_numbers = count(1)


@attrs.frozen
class Kept:
    """A stored record whole but for our own key; `kinds`: True is equal to 1, and is something else."""

    row: Stored[Any]
    kinds: Sequence[type[Any]]
    mark: str | None


@attrs.frozen
class Told:
    """All that was told of some steps, and all that is kept after them."""

    outcomes: Sequence[tuple[int, str, Outcome]]
    """By the number of the step; `again` are those of records that were unparked."""
    counts: Sequence[object]
    records: Sequence[Kept]
    held: Sequence[ParkedRecord]


async def take(
    store: Store,
    codec: Codec,
    steps: Sequence[Step],
    mappings: Mapping[str, Sequence[FieldMapping]] = MAPPINGS,
) -> Told:
    """What comes of the steps for a tenant who had nothing; the clock moves on before every page."""
    mzi = Harness(store=store, codec=codec)
    tenant = TenantId(f"tenant{next(_numbers)}")
    await mzi.use_cases.add_tenant(tenant)
    for name, lines in mappings.items():
        await mzi.use_cases.map_fields(tenant, CATALOGUE[name], lines)
    outcomes: list[tuple[int, str, Outcome]] = []
    counts: list[object] = []
    for number, step in enumerate(steps):
        module = CATALOGUE[step.module]
        if step.deleted:
            async with store.begin(tenant) as session:
                counts.append(await session.delete(module, list(map(ZohoId, step.deleted)), mzi.clock.now()))
        for first, page in step.pages():
            mzi.clock.advance(timedelta(minutes=1))
            result = await mzi.use_cases.sync(
                tenant, module, page, first_position=first, dry_run=step.dry_run, untold=step.untold
            )
            assert isinstance(result, BatchResult)
            outcomes += ((number, "", outcome) for outcome in result.outcomes)
            outcomes += ((number, "again", outcome) for outcome in result.released)
            counts.append((number, result.summary, result.complete))
    async with store.read(tenant) as session:
        for module in ZOHO_CATALOGUE:
            counts.append({state: n for state, n in (await session.count(module)).items() if n})
        return Told(
            outcomes=outcomes,
            counts=counts,
            records=[kept for module in ZOHO_CATALOGUE for kept in await _records(session, module)],
            held=[held for module in ZOHO_CATALOGUE for held in await _held(session, module)],
        )


async def _records(session: Session, module: AnyModule) -> list[Kept]:
    rows: list[Stored[Any]] = [*await session.list(module, EVERYTHING)]
    known = await session.known(module, [row.entity.key for row in rows])
    return [
        Kept(
            row=attrs.evolve(row, id=RecordId("")),
            kinds=_kinds(module.values_of(row.entity)),
            mark=known[row.entity.key].mark,
        )
        for row in sorted(rows, key=lambda row: str(row.entity.key))
    ]


def _kinds(values: Sequence[Any]) -> list[type[Any]]:
    *declared, extra = values
    return [type(value) for value in (*declared, *(extra[name] for name in sorted(extra)))]


async def _held(session: Session, module: AnyModule) -> list[ParkedRecord]:
    return sorted(await session.parked_list(module.name, EVERYTHING), key=lambda held: held.key)


async def assert_alike(
    stores: Callable[[], Store],
    steps: Sequence[Step],
    mappings: Mapping[str, Sequence[FieldMapping]] = MAPPINGS,
) -> None:
    """Fail unless the same comes of the steps in both ways; `stores` gives a store for each."""
    judged, plain = [await take(stores(), codec, steps, mappings) for codec in (JUDGED, PLAIN)]
    for name in attrs.fields_dict(Told):
        for expected, actual in zip_longest(getattr(judged, name), getattr(plain, name)):
            assert actual == expected, f"plain:  {actual}\njudged: {expected}\nof {steps}"


def plain_share(steps: Sequence[Step], mappings: Mapping[str, Sequence[FieldMapping]] = MAPPINGS) -> float:
    """Which share of the records the reader of plain records does not leave to the judge."""
    found = []
    for step in steps:
        module = CATALOGUE[step.module]
        read = PLAIN.plain_reader(module, overlay(module, mappings.get(module.name, ()))[0])
        assert read is not None
        found += [values is not None for values in read(step.records)]
    return found.count(True) / len(found)


# messy pages

TIMES = [f"2026-03-0{day}T10:00:00+03:00" for day in range(1, 6)]

ODD: Sequence[Any] = (
    *(None, "", " ", 0, -3, 7, 1.5, True, [], {}, [{}], [None], {"id": "77"}, {"name": "x"}, {"id": 5}),
    *("${!Students.Name}", "a\x00b", "\ud83d", "Ø±Ù†Ø§", "CafÃ©", "رنا", "é", 'c:\\temp\t"q"', "2026-13-40"),
    *(
        "2026-01-02",
        "x@y",
        "A.B@Campus.Example",
        " sp ace ",
        "12",
        "0",
        "9" * 20,
        "12,000 USD",
        "9,50",
        2**63,
    ),
)
"""Values that some field or other does not expect."""


@attrs.frozen
class Mess:
    """Makes messy pages of sound records, the same ones for a seed."""

    dice: Random

    def step(self, module: str, records: Sequence[Record]) -> Step:
        """Some of the records, some of them spoilt, in some form and order, in pages of some size."""
        dice = self.dice
        share = dice.choice([0, 0, 0.02, 0.1, 0.5])
        spoilt = [self._spoilt(record, records) if dice.random() < share else record for record in records]
        if dice.random() < 0.3:
            spoilt += [self._spoilt(dice.choice(records), records) for _ in range(1 + len(records) // 20)]
            dice.shuffle(spoilt)
        if dice.random() < 0.2:
            spoilt = [{**record, "Modified_Time": dice.choice(TIMES)} for record in spoilt]
        written = dice.choice([self._line, self._line, self._line, self._object, self._either])
        size = dice.choice([1, 7, 7, 500, 500])
        deleted = [str(r.get("id")) for r in records if dice.random() < 0.1] if dice.random() < 0.3 else []
        declared = [*sorted(CATALOGUE[module].field), "extra.quota", "extra.fees", "extra.rate"]
        untold = dice.sample(declared, 4) if dice.random() < 0.3 else []
        return Step(
            module=module,
            records=list(map(written, spoilt[:12] if size == 1 else spoilt)),
            size=size,
            untold=frozenset(untold),
            dry_run=dice.random() < 0.1,
            deleted=deleted,
        )

    def _spoilt(self, record: Record, others: Sequence[Record]) -> Record:
        """The record with one field of it missing, taken from another record, or odd."""
        dice = self.dice
        name = dice.choice([*record, *self._telling(record)])
        match dice.randrange(4):
            case 0:
                return {key: value for key, value in record.items() if key != name}
            case 1 | 2:
                return {**record, name: dice.choice(others).get(name)}
            case _:
                return {**record, name: dice.choice(ODD)}

    def _telling(self, record: Record) -> list[str]:
        """The names under which records get into each other's way."""
        telling = (
            "id",
            "Academic_Email",
            "Student_Moodle_ID",
            "Moodle_Grade_Composite_Key",
            "Moodle_Class_ID",
        )
        return [name for name in telling if name in record] * 3

    def _object(self, record: Record) -> Record:
        return with_decimals(record) if self.dice.random() < 0.1 else record

    def _either(self, record: Record) -> object:
        return self._object(record) if self.dice.random() < 0.5 else self._line(record)

    def _line(self, record: Record) -> JsonLine:
        return JsonLine(spoilt_line(record, self.dice.random(), self.dice))


def with_decimals(record: Record) -> Record:
    """The record as some readers of JSON have it, which make no floats."""
    return {key: Decimal(str(value)) if type(value) is float else value for key, value in record.items()}


def spoilt_line(record: Record, fate: float, dice: Random) -> bytes:
    """The record as text, one in ten in a way that is no plain JSON or in an order that is not usual."""
    blanks = dice.choice([None, (",", ":")])
    text = json.dumps(record, ensure_ascii=fate < 0.3, separators=blanks).encode(errors="surrogatepass")
    if fate < 0.9:
        return text
    faults: Sequence[Callable[[], bytes]] = (
        lambda: text[: dice.randrange(len(text))],
        lambda: text[:40] + b"\xff" + text[41:],
        lambda: text[:1] + b'"id":"5","x":1,' + text[1:],
        lambda: text[:-1] + b',"id":"5"}',
        lambda: text[:-1] + b',"Name":"Twice","Name":"Again"}',
        lambda: b"  " + text,
        lambda: text + b" \r\n",
        lambda: json.dumps(dict(reversed(record.items()))).encode(),
        lambda: json.dumps({**record, "id": int(record["id"])}).encode() if _numbered(record) else text,
    )
    return dice.choice(faults)()


def _numbered(record: Record) -> bool:
    return str(record.get("id")).isdecimal()


def messy(seed: int, rounds: int = 6, students: int = 40) -> list[Step]:
    """Some rounds of pages of all modules, children often before their parents; some come twice."""
    dice = Random(seed)
    college = build(seed=seed, students=students)
    pool: dict[str, list[Record]] = {name: list(college.records[name])[:60] for name in MODULES}
    narrow_and_wide: Collection[Record] = [*narrow(12), *wide(12)]
    pool["students"] += narrow_and_wide
    mess = Mess(dice)
    steps = []
    for _ in range(rounds):
        for name in dice.sample(MODULES, len(MODULES)):
            records = dice.sample(pool[name], dice.randint((len(pool[name]) + 1) // 2, len(pool[name])))
            step = mess.step(name, records)
            steps += [step] if dice.random() < 0.7 else [step, attrs.evolve(step, deleted=())]
    return steps
