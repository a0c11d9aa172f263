"""Pick-list words and composite keys at the Zoho border."""

import pytest
from tests.rules.grading.given import FINAL, refused

from mzi_core.grading import Grade, GradeKey, GradeWords, OldKey, parse_key


def test_letters_are_written_unless_the_tenant_has_words() -> None:
    assert [GradeWords().word(grade) for grade in FINAL] == ["F", "R", "RR", "P", "M", "D"]
    words = GradeWords({"P": "Pass", Grade.M: "Merit", "D": "Distinction", "R": "Resubmit"})
    assert [words.word(grade) for grade in FINAL] == ["F", "Resubmit", "RR", "Pass", "Merit", "Distinction"]


def test_nothing_is_written_for_a_pending_grade() -> None:
    assert GradeWords().word(Grade.PENDING) is None
    assert GradeWords({"PENDING": "Waiting"}).word(Grade.PENDING) is None


def test_the_tenants_words_and_all_usual_ones_are_read() -> None:
    words = GradeWords({"P": "Pass", "R": "Resubmit", "RR": "Resubmit", "F": "Nicht bestanden"})
    read = {
        " resubmit ": Grade.R,
        "NICHT BESTANDEN": Grade.F,
        "R": Grade.R,
        "RR": Grade.RR,
        "Double Refer": Grade.RR,
        "pass": Grade.P,
        "P": Grade.P,
        "Merit": Grade.M,
        "Not Graded": Grade.PENDING,
    }
    assert {text: words.grade(text) for text in read} == read


def test_a_shared_word_is_read_as_it_usually_is() -> None:
    words = GradeWords({"F": "Refer", "R": "Refer", "RR": "Refer"})
    assert words.grade("Refer") is Grade.R


def test_a_word_nobody_knows_is_refused() -> None:
    with refused(
        "'Resubmit' is no grade; write F, R, RR, P, M or D, "
        "or Fail, Refer, Double Refer, Pass, Merit or Distinction"
    ):
        GradeWords().grade("Resubmit")


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        ({"P": "Merit"}, "The pick-list calls P 'Merit', which everybody would read as M"),
        ({"F": "R"}, None),
        ({"RR": "Refer"}, "The pick-list calls RR 'Refer', which everybody would read as R"),
        ({"R": "Refer", "RR": "Refer"}, None),
        (
            {"F": "Nicht bestanden", "P": "Merit"},
            "The pick-list calls P 'Merit', which everybody would read as M",
        ),
        ({"F": "Pending"}, "The pick-list calls F 'Pending', which everybody would read as PENDING"),
        ({"X": "Pass"}, "'X' is not a valid Grade"),
    ],
    ids=repr,
)
def test_a_word_that_means_another_grade_is_refused_unless_they_share_it(
    words: dict[Grade | str, str], refusal: str | None
) -> None:
    if refusal is None:
        GradeWords(words)
    else:
        with refused(refusal):
            GradeWords(words)


KEY = GradeKey(student=4101, course=1001, assignment=55)


def test_a_key_is_student_course_and_assignment() -> None:
    assert str(KEY) == "4101_1001_55"
    assert parse_key(" 4101_1001_55 ") == KEY


def test_an_old_key_of_two_parts_is_recognised() -> None:
    old = parse_key("456_123")
    assert old == OldKey(user=456, other=123)
    assert str(old) == "456_123"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4101",
        "4101_",
        "4101_1001_55_2",
        "a_b_c",
        "4101-1001-55",
        "0_1_2",
        "04_1_2",
        "-1_2_3",
        "4101__55",
        "٤_١_٢",
    ],
)
def test_any_other_text_is_no_key(text: str) -> None:
    with refused(f"{text!r} is no grade key; write student_course_assignment, like 4101_1001_55"):
        parse_key(text)


def test_a_key_is_looked_up_before_its_old_forms() -> None:
    assert KEY.candidates(item=301) == ("4101_1001_55", "4101_301", "4101_1001")
    assert KEY.candidates() == ("4101_1001_55", "4101_1001")
    assert KEY.candidates(item=1001) == ("4101_1001_55", "4101_1001")


@pytest.mark.parametrize("wrong", [0, -4])
def test_an_id_that_moodle_cannot_have_is_refused(wrong: int) -> None:
    for ids in ({"student": wrong}, {"course": wrong}, {"assignment": wrong}):
        with refused(f"Moodle ids begin at 1, so {wrong} is none"):
            GradeKey(**{"student": 1, "course": 1, "assignment": 1, **ids})
    for user, other in ((wrong, 1), (1, wrong)):
        with refused(f"Moodle ids begin at 1, so {wrong} is none"):
            OldKey(user=user, other=other)
