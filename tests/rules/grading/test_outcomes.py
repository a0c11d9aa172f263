"""Learning outcomes as senders write them, and as Zoho keeps them."""

from typing import Any

import pytest
from tests.rules.grading.given import refused

from mzi_core.grading import Criterion, OutcomeWords, criteria_from, criterion_from, outcome_rows


@pytest.mark.parametrize(
    ("row", "criterion"),
    [
        (
            {
                "LO_Code": "P1",
                "LO_Score": "1",
                "LO_Title": "P1: describe",
                "LO_Definition": "P1: describe networking topic 1.",
                "LO_Feedback": "ok",
            },
            Criterion(
                code="P1",
                achieved=True,
                title="P1: describe",
                definition="P1: describe networking topic 1.",
                remark="ok",
            ),
        ),
        (
            {"outcome_id": "LO1.1", "outcome_name": "Understand concepts", "grade": "Achieved"},
            Criterion(code="LO1.1", achieved=True, title="Understand concepts"),
        ),
        (
            {"outcome_id": "LO1.2", "outcome_name": "Apply techniques", "grade": "Not Achieved"},
            Criterion(code="LO1.2", achieved=False, title="Apply techniques"),
        ),
        (
            {
                "code": "M1",
                "level": "M",
                "description": "M1: analyse.",
                "score": "0",
                "feedback": "not yet",
                "achieved": True,
            },
            Criterion(code="M1", achieved=False, definition="M1: analyse.", remark="not yet"),
        ),
        (
            {"code": "P2", "definition": "Describe stakeholders", "score": 1, "remark": "remark P2"},
            Criterion(code="P2", achieved=True, definition="Describe stakeholders", remark="remark P2"),
        ),
        ({"criterion": "D1", "achieved": True}, Criterion(code="D1", achieved=True)),
        ({"criterion": "D1", "achieved": False}, Criterion(code="D1", achieved=False)),
    ],
)
def test_each_senders_shape_is_read(row: dict[str, Any], criterion: Criterion) -> None:
    assert criterion_from(row) == criterion


@pytest.mark.parametrize(
    ("score", "achieved", "expected"),
    [
        (0, True, False),
        ("0", True, False),
        ("0.00000", True, False),
        (1, False, True),
        ("1.00000", False, True),
        (0.5, None, True),
        (-1, True, False),
        (False, True, False),
        (True, False, True),
        ("ACHIEVED", False, True),
        (" not achieved ", True, False),
        ("Yes", None, True),
        ("true", None, True),
        ("met", None, True),
        ("pass", None, True),
        ("p", None, True),
        ("No", True, False),
        ("false", True, False),
        ("not met", True, False),
        ("fail", True, False),
        ("f", True, False),
        ("refer", True, False),
        ("r", True, False),
        ("", True, True),
        (None, True, True),
        (None, "yes", True),
        (None, 0, False),
        (None, None, False),
    ],
    ids=repr,
)
def test_a_score_beats_achieved_and_what_nobody_says_was_not(
    score: object, achieved: object, expected: bool
) -> None:
    assert criterion_from({"code": "P1", "score": score, "achieved": achieved}).achieved is expected


def test_neither_score_nor_achieved_is_not_achieved() -> None:
    assert criterion_from({"code": "P1"}).achieved is False


def test_a_blank_value_gives_way_to_another_senders_name_for_it() -> None:
    row = {"LO_Title": "", "outcome_name": "Two", "LO_Code": None, "code": "P2", "LO_Score": None, "score": 1}
    assert criterion_from(row) == Criterion(code="P2", achieved=True, title="Two")


@pytest.mark.parametrize(
    ("rows", "refusal"),
    [
        (
            [{"code": "P1"}, {"code": "P2", "score": "maybe"}],
            "Learning outcome 2: the score of P2 must be a number, not 'maybe'",
        ),
        ([{"code": "P1", "score": []}], "Learning outcome 1: the score of P1 must be a number, not '[]'"),
        ([{"code": ["P1"]}], "Learning outcome 1: code must be a text, not a list"),
        ([{"code": "P1", "LO_Title": 1.5}], "Learning outcome 1: title must be a text, not 1.5"),
        ([{"code": "P1", "definition": {}}], "Learning outcome 1: definition must be a text, not an object"),
        ([{"code": "P1", "remark": True}], "Learning outcome 1: remark must be a text, not True"),
    ],
)
def test_a_row_that_cannot_be_read_is_refused_by_position(rows: list[dict[str, Any]], refusal: str) -> None:
    with refused(refusal):
        criteria_from(rows)


def test_a_row_whose_code_cannot_be_read_is_kept_and_written_as_it_came() -> None:
    rows: list[dict[str, object]] = [
        {"code": "M10", "score": 1, "remark": "x"},
        {"score": 1},
        {"code": "m1", "score": 1},
    ]
    criteria = criteria_from(rows)
    assert [(each.code, each.is_readable) for each in criteria] == [("M1", True), ("", False), ("M10", False)]
    assert [(row["LO_Code"], row["LO_Score"], row["LO_Feedback"]) for row in outcome_rows(criteria)] == [
        ("M1", "Achieved", ""),
        ("", "Achieved", ""),
        ("M10", "Achieved", "x"),
    ]


def test_criteria_are_read_into_order_with_the_tenants_words() -> None:
    words = OutcomeWords(achieved="Erreicht", not_achieved="Offen")
    rows = [{"code": "M1", "score": "erreicht"}, {"code": "P1", "score": "offen"}]
    assert criteria_from(rows, words) == (
        Criterion(code="P1", achieved=False),
        Criterion(code="M1", achieved=True),
    )
    assert criterion_from({"code": "P1", "score": "Erreicht"}, words).achieved
    with pytest.raises(ValueError, match="the score of P1 must be a number, not 'erreicht'"):
        criterion_from({"code": "P1", "score": "Erreicht"})


def test_zoho_gets_one_row_a_criterion_in_order_with_words_for_the_score() -> None:
    criteria = [
        Criterion(code="M1", achieved=False, definition="M1: analyse.", remark="not yet"),
        Criterion(code="P10", achieved=True, title="Ten"),
        Criterion(code="P2", achieved=True, title="Two", definition="Long", remark="ok"),
    ]
    assert outcome_rows(criteria) == [
        {
            "LO_Code": "P2",
            "LO_Title": "Two",
            "LO_Definition": "Long",
            "LO_Score": "Achieved",
            "LO_Feedback": "ok",
        },
        {"LO_Code": "P10", "LO_Title": "Ten", "LO_Definition": "", "LO_Score": "Achieved", "LO_Feedback": ""},
        {
            "LO_Code": "M1",
            "LO_Title": "M1: analyse.",
            "LO_Definition": "M1: analyse.",
            "LO_Score": "Not Achieved",
            "LO_Feedback": "not yet",
        },
    ]


def test_a_title_is_cut_at_a_hundred_characters_and_the_definition_is_not() -> None:
    long = "0123456789" * 15
    rows = outcome_rows(
        [
            Criterion(code="P1", achieved=True, definition=long),
            Criterion(code="P2", achieved=True, title=long[:101]),
            Criterion(code="P3", achieved=True, title=long[:100]),
        ]
    )
    assert [row["LO_Title"] for row in rows] == ["0123456789" * 10] * 3
    assert rows[0]["LO_Definition"] == long


def test_the_words_for_the_score_are_the_tenants() -> None:
    words = OutcomeWords(achieved="1", not_achieved="0")
    criteria = [Criterion(code="P1", achieved=True), Criterion(code="P2", achieved=False)]
    assert [row["LO_Score"] for row in outcome_rows(criteria, words)] == ["1", "0"]


def test_what_is_written_to_zoho_is_read_back() -> None:
    criteria = (
        Criterion(code="P1", achieved=True, title="T", definition="D", remark="R"),
        Criterion(code="D2", achieved=False, title="U"),
    )
    assert criteria_from(outcome_rows(criteria)) == criteria


def test_a_code_goes_before_an_id() -> None:
    for name in ("code", "LO_Code"):
        assert criterion_from({"outcome_id": 812, name: "P1", "score": 1}).code == "P1"
