"""The criteria of a unit: fields named P1_description … D9_description, in two places of a record."""

import re
from collections.abc import Iterable, Mapping

from mzi_adapters.zoho import coerce
from mzi_adapters.zoho.coerce import Refused
from mzi_adapters.zoho.reading import Reading
from mzi_core.modules import CriterionText
from mzi_core.values import Code, Reason

MAIN_CRITERIA = {"P": 10, "M": 9, "D": 6}
"""How many criteria of each level the unit record itself has fields for; the others go into the subform."""

_CRITERION = re.compile(r"(?P<level>[PMD])(?P<number>[1-9][0-9]?)_description", re.IGNORECASE)
_LEVELS = "PMD"

CRITERION_FIELDS = tuple(f"{level}{number}_description" for level in _LEVELS for number in range(1, 21))
"""Every name a criterion may have in a record, written as Zoho writes it."""


def criterion_order(code: str) -> tuple[int, int]:
    """Pass, Merit, Distinction, each in the order of its numbers."""
    return _LEVELS.index(code[0]), int(code[1:])


def read_criteria(record: Mapping[str, object], rows: str, reading: Reading) -> tuple[CriterionText, ...]:
    """The criteria of the record itself and of the rows of its subform `rows`; blank ones are none."""
    found: dict[str, str] = {}
    for path, source in _sources(record, rows, reading):
        if not isinstance(source, Mapping):
            reading.reasons.append(Reason(Code.NOT_AN_OBJECT, path, "A row must be a JSON object."))
            continue
        for key, raw in source.items():
            named = _CRITERION.fullmatch(key)
            if named is None:
                continue
            try:
                said = coerce.text(raw)
            except Refused as refused:
                reading.refuse(refused, f"{path}.{key}")
                continue
            if said is not None and said.strip():
                found.setdefault(f"{named['level'].upper()}{named['number']}", said)
    return tuple(CriterionText(code, found[code]) for code in sorted(found, key=criterion_order))


def _sources(record: Mapping[str, object], rows: str, reading: Reading) -> Iterable[tuple[str, object]]:
    yield "$", record
    try:
        further = coerce.many(record.get(rows))
    except Refused as refused:
        reading.refuse(refused, f"$.{rows}")
        return
    yield from ((f"$.{rows}[{place}]", row) for place, row in enumerate(further))


def written_criteria(criteria: Iterable[CriterionText], rows: str) -> dict[str, object]:
    """The same as the fields and rows they are written to."""
    main: dict[str, object] = {}
    further: dict[str, object] = {}
    for criterion in criteria:
        place = main if int(criterion.code[1:]) <= MAIN_CRITERIA[criterion.code[0]] else further
        place[f"{criterion.code}_description"] = criterion.description
    return {**main, rows: [further] if further else []}
