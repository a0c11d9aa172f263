"""Learning outcomes at the border: the rows Zoho keeps, and the shapes senders use."""

from collections.abc import Iterable, Mapping

import attrs

from mzi_core.grading.criteria import Criterion
from mzi_core.grading.plain_values import read_decimal, read_text

# The first of these names that a row has is read; the rest are other senders' words for the same thing. The
# shelf takes the same: `MarkedCriterion`.
_CODE = ("code", "LO_Code", "outcome_id", "shortname", "criterion")
_TITLE = ("LO_Title", "outcome_name")
_DEFINITION = ("definition", "description", "LO_Definition")
_SCORE = ("score", "LO_Score", "grade")
_REMARK = ("remark", "feedback", "LO_Feedback")

_YES = frozenset({"achieved", "yes", "true", "met", "pass", "p"})
_NO = frozenset({"not achieved", "no", "false", "not met", "fail", "f", "refer", "r"})

TITLE_LENGTH = 100


@attrs.frozen(kw_only=True)
class OutcomeWords:
    """What the college's LO_Score pick-list calls a criterion that was met, and one that was not."""

    achieved: str = "Achieved"
    not_achieved: str = "Not Achieved"


DEFAULT_OUTCOME_WORDS = OutcomeWords()


def outcome_rows(
    criteria: Iterable[Criterion], words: OutcomeWords = DEFAULT_OUTCOME_WORDS
) -> list[dict[str, str]]:
    """Rows of Zoho's subform `Learning_Outcomes_Assessm`, one a criterion, in P, M, D and numeric order.

    A criterion without a title is titled by the beginning of its definition; either is cut at 100
    characters, which is all that the Zoho field holds.
    """
    return [
        {
            "LO_Code": criterion.code,
            "LO_Title": (criterion.title or criterion.definition)[:TITLE_LENGTH],
            "LO_Definition": criterion.definition,
            "LO_Score": words.achieved if criterion.achieved else words.not_achieved,
            "LO_Feedback": criterion.remark,
        }
        for criterion in sorted(criteria, key=lambda criterion: criterion.order)
    ]


def criteria_from(
    rows: Iterable[Mapping[str, object]], words: OutcomeWords = DEFAULT_OUTCOME_WORDS
) -> tuple[Criterion, ...]:
    """Criteria in order, from rows in any of the shapes that `criterion_from` reads.

    A ValueError names the row, counted from 1, and what is wrong with it.
    """
    criteria = []
    for position, row in enumerate(rows, start=1):
        try:
            criteria.append(criterion_from(row, words))
        except ValueError as error:
            raise ValueError(f"Learning outcome {position}: {error}") from error
    return tuple(sorted(criteria, key=lambda criterion: criterion.order))


def criterion_from(row: Mapping[str, object], words: OutcomeWords = DEFAULT_OUTCOME_WORDS) -> Criterion:
    """One criterion from `{LO_Code, LO_Score}`, `{outcome_id, outcome_name, grade}`, `{code, score,
    achieved}` or `{criterion, achieved}`.

    A score beats `achieved`: a sender is known to say achieved for every criterion that has a filling,
    score 0 included. What nobody says was achieved was not.
    """
    code = read_text(_first(row, _CODE), "code")
    score = _first(row, _SCORE)
    verdict = row.get("achieved") if score is None else score
    return Criterion(
        code=code,
        achieved=_achieved(verdict, code, words),
        title=read_text(_first(row, _TITLE), "title"),
        definition=read_text(_first(row, _DEFINITION), "definition"),
        remark=read_text(_first(row, _REMARK), "remark"),
    )


def _first(row: Mapping[str, object], names: tuple[str, ...]) -> object:
    """The first value under `names` that is neither missing, None nor blank."""
    return next((row[name] for name in names if row.get(name) not in (None, "")), None)


def _achieved(verdict: object, code: str, words: OutcomeWords) -> bool:
    if verdict is None:
        return False
    if isinstance(verdict, bool):
        return verdict
    spelling = str(verdict).strip().casefold()
    if spelling == words.achieved.casefold() or spelling in _YES:
        return True
    if spelling == words.not_achieved.casefold() or spelling in _NO:
        return False
    return read_decimal(spelling, f"the score of {code}") > 0
