"""What the page of flows says of each, made from the declarations.

Which fields a flow brings to agree is found out by trying: a college in memory is delivered, every field of
its records in Zoho is changed, and it is asked where both sides differ then.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from functools import cache
from typing import Any

import attrs

from mzi_adapters.testing.college import build
from mzi_adapters.testing.college.before_moodle import before_moodle
from mzi_adapters.testing.harness import START, Harness
from mzi_core.flows.drift import Outlook
from mzi_core.flows.flow import FLOWS, Flow, flow_of
from mzi_core.flows.grade import TOGETHER, VERIFIER
from mzi_core.flows.review import CANDIDATES, KINDS
from mzi_core.flows.rules import RULES, FlowName, rules_about
from mzi_core.flows.write_back import LONGEST_REASON, WriteBack, write_back_of
from mzi_core.module import AnyModule, Kind
from mzi_core.modules import (
    CLASSES,
    MOODLE_COURSES,
    MOODLE_ENROLLMENTS,
    MOODLE_MARKS,
    MOODLE_USERS,
    STUDENTS,
    ZOHO_CATALOGUE,
)
from mzi_core.ports import Query, ZohoField
from mzi_core.values import DEFAULT_TENANT

WRITTEN = (Outlook.CREATE, Outlook.CHANGE, Outlook.SUSPEND, Outlook.ACTIVATE)
_WHY = "why"
_CHANGED = (Kind.TEXT, Kind.EMAIL, Kind.DATE)
"""The kinds of fields that people change here and there; a pointer or a number would name something else."""


@attrs.frozen(kw_only=True)
class Fields:
    """The fields by which the pairs of a flow agree: those that are `made`, and those that are `kept` so."""

    made: Sequence[str] = ()
    kept: Sequence[str] = ()


@cache
def fields_of_flows() -> Mapping[FlowName, Fields]:
    """What each flow does to fields, by trying under every choice that a rule has."""
    found = [asyncio.run(_tried(choices)) for choices in _choices()]
    return {
        flow: Fields(
            made=_each(name for each in found for name in each[flow].made),
            kept=_each(name for each in found for name in each[flow].kept),
        )
        for flow in FLOWS
    }


def _choices() -> Iterator[Mapping[str, object]]:
    """Rules to try by: all that may be is done, and each other choice of a rule alone."""
    all_done = {name: True for name, rule in RULES.items() if isinstance(rule.default, bool)}
    yield all_done
    for name, rule in RULES.items():
        others = [choice.value for choice in rule.choices if choice != rule.default]
        if not isinstance(rule.default, frozenset):
            yield from ({**all_done, name: choice} for choice in others)


async def _tried(choices: Mapping[str, object]) -> Mapping[FlowName, Fields]:
    mzi = Harness()
    await mzi.use_cases.set_rules(DEFAULT_TENANT, choices)
    await _enter(mzi)
    made = {}
    for flow in FLOWS.values():
        if flow.key_is_moodles:
            await _mark(mzi)
        made[flow.name] = await _differing(mzi, flow)
        await mzi.use_cases.remote.make_due(DEFAULT_TENANT, [flow])
        await mzi.use_cases.remote.deliver_due(DEFAULT_TENANT, [flow])
    await _tell_who_enrolled(mzi)
    _forget_numbers(mzi)
    kept = {flow.name: await _differing(mzi, flow) for flow in FLOWS.values()}
    await mzi.use_cases.remote.make_due(DEFAULT_TENANT, FLOWS.values())
    await mzi.use_cases.remote.deliver_due(DEFAULT_TENANT)
    _change(mzi)
    return {
        flow.name: Fields(made=made[flow.name], kept=_each([*await _differing(mzi, flow), *kept[flow.name]]))
        for flow in FLOWS.values()
    }


async def _enter(mzi: Harness) -> None:
    """A college of which nothing is in Moodle yet."""
    college = build(seed=1, students=20)
    for module in ZOHO_CATALOGUE.in_order():
        there = mzi.zoho.organization.tables[module.remote_name].fields
        for record in college.sound(module.name).values():
            shown = before_moodle(module.name, record)
            with suppress(ValueError):
                mzi.zoho.add(
                    module.remote_name,
                    {name: value for name, value in shown.items() if name in there and value is not None},
                )
        plan = await mzi.use_cases.remote.plan_pull(DEFAULT_TENANT, module)
        async for _ in mzi.use_cases.remote.pull(plan):
            pass


async def _mark(mzi: Harness) -> None:
    """Marks of a student whom both sides know, with all that can be said of them; one is by a verifier."""
    users, courses = [await _linked(mzi, module) for module in (STUDENTS, CLASSES)]
    user, course = users[0].moodle_userid, next(each for each in courses if each.unit).moodle_class_id
    at = int(START.timestamp())
    told = {
        "userid": user,
        "courseid": course,
        "attemptnumber": 0,
        "rawgrade": "3",
        "assigngrademax": "4",
        "submissionstatus": "submitted",
        "grade_id": 900,
        "timegraded": at,
        "timemodified": at,
        "feedback": "Well done",
        "grader_name": "Sami Haddad",
        "criteria": [{"code": "P1", "definition": "Describe networks", "score": "1"}],
    }
    for module, records in (
        (MOODLE_USERS, [{"id": user}]),
        (MOODLE_COURSES, [{"id": course, "fullname": "Networking"}]),
        (MOODLE_MARKS, [{**told, "assignid": 1}, {**told, "assignid": 2, "grader_role": VERIFIER}]),
    ):
        await mzi.use_cases.sync(DEFAULT_TENANT, module, records)


async def _linked(mzi: Harness, module: AnyModule) -> Sequence[Any]:
    """The records that are known in Moodle."""
    link = write_back_of(module).link
    records = await mzi.use_cases.list_records(DEFAULT_TENANT, module, Query(limit=1000))
    return [each.entity for each in records.items if getattr(each.entity, link) is not None]


async def _tell_who_enrolled(mzi: Harness) -> None:
    """Moodle's events tell that it was mzi that enrolled everybody."""
    users = {each.zoho_id: each.moodle_userid for each in await _linked(mzi, STUDENTS)}
    service = (await (await mzi.connections.moodle(DEFAULT_TENANT)).site()).user_id
    modules = [module for flow in FLOWS.values() if flow.moodle is MOODLE_ENROLLMENTS for module in flow.zoho]
    enrolled = [
        (users[each.student], getattr(each, write_back_of(module).link))
        for module in modules
        for each in await _linked(mzi, module)
    ]
    for number, (user, course) in enumerate(enrolled, 1):
        await mzi.use_cases.sync(DEFAULT_TENANT, MOODLE_USERS, [{"id": user}])
        await mzi.use_cases.sync(DEFAULT_TENANT, MOODLE_COURSES, [{"id": course, "fullname": "Networking"}])
        told = {"courseid": course, "userid": user, "id": number, "maker": service, "made_as": number}
        async with mzi.use_cases.batches.open(DEFAULT_TENANT, MOODLE_ENROLLMENTS) as batch:
            await batch.take([told], are_ours=True)


def _forget_numbers(mzi: Harness) -> None:
    """Somebody empties what Moodle has for the ids of other systems."""
    site = mzi.moodle.site
    for row in (*site.people.rows.values(), *site.courses.values()):
        row.idnumber = ""


async def _differing(mzi: Harness, flow: Flow) -> Sequence[str]:
    """The fields of pairs that would be written, but for the ids of which Zoho is told."""
    mzi.clock.advance(timedelta(minutes=10))  # Zoho gives few access tokens in that time
    links = {write_back_of(module).link for module in flow.zoho if not flow.key_is_moodles}
    found: list[str] = []
    async for page in mzi.use_cases.remote.find_drift(DEFAULT_TENANT, [flow]):
        if page.error is not None:
            raise page.error
        pairs = [pair for pair in page.pairs if pair.outlook in WRITTEN]
        found += (each.field for pair in pairs for each in pair.differing if each.field not in links)
    return _each(found)


def _each(names: Iterable[str]) -> Sequence[str]:
    return list(dict.fromkeys(names))


def _change(mzi: Harness) -> None:
    """Somebody changes whatever Zoho lets him in the records of all flows, and ends what can end."""
    for module in (module for flow in FLOWS.values() for module in flow.zoho):
        ended = () if module.counterpart is None else module.counterpart.ended
        for id, record in mzi.zoho.records(module.remote_name).items():
            for field in (field for field in module.fields if field.names):
                name = field.names[0]
                value = record.get(name)
                if field.name == "status" and ended:
                    mzi.zoho.edit(module.remote_name, id, {name: ended[0]})
                elif field.kind in _CHANGED and isinstance(value, str) and value:
                    with suppress(ValueError):
                        mzi.zoho.edit(module.remote_name, id, {name: _other(field.kind, value)})


def _other(kind: Kind, value: str) -> str:
    match kind:
        case Kind.DATE:
            return (date.fromisoformat(value) + timedelta(days=1)).isoformat()
        case Kind.EMAIL:
            return f"x{value}"
        case _:
            return f"{value} x"


def _code(names: Iterable[object]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _rows(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield "| | |"
    yield "|---|---|"
    for name, said in rows:
        yield f"| {name} | {said} |"
    yield ""


def _facts(flow: Flow) -> Iterator[tuple[str, str]]:
    yield "in Zoho", _code(module.remote_name for module in flow.zoho)
    yield "in Moodle", f"`{flow.moodle.remote_name}`, here `{flow.moodle.name}`"
    if flow.key_is_moodles:
        name = flow.zoho[0].field[flow.key].names[0]
        yield "a pair is called by", f"the key of its record in Moodle, which Zoho holds in `{name}`"
    else:
        yield "a pair is called by", f"`{flow.key}` of its record in Zoho"
    waits = (f"[{name}](#{name}) of its `{field}`" for field, name in _waits(flow))
    yield "waits for", ", ".join(waits) or "nothing"
    yield "worked on together", f"at most {flow.at_once:,} pairs"
    yield "[rules](rules.md)", _code(rules_about(flow.name))
    kind = KINDS.get(flow.name)
    asked = "nothing" if kind is None else f"`{kind}`, with `{CANDIDATES[kind].name}` as candidates"
    yield "goes to the [review list](review.md)", asked
    yield "the [brake](deliveries.md#the-brake) counts", _code(flow.takes_away) or "nothing"


def _waits(flow: Flow) -> Iterator[tuple[str, FlowName]]:
    for field, module in flow.waits_for.items():
        yield field, flow_of(module).name


def _owned(flow: Flow) -> Iterator[str]:
    """Which side says what stands in a field."""
    found = fields_of_flows()[flow.name]
    if flow.key_is_moodles:
        yield f"Brought to Zoho: {_code(found.made)}. {_EDITED}"
        yield ""
        return
    for names, when in (
        (found.kept, "Brought to Moodle whenever both differ"),
        ([name for name in found.made if name not in found.kept], "Brought to Moodle when it is made there"),
    ):
        if names:
            yield f"{when}: {_code(names)}."
            yield ""
    yield "Whatever else Moodle says is its own."
    yield ""


_EDITED = (
    "What a person has changed of it there since stays until the mark in Moodle changes; "
    f"{' and '.join(f'`{name}`' for name in TOGETHER)} stay together. Whatever else Zoho says is its own."
)


_ID = ("the id in Moodle", "the id in Moodle, where there is one")
"""What stands in the field of the link when both agree, and when that cannot be."""


def _told(flow: Flow) -> Iterator[str]:
    """What Zoho is told, field by field; of what comes from Moodle and cannot be written, nothing."""
    backs = {module: write_back_of(module) for module in flow.zoho}
    yield "What Zoho is told, as far as it has such fields:"
    yield ""
    problems = ("",) if flow.key_is_moodles else ("", _WHY)
    heads = ("field", "when both agree", "when that cannot be")[: 1 + len(problems)]
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for module, back in backs.items():
        yield f"| `{module.field[back.link].names[0]}` | {' | '.join(_ID[: len(problems)])} |"
    for name in _each(name for back in backs.values() for name in told_fields(back)):
        back = next(back for back in backs.values() if name in told_fields(back))
        yield f"| `{name}` | {' | '.join(_values(back, name, problem) for problem in problems)} |"
    yield ""
    if flow.key_is_moodles:
        yield "Why something cannot be written there its delivery says alone."
        yield ""


def told_fields(back: WriteBack) -> Sequence[str]:
    """The API names of the fields in which Zoho is told how it went, besides the link."""
    groups = (getattr(back, field.name) for field in attrs.fields(WriteBack) if field.name != "link")
    return _each(name for names in groups for name in names)


def _values(back: WriteBack, name: str, problem: str) -> str:
    """What is written into a field, whether it is a check box or text; the id where nothing else is."""
    found = []
    for kind in ("boolean", "text"):
        field = ZohoField(api_name=name, label=name, data_type=kind)
        found += [_shown(value) for value in back.told({name: field}, START, problem).values()]
    return ", or ".join(_each(found)) or _ID[bool(problem)]


def _shown(value: object) -> str:
    match value:
        case None:
            return "emptied"
        case bool():
            return f"`{str(value).lower()}`"
        case _ if value == _WHY:
            return f"why, in at most {LONGEST_REASON} characters"
        case _ if value == START.isoformat(timespec="seconds"):
            return "when it was"
    return f"`{value}`"


def agreements() -> Iterator[str]:
    """Every flow with all that is declared of it."""
    for flow in FLOWS.values():
        yield f"## {flow.name}"
        yield ""
        yield flow.name.meaning
        yield ""
        yield from _rows(_facts(flow))
        yield from _owned(flow)
        yield from _told(flow)
