"""What follows from the plain records of a page, judged together by sets instead of one by one.

A record is plain when its values could be read at once, without a question. Of most pages nearly all are, and
nearly all of them are simply new, or simply changed, or the same. This file finds those, and leaves every
other record to `decide.plan`, which judges one after the other and has the last word.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import attrs

from mzi_core.decide import Touch, with_untold
from mzi_core.fingerprints import changed_extras, changed_places
from mzi_core.module import AnyModule, Module, Values
from mzi_core.values import RecordId, RecordKey, State, Value


class StoredValues(NamedTuple):
    """What a store has of a record: its values, and what is remembered beside them."""

    values: Values
    fingerprint: str
    mark: str | None
    state: State
    deleted: bool


@attrs.frozen(kw_only=True)
class NewRows:
    """New records in columns of one length."""

    ids: Sequence[RecordId]
    values: Sequence[Values]
    fingerprints: Sequence[str]
    marks: Sequence[str | None]


class RecordUpdate(NamedTuple):
    """A stored live record as it is from now on, and where its values differ; `extra` stands last.

    Neither its unique values nor its parents are others than before. `was`: what its last change was.
    """

    values: Values
    was: State
    places: tuple[int, ...]
    fields: tuple[str, ...]
    fingerprint: str
    mark: str | None


@attrs.frozen
class Comparison:
    """What comes of plain records that are stored already, by their places in the page.

    A record that is in none of the three says what is stored, and nothing about it is news.
    """

    changes: dict[int, RecordUpdate]
    touches: dict[int, Touch]
    left: set[int]
    """Those that must be judged one by one."""


def rivals(module: AnyModule, plain: Mapping[int, Values], others: Iterable[object]) -> set[int]:
    """The places of the plain records that claim a unique value which another record of the page claims.

    `others` are the entities of the records that are not plain.
    """
    found: set[int] = set()
    others = list(others)
    for name in module.unique_names:
        at = module.place[name]
        claims = [claim for values in plain.values() if (claim := values[at]) is not None]
        elsewhere = {getattr(entity, name) for entity in others} - {None}
        if len(set(claims)) < len(claims) or not elsewhere.isdisjoint(claims):
            times = Counter([*claims, *elsewhere])
            found |= {place for place, values in plain.items() if times[values[at]] > 1}
    return found


def claims(module: AnyModule, plain: Mapping[int, Values]) -> dict[str, set[Value]]:
    """By unique field, the values that plain records claim."""
    return {
        name: {claim for values in plain.values() if (claim := values[at]) is not None}
        for name, at in ((name, module.place[name]) for name in module.unique_names)
    }


def claimants(
    module: AnyModule, plain: Mapping[int, Values], owners: Mapping[str, Collection[object]]
) -> set[int]:
    """The places of the plain records that claim a unique value which `owners` says is taken."""
    taken = [(module.place[name], values) for name, values in owners.items() if values]
    return {place for place, values in plain.items() if any(values[at] in owned for at, owned in taken)}


def orphans(
    module: AnyModule, plain: Mapping[int, Values], parents: Mapping[str, Collection[RecordKey]]
) -> set[int]:
    """The places of the plain records whose parents, by field, are not all there."""
    needed = [(module.place[name], there) for name, there in parents.items()]
    if not needed:
        return set()
    return {
        place
        for place, values in plain.items()
        if any(values[at] is not None and values[at] not in there for at, there in needed)
    }


def compare(
    module: Module[Any],
    plain: Mapping[int, Values],
    marks: Sequence[str | None],
    stored: Mapping[RecordKey, StoredValues],
    *,
    fingerprint: Callable[[Values], str],
    untold: Collection[str] = (),
) -> Comparison:
    """Hold plain records against what is stored of them.

    Left are: deleted records, older versions, and those that claim another unique value or another parent.
    """
    found = Comparison({}, {}, set())
    modified, key, last = module.place["modified_at"], module.key_place, len(module.fields)
    links = [module.place[field.name] for field in module.links]
    tied = {module.place[name] for name in (*module.unique_names, *module.depends_on)}
    names = list(module.place)
    for place, read in plain.items():
        before, fingerprint_before, mark_before, was, is_deleted = stored[read[key]]
        values, mark = read, marks[place]
        if untold and (values := with_untold(module, before, read, untold)) != read:
            mark = None  # another source can say the same words and mean that the fields are empty
        for at in links:
            if values[at] is None and before[at] is not None:
                values = (*values[:at], before[at], *values[at + 1 :])
        differing = changed_places(module, before, values)
        extras = changed_extras(before[-1], values[-1])
        now, then = values[modified], before[modified]
        older = now is not None and then is not None and now < then
        if now is None and then is not None:  # what a source does not say is as it was
            values, now = (*values[:modified], then, *values[modified + 1 :]), then
        if is_deleted or older or not tied.isdisjoint(differing):
            found.left.add(place)
        elif differing or extras:
            fields = tuple([names[at] for at in differing])
            found.changes[place] = RecordUpdate(
                values,
                was,
                (*differing, last) if extras else tuple(differing),
                fields + extras,
                fingerprint(values),
                mark,
            )
        elif (digest := fingerprint(values), mark, now) != (fingerprint_before, mark_before, then):
            found.touches[place] = Touch(key=values[key], fingerprint=digest, modified_at=now, mark=mark)
    return found
