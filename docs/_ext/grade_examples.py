"""One decision for each rule, for the page of what is said about grades."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from mzi_core.grading import (
    BTEC_DEFAULT,
    PEARSON_HIGHER_NATIONAL,
    Criterion,
    Decision,
    Grade,
    Marking,
    decide,
)

_NOW = datetime(2026, 2, 9, 12, 0, tzinfo=UTC)
_DAY = timedelta(days=1)
_CAPPED_WHEN_LATE = BTEC_DEFAULT.override(late_cap=Grade.P)
_CRITERIA = (Criterion(code="P1", achieved=True), Criterion(code="M1", achieved=False))

EXAMPLES: Sequence[Decision] = (
    decide(Marking(raw=Decimal(3), workflow="inmarking", now=_NOW)),
    decide(Marking(letter=Grade.M, now=_NOW)),
    decide(Marking(raw=Decimal(1), attempt=1, before=Grade.M, now=_NOW), PEARSON_HIGHER_NATIONAL),
    decide(Marking(raw=Decimal(3), attempt=2, now=_NOW), PEARSON_HIGHER_NATIONAL),
    decide(Marking(raw=Decimal(3), feedback="Code: 01122", now=_NOW)),
    decide(Marking(submitted=False, due=_NOW - _DAY, extension=_NOW + _DAY, now=_NOW)),
    decide(Marking(submitted=False, due=_NOW - _DAY, now=_NOW)),
    decide(Marking(raw=Decimal(2), items=("Fail", "Pass"), now=_NOW)),
    decide(Marking(raw=Decimal(-1), now=_NOW)),
    decide(Marking(raw=Decimal(5), maximum=Decimal(4), now=_NOW)),
    decide(Marking(raw=Decimal(0), now=_NOW)),
    decide(Marking(raw=Decimal("1.8"), attempt=1, now=_NOW)),
    decide(Marking(raw=Decimal("2.5"), criteria=_CRITERIA, now=_NOW)),
    decide(Marking(raw=Decimal(4), attempt=1, now=_NOW), PEARSON_HIGHER_NATIONAL),
    decide(Marking(raw=Decimal(4), due=_NOW - _DAY, submitted_at=_NOW, now=_NOW), _CAPPED_WHEN_LATE),
    decide(Marking(raw=Decimal(3), items=("Refer", "Pass", "Merit"), criteria=_CRITERIA, now=_NOW)),
    decide(Marking(raw=Decimal(5), maximum=Decimal(7), now=_NOW)),
)
