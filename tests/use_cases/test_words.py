"""The sentences people read about an outcome."""

import pytest

from mzi_core.values import Code, Outcome, Reason, State

WHY = (Reason(Code.REQUIRED, "$.Name", "`Name` is missing."),)


@pytest.mark.parametrize(
    ("outcome", "sentence"),
    [
        (Outcome(position=0, module="m", key=None, state=State.NEW), "Stored for the first time."),
        (
            Outcome(position=0, module="m", key=None, state=State.UPDATED, changed_fields=("a", "b")),
            "Changed: a, b.",
        ),
        (
            Outcome(position=0, module="m", key=None, state=State.UNCHANGED),
            "Nothing to do: the store already agrees.",
        ),
        (
            Outcome(position=0, module="m", key=None, state=State.INVALID, reasons=WHY),
            "`Name` is missing.",
        ),
        (Outcome(position=0, module="m", key=None, state=State.ERROR, reasons=WHY), "`Name` is missing."),
        (
            Outcome(position=0, module="m", key=None, state=State.INVALID, reasons=WHY, parked=True),
            "`Name` is missing. It is parked, and is taken by itself when that record arrives.",
        ),
    ],
    ids=["new", "updated", "unchanged", "invalid", "error", "parked"],
)
def test_every_outcome_has_its_sentence(outcome: Outcome, sentence: str) -> None:
    assert outcome.message == sentence
