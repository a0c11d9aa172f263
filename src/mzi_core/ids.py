"""Ids as they are written in exports, and what a spreadsheet makes of them."""

import re

from mzi_core.module import Side
from mzi_core.values import MoodleKey, RecordKey, ZohoId

EXPORTED = "zcrm_"
"""What Zoho's exports write before the digits of an id."""

LONGEST = 100
"""Characters of text that is looked at."""

_FORMS = (
    (
        re.compile(r"[+-]?[0-9]+([.,][0-9]*)?[eE][+-]?[0-9]+"),
        "is written in scientific notation, and its last digits are lost",
    ),
    (re.compile(r"[+-]?[0-9]+\.[0-9]*"), "has a decimal point, so it was held as a number that loses digits"),
    (
        re.compile(r"[+-]?[0-9]{1,3}([,.' ][0-9]{3})+"),
        "has its digits in groups, so it was held as a number that loses digits",
    ),
    (re.compile("#.*"), "holds the error of a spreadsheet"),
    (re.compile("[-+\u2010-\u2015\u2212][0-9]+"), "has a sign, so it was held as a number and is no id"),
    # Zoho's are whole numbers: with and without its zeros this would be one record to Zoho, and two here.
    (re.compile("0[0-9]+"), "begins with a zero, which no id of Zoho's does"),
)

EXPORT_AGAIN = "export it from Zoho again, and take it as it is, without a spreadsheet in between."


def bare_id(text: str) -> ZohoId:
    """The id that `text` writes: with `zcrm_` before its digits or without, it is one id."""
    digits = text.removeprefix(EXPORTED)
    return ZohoId(digits if is_digits(digits) else text)


def written_key(side: Side, text: str) -> RecordKey:
    """The key of a record of this side that `text` writes."""
    return bare_id(text) if side is Side.ZOHO else MoodleKey(text)


def is_digits(text: str) -> bool:
    """Whether text is what every id of Zoho's is."""
    return text.isascii() and text.isdigit()


def damage_of(text: str) -> str | None:
    """What a spreadsheet did to this id, in words behind its name; None where nothing can be seen."""
    if (is_digits(text) and not text.startswith("0")) or len(text) > LONGEST:
        return None
    return next((said for form, said in _FORMS if form.fullmatch(text)), None)


_EXACT = 15
"""Digits that a spreadsheet keeps of a number."""


def is_rounded(text: str) -> bool:
    """Whether zeros stand where a spreadsheet keeps no digit; of 10,000 sound ids one is so by chance."""
    return is_digits(text) and len(text) > _EXACT and not text[_EXACT:].strip("0")
