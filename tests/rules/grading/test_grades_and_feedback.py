"""Letters, the words for them, and what a reader sees of feedback."""

import time

import pytest
from tests.rules.grading.given import refused

from mzi_core.grading import Grade
from mzi_core.grading.feedback import alone_at, around, plain_text


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
        ("a<!-->b<!--->c", "abc"),
        ("a<!DOCTYPE html>b<?xml:namespace prefix = o />c<o:p>d</o:p>e", "abcde"),
        ('a<a href="x>01122">b</a>c', "abc"),
        ("a<a title = '>01122<b>' rel=\"'\">b", "ab"),
        ('a<a title="never closed>b', "ab"),
        ('a<a title="x" rel="never closed>b', "ab"),
        ("a<b never closed 01122", "a<b never closed 01122"),
        ("a<p>b<c", "a b<c"),
        ("a<style type='x'>p > 01122 {}</style>b", "ab"),
        ("a<SCRIPT>if (1<2) '01122' </scripts></Script >b", "ab"),
        ("a<style>01122", "a"),
        ("a</style>01122", "a01122"),
        ("a<scripts>01122", "a01122"),
        ("a<style/>b</style>c", "ac"),
        ("0\u200b1\u200c1\u200d2\ufeff2", "01122"),
        ("&lrm;01&shy;122&#8207;", "01122"),
        ("０１１２２ ०१", "01122 01"),
        ("Größe ½ ² Ⅷ", "Größe ½ ² Ⅷ"),
        ("٠١٢٣٤٥٦٧٨٩ ۰۱۲۳۴۵۶۷۸۹", "0123456789 0123456789"),
        ("&#1632;&#1777;", "01"),
        (f"a&#{'9' * 5000};b", "a\ufffdb"),
        (f"a&#{'0' * 5000}x", "a\ufffdx"),
    ],
)
def test_feedback_reads_as_it_does_on_the_page(feedback: str, text: str) -> None:
    assert plain_text(feedback) == text


# Written down a second time: where a browser begins a new line or a new cell.
BREAKS = """
address article aside blockquote br caption center dd details dialog dir div dl dt fieldset figcaption figure
footer form h1 h2 h3 h4 h5 h6 header hgroup hr img legend li main menu nav ol option p pre search section
select summary table tbody td tfoot th thead tr ul video
"""
INLINE = "a abbr b bdi bdo big cite code del dfn em font i ins kbd mark q s small span strong sub sup u var"


@pytest.mark.parametrize("tag", BREAKS.split())
def test_a_tag_that_begins_a_line_or_a_cell_begins_a_word(tag: str) -> None:
    assert plain_text(f"01<{tag}>122") == "01 122"
    assert plain_text(f"01<{tag.upper()} class='x'/>122") == "01 122"
    assert plain_text(f"01</{tag}>122") == "01 122"


@pytest.mark.parametrize("tag", INLINE.split())
def test_a_tag_inside_a_line_splits_no_word(tag: str) -> None:
    assert plain_text(f"01<{tag} class='x'>1</{tag}>22") == "01122"


ALONE = [
    "01122",
    "(01122)",
    "Code:01122.",
    "01122, 01122",
    "01122\u060c",
    "الرمز و01122 هنا",
    "_01122_",
    "01122- ",
    "a /01122",
    "../01122",
    "01122./",
    "001122 01122",
    "01122x 01122",
    "#01122!",
]

JOINED = [
    "",
    "0112",
    "كود01122",
    "01122و",
    "01122x",
    "x01122",
    "001122",
    "011220",
    "0112201122",
    "https://moodle.example/01122",
    "https://moodle.example/?id=01122",
    "01122.pdf",
    "01122/2026",
    "01122=7",
    "01122@college.example",
    "sami@01122",
    "07-01122",
    "01122-07",
    "1.01122",
    "01122.5",
    "a_01122",
    "01122_a",
    "01122-01122",
    "و-01122",
]


@pytest.mark.parametrize("text", ALONE)
def test_a_code_that_nothing_joins_to_a_letter_or_digit_stands_alone(text: str) -> None:
    assert alone_at("01122", text) == text.rindex("01122") or text == "01122, 01122"
    assert alone_at("01122", text) >= 0


@pytest.mark.parametrize("text", JOINED)
def test_a_code_inside_a_word_a_link_a_number_or_an_address_stands_nowhere(text: str) -> None:
    assert alone_at("01122", text) == -1


@pytest.mark.parametrize(
    ("code", "text", "at"),
    [
        ("0.12", "0.12", 0),
        ("0.12", "0x12", -1),
        ("11", "111 11", 4),
        ("aa", "aaa aa", 4),
        ("a b", "x a b.", 2),
        ("VOID", "void", -1),
        ("void", "VOID", -1),
        ("VOID", "x VOID", 2),
        ("", "anything", -1),
        ("", "", -1),
    ],
)
def test_the_first_place_of_a_code_is_found_as_it_is_written(code: str, text: str, at: int) -> None:
    assert alone_at(code, text) == at


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("01122", "01122"),
        ("123456789 01122 123456789", "123456789 01122 123456789"),
        ("1234567890 01122 1234567890", "234567890 01122 123456789"),
        ("0112201122 and 01122.", "01122 and 01122."),
        ("no code", None),
    ],
)
def test_a_code_is_quoted_with_ten_characters_on_either_side(text: str, quoted: str | None) -> None:
    assert around("01122", text) == quoted


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "<!--",
            "<a ",
            "<p ",
            "</",
            "&#",
            '<a "',
            '<a ="',
            "<a ='x",
            "<a b='>'",
            "<style>",
            "<style></style>",
        ),
        *("<script", "0112", "01122-", "<p>01122x</p>", "\u200b"),
    ],
)
def test_reading_hostile_feedback_takes_time_in_proportion_to_its_length(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    begin = time.process_time()
    assert alone_at("01122", plain_text(text)) == -1
    assert time.process_time() - begin < 2
