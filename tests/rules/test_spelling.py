"""Which real names somebody may have meant."""

import pytest

from mzi_core.suggestions import SHOWN, nearest, spellings

REAL = spellings(
    [
        ("Academic_Email", "Academic Email"),
        ("Phone_Number", "Mobile"),
        ("Owner", "Student Owner"),
        ("City", "City"),
        ("City", "Town"),
    ]
)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("academic email", ("Academic_Email",)),
        ("ACADEMICEMAIL", ("Academic_Email",)),
        ("mobile", ("Phone_Number",)),
        ("town", ("City",)),
        ("Phone", ("Phone_Number",)),
        ("Acadmic_Emial", ("Academic_Email",)),
        ("zzz", ()),
    ],
    ids=repr,
)
def test_a_name_is_found_by_its_spelling_its_label_or_one_like_it(typed: str, meant: tuple[str, ...]) -> None:
    assert nearest(typed, REAL) == meant


def test_a_name_is_offered_once_and_three_at_most() -> None:
    alike = spellings([(f"Note_{n}", f"Note {n}") for n in range(5)])
    assert len(set(nearest("Note", alike))) == SHOWN
    assert spellings([("A", "a"), ("A", "A")]) == {"a": ("A",)}


def test_how_near_is_near_enough_is_for_the_caller_to_say() -> None:
    assert nearest("Academic_Program", REAL) == ("Academic_Email",)
    assert nearest("Academic_Program", REAL, alike=0.75) == ()
