"""The criteria of a unit: fields named P1_description … D9_description, in two places of a record."""

from collections.abc import Iterable, Mapping

from mzi_adapters.codecs import coerce
from mzi_adapters.codecs.coerce import ValueRefused
from mzi_adapters.codecs.field_readers import ReadNotes
from mzi_core.modules import CriterionText
from mzi_core.values import Code, Reason

MAIN_CRITERIA = {"P": 10, "M": 9, "D": 6}
"""How many criteria of each level the unit record itself has fields for; the others go into the subform."""

_MOST = {"P": 20, "M": 9, "D": 9}

CRITERION_FIELDS = {
    f"{level}{number}_description": f"{level}{number}"
    for level, most in _MOST.items()
    for number in range(1, most + 1)
}
"""The code of each criterion by the name of its field, in order: Pass, Merit, Distinction, each by number."""


def read_criteria(record: Mapping[str, object], rows: str, reading: ReadNotes) -> tuple[CriterionText, ...]:
    """The criteria of the record itself and of the rows of its subform `rows`; blank ones are none."""
    found: dict[str, str] = {}
    for path, source in _sources(record, rows, reading):
        if not isinstance(source, Mapping):
            reading.reasons.append(Reason(Code.NOT_AN_OBJECT, path, "A row must be a JSON object."))
            continue
        for name, code in CRITERION_FIELDS.items():
            try:
                said = coerce.text(source.get(name))
            except ValueRefused as refused:
                reading.refuse(refused, f"{path}.{name}")
                continue
            if said is not None and said.strip():
                found.setdefault(code, said)
    return tuple(CriterionText(code, found[code]) for code in CRITERION_FIELDS.values() if code in found)


def _sources(record: Mapping[str, object], rows: str, reading: ReadNotes) -> Iterable[tuple[str, object]]:
    yield "$", record
    try:
        further = coerce.many(record.get(rows))
    except ValueRefused as refused:
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
