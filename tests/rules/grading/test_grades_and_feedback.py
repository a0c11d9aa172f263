"""Letters, the words for them, and what a reader sees of feedback."""

import time

import pytest
from tests.rules.grading.given import refused

from mzi_core.grading import Grade
from mzi_core.grading.feedback import plain_text, stands_alone


@pytest.mark.parametrize(
    ("texts", "grade"),
    [
        (("F", " f ", "Fail", "FAILED"), Grade.F),
        (("R", "refer", "Referred\n"), Grade.R),
        (("RR", "Double Refer", "double-refer", "double_refer", "DOUBLE   REFERRED"), Grade.RR),
        (("P", "pass", "Passed"), Grade.P),
        (("M", "Merit"), Grade.M),
        (("D", "distinction"), Grade.D),
        (("PENDING", "Not Graded", "not_graded", "ungraded"), Grade.PENDING),
    ],
)
def test_letters_and_words_are_read_in_any_case(texts: tuple[str, ...], grade: Grade) -> None:
    assert [Grade.parse(text) for text in texts] == [grade] * len(texts)


@pytest.mark.parametrize("text", ["", "A", "D*", "P M", "3"])
def test_a_text_that_is_no_grade_is_refused_by_name(text: str) -> None:
    with refused(
        f"{text!r} is no grade; write F, R, RR, P, M or D, or Fail, Refer, Double Refer, Pass, Merit or "
        "Distinction"
    ):
        Grade.parse(text)


def test_fail_refer_and_double_refer_rank_alike_below_pass_merit_and_distinction() -> None:
    assert {grade: grade.rank for grade in Grade} == {
        Grade.F: 0,
        Grade.R: 0,
        Grade.RR: 0,
        Grade.P: 1,
        Grade.M: 2,
        Grade.D: 3,
        Grade.PENDING: 0,
    }
    assert [grade for grade in Grade if grade.is_achieved] == ["P", "M", "D"]
    assert [grade for grade in Grade if not grade.is_final] == ["PENDING"]


@pytest.mark.parametrize(
    ("feedback", "text"),
    [
        ("", ""),
        ("raw < 2 and > 0", "raw < 2 and > 0"),
        ("a <b>bold</b> word", "a bold word"),
        ("<P>one</P><p class='x'>two</p>", " one  two "),
        ("one<br/>two<BR>three", "one two three"),
        ("<table><tr><td>1</td><td>2</td></tr></table>", "   1  2   "),
        ("<pre>x</pre><h2>y</h2>", " x  y "),
        ("0<span style='a'>1</span>1&#50;2", "01122"),
        ("a&nbsp;b &amp; c &lt;p&gt;", "a\xa0b & c <p>"),
        ("a<!-- 01122 --> b<!-- <p> > -->c", "a bc"),
        ("a<!-- one <!-- two --> b", "a b"),
        ("a<!-- never closed 01122", "a"),
        ("٠١٢٣٤٥٦٧٨٩ ۰۱۲۳۴۵۶۷۸۹", "0123456789 0123456789"),
        ("&#1632;&#1777;", "01"),
        (f"a&#{'9' * 5000};b", "a\ufffdb"),
        (f"a&#{'0' * 5000}x", "a\ufffdx"),
    ],
)
def test_feedback_reads_as_it_does_on_the_page(feedback: str, text: str) -> None:
    assert plain_text(feedback) == text


@pytest.mark.parametrize(
    ("code", "text", "alone"),
    [
        ("01122", "01122", True),
        ("01122", "(01122)", True),
        ("01122", "كود01122", False),
        ("01122", "01122x", False),
        ("01122", "_01122", False),
        ("01122", "01122_", False),
        ("01122", "001122", False),
        ("01122", "001122 01122", True),
        ("01122", "01122-01122", True),
        ("01122", "01122 001122", True),
        ("0.12", "0.12", True),
        ("0.12", "0x12", False),
        ("01122", "0112201122 and no other", False),
        ("11", "111 11", True),
        ("aa", "aaa", False),
        ("a b", "x a b.", True),
        ("", "anything", False),
        ("", "", False),
        ("01122", "", False),
    ],
)
def test_a_code_stands_alone_when_no_letter_digit_or_underscore_touches_it(
    code: str, text: str, alone: bool
) -> None:
    assert stands_alone(code, text) is alone


@pytest.mark.parametrize("piece", ["<!--", "<a ", "<p ", "</", "&#", '<a "', "0112", "<p>01122x</p>"])
def test_reading_hostile_feedback_takes_time_in_proportion_to_its_length(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    begin = time.process_time()
    assert stands_alone("01122", plain_text(text)) is False
    assert time.process_time() - begin < 2
