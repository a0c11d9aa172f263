"""A domain is one domain whether it is written in its own letters or in ASCII."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mzi_core.internet_domains import LONGEST_LABEL, in_ascii, in_letters

PAIRS = [
    ("bücher.example", "xn--bcher-kva.example"),
    ("بريد.مثال", "xn--ngbof4h.xn--mgbh0fb"),
    ("почта.рф", "xn--80a1acny.xn--p1ai"),
    ("straße.example", "xn--strae-oqa.example"),
    ("college.example", "college.example"),
]


@pytest.mark.parametrize(("letters", "ascii"), PAIRS)
def test_both_ways_of_writing_a_domain_are_one(letters: str, ascii: str) -> None:
    for written in (letters, ascii, ascii.upper(), ascii.replace("xn--", "Xn--")):
        assert in_letters(written) == letters
    assert in_ascii(f"rana@{letters}") == f"rana@{ascii}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("BÜCHER.example", "bücher.example"),
        ("bu\u0308cher.example", "bücher.example"),
        ("\ufe91\ufeae\ufef3\ufeaa.example", "بريد.example"),  # the same letters in the forms of a typesetter
        ("ΣΟΦΟΣ.example", "σοφοσ.example"),
    ],
)
def test_case_and_forms_of_letters_make_no_other_domain(one: str, other: str) -> None:
    assert in_letters(one) == other


def test_letters_that_are_two_names_stay_two() -> None:
    assert in_letters("straße.example") != in_letters("strasse.example")


@pytest.mark.parametrize(
    "label",
    [
        "xn--",
        "xn--college-",  # of ASCII letters alone
        "xn--zzzz99999",  # behind the last of all letters
        "xn--bücher",
        "xn--bcher_kva",
        "xn--bcher-2pa",  # of a capital
        "xn--bcher-kva0",
        "xn--a-rc4g",  # of half a character
        "xn--ab-" + "a" * LONGEST_LABEL,
        "xn--ab-r13a",  # of another full stop
    ],
)
def test_ascii_that_stands_for_no_letters_is_no_domain(label: str) -> None:
    assert in_letters(f"{label}.example") is None
    assert in_letters(f"mail.{label}") is None


@given(st.text(st.characters(exclude_characters=".@"), min_size=1, max_size=12))
@example("\u0345a")
def test_a_domain_is_found_again_from_either_way_of_writing(label: str) -> None:
    letters = in_letters(f"{label}.example")
    if letters is not None and letters.count(".") == 1:
        assert in_letters(letters) == letters
        written = in_ascii(f"a@{letters}").removeprefix("a@")
        assert written.isascii()
        assert in_letters(written) in (letters, None)
